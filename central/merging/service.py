"""What people do about merging: accept or dismiss a suggestion, and take a lead out of a case again.

Everything goes through a rule and into the log of both cases, in a unit of work with ``ordered=True``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from central.cases import repository as cases
from central.cases.arrivals import Arrival
from central.cases.corrected import as_put_right, columns_of, take_out_of
from central.cases.desk import Desk
from central.cases.drafting import words_of
from central.cases.groups import group_of
from central.cases.models import Case
from central.cases.rules import OVER, CaseState, progress
from central.cases.schemas import CaseDetail
from central.cases.service import for_change, move, note_in_log
from central.custody.holds import follow
from central.escalation.ending import end
from central.merging import repository
from central.merging.intake import key_of
from central.merging.models import MergeSuggestion
from central.merging.schemas import SuggestionOut
from central.merging.settings import MergingSettings
from central.people.permissions import Permission
from central.people.service import Principal
from central.problems import Problem, not_found
from central.rechecks.again import heed
from central.tickets.urgency import hurry


def list_suggestions(
    session: Session,
    *,
    state: str = "open",
    case_id: str | None = None,
    before: int | None = None,
    limit: int = 100,
    areas: frozenset[str] | None = None,
) -> list[SuggestionOut]:
    """Suggestions in a state, the newest first, below number ``before``; of one case where that is named.

    ``areas``: only those of which both cases lie there.
    """
    found = repository.suggestions(
        session, state=state, case_id=case_id, before=before, limit=limit, areas=areas
    )
    waiting = {each for row in found if row.state == "open" for each in (row.case_id, row.into_case_id)}
    states = repository.states(session, waiting)
    return [SuggestionOut.of(row, _stays(row, states)) for row in found]


def _stays(row: MergeSuggestion, states: Mapping[str, str]) -> str | None:
    """Which of the two stays if somebody says now that they are one."""
    both = [(each, states.get(each, CaseState.CLOSED)) for each in (row.case_id, row.into_case_id)]
    return None if any(CaseState(state) in OVER for _id, state in both) else one_stays(both)[0]


def accept(
    session: Session,
    case_id: str,
    suggestion_id: int,
    *,
    who: Principal,
    version: int,
    now: datetime,
    zone: ZoneInfo,
) -> CaseDetail:
    """They are one: one case goes into the other, with its leads; its tickets are voided.

    Which one goes is :func:`one_stays`' to say, so that no work is lost that is going on or done.

    Returns:
        The case that stays.

    Raises:
        Problem: 404 absent, 403 no permission, 412 changed since ``version``, 409 decided or over.
    """
    asked = for_change(session, case_id, version)
    suggestion = _open_suggestion(session, asked, suggestion_id, who)
    both = [_held(session, each) for each in (suggestion.case_id, suggestion.into_case_id)]
    for row in both:
        if CaseState(row.state) in OVER:
            raise Problem(HTTPStatus.CONFLICT, "wrong-state", f"case {row.id} is {row.state}")
    stays, goes = one_stays((row.id, row.state) for row in both)
    kept, gone = sorted(both, key=lambda row: row.id != stays)
    suggestion.case_id, suggestion.into_case_id = goes, stays
    leads = list(gone.leads)
    ids = [lead.id for lead in leads]
    repository.move_leads(session, ids, kept.id)
    told = {"into": kept.id, "leads": ids, "score": suggestion.score, "parts": suggestion.parts}
    move(session, gone, "merge", who, now, note=f"the same as case {kept.id}", detail=told)
    gone.merged_into = kept.id
    for ticket in gone.tickets:
        end(session, ticket, who.actor, now, f"the case was merged into case {kept.id}")
    for lead in leads:
        lead.case_id = kept.id
    hurries = gone.urgent and not kept.urgent
    kept.urgent = kept.urgent or gone.urgent
    told = {"from": gone.id, "leads": ids}
    note_in_log(session, kept, "merge_case", who.actor, now, from_state=kept.state, detail=told)
    if hurries:
        hurry(session, kept, who.actor, now, zone)
    follow(session, gone, kept, now)
    session.flush()
    session.expire(kept, ["leads"])
    for lead_id in ids:
        heed(session, kept, lead_id, who.actor, now)
    _decide(suggestion, "accepted", who, now)
    return _shown(session, gone, kept)


def one_stays(both: Iterable[tuple[str, str]]) -> tuple[str, str]:
    """Of two open cases, by number and state, the number of the one that stays, and of the one that goes.

    The one whose work is farther along stays; of two that are as far, the older.
    """
    stays, goes = sorted(both, key=lambda row: (-progress(CaseState(row[1])), row[0]))
    return stays[0], goes[0]


def merge_by_hand(
    session: Session,
    case_id: str,
    other_id: str,
    *,
    who: Principal,
    version: int,
    now: datetime,
    zone: ZoneInfo,
) -> CaseDetail:
    """Somebody knows that two cases are one, whatever was suggested; from here on as :func:`accept`.

    Raises:
        Problem: as of :func:`accept`; 409 also when they are of two kinds, or one and the same.
    """
    asked = for_change(session, case_id, version)
    _permit(who)
    other = cases.case(session, other_id, lock=True)
    if other is None or not who.sees(other.area_id):
        raise not_found(f"case {other_id}")
    if other.id == asked.id or other.kind != asked.kind:
        what = "this is one case" if other.id == asked.id else f"one is {asked.kind}, the other {other.kind}"
        raise Problem(HTTPStatus.CONFLICT, "not-alike", f"{what}; two cases of one kind can be merged")
    older, younger = sorted((asked, other), key=lambda row: row.id)
    found = repository.between(session, younger.id, older.id)
    if found is None:
        found = MergeSuggestion(
            case_id=younger.id,
            into_case_id=older.id,
            score=0.0,
            parts={"by_hand": True},
            state="open",
            created_at=now,
        )
        session.add(found)
    found.case_id, found.into_case_id, found.state = younger.id, older.id, "open"
    session.flush()
    return accept(session, case_id, found.id, who=who, version=version, now=now, zone=zone)


def dismiss(
    session: Session, case_id: str, suggestion_id: int, *, who: Principal, version: int, now: datetime
) -> CaseDetail:
    """They are two.

    Raises:
        Problem: 404 absent, 403 no permission, 412 changed since ``version``, 409 decided.
    """
    asked = for_change(session, case_id, version)
    suggestion = _open_suggestion(session, asked, suggestion_id, who)
    _permit(who)
    for each in (suggestion.case_id, suggestion.into_case_id):
        row = _held(session, each)
        detail = {"suggestion": suggestion.id, "score": suggestion.score}
        note_in_log(
            session,
            row,
            "dismiss_merge",
            who.actor,
            now,
            from_state=row.state,
            detail=detail,
            material=False,
        )
    _decide(suggestion, "dismissed", who, now)
    return _shown(session, asked)


def split(
    session: Session,
    case_id: str,
    lead_id: str,
    *,
    who: Principal,
    version: int,
    now: datetime,
    zone: ZoneInfo,
    settings: MergingSettings,
) -> CaseDetail:
    """A lead is none of this case: it gets a case of its own, with a ticket drafted.

    Returns:
        The new case.

    Raises:
        Problem: 404 absent, 403 no permission, 412 changed since ``version``, 409 the case is over, or the
            lead is the one that made it: then the others are to be taken out.
    """
    row = for_change(session, case_id, version)
    _permit(who)
    lead = next((each for each in row.leads if each.id == lead_id), None)
    if lead is None:
        raise not_found(f"lead {lead_id} of case {case_id}")
    if CaseState(row.state) in OVER:
        raise Problem(
            HTTPStatus.CONFLICT, "wrong-state", f"the case is {row.state}; nothing can be taken out"
        )
    group = group_of(lead)
    if group == row.open_group or len(row.leads) < 2:
        raise Problem(HTTPStatus.CONFLICT, "founder", "this lead made the case; take out the others instead")
    desk = Desk.opened(session, now, zone, settings)
    take_out_of(lead, row.id)
    columns = columns_of(lead)
    detail = {"lead_id": lead.id, "split_from": row.id}
    new = desk.draft(Arrival(group, who.actor, words_of(lead, zone), as_put_right(columns), detail))
    desk.write(session)
    lead.case_id = new.id
    was_urgent, others = row.urgent, (each for each in row.leads if each is not lead)
    row.urgent = was_urgent and any(as_put_right(columns_of(each))["urgent"] for each in others)
    told: dict[str, Any] = {"lead_id": lead.id, "into": new.id}
    if row.urgent != was_urgent:
        told["changed"] = {"urgent": [was_urgent, row.urgent]}
    note_in_log(session, row, "split_lead", who.actor, now, from_state=row.state, detail=told)
    session.flush()
    repository.move_leads(session, [lead.id], new.id)
    repository.place_leads(session, {lead.id: key_of(columns)})
    follow(session, row, _held(session, new.id), now)
    if repository.between(session, new.id, row.id) is None:
        session.add(
            MergeSuggestion(
                case_id=new.id,
                into_case_id=row.id,
                score=0.0,
                parts={},
                state="dismissed",
                created_at=now,
                decided_at=now,
                decided_by=who.actor,
            )
        )
    return _shown(session, row, _held(session, new.id))


def _permit(who: Principal) -> None:
    if not who.may(Permission.CASE_MERGE):
        raise Problem(HTTPStatus.FORBIDDEN, "permission", f"merging is not for {who.name} to do")


def _open_suggestion(session: Session, asked: Case, suggestion_id: int, who: Principal) -> MergeSuggestion:
    found = repository.suggestion(session, suggestion_id)
    of_it = found is not None and asked.id in {found.case_id, found.into_case_id}
    if found is None or not of_it or not _sees_both(session, found, who):
        raise not_found(f"suggestion {suggestion_id} of case {asked.id}")
    if found.state != "open":
        raise Problem(HTTPStatus.CONFLICT, "decided", f"this suggestion is {found.state} already")
    return found


def _sees_both(session: Session, found: MergeSuggestion, who: Principal) -> bool:
    if who.areas is None:
        return True
    both = (cases.case(session, each) for each in (found.case_id, found.into_case_id))
    return all(row is not None and who.sees(row.area_id) for row in both)


def _held(session: Session, case_id: str) -> Case:
    row = cases.case(session, case_id, lock=True)
    assert row is not None  # a foreign key names it
    return row


def _decide(suggestion: MergeSuggestion, state: str, who: Principal, now: datetime) -> None:
    suggestion.state, suggestion.decided_by, suggestion.decided_at = state, who.actor, now


def _shown(session: Session, *touched: Case) -> CaseDetail:
    """The last of them, as it now stands in the database."""
    session.flush()
    for row in touched:
        session.expire(row)
    return CaseDetail.of(touched[-1], cases.files_here(session, [touched[-1]]))
