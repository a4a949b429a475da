"""Making pictures and clips fit to be looked at: what ``kerbwatch clips blur`` is asked, and its JSON."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from kerbwatch.clip_report import ClipFile, ClipSeconds
from kerbwatch.messages import Box

VERSION: Literal[1] = 1


class Offending(BaseModel):
    """The vehicle whose plate stays legible in one file."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    file: str
    """As it is named on the command line."""
    box: Box
    """Where it is in the file's pictures."""
    t_s: ClipSeconds = 0.0
    """When it is there, from the clip's begin; 0 for a picture."""


class BlurOrder(BaseModel):
    """What ``--offending`` names; in a file without a line every plate is blurred."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    version: Literal[1] = VERSION
    vehicles: tuple[Offending, ...]


class Blurred(BaseModel):
    """One file."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    file: str
    """As it was named on the command line."""
    made: ClipFile | None
    """What people may see of it; None when nothing could be made."""
    problem: str | None = None
    """Why nothing was made, in words."""


class BlurReport(BaseModel):
    """A batch, in the order in which its files were named."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    version: Literal[1] = VERSION
    files: tuple[Blurred, ...]
