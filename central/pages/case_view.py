"""Cases as the pages show them: the services' values in words, with the offender's box over each picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from central.cases import rules
from central.cases.drafting import duration
from central.cases.rules import OVER, RULES, CaseState, Facts, RefusedError, RejectReason, TicketState
from central.cases.schemas import CaseDetail, CaseOut, EvidenceOut, LeadOut, LogLine, TicketOut
from central.pages import wording
from central.pages.matters import name_of
from central.pages.plate_view import PlateView, plate_of, spaced
from central.pages.shots import Shot, shot_of
from central.pages.texts import KIND_TERMS, kind_term, t, t_or
from central.pages.work_view import (
    CLOCK_RUNS,
    Beside,
    Mark,
    SlipView,
    late_mark,
    marks_of,
    slip_of,
    told_in,
)
from central.people.permissions import Permission
from central.people.service import Principal
from kerbwatch.incident import Audience, EvidenceRole, Kind

REASONS = tuple((reason.value, t(f"reason.{reason.value}")) for reason in RejectReason)
"""Reason codes of a rejection with their words, in the order in which they are offered."""


@dataclass(frozen=True, slots=True)
class Row:
    """A case in the live list."""

    id: str
    kind: str
    kind_name: str
    kind_term: str
    icon: str
    urgent: bool
    state_name: str
    tone: str
    road: str | None
    foot: str
    picture: str | None
    created_at: datetime
    marks: tuple[Mark, ...] = ()
    """What to notice: how late it is, what stands still."""


@dataclass(frozen=True, slots=True)
class TicketView:
    """A ticket."""

    unit_name: str
    part: str
    """Whether it leads or helps; empty where it is alone."""
    state_name: str
    tone: str
    marks: tuple[Mark, ...]
    due_at: datetime | None
    """None while it is a draft: its time runs from confirmation."""
    deadline: str
    item: str
    legal_basis: str
    co_units: str
    routing_note: str
    plate: str
    plate_said: str
    outcome_name: str
    """What its unit reported; empty before that."""
    id: str
    can_resume: bool
    """Whether its suspension may be ended early."""


@dataclass(frozen=True, slots=True)
class LeadView:
    """What one camera saw, or somebody reported."""

    id: str
    origin_name: str
    number: str
    words: str
    camera_name: str
    zone_id: str
    live_url: str | None
    started_at: datetime
    standing_since: datetime | None
    stood: str
    object_class: str
    confidence: str
    model: str
    plate: PlateView | None
    plate_said: str


@dataclass(frozen=True, slots=True)
class LogView:
    """A line of the log."""

    at: datetime
    text: str
    actor: str
    note: str


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case alone, with everything that a decision needs."""

    id: str
    version: int
    kind: str
    kind_name: str
    kind_term: str
    icon: str
    urgent: bool
    state_name: str
    tone: str
    outcome_name: str
    """What came of it, of one that is closed."""
    road: str | None
    area_id: str | None
    area_name: str | None
    sentence: str
    started_at: datetime
    stood: str
    presence: str
    unit_name: str | None
    place_method: str
    accuracy: str
    can_confirm: bool
    can_reject: bool
    pictures: tuple[Shot, ...]
    clips: tuple[Shot, ...]
    leads: tuple[LeadView, ...]
    tickets: tuple[TicketView, ...]
    log: tuple[LogView, ...]
    marks: tuple[Mark, ...]
    """What to notice: how late it is, how far up it went, what stands still."""
    slips: tuple[SlipView, ...]
    joint: str
    """When several towns go out together; empty where one unit goes alone."""
    no_evidence: str
    """What is said where there is no picture."""


def row_of(case: CaseOut, marks: tuple[Mark, ...] = ()) -> Row:
    """A case as a line of the list."""
    foot = [duration(case.dwell_s)] if case.dwell_s else []
    return Row(
        id=case.id,
        kind=case.kind,
        kind_name=name_of(case),
        kind_term=kind_term(case.kind),
        icon=_icon(case.kind),
        urgent=case.urgent,
        state_name=t_or(f"state.{case.state}", case.state),
        tone=_tone(case.state),
        road=case.road or case.area_name,
        foot=" · ".join([*foot, case.unit_name or case.camera_name or ""]),
        picture=f"/api/v1/media/{case.picture}" if case.picture else None,
        created_at=case.created_at,
        marks=marks,
    )


def case_of(  # noqa: PLR0917 - one case, one place
    case: CaseDetail,
    log: Sequence[LogLine],
    who: Principal,
    now: datetime,
    zone: ZoneInfo,
    beside: Beside,
) -> CaseView:
    """A case with its evidence, tickets and log; ``who`` decides which buttons there are."""
    shots = [(lead, piece) for lead in case.leads for piece in _shown(lead)]
    shots.sort(key=lambda pair: (pair[1].captured_at, _ROLE_ORDER.get(pair[1].role, 9)))
    first = case.leads[0] if case.leads else None
    return CaseView(
        id=case.id,
        version=case.version,
        kind=case.kind,
        kind_name=name_of(case),
        kind_term=kind_term(case.kind),
        icon=_icon(case.kind),
        urgent=case.urgent,
        state_name=t_or(f"state.{case.state}", case.state),
        tone=_tone(case.state),
        outcome_name=t_or(f"reason.{case.outcome}", case.outcome) if case.outcome else "",
        road=case.road,
        area_id=case.area_id,
        area_name=case.area_name,
        sentence=case.sentence,
        started_at=case.started_at,
        stood=_stood("case.stood", case.dwell_s, case.limit_s),
        presence=_presence(case, now, zone),
        unit_name=case.unit_name,
        place_method=t_or(f"case.method.{first.place_method}", first.place_method) if first else "",
        accuracy=t("case.accuracy", metres=round(first.accuracy_m)) if first and first.accuracy_m else "",
        can_confirm=_may(case, "file", who, None),
        can_reject=_may(case, "reject", who, RejectReason.UNCLEAR),
        pictures=tuple(shot_of(*pair, who) for pair in shots if pair[1].content_type.startswith("image/")),
        clips=tuple(shot_of(*pair, who) for pair in shots if pair[1].content_type.startswith("video/")),
        leads=tuple(_lead(lead) for lead in case.leads),
        tickets=tuple(_ticket(ticket, who, now, zone, beside, alone=_alone(case)) for ticket in case.tickets),
        log=tuple(_line(line, beside, zone) for line in log),
        marks=marks_of(case, now, zone),
        slips=tuple(slip_of(slip, now) for slip in beside.slips),
        joint=_joint(beside, zone),
        no_evidence=t("case.no_evidence") if case.camera_name else t("case.no_evidence_reported"),
    )


_ROLE_ORDER = {role.value: index for index, role in enumerate(EvidenceRole)}


def _may(case: CaseDetail, rule_name: str, who: Principal, reason: str | None) -> bool:
    """Whether the service would let ``who`` run this rule now; it is asked again when they try."""
    rule = RULES[rule_name]
    if rule.permission is None or not who.may(rule.permission):
        return False
    facts = Facts(tuple(TicketState(ticket.state) for ticket in case.tickets), reason, None)
    try:
        rules.check(rule, CaseState(case.state), facts)
    except RefusedError:
        return False
    return True


def _icon(kind: str) -> str:
    return kind if kind in KIND_TERMS else "other"


def _tone(state: str) -> str:
    if state == CaseState.REVIEWING:
        return "warn"
    if state in {CaseState.CLOSED, CaseState.EVALUATED}:
        return "good"
    return "" if state in OVER else "info"


def _stood(key: str, dwell_s: float, limit_s: float) -> str:
    if not dwell_s:
        return ""
    return t(key, dwell=duration(dwell_s), limit=duration(limit_s))


def _presence(case: CaseDetail, now: datetime, zone: ZoneInfo) -> str:
    if case.kind == Kind.VEHICLE_LITTER and case.camera_name is not None:
        # A throw is a moment: nothing stands there that could go.
        return t("presence.thrown", time=wording.clock(case.started_at, now, zone))
    ends = [lead.ended_at for lead in case.leads if lead.ended_at]
    if case.cleared and ends:
        return t("presence.gone", time=wording.clock(max(ends), now, zone))
    if case.camera_name is None:
        return t("presence.reported")
    return t("presence.there")


def _shown(lead: LeadOut) -> list[EvidenceOut]:
    """What was made for people, and the originals of which nothing was made yet.

    Not what was taken when the camera looked again: that is shown beside the picture of before.
    """
    own = [piece for piece in lead.evidence if piece.role != EvidenceRole.SNAPSHOT_CHECKED]
    made = {piece.original_sha256 for piece in own}
    return [piece for piece in own if piece.audience == Audience.PEOPLE or piece.sha256 not in made]


def _alone(case: CaseDetail) -> bool:
    return all(ticket.leads for ticket in case.tickets)


def _joint(beside: Beside, zone: ZoneInfo) -> str:
    if beside.joint is None:
        return ""
    start, end = (wording.full(each, zone) for each in (beside.joint.window_from, beside.joint.window_until))
    return t("work.joint", start=start, end=end)


def _ticket_marks(ticket: TicketOut, now: datetime, zone: ZoneInfo) -> tuple[Mark, ...]:
    found = []
    if ticket.suspended_until is not None:
        found.append(
            Mark("warn", t("work.suspended", until=wording.clock(ticket.suspended_until, now, zone)))
        )
    elif ticket.state in CLOCK_RUNS:
        found += [late for late in (late_mark(ticket.due_at, now),) if late]
    return (*found, Mark("warn", t("work.disputed"))) if ticket.disputed else tuple(found)


def _ticket(
    ticket: TicketOut, who: Principal, now: datetime, zone: ZoneInfo, beside: Beside, *, alone: bool
) -> TicketView:
    draft = ticket.state == TicketState.DRAFTED
    tones = {TicketState.DRAFTED: "warn", TicketState.VOIDED: "", TicketState.CLOSED: "good"}
    return TicketView(
        unit_name=ticket.unit_name,
        part="" if alone else t("case.leads" if ticket.leads else "case.helps"),
        state_name=t_or(f"ticket_state.{ticket.state}", ticket.state),
        tone=tones.get(TicketState(ticket.state), "info"),
        marks=_ticket_marks(ticket, now, zone),
        due_at=None if ticket.dispatched_at is None else ticket.due_at,
        deadline=t("case.deadline_hours", hours=f"{ticket.deadline_hours:g}") if draft else "–",
        item=ticket.item,
        legal_basis=ticket.legal_basis,
        co_units=", ".join(beside.unit(unit_id) for unit_id in ticket.co_unit_ids),
        routing_note=ticket.routing_note,
        plate=spaced(ticket.plate or ""),
        plate_said=spaced(ticket.plate_said or ""),
        outcome_name=t_or(f"reason.{ticket.outcome}", ticket.outcome) if ticket.outcome else "",
        id=ticket.id,
        can_resume=ticket.suspended_until is not None
        and who.may_with_ticket_of(ticket.town_id, Permission.DEADLINE_APPROVE),
    )


def _lead(lead: LeadOut) -> LeadView:
    sure = None if lead.confidence is None else round(lead.confidence * 100)
    return LeadView(
        id=lead.id,
        origin_name=t_or(f"origin.{lead.origin}", lead.origin),
        number=f"{lead.source} {lead.external_id}" if lead.external_id else "",
        words=lead.words or "",
        camera_name=lead.camera_name or "",
        zone_id=lead.zone_id or "",
        live_url=lead.live_url
        if lead.live_url and lead.live_url.startswith(("https://", "http://"))
        else None,
        started_at=lead.started_at,
        standing_since=lead.standing_since,
        stood=_stood("case.stood_fact", lead.dwell_s or 0.0, lead.limit_s or 0.0),
        object_class=lead.object_class or "",
        confidence=t("case.confidence", percent=sure) if sure is not None else "",
        model=lead.model or "",
        plate=plate_of(lead.plate),
        plate_said=spaced(lead.plate_said or ""),
    )


def _line(line: LogLine, beside: Beside, zone: ZoneInfo) -> LogView:
    words = [t_or(f"reason.{line.reason_code}", line.reason_code)] if line.reason_code else []
    return LogView(
        at=line.at,
        text=t_or(f"rule.{line.rule}", line.rule.replace("_", " ")),
        actor=t("actor.system") if line.actor == "system" else line.actor.partition(":")[2] or line.actor,
        note=". ".join([*words, *told_in(line, beside, zone), *([line.note] if line.note else [])]),
    )
