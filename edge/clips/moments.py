"""First pass over a clip: every picture through the litter engine, some through the network."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.clips.clip_file import Shown
from edge.clips.wipers import WiperWatch
from edge.frame import Luma, OncePicture
from edge.litter.ego import EgoMotion
from edge.litter.moving import MovingEngine
from edge.litter.throw import Throw
from edge.rules.sighting import BoxPx
from edge.vision.looking import MOTION_LOOK_INTERVAL_S
from edge.vision.tracker import Tracker
from models.classes import VEHICLES
from models.detections import Detections
from models.runtime import Detector

MOST_LUMA_PX = 1920
"""A larger picture is searched at this longer side: a thing of 8 px at 4K is not looked for."""
_TRACKS_A_SCENE = 10_000
"""Added to the tracks' numbers after each scene cut: none is given twice."""
ONE_OCCURRENCE_S = 4.0
"""Things that leave one vehicle within so many seconds are one occurrence."""
RAIN_S = 10.0
"""So long before and after the wipers went drops may run down the glass."""


@dataclass(frozen=True, slots=True, eq=False)
class VehicleLook:
    """A vehicle in one looked-at picture."""

    t_s: float
    class_id: int
    box_xyxy: BoxPx
    score: float


@dataclass(frozen=True, slots=True, eq=False)
class FoundMoment:
    """One occurrence.

    Attributes:
        throw: its surest thing; boxes and path in px of the picture as shown.
        frame: number of the picture in which that left the vehicle.
        things: how many there were.
        decided_t_s: when the first of them was decided.
    """

    throw: Throw
    frame: int
    things: int
    decided_t_s: float


@dataclass(slots=True, eq=False)
class Watched:
    """What the first pass saw.

    Attributes:
        size_px: of the picture as shown.
        pictures: how many there were.
        last_t_s: time of the newest.
        vehicles: each vehicle's looks, by its track, in the order of time.
        ego: how the camera moved.
        times_s: of all pictures.
        wipers: whether they go.
        in_rain: throws that were left out, as they may be drops on the glass.
    """

    size_px: tuple[int, int] = (0, 0)
    pictures: int = 0
    last_t_s: float = 0.0
    vehicles: dict[int, list[VehicleLook]] = field(default_factory=lambda: defaultdict(list))
    ego: EgoMotion = field(default_factory=EgoMotion)
    times_s: list[float] = field(default_factory=list)
    wipers: WiperWatch = field(default_factory=WiperWatch)
    in_rain: int = 0


def moments_of(
    pictures: Iterable[Shown], detector: Detector, *, min_score: float
) -> tuple[list[FoundMoment], Watched]:
    """The moments of a clip whose confidence is at least ``min_score``, and what was seen on the way."""
    watched = Watched()
    found = [throw for throw in throws_of(pictures, detector, watched) if throw.evidence.score >= min_score]
    dry = [throw for throw in found if not _in_rain(throw.t_s, watched.wipers.wiped_s)]
    watched.in_rain = len(found) - len(dry)
    return occurrences(dry, watched.times_s), watched


def _in_rain(t_s: float, wiped_s: Sequence[float]) -> bool:
    return any(abs(t_s - each) <= RAIN_S for each in wiped_s)


def throws_of(pictures: Iterable[Shown], detector: Detector, watched: Watched) -> Iterator[Throw]:
    """The throws of a clip as they are decided, in px of the picture as shown; fills ``watched``."""
    tracker = Tracker()
    engine: MovingEngine | None = None
    scale = 1.0
    looked_s = -np.inf
    cuts = 0
    for shown in pictures:
        size_px = shown.picture.size_px
        if engine is None or size_px != watched.size_px:
            scale = min(1.0, MOST_LUMA_PX / max(size_px))
            searched_px = (round(size_px[0] * scale), round(size_px[1] * scale))
            engine = MovingEngine(searched_px, watched.ego)
            watched.size_px = size_px
        watched.pictures += 1
        watched.last_t_s = shown.t_s
        watched.times_s.append(shown.t_s)
        engine.picture(shown.t_s, _reduced(shown.picture.luma(), searched_px))
        watched.wipers.picture(shown.t_s, watched.ego.reduced)
        if watched.ego.cuts != cuts:
            cuts, tracker = watched.ego.cuts, Tracker()  # nobody goes on over a scene cut
        if shown.t_s - looked_s >= MOTION_LOOK_INTERVAL_S - 1e-3:
            looked_s = shown.t_s
            found = detector.detect([OncePicture(shown.picture)])[0]
            found = _followed(tracker, shown.t_s, found, engine.turned_px / scale)
            named = np.where(found.track_id >= 0, found.track_id + _TRACKS_A_SCENE * cuts, -1)
            found = replace(found, track_id=named)
            boxes = []
            for box, score, class_id, track in zip(
                found.xyxy, found.score, found.class_id, found.track_id, strict=True
            ):
                if class_id in VEHICLES:
                    left, top, right, bottom = (float(value) for value in box)
                    boxes.append((left * scale, top * scale, right * scale, bottom * scale))
                    if track >= 0:
                        look = VehicleLook(shown.t_s, int(class_id), (left, top, right, bottom), float(score))
                        watched.vehicles[int(track)].append(look)
            watched.ego.see_vehicles(boxes)
            engine.vehicles(shown.t_s, replace(found, xyxy=found.xyxy * np.float32(scale)))
        for throw in engine.throws():
            yield _shown_size(throw, 1 / scale)
    if engine is not None:
        engine.finish()
        for throw in engine.throws():
            yield _shown_size(throw, 1 / scale)


def _followed(tracker: Tracker, t_s: float, found: Detections, turned_px: NDArray[np.float64]) -> Detections:
    """Boxes with the names of their tracks; these go on as if the camera did not turn."""
    turned = np.tile(turned_px, 2).astype(np.float32)
    named = tracker.update(t_s, replace(found, xyxy=found.xyxy - turned))
    return replace(named, xyxy=found.xyxy)


def occurrences(throws: Sequence[Throw], times_s: Sequence[float]) -> list[FoundMoment]:
    """Throws from one vehicle within seconds are one moment, told by the surest; in order of time."""
    groups: list[list[Throw]] = []
    for throw in sorted(throws, key=lambda each: (each.t_s, each.id)):
        for group in groups:
            last = group[-1]
            same = last.vehicle.track_id == throw.vehicle.track_id
            if same and throw.t_s - last.t_s <= ONE_OCCURRENCE_S:
                group.append(throw)
                break
        else:
            groups.append([throw])
    times = np.asarray(times_s)
    moments = []
    for group in groups:
        surest = max(group, key=lambda each: (each.evidence.score, -each.id))
        frame = int(np.argmin(np.abs(times - surest.t_s))) if len(times) else 0
        moments.append(FoundMoment(surest, frame, len(group), min(each.decided_t_s for each in group)))
    return moments


def _reduced(luma: Luma, size_px: tuple[int, int]) -> Luma:
    if (luma.shape[1], luma.shape[0]) == size_px:
        return luma
    return np.asarray(cv2.resize(luma, size_px, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _shown_size(throw: Throw, scale: float) -> Throw:
    if scale == 1.0:
        return throw

    def larger(box: BoxPx) -> BoxPx:
        left, top, right, bottom = (value * scale for value in box)
        return left, top, right, bottom

    return replace(
        throw,
        path=tuple(replace(point, x=point.x * scale, y=point.y * scale) for point in throw.path),
        box_xyxy=larger(throw.box_xyxy),
        vehicle=replace(throw.vehicle, box_xyxy=larger(throw.vehicle.box_xyxy)),
        size_px=throw.size_px * scale,
    )
