"""What is shipped in ``deploy`` starts safely: its configuration is read, and nothing in it is open."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from central.operations.safety import findings_of
from central.settings import CentralSettings, load_central_settings
from edge.settings import load_edge_settings
from kerbwatch.settings import load_yaml


@pytest.fixture
def deploy(pytestconfig: pytest.Config) -> Path:
    return pytestconfig.rootpath / "deploy"


def test_the_configuration_for_production_is_read_and_has_nothing_open(
    deploy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERBWATCH_DB_PASSWORD", "9b1c77ee02aa4d61")
    settings = load_central_settings(deploy / "central/central.yaml")
    (tmp_path / "mqtt").touch(mode=0o600)
    (tmp_path / "mqtt").write_text("f2c1b85d0e7a94d3")
    mqtt = settings.mqtt.model_copy(update={"password_file": tmp_path / "mqtt"})
    assert findings_of(settings.model_copy(update={"mqtt": mqtt})) == []
    assert settings.secure_cookies


def test_every_container_is_watched_and_none_may_write_or_gain_rights(deploy: Path) -> None:
    compose = load_yaml(deploy / "compose.yaml")
    for name, service in compose["services"].items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert "healthcheck" in service or name in ("prepare", "backup"), name
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:") or port == "8883:8883", "only the broker is open, by TLS"
    assert compose["services"]["prepare"]["command"][0].startswith("kerbwatch central init")
    settings = CentralSettings.model_validate(load_yaml(deploy / "central/central.yaml"))
    assert {settings.mqtt.host, "database"} <= compose["services"].keys()


def test_the_broker_reads_the_very_files_that_its_unit_puts_there_for_it(deploy: Path) -> None:
    unit = (deploy / "systemd/mosquitto.service.d/kerbwatch.conf").read_text("utf-8")
    copies = [line for line in unit.splitlines() if "/acl " in line]
    assert [line.partition("=")[0] for line in copies] == ["ExecStartPre", "ExecReload"]
    (folder,) = {line.partition(" -t ")[2].split()[0] for line in copies}
    broker = dict(
        line.split(maxsplit=1)
        for line in (deploy / "mosquitto/mosquitto.conf").read_text("utf-8").splitlines()
        if line and not line.startswith("#")
    )
    assert (broker["password_file"], broker["acl_file"]) == (f"{folder}/passwords", f"{folder}/acl")


def test_a_box_beside_central_is_known_to_the_broker_by_its_name_and_never_sends_its_token_elsewhere(
    deploy: Path,
) -> None:
    settings = load_edge_settings(deploy / "edge/edge.yaml")
    services = load_yaml(deploy / "compose.yaml")["services"]
    assert settings.mqtt.tls
    assert settings.mqtt.username == f"{settings.site}/{settings.edge}"
    assert (
        {settings.mqtt.host, urlsplit(settings.central.url).hostname}
        == {"broker", "central"}
        <= services.keys()
    )
    secrets = {Path("/run/secrets") / name for name in services["edge"]["secrets"]}
    assert {settings.mqtt.ca_file, settings.mqtt.password_file, settings.central.token_file} == secrets


def test_a_backup_sees_what_central_writes_and_is_made_every_night(deploy: Path) -> None:
    services = load_yaml(deploy / "compose.yaml")["services"]
    assert set(services["central"]["volumes"]) - set(services["backup"]["volumes"]) == {
        "broker-access:/var/lib/kerbwatch/broker"
    }
    unit = (deploy / "systemd/kerbwatch-backup.service").read_text("utf-8")
    (command,) = [line for line in unit.splitlines() if line.startswith("ExecStart=")]
    folder = command.split()[3]
    assert f"ReadWritePaths=/var/lib/kerbwatch {folder}" in unit
    assert "OnCalendar=" in (deploy / "systemd/kerbwatch-backup.timer").read_text("utf-8")


def test_what_a_city_keeps_beside_the_compose_file_goes_into_no_image_and_no_commit(deploy: Path) -> None:
    """An image's layers and the cache of its build are read by whoever may read the machine's images."""
    top = deploy.parent
    assert "deploy" in (top / ".dockerignore").read_text("utf-8").splitlines()
    compose = load_yaml(deploy / "compose.yaml")
    folders = {Path(secret["file"]).parent.as_posix() for secret in compose["secrets"].values()}
    assert folders == {"secrets", "certificates"}
    (cameras,) = (file["path"] for file in compose["services"]["edge"]["env_file"])
    kept = {f"/deploy/{folder}/" for folder in folders | {"backup"}}
    kept |= {"/deploy/.env", f"/deploy/{Path(cameras).as_posix()}"}
    assert kept <= set((top / ".gitignore").read_text("utf-8").splitlines())


def test_the_image_is_built_once_and_never_asked_for_elsewhere(deploy: Path) -> None:
    services = load_yaml(deploy / "compose.yaml")["services"]
    ours = {name: service for name, service in services.items() if service["image"].startswith("kerbwatch:")}
    assert ours.keys() == {"prepare", "central", "backup", "edge"}
    assert len({service["image"] for service in ours.values()}) == 1
    assert {service["pull_policy"] for service in ours.values()} == {"never"}
    assert [name for name, service in ours.items() if "build" in service] == ["central"]


def test_the_database_in_a_container_takes_chinese_whatever_the_language_of_its_image(deploy: Path) -> None:
    database = load_yaml(deploy / "compose.yaml")["services"]["database"]
    assert "--encoding=UTF8" in database["environment"]["POSTGRES_INITDB_ARGS"].split()


def test_the_nightly_backup_is_shut_in_as_tightly_as_central(deploy: Path) -> None:
    units = {
        name: set((deploy / f"systemd/kerbwatch-{name}.service").read_text("utf-8").splitlines())
        for name in ("central", "backup")
    }
    words = ("Protect", "Private", "Restrict", "Lock", "NoNew", "SystemCall", "CapabilityBounding")
    kept = {line for line in units["central"] if line.startswith(words)}
    assert kept - units["backup"] == {"RestrictNamespaces=user net"}
    assert "RestrictNamespaces=yes" in units["backup"]


def test_the_database_beside_central_takes_chinese_on_a_machine_without_a_language(deploy: Path) -> None:
    text = (deploy.parent / "docs/operations.md").read_text("utf-8")
    made = [line for line in text.splitlines() if "createdb" in line]
    assert made
    assert all("-E UTF8 -T template0" in line for line in made)
