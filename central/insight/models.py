"""Tables of what is counted: a row for each case, how far the log was counted, and who took what away."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, SmallInteger, String, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column

from central.database import Base, BigKey


class CaseFact(Base):
    """One case as it is counted: a copy of what its log says, that can be made again at any time.

    Days are the city's. Numbers and the lists behind them are both read from here, so that they agree. Each
    index holds all that the counters of its day ask for by day and kind.
    """

    __tablename__ = "case_facts"
    __table_args__ = (
        Index(
            "ix_case_facts_occurred",
            "occurred_day",
            "state",
            "kind",
            "town_id",
            "cell",
            "city_id",
            "station_id",
            "village_id",
            "grid_id",
            "channels",
            "unit_id",
        ),
        Index("ix_case_facts_due", "due_day", "state", "kind", "running", "late", "due_at", "closed_day"),
        Index("ix_case_facts_filed", "filed_day", "state", "kind"),
        Index("ix_case_facts_dispatched", "dispatched_day", "state", "kind", "moved"),
        Index("ix_case_facts_handled", "handled_day", "state", "kind", "reworks"),
        Index("ix_case_facts_closed", "closed_day", "state", "kind"),
        Index(
            "ix_case_facts_reopened_day",
            "reopened_day",
            sqlite_where=text("reopened_day IS NOT NULL"),
            postgresql_where=text("reopened_day IS NOT NULL"),
        ),
        Index(
            "ix_case_facts_suspended_day",
            "suspended_day",
            sqlite_where=text("suspended_day IS NOT NULL"),
            postgresql_where=text("suspended_day IS NOT NULL"),
        ),
        Index(
            "ix_case_facts_unproved",
            "closed_day",
            sqlite_where=text("unproved"),
            postgresql_where=text("unproved"),
        ),
        Index(
            "ix_case_facts_outcome",
            "closed_day",
            "outcome",
            sqlite_where=text("outcome <> 'dealt_with'"),
            postgresql_where=text("outcome <> 'dealt_with'"),
        ),
    )

    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(20))
    channels: Mapped[int] = mapped_column(SmallInteger)
    """The channels of its leads, a bit each (see :data:`central.insight.facts.CHANNEL_BIT`)."""
    unit_id: Mapped[str | None] = mapped_column(String(63))
    """The accountable unit; of a case without a ticket that holds, the last one."""
    city_id: Mapped[str | None] = mapped_column(String(63))
    town_id: Mapped[str | None] = mapped_column(String(63))
    station_id: Mapped[str | None] = mapped_column(String(63))
    village_id: Mapped[str | None] = mapped_column(String(63))
    grid_id: Mapped[str | None] = mapped_column(String(63))
    cell: Mapped[int] = mapped_column(BigInteger)
    """Of the grid of hot-spots (see :mod:`central.insight.grid`)."""
    occurred_day: Mapped[date]
    filed_day: Mapped[date | None]
    dispatched_day: Mapped[date | None]
    handled_day: Mapped[date | None]
    """When all its units reported the work done for the first time."""
    closed_day: Mapped[date | None]
    due_at: Mapped[datetime | None]
    """The first deadline that was missed, else the last there was."""
    due_day: Mapped[date | None]
    late: Mapped[bool]
    """The accountable unit was done, or the ticket went elsewhere, after a deadline."""
    running: Mapped[bool]
    """The accountable unit has yet to report the work done; the clock may run."""
    moved: Mapped[bool]
    """A ruling said that it is the business of another unit than the one that it was sent to."""
    reworks: Mapped[int]
    reopened_day: Mapped[date | None]
    """When it was last opened again after it had been rejected or closed."""
    suspended_day: Mapped[date | None]
    """When a clock of its accountable unit was first stopped for a time."""
    unproved: Mapped[bool] = mapped_column(server_default=false())
    """It was closed last by a note alone: no picture shows the place after the work."""
    outcome: Mapped[str | None] = mapped_column(String(20))
    """What came of it, of one that is closed (see :class:`central.cases.rules.ClosingOutcome`)."""


class _Tally(Base):
    """How many cases there are of a day and a group, kept with the rows of cases in one unit of work.

    A case is in the row of each day that something happened to it, so that one row serves every counter. A
    text that is empty stands for none. Rejected and merged cases are in none.
    """

    __abstract__ = True
    __table_args__ = ({"sqlite_with_rowid": False},)

    day: Mapped[date] = mapped_column(primary_key=True, sort_order=-1)
    kind: Mapped[str] = mapped_column(String(40), primary_key=True, sort_order=-1)
    city_id: Mapped[str] = mapped_column(String(63), primary_key=True, sort_order=-1)
    town_id: Mapped[str] = mapped_column(String(63), primary_key=True, sort_order=-1)
    occurred: Mapped[int] = mapped_column(sort_order=1)
    filed: Mapped[int] = mapped_column(sort_order=1)
    dispatched: Mapped[int] = mapped_column(sort_order=1)
    dispatched_rightly: Mapped[int] = mapped_column(sort_order=1)
    handled: Mapped[int] = mapped_column(sort_order=1)
    reworked: Mapped[int] = mapped_column(sort_order=1)
    ended: Mapped[int] = mapped_column(sort_order=1)
    """Deadlines of this day whose clock runs no more; of them late: ``ended_late``."""
    ended_late: Mapped[int] = mapped_column(sort_order=1)
    running: Mapped[int] = mapped_column(sort_order=1)
    """Deadlines of this day whose clock may run still: due and overdue once the day is over."""
    due_closed: Mapped[int] = mapped_column(sort_order=1)
    """Deadlines of this day of cases that are closed."""
    closed: Mapped[int] = mapped_column(sort_order=1)


class UnitTally(_Tally):
    """By the accountable unit and by channels, in cities and towns."""

    __tablename__ = "insight_unit_tallies"

    unit_id: Mapped[str] = mapped_column(String(63), primary_key=True)
    channels: Mapped[int] = mapped_column(SmallInteger, primary_key=True)


class GroundTally(_Tally):
    """By the areas of every level."""

    __tablename__ = "insight_ground_tallies"

    station_id: Mapped[str] = mapped_column(String(63), primary_key=True)
    village_id: Mapped[str] = mapped_column(String(63), primary_key=True)
    grid_id: Mapped[str] = mapped_column(String(63), primary_key=True)


class CountedTo(Base):
    """How far the log was counted; the table has one row."""

    __tablename__ = "insight_counted_to"

    id: Mapped[int] = mapped_column(primary_key=True)
    line: Mapped[int] = mapped_column(BigKey)
    """Number of the last line of the case log that was counted."""
    ground: Mapped[str] = mapped_column(String(200))
    """What the areas and the time zone were then; when they change, everything is counted anew."""


class Reckoning(Base):
    """When rises, hot-spots and what moved were last reckoned beside the requests."""

    __tablename__ = "insight_reckonings"

    look: Mapped[str] = mapped_column(String(200), primary_key=True)
    """Through what days were looked at (see :class:`central.insight.look.Look`)."""
    begun_at: Mapped[datetime]
    """When a copy of central last began."""
    done_at: Mapped[datetime | None]
    today: Mapped[date | None]
    """The city's day on which that was."""
    cpu_s: Mapped[float]
    """CPU time that it took, without the database's own."""


class Finding(Base):
    """What was found then."""

    __tablename__ = "insight_findings"

    look: Mapped[str] = mapped_column(
        ForeignKey("insight_reckonings.look", ondelete="CASCADE"), primary_key=True
    )
    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    """What of: see :class:`central.insight.kept.Question`."""
    found: Mapped[str] = mapped_column(Text)
    """As JSON."""


class Export(Base):
    """Who took a list of cases away, when, and which. Only ``rows`` is written later."""

    __tablename__ = "exports"
    __table_args__ = ({"sqlite_autoincrement": True},)

    number: Mapped[int] = mapped_column(BigKey, primary_key=True)
    actor: Mapped[str] = mapped_column(String(150), index=True)
    at: Mapped[datetime]
    form: Mapped[str] = mapped_column(String(10))
    """``csv`` or ``geojson``."""
    chosen: Mapped[dict[str, Any]]
    """Which cases were asked for."""
    plates: Mapped[bool]
    rows: Mapped[int | None] = mapped_column()
    """How many cases went out; None where it broke off."""
