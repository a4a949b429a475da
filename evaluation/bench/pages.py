"""How long people wait for a list, with a million cases behind it."""

from __future__ import annotations

import secrets
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from central.insight.days import Period, Span
from central.settings import load_central_settings
from evaluation.bench.central_box import CentralBox
from evaluation.bench.intake_filling import fill, settle
from evaluation.bench.process import BenchError
from kerbwatch.demo.broker import Broker
from kerbwatch.incident import Kind

LISTS = (
    "/",
    "/cases?show=running",
    "/cases?show=over",
    "/cases?show=all",
    *(f"/cases?show=all&kind={kind.value}" for kind in Kind),
    "/cameras",
    "/api/v1/cases",
    "/api/v1/cases?state=closed",
    "/api/v1/cases.geojson",
    "/api/v1/tickets",
    "/api/v1/tickets?state=dispatched",
    "/api/v1/tickets?unit=squad-yangming&state=handling",
    "/api/v1/cameras",
    "/insight",
    "/insight?days=84&by=town",
    "/insight/cases?first={a_month_ago}&last={today}&counter=on_time",
    "/insight/reports/day/{yesterday}",
    "/insight/reports/week/{last_week}",
    "/insight/reports/month/{last_month}",
    "/api/v1/insight/rises",
)
"""Every list that people and programs look at."""


@dataclass(frozen=True, slots=True)
class PagesResult:
    """What was measured: for each list the median and the 95th percentile, ms."""

    cases: int
    database: str
    repeats: int
    p50_ms: dict[str, float]
    p95_ms: dict[str, float]

    @property
    def slowest_p95_ms(self) -> float:
        """Of the slowest list."""
        return max(self.p95_ms.values())

    def to_json(self) -> dict[str, Any]:
        """For a file or a program."""
        return {
            "cases": self.cases,
            "database": self.database,
            "repeats": self.repeats,
            "slowest_p95_ms": self.slowest_p95_ms,
            "p50_ms": self.p50_ms,
            "p95_ms": self.p95_ms,
        }


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
        settle(database, load_central_settings(box.config).zone, say)
        name, password = f"bench-{secrets.token_hex(4)}", secrets.token_urlsafe(12)
        file = folder / "password"
        file.touch(mode=0o600)
        file.write_text(password, encoding="ascii")
        added = ("user", "add", name, "--role", "dispatcher", "--password-file", str(file))
        box.command("central", *added, "--config", str(box.config))
        held.enter_context(box)
        client = held.enter_context(httpx.Client(base_url=box.url, timeout=60))
        _sign_in(client, name, password)
        p50_ms, p95_ms = {}, {}
        for path in LISTS:
            times_ms = [_fetch_ms(client, _dated(path)) for _ in range(repeats + 1)][1:]
            p50_ms[path] = round(statistics.median(times_ms), 1)
            p95_ms[path] = round(statistics.quantiles(times_ms, n=20)[-1], 1)
            say(f"{path}: {p50_ms[path]} ms, 95 % within {p95_ms[path]} ms")
        kind = "sqlite" if database.is_sqlite else "postgresql"
        return PagesResult(present, kind, repeats, p50_ms, p95_ms)


def _dated(path: str) -> str:
    """A list's address with the days that it is of."""
    today = datetime.now(UTC).date()
    week = Period.around(Span.WEEK, today).before().name
    month = Period.around(Span.MONTH, today).before().name
    ago = timedelta(days=1), timedelta(days=28)
    days = {"today": today, "yesterday": today - ago[0], "a_month_ago": today - ago[1]}
    return path.format(last_week=week, last_month=month, **days)


def _sign_in(client: httpx.Client, name: str, password: str) -> None:
    answer = client.post("/api/v1/token", json={"name": name, "password": password})
    if answer.is_error:
        raise BenchError(f"central did not let the bench in ({answer.status_code})")
    client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"


def _fetch_ms(client: httpx.Client, path: str) -> float:
    begun_s = time.perf_counter()
    answer = client.get(path)
    taken_ms = (time.perf_counter() - begun_s) * 1000
    if answer.status_code != 200:
        raise BenchError(f"{path} was not shown: {answer.status_code}")
    return taken_ms
