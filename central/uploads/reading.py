"""What a file of a report shows and says of itself, as the confined process found it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeVar
from zoneinfo import ZoneInfo

import imagehash
import structlog
from PIL import Image
from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    NaiveDatetime,
    StringConstraints,
    ValidationError,
)

from central.jobs.service import JobError
from central.reports.service import Seen
from central.uploads.child.fence import Fence
from central.uploads.confined import Ended, read_file
from central.uploads.settings import ReportSettings

log = structlog.get_logger(__name__)

_WRITTEN_MB = 60
_STANDARD_FILES = 3
"""Standard input, output and error: once it reads, a process opens nothing more."""
_GREY_PX = 32
_MOST_HEAD_BYTES = 10_000
_SENSIBLE = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
"""A camera whose clock tells another time was never set."""
_DEATHS = {
    "memory": "reading it took more memory than a file may have",
    "cpu_time": "reading it took more time than a file may have",
    "wall_time": "reading it took too long",
    "crashed": "the process that read it died",
}


class UnfitError(Exception):
    """A file that cannot be taken; ``code`` is one of :data:`UNFIT`."""

    def __init__(self, code: str) -> None:
        super().__init__(UNFIT[code])
        self.code = code


UNFIT = {
    "not_a_picture": "it is no photo that can be read",
    "too_many_pixels": "it has more pixels than are taken",
    "too_small": "it is too small to show anything",
    "broken": "it is damaged or was cut off",
    "not_a_video": "it is no clip that can be read",
    "too_long": "it is longer than clips may be",
    "no_picture": "nothing in it can be played",
    "too_many_bytes": "it is larger than clips may be",
}
"""Why a file is not taken, and the words for it."""


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo that was read.

    Attributes:
        clean: the same picture as JPEG, without anything else in it.
        phash: perceptual hash, 16 hexadecimal digits.
        place: where it says that it was taken.
        taken_at: when.
    """

    clean: bytes
    phash: str
    place: Seen | None
    taken_at: datetime | None


@dataclass(frozen=True, slots=True)
class ClipHead:
    """What a clip says of itself."""

    duration_s: float | None
    place: Seen | None


class _Said(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    unfit: str | None = None
    network_shut: bool
    lon: Annotated[float, Field(ge=-180, le=180)] | None = None
    lat: Annotated[float, Field(ge=-90, le=90)] | None = None


class _SaidOfPhoto(_Said):
    taken_at: AwareDatetime | NaiveDatetime | None = None
    accuracy_m: Annotated[float, Field(gt=0, le=5000)] | None = None
    grey: Annotated[str, StringConstraints(pattern=rf"^[0-9a-f]{{{2 * _GREY_PX**2}}}$")] = ""


class _SaidOfClip(_Said):
    duration_s: Annotated[float, Field(gt=0)] | None = None


_Heard = TypeVar("_Heard", bound=_Said)


def read_photo(path: Path, settings: ReportSettings, zone: ZoneInfo, waiting: Callable[[], None]) -> Photo:
    """Decode a photo in a process of its own.

    Args:
        path: of the file as it came.
        settings: limits.
        zone: of a camera that does not tell the offset of its clock.
        waiting: called while it is read.

    Raises:
        UnfitError: it cannot be taken.
        JobError: the process died over it.
    """
    ended = read_file(
        path,
        "photo",
        settings.photo_max_megapixels * 1e6,
        fence=_fence(settings),
        wall_s=settings.photo_wall_s,
        waiting=waiting,
    )
    head, clean = _parts(ended)
    said = _valid(_SaidOfPhoto, head)
    if not clean.startswith(b"\xff\xd8\xff") or not said.grey:
        raise JobError(_DEATHS["crashed"])
    grey = Image.frombytes("L", (_GREY_PX, _GREY_PX), bytes.fromhex(said.grey))
    taken_at = said.taken_at
    if taken_at is not None and taken_at.tzinfo is None:
        taken_at = taken_at.replace(tzinfo=zone)
    if taken_at is not None and not _SENSIBLE[0] < taken_at < _SENSIBLE[1]:
        taken_at = None
    return Photo(clean, str(imagehash.phash(grey)), _seen(said, "exif", said.accuracy_m), taken_at)


def look_at_clip(path: Path, settings: ReportSettings, waiting: Callable[[], None]) -> ClipHead:
    """Look at a clip's boxes in a process of its own. Raises as :func:`read_photo`."""
    ended = read_file(
        path,
        "clip",
        settings.clip_max_s,
        fence=_fence(settings),
        wall_s=settings.photo_wall_s,
        waiting=waiting,
    )
    said = _valid(_SaidOfClip, _parts(ended)[0])
    return ClipHead(said.duration_s, _seen(said, "clip", None))


def _fence(settings: ReportSettings) -> Fence:
    return Fence(
        memory_mb=settings.photo_memory_mb,
        cpu_s=settings.photo_cpu_s,
        written_mb=_WRITTEN_MB,
        open_files=_STANDARD_FILES,
        niceness=settings.niceness,
        network=False,
    )


def _parts(ended: Ended) -> tuple[bytes, bytes]:
    if ended.death or ended.status:
        log.warning("file_not_read", death=ended.death, status=ended.status, said=ended.said[-500:])
        raise JobError(_DEATHS[ended.death or "crashed"])
    head, _, rest = ended.output.partition(b"\n")
    return head[:_MOST_HEAD_BYTES], rest


def _valid(model: type[_Heard], head: bytes) -> _Heard:
    """What the process says; it read a stranger's file, so it is believed no more than one."""
    try:
        said = model.model_validate_json(head)
    except ValidationError as error:
        raise JobError(_DEATHS["crashed"]) from error
    if not said.network_shut:
        log.warning("network_not_shut", remedy="let the service make user or network namespaces")
    if said.unfit in UNFIT:
        raise UnfitError(said.unfit)
    if said.unfit:
        raise JobError(_DEATHS.get(said.unfit, _DEATHS["crashed"]))
    return said


def _seen(said: _Said, method: str, accuracy_m: float | None) -> Seen | None:
    if said.lon is None or said.lat is None:
        return None
    return Seen(said.lon, said.lat, method, accuracy_m)
