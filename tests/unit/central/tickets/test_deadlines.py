"""When a ticket is due and what central does next, as a function of the log alone."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from central.calendar.work import WorkCalendar
from central.tickets.deadlines import clock_of, plan_of

ALWAYS = WorkCalendar(ZoneInfo("UTC"), None)
NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


@dataclass
class Line:
    hours: float
    rule: str
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def at(self):
        return NOON + timedelta(hours=self.hours)


def out(hours=8.0, at=0.0, rule="dispatch"):
    return Line(at, rule, {"tickets": {"t": {"hours": hours, "calendar": None}}})


def about(at, rule, **detail):
    return Line(at, rule, {"ticket": "t"} | detail)


def suspended(at, until):
    return about(at, "suspend", until=(NOON + timedelta(hours=until)).isoformat())


def plan(*lines, after_hours=(0.0, 8.0)):
    found = plan_of(clock_of(lines, "t"), ALWAYS, remind_share=0.75, after_hours=after_hours)
    next_h = None if found.next_at is None else (found.next_at - NOON).total_seconds() / 3600
    return (found.due_at - NOON).total_seconds() / 3600, found.next_step, next_h


def test_before_it_goes_out_a_ticket_has_no_clock():
    assert clock_of([Line(0, "opened")], "t") is None


def test_a_unit_is_reminded_then_its_superior_told_then_the_next():
    assert plan(out()) == (8, "remind", 6)
    reminded = [out(), about(6, "remind")]
    assert plan(*reminded) == (8, "escalate", 8)
    once = [*reminded, about(8, "escalate")]
    assert plan(*once) == (8, "escalate", 16)
    assert plan(*once, about(16, "escalate")) == (8, None, None)


def test_a_suspended_clock_waits_for_its_end_and_runs_on():
    held = [out(), suspended(2, until=10)]
    assert plan(*held) == (16, "resume", 10)
    assert plan(*held, about(10, "resume")) == (16, "remind", 14)


def test_a_suspension_that_ends_early_costs_only_what_it_lasted():
    assert plan(out(), suspended(2, until=10), about(3, "resume")) == (9, "remind", 7)


def test_an_extension_moves_deadline_and_reminder():
    assert plan(out(), about(1, "extend", hours=4.0)) == (12, "remind", 9)


def test_after_an_extension_the_unit_is_reminded_anew_and_its_superiors_are_told_anew():
    late = [out(), about(6, "remind"), about(8, "escalate"), about(16, "escalate")]
    longer = [*late, about(20, "extend", hours=32.0)]
    assert plan(*longer) == (40, "remind", 30)
    reminded = [*longer, about(30, "remind")]
    assert plan(*reminded) == (40, "escalate", 40)
    assert plan(*reminded, about(40, "escalate")) == (40, "escalate", 48)


def test_an_extension_of_an_hour_does_not_remind_at_once_but_when_most_of_what_is_left_is_over():
    assert plan(out(), about(6, "remind"), about(7, "extend", hours=1.0)) == (9, "remind", 8.5)


def test_an_extension_that_ends_before_it_is_granted_reminds_at_once():
    assert plan(out(), about(6, "remind"), about(12, "extend", hours=2.0)) == (10, "remind", 12)


def test_work_that_comes_back_has_a_new_term():
    lines = [out(), about(6, "remind"), about(8, "escalate"), out(at=20, rule="rework")]
    assert plan(*lines) == (28, "remind", 26)


def test_another_tickets_lines_change_nothing():
    assert plan(out(), Line(1, "extend", {"ticket": "other", "hours": 4.0})) == (8, "remind", 6)


STEPS = st.lists(
    st.tuples(st.sampled_from(["extend", "suspend", "resume", "remind", "escalate"]), st.floats(0.1, 5.0)),
    max_size=8,
)


@given(STEPS)
def test_whatever_happens_the_time_that_ran_until_the_deadline_is_the_time_that_was_given(steps):
    lines, now, given_h, stands = [out()], 0.0, 8.0, False
    for rule, hours in steps:
        now += hours
        if rule == "extend":
            lines.append(about(now, rule, hours=hours))
            given_h += hours
        elif rule == "suspend" and not stands:
            lines.append(suspended(now, until=now + 100))
            stands = True
        elif rule == "resume" and stands:
            lines.append(about(now, rule))
            stands = False
        elif rule in {"remind", "escalate"}:
            lines.append(about(now, rule))
    term = clock_of(lines, "t").term
    ran = ALWAYS.between(term.began_at, term.due_at(ALWAYS), term.pauses)
    assert abs(ran - timedelta(hours=given_h)) < timedelta(milliseconds=1)


HAPPENS = st.lists(
    st.tuples(
        st.sampled_from(["pass", "extend", "suspend", "resume", "rework", "hurry"]), st.floats(0.1, 20.0)
    ),
    max_size=8,
)


@given(HAPPENS)
def test_whatever_is_granted_a_unit_is_reminded_and_each_superior_told_of_the_deadline_that_holds(steps):
    """Central does what is due, as its sweeper does, between what people do, and for long after."""
    lines, now = [out()], 0.0

    def sweep(until):
        while True:
            due_at, step, at = plan(*lines)
            if step is None or at > until:
                return due_at
            assert step != "escalate" or at >= due_at, "nobody is told before it is late"
            lines.append(about(at, step))

    for rule, hours in [*steps, ("pass", 1000.0)]:
        now += hours
        sweep(now)
        stands = clock_of(lines, "t").suspended_until is not None
        if rule == "extend":
            lines.append(about(now, rule, hours=hours))
        elif rule == "suspend" and not stands:
            lines.append(suspended(now, until=now + hours))
        elif rule in {"resume", "hurry"} and stands:
            lines.append(about(now, "resume"))
        elif rule == "rework" or (rule == "hurry" and now + 1 < plan(*lines)[0]):
            lines.append(out(1.0, at=now, rule=rule))
    sweep(now)
    since = max(n for n, line in enumerate(lines) if line.rule in {"dispatch", "rework", "hurry", "extend"})
    told = [line.rule for line in lines[since:] if line.rule in {"remind", "escalate"}]
    assert told == ["remind", "escalate", "escalate"]
