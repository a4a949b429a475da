"""Every table, so that the metadata is whole wherever it is needed."""

from __future__ import annotations

from central.adjudication.models import Ruling
from central.areas.models import Area
from central.calendar.models import Calendar
from central.cameras.models import Camera, EdgeBox
from central.cases.models import Case, CaseEvent, Lead, LeadEvidence, Ticket
from central.database import Base
from central.duty.models import DutyEntry, DutyList, Unit
from central.escalation.models import Heartbeat, SupervisionSlip
from central.intake.models import Rejection, SequenceState, StoredEvent
from central.jobs.models import Job
from central.media.models import MediaFile, OriginalView
from central.merging.models import MergeSuggestion, OpenLead
from central.people.models import LoginSession, User, UserRole
from central.reports.models import Report
from central.tickets.models import JointOperation, TicketRequest
from central.uploads.models import Upload, UploadFile

metadata = Base.metadata

__all__ = [
    "Area",
    "Calendar",
    "Camera",
    "Case",
    "CaseEvent",
    "DutyEntry",
    "DutyList",
    "EdgeBox",
    "Heartbeat",
    "Job",
    "JointOperation",
    "Lead",
    "LeadEvidence",
    "LoginSession",
    "MediaFile",
    "MergeSuggestion",
    "OpenLead",
    "OriginalView",
    "Rejection",
    "Report",
    "Ruling",
    "SequenceState",
    "StoredEvent",
    "SupervisionSlip",
    "Ticket",
    "TicketRequest",
    "Unit",
    "Upload",
    "UploadFile",
    "User",
    "UserRole",
    "metadata",
]
