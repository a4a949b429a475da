"""What insight tells of days that are over is reckoned in another process, for all copies of central."""

import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from datetime import date, timedelta

import psutil
import pytest
from sqlalchemy import select, text, update

from central.escalation.models import Heartbeat
from central.insight import follow, kept, reckonings, service
from central.insight.look import Look
from central.insight.models import Finding, Reckoning
from central.insight.reckoner import NAME, Reckoner, ReckoningError
from central.insight.reckonings import Standing
from central.metrics import Metrics
from central.people.permissions import Role
from tests.integration.central.lives import Lives
from tests.unit.central.box import NOON
from tests.waiting import wait_until

TODAY = date(2026, 5, 4)
KILLED = """
import os, signal, sys
from central.database import Database
from central.insight.reckoner import Reckoner
from central.metrics import Metrics
from central.settings import CentralSettings
from kerbwatch.clock import SystemClock
settings = CentralSettings.model_validate_json(sys.stdin.readline())
reckoner = Reckoner(settings, SystemClock(), Database(settings.database.url), Metrics(), many_lines=0)
reckoner.start()
while not reckoner.pid: pass
print(reckoner.pid, flush=True)
sys.stdin.readline()
os.kill(os.getpid(), signal.SIGKILL)
"""


def reckoner_of(town, *, many_lines=0, metrics=None, **settings):
    changed = town.settings.model_copy(update=settings)
    return Reckoner(changed, town.clock, town.database, metrics or Metrics(), many_lines=many_lines)


def failures(metrics):
    return metrics.registry.get_sample_value("kerbwatch_central_reckoning_failures_total")


def beats(town):
    with town.database.read() as session:
        query = select(Heartbeat).where(Heartbeat.name == NAME)
        return {beat.instance: beat.at for beat in session.scalars(query)}


def standing(town, later=timedelta(0)):
    look, now = Look(town.settings.zone, town.settings.insight), town.clock.now_utc() + later
    with town.database.read() as session:
        return reckonings.standing(session, look.name, now.astimezone(look.zone).date(), now)


@contextmanager
def nobody_reckons_to_the_end(town):
    """What was found cannot be put down for as long as this holds."""
    with town.database.engine.begin() as connection:
        connection.execute(text("LOCK TABLE insight_findings IN ACCESS EXCLUSIVE MODE"))
        yield


@pytest.fixture
def risen(town):
    """A town in which something rose yesterday, and a dispatcher."""
    town.add_user("dora", Role.DISPATCHER)
    lives = Lives(town.database, town.settings, town.clock.now_utc())
    lives.rise()
    town.clock.advance((lives.now - town.clock.now_utc()).total_seconds() + 86_400)
    follow.catch_up(town.database, town.settings.zone, town.clock.now_utc())
    return town


def told(town):
    """What somebody who looks at insight is told to have risen."""
    page = town.client.get("/insight", headers=town.bearer("dora") | {"Accept": "text/html"})
    assert page.status_code == 200, page.text
    return len(re.findall('class="rise"', page.text))


def test_pages_tell_what_another_process_reckoned_and_reckon_nothing_themselves(risen, monkeypatch):
    now, look = risen.clock.now_utc(), Look(risen.settings.zone, risen.settings.insight)
    with risen.database.read() as session:
        right = dict(service.reckoned(session, now, look))
    assert sum(map(len, right.values())) > 0

    def refuse(*_args, **_more):
        raise AssertionError("this is the process that answers requests")

    for name in ("_rises", "_hot_spots", "_moved"):
        monkeypatch.setattr(service, name, refuse)
    reckoner_of(risen).once()
    with risen.database.read() as session:
        days = [question.day for question in right if question.what == "rises"]
        rises = service.rises_of(session, days, now, look)
        assert rises == {each.day: found for each, found in right.items() if each.what == "rises"}
        assert any(rises.values())
        last = now.astimezone(look.zone).date() - timedelta(days=1)
        assert (
            service.hot_spots_of(session, last, now, look)
            == right[next(each for each in right if (each.what, each.day) == ("hot-spots", last))]
        )
    assert told(risen) == sum(len(rises[last - timedelta(days=back)]) for back in range(7))
    for path in ("/api/v1/insight/hot-spots.geojson", "/api/v1/displacements?kind=illegal_parking"):
        assert risen.client.get(path, headers=risen.bearer("dora")).status_code == 200, path


def test_a_restarted_central_tells_at_once_what_was_reckoned_before_and_a_fresh_look_reckons(risen):
    reckoner_of(risen).once()
    with risen.database.write() as session:
        session.execute(update(Finding).where(Finding.name.like("rises%")).values(found="[]"))
    assert told(risen) == 0, "it is what the database keeps"
    now = risen.clock.now_utc()
    yesterday = now.astimezone(risen.settings.zone).date() - timedelta(days=1)
    fresh = Look(risen.settings.zone, risen.settings.insight, fresh=True)
    with risen.database.read() as session:
        assert service.rises_of(session, [yesterday], now, fresh)[yesterday]


def test_what_was_reckoned_more_than_a_day_ago_is_told_by_nobody(risen):
    reckoner_of(risen).once()
    with risen.database.write() as session:
        session.execute(update(Finding).values(found="[]"))
        session.execute(update(Reckoning).values(done_at=risen.clock.now_utc() - timedelta(days=1)))
    assert told(risen) > 0


def test_what_another_version_reckoned_in_another_form_is_reckoned_by_whoever_asks(risen):
    expected = told(risen)
    reckoner_of(risen).once()
    with risen.database.write() as session:
        session.execute(update(Finding).values(found='[{"rose": "in the words of another version"}]'))
    kept._KEPT.clear()  # as after a restart
    assert told(risen) == expected > 0


def test_it_is_reckoned_again_after_ten_minutes_or_when_a_day_ends(town):
    assert standing(town) is Standing.DUE
    reckoner_of(town).once()
    assert standing(town) is Standing.RESTS
    assert standing(town, timedelta(minutes=9)) is Standing.RESTS
    assert standing(town, timedelta(minutes=11)) is Standing.DUE
    assert standing(town, timedelta(hours=-1)) is Standing.DUE, "the clock was put back"
    with town.database.write() as session:
        session.execute(update(Reckoning).values(cpu_s=60.0))
    assert standing(town, timedelta(minutes=99)) is Standing.RESTS, "reckoning takes its time in a large city"
    assert standing(town, timedelta(minutes=101)) is Standing.DUE
    with town.database.write() as session:
        session.execute(update(Reckoning).values(today=TODAY - timedelta(days=1)))
    assert standing(town) is Standing.DUE
    assert beats(town) == {town.settings.instance: NOON}


def test_in_a_small_city_no_process_is_started(town):
    reckoner = Reckoner(town.settings, town.clock, town.database, Metrics())
    reckoner.once()
    assert beats(town) == {town.settings.instance: NOON}
    assert standing(town) is Standing.DUE, "nobody has reckoned"


def test_of_several_copies_one_reckons_and_one_that_died_at_it_is_followed_by_another(town):
    look = Look(town.settings.zone, town.settings.insight).name
    assert reckonings.begin(town.database, look, TODAY, NOON)
    assert not reckonings.begin(town.database, look, TODAY, NOON), "one of them is at it"
    south = reckoner_of(town, instance="south")
    south.once()
    assert (standing(town), beats(town)) == (Standing.RUNS, {})
    town.clock.advance(301)
    south.once()
    assert (standing(town), beats(town)) == (Standing.RESTS, {"south": town.clock.now_utc()})


def test_a_process_that_fails_is_told_and_leaves_no_heartbeat(town, tmp_path):
    empty = town.settings.database.model_copy(update={"url": f"sqlite:///{tmp_path}/empty.db"})
    broken = reckoner_of(town, database=empty)
    with pytest.raises(ReckoningError, match="exit status 1"):
        broken.once()
    assert beats(town) == {}
    broken.once()
    assert beats(town) == {}, "it waits before it tries again, and is not well"
    town.clock.advance(301)
    reckoner_of(town).once()
    assert beats(town) == {town.settings.instance: town.clock.now_utc()}


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_a_process_that_is_killed_is_counted_and_one_under_way_ends_with_central(town):
    metrics = Metrics()
    quick = town.settings.escalation.model_copy(update={"sweep_s": 0.05})
    reckoner = reckoner_of(town, metrics=metrics, escalation=quick)
    with nobody_reckons_to_the_end(town):
        reckoner.start()
        wait_until(lambda: reckoner.pid, "it reckons")
        os.kill(reckoner.pid, signal.SIGKILL)
        wait_until(lambda: failures(metrics) == 1, "it is told that it came to nothing")
        town.clock.advance(301)
        wait_until(lambda: reckoner.pid, "it is tried again")
        last = reckoner.pid
        assert psutil.Process(last).nice() == os.getpriority(os.PRIO_PROCESS, 0) + 10, "pages go first"
        reckoner.stop()
        assert not psutil.pid_exists(last)
    assert failures(metrics) == 1, "an end in order is no failure"
    assert beats(town) == {}
    assert standing(town) is Standing.DUE, "whoever starts next need not wait"


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_what_reckons_ends_when_central_is_killed(town):
    with (
        nobody_reckons_to_the_end(town),
        subprocess.Popen(
            [sys.executable, "-c", KILLED], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as central,
    ):
        central.stdin.write(town.settings.model_dump_json() + "\n")
        central.stdin.flush()
        pid = int(central.stdout.readline())
        central.stdin.write("die\n")
        central.stdin.flush()
        assert central.wait() == -signal.SIGKILL
        wait_until(lambda: not psutil.pid_exists(pid), "it has ended too")
