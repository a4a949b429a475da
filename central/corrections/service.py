"""An operator corrects a case in review; its draft is made anew by the duty list.

What leads said stays, and merging goes by the correction.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from http import HTTPStatus
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from central.areas.coverage import check_covered
from central.areas.reach import ELSEWHERE, reach_of
from central.cases import repository as cases
from central.cases.corrected import columns_of, correct_leads
from central.cases.drafting import words_of
from central.cases.groups import group_of
from central.cases.models import Case, Lead
from central.cases.rules import CaseState
from central.cases.schemas import CaseDetail
from central.cases.service import for_change, note_in_log
from central.corrections.schemas import CorrectionIn
from central.duty.matter import check_known
from central.duty.service import duty_book
from central.merging import repository as merging
from central.merging.intake import key_of
from central.merging.settings import MergingSettings
from central.people.permissions import Permission
from central.people.service import Principal
from central.problems import Problem
from central.reopening import around
from central.tickets.dispatch import draft_now
from kerbwatch.place import Position


def correct(
    session: Session,
    case_id: str,
    said: CorrectionIn,
    *,
    who: Principal,
    version: int,
    now: datetime,
    zone: ZoneInfo,
    settings: MergingSettings,
) -> CaseDetail:
    """Correct kind, place or urgency of a case that is in review. Needs ``ordered=True``.

    Raises:
        Problem: 404 absent, 403 no permission, 412 changed since ``version``, 409 not in review any more, or
            it is so already, 422 the place lies outside the city, 403 also for one outside the areas to which
            they are limited.
    """
    row = for_change(session, case_id, version)
    if not who.may(Permission.CASE_FILE):
        raise Problem(HTTPStatus.FORBIDDEN, "permission", f"correcting is not for {who.name} to do")
    if row.state != CaseState.REVIEWING:
        detail = f"only a case in review is corrected; this one is {row.state}"
        raise Problem(HTTPStatus.CONFLICT, "wrong-state", detail)
    book = duty_book(session, now)
    if said.kind is not None:
        check_known(book, said.kind)
    if said.lon is not None and said.lat is not None:
        check_covered(book.areas, said.lon, said.lat)
        reach = reach_of(session, who.areas, now)
        if reach is not None and not reach.covers(said.lon, said.lat):
            raise Problem(HTTPStatus.FORBIDDEN, "area", ELSEWHERE)
    told = _otherwise(row, said)
    if not told:
        raise Problem(HTTPStatus.CONFLICT, "nothing-new", "the case says so already")
    for name, (_before, value) in told.items():
        setattr(row, name, value)
    area = book.assign(row.kind, Position(row.lon, row.lat)).area
    row.area_id, row.area_name = (area.id, area.name) if area else (None, None)
    note_in_log(
        session,
        row,
        "correct",
        who.actor,
        now,
        from_state=row.state,
        note=said.reason,
        detail={"changed": told},
    )
    correct_leads(row.leads, row.id, {name: getattr(row, name) for name in _whole(told)})
    words = words_of(_founder(row), zone, book) if told.keys() & {"kind", "urgent"} else None
    draft_now(session, row, words, book=book, actor=who.actor, now=now, zone=zone)
    session.flush()
    if told.keys() & {"kind", "lon", "lat"}:
        _put_elsewhere(session, row, who, now, zone, settings)
    return CaseDetail.of(row, cases.files_here(session, [row]))


def _otherwise(row: Case, said: CorrectionIn) -> dict[str, list[Any]]:
    """By field what a case says, and what it is to say."""
    wanted = {"kind": said.kind, "lon": said.lon, "lat": said.lat, "urgent": said.urgent}
    return {
        name: [getattr(row, name), value]
        for name, value in wanted.items()
        if value is not None and getattr(row, name) != value
    }


def _founder(row: Case) -> Lead:
    """The lead whose words the ticket says: the one that made the case."""
    return next((lead for lead in row.leads if group_of(lead) == row.open_group), row.leads[0])


def _whole(told: Collection[str]) -> set[str]:
    """Fields that are otherwise; of a place both, since each lead may have one of its own."""
    return {*told, "lon", "lat"} if {"lon", "lat"} & set(told) else set(told)


def _put_elsewhere(  # noqa: PLR0917 - one step of the above
    session: Session, row: Case, who: Principal, now: datetime, zone: ZoneInfo, settings: MergingSettings
) -> None:
    """It is of another kind or elsewhere: new leads find it so, and what it may be the same as is asked."""
    merging.place_leads(session, {lead.id: key_of(columns_of(lead)) for lead in row.leads})
    merging.lapse(session, row.id)
    around.ask(session, row, who.actor, now, zone, settings)
    session.flush()
