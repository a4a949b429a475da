"""What people are told, in words for people who do not work here. No name, no note of an official."""

from __future__ import annotations

from central.answers.models import Outcome
from central.cases.rules import ClosingOutcome, RejectReason

_REJECTED: dict[str, str] = {
    RejectReason.NOT_THERE: "What you reported could not be found in the pictures or at the place.",
    RejectReason.PERMITTED: "What you saw is permitted there, for example by a licence or for loading.",
    RejectReason.NOT_LONG_ENOUGH: "It did not stay longer than the rules at this place allow.",
    RejectReason.OUTSIDE_ZONE: "It is outside the places where the city may act.",
    RejectReason.UNCLEAR: "The pictures and the description do not show it clearly enough to act on.",
    RejectReason.ALREADY_KNOWN: "The city knows of it already and deals with it elsewhere.",
    ClosingOutcome.NOTHING_FOUND: "Somebody went there and found nothing of it any more.",
    ClosingOutcome.NOT_AN_OFFENCE: "Somebody went there and looked at it: what you saw is no offence.",
    RejectReason.OTHER: "It was looked at and is no case for the city to act on.",
}


def words_for(outcome: Outcome, *, reason_code: str | None, unit_name: str | None) -> str:
    """A sentence or two for whoever reported it.

    Args:
        outcome: what became of it.
        reason_code: why, of what was rejected, one that is not known being told as ``other``; what came of
            it, of what was dealt with.
        unit_name: the unit that dealt with it, where one did.
    """
    if outcome is Outcome.REJECTED:
        why = _REJECTED.get(reason_code or "", _REJECTED[RejectReason.OTHER])
        return f"Thank you for your report. {why}"
    if outcome is Outcome.TOGETHER:
        return (
            "Thank you for your report. The same had been reported already: both are dealt with together, "
            "and you will be told what came of it."
        )
    if outcome is Outcome.AGAIN:
        return (
            "What you reported is being dealt with again: the earlier answer no longer holds. "
            "You will be told what comes of it."
        )
    if reason_code == ClosingOutcome.MOVED_ON:
        who = unit_name or "the unit in charge"
        return f"Thank you for your report. It had gone when {who} came, and that was checked."
    by = f" by {unit_name}" if unit_name else ""
    return f"Thank you for your report. It was dealt with{by}, and the result was checked."
