"""Rows that go in many at once are what they were, and a fault is told as of any statement."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, IntegrityError

from central.bulk import among, insert_rows, pairs_among, put_rows
from central.database import Base
from central.intake.models import SequenceState, StoredEvent
from tests.unit.central.box import NOON

EVENTS = Base.metadata.tables["events"]
SEQUENCES = Base.metadata.tables["sequences"]
ODD = ["", "\\N", "\\.", "a\tb\nc\rd", "\\", "'\"{},", "街道 🛵", "%s ? :name", "null"]


def event(number, payload="{}"):
    return {
        "source": "/kerbwatch/v1/yuyao/box-1",
        "event_id": f"event-{number}",
        "epoch": "epoch",
        "sequence": 2**62 + number,
        "type": "odd",
        "received_at": (NOON + timedelta(microseconds=number)).astimezone(timezone(timedelta(hours=8))),
        "payload": payload,
    }


def sequence(source, contiguous, islands, ask_at):
    return {
        "source": source,
        "epoch": "e",
        "contiguous": contiguous,
        "islands": islands,
        "ask_at": ask_at,
        "asks": 0,
        "updated_at": NOON,
    }


def test_whatever_a_text_holds_comes_out_as_it_went_in_and_in_its_order(database):
    with database.write() as session:
        insert_rows(session, EVENTS, [event(number, text) for number, text in enumerate(ODD)])
    with database.read() as session:
        found = session.scalars(select(StoredEvent).order_by(StoredEvent.id)).all()
        some = session.scalars(
            select(StoredEvent.payload).where(among(session, StoredEvent.event_id, {"event-3", "event-6"}))
        )
        assert set(some) == {ODD[3], ODD[6]}
        none = select(StoredEvent).where(among(session, StoredEvent.event_id, set()))
        assert session.scalars(none).all() == []
    assert [row.payload for row in found] == ODD
    assert [row.sequence for row in found] == [2**62 + number for number in range(len(ODD))]
    assert [row.received_at for row in found] == [NOON + timedelta(microseconds=n) for n in range(len(ODD))]
    assert all(row.received_at.tzinfo is UTC for row in found)


def test_a_row_that_is_there_is_refused_with_all_that_came_with_it(database):
    with database.write() as session:
        insert_rows(session, EVENTS, [event(1)])
    with pytest.raises(IntegrityError), database.write() as session:
        insert_rows(session, EVENTS, [event(2), event(1)])
    with database.read() as session:
        assert session.scalars(select(StoredEvent.event_id)).all() == ["event-1"]


def test_a_value_that_no_database_can_hold_is_told_as_of_any_statement(database):
    too_much = event(1) | {"sequence": 2**70}
    with pytest.raises((DBAPIError, OverflowError)), database.write() as session:
        insert_rows(session, EVENTS, [too_much])
    naive = event(2) | {"received_at": datetime(2026, 5, 4)}  # noqa: DTZ001 - that is the fault
    with pytest.raises(ValueError, match="naive"), database.write() as session:
        insert_rows(session, EVENTS, [naive])


def test_rows_are_put_in_the_place_of_those_with_the_same_key(database):
    due = NOON + timedelta(seconds=5)
    with database.write() as session:
        put_rows(session, SEQUENCES, [sequence("a'", 1, [[3, 4]], due), sequence("b", 7, [], None)])
        put_rows(session, SEQUENCES, [sequence("c", 0, [[2, 2]], due), sequence("a'", 4, [], None)])
    with database.read() as session:
        pairs = [("a'", "e"), ("b", "other"), ("c", "e")]
        query = select(SequenceState).where(
            pairs_among(session, SequenceState.source, SequenceState.epoch, pairs)
        )
        found = {row.source: row for row in session.scalars(query)}
    assert {source: (row.contiguous, row.islands, row.ask_at) for source, row in found.items()} == {
        "a'": (4, [], None),
        "c": (0, [[2, 2]], due),
    }
