"""The chain: entries that each carry the hash of the one before, so that none can be changed or left out.

What happens seldom (a file comes in, a hold is set, a permission changes) is an entry of its own, written in
the same unit of work. What happens all the time (lines of the case log, looks at originals and at who
reported, answers) is covered in batches by entries of the kind ``rows_sealed``; see
:mod:`central.custody.sealing`.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from central.custody import repository
from central.custody.canonical import canonical_json, instant, sha256_of
from central.custody.models import CustodyEntry
from central.database import in_order

GENESIS = "0" * 64
"""What stands for the hash before the first entry."""
MOST_ACTOR_CHARS = 150


class EntryKind(StrEnum):
    """What an entry tells of."""

    KEY_ADDED = "key_added"
    ROWS_SEALED = "rows_sealed"
    FILE_RECEIVED = "file_received"
    FILE_DELETED = "file_deleted"
    LEAD_ANONYMISED = "lead_anonymised"
    HOLD_SET = "hold_set"
    HOLD_LIFTED = "hold_lifted"
    USER_ADDED = "user_added"
    USER_CHANGED = "user_changed"
    RULING = "ruling"
    CONFIGURED = "configured"
    """Settings, duty list, areas, calendar or rules of retention changed."""
    BACKED_UP = "backed_up"


def append(
    session: Session, kind: EntryKind, subject: str, *, actor: str, now: datetime, payload: dict[str, Any]
) -> CustodyEntry:
    """Add an entry at the end, in the caller's unit of work.

    Units that do so follow one another, also across copies of central (as ``ordered=True`` does).

    Args:
        session: a unit of work.
        kind: what happened.
        subject: to what.
        actor: by whom, as it stands in logs.
        now: the present instant.
        payload: what else is to be said, without anything of a person that must be forgotten one day.
    """
    in_order(session)
    last = repository.tip(session)
    entry = CustodyEntry(
        number=last.number + 1 if last else 1,
        kind=kind.value,
        subject=subject[:200],
        actor=actor[:MOST_ACTOR_CHARS],
        at=now,
        payload=canonical_json(payload),
        previous=last.hash if last else GENESIS,
        hash="",
    )
    entry.hash = hash_of(entry)
    session.add(entry)
    session.flush()
    return entry


def hash_of(entry: CustodyEntry) -> str:
    """The hash that an entry must have. Its payload goes in as a hash, so that a reader may be spared it."""
    return sha256_of(
        canonical_json(
            {
                "number": entry.number,
                "kind": entry.kind,
                "subject": entry.subject,
                "actor": entry.actor,
                "at": instant(entry.at),
                "payload_sha256": sha256_of(entry.payload),
                "previous": entry.previous,
            }
        )
    )
