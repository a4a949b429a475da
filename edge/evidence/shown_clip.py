"""Clips for people: decoded, blurred picture by picture, and encoded anew.

The networks look some times a second. Between two looks what one of them found goes its way to where the
other found it; what only one of them found stays covered from the look before to the look after. So one look
that misses a face does not show it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.frame import PictureType, VideoFrame
from numpy.typing import NDArray

from edge.camera.picture import Converter, VideoPicture
from edge.evidence.clip import ClipError
from edge.evidence.privacy import covered, sorted_plates
from edge.evidence.sensitive import Boxes, Eyes, Sensitive
from edge.frame import Image
from edge.rules.sighting import BoxPx
from models.detections import iou_matrix

LOOK_EVERY_S = 0.4
"""Between two looks of the networks. Someone who walks goes some half a metre in it."""
_TICKS = 90_000
_CRF = "26"
_HEAD_GOES, _PLATE_GOES = 1.5, 12.0
"""How far it may have gone from one look to the next, in diagonals of its box: 6 m in 0.4 s for a vehicle."""
_SAME_SIZE = 2.0
"""Its box may have grown or shrunk by this factor at most."""
_SAME_VEHICLE_IOU = 0.25
_NONE: Boxes = np.empty((0, 4), dtype=np.float32)
_LOST_LOOKS = 3
"""After so many looks without the offender's vehicle nothing is taken for it any more."""


@dataclass(frozen=True, slots=True)
class Offender:
    """The vehicle whose plate stays legible.

    Attributes:
        box_in: its box in a picture of a width and height in px.
        t_s: when it was there, in seconds from the clip's begin.
    """

    box_in: Callable[[int, int], BoxPx]
    t_s: float


@dataclass(frozen=True, slots=True)
class _LookAt:
    t_s: float
    parts: tuple[Boxes, Boxes, Boxes, Boxes]
    """Faces, heads, plates of others and plates of the offender."""


def write_shown_clip(
    source: Path,
    target: Path,
    eyes: Eyes,
    offender: Offender | None,
    give_up: Callable[[], bool] = lambda: False,
) -> int:
    """Write ``target``, the clip ``source`` as people may see it: H.264, upright, without sound.

    Args:
        source: the original.
        target: an MP4; not fit for use before this returns.
        eyes: what finds faces and plates.
        offender: whose plate stays legible; None blurs all plates.
        give_up: asked at every picture: whether to break off.

    Returns:
        How many pictures it holds.

    Raises:
        ClipError: the source cannot be decoded, or holds no picture; or it was given up.
        OSError: the disk does not take it.
    """
    try:
        looks = _looks(source, eyes, offender, give_up)
        if not looks:
            raise ClipError("the clip holds no picture")
        return _encode(source, target, looks, give_up)
    except av.FFmpegError as error:
        if isinstance(error, OSError) and error.errno:
            raise
        raise ClipError(f"the clip cannot be made fit to be shown: {error.strerror or error}") from error


def _pictures(source: Path, give_up: Callable[[], bool]) -> Iterator[tuple[float, VideoPicture]]:
    """Upright pictures with their time from the first, in seconds."""
    converter = Converter()
    with av.open(str(source)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "NONE"
        stream.codec_context.thread_count = 1
        first_s: float | None = None
        for frame in container.decode(stream):
            if give_up():
                raise ClipError("given up")
            t_s = float(frame.time or 0.0)
            first_s = t_s if first_s is None else first_s
            yield t_s - first_s, VideoPicture(frame, converter)


def _looks(source: Path, eyes: Eyes, offender: Offender | None, give_up: Callable[[], bool]) -> list[_LookAt]:
    seen: list[tuple[float, Sensitive]] = []
    newest: tuple[float, VideoPicture] | None = None
    for t_s, picture in _pictures(source, give_up):
        newest = (t_s, picture)
        if not seen or t_s - seen[-1][0] >= LOOK_EVERY_S - 1e-3:
            seen.append((t_s, eyes.look(picture.bgr())))
    if newest is not None and newest[0] > seen[-1][0]:
        seen.append((newest[0], eyes.look(newest[1].bgr())))
    ways: list[BoxPx | None] = [None] * len(seen)
    if offender is not None and newest is not None:
        ways = _follow(seen, offender.box_in(*newest[1].size_px), offender.t_s)
    plates = [sorted_plates(each, box) for (_t_s, each), box in zip(seen, ways, strict=True)]
    parts = zip(
        _filled([each.faces for _t_s, each in seen], _HEAD_GOES),
        _filled([each.heads for _t_s, each in seen], _HEAD_GOES),
        _filled([others for _own, others in plates], _PLATE_GOES),
        [own for own, _others in plates],
        strict=True,
    )
    return [_LookAt(t_s, each) for (t_s, _seen), each in zip(seen, parts, strict=True)]


def _follow(seen: list[tuple[float, Sensitive]], at_first: BoxPx, t_s: float) -> list[BoxPx | None]:
    """Where the offender was at each look, from the one moment at which that is known, both ways."""
    ways: list[BoxPx | None] = [None] * len(seen)
    start = min(range(len(seen)), key=lambda index: abs(seen[index][0] - t_s))
    ways[start] = at_first
    for indices in (range(start + 1, len(seen)), range(start - 1, -1, -1)):
        box, lost = at_first, 0
        for index in indices:
            following = _same_vehicle(box, seen[index][1].vehicles)
            lost = 0 if following is not None else lost + 1
            if lost >= _LOST_LOOKS:
                break
            box = following or box
            ways[index] = box
    return ways


def _same_vehicle(box: BoxPx, vehicles: Boxes) -> BoxPx | None:
    if not len(vehicles):
        return None
    overlaps = iou_matrix(np.array([box], dtype=np.float32), vehicles)[0]
    best = int(overlaps.argmax())
    if overlaps[best] < _SAME_VEHICLE_IOU:
        return None
    x1, y1, x2, y2 = (float(side) for side in vehicles[best])
    return x1, y1, x2, y2


def _encode(source: Path, target: Path, looks: list[_LookAt], give_up: Callable[[], bool]) -> int:
    pictures, last_pts, index = 0, -1, 0
    with av.open(str(target), "w", format="mp4", options={"movflags": "faststart"}) as output:
        stream = None
        for t_s, picture in _pictures(source, give_up):
            if stream is None:
                width, height = picture.size_px
                stream = output.add_stream(
                    "libx264",
                    rate=25,
                    options={"preset": "veryfast", "crf": _CRF, "bf": "0", "threads": "1"},
                    width=width // 2 * 2,
                    height=height // 2 * 2,
                    time_base=Fraction(1, _TICKS),
                )
                stream.pix_fmt = "yuv420p"
            while index + 1 < len(looks) and looks[index + 1].t_s <= t_s:
                index += 1
            done = _covered(picture.bgr(), looks, index, t_s)[: stream.height, : stream.width]
            frame = VideoFrame.from_ndarray(np.ascontiguousarray(done), format="bgr24")
            shown = frame.reformat(format="yuv420p", threads=1)
            shown.pts = last_pts = max(round(t_s * _TICKS), last_pts + 1)
            shown.time_base = Fraction(1, _TICKS)
            shown.pict_type = PictureType.NONE
            output.mux(stream.encode(shown))
            pictures += 1
        if stream is not None:
            output.mux(stream.encode(None))
    return pictures


def _covered(image: Image, looks: list[_LookAt], index: int, t_s: float) -> Image:
    """A picture between look ``index`` and the next, under all that was found on the way between them."""
    before, after = looks[index], looks[min(index + 1, len(looks) - 1)]
    gone = (t_s - before.t_s) / (after.t_s - before.t_s) if after.t_s > before.t_s else 0.0
    ways = zip(before.parts, after.parts, (_HEAD_GOES, _HEAD_GOES, _PLATE_GOES, _PLATE_GOES), strict=True)
    faces, heads, others, own = (_between(one, other, gone, goes) for one, other, goes in ways)
    return covered(image, np.concatenate([faces, heads]), others, _apart(own, others), faces)


def _apart(spared: Boxes, foreign: Boxes) -> Boxes:
    """Spared boxes into which no other vehicle's plate reaches; where one does, both stay covered."""
    if not len(spared) or not len(foreign):
        return spared
    return np.asarray(spared[iou_matrix(spared, foreign).max(axis=1) == 0], dtype=np.float32)


def _filled(found: list[Boxes], goes: float) -> list[Boxes]:
    """What each look found, and what only the one before or after it did: halfway to where it is next."""
    filled = []
    for index, boxes in enumerate(found):
        earlier = found[index - 1] if index else _NONE
        later = found[index + 1] if index + 1 < len(found) else _NONE
        missed = []
        for box in earlier:
            if not len(_nexts(box, boxes, goes)):
                again = _nexts(box, later, goes)
                missed.append((box + again[0]) / 2 if len(again) else box)
        missed += [box for box in later if not len(_nexts(box, boxes, goes))]
        filled.append(np.concatenate([boxes, np.array(missed, dtype=np.float32).reshape(-1, 4)]))
    return filled


def _between(before: Boxes, after: Boxes, gone: float, goes: float) -> Boxes:
    """Where things may be when the share ``gone`` of the time from one look to the next has passed.

    Each goes to every box that it may have become, and what is found next is covered from now on.
    """
    boxes = [*after]
    for box in before:
        following = _nexts(box, after, goes)
        boxes += [box + (each - box) * np.float32(gone) for each in following] if len(following) else [box]
    return np.array(boxes, dtype=np.float32).reshape(-1, 4)


def _nexts(box: NDArray[np.float32], after: Boxes, goes: float) -> Boxes:
    """What a thing may be at another look, the nearest first: boxes of about its size, not too far off."""
    size = float(np.hypot(*(box[2:] - box[:2])))
    sizes = np.hypot(*(after[:, 2:] - after[:, :2]).T)
    gone = np.hypot(*((after[:, :2] + after[:, 2:]) / 2 - (box[:2] + box[2:]) / 2).T)
    likely = (gone <= goes * size) & (sizes <= _SAME_SIZE * size) & (sizes * _SAME_SIZE >= size)
    order = np.argsort(gone, kind="stable")
    return np.asarray(after[order[likely[order]]], dtype=np.float32)
