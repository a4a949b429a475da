"""Somebody's points: rows that stay as they were written, none of which leaves less than nothing."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus

from sqlalchemy.orm import Session

from central.points import repository
from central.points.models import PointsEntry
from central.problems import Problem, not_found
from central.reporters import repository as reporters
from central.reporters.models import Reporter


def balance_of(session: Session, ref: str) -> int:
    """What somebody has."""
    last = repository.last_entry(session, ref)
    return last.balance if last else 0


def hold(session: Session, ref: str) -> Reporter:
    """Hold somebody's ledger until the unit of work ends: whoever writes into it does so first.

    Raises:
        Problem: 404 nobody, or an account that was deleted.
    """
    found = reporters.reporter(session, ref, lock=True)
    if found is None or found.deleted_at is not None:
        raise not_found("such account")
    return found


def write(
    session: Session,
    ref: str,
    points: int,
    kind: str,
    *,
    actor: str,
    now: datetime,
    award_id: str | None = None,
    redemption_id: str | None = None,
    reverses: int | None = None,
    reason: str | None = None,
) -> PointsEntry:
    """Write a row into a ledger that is held.

    Raises:
        Problem: 409 when it would leave less than nothing.
    """
    last = repository.last_entry(session, ref)
    number, balance = (last.number + 1, last.balance + points) if last else (1, points)
    if balance < 0:
        raise Problem(
            HTTPStatus.CONFLICT,
            "not-enough-points",
            f"this takes {-points} points; there are {balance - points}",
        )
    row = PointsEntry(
        reporter_ref=ref,
        number=number,
        kind=kind,
        points=points,
        balance=balance,
        award_id=award_id,
        redemption_id=redemption_id,
        reverses=reverses,
        reason=reason,
        actor=actor,
        at=now,
    )
    session.add(row)
    session.flush()
    return row


def reverse(session: Session, row: PointsEntry, *, actor: str, now: datetime, reason: str) -> PointsEntry:
    """Take back a row of a ledger that is held, by another one.

    Raises:
        Problem: 409 when it would leave less than nothing.
    """
    return write(
        session,
        row.reporter_ref,
        -row.points,
        "reversal",
        actor=actor,
        now=now,
        reverses=row.id,
        reason=reason,
    )
