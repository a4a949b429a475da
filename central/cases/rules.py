"""How a case moves: a table of named rules, each with its from- and to-states, who may, and what must hold.

Nothing here touches a database; the table can be read, drawn and tested alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from central.people.permissions import Permission


class CaseState(StrEnum):
    """Where a case stands (GB/T 30428: 受理, 立案, 派遣, 处置, 核查, 结案, 评价)."""

    REVIEWING = "reviewing"
    REJECTED = "rejected"
    MERGED = "merged"
    FILED = "filed"
    DISPATCHED = "dispatched"
    ACCEPTED = "accepted"
    HANDLING = "handling"
    HANDLED = "handled"
    CHECKING = "checking"
    CLOSED = "closed"
    EVALUATED = "evaluated"


OVER = frozenset({CaseState.REJECTED, CaseState.MERGED, CaseState.CLOSED, CaseState.EVALUATED})
"""States in which a case is no longer open."""


_WAY = (
    CaseState.REVIEWING,
    CaseState.FILED,
    CaseState.DISPATCHED,
    CaseState.ACCEPTED,
    CaseState.HANDLING,
    CaseState.HANDLED,
    CaseState.CHECKING,
)


def progress(state: CaseState) -> int:
    """How far the work of a case is along; the more, the farther. Raises ValueError for one that is over."""
    return _WAY.index(state)


class TicketState(StrEnum):
    """Where a ticket stands."""

    DRAFTED = "drafted"
    DISPATCHED = "dispatched"
    ACCEPTED = "accepted"
    HANDLING = "handling"
    HANDLED = "handled"
    CLOSED = "closed"
    VOIDED = "voided"


class Origin(StrEnum):
    """The channel that a lead came by."""

    CAMERA = "camera"
    DASHCAM = "dashcam"
    PHOTO = "photo"
    QR = "qr"
    HOTLINE = "hotline"
    OPEN311 = "open311"
    UNIT = "unit"
    DESK = "desk"
    """Told to a dispatcher, by telephone or in person."""


class RejectReason(StrEnum):
    """Why an operator says that a lead is no case."""

    NOT_THERE = "not_there"
    """What the camera says it saw is not in the pictures."""
    PERMITTED = "permitted"
    """It is there and may be: a permit, loading, an emergency vehicle."""
    NOT_LONG_ENOUGH = "not_long_enough"
    OUTSIDE_ZONE = "outside_zone"
    UNCLEAR = "unclear"
    """The pictures do not prove it."""
    ALREADY_KNOWN = "already_known"
    OTHER = "other"
    """Anything else; a note says what."""


class EvaluationResult(StrEnum):
    """How a closed case was dealt with, as whoever looks back at it finds (评价)."""

    RIGHT = "right"
    PARTLY = "partly"
    """Done, but late, by the wrong means, or not for good; a note says what."""
    WRONG = "wrong"
    """Not done, or wrongly; a note says what."""


class ReopenReason(StrEnum):
    """Why a case that was over is opened again."""

    MISTAKE = "mistake"
    """It was rejected or closed by mistake."""
    NOT_DONE = "not_done"
    """What was closed as done is not."""
    NEW_EVIDENCE = "new_evidence"
    OBJECTION = "objection"
    """Whoever reported it objects, with reasons; a note says which."""
    OTHER = "other"
    """Anything else; a note says what."""


class TakeBackReason(StrEnum):
    """Why a case that was confirmed is in review again before its work is done."""

    MISTAKE = "mistake"
    """It was confirmed by mistake."""
    WRONG_KIND = "wrong_kind"
    """It is something else than was confirmed."""
    WRONG_PLACE = "wrong_place"
    """It is elsewhere than was confirmed."""
    NOT_THERE = "not_there"
    """What the camera or the report says is not in the pictures."""
    OTHER = "other"


class ClosingOutcome(StrEnum):
    """What came of a case that is closed: its unit reports it, and whoever closes the case confirms it."""

    DEALT_WITH = "dealt_with"
    MOVED_ON = "moved_on"
    """It had been there, and had gone by itself before the unit came."""
    NOTHING_FOUND = "nothing_found"
    """The unit was there and found nothing of it: a false alarm, as far as anybody can say."""
    NOT_AN_OFFENCE = "not_an_offence"
    """It is there, and may be."""


NO_CASE = frozenset({ClosingOutcome.NOTHING_FOUND, ClosingOutcome.NOT_AN_OFFENCE})
"""Outcomes by which what was reported turned out to be no case."""

REOPENED_WITH_NOTE = frozenset({ReopenReason.OBJECTION, ReopenReason.OTHER})
"""Reasons whose code alone says nothing."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a rule may ask about."""

    ticket_states: tuple[TicketState, ...] = ()
    reason_code: str | None = None
    note: str | None = None
    proved: bool = False
    """Whether a picture of the place after the work is here, newer than whatever saw it last."""
    in_time: bool = True
    """Whether a case that is over may still be opened again."""


Condition = Callable[[Facts], str | None]
"""None when it holds, else a sentence that says what is lacking."""


def has_draft(facts: Facts) -> str | None:
    """A ticket is drafted."""
    return None if TicketState.DRAFTED in facts.ticket_states else "the case has no drafted ticket"


def has_reject_reason(facts: Facts) -> str | None:
    """A reason code of :class:`RejectReason` is given, and a note where the code alone says nothing."""
    if facts.reason_code not in {reason.value for reason in RejectReason}:
        return f"give a reason code: {', '.join(RejectReason)}"
    if facts.reason_code == RejectReason.OTHER and not (facts.note or "").strip():
        return "the reason 'other' needs a note"
    return None


def has_note(facts: Facts) -> str | None:
    """A note is given."""
    return None if (facts.note or "").strip() else "a note must say why"


def is_proved(facts: Facts) -> str | None:
    """A picture proves the work, or a note says why it is closed without one."""
    if facts.proved or (facts.note or "").strip():
        return None
    return "no picture shows the place since the work and the last report; a note must say why it is done"


def has_outcome(facts: Facts) -> str | None:
    """The reason code is a :class:`ClosingOutcome`."""
    known = facts.reason_code in {outcome.value for outcome in ClosingOutcome}
    return None if known else f"say what came of it: {', '.join(ClosingOutcome)}"


def has_result(facts: Facts) -> str | None:
    """A result of :class:`EvaluationResult` is given, and a note where not all was right."""
    if facts.reason_code not in {result.value for result in EvaluationResult}:
        return f"give a result: {', '.join(EvaluationResult)}"
    if facts.reason_code != EvaluationResult.RIGHT and not (facts.note or "").strip():
        return "a note must say what was not right"
    return None


def has_reopen_reason(facts: Facts) -> str | None:
    """A reason code of :class:`ReopenReason` is given, and a note where the code alone says nothing."""
    if facts.reason_code not in {reason.value for reason in ReopenReason}:
        return f"give a reason code: {', '.join(ReopenReason)}"
    if facts.reason_code in REOPENED_WITH_NOTE and not (facts.note or "").strip():
        return f"the reason '{facts.reason_code}' needs a note"
    return None


def has_take_back_reason(facts: Facts) -> str | None:
    """A reason code of :class:`TakeBackReason` is given, and a note, which the units read."""
    if facts.reason_code not in {reason.value for reason in TakeBackReason}:
        return f"give a reason code: {', '.join(TakeBackReason)}"
    return None if (facts.note or "").strip() else "a note must say why: the unit that had it reads it"


def is_in_time(facts: Facts) -> str | None:
    """It has not been over for too long."""
    return None if facts.in_time else "the case has been over for too long to be opened again; report it anew"


@dataclass(frozen=True, slots=True)
class Rule:
    """One way in which a case may move."""

    name: str
    from_states: frozenset[CaseState]
    to_state: CaseState
    permission: Permission | None
    """Who may; None is central itself."""
    conditions: tuple[Condition, ...] = ()
    tickets_from: frozenset[TicketState] = frozenset()
    tickets_to: TicketState | None = None
    """Tickets in one of ``tickets_from`` go to ``tickets_to`` with the case.

    One that had gone out and was voided stays so, whatever becomes of its case.
    """


def _rule(
    name: str,
    from_state: CaseState,
    to_state: CaseState,
    permission: Permission | None,
    *conditions: Condition,
    tickets: tuple[TicketState, TicketState] | None = None,
) -> Rule:
    return Rule(
        name,
        frozenset({from_state}),
        to_state,
        permission,
        conditions,
        frozenset({tickets[0]}) if tickets else frozenset(),
        tickets[1] if tickets else None,
    )


_S, _T, _P = CaseState, TicketState, Permission

RULES: dict[str, Rule] = {
    rule.name: rule
    for rule in (
        _rule(
            "reject",
            _S.REVIEWING,
            _S.REJECTED,
            _P.CASE_REJECT,
            has_reject_reason,
            tickets=(_T.DRAFTED, _T.VOIDED),
        ),
        Rule(
            "merge",
            frozenset(_S) - OVER,
            _S.MERGED,
            _P.CASE_MERGE,
            (has_note,),
            tickets_from=frozenset(_T) - {_T.CLOSED, _T.VOIDED},
            tickets_to=_T.VOIDED,
        ),
        _rule("file", _S.REVIEWING, _S.FILED, _P.CASE_FILE, has_draft),
        _rule("dispatch", _S.FILED, _S.DISPATCHED, None, has_draft, tickets=(_T.DRAFTED, _T.DISPATCHED)),
        # The next three follow what the units do with their tickets (central.tickets.rules).
        _rule("accept", _S.DISPATCHED, _S.ACCEPTED, _P.TICKET_HANDLE),
        _rule("start", _S.ACCEPTED, _S.HANDLING, _P.TICKET_HANDLE),
        _rule("report_handled", _S.HANDLING, _S.HANDLED, _P.TICKET_HANDLE),
        _rule("check", _S.HANDLED, _S.CHECKING, None),
        _rule("rework", _S.CHECKING, _S.HANDLING, _P.CASE_CLOSE, has_note, tickets=(_T.HANDLED, _T.HANDLING)),
        _rule(
            "close",
            _S.CHECKING,
            _S.CLOSED,
            _P.CASE_CLOSE,
            has_outcome,
            is_proved,
            tickets=(_T.HANDLED, _T.CLOSED),
        ),
        _rule("evaluate", _S.CLOSED, _S.EVALUATED, _P.CASE_EVALUATE, has_result),
        # A decision is taken back (central.reopening): in review again, or out to its units again.
        Rule(
            "take_back",
            frozenset({_S.DISPATCHED, _S.ACCEPTED, _S.HANDLING}),
            _S.REVIEWING,
            _P.CASE_REOPEN,
            (has_take_back_reason,),
            tickets_from=frozenset({_T.DISPATCHED, _T.ACCEPTED, _T.HANDLING, _T.HANDLED}),
            tickets_to=_T.VOIDED,
        ),
        _rule(
            "reopen_rejected",
            _S.REJECTED,
            _S.REVIEWING,
            _P.CASE_REOPEN,
            has_reopen_reason,
            is_in_time,
            tickets=(_T.VOIDED, _T.DRAFTED),
        ),
        Rule(
            "reopen_closed",
            frozenset({_S.CLOSED, _S.EVALUATED}),
            _S.FILED,
            _P.CASE_REOPEN,
            (has_reopen_reason, is_in_time),
            tickets_from=frozenset({_T.CLOSED}),
            tickets_to=_T.DRAFTED,
        ),
        # A camera says what whoever ended it did not know (central.reopening.recalled): somebody looks again.
        _rule("recall_rejected", _S.REJECTED, _S.REVIEWING, None, tickets=(_T.VOIDED, _T.DRAFTED)),
        Rule(
            "recall_closed",
            frozenset({_S.CLOSED, _S.EVALUATED}),
            _S.REVIEWING,
            None,
            tickets_from=frozenset({_T.CLOSED}),
            tickets_to=_T.DRAFTED,
        ),
    )
}
"""Every rule by its name."""


class RefusedError(Exception):
    """A move that no rule allows, or whose conditions do not hold; the text says why."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


def check(rule: Rule, state: CaseState, facts: Facts) -> None:
    """Raises RefusedError when ``rule`` does not let a case in ``state`` move."""
    if state not in rule.from_states:
        allowed = ", ".join(sorted(rule.from_states))
        raise RefusedError(
            "wrong-state", f"'{rule.name}' needs a case that is {allowed}; this one is {state}"
        )
    for condition in rule.conditions:
        lacking = condition(facts)
        if lacking:
            raise RefusedError("condition", lacking)
