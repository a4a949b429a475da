"""The table of rules by which a case moves."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from central.cases.rules import (
    OVER,
    RULES,
    CaseState,
    ClosingOutcome,
    Facts,
    RefusedError,
    RejectReason,
    ReopenReason,
    TakeBackReason,
    TicketState,
    check,
)
from central.tickets.rules import TICKET_RULES

DRAFTED = Facts(ticket_states=(TicketState.DRAFTED,))


def test_every_state_can_be_reached_from_the_first():
    reached = {CaseState.REVIEWING}
    while more := {r.to_state for r in RULES.values() if r.from_states & reached} - reached:
        reached |= more
    assert reached == set(CaseState)


def test_what_was_merged_stays_so_and_a_decision_is_taken_back_in_time_and_for_a_reason():
    assert not [rule.name for rule in RULES.values() if CaseState.MERGED in rule.from_states]
    for state in (CaseState.REJECTED, CaseState.EVALUATED):
        (back,) = (rule for rule in RULES.values() if state in rule.from_states and rule.permission)
        check(back, state, Facts(reason_code=ReopenReason.NOT_DONE))
        for facts in (
            Facts(reason_code=RejectReason.UNCLEAR),
            Facts(reason_code=ReopenReason.OBJECTION),
            Facts(reason_code=ReopenReason.NOT_DONE, in_time=False),
        ):
            with pytest.raises(RefusedError):
                check(back, state, facts)


def test_a_confirmation_is_taken_back_until_the_work_is_done_for_a_reason_that_the_unit_reads():
    rule, reason = RULES["take_back"], TakeBackReason.WRONG_PLACE
    for state in set(CaseState) - {CaseState.DISPATCHED, CaseState.ACCEPTED, CaseState.HANDLING}:
        with pytest.raises(RefusedError, match="take_back"):
            check(rule, state, Facts(reason_code=reason, note="it is at number 12"))
    for facts in (Facts(reason_code=reason), Facts(reason_code="because", note="so"), Facts(note="so")):
        with pytest.raises(RefusedError):
            check(rule, CaseState.HANDLING, facts)
    check(rule, CaseState.HANDLING, Facts(reason_code=reason, note="it is at number 12"))


def test_an_open_case_always_has_a_way_on():
    for state in set(CaseState) - OVER:
        assert [rule.name for rule in RULES.values() if state in rule.from_states]


def test_nothing_reaches_a_unit_without_an_operator():
    ways = {rule.name: rule.permission for rule in RULES.values() if rule.to_state is CaseState.FILED}
    assert ways.keys() == {"file", "reopen_closed"}
    assert None not in ways.values()


@given(st.lists(st.sampled_from(sorted(RULES)), max_size=40))
@example(
    [
        "file",
        "dispatch",
        "accept",
        "start",
        "report_handled",
        "check",
        "rework",
        "report_handled",
        "check",
        "close",
    ]
)
@example(["file", "dispatch", "accept", "merge"])
@example(["reject", "reopen_rejected", "file", "dispatch"])
@example(["file", "dispatch", "accept", "take_back", "file", "dispatch"])
def test_however_rules_are_tried_a_case_and_its_ticket_keep_in_step(names):
    state, ticket = CaseState.REVIEWING, TicketState.DRAFTED
    for name in names:
        rule = RULES[name]
        try:
            again = name.startswith("reopen") or name == "take_back"
            reason = ReopenReason.MISTAKE if again else RejectReason.PERMITTED
            reason = ClosingOutcome.NOTHING_FOUND if name == "close" else reason
            check(rule, state, Facts((ticket,), reason, "a permit was shown"))
        except RefusedError:
            continue
        state = rule.to_state
        if name in TICKET_RULES:  # the case follows what its unit did with the ticket
            assert ticket in TICKET_RULES[name].from_states
            ticket = TICKET_RULES[name].to_state
        if ticket in rule.tickets_from:
            ticket = rule.tickets_to
        if name == "take_back":
            assert ticket is TicketState.VOIDED
            ticket = TicketState.DRAFTED  # another
        if state in {CaseState.REJECTED, CaseState.MERGED}:
            assert ticket is TicketState.VOIDED
        if state in {CaseState.CLOSED, CaseState.EVALUATED}:
            assert ticket is TicketState.CLOSED
        if state in {CaseState.DISPATCHED, CaseState.ACCEPTED, CaseState.HANDLING, CaseState.HANDLED}:
            assert ticket == state.value


@pytest.mark.parametrize(
    ("facts", "lacking"),
    [
        (DRAFTED, "reason code"),
        (Facts((TicketState.DRAFTED,), "because"), "reason code"),
        (Facts((TicketState.DRAFTED,), RejectReason.OTHER, "  "), "note"),
    ],
    ids=["no reason", "a reason of one's own", "'other' without a word"],
)
def test_a_rejection_says_why(facts, lacking):
    with pytest.raises(RefusedError, match=lacking):
        check(RULES["reject"], CaseState.REVIEWING, facts)
    check(RULES["reject"], CaseState.REVIEWING, Facts((), RejectReason.OTHER, "a film is being shot"))


def test_a_closing_says_what_came_of_it_and_why_where_no_picture_shows_it():
    for facts in (Facts(note="seen"), Facts(reason_code="because", note="seen")):
        with pytest.raises(RefusedError, match="what came of it"):
            check(RULES["close"], CaseState.CHECKING, facts)
    with pytest.raises(RefusedError, match="a note must say why"):
        check(RULES["close"], CaseState.CHECKING, Facts(reason_code=ClosingOutcome.MOVED_ON))
    for outcome in ClosingOutcome:
        check(RULES["close"], CaseState.CHECKING, Facts(reason_code=outcome, proved=True))


def test_a_case_without_a_ticket_is_not_filed():
    with pytest.raises(RefusedError, match="no drafted ticket"):
        check(RULES["file"], CaseState.REVIEWING, Facts())
    check(RULES["file"], CaseState.REVIEWING, DRAFTED)
