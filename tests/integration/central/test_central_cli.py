"""The command line of central, as an installer uses it."""

import contextlib
import os
import shutil
import stat

import pytest
from typer.testing import CliRunner

from kerbwatch.cli import app
from kerbwatch.settings import SettingsError


@pytest.fixture
def folder(tmp_path, pytestconfig, monkeypatch):
    os.umask(0o022)
    (tmp_path / "configs").symlink_to(pytestconfig.rootpath / "configs")
    (tmp_path / "password").write_text("a long enough password\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments, **more):
    return CliRunner().invoke(app, ["central", *arguments], **more)


@pytest.fixture(scope="session")
def initialised(tmp_path_factory, pytestconfig):
    """What ``init`` makes of an empty folder, made once."""
    made = tmp_path_factory.mktemp("initialised")
    os.umask(0o022)
    (made / "configs").symlink_to(pytestconfig.rootpath / "configs")
    with contextlib.chdir(made):
        answer = run("init", "configs/central.yaml")
    assert answer.exit_code == 0, answer.output
    return made


@pytest.fixture
def ready(folder, initialised):
    shutil.copytree(initialised / "var", folder / "var")
    return folder


def test_init_in_another_folder_than_was_meant_makes_nothing_and_says_where_it_looked(
    tmp_path, monkeypatch, pytestconfig
):
    monkeypatch.chdir(tmp_path)
    answer = run("init", str(pytestconfig.rootpath / "configs/central.yaml"))
    assert answer.exit_code == 1
    assert f"looked for from {tmp_path}" in str(answer.exception)
    assert not list(tmp_path.iterdir())


def test_init_makes_everything_and_may_be_repeated(ready):
    secret = ready / "var/central/secret"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    before = secret.read_text()
    assert run("init", "configs/central.yaml").exit_code == 0
    assert secret.read_text() == before


def test_what_init_makes_is_nobody_elses_to_read(ready):
    for made in (ready / "var/central").rglob("*"):
        assert not made.stat().st_mode & stat.S_IRWXO, made


def test_restoring_without_the_saved_key_asks_for_it_and_not_for_a_new_one(folder):
    answer = run("restore", "backup", "--config", "configs/central.yaml")
    assert isinstance(answer.exception, SettingsError)
    assert "put the one that was saved there" in str(answer.exception)
    assert "--public-key" in str(answer.exception)


def test_a_user_is_added_once(ready):
    arguments = ("user", "add", "olga", "--role", "operator", "--password-file", "password")
    assert run(*arguments).exit_code == 0
    again = run(*arguments)
    assert (again.exit_code, "there is a user 'olga' already" in again.output) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "typed", "complaint"),
    [
        (("--role", "operator"), "short\nshort\n", "at least 10 characters"),
        (("--role", "king"), "", "'king' is not one of"),
        (("--role", "edge"), "a long enough password\na long enough password\n", "edge add"),
    ],
)
def test_a_user_who_cannot_be_made_is_refused_with_the_reason(ready, arguments, typed, complaint):
    answer = run("user", "add", "olga", *arguments, input=typed)
    assert answer.exit_code != 0
    assert complaint in answer.output


def test_an_edge_box_gets_its_token_in_a_file_of_its_own(ready):
    assert run("edge", "add", "yuyao", "box-1", "--token-file", "box-1.token").exit_code == 0
    token = (ready / "box-1.token").read_text().strip()
    assert stat.S_IMODE((ready / "box-1.token").stat().st_mode) == 0o600
    assert len(token) >= 43
    printed = run("edge", "add", "yuyao", "box-1").output.strip()
    assert printed != token


def test_a_box_that_is_removed_may_upload_no_more(ready):
    assert run("edge", "add", "yuyao", "box-1").exit_code == 0
    assert "may upload" in run("edge", "list").output
    assert run("edge", "remove", "yuyao", "box-1").exit_code == 0
    assert "yuyao/box-1\tno token" in run("edge", "list").output
    assert "there is no box yuyao/box-1 with a token" in run("edge", "remove", "yuyao", "box-1").output


def test_a_user_is_listed_given_other_roles_and_a_password_and_shut_out(ready):
    run("user", "add", "olga", "--role", "operator", "--password-file", "password")
    assert run("user", "roles", "olga", "--role", "dispatcher", "--role", "operator").exit_code == 0
    assert "olga\tdispatcher,operator\t-\tactive" in run("user", "list").output
    (ready / "password").write_text("Kerbwatch123\n")
    easy = run("user", "password", "olga", "--password-file", "password")
    assert (easy.exit_code, "tried first" in easy.output) == (1, True)
    (ready / "password").write_text("stalls at the corner\n")
    assert run("user", "password", "olga", "--password-file", "password").exit_code == 0
    assert run("user", "disable", "olga").exit_code == 0
    assert "olga\tdispatcher,operator\t-\tdisabled" in run("user", "list").output
    assert run("user", "enable", "olga").exit_code == 0
    assert "there is no user 'nobody'" in run("user", "disable", "nobody").output


def test_a_password_that_is_typed_for_somebody_is_to_be_changed_and_one_from_a_file_stays(ready):
    typed = "stalls at the corner\n" * 2

    def way(*arguments, **more):
        assert run("user", *arguments, **more).exit_code == 0
        return run("user", "list").output.strip().split("\t")[-1]

    file = ("--password-file", "password")
    assert way("add", "olga", "--role", "operator", *file) == "password"
    assert way("password", "olga", input=typed) == "password (to be changed)"
    assert way("password", "olga", "--own", input=typed) == "password"
    assert way("add", "piet", "--role", "operator", input=typed) == "password (to be changed)"
    assert way("password", "piet", *file) == "password"


def test_central_refuses_to_serve_the_city_in_the_clear(ready):
    config = (ready / "configs/central.yaml").read_text()
    (ready / "open.yaml").write_text(config.replace("http://127.0.0.1:8000", "http://kerbwatch.example"))
    answer = run("serve", "open.yaml")
    assert isinstance(answer.exception, SettingsError)
    assert "public_url: people on other machines" in str(answer.exception)
    assert "mqtt.username: the broker 127.0.0.1 is used without a name" in str(answer.exception)


def test_a_duty_list_with_faults_leaves_the_old_one_in_force(ready):
    text = (ready / "configs/duty-list.yaml").read_text()
    (ready / "bad.yaml").write_text(text.replace("default: traffic-police", "default: traffic-polce"))
    answer = run("import", "duty", "bad.yaml")
    assert isinstance(answer.exception, SettingsError)
    assert "'traffic-polce' is not among 'units'" in str(answer.exception)
    assert run("import", "duty", "configs/duty-list.yaml").output.strip() == "in force already"


def test_areas_on_which_the_list_cannot_stand_are_refused_until_both_come_together(ready):
    for name in ("areas.geojson", "duty-list.yaml"):
        text = (ready / "configs" / name).read_text()
        text = text.replace("yangming: traffic", "yangming-town: traffic")
        (ready / name).write_text(text.replace('"id": "yangming",', '"id": "yangming-town",'))
    for check in ((), ("--check",)):
        refused = run("import", "areas", "areas.geojson", *check)
        assert isinstance(refused.exception, SettingsError)
        assert "there is no area 'yangming'" in str(refused.exception)
    both = ("import", "areas", "areas.geojson", "--duty", "duty-list.yaml")
    assert run(*both, "--check").output.strip().endswith("no fault")
    assert run("import", "areas", "configs/areas.geojson").output.strip().endswith("there already")
    assert "imported\nthe duty list was taken in" in run(*both).output
    assert run("import", "duty", "duty-list.yaml").output.strip() == "in force already"


def test_serving_without_init_says_what_to_do(folder):
    (folder / "var/central").mkdir(parents=True)
    (folder / "var/central/secret").touch(mode=0o600)
    (folder / "var/central/secret").write_text("0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c")
    answer = run("serve", "configs/central.yaml")
    assert answer.exit_code == 1
    assert "kerbwatch central init" in answer.output


def test_who_comes_by_the_directory_needs_no_password(ready):
    assert run("user", "add", "mei", "--role", "operator", "--directory").exit_code == 0
    assert run("user", "list").output.strip().split("\t")[-1] == "directory (awaited)"
    assert "mei is not of the directory" in run("user", "directory", "mei", "--off").output
    assert run("user", "list").output.strip().split("\t")[-1] == "-"
