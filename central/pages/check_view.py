"""When cameras looked again at a case, as its page shows it: what they said, and before beside after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from central.cases.rules import (
    CaseState,
    ClosingOutcome,
    EvaluationResult,
    ReopenReason,
    TakeBackReason,
    TicketState,
)
from central.cases.schemas import CaseDetail, EvidenceOut, LeadOut, LogLine
from central.pages.shots import Shot, shot_of
from central.pages.texts import t, t_or
from central.people.permissions import Permission
from central.people.service import Principal
from central.rechecks.schemas import LookAgainOut
from central.rechecks.states import RecheckState
from kerbwatch.incident import Audience, EvidenceRole
from kerbwatch.messages import Verdict

BEFORE = (EvidenceRole.SNAPSHOT_LIMIT, EvidenceRole.SNAPSHOT_ARRIVAL, EvidenceRole.SNAPSHOT_PATH)
"""What shows the offence, the best first."""


OUTCOMES = tuple((outcome.value, t(f"reason.{outcome}")) for outcome in ClosingOutcome)
"""What may come of a case, with its words."""


RESULTS = tuple((result.value, t(f"reason.{result}")) for result in EvaluationResult)
"""Results of an evaluation with their words."""


REOPEN_REASONS = tuple((reason.value, t(f"reason.{reason}")) for reason in ReopenReason)
"""Why a case is opened again, with their words."""


TAKE_BACK_REASONS = tuple((reason.value, t(f"reason.{reason}")) for reason in TakeBackReason)
"""Why a confirmation is taken back, with their words."""


@dataclass(frozen=True, slots=True)
class LookView:
    """One question and its answer.

    ``after`` is None while there is no answer, and where no picture came with it.
    """

    title: str
    tone: str
    words: str
    asked_at: datetime
    until: datetime
    """When it was answered, or else by when it should be."""
    until_words: str
    before: Shot | None
    after: Shot | None
    answered: bool


def may_decide(case: CaseDetail, who: Principal) -> bool:
    """Whether the two decisions after a check are offered."""
    return case.state == CaseState.CHECKING and who.may(Permission.CASE_CLOSE)


def reported_of(case: CaseDetail) -> str:
    """What the accountable unit reported that came of a case, with which the form of closing begins."""
    led = [ticket.outcome for ticket in case.tickets if ticket.leads and ticket.state == TicketState.HANDLED]
    return next((each for each in led if each), ClosingOutcome.DEALT_WITH.value)


def may_evaluate(case: CaseDetail, who: Principal) -> bool:
    """Whether it is offered to say how the case was dealt with."""
    return case.state == CaseState.CLOSED and who.may(Permission.CASE_EVALUATE)


def looks_of(
    case: CaseDetail, asked: Sequence[LookAgainOut], log: Sequence[LogLine], who: Principal
) -> tuple[LookView, ...]:
    """The questions of a case, the newest first as they are ``asked``."""
    leads = {lead.id: lead for lead in case.leads}
    begun = [line.at for line in log if line.rule == "check"]
    on = case.state == CaseState.CHECKING and begun
    free = [_after_free(case, newest=number == 0) for number in range(len(asked))]
    return tuple(
        _look(each, leads.get(each.lead_id), who, why if on and each.asked_at >= begun[-1] else "")
        for each, why in zip(asked, free, strict=True)
    )


def _after_free(case: CaseDetail, *, newest: bool) -> str:
    """Why a case is being checked still though one of its cameras sees the place free."""
    if not newest:
        return "check.clear_other"
    return "check.clear_left" if case.seen_again else "check.clear_alone"


@dataclass(frozen=True, slots=True)
class SeenAgain:
    """A lead that was observed after the work was said to be done."""

    origin_name: str
    at: datetime


def seen_again_of(case: CaseDetail) -> tuple[SeenAgain, ...]:
    """What has been seen of a case since its work was said to be done."""
    ids = set(case.seen_again)
    found = [lead for lead in case.leads if lead.id in ids]
    return tuple(SeenAgain(t_or(f"origin.{lead.origin}", lead.origin), lead.observed_at) for lead in found)


def _look(asked: LookAgainOut, lead: LeadOut | None, who: Principal, after_free: str) -> LookView:
    answered = asked.answered_at is not None
    camera = (lead.camera_name if lead else None) or asked.camera_id
    before = _before(lead) if lead else None
    after = _after(asked, lead) if lead else None
    return LookView(
        title=t("check.title") if answered else t("check.asked_title"),
        tone=_tone(asked),
        words=_words(asked, camera, after_free),
        asked_at=asked.asked_at,
        until=asked.answered_at or asked.answer_by,
        until_words=t("check.answered") if answered else t("check.expected"),
        before=shot_of(lead, before, who) if lead and before else None,
        after=shot_of(lead, after, who) if lead and after else None,
        answered=answered,
    )


def _words(asked: LookAgainOut, camera: str, after_free: str) -> str:
    why = t(f"reason.{asked.reason}") if asked.reason else ""
    if after_free and asked.state is RecheckState.SETTLED and asked.verdict is Verdict.CLEAR:
        key = after_free
    elif asked.state is RecheckState.OVERTAKEN:
        key = f"check.overtaken_{asked.verdict}" if asked.verdict else "check.overtaken"
    elif asked.verdict is not None:
        acting = asked.state is RecheckState.ANSWERED
        key = f"check.{asked.verdict}_now" if acting else f"check.{asked.verdict}"
    else:
        key = "check.silent" if asked.state is RecheckState.SILENT else "check.waits"
    return t(key, camera=camera, why=why)


def _tone(asked: LookAgainOut) -> str:
    if asked.state is RecheckState.OVERTAKEN:
        return ""
    if asked.verdict is Verdict.UNABLE or asked.state is RecheckState.SILENT:
        return "warn"
    return {Verdict.CLEAR: "good", Verdict.NOT_CLEAR: "bad"}.get(asked.verdict, "info")  # type: ignore[arg-type]


def _before(lead: LeadOut) -> EvidenceOut | None:
    """The picture of the offence that people see, or what it is being made from."""
    for role in BEFORE:
        found = [piece for piece in lead.evidence if piece.role == role]
        for piece in sorted(found, key=lambda each: each.audience != Audience.PEOPLE):
            return piece
    return None


def _after(asked: LookAgainOut, lead: LeadOut) -> EvidenceOut | None:
    """The picture of this very answer; its original where nothing could be made of it for people."""
    named = [piece for piece in lead.evidence if piece.role == EvidenceRole.SNAPSHOT_CHECKED]
    own = [piece for piece in named if piece.sha256 == asked.picture_sha256]
    return next(iter(own or [piece for piece in named if piece.captured_at == asked.looked_at]), None)
