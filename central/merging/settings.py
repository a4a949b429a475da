"""How near two leads of a kind must be in place and time to be one occurrence."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from kerbwatch.incident import Kind
from kerbwatch.settings import Settings


class KindMerging(Settings):
    """One kind's terms."""

    radius_m: Annotated[float, Field(gt=0, le=500)] = Field(
        150.0, description="Leads whose places lie farther apart are never compared."
    )
    window_minutes: Annotated[float, Field(gt=0, le=7 * 24 * 60)] = Field(
        120.0, description="Leads between which more time lies are never compared."
    )
    follow_minutes: Annotated[float, Field(gt=0, le=24 * 60)] = Field(
        30.0, description="Mean time in which the reports of one occurrence follow each other."
    )
    spread_m: Annotated[float, Field(ge=0, le=200)] = Field(
        5.0, description="How far apart two exact places of one occurrence lie: the thing's own size or way."
    )
    chance_neighbours: Annotated[float, Field(gt=0, le=100)] = Field(
        0.05,
        description="Unrelated open cases that chance puts within radius and window of a place where nothing "
        "was counted yet; what was counted in four weeks around it takes its place.",
    )
    merge_from: Annotated[float, Field(gt=0, le=1)] = Field(
        0.84, description="Probability from which two leads are merged at once."
    )
    suggest_from: Annotated[float, Field(gt=0, le=1)] = Field(
        0.3, description="Probability from which it is suggested to people; below, nothing is said."
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.suggest_from > self.merge_from:
            raise ValueError("'suggest_from' may not be above 'merge_from'")
        return self


_KINDS = frozenset(kind.value for kind in Kind)


def _terms(window_minutes: float, spread_m: float, chance_neighbours: float) -> KindMerging:
    values = {"window_minutes": window_minutes, "spread_m": spread_m, "chance_neighbours": chance_neighbours}
    return KindMerging.model_validate(values)


class MergingSettings(Settings):
    """Each kind's terms.

    The radius holds two places from a telephone (40 m each) to more than two and a half deviations. Chance
    neighbours are of the size that 20,000 leads a month give in a city of 30 x 30 km, half of them at some
    hundreds of hot-spots; what is in fact around a lead counts besides.
    """

    illegal_parking: KindMerging = Field(
        default_factory=lambda: _terms(120, 5, 0.05), description="A vehicle stays for an hour or two."
    )
    stall_encroachment: KindMerging = Field(
        default_factory=lambda: _terms(240, 8, 0.05), description="A stall stays for half a day."
    )
    vehicle_litter: KindMerging = Field(
        default_factory=lambda: _terms(60, 25, 0.03),
        description="Over in a second, from a moving vehicle, and told of when somebody has stopped.",
    )
    pavement_obstruction: KindMerging = Field(
        default_factory=lambda: _terms(24 * 60, 8, 0.1), description="Goods and refuse stay for days."
    )

    other: KindMerging = Field(
        default_factory=lambda: _terms(24 * 60, 8, 0.03),
        description="Items of the duty list that only people report; most stand for days.",
    )

    def of(self, kind: str) -> KindMerging:
        """The terms of a kind, or of an item that has none."""
        terms: KindMerging = getattr(self, kind if kind in _KINDS else "other")
        return terms
