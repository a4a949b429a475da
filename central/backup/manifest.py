"""What a backup consists of, signed by central's custody key."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from central.backup.errors import BackupError
from central.custody.canonical import canonical_json
from central.custody.keys import PublicKey, SigningKey
from kerbwatch.ids import UUID_PATTERN

_MANIFEST, _SIGNATURE = "manifest.json", "manifest.sig"


@dataclass(frozen=True, slots=True)
class FileNamed:
    """A file of a backup."""

    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class FileWaiting:
    """A file that somebody sent and that was not looked through yet, under its upload's id."""

    upload_id: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """A backup.

    Attributes:
        made_at: when, ISO 8601.
        version: of kerbwatch.
        schema: revision of the database's schema.
        database: name of the copy beside the manifest.
        database_sha256: of that copy.
        files: every file that was kept.
        lost: hashes of files that were missing or damaged already.
        head: the newest signed head of the chain.
        waiting: every file that waited to be looked through.
    """

    made_at: str
    version: str
    schema: str
    database: str
    database_sha256: str
    files: tuple[FileNamed, ...]
    lost: tuple[str, ...]
    head: dict[str, Any]
    waiting: tuple[FileWaiting, ...] = ()

    def hashes(self) -> set[str]:
        """Of every file that it names."""
        return {file.sha256 for file in self.files} | {file.sha256 for file in self.waiting}


def write_manifest(folder: Path, manifest: Manifest, key: SigningKey) -> None:
    """Write a manifest and its signature. Raises OSError."""
    text = canonical_json(asdict(manifest))
    (folder / _MANIFEST).write_text(text, encoding="utf-8")
    signature = {"key_id": key.public.id, "signature": key.sign(text)}
    (folder / _SIGNATURE).write_text(json.dumps(signature), encoding="ascii")


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a backup. Raises BackupError."""
    try:
        said = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        files = tuple(FileNamed(str(each["sha256"]), int(each["size_bytes"])) for each in said.pop("files"))
        waiting = tuple(_waiting(each) for each in said.pop("waiting", ()))
        return Manifest(files=files, waiting=waiting, lost=tuple(said.pop("lost")), **said)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackupError(f"{folder} holds no manifest that can be read: {error}") from error


def _waiting(said: dict[str, Any]) -> FileWaiting:
    upload_id = str(said["upload_id"])
    if not re.fullmatch(UUID_PATTERN, upload_id):
        raise ValueError("an upload's id is none")
    return FileWaiting(upload_id, str(said["sha256"]), int(said["size_bytes"]))


def is_signed_by(folder: Path, key: PublicKey) -> bool:
    """Whether a manifest is signed by a key."""
    try:
        text = (folder / _MANIFEST).read_text(encoding="utf-8")
        said = json.loads((folder / _SIGNATURE).read_text(encoding="ascii"))
        return key.verifies(str(said["signature"]), text)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def newest_of(backups: Path) -> Path | None:
    """The newest whole backup of a folder."""
    if not backups.is_dir():
        return None
    whole = sorted(path for path in backups.iterdir() if path.is_dir() and not path.name.startswith("."))
    return whole[-1] if whole else None
