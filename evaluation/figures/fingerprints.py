"""What a kept result depends on, as a digest: change it, and the result is made anew."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from evaluation.scene_settings import SceneSettings
from kerbwatch.settings import load_settings


def code_digest(files: Iterable[Path]) -> str:
    """SHA-256 over the text of code files, in the order given."""
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def scene_digest(path: Path) -> str:
    """SHA-256 over a scene file and over name, size and time of change of its clip or stills.

    Raises:
        SettingsError: the scene file cannot be read.
        OSError: one of its files is not there.
    """
    digest = hashlib.sha256(path.read_bytes())
    settings = load_settings(path, SceneSettings)  # the clip need not be opened for it
    for name in (settings.clip, *(still.image for still in settings.stills)):
        if name is not None:
            state = (path.resolve().parent / name).stat()
            digest.update(f"{name} {state.st_size} {state.st_mtime_ns}".encode())
    return digest.hexdigest()
