"""Every table, so that the metadata is whole wherever it is needed."""

from __future__ import annotations

from central.adjudication.models import Ruling
from central.answers.models import Answer, Delivery, FinalAnswer
from central.areas.models import Area
from central.calendar.models import Calendar
from central.cameras.models import Camera, EdgeBox
from central.cases.models import Case, CaseEvent, Lead, LeadEvidence, Ticket
from central.codes.models import PlaceCode
from central.custody.models import CustodyEntry, CustodyHead, LegalHold
from central.database import Base
from central.duty.models import DutyEntry, DutyList, Unit
from central.escalation.models import Heartbeat, SupervisionSlip
from central.handheld.models import TicketPhoto
from central.insight.models import CaseFact, CountedTo, Export, Finding, Reckoning
from central.intake.models import Rejection, SequenceState, StoredEvent
from central.jobs.models import Job
from central.media.models import MediaFile, OriginalView
from central.merging.models import MergeSuggestion, OpenLead
from central.open311.models import Open311Key
from central.people.models import DirectoryLink, LoginSession, User, UserArea, UserRole
from central.points.models import (
    ApproverContact,
    Gift,
    GiftMove,
    PictureKey,
    PointsApproval,
    PointsAward,
    PointsDue,
    PointsEntry,
    PointsRules,
    Redemption,
    RedemptionEnd,
)
from central.rechecks.models import Recheck
from central.reporters.models import (
    IdentityView,
    Reporter,
    ReporterCode,
    ReporterIdentity,
    ReporterSession,
)
from central.reports.models import Report
from central.tickets.models import JointOperation, TicketRequest
from central.uploads.models import Upload, UploadFile

metadata = Base.metadata

__all__ = [
    "Answer",
    "ApproverContact",
    "Area",
    "Calendar",
    "Camera",
    "Case",
    "CaseEvent",
    "CaseFact",
    "CountedTo",
    "CustodyEntry",
    "CustodyHead",
    "Delivery",
    "DirectoryLink",
    "DutyEntry",
    "DutyList",
    "EdgeBox",
    "Export",
    "FinalAnswer",
    "Finding",
    "Gift",
    "GiftMove",
    "Heartbeat",
    "IdentityView",
    "Job",
    "JointOperation",
    "Lead",
    "LeadEvidence",
    "LegalHold",
    "LoginSession",
    "MediaFile",
    "MergeSuggestion",
    "Open311Key",
    "OpenLead",
    "OriginalView",
    "PictureKey",
    "PlaceCode",
    "PointsApproval",
    "PointsAward",
    "PointsDue",
    "PointsEntry",
    "PointsRules",
    "Recheck",
    "Reckoning",
    "Redemption",
    "RedemptionEnd",
    "Rejection",
    "Report",
    "Reporter",
    "ReporterCode",
    "ReporterIdentity",
    "ReporterSession",
    "Ruling",
    "SequenceState",
    "StoredEvent",
    "SupervisionSlip",
    "Ticket",
    "TicketPhoto",
    "TicketRequest",
    "Unit",
    "Upload",
    "UploadFile",
    "User",
    "UserArea",
    "UserRole",
    "metadata",
]
