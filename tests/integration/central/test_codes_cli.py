"""Place codes and keys of apps from the command line, as whoever prints stickers uses it."""

import csv
import io
import re
import shutil
import stat

import pytest
from typer.testing import CliRunner

from kerbwatch.cli import app
from kerbwatch.settings import SettingsError

CONFIG = """
city: Yuyao
database: {url: sqlite:///central.db}
secret: {file: secret}
public_url: https://kerbwatch.example
"""
PLACES = """name,lon,lat,road,kind,urgent
Gate,121.15,30.05,East Road,,
Fire lane,121.16,30.05,,illegal_parking,yes
"""


@pytest.fixture
def run(tmp_path, monkeypatch, sqlite_template):
    monkeypatch.chdir(tmp_path)
    shutil.copy(sqlite_template, "central.db")
    (tmp_path / "central.yaml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "secret").write_text("0123456789abcdef" * 4)
    (tmp_path / "places.csv").write_text(PLACES, encoding="utf-8")

    def command(*arguments):
        return CliRunner().invoke(app, ["central", *arguments, "-c", "central.yaml"])

    return command


def test_stickers_are_made_listed_printed_and_taken_back(run, tmp_path):
    assert run("codes", "make", "places.csv").stdout == "2 made, 0 known\n"
    assert run("codes", "make", "places.csv").stdout == "0 made, 2 known\n"
    rows = list(csv.DictReader(io.StringIO(run("codes", "list").stdout)))
    assert [row["name"] for row in rows] == ["Fire lane", "Gate"]
    assert re.fullmatch(r"https://kerbwatch\.example/q/[0-9A-Z]{16}", rows[0]["url"])
    assert run("codes", "sheet", "all.pdf").stdout == "2 codes in all.pdf\n"
    assert (tmp_path / "all.pdf").read_bytes().startswith(b"%PDF-")
    assert run("codes", "revoke", "1", "--reason", "Torn off").exit_code == 0
    assert isinstance(run("codes", "revoke", "9", "--reason", "x").exception, SettingsError)
    assert "Gate" in run("codes", "list", "--revoked").stdout
    assert run("codes", "sheet", "some.pdf", "1", "2").stdout == "1 code in some.pdf\n"
    assert isinstance(run("codes", "sheet", "none.pdf", "1").exception, SettingsError)


def test_a_name_that_a_spreadsheet_would_run_is_listed_with_a_quote(run, tmp_path):
    (tmp_path / "places.csv").write_text("name,lon,lat\n=1+1 Wall,121.15,30.05\n", encoding="utf-8")
    assert run("codes", "make", "places.csv").stdout == "1 made, 0 known\n"
    (row,) = csv.DictReader(io.StringIO(run("codes", "list").stdout))
    assert (row["name"], row["lon"]) == ("'=1+1 Wall", "121.15")


def test_an_app_gets_a_key_in_a_file_of_its_own_and_loses_it(run, tmp_path):
    made = run("open311", "add-key", "neighbours", "--key-file", "key.txt").stdout
    key_id, key = re.search(r"key (\S+) of", made)[1], (tmp_path / "key.txt").read_text().strip()
    assert stat.S_IMODE((tmp_path / "key.txt").stat().st_mode) == 0o600
    listed = run("open311", "list-keys").stdout
    assert (key_id in listed, "in use" in listed, key in made + listed) == (True, True, False)
    assert run("open311", "revoke-key", key_id).exit_code == 0
    assert "revoked" in run("open311", "list-keys").stdout
    assert isinstance(run("open311", "revoke-key", "nobody").exception, SettingsError)
    assert isinstance(run("open311", "add-key", "Not a name").exception, SettingsError)
