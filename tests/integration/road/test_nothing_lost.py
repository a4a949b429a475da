"""Nothing is lost and nothing is double, whatever is killed: real processes, a real broker, a real stream."""

from __future__ import annotations

import time

from tests.integration.road.conftest import DWELL_S, RunningTown
from tests.waiting import wait_until

OUTAGE_S = 30.0


def test_a_broker_that_is_dead_for_thirty_seconds_loses_no_incident(town: RunningTown):
    town.start_central()
    town.start_edge()
    town.broker.kill()
    dead_since_s = time.monotonic()
    wait_until(lambda: sum(phase == "opened" for *_, phase, _ in town.told()) >= 2, "two vehicles reported")
    assert town.committed() == []
    wait_until(lambda: time.monotonic() - dead_since_s >= OUTAGE_S, "half a minute is over")
    town.broker.start()
    wait_until(lambda: len(town.openings()) >= 2 and not town.told(), "all receipted")
    town.assert_everything_once()


def test_central_killed_and_started_again_has_every_incident_once(town: RunningTown):
    town.start_central()
    town.start_edge()
    wait_until(lambda: len(town.openings()) >= 1, "the first incident is committed")
    town.processes.kill("central")
    wait_until(lambda: len(town.told()) >= 2, "the clips' revisions wait")
    town.start_central()
    wait_until(lambda: len(town.openings()) >= 2 and not town.told(), "all receipted")
    town.assert_everything_once()
    wait_until(lambda: town.witness.look().proven_case, "snapshots and clip are there, with their hashes")


def test_an_edge_killed_with_an_open_incident_does_not_make_a_second_one(town: RunningTown):
    town.start_central()
    town.start_edge()
    wait_until(lambda: len(town.openings()) >= 2, "both vehicles are reported")
    before = town.openings()
    town.processes.kill("edge")
    town.start_edge()
    started_s = time.monotonic()
    wait_until(lambda: time.monotonic() - started_s > DWELL_S + 14, "twice the limit is over")
    wait_until(lambda: not town.told(), "all receipted")
    assert town.openings() == before
    town.assert_everything_once()
