"""What came of looking through the files of one report, before anything is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from central.cases.reporting import Sight
from central.reports.service import Seen
from kerbwatch.incident import Audience
from kerbwatch.messages import Box

REPORTED_PHOTO, REPORTED_CLIP = "reported_photo", "reported_clip"
"""Roles of what people sent, beside those of :class:`kerbwatch.incident.EvidenceRole`."""


@dataclass(slots=True)
class Exhibit:
    """A picture or clip that goes to the lead.

    Attributes:
        path: where it lies now.
        role: what it shows.
        content_type: ``image/jpeg`` or ``video/mp4``.
        captured_at: aware.
        shown: the same for people, once it was made.
        vehicle: whose plate stays legible there, where somebody was seen to offend.
        vehicle_t_s: when it is there, from the clip's begin.
    """

    path: Path
    role: str
    content_type: str
    captured_at: datetime
    shown: Path | None = None
    vehicle: Box | None = None
    vehicle_t_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that is in the media store by now."""

    sha256: str
    role: str
    content_type: str
    size_bytes: int
    captured_at: datetime
    audience: Audience
    original_sha256: str | None


@dataclass(frozen=True, slots=True)
class Mark:
    """What a file is known by again: see :class:`central.uploads.models.UploadFile`."""

    sha256: str
    phash: str | None
    content_type: str


@dataclass(slots=True)
class Findings:
    """Everything that was found.

    Attributes:
        places: where the pictures say that they were taken, the first first.
        times: when.
        exhibits: what is to be shown.
        marks: what its files are known by.
        remarks: what did not go well, in words.
        unfit: codes of files that were not taken.
        sight: the throw that a clip shows most clearly, if it is what was reported.
    """

    places: list[Seen] = field(default_factory=list)
    times: list[datetime] = field(default_factory=list)
    exhibits: list[Exhibit] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    unfit: list[str] = field(default_factory=list)
    sight: Sight | None = None
