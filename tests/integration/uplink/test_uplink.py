import signal
import subprocess
import sys
import time

import pytest
from structlog.testing import capture_logs

from edge.settings import EdgeSettings
from edge.store import EdgeStore
from edge.uplink import MediaQueue, Outbox, Uplink
from kerbwatch.clock import SystemClock
from kerbwatch.demo.broker import Broker
from kerbwatch.ids import new_id
from kerbwatch.messages import (
    CENTRAL_SOURCE,
    Channel,
    EventType,
    HealthReport,
    LookAgain,
    LookAgainEvent,
    Receipt,
    SequenceRange,
    source_of,
    topic,
)
from tests.incidents import a_report
from tests.integration.uplink.receipts import SmallCentral
from tests.waiting import wait_until

HEALTH = HealthReport(
    version="0.1.0",
    model="yolox-nano",
    uptime_s=1.0,
    cameras=(),
    outbox_entries=0,
    outbox_bytes=0,
    media_waiting=0,
    dropped_updates=0,
)


class Box:
    """An edge box without cameras: its file, its outbox, its line."""

    def __init__(self, folder, port, *, name="box-1", health=lambda: HEALTH, **outbox):
        clock = SystemClock()
        self.settings = EdgeSettings.model_validate(
            {
                "site": "yuyao",
                "edge": name,
                "mqtt": {"port": port},
                "central": {"url": "http://127.0.0.1:9"},
                "outbox": outbox,
                "health_interval_s": 1,
                "cameras": [{"id": "c", "source": "x.mp4", "position": {"lon": 121, "lat": 30}}],
            }
        )
        store = EdgeStore(folder / f"{name}.db")
        self.outbox = Outbox(
            store, source=source_of("yuyao", name), settings=self.settings.outbox, clock=clock
        )
        media = MediaQueue(store, self.settings.outbox, clock)
        self.asked: list[LookAgainEvent] = []
        self.uplink = Uplink(self.settings, self.outbox, media, health, clock, asked=self.asked.append)
        self.uplink.start()

    @property
    def waiting(self):
        return self.outbox.stats().entries

    def connected(self):
        wait_until(lambda: self.uplink.connected, "the box finds the broker")


def a_question():
    about = a_report()
    names = ("incident_id", "camera_id", "zone_id", "kind", "object_class", "box")
    data = LookAgain(**{name: getattr(about, name) for name in names}, handled_at=about.observed_at)
    values = {"id": new_id(), "source": CENTRAL_SOURCE, "type": EventType.LOOK_AGAIN, "data": data}
    return LookAgainEvent(**values, time=about.observed_at)


@pytest.fixture
def box(tmp_path, broker):
    boxes = []

    def make(**options):
        boxes.append(Box(tmp_path, broker.port, **options))
        return boxes[-1]

    yield make
    for made in boxes:
        made.uplink.stop(2)


@pytest.fixture
def central(broker):
    made = SmallCentral(broker)
    wait_until(lambda: made.link.ready, "central finds the broker")
    yield made
    made.close()


def test_every_incident_crosses_once_and_then_leaves_the_box(box, central):
    edge = box()
    events = [edge.outbox.put(a_report()) for _ in range(50)]
    wait_until(lambda: len(central.by_sequence) == 50, "all arrive")
    wait_until(lambda: edge.waiting == 0, "all are receipted")
    assert [central.by_sequence[number] for number in range(1, 51)] == events
    assert edge.uplink.stats().receipts >= 50


def test_an_incident_leaves_the_box_only_when_centrals_receipt_has_come(box, central):
    central.answering = False
    edge = box(resend_after_s=1)
    edge.connected()
    event = edge.outbox.put(a_report())
    wait_until(lambda: central.arrivals, "the broker has taken and delivered it")
    wait_until(lambda: not edge.uplink._unanswered, "the broker has acknowledged it")
    assert edge.waiting == 1
    central.answering = True
    wait_until(lambda: edge.waiting == 0, "it is sent again, and now receipted")
    assert {arrival.id for arrival in central.arrivals} == {event.id}


def test_a_question_reaches_the_box_and_what_only_looks_like_one_does_nothing(box, central):
    edge = box()
    edge.connected()
    asked = [a_question() for _ in range(2)]
    for payload in (b"[]", asked[0].to_json()[:-1], asked[0].to_json().replace(b"central", b"yuyao/box-9")):
        central.link.publish(topic("yuyao", "box-1", Channel.COMMAND), payload)
    central.link.publish(topic("yuyao", "box-2", Channel.COMMAND), asked[0].to_json())
    for event in asked:
        central.link.publish(topic("yuyao", "box-1", Channel.COMMAND), event.to_json())
    wait_until(lambda: len(edge.asked) == 2, "both questions are taken")
    stats = edge.uplink.stats()
    assert (edge.asked, stats.questions, stats.bad_commands) == (asked, 2, 3)


def test_a_broker_killed_in_the_middle_loses_no_incident(box, central, broker):
    edge = box(resend_after_s=1)  # the box may be back before central: what nobody hears is sent again
    edge.connected()
    for _ in range(20):
        edge.outbox.put(a_report())
    wait_until(lambda: len(central.arrivals) >= 5, "some arrive")
    broker.kill()
    slowest_s = 0.0
    for _ in range(20):
        began = time.monotonic()
        edge.outbox.put(a_report())
        slowest_s = max(slowest_s, time.monotonic() - began)
    wait_until(lambda: not edge.uplink.connected, "the box sees that the broker is gone")
    assert slowest_s < 1, "whoever reports an incident never waits for the line"
    assert edge.waiting >= 20
    broker.start()
    wait_until(lambda: edge.waiting == 0, "all are receipted")
    assert sorted(central.by_sequence) == list(range(1, 41))
    assert len({event.id for event in central.arrivals}) == 40


def test_a_broker_that_comes_later_gets_everything(tmp_path, broker):
    broker.stop()
    edge = Box(tmp_path, broker.port, resend_after_s=1)
    for _ in range(5):
        edge.outbox.put(a_report())
    broker.start()
    central = SmallCentral(broker)
    wait_until(lambda: edge.waiting == 0, "all are receipted")
    assert sorted(central.by_sequence) == [1, 2, 3, 4, 5]
    edge.uplink.stop(2)
    central.close()


def test_what_central_misses_is_sent_again_at_once(box, central):
    central.answering = False
    edge = box()
    for _ in range(3):
        edge.outbox.put(a_report())
    wait_until(lambda: len(central.arrivals) == 3, "all arrive once")
    central.send(Receipt(epoch=edge.outbox.epoch, missing=(SequenceRange(first=2, last=2),)))
    wait_until(lambda: len(central.arrivals) == 4, "the missing one comes again", timeout_s=3)
    assert central.arrivals[3] == central.arrivals[1]


def test_a_silent_central_is_not_flooded(box, central):
    central.answering = False
    edge = box(window=5)
    for _ in range(20):
        edge.outbox.put(a_report())
    wait_until(lambda: len(central.arrivals) == 5, "the window is filled")
    central.send(Receipt(epoch=edge.outbox.epoch, committed=tuple(e.id for e in central.arrivals[:2])))
    wait_until(lambda: len(central.arrivals) == 7, "it moves on by what was receipted")
    assert edge.outbox.stats().entries == 18
    central.answering = True
    ids = tuple(event.id for event in central.arrivals)
    central.send(Receipt(epoch=edge.outbox.epoch, committed=ids))
    wait_until(lambda: edge.waiting == 0, "all are receipted")
    assert edge.uplink.stats().sent == 20, "nothing was sent twice"


def test_bad_receipts_are_counted_and_stop_nothing(box, central):
    central.answering = False
    edge = box()
    edge.connected()
    event = edge.outbox.put(a_report())
    wait_until(lambda: central.arrivals, "it arrives")
    with capture_logs() as logs:
        central.send(b"\x00 not JSON")
        central.send(b"{}")
        central.send(b"[" * 300_000)
        central.send(Receipt(epoch=new_id(), committed=(event.id,)))
        wait_until(lambda: edge.uplink.stats().bad_receipts == 3, "they are counted")
    assert [entry["event"] for entry in logs].count("receipt_malformed") == 3
    assert edge.waiting == 1
    central.send(Receipt(epoch=edge.outbox.epoch, committed=(event.id,)))
    wait_until(lambda: edge.waiting == 0, "a good one still counts")


def test_people_see_whether_the_box_is_there(box, central, broker):
    edge = box()
    wait_until(lambda: central.status, "it says that it is online")
    edge.uplink.stop(2)
    wait_until(lambda: len(central.status) == 2, "it says that it goes")
    assert [state for state, _ in central.status] == ["online", "offline"]


def test_a_box_that_vanishes_is_offline_by_its_last_will(tmp_path, central, broker):
    script = (
        "import sys, time; from pathlib import Path; from tests.integration.uplink.test_uplink import Box;"
        "Box(Path(sys.argv[1]), int(sys.argv[2])); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", script, str(tmp_path), str(broker.port)])
    try:
        wait_until(lambda: ("online", False) in central.status, "it is online")
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    wait_until(lambda: ("offline", False) in central.status, "the broker speaks for it")
    late = SmallCentral(broker)
    wait_until(lambda: late.status == [("offline", True)], "and tells whoever comes later")
    late.close()


def test_health_is_reported_when_the_line_stands_and_then_regularly(box, central):
    box()
    wait_until(lambda: len(central.health) >= 2, "two reports")
    assert central.health[0].data == HEALTH


def test_a_health_report_that_fails_stops_neither_health_nor_incidents(box, central):
    calls = []

    def health():
        calls.append(1)
        if len(calls) == 1:
            raise OSError("the disk's figures cannot be read")
        return HEALTH

    with capture_logs() as logs:
        edge = box(health=health)
        edge.connected()
        edge.outbox.put(a_report())
        wait_until(lambda: edge.waiting == 0, "the incident crosses")
        wait_until(lambda: central.health, "the next report comes")
    assert "health_report_failed" in {entry["event"] for entry in logs}


def test_a_box_listens_to_its_own_receipts_alone(box, central):
    second, first = box(name="box-2"), box()
    second.connected()
    first.connected()
    second.outbox.put(a_report())
    wait_until(lambda: central.arrivals, "box 2's incident arrives, and is answered on box 1's topic")
    first.outbox.put(a_report())
    wait_until(lambda: first.waiting == 0, "box 1's own receipt has come")
    assert (first.uplink.stats().receipts, second.uplink.stats().receipts) == (2, 0)
    assert second.waiting == 1


def test_the_line_ends_in_time_even_without_a_broker(tmp_path):
    broker = Broker(prefer="iotcore")
    with broker:
        port = broker.port
    edge = Box(tmp_path, port)
    began = time.monotonic()
    edge.uplink.stop(1)
    assert time.monotonic() - began < 3
