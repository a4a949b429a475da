"""An MQTT 5 broker of our own on this machine: Mosquitto where there is one, else iotcore from PyPI.

For the demo, the tests and the bench. In production the broker is a service of the city's network.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Literal

import structlog

from kerbwatch.demo.tether import ends_with_us
from kerbwatch.ports import free_port

log = structlog.get_logger(__name__)

BrokerKind = Literal["mosquitto", "iotcore"]
HOST = "127.0.0.1"
MAX_PAYLOAD_BYTES = 1024 * 1024
"""Above the largest message that kerbwatch sends (256 KiB)."""
_START_TIMEOUT_S = 15.0
_STOP_TIMEOUT_S = 5.0
_ATTEMPTS = 5
"""Ports tried when any will do: another program may take a free one just before the broker does."""

_MOSQUITTO_CONF = """\
listener {port} {host}
allow_anonymous true
persistence true
persistence_location {data_dir}/
message_size_limit {max_payload}
{user}"""

_IOTCORE_TOML = """\
id = 0
[router]
id = 0
max_connections = 500
max_outgoing_packet_count = 200
max_segment_size = 104857600
max_segment_count = 10
[v5.1]
name = "v5"
listen = "{host}:{port}"
next_connection_delay_ms = 1
[v5.1.connections]
connection_timeout_ms = 60000
max_payload_size = {max_payload}
max_inflight_count = 200
dynamic_filters = true
"""


class BrokerError(RuntimeError):
    """No broker could be started; the text says why."""


def mosquitto_path() -> Path | None:
    """Where Mosquitto is, or None. Debian keeps it in /usr/sbin, which is not on everybody's PATH."""
    places = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    found = shutil.which("mosquitto", path=places)
    return Path(found) if found else None


def iotcore_available() -> bool:
    """Whether the broker from PyPI is installed (extra ``demo``)."""
    return importlib.util.find_spec("iotcore") is not None


class Broker:
    """A broker in a process of its own, on the loopback address only.

    Args:
        port: where to listen; 0 takes a free port, kept over :meth:`stop` and :meth:`start`.
        data_dir: where it keeps its configuration, its log and (Mosquitto) its sessions; None makes a
            folder that goes with the object's last :meth:`stop`.
        prefer: which broker; ``auto`` takes Mosquitto when the machine has it.

    Raises:
        BrokerError: when the preferred broker, or every one, is not installed.
    """

    host = HOST

    def __init__(
        self,
        port: int = 0,
        data_dir: Path | None = None,
        prefer: Literal["auto", "mosquitto", "iotcore"] = "auto",
    ) -> None:
        self.kind: BrokerKind = _choose(prefer)
        self._wanted_port = port
        self._port = port
        self._data_dir = data_dir
        self._own_dir: tempfile.TemporaryDirectory[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def port(self) -> int:
        """Where it listens; 0 before the first start when no port was asked for."""
        return self._port

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start, and return when the port accepts connections. Raises BrokerError."""
        if self.running:
            return
        any_port = self._port == 0
        for attempt in range(1, _ATTEMPTS + 1):
            if any_port:
                self._port = free_port()
            try:
                self._start_once()
            except BrokerError:
                if not any_port or attempt == _ATTEMPTS:
                    self._port = self._wanted_port if any_port else self._port
                    raise
            else:
                log.info("broker_started", kind=self.kind, host=self.host, port=self.port)
                return

    def stop(self) -> None:
        """End it in order; Mosquitto writes its sessions down. Safe to call twice."""
        self._end(signal.SIGTERM)
        if self._own_dir:
            self._own_dir.cleanup()
            self._own_dir = None

    def kill(self) -> None:
        """End it as a power cut would. What it held in memory is gone; :meth:`start` begins anew."""
        self._end(signal.SIGKILL)

    def __enter__(self) -> Broker:
        self.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(how)
        try:
            process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdin:
            process.stdin.close()

    def _folder(self) -> Path:
        if self._data_dir is not None:
            self._data_dir.mkdir(parents=True, exist_ok=True)
            return self._data_dir.resolve()
        if self._own_dir is None:
            self._own_dir = tempfile.TemporaryDirectory(prefix="kerbwatch-broker-")
        return Path(self._own_dir.name)

    def _start_once(self) -> None:
        folder = self._folder()
        if _accepts(self._port):
            raise BrokerError(f"port {self._port} on {self.host} is taken by another program")
        log_path = folder / "broker.log"
        with log_path.open("ab") as output:
            # In its own process group, so that Ctrl-C reaches us alone and we end things in order.
            self._process = subprocess.Popen(  # noqa: S603 - our own command line
                [*ends_with_us(), *self._command(folder)],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                process_group=0,
            )
        deadline = time.monotonic() + _START_TIMEOUT_S
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                break
            if _accepts(self._port) and self._process.poll() is None:
                return
            time.sleep(0.02)
        self.kill()
        tail = log_path.read_text(errors="replace").strip().splitlines()[-3:]
        raise BrokerError(f"{self.kind} did not listen on port {self._port}: {' / '.join(tail) or 'no word'}")

    def _command(self, folder: Path) -> list[str]:
        values = {"host": self.host, "port": self._port, "max_payload": MAX_PAYLOAD_BYTES}
        if self.kind == "mosquitto":
            # As root it would change to a user who may not write in our folder.
            user = "user root\n" if os.geteuid() == 0 else ""
            config = folder / "mosquitto.conf"
            config.write_text(_MOSQUITTO_CONF.format(data_dir=folder, user=user, **values))
            return [str(mosquitto_path()), "-c", str(config)]
        config = folder / "iotcore.toml"
        config.write_text(_IOTCORE_TOML.format(**values))
        return [sys.executable, "-m", "kerbwatch.demo.broker", str(config)]


def _choose(prefer: Literal["auto", "mosquitto", "iotcore"]) -> BrokerKind:
    if prefer != "iotcore" and mosquitto_path():
        return "mosquitto"
    if prefer != "mosquitto" and iotcore_available():
        return "iotcore"
    wanted = "Mosquitto or iotcore" if prefer == "auto" else prefer
    raise BrokerError(
        f"{wanted} is not on this machine: 'apt-get install mosquitto' or 'pip install kerbwatch[demo]'"
    )


def _accepts(port: int) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=0.5):
            return True
    except OSError:
        return False


def _serve_iotcore(config: str) -> None:
    """The child process: iotcore until the parent's end of standard input closes."""
    from iotcore import IotCoreBroker

    def watch() -> None:
        sys.stdin.buffer.read()
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()
    IotCoreBroker(config_path=config).run_forever()


if __name__ == "__main__":
    _serve_iotcore(sys.argv[1])
