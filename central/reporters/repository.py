"""All SQL about people who report."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from central.cases.models import Case, Lead
from central.reporters.models import (
    IdentityView,
    Reporter,
    ReporterCode,
    ReporterIdentity,
    ReporterSession,
)
from central.reports.models import Report

_CASES_TOLD = 3
"""Of what one person reported the newest, for auditors."""


def hold(session: Session, name: str) -> None:
    """Let units of work on ``name`` follow one another. SQLite has one writer at a time anyway."""
    if session.connection().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 13))"), {"name": name})


def reporter(session: Session, ref: str, *, lock: bool = False) -> Reporter | None:
    """Somebody by their reference; ``lock`` holds the row until the unit of work ends."""
    query = select(Reporter).where(Reporter.ref == ref)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.scalar(query)


def identity(session: Session, ref: str) -> ReporterIdentity | None:
    """Who that is; None once they deleted their account."""
    return session.get(ReporterIdentity, ref)


def identity_by_fingerprint(session: Session, fingerprint: str) -> ReporterIdentity | None:
    """Whose number or address has this fingerprint."""
    return session.scalar(select(ReporterIdentity).where(ReporterIdentity.fingerprint == fingerprint))


def code(session: Session, code_id: str) -> ReporterCode | None:
    """A code that was sent, held."""
    return session.scalar(select(ReporterCode).where(ReporterCode.id == code_id).with_for_update())


def codes_since(session: Session, fingerprint: str, since: datetime) -> Sequence[datetime]:
    """When codes were sent to a number or an address, the oldest first."""
    query = select(ReporterCode.created_at).where(
        ReporterCode.fingerprint == fingerprint, ReporterCode.created_at > since
    )
    return session.scalars(query.order_by(ReporterCode.created_at)).all()


def forget_codes(session: Session, before: datetime) -> None:
    """Forget codes that were sent before an instant."""
    session.execute(delete(ReporterCode).where(ReporterCode.created_at <= before))


def forget_codes_of(session: Session, fingerprint: str) -> None:
    """Forget the codes of one number or address."""
    session.execute(delete(ReporterCode).where(ReporterCode.fingerprint == fingerprint))


def live_session(session: Session, token_hash: str, now: datetime) -> ReporterSession | None:
    """The session with that token, unless it has expired."""
    query = select(ReporterSession).where(
        ReporterSession.token_hash == token_hash, ReporterSession.expires_at > now
    )
    return session.scalar(query)


def end_session(session: Session, token_hash: str) -> None:
    """Forget a session."""
    session.execute(delete(ReporterSession).where(ReporterSession.token_hash == token_hash))


def end_sessions_of(session: Session, ref: str) -> None:
    """Forget every session of somebody."""
    session.execute(delete(ReporterSession).where(ReporterSession.ref == ref))


def forget_expired(session: Session, now: datetime) -> None:
    """Forget sessions that are over."""
    session.execute(delete(ReporterSession).where(ReporterSession.expires_at <= now))


def reports_of(session: Session, ref: str, before: str | None, limit: int) -> Sequence[Report]:
    """What somebody reported, the newest first, from before a report on."""
    query = select(Report).where(Report.reporter_ref == ref)
    if before is not None:
        query = query.where(Report.id < before)
    return session.scalars(query.order_by(Report.id.desc()).limit(limit)).all()


def ref_of_lead(session: Session, lead_id: str) -> str | None:
    """Whom a lead is of; None where nobody is known."""
    return session.scalar(select(Lead.reporter_ref).where(Lead.id == lead_id))


def case_of_lead(session: Session, lead_id: str) -> str | None:
    """The case that a lead belongs to; None where there is no such lead."""
    return session.scalar(select(Lead.case_id).where(Lead.id == lead_id))


def case_states(session: Session, lead_ids: Collection[str]) -> dict[str, str]:
    """Of some leads the state of their case."""
    query = select(Lead.id, Case.state).join(Case, Case.id == Lead.case_id).where(Lead.id.in_(lead_ids))
    return {row.id: row.state for row in session.execute(query)}


def cases_of(session: Session, refs: Collection[str]) -> dict[str, list[str]]:
    """For each of some reporters the newest cases of what they reported."""
    found: dict[str, list[str]] = {}
    for ref in refs:
        query = select(Lead.case_id).join(Report, Report.lead_id == Lead.id).where(Report.reporter_ref == ref)
        found[ref] = list(session.scalars(query.order_by(Report.id.desc()).limit(_CASES_TOLD)))
    return found


def views(session: Session, *, before: int | None, limit: int) -> Sequence[IdentityView]:
    """Who looked up who reporters are, the newest first."""
    query = select(IdentityView).order_by(IdentityView.id.desc()).limit(limit)
    return session.scalars(query.where(IdentityView.id < before) if before else query).all()
