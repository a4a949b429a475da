"""How the chain is sealed and signed, and by which rules files are deleted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from kerbwatch.settings import Settings


class CustodySettings(Settings):
    """Custody of evidence."""

    key_file: Path = Field(
        Path("var/central/custody-key.pem"),
        description="Key that signs the chain's head; 'kerbwatch central init' writes one.",
    )
    heads_dir: Path | None = Field(
        None,
        description="Folder on another machine's disk to which each signed head is written as well; it shows "
        "when the whole chain was written anew.",
    )
    seal_s: Annotated[float, Field(ge=0.2, le=600)] = Field(
        15.0, description="How often new lines of the log, looks and answers go into the chain."
    )
    sign_every_s: Annotated[float, Field(ge=1, le=86400)] = Field(
        60.0, description="After so long at the latest a chain that grew has a signed head."
    )
    sign_every_entries: Annotated[int, Field(ge=1, le=100_000)] = Field(
        500, description="After so many entries at the latest as well."
    )
    retention: Path | None = Field(
        None, description="Rules of retention (YAML); the built-in ones where there is none."
    )
    retention_hours: Annotated[float, Field(ge=0, le=24 * 31)] = Field(
        24.0, description="Between two runs that delete what its rule says; 0: none of its own accord."
    )
