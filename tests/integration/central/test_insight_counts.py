"""Every number opens exactly its cases, whatever happened to them, and is what a second book says."""

import shutil
from collections import Counter as Tally
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text, update

from central.cases.models import CaseEvent
from central.database import Database
from central.insight import follow, repository
from central.insight.counters import Counter, Selection
from central.insight.facts import CHANNEL_BIT
from central.insight.models import CaseFact, CountedTo
from central.insight.tallies import NUMBERS
from central.migrations.versions.v0019_tallies import filling
from central.tables import metadata
from kerbwatch.incident import Kind
from tests.integration.central.conftest import make_settings
from tests.integration.central.lives import Lives, is_running, leading
from tests.unit.central.box import NOON

STEPS = ["begin"] * 3 + ["confirm"] * 3 + ["work"] * 6 + ["close"] * 2
STEPS += ["reject", "rework", "rule", "suspend", "merge", "wait", "count", "reopen", "take_back"]
moves = st.tuples(st.sampled_from(STEPS), st.integers(0, 40), st.integers(0, 40))


def live(lives, moves):
    for name, first, second in moves:
        rows = lives.rows()
        if name == "wait":
            lives.now += timedelta(hours=first)
        elif name == "count":
            follow.catch_up(lives.database, lives.settings.zone, lives.now)
        elif name == "begin" or not rows:
            lives.begin(first, second, first + second)
        elif name == "merge":
            lives.merge(rows[first % len(rows)], rows[second % len(rows)])
        else:
            getattr(lives, name)(rows[first % len(rows)])


def second_book(lives):
    """The counters of the whole time, from the cases' own rows and what was noted on the way."""
    book = Tally()
    with lives.database.read() as session:
        logged, moved, again = Tally(), set(), set()
        for line in session.scalars(select(CaseEvent).order_by(CaseEvent.id)):
            if line.rule == "take_back":  # what was confirmed by mistake was no work
                logged = Tally({key: count for key, count in logged.items() if key[0] != line.case_id})
                moved.discard(line.case_id)
            logged[line.case_id, line.rule] += 1
            if line.rule == "rule_elsewhere":
                moved.add(line.case_id)
            if line.rule in {"reopen_rejected", "reopen_closed"}:
                again.add(line.case_id)
    for row in lives.rows():
        if row.state in {"rejected", "merged"}:
            continue
        book[Counter.OCCURRED] += 1
        book[Counter.FILED] += row.filed_at is not None
        book[Counter.DISPATCHED] += row.filed_at is not None
        book[Counter.DISPATCHED_RIGHTLY] += row.filed_at is not None and row.id not in moved
        book[Counter.HANDLED] += logged[row.id, "check"] > 0
        book[Counter.REWORKED] += logged[row.id, "rework"] > 0
        book[Counter.CLOSED] += row.closed_at is not None
        book[Counter.CLOSED_UNPROVED] += row.closed_at is not None  # nobody here sends a photo
        book[Counter.MOVED_ON] += row.outcome == "moved_on"
        book[Counter.NOTHING_FOUND] += row.outcome == "nothing_found"
        book[Counter.NO_OFFENCE] += row.outcome == "not_an_offence"
        book[Counter.REOPENED] += row.id in again
        book[Counter.SUSPENDED] += logged[row.id, "suspend"] > 0
        ticket = leading(row)
        missed = row.id in lives.late or (is_running(row) and ticket.due_at <= lives.now)
        if row.filed_at and (missed or not is_running(row)):
            book[Counter.DUE] += 1
            book[Counter.OVERDUE if missed else Counter.ON_TIME] += 1
            book[Counter.CLOSED_OF_DUE] += row.closed_at is not None
    return book


def facts(database):
    with database.read() as session:
        rows = session.scalars(select(CaseFact).order_by(CaseFact.case_id)).all()
        return [{name: getattr(row, name) for name in CaseFact.__table__.columns.keys()} for row in rows]  # noqa: SIM118


TALLIES = ("insight_unit_tallies", "insight_ground_tallies")


def tallies(database, name):
    with database.read() as session:
        rows = [tuple(row) for row in session.execute(select(metadata.tables[name]))]
    return sorted(row for row in rows if any(row[-len(NUMBERS) :]))


def check(lives):
    now, zone = lives.now, lives.settings.zone
    follow.catch_up(lives.database, zone, now)
    over = Selection(Counter.OCCURRED, NOON.date() - timedelta(days=2), NOON.date() + timedelta(days=400))
    book = second_book(lives)
    with lives.database.read() as session:
        everything = repository.counts(session, list(Counter), over, now)[None]
        assert everything == {counter: book[counter] for counter in Counter}
        for by in ("kind", "unit", "town", "channels", "day"):
            for value, numbers in repository.counts(session, list(Counter), over, now, by).items():
                for counter, number in numbers.items() if any(numbers.values()) else ():
                    chosen = narrowed(over, counter, by, value)
                    days = repository.by_day(session, chosen, now)
                    listed = repository.case_ids(session, chosen, now, before=None, limit=1000, days=days)
                    half = listed[: len(listed) // 2]
                    rest = {"before": half[-1] if half else None, "limit": 3, "days": days}
                    assert repository.case_ids(session, chosen, now, **rest) == listed[len(half) :][:3]
                    if by != "channels":
                        assert len(listed) == number, chosen
                    assert repository.total(session, chosen, now) == len(listed) == len(set(listed))
    before, tallied = facts(lives.database), [tallies(lives.database, name) for name in TALLIES]
    with lives.database.write() as session:
        session.execute(update(CountedTo).values(line=0))
    follow.catch_up(lives.database, zone, now)
    assert facts(lives.database) == before, "counted anew it is the same"
    assert [tallies(lives.database, name) for name in TALLIES] == tallied
    with lives.database.write() as session:
        for name in TALLIES:
            session.execute(text(f"DELETE FROM {name}"))
            session.execute(filling(name))
    assert [tallies(lives.database, name) for name in TALLIES] == tallied, "and summed up from its cases"


def narrowed(over, counter, by, value):
    more = {
        "kind": lambda: {"kind": Kind(value)},
        "unit": lambda: {"unit": value or "!"},
        "town": lambda: {"area": value or "!town"},
        "day": lambda: {"first": value, "last": value},
        "channels": lambda: {"channel": next(name for name, bit in CHANNEL_BIT.items() if value & bit)},
    }[by]()
    fields = {name: getattr(over, name) for name in ("first", "last", "kind", "area", "unit", "channel")}
    return Selection(counter, **(fields | more))


@settings(
    max_examples=3,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
)
@given(moves=st.lists(moves, min_size=20, max_size=30))
def test_whatever_happens_each_number_has_as_many_cases_as_it_says(
    moves, sqlite_template, tmp_path_factory, pytestconfig
):
    folder = tmp_path_factory.mktemp("lives")
    shutil.copy(sqlite_template, folder / "central.db")
    url = f"sqlite:///{folder}/central.db"
    database = Database(url)
    lives = Lives(database, make_settings(folder, pytestconfig.rootpath, url), NOON)
    live(lives, moves)
    check(lives)
    database.close()


LIFE = [("begin", n, n) for n in range(12)] + [("confirm", n, 0) for n in range(9)] + [("reject", 10, 0)]
LIFE += [("rule", 0, 0), ("suspend", 1, 0), ("wait", 5, 0), ("count", 0, 0), ("rule", 2, 0)]
LIFE += [("work", n, 0) for n in (0, 0, 0, 3, 3, 3, 4, 4, 4)] + [("close", 3, 0), ("rework", 4, 0)]
LIFE += [("merge", 5, 7), ("work", 4, 0), ("close", 4, 0), ("wait", 30, 0), ("work", 6, 0)]
LIFE += [("reopen", 3, 0), ("reopen", 10, 0)]
LIFE += [("take_back", n, 0) for n in (2, 8)] + [("confirm", 2, 0), ("reject", 8, 0), ("reopen", 8, 0)]

LIFE += [("work", n, 0) for n in (3, 3, 3, 6, 6)] + [("close", 6, 0), ("close", 3, 0)]


@pytest.fixture
def lives(database, settings):
    return Lives(database, settings, NOON)


def test_a_towns_month_is_counted_the_same_on_both_databases(lives, monkeypatch):
    monkeypatch.setattr(follow, "LINES_A_STEP", 7)
    live(lives, LIFE)
    check(lives)
    book = second_book(lives)
    assert all(book[counter] for counter in Counter if counter is not Counter.ON_TIME), book


def test_two_copies_of_central_count_each_line_once(lives):
    live(lives, LIFE[:20])
    with lives.database.write() as session:
        assert repository.hold_counted_to(session) is not None
        if not lives.database.is_sqlite:  # there the other copy waits for its turn to write
            assert follow.catch_up(lives.database, lives.settings.zone, lives.now) == 0
    check(lives)


def test_when_the_areas_change_everything_is_counted_on_the_new_ground(lives, monkeypatch):
    live(lives, LIFE[:12])
    follow.catch_up(lives.database, lives.settings.zone, lives.now)
    with lives.database.write() as session:
        session.execute(update(CaseFact).values(town_id="a-town-that-was"))
    follow.catch_up(lives.database, lives.settings.zone, lives.now)
    assert {row["town_id"] for row in facts(lives.database)} == {"a-town-that-was"}, "nothing to count"
    monkeypatch.setattr(repository, "areas_at", lambda session, now: "other areas")
    follow.catch_up(lives.database, lives.settings.zone, lives.now)
    assert {row["town_id"] for row in facts(lives.database)} == {"yangming", "fengshan", "ditang", None}


def test_counting_stops_when_its_time_is_up_and_goes_on_where_it_was(lives, monkeypatch):
    monkeypatch.setattr(follow, "LINES_A_STEP", 5)
    live(lives, LIFE[:12])
    ticks = iter(range(100))
    zone, clock = lives.settings.zone, lambda: next(ticks)
    assert follow.catch_up(lives.database, zone, lives.now, budget_s=0.5, monotonic=clock) == 5
    assert follow.catch_up(lives.database, zone, lives.now) == 7
    assert follow.catch_up(lives.database, zone, lives.now) == 0
