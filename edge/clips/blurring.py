"""Pictures and clips of citizens made fit to be looked at: every face and every plate blurred."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from edge.evidence.sensitive import NetworkEyes
from edge.evidence.shown import made_for_people
from edge.settings import DetectorSettings
from edge.uplink.media import MediaFile
from kerbwatch.blur_report import Blurred, BlurReport
from kerbwatch.clip_report import ClipFile
from kerbwatch.incident import EvidenceRole
from models.cache import sha256_of

_JPEG_QUALITY = 85
_UNDATED = datetime(2000, 1, 1, tzinfo=UTC)


def blur_all(files: Sequence[Path], out: Path) -> BlurReport:
    """Make what people may see of each file; who offends is not known, so no plate is spared.

    Args:
        files: JPEG (``.jpg``) and MP4 (anything else).
        out: folder for what is made.

    Raises:
        ModelError: without a network that finds persons nothing can be made fit to be shown.
        OSError: a file cannot be read.
    """
    eyes = NetworkEyes.load(DetectorSettings.model_validate({}))
    return BlurReport(files=tuple(Blurred(file=str(file), made=_one(file, eyes, out)) for file in files))


def _one(file: Path, eyes: NetworkEyes, out: Path) -> ClipFile | None:
    picture = file.suffix.lower() in {".jpg", ".jpeg"}
    original = MediaFile(
        path=file,
        sha256=sha256_of(file),
        role=EvidenceRole.SNAPSHOT_ARRIVAL if picture else EvidenceRole.CLIP,
        content_type="image/jpeg" if picture else "video/mp4",
        size_bytes=file.stat().st_size,
        captured_at=_UNDATED,
    )
    made = made_for_people(original, None, eyes, out, jpeg_quality=_JPEG_QUALITY)
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
