"""Verified reports become points: judged once, approved by two where they are many, taken back by a row.

A report is judged when its case was closed as dealt with: only then it is settled whether it was true and,
with all merging done, who reported it first.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.orm import Session

from central.answers.models import Outcome
from central.cases.models import Lead
from central.people.permissions import Permission
from central.people.service import Principal
from central.points import again, ledger, repository
from central.points.likeness import copied_report, index_new
from central.points.models import (
    ApproverContact,
    PointsApproval,
    PointsAward,
    PointsEntry,
    PointsRules,
    Why,
)
from central.points.rules import PointsFile, judge
from central.points.schemas import AwardOut
from central.preconditions import check_version
from central.problems import Problem, not_found
from central.reporters import repository as reporters
from kerbwatch.ids import new_id
from kerbwatch.settings import load_settings

log = structlog.get_logger(__name__)

APPROVALS_NEEDED = 2


def import_rules(session: Session, path: Path, actor: str, now: datetime) -> bool:
    """Put the rules of a file in force; False when they are already. Raises SettingsError."""
    return put_in_force(session, load_settings(path, PointsFile), actor, now)


def put_in_force(session: Session, file: PointsFile, actor: str, now: datetime) -> bool:
    """Judge by these rules from now on; what was judged stays. False when they are in force already."""
    sha256 = hashlib.sha256(file.model_dump_json().encode()).hexdigest()
    found = repository.rules_in_force(session)
    if found and found.sha256 == sha256:
        return False
    document = file.model_dump(mode="json")
    session.add(PointsRules(sha256=sha256, document=document, in_force_since=now, actor=actor))
    session.flush()
    log.info("points_rules_in_force", rules=len(file.rules), actor=actor)
    return True


def settle_next(session: Session, zone: ZoneInfo, now: datetime) -> Why | None:
    """Judge one report that waits for it, in a unit of work of its own; None when none waits.

    What was judged before stays; what was paid for it follows how its case ended this time
    (:mod:`central.points.again`). Without rules in force nothing is awarded, neither now nor later. Raises
    nothing for an account that was deleted: it gets nothing.
    """
    while (due := repository.next_due(session)) is not None:
        lead, version = repository.lead(session, due.lead_id), repository.rules_in_force(session)
        session.delete(due)
        session.flush()
        if lead is None or lead.reporter_ref is None:
            continue
        who = reporters.reporter(session, lead.reporter_ref, lock=True)
        if who is None or who.deleted_at is not None:
            continue
        outcome = Outcome(repository.outcome_in(session, due.answer_id))
        judged = repository.award_of_lead(session, lead.id)
        if judged is not None:
            again.follow(session, judged, outcome, now)
            continue
        if version is None or outcome is not Outcome.HANDLED:
            continue
        award = _judged(session, lead, lead.reporter_ref, version, zone, now)
        session.add(award)
        session.flush()
        if award.points and not award.needs_two:
            _pay(session, award, again.SYSTEM, now)
        return Why(award.why)
    return None


def _judged(  # noqa: PLR0917 - one step of the above
    session: Session, lead: Lead, ref: str, version: PointsRules, zone: ZoneInfo, now: datetime
) -> PointsAward:
    rules = PointsFile.model_validate(version.document)
    while index_new(session):
        pass
    copied = _copied(session, lead, rules)
    earlier = repository.earlier_leads(session, lead)
    day = lead.created_at.astimezone(zone).date()
    found = judge(
        rules,
        kind=lead.kind,
        channel=lead.origin,
        first=all(_copied(session, each, rules) for each in earlier),
        copied=copied is not None,
        earned_that_day=repository.earned_on(session, ref, day),
    )
    return PointsAward(
        id=new_id(),
        lead_id=lead.id,
        case_id=lead.case_id,
        reporter_ref=ref,
        rules_id=version.id,
        points=found.points,
        why=found.why.value,
        copied_report_id=copied,
        needs_two=found.needs_two,
        day=day,
        at=now,
    )


def _copied(session: Session, lead: Lead, rules: PointsFile) -> str | None:
    """The report whose pictures a lead repeats. Whoever sends a copy is not the first to report anything."""
    report = repository.report_of_lead(session, lead.id)
    return copied_report(session, report.id, rules.copy_bits) if report else None


def _pay(session: Session, award: PointsAward, actor: str, now: datetime) -> PointsEntry:
    return ledger.write(
        session, award.reporter_ref, award.points, "award", actor=actor, now=now, award_id=award.id
    )


def declare_contact(session: Session, who: Principal, fingerprint: str, now: datetime) -> None:
    """An approver names a number or address of their own, of which a fingerprint is kept.

    Raises:
        Problem: 403 no permission.
    """
    _permit(who, Permission.POINTS_APPROVE)
    if fingerprint in repository.contacts_of(session, who.name):
        return
    session.add(ApproverContact(user_name=who.name, fingerprint=fingerprint, declared_at=now))


def waiting(session: Session, limit: int) -> list[AwardOut]:
    """Awards that need two and are not decided, the oldest first."""
    rows = repository.awards_waiting(session, limit)
    said = repository.approvals(session, [row.id for row, _outcome in rows])
    return [
        AwardOut.of(
            row,
            tuple(each.actor for each in said if each.award_id == row.id),
            open_again=outcome != Outcome.HANDLED,
        )
        for row, outcome in rows
    ]


def decide(
    session: Session,
    award_id: str,
    *,
    approves: bool,
    who: Principal,
    version: int,
    note: str | None,
    now: datetime,
) -> PointsAward:
    """One of two says what they think of an award: the second approval pays it, one refusal ends it.

    Raises:
        Problem: 403 no permission, no contact declared, their own report, or the same person as the first;
            404 absent; 412 somebody said something since ``version``; 409 decided, or said already, or the
            report's case was opened again; 422 a refusal without a note.
    """
    _permit(who, Permission.POINTS_APPROVE)
    award = repository.award(session, award_id)
    if award is None or not award.needs_two:
        raise not_found(f"award {award_id} that needs approval")
    ledger.hold(session, award.reporter_ref)
    said = repository.approvals(session, [award_id])
    approved = [each for each in said if each.approves]
    check_version(version, 1 + len(said), "the award")
    if len(approved) >= APPROVALS_NEEDED or len(approved) < len(said):
        raise Problem(HTTPStatus.CONFLICT, "decided", "this award is decided already")
    again.check_ended(session, award)
    if any(each.actor == who.actor for each in said):
        raise Problem(HTTPStatus.CONFLICT, "same-person", "you have approved it; another person must as well")
    if not approves and not (note or "").strip():
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "note", "say why it is refused")
    _check_apart(session, award, who, [each.actor for each in approved])
    session.add(PointsApproval(award_id=award_id, actor=who.actor, approves=approves, note=note, at=now))
    session.flush()
    if approves and len(approved) + 1 == APPROVALS_NEEDED:
        _pay(session, award, who.actor, now)
    log.info("award_decided", award=award_id, actor=who.actor, approves=approves)
    return award


def _check_apart(session: Session, award: PointsAward, who: Principal, others: list[str]) -> None:
    """Raises Problem 403 when the approver is the reporter, or the other approver, under another name."""
    own = repository.contacts_of(session, who.name)
    if not own:
        raise Problem(
            HTTPStatus.FORBIDDEN,
            "contact-needed",
            "declare your own phone number or e-mail address first; a fingerprint of it is kept, so that "
            "nobody approves what they reported",
        )
    reporter = reporters.identity(session, award.reporter_ref)
    if reporter is None or reporter.fingerprint in own:
        raise Problem(HTTPStatus.FORBIDDEN, "own-report", "this is a report of your own")
    for other in others:
        if own & repository.contacts_of(session, other.partition(":")[2]):
            raise Problem(
                HTTPStatus.FORBIDDEN, "same-person", "the first approval came from the same phone or address"
            )


def reverse(session: Session, entry_id: int, *, who: Principal, reason: str, now: datetime) -> PointsEntry:
    """Take an award back, by a row.

    Raises:
        Problem: 403 no permission, 404 absent, 409 no award, taken back already, or spent, 422 no reason.
    """
    _permit(who, Permission.POINTS_MANAGE)
    found = repository.entry(session, entry_id)
    if found is None:
        raise not_found(f"entry {entry_id}")
    if found.kind != "award":
        raise Problem(
            HTTPStatus.CONFLICT,
            "not-an-award",
            f"entry {entry_id} is a {found.kind}; cancel a redemption instead",
        )
    if not reason.strip():
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "reason", "say why it is taken back")
    ledger.hold(session, found.reporter_ref)
    last = repository.ends_of(session, [found])[entry_id]
    if last.points < 0:
        raise Problem(HTTPStatus.CONFLICT, "reversed", f"entry {entry_id} was taken back already")
    return ledger.reverse(session, last, actor=who.actor, now=now, reason=reason.strip())


def _permit(who: Principal, permission: Permission) -> None:
    if not who.may(permission):
        raise Problem(HTTPStatus.FORBIDDEN, "permission", f"this needs the permission '{permission.value}'")
