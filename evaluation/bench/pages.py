"""How long people wait for a list, with a million cases behind it, and what it costs central."""

from __future__ import annotations

import base64
import secrets
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import httpx
import psutil

from central.insight.days import Period, Span
from central.people.permissions import Role
from central.people.service import add_user
from central.settings import load_central_settings
from evaluation.bench.central_box import CentralBox
from evaluation.bench.intake_filling import fill, settle
from evaluation.bench.lists_filling import fill_lists
from evaluation.bench.process import BenchError
from evaluation.bench.usage import usage_of
from kerbwatch.demo.broker import Broker
from kerbwatch.incident import Kind

LISTS = (
    "/",
    "/?show=all&cursor={half_a_year_ago}",
    "/cases?show=running",
    "/cases?show=over",
    "/cases?show=over&cursor={half_a_year_ago}",
    "/cases?show=all",
    *(f"/cases?show={show}&kind={kind.value}" for show in ("all", "running") for kind in Kind),
    "/cases?show=all&only=overdue",
    "/cases?show=all&only=urgent&area=yangming",
    "/cases?show=all&unit=squad-yangming",
    "/cases?show=all&q=Yangming",
    "/cases?show=all&q=ZZ99999",
    "/api/v1/cases",
    "/api/v1/cases?limit=200&cursor={half_a_year_ago}",
    "/api/v1/cases?state=closed",
    "/api/v1/cases?state=closed&kind=vehicle_litter&cursor={half_a_year_ago}",
    "/api/v1/cases?state=handling&state=reviewing",
    "/api/v1/cases.geojson",
    "/api/v1/merge-suggestions",
    "/api/v1/tickets",
    "/api/v1/tickets?state=dispatched",
    "/api/v1/tickets?state=closed&cursor={half_a_year_ago}",
    "/api/v1/tickets?unit=squad-yangming&state=handling",
    "/h",
    "/api/v1/my/tickets",
    "/h/slips",
    "/api/v1/slips?unanswered=true",
    "/api/v1/requests",
    "/cameras",
    "/api/v1/cameras",
    "/codes",
    "/codes?show=revoked",
    "/api/v1/codes?before=1000",
    "/duty-list",
    "/api/v1/duty-list?q=litter",
    "/requests",
    "/slips",
    "/audit",
    "/disputes",
    "/rulings",
    "/points",
    "/report",
    "/open311/v2/services.json",
    "/open311/v2/requests.json",
    "/open311/v2/requests.xml?status=open&page=2",
    "/api/v1/answers?after=0",
    "/insight?days=7",
    "/insight",
    "/insight?days=84",
    "/insight?days=84&by=town",
    "/insight?days=84&by=grid&kind=illegal_parking",
    "/insight?days=84&by=unit&area=yangming",
    "/insight?days=84&area=yangming&unit=squad-yangming",
    "/insight/cases?first={a_month_ago}&last={today}&counter=on_time",
    "/insight/cases?first={a_month_ago}&last={today}&kind=illegal_parking&unit=squad-yangming",
    "/insight/cases?first={a_year_ago}&last={today}&counter=overdue",
    "/insight/reports/day/{yesterday}",
    "/insight/reports/week/{last_week}",
    "/insight/reports/month/{last_month}",
    "/api/v1/insight/rises",
    "/api/v1/insight/hot-spots.geojson",
    "/api/v1/insight/exports",
    "/api/v1/insight/exports/cases.csv?first={a_year_ago}&last={today}",
    "/api/v1/displacements?kind=illegal_parking",
    "/api/v1/media/original-views",
    "/api/v1/media/original-views?before=1000",
    "/api/v1/reporters/identity-views",
    "/api/v1/custody/head",
    "/api/v1/users",
)
"""Every list that people and programs look at, with filters, and pages far down."""

_EXPORTS_END_S = 20.0
_ROLES = (Role.DISPATCHER, Role.UNIT_OFFICER, Role.ADJUDICATOR, Role.AUDITOR, Role.ADMINISTRATOR)


@dataclass(frozen=True, slots=True)
class PagesResult:
    """What was measured: for each list the median and the 95th percentile, and CPU time of central, ms.

    Attributes:
        other_cores: what other programs took of the machine meanwhile.
        first_ms: the first time that a list was fetched, when nothing of it was at hand.
    """

    cases: int
    database: str
    repeats: int
    other_cores: float
    p50_ms: dict[str, float]
    p95_ms: dict[str, float]
    cpu_ms: dict[str, float]
    first_ms: dict[str, float]

    @property
    def slowest_p95_ms(self) -> float:
        """Of the slowest list."""
        return max(self.p95_ms.values())

    def to_json(self) -> dict[str, Any]:
        """For a file or a program."""
        return asdict(self) | {"slowest_p95_ms": self.slowest_p95_ms}


def measure_pages(
    database_url: str | None, cases: int, repeats: int, say: Callable[[str], None]
) -> PagesResult:
    """Fill the database, start central, and fetch each list over HTTP, one after the other.

    Raises:
        BenchError, BrokerError: when something that the bench needs does not work, or a list is not shown.
    """
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="kerbwatch-bench-")))
        broker = held.enter_context(Broker(data_dir=folder / "broker"))
        box = CentralBox(
            folder / "central", database_url or f"sqlite:///{folder / 'central.db'}", broker.port
        )
        box.initialise()
        database = box.database()
        held.callback(database.close)
        say(f"filling the database up to {cases:,} cases")
        present = fill(database, cases, say)
        fill_lists(database, say)
        settle(database, load_central_settings(box.config).zone, say)
        name, password = f"bench-{secrets.token_hex(4)}", secrets.token_urlsafe(12)
        with database.write(ordered=True) as session:
            add_user(session, name, password, _ROLES, datetime.now(UTC), unit_id="squad-yangming")
        held.enter_context(box)
        client = held.enter_context(httpx.Client(base_url=box.url, timeout=60))
        _sign_in(client, name, password)
        begun, others_begun_s = usage_of(box.pid), _others_s()
        measured = {path: _measured(client, path, repeats, box.pid, say) for path in LISTS}
        ended = usage_of(box.pid)
        others_s = _others_s() - others_begun_s - (ended.cpu_s - begun.cpu_s)
        return PagesResult(
            cases=present,
            database="sqlite" if database.is_sqlite else "postgresql",
            repeats=repeats,
            other_cores=round(max(0.0, others_s) / (ended.at_s - begun.at_s), 2),
            p50_ms={path: each.p50_ms for path, each in measured.items()},
            p95_ms={path: each.p95_ms for path, each in measured.items()},
            cpu_ms={path: each.cpu_ms for path, each in measured.items()},
            first_ms={path: each.first_ms for path, each in measured.items()},
        )


class _Measured(NamedTuple):
    """What a list took, ms."""

    p50_ms: float
    p95_ms: float
    cpu_ms: float
    first_ms: float


def _measured(
    client: httpx.Client, path: str, repeats: int, pid: int, say: Callable[[str], None]
) -> _Measured:
    address = _dated(path)
    first_ms = _fetch_ms(client, address)
    before = usage_of(pid)
    times_ms = [_fetch_ms(client, address) for _ in range(repeats)]
    cpu_ms = (usage_of(pid).cpu_s - before.cpu_s) * 1000 / repeats
    p95_ms = statistics.quantiles(times_ms, n=20)[-1]
    found = _Measured(*(round(ms, 1) for ms in (statistics.median(times_ms), p95_ms, cpu_ms, first_ms)))
    say(
        f"{path}: {found.p50_ms} ms, 95 % within {found.p95_ms} ms, "
        f"{found.cpu_ms} ms of CPU, {found.first_ms} ms at first"
    )
    return found


def _others_s() -> float:
    """CPU seconds of all programs so far."""
    times = psutil.cpu_times()
    return float(times.user + times.system + times.nice)


def _dated(path: str) -> str:
    """A list's address with the days that it is of."""
    now = datetime.now(UTC)
    today = now.date()
    week = Period.around(Span.WEEK, today).before().name
    month = Period.around(Span.MONTH, today).before().name
    ago = {"yesterday": 1, "a_month_ago": 28, "a_year_ago": 364}
    days = {"today": today} | {name: today - timedelta(days=days) for name, days in ago.items()}
    then_ms = int((now - timedelta(days=180)).timestamp() * 1000)
    then = str(UUID(int=then_ms << 80 | 7 << 76 | 0b10 << 62))
    half = base64.urlsafe_b64encode(then.encode()).decode().rstrip("=")
    return path.format(last_week=week, last_month=month, half_a_year_ago=half, **days)


def _sign_in(client: httpx.Client, name: str, password: str) -> None:
    answer = client.post("/api/v1/token", json={"name": name, "password": password})
    if answer.is_error:
        raise BenchError(f"central did not let the bench in ({answer.status_code})")
    client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"


def _fetch_ms(client: httpx.Client, path: str) -> float:
    """Until all of it is here; of an export until its first cases are."""
    deadline_s = time.monotonic() + _EXPORTS_END_S
    while True:
        begun_s = time.perf_counter()
        with client.stream("GET", path) as answer:
            # Few may run at a time, and the one before goes on until it sees that nobody reads it.
            if answer.status_code == 429 and "/exports/" in path and time.monotonic() < deadline_s:
                time.sleep(0.1)
                continue
            if answer.status_code != 200:
                raise BenchError(f"{path} was not shown: {answer.status_code}")
            if "/exports/" in path:
                next(piece for piece in answer.iter_bytes() if b"\n" in piece.rstrip(b"\n"))
            else:
                answer.read()
        return (time.perf_counter() - begun_s) * 1000
