"""Between the broker and the database, while much comes in."""

import threading

from prometheus_client import CollectorRegistry
from sqlalchemy import func, select

from central.intake.models import StoredEvent
from central.intake.worker import IntakeWorker, WorkerParts
from central.metrics import IntakeMetrics
from central.settings import IntakeSettings
from kerbwatch.messages import ReceiptEvent, parse_event
from kerbwatch.mqtt import Delivery
from tests.unit.central.box import EdgeBox, report
from tests.waiting import wait_until


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
    metrics = IntakeMetrics(CollectorRegistry())
    worker = IntakeWorker(
        WorkerParts(one_a_batch, clock, database, metrics, publish=publish, connected=lambda: True)
    )
    sent = [box.event(report()) for _ in range(5)]
    for event in sent:
        wire = box.wire(event)
        worker.offer(
            Delivery(wire.topic, wire.payload, False, lambda number=event.id: acknowledged.append(number))
        )
    worker.start()
    try:
        wait_until(lambda: len(acknowledged) == len(sent), "all are acknowledged")
    finally:
        worker.stop()
    assert acknowledged == receipted == [event.id for event in sent]
