"""Central asks an edge box to look again at a place whose case was reported as handled, and is answered."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, model_validator

from kerbwatch.clock import UtcDatetime
from kerbwatch.ids import Slug, UuidStr
from kerbwatch.incident import Kind
from kerbwatch.messages.values import Box, Data, Evidence, Text


class LookAgain(Data):
    """The question: is it still there? The event's ``id`` is the question's; asked again it is the same."""

    incident_id: UuidStr
    """What the box itself once reported."""
    camera_id: Slug
    zone_id: Slug
    kind: Kind
    object_class: Text
    box: Box
    """Where the offender was seen last."""
    handled_at: UtcDatetime
    """When the unit said that it is dealt with."""


class Verdict(StrEnum):
    """What the camera says."""

    CLEAR = "clear"
    """The place is free."""
    NOT_CLEAR = "not_clear"
    """What was reported still stands there."""
    UNABLE = "unable"
    """The camera cannot tell; ``reason`` says why."""


class UnableReason(StrEnum):
    """Why a camera cannot tell."""

    NO_CAMERA = "no_camera"
    """The box has no camera of this name (any more)."""
    NO_ZONE = "no_zone"
    """The camera has no such zone any more."""
    NO_PICTURE = "no_picture"
    """No picture came from the camera, or always the same one."""
    VIEW_MOVED = "view_moved"
    """It looks elsewhere."""
    DARK = "dark"
    """It is too dark there, or the lens is covered."""
    HIDDEN = "hidden"
    """Something stood in front all the time."""
    TAKEN = "taken"
    """What was reported has gone, and something else stands there now."""
    ALLOWED_NOW = "allowed_now"
    """Something stands there, and may at this hour."""
    UNSURE = "unsure"
    """One look said this and the next that."""
    NOT_BY_LOOKING = "not_by_looking"
    """Litter on a road is too small for it."""
    BUSY = "busy"
    """The box has too many such questions already."""


class LookAgainAnswer(Data):
    """The answer. It takes its place in the box's sequence of events, and is receipted as they are."""

    question_id: UuidStr
    """``id`` of the event that asked."""
    incident_id: UuidStr
    camera_id: Slug
    verdict: Verdict
    reason: UnableReason | None = None
    """Only with ``unable``."""
    looked_at: UtcDatetime | None = None
    """When the picture behind the verdict was taken; None where there was none."""
    looks: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    """Pictures that were looked at for it."""
    evidence: Annotated[tuple[Evidence, ...], Field(max_length=4)] = ()
    """The picture behind the verdict, and what was made of it for people."""
    model: Text
    """Fingerprint of the network that looked."""

    @model_validator(mode="after")
    def _reasoned(self) -> LookAgainAnswer:
        if (self.verdict is Verdict.UNABLE) != (self.reason is not None):
            raise ValueError("'reason' belongs to verdict 'unable', and to no other")
        return self
