"""Fetching a file of the manifest: each source in turn, each given little time, every byte checked."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable
from pathlib import Path

import structlog

from models.errors import ModelError
from models.manifest import DebianSource, Entry, PypiSource, Source, UrlSource, load_manifest
from models.sources import Patience, Sink, SourceError, from_debian, from_pypi, from_url

log = structlog.get_logger(__name__)

Report = Callable[[str, int], None]
"""Told what is being tried, and how many bytes of the file have come so far."""


class FetchError(ModelError):
    """No source gave the file; the message names each and says why."""


def ensure(name: str, *, patience: Patience | None = None, report: Report | None = None) -> Path:
    """The verified file of a manifest entry, fetched where it is not in the cache.

    Args:
        name: of the entry.
        patience: how long a source may take.
        report: is told of the progress.

    Raises:
        ModelError: when there is no such entry.
        FetchError: when no source gave it.
    """
    return ensure_entry(load_manifest().entry(name), patience=patience, report=report)


def ensure_entry(entry: Entry, *, patience: Patience | None = None, report: Report | None = None) -> Path:
    """The verified file of ``entry``; see :func:`ensure`."""
    if entry.state() == "ok":
        return entry.path
    try:
        entry.path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FetchError(f"'{entry.name}': {entry.path.parent} cannot be made: {error.strerror}") from error
    failures = []
    for source in entry.sources:
        try:
            _fetch(entry, source, patience or Patience(), report or _silent)
        except SourceError as error:
            log.info("model_source_failed", name=entry.name, source=source.shown, reason=str(error))
            failures.append(f"  {source.shown}: {error}")
            continue
        log.info("model_fetched", name=entry.name, source=source.shown, size_bytes=entry.size_bytes)
        return entry.path
    raise FetchError(
        f"'{entry.name}' could not be fetched from any of its {len(entry.sources)} source(s):\n"
        + "\n".join(failures)
        + f"\nPut the file (SHA-256 {entry.sha256}) at {entry.path} to go on without them."
    )


def _silent(_source: str, _done_bytes: int) -> None:
    """Nobody wants to know."""


def _fetch(entry: Entry, source: Source, patience: Patience, report: Report) -> None:
    """One source into the cache. Raises SourceError; what came and was wrong is deleted."""
    report(source.shown, 0)
    with tempfile.NamedTemporaryFile(dir=entry.path.parent, prefix=f".{entry.file}.", delete=False) as stream:
        arriving = Path(stream.name)
        try:
            checked = _Checked(stream, entry, lambda done: report(source.shown, done))
            match source:
                case UrlSource():
                    from_url(source.url, checked, patience, entry.size_bytes)
                case PypiSource():
                    from_pypi(source, checked, patience)
                case DebianSource():
                    from_debian(source, checked, patience)
            checked.finish()
            stream.flush()
            arriving.chmod(0o644)
            arriving.replace(entry.path)
        except OSError as error:
            raise SourceError(f"cannot be written: {error.strerror or error}") from error
        finally:
            arriving.unlink(missing_ok=True)


class _Checked:
    """A sink that counts and digests what passes, and takes no byte more than the file has."""

    def __init__(self, stream: Sink, entry: Entry, report: Callable[[int], None]) -> None:
        self._stream, self._entry, self._report = stream, entry, report
        self._digest = hashlib.sha256()
        self._done_bytes = 0

    def write(self, data: bytes) -> None:
        """Take a piece. Raises SourceError when more comes than the manifest says."""
        self._done_bytes += len(data)
        if self._done_bytes > self._entry.size_bytes:
            raise SourceError(f"sent more than the {self._entry.size_bytes} bytes of the file; deleted")
        self._digest.update(data)
        self._stream.write(data)
        self._report(self._done_bytes)

    def finish(self) -> None:
        """Say whether that was the file. Raises SourceError."""
        if self._digest.hexdigest() != self._entry.sha256:
            raise SourceError(
                f"wrong SHA-256: {self._digest.hexdigest()} ({self._done_bytes} bytes) came, "
                f"{self._entry.sha256} ({self._entry.size_bytes} bytes) was expected; deleted"
            )
