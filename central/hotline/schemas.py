"""What a hotline sends, and what it is told."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from kerbwatch.ids import Slug

MOST_ITEMS = 1000


def _text(chars: int) -> Any:  # noqa: ANN401 - an annotation
    return StringConstraints(strip_whitespace=True, max_length=chars, pattern=r"^[^\x00]*$")


class HotlineItem(BaseModel):
    """An item, as the hotline numbered it."""

    model_config = ConfigDict(extra="forbid")

    number: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), _text(100)]
    kind: Annotated[str, StringConstraints(min_length=1), _text(100)]
    """A kind or an item of the duty list that has none: its id, its name on the list, or its Chinese term."""
    lon: Annotated[float, Field(ge=-180, le=180)]
    lat: Annotated[float, Field(ge=-90, le=90)]
    at: AwareDatetime
    """When it was reported."""
    words: Annotated[str, _text(4000)] = ""
    road: Annotated[str, _text(300)] | None = None
    urgent: bool = False
    accuracy_m: Annotated[float, Field(gt=0, le=5000)] | None = None
    """Standard deviation of the place; 40 m where it is not said."""


class HotlineIn(BaseModel):
    """Items of one hotline. Each is judged alone."""

    model_config = ConfigDict(extra="forbid")

    source: Slug = "hotline"
    """The hotline that numbered them."""
    items: Annotated[list[dict[str, Any]], Field(max_length=MOST_ITEMS)]
    """Each a ``HotlineItem``: number, kind, lon, lat, at; words, road, urgent, accuracy_m may be absent."""


class RefusedItem(BaseModel):
    """An item that cannot be taken; everything else was."""

    line: int
    """Line of the file; over HTTP the place in the list, from 1."""
    reason: str


class HotlineOutcome(BaseModel):
    """What became of the items."""

    taken: int = 0
    known: int = 0
    """Had come in before, saying the same."""
    changed: list[RefusedItem] = []
    """Had come in before, saying something else, as the reason tells: what came in first stays."""
    refused: list[RefusedItem] = []
