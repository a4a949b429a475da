"""Tables of leads, their evidence, cases, tickets and the log of what happened to a case."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from central.database import Base, BigKey


class Case(Base):
    """One occurrence in the world; gathers its leads and tickets."""

    __tablename__ = "cases"
    __table_args__ = (
        Index("ix_cases_state_id", "state", "id"),
        Index("ix_cases_kind_id", "kind", "id"),
        Index("ix_cases_area_id_state", "area_id", "state", "kind", "id"),
        Index("ix_cases_road_id", "road", "id", postgresql_ops={"road": "text_pattern_ops"}),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    open_group: Mapped[str | None] = mapped_column(String(400), unique=True)
    """What makes two leads the same occurrence while the case is open; None once it is over."""
    state: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(40))
    urgent: Mapped[bool]
    road: Mapped[str | None] = mapped_column(String(300))
    area_id: Mapped[str | None] = mapped_column(String(63))
    area_name: Mapped[str | None] = mapped_column(String(200))
    lon: Mapped[float]
    lat: Mapped[float]
    sentence: Mapped[str] = mapped_column(Text)
    started_at: Mapped[datetime]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    version: Mapped[int]
    """Grows with every change that a decision may hang on; clients name the one they saw in If-Match.

    A refreshed lead (the vehicle still stands) does not count, so that it cannot get in an operator's way.
    """
    escalation_level: Mapped[int] = mapped_column(default=0)
    """How far up it has gone: 0 is its own unit, then one for each step of ``chain``."""
    chain: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    """Who is told when it is late: ``unit_id``, ``unit_name``, ``after_hours`` (of work past the deadline).

    Copied when the case is filed, so that a change of the rules never moves a running case.
    """
    filed_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(20))
    """What came of it, of one that is closed: a ClosingOutcome; None also of what was closed before there was
    one."""
    merged_into: Mapped[str | None] = mapped_column(String(36))
    """The case that its leads went to, of one that was merged."""
    leads: Mapped[list[Lead]] = relationship(back_populates="case", order_by="Lead.id", lazy="selectin")
    tickets: Mapped[list[Ticket]] = relationship(back_populates="case", order_by="Ticket.id", lazy="selectin")


class Lead(Base):
    """One thing that came in: a camera's incident at its highest revision so far, or what people report.

    What only a camera can tell is None for what people report.
    """

    __tablename__ = "leads"
    __table_args__ = (
        UniqueConstraint("incident_id", "source"),
        UniqueConstraint("external_id", "source"),
        Index(
            "ix_leads_plate_text",
            text("(plate ->> 'text')"),
            sqlite_where=text("plate IS NOT NULL"),
            postgresql_where=text("plate IS NOT NULL"),
        ),
        Index(
            "ix_leads_plate_said",
            "plate_said",
            sqlite_where=text("plate_said IS NOT NULL"),
            postgresql_where=text("plate_said IS NOT NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    origin: Mapped[str] = mapped_column(String(20))
    """The channel: one of :class:`central.cases.rules.Origin`."""
    source: Mapped[str] = mapped_column(String(300))
    """Who sent it: the edge box, or the name of the hotline, app or unit."""
    incident_id: Mapped[str | None] = mapped_column(String(36))
    external_id: Mapped[str | None] = mapped_column(String(100))
    """The number that ``source`` gave it; it comes in once however often it is sent."""
    revision: Mapped[int | None] = mapped_column(BigInteger)
    phase: Mapped[str | None] = mapped_column(String(10))
    kind: Mapped[str] = mapped_column(String(40))
    camera_id: Mapped[str | None] = mapped_column(String(63))
    camera_name: Mapped[str | None] = mapped_column(String(300))
    zone_id: Mapped[str | None] = mapped_column(String(63))
    road: Mapped[str | None] = mapped_column(String(300))
    started_at: Mapped[datetime]
    observed_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    standing_since: Mapped[datetime | None]
    """Since when a vehicle has been left standing, for days on end; None of what stands less long."""
    dwell_s: Mapped[float | None]
    limit_s: Mapped[float | None]
    urgent: Mapped[bool]
    object_class: Mapped[str | None] = mapped_column(String(300))
    confidence: Mapped[float | None]
    box: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """x1, y1, x2, y2 in px of a picture of picture_width_px x picture_height_px."""
    lon: Mapped[float]
    lat: Mapped[float]
    place_method: Mapped[str] = mapped_column(String(30))
    accuracy_m: Mapped[float | None]
    live_url: Mapped[str | None] = mapped_column(String(300))
    model: Mapped[str | None] = mapped_column(String(300))
    plate: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """The offender's plate as the box tells it: text, likeliest, confidences, colour, pictures."""
    plate_said: Mapped[str | None] = mapped_column(String(20))
    """The plate that whoever reported it names, ``?`` for what they leave out. Nobody has read it."""
    words: Mapped[str | None] = mapped_column(Text)
    """What whoever reported it says."""
    reporter_ref: Mapped[str | None] = mapped_column(String(36))
    """Stands for the person who reported it; who that is, is kept apart."""
    corrections: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON(none_as_null=True))
    """What people put right of it (:mod:`central.cases.corrected`); the other columns stay as it said."""
    anonymised_at: Mapped[datetime | None]
    """When plate, words and reporter were taken out, by a rule of retention."""
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    case: Mapped[Case] = relationship(back_populates="leads")
    evidence: Mapped[list[LeadEvidence]] = relationship(
        order_by="LeadEvidence.captured_at, LeadEvidence.sha256",
        lazy="selectin",
        cascade="all, delete-orphan",
    )


class LeadEvidence(Base):
    """A picture or clip that a lead names; whether its bytes are here is the media table's to say."""

    __tablename__ = "lead_evidence"

    lead_id: Mapped[str] = mapped_column(ForeignKey("leads.id", ondelete="CASCADE"), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)
    role: Mapped[str] = mapped_column(String(30), primary_key=True)
    content_type: Mapped[str] = mapped_column(String(50))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    captured_at: Mapped[datetime]
    audience: Mapped[str] = mapped_column(String(10), server_default="original")
    original_sha256: Mapped[str | None] = mapped_column(String(64))
    """Of the original that this was made from."""


_HELPS = text("town_id IS NOT NULL")


class Ticket(Base):
    """What one unit is told to do for a case."""

    __tablename__ = "tickets"
    __table_args__ = (
        Index("ix_tickets_unit_id_state", "unit_id", "state", "id"),
        Index("ix_tickets_state_id", "state", "id"),
        Index("ix_tickets_town_id", "town_id", "case_id", sqlite_where=_HELPS, postgresql_where=_HELPS),
        Index("ix_tickets_helping", "case_id", "town_id", sqlite_where=_HELPS, postgresql_where=_HELPS),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    state: Mapped[str] = mapped_column(String(20))
    unit_id: Mapped[str] = mapped_column(String(63))
    unit_name: Mapped[str] = mapped_column(String(200))
    co_unit_ids: Mapped[list[str]]
    duty_entry_id: Mapped[int] = mapped_column(ForeignKey("duty_entries.id"))
    item: Mapped[str] = mapped_column(String(200))
    legal_basis: Mapped[str] = mapped_column(String(500))
    sentence: Mapped[str] = mapped_column(Text)
    routing_note: Mapped[str] = mapped_column(String(500))
    """Why this unit: by which area, or that the point lies in none."""
    deadline_hours: Mapped[float]
    due_at: Mapped[datetime]
    created_at: Mapped[datetime]
    dispatched_at: Mapped[datetime | None]
    leads: Mapped[bool] = mapped_column(default=True)
    """Whether its unit is the accountable one; the others of a joint operation help."""
    town_id: Mapped[str | None] = mapped_column(String(63))
    """The town from which its unit helps; None where it leads, since the case's own area says that."""
    accepted_at: Mapped[datetime | None]
    handled_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    suspended_until: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]
    """When its unit was reminded of the deadline that holds."""
    disputed: Mapped[bool] = mapped_column(default=False)
    outcome: Mapped[str | None] = mapped_column(String(20))
    """What came of it, as its unit reported when it was handled last."""
    reworks: Mapped[int] = mapped_column(default=0)
    """How often it came back to be done again."""
    next_step: Mapped[str | None] = mapped_column(String(20))
    """What central does next of its own accord: remind, escalate or resume."""
    next_step_at: Mapped[datetime | None] = mapped_column(index=True)
    case: Mapped[Case] = relationship(back_populates="tickets")

    @property
    def plate(self) -> str | None:
        """The offender's plate: of what the cameras of its case read, that with most characters sure."""
        return clearest(str(lead.plate["text"]) for lead in self.case.leads if lead.plate)

    @property
    def plate_said(self) -> str | None:
        """Of the plates that those who reported its case named, that with most characters sure."""
        return clearest(lead.plate_said for lead in self.case.leads if lead.plate_said)


def clearest(plates: Iterable[str]) -> str | None:
    """Of some plates that with most characters sure (``?`` stands for one that is not); None of none."""

    def order(plate: str) -> tuple[int, int, str]:
        open_characters = plate.count("?")
        return open_characters - len(plate), open_characters, plate

    return min(plates, key=order, default=None)


class CaseEvent(Base):
    """A line of the log: what happened to a case, by which rule, by whom, when and why. Never changed."""

    __tablename__ = "case_events"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    """Grows in the order in which units of work commit (see Database.write)."""
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    at: Mapped[datetime]
    rule: Mapped[str] = mapped_column(String(40))
    actor: Mapped[str] = mapped_column(String(150))
    """'user:NAME', 'edge:SITE/EDGE' or 'system'."""
    from_state: Mapped[str | None] = mapped_column(String(20))
    to_state: Mapped[str] = mapped_column(String(20))
    reason_code: Mapped[str | None] = mapped_column(String(40))
    note: Mapped[str | None] = mapped_column(Text)
    detail: Mapped[dict[str, Any]]
    case_version: Mapped[int]
