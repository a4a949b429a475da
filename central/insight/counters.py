"""The counters of digital urban management (after GB/T 30428.4), each with its definition in words.

A counter is a condition on a case and a day of its life: a case counts for a stretch of days when the
condition holds and its day lies in the stretch. Cases that were merged into another count nowhere: their
leads count with the case that they went to, so that an occurrence counts once whoever told of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Literal

DayColumn = Literal[
    "occurred_day",
    "filed_day",
    "dispatched_day",
    "handled_day",
    "closed_day",
    "due_day",
    "reopened_day",
    "suspended_day",
]


class Counter(StrEnum):
    """What is counted."""

    OCCURRED = "occurred"
    FILED = "filed"
    DISPATCHED = "dispatched"
    DISPATCHED_RIGHTLY = "dispatched_rightly"
    HANDLED = "handled"
    REWORKED = "reworked"
    DUE = "due"
    ON_TIME = "on_time"
    OVERDUE = "overdue"
    CLOSED_OF_DUE = "closed_of_due"
    CLOSED = "closed"
    CLOSED_UNPROVED = "closed_unproved"
    MOVED_ON = "moved_on"
    NOTHING_FOUND = "nothing_found"
    NO_OFFENCE = "no_offence"
    REOPENED = "reopened"
    SUSPENDED = "suspended"


COLUMNS = (
    Counter.OCCURRED,
    Counter.FILED,
    Counter.DISPATCHED_RIGHTLY,
    Counter.DUE,
    Counter.ON_TIME,
    Counter.OVERDUE,
    Counter.REWORKED,
    Counter.CLOSED,
)
"""Those of a table of reports, in the order in which people read them."""


@dataclass(frozen=True, slots=True)
class Definition:
    """When a case counts."""

    name: str
    term: str
    """The standard's word."""
    day: DayColumn
    words: str


DEFINITIONS: dict[Counter, Definition] = {
    Counter.OCCURRED: Definition(
        "Occurrences",
        "上报",
        "occurred_day",
        "Cases that were seen or reported on these days and were not rejected.",
    ),
    Counter.FILED: Definition("Filed", "立案", "filed_day", "Cases that an operator filed on these days."),
    Counter.DISPATCHED: Definition(
        "Dispatched", "派遣", "dispatched_day", "Cases whose ticket first went out on these days."
    ),
    Counter.DISPATCHED_RIGHTLY: Definition(
        "Dispatched rightly",
        "准确派遣",
        "dispatched_day",
        "Of those dispatched on these days: no ruling has since said that another unit is responsible.",
    ),
    Counter.HANDLED: Definition(
        "Reported done",
        "处置",
        "handled_day",
        "Cases whose units reported the work done, for the first time, on these days.",
    ),
    Counter.REWORKED: Definition(
        "Reworked",
        "返工",
        "handled_day",
        "Of those first reported done on these days: the check sent the work back at least once.",
    ),
    Counter.DUE: Definition(
        "Due",
        "应结",
        "due_day",
        "Cases whose deadline lay on these days and is past, or whose work was reported done before it. Of "
        "several deadlines (rework, ruling) the first that was missed counts, else the last. Suspensions and "
        "extensions move a deadline.",
    ),
    Counter.ON_TIME: Definition(
        "On time",
        "按期",
        "due_day",
        "Of those due: the accountable unit reported the work done by every deadline that it had.",
    ),
    Counter.OVERDUE: Definition(
        "Overdue",
        "超期",
        "due_day",
        "Of those due: the work was reported done after a deadline, or is not done yet.",
    ),
    Counter.CLOSED_OF_DUE: Definition(
        "Closed of those due", "按应结结案", "due_day", "Of those due: checked and closed by now."
    ),
    Counter.CLOSED: Definition(
        "Closed", "结案", "closed_day", "Cases that were checked and closed on these days."
    ),
    Counter.CLOSED_UNPROVED: Definition(
        "Closed without a picture",
        "无照结案",
        "closed_day",
        "Of those closed on these days: no picture shows the place after the work; a note says why.",
    ),
    Counter.MOVED_ON: Definition(
        "Moved on",
        "自行离开",
        "closed_day",
        "Of those closed on these days: it had gone by itself before the unit came.",
    ),
    Counter.NOTHING_FOUND: Definition(
        "Nothing found",
        "现场未见",
        "closed_day",
        "Of those closed on these days: the unit was there and found nothing of it.",
    ),
    Counter.NO_OFFENCE: Definition(
        "No offence",
        "不属违规",
        "closed_day",
        "Of those closed on these days: the unit was there, and what it found may be there.",
    ),
    Counter.REOPENED: Definition(
        "Opened again",
        "重新开案",
        "reopened_day",
        "Cases whose rejection or closing was taken back on these days (for the last time). Until they are "
        "closed again they do not count as closed.",
    ),
    Counter.SUSPENDED: Definition(
        "Suspended",
        "暂停",
        "suspended_day",
        "Cases in which the accountable unit's clock was first stopped on these days, until a named day.",
    ),
}


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of one counter in another, over the same days."""

    name: str
    term: str
    part: Counter
    whole: Counter


RATES: tuple[Rate, ...] = (
    Rate("Dispatched rightly", "派遣准确率", Counter.DISPATCHED_RIGHTLY, Counter.DISPATCHED),
    Rate("On time", "按期处置率", Counter.ON_TIME, Counter.DUE),
    Rate("Overdue", "超期率", Counter.OVERDUE, Counter.DUE),
    Rate("Reworked", "返工率", Counter.REWORKED, Counter.HANDLED),
    Rate("Closed", "结案率", Counter.CLOSED_OF_DUE, Counter.DUE),
    Rate("Closed without a picture", "无照结案率", Counter.CLOSED_UNPROVED, Counter.CLOSED),
    Rate("Nothing found", "现场未见率", Counter.NOTHING_FOUND, Counter.CLOSED),
    Rate("No offence", "不属违规率", Counter.NO_OFFENCE, Counter.CLOSED),
)

NONE = "!"
"""Stands for 'no unit'; with a level behind it ('!town') for 'in no area of this level'."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which cases are meant: every number has one, and the list behind the number is the same one's.

    Attributes:
        counter: the condition.
        first: first day, the city's.
        last: last day, included.
        kind: of this kind, or item of the duty list, alone.
        area: in this area, of whatever level; ``!town`` in no town, and so on for each level.
        unit: of this unit; ``!`` of none.
        channel: told of by this channel (and perhaps by others).
        block: in the block of the grid of hot-spots whose south-western cell this is.
    """

    counter: Counter
    first: date
    last: date
    kind: str | None = None
    area: str | None = None
    unit: str | None = None
    channel: str | None = None
    block: int | None = None

    def fields(self) -> dict[str, str]:
        """What is chosen, as the fields of an address or a form."""
        chosen = {
            "counter": self.counter.value,
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "kind": self.kind,
            "area": self.area,
            "unit": self.unit,
            "channel": self.channel,
            "block": self.block,
        }
        return {name: str(value) for name, value in chosen.items() if value is not None}
