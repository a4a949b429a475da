"""What every test may ask for: real servers, or a clear word why they are not there."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from central import database
from kerbwatch.clock import ManualClock
from kerbwatch.demo.broker import Broker, iotcore_available, mosquitto_path


def _require(present: object, reason: str) -> None:
    if present:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"this machine must have it (CI=true): {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def require() -> Callable[[object, str], None]:
    """``require(present, reason)``: skips a test that lacks its server; with CI=true it fails instead."""
    return _require


_UMASK = os.umask(0o022)
os.umask(_UMASK)


@pytest.fixture(autouse=True)
def umask_as_it_was() -> Iterator[None]:
    """A command that a test runs in this process keeps what it makes from others, and that for good."""
    os.umask(_UMASK)
    yield
    os.umask(_UMASK)


@pytest.fixture(scope="session", autouse=True)
def loggers_that_can_be_listened_to() -> Iterator[None]:
    """A command that a test runs in this process sets logs up for good; no logger keeps that for itself."""
    configure = structlog.configure
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            structlog,
            "configure",
            lambda **options: configure(**options | {"cache_logger_on_first_use": False}),
        )
        yield


@pytest.fixture(scope="session", autouse=True)
def statements_compiled_once() -> Iterator[None]:
    """Many tests have a database of their own; what SQL a statement becomes is worked out once for all."""
    create_engine, compiled = database.create_engine, {}
    with pytest.MonkeyPatch.context() as patch:
        for dialect in (SQLiteDialect_pysqlite, PGDialect_psycopg):
            patch.setattr(dialect, "__eq__", lambda one, other: type(one) is type(other))
            patch.setattr(dialect, "__hash__", lambda one: hash(type(one)))
        patch.setattr(
            database,
            "create_engine",
            lambda *url, **options: create_engine(
                *url, execution_options={"compiled_cache": compiled}, **options
            ),
        )
        yield


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands until the test lets time pass."""
    return ManualClock()


@pytest.fixture(params=["mosquitto", "iotcore"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    """A real broker on a free port: the test runs once on each kind.

    iotcore comes with the lock file; Mosquitto needs root to install, so that a machine without it skips.
    """
    if request.param == "mosquitto":
        _require(mosquitto_path(), "Mosquitto is not on this machine (apt-get install mosquitto)")
    if request.param == "iotcore":
        _require(iotcore_available(), "iotcore is not installed (extra 'demo')")
    with Broker(data_dir=tmp_path / "broker", prefer=request.param) as running:
        yield running
