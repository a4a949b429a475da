"""The case log as a live stream, shared by many listeners and going on where a listener left off."""

import asyncio
import json
import threading
from zoneinfo import ZoneInfo

import httpx
import pytest

from central.cases import repository
from central.cases.models import CaseEvent
from central.intake.service import commit_batch
from central.people.permissions import Role
from central.settings import IntakeSettings
from central.stream.service import LogTail
from kerbwatch.clock import SystemClock
from tests.integration.central.running import RunningCentral
from tests.unit.central.box import NOON, EdgeBox, report


@pytest.fixture
def happen(database):
    box = EdgeBox()

    def happen(count):
        with database.write(ordered=True) as session:
            messages = [box.message(report()) for _ in range(count)]
            commit_batch(session, messages, NOON, IntakeSettings(), ZoneInfo("UTC"))

    return happen


async def collect(tail, after, count):
    found = []
    async for line in tail.follow(after):
        found.append(line.id)
        if len(found) == count:
            return found


def test_listeners_hear_each_line_once_and_in_order(database, happen):
    async def scene():
        tail = LogTail(database)
        await tail.start()
        listeners = [asyncio.create_task(collect(tail, after, 6)) for after in (0, None)]
        await asyncio.sleep(0)
        for _ in range(3):
            await asyncio.to_thread(happen, 2)
            await tail.poll()
        return await asyncio.wait_for(asyncio.gather(*listeners), 10)

    first, second = asyncio.run(scene())
    assert first == second == sorted(first)
    assert len(set(first)) == 6


def test_whoever_listens_after_nobody_did_hears_what_comes_and_can_have_what_was(database, happen):
    async def scene():
        tail = LogTail(database)
        await tail.start()
        await asyncio.to_thread(happen, 3)
        await tail.poll()  # nobody listens
        listeners = [asyncio.create_task(collect(tail, after, count)) for after, count in ((None, 2), (0, 5))]
        await asyncio.sleep(0)
        await asyncio.to_thread(happen, 2)
        await tail.poll()
        return await asyncio.wait_for(asyncio.gather(*listeners), 10)

    later, everything = asyncio.run(scene())
    assert len(everything) == 5
    assert later == everything[3:]


def test_a_listener_that_was_away_long_catches_up_from_the_database(database, happen):
    happen(1)
    with database.write(ordered=True) as session:
        ((first, _area_id),) = repository.log_after(session, 0, 10)
        session.add_all(
            CaseEvent(
                case_id=first.case_id,
                at=NOON,
                rule="cleared",
                actor="system",
                to_state="reviewing",
                detail={},
                case_version=1,
            )
            for _ in range(699)
        )

    async def scene():
        tail = LogTail(database)
        follower = asyncio.create_task(tail.run())
        try:
            past = await asyncio.wait_for(collect(tail, 0, 700), 20)
            await asyncio.to_thread(happen, 3)
            await tail.poll()
            return past, await asyncio.wait_for(collect(tail, past[-2], 4), 10)
        finally:
            follower.cancel()

    past, recent = asyncio.run(scene())
    assert past == sorted(set(past))
    assert len(past) == 700
    assert recent[0] == past[-1]


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_browser_hears_of_a_new_case_and_goes_on_after_a_break(town, settings, happen):
    town.add_user("anna", Role.AUDITOR)
    town.clock = SystemClock()  # as the running copy has
    headers = town.bearer("anna")

    def listen(client, url, count, **more):
        found = []
        with client.stream("GET", url, headers=headers | more, timeout=20) as response:
            assert response.headers["content-type"].startswith("text/event-stream")
            for line in response.iter_lines():
                if line.startswith("data: "):
                    found.append(json.loads(line[6:]))
                if len(found) == count:
                    return found
        raise AssertionError("the stream ended")

    with RunningCentral(settings) as central, httpx.Client(base_url=central.url) as client:
        later = threading.Timer(0.3, happen, args=(2,))
        later.start()
        first, second = listen(client, "/api/v1/stream?after=0", 2)
        later.join()
        assert (first["rule"], first["to_state"]) == ("opened", "reviewing")
        (again,) = listen(client, "/api/v1/stream", 1, **{"Last-Event-ID": str(first["id"])})
        assert again == second
        assert client.get("/api/v1/stream", headers=headers | {"Last-Event-ID": "x"}).status_code == 400
        assert client.get("/api/v1/stream").status_code == 401
