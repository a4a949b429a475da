"""Between the broker and the database, while much comes in."""

import threading

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import func, select

from central.cases.models import Case
from central.intake.models import StoredEvent
from central.intake.worker import IntakeWorker, WorkerParts
from central.metrics import IntakeMetrics
from central.settings import IntakeSettings
from kerbwatch.messages import ReceiptEvent, parse_event
from kerbwatch.mqtt import Delivery
from tests.unit.central.box import EdgeBox, report
from tests.waiting import wait_until


def worker_of(settings, clock, database, publish):
    metrics = IntakeMetrics(CollectorRegistry())
    return IntakeWorker(
        WorkerParts(settings, clock, database, metrics, publish=publish, connected=lambda: True)
    )


def offer(worker, box, events, acknowledged):
    for event in events:
        wire = box.wire(event)
        worker.offer(
            Delivery(wire.topic, wire.payload, False, lambda number=event.id: acknowledged.append(number))
        )


def test_a_batch_is_committed_while_the_one_before_is_answered_and_answers_keep_the_order(
    settings, database, clock
):
    box, acknowledged, receipted = EdgeBox(), [], []
    first_answer = threading.Event()

    def stored():
        with database.read() as session:
            return session.scalar(select(func.count()).select_from(StoredEvent))

    def publish(_topic, payload):
        if not first_answer.is_set():
            first_answer.set()
            wait_until(lambda: stored() >= 2, "the second is committed before the first is answered")
        receipted.extend(parse_event(payload, ReceiptEvent).data.committed)

    one_a_batch = settings.model_copy(update={"intake": IntakeSettings(batch_max=1)})
    worker = worker_of(one_a_batch, clock, database, publish)
    sent = [box.event(report()) for _ in range(5)]
    offer(worker, box, sent, acknowledged)
    worker.start()
    try:
        wait_until(lambda: len(acknowledged) == len(sent), "all are acknowledged")
    finally:
        worker.stop()
    assert acknowledged == receipted == [event.id for event in sent]


def test_one_bad_message_of_a_batch_is_refused_and_the_others_are_cases(settings, database, clock):
    box, acknowledged, receipts = EdgeBox(), [], []

    def publish(_topic, payload):
        receipts.append(parse_event(payload, ReceiptEvent).data)

    sent = [box.event(report()), box.event(report(revision=2**80)), box.event(report())]
    worker = worker_of(settings, clock, database, publish)
    offer(worker, box, sent, acknowledged)
    worker.start()
    try:
        wait_until(lambda: len(acknowledged) == len(sent), "all are acknowledged")
    finally:
        worker.stop()
    assert [id_ for each in receipts for id_ in each.committed] == [sent[0].id, sent[2].id]
    assert [id_ for each in receipts for id_ in each.rejected] == [sent[1].id]
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Case)) == 2


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_a_connection_that_rested_while_the_database_was_started_again_is_not_used(
    database, cluster, monkeypatch
):
    with database.read() as session:
        first = session.scalar(select(func.pg_backend_pid()))
    cluster.command(f"SELECT pg_terminate_backend({first})")
    monkeypatch.setattr("central.database._RESTED_S", 0.0)
    with database.write(ordered=True) as session:
        assert session.scalar(select(func.pg_backend_pid())) != first
