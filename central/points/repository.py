"""All SQL about points, awards and gifts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import and_, exists, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from central.answers.models import Answer, Outcome
from central.cases.models import Lead
from central.cases.rules import Origin
from central.points.models import (
    ApproverContact,
    Gift,
    GiftMove,
    PictureKey,
    PointsApproval,
    PointsAward,
    PointsDue,
    PointsEntry,
    PointsRules,
    Redemption,
    RedemptionEnd,
)
from central.reports.models import Report
from central.uploads.models import UploadFile

_INDEX_AT_ONCE = 500
_OVERLAP = 2000
"""Numbers before the newest indexed one that are looked at again: units of work commit out of order."""


def rules_in_force(session: Session) -> PointsRules | None:
    """The version of the rules that is in force."""
    return session.scalar(select(PointsRules).order_by(PointsRules.id.desc()).limit(1))


def next_due(session: Session) -> PointsDue | None:
    """A report that waits to be judged, held; what another copy of central holds is left to it."""
    query = select(PointsDue).order_by(PointsDue.answer_id).limit(1).with_for_update(skip_locked=True)
    return session.scalar(query)


def lead(session: Session, lead_id: str) -> Lead | None:
    """A lead."""
    return session.get(Lead, lead_id)


def earlier_leads(session: Session, row: Lead) -> Sequence[Lead]:
    """Leads of people of the same case that came in before, the first one first."""
    before = (Lead.created_at < row.created_at) | ((Lead.created_at == row.created_at) & (Lead.id < row.id))
    query = select(Lead).where(Lead.case_id == row.case_id, Lead.origin != Origin.CAMERA.value, before)
    return session.scalars(query.order_by(Lead.created_at, Lead.id)).all()


def report_of_lead(session: Session, lead_id: str) -> Report | None:
    """The report that a lead was made of."""
    return session.scalar(select(Report).where(Report.lead_id == lead_id))


def award_of_lead(session: Session, lead_id: str) -> PointsAward | None:
    """How a lead was judged."""
    return session.scalar(select(PointsAward).where(PointsAward.lead_id == lead_id))


def award(session: Session, award_id: str) -> PointsAward | None:
    """An award."""
    return session.get(PointsAward, award_id)


def outcome_of(session: Session, lead_id: str) -> str | None:
    """What the newest answer to a lead says became of it."""
    query = select(Answer.outcome).where(Answer.lead_id == lead_id)
    return session.scalar(query.order_by(Answer.id.desc()).limit(1))


def outcome_in(session: Session, answer_id: int) -> str:
    """What an answer says became of a lead."""
    return session.scalars(select(Answer.outcome).where(Answer.id == answer_id)).one()


_outcome = (
    select(Answer.outcome)
    .where(Answer.lead_id == PointsAward.lead_id)
    .order_by(Answer.id.desc())
    .limit(1)
    .scalar_subquery()
)
_declined = exists().where(PointsApproval.award_id == PointsAward.id, PointsApproval.approves.is_(False))
_paid = exists().where(PointsEntry.award_id == PointsAward.id)


def earned_on(session: Session, ref: str, day: date) -> int:
    """Points of somebody's awards for one day but those that were declined."""
    query = select(func.sum(PointsAward.points)).where(
        PointsAward.reporter_ref == ref, PointsAward.day == day, ~_declined
    )
    return session.scalar(query) or 0


class Waiting(NamedTuple):
    """An award that is not decided yet, and what the newest answer says became of its report."""

    award: PointsAward
    outcome: str | None


def awards_waiting(session: Session, limit: int) -> list[Waiting]:
    """Awards that need two and are not decided yet, the oldest first; none of what ended as no case."""
    query = select(PointsAward, _outcome).where(
        PointsAward.needs_two.is_(True), ~_paid, ~_declined, _outcome != Outcome.REJECTED.value
    )
    return [
        Waiting(*row) for row in session.execute(query.order_by(PointsAward.at, PointsAward.id).limit(limit))
    ]


class Judged(NamedTuple):
    """How a lead was judged, the row that paid it, and the last that took that back or gave it again."""

    award: PointsAward
    paid: PointsEntry | None
    last: PointsEntry | None


def awards_of_leads(session: Session, lead_ids: Collection[str]) -> list[Judged]:
    """How some leads were judged, and what became of their points."""
    query = select(PointsAward, PointsEntry).outerjoin(PointsEntry, PointsEntry.award_id == PointsAward.id)
    rows = session.execute(query.where(PointsAward.lead_id.in_(lead_ids))).all()
    ends = ends_of(session, [paid for _award, paid in rows if paid is not None])
    return [Judged(award_row, paid, None if paid is None else ends[paid.id]) for award_row, paid in rows]


def approvals(session: Session, award_ids: Collection[str]) -> Sequence[PointsApproval]:
    """What was said of some awards, in order."""
    query = select(PointsApproval).where(PointsApproval.award_id.in_(award_ids))
    return session.scalars(query.order_by(PointsApproval.at)).all()


def contacts_of(session: Session, user_name: str) -> frozenset[str]:
    """Fingerprints of the numbers and addresses that an approver declared."""
    query = select(ApproverContact.fingerprint).where(ApproverContact.user_name == user_name)
    return frozenset(session.scalars(query))


def last_entry(session: Session, ref: str) -> PointsEntry | None:
    """The newest row of somebody's ledger."""
    query = select(PointsEntry).where(PointsEntry.reporter_ref == ref)
    return session.scalar(query.order_by(PointsEntry.number.desc()).limit(1))


def entries(session: Session, ref: str, before: int | None, limit: int) -> Sequence[PointsEntry]:
    """Somebody's ledger, the newest row first, from before a row's number on."""
    query = select(PointsEntry).where(PointsEntry.reporter_ref == ref)
    if before is not None:
        query = query.where(PointsEntry.number < before)
    return session.scalars(query.order_by(PointsEntry.number.desc()).limit(limit)).all()


class Paid(NamedTuple):
    """An award that was paid, and whether it is taken back."""

    entry: PointsEntry
    award: PointsAward
    reversed: bool


def paid_lately(session: Session, limit: int) -> list[Paid]:
    """Awards that were paid, the newest first."""
    query = (
        select(PointsEntry, PointsAward)
        .join(PointsAward, PointsAward.id == PointsEntry.award_id)
        .order_by(PointsEntry.id.desc())
    )
    rows = session.execute(query.limit(limit)).all()
    ends = ends_of(session, [paid for paid, _award in rows])
    return [Paid(paid, award_row, ends[paid.id].points < 0) for paid, award_row in rows]


def ends_of(session: Session, rows: Collection[PointsEntry]) -> dict[int, PointsEntry]:
    """By the id of each of some rows: itself, or the last that took back the one before, and so on."""
    ends = {row.id: row for row in rows}
    while ends:
        starts = {row.id: start for start, row in ends.items()}
        found = session.scalars(select(PointsEntry).where(PointsEntry.reverses.in_(starts))).all()
        if not found:
            break
        ends |= {starts[row.reverses]: row for row in found if row.reverses is not None}
    return ends


def entry(session: Session, entry_id: int) -> PointsEntry | None:
    """A row of a ledger."""
    return session.get(PointsEntry, entry_id)


def entry_of_award(session: Session, award_id: str) -> PointsEntry | None:
    """The row by which an award was paid."""
    return session.scalar(select(PointsEntry).where(PointsEntry.award_id == award_id))


def entry_of_redemption(session: Session, redemption_id: str) -> PointsEntry | None:
    """The row by which a redemption was paid."""
    return session.scalar(select(PointsEntry).where(PointsEntry.redemption_id == redemption_id))


def gift(session: Session, gift_id: str) -> Gift | None:
    """A gift, held."""
    query = select(Gift).where(Gift.id == gift_id).with_for_update()
    return session.scalar(query.execution_options(populate_existing=True))


def keep_gift(session: Session, row: Gift) -> bool:
    """Write a gift; False when another unit of work made one of that name at this moment."""
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return False
    return True


class GiftNow(NamedTuple):
    """A gift, and how many pieces there are."""

    gift: Gift
    stock: int


def gifts(session: Session, *, offered_only: bool) -> list[GiftNow]:
    """The catalogue, what costs least first."""
    newest = (
        select(GiftMove.gift_id, func.max(GiftMove.number).label("number")).group_by(GiftMove.gift_id)
    ).subquery()
    move = aliased(GiftMove)
    query = (
        select(Gift, func.coalesce(move.stock, 0))
        .outerjoin(newest, newest.c.gift_id == Gift.id)
        .outerjoin(move, and_(move.gift_id == newest.c.gift_id, move.number == newest.c.number))
        .order_by(Gift.points, Gift.id)
    )
    if offered_only:
        query = query.where(Gift.offered.is_(True))
    return [GiftNow(*row) for row in session.execute(query)]


def last_move(session: Session, gift_id: str) -> GiftMove | None:
    """The newest row of a gift's stock."""
    query = select(GiftMove).where(GiftMove.gift_id == gift_id)
    return session.scalar(query.order_by(GiftMove.number.desc()).limit(1))


def redemption(session: Session, redemption_id: str) -> Redemption | None:
    """A redemption, held."""
    return session.scalar(select(Redemption).where(Redemption.id == redemption_id).with_for_update())


def redemption_known(session: Session, redemption_id: str) -> Redemption | None:
    """A redemption, to be looked at."""
    return session.get(Redemption, redemption_id)


def redemption_by_key(session: Session, ref: str, key: str) -> Redemption | None:
    """The redemption that a client's wish became."""
    query = select(Redemption).where(Redemption.reporter_ref == ref, Redemption.idempotency_key == key)
    return session.scalar(query)


def redemption_by_pickup(session: Session, pickup_hash: str) -> Redemption | None:
    """The redemption that a pick-up code is of, held."""
    query = select(Redemption).where(Redemption.pickup_hash == pickup_hash).with_for_update()
    return session.scalar(query)


def redemption_end(session: Session, redemption_id: str) -> RedemptionEnd | None:
    """How a redemption ended."""
    return session.get(RedemptionEnd, redemption_id)


class RedemptionNow(NamedTuple):
    """A redemption with its gift, and how it ended if it did."""

    redemption: Redemption
    gift: Gift
    end: RedemptionEnd | None


def redemption_now(session: Session, redemption_id: str) -> RedemptionNow:
    """A redemption that is there, with how it stands."""
    query = (
        select(Redemption, Gift, RedemptionEnd)
        .join(Gift, Gift.id == Redemption.gift_id)
        .outerjoin(RedemptionEnd, RedemptionEnd.redemption_id == Redemption.id)
        .where(Redemption.id == redemption_id)
    )
    return RedemptionNow(*session.execute(query).one())


def redemptions_of(session: Session, ref: str, limit: int) -> list[RedemptionNow]:
    """Somebody's redemptions, the newest first."""
    query = (
        select(Redemption, Gift, RedemptionEnd)
        .join(Gift, Gift.id == Redemption.gift_id)
        .outerjoin(RedemptionEnd, RedemptionEnd.redemption_id == Redemption.id)
        .where(Redemption.reporter_ref == ref)
        .order_by(Redemption.at.desc(), Redemption.id)
    )
    return [RedemptionNow(*row) for row in session.execute(query.limit(limit))]


def open_redemptions(session: Session, ref: str) -> Sequence[Redemption]:
    """Somebody's redemptions that wait to be picked up, by gift."""
    ended = exists().where(RedemptionEnd.redemption_id == Redemption.id)
    query = select(Redemption).where(Redemption.reporter_ref == ref, ~ended)
    return session.scalars(query.order_by(Redemption.gift_id, Redemption.id)).all()


def pictures_not_indexed(session: Session) -> Sequence[tuple[int, str]]:
    """Pictures that cannot be found by likeness yet, with their perceptual hashes."""
    newest = session.scalar(select(func.max(PictureKey.picture_id))) or 0
    query = (
        select(UploadFile.id, UploadFile.phash)
        .where(UploadFile.id > newest - _OVERLAP, UploadFile.phash.is_not(None))
        .where(~exists().where(PictureKey.picture_id == UploadFile.id))
        .order_by(UploadFile.id)
        .limit(_INDEX_AT_ONCE)
    )
    return [(picture_id, phash) for picture_id, phash in session.execute(query) if phash is not None]


def reports_with_bytes(session: Session, hashes: Collection[str], *, before: str) -> Sequence[str]:
    """Reports before another one that had one of these files, the earliest first."""
    query = select(UploadFile.report_id).where(UploadFile.sha256.in_(hashes), UploadFile.report_id < before)
    return session.scalars(query.distinct().order_by(UploadFile.report_id)).all()


def pictures_by_keys(session: Session, keys: Collection[int], *, before: str) -> Sequence[tuple[str, str]]:
    """Reports before another one with a picture that has one of these keys, and its perceptual hash."""
    query = (
        select(UploadFile.report_id, UploadFile.phash)
        .join(PictureKey, PictureKey.picture_id == UploadFile.id)
        .where(PictureKey.key.in_(keys), UploadFile.report_id < before)
        .distinct()
    )
    return [(report_id, phash) for report_id, phash in session.execute(query) if phash is not None]
