"""Pictures and clips as a page shows them: with the offender's box, or what they wait for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from central.cases.schemas import EvidenceOut, LeadOut
from central.pages.texts import t, t_or
from central.people.permissions import Permission
from central.people.service import Principal
from kerbwatch.incident import Audience, EvidenceRole


@dataclass(frozen=True, slots=True)
class Overlay:
    """A rectangle in px of the picture."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture or clip that people may see.

    Without a ``url`` it is not here: still being made from its original, or on its way, as ``waiting`` says.
    ``original`` is the hash of its original, for those who may ask for it; None for everybody else.
    """

    key: str
    role_name: str
    captured_at: datetime
    url: str | None
    width: int
    height: int
    box: Overlay | None
    waiting: str
    original: str | None


def _original_of(lead: LeadOut, piece: EvidenceOut, who: Principal) -> str | None:
    """The hash of the original behind a piece of evidence, when it is here and ``who`` may ask for it."""
    if not who.may(Permission.EVIDENCE_ORIGINAL):
        return None
    sha256 = piece.sha256 if piece.audience == Audience.ORIGINAL else piece.original_sha256
    here = any(each.sha256 == sha256 and each.here for each in lead.evidence)
    return sha256 if here else None


_FRAMED = {EvidenceRole.SNAPSHOT_ARRIVAL, EvidenceRole.SNAPSHOT_LIMIT, EvidenceRole.SNAPSHOT_CHECKED}
"""Pictures over which the offender's box is drawn: what stood there, or the place where it stood."""


def shot_of(lead: LeadOut, piece: EvidenceOut, who: Principal) -> Shot:
    """A piece of a lead's evidence as ``who`` may see it."""
    box, for_people = lead.box, piece.audience == Audience.PEOPLE
    width, height = (int(box["picture_width_px"]), int(box["picture_height_px"])) if box else (0, 0)
    shows_place = piece.role in _FRAMED
    return Shot(
        key=f"{piece.role}-{piece.sha256[:16]}",
        role_name=t_or(f"role.{piece.role}", piece.role),
        captured_at=piece.captured_at,
        url=piece.url if piece.here and for_people else None,
        width=width,
        height=height,
        box=_overlay(box) if box and shows_place else None,
        waiting=t("case.waiting" if for_people else "case.being_prepared"),
        original=_original_of(lead, piece, who),
    )


def _overlay(box: dict[str, float]) -> Overlay | None:
    """The box as far as it lies in the picture; None when none of it does."""
    left, top = max(0.0, box["x1"]), max(0.0, box["y1"])
    right, bottom = min(box["picture_width_px"], box["x2"]), min(box["picture_height_px"], box["y2"])
    if right <= left or bottom <= top:
        return None
    return Overlay(round(left, 1), round(top, 1), round(right - left, 1), round(bottom - top, 1))
