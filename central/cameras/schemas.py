"""What the camera registry shows."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict

from central.cameras.models import EdgeBox
from kerbwatch.clock import UtcDatetime

BoxState = Literal["online", "offline", "silent"]


class CameraOut(BaseModel):
    """A camera as its box last reported it."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    camera_id: str
    name: str
    state: str
    profile: str
    lon: float | None
    lat: float | None
    frozen: bool
    dark: bool
    view: str
    """Whether it looks where its zones were drawn: ``steady``, ``drifting`` or ``moved``."""
    looks: int
    skipped: int
    corrupt: int
    reconnects: int
    last_picture_at: UtcDatetime | None
    error: str | None
    listed: bool
    """Whether the box's newest report still names it."""


class BoxOut(BaseModel):
    """An edge box and its cameras."""

    model_config = ConfigDict(frozen=True)

    site: str
    edge: str
    state: BoxState
    """What it last said, or ``silent`` when it has sent no health for 45 s."""
    status_at: UtcDatetime | None
    health_at: UtcDatetime | None
    version: str | None
    model: str | None
    uptime_s: float | None
    outbox_entries: int | None
    outbox_bytes: int | None
    media_waiting: int | None
    dropped_updates: int | None
    cameras: tuple[CameraOut, ...]

    @classmethod
    def of(cls, box: EdgeBox, state: BoxState) -> Self:
        """From the tables."""
        plain = {name: getattr(box, name) for name in cls.model_fields if name not in {"state", "cameras"}}
        return cls(**plain, state=state, cameras=tuple(CameraOut.model_validate(row) for row in box.cameras))
