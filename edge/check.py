"""``kerbwatch edge check``: open every camera of a configuration, and say what it is and what it sees."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np
import structlog

from edge.camera.camera import Camera
from edge.camera.source import SourceError, is_live, open_source, shown
from edge.camera.status import CameraStatus
from edge.camera.vitals import grey_cells, is_dark
from edge.check_picture import drawn
from edge.evidence.geotag import GroundMap, GroundMapError
from edge.evidence.sensitive import Eyes, NetworkEyes
from edge.frame import Frame
from edge.rules.zone import Zone, ZoneOutsideError
from edge.settings import CameraSettings, DetectorSettings, EdgeSettings
from edge.vision.looking import look_at
from edge.vision.tiles import TilePlan, plan_tiles
from kerbwatch.clock import Clock, SystemClock
from kerbwatch.messages import CameraState
from kerbwatch.secrets import redact
from models.classes import ObjectClass
from models.detections import Detections
from models.errors import ModelError
from models.runtime import Detector

log = structlog.get_logger(__name__)

LIMIT_S = 15.0
"""Most time for one camera."""
_AT_ONCE = 8
_SAME_SHAPE = 0.02
"""A sub-stream's sides may differ in ratio from the main stream's by this part (rounding to even px)."""
_STILL_S = 3.5
"""Pictures at least this far apart that agree bit for bit mean a frozen camera."""


@dataclass(frozen=True, slots=True)
class CameraReport:
    """What became of one camera.

    Attributes:
        camera_id: as configured.
        source: what was opened, without credentials.
        codec: FFmpeg's name, None when nothing came.
        size_px: width and height as shown.
        fps: pictures a second.
        key_interval_s: between key frames; None when fewer than two came.
        profile: the decode profile in force, in words.
        inputs: what a look costs, in network inputs: the whole picture, and parts that are looked at closer.
        inputs_why: what that was decided by.
        seen: how many objects of each class the network found in the last picture.
        snapshot: the picture with zones and boxes drawn, faces and plates blurred.
        dark: the picture is black, or covered.
        frozen: the picture does not change at all.
        problems: what is wrong, for people; empty when the camera is fit for work.
    """

    camera_id: str
    source: str
    codec: str | None = None
    size_px: tuple[int, int] | None = None
    fps: float | None = None
    key_interval_s: float | None = None
    profile: str = ""
    inputs: int = 1
    inputs_why: str = ""
    seen: dict[str, int] = field(default_factory=dict)
    snapshot: Path | None = None
    dark: bool = False
    frozen: bool = False
    problems: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


@dataclass(frozen=True, slots=True, eq=False)
class _Visit:
    """What a camera gave while it was open."""

    status: CameraStatus
    first: Frame | None
    last: Frame | None
    error: str | None
    waited_s: float


def check(
    settings: EdgeSettings, out_dir: Path, *, limit_s: float = LIMIT_S, clock: Clock | None = None
) -> list[CameraReport]:
    """Open all cameras, each for at most about ``limit_s``; one that fails does not keep the others.

    Args:
        settings: the box's configuration.
        out_dir: where ``<camera id>.jpg`` is written for each camera that gives a picture.
        limit_s: most time for one camera.
        clock: the system's when absent.

    Returns:
        One report a camera, in the order of the configuration.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    networks = _Networks(_detector(settings.detector), _eyes(settings.detector))
    with ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="check") as pool:
        visits = pool.map(
            lambda camera: _examined(camera, settings, limit_s, clock or SystemClock()), settings.cameras
        )
        reports = []
        for camera, (report, visit) in zip(settings.cameras, visits, strict=True):
            try:
                shown_too = visit and _with_picture(report, visit, camera, networks, out_dir)
            except Exception as error:
                # One camera's picture or setting keeps no other from its report.
                log.exception("camera_not_shown", camera=camera.id)
                shown_too = _at_fault(report, error)
            reports.append(shown_too or report)
        return reports


def _examined(
    camera: CameraSettings, settings: EdgeSettings, limit_s: float, clock: Clock
) -> tuple[CameraReport, _Visit | None]:
    """The edge of a camera's thread: whatever it runs into, the others are reported."""
    try:
        return _examine(camera, settings, limit_s, clock)
    except Exception as error:
        log.exception("camera_not_examined", camera=camera.id)
        return _at_fault(CameraReport(camera.id, shown(camera.look_source or camera.source)), error), None


def _at_fault(report: CameraReport, error: Exception) -> CameraReport:
    fault = f"a fault of kerbwatch: {type(error).__name__}: {redact(str(error))}"
    return replace(report, problems=(*report.problems, fault))


@dataclass(frozen=True, slots=True)
class _Networks:
    """What looks for the report, or why there is none; and what finds faces and plates, if anything does."""

    detector: Detector | str
    eyes: Eyes | None


def _detector(settings: DetectorSettings) -> Detector | str:
    """The network, or why there is none."""
    try:
        return Detector.load(
            settings.model,
            min_score=settings.min_score,
            class_map=settings.class_map,
            input_px=settings.input_px,
            providers=settings.providers,
            threads=settings.threads,
            batch_size=settings.batch_size,
        )
    except (ModelError, ValueError) as error:
        return f"the network '{settings.model}' cannot be used: {error}"


def _eyes(settings: DetectorSettings) -> Eyes | None:
    """What finds faces and plates; None where there is not even a network that finds persons."""
    try:
        return NetworkEyes.load(settings)
    except ModelError:  # the report says what the network lacks
        return None


def _examine(
    camera: CameraSettings, settings: EdgeSettings, limit_s: float, clock: Clock
) -> tuple[CameraReport, _Visit]:
    visit = _visit(camera, settings, limit_s, clock)
    status = visit.status
    problems = []
    if visit.last is None:
        problems.append(visit.error or f"no picture came within {limit_s:g} s")
    dark = visit.last is not None and is_dark(grey_cells(visit.last.picture.bgr((96, 54))))
    frozen = _frozen(visit)
    if dark:
        problems.append("the picture is dark, or the lens is covered")
    if frozen:
        problems.append("the picture does not change at all: the camera is frozen")
    problems += [*_faults_of_zones(camera, status.size_px), *_faults_of_ground(camera)]
    if camera.look_source is not None:
        problems += _faults_of_main(camera, limit_s)
    report = CameraReport(
        camera_id=camera.id,
        source=shown(camera.look_source or camera.source),
        codec=status.codec,
        size_px=status.size_px,
        fps=status.fps,
        key_interval_s=status.key_interval_s,
        profile=_profile(camera, status, visit.waited_s),
        dark=dark,
        frozen=frozen,
        problems=tuple(problems),
    )
    return report, visit


def _visit(camera: CameraSettings, settings: EdgeSettings, limit_s: float, clock: Clock) -> _Visit:
    """Look through the camera until it has shown what there is to know, or the time is up."""
    frames: list[Frame] = []
    news = threading.Condition()

    def sink(frame: Frame) -> None:
        with news:
            frames[1:] = [frame]
            news.notify_all()

    eye = Camera(
        camera.model_copy(update={"playback": "flat_out"}),
        settings.evidence,
        sink=sink,
        clock=clock,
        open_timeout_s=limit_s,
    )

    def enough() -> bool:
        status = eye.status()
        if status.state in {CameraState.BACKING_OFF, CameraState.STOPPED}:
            return True
        motion = status.profile == "motion"
        return len(frames) > 1 and (motion or status.key_interval_s is not None)

    began_s = clock.monotonic_s()
    eye.start()
    with news:
        while not enough() and clock.monotonic_s() - began_s < limit_s:
            news.wait(0.1)
    status = eye.status()
    eye.stop(1.0)
    return _Visit(
        status=status,
        first=frames[0] if frames else None,
        last=frames[-1] if frames else None,
        error=status.error,
        waited_s=clock.monotonic_s() - began_s,
    )


def _frozen(visit: _Visit) -> bool:
    if visit.first is None or visit.last is None or visit.last.t_s - visit.first.t_s < _STILL_S:
        return False
    return np.array_equal(visit.first.picture.bgr(), visit.last.picture.bgr())


def _profile(camera: CameraSettings, status: CameraStatus, waited_s: float) -> str:
    if status.profile == "motion":
        return "motion: every picture is decoded"
    if status.codec is None:
        return "dwell"
    if status.key_interval_s is None:
        return f"dwell; fewer than two key frames came in {waited_s:.0f} s"
    if status.decoding == "all" or status.key_interval_s > 1.5 * camera.look_interval_s:
        return (
            f"dwell, but every picture is decoded: key frames come every {status.key_interval_s:.1f} s, "
            f"too far apart for a look every {camera.look_interval_s:g} s "
            "(set the camera's I-frame interval lower)"
        )
    return "dwell: key frames alone are decoded"


def _faults_of_zones(camera: CameraSettings, size_px: tuple[int, int] | None) -> list[str]:
    if size_px is None:
        return []
    faults = []
    for zone in camera.zones:
        try:
            Zone(zone, camera, size_px)
        except ZoneOutsideError as error:
            faults.append(str(error))
    real = size_px[0] / size_px[1]
    if camera.size and abs(camera.size[0] / camera.size[1] - real) > _SAME_SHAPE * real:
        faults.append(
            f"'size' says {camera.size[0]} x {camera.size[1]}, the picture is {size_px[0]} x {size_px[1]}: "
            "another shape, so that the zones would lie elsewhere"
        )
    return faults


def _faults_of_ground(camera: CameraSettings) -> list[str]:
    try:
        GroundMap.from_settings(camera)
    except GroundMapError as error:
        return [str(error)]
    return []


def _faults_of_main(camera: CameraSettings, limit_s: float) -> list[str]:
    """The main stream is opened for evidence only; whether it opens is to be known before it is needed."""
    try:
        source = open_source(camera.source, open_timeout_s=limit_s, read_timeout_s=limit_s)
    except SourceError as error:
        return [f"main stream {shown(camera.source) if is_live(camera.source) else camera.source}: {error}"]
    source.container.close()
    return []


def _with_picture(
    report: CameraReport,
    visit: _Visit,
    camera: CameraSettings,
    networks: _Networks,
    out_dir: Path,
) -> CameraReport:
    """Let the network look at the last picture, and draw it."""
    if visit.last is None:
        return report
    found, problems, plan = Detections.empty(), report.problems, TilePlan((), "")
    if isinstance(networks.detector, str):
        problems = (*problems, networks.detector)
    else:
        size_px = visit.last.picture.size_px
        if not _faults_of_ground(camera):
            plan = plan_tiles(camera, size_px, max(networks.detector.input_size(size_px)))
        found = look_at(networks.detector, [visit.last], [plan])[0].detections
    path = out_dir / f"{camera.id}.jpg"
    encoded, jpeg = cv2.imencode(".jpg", drawn(visit.last, camera, found, plan, networks.eyes))
    if encoded:
        path.write_bytes(jpeg.tobytes())
    counts = Counter(ObjectClass(int(each)).label for each in found.class_id)
    return replace(
        report,
        inputs=plan.inputs,
        inputs_why=plan.why,
        seen=dict(counts),
        snapshot=path if encoded else None,
        problems=problems,
    )
