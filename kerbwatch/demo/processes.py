"""The demo's processes: started together, watched, and ended together whatever happens."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from kerbwatch.demo.tether import ends_with_us
from kerbwatch.demo.town import DemoError

ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Signals that ask the demo to end."""
_STOP_TIMEOUT_S = 10.0


class Processes:
    """Commands of kerbwatch in processes of their own; their logs go to files in one folder."""

    def __init__(self, log_dir: Path) -> None:
        self._log_dir = log_dir
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def run(self, *arguments: str) -> None:
        """Run ``kerbwatch …`` to its end. Raises DemoError with what it printed when it fails."""
        done = subprocess.run(_command(arguments), capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode:
            raise DemoError(f"'kerbwatch {' '.join(arguments)}' failed:\n{done.stdout}{done.stderr}")

    def start(self, name: str, *arguments: str, env: Mapping[str, str] | None = None) -> None:
        """Start ``kerbwatch …``; it gets no signal of the terminal, and ends with us however we end."""
        with self.log_of(name).open("ab") as log:
            self._running[name] = subprocess.Popen(  # noqa: S603
                [*ends_with_us(), *_command(arguments)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(env or {})},
                start_new_session=True,
            )

    def log_of(self, name: str) -> Path:
        """Where a process's output lies."""
        return self._log_dir / f"{name}.log"

    def check(self) -> None:
        """Raises DemoError with the end of the log when a process has ended by itself."""
        for name, process in self._running.items():
            if process.poll() is not None:
                lines = self.log_of(name).read_text(errors="replace").splitlines()[-15:]
                raise DemoError(f"{name} ended by itself (exit {process.returncode}):\n" + "\n".join(lines))

    def kill(self, name: str) -> None:
        """End one as a power cut would."""
        process = self._running.pop(name)
        process.kill()
        process.wait()

    def stop(self) -> None:
        """End all, the newest first; what does not go in time is killed. A second Ctrl-C changes nothing."""
        if threading.current_thread() is threading.main_thread():
            for name in ENDS:
                signal.signal(name, signal.SIG_IGN)
        for process in reversed(self._running.values()):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            try:
                process.wait(_STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._running.clear()

    def __enter__(self) -> Processes:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _command(arguments: tuple[str, ...]) -> list[str]:
    return [sys.executable, "-m", "kerbwatch", *arguments]
