"""What in a configuration is unsafe: secrets that others can read, or that everybody knows."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from pydantic import BaseModel

_SECRET_FIELD = re.compile(r"(password|token|secret|key)(_file)?$|^file$")
"""Names of fields that hold the path of a secret; ``file`` only in a section that is one itself."""
_SECTIONS = {"secret"}
_WELL_KNOWN = {
    "admin",
    "administrator",
    "changeme",
    "default",
    "demo",
    "example",
    "guest",
    "kerbwatch",
    "letmein",
    "master",
    "mosquitto",
    "mqtt",
    "operator",
    "pass",
    "password",
    "postgres",
    "qwerty",
    "root",
    "secret",
    "test",
    "user",
    "welcome",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something unsafe in a configuration."""

    code: str
    """A short stable name, by which a configuration can say that it means it."""
    where: str
    """Key in the configuration, with dots."""
    what: str
    mend: str

    @property
    def sentence(self) -> str:
        """For the person who installs."""
        return f"{self.where}: {self.what}; {self.mend} [{self.code}]"


def is_loopback(host: str) -> bool:
    """Whether a host's name or address means this machine."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def is_well_known(secret: str) -> bool:
    """Whether a password is one that everybody tries first: a common word, with digits or signs around it."""
    bare = re.sub(r"[\W\d_]+", "", secret.lower())
    halves = {bare[: len(bare) // 2]} if len(bare) % 2 == 0 else set()
    return not bare or bare in _WELL_KNOWN or (halves <= _WELL_KNOWN and halves == {bare[len(bare) // 2 :]})


def open_secret_files(settings: BaseModel) -> list[Finding]:
    """The files with secrets that every user of this machine may read. Absent ones are passed over."""
    return [
        Finding(
            "open-secret-file",
            where,
            f"everybody on this machine may read {path}",
            f"chmod o-rwx '{path}'",
        )
        for where, path in _secret_files(settings, "")
        if _read_by_others(path)
    ]


def _secret_files(settings: BaseModel, prefix: str) -> Iterator[tuple[str, Path]]:
    section = prefix.rstrip(".").rpartition(".")[2]
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, BaseModel):
            yield from _secret_files(value, f"{prefix}{name}.")
        elif (
            isinstance(value, Path)
            and _SECRET_FIELD.search(name)
            and (name != "file" or section in _SECTIONS)
        ):
            yield prefix + name, value


def _read_by_others(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & stat.S_IROTH)
    except OSError:
        return False
