"""Pictures of a throw, decoded anew from the packets that are kept: to the very frame, and none kept for it.

The pictures of the moment are some two seconds old when a throw is decided. Holding them all would take
190 MB a camera in 1080p; the packets are there anyway for the clip.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import av
import cv2
import numpy as np
from av.codec.context import CodecContext
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from edge.camera.picture import Converter
from edge.evidence.ring import StoredPacket
from edge.frame import Image
from edge.rules.sighting import BoxPx, PathPoint

_TICKS = 90_000
_MARGIN = 0.12
"""Kept around a vehicle, as a share of its size."""
_SHADOW = (0, 0, 0)
_LINE = (60, 220, 255)
_END = (60, 60, 255)


class ExhibitError(ValueError):
    """The moment is not in the packets that are kept; the text says why."""


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """One picture, uint8 [h, w, 3] BGR as shown, and its time on the camera's timeline."""

    t_s: float
    image: Image


def picture_at(packets: Sequence[StoredPacket], t_s: float, rotation_deg: int) -> Moment:
    """The picture shown at ``t_s``, or the nearest there is.

    Args:
        packets: from a key frame on, past ``t_s``.
        t_s: the moment.
        rotation_deg: how far a stored picture is turned, counter-clockwise, to stand upright.

    Raises:
        ExhibitError: when nothing can be decoded.
    """
    if not packets:
        raise ExhibitError("no packet of that moment is kept any more")
    context = CodecContext.create(packets[0].info.codec, "r")
    if not isinstance(context, VideoCodecContext):
        raise ExhibitError(f"no decoder for {packets[0].info.codec}")
    if packets[0].info.extradata:
        context.extradata = packets[0].info.extradata
    best: tuple[float, VideoFrame] | None = None
    for stored in (*packets, None):
        try:
            frames = context.decode(_packet(stored))
        except av.FFmpegError:
            continue  # a damaged picture: another one is near
        for frame in frames:
            if frame.pts is not None and (best is None or abs(frame.pts - t_s * _TICKS) < best[0]):
                best = abs(frame.pts - t_s * _TICKS), frame
    if best is None:
        raise ExhibitError("no picture of that moment can be decoded")
    image = Converter().bgr(best[1], None)
    turned = np.ascontiguousarray(np.rot90(image, round(rotation_deg / 90) % 4))
    assert best[1].pts is not None  # chosen by it
    return Moment(best[1].pts / _TICKS, turned)


def with_path(image: Image, path: Sequence[PathPoint], vehicle_xyxy: BoxPx) -> Image:
    """A copy with the path of the thing over it, its end ringed, and a frame around the vehicle."""
    drawn = image.copy()
    thick = max(1, round(max(image.shape[:2]) / 640))
    points = np.array([(point.x, point.y) for point in path], dtype=np.float64).round().astype(np.int32)
    x1, y1, x2, y2 = (round(value) for value in vehicle_xyxy)
    for colour, width in ((_SHADOW, thick + 2), (_LINE, thick)):
        cv2.rectangle(drawn, (x1, y1), (x2, y2), colour, width, cv2.LINE_AA)
        cv2.polylines(drawn, [points], False, colour, width, cv2.LINE_AA)
    for point in points:
        cv2.circle(drawn, point.tolist(), thick + 1, _LINE, -1, cv2.LINE_AA)
    cv2.circle(drawn, points[-1].tolist(), 6 * thick, _END, thick, cv2.LINE_AA)
    return drawn


def vehicle_of(image: Image, vehicle_xyxy: BoxPx) -> Image | None:
    """The vehicle alone, for its plate to be read; None when it lies outside the picture."""
    x1, y1, x2, y2 = vehicle_xyxy
    dx, dy = _MARGIN * (x2 - x1), _MARGIN * (y2 - y1)
    height, width = image.shape[:2]
    left, top = max(round(x1 - dx), 0), max(round(y1 - dy), 0)
    right, bottom = min(round(x2 + dx), width), min(round(y2 + dy), height)
    if right - left < 8 or bottom - top < 8:
        return None
    return np.ascontiguousarray(image[top:bottom, left:right])


def _packet(stored: StoredPacket | None) -> Packet[VideoStream] | None:
    if stored is None:
        return None
    packet: Packet[VideoStream] = Packet(stored.data)  # type: ignore[assignment]
    packet.pts, packet.dts = round(stored.t_s * _TICKS), None
    return packet
