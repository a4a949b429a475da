"""The process that reckons what insight tells for all copies of central: see :mod:`central.insight.reckoner`.

``python -m central.insight.process`` reads what it is to do as a line of JSON from standard input, puts what
it found into the database, and ends. It says a line after each answer, and ends at once when its input ends.
"""

from __future__ import annotations

import os
import time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from pydantic import BaseModel, ConfigDict

import central.tables  # noqa: F401 - every table by its name
from central.database import Database
from central.insight import kept, reckonings
from central.insight.look import Look
from central.insight.models import Reckoning
from central.insight.service import reckoned
from central.insight.settings import InsightSettings
from central.operations import apart_child
from central.operations.settings import LogSettings
from kerbwatch.logs import configure_logs
from kerbwatch.secrets import expand_environment

log = structlog.get_logger(__name__)


class Task(BaseModel):
    """What the process is to do.

    Attributes:
        database_url: as the configuration says it: a password is named in it, and found in the environment.
        zone: whose days are looked at.
        insight: how far back, and how sure.
        logs: how it logs.
        now: the present instant.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    database_url: str
    zone: str
    insight: InsightSettings
    logs: LogSettings
    now: datetime


def main() -> None:
    """Reckon once."""
    task = Task.model_validate_json(apart_child.what_to_do())
    apart_child.at_the_end(lambda: os._exit(1))
    configure_logs(json=task.logs.json_lines, level=task.logs.level)
    database = Database(expand_environment(task.database_url))
    try:
        reckon(database, task)
    finally:
        database.close()


def reckon(database: Database, task: Task) -> None:
    """Put into the database what is found."""
    begun_s = time.monotonic()
    look = Look(ZoneInfo(task.zone), task.insight)
    found: dict[str, str] = {}
    with database.read() as session:
        for question, answer in reckoned(session, task.now, look):
            found[question.name] = kept.written(question, answer)
            apart_child.say(b"\n")
    took_s = time.monotonic() - begun_s
    done = Reckoning(
        look=look.name,
        begun_at=task.now,
        done_at=task.now + timedelta(seconds=took_s),
        today=task.now.astimezone(look.zone).date(),
        cpu_s=time.process_time(),
    )
    with database.write() as session:
        reckonings.put(session, done, found)
    log.info("reckoned", answers=len(found), took_s=round(took_s, 2), cpu_s=round(done.cpu_s, 2))


if __name__ == "__main__":
    main()
