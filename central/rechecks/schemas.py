"""What the endpoint of questions to cameras gives."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from central.rechecks.states import RecheckState
from kerbwatch.clock import UtcDatetime
from kerbwatch.messages import UnableReason, Verdict


class LookAgainOut(BaseModel):
    """A camera was asked to look again."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    id: str
    case_id: str
    lead_id: str
    site: str
    edge: str
    camera_id: str
    state: RecheckState
    """``asking``, ``silent`` (a person decides), ``answered``, ``settled``, or ``overtaken`` by a person."""
    asked_at: UtcDatetime
    answer_by: UtcDatetime
    answered_at: UtcDatetime | None
    verdict: Verdict | None
    reason: UnableReason | None
    """Why the camera cannot tell."""
    looked_at: UtcDatetime | None
    """When the picture behind the verdict was taken."""
    looks: int | None
    picture_sha256: str | None
    """Of that picture as it was made for people."""
