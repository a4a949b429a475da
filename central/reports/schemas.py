"""What a report of photos or a clip says over HTTP, and what whoever sent it is told."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from central.duty.matter import Matter
from central.reports.forms import FORM_KEY_PATTERN
from kerbwatch.clock import UtcDatetime

MOST_FILES = 20
MOST_WORDS = 2000

_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
UploadKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{32}$")]


def _text(chars: int) -> Any:  # noqa: ANN401 - an annotation
    return StringConstraints(strip_whitespace=True, max_length=chars, pattern=r"^[^\x00]*$")


class PlaceIn(BaseModel):
    """Where it was, as the sender says."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    lon: Annotated[float, Field(ge=-180, le=180)]
    lat: Annotated[float, Field(ge=-90, le=90)]
    """Degrees."""
    datum: Literal["WGS-84", "GCJ-02"] = "WGS-84"
    """That of the map on which it was chosen; maps in China are in GCJ-02."""
    method: Literal["gps", "map"]
    """By the phone, or chosen on a map."""
    accuracy_m: Annotated[float, Field(gt=0, le=5000)] | None = None


class ReportIn(BaseModel):
    """A report of photos or of one clip that were uploaded before."""

    model_config = ConfigDict(extra="forbid")

    form_key: Annotated[str, StringConstraints(pattern=FORM_KEY_PATTERN)] | None = None
    """128 random bits (22 characters, base64url): sent again after a broken line, it is the same report."""
    kind: Matter
    """What it is: a kind, or the id of an item of the duty list that has none."""
    words: Annotated[str, _text(MOST_WORDS)] = ""
    place: PlaceIn | None = None
    """None leaves it to the pictures; what they tell counts first anyway."""
    seen_at: Annotated[AwareDatetime, Field(ge=_EARLIEST, le=_LATEST)] | None = None
    """None: now, unless the pictures tell."""
    uploads: Annotated[list[UploadKey], Field(min_length=1, max_length=MOST_FILES)]
    """The last part of each upload's address."""


class HandedIn(BaseModel):
    """A report that was taken in."""

    model_config = ConfigDict(frozen=True)

    number: str
    """To speak of it."""
    follow: str
    """Address of the page that shows what becomes of it. Only whoever has it can find the report again."""


Stage = Literal["waiting", "looking", "review", "work", "done", "closed", "refused"]
"""It waits to be looked through; is being; is with an operator; with a unit; dealt with; over; not taken."""


class Followed(BaseModel):
    """What has become of a report."""

    model_config = ConfigDict(frozen=True)

    stage: Stage
    progress: float | None
    """How much of its files is looked through, 0..1; None when that is over."""
    kind: str
    words: str
    received_at: UtcDatetime
    seen_at: UtcDatetime
    answer: str | None
    """What its sender is told: why it was not taken, or how it ended."""
    remarks: list[str]
    """What became of its files where not all went well."""
