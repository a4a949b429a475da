"""What making pictures and clips fit to be looked at says: the JSON of ``kerbwatch clips blur``."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from kerbwatch.clip_report import ClipFile

VERSION: Literal[1] = 1


class Blurred(BaseModel):
    """One file."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    file: str
    """As it was named on the command line."""
    made: ClipFile | None
    """What people may see of it; None when nothing could be made."""


class BlurReport(BaseModel):
    """A batch, in the order in which its files were named."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    version: Literal[1] = VERSION
    files: tuple[Blurred, ...]
