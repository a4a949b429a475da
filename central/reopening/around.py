"""What is open around a case that is opened again or put right, and the case's leads put back among it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from central.cases import repository as cases
from central.cases.corrected import columns_of
from central.cases.groups import group_of
from central.cases.models import Case
from central.merging import repository as merging
from central.merging.grid import cell_of, cells_around
from central.merging.intake import spot_of
from central.merging.lately import lately_of
from central.merging.models import MergeSuggestion, OpenLead
from central.merging.neighbourhood import Match, Neighbourhood
from central.merging.settings import MergingSettings
from central.reopening import repository


def open_matches(
    session: Session, row: Case, now: datetime, zone: ZoneInfo, settings: MergingSettings
) -> list[Match]:
    """The other open cases that may be of the same occurrence, the likeliest first, each once."""
    lately = lately_of(session, now, zone, settings)
    best: dict[str, Match] = {}
    for lead in row.leads:
        spot = spot_of(columns_of(lead), row.id, None)
        terms = settings.of(spot.kind)
        cells = cells_around(spot.lon, spot.lat, terms.radius_m)
        since = lead.started_at - timedelta(minutes=terms.window_minutes)
        near = Neighbourhood(settings, lately.crowding, lately.pace)
        near.add(
            spot_of(columns_of(each), each.case_id, until)
            for each, until in repository.open_leads(session, spot.kind, cells, since)
            if each.case_id != row.id
        )
        for match in near.matches(spot):
            known = best.get(match.case_id)
            if known is None or match.score > known.score:
                best[match.case_id] = match
    return sorted(best.values(), key=lambda match: -match.score)


def joined(match: Match, row: Case, settings: MergingSettings) -> bool:
    """Whether central would have put the case's leads into the other one by itself."""
    return match.certain and match.score >= settings.of(row.kind).merge_from


def put_back(session: Session, row: Case) -> None:
    """New leads may join the case again, and it has what makes it one: its first lead."""
    row.open_group = group_of(min(row.leads, key=lambda lead: lead.id))
    for lead in row.leads:
        spot = spot_of(columns_of(lead), row.id, None)
        session.add(
            OpenLead(
                lead_id=lead.id,
                case_id=row.id,
                kind=spot.kind,
                cell=cell_of(spot.lon, spot.lat),
                watcher=spot.watcher or spot.lead_id,
                until=spot.until,
            )
        )


def suggest(session: Session, row: Case, matches: Iterable[Match], who: str, now: datetime) -> None:
    """Ask people whether the case is one with others that are open, as when it first came in."""
    for match in matches:
        found = merging.between(session, row.id, match.case_id)
        younger, older = sorted((row.id, match.case_id), reverse=True)
        if found is None:
            found = MergeSuggestion(case_id=younger, into_case_id=older, state="open", created_at=now)
            session.add(found)
        elif found.state == "dismissed":
            continue
        found.case_id, found.into_case_id = younger, older
        found.score, found.parts, found.state = match.score, match.parts, "open"


def ask(  # noqa: PLR0917 - as of the two that it joins
    session: Session, row: Case, who: str, now: datetime, zone: ZoneInfo, settings: MergingSettings
) -> None:
    """Look what is open around a case, and suggest what it may be one with."""
    found = open_matches(session, row, now, zone, settings)
    least = settings.of(row.kind).suggest_from
    suggest(session, row, [match for match in found if match.score >= least], who, now)


def set_apart(session: Session, row: Case, matches: Iterable[Match], who: str, now: datetime) -> None:
    """Somebody said that the case is none of these: it is not asked again."""
    matches = list(matches)
    suggest(session, row, matches, who, now)
    session.flush()
    for match in matches:
        found = merging.between(session, row.id, match.case_id)
        if found is not None and found.state == "open":
            found.state, found.decided_at, found.decided_by = "dismissed", now, who


def same_leads(session: Session, row: Case) -> str | None:
    """An open case that was made by one of this case's own leads; None where there is none."""
    found = cases.open_groups(session, {group_of(lead) for lead in row.leads})
    return next(iter(found.values()), None)
