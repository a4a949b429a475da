"""The edge box that something came from."""

from __future__ import annotations

from dataclasses import dataclass

from kerbwatch.messages import source_of


@dataclass(frozen=True, slots=True, order=True)
class Sender:
    """An edge box by its site and its name."""

    site: str
    edge: str

    @property
    def source(self) -> str:
        """Its CloudEvents ``source``."""
        return source_of(self.site, self.edge)

    @property
    def actor(self) -> str:
        """As it stands in logs: ``edge:yuyao/box-1``."""
        return f"edge:{self.site}/{self.edge}"
