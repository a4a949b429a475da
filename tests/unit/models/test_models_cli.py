"""``kerbwatch models``: what is here, what is missing, what is wrong."""

import json

import pytest
from typer.testing import CliRunner

from models.cli import app
from models.manifest import load_manifest


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("KERBWATCH_CACHE", str(tmp_path))
    return lambda *arguments: CliRunner().invoke(app, list(arguments))


def test_the_list_says_what_there_is_its_licence_and_whether_it_is_here(run):
    table = run("list")
    assert table.exit_code == 0
    assert "yolox-nano" in table.output
    rows = {row["name"]: row for row in json.loads(run("list", "--json").output)}
    assert rows["vtest"]["state"] == "missing"
    assert rows["yolox-nano"]["licence"] == "Apache-2.0"


def test_check_tells_what_is_missing_and_what_is_wrong_and_fails(run):
    wrong = load_manifest().entry("vtest").path
    wrong.parent.mkdir(parents=True)
    wrong.write_bytes(b"not the clip")
    done = run("check")
    assert done.exit_code == 1
    assert "yolox-nano: missing" in done.output
    assert "vtest: wrong" in done.output


def test_an_unknown_name_is_refused(run):
    for command in ("pull", "check"):
        done = run(command, "yolox-nana")
        assert done.exit_code == 2
        assert "it has yolox-nano, vtest" in done.output
