"""Central's receipts for what an edge box sent."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from kerbwatch.ids import UuidStr
from kerbwatch.messages.values import Data


class SequenceRange(Data):
    """Sequence numbers from ``first`` to ``last``, both included."""

    first: Annotated[int, Field(ge=1)]
    last: Annotated[int, Field(ge=1)]


class Receipt(Data):
    """Central's word that messages are committed, or will never be, and which it misses."""

    epoch: UuidStr
    committed: Annotated[tuple[UuidStr, ...], Field(max_length=1000)] = ()
    """Ids of events that are in the database."""
    rejected: Annotated[tuple[UuidStr, ...], Field(max_length=1000)] = ()
    """Ids of events that central read and refused for good; sending them again is no use."""
    missing: Annotated[tuple[SequenceRange, ...], Field(max_length=100)] = ()
    """Holes in the sequence that central asks for again."""
