"""Second pass over a clip, around a moment: the plate, the stills, the part that is cut out."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from edge.camera.picture import quarter_turns
from edge.clips.clip_file import Clip
from edge.clips.moments import FoundMoment, VehicleLook
from edge.evidence.clip import ClipError, write_clip
from edge.evidence.sensitive import Boxes
from edge.frame import Image
from edge.rules.sighting import BoxPx
from edge.vision.crops import cut_out
from edge.vision.plates import VehicleCrop, read_crops
from kerbwatch.clip_report import ClipFile as FileReport
from kerbwatch.clip_report import CutClip
from models.plates import PlateReader, PlateReading

AROUND_S = 2.5
"""A vehicle's plate is read so far before and after the throw."""
MOST_READINGS = 7
"""Pictures of the vehicle that are read: those in which it is largest."""
_SAME_PICTURE_S = 1e-4
_JPEG_QUALITY = 90


@dataclass(frozen=True, slots=True, eq=False)
class Exhibit:
    """What is shown and read of one moment.

    Attributes:
        still: the picture of the throw, as recorded; None when it could not be decoded again.
        vehicle: the vehicle where it is seen largest.
        plate: voted over pictures; None where none could be read.
        plate_pictures: how many were voted over.
        rotation_deg: how a player is to turn the stored picture.
    """

    still: Image | None
    vehicle: Image | None
    plate: PlateReading | None
    plate_pictures: int
    rotation_deg: int


def look_again(
    clip: Clip,
    moment: FoundMoment,
    vehicles: Mapping[int, Sequence[VehicleLook]],
    reader: PlateReader | None,
) -> Exhibit:
    """Play the seconds around a moment once more.

    Args:
        clip: the clip.
        moment: what is looked at.
        vehicles: the looks of each vehicle, by its track, from the first pass.
        reader: reads plates; None where its networks are absent.
    """
    at_s, track = moment.throw.t_s, moment.throw.vehicle.track_id
    near = [look for look in vehicles.get(track, ()) if abs(look.t_s - at_s) <= AROUND_S]
    largest = sorted(near, key=lambda look: (-_area(look.box_xyxy), look.t_s))[:MOST_READINGS]
    wanted = {look.t_s: look for look in largest}
    until_s = max([at_s, *wanted]) + 1e-3
    still: Image | None = None
    still_off_s = np.inf
    seen: list[tuple[float, Image]] = []
    crops: list[VehicleCrop | None] = []
    rotation_deg = 0
    for shown in clip.play(from_s=max(0.0, min([at_s, *wanted]) - 1e-3), to_s=until_s):
        rotation_deg = quarter_turns(shown.frame) * 90
        look = next((each for t_s, each in wanted.items() if abs(t_s - shown.t_s) < _SAME_PICTURE_S), None)
        nearer = abs(shown.t_s - at_s) < still_off_s
        if look is None and not nearer:
            continue
        image = shown.picture.bgr()
        if nearer:
            still, still_off_s = image, abs(shown.t_s - at_s)
        if look is not None:
            seen.append((_area(look.box_xyxy), cut_out(image, look.box_xyxy)[0]))
            crops.append(VehicleCrop.of(image, look.box_xyxy, _others(vehicles, track, look.t_s)))
    plate, pictures = (None, 0) if reader is None else read_crops(reader, crops)
    best = max(seen, key=lambda each: each[0], default=None)
    return Exhibit(still, best[1] if best else None, plate, pictures, rotation_deg)


def _others(vehicles: Mapping[int, Sequence[VehicleLook]], track: int, t_s: float) -> Boxes:
    """The other vehicles of one picture: their plates are not the offender's."""
    boxes = [
        look.box_xyxy
        for other, looks in vehicles.items()
        if other != track
        for look in looks
        if abs(look.t_s - t_s) < _SAME_PICTURE_S
    ]
    return np.array(boxes, np.float32).reshape(-1, 4)


def save_still(image: Image, path: Path, root: Path) -> FileReport:
    """Write a JPEG; named in the report by its path from ``root``. Raises OSError."""
    done, jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    if not done:
        raise OSError(f"{path}: the picture cannot be encoded")
    partial = path.with_suffix(".part")
    partial.write_bytes(jpeg.tobytes())
    partial.replace(path)
    return FileReport(path=path.relative_to(root).as_posix(), **_identity(path, "image/jpeg"))


def save_cut(clip: Clip, path: Path, root: Path, *, from_s: float, to_s: float, rotation_deg: int) -> CutClip:
    """Write the packets of a span as an MP4, from the key frame before it.

    Raises:
        ClipError: when the codec's packets do not make an MP4.
        OSError: the disk does not take it.
    """
    partial = path.with_suffix(".part")
    try:
        info = write_clip(clip.cut(max(0.0, from_s), to_s), partial, rotation_deg=rotation_deg)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return CutClip(
        path=path.relative_to(root).as_posix(),
        from_s=max(0.0, info.from_t_s),
        to_s=info.to_t_s,
        encoded_anew=info.encoded_anew,
        **_identity(path, "video/mp4"),
    )


def _identity(path: Path, content_type: Literal["image/jpeg", "video/mp4"]) -> dict[str, object]:
    content = path.read_bytes()
    return {
        "content_type": content_type,
        "sha256": hashlib.sha256(content).hexdigest(),
        "size_bytes": len(content),
    }


def _area(box: BoxPx) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


__all__ = ["ClipError", "Exhibit", "look_again", "save_cut", "save_still"]
