"""Who watches the machines is told of a round that stopped, and of none that rests as it should."""

from datetime import UTC, datetime, timedelta

from central.escalation.models import Heartbeat
from central.operations.rounds_seen import late_ones
from central.settings import CentralSettings

NOON = datetime(2026, 5, 4, 4, tzinfo=UTC)


def late(*beats, **settings):
    rows = [Heartbeat(name=name, instance=copy, at=NOON - ago, done=0) for name, copy, ago in beats]
    found = late_ones(rows, CentralSettings.model_validate(settings), NOON)
    return {(beat.name, beat.instance): it_is for beat, it_is in found.items()}


def test_a_sweeper_that_missed_three_rounds_is_late_and_its_neighbour_is_not():
    found = late(
        ("sweeper", "north", timedelta(seconds=20)),
        ("sweeper", "south", timedelta(minutes=2)),
        ("sealer", "north", timedelta(seconds=40)),
    )
    assert found == {("sweeper", "north"): False, ("sweeper", "south"): True, ("sealer", "north"): False}


def test_retention_runs_once_a_day_by_any_copy_and_is_late_only_after_that():
    assert not any(late(("retention", "north", timedelta(hours=20))).values())
    assert all(late(("retention", "north", timedelta(hours=26))).values())
    both = late(("retention", "north", timedelta(hours=30)), ("retention", "south", timedelta(hours=6)))
    assert not any(both.values())
    assert not any(late(("retention", "north", timedelta(days=90)), custody={"retention_hours": 0}).values())


def test_what_insight_reckons_is_late_when_no_copy_has_seen_it_reckoned_for_ten_minutes():
    assert not any(late(("reckoner", "north", timedelta(minutes=9))).values())
    assert all(late(("reckoner", "north", timedelta(minutes=11))).values())
    both = late(("reckoner", "north", timedelta(hours=2)), ("reckoner", "south", timedelta(minutes=1)))
    assert not any(both.values()), "one copy reckons for all"
    slow = late(("reckoner", "north", timedelta(minutes=15)), escalation={"sweep_s": 600})
    assert not any(slow.values()), "a copy that seldom looks says so seldom"
    assert all(late(("reckoner", "north", timedelta(hours=1)), custody={"retention_hours": 0}).values())


def test_a_copy_that_was_taken_away_is_not_late_for_ever():
    found = late(("sweeper", "north", timedelta(seconds=5)), ("sweeper", "old", timedelta(days=8)))
    assert found == {("sweeper", "north"): False}
