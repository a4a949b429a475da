"""Insight through the front door: numbers that open their cases, reports, and cases to take away."""

import asyncio
import csv
import io
import json
import re
import shutil
from datetime import date, timedelta
from html import unescape
from pathlib import Path

import pytest
from sqlalchemy import update
from starlette.requests import ClientDisconnect

from central.cases.models import Case, Lead
from central.database import Database
from central.insight import exports, follow
from central.insight.api import ExportFile
from central.insight.counters import Counter, Selection
from central.insight.models import Export
from central.people.permissions import Role
from tests.integration.central.conftest import make_settings
from tests.integration.central.lives import Lives
from tests.unit.central.box import NOON

TODAY = date(2026, 5, 4)
WEEK = "first=2026-04-28&last=2026-05-10"
SAID = ("粤B9?876", "=1+2345")
SONG = '=HYPERLINK("http://bad")'


def fill(database, settings):
    """Some cases in every state, counted; the instant at which it is."""
    lives = Lives(database, settings, NOON)
    for n in range(9):
        lives.begin(n, n, n)
    for row in lives.rows()[:6]:
        lives.confirm(row)
    for row in lives.rows()[:3] * 3:
        lives.work(next(each for each in lives.rows() if each.id == row.id))
    lives.close(lives.rows()[0])
    lives.rework(lives.rows()[1])
    lives.reject(lives.rows()[8])
    with database.write() as session:
        plate = {
            "text": "浙B?2345",
            "likeliest": "浙B12345",
            "confidences": [],
            "colour": "blue",
            "pictures": 3,
        }
        session.execute(update(Case).where(Case.id == lives.rows()[0].id).values(road=SONG))
        session.execute(update(Lead).where(Lead.case_id == lives.rows()[0].id).values(plate=plate))
        for row, said in zip(lives.rows()[1:3], SAID, strict=True):
            session.execute(update(Lead).where(Lead.case_id == row.id).values(plate_said=said))
        session.execute(update(Lead).values(words="call me: Zhang San, 13800000000"))
    follow.catch_up(database, settings.zone, lives.now)
    database.close()
    return lives.now


@pytest.fixture(scope="module")
def lived_sqlite(sqlite_template, tmp_path_factory, pytestconfig):
    """A SQLite file in which a town has lived, made once and copied for each test; and until when."""
    folder = tmp_path_factory.mktemp("lived")
    shutil.copy(sqlite_template, folder / "central.db")
    url = f"sqlite:///{folder}/central.db"
    return folder / "central.db", fill(Database(url), make_settings(folder, pytestconfig.rootpath, url))


@pytest.fixture(scope="module")
def lived_postgresql(cluster, postgres_template, tmp_path_factory, pytestconfig):
    """The same as a database of PostgreSQL, by its name."""
    cluster.copy(postgres_template, "kw_lived")
    url, folder = cluster.url("kw_lived"), tmp_path_factory.mktemp("lived-pg")
    return "kw_lived", fill(Database(url), make_settings(folder, pytestconfig.rootpath, url))


@pytest.fixture(params=["sqlite", "postgresql"])
def lived(request):
    return request.getfixturevalue(f"lived_{request.param}")


@pytest.fixture
def url(request, lived, tmp_path):
    source, _until = lived
    if isinstance(source, Path):
        shutil.copy(source, tmp_path / "central.db")
        yield f"sqlite:///{tmp_path}/central.db"
        return
    cluster, name = request.getfixturevalue("cluster"), f"t{abs(hash(request.node.nodeid))}"
    cluster.copy(source, name)
    yield cluster.url(name)
    cluster.command(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def month(town, lived):
    """A town with some cases in every state, counted."""
    for name, role in (("dora", Role.DISPATCHER), ("alma", Role.AUDITOR), ("ulla", Role.UNIT_HEAD)):
        town.add_user(name, role, "squad-yangming" if role is Role.UNIT_HEAD else None)
    _source, until = lived
    town.clock.advance((until - town.clock.now_utc()).total_seconds())
    return town


def fetch(town, path, name="dora"):
    return town.client.get(path, headers=town.bearer(name) | {"Accept": "text/html"})


def test_every_number_of_a_report_opens_a_list_of_as_many_cases(month):
    text = fetch(month, "/insight/reports/week/2026-W19").text
    links = re.findall(r'<a class="num" href="([^"]+)">([^<]+)</a>', text)
    assert len(links) > 60
    for path, number in sorted(set(links))[::4]:
        listed = fetch(month, unescape(path)).text
        assert listed.count('<li class="row">') == int(number), path
    same = fetch(month, "/api/v1/insight/reports/week/2026-W19").json()
    filed = same["totals"]["numbers"]["filed"]
    assert filed["value"] == 6
    page = fetch(month, filed["cases"].replace("/insight", "/api/v1/insight") + "&limit=4").json()
    assert (page["total"], len(page["items"])) == (6, 4)
    rest = fetch(month, f"/api/v1/insight/cases?{WEEK}&counter=filed&before={page['next_before']}").json()
    assert len(rest["items"]) == 2
    assert rest["next_before"] is None


def test_insight_shows_rises_counters_and_the_map(month):
    for query in (
        "",
        "?days=7&by=town",
        "?by=unit",
        "?by=channel&kind=illegal_parking",
        "?area=yangming&days=84",
    ):
        answer = fetch(month, f"/insight{query}")
        assert answer.status_code == 200, answer.text
        for path, number in re.findall(r'<a class="num" href="([^"]+)">([^<]+)</a>', answer.text)[:12]:
            assert fetch(month, unescape(path)).text.count('<li class="row">') == int(number), path
    assert "Yangming (example)" in fetch(month, "/insight").text
    assert "<script>" not in fetch(month, "/insight?area=%3Cscript%3E").text
    assert fetch(month, "/insight", "ulla").status_code == 403
    assert fetch(month, "/insight", "olga").status_code == 200


def test_a_rise_is_told_with_its_cases_its_weeks_and_who_told(month):
    lives = Lives(month.database, month.settings, month.clock.now_utc())
    lives.rise()
    month.clock.advance((lives.now - month.clock.now_utc()).total_seconds() + 86_400)
    follow.catch_up(month.database, month.settings.zone, month.clock.now_utc())
    last = lives.now.astimezone(month.settings.zone).date()
    rises = fetch(month, f"/api/v1/insight/rises?day={last}").json()
    rise = next(each for each in rises if each["area"] == "yangming" and each["first"] == each["last"])
    assert rise["cases"]["value"] == 14
    assert [each["value"] for each in rise["before"]] == [2] * 8
    assert {channel: number["value"] for channel, number in rise["channels"].items()} == {
        "hotline": 7,
        "photo": 7,
    }
    ground = next(each for each in rises if each["level"] not in {"city", "town"})
    own = [number for each in (rise, ground) for number in (each["cases"], *each["channels"].values())]
    for number in (*own, *rise["before"]):
        listed = fetch(month, number["cases"].replace("/insight", "/api/v1/insight")).json()
        assert listed["total"] == number["value"]
    page = fetch(month, "/insight").text
    assert 'class="rise"' in page
    spots = fetch(month, "/api/v1/insight/hot-spots.geojson").json()
    for feature in spots["features"]:
        listed = fetch(month, feature["properties"]["cases"].replace("/insight", "/api/v1/insight")).json()
        assert listed["total"] == feature["properties"]["count"]


def test_cases_are_taken_away_as_csv_that_no_spreadsheet_runs_and_it_is_written_down(month):
    path = f"/api/v1/insight/exports/cases.csv?{WEEK}"
    answer = fetch(month, f"{path}&bom=true&plates=true")
    assert answer.status_code == 200, answer.text
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == fetch(month, f"/api/v1/insight/cases?{WEEK}").json()["total"] == 8
    assert {"'" + SONG} == {row["road"] for row in rows if row["road"]}
    assert {"浙B?2345"} == {row["plate"] for row in rows if row["plate"]}
    assert "Zhang San" not in answer.text
    assert "12345" not in answer.text.replace("浙B?2345", "")
    assert {SAID[0], "'" + SAID[1]} == {row["plate_said"] for row in rows if row["plate_said"]}
    assert all(row["plate"] == "" for row in rows if row["plate_said"]), "nobody has read it"
    plain = fetch(month, path)
    assert not any(each in plain.text for each in ("浙B", *SAID, "plate"))
    with_plates = json.loads(fetch(month, path.replace(".csv", ".geojson") + "&plates=true").text)
    said = [each["properties"]["plate_said"] for each in with_plates["features"]]
    assert sorted(filter(None, said)) == sorted(SAID)
    collection = json.loads(fetch(month, path.replace(".csv", ".geojson")).text)
    assert "plate_said" not in collection["features"][0]["properties"]
    assert [len(collection["features"]), collection["type"]] == [8, "FeatureCollection"]
    assert collection["features"][0]["geometry"]["type"] == "Point"
    assert json.loads(fetch(month, path.replace(".csv", ".geojson") + "&area=nowhere").text)["features"] == []
    assert fetch(month, path, "olga").status_code == 403
    log = fetch(month, "/api/v1/insight/exports", "alma").json()
    assert [(each["actor"], each["form"], each["plates"], each["rows"]) for each in log][-3:] == [
        ("user:dora", "geojson", True, 8),
        ("user:dora", "csv", False, 8),
        ("user:dora", "csv", True, 8),
    ]
    assert fetch(month, "/api/v1/insight/exports").status_code == 403


def test_no_more_exports_run_at_a_time_than_central_can_bear(month):
    path = f"/api/v1/insight/exports/cases.csv?{WEEK}"
    for _ in range(3):
        exports.take_slot()
    try:
        busy = fetch(month, path)
        assert (busy.status_code, busy.headers["retry-after"]) == (429, "30")
    finally:
        for _ in range(3):
            exports.free_slot()
    for _ in range(5):
        assert fetch(month, path).status_code == 200, "each gives its place back"


def test_an_export_that_nobody_takes_any_more_ends_at_once():
    ended = []

    def pieces():
        try:
            while True:
                yield b"a line\n"
        finally:
            ended.append(True)

    async def gone(message):
        if message.get("body"):
            raise OSError("they hung up")

    async def asked():
        await asyncio.sleep(60)

    exports.take_slot()
    endless = pieces()
    response = ExportFile(endless, media_type="text/csv", headers={})
    with pytest.raises(ClientDisconnect):
        asyncio.run(response({"type": "http", "asgi": {"spec_version": "2.4"}}, asked, gone))
    assert ended, "its connections are free although something still knows of it"
    for _ in range(3):
        exports.take_slot()
    for _ in range(3):
        exports.free_slot()


def test_a_report_on_paper_has_links_to_its_lists_and_says_when_its_font_lacks_letters(month):
    answer = fetch(month, "/insight/reports/month/2026-05.pdf")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    assert answer.content.count(b"http://testserver/insight/cases?counter=") > 60
    month.settings.__dict__["city"] = "余姚市"
    lacking = month.client.get("/insight/reports/month/2026-05.pdf", headers=month.bearer("dora"))
    assert lacking.status_code == 409
    assert "insight.report_font" in lacking.json()["detail"]


NONSENSE = [
    "/api/v1/insight/cases?first=2026-05-04&last=2026-05-03",
    "/api/v1/insight/cases?first=1900-05-04&last=2026-05-03",
    "/api/v1/insight/cases?first=2026-05-04&last=2026-05-04&counter=stolen",
    "/api/v1/insight/cases?first=2026-05-04&last=2026-05-04&area=a'b",
    "/api/v1/insight/cases?first=2026-05-04&last=2026-05-04&block=99999999999999999999",
    "/api/v1/insight/reports/week/2026-W60",
    "/api/v1/insight/reports/year/2026",
    "/api/v1/insight/exports/cases.xlsx?first=2026-05-04&last=2026-05-04",
]


def test_what_makes_no_sense_is_refused(month):
    for path in NONSENSE:
        assert fetch(month, path).status_code == 422, path


def test_an_export_holds_a_few_hundred_cases_at_a_time(month, monkeypatch):
    monkeypatch.setattr(exports, "AT_ONCE", 3)
    number = Export(actor="x", at=month.clock.now_utc(), form="csv", chosen={}, plates=False)
    with month.database.write() as session:
        session.add(number)
        session.flush()
        own = number.number
    chosen = Selection(Counter.OCCURRED, first=TODAY - timedelta(days=9), last=TODAY)
    database = Database(month.settings.database.resolve_url())
    pieces = list(
        exports.written(
            database, own, chosen, "csv", now=month.clock.now_utc(), zone=month.settings.zone, plates=False
        )
    )
    database.close()
    assert [piece.count(b"\r\n") for piece in pieces] == [1, 3, 3, 2, 0]
