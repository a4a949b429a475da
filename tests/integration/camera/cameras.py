"""Cameras under test: settings in a line, pictures gathered, nothing left running."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from edge.camera import Camera
from edge.camera.states import Backoff
from edge.frame import Frame
from edge.settings import CameraSettings, EvidenceSettings
from kerbwatch.clock import SystemClock
from tests.waiting import wait_until

QUICK = Backoff(base_s=0.05, cap_s=0.2, good_s=30)


def settings_of(source: object, **more: object) -> CameraSettings:
    position = {"lon": 121.15, "lat": 30.03}
    return CameraSettings.model_validate({"id": "kerb", "source": str(source), "position": position, **more})


class Watched:
    """A camera and all that it handed on."""

    def __init__(
        self,
        source: object,
        *,
        evidence: EvidenceSettings | None = None,
        also: Callable[[Frame], None] | None = None,
        open_timeout_s: float = 10.0,
        **more: object,
    ) -> None:
        self.frames: list[Frame] = []
        self.ended = threading.Event()

        def sink(frame: Frame) -> None:
            self.frames.append(frame)
            if also is not None:
                also(frame)

        self.camera = Camera(
            settings_of(source, **more),
            evidence or EvidenceSettings(pre_roll_s=2, post_roll_s=1),
            sink=sink,
            clock=SystemClock(),
            on_end=self.ended.set,
            backoff=QUICK,
            open_timeout_s=open_timeout_s,
        )

    @property
    def times(self) -> list[float]:
        return [frame.t_s for frame in self.frames]

    def wait_for(self, count: int, timeout_s: float = 15.0) -> None:
        wait_until(lambda: len(self.frames) >= count, f"{count} pictures", timeout_s)


@contextmanager
def watching(source: object, **more: object) -> Iterator[Watched]:
    """A running camera, stopped at the end."""
    watched = Watched(source, **more)
    watched.camera.start()
    try:
        yield watched
    finally:
        assert watched.camera.stop(10.0)


def play(source: object, **more: object) -> Watched:
    """A file played flat out, to its end."""
    with watching(source, **{"playback": "flat_out", **more}) as watched:
        assert watched.ended.wait(30.0)
    return watched
