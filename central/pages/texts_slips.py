"""Words about supervision slips on the handheld."""

from __future__ import annotations

SLIPS: dict[str, str] = {
    "slip.title": "Supervision slips",
    "slip.waiting": "{count} supervision slips wait for your unit's answer",
    "slip.waiting_one": "A supervision slip waits for your unit's answer",
    "slip.number": "Slip {number}",
    "slip.left": "Answer within {time}",
    "slip.late": "Answer {time} overdue",
    "slip.answer": "What your unit does about it",
    "slip.send": "Answer",
    "slip.said": "{who}, {at}",
    "slip.more": "{count} more wait; they appear as these are answered",
    "slip.more_one": "1 more waits; it appears when one of these is answered",
    "slip.none": "No supervision slip",
    "slip.none_help": "When a ticket of a unit below yours is late, it is told here.",
    "slip.answered": "Answered",
    "slip.lacking": "write what your unit does about it",
    "slip.told_title": "Told to those above",
    "slip.told": "{unit} was told on {at} that this is late (slip {number}).",
    "slip.told_waits": "No answer yet.",
    "handheld.done.slip": "Answered. It stands in the case's log.",
}
