"""One clip from opening to report: limits, first pass, positions, second pass around each moment."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from edge.clips.clip_file import Clip, ClipProblemError, Shown
from edge.clips.exhibits import ClipError, Exhibit, look_again, save_cut, save_still
from edge.clips.job import ClipJob
from edge.clips.moments import FoundMoment, Watched, moments_of
from edge.clips.position import Fix, PositionReader, PositionTrack
from edge.clips.position.reader import recorded_at
from edge.litter.exhibits import with_path
from edge.rules.sighting import BoxPx
from kerbwatch.clip_report import ClipFile as FileReport
from kerbwatch.clip_report import (
    ClipPosition,
    ClipResult,
    ClipVehicle,
    Moment,
    PathPoint,
    Positions,
    ProblemCode,
    Video,
)
from kerbwatch.incident import Kind
from kerbwatch.messages import Box, PlateRead
from models.cache import sha256_of
from models.classes import ObjectClass
from models.errors import ModelError
from models.plates import PlateReader
from models.runtime import Detector

_DETECTOR_SCORE = 0.1
"""Boxes down to it keep a track alive; see edge.vision.looking."""
_CUT_OFF_S = 0.5
_PROGRESS_EVERY = 10
_NAME = re.compile(r"[^A-Za-z0-9._-]+")

Progress = Callable[[float], None]
"""Told how much of a clip was played, 0..1."""


def load_detector(job: ClipJob) -> Detector:
    """The network that looks at clips. Raises ModelError."""
    return Detector.load(job.model, min_score=_DETECTOR_SCORE, input_px=job.input_px)


def analyse(job: ClipJob, detector: Detector, on_progress: Progress = lambda _share: None) -> ClipResult:
    """Find the moments of one clip.

    Raises:
        ClipProblemError: what kept it from being analysed.
        OSError: what was cut out cannot be written.
        ModelError: a network is missing.
    """
    with Clip(job.file, job.limits) as clip:
        positions = PositionReader(job.file)
        pictures = _told(clip.play(telemetry=positions.packet), clip.announced_s, on_progress)
        found, watched = moments_of(pictures, detector, min_score=job.min_score)
        if not watched.pictures:
            raise ClipProblemError(ProblemCode.NO_PICTURE, "none of its pictures can be decoded")
        corrupt = clip.decoder.corrupt
        notes = notes_of_pass(watched, clip.announced_s)
        track = positions.track(clip.metadata, watched.last_t_s)
        notes += positions.notes
        sha256 = sha256_of(job.file)
        moments, more_notes = _moments(job, clip, watched, found=found, track=track, sha256=sha256)
        return ClipResult(
            file=job.shown_as,
            status="analysed",
            sha256=sha256,
            size_bytes=clip.size_bytes,
            video=Video(
                codec=clip.info.codec,
                width_px=watched.size_px[0],
                height_px=watched.size_px[1],
                fps=round(clip.info.fps, 3) if clip.info.fps else None,
                duration_s=round(watched.last_t_s, 3),
                pictures=watched.pictures,
                corrupt=corrupt,
                scene_cuts=watched.ego.cuts,
                unsure_pictures=watched.ego.unsure,
                recorded_at=recorded_at(clip.metadata),
            ),
            positions=_positions(track, clip) if track else None,
            moments=tuple(moments),
            notes=(*notes, *more_notes),
        )


def is_cut_off(watched: Watched, announced_s: float) -> bool:
    """Whether a clip ended well before the length that it announces."""
    return announced_s - watched.last_t_s > max(_CUT_OFF_S, 0.05 * announced_s)


def notes_of_pass(watched: Watched, announced_s: float) -> list[str]:
    """What whoever reads of a clip's moments must know of how it could be searched, in words."""
    notes = []
    if is_cut_off(watched, announced_s):
        notes.append(f"cut off: {watched.last_t_s:.1f} s of {announced_s:.1f} s could be played")
    if watched.in_rain:
        notes.append(
            f"{watched.in_rain} possible throw(s) left out: the wipers go, and a drop that runs down the "
            "glass looks the same"
        )
    return notes


def _told(pictures: Iterator[Shown], announced_s: float, on_progress: Progress) -> Iterator[Shown]:
    for shown in pictures:
        if announced_s > 0 and shown.index % _PROGRESS_EVERY == 0:
            on_progress(min(1.0, shown.t_s / announced_s))
        yield shown


def _moments(
    job: ClipJob,
    clip: Clip,
    watched: Watched,
    *,
    found: list[FoundMoment],
    track: PositionTrack | None,
    sha256: str,
) -> tuple[list[Moment], list[str]]:
    if not found:
        return [], []
    notes = []
    reader = None
    try:
        reader = PlateReader.load()
    except ModelError as error:
        notes.append(f"plates were not read: {error}")
    moments = []
    folder = job.out / f"{_NAME.sub('_', job.file.stem)[:60]}-{sha256[:8]}" if job.out else None
    for number, each in enumerate(found, 1):
        exhibit = look_again(clip, each, watched.vehicles, reader)
        moment = _moment(each, exhibit, track, watched.size_px)
        if folder is not None and job.out is not None:
            folder.mkdir(parents=True, exist_ok=True)
            moment, note = _with_files(
                moment, each, exhibit, clip=clip, job=job, folder=folder, number=number
            )
            notes += note
        moments.append(moment)
    return moments, notes


def _moment(
    found: FoundMoment, exhibit: Exhibit, track: PositionTrack | None, size_px: tuple[int, int]
) -> Moment:
    throw = found.throw
    return Moment(
        kind=Kind.VEHICLE_LITTER,
        t_s=round(throw.t_s, 3),
        frame=found.frame,
        confidence=_ratio(throw.evidence.score),
        evidence={name: _ratio(value) for name, value in sorted(throw.evidence.parts.items())},
        things=found.things,
        box=_box(throw.box_xyxy, size_px),
        path=tuple(
            PathPoint(t_s=round(max(0.0, point.t_s), 3), x=round(point.x, 1), y=round(point.y, 1))
            for point in throw.path
        ),
        vehicle=ClipVehicle(
            track=throw.vehicle.track_id,
            object_class=ObjectClass(throw.vehicle.class_id).label,
            box=_box(throw.vehicle.box_xyxy, size_px),
        ),
        plate=_plate(exhibit),
        position=_position(track, throw.t_s),
        clip=None,
        still=None,
        vehicle_still=None,
    )


def _with_files(
    moment: Moment,
    found: FoundMoment,
    exhibit: Exhibit,
    *,
    clip: Clip,
    job: ClipJob,
    folder: Path,
    number: int,
) -> tuple[Moment, list[str]]:
    assert job.out is not None
    notes = []
    files: dict[str, FileReport] = {}
    try:
        files["clip"] = save_cut(
            clip,
            folder / f"moment-{number}.mp4",
            job.out,
            from_s=found.throw.t_s - job.pre_roll_s,
            to_s=found.throw.landed_t_s + job.post_roll_s,
            rotation_deg=exhibit.rotation_deg,
        )
    except ClipError as error:
        notes.append(f"moment {number}: {error}")
    if exhibit.still is not None:
        still = with_path(exhibit.still, found.throw.path, found.throw.vehicle.box_xyxy)
        files["still"] = save_still(still, folder / f"moment-{number}-throw.jpg", job.out)
    if exhibit.vehicle is not None and exhibit.vehicle.size:
        files["vehicle_still"] = save_still(exhibit.vehicle, folder / f"moment-{number}-vehicle.jpg", job.out)
    return moment.model_copy(update=files), notes


def _plate(exhibit: Exhibit) -> PlateRead | None:
    if exhibit.plate is None:
        return None
    return PlateRead(
        text=exhibit.plate.text,
        likeliest="".join(place.char for place in exhibit.plate.characters),
        confidences=tuple(_ratio(place.confidence) for place in exhibit.plate.characters),
        colour=exhibit.plate.colour.value,
        pictures=exhibit.plate_pictures,
    )


def _positions(track: PositionTrack, clip: Clip) -> Positions:
    began = recorded_at(clip.metadata)
    offsets = [(fix.utc - began).total_seconds() - fix.t_s for fix in track.fixes if fix.utc] if began else []
    return Positions(
        source=track.source,
        fixes=len(track.fixes),
        moving=not track.fixed,
        clock_offset_s=round(median(offsets), 1) if offsets else None,
        middle=_position_of(track.fixes[len(track.fixes) // 2], track.source),
    )


def _position(track: PositionTrack | None, t_s: float) -> ClipPosition | None:
    fix = track.at(t_s) if track else None
    return None if track is None or fix is None else _position_of(fix, track.source)


def _position_of(fix: Fix, source: str) -> ClipPosition:
    return ClipPosition(
        lon=round(fix.position.lon, 7),
        lat=round(fix.position.lat, 7),
        source=source,
        utc=fix.utc,
        speed_mps=None if fix.speed_mps is None else round(fix.speed_mps, 2),
    )


def _box(box: BoxPx, size_px: tuple[int, int]) -> Box:
    left, top, right, bottom = (round(value, 1) for value in box)
    return Box(
        x1=left,
        y1=top,
        x2=max(right, left + 1),
        y2=max(bottom, top + 1),
        picture_width_px=size_px[0],
        picture_height_px=size_px[1],
    )


def _ratio(value: float) -> float:
    return round(min(1.0, max(0.0, value)), 4)
