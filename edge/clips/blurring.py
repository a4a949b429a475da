"""Pictures and clips of citizens made fit to be looked at: faces blurred, and plates but the offender's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from edge.evidence.sensitive import NetworkEyes
from edge.evidence.shown import Culprit, made_for_people
from edge.settings import DetectorSettings
from edge.uplink.media import MediaFile
from kerbwatch.blur_report import BlurOrder, Blurred, BlurReport, Offending
from kerbwatch.clip_report import ClipFile
from kerbwatch.incident import EvidenceRole
from models.cache import sha256_of

_JPEG_QUALITY = 85
_PICTURES = frozenset({".jpg", ".jpeg", ".png"})
_UNDATED = datetime(2000, 1, 1, tzinfo=UTC)


def blur_all(files: Sequence[Path], out: Path, order: BlurOrder | None = None) -> BlurReport:
    """Make what people may see of each file.

    Args:
        files: JPEG and PNG (by their endings) and MP4 (anything else). One of which nothing can be made does
            not keep the others.
        out: folder for what is made.
        order: whose plates stay legible; without it every plate is blurred.

    Raises:
        ModelError: without a network that finds persons nothing can be made fit to be shown.
    """
    eyes = NetworkEyes.load(DetectorSettings.model_validate({}))
    culprits = {each.file: _culprit(each) for each in order.vehicles} if order else {}
    return BlurReport(files=tuple(_blurred(file, culprits, eyes, out) for file in files))


def _culprit(offending: Offending) -> Culprit:
    return Culprit(offending.box, _UNDATED + timedelta(seconds=offending.t_s))


def _blurred(file: Path, culprits: Mapping[str, Culprit], eyes: NetworkEyes, out: Path) -> Blurred:
    try:
        made = _one(file, culprits, eyes, out)
    except OSError as error:
        return Blurred(file=str(file), made=None, problem=f"it cannot be read: {error.strerror or error}")
    problem = "it is no JPEG, PNG or MP4 that can be read" if made is None else None
    return Blurred(file=str(file), made=made, problem=problem)


def _one(file: Path, culprits: Mapping[str, Culprit], eyes: NetworkEyes, out: Path) -> ClipFile | None:
    picture = file.suffix.lower() in _PICTURES
    original = MediaFile(
        path=file,
        sha256=sha256_of(file),
        role=EvidenceRole.SNAPSHOT_ARRIVAL if picture else EvidenceRole.CLIP,
        content_type="image/jpeg" if picture else "video/mp4",
        size_bytes=file.stat().st_size,
        captured_at=_UNDATED,
    )
    made = made_for_people(original, culprits.get(str(file)), eyes, out, jpeg_quality=_JPEG_QUALITY)
    if made is None:
        return None
    return ClipFile.model_validate(
        {
            "path": made.path.relative_to(out).as_posix(),
            "content_type": made.content_type,
            "sha256": made.sha256,
            "size_bytes": made.size_bytes,
        }
    )
