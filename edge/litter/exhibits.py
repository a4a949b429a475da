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
from edge.evidence.ring import PacketRing, StoredPacket
from edge.frame import Image
from edge.rules.sighting import BoxPx, PathPoint, Sighting
from edge.vision.crops import cut_out
from kerbwatch.incident import EvidenceRole

EXHIBIT_SPAN_S = 0.3
"""Decoded past the moment of a throw: a decoder hands pictures out a little late."""
SAME_PICTURE_S = 0.02
"""A picture so near in time to a look is the one that was looked at."""
_TICKS = 90_000
_BETWEEN_LOOKS_MARGIN = 0.12
"""Around a vehicle at the moment of a throw, as a share of its sides: its box lies between two looks."""
_LEAST_VEHICLE_PX = 8
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


def pictures_at(packets: Sequence[StoredPacket], times_s: Sequence[float], rotation_deg: int) -> list[Moment]:
    """The pictures shown at some times, or the nearest there are, each once; decoded in one go.

    Args:
        packets: from a key frame on, past the last of the times.
        times_s: one or more moments.
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
    best: dict[float, VideoFrame] = {}
    for stored in (*packets, None):
        try:
            frames = context.decode(_packet(stored))
        except av.FFmpegError:
            continue  # a damaged picture: another one is near
        for frame in frames:
            for t_s in times_s:
                if frame.pts is not None and (t_s not in best or _off(frame, t_s) < _off(best[t_s], t_s)):
                    best[t_s] = frame
    if not best:
        raise ExhibitError("no picture of that moment can be decoded")
    shown: dict[int, Moment] = {}
    for frame in best.values():
        assert frame.pts is not None  # chosen by it
        if frame.pts not in shown:
            turned = np.rot90(Converter().bgr(frame, None), round(rotation_deg / 90) % 4)
            shown[frame.pts] = Moment(frame.pts / _TICKS, np.ascontiguousarray(turned))
    return [shown[pts] for pts in sorted(shown)]


def _off(frame: VideoFrame, t_s: float) -> float:
    assert frame.pts is not None  # others are passed over
    return abs(frame.pts - t_s * _TICKS)


def pictures_of(moments: Sequence[Moment], seen: Sequence[tuple[float, BoxPx]]) -> list[tuple[Image, BoxPx]]:
    """The pictures in which a vehicle was looked at, each with its box: for its plate to be read.

    Args:
        moments: pictures and their times.
        seen: when and where the vehicle was; a look of which no picture is there is left out.
    """
    pictures = {}
    for t_s, box in seen:
        moment = min(moments, key=lambda each: abs(each.t_s - t_s))
        if abs(moment.t_s - t_s) <= SAME_PICTURE_S:
            pictures[moment.t_s] = moment.image, box
    return list(pictures.values())


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
    """The vehicle alone, for people; None when it lies outside the picture."""
    part, _ = cut_out(image, vehicle_xyxy, _BETWEEN_LOOKS_MARGIN)
    return part if min(part.shape[:2]) >= _LEAST_VEHICLE_PX else None


def _packet(stored: StoredPacket | None) -> Packet[VideoStream] | None:
    if stored is None:
        return None
    packet: Packet[VideoStream] = Packet(stored.data)  # type: ignore[assignment]
    packet.pts, packet.dts = round(stored.t_s * _TICKS), None
    return packet


@dataclass(frozen=True, slots=True, eq=False)
class Exhibits:
    """What shows a throw.

    Attributes:
        t_s: when the pictures were taken, seconds on the camera's timeline.
        images: each with what it shows.
        vehicle_seen: every picture of the thrower with its box, for its plate.
    """

    t_s: float
    images: dict[EvidenceRole, Image]
    vehicle_seen: list[tuple[Image, BoxPx]]


def exhibits_of(ring: PacketRing, sighting: Sighting) -> Exhibits:
    """Pictures of a throw: the moment, the same with the thing's way, and the vehicle alone.

    Raises:
        ExhibitError: the ring no longer holds a picture of it that can be decoded.
    """
    assert sighting.vehicle is not None  # of every throw
    t_s, box, seen = sighting.started_t_s, sighting.vehicle.box_xyxy, sighting.vehicle.seen
    times = [t_s, *(at_s for at_s, _ in seen)]
    packets = ring.cut(min(times), max(times) + EXHIBIT_SPAN_S)
    moments = pictures_at(packets, times, ring.rotation_deg)
    moment = min(moments, key=lambda each: abs(each.t_s - t_s))
    images = {
        EvidenceRole.SNAPSHOT_PATH: with_path(moment.image, sighting.path, box),
        EvidenceRole.SNAPSHOT_THROW: moment.image,
    }
    vehicle = vehicle_of(moment.image, box)
    if vehicle is not None:
        images[EvidenceRole.SNAPSHOT_VEHICLE] = vehicle
    return Exhibits(moment.t_s, images, pictures_of(moments, [(t_s, box), *seen]))
