"""What the endpoints of units' photos give."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from central.handheld.models import PhotoState
from kerbwatch.clock import UtcDatetime


class TicketPhotoOut(BaseModel):
    """A photo of the place after the work."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    sha256: str
    """Of its bytes as they came."""
    sent_at: UtcDatetime
    state: PhotoState
    """``waiting`` to be looked through, ``shown`` as evidence of the case, or ``unfit``."""
    remark: str | None
    """What is to be said of it, or why it is unfit."""
