"""Intake in a process of its own, seen from the copy of central that it belongs to.

What comes in has a process for itself, so that neither people's pages nor what is counted, swept and sealed
beside it hold it up, or it them. It is told the settings, and tells how it is: see
:mod:`central.operations.apart`.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass

import structlog
from prometheus_client import CollectorRegistry, Counter
from prometheus_client.metrics_core import Metric

from central.operations.apart import Apart
from central.settings import CentralSettings

log = structlog.get_logger(__name__)

MODULE = "central.intake.process"
_FIRST_BACKOFF_S, _MOST_BACKOFF_S = 0.5, 15.0
_LASTING_S = 60.0
"""One that lived so long did not fail at its start."""
_LATE_S, _HUNG_S = 5.0, 30.0
"""After so much silence it does not count as alive; after so much it is ended and started again."""
_STOP_TIMEOUT_S = 25.0


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
        self._apart = Apart(
            MODULE,
            self._hear,
            silent_s=_HUNG_S,
            stopping=self._stopping,
            stop_timeout_s=_STOP_TIMEOUT_S,
        )
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
        return self._apart.pid

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
                why = self._apart.live_once(self._settings_line).why
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

    def _hear(self, line: bytes) -> None:
        self._told = Telling.of_line(line)
        self._told_at_s = time.monotonic()
