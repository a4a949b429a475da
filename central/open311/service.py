"""Service requests of apps: taken in as reports, and told with what became of them; and the keys of apps."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from central.answers.service import words_of
from central.cases.reporting import LeadIn
from central.cases.rules import OVER, Origin
from central.open311 import repository
from central.open311.models import Open311Key
from central.open311.reading import Reported
from central.open311.repository import Found
from central.pages import matters
from central.pages.texts import t, t_or
from central.people.service import hash_token
from central.reports import service as reports
from central.reports.forms import follow_token_of
from central.reports.models import ReportState
from central.settings import CentralSettings
from kerbwatch.ids import new_id

log = structlog.get_logger(__name__)

SPAN = timedelta(days=90)
"""Longest span of time that is asked for at once."""
MOST_REQUESTS = 1000
"""On a page."""
MOST_PAGE = 1000
_OVER = frozenset(state.value for state in OVER)


@dataclass(frozen=True, slots=True)
class Filters:
    """Which requests are asked for."""

    since: datetime
    until: datetime
    kinds: frozenset[str]
    over: bool | None
    page: int
    page_size: int


def take(
    session: Session,
    said: Reported,
    *,
    app: str,
    number: str | None,
    secret: bytes,
    now: datetime,
    settings: CentralSettings,
) -> dict[str, object]:
    """Take a service request in; what the answer tells of it.

    Args:
        session: a unit of work with ``ordered=True``.
        said: the request.
        app: name of the app that sends it.
        number: that the app gave it: it comes in once however often it is sent, and is answered alike.
            None: each is new.
        secret: central's signing key.
        now: the present instant.
        settings: time zone, merging and our address.

    Raises:
        NoDutyListError: when nobody could be told.
        Problem: 422 something else came in under this number.
    """
    lead = LeadIn(
        origin=Origin.OPEN311,
        source=f"app {app}",
        external_id=number or secrets.token_hex(6).upper(),
        kind=said.service.code,
        lon=said.lon,
        lat=said.lat,
        place_method="map",
        seen_at=said.seen_at or now,
        words=said.words,
        road=said.address,
        urgent=said.urgent,
    )
    told = (said.lon, said.lat, said.address, said.words, said.urgent, said.plate, said.seen_at)
    found = reports.register(session, lead, now, reports.hash_of(said.service.code, *told))
    token, new = found.follow_token, found.follow_token is not None
    if number is not None:
        own = follow_token_of(lead.source, number, secret)
        if new:
            found.report.follow_hash = hash_token(own)
        token = own if found.report.follow_hash == hash_token(own) else None
    if new:
        reports.make_lead(
            session, found.report, actor=f"app:{app}", now=now, settings=settings, plate=said.plate
        )
    notice = t("open311.follow", url=f"{settings.public_url.rstrip('/')}/r/{token}") if token else None
    log.info("open311_request_taken", app=app, report=found.report.id, new=new)
    return {"service_request_id": found.report.id, "service_notice": notice, "account_id": None}


def listed(
    session: Session, filters: Filters, settings: CentralSettings, now: datetime
) -> list[dict[str, object]]:
    """Requests, newest first."""
    found = repository.requests(
        session,
        since=filters.since,
        until=filters.until,
        kinds=filters.kinds,
        over=filters.over,
        offset=(filters.page - 1) * filters.page_size,
        limit=filters.page_size,
    )
    return _told(session, found, settings, now)


def shown(
    session: Session, ids: Collection[str], settings: CentralSettings, now: datetime
) -> list[dict[str, object]]:
    """Requests by their ids; those that are not there are left out."""
    return _told(session, repository.by_ids(session, ids), settings, now)


def of_token(session: Session, token: str) -> dict[str, object] | None:
    """The request of a token (of its follow link); None for a token of nothing."""
    report = reports.followed(session, token)
    if report is None or report.channel != Origin.OPEN311:
        return None
    return {"service_request_id": report.id, "token": token}


def _told(
    session: Session, found: Sequence[Found], settings: CentralSettings, now: datetime
) -> list[dict[str, object]]:
    words = words_of(session, [each.lead_id for each in found if each.lead_id])
    names = matters.names(session, now, {each.kind for each in found})
    return [_request(each, names[each.kind], words, settings) for each in found]


def _request(
    found: Found, name: str, answers: Mapping[str, str], settings: CentralSettings
) -> dict[str, object]:
    sent = found.dispatched_at is not None
    over = found.state == ReportState.REFUSED or found.case_state in _OVER
    updated_at = max(found.updated_at, found.case_updated_at or found.updated_at)
    answer = answers.get(found.lead_id or "")
    notes = answer or found.refusal or t_or(f"state.{found.case_state}", t("open311.received"))
    return {
        "service_request_id": found.id,
        "status": "closed" if over else "open",
        "status_notes": notes,
        "service_name": name,
        "service_code": found.kind,
        "description": found.words if settings.open311.publish_words else None,
        "agency_responsible": found.unit_name if sent else None,
        "service_notice": None,
        "requested_datetime": found.received_at,
        "updated_datetime": (found.closed_at or updated_at) if over else updated_at,
        "expected_datetime": found.due_at if sent else None,
        "address": found.road,
        "address_id": None,
        "zipcode": None,
        "lat": found.lat,
        "long": found.lon,
        "media_url": None,
    }


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A key that was just made: the only time that it is seen whole."""

    id: str
    key: str


def add_key(session: Session, app: str, now: datetime) -> MadeKey:
    """Make a key for an app; earlier ones of the same app go on until they are revoked."""
    made = MadeKey(new_id(), secrets.token_urlsafe(32))
    session.add(Open311Key(id=made.id, app=app, key_hash=hash_token(made.key), made_at=now, revoked_at=None))
    log.info("open311_key_made", app=app, key_id=made.id)
    return made


def revoke_key(session: Session, key_id: str, now: datetime) -> bool:
    """Take a key out of use; False when there is none of that id."""
    row = repository.key(session, key_id)
    if row is None:
        return False
    row.revoked_at = row.revoked_at or now
    log.info("open311_key_revoked", app=row.app, key_id=row.id)
    return True


def app_of(session: Session, key: str) -> str | None:
    """The app that a key is of; None for a key that is none of ours, or not any more."""
    row = repository.key_by_hash(session, hash_token(key))
    return row.app if row else None
