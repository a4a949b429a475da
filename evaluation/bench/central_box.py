"""Central as a process of its own, as an administrator starts it: ``central init``, ``central serve``."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

import httpx

from central.database import Database
from evaluation.bench.process import BenchError, Measured
from kerbwatch.demo.town import configs_dir
from kerbwatch.ports import free_port

_START_TIMEOUT_S = 60.0


class CentralBox:
    """A central process. Use it as a context manager.

    Args:
        folder: for its configuration, secret, media and log.
        database_url: what it works on; its schema is brought up to date.
        broker_port: MQTT broker on the loopback.
        copy: its number among several that work side by side on the same folder and database, from 1.
    """

    def __init__(self, folder: Path, database_url: str, broker_port: int, copy: int = 1) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.database_url = database_url
        name = "central" if copy == 1 else f"central-{copy}"
        self.config = folder / f"{name}.yaml"
        self._process = Measured(
            name,
            [sys.executable, "-m", "kerbwatch", "central", "serve", str(self.config)],
            folder / f"{name}.log",
        )
        secret = folder / "secret"
        if not secret.exists():
            secret.touch(mode=0o600)
            secret.write_text(secrets.token_hex(32), encoding="ascii")
        document = {
            "instance": f"bench-{copy}",
            "city": "Bench",
            "public_url": self.url,
            "listen": {"port": self.port},
            "database": {"url": database_url},
            "media": {"dir": str(folder / "media")},
            "mqtt": {"host": "127.0.0.1", "port": broker_port},
            "secret": {"file": str(secret)},
            # Years that were filled in are in arrears with retention, which a city does every day.
            "custody": {"key_file": str(folder / "custody-key.pem"), "retention_hours": 0},
            "duty_list": str(configs_dir() / "duty-list.yaml"),
            "areas": str(configs_dir() / "areas.geojson"),
        }
        # JSON is YAML.
        self.config.write_text(json.dumps(document, indent=2), encoding="utf-8")

    @property
    def url(self) -> str:
        """Where its pages are."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The process id. Raises BenchError when it has ended."""
        return self._process.pid

    def initialise(self) -> None:
        """``kerbwatch central init``. Raises BenchError with what it printed when it fails."""
        self.command("central", "init", str(self.config))

    def command(self, *arguments: str) -> None:
        """Run ``kerbwatch …`` to its end. Raises BenchError with what it printed when it fails."""
        done = subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-m", "kerbwatch", *arguments], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise BenchError(f"'kerbwatch {' '.join(arguments)}' failed: {done.stdout}{done.stderr}")

    def database(self) -> Database:
        """The database that it works on."""
        return Database(self.database_url)

    def __enter__(self) -> CentralBox:
        self._process.start()
        deadline_s = time.monotonic() + _START_TIMEOUT_S
        while time.monotonic() < deadline_s:
            _ = self.pid
            try:
                if httpx.get(f"{self.url}/healthz", timeout=2.0).is_success:
                    return self
            except httpx.HTTPError:
                pass  # not listening yet; one that has ended is told above
            time.sleep(0.1)
        self._process.stop()
        raise BenchError(f"central was not ready within {_START_TIMEOUT_S:g} s: {self._process.last_words()}")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.stop()
