"""``kerbwatch bench cameras``: the whole edge and the floor, in turn, on the same streams.

The two are never run at once: each has the machine for itself, in windows that follow one another as edge,
floor, floor, edge …, so that a machine that slows down or is shared slows both alike.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import psutil

from edge.settings import DetectorSettings
from evaluation.bench.committer import Committer
from evaluation.bench.edge_box import EdgeBox
from evaluation.bench.floor import FloorSpec
from evaluation.bench.floor_box import FloorBox
from evaluation.bench.incidents import Watched
from evaluation.bench.process import BenchError
from evaluation.bench.streams import FORMATS, FPS, GOP_S, StreamSize, prepare_media
from evaluation.bench.usage import Usage, usage_of
from kerbwatch.demo.broker import HOST, Broker
from kerbwatch.demo.rtsp import RtspServer
from kerbwatch.mqtt import MqttSettings

START_TIMEOUT_S = 90.0
SETTLE_S = 4.0
"""From the moment when every stream was looked at until the measuring begins."""
FULL_RATE = 0.97
"""Share of the nominal packets below which the server has fallen behind."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure.

    Attributes:
        cameras: streams at once.
        seconds_s: measured seconds of the edge, and again of the floor, shared out over the rounds.
        rounds: windows of each.
        size: of the streams.
        clip: what is played.
        model: name or path of the detector.
        look_interval_s: how often a camera is looked at.
    """

    cameras: int
    seconds_s: float
    rounds: int
    size: StreamSize
    clip: Path
    model: str
    look_interval_s: float = GOP_S

    @property
    def window_s(self) -> float:
        """Length of one window."""
        return self.seconds_s / self.rounds

    @property
    def source(self) -> str:
        """The streams in words."""
        wanted = FORMATS[self.size]
        return (
            f"{self.cameras} x {self.size.value} H.264 {FPS} fps {wanted.bitrate / 1e6:g} Mbit/s, "
            f"key frame every {GOP_S:g} s, RTSP over TCP, {self.clip.name}"
        )


@dataclass(frozen=True, slots=True)
class Window:
    """One stretch of measuring. Rates and cores are of all streams together.

    Attributes:
        cores: CPU time of the process and its children a second.
        packets_per_second: packets that came.
        looks_per_second: pictures that were looked at.
        skipped: pictures that gave way to newer ones.
        rss_bytes: the most memory held.
        other_cores: what programs outside the bench took of the machine meanwhile.
    """

    cores: float
    packets_per_second: float
    looks_per_second: float
    skipped: float
    rss_bytes: int
    other_cores: float


@dataclass(frozen=True, slots=True)
class Measured:
    """What a whole bench brought."""

    plan: Plan
    edge: tuple[Window, ...]
    floor: tuple[Window, ...]
    one_camera: Window | None
    watched: Watched
    """What the edge reported in its last window."""
    media: Path
    """The file that the streams play."""


class Counts(Protocol):
    """What both processes count."""

    @property
    def packets(self) -> float: ...  # noqa: D102
    @property
    def looks(self) -> float: ...  # noqa: D102
    @property
    def skipped(self) -> float: ...  # noqa: D102


class Box(Protocol):
    """A process that is measured."""

    @property
    def pid(self) -> int: ...  # noqa: D102
    def counts(self) -> Counts: ...  # noqa: D102
    def wait_until_looking(self, cameras: int, timeout_s: float) -> None: ...  # noqa: D102


class Street:
    """A running RTSP server, a broker and somebody who receipts; on it, edge and floor are measured."""

    def __init__(
        self,
        plan: Plan,
        media: Path,
        *,
        folder: Path,
        server: RtspServer,
        broker: Broker,
        committer: Committer,
    ) -> None:
        self._plan, self._media, self._folder = plan, media, folder
        self._server, self._broker, self._committer = server, broker, committer
        self._runs = 0

    def edge_window(self, cameras: int) -> tuple[Window, Watched]:
        """Start a new edge, let it settle, measure it, end it."""
        self._committer.forget()
        box = EdgeBox(
            self._new_folder("edge"),
            self._urls(cameras),
            broker_port=self._broker.port,
            model=self._plan.model,
            look_interval_s=self._plan.look_interval_s,
        )
        with box:
            window = self._measure(box, cameras)
            ended_at = datetime.now(UTC)
        return window, Watched(tuple(self._committer.opened()), box.began, ended_at)

    def floor_window(self) -> Window:
        """Start a new floor, let it settle, measure it, end it."""
        spec = FloorSpec(
            urls=tuple(self._urls(self._plan.cameras)),
            detector=DetectorSettings.model_validate({"model": self._plan.model}),
            look_interval_s=self._plan.look_interval_s,
        )
        with FloorBox(spec, self._new_folder("floor").with_suffix(".log")) as box:
            return self._measure(box, self._plan.cameras)

    def _urls(self, cameras: int) -> Sequence[str]:
        return [self._server.url(self._media.name)] * cameras

    def _new_folder(self, name: str) -> Path:
        self._runs += 1
        return self._folder / f"{self._runs:02d}-{name}"

    def _measure(self, box: Box, cameras: int) -> Window:
        box.wait_until_looking(cameras, START_TIMEOUT_S)
        time.sleep(SETTLE_S)
        first = _read(box)
        most_bytes = first.usage.rss_bytes
        until_s = time.monotonic() + self._plan.window_s
        while (left_s := until_s - time.monotonic()) > 0:
            time.sleep(min(1.0, left_s))
            most_bytes = max(most_bytes, usage_of(box.pid).rss_bytes)
        return _window(first, _read(box), most_bytes)


@dataclass(frozen=True, slots=True)
class _Reading:
    """All books at one instant; ``others_s`` is the CPU time of programs outside the bench."""

    usage: Usage
    counts: Counts
    others_s: float


def _read(box: Box) -> _Reading:
    return _Reading(usage_of(box.pid), box.counts(), _others_s())


def _window(first: _Reading, last: _Reading, most_bytes: int) -> Window:
    span_s = last.usage.at_s - first.usage.at_s
    return Window(
        cores=last.usage.cores_since(first.usage),
        packets_per_second=(last.counts.packets - first.counts.packets) / span_s,
        looks_per_second=(last.counts.looks - first.counts.looks) / span_s,
        skipped=last.counts.skipped - first.counts.skipped,
        rss_bytes=most_bytes,
        other_cores=max(0.0, (last.others_s - first.others_s) / span_s),
    )


def _others_s() -> float:
    """CPU seconds that programs other than this one and its children have used since the machine started."""
    times = psutil.cpu_times()
    busy_s = times.user + times.system + getattr(times, "irq", 0.0) + getattr(times, "softirq", 0.0)
    return busy_s - usage_of(os.getpid()).cpu_s


def measure(plan: Plan, on_step: Callable[[str], None] = lambda _step: None) -> Measured:
    """Run the whole bench.

    Args:
        plan: what to measure.
        on_step: told in words what happens next.

    Raises:
        BenchError: when the edge or the floor does not run, with its last words.
        kerbwatch.demo.rtsp.RtspServerError, kerbwatch.demo.broker.BrokerError: when these do not start.
        TimeoutError: when the broker does not answer.
    """
    on_step(f"encoding {plan.clip.name} as {plan.size.value} (once)")
    media = prepare_media(plan.clip, plan.size)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kerbwatch-bench-")))
        server = stack.enter_context(RtspServer(media.parent))
        broker = stack.enter_context(Broker())
        committer = stack.enter_context(Committer(MqttSettings(host=HOST, port=broker.port)))
        committer.wait_until_ready(START_TIMEOUT_S)
        street = Street(plan, media, folder=folder, server=server, broker=broker, committer=committer)
        one_camera = None
        if plan.cameras > 1:
            on_step("the edge with one camera, for its memory")
            one_camera, _ = street.edge_window(1)
        edge: list[Window] = []
        floor: list[Window] = []
        watched: Watched | None = None
        for turn in range(plan.rounds):
            for whose in ("edge", "floor") if turn % 2 == 0 else ("floor", "edge"):
                on_step(f"the {whose} with {plan.cameras} cameras, window {turn + 1} of {plan.rounds}")
                if whose == "edge":
                    window, watched = street.edge_window(plan.cameras)
                    edge.append(window)
                else:
                    floor.append(street.floor_window())
        if watched is None:
            raise BenchError("nothing was measured")
        return Measured(plan, tuple(edge), tuple(floor), one_camera, watched, media)


def together(windows: Sequence[Window]) -> Window:
    """Windows of one process as one: means of rates, the sum of what was skipped, the most memory.

    Raises:
        BenchError: when there is none.
    """
    if not windows:
        raise BenchError("nothing was measured")
    return replace(
        windows[0],
        cores=statistics.fmean(w.cores for w in windows),
        packets_per_second=statistics.fmean(w.packets_per_second for w in windows),
        looks_per_second=statistics.fmean(w.looks_per_second for w in windows),
        skipped=sum(w.skipped for w in windows),
        rss_bytes=max(w.rss_bytes for w in windows),
        other_cores=max(w.other_cores for w in windows),
    )
