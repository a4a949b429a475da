"""A report comes in, becomes a lead or is refused, and can be followed by whoever sent it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from central.cases.reporting import LeadIn, take_report
from central.cases.rules import Origin
from central.people.service import hash_token
from central.reports import repository
from central.reports.models import Report, ReportState
from central.settings import CentralSettings
from kerbwatch.ids import new_id
from kerbwatch.incident import Kind


@dataclass(frozen=True, slots=True)
class Registered:
    """A report that is in the books.

    Attributes:
        report: its row.
        follow_token: opens the page that shows what became of it; None when it was known already, for the
            token is kept as a hash only.
    """

    report: Report
    follow_token: str | None


def register(session: Session, said: LeadIn, now: datetime) -> Registered:
    """Write down a report; the same number of the same source once. It is no lead yet."""
    known = repository.by_number(session, said.source, said.external_id)
    if known is not None:
        return Registered(known, None)
    token = secrets.token_urlsafe(18)
    report = Report(
        id=new_id(),
        channel=said.origin.value,
        source=said.source,
        external_id=said.external_id,
        reporter_ref=said.reporter_ref,
        kind=said.kind.value,
        lon=said.lon,
        lat=said.lat,
        place_method=said.place_method,
        accuracy_m=said.accuracy_m,
        road=said.road,
        words=said.words,
        urgent=said.urgent,
        seen_at=said.seen_at,
        state=ReportState.RECEIVED.value,
        refusal=None,
        lead_id=None,
        follow_hash=hash_token(token),
        received_at=now,
        updated_at=now,
    )
    session.add(report)
    return Registered(report, token)


def make_lead(
    session: Session, report: Report, *, actor: str, now: datetime, settings: CentralSettings
) -> str:
    """Make a report the lead of a case; the lead's id.

    Args:
        session: a unit of work with ``ordered=True``.
        report: one that is not refused; of one that is a lead already nothing changes.
        actor: who brings it, as it stands in logs.
        now: the present instant.
        settings: time zone and merging.

    Raises:
        NoDutyListError: when nobody could be told.
        ValueError: when the report was refused.
    """
    if report.lead_id is not None:
        return report.lead_id
    if report.state == ReportState.REFUSED:
        raise ValueError(f"report {report.id} was refused")
    said = LeadIn(
        origin=Origin(report.channel),
        source=report.source,
        external_id=report.external_id,
        kind=Kind(report.kind),
        lon=report.lon,
        lat=report.lat,
        place_method=report.place_method,
        seen_at=report.seen_at,
        words=report.words,
        road=report.road,
        accuracy_m=report.accuracy_m,
        urgent=report.urgent,
        reporter_ref=report.reporter_ref,
    )
    lead_id, _new = take_report(
        session, said, actor=actor, now=now, zone=settings.zone, merging=settings.intake.merging
    )
    report.lead_id, report.state, report.updated_at = lead_id, ReportState.LEAD.value, now
    return lead_id


def refuse(report: Report, why: str, now: datetime) -> None:
    """Say that a report cannot become a lead, in words for whoever sent it."""
    report.state, report.refusal, report.updated_at = ReportState.REFUSED.value, why, now


def followed(session: Session, follow_token: str) -> Report | None:
    """The report that a token opens; None for a token of nothing."""
    return repository.by_follow_hash(session, hash_token(follow_token))
