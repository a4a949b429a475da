"""Works out a batch of leads in memory: which case each joins or opens, and what the ticket says.

What the database holds of them is read at the beginning and everything is written at the end, with one
statement a table: what a city sends in a rush is thousands of rows a second.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.orm import Session

from central.areas.service import AreaHit
from central.calendar.work import WorkCalendar
from central.cases import repository
from central.cases.arrivals import Arrival, CaseNow, Row, case_of, ticket_of
from central.cases.footing import footing_of
from central.cases.models import Case, CaseEvent, Lead, LeadEvidence, Ticket
from central.cases.rules import OVER, CaseState
from central.cases.service import log_line
from central.duty.book import DutyBook
from central.merging import repository as merging
from central.merging.around import Surroundings, keep_written, look
from central.merging.grid import cell_of
from central.merging.ground import Head
from central.merging.intake import searches_of, spot_of
from central.merging.lately import Lately, lately_of
from central.merging.models import MergeSuggestion, OpenLead
from central.merging.neighbourhood import Match, Neighbourhood
from central.merging.settings import MergingSettings
from central.rechecks.again import heed
from central.reopening.recalled import recall
from central.tickets.urgency import hurry
from central.told import tell
from kerbwatch.ids import new_id
from kerbwatch.place import Position
from kerbwatch.tracing import trace_id_of

log = structlog.get_logger(__name__)

_NOTHING: Row = {column.name: None for column in Lead.__table__.columns if column.nullable}
"""What a lead does not say, so that leads of every channel are written with one statement."""


class Desk:
    """Open it, recall what is known, take leads, write."""

    def __init__(
        self,
        *,
        book: DutyBook,
        calendar: WorkCalendar,
        lately: Lately,
        now: datetime,
        settings: MergingSettings,
        zone: ZoneInfo,
    ) -> None:
        self.now, self._zone = now, zone
        self.cases: dict[str, CaseNow] = {}
        self.book, self._settings = book, settings
        urgent_calendar = calendar.for_urgent()
        self._due_after = cache(lambda hours: calendar.after(now, timedelta(hours=hours)))
        self._urgent_due_after = cache(lambda hours: urgent_calendar.after(now, timedelta(hours=hours)))
        self._groups: dict[str, CaseNow] = {}
        self._located: dict[Position, tuple[AreaHit, ...]] = {}
        self._near = Neighbourhood(settings, lately.crowding, lately.pace)
        self._surroundings: Surroundings | None = None
        self._tickets: dict[str, Row] = {}
        """Of cases that this batch makes, by case."""
        self._sentences: dict[str, str] = {}
        """Of drafted tickets that are there already, by case."""
        self._leads: list[Row] = []
        self._arrived: list[tuple[str, CaseNow, Arrival]] = []
        self._open_leads: dict[str, Row] = {}
        self._suggestions: list[Row] = []
        self._ends: dict[str, datetime] = {}
        self._log: list[Row] = []
        self._hurried: dict[str, str] = {}
        """Cases that a lead made urgent, and who brought it."""
        self._recalled: dict[str, tuple[str, str]] = {}
        """Cases that are over, each with a lead that cannot wait by now, and who brought it."""
        self._rejoined: list[tuple[str, str, str]] = []
        """Cases that are being checked, each with a lead that joined it, and who brought that."""

    @classmethod
    def opened(cls, session: Session, now: datetime, zone: ZoneInfo, settings: MergingSettings) -> Desk:
        """With the duty list and the calendar as they are now. Raises NoDutyListError."""
        book, calendar = footing_of(session, now, zone)
        lately = lately_of(session, now, zone, settings)
        return cls(book=book, calendar=calendar, lately=lately, now=now, settings=settings, zone=zone)

    def recall(self, session: Session, case_ids: Iterable[str], groups: Iterable[str]) -> None:
        """Read some cases: by their ids, and by what makes leads the same beyond doubt."""
        known = repository.open_groups(session, set(groups))
        for head in repository.case_heads(session, set(case_ids) | set(known.values())):
            state = CaseState(head.state)
            self.cases[head.id] = CaseNow(head.id, state, head.version, head.urgent, head.open_group)
        self._groups |= {group: self.cases[case_id] for group, case_id in known.items()}

    def look_around(self, session: Session, new: Sequence[Row]) -> None:
        """Read the leads of open cases near some leads (their columns) that may turn out to be new."""
        if not new:
            return
        self._surroundings = look(session, searches_of(new, self._settings))
        self._near.ground = self._surroundings.ground
        points = {Position(row["lon"], row["lat"]) for row in new}
        self._located |= zip(points, self.book.areas.locate_all(list(points)), strict=True)

    def open(self, arrival: Arrival) -> tuple[str, Row, CaseNow]:
        """A new lead: it joins the case that it is of, or makes one.

        Returns:
            Its id, its row that is yet to be written, and its case.
        """
        row = _NOTHING | arrival.lead
        row["id"] = new_id()
        spot = spot_of(row, "", None)
        case = self._groups.get(arrival.group)
        matches = [] if case else self._near.matches(spot)
        terms = self._settings.of(spot.kind)
        best = matches[0] if matches else None
        if best and best.certain and best.score >= terms.merge_from:
            case = self._open_case(best.case_id)
            self._join(case, arrival, spot.lead_id, best)
        elif case is None:
            case = self.draft(arrival)
            self._suggest(case, [match for match in matches if match.score >= terms.suggest_from])
        spot.case_id = case.id
        row |= {"case_id": case.id, "created_at": self.now, "updated_at": self.now}
        self._leads.append(row)
        self._arrived.append((spot.lead_id, case, arrival))
        if case.group is not None:
            self._near.add([spot])
            self._open_leads[spot.lead_id] = {
                "lead_id": spot.lead_id,
                "case_id": case.id,
                "kind": spot.kind,
                "cell": cell_of(spot.lon, spot.lat),
                "watcher": spot.watcher or spot.lead_id,
                "until": spot.until,
            }
        return spot.lead_id, row, case

    def draft(self, arrival: Arrival) -> CaseNow:
        """A case with its ticket, as far as central can say without a person."""
        lead, now = arrival.lead, self.now
        at = Position(lead["lon"], lead["lat"])
        hits = self._located[at] if at in self._located else self.book.areas.locate(at)
        assignment = self.book.assign_in(lead["kind"], hits)
        case = case_of(arrival, assignment, now)
        self.cases[case.id] = self._groups[arrival.group] = case
        due_after = self._urgent_due_after if lead["urgent"] else self._due_after
        self._tickets[case.id] = ticket_of(case, arrival, assignment, due_after, now)
        detail = arrival.detail | {"unit_id": assignment.unit_id}
        self.note(case, "opened", arrival.actor, detail, from_state=None)
        return case

    def redraft(self, case: CaseNow, words: str) -> None:
        """What the ticket of a case says that nobody has looked at yet."""
        case.changes["sentence"] = words
        drafted_now = self._tickets.get(case.id)
        if drafted_now is None:
            self._sentences[case.id] = words
        else:
            drafted_now["sentence"] = words

    def hear_urgency(self, case: CaseNow, actor: str, *, urgent: bool) -> None:
        """Whether a lead of a case says that it cannot wait."""
        if urgent and not case.urgent and case.state not in OVER:
            self._hurried[case.id] = actor
        case.urgent = case.urgent or urgent
        case.changes["urgent"] = case.urgent

    def recall_case(self, case: CaseNow, lead_id: str, actor: str) -> None:
        """Whoever ended a case did not know that a lead of it cannot wait: somebody is to look again."""
        self._recalled.setdefault(case.id, (lead_id, actor))

    def ended(self, lead_id: str, at: datetime) -> None:
        """What a lead tells of stands no longer."""
        self._near.ended(lead_id, at)
        opened_now = self._open_leads.get(lead_id)
        if opened_now is None:
            self._ends[lead_id] = at
        else:
            opened_now["until"] = at

    def note(
        self,
        case: CaseNow,
        rule: str,
        actor: str,
        detail: Row,
        *,
        from_state: str | None = "",
        material: bool = True,
    ) -> None:
        """A line of the log; ``from_state`` is the case's own unless it is said."""
        if material:
            case.version += 1
            case.changes["version"] = case.version
        case.changes["updated_at"] = self.now
        state = case.state.value
        self._log.append(
            log_line(
                case.id,
                rule,
                actor,
                self.now,
                from_state=state if from_state == "" else from_state,
                to_state=state,
                version=case.version,
                detail=detail,
            )
        )

    def write(self, session: Session, refreshed: Sequence[Row] = (), evidence: Sequence[Row] = ()) -> None:
        """Put everything into the database, with leads that were there before and all evidence."""
        cases = self.cases.values()
        repository.insert(
            session,
            [
                (Case, [case.changes for case in cases if case.new]),
                (Lead, self._leads),
                (LeadEvidence, evidence),
                (OpenLead, list(self._open_leads.values())),
                (Ticket, list(self._tickets.values())),
                (MergeSuggestion, self._suggestions),
                (CaseEvent, self._log),
            ],
        )
        changed = [case.changes | {"id": case.id} for case in cases if case.changes and not case.new]
        repository.update_rows(session, Case, changed)
        repository.update_rows(session, Lead, refreshed)
        repository.redraft(session, self._sentences)
        merging.put_ends(session, self._ends)
        if self._surroundings is not None:
            heads = [
                Head(case.id, case.state.value, case.version, case.urgent, case.group)
                for case in cases
                if case.changes
            ]
            stale = [row["id"] for row in changed] if refreshed else []
            keep_written(session, self._surroundings, heads, stale)
        self._tell(session)
        for case_id, actor in self._hurried.items():
            hurry(session, self._written(session, case_id), actor, self.now, self._zone)
        for case_id, (lead_id, actor) in self._recalled.items():
            row = self._written(session, case_id)
            recall(session, row, lead_id, actor=actor, now=self.now, zone=self._zone, settings=self._settings)
        for case_id, lead_id, actor in self._rejoined:
            heed(session, self._written(session, case_id), lead_id, actor, self.now)

    def _open_case(self, case_id: str) -> CaseNow:
        """A case on the ground."""
        if case_id not in self.cases:
            head = self._near.ground.heads[case_id]
            self.cases[case_id] = CaseNow(
                case_id, CaseState(head.state), head.version, head.urgent, head.open_group
            )
        return self.cases[case_id]

    @staticmethod
    def _written(session: Session, case_id: str) -> Case:
        """A case as it has been written, past the session."""
        row = repository.case(session, case_id, lock=True)
        assert row is not None  # a lead joined it just now
        session.refresh(row)
        return row

    def _tell(self, session: Session) -> None:
        for lead_id, case, arrival in self._arrived:
            incident_id = arrival.lead.get("incident_id")
            ticket = self._tickets.get(case.id)
            tell(
                session,
                log,
                "lead_taken",
                trace_id=trace_id_of(incident_id or lead_id),
                incident=incident_id,
                lead=lead_id,
                origin=arrival.lead["origin"],
                source=arrival.lead["source"],
                kind=arrival.lead["kind"],
                case=case.id,
                ticket=ticket and ticket["id"],
            )

    def _join(self, case: CaseNow, arrival: Arrival, lead_id: str, match: Match) -> None:
        self.hear_urgency(case, arrival.actor, urgent=arrival.lead["urgent"])
        detail = arrival.detail | {"lead_id": lead_id, "score": match.score, "parts": match.parts}
        self.note(case, "merge_lead", arrival.actor, detail)
        if case.state is CaseState.CHECKING:
            self._rejoined.append((case.id, lead_id, arrival.actor))

    def _suggest(self, case: CaseNow, matches: Sequence[Match]) -> None:
        self._suggestions += [
            {
                "case_id": case.id,
                "into_case_id": match.case_id,
                "score": match.score,
                "parts": match.parts,
                "state": "open",
                "created_at": self.now,
            }
            for match in matches
        ]
