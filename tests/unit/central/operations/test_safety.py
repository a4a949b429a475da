"""Central does not start in a way that lets strangers in, and says what to do about it."""

from pathlib import Path

import pytest

from central.operations.safety import check_safe, findings_of
from central.settings import CentralSettings
from kerbwatch.safety import is_well_known
from kerbwatch.settings import SettingsError

CITY = {
    "public_url": "https://kerbwatch.example",
    "mqtt": {"username": "central", "password": "${MQTT}"},
    "reporters": {"phone": {"kind": "off"}, "email": {"kind": "console"}},
}


@pytest.fixture(autouse=True)
def passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MQTT", "f2c1b85d0e7a94d3")
    monkeypatch.setenv("DB", "9b1c77ee02aa4d61")


def codes(**changes: object) -> list[str]:
    return [each.code for each in findings_of(CentralSettings.model_validate(CITY | changes))]


def test_one_machine_by_itself_and_a_city_behind_tls_are_safe() -> None:
    assert findings_of(CentralSettings.model_validate({})) == []
    assert codes() == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"public_url": "http://kerbwatch.example"}, "plain-http"),
        ({"public_url": "http://127.0.0.1:8000", "listen": {"host": "0.0.0.0"}}, "plain-http"),
        ({"mqtt": {"host": "broker.example", "tls": True}}, "anonymous-broker"),
        ({"mqtt": {}}, "anonymous-broker"),
        ({"metrics": {"port": 9109, "host": "0.0.0.0"}}, "open-metrics"),
        ({"reporters": {"email": {"kind": "off"}}}, "console-codes"),
    ],
)
def test_what_is_unsafe_is_named_with_its_place_and_its_mending(changes: dict, code: str) -> None:
    settings = CentralSettings.model_validate(CITY | changes)
    (finding,) = findings_of(settings)
    assert finding.code == code
    with pytest.raises(SettingsError, match=rf"{finding.where}: .+; .+ \[{code}\]"):
        check_safe(settings)


def test_what_is_meant_is_let_through_and_nothing_else() -> None:
    meant = {"public_url": "http://kerbwatch.example", "allow_unsafe": ["plain-http"]}
    check_safe(CentralSettings.model_validate(CITY | meant))
    with pytest.raises(SettingsError, match="anonymous-broker"):
        check_safe(CentralSettings.model_validate(CITY | meant | {"mqtt": {}}))


@pytest.mark.parametrize(
    "password", ["postgres", "kerbwatch", "Password123!", "short1", "kerbwatchkerbwatch"]
)
def test_a_default_password_of_the_database_starts_nowhere(
    password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DB", password)
    assert codes(database={"url": "postgresql://kerbwatch:${DB}@db.example/kerbwatch"}) == [
        "default-password"
    ]


def test_secret_files_that_everybody_may_read_are_found_wherever_they_are_named(tmp_path: Path) -> None:
    for name in ("secret", "mqtt", "metrics"):
        (tmp_path / name).write_text("0" * 64)
        (tmp_path / name).chmod(0o640)
    named = {
        "secret": {"file": str(tmp_path / "secret")},
        "mqtt": {"username": "central", "password_file": str(tmp_path / "mqtt")},
        "metrics": {"token_file": str(tmp_path / "metrics")},
    }
    (tmp_path / "mqtt").write_text("f2c1b85d0e7a94d3")
    assert codes(**named) == []
    for name in ("secret", "mqtt", "metrics"):
        (tmp_path / name).chmod(0o644)
    found = findings_of(CentralSettings.model_validate(CITY | named))
    assert {each.where for each in found} == {"secret.file", "mqtt.password_file", "metrics.token_file"}
    assert all("chmod" in each.mend for each in found)


@pytest.mark.parametrize(
    ("password", "known"),
    [("admin", True), ("Admin-2024", True), ("123456789", True), ("kerb and watch in Yuyao", False)],
)
def test_passwords_that_everybody_tries_first(password: str, known: bool) -> None:
    assert is_well_known(password) is known
