"""Central on both databases, with a town's areas and duty list, and a browser-less way in."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from fastapi.testclient import TestClient

from central import setup
from central.app import create_app
from central.cameras import service as cameras
from central.custody.keys import write_key
from central.database import Database
from central.people import passwords, repository
from central.people import service as people
from central.people.models import User, UserRole
from central.people.permissions import Role
from central.sender import Sender
from central.settings import CentralSettings
from kerbwatch.clock import ManualClock
from kerbwatch.ids import new_id
from tests.integration.central.postgres import Cluster, find_binaries
from tests.unit.central.box import EDGE, NOON, SITE

PASSWORD = "a long enough password"


@pytest.fixture(scope="session")
def cluster(require) -> Iterator[Cluster]:
    binaries = find_binaries()
    require(binaries, "PostgreSQL is not on this machine (apt-get install postgresql)")
    running = Cluster(binaries)
    try:
        running.start()
        yield running
    finally:
        running.stop()


def make_settings(folder: Path, root: Path, url: str, **changes) -> CentralSettings:
    return CentralSettings.model_validate(
        {
            "database": {"url": url},
            "media": {"dir": str(folder / "media"), "max_bytes": 1_000_000},
            "secret": {"file": str(folder / "secret")},
            "custody": {"key_file": str(folder / "custody-key.pem")},
            "duty_list": str(root / "configs/duty-list.yaml"),
            "areas": str(root / "configs/areas.geojson"),
            "public_url": "http://testserver",
            "metrics": {"open": True},
            "intake": {"gap_first_ask_s": 0},
            "reporters": {"phone": {"kind": "console"}, "email": {"kind": "console"}},
        }
        | changes
    )


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory, pytestconfig) -> Path:
    folder = tmp_path_factory.mktemp("template")
    setup.initialise(make_settings(folder, pytestconfig.rootpath, f"sqlite:///{folder}/central.db"), NOON)
    return folder / "central.db"


@pytest.fixture(scope="session")
def postgres_template(cluster, tmp_path_factory, pytestconfig) -> str:
    cluster.command("CREATE DATABASE kw_template")
    folder = tmp_path_factory.mktemp("template-pg")
    setup.initialise(make_settings(folder, pytestconfig.rootpath, cluster.url("kw_template")), NOON)
    return "kw_template"


@pytest.fixture
def sqlite_url(sqlite_template, tmp_path) -> str:
    shutil.copy(sqlite_template, tmp_path / "central.db")
    return f"sqlite:///{tmp_path}/central.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path) -> Iterator[str]:
    """A database of its own for each test, initialised, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_url")
        return
    cluster = request.getfixturevalue("cluster")
    template = request.getfixturevalue("postgres_template")
    name = f"t{abs(hash(request.node.nodeid))}"
    cluster.copy(template, name)
    yield cluster.url(name)
    cluster.command(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def settings(tmp_path, pytestconfig, url) -> CentralSettings:
    found = make_settings(tmp_path, pytestconfig.rootpath, url)
    setup.write_secret(tmp_path / "secret")
    write_key(tmp_path / "custody-key.pem")
    return found


@pytest.fixture
def database(url) -> Iterator[Database]:
    found = Database(url)
    yield found
    found.close()


@dataclass
class Town:
    """Central with an operator, an edge box, and ways to speak to it. Nothing runs beside it (no broker)."""

    settings: CentralSettings
    clock: ManualClock
    database: Database
    client: TestClient
    edge_token: str
    password_hash: str
    tokens: dict[str, str] = field(default_factory=dict)

    def add_user(self, name: str, role: Role, unit: str | None = None) -> None:
        """Someone whose password was hashed once for all tests."""
        with self.database.write() as session:
            session.add(
                User(
                    id=new_id(),
                    name=name,
                    password_hash=self.password_hash,
                    unit_id=unit,
                    disabled=False,
                    created_at=self.clock.now_utc(),
                    roles=[UserRole(role=role.value)],
                )
            )

    def bearer(self, name: str) -> dict[str, str]:
        """A program's token for them, opened without the password."""
        if name not in self.tokens:
            with self.database.write() as session:
                user = repository.by_name(session, name)
                issued = people.issue(session, user.id, "bearer", timedelta(days=1), self.clock.now_utc())
            self.tokens[name] = issued.token
        return {"Authorization": f"Bearer {self.tokens[name]}"}

    @property
    def edge(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.edge_token}"}


@pytest.fixture(scope="session")
def quick_hasher() -> PasswordHasher:
    """Argon2id is slow on purpose; here people sign in hundreds of times."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(scope="session")
def password_hash(quick_hasher) -> str:
    return quick_hasher.hash(PASSWORD)


@pytest.fixture(scope="session")
def hash_of_nobody(quick_hasher) -> str:
    return quick_hasher.hash(f"not {PASSWORD}")


@pytest.fixture(autouse=True)
def passwords_are_quick(monkeypatch, quick_hasher, hash_of_nobody) -> None:
    monkeypatch.setattr(passwords, "_hasher", quick_hasher)
    monkeypatch.setattr(passwords, "_hash_of_nobody", lambda: hash_of_nobody)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
def town(settings, clock, database, password_hash) -> Iterator[Town]:
    app = create_app(settings, clock)
    with database.write() as session:
        token = cameras.register(session, Sender(SITE, EDGE), clock.now_utc())
    town = Town(
        settings, clock, database, TestClient(app, raise_server_exceptions=False), token, password_hash
    )
    town.add_user("olga", Role.OPERATOR)
    yield town
    town.client.close()
    app.state.central.database.close()
