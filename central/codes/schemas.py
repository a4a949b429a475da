"""What is said about places that are to get a code, and what is told of them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from central.duty.matter import Matter
from kerbwatch.clock import UtcDatetime

MOST_PLACES = 5000
"""In one file or request."""
REASON_CHARS = 500
"""Of the reason for which a code is revoked."""


def _line(chars: int, least: int = 0) -> Any:  # noqa: ANN401 - an annotation
    return StringConstraints(
        strip_whitespace=True, min_length=least, max_length=chars, pattern=r"^[^\x00-\x1f\x7f]*$"
    )


class PlaceIn(BaseModel):
    """A place that is to get a code."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, _line(120, least=1)]
    lon: Annotated[float, Field(ge=-180, le=180)]
    lat: Annotated[float, Field(ge=-90, le=90)]
    road: Annotated[str, _line(300)] | None = None
    kind: Matter | None = None
    """The one thing that can be reported there: a kind, or the id of an item of the duty list that has none;
    absent: whoever reports chooses."""
    urgent: bool = False
    """Whether what is reported there cannot wait."""


class PlacesIn(BaseModel):
    """Places that are to get codes: all or none."""

    model_config = ConfigDict(extra="forbid")

    places: Annotated[list[PlaceIn], Field(min_length=1, max_length=MOST_PLACES)]


class RevokeIn(BaseModel):
    """Why a code is revoked."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, _line(REASON_CHARS, least=1)]


class PlaceCodeOut(BaseModel):
    """A place code."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    number: int
    code: str | None
    """As it is typed, in groups of four; null when the key that signed it is not here any more."""
    url: str | None
    """What its QR says."""
    name: str
    road: str | None
    lon: float
    lat: float
    area_name: str | None
    kind: str | None
    urgent: bool
    made_at: UtcDatetime
    made_by: str
    revoked_at: UtcDatetime | None
    revoked_by: str | None
    revoke_reason: str | None
    reports: int
    reported_at: UtcDatetime | None


class PlaceCodePage(BaseModel):
    """Some place codes, newest first; ``next_before`` goes on, null at the end."""

    items: tuple[PlaceCodeOut, ...]
    next_before: int | None


class MadeOut(BaseModel):
    """What became of places that were to get codes."""

    made: tuple[int, ...]
    """Numbers of new codes."""
    known: tuple[int, ...]
    """Numbers of codes that those places had already."""
