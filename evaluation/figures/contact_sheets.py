"""Pictures of what went wrong, for a person to look at: a row for each missed event and each false alarm."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np

from edge.camera.picture import Converter, VideoPicture
from edge.frame import Image, Picture
from evaluation.matching import Alarm, Box, Event
from evaluation.report import SceneResult
from evaluation.scene import Scene

SHOWN = 5
"""Pictures in a row."""
MAX_ROWS = 12
"""Rows of a sheet; a scene with more faults than this is told by the first."""
_PICTURE_PX = 300
"""Width of one picture of a row (height for a picture that stands upright)."""
_CAPTION_PX = 22
_ZONE = (200, 160, 0)
_EVENT = (60, 200, 60)
_ALARM = (40, 40, 240)
_INK = (235, 235, 235)


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that went wrong in a scene.

    Attributes:
        what: ``missed``, ``false`` or ``end missed``.
        words: what it is, in words.
        times_s: seconds of the clip that show it, in order.
        event: where it should have been seen.
        alarm: what was raised.
    """

    what: str
    words: str
    times_s: tuple[float, ...]
    event: Event | None = None
    alarm: Alarm | None = None


def faults_of(result: SceneResult) -> list[Fault]:
    """What went wrong in a scene, in the order of time."""
    outcome, end_s = result.outcome, result.scene.duration_s
    found = [
        *(
            Fault("missed", _event_words(e), _around(e.start_s, e.end_s, end_s), event=e)
            for e in outcome.misses
        ),
        *(
            Fault("false", _alarm_words(a), _around(a.started_s, a.opened_s, end_s), alarm=a)
            for a in outcome.extras
        ),
        *(
            Fault(
                "end missed",
                _event_words(hit.event),
                _around(hit.event.end_s, hit.event.end_s + 10, end_s),
                hit.event,
                hit.alarm,
            )
            for hit in outcome.clear_misses
        ),
    ]
    return sorted(found, key=lambda fault: fault.times_s[0])


def write_sheet(result: SceneResult, folder: Path) -> Path | None:
    """Write a scene's contact sheet: from left to right the time before, during and after each fault.

    Green is the event that a person noted, red the alarm, blue the zones.

    Returns:
        The picture's path; None when nothing went wrong.

    Raises:
        av.FFmpegError: when the clip cannot be read.
    """
    faults = faults_of(result)[:MAX_ROWS]
    if not faults:
        return None
    pictures = _pictures_at(result.scene, sorted({t_s for fault in faults for t_s in fault.times_s}))
    rows = []
    for fault in faults:
        shown = [_drawn(pictures[t_s], result.scene, fault, t_s) for t_s in fault.times_s if t_s in pictures]
        if shown:
            title = f"{result.scene.title}, {result.profile}: {fault.what}: {fault.words}"
            rows.append(np.vstack([_caption(title, _PICTURE_PX * SHOWN), _row(shown)]))
    if not rows:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{result.scene.title}-{result.profile}.jpg"
    cv2.imwrite(str(path), np.vstack(rows), [cv2.IMWRITE_JPEG_QUALITY, 82])
    return path


def _around(begins_s: float, ends_s: float, clip_s: float) -> tuple[float, ...]:
    """Moments before, from the beginning to the end, and after."""
    margin_s = max(0.4, min(4.0, (ends_s - begins_s) / 2))
    inner = np.linspace(begins_s, ends_s, SHOWN - 2).tolist()
    moments = (begins_s - margin_s, *inner, ends_s + margin_s)
    return tuple(round(min(max(t_s, 0.0), clip_s), 2) for t_s in moments)


def _event_words(event: Event) -> str:
    return f"{event.kind.value}, {event.what or 'event'}, due {event.due_s:.1f} s"


def _alarm_words(alarm: Alarm) -> str:
    return f"{alarm.kind.value} in {alarm.zone_id or 'the picture'}, opened {alarm.opened_s:.1f} s"


def _pictures_at(scene: Scene, times_s: Sequence[float]) -> dict[float, Image]:
    """For each time the first picture at or after it, or the last there is."""
    wanted, found = list(times_s), dict[float, Image]()
    last: Picture | None = None
    for t_s, picture in _played(scene):
        while wanted and t_s >= wanted[0] - 1e-3:
            found[wanted.pop(0)] = picture.bgr()
        last = picture
        if not wanted:
            break
    if last is not None:
        found.update({t_s: last.bgr() for t_s in wanted})
    return found


def _played(scene: Scene) -> Iterator[tuple[float, Picture]]:
    if scene.settings.clip is None:
        for frame in scene.frames(scene.camera("motion")) or ():
            yield frame.t_s, frame.picture
        return
    converter = Converter()
    with av.open(str(scene.folder / scene.settings.clip)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        first_s: float | None = None
        for decoded in container.decode(stream):
            if decoded.time is None:
                continue
            first_s = decoded.time if first_s is None else first_s
            yield decoded.time - first_s, VideoPicture(decoded, converter)


def _drawn(image: Image, scene: Scene, fault: Fault, t_s: float) -> Image:
    """A copy of the picture with zones, event, alarm and time."""
    height, width = image.shape[:2]
    scale = _PICTURE_PX / max(width, height)
    shape = (round(width * scale), round(height * scale))
    small = np.asarray(cv2.resize(image, shape, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    size = scene.settings.size or (width, height)
    for zone in scene.settings.zones:
        unit = (size[0], size[1]) if zone.units == "fractions" else (1, 1)
        corners = np.array(zone.polygon) * unit * scale * width / size[0]
        cv2.polylines(small, [np.round(corners).astype(np.int32)], True, _ZONE, 1, cv2.LINE_AA)
    if fault.event is not None and fault.event.start_s - 1e-3 <= t_s <= fault.event.end_s + 1e-3:
        _box(small, fault.event.box, scale, _EVENT)
    if fault.alarm is not None and t_s >= fault.alarm.started_s - 1e-3:
        _box(small, fault.alarm.box, scale, _ALARM)
    cv2.putText(small, f"{t_s:.1f} s", (4, 13), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (0, 0, 0), 3, cv2.LINE_AA)
    cv2.putText(small, f"{t_s:.1f} s", (4, 13), cv2.FONT_HERSHEY_SIMPLEX, 0.42, _INK, 1, cv2.LINE_AA)
    return small


def _box(image: Image, box: Box, scale: float, colour: tuple[int, int, int]) -> None:
    corners = [round(v * scale) for v in (box.left, box.top, box.right, box.bottom)]
    cv2.rectangle(image, (corners[0] - 1, corners[1] - 1), (corners[2] + 1, corners[3] + 1), colour, 1)


def _caption(text: str, width_px: int) -> Image:
    strip = np.full((_CAPTION_PX, width_px, 3), 40, dtype=np.uint8)
    shown = text.encode("ascii", "replace").decode()
    cv2.putText(strip, shown, (6, 15), cv2.FONT_HERSHEY_SIMPLEX, 0.45, _INK, 1, cv2.LINE_AA)
    return strip


def _row(images: Sequence[Image]) -> Image:
    row = np.zeros((max(image.shape[0] for image in images), _PICTURE_PX * SHOWN, 3), dtype=np.uint8)
    for place, image in enumerate(images):
        left = place * _PICTURE_PX
        row[: image.shape[0], left : left + image.shape[1]] = image
    return row
