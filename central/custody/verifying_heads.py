"""Signed heads against the chain: a cut, a rewriting, a signature of somebody else's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.custody import repository
from central.custody.findings import Outcome
from central.custody.keys import PublicKey
from central.custody.models import CustodyEntry
from central.custody.signing import Head

_PAGE_HEADS = 500
_MOST_LINE_CHARS = 2000


@dataclass(frozen=True, slots=True)
class OutsideHeads:
    """Heads in files beside the database.

    Attributes:
        folder: of files ``heads-YYYY-MM.jsonl``, or one such file; None for none.
        beside: the file beside the key in which central remembers its newest head; None for none.
    """

    folder: Path | None
    beside: Path | None = None
    sizes: tuple[tuple[Path, int], ...] = ()
    remembered: tuple[Head, ...] = ()

    def as_of_now(self) -> OutsideHeads:
        """What is there at this moment, whatever is added. Raises OSError when there is no such place."""
        kept = list[Path]()
        if self.folder is not None:
            paths = [self.folder] if self.folder.is_file() else sorted(self.folder.iterdir())
            kept = [path for path in paths if path.suffix == ".jsonl"]
        remembered = list[Head]()
        if self.beside is not None and self.beside.exists():
            remembered.append(_head(self.beside.read_bytes(), str(self.beside)))
        sizes = tuple((path, path.stat().st_size) for path in kept)
        return OutsideHeads(self.folder, self.beside, sizes, tuple(remembered))

    def __iter__(self) -> Iterator[Head]:
        """Each head; one that cannot be read has no number and no signature that would hold."""
        yield from self.remembered
        yield from self.in_folder()

    def in_folder(self) -> Iterator[Head]:
        """Those that were kept elsewhere."""
        for path, size in self.sizes:
            with path.open("rb") as file:
                read = 0
                for number, line in enumerate(file, 1):
                    read += len(line)
                    if read > size:
                        break
                    if line.strip():
                        yield _head(line, f"{path}, line {number}")


def _head(line: bytes, where: str) -> Head:
    try:
        return Head.read(line[:_MOST_LINE_CHARS].decode(), where)
    except (ValueError, KeyError, TypeError):
        return Head(0, "", "", "", "", "", where)


@dataclass(frozen=True, slots=True)
class HeadsToCheck:
    """Which heads, and against what.

    Attributes:
        first: number of the first entry that is looked at.
        tip: the chain's last entry.
        trusted: keys that need no other's word.
        named: keys that the chain names, with the number of the entry.
        outside: heads that were kept elsewhere.
        there_by: what was signed before this instant is to be in the folder; None: however old those are.
    """

    first: int
    tip: CustodyEntry
    trusted: Sequence[PublicKey]
    named: Mapping[PublicKey, int]
    outside: OutsideHeads
    there_by: datetime | None = None


def check_heads(session: Session, what: HeadsToCheck, outcome: Outcome) -> None:
    """Check every signed head from an entry on; what is found goes into the outcome."""
    tip, trusted, outside = what.tip, what.trusted, what.outside
    keys = {key.id: key for key in trusted}
    vouched = _newest_vouched(session, keys)
    keys |= {key.id: key for key, number in what.named.items() if number <= vouched}
    in_database = (Head.of(row) for row in repository.heads_from(session, what.first))
    newest = 0
    for head, entry_hash in _with_entries(session, in_database):
        outcome.heads += 1
        if _check(head, entry_hash, tip, keys, outcome):
            newest = max(newest, head.number)
    for head, entry_hash in _with_entries(session, (head for head in outside if head.number >= what.first)):
        outcome.heads_outside += 1
        _check(head, entry_hash, tip, keys, outcome)
    for head in outside:
        if not head.signature:
            outcome.add("foreign-signature", head.found_in, f"{head.found_in} is no signed head.")
    _check_place(session, what, outcome)
    outcome.entries_unsigned = tip.number - max(newest, vouched)
    if vouched == 0:
        outcome.add(
            "unsigned",
            f"entry {tip.number}",
            "No head of the chain is signed by a key that is trusted "
            f"({', '.join(key.id for key in trusted) or 'none was given'}).",
        )


def _check_place(session: Session, what: HeadsToCheck, outcome: Outcome) -> None:
    """The place in which heads are kept has some, and what was signed a while ago is vouched for there."""
    folder = what.outside.folder
    if folder is None:
        return
    newest = max((head.number for head in what.outside.in_folder()), default=0)
    if newest == 0:
        sentence = f"{folder} has no signed head: a disk that is away, or heads that were taken away."
        outcome.add("heads-missing", str(folder), sentence)
    elif what.there_by is not None:
        head = repository.head_after(session, newest, what.there_by)
        if head is not None:
            outcome.add(
                "heads-missing",
                str(folder),
                f"The newest head in {folder} is over entry {newest}; that over entry {head.number}, signed "
                f"at {head.at:%Y-%m-%d %H:%M} UTC, is not there: a disk that is away, or heads that were "
                "taken away.",
            )


def _newest_vouched(session: Session, keys: Mapping[str, PublicKey]) -> int:
    """Number of the newest entry that a trusted key has signed, as it is in the chain; 0 for none."""
    for head in repository.newest_heads_of(session, list(keys)):
        read = Head.of(head)
        entry = repository.entry(session, read.number)
        good = entry is not None and entry.hash == read.hash
        if good and keys[read.key_id].verifies(read.signature, read.text):
            return read.number
    return 0


def _with_entries(session: Session, heads: Iterable[Head]) -> Iterator[tuple[Head, str | None]]:
    """Each head with the hash that the chain has at its number; None where it has no such entry."""
    waiting = iter(heads)
    while page := list(islice(waiting, _PAGE_HEADS)):
        query = select(CustodyEntry).where(CustodyEntry.number.in_({head.number for head in page}))
        found = {entry.number: entry.hash for entry in session.scalars(query)}
        yield from ((head, found.get(head.number)) for head in page)


def _check(
    head: Head, entry_hash: str | None, tip: CustodyEntry, keys: Mapping[str, PublicKey], outcome: Outcome
) -> bool:
    """Whether a head is in order."""
    who = f"the head over entry {head.number} that {head.instance} signed at {head.at} ({head.found_in})"
    key = keys.get(head.key_id)
    if key is None or not key.verifies(head.signature, head.text):
        why = f"its key {head.key_id} is not accepted" if key is None else "the signature does not hold"
        outcome.add("foreign-signature", head.found_in, f"A foreign signature: {who}: {why}.")
        return False
    if entry_hash == head.hash:
        return True
    if head.number > tip.number:
        sentence = f"The chain was cut: it ends with entry {tip.number}, and there is {who}."
        outcome.add("chain-cut", f"entry {head.number}", sentence)
    elif entry_hash is not None:
        sentence = f"The chain was written anew: entry {head.number} is not the one of {who}."
        outcome.add("chain-rewritten", f"entry {head.number}", sentence)
    return False
