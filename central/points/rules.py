"""What a verified report is worth: rules as data, and the judgement, which touches no database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from central.cases.rules import Origin
from central.points.models import Why
from kerbwatch.incident import Kind
from kerbwatch.settings import Settings

MOST_BITS = 7
"""Of the 64 of a perceptual hash: the look-up finds no pair that differs in more."""


class PointsRule(Settings):
    """So many points for a kind, by a channel."""

    kind: Kind | None = Field(None, description="Of what is reported; none: of anything.")
    channel: Origin | None = Field(None, description="How it came in; none: anyhow.")
    points: Annotated[int, Field(ge=0, le=10_000)] = Field(description="For the first who reports it.")


class PointsFile(Settings):
    """A version of the rules."""

    daily_cap: Annotated[int, Field(ge=1, le=100_000)] = Field(
        description="Points that one person can earn for what they report on one day, by the city's clock."
    )
    approve_from: Annotated[int, Field(ge=1, le=100_000)] = Field(
        description="From so many points on, two people must approve."
    )
    copy_bits: Annotated[int, Field(ge=0, le=MOST_BITS)] = Field(
        6, description="Pictures whose perceptual hashes differ in at most so many of 64 bits are copies."
    )
    rules: Annotated[tuple[PointsRule, ...], Field(min_length=1, max_length=200)] = Field(
        description="The first one that fits counts."
    )

    def points_for(self, kind: str, channel: str) -> int:
        """By the first rule that fits; 0 where none does."""
        return next(
            (
                rule.points
                for rule in self.rules
                if rule.kind in {None, kind} and rule.channel in {None, channel}
            ),
            0,
        )


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a report is worth, and why."""

    points: int
    why: Why
    needs_two: bool


def judge(
    rules: PointsFile, *, kind: str, channel: str, first: bool, copied: bool, earned_that_day: int
) -> Judgement:
    """What a verified report is worth.

    Args:
        rules: in force.
        kind: of what was reported.
        channel: how it came in.
        first: whether no other person had reported the occurrence before.
        copied: whether its pictures had been sent in before, by anybody.
        earned_that_day: points of the same person for what they reported on the same day.
    """
    full = rules.points_for(kind, channel)
    if copied:
        return Judgement(0, Why.COPY, needs_two=False)
    if not first:
        return Judgement(0, Why.LATER, needs_two=False)
    if full == 0:
        return Judgement(0, Why.NO_RULE, needs_two=False)
    points = max(0, min(full, rules.daily_cap - earned_that_day))
    why = Why.FIRST if points == full else Why.CAP
    return Judgement(points, why, needs_two=points >= rules.approve_from)
