"""All SQL about questions to cameras."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from central.cases.models import Case, Lead, LeadEvidence
from central.cases.rules import TicketState
from central.rechecks.models import Recheck
from central.rechecks.states import OPEN, RecheckState
from kerbwatch.messages import Verdict


def find(session: Session, recheck_id: str) -> Recheck | None:
    """A question, its row held until the unit of work ends."""
    return session.scalar(select(Recheck).where(Recheck.id == recheck_id).with_for_update())


def of_case(session: Session, case_id: str) -> Sequence[Recheck]:
    """The questions of a case, the newest first."""
    query = select(Recheck).where(Recheck.case_id == case_id).order_by(Recheck.id.desc())
    return session.scalars(query).all()


def open_of_case(session: Session, case_id: str) -> Sequence[Recheck]:
    """Those of a case whose answer still counts: one at most."""
    query = select(Recheck).where(Recheck.case_id == case_id, Recheck.state.in_(OPEN))
    return session.scalars(query.with_for_update()).all()


def found_free(session: Session, row: Case) -> dict[str, datetime]:
    """By id of a lead, when its camera looked last since the work was reported as done and saw it free."""
    done = [each.handled_at for each in row.tickets if each.state == TicketState.HANDLED and each.handled_at]
    if not done:
        return {}
    looked_at = func.coalesce(Recheck.looked_at, Recheck.asked_at)
    query = select(Recheck.lead_id, func.max(looked_at)).where(
        Recheck.case_id == row.id,
        Recheck.verdict == Verdict.CLEAR.value,
        Recheck.asked_at >= max(done),
    )
    found = session.execute(query.group_by(Recheck.lead_id)).all()
    return {lead_id: at for lead_id, at in found if at is not None}


def any_to_send(session: Session, now: datetime) -> bool:
    """Whether some question is due to be sent."""
    query = select(Recheck.id).where(Recheck.next_send_at <= now).limit(1)
    return session.scalar(query) is not None


def to_send(session: Session, now: datetime, limit: int) -> Sequence[Recheck]:
    """Questions that are due to be sent, except those that another copy of central is busy with."""
    query = (
        select(Recheck)
        .where(Recheck.next_send_at <= now)
        .order_by(Recheck.next_send_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return session.scalars(query).all()


def in_state(session: Session, state: RecheckState, limit: int) -> Sequence[str]:
    """Ids of questions in a state, the longest asked first."""
    query = select(Recheck.id).where(Recheck.state == state.value).order_by(Recheck.answer_by).limit(limit)
    return session.scalars(query).all()


def unanswered(session: Session, now: datetime, limit: int) -> Sequence[str]:
    """Ids of questions whose time is over."""
    query = select(Recheck.id).where(Recheck.state == RecheckState.ASKING.value, Recheck.answer_by <= now)
    return session.scalars(query.order_by(Recheck.answer_by).limit(limit)).all()


def case_of_lead(session: Session, lead_id: str) -> str | None:
    """The case that a lead belongs to now; None where the lead is gone."""
    return session.scalar(select(Lead.case_id).where(Lead.id == lead_id))


def named(session: Session, lead_id: str, hashes: Collection[str], role: str) -> set[str]:
    """Of some files those that a lead names in a role already."""
    query = select(LeadEvidence.sha256).where(
        LeadEvidence.lead_id == lead_id, LeadEvidence.role == role, LeadEvidence.sha256.in_(hashes)
    )
    return set(session.scalars(query))
