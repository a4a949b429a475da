"""Pictures on their way to the network."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import numpy as np

from edge.frame import ArrayPicture, Frame
from edge.vision.batcher import Batcher


def frame(camera: str, t_s: float) -> Frame:
    picture = ArrayPicture(np.zeros((4, 4, 3), np.uint8))
    return Frame(camera, t_s, datetime(2026, 5, 4, tzinfo=UTC), picture)


def taken(batcher: Batcher, most: int = 8) -> list[tuple[str, float]]:
    return [(each.camera_id, each.t_s) for each in batcher.take(most, wait_s=0, timeout_s=0)]


def test_under_load_the_newest_picture_wins_and_what_was_skipped_is_counted():
    batcher = Batcher()
    for t_s in (1.0, 2.0, 3.0):
        batcher.offer(frame("a", t_s))
    batcher.offer(frame("b", 1.5))
    assert taken(batcher) == [("a", 3.0), ("b", 1.5)]
    assert (batcher.skipped("a"), batcher.skipped("b")) == (2, 0)


def test_the_camera_that_waited_longest_is_served_first():
    batcher = Batcher()
    for name in ("a", "b", "c"):
        batcher.offer(frame(name, 1.0))
    assert taken(batcher, 2) == [("a", 1.0), ("b", 1.0)]
    batcher.offer(frame("a", 2.0))
    assert taken(batcher) == [("c", 1.0), ("a", 2.0)]


def test_a_file_played_flat_out_loses_no_picture():
    batcher = Batcher()
    sender = threading.Thread(
        target=lambda: [batcher.offer(frame("file", float(t)), wait=True) for t in range(20)]
    )
    sender.start()
    seen: list[float] = []
    while len(seen) < 20:
        seen += [each.t_s for each in batcher.take(1, wait_s=0, timeout_s=5)]
    sender.join(5)
    assert seen == [float(t) for t in range(20)]
    assert batcher.skipped("file") == 0


def test_a_closed_batcher_holds_nobody():
    batcher = Batcher()
    batcher.offer(frame("file", 1.0))
    answers: list[bool] = []
    waiting = threading.Thread(target=lambda: answers.append(batcher.offer(frame("file", 2.0), wait=True)))
    waiting.start()
    batcher.close()
    waiting.join(5)
    assert answers == [False]
    assert batcher.take(1, wait_s=1, timeout_s=1) == []
