"""How a ticket moves: a table of named rules, each with its states, who may, and what must hold.

A ticket never goes back to whoever sent it: its unit accepts it and deals with it. What a unit can do
against it is to dispute it with a clause; the ticket stays its own, and its clock runs, until a ruling.
Nothing here touches a database.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from central.cases.rules import CaseState, ClosingOutcome, RefusedError, TicketState
from central.people.permissions import Permission
from central.people.service import Principal


@dataclass(frozen=True, slots=True)
class TicketFacts:
    """What a rule may ask about.

    Attributes:
        now: the present instant.
        note: words of whoever asks.
        clause: the clause of law or duty list on which a dispute rests.
        until: end of a suspension that is asked for.
        hours: working hours that are asked for.
        disputed: whether a dispute of this ticket waits for its ruling.
        suspended: whether its clock stands.
        asked: kinds of requests of this ticket that wait for a decision.
        longest: how long a suspension may last.
        longest_hours: by how many working hours an extension may go.
        outcome: what came of the work, a :class:`~central.cases.rules.ClosingOutcome`.
    """

    now: datetime
    note: str | None = None
    clause: str | None = None
    until: datetime | None = None
    hours: float | None = None
    disputed: bool = False
    suspended: bool = False
    asked: frozenset[str] = frozenset()
    longest: timedelta | None = None
    longest_hours: float | None = None
    outcome: str | None = None


Condition = Callable[[TicketFacts], str | None]
"""None when it holds, else a sentence that says what is lacking."""


def has_note(facts: TicketFacts) -> str | None:
    """A note is given."""
    return None if (facts.note or "").strip() else "a note must say what was done, or why"


def has_outcome(facts: TicketFacts) -> str | None:
    """What came of it is said."""
    known = facts.outcome in {outcome.value for outcome in ClosingOutcome}
    return None if known else f"say what came of it: {', '.join(ClosingOutcome)}"


def has_clause(facts: TicketFacts) -> str | None:
    """A clause is named."""
    return None if (facts.clause or "").strip() else "a dispute names the clause on which it rests"


def not_disputed(facts: TicketFacts) -> str | None:
    """No dispute waits."""
    return "a dispute of this ticket waits for its ruling already" if facts.disputed else None


def not_suspended(facts: TicketFacts) -> str | None:
    """Its clock runs."""
    return "the ticket is suspended" if facts.suspended else None


def is_suspended(facts: TicketFacts) -> str | None:
    """Its clock stands."""
    return None if facts.suspended else "the ticket is not suspended"


def ends_later(facts: TicketFacts) -> str | None:
    """The suspension has an end, in the future, and not too far."""
    if facts.until is None or facts.until <= facts.now:
        return "a suspension needs an end, in the future"
    if facts.longest is not None and facts.until > facts.now + facts.longest:
        days = f"{facts.longest / timedelta(days=1):g}"
        return f"a suspension lasts {days} days at most; name an earlier end, and ask again if need be"
    return None


def has_hours(facts: TicketFacts) -> str | None:
    """So many hours are named, and not too many."""
    if not facts.hours or facts.hours <= 0:
        return "say by how many working hours"
    if facts.longest_hours is not None and facts.hours > facts.longest_hours:
        most = f"{facts.longest_hours:g}"
        return f"an extension is of {most} working hours at most; name fewer, and ask again if need be"
    return None


def asked_once(kind: str) -> Condition:
    """No request of this kind waits."""

    def condition(facts: TicketFacts) -> str | None:
        return f"such a request ({kind}) waits for its decision already" if kind in facts.asked else None

    return condition


@dataclass(frozen=True, slots=True)
class TicketRule:
    """One thing that may happen to a ticket."""

    name: str
    from_states: frozenset[TicketState]
    to_state: TicketState | None
    """None where it stays as it is."""
    permission: Permission | None
    """Who may."""
    conditions: tuple[Condition, ...] = ()
    also: Permission | None = None
    """Who else may."""

    def is_for(self, who: Principal) -> bool:
        """Whether somebody has a permission for it. Central itself needs none."""
        return any(each is not None and who.may(each) for each in (self.permission, self.also))


_T, _P = TicketState, Permission
RUNNING = frozenset({_T.DISPATCHED, _T.ACCEPTED, _T.HANDLING})
"""States in which the clock runs."""
ACTIVE = RUNNING | {_T.HANDLED}
"""States in which a unit is accountable."""

TICKET_RULES: dict[str, TicketRule] = {
    rule.name: rule
    for rule in (
        TicketRule("accept", frozenset({_T.DISPATCHED}), _T.ACCEPTED, _P.TICKET_HANDLE),
        TicketRule("start", frozenset({_T.ACCEPTED}), _T.HANDLING, _P.TICKET_HANDLE),
        TicketRule(
            "report_handled",
            frozenset({_T.HANDLING}),
            _T.HANDLED,
            _P.TICKET_HANDLE,
            (has_note, has_outcome, not_suspended),
        ),
        TicketRule("dispute", RUNNING, None, _P.TICKET_HANDLE, (has_clause, has_note, not_disputed)),
        TicketRule(
            "ask_suspension",
            RUNNING,
            None,
            _P.TICKET_HANDLE,
            (has_note, ends_later, not_suspended, asked_once("suspension")),
        ),
        TicketRule(
            "ask_extension", RUNNING, None, _P.TICKET_HANDLE, (has_note, has_hours, asked_once("extension"))
        ),
        TicketRule("suspend", RUNNING, None, _P.DEADLINE_APPROVE, (ends_later, not_suspended)),
        # Central itself when its time is over; before that its unit, or whoever may suspend.
        TicketRule("resume", RUNNING, None, _P.TICKET_HANDLE, (is_suspended,), _P.DEADLINE_APPROVE),
        TicketRule("extend", RUNNING, None, _P.DEADLINE_APPROVE, (has_hours,)),
        # Rulings: the ticket stays, or goes and another takes its place in the same unit of work.
        TicketRule("uphold", frozenset(_T), None, _P.DISPUTE_RULE, (has_note, has_clause)),
        TicketRule("rule_elsewhere", RUNNING, _T.VOIDED, _P.DISPUTE_RULE, (has_note, has_clause)),
    )
}
"""Every rule of a ticket by its name."""


def check(rule: TicketRule, state: TicketState, facts: TicketFacts) -> None:
    """Raises RefusedError when ``rule`` does not hold for a ticket in ``state``."""
    if state not in rule.from_states:
        allowed = ", ".join(sorted(rule.from_states))
        raise RefusedError(
            "wrong-state", f"'{rule.name}' needs a ticket that is {allowed}; this one is {state}"
        )
    for condition in rule.conditions:
        lacking = condition(facts)
        if lacking:
            raise RefusedError("condition", lacking)


_CASE_OF = {
    _T.DISPATCHED: CaseState.DISPATCHED,
    _T.ACCEPTED: CaseState.ACCEPTED,
    _T.HANDLING: CaseState.HANDLING,
    _T.HANDLED: CaseState.HANDLED,
}


def case_state_of(tickets: Sequence[tuple[TicketState, bool]]) -> CaseState | None:
    """Where a case stands by its tickets: the leading ticket's state, ``handled`` only when all are.

    Args:
        tickets: state of each ticket, and whether it leads.

    Returns:
        None where no ticket is active.
    """
    active = [(state, leads) for state, leads in tickets if state in ACTIVE]
    if not active:
        return None
    leading = next((state for state, leads in active if leads), active[0][0])
    if leading is TicketState.HANDLED and any(state is not TicketState.HANDLED for state, _ in active):
        return CaseState.HANDLING
    return _CASE_OF[leading]
