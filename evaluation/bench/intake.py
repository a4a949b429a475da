"""How many incidents a second become committed cases, and how soon a drafted ticket is there."""

from __future__ import annotations

import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import func, select
from sqlalchemy.engine import make_url

from central.database import Database
from central.settings import load_central_settings
from central.tables import metadata
from evaluation.bench.central_box import CentralBox
from evaluation.bench.flood import Flood, FloodCount
from evaluation.bench.intake_filling import fill, settle
from evaluation.bench.process import BenchError
from evaluation.bench.usage import usage_of
from kerbwatch.demo.broker import Broker
from kerbwatch.mqtt import MqttSettings

WINDOW = 800
"""Messages under way at most: below the 1,000 that Mosquitto queues for a client before it drops."""

_MADE_KNOWN_S = 300.0
_FEW = 20
"""Health reports under way at any moment."""


@dataclass(frozen=True, slots=True)
class IntakePlan:
    """What is to be measured.

    Attributes:
        database_url: None makes a SQLite file that goes afterwards.
        cases: how many cases the database holds before the flood.
        seconds_s: length of the flood, and again of the paced run.
        boxes: edge boxes that send.
        cameras: registered cameras, spread over the boxes, of which health is told every 15 s; 0: none.
    """

    database_url: str | None
    cases: int
    seconds_s: float
    boxes: int
    cameras: int
    copies: int = 1
    """How many processes of central work side by side; more than one only on PostgreSQL."""


@dataclass(frozen=True, slots=True)
class IntakeResult:
    """What was measured; see docs/speed.md."""

    committed_per_second: float
    publish_to_ticket_p50_s: float
    publish_to_ticket_p95_s: float
    paced_per_second: float
    """Rate at which the two times above were measured: half of what was committed in the flood."""
    flood_publish_to_ticket_p95_s: float
    committed: int
    resent: int
    central_cores: float
    """CPU time of central during the flood, all its copies, in cores; the database's own are not in it."""
    central_cpu_ms: float
    """The same for one incident: unlike the rate it says something on a busy machine too."""
    boxes_cpu_ms: float
    """What simulating the boxes took of the machine, for one incident."""
    copies: int
    health_per_second: float
    health_behind: int
    """Health reports that central had not committed when the flood ended."""
    database: str
    broker: str
    cases: int
    """In the database before the flood."""
    cases_after: int
    boxes: int
    cameras: int
    seconds_s: float

    def to_json(self) -> dict[str, Any]:
        """For a file or a program."""
        return asdict(self)


def measure_intake(plan: IntakePlan, say: Callable[[str], None]) -> IntakeResult:
    """Fill the database, flood central over a real broker, then send at half the rate.

    Raises:
        BenchError, BrokerError: when something that the bench needs does not work.
    """
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="kerbwatch-bench-")))
        broker = held.enter_context(Broker(data_dir=folder / "broker"))
        url = plan.database_url or f"sqlite:///{folder / 'central.db'}"
        if plan.copies > 1 and make_url(url).get_backend_name() == "sqlite":
            raise BenchError("several copies of central work side by side on PostgreSQL only")
        box = CentralBox(folder / "central", url, broker.port)
        box.initialise()
        database = box.database()
        held.callback(database.close)
        say(f"filling the database up to {plan.cases:,} cases")
        before = fill(database, plan.cases, say)
        settle(database, load_central_settings(box.config).zone, say)
        copies = [
            box,
            *(CentralBox(folder / "central", url, broker.port, 1 + k) for k in range(1, plan.copies)),
        ]
        for each in copies:
            held.enter_context(each)
        flood = held.enter_context(
            Flood(MqttSettings(host="127.0.0.1", port=broker.port), plan.boxes, WINDOW)
        )
        health = held.enter_context(_Health(flood, plan, copies))
        if plan.cameras:
            say(f"{plan.cameras:,} cameras are made known")
            health.settle()
        flood.run(min(plan.seconds_s / 4, 5.0))  # warm: statements compiled, pages of the database read
        say(f"{plan.boxes} boxes send as fast as receipts come back, for {plan.seconds_s:g} s")
        begun, own_s = [usage_of(each.pid) for each in copies], time.process_time()
        flooded = flood.run(plan.seconds_s)
        own_s = time.process_time() - own_s
        cores = sum(usage_of(each.pid).cores_since(then) for each, then in zip(copies, begun, strict=True))
        took_s = flooded.ended_s - flooded.began_s
        behind = health.behind()
        rate = flooded.per_second / 2
        say(f"{flooded.per_second:.0f} a second committed; now at half of that for {plan.seconds_s:g} s")
        paced = flood.run(plan.seconds_s, per_second=rate)
        return IntakeResult(
            committed_per_second=round(flooded.per_second, 1),
            publish_to_ticket_p50_s=round(statistics.median(paced.latencies_s), 4),
            publish_to_ticket_p95_s=round(_p95(paced), 4),
            paced_per_second=round(rate, 1),
            flood_publish_to_ticket_p95_s=round(_p95(flooded), 4),
            committed=len(flooded.latencies_s) + len(paced.latencies_s),
            resent=flooded.resent + paced.resent,
            central_cores=round(cores, 2),
            central_cpu_ms=round(1000 * cores * took_s / len(flooded.latencies_s), 3),
            boxes_cpu_ms=round(1000 * own_s / len(flooded.latencies_s), 3),
            copies=plan.copies,
            health_per_second=round(health.per_second, 1),
            health_behind=behind,
            database="sqlite" if database.is_sqlite else "postgresql",
            broker=broker.kind,
            cases=before,
            cases_after=_cases(database),
            boxes=plan.boxes,
            cameras=plan.cameras,
            seconds_s=plan.seconds_s,
        )


class _Health:
    """The boxes' health beside the flood; nothing where there are no cameras."""

    def __init__(self, flood: Flood, plan: IntakePlan, copies: Sequence[CentralBox]) -> None:
        self._flood, self._plan, self._copies = flood, plan, copies
        self._stop, self._sent = threading.Event(), 0
        self._thread: threading.Thread | None = None

    def __enter__(self) -> _Health:
        if self._plan.cameras:
            self._thread = threading.Thread(
                target=self._flood.health,
                args=(self._plan.cameras, 15.0, self._stop, self._count),
                daemon=True,
            )
            self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    @property
    def per_second(self) -> float:
        """Health reports a second that are sent."""
        return self._plan.boxes / 15.0 if self._thread is not None else 0.0

    def settle(self) -> None:
        """Wait until every box was heard once: cameras are made known on one day, and not every day.

        Raises:
            BenchError: when central does not get through it.
        """
        deadline_s = time.monotonic() + _MADE_KNOWN_S
        while self._sent < self._plan.boxes or self.behind() > _FEW:
            if time.monotonic() > deadline_s:
                raise BenchError(f"after {_MADE_KNOWN_S:g} s central is still {self.behind()} reports behind")
            time.sleep(0.5)

    def behind(self) -> int:
        """Reports that were sent and that central has not committed yet."""
        if self._thread is None:
            return 0
        pages = [httpx.get(f"{each.url}/metrics", timeout=10).text for each in self._copies]
        counted = [
            line
            for page in pages
            for line in page.splitlines()
            if "events_committed_total" in line and "health" in line
        ]
        return self._sent - int(sum(float(line.rsplit(" ", 1)[1]) for line in counted))

    def _count(self) -> None:
        self._sent += 1


def _p95(count: FloodCount) -> float:
    return statistics.quantiles(count.latencies_s, n=20)[-1]


def _cases(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(metadata.tables["cases"])) or 0
