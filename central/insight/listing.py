"""The cases behind a number."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.cases import repository as cases
from central.cases.models import Case
from central.cases.schemas import CaseOut
from central.insight import repository
from central.insight.counters import Selection
from central.insight.schemas import CountedPage


def cases_behind(
    session: Session, chosen: Selection, now: datetime, *, before: str | None, limit: int
) -> CountedPage:
    """Some of the cases that a selection means, the newest first, and how many there are."""
    days = repository.by_day(session, chosen, now)
    ids = repository.case_ids(session, chosen, now, before=before, limit=limit + 1, days=days)
    shown = ids[:limit]
    by_id = {
        row.id: row
        for row in session.scalars(select(Case).options(*cases.SUMMED_UP).where(Case.id.in_(shown)))
    }
    rows = [by_id[case_id] for case_id in shown]
    here = cases.files_here(session, rows)
    return CountedPage(
        total=repository.total(session, chosen, now) if days is None else sum(days.values()),
        items=tuple(CaseOut.of(row, here) for row in rows),
        next_before=shown[-1] if len(ids) > limit else None,
    )
