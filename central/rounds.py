"""What a copy of central does again and again beside its requests, in a thread of its own."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable

import structlog
from prometheus_client import Counter
from sqlalchemy.exc import OperationalError

log = structlog.get_logger(__name__)

_STOP_TIMEOUT_S = 10.0


class Rounds(ABC):
    """Goes its rounds until it is stopped; one that fails is logged and counted, and the next is tried.

    Args:
        name: of the thread.
        rest_s: between two rounds.
        rest_first: whether it rests before its first round.
        failures: counts rounds that failed.
        last: done at the end, after the last round.
    """

    def __init__(
        self,
        name: str,
        rest_s: float,
        *,
        rest_first: bool = False,
        failures: Counter | None = None,
        last: Callable[[], object] = lambda: None,
    ) -> None:
        self._name, self._rest_s, self._rest_first = name, rest_s, rest_first
        self._failures, self._last = failures, last
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @abstractmethod
    def once(self) -> object:
        """Do what is due now."""

    def rest_s(self, took_s: float) -> float:
        """How long it rests after a round that took so long."""
        del took_s
        return self._rest_s

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the round under way."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=_STOP_TIMEOUT_S)

    def _run(self) -> None:
        if self._rest_first:
            self._stopping.wait(self._rest_s)
        while not self._stopping.is_set():
            began_s = time.monotonic()
            self._tried(self.once)
            self._stopping.wait(self.rest_s(time.monotonic() - began_s))
        self._tried(self._last)

    def _tried(self, step: Callable[[], object]) -> None:
        try:
            step()
        except OperationalError as error:
            self._count()
            log.warning("round_failed", round=self._name, error=type(error).__name__)
        except Exception:
            self._count()
            log.exception("round_failed", round=self._name)

    def _count(self) -> None:
        if self._failures is not None:
            self._failures.inc()
