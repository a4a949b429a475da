"""Cases that live through whatever may happen to them, and a second book kept of it, for tests that count."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select

from central.adjudication import service as adjudication
from central.adjudication.schemas import RuleIn
from central.cases import service as cases
from central.cases.models import Case, Ticket
from central.cases.reporting import LeadIn, take_report
from central.cases.rules import ClosingOutcome, Origin, RejectReason, ReopenReason, TakeBackReason
from central.database import Database
from central.merging import service as merging
from central.merging.models import MergeSuggestion
from central.people.permissions import Permission
from central.people.service import Principal
from central.problems import Problem
from central.reopening import confirmed
from central.reopening import service as reopening
from central.reopening.schemas import ReopenIn, TakeBackIn
from central.settings import CentralSettings
from central.tickets import requests, sending
from central.tickets import service as tickets
from central.tickets.clockwork import Terms
from central.tickets.models import TicketRequest
from central.tickets.rules import RUNNING
from central.tickets.schemas import AskIn
from kerbwatch.ids import new_id
from kerbwatch.incident import Kind

BOSS = Principal("user:boss", "boss", (), frozenset(Permission))
PLACES = [(121.15, 30.05), (121.155, 30.056), (121.18, 30.05), (121.15, 30.1), (121.25, 30), (120.9991, 30)]
"""In a grid of Yangming twice, in Fengshan, in Ditang, in no town, and at the city's edge or just beyond."""
KINDS = list(Kind)[:2]
ORIGINS = [Origin.HOTLINE, Origin.PHOTO, Origin.CAMERA]


@dataclass
class Lives:
    """What happens to the cases of a town, by the real services; refused moves change nothing."""

    database: Database
    settings: CentralSettings
    now: datetime
    late: set[str] = field(default_factory=set)
    """Cases whose accountable unit was done, or lost the ticket, after the deadline in its row."""
    closed: int = 0

    @property
    def terms(self) -> Terms:
        return Terms.of(self.settings)

    def rows(self) -> list[Case]:
        with self.database.read() as session:
            return list(session.scalars(select(Case).order_by(Case.id)))

    def begin(self, kind: int, place: int, origin: int) -> None:
        """Something is reported."""
        lon, lat = PLACES[place % len(PLACES)]
        n = len(self.rows())  # each some metres from the others, hours apart: none is merged by itself
        lead = LeadIn(
            origin=ORIGINS[origin % len(ORIGINS)],
            source="12345",
            external_id=new_id(),
            kind=KINDS[kind % len(KINDS)],
            lon=lon + (n % 7) * 3e-4,
            lat=lat + (n % 5) * 3e-4,
            place_method="gps",
            seen_at=self.now,
            words="",
        )
        self._try(
            take_report, lead, actor="system", zone=self.settings.zone, merging=self.settings.intake.merging
        )

    def rise(self) -> None:
        """Nine weeks with a call each Monday and another, and then a Monday with fourteen."""
        for week in range(9):
            self.now += timedelta(days=7) - timedelta(minutes=7 * (2 if week else 0))
            for n in range(14 if week == 8 else 2):
                self.begin(0, 0 if n % 2 else 1, n % 2)

    def confirm(self, row: Case) -> None:
        self._try(sending.confirm, row.id, who=BOSS, version=row.version, terms=self.terms)

    def reject(self, row: Case) -> None:
        self._try(cases.reject, row.id, who=BOSS, version=row.version, reason_code=RejectReason.NOT_THERE)

    def work(self, row: Case) -> None:
        """Every unit does the next thing with its ticket."""
        for ticket in row.tickets:
            step = {"dispatched": "accept", "accepted": "start", "handling": "report_handled"}.get(
                ticket.state
            )
            if step is None:
                continue
            who = Principal("user:squad", "squad", (), frozenset({Permission.TICKET_HANDLE}), ticket.unit_id)
            version = next(each.version for each in self.rows() if each.id == row.id)
            done = self._try(
                tickets.act, ticket.id, step, who=who, version=version, terms=self.terms, note="done"
            )
            if done and step == "report_handled" and ticket.leads and self.now > ticket.due_at:
                self.late.add(row.id)

    def close(self, row: Case) -> None:
        """Each time something else came of it than the last time."""
        came = list(ClosingOutcome)[self.closed % len(ClosingOutcome)]
        more = {"version": row.version, "note": "seen", "outcome": came}
        self.closed += self._try(tickets.close, row.id, who=BOSS, **more) is not None

    def reopen(self, row: Case) -> None:
        """The rejection or the closing was wrong."""
        said = ReopenIn(reason_code=ReopenReason.MISTAKE, apart=True)
        more = {"terms": self.terms, "merging": self.settings.intake.merging}
        self._try(reopening.reopen, row.id, said, who=BOSS, version=row.version, **more)

    def take_back(self, row: Case) -> None:
        """Confirming it was wrong; whatever was late of it was nobody's business."""
        said = TakeBackIn(reason_code=TakeBackReason.MISTAKE, note="a slip of the finger")
        done = self._try(confirmed.take_back, row.id, said, who=BOSS, version=row.version, terms=self.terms)
        if done is not None:
            self.late.discard(row.id)

    def rework(self, row: Case) -> None:
        self._try(tickets.rework, row.id, who=BOSS, version=row.version, terms=self.terms, note="still there")

    def rule(self, row: Case) -> None:
        """The accountable unit disputes it, and the board gives it to another."""
        ticket = leading(row)
        if ticket is None:
            return
        who = Principal("user:squad", "squad", (), frozenset({Permission.TICKET_HANDLE}), ticket.unit_id)
        asked = AskIn(kind="dispute", note="not ours", clause="12")
        request = self._try(requests.ask, ticket.id, asked, who=who, version=row.version, terms=self.terms)
        if request is None:
            return
        for unit in ("traffic-police", "squad-city", "squad-ditang", "traffic-police-yangming"):
            said = RuleIn(unit_id=unit, clause="12", reasons="so it is")
            ruled = self._try(adjudication.rule, request.id, said, who=BOSS, version=1, terms=self.terms)
            if ruled is not None:
                if not ruled.upheld and self.now > ticket.due_at:
                    self.late.add(row.id)
                return

    def suspend(self, row: Case) -> None:
        ticket = leading(row)
        if ticket is None:
            return
        who = Principal("user:squad", "squad", (), frozenset({Permission.TICKET_HANDLE}), ticket.unit_id)
        asked = AskIn(kind="suspension", note="dug up", until=self.now + timedelta(hours=9))
        request = self._try(requests.ask, ticket.id, asked, who=who, version=row.version, terms=self.terms)
        if request is not None:
            more = {"granted": True, "who": BOSS, "version": 1, "terms": self.terms, "note": "yes"}
            self._try(requests.decide, request.id, **more)

    def merge(self, row: Case, other: Case) -> None:
        """Somebody says that two are one."""
        older, younger = sorted((row, other), key=lambda each: each.id)
        if older.id == younger.id or older.kind != younger.kind:
            return

        def accept(session, *, now):
            known = session.scalar(
                select(MergeSuggestion).where(
                    MergeSuggestion.case_id == younger.id, MergeSuggestion.into_case_id == older.id
                )
            )
            if known is None:
                known = MergeSuggestion(
                    case_id=younger.id,
                    into_case_id=older.id,
                    score=0.5,
                    parts={},
                    state="open",
                    created_at=now,
                )
                session.add(known)
                session.flush()
            more = {"version": younger.version, "now": now, "zone": self.settings.zone}
            merging.accept(session, younger.id, known.id, who=BOSS, **more)

        self._try(accept)

    def _try(self, action, *args, **more):
        self.now += timedelta(minutes=7)
        try:
            with self.database.write(ordered=True) as session:
                return action(session, *args, now=self.now, **more)
        except Problem:
            return None


def leading(row: Case) -> Ticket | None:
    """The accountable unit's ticket."""
    return next((each for each in row.tickets if each.leads and each.state != "voided"), None)


def waiting(database: Database) -> list[TicketRequest]:
    with database.read() as session:
        return list(session.scalars(select(TicketRequest).where(TicketRequest.state == "waiting")))


def is_running(row: Case) -> bool:
    ticket = leading(row)
    return ticket is not None and ticket.state in RUNNING
