"""A clip through the edge's own pipeline, as fast as it goes: the same camera, network and rules."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from edge.camera import Camera
from edge.frame import Frame
from edge.litter.watcher import LitterWatch
from edge.rules.sighting import Sighting
from edge.settings import CameraSettings, DetectorSettings, EvidenceSettings
from edge.vision.looking import LookGate, look_at
from edge.vision.tiles import plan_tiles
from edge.watch import Watch
from kerbwatch.clock import Clock, SystemClock
from models.runtime import Detector


class ReplayError(ValueError):
    """A clip that cannot be played; the text says why."""


def replay(
    camera: CameraSettings,
    detector: Detector,
    *,
    min_score: float | None = None,
    frames: Iterable[Frame] | None = None,
    clock: Clock | None = None,
    on_cut_off: Callable[[float, str], None] | None = None,
) -> Iterator[Sighting]:
    """What the rules say about a clip.

    Args:
        camera: where the pictures come from (a file) and what is watched. The clip is played flat out.
        detector: the network.
        min_score: score that begins a place; the configuration's default when None.
        frames: pictures to take instead of the camera's source.
        clock: the wall clock at the clip's beginning; only allowed hours depend on it.
        on_cut_off: told of a clip that ends before the length that it announces, at what time and in words;
            without it such a clip is an error.

    Raises:
        ReplayError: when the source cannot be read (to its end).
        ZoneOutsideError: when a zone leaves the picture.
    """
    score = DetectorSettings.model_validate({}).min_score if min_score is None else min_score
    pictures = iter(frames) if frames is not None else _played(camera, clock or SystemClock(), on_cut_off)
    watch: Watch | None = None
    litter: LitterWatch | None = None
    gate = LookGate(camera)
    for frame in pictures:
        if LitterWatch.concerns(camera):
            if litter is None or litter.size_px != frame.picture.size_px:
                litter = LitterWatch(camera, frame.picture.size_px)
            if watch is None or watch.view.on_zones:
                yield from litter.picture(frame.t_s, frame.picture.luma())
        if not gate.wants(frame):
            continue
        if watch is None or watch.size_px != frame.picture.size_px:
            watch = Watch(camera, frame.picture.size_px, score)
        plan = plan_tiles(camera, frame.picture.size_px, max(detector.input_size(frame.picture.size_px)))
        plan = replace(plan, closer=watch.closer)
        seen = look_at(detector, [frame], [plan])[0]
        if litter is not None:
            litter.look(frame.t_s, seen.detections)
        yield from watch.look(seen).sightings


def _played(
    camera: CameraSettings, clock: Clock, on_cut_off: Callable[[float, str], None] | None
) -> Iterator[Frame]:
    """The camera's pictures, each as soon as the last was used."""
    slot: queue.Queue[Frame | None] = queue.Queue(maxsize=1)
    gone = threading.Event()

    def sink(frame: Frame) -> None:
        while not gone.is_set():
            try:
                slot.put(frame, timeout=0.5)
            except queue.Full:
                continue
            return

    settings = camera.model_copy(update={"playback": "flat_out"})
    evidence = EvidenceSettings.model_validate({})
    source = Camera(settings, evidence, sink=sink, clock=clock, on_end=lambda: slot.put(None))
    source.start()
    try:
        while (frame := slot.get()) is not None:
            yield frame
        status = source.status()
        if status.cut_off_s is not None and status.error is not None and on_cut_off is not None:
            on_cut_off(status.cut_off_s, status.error)
        elif status.error is not None:
            raise ReplayError(f"{camera.source}: {status.error}")
    finally:
        gone.set()
        source.stop(5.0)
