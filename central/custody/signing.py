"""Signed heads: a signature over the newest entry vouches for the whole chain before it."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from sqlalchemy.orm import Session

from central.custody import repository
from central.custody.canonical import canonical_json, instant
from central.custody.chain import EntryKind, append
from central.custody.keys import PublicKey, SigningKey
from central.custody.models import CustodyEntry, CustodyHead


@dataclass(frozen=True, slots=True)
class Head:
    """A signed head, wherever it was found.

    Attributes:
        number: of the entry.
        hash: of the entry.
        at: when it was signed.
        instance: by which copy of central.
        key_id: with which key.
        signature: hexadecimal.
        found_in: where, for people.
    """

    number: int
    hash: str
    at: str
    instance: str
    key_id: str
    signature: str
    found_in: str = "the database"
    _WORDS: ClassVar[tuple[str, ...]] = ("hash", "at", "instance", "key_id", "signature")

    @property
    def text(self) -> str:
        """What the signature is over."""
        return canonical_json(
            {
                "number": self.number,
                "hash": self.hash,
                "at": self.at,
                "instance": self.instance,
                "key_id": self.key_id,
            }
        )

    def document(self) -> dict[str, str | int]:
        """As a file has it."""
        return {**json.loads(self.text), "signature": self.signature}

    @classmethod
    def of(cls, row: CustodyHead) -> Head:
        """From the table."""
        return cls(row.number, row.hash, instant(row.at), row.instance, row.key_id, row.signature)

    @classmethod
    def read(cls, text: str, found_in: str) -> Head:
        """From a line of a file. Raises ValueError, KeyError or TypeError where it is no head."""
        said = json.loads(text)
        hash_, at, instance, key_id, signature = (str(said[name]) for name in cls._WORDS)
        return cls(int(said["number"]), hash_, at, instance, key_id, signature, found_in)


def introduce(session: Session, key: PublicKey, instance: str, now: datetime) -> None:
    """Say in the chain which key signs from now on; nothing where it was said before."""
    subject = f"key:{key.id}"
    if repository.newest_of(session, subject, EntryKind.KEY_ADDED) is None:
        payload = {"public_key": key.raw.hex()}
        append(session, EntryKind.KEY_ADDED, subject, actor=f"central:{instance}", now=now, payload=payload)


def sign_tip(session: Session, key: SigningKey, instance: str, now: datetime) -> Head | None:
    """Sign the newest entry; None where there is none, or this key has signed it. Needs ``ordered=True``."""
    tip, newest = repository.tip(session), repository.newest_head(session)
    if tip is None or (newest and (newest.number, newest.key_id) == (tip.number, key.public.id)):
        return None
    head = sign(tip, key, instance, now)
    row = CustodyHead(
        number=head.number,
        hash=head.hash,
        at=now,
        instance=instance,
        key_id=head.key_id,
        signature=head.signature,
    )
    session.add(row)
    return head


def sign(tip: CustodyEntry, key: SigningKey, instance: str, now: datetime) -> Head:
    """A head over an entry."""
    head = Head(tip.number, tip.hash, instant(now), instance, key.public.id, "")
    return Head(
        head.number, head.hash, head.at, head.instance, head.key_id, key.sign(head.text), head.found_in
    )


def write_outside(folder: Path, head: Head) -> None:
    """Add a head to this month's file in another place, durably.

    Raises:
        OSError: also where there is no such folder. It is not made here: another machine's disk that is away
            would be a folder on this one.
    """
    path = folder / f"heads-{datetime.fromisoformat(head.at).astimezone(UTC):%Y-%m}.jsonl"
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(head.document(), separators=(",", ":")) + "\n")
        file.flush()
        os.fsync(file.fileno())


def newest(session: Session) -> Head | None:
    """The head that was signed last."""
    row = repository.newest_head(session)
    return Head.of(row) if row else None
