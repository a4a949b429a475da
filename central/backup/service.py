"""A backup of a running central into a folder, and its restore into an empty place.

The database is copied as it stands at one instant while central goes on: SQLite by its online backup,
PostgreSQL by ``pg_dump``, which everybody who runs PostgreSQL has, and which keeps triggers and every type.
Files come after it: each lies once in the folder, whatever the number of backups, as a hard link where the
disk is the same and as a copy otherwise; its SHA-256 is checked when it is taken.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from central import schema
from central.backup import dumps
from central.backup.errors import BackupError
from central.backup.manifest import (
    FileNamed,
    Manifest,
    newest_of,
    read_manifest,
    write_manifest,
)
from central.backup.waiting import waiting_files
from central.custody.chain import EntryKind, append
from central.custody.fence import no_deletions
from central.custody.keys import SigningKey
from central.custody.known import KnownHeads, sign_once
from central.custody.signing import Head
from central.database import Database
from central.media.models import MediaFile
from central.media.store import MediaStore, hash_file
from kerbwatch import __version__

log = structlog.get_logger(__name__)

MEDIA, BACKUPS, PUBLIC_KEY, HEAD = "media", "backups", "custody-key.pub", "head.jsonl"
_PAGE_FILES = 1000
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Made:
    """What a backup took.

    Attributes:
        folder: of this backup.
        files: how many it names.
        new_files: how many were not in the folder yet.
        new_bytes: of those.
        lost: files that are damaged or missing, and could not be taken.
    """

    folder: Path
    files: int
    new_files: int
    new_bytes: int
    lost: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Restored:
    """A backup that was put back: its folder, and what it says of itself."""

    folder: Path
    manifest: Manifest


def back_up(
    database: Database,
    media: MediaStore,
    key: SigningKey,
    into: Path,
    *,
    instance: str,
    now: datetime,
    known: KnownHeads,
) -> Made:
    """Add a backup to a folder. Where a head that is ``known`` no longer stands, none is signed for it.

    Raises:
        BackupError: when the database cannot be copied, or there is a backup of this second.
        OSError: when the folder cannot be written.
    """
    folder = into / BACKUPS / f"{now:%Y%m%dT%H%M%SZ}"
    if folder.exists():
        raise BackupError(f"there is a backup {folder.name} already")
    unfinished = into / BACKUPS / f".{folder.name}.part"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True, mode=0o700)
    with no_deletions(media.folder):
        head = _signed_head(database, key, known, instance, now)
        dump = dumps.dump(database, unfinished)
        taking = _Taking(into / MEDIA)
        files = _take_files(database, media, taking)
        waiting = [
            file
            for file, path in waiting_files(database, media)
            if taking.take(path, file.sha256, file.size_bytes)
        ]
        manifest = Manifest(
            made_at=now.isoformat(),
            version=__version__,
            schema=schema.head(),
            database=dump.name,
            database_sha256=hash_file(dump),
            files=tuple(files),
            lost=tuple(taking.lost),
            head=head.document(),
            waiting=tuple(waiting),
        )
        write_manifest(unfinished, manifest, key)
        (unfinished / HEAD).write_text(json.dumps(head.document()) + "\n", encoding="ascii")
    (into / PUBLIC_KEY).write_text(key.public.pem, encoding="ascii")
    unfinished.rename(folder)
    _sync(folder.parent)
    with database.write(ordered=True) as session:
        payload = {"backup": folder.name, "files": len(files), "head": head.number}
        append(
            session, EntryKind.BACKED_UP, f"backup:{folder.name}", actor="system", now=now, payload=payload
        )
    count = len(files) + len(waiting)
    log.info(
        "backed_up", backup=folder.name, files=count, new_files=len(taking.new_bytes), waiting=len(waiting)
    )
    return Made(folder, count, len(taking.new_bytes), sum(taking.new_bytes), tuple(taking.lost))


def _signed_head(
    database: Database, key: SigningKey, known: KnownHeads, instance: str, now: datetime
) -> Head:
    head = sign_once(database, key, known, instance, now)
    if head is None:
        raise BackupError("the chain of custody has no signed head any more: run 'kerbwatch central verify'")
    return head


@dataclass(slots=True)
class _Taking:
    """Files on their way into a backup: sizes of those that are new, hashes of those that are lost."""

    into: Path
    new_bytes: list[int] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    def take(self, source: Path, sha256: str, size_bytes: int) -> bool:
        """Take one; whether it could be had."""
        try:
            if _take_file(source, self.into / sha256[:2] / sha256, sha256):
                self.new_bytes.append(size_bytes)
        except (OSError, BackupError) as error:
            log.error("file_not_backed_up", sha256=sha256, error=str(error))
            self.lost.append(sha256)
            return False
        return True


def _take_files(database: Database, media: MediaStore, taking: _Taking) -> list[FileNamed]:
    """Files that are kept now; the copy of the database, made before, names none that is not among them."""
    files: list[FileNamed] = []
    after = ""
    while True:
        with database.read() as session:
            page = _kept_files(session, after)
        for sha256, size_bytes in page:
            if taking.take(media.path(sha256), sha256, size_bytes):
                files.append(FileNamed(sha256, size_bytes))
        if len(page) < _PAGE_FILES:
            return files
        after = page[-1][0]


def _kept_files(session: Session, after: str) -> list[tuple[str, int]]:
    query = select(MediaFile.sha256, MediaFile.size_bytes)
    query = query.where(MediaFile.sha256 > after, MediaFile.deleted_at.is_(None))
    rows = session.execute(query.order_by(MediaFile.sha256).limit(_PAGE_FILES))
    return [(sha256, size_bytes) for sha256, size_bytes in rows]


def _take_file(source: Path, target: Path, sha256: str) -> bool:
    """Put a file beside the others unless it lies there, and check it. Returns whether it is new."""
    if target.exists():
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{sha256}.part")
    part.unlink(missing_ok=True)
    try:
        os.link(source, part)
    except OSError:
        shutil.copyfile(source, part)
    if hash_file(part) != sha256:
        part.unlink()
        raise BackupError("its content is not what came in")
    part.replace(target)
    return True


def restore(
    folder: Path, name: str | None, database_url: str, media: MediaStore, progress: Progress
) -> Restored:
    """Put a backup into an empty place. One that an older version made is brought to this version's schema.

    Args:
        folder: that backups were made into.
        name: of one of them; None for the newest.
        database_url: of a database in which there is nothing.
        media: a folder in which there is nothing.
        progress: hears how far it is.

    Raises:
        BackupError: when the place is not empty, or the backup is not whole.
        SchemaError: when a newer version made it, or the database does not hold every language's text.
    """
    chosen = folder / BACKUPS / name if name else newest_of(folder / BACKUPS)
    if chosen is None or not chosen.is_dir():
        raise BackupError(f"there is no backup {name or ''} in {folder}")
    manifest = read_manifest(chosen)
    schema.check_known(manifest.schema)
    here = (path for path in media.folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    if any(here) or not dumps.is_empty(database_url):
        raise BackupError(
            f"there is something in the database or in {media.folder}: restore into empty ones "
            "(what a restore that was cut off has left may be thrown away)"
        )
    dump = chosen / manifest.database
    if not dump.is_file() or hash_file(dump) != manifest.database_sha256:
        raise BackupError(f"{dump} is not what was written; take another backup")
    places = [(file.sha256, media.path(file.sha256)) for file in manifest.files]
    places += [(file.sha256, media.aside(file.upload_id)) for file in manifest.waiting]
    for count, (sha256, target) in enumerate(places, 1):
        _put_back(folder / MEDIA / sha256[:2] / sha256, target, sha256)
        if count % 10_000 == 0:
            progress(f"{count} of {len(places)} files")
    dumps.load(dump, database_url)
    if manifest.schema != schema.head():
        progress(f"from schema {manifest.schema} of version {manifest.version} to {schema.head()}")
        _bring_up_to_date(database_url)
    return Restored(chosen, manifest)


def _bring_up_to_date(database_url: str) -> None:
    database = Database(database_url)
    try:
        schema.migrate(database)
    finally:
        database.close()


def _put_back(source: Path, target: Path, sha256: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        shutil.copyfile(source, target)
    except OSError as error:
        raise BackupError(f"{source} cannot be read: {error.strerror}") from error
    if hash_file(target) != sha256:
        raise BackupError(f"{source} is not what came in; the backup is damaged")


def prune(folder: Path, keep: int) -> int:
    """Throw away all but the newest backups, and files that none of those names. Returns how many files."""
    chosen = sorted(path for path in (folder / BACKUPS).iterdir() if path.is_dir() and path.name[0] != ".")
    for path in chosen[:-keep]:
        shutil.rmtree(path)
    named = set[str]().union(*(read_manifest(path).hashes() for path in chosen[-keep:]))
    gone = [path for path in (folder / MEDIA).glob("??/*") if path.name not in named]
    for path in gone:
        path.unlink()
    return len(gone)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
