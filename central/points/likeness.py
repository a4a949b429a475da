"""Whether the pictures of a report had been sent in before: the same bytes, or the same picture encoded anew.

A perceptual hash changes in few of its 64 bits when a picture is encoded anew. Of two hashes that differ in
at most seven bits, one of the four quarters differs in at most one (pigeonhole), so a look-up by the 4 x 17
values that lie so near finds every such pair, and looks at a thousandth of all pictures.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.orm import Session

from central.points import repository
from central.points.models import PictureKey
from central.reporters.repository import hold
from central.uploads.service import likeness_of

_QUARTERS, _BITS = 4, 16
_LEAST_BITS, _MOST_BITS = 8, 56
"""A hash with fewer or more bits set is of a picture without structure (a lens cap) and proves nothing."""
_ENOUGH = 0.5
"""Share of a report's pictures and stills that must be found again in another report."""


def index_new(session: Session) -> int:
    """Make what came in since the last time findable; how many pictures that were."""
    if not repository.pictures_not_indexed(session):
        return 0
    hold(session, "likeness of pictures")  # another copy of central may be at it
    fresh = repository.pictures_not_indexed(session)
    for picture_id, perceptual in fresh:
        value = int(perceptual, 16)
        session.add_all(PictureKey(key=key, picture_id=picture_id) for key in _keys(value))
    session.flush()
    return len(fresh)


def copied_report(session: Session, report_id: str, most_bits: int) -> str | None:
    """The earliest report before this one that has its pictures already; None where there is none.

    Args:
        session: any unit of work, after :func:`index_new`.
        report_id: of the report.
        most_bits: how many of 64 bits the hashes of a copy may differ in, 0 to 7.
    """
    own = likeness_of(session, report_id)
    same_bytes = repository.reports_with_bytes(session, own.sha256, before=report_id)
    if same_bytes:
        return same_bytes[0]
    values = {int(each, 16) for each in own.phash}
    telling = {value for value in values if _LEAST_BITS <= value.bit_count() <= _MOST_BITS}
    if not telling:
        return None
    found: dict[str, set[int]] = {}
    for value in telling:
        for other_id, perceptual in repository.pictures_by_keys(session, _near(value), before=report_id):
            if (value ^ int(perceptual, 16)).bit_count() <= most_bits:
                found.setdefault(other_id, set()).add(value)
    copies = [other_id for other_id, seen in found.items() if len(seen) >= _ENOUGH * len(telling)]
    return min(copies, default=None)


def _keys(value: int) -> Iterable[int]:
    for quarter in range(_QUARTERS):
        yield (quarter << _BITS) | (value >> (quarter * _BITS) & 0xFFFF)


def _near(value: int) -> set[int]:
    """The keys of every hash that differs in at most one bit in some quarter."""
    found = set[int]()
    for key in _keys(value):
        found.add(key)
        found.update(key ^ (1 << bit) for bit in range(_BITS))
    return found
