"""What endpoints of people who report take and give."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from central.answers.schemas import AnswerOut
from central.points.schemas import EntryOut
from kerbwatch.clock import UtcDatetime

CHALLENGE_PATTERN = r"^[A-Za-z0-9_-]{1,36}$"


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Out(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)


class CodeAskIn(_In):
    """Where a code is to be sent."""

    contact: Annotated[str, Field(min_length=3, max_length=254)]
    """A phone number or an e-mail address."""


class CodeAskedOut(_Out):
    """A code is on its way, if the number or the address is somebody's."""

    challenge: str
    """Send it back with the code."""
    expires_at: UtcDatetime


class CodeIn(_In):
    """A code as it was received."""

    challenge: Annotated[str, StringConstraints(pattern=CHALLENGE_PATTERN)]
    code: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[0-9]{6}$")]


class AccountOut(_Out):
    """One's own account."""

    contact: str
    """In part: enough to know it by."""
    notify: bool
    balance: int


class NotifyIn(_In):
    """Whether answers are to be sent."""

    notify: bool


MyState = Literal["received", "looked_at", "refused", "dealt_with", "answered"]


class MyReport(_Out):
    """What one reported, and what became of it."""

    id: str
    kind: str
    channel: str
    road: str | None
    received_at: UtcDatetime
    state: MyState
    refusal: str | None
    """Why it could not be taken, of one that is ``refused``."""
    answer: AnswerOut | None
    points: int | None
    """None until it was judged."""
    points_why: str | None
    points_paid: bool
    points_taken_back: bool
    """Whether they were paid and then taken back."""


class PointsOut(_Out):
    """One's own points: what there is, and the newest rows."""

    balance: int
    entries: tuple[EntryOut, ...]


class IdentityAskIn(_In):
    """Why an official wants to know who a reporter is."""

    reason: Annotated[str, Field(max_length=2000)]


class IdentityOut(_Out):
    """Who a reporter is."""

    ref: str
    channel: str
    contact: str


class IdentityViewOut(_Out):
    """A look of an official at who a reporter is."""

    id: int
    ref: str
    actor: str
    at: UtcDatetime
    reason: str
