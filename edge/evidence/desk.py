"""Threads for work that waits while looking does not: clips are written, pictures made fit to be shown."""

from __future__ import annotations

import functools
import os
import queue
import sys
import threading
from collections.abc import Callable

import structlog

from kerbwatch.clock import Clock

log = structlog.get_logger(__name__)

_POLL_S = 0.5
"""How exactly a deadline is kept."""
_NICE = 10
"""Linux: of one thread. Others leave a yielding desk as it is."""


class Desk:
    """Does jobs one after the other, and others when their time has come. Its thread ends when idle jobs end.

    A job that fails is logged and does not keep the next from being done.

    Args:
        name: of the thread.
        yielding: it gives way to every other thread of the machine, where the system can do that.
    """

    def __init__(self, name: str = "clip-desk", *, yielding: bool = False) -> None:
        self._name, self._yielding = name, yielding
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._due: list[tuple[Clock, float, Callable[[], None]]] = []
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def submit(self, job: Callable[[], None]) -> None:
        """Do ``job`` after those that wait."""
        self._jobs.put(job)
        self._wake()

    def at(self, clock: Clock, due_s: float, job: Callable[[], None]) -> None:
        """Do ``job`` once ``clock`` shows ``due_s`` (monotonic)."""
        with self._lock:
            self._due.append((clock, due_s, job))
        self._wake()

    def _wake(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
                self._thread.start()

    def settle(self, timeout_s: float) -> bool:
        """Wait until nothing is left to do. Returns whether that is so."""
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join(timeout_s)
        return thread is None or not thread.is_alive()

    def _work(self) -> None:
        if self._yielding and sys.platform == "linux":
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
        while True:
            job: Callable[[], None] | None
            try:
                job = self._jobs.get(timeout=_POLL_S)
            except queue.Empty:
                job = None
            for each in (*([job] if job else []), *self._overdue()):
                try:
                    each()
                except Exception:
                    log.exception("desk_job_failed", desk=self._name)
            with self._lock:
                if not self._due and self._jobs.empty():
                    self._thread = None
                    return

    def _overdue(self) -> list[Callable[[], None]]:
        with self._lock:
            now = [entry for entry in self._due if entry[0].monotonic_s() >= entry[1]]
            self._due = [entry for entry in self._due if entry not in now]
        return [job for _clock, _due_s, job in now]


@functools.cache
def shared_desk() -> Desk:
    """The desk of this process."""
    return Desk()


@functools.cache
def background_desk() -> Desk:
    """The desk of this process for what may take its time: blurring and plates."""
    return Desk("background", yielding=True)
