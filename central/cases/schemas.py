"""What cases' endpoints take and give. Times are UTC, places WGS-84 in the order lon, lat."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from central.cases.again import seen_since
from central.cases.models import Case, CaseEvent, Lead, LeadEvidence, Ticket
from central.cases.rules import EvaluationResult, RejectReason
from kerbwatch.clock import UtcDatetime
from kerbwatch.incident import Audience, EvidenceRole


class Out(BaseModel):
    """Base of what goes out."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class EvidenceOut(Out):
    """A picture or clip of a lead."""

    sha256: str
    role: str
    content_type: str
    size_bytes: int
    captured_at: UtcDatetime
    here: bool
    """Whether its bytes have arrived, with the right hash."""
    audience: str
    """``people``: made to be looked at. ``original``: for those with the permission, and a reason."""
    original_sha256: str | None
    """Of the original that this was made from."""
    url: str
    """Where its bytes are: to be had by GET, those of an original by POST with a ``reason``."""

    @classmethod
    def of(cls, row: LeadEvidence, here: bool) -> Self:
        """From the table."""
        return cls(
            sha256=row.sha256,
            role=row.role,
            content_type=row.content_type,
            size_bytes=row.size_bytes,
            captured_at=row.captured_at,
            here=here,
            audience=row.audience,
            original_sha256=row.original_sha256,
            url=f"/api/v1/media/{row.sha256}" + ("" if row.audience == Audience.PEOPLE else "/original"),
        )


_NO_PLATES = {"plate": None, "plate_said": None}


class PlateOut(Out):
    """The offender's plate, as it was read."""

    text: str
    """What may be said; ``?`` stands for a character that was not sure enough."""
    likeliest: str
    confidences: tuple[float, ...]
    """Of each character of ``likeliest``, 0..1."""
    colour: str
    pictures: int
    """How many pictures were voted over."""


class LeadOut(Out):
    """A lead: what one camera saw, at its newest revision, or what somebody reported.

    What only a camera can tell is null for what people report.
    """

    id: str
    origin: str
    source: str
    incident_id: str | None
    external_id: str | None
    """The number that its source gave it."""
    words: str | None
    """What whoever reported it says."""
    revision: int | None
    phase: str | None
    camera_id: str | None
    camera_name: str | None
    zone_id: str | None
    road: str | None
    started_at: UtcDatetime
    observed_at: UtcDatetime
    ended_at: UtcDatetime | None
    standing_since: UtcDatetime | None
    """Since when a vehicle has been left standing, for days on end."""
    dwell_s: float | None
    limit_s: float | None
    object_class: str | None
    confidence: float | None
    box: dict[str, Any] | None
    lon: float
    lat: float
    place_method: str
    accuracy_m: float | None
    live_url: str | None
    model: str | None
    plate: PlateOut | None
    """None also for those who may not read plates."""
    plate_said: str | None
    """The plate that whoever reported it names; nobody has read it. None also as above."""
    evidence: tuple[EvidenceOut, ...]

    @classmethod
    def of(cls, row: Lead, here: frozenset[str]) -> Self:
        """From the table; ``here`` are the hashes of files that have arrived."""
        plain = {name: getattr(row, name) for name in cls.model_fields if name not in {"evidence", "plate"}}
        plate = PlateOut.model_validate(row.plate) if row.plate else None
        return cls(
            **plain, plate=plate, evidence=tuple(EvidenceOut.of(e, e.sha256 in here) for e in row.evidence)
        )


class TicketOut(Out):
    """A ticket."""

    id: str
    case_id: str
    state: str
    unit_id: str
    unit_name: str
    co_unit_ids: list[str]
    item: str
    legal_basis: str
    sentence: str
    routing_note: str
    deadline_hours: float
    due_at: UtcDatetime
    created_at: UtcDatetime
    dispatched_at: UtcDatetime | None
    leads: bool
    """Whether its unit is the accountable one; the others of a joint operation help."""
    town_id: str | None
    """The town from which its unit helps; None where it leads."""
    suspended_until: UtcDatetime | None
    """Until when its clock stands."""
    disputed: bool
    """Whether its unit says that it is not its business, and no ruling has come yet."""
    plate: str | None
    """The offender's, ``?`` where a character is not sure; None also for those who may not read plates."""
    plate_said: str | None
    """As somebody who reported it named it, ``?`` for what they left out; nobody has read it. None also as
    above."""
    outcome: str | None
    """What came of it, as its unit reported; None before that. See the case's."""
    reminded_at: UtcDatetime | None
    """When the unit was reminded of the deadline that holds."""

    @classmethod
    def of(cls, row: Ticket) -> Self:
        """From the table."""
        return cls.model_validate(row)


class CaseOut(Out):
    """A case in a list."""

    id: str
    state: str
    kind: str
    """A kind that cameras raise, or the id of an item of the duty list that only people report."""
    urgent: bool
    road: str | None
    area_id: str | None
    area_name: str | None
    lon: float
    lat: float
    sentence: str
    started_at: UtcDatetime
    created_at: UtcDatetime
    updated_at: UtcDatetime
    version: int
    item: str | None
    """What the duty list calls it, as its newest accountable ticket says."""
    unit_name: str | None
    due_at: UtcDatetime | None
    suspended_until: UtcDatetime | None
    """Until when the clock of the accountable unit stands."""
    disputed: bool
    """Whether a unit disputes that it is its business, and no ruling has come yet."""
    escalation_level: int
    """How far up it has gone: 0 is its own unit, 1 the one above it."""
    dwell_s: float
    limit_s: float
    cleared: bool
    """Whether the offender has gone, as the cameras say."""
    origins: tuple[str, ...]
    """The channels that its leads came by."""
    camera_name: str | None
    """Of the first camera that saw it; null where none did."""
    merged_into: str | None
    """The case that its leads went to, of one that was merged."""
    outcome: str | None
    """What came of it, of one that is closed: ``dealt_with``, ``moved_on``, ``nothing_found`` or
    ``not_an_offence``; null also of what was closed before this was kept."""
    picture: str | None
    """Hash of the newest snapshot made for people that has arrived."""

    @classmethod
    def of(cls, row: Case, here: frozenset[str]) -> Self:
        """From the table; ``here`` are the hashes of files that have arrived."""
        return cls(**_summary(row, here))


class CaseDetail(CaseOut):
    """A case with its leads and tickets."""

    leads: tuple[LeadOut, ...]
    tickets: tuple[TicketOut, ...]
    seen_again: tuple[str, ...]
    """Leads that were observed after the work was reported as done, of a case that is being checked."""

    @classmethod
    def of(cls, row: Case, here: frozenset[str]) -> Self:
        """From the tables."""
        return cls(
            **_summary(row, here),
            leads=tuple(LeadOut.of(lead, here) for lead in row.leads),
            tickets=tuple(TicketOut.of(ticket) for ticket in row.tickets),
            seen_again=tuple(lead.id for lead in seen_since(row)),
        )

    def without_plates(self) -> Self:
        """For those who may not read plates."""
        return self.model_copy(
            update={
                "leads": tuple(lead.model_copy(update=_NO_PLATES) for lead in self.leads),
                "tickets": tuple(ticket.model_copy(update=_NO_PLATES) for ticket in self.tickets),
            }
        )


def _summary(row: Case, here: frozenset[str]) -> dict[str, Any]:
    own = {name: getattr(row, name) for name in _OWN}
    live = [ticket for ticket in row.tickets if ticket.state != "voided" and ticket.leads]
    seen = [lead for lead in row.leads if lead.camera_id is not None]
    pictures = [
        e.sha256
        for lead in [*seen, *row.leads][:1]
        for e in lead.evidence
        if e.content_type == "image/jpeg"
        and e.audience == Audience.PEOPLE
        and e.sha256 in here
        and e.role not in {EvidenceRole.SNAPSHOT_CLEARED, EvidenceRole.SNAPSHOT_CHECKED}
    ]
    return own | {
        "item": next((ticket.item for ticket in reversed(row.tickets) if ticket.leads), None),
        "unit_name": live[0].unit_name if live else None,
        "due_at": live[0].due_at if live else None,
        "suspended_until": live[0].suspended_until if live else None,
        "disputed": any(ticket.disputed for ticket in row.tickets if ticket.state != "voided"),
        "dwell_s": max((lead.dwell_s or 0.0 for lead in seen), default=0.0),
        "limit_s": seen[0].limit_s or 0.0 if seen else 0.0,
        "cleared": bool(seen) and all(each.phase == "cleared" for each in seen),
        "origins": tuple(sorted({lead.origin for lead in row.leads})),
        "camera_name": seen[0].camera_name if seen else None,
        "picture": pictures[-1] if pictures else None,
    }


_OWN = tuple(name for name in CaseOut.model_fields if name in Case.__table__.columns)


class CasePage(Out):
    """Some cases, newest first, and where to go on."""

    items: tuple[CaseOut, ...]
    next_cursor: str | None


class TicketPage(Out):
    """Some tickets, newest first, and where to go on."""

    items: tuple[TicketOut, ...]
    next_cursor: str | None

    def without_plates(self) -> Self:
        """For those who may not read plates."""
        return self.model_copy(
            update={"items": tuple(ticket.model_copy(update=_NO_PLATES) for ticket in self.items)}
        )


class LogLine(Out):
    """A line of the log of cases; its number is what ``Last-Event-ID`` speaks of."""

    id: int
    case_id: str
    at: UtcDatetime
    rule: str
    actor: str
    from_state: str | None
    to_state: str
    reason_code: str | None
    note: str | None
    detail: dict[str, Any]
    case_version: int

    @classmethod
    def of(cls, row: CaseEvent) -> Self:
        """From the table."""
        return cls.model_validate(row)


class ConfirmIn(BaseModel):
    """An operator says: this is a case."""

    model_config = ConfigDict(extra="forbid")

    note: Annotated[str, Field(max_length=2000)] | None = None


class RejectIn(BaseModel):
    """An operator says: this is none, and why."""

    model_config = ConfigDict(extra="forbid")

    reason_code: RejectReason
    note: Annotated[str, Field(max_length=2000)] | None = None


class EvaluationIn(BaseModel):
    """How a closed case was dealt with."""

    model_config = ConfigDict(extra="forbid")

    result: EvaluationResult
    note: Annotated[str, Field(max_length=2000)] | None = None


class Feature(BaseModel):
    """A case as a GeoJSON point."""

    type: Literal["Feature"] = "Feature"
    id: str
    geometry: dict[str, Any]
    properties: dict[str, Any]


class FeatureCollection(BaseModel):
    """Cases as GeoJSON (RFC 7946), WGS-84."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    features: tuple[Feature, ...]
