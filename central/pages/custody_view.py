"""What custody knows of a case, as its page shows it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from central.custody.chain import EntryKind
from central.custody.schemas import CaseCustodyOut
from central.media.models import MediaFile
from central.pages.case_view import CaseView
from central.pages.shots import Shot
from central.pages.texts import t
from central.people.permissions import Permission
from central.people.service import Principal

_MOST = 12


@dataclass(frozen=True, slots=True)
class Line:
    """Something that happened, and by whom."""

    at: datetime
    text: str
    actor: str
    note: str


@dataclass(frozen=True, slots=True)
class CustodyView:
    """A case's custody.

    Attributes:
        held: what is said of the hold that stands; empty where none does.
        can_hold: whether whoever looks may set a hold, or lift the one that stands.
        lines: looks, holds and deletions, the newest first.
        numbers: of the chain's entries about the case.
    """

    held: str
    can_hold: bool
    lines: tuple[Line, ...]
    numbers: str


def custody_of(found: CaseCustodyOut, who: Principal, zone: ZoneInfo) -> CustodyView:
    """Put into words."""
    standing = next((hold for hold in found.holds if hold.lifted_at is None), None)
    lines = [Line(look.at, t("custody.looked"), _name(look.actor), look.reason) for look in found.looks]
    deleted: Counter[tuple[datetime, str]] = Counter()
    for entry in found.entries:
        rule, reason = str(entry.payload.get("rule", "")), str(entry.payload.get("reason", ""))
        if entry.kind == EntryKind.FILE_DELETED:
            deleted[entry.at, rule] += 1
        elif entry.kind == EntryKind.LEAD_ANONYMISED:
            lines.append(Line(entry.at, t("custody.anonymised", rule=rule), "", ""))
        elif entry.kind in {EntryKind.HOLD_SET, EntryKind.HOLD_LIFTED}:
            lines.append(Line(entry.at, t(f"custody.{entry.kind}"), _name(entry.actor), reason))
    for (at, rule), count in deleted.items():
        lines.append(Line(at, t("custody.files_deleted", rule=rule, count=count), "", ""))
    lines.sort(key=lambda line: line.at, reverse=True)
    numbers = [str(entry.number) for entry in found.entries[:_MOST]]
    return CustodyView(
        held=t("custody.held_since", day=_day(standing.set_at, zone), reason=standing.reason)
        if standing
        else "",
        can_hold=who.may(Permission.HOLD_MANAGE),
        lines=tuple(lines[:_MOST]),
        numbers=", ".join(reversed(numbers)),
    )


def with_deleted(case: CaseView, gone: Mapping[str, str]) -> CaseView:
    """A case whose deleted pictures and clips say so; ``gone`` are the words for each, by hash."""
    if not gone:
        return case
    by_key = {sha256[:16]: words for sha256, words in gone.items()}

    def shown(shot: Shot) -> Shot:
        words = by_key.get(shot.key.rpartition("-")[2])
        return replace(shot, url=None, waiting=words, original=None) if words else shot

    return replace(case, pictures=tuple(map(shown, case.pictures)), clips=tuple(map(shown, case.clips)))


def deleted_words(files: Mapping[str, MediaFile], zone: ZoneInfo) -> dict[str, str]:
    """For each deleted file of a case what stands in its place."""
    return {
        sha256: t("custody.deleted", day=_day(row.deleted_at, zone), rule=row.deletion_rule or "")
        for sha256, row in files.items()
        if row.deleted_at is not None
    }


def _day(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d}"


def _name(actor: str) -> str:
    return actor.partition(":")[2] or actor
