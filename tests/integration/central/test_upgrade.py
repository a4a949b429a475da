"""A city that has worked with an older version for a while is upgraded, and goes on where it was.

``city_at_0007.json`` is what the version of schema 0007 itself wrote into its database: cases in every state,
late tickets with slips, requests, looks at originals, a hole in a box's sequence, a message that was refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from alembic import command
from alembic.config import Config
from fastapi.testclient import TestClient
from sqlalchemy import DateTime, MetaData, Table, func, insert, select, text

import central
from central import setup
from central.app import create_app
from central.cameras import service as cameras
from central.cases.models import Case, Lead, Ticket
from central.cases.rules import OVER
from central.custody.keys import read_key
from central.custody.sealer import Sealer
from central.custody.verifying import What, verify
from central.custody.verifying_heads import OutsideHeads
from central.database import Database
from central.escalation.sweeper import Sweeper
from central.insight.models import CaseFact
from central.intake.service import commit_batch
from central.metrics import Metrics
from central.sender import Sender
from central.settings import CentralSettings
from central.tickets.clockwork import Terms, wind
from kerbwatch.clock import ManualClock
from kerbwatch.incident import Phase
from tests.integration.central.conftest import Town, make_settings
from tests.unit.central.box import EDGE, SITE, EdgeBox, report

CITY = Path(__file__).with_name("city_at_0007.json")
UPGRADED_AT = datetime(2026, 5, 5, 7, 0, tzinfo=UTC)
Rows = dict[str, list[dict[str, Any]]]
COUNTED_ELSEWHERE = {("users", "failures"), ("users", "locked_until")}
"""Wrong passwords, which are no longer counted with the user whose they might be."""


def to_revision(database: Database, revision: str, *, down: bool = False) -> None:
    """As ``central.schema.migrate`` does, but to another revision than the newest."""
    config = Config()
    config.set_main_option("script_location", str(Path(central.__file__).parent / "migrations"))
    with database.engine.connect().execution_options(kerbwatch_write=True) as connection:
        if database.is_sqlite:
            connection.connection.cursor().execute("PRAGMA foreign_keys=OFF")
        with connection.begin():
            config.attributes["connection"] = connection
            (command.downgrade if down else command.upgrade)(config, revision)
        if database.is_sqlite:
            connection.connection.cursor().execute("PRAGMA foreign_keys=ON")


def tables_of(database: Database) -> dict[str, Table]:
    found = MetaData()
    found.reflect(database.engine)
    return {table.name: table for table in found.sorted_tables}


def put_city(database: Database) -> None:
    """The rows of the file into tables of its time."""
    city = json.loads(CITY.read_text(encoding="utf-8"))
    with database.write() as session:
        for name, table in tables_of(database).items():
            for row in city.get(name, {"rows": ()})["rows"]:
                values = dict(zip(city[name]["columns"], row, strict=True))
                for column in table.columns:
                    if isinstance(column.type, DateTime) and values[column.name]:
                        at = datetime.fromisoformat(values[column.name])
                        values[column.name] = at if database.is_sqlite else at.replace(tzinfo=UTC)
                session.execute(insert(table).values(values))
            if not database.is_sqlite and "id" in table.c and table.c.id.type.python_type is int:
                session.execute(
                    text(
                        f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT max(id) FROM {name}))"
                    )
                )


def rows_of(database: Database) -> Rows:
    with database.read() as session:
        return {
            name: [dict(row._mapping) for row in session.execute(select(table).order_by(*table.primary_key))]
            for name, table in tables_of(database).items()
            if name != "alembic_version"
        }


def as_of_then(now: Rows, then: Rows) -> Rows:
    """What is there now, by the tables and columns that there were then."""
    return {name: [{key: row[key] for key in rows[0]} for row in now[name]] for name, rows in then.items()}


def without(rows: Rows, gone: set[tuple[str, str]]) -> Rows:
    """Rows without some columns of some tables."""
    return {
        name: [{key: value for key, value in row.items() if (name, key) not in gone} for row in of_table]
        for name, of_table in rows.items()
    }


@dataclass
class Upgrade:
    """A city before and after."""

    settings: CentralSettings
    database: Database
    then: Rows
    """Every row of 0007."""
    now: Rows
    """Every row after the migrations, before anything else."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def upgrade(request, tmp_path_factory, pytestconfig) -> Iterator[Upgrade]:
    folder = tmp_path_factory.mktemp("upgrade")
    url = f"sqlite:///{folder}/central.db"
    if request.param == "postgresql":
        cluster = request.getfixturevalue("cluster")
        cluster.command("CREATE DATABASE kw_upgraded")
        url = cluster.url("kw_upgraded")
    settings, database = make_settings(folder, pytestconfig.rootpath, url), Database(url)
    to_revision(database, "0007")
    put_city(database)
    then = rows_of(database)
    assert all(then.values()), "every table of then has rows"
    setup.schema.migrate(database)
    now = rows_of(database)
    setup.initialise(settings, UPGRADED_AT)
    yield Upgrade(settings, database, then, now)
    database.close()


def test_nothing_that_was_there_is_lost_or_changed(upgrade):
    kept = without(upgrade.then, COUNTED_ELSEWHERE)
    assert as_of_then(upgrade.now, kept) == kept


@pytest.fixture(scope="module")
def served(upgrade, password_hash) -> Iterator[Town]:
    """Central of today, on the city's database, a minute later."""
    clock = ManualClock(UPGRADED_AT)
    app = create_app(upgrade.settings, clock)
    with upgrade.database.write() as session:
        token = cameras.register(session, Sender(SITE, EDGE), clock.now_utc())
    client = TestClient(app, raise_server_exceptions=False)
    town = Town(upgrade.settings, clock, upgrade.database, client, token, password_hash)
    Sweeper(upgrade.settings, clock, upgrade.database, Metrics()).once()
    Sealer(upgrade.settings, clock, upgrade.database, Metrics()).once(sign_now=True)
    yield town
    client.close()
    app.state.central.database.close()


def test_what_was_written_then_is_under_the_chain_from_now_on(served, upgrade):
    custody = served.settings.custody
    what = What([read_key(custody.key_file).public], OutsideHeads(None), files=False)
    outcome = verify(served.database, create_app(served.settings).state.central.media, what, print)
    assert outcome.findings == []
    assert outcome.rows >= len(upgrade.then["case_events"]) + len(upgrade.then["original_views"])
    assert outcome.rows_unsealed == 0


def test_each_open_case_has_one_accountable_unit_and_the_deadline_that_its_log_says(served):
    with served.database.read() as session:
        rows = session.scalars(select(Case).order_by(Case.id)).all()
        for row in rows:
            leading = [t for t in row.tickets if t.leads and t.state != "voided"]
            assert len(leading) == (row.state != "rejected"), row.state
            due = [ticket.due_at for ticket in row.tickets]
            wind(session, row, Terms.of(served.settings))
            assert [ticket.due_at for ticket in row.tickets] == due
    assert {row.state for row in rows} >= {"reviewing", "rejected", "dispatched", "accepted", "checking"}


def test_every_case_is_counted_by_its_log(served):
    with served.database.read() as session:
        states = dict(session.execute(select(CaseFact.case_id, CaseFact.state)).all())
        assert states == dict(session.execute(select(Case.id, Case.state)).all())
        filed = select(func.count()).where(CaseFact.filed_day.is_not(None))
        assert session.scalar(filed) == session.scalar(select(func.count()).where(Case.filed_at.is_not(None)))


def test_every_page_and_list_shows_it(served, upgrade):
    lists = ("cases", "tickets", "requests", "slips", "cameras", "media/original-views", "insight/counters")
    for name in ("olga", "ada", "aude"):
        for path in lists:
            answer = served.client.get(f"/api/v1/{path}", headers=served.bearer(name))
            assert answer.status_code in {200, 403, 404}, (path, answer.text)
    one_of_each_state = {case["state"]: case for case in upgrade.then["cases"]}
    for case in one_of_each_state.values():
        answer = served.client.get(f"/api/v1/cases/{case['id']}", headers=served.bearer("olga"))
        assert (answer.json()["sentence"], answer.json()["road"]) == (case["sentence"], case["road"])
        page = served.client.get(f"/cases/{case['id']}", headers=served.bearer("olga"))
        assert (page.status_code, case["road"] in page.text) == (200, True), case["state"]


def test_a_unit_goes_on_with_the_ticket_it_had_and_the_case_is_closed(served):
    with served.database.read() as session:
        ticket = session.scalars(
            select(Ticket).where(Ticket.state == "dispatched").order_by(Ticket.id)
        ).first()
    officer = served.bearer(f"u-{ticket.unit_id}")
    path, answer = f"/api/v1/my/tickets/{ticket.id}", None
    for move in ("accept", "start", "report_handled"):
        version = served.client.get(path, headers=officer).json()["version"]
        match = {"If-Match": f'"{version}"'}
        answer = served.client.post(f"{path}/{move}", json={"note": "gone"}, headers=officer | match)
        assert answer.status_code == 200, answer.text
    case, version = answer.json()["id"], answer.json()["version"]
    match = {"If-Match": f'"{version}"'}
    closed = served.client.post(
        f"/api/v1/cases/{case}/close", json={"note": "seen"}, headers=served.bearer("dora") | match
    )
    assert (closed.status_code, closed.json()["state"]) == (200, "closed")


def test_a_box_goes_on_telling_of_what_stood_there_before(served):
    with served.database.read() as session:
        open_now = select(Lead).join(Case).where(Case.state.not_in(OVER)).order_by(Lead.id)
        lead = session.scalars(open_now).first()
    told = report(lead.incident_id, lead.revision + 1, Phase.CLEARED, observed_at=UPGRADED_AT)
    box = EdgeBox()
    with served.database.write(ordered=True) as session:
        message = box.message(told.model_copy(update={"ended_at": UPGRADED_AT}))
        commit_batch(session, [message], UPGRADED_AT, served.settings.intake, ZoneInfo("Asia/Shanghai"))
    with served.database.read() as session:
        again = session.get(Lead, lead.id)
        assert (again.phase, again.case_id) == ("cleared", lead.case_id)


def test_the_migrations_taken_back_leave_what_was_there_then(upgrade):
    """Nobody needs it in service (the backup is what leads back), but a developer does."""
    to_revision(upgrade.database, "0007", down=True)
    now = rows_of(upgrade.database)
    for name, rows in upgrade.then.items():
        assert set(now[name][0]) == set(rows[0]), f"the columns of {name}"
        assert len(now[name]) >= len(rows), name
