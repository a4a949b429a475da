"""Where files of the manifest lie on this machine, and how they are told to be whole."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

_CHUNK_BYTES = 1 << 20


def cache_dir() -> Path:
    """``KERBWATCH_CACHE``, else ``kerbwatch`` in ``XDG_CACHE_HOME``, else ``~/.cache/kerbwatch``."""
    own = os.environ.get("KERBWATCH_CACHE")
    if own:
        return Path(own).expanduser()
    shared = os.environ.get("XDG_CACHE_HOME")
    return (Path(shared) if shared else Path.home() / ".cache") / "kerbwatch"


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, 64 hexadecimal digits. Raises OSError when it cannot be read."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
