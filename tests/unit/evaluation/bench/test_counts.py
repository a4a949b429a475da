"""Reading what the edge tells of itself, and what the operating system's books say."""

import os
import time

import pytest

from evaluation.bench.edge_box import EdgeBox, read_counts
from evaluation.bench.process import BenchError
from evaluation.bench.usage import usage_of

METRICS = """\
# HELP kerbwatch_looks_total Pictures that the network saw
# TYPE kerbwatch_looks_total counter
kerbwatch_looks_total{camera="cam-001"} 12.0
kerbwatch_looks_total{camera="cam-002"} 0.0
# HELP kerbwatch_pictures_skipped_total Pictures that gave way to newer ones
# TYPE kerbwatch_pictures_skipped_total counter
kerbwatch_pictures_skipped_total{camera="cam-001"} 1.0
kerbwatch_pictures_skipped_total{camera="cam-002"} 2.0
# HELP kerbwatch_packets_total Packets read from the camera
# TYPE kerbwatch_packets_total counter
kerbwatch_packets_total{camera="cam-001"} 600.0
kerbwatch_packets_total{camera="cam-002"} 25.0
"""


def test_the_edges_counters_are_added_up_over_its_cameras():
    counts = read_counts(METRICS)
    assert (counts.packets, counts.looks, counts.skipped) == (625, 12, 3)
    assert counts.begun == {"cam-001"}


def test_an_edge_that_has_just_begun_has_counted_nothing():
    assert read_counts("").begun == frozenset()


def test_the_books_tell_work_from_rest():
    first = usage_of(os.getpid())
    while usage_of(os.getpid()).cpu_s - first.cpu_s < 0.05:
        sum(range(10_000))
    worked = usage_of(os.getpid())
    time.sleep(0.05)
    rested = usage_of(os.getpid())
    assert worked.cores_since(first) > rested.cores_since(worked)
    assert rested.rss_bytes > 1_000_000


def test_an_edge_that_was_never_started_is_told(tmp_path):
    box = EdgeBox(tmp_path / "edge", ["rtsp://127.0.0.1:1/x"], broker_port=1, model="m", look_interval_s=2)
    with pytest.raises(BenchError, match="has ended"):
        _ = box.pid
