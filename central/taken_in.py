"""Files of the configuration as they were when they were taken in: whether one has changed since.

A restart takes in a file only when it changed, whatever was put in force by a command in the meantime.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from central.custody import repository
from central.custody.chain import EntryKind, append
from kerbwatch.paths import located
from kerbwatch.settings import SettingsError


def is_as_taken_in(session: Session, path: Path) -> bool:
    """Whether a file is what it was when it was taken in last. Raises SettingsError for one not there."""
    entry = repository.newest_of(session, _subject(path), EntryKind.CONFIGURED)
    return entry is not None and json.loads(entry.payload) == {"sha256": _sha256(path)}


def note_taken_in(session: Session, path: Path, now: datetime) -> None:
    """Keep in mind what a file says that has just been taken in. Raises SettingsError as above."""
    if not is_as_taken_in(session, path):
        told = {"sha256": _sha256(path)}
        append(session, EntryKind.CONFIGURED, _subject(path), actor="system", now=now, payload=told)


def _subject(path: Path) -> str:
    """The end of a long path tells files apart."""
    return f"settings-file:{str(path.resolve())[-180:]}"


def _sha256(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise SettingsError(f"{located(path)}: cannot be read: {error.strerror}") from error
