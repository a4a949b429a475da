"""Walks everything that custody vouches for and says what is not as it was written.

Works on one state of the database while central goes on. It trusts the public half of central's own key, and
those that are handed in; a key that signed before is accepted where the chain names it and a trusted key has
signed over that.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from central.cases.models import CaseEvent
from central.custody import repository
from central.custody.chain import GENESIS, EntryKind, hash_of
from central.custody.findings import Outcome
from central.custody.keys import PublicKey
from central.custody.models import CustodyEntry
from central.custody.sealing import COVERED, sealed_to
from central.custody.signing import Head
from central.custody.verifying_files import FileChecker, check_books
from central.custody.verifying_heads import HeadsToCheck, OutsideHeads, check_heads
from central.custody.verifying_holds import check_holds
from central.custody.verifying_rows import RowChecker
from central.database import Base, Database
from central.media.store import MediaStore

Progress = Callable[[str], None]
"""Hears from time to time how far it is."""

_PAGE_ENTRIES = 1000


@dataclass(frozen=True, slots=True)
class What:
    """What is to be verified.

    Attributes:
        trusted: public keys that need no other's word.
        outside: signed heads that were kept elsewhere.
        since: only what is of this instant or later; None for everything.
        files: whether every kept file is read.
        there_by: what was signed before this instant is to be with the heads that were kept elsewhere; None:
            these may be as old as they like, as those that an auditor keeps.
    """

    trusted: Sequence[PublicKey]
    outside: OutsideHeads
    since: datetime | None = None
    files: bool = True
    there_by: datetime | None = None


def verify(database: Database, media: MediaStore, what: What, progress: Progress) -> Outcome:
    """Verify.

    Raises:
        SQLAlchemyError: when the database cannot be read.
        OSError: when the heads that were kept elsewhere cannot be read.
    """
    outcome = Outcome()
    outside = what.outside.as_of_now()  # before the database is looked at: none is newer than what it has
    began_s = time.monotonic()
    with database.snapshot() as session:
        tip = repository.tip(session)
        first = 1 if what.since is None else repository.first_since(session, what.since)
        if tip is None:
            _no_chain(session, outside, outcome)
        elif first is not None:
            keys = _walk(session, first, outcome, progress)
            heads = HeadsToCheck(first, tip, what.trusted, keys, outside, what.there_by)
            check_heads(session, heads, outcome)
        outcome.rows_unsealed = sum(_newer(session, model) for model in COVERED)
        if what.since is None:
            check_holds(session, outcome)
        outcome.chain_s = time.monotonic() - began_s
        if what.files:
            began_s = time.monotonic()
            FileChecker(database, media, outcome, progress).check(session, what.since)
            outcome.files_s = time.monotonic() - began_s
    return outcome


def _walk(session: Session, first: int, outcome: Outcome, progress: Progress) -> dict[PublicKey, int]:
    """Check links, hashes, rows and the books of files. Returns the keys that the chain names, with where."""
    before = repository.entry(session, first - 1)
    expected, previous = first, before.hash if before else GENESIS
    rows = RowChecker(session, outcome, whole=first == 1)
    keys: dict[PublicKey, int] = {}
    books: list[CustodyEntry] = []
    for entry in repository.entries_from(session, first):
        if entry.number != expected:
            outcome.add(
                "entry-missing",
                f"entry {expected}",
                f"Entries {expected} to {entry.number - 1} of the chain are missing.",
            )
        if entry.previous != previous and entry.number == expected:
            outcome.add(
                "entry-changed",
                f"entry {entry.number - 1}",
                f"Entry {entry.number} ({entry.kind}) does not follow from the entry before it: one of the "
                "two is not the one that was written.",
            )
        if hash_of(entry) != entry.hash:
            outcome.add(
                "entry-changed",
                f"entry {entry.number}",
                f"Entry {entry.number} ({entry.kind}, {entry.subject}) was changed after it was written: its "
                "content does not have its hash.",
            )
        expected, previous = entry.number + 1, entry.hash
        outcome.entries += 1
        if entry.kind == EntryKind.ROWS_SEALED:
            rows.check(entry)
        elif entry.kind == EntryKind.KEY_ADDED:
            _take_key(entry, keys)
        elif entry.kind in {EntryKind.FILE_RECEIVED, EntryKind.FILE_DELETED}:
            books.append(entry)
        if len(books) >= _PAGE_ENTRIES:
            check_books(session, books, outcome)
            books.clear()
        if outcome.entries % 50_000 == 0:
            progress(f"{outcome.entries} entries, {outcome.rows} lines")
    check_books(session, books, outcome)
    return keys


def _take_key(entry: CustodyEntry, keys: dict[PublicKey, int]) -> None:
    try:
        raw = bytes.fromhex(json.loads(entry.payload)["public_key"])
    except (ValueError, KeyError, TypeError):
        return  # an entry whose content is no longer its own is a finding already
    if len(raw) == 32:
        keys.setdefault(PublicKey(raw), entry.number)


def _no_chain(session: Session, outside: Iterable[Head], outcome: Outcome) -> None:
    head = next(iter(outside), None) or next(iter(repository.heads_from(session, 1)), None)
    lines = session.scalar(select(func.max(CaseEvent.id)))
    if head is not None:
        outcome.add("chain-cut", "entry 1", "There is no chain any more, and a head of it was signed.")
    elif lines:
        outcome.add("rows-uncovered", "case_events", "There is a log and no chain: central has not run yet.")


def _newer(session: Session, model: type[Base]) -> int:
    table = Base.metadata.tables[model.__tablename__]
    query = select(func.count()).select_from(table).where(table.c.id > sealed_to(session, model))
    return session.scalar(query) or 0
