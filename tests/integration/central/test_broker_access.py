"""At the city's broker each box speaks for itself alone, and nobody listens in.

The configuration is the one that is shipped in ``deploy/mosquitto``, with its paths put elsewhere.
"""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from ruamel.yaml import YAML
from typer.testing import CliRunner

from kerbwatch.cli import app
from kerbwatch.demo.broker import mosquitto_path
from kerbwatch.messages import Channel, topic
from kerbwatch.mqtt import Delivery, MqttLink, MqttSettings
from kerbwatch.ports import free_port
from tests.integration.central.running import RunningCentral
from tests.integration.central.test_intake_broker import NOW
from tests.unit.central.box import EdgeBox, report
from tests.waiting import wait_until

CENTRAL_PASSWORD = "b7f0d1e29c6a4853"


@dataclass
class CityBroker:
    """Mosquitto as a city runs it."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]
    tokens: dict[str, str]
    config: Path

    def settings(self, user: str, password_file: Path) -> MqttSettings:
        return MqttSettings(
            host="127.0.0.1",
            port=self.port,
            tls=True,
            ca_file=self.folder / "ca.crt",
            username=user,
            password_file=password_file,
        )

    def box(self, name: str) -> MqttSettings:
        return self.settings(f"yuyao/{name}", self.folder / f"{name}.token")

    def command(self, *arguments: str) -> str:
        done = CliRunner().invoke(app, ["central", *arguments, "--config", str(self.config)])
        assert done.exit_code == 0, done.output
        return done.output

    def read_again(self) -> None:
        self.command("edge", "acl", str(self.folder))
        self.process.send_signal(signal.SIGHUP)


def certificates(folder: Path) -> None:
    """A certificate authority, and the broker's certificate by it."""
    now = datetime.now(UTC)

    def name(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    def builder(subject: str, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        made = x509.CertificateBuilder().subject_name(name(subject)).issuer_name(name("City CA"))
        made = made.public_key(key.public_key()).serial_number(x509.random_serial_number())
        return made.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=1))

    authority, server = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    constraints = x509.BasicConstraints(ca=True, path_length=0)
    ca = builder("City CA", authority).add_extension(constraints, critical=True)
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    broker = builder("broker", server).add_extension(names, critical=False)
    for file, made in (("ca.crt", ca), ("server.crt", broker)):
        signed = made.sign(authority, hashes.SHA256())
        (folder / file).write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    key = server.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (folder / "server.key").touch(mode=0o600)
    (folder / "server.key").write_bytes(key)


@pytest.fixture
def city(settings, tmp_path, pytestconfig, require) -> Iterator[CityBroker]:
    require(mosquitto_path(), "Mosquitto is not on this machine (apt-get install mosquitto)")
    folder, port = tmp_path / "broker", free_port()
    folder.mkdir()
    certificates(folder)
    (folder / "central.password").write_text(CENTRAL_PASSWORD)
    config = tmp_path / "central.yaml"
    tree = settings.model_dump(mode="json", exclude_defaults=True)
    tree["mqtt"] = {
        "port": port,
        "tls": True,
        "ca_file": str(folder / "ca.crt"),
        "username": "central",
        "password_file": str(folder / "central.password"),
    }
    YAML().dump(tree, config)
    shipped = (pytestconfig.rootpath / "deploy/mosquitto/mosquitto.conf").read_text()
    for theirs in (
        "/etc/mosquitto/kerbwatch/access",
        "/etc/mosquitto/kerbwatch/certificates",
        "/mosquitto/data",
    ):
        assert theirs in shipped
        shipped = shipped.replace(theirs, str(folder))
    shipped = shipped.replace("listener 8883", f"listener {port} 127.0.0.1")
    as_root = "user root\n" if os.geteuid() == 0 else ""
    (folder / "mosquitto.conf").write_text(as_root + shipped)
    found = CityBroker(folder, port, None, {}, config)  # type: ignore[arg-type]
    for box in ("box-1", "box-2"):
        found.command("edge", "add", "yuyao", box, "--token-file", str(folder / f"{box}.token"))
    found.command("edge", "acl", str(folder))
    with (folder / "log").open("wb") as log:
        found.process = subprocess.Popen(
            [str(mosquitto_path()), "-c", str(folder / "mosquitto.conf")], stdout=log, stderr=log
        )
    try:
        wait_until(lambda: listens(port) or found.process.poll() is not None, "Mosquitto listens")
        assert found.process.poll() is None, (folder / "log").read_text()
        yield found
    finally:
        found.process.terminate()
        found.process.wait(5)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclass
class Client:
    """A client of the broker that keeps what it hears and what it is told."""

    settings: MqttSettings
    patterns: tuple[str, ...] = ()
    heard: list[tuple[str, bytes]] = field(default_factory=list)
    taken: set[int] = field(default_factory=set)
    refused: set[int] = field(default_factory=set)

    def __enter__(self) -> Client:
        self.link = MqttLink(
            self.settings,
            "a name that the broker replaces",
            on_message=self.hear,
            on_published=self.taken.add,
            on_refused=self.refused.add,
            subscriptions=self.patterns,
        )
        self.link.start()
        wait_until(lambda: self.link.ready, "the broker lets it in")
        return self

    def __exit__(self, *_error: object) -> None:
        self.link.stop()

    def hear(self, delivery: Delivery) -> None:
        self.heard.append((delivery.topic, delivery.payload))
        delivery.ack()

    def may_publish(self, where: str) -> bool:
        mid = self.link.publish(where, b"x")
        wait_until(lambda: mid in self.taken | self.refused, "the broker answers")
        return mid in self.taken


def let_in(port: int, *, tls: Path | None, user: str | None = None, password: str | None = None) -> bool:
    """Whether the broker accepts somebody."""
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    if tls:
        client.tls_set(ca_certs=str(tls), tls_version=ssl.PROTOCOL_TLS_CLIENT)
    if user:
        client.username_pw_set(user, password)
    answered, good = threading.Event(), []
    client.on_connect = lambda _c, _u, _f, reason, _p: (good.append(not reason.is_failure), answered.set())
    client.on_disconnect = lambda *_: answered.set()
    client.connect("127.0.0.1", port)
    client.loop_start()
    answered.wait(5)
    client.disconnect()
    client.loop_stop()
    return good == [True]


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_each_box_speaks_for_itself_alone_and_strangers_are_kept_out(city, settings):
    own, other = (topic("yuyao", box, Channel.INCIDENT) for box in ("box-1", "box-2"))
    receipts = tuple(topic("yuyao", box, Channel.RECEIPT) for box in ("box-1", "box-2"))
    token = (city.folder / "box-1.token").read_text().strip()
    ca = city.folder / "ca.crt"
    assert not let_in(city.port, tls=ca), "nobody without a name"
    assert not let_in(city.port, tls=ca, user="yuyao/box-2", password=token), "nobody by another's name"
    assert not let_in(city.port, tls=None, user="yuyao/box-1", password=token), "nobody without TLS"
    assert let_in(city.port, tls=ca, user="yuyao/box-1", password=token)
    on_broker = settings.model_copy(
        update={"mqtt": city.settings("central", city.folder / "central.password")}
    )
    with Client(city.box("box-1"), ("kerbwatch/v1/#", *receipts)) as one, Client(city.box("box-2")) as two:
        assert one.may_publish(topic("yuyao", "box-1", Channel.STATUS))
        assert not one.may_publish(other), "not as another box"
        assert not one.may_publish(receipts[0]), "not as central"
        assert not one.may_publish("anything/else")
        with RunningCentral(on_broker) as running:
            running.wait_connected()
            wait_until(lambda: running.central.consumer.connected, "central is let in")
            for name, client in (("box-1", one), ("box-2", two)):
                event = EdgeBox(edge=name).event(report(started_at=NOW, observed_at=NOW), time=NOW)
                client.link.publish(topic("yuyao", name, Channel.INCIDENT), event.to_json())
            wait_until(lambda: one.heard, "the box hears its own receipt")
            committed = running.central.metrics.registry.get_sample_value
            wait_until(
                lambda: (
                    committed(
                        "kerbwatch_central_events_committed_total",
                        {"type": "org.kerbwatch.incident.opened.v1"},
                    )
                    == 2
                ),
                "central has both boxes' incidents",
            )
        assert {where for where, _ in one.heard} == {receipts[0]}, "it hears what is for it, and nothing else"
    assert own != other
    city.command("edge", "remove", "yuyao", "box-1")
    city.read_again()
    wait_until(
        lambda: not let_in(city.port, tls=ca, user="yuyao/box-1", password=token), "a removed box is out"
    )
