"""Pictures and clips that are on disk and wait for something, as the box's store remembers them."""

from __future__ import annotations

from pathlib import Path

import structlog
from pydantic import BaseModel, ValidationError

from edge.store import EdgeStore
from edge.uplink.media import MediaFile
from kerbwatch.clock import UtcDatetime
from kerbwatch.incident import EvidenceRole

log = structlog.get_logger(__name__)


class KeptFile(BaseModel):
    """A :class:`MediaFile` on disk."""

    path: Path
    sha256: str
    role: EvidenceRole
    content_type: str
    size_bytes: int
    captured_at: UtcDatetime

    @classmethod
    def of(cls, media: MediaFile) -> KeptFile:
        """Of an original."""
        return cls(**{name: getattr(media, name) for name in cls.model_fields})

    def media(self) -> MediaFile:
        """The file again."""
        return MediaFile(**self.model_dump())


def kept_file(store: EdgeStore, key: str) -> KeptFile | None:
    """What the store says of a file under ``key``; None, and an error in the log, where it is unreadable."""
    try:
        return KeptFile.model_validate_json(store.load_state(key) or "")
    except ValidationError as error:
        log.error("kept_file_unreadable", key=key, error=str(error))
        return None
