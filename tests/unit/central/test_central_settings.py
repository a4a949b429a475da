"""Central does not start on a configuration that is unsafe or unclear."""

import pytest
from pydantic import ValidationError

from central.database import Database
from central.schema import SchemaError, check_current
from central.settings import CentralSettings, load_central_settings
from kerbwatch.secrets import SecretMissingError
from kerbwatch.settings import SettingsError


def settings(**changes):
    return CentralSettings.model_validate(changes)


def test_the_example_configuration_is_sound(request):
    loaded = load_central_settings(request.config.rootpath / "configs" / "central.yaml")
    assert loaded.time_zone == "Asia/Shanghai"


@pytest.mark.parametrize(
    "secret",
    ["short", "a" * 64, "change-me-change-me-change-me-change-me", "kerbwatch-default-0123456789abcdef0123"],
)
def test_a_secret_that_can_be_guessed_is_refused(tmp_path, secret):
    (tmp_path / "secret").write_text(secret)
    with pytest.raises(SettingsError, match="openssl rand"):
        settings(secret={"file": str(tmp_path / "secret")}).secret.resolve()


def test_an_absent_secret_is_refused(tmp_path, monkeypatch):
    with pytest.raises(SecretMissingError, match="cannot read"):
        settings(secret={"file": str(tmp_path / "none")}).secret.resolve()
    monkeypatch.delenv("KERBWATCH_NOT_SET", raising=False)
    with pytest.raises(SecretMissingError, match="KERBWATCH_NOT_SET"):
        settings(secret={"value": "${KERBWATCH_NOT_SET}"}).secret.resolve()


def test_a_good_secret_from_the_environment_is_taken(monkeypatch):
    monkeypatch.setenv("KERBWATCH_TEST_SECRET", "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c")
    assert settings(secret={"value": "${KERBWATCH_TEST_SECRET}"}).secret.resolve().startswith(b"0f1e")


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"database": {"url": "postgresql://kerbwatch:hunter2@db/kerbwatch"}}, "may not carry a password"),
        ({"database": {"url": "mysql://db/kerbwatch"}}, "sqlite:/// or postgresql://"),
        ({"secret": {"value": "0f1e2d3c4b5a69788796a5b4c3d2e1f0"}}, "may not be written in the file"),
        ({"secret": {"file": None}}, "give"),
        ({"time_zone": "Asia/Yuyao"}, "not an IANA time zone"),
        ({"public_url": "kerbwatch.example"}, "must be http"),
        ({"mqtt": {"host": "broker.example"}}, "set 'tls: true'"),
        ({"instance": "Central One"}, "instance"),
    ],
)
def test_what_is_unsafe_or_unclear_is_refused(changes, complaint):
    with pytest.raises(ValidationError, match=complaint):
        settings(**changes)


def test_a_slip_of_the_pen_is_named_with_its_line(tmp_path):
    file = tmp_path / "central.yaml"
    file.write_text("city: Yuyao\nintake:\n  futur_tolerance_s: 3\n")
    with pytest.raises(SettingsError, match=r"central.yaml:3: .*did you mean 'future_tolerance_s'"):
        load_central_settings(file)


def test_cookies_are_for_tls_only_where_the_page_is():
    assert settings(public_url="https://kerbwatch.example").secure_cookies
    assert not settings().secure_cookies
    assert settings(public_url="https://kerbwatch.example/base").origin == "https://kerbwatch.example"


def test_a_database_that_a_relative_path_names_is_told_with_its_folder_when_it_is_empty(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    database = Database("sqlite:///central.db")
    with pytest.raises(SchemaError, match=rf"central init CONFIG'; it is central.db .*{tmp_path}"):
        check_current(database)
    database.close()
