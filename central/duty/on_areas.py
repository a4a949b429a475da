"""Areas and the duty list that stands on them, taken in together or not at all."""

from __future__ import annotations

from datetime import datetime, tzinfo
from pathlib import Path

import structlog
from sqlalchemy.orm import Session

from central.areas.service import ground_of, import_areas
from central.duty import repository
from central.duty.draft import DutyDraft
from central.duty.kept import draft_of
from central.duty.models import DutyList
from central.duty.service import check_draft, import_duty_list, read_draft
from central.taken_in import is_as_taken_in
from kerbwatch.settings import SettingsError

log = structlog.get_logger(__name__)


def take_in(
    session: Session,
    now: datetime,
    zone: tzinfo,
    *,
    areas: Path | None,
    duty_list: Path | None,
    when_changed: bool = False,
) -> tuple[bool, bool]:
    """Take in areas, a duty list, or both in one unit of work. Each list follows its own units.

    Args:
        session: a unit of work.
        now: the present instant.
        zone: time zone whose days the files speak of.
        areas: file of the areas; None leaves those that are there.
        duty_list: file of the list; None leaves what is in force.
        when_changed: only what is not as it was taken in last, as at a restart.

    Returns:
        Whether the areas changed, and whether a list did.

    Raises:
        SettingsError: with a line for each fault of a file, and for each that a list in force, or yet to
            come, would have by the new areas. The unit of work must not be committed then.
    """
    if areas is None or (when_changed and is_as_taken_in(session, areas)):
        if duty_list is None:
            return False, False
        return False, import_duty_list(session, duty_list, now, zone, when_changed=when_changed)
    before = {text for _list, text in _faults(session, now, zone)}
    own = ground_of(session, now).own_units
    moved = import_areas(session, areas, now, zone)
    listed = [
        import_duty_list(session, path, now, zone, when_changed=following)
        for path, following in _lists(session, now, duty_list, when_changed=when_changed)
    ]
    # Areas that say what they said cause nothing, whatever an older version let in.
    after = _faults(session, now, zone) if moved else []
    caused = [f"{named}: {text}" for named, text in after if text not in before]
    if caused:
        raise SettingsError(
            "\n".join([f"{areas}: the duty list cannot stand on these areas; take in both together", *caused])
        )
    if ground_of(session, now).own_units != own:
        _tell_who_stays(session, now)
    return moved, any(listed)


def _tell_who_stays(session: Session, now: datetime) -> None:
    """Areas have other units of their own: lists that could not follow, as their file is not what it was."""
    for version in repository.standing(session, now):
        source = version.source or ""
        if not source.lower().endswith(".csv") and _file_of(session, version) is None:
            mend = "where it says 'own_units', take it in again: kerbwatch central import duty FILE"
            log.warning("own_units_stay", duty_list=version.name or source, file=source, mend=mend)


def _lists(
    session: Session, now: datetime, duty_list: Path | None, *, when_changed: bool
) -> list[tuple[Path, bool]]:
    """The files of lists that are to be read by the new areas: the one that comes, and those that stand."""
    coming = [] if duty_list is None else [(duty_list, when_changed)]
    known = {path.resolve() for path, _following in coming}
    paths = {path for each in repository.standing(session, now) if (path := _file_of(session, each))}
    return coming + [(path, True) for path in sorted(paths - known)]


def _file_of(session: Session, version: DutyList) -> Path | None:
    """The file of a version, where it is still there, can be read and says what it said."""
    if not version.source:
        return None
    path = Path(version.source)
    try:
        return path if path.is_file() and is_as_taken_in(session, path) else None
    except (OSError, SettingsError):  # a command read it, and it is closed to central's own user
        return None


def _faults(session: Session, now: datetime, zone: tzinfo) -> list[tuple[str, str]]:
    """What is wrong with the lists in force and to come: which list, and what."""
    return [
        (f"{draft.path}:{each.line}: {each.code}", each.text)
        for version in repository.standing(session, now)
        for draft in [_read(session, version, now, zone)]
        for each in check_draft(session, draft, now, zone)
        if each.fault
    ]


def _read(session: Session, version: DutyList, now: datetime, zone: tzinfo) -> DutyDraft:
    """A version by the areas as they are: out of its file, else as it was written out back then."""
    path = _file_of(session, version)
    if path is not None and path.suffix.lower() != ".csv":
        return read_draft(session, path, now)
    return draft_of(
        version, repository.entries_with_rulings(session, version.id), repository.units(session), zone
    )
