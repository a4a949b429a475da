import json
import sqlite3

import pytest
from structlog.testing import capture_logs

from edge.settings import OutboxSettings
from edge.store import EdgeStore
from edge.uplink import Outbox
from kerbwatch.ids import new_id
from kerbwatch.messages import Receipt, SequenceRange, SkippedEvent, parse_incident_channel
from tests.incidents import a_report

SOURCE = "/kerbwatch/v1/yuyao/box-1"


@pytest.fixture
def store(tmp_path):
    return EdgeStore(tmp_path / "edge.db")


def open_outbox(store, clock, **settings):
    return Outbox(store, source=SOURCE, settings=OutboxSettings().model_copy(update=settings), clock=clock)


@pytest.fixture
def outbox(store, clock):
    return open_outbox(store, clock)


def sequences(outbox, clock, limit=100):
    return [entry.sequence for entry in outbox.due(limit, clock.monotonic_s())]


def send_all(outbox, clock):
    sent = outbox.due(1000, clock.monotonic_s())
    for entry in sent:
        outbox.mark_sent(entry.sequence, clock.monotonic_s())
    return sent


def test_events_are_numbered_without_gap_and_read_as_central_reads_them(outbox, clock):
    reports = [a_report(), a_report(), a_report()]
    events = [outbox.put(report) for report in reports]
    assert [event.sequence for event in events] == ["1", "2", "3"]
    sent = [parse_incident_channel(entry.payload) for entry in outbox.due(10, clock.monotonic_s())]
    assert sent == events
    assert [event.data for event in sent] == reports
    assert {event.epoch for event in sent} == {outbox.epoch}
    assert {event.source for event in sent} == {SOURCE}


def test_a_report_put_again_after_a_crash_makes_no_second_event(store, outbox, clock, tmp_path):
    report = a_report()
    first = outbox.put(report)
    again = open_outbox(EdgeStore(tmp_path / "edge.db"), clock)
    clock.advance(5)
    assert again.put(report) == first
    assert again.stats().entries == 1


def test_even_when_the_receipt_was_quicker_than_the_crash(outbox, clock):
    report = a_report()
    first = outbox.put(report)
    outbox.apply(Receipt(epoch=outbox.epoch, committed=(first.id,)))
    assert outbox.put(report) == first
    assert outbox.stats().entries == 0


def test_a_put_that_is_undone_with_the_rules_state_takes_no_number(store, outbox):
    def crashes():
        with store.transaction():
            outbox.put(a_report())
            raise RuntimeError("the rule failed")

    with pytest.raises(RuntimeError):
        crashes()
    assert outbox.put(a_report()).sequence == "1"


def test_the_epoch_lives_as_long_as_the_file(tmp_path, clock):
    epoch = open_outbox(EdgeStore(tmp_path / "edge.db"), clock).epoch
    assert open_outbox(EdgeStore(tmp_path / "edge.db"), clock).epoch == epoch
    (tmp_path / "edge.db").write_bytes(b"a worn-out SD card" * 100)
    for part in ("edge.db-wal", "edge.db-shm"):
        (tmp_path / part).unlink(missing_ok=True)
    renewed = open_outbox(EdgeStore(tmp_path / "edge.db"), clock)
    assert renewed.epoch != epoch
    assert renewed.put(a_report()).sequence == "1"


def test_what_was_sent_is_sent_again_when_no_receipt_comes_with_growing_patience(outbox, clock):
    outbox.put(a_report())
    waits = []
    for _ in range(6):
        assert len(send_all(outbox, clock)) == 1
        assert sequences(outbox, clock) == []
        waits.append(outbox.next_due_s(clock.monotonic_s()))
        clock.advance(waits[-1])
    assert waits == [15, 30, 60, 120, 150, 150]


def test_after_a_reconnect_everything_without_receipt_is_due_in_order(outbox, clock):
    events = [outbox.put(a_report()) for _ in range(4)]
    send_all(outbox, clock)
    outbox.apply(Receipt(epoch=outbox.epoch, committed=(events[1].id,)))
    outbox.send_all_again()
    assert sequences(outbox, clock) == [1, 3, 4]


def test_after_a_restart_everything_without_receipt_is_due(outbox, clock, tmp_path):
    outbox.put(a_report())
    send_all(outbox, clock)
    assert sequences(open_outbox(EdgeStore(tmp_path / "edge.db"), clock), clock) == [1]


def test_the_window_counts_what_is_out_and_opens_when_patience_ends(outbox, clock):
    for _ in range(3):
        outbox.put(a_report())
    assert sequences(outbox, clock, limit=2) == [1, 2]
    send_all(outbox, clock)
    assert outbox.under_way(clock.monotonic_s()) == 3
    clock.advance(60)
    assert outbox.under_way(clock.monotonic_s()) == 0
    assert sequences(outbox, clock, limit=0) == []


def test_a_receipt_of_another_epoch_changes_nothing(outbox):
    event = outbox.put(a_report())
    outbox.apply(Receipt(epoch=new_id(), committed=(event.id,)))
    assert outbox.stats().entries == 1


def test_a_receipt_for_ids_nobody_sent_changes_nothing(outbox):
    outbox.put(a_report())
    outbox.apply(Receipt(epoch=outbox.epoch, committed=(new_id(),), rejected=(new_id(),)))
    assert outbox.stats().entries == 1
    assert outbox.stats().refused == 0


def test_a_refused_event_leaves_the_line_is_kept_aside_and_logged(store, outbox, clock):
    event = outbox.put(a_report())
    send_all(outbox, clock)
    with capture_logs() as logs:
        outbox.apply(Receipt(epoch=outbox.epoch, rejected=(event.id,)))
        outbox.apply(Receipt(epoch=outbox.epoch, rejected=(event.id,)))
    assert [entry["event"] for entry in logs] == ["incident_refused", "central_refused_events"]
    assert (outbox.stats().entries, outbox.stats().refused) == (0, 1)
    with store.transaction() as connection:
        kept = connection.execute("SELECT event_id, payload FROM refused").fetchall()
    assert [(row[0], json.loads(row[1])["id"]) for row in kept] == [(event.id, event.id)]


def test_what_central_misses_is_due_at_once(outbox, clock):
    for _ in range(4):
        outbox.put(a_report())
    send_all(outbox, clock)
    clock.advance(2)
    outbox.apply(Receipt(epoch=outbox.epoch, missing=(SequenceRange(first=2, last=3),)))
    assert sequences(outbox, clock) == [2, 3]


def test_central_asking_in_haste_does_not_multiply_what_is_sent(outbox, clock):
    outbox.put(a_report())
    send_all(outbox, clock)
    for _ in range(10):
        outbox.apply(Receipt(epoch=outbox.epoch, missing=(SequenceRange(first=1, last=1),)))
        assert sequences(outbox, clock) == []
    clock.advance(1)
    assert sequences(outbox, clock) == [1]


def test_a_central_that_lost_what_it_had_receipted_gets_a_stand_in_that_says_so(outbox, clock):
    report = a_report()
    event = outbox.put(report)
    outbox.apply(Receipt(epoch=outbox.epoch, committed=(event.id,)))
    with capture_logs() as logs:
        outbox.apply(Receipt(epoch=outbox.epoch, missing=(SequenceRange(first=1, last=1),)))
    assert [(entry["event"], entry["log_level"]) for entry in logs] == [
        ("central_asks_for_receipted_events", "error")
    ]
    [entry] = send_all(outbox, clock)
    stand_in = parse_incident_channel(entry.payload)
    assert isinstance(stand_in, SkippedEvent)
    assert (stand_in.sequence, stand_in.data.reason) == ("1", "already_receipted")
    assert stand_in.data.incident_id == report.incident_id
    assert outbox.stats().asked_again == 1
    assert outbox.put(report).id == event.id
    outbox.apply(Receipt(epoch=outbox.epoch, committed=(stand_in.id,)))
    assert outbox.stats().entries == 0


def test_even_an_event_so_old_that_the_box_forgot_it_gets_a_stand_in(store, outbox, clock):
    outbox.apply(Receipt(epoch=outbox.epoch, committed=(outbox.put(a_report()).id,)))
    with store.transaction() as connection:
        connection.execute("DELETE FROM outbox")
    outbox.apply(Receipt(epoch=outbox.epoch, missing=(SequenceRange(first=1, last=1),)))
    [entry] = send_all(outbox, clock)
    assert parse_incident_channel(entry.payload).data.incident_id is None


def test_a_hole_beyond_the_sequence_or_without_end_makes_no_work(outbox, clock):
    for _ in range(3):
        outbox.put(a_report())
    send_all(outbox, clock)
    clock.advance(2)
    outbox.apply(Receipt(epoch=outbox.epoch, missing=(SequenceRange(first=3, last=10**17),)))
    outbox.apply(Receipt(epoch=outbox.epoch, missing=(SequenceRange(first=10**9, last=10**17),)))
    outbox.apply(Receipt(epoch=outbox.epoch, missing=(SequenceRange(first=9, last=2),)))
    assert sequences(outbox, clock) == [3]
    assert outbox.stats().entries == 3


def test_a_full_disk_drops_old_updates_and_says_so_never_an_opening(store, clock):
    outbox = open_outbox(store, clock, max_bytes=12_000)
    incident = new_id()
    opened = outbox.put(a_report(incident))
    with capture_logs() as logs:
        for revision in range(2, 30):
            outbox.put(a_report(incident, revision, "updated"))
        cleared = outbox.put(a_report(incident, 30, "cleared"))
    sent = [parse_incident_channel(entry.payload) for entry in send_all(outbox, clock)]
    assert [int(event.sequence) for event in sent] == list(range(1, 31))
    assert (sent[0], sent[-1]) == (opened, cleared)
    kept = [event.data.revision for event in sent if not isinstance(event, SkippedEvent)]
    dropped = [event for event in sent if isinstance(event, SkippedEvent)]
    assert kept == [1, *range(31 - len(kept) + 1, 31)], "the newest updates stay"
    assert {(e.data.reason, e.data.incident_id) for e in dropped} == {("outbox_full", incident)}
    assert outbox.stats().dropped_updates == len(dropped) > 5
    assert outbox.stats().bytes <= 12_000
    assert "outbox_full_updates_dropped" in {entry["event"] for entry in logs}


def test_openings_alone_may_pass_the_limit_loudly(store, clock):
    outbox = open_outbox(store, clock, max_bytes=3_000)
    with capture_logs() as logs:
        for _ in range(5):
            outbox.put(a_report())
    assert outbox.stats().entries == 5
    assert outbox.stats().dropped_updates == 0
    assert {entry["event"] for entry in logs} == {"outbox_over_its_size"}


def test_a_dropped_updates_stand_in_keeps_its_id_so_that_a_late_receipt_still_fits(store, clock):
    outbox = open_outbox(store, clock, max_bytes=3_000)
    incident = new_id()
    outbox.put(a_report(incident))
    update = outbox.put(a_report(incident, 2, "updated"))
    send_all(outbox, clock)
    outbox.put(a_report(incident, 3, "updated"))
    assert outbox.stats().dropped_updates >= 1
    outbox.apply(Receipt(epoch=outbox.epoch, committed=(update.id,)))
    assert update.id not in {entry.event_id for entry in outbox.due(10, clock.monotonic_s() + 100)}


def test_a_disk_without_any_room_refuses_the_put_and_takes_no_number(store, outbox):
    with store.transaction() as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
    store._connection.execute(f"PRAGMA max_page_count = {pages + 1}")

    def fill():
        for _ in range(1000):
            outbox.put(a_report(road="x" * 300))

    with pytest.raises(sqlite3.OperationalError, match="full"):
        fill()
    last = outbox.stats().last_sequence
    assert outbox.stats().entries == last
    store._connection.execute("PRAGMA max_page_count = 100000")
    assert int(outbox.put(a_report()).sequence) == last + 1


def test_the_memory_of_receipted_events_is_bounded(store, outbox, monkeypatch):
    monkeypatch.setattr("edge.uplink.outbox._RECEIPTED_KEPT", 5)
    for _ in range(20):
        outbox.apply(Receipt(epoch=outbox.epoch, committed=(outbox.put(a_report()).id,)))
    with store.transaction() as connection:
        assert connection.execute("SELECT COUNT(*) FROM outbox").fetchone()[0] == 5
