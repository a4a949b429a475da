"""All SQL of opening a case again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, lazyload

from central.cases.models import Lead
from central.merging.models import OpenLead

_MOST_NEAR = 300
"""The newest so many leads of open cases are looked at: more do not stand around a place."""


def open_leads(
    session: Session, kind: str, cells: Collection[int], since: datetime
) -> Sequence[tuple[Lead, datetime]]:
    """The leads of open cases of a kind in some cells, with the end of what each tells of."""
    query = (
        select(Lead, OpenLead.until)
        .join(OpenLead, OpenLead.lead_id == Lead.id)
        .where(OpenLead.kind == kind, OpenLead.cell.in_(sorted(cells)), OpenLead.until >= since)
        .options(lazyload(Lead.evidence))
        .order_by(Lead.id.desc())
        .limit(_MOST_NEAR)
    )
    return [(lead, until) for lead, until in session.execute(query)]
