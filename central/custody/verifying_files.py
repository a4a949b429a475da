"""Files: every one that is kept has the content that came in; every one that is gone, is gone by a rule."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.custody import repository
from central.custody.chain import MOST_ACTOR_CHARS, EntryKind
from central.custody.findings import Outcome
from central.custody.models import CustodyEntry
from central.database import Database
from central.media.models import MediaFile
from central.media.store import MediaStore, hash_file

_PAGE_FILES = 500


def check_books(session: Session, entries: Sequence[CustodyEntry], outcome: Outcome) -> None:
    """What the chain says of files, against the table of files. ``entries``: in their order."""
    newest = {entry.subject.partition(":")[2]: entry for entry in entries}
    if not newest:
        return
    written: defaultdict[str, dict[str, object]] = defaultdict(dict)
    for entry in entries:
        written[entry.subject.partition(":")[2]] |= _written(entry)
    found = session.scalars(select(MediaFile).where(MediaFile.sha256.in_(newest)))
    known = {file.sha256: file for file in found}
    for sha256 in sorted(newest.keys() - known):
        outcome.add(
            "file-missing",
            f"file {sha256}",
            f"File {sha256}, which came in by {newest[sha256].at:%Y-%m-%d %H:%M} UTC (entry "
            f"{newest[sha256].number}), is no longer in the table of files.",
        )
    for sha256, file in sorted(known.items()):
        said = written[sha256]
        if differences(file, said):
            _leave_out_older(session, newest[sha256], said)
        if wrong := differences(file, said):
            outcome.add(
                "file-record-changed",
                f"file {sha256}",
                f"What the table of files says of file {sha256} is not as it was written: "
                f"{in_words(file, said, wrong)}.",
            )


def _written(entry: CustodyEntry) -> dict[str, object]:
    """What an entry says of a file, as columns of the table."""
    try:
        said = json.loads(entry.payload)
        if entry.kind == EntryKind.FILE_DELETED:
            return {"deleted_at": entry.at, "deletion_rule": said["rule"]}
        return {
            "source": entry.actor,
            "received_at": entry.at,
            "content_type": said["content_type"],
            "size_bytes": said["size_bytes"],
            "deleted_at": None,
            "deletion_rule": None,
        }
    except (ValueError, KeyError, TypeError):
        return {}  # an entry whose content is no longer its own is a finding already


def _leave_out_older(session: Session, entry: CustodyEntry, said: dict[str, object]) -> None:
    """What entries further on say again does not count here."""
    later = repository.kinds_after(session, entry.subject, entry.number)
    if EntryKind.FILE_RECEIVED in later:
        said.clear()
    elif EntryKind.FILE_DELETED in later:
        for name in ("deleted_at", "deletion_rule"):
            said.pop(name, None)


def differences(row: object, said: Mapping[str, object]) -> list[str]:
    """Columns of a row that are not as the chain says; a source stands there cut to the room for actors."""

    def now(name: str) -> object:
        value: object = getattr(row, name)
        return value[:MOST_ACTOR_CHARS] if name == "source" and isinstance(value, str) else value

    return [name for name, value in said.items() if now(name) != value]


def in_words(row: object, said: Mapping[str, object], names: Iterable[str]) -> str:
    """What is there instead of what."""
    return ", ".join(f"{name} {_shown(getattr(row, name))} instead of {_shown(said[name])}" for name in names)


def _shown(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S} UTC"
    return "nothing" if value is None else f"'{value}'"


class FileChecker:
    """Reads every kept file and compares its SHA-256 with its name."""

    def __init__(
        self, database: Database, media: MediaStore, outcome: Outcome, progress: Callable[[str], None]
    ) -> None:
        self._database, self._media = database, media
        self._outcome, self._progress = outcome, progress

    def check(self, session: Session, since: datetime | None) -> None:
        """Those that came in since an instant, or all."""
        after, told, outcome = "", 0, self._outcome
        with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
            while True:
                query = select(MediaFile).where(MediaFile.sha256 > after)
                if since is not None:
                    query = query.where(MediaFile.received_at >= since)
                page = session.scalars(query.order_by(MediaFile.sha256).limit(_PAGE_FILES)).all()
                deleted = [row for row in page if row.deleted_at is not None]
                _check_deleted(session, self._media, deleted, outcome)
                kept = [row for row in page if row.deleted_at is None]
                found = pool.map(lambda sha256: _hash(self._media, sha256), [row.sha256 for row in kept])
                for row, sha256 in zip(kept, found, strict=True):
                    outcome.files += 1
                    outcome.bytes_hashed += row.size_bytes
                    if sha256 != row.sha256 and not _deleted_since(self._database, row.sha256):
                        _tell(row, sha256, outcome)
                if outcome.files - told >= 10_000:
                    told = outcome.files
                    self._progress(f"{outcome.files} files, {outcome.bytes_hashed / 1e9:.1f} GB")
                if len(page) < _PAGE_FILES:
                    return
                after = page[-1].sha256
                session.expunge_all()


def _hash(media: MediaStore, sha256: str) -> str | None:
    try:
        return hash_file(media.path(sha256))
    except OSError:
        return None


def _tell(row: MediaFile, found: str | None, outcome: Outcome) -> None:
    came = f"which came in from {row.source} at {row.received_at:%Y-%m-%d %H:%M} UTC"
    if found is None:
        sentence = f"File {row.sha256}, {came}, is missing or cannot be read, and no rule deleted it."
        outcome.add("file-missing", f"file {row.sha256}", sentence)
    else:
        sentence = f"File {row.sha256}, {came}, was changed: its content now has the SHA-256 {found}."
        outcome.add("file-changed", f"file {row.sha256}", sentence)


def _deleted_since(database: Database, sha256: str) -> bool:
    """Whether a rule has deleted it while it was read."""
    with database.read() as session:
        row = session.get(MediaFile, sha256)
        return row is not None and row.deleted_at is not None


def _check_deleted(session: Session, media: MediaStore, rows: Sequence[MediaFile], outcome: Outcome) -> None:
    """Files that are said to be deleted by a rule."""
    for row in rows:
        entry = repository.newest_of(session, f"file:{row.sha256}", EntryKind.FILE_DELETED)
        if entry is None:
            outcome.add(
                "file-deleted",
                f"file {row.sha256}",
                f"File {row.sha256} is marked as deleted by rule '{row.deletion_rule}', and the chain does "
                "not know of it.",
            )
        elif media.path(row.sha256).exists():
            outcome.add(
                "file-deleted",
                f"file {row.sha256}",
                f"File {row.sha256} was deleted by rule '{row.deletion_rule}' and lies on the disk still, or "
                "again.",
            )
        else:
            outcome.files_deleted += 1
