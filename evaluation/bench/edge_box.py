"""The whole edge as a process of its own, as an installer would start it: ``kerbwatch edge run CONFIG``."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

import httpx
from prometheus_client.parser import text_string_to_metric_families

from evaluation.bench.process import BenchError, Measured
from evaluation.bench.streams import PEOPLE_WALK_ON, VAN_STANDS_IN
from kerbwatch.ports import free_port

LIMIT_S = 10.0
"""Limit of the bench's zones: short, so that incidents and their evidence fall into what is measured."""


@dataclass(frozen=True, slots=True)
class EdgeCounts:
    """The edge's own counters, all cameras together.

    Attributes:
        packets: read from the streams.
        looks: pictures that the detector saw.
        skipped: pictures that gave way to newer ones.
        begun: ids of the cameras of which at least one picture was looked at.
    """

    packets: float
    looks: float
    skipped: float
    begun: frozenset[str]


class EdgeBox:
    """An edge process. Use it as a context manager.

    Args:
        folder: for its configuration, state and log; must be new, so that no incident is open.
        urls: a camera each.
        broker_port: MQTT broker on the loopback.
        model: name or path of the detector.
        look_interval_s: how often it looks at a camera.
    """

    def __init__(
        self, folder: Path, urls: Sequence[str], *, broker_port: int, model: str, look_interval_s: float
    ) -> None:
        self._folder = folder
        self._metrics_port = free_port()
        self._config = folder / "edge.yaml"
        self._process = Measured(
            "the edge",
            [sys.executable, "-m", "kerbwatch", "edge", "run", str(self._config)],
            folder / "edge.log",
        )
        self._began: dict[str, datetime] = {}
        folder.mkdir(parents=True)
        document = {
            "site": "bench",
            "edge": "bench",
            "data_dir": str(folder / "data"),
            "mqtt": {"host": "127.0.0.1", "port": broker_port},
            "central": {"url": f"http://127.0.0.1:{free_port()}"},
            "detector": {"model": model},
            "metrics": {"port": self._metrics_port},
            "cameras": [
                {
                    "id": f"cam-{number:03d}",
                    "source": url,
                    "look_interval_s": look_interval_s,
                    "position": {"lon": 121.1544, "lat": 30.0372},
                    "zones": [
                        _zone("service-road", "no_parking", VAN_STANDS_IN),
                        _zone("footpath", "no_stall", PEOPLE_WALK_ON),
                    ],
                }
                for number, url in enumerate(urls, 1)
            ],
        }
        # JSON is YAML.
        self._config.write_text(json.dumps(document, indent=2), encoding="utf-8")

    @property
    def pid(self) -> int:
        """The process id. Raises BenchError when it has ended."""
        return self._process.pid

    @property
    def began(self) -> Mapping[str, datetime]:
        """For each camera, when :meth:`wait_until_looking` first saw that it had been looked at."""
        return self._began

    def __enter__(self) -> EdgeBox:
        self._process.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.stop()

    def counts(self) -> EdgeCounts:
        """Its counters now. Raises BenchError when it does not tell."""
        _ = self.pid
        try:
            answer = httpx.get(f"http://127.0.0.1:{self._metrics_port}/metrics", timeout=5.0)
            answer.raise_for_status()
        except httpx.HTTPError as error:
            raise BenchError(
                f"the edge's metrics cannot be read ({error}): {self._process.last_words()}"
            ) from error
        return read_counts(answer.text)

    def wait_until_looking(self, cameras: int, timeout_s: float) -> None:
        """Return once every camera was looked at. Raises BenchError after ``timeout_s``."""
        deadline_s = time.monotonic() + timeout_s
        while time.monotonic() < deadline_s:
            _ = self.pid
            with contextlib.suppress(BenchError):  # the endpoint opens late; one that has ended is told above
                for camera in self.counts().begun:
                    self._began.setdefault(camera, datetime.now(UTC))
            if len(self._began) >= cameras:
                return
            time.sleep(0.25)
        raise BenchError(
            f"only {len(self._began)} of {cameras} cameras were looked at within {timeout_s:g} s: "
            f"{self._process.last_words()}"
        )


def read_counts(metrics: str) -> EdgeCounts:
    """The counters in a page of Prometheus text."""
    sums: dict[str, float] = {}
    begun = set()
    for family in text_string_to_metric_families(metrics):
        for sample in family.samples:
            sums[sample.name] = sums.get(sample.name, 0.0) + sample.value
            if sample.name == "kerbwatch_looks_total" and sample.value > 0:
                begun.add(sample.labels["camera"])
    return EdgeCounts(
        packets=sums.get("kerbwatch_packets_total", 0.0),
        looks=sums.get("kerbwatch_looks_total", 0.0),
        skipped=sums.get("kerbwatch_pictures_skipped_total", 0.0),
        begun=frozenset(begun),
    )


def _zone(name: str, kind: str, polygon: Sequence[tuple[float, float]]) -> dict[str, object]:
    corners = [list(corner) for corner in polygon]
    return {"id": name, "kind": kind, "units": "fractions", "dwell_s": LIMIT_S, "polygon": corners}
