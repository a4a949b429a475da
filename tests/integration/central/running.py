"""A copy of central that really runs: HTTP on a free port, intake on a broker."""

from __future__ import annotations

import threading

import uvicorn

from central.app import create_app
from central.settings import CentralSettings
from tests.waiting import wait_until


class RunningCentral:
    """Starts uvicorn in a thread; ``stop`` ends it in order."""

    def __init__(self, settings: CentralSettings, *, apart: bool = False) -> None:
        self.app = create_app(settings, apart=apart)
        self.central = self.app.state.central
        self._server = uvicorn.Server(
            uvicorn.Config(self.app, host="127.0.0.1", port=0, log_config=None, timeout_graceful_shutdown=1)
        )
        self._thread = threading.Thread(target=self._server.run)

    def __enter__(self) -> RunningCentral:
        self._thread.start()
        wait_until(lambda: self._server.started or not self._thread.is_alive(), "central serves")
        assert self._server.started
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.should_exit = True
        self._thread.join(15)
        assert not self._thread.is_alive()

    @property
    def url(self) -> str:
        port = self._server.servers[0].sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}"

    def wait_connected(self) -> None:
        wait_until(lambda: self.central.consumer.connected, "central reached the broker")
