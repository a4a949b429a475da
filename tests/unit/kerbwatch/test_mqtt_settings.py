import pytest
from pydantic import ValidationError

from kerbwatch.mqtt import MqttLink, MqttSettings
from kerbwatch.secrets import SecretMissingError


def test_a_broker_on_another_machine_needs_tls_or_an_explicit_word():
    with pytest.raises(ValidationError, match="tls: true"):
        MqttSettings(host="broker.example.org")
    assert MqttSettings(host="broker.example.org", tls=True).tls
    assert MqttSettings(host="10.0.0.9", allow_plaintext=True).host == "10.0.0.9"
    assert not MqttSettings(host="localhost").tls


def test_a_password_in_the_file_is_refused():
    with pytest.raises(ValidationError, match="password_file"):
        MqttSettings(username="box", password="s3cret")


def test_a_password_comes_from_the_environment_or_a_file(tmp_path, monkeypatch):
    monkeypatch.setenv("MQTT_PASSWORD", "from the environment")
    (tmp_path / "password").write_text("from the file\n")
    by_name = MqttSettings(username="box", password="${MQTT_PASSWORD}")
    assert by_name.resolve_password() == "from the environment"
    by_file = MqttSettings(username="box", password_file=tmp_path / "password")
    assert by_file.resolve_password() == "from the file"
    assert MqttSettings().resolve_password() is None


def test_a_missing_secret_is_said_before_anything_is_sent(monkeypatch):
    monkeypatch.delenv("MQTT_PASSWORD", raising=False)
    settings = MqttSettings(username="box", password="${MQTT_PASSWORD}")
    with pytest.raises(SecretMissingError, match="MQTT_PASSWORD"):
        MqttLink(settings, "box", on_message=lambda _delivery: None)


def test_a_password_without_a_user_is_said(monkeypatch):
    monkeypatch.setenv("MQTT_PASSWORD", "x")
    with pytest.raises(SecretMissingError, match="username"):
        MqttLink(MqttSettings(password="${MQTT_PASSWORD}"), "box", on_message=lambda _delivery: None)
