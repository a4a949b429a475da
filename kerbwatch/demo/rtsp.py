"""A real RTSP server on the loopback that plays files as cameras do; for demo, tests and benchmarks."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

from kerbwatch.demo.tether import ends_with_us
from kerbwatch.ports import free_port

_HOST = "127.0.0.1"
_START_TIMEOUT_S = 20.0
_STOP_TIMEOUT_S = 5.0
_PORT_ATTEMPTS = 3
_SERVE = "import os; os.cpu_count = os.process_cpu_count = lambda: 60; from server_demo import main; main()"
"""``rtsp-server``, for many viewers: each holds a thread of asyncio's pool, which has four more than CPUs."""


class RtspServerError(RuntimeError):
    """The server did not start; the text says why."""


class RtspServer:
    """``rtsp-server`` of aio-rtsp-toolkit as a process of its own, publishing the files of one folder.

    H.264 and H.265 in MP4 go out over TCP, paced by their time stamps. A looped file goes on with rising time
    stamps. Use it as a context manager, or call :meth:`start` and :meth:`stop`.

    Args:
        media_dir: folder whose files are published by name.
        port: TCP port on 127.0.0.1; 0 takes a free one, which a later :meth:`start` takes again.
    """

    def __init__(self, media_dir: Path, port: int = 0) -> None:
        self._media_dir = media_dir
        self._port = port
        self._process: subprocess.Popen[bytes] | None = None
        self._log_dir: tempfile.TemporaryDirectory[str] | None = None

    @property
    def port(self) -> int:
        """The port that it listens on; 0 before the first start when none was given."""
        return self._port

    @property
    def pid(self) -> int:
        """The process id. Raises RtspServerError when it does not run."""
        if self._process is None:
            raise RtspServerError("the RTSP server does not run")
        return self._process.pid

    def url(self, name: str, loop: bool = True) -> str:
        """Where a file of the folder is played; ``loop`` plays it over and over."""
        return f"rtsp://{_HOST}:{self._port}/{quote(name)}" + ("?play_count=0" if loop else "")

    def start(self) -> RtspServer:
        """Start it and wait until it accepts connections.

        Raises:
            RtspServerError: when the program is not installed, ends at once or does not listen in time.
        """
        if self._process is not None:
            raise RtspServerError("the RTSP server runs already")
        wanted = self._port
        for attempt in range(_PORT_ATTEMPTS):
            self._port = wanted or free_port()
            try:
                self._launch()
            except RtspServerError:
                if wanted or attempt == _PORT_ATTEMPTS - 1:
                    raise
            else:
                return self
        raise AssertionError

    def stop(self) -> None:
        """End it and wait until it is gone. Harmless when it does not run."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        self._drop_log()

    def kill(self) -> None:
        """End it without a word, as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        self._drop_log()

    def __enter__(self) -> RtspServer:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _launch(self) -> None:
        if find_spec("server_demo") is None:
            raise RtspServerError("'rtsp-server' is not installed: pip install 'kerbwatch[demo]'")
        self._log_dir = tempfile.TemporaryDirectory(prefix="kerbwatch-rtsp-")
        log_path = Path(self._log_dir.name, "output.txt")
        command = [
            *ends_with_us(),
            sys.executable,
            "-c",
            _SERVE,
            "--dir",
            str(self._media_dir),
            "--host",
            _HOST,
            "--port",
            str(self._port),
            "--control-port",
            "0",
        ]
        with log_path.open("wb") as output:
            self._process = subprocess.Popen(  # noqa: S603 - a fixed program, no shell
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self._log_dir.name,
            )
        deadline_s = time.monotonic() + _START_TIMEOUT_S
        while time.monotonic() < deadline_s:
            if self._process.poll() is not None:
                said = log_path.read_text(encoding="utf-8", errors="replace")[-400:].strip()
                self.kill()
                raise RtspServerError(f"the RTSP server ended at once: {said}")
            with contextlib.suppress(OSError), socket.create_connection((_HOST, self._port), timeout=1.0):
                return
            time.sleep(0.05)
        self.kill()
        raise RtspServerError(f"the RTSP server did not listen within {_START_TIMEOUT_S:g} s")

    def _drop_log(self) -> None:
        if self._log_dir is not None:
            self._log_dir.cleanup()
            self._log_dir = None
