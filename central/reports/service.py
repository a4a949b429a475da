"""A report comes in, becomes a lead or is refused, and can be followed by whoever sent it."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from sqlalchemy.orm import Session

from central.cases.reporting import LeadIn, Sight, take_report
from central.cases.rules import Origin
from central.people.service import hash_token
from central.problems import Problem
from central.reports import repository
from central.reports.models import Report, ReportState
from central.settings import CentralSettings
from kerbwatch.ids import new_id

USED_OTHERWISE = "key-used"
_USED_OTHERWISE = (
    "something else was sent under this key before, and that is here; what is new needs a key of its own"
)
NO_PLACE = "none"
"""``place_method`` of a report whose place is not known yet."""


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


@dataclass(frozen=True, slots=True)
class Seen:
    """Where and when something was seen, as far as it is known.

    Attributes:
        lon: WGS-84 degrees.
        lat: WGS-84 degrees.
        method: how the place was found: ``gps``, ``exif``, ``clip``, ``map``, ``address``.
        accuracy_m: standard deviation of the place, where it is known.
    """

    lon: float
    lat: float
    method: str
    accuracy_m: float | None = None


@dataclass(frozen=True, slots=True)
class PendingIn:
    """A report whose pictures are yet to be looked through; they may tell better where and when it was.

    Attributes:
        origin: ``dashcam`` or ``photo``.
        source: the page or app that it came through.
        external_id: the number that ``source`` gave it; the same number comes in once.
        kind: what is reported.
        words: what its sender says.
        place: where, as its sender says; None leaves it to the pictures.
        seen_at: when, as its sender says, or else when it came in.
        reporter_ref: stands for the person; None for nobody that is known.
    """

    origin: Origin
    source: str
    external_id: str
    kind: str
    words: str
    place: Seen | None
    seen_at: datetime
    reporter_ref: str | None


def hash_of(*said: object) -> str:
    """Of what was sent under a number: what a sender says who sends the same again says all of it again."""
    return hashlib.sha256(json.dumps(said, ensure_ascii=False, default=str).encode()).hexdigest()


def used_otherwise() -> Problem:
    """What whoever sends something else under a key or number is told."""
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, USED_OTHERWISE, _USED_OTHERWISE)


def register(session: Session, said: LeadIn, now: datetime, said_hash: str) -> Registered:
    """Write down a report; the same number of the same source once. It is no lead yet.

    See :func:`register_pending`.
    """
    place = Seen(said.lon, said.lat, said.place_method, said.accuracy_m)
    pending = PendingIn(
        said.origin,
        said.source,
        said.external_id,
        said.kind,
        said.words,
        place,
        said.seen_at,
        said.reporter_ref,
    )
    found = register_pending(session, pending, now, said_hash)
    if found.follow_token is not None:
        found.report.state = ReportState.RECEIVED.value
        found.report.road, found.report.urgent = said.road, said.urgent
    return found


def register_pending(session: Session, said: PendingIn, now: datetime, said_hash: str) -> Registered:
    """Write down a report whose pictures are looked through first; a number of a source comes in once.

    Args:
        session: a unit of work.
        said: the report.
        now: the present instant.
        said_hash: of all that its sender says (:func:`hash_of`).

    Raises:
        Problem: 422 something else came in under this number.
    """
    known = repository.by_number(session, said.source, said.external_id)
    if known is not None:
        if known.said_hash not in {None, said_hash}:
            raise used_otherwise()
        return Registered(known, None)
    token = secrets.token_urlsafe(18)
    place = said.place
    report = Report(
        id=new_id(),
        channel=said.origin.value,
        source=said.source,
        external_id=said.external_id,
        reporter_ref=said.reporter_ref,
        kind=str(said.kind),
        lon=place.lon if place else None,
        lat=place.lat if place else None,
        place_method=place.method if place else NO_PLACE,
        accuracy_m=place.accuracy_m if place else None,
        road=None,
        words=said.words,
        said_hash=said_hash,
        urgent=False,
        seen_at=said.seen_at,
        state=ReportState.ANALYSING.value,
        refusal=None,
        remarks=[],
        lead_id=None,
        follow_hash=hash_token(token),
        received_at=now,
        updated_at=now,
    )
    session.add(report)
    return Registered(report, token)


def make_lead(
    session: Session,
    report: Report,
    *,
    actor: str,
    now: datetime,
    settings: CentralSettings,
    sight: Sight | None = None,
    plate: str | None = None,
) -> str:
    """Make a report the lead of a case; the lead's id.

    Args:
        session: a unit of work with ``ordered=True``.
        report: one that is not refused; of one that is a lead already nothing changes.
        actor: who brings it, as it stands in logs.
        now: the present instant.
        settings: time zone and merging.
        sight: what was found in its pictures; None for nothing.
        plate: the vehicle's, where the channel asks for it.

    Raises:
        NoDutyListError: when nobody could be told.
        ValueError: when the report was refused, or has no place.
    """
    if report.lead_id is not None:
        return report.lead_id
    if report.state == ReportState.REFUSED:
        raise ValueError(f"report {report.id} was refused")
    if report.lon is None or report.lat is None:
        raise ValueError(f"report {report.id} has no place")
    said = LeadIn(
        origin=Origin(report.channel),
        source=report.source,
        external_id=report.external_id,
        kind=report.kind,
        lon=report.lon,
        lat=report.lat,
        place_method=report.place_method,
        seen_at=report.seen_at,
        words=report.words,
        road=report.road,
        accuracy_m=report.accuracy_m,
        urgent=report.urgent,
        reporter_ref=report.reporter_ref,
        sight=sight,
        plate=plate,
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
