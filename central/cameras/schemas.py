"""What the camera registry shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict

from central.cameras.models import Camera, EdgeBox
from kerbwatch.clock import UtcDatetime

BoxState = Literal["online", "offline", "silent"]
_NOTHING_COUNTED = {"looks": 0, "skipped": 0, "corrupt": 0, "reconnects": 0, "last_picture_at": None}


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
    """Whether it looks where its zones were drawn: ``steady``, ``drifting``, ``moved`` or ``covered``."""
    looks: int
    skipped: int
    corrupt: int
    reconnects: int
    last_picture_at: UtcDatetime | None
    error: str | None
    listed: bool
    """Whether the box's newest report still names it."""

    @classmethod
    def of(cls, row: Camera, counters: dict[str, Any] | None) -> Self:
        """From the tables; ``counters`` are what its box's newest report counted, if that names it."""
        return cls(**{name: getattr(row, name) for name in _OWN} | (counters or _NOTHING_COUNTED))


_OWN = tuple(name for name in CameraOut.model_fields if name in Camera.__table__.columns)


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
    def of(cls, box: EdgeBox, state: BoxState, cameras: Sequence[Camera] | None = None) -> Self:
        """From the tables; with all its cameras, or those that are named."""
        plain = {name: getattr(box, name) for name in cls.model_fields if name not in {"state", "cameras"}}
        return cls(
            **plain,
            state=state,
            cameras=tuple(
                CameraOut.of(row, box.counters.get(row.camera_id))
                for row in (box.cameras if cameras is None else cameras)
            ),
        )


class BoxPage(BaseModel):
    """Some boxes, those that need someone first, and where to go on."""

    model_config = ConfigDict(frozen=True)

    items: tuple[BoxOut, ...]
    total_cameras: int
    """Of all boxes."""
    working_cameras: int
    next_cursor: str | None
