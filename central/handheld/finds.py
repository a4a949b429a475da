"""What a unit finds itself: a report of its own, with a photo or without, that becomes a lead."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from central.cases.models import Lead
from central.cases.reporting import LeadIn
from central.cases.rules import Origin
from central.context import Central
from central.handheld import repository
from central.jobs.service import enqueue
from central.people.service import Principal
from central.reports import repository as report_rows
from central.reports import service as reports
from central.reports.forms import number_of
from central.reports.models import Report, ReportState
from central.reports.service import PendingIn, Seen
from central.uploads import by_form
from central.uploads.job import KIND as LOOK_THROUGH

_MOST_FINDS = 10


@dataclass(frozen=True, slots=True)
class Find:
    """What somebody of a unit says that they found.

    Attributes:
        kind: what it is: a kind, or an item of the duty list that has none.
        words: what they say; may be empty.
        place: where; None leaves it to the photo.
        urgent: whether it cannot wait.
    """

    kind: str
    words: str
    place: Seen | None
    urgent: bool


@dataclass(frozen=True, slots=True)
class FindOut:
    """A find and how far it has come."""

    number: str
    kind: str
    received_at: datetime
    state: str
    """Of its case, else of the report."""
    refusal: str | None


def source_of(unit_id: str) -> str:
    """``source`` of a unit's own reports."""
    return f"unit {unit_id}"


def hash_of(kind: str, words: str, *, urgent: bool, has_photo: bool) -> str:
    """Of what somebody says; the phone may have moved a little before the form is sent again."""
    return reports.hash_of(kind, words, urgent, has_photo)


def came_in(session: Session, unit_id: str, form_key: str, said_hash: str) -> bool:
    """Whether a form has come in before. Raises Problem 422 when it said something else."""
    known = report_rows.by_number(session, source_of(unit_id), number_of(form_key))
    if known is not None and known.said_hash not in {None, said_hash}:
        raise reports.used_otherwise()
    return known is not None


def take(
    central: Central, find: Find, *, who: Principal, unit_id: str, form_key: str, photo_key: str | None
) -> str:
    """Take a find in, once for each form; its number.

    With a photo it is looked through first, as photos of citizens are; without, it is a lead at once.

    Raises:
        NoDutyListError: when nobody could be told.
    """
    now = central.clock.now_utc()
    with central.database.write(ordered=True) as session:
        if photo_key is None:
            _at_once(central, session, find, who, unit_id, form_key, now)
        else:
            _with_photo(session, find, unit_id, form_key, photo_key, now)
    return number_of(form_key)


def _at_once(  # noqa: PLR0917 - one caller
    central: Central,
    session: Session,
    find: Find,
    who: Principal,
    unit_id: str,
    form_key: str,
    now: datetime,
) -> None:
    assert find.place is not None  # the page asks for a place or a photo
    said = LeadIn(
        origin=Origin.UNIT,
        source=source_of(unit_id),
        external_id=number_of(form_key),
        kind=find.kind,
        lon=find.place.lon,
        lat=find.place.lat,
        place_method=find.place.method,
        accuracy_m=find.place.accuracy_m,
        seen_at=now,
        words=find.words,
        urgent=find.urgent,
    )
    said_hash = hash_of(find.kind, find.words, urgent=find.urgent, has_photo=False)
    found = reports.register(session, said, now, said_hash)
    if found.follow_token is not None:
        reports.make_lead(session, found.report, actor=who.actor, now=now, settings=central.settings)


def _with_photo(  # noqa: PLR0917 - one caller
    session: Session, find: Find, unit_id: str, form_key: str, photo_key: str, now: datetime
) -> None:
    pending = PendingIn(
        origin=Origin.UNIT,
        source=source_of(unit_id),
        external_id=number_of(form_key),
        kind=find.kind,
        words=find.words,
        place=find.place,
        seen_at=now,
        reporter_ref=None,
    )
    said_hash = hash_of(find.kind, find.words, urgent=find.urgent, has_photo=True)
    found = reports.register_pending(session, pending, now, said_hash)
    upload = by_form.upload_of(session, photo_key)
    if found.follow_token is None:
        upload.expires_at = now  # the form came twice: the broom takes the second photo
        return
    found.report.urgent = find.urgent
    session.flush()
    upload.report_id = found.report.id
    enqueue(session, LOOK_THROUGH, found.report.id, now)


def of_unit(session: Session, unit_id: str) -> list[FindOut]:
    """What a unit found, the newest first, with what became of it."""
    return [_shown(session, row) for row in repository.finds(session, source_of(unit_id), _MOST_FINDS)]


def _shown(session: Session, row: Report) -> FindOut:
    lead = session.get(Lead, row.lead_id) if row.lead_id else None
    state = lead.case.state if lead else ReportState(row.state).value
    return FindOut(row.external_id, row.kind, row.received_at, state, row.refusal)
