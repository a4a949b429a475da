"""Intake in a process of its own, seen from the copy of central that it belongs to.

Python lets one thread of a process compute at a time. Here what comes in has a process for itself, so that
neither people's pages nor what is counted, swept and sealed beside it hold it up, or it them.

The process is started with the settings on its standard input, tells on its standard output how it is, and
ends in order when its input ends: also when the copy of central is killed.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO

import structlog
from prometheus_client import CollectorRegistry, Counter
from prometheus_client.metrics_core import Metric

from central.settings import CentralSettings

log = structlog.get_logger(__name__)

MODULE = "central.intake.process"
_FIRST_BACKOFF_S, _MOST_BACKOFF_S = 0.5, 15.0
_LASTING_S = 60.0
"""One that lived so long did not fail at its start."""
_LATE_S, _HUNG_S = 5.0, 30.0
"""After so much silence it does not count as alive; after so much it is ended and started again."""
_STOP_TIMEOUT_S = 25.0
_CHUNK_BYTES = 65536


@dataclass(frozen=True, slots=True)
class Telling:
    """How intake is, as its process tells it."""

    connected: bool
    alive: bool
    failing: bool
    metrics: tuple[Metric, ...]

    def to_line(self) -> bytes:
        """A line of JSON."""
        metrics = [
            [each.name, each.documentation, each.type, [[*sample[:3]] for sample in each.samples]]
            for each in self.metrics
        ]
        told = {"connected": self.connected, "alive": self.alive, "failing": self.failing, "metrics": metrics}
        return json.dumps(told).encode() + b"\n"

    @classmethod
    def of_line(cls, line: bytes) -> Telling:
        """The same again. Raises ValueError, KeyError or TypeError for what is no such line."""
        told = json.loads(line)
        metrics = []
        for name, documentation, kind, samples in told["metrics"]:
            metric = Metric(name, documentation, kind)
            for sample, labels, value in samples:
                metric.add_sample(sample, labels, value)
            metrics.append(metric)
        return cls(told["connected"], told["alive"], told["failing"], tuple(metrics))


_SILENT = Telling(connected=False, alive=False, failing=False, metrics=())


class IntakeApart:
    """Starts the process, and again when it ends; tells how it is and shows its metrics as its own.

    Args:
        settings: of this copy of central; secrets are named in them, and found in the same environment.
        registry: where the metrics of the process are shown. They begin anew with each process.
    """

    def __init__(self, settings: CentralSettings, registry: CollectorRegistry) -> None:
        settings.mqtt.resolve_password()  # an absent one is told before anything runs
        self._settings_line = settings.model_dump_json().encode() + b"\n"
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="intake-apart", daemon=True)
        self._process: subprocess.Popen[bytes] | None = None
        self._told, self._told_at_s = _SILENT, 0.0
        self._restarts = Counter(
            "kerbwatch_central_intake_restarts",
            "How often the process that takes messages in ended and was started again.",
            registry=registry,
        )
        registry.register(self)

    def collect(self) -> Iterable[Metric]:
        """The metrics of the process, for the registry."""
        return self._told.metrics

    def start(self) -> None:
        """Begin, in the background."""
        self._thread.start()

    def stop(self) -> None:
        """End in order: no more messages, then the batch under way."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=_STOP_TIMEOUT_S + 5)

    @property
    def pid(self) -> int | None:
        """Of the process; None while there is none."""
        process = self._process
        return None if process is None or process.poll() is not None else process.pid

    @property
    def connected(self) -> bool:
        """Whether the broker is there."""
        return self.alive and self._told.connected

    @property
    def alive(self) -> bool:
        """Whether the process lives, and its worker."""
        return self.pid is not None and self._told.alive and time.monotonic() - self._told_at_s < _LATE_S

    @property
    def failing(self) -> bool:
        """Whether the database did not take the last batch."""
        return self._told.failing

    def _run(self) -> None:
        backoff_s = _FIRST_BACKOFF_S
        while not self._stopping.is_set():
            begun_s = time.monotonic()
            try:
                why = self._live_once()
            except Exception:  # the thread's edge
                log.exception("intake_not_started")
                why = "it could not be started"
            self._told = _SILENT
            if self._stopping.is_set():
                return
            if time.monotonic() - begun_s > _LASTING_S:
                backoff_s = _FIRST_BACKOFF_S
            self._restarts.inc()
            log.error("intake_ended", why=why, again_in_s=backoff_s)
            self._stopping.wait(backoff_s)
            backoff_s = min(_MOST_BACKOFF_S, backoff_s * 2)

    def _live_once(self) -> str:
        """Run the process until it ends or is to end. Returns why it ended."""
        with subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", MODULE], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            self._process = process
            assert process.stdin is not None  # both are pipes
            assert process.stdout is not None
            try:
                process.stdin.write(self._settings_line)
                process.stdin.flush()
                hung = self._listen(process.stdout)
            except BrokenPipeError:
                hung = False
            finally:
                self._end(process)
        return "it said nothing for long" if hung else f"exit status {process.returncode}"

    def _listen(self, stdout: IO[bytes]) -> bool:
        """Take in what the process tells, until it ends or this copy does. Returns whether it fell silent."""
        heard_s = time.monotonic()
        lines = _Lines(stdout.fileno())
        while not self._stopping.is_set():
            for line in lines.within(0.2):
                if line is None:
                    return False
                self._told = Telling.of_line(line)
                self._told_at_s = heard_s = time.monotonic()
            if time.monotonic() - heard_s > _HUNG_S:
                return True
        return False

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        try:
            process.stdin.close()  # its sign to end in order
        except BrokenPipeError:
            log.info("intake_ended_first")
        try:
            process.wait(_STOP_TIMEOUT_S if self._stopping.is_set() else 1.0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class _Lines:
    """Whole lines of a pipe."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor, self._begun = descriptor, b""

    def within(self, seconds_s: float) -> Iterator[bytes | None]:
        """What comes within some time; None when nothing will come any more."""
        ready, _, _ = select.select([self._descriptor], [], [], seconds_s)
        if not ready:
            return
        chunk = os.read(self._descriptor, _CHUNK_BYTES)
        if not chunk:
            yield None
            return
        *whole, self._begun = (self._begun + chunk).split(b"\n")
        yield from whole
