"""What central knows of its chain besides the database, so that it signs none that somebody wrote anew.

The newest head that it saw standing there: in memory, in a small file beside the key, and where heads are
kept on another machine's disk. Whoever can write to the database alone changes none of them.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

import structlog
from sqlalchemy.engine import URL
from sqlalchemy.orm import Session

from central.custody import repository, signing
from central.custody.keys import PublicKey, SigningKey
from central.custody.settings import CustodySettings
from central.custody.signing import Head
from central.database import Database
from kerbwatch.settings import SettingsError

log = structlog.get_logger(__name__)

_TAIL_BYTES = 65_536


class KnownHeads:
    """The heads that this copy of central knows of.

    Args:
        settings: where key and heads lie.
        key: heads on other machines' disks count where this has signed them.
        url: of the database; another one that the same key signs has a file of its own.
    """

    def __init__(self, settings: CustodySettings, key: PublicKey, url: URL) -> None:
        self.beside = file_beside(settings.key_file, url)
        self.folder, self._key = settings.heads_dir, key
        self.outside: Head | None = None
        """The newest one in the place of heads, when it was last read."""
        self._last: Head | None = None

    def recall(self, failed: Callable[[OSError], object]) -> list[Head]:
        """What is known. Outside a unit of work: another machine's disk may take its time.

        Args:
            failed: hears why the file beside the key, or the place of heads, could not be read.
        """
        kept, self.outside = [self._last], None
        try:
            kept.append(read_beside(self.beside))
        except OSError as error:
            failed(error)
        try:
            self.outside = self.newest_outside()
        except OSError as error:
            failed(error)
        return [head for head in (*kept, self.outside) if head is not None]

    def newest_outside(self) -> Head | None:
        """The newest head in the configured place that this key has signed. Raises OSError."""
        if self.folder is None:
            return None
        files = sorted(path for path in self.folder.iterdir() if path.suffix == ".jsonl")
        for path in reversed(files):
            for line in reversed(_tail(path)):
                try:
                    head = Head.read(line, str(path))
                except (ValueError, KeyError, TypeError):
                    continue
                if self.holds(head):
                    return head
        return None

    def holds(self, head: Head) -> bool:
        """Whether central's own key has signed it."""
        return head.key_id == self._key.id and self._key.verifies(head.signature, head.text)

    def remember(self, head: Head) -> None:
        """A head that is committed. Raises OSError when the file beside the key cannot be written."""
        self._last = head
        kept = read_beside(self.beside)
        if kept is None or kept.number < head.number:
            _replace(self.beside, json.dumps(head.document()) + "\n")


def set_aside(key_file: Path, url: URL, now: datetime) -> None:
    """Another chain begins in this database: what is remembered is of the old one.

    Raises:
        SettingsError: when the file cannot be moved away.
    """
    beside = file_beside(key_file, url)
    if beside.exists():
        aside = beside.with_name(f"{beside.name}.until-{now:%Y%m%dT%H%M%SZ}")
        try:
            beside.replace(aside)
        except OSError as error:
            raise SettingsError(f"cannot move {beside} away: {error.strerror}") from error
        log.warning("known_head_set_aside", file=str(aside))


def file_beside(key_file: Path, url: URL) -> Path:
    """Where the newest head of a database's chain is remembered: ``custody-key.pem.DATABASE.head``."""
    place = url.database
    if url.get_backend_name() == "sqlite" and place:
        place = str(Path(place).resolve())
    said = [url.get_backend_name(), str(url.host or url.query.get("host")), str(url.port), str(place)]
    which = hashlib.sha256("\n".join(said).encode()).hexdigest()[:12]
    return key_file.with_name(f"{key_file.name}.{which}.head")


def read_beside(path: Path) -> Head | None:
    """The head in such a file; None where there is none. Raises OSError, also for a file that is no head."""
    try:
        return Head.read(path.read_text(encoding="utf-8"), str(path))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise OSError(0, "it is no signed head", str(path)) from error


def lost(session: Session, known: Iterable[Head]) -> Head | None:
    """One of some heads that no longer stands: its entry or its signature is gone, or another."""
    for head in known:
        entry = repository.entry(session, head.number)
        stands = entry is not None and entry.hash == head.hash
        if not stands or not repository.has_head(session, head.number, head.signature):
            return head
    return None


def refused(head: Head) -> None:
    """Say in the log why nothing is signed."""
    log.error(
        "chain_not_signed",
        reason="a head that was signed no longer stands in the database: its chain was cut or written anew",
        head=head.number,
        signed_at=head.at,
        known_from=head.found_in,
        remedy="run 'kerbwatch central verify'; docs/custody.md, When central does not sign",
    )


def sign_once(
    database: Database, key: SigningKey, known: KnownHeads, instance: str, now: datetime
) -> Head | None:
    """Sign the newest entry beside central's rounds, and keep the head wherever heads are kept.

    Returns:
        The newest head; None where there is none. Where one that is known no longer stands nothing is signed,
        and the log says so, as it does where a place of heads cannot be read or written: central's rounds
        bring it there later.
    """
    kept = known.recall(not_kept)
    with database.write(ordered=True) as session:
        signing.introduce(session, key.public, instance, now)
        gone = lost(session, kept)
        signed = signing.sign_tip(session, key, instance, now) if gone is None else None
        session.flush()
        newest = signing.newest(session)
    if gone is not None:
        refused(gone)
    if signed is not None:
        try:
            known.remember(signed)
            if known.folder is not None:
                signing.write_outside(known.folder, signed)
        except OSError as error:
            not_kept(error)
    return newest


def not_kept(error: OSError) -> None:
    """Say in the log what could not be read, written or made."""
    log.error("heads_not_kept", file=str(error.filename), error=error.strerror)


def make_places(database: Database, settings: CustodySettings, now: datetime) -> None:
    """Before a database is filled: the folder of heads is made, and a head of an older chain set aside."""
    with database.read() as session:
        begins = repository.tip(session) is None
    try:
        if settings.heads_dir is not None and not settings.heads_dir.exists():
            settings.heads_dir.mkdir(parents=True)
            log.info("heads_dir_made", folder=str(settings.heads_dir))
        if begins:
            set_aside(settings.key_file, database.engine.url, now)
    except OSError as error:
        not_kept(error)


def _tail(path: Path) -> list[str]:
    with path.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL_BYTES))
        return file.read().decode("utf-8", "replace").splitlines()


def _replace(path: Path, text: str) -> None:
    """Put a text into a file, durably and at one stroke."""
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    with new.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
