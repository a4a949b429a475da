"""Where and when a report was, and whether it is taken: from what its pictures and its sender say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from central.areas.coverage import outside
from central.reports.service import Seen

CODE = "code"
"""``place_method`` of a report by a place code: its place is where the code hangs."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What is taken.

    Attributes:
        covers: whether a point (lon, lat) lies in one of the city's areas.
        city: its name, for people; may be empty.
        oldest: how long ago it may have been seen.
        tolerance: how far a clock may be ahead of ours.
    """

    covers: Callable[[float, float], bool]
    city: str
    oldest: timedelta
    tolerance: timedelta


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a report.

    Attributes:
        place: where it was; None only of one that is refused.
        seen_at: when.
        reason: why it is refused, as a code; None when it is taken.
        words: the same for whoever sent it.
    """

    place: Seen | None
    seen_at: datetime
    reason: str | None = None
    words: str = ""


def judge(
    terms: Terms,
    *,
    stated: Seen | None,
    stated_at: datetime,
    told: Sequence[Seen],
    told_at: Sequence[datetime],
    received_at: datetime,
) -> Verdict:
    """Decide. What the first picture tells counts before what the sender says, but not before a code's place.

    Args:
        terms: what is taken.
        stated: where, as the sender says.
        stated_at: when, as the sender says, or else when it came in.
        told: where, as the pictures say.
        told_at: when, as the pictures say.
        received_at: when it came in.
    """
    by_code = stated is not None and stated.method == CODE
    place = told[0] if told and not by_code else stated
    seen_at = told_at[0] if told_at else stated_at
    by_picture = bool(told_at)
    if seen_at > received_at + terms.tolerance:
        words = "the picture says that it was taken in the future; set your camera's clock"
        return Verdict(place, seen_at, "future", words if by_picture else "the time lies in the future")
    if seen_at < received_at - terms.oldest:
        days = terms.oldest / timedelta(days=1)
        return Verdict(place, seen_at, "too-old", f"it was seen more than {days:g} days ago")
    if place is None:
        words = "the picture does not tell where it was taken, and you did not say it; report it with a place"
        return Verdict(None, seen_at, "no-place", words)
    if not terms.covers(place.lon, place.lat):
        return Verdict(place, seen_at, "outside", outside(terms.city))
    return Verdict(place, seen_at)
