"""Two copies of central on one PostgreSQL: whatever one does the other knows, and nothing is done twice."""

import hashlib
import json
import random
import threading
from collections import Counter
from contextlib import suppress
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import func, select, update

from central.cases.models import CaseEvent, Ticket
from central.people.permissions import Role
from kerbwatch.clock import SystemClock
from kerbwatch.demo.broker import Broker, mosquitto_path
from kerbwatch.mqtt import MqttSettings
from tests.integration.central.running import RunningCentral
from tests.integration.central.test_intake_broker import Street
from tests.waiting import PATIENCE_S, wait_until

OPENED = {"type": "org.kerbwatch.incident.opened.v1"}
CLIP = b"\x00\x00\x00\x18ftypisom" + random.Random(1).randbytes(200_000)
SHA = hashlib.sha256(CLIP).hexdigest()


def committed(copy: RunningCentral) -> float:
    value = copy.central.metrics.registry.get_sample_value
    return value("kerbwatch_central_events_committed_total", OPENED) or 0


def send(street: Street, count: int) -> None:
    """As an outbox does: what has no receipt is sent again."""
    waiting = dict(street.incident() for _ in range(count))

    def all_receipted() -> bool:
        for event_id in waiting.keys() & street.committed:
            del waiting[event_id]
        return not waiting

    for _ in range(6):
        for message in waiting.values():
            street.send(message)
        with suppress(AssertionError):
            wait_until(all_receipted, "every incident has its receipt", 2.5)
            return
    raise AssertionError(f"{len(waiting)} incidents got no receipt")


def listen(url: str, headers: dict[str, str], count: int, heard: list[dict]) -> None:
    with httpx.stream("GET", f"{url}/api/v1/stream?after=0", headers=headers, timeout=PATIENCE_S) as response:
        for line in response.iter_lines():
            if line.startswith("data: "):
                heard.append(json.loads(line[6:]))
            if len(heard) == count:
                return


def confirm(client: httpx.Client, case: str, etag: str = '"1"') -> int:
    return client.post(f"/api/v1/cases/{case}/confirm", json={}, headers={"If-Match": etag}).status_code


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_two_copies_share_the_work_and_one_goes_on_when_the_other_ends(town, settings, tmp_path, require):
    require(mosquitto_path(), "Mosquitto is not on this machine (apt-get install mosquitto)")
    town.add_user("mei", Role.DISPATCHER)
    town.clock = SystemClock()
    mei = town.bearer("mei")
    brisk = settings.escalation.model_copy(update={"sweep_s": 0.2})
    with Broker(data_dir=tmp_path / "broker") as broker:
        both = settings.model_copy(update={"mqtt": MqttSettings(port=broker.port), "escalation": brisk})
        first, second = (both.model_copy(update={"instance": name}) for name in ("one", "two"))
        with RunningCentral(second) as two, Street(broker) as street:
            with (
                RunningCentral(first) as one,
                httpx.Client(base_url=one.url, headers=mei, timeout=PATIENCE_S) as at_one,
                httpx.Client(base_url=two.url, headers=mei, timeout=PATIENCE_S) as at_two,
            ):
                one.wait_connected()
                two.wait_connected()
                send(street, 24)
                assert committed(one) + committed(two) == 24
                assert min(committed(one), committed(two)) > 0, "the broker shares the messages out"

                cases = [item["id"] for item in at_one.get("/api/v1/cases").json()["items"]]
                assert cases == [item["id"] for item in at_two.get("/api/v1/cases").json()["items"]]
                assert [confirm(at_one, cases[0]), confirm(at_two, cases[1])] == [200, 200]
                start, answers = threading.Barrier(2), []

                def decide(client: httpx.Client) -> None:
                    start.wait()
                    answers.append(confirm(client, cases[2]))

                deciding = [threading.Thread(target=decide, args=(client,)) for client in (at_one, at_two)]
                for thread in deciding:
                    thread.start()
                for thread in deciding:
                    thread.join()
                assert sorted(answers) == [200, 412], "of two who decide at once, one is told to look again"

                with town.database.read() as session:
                    lines = session.scalar(select(func.count(CaseEvent.id)))
                heard: dict[str, list[dict]] = {"one": [], "two": []}
                listening = [
                    threading.Thread(target=listen, args=(copy.url, mei, lines, heard[name]))
                    for name, copy in (("one", one), ("two", two))
                ]
                for thread in listening:
                    thread.start()
                for thread in listening:
                    thread.join()
                assert heard["one"] == heard["two"], "who listens at either hears the same, in the same order"

                late = town.clock.now_utc() - timedelta(minutes=1)
                with town.database.write() as session:
                    due = update(Ticket).where(Ticket.case_id.in_(cases[:3]), Ticket.next_step == "remind")
                    session.execute(due.values(next_step_at=late))
                reminded = select(CaseEvent.case_id).where(CaseEvent.rule == "remind")

                def reminders() -> Counter[str]:
                    with town.database.read() as session:
                        return Counter(session.scalars(reminded))

                wait_until(lambda: len(reminders()) == 3, "each unit is reminded")
                swept = [copy.central.metrics.registry.get_sample_value for copy in (one, two)]
                marks = [value("kerbwatch_central_swept_timestamp_seconds") for value in swept]
                wait_until(
                    lambda: all(
                        (value("kerbwatch_central_swept_timestamp_seconds") or 0) > (mark or 0)
                        for value, mark in zip(swept, marks, strict=True)
                    ),
                    "both copies have swept once more",
                )
                assert set(reminders().values()) == {1}, "by one copy, once"

                def put(copy: RunningCentral, offset: int, piece: bytes) -> int:
                    more = {
                        "Content-Type": "video/mp4",
                        "Upload-Offset": str(offset),
                        "Upload-Length": str(len(CLIP)),
                    }
                    url = f"{copy.url}/api/v1/media/{SHA}"
                    return httpx.put(url, content=piece, headers=town.edge | more).status_code

                half = len(CLIP) // 2
                assert [put(one, 0, CLIP[:half]), put(two, half, CLIP[half:])] == [204, 201]
            before = committed(two)
            send(street, 5)
            assert committed(two) == before + 5, "the other takes all when one has ended"
