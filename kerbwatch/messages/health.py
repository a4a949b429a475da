"""How an edge box and its cameras do."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from kerbwatch.clock import UtcDatetime
from kerbwatch.ids import Slug
from kerbwatch.messages.values import Data, Place, Seconds, Text


class CameraState(StrEnum):
    """States of a camera."""

    CONNECTING = "connecting"
    STREAMING = "streaming"
    STALLED = "stalled"
    BACKING_OFF = "backing_off"
    STOPPED = "stopped"


class ViewState(StrEnum):
    """Whether a camera looks where its zones were drawn."""

    STEADY = "steady"
    DRIFTING = "drifting"
    """It has moved a little, or shakes: the zones follow."""
    MOVED = "moved"
    """It looks elsewhere, or its view is lost: nothing is judged until it is back."""
    COVERED = "covered"
    """It went black or blank at once (a cloth, paint, a lamp that failed): nothing is judged till it sees."""

    @property
    def on_zones(self) -> bool:
        """Whether pictures show the zones."""
        return self in (ViewState.STEADY, ViewState.DRIFTING)


class CameraHealth(Data):
    """How one camera does."""

    camera_id: Slug
    name: Text
    state: CameraState
    profile: Literal["dwell", "motion"]
    place: Place | None = None
    frozen: bool = False
    dark: bool = False
    view: ViewState = ViewState.STEADY
    looks: int = 0
    """Pictures that the detector saw since the box started."""
    skipped: int = 0
    """Pictures that gave way to newer ones."""
    corrupt: int = 0
    reconnects: int = 0
    last_picture_at: UtcDatetime | None = None
    error: Text | None = None


class HealthReport(Data):
    """How an edge box does; every 15 s."""

    version: Text
    model: Text
    uptime_s: Seconds
    cameras: Annotated[tuple[CameraHealth, ...], Field(max_length=1000)]
    outbox_entries: int
    outbox_bytes: int
    media_waiting: int
    dropped_updates: int


class StatusReport(Data):
    """Whether an edge box is there. Retained; ``offline`` is also its last will."""

    state: Literal["online", "offline"]
