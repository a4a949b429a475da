"""A PostgreSQL cluster of our own while the tests run: on a socket in a temporary folder, no port."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import psycopg

from tests.waiting import wait_until

TETHERED = 'folder="$0"; "$@" </dev/null & read -r _; kill -INT $!; wait $!; rm -rf -- "$folder"'
"""Runs a server until the standard input closes, however the tests end, and leaves nothing of its folder."""
ROOM_BYTES = 2 << 30
"""What must be free before a cluster lies in memory; three of them stay far below."""


def find_binaries() -> Path | None:
    """The folder of initdb and postgres, or None."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


class Cluster:
    """Start it, make databases, stop it. PostgreSQL refuses to run as root, so root lends it another user."""

    def __init__(self, binaries: Path) -> None:
        self._binaries = binaries
        self._dir = Path(tempfile.mkdtemp(prefix="kw-pg-", dir=_memory()))
        self._user = None
        if os.geteuid() == 0:
            names = {entry.pw_name for entry in pwd.getpwall()}
            self._user = "postgres" if "postgres" in names else "nobody"
            shutil.chown(self._dir, self._user)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        data = self._dir / "data"
        subprocess.run(
            [
                self._binaries / "initdb",
                "-D",
                data,
                "-U",
                "kerbwatch",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--no-sync",
            ],
            check=True,
            capture_output=True,
            user=self._user,
            cwd=self._dir,
        )
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._dir),
            "fsync": "off",
            "jit": "off",
            "autovacuum": "off",
            "max_connections": "60",
        }
        arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with (self._dir / "log").open("wb") as log:
            self._process = subprocess.Popen(
                ["sh", "-c", TETHERED, self._dir, self._binaries / "postgres", "-D", data, *arguments],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                user=self._user,
                cwd=self._dir,
                process_group=0,  # Ctrl-C reaches the tests alone, and they end it in order
            )
        wait_until(self._answers, "PostgreSQL answers")

    def url(self, name: str) -> str:
        return f"postgresql://kerbwatch@/{name}?host={self._dir}"

    def command(self, sql: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(sql)

    def copy(self, template: str, name: str) -> None:
        """A database with all that another has; file by file, which is far quicker than through the log."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            by_file = " STRATEGY FILE_COPY" if connection.info.server_version >= 150_000 else ""
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}{by_file}")

    def stop(self) -> None:
        if self._process and self._process.stdin:
            self._process.stdin.close()
            self._process.wait(20)
        shutil.rmtree(self._dir, ignore_errors=True)

    def _answers(self) -> bool:
        try:
            self.command("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True


def _memory() -> Path | None:
    """A folder in memory where there is room: making a database there takes a fifth of the time."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() and shutil.disk_usage(memory).free >= ROOM_BYTES else None
