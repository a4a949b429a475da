"""Two copies of central that receive the same messages at the same time make one case of each incident."""

import random
import threading
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from central.cases import service
from central.database import Database
from central.intake.models import StoredEvent
from central.intake.service import commit_batch
from central.settings import IntakeSettings
from kerbwatch.incident import Phase
from tests.unit.central.box import NOON, EdgeBox, report


def test_the_same_deliveries_at_once_make_one_case_each(url):
    box = EdgeBox()
    messages = []
    for _ in range(20):
        first = report()
        messages.append(box.message(first))
        messages.append(box.message(first.model_copy(update={"revision": 2, "phase": Phase.UPDATED})))
    start, outcomes, failures = threading.Barrier(2), [], []

    def copy(seed):
        database, mine = Database(url), list(messages)
        random.Random(seed).shuffle(mine)
        start.wait()
        try:
            for at in range(0, len(mine), 7):
                with database.write(ordered=True) as session:
                    outcomes.append(
                        commit_batch(session, mine[at : at + 7], NOON, IntakeSettings(), ZoneInfo("UTC"))
                    )
        except SQLAlchemyError as error:
            failures.append(error)
        finally:
            database.close()

    threads = [threading.Thread(target=copy, args=(seed,)) for seed in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(outcomes) == 12
    database = Database(url)
    with database.read() as session:
        assert len(service.list_cases(session, limit=200).items) == 20
        assert session.scalar(select(func.count(StoredEvent.id))) == 40
    database.close()
    assert sum(outcome.duplicates for outcome in outcomes) == 40
    assert sum(sum(outcome.committed.values()) for outcome in outcomes) == 40
