"""The network's rounds: newest pictures of all cameras, batch by batch, each handed to its camera's rules.

What goes wrong with one camera's settings or pictures is that camera's trouble: it is left out of the batch,
and the others are looked at. Only a round that truly ended is told, so that a supervisor starts a box again
whose network hangs or fails at everything.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace

import structlog

from edge.frame import Frame
from edge.settings import DetectorSettings
from edge.trouble import Trouble
from edge.unit import CameraUnit
from edge.vision.batcher import Batcher
from edge.vision.looking import Seen, look_at
from edge.vision.tiles import TilePlan, plan_tiles
from kerbwatch.clock import Clock
from models.runtime import Detector

log = structlog.get_logger(__name__)

_IDLE_S = 0.5
"""How long a round waits for a picture."""

Network = Callable[[], tuple[Detector, DetectorSettings]]
"""The network in use now, and how it is used."""


class Rounds:
    """A thread that looks, for as long as the box runs.

    Args:
        batcher: where pictures come from.
        units: the cameras, by id; may change meanwhile.
        network: asked in every round.
        clock: for how long ago the last round ended.
        chores: done once a round; what they raise keeps nobody from looking.
        on_idle: called in a round in which no picture came.
        on_round: called whenever a round has ended in which the network could look, or had nothing to.
    """

    def __init__(
        self,
        batcher: Batcher,
        units: Mapping[str, CameraUnit],
        network: Network,
        clock: Clock,
        *,
        chores: Callable[[], None],
        on_idle: Callable[[], None],
        on_round: Callable[[], None],
    ) -> None:
        self._batcher, self._units, self._network, self._clock = batcher, units, network, clock
        self._chores, self._on_idle, self._on_round = chores, on_idle, on_round
        self._chores_failed, self._round_failed = Trouble("chores_failed"), Trouble("looking_failed")
        self._failing = False
        self._halt = threading.Event()
        self._ended_s = clock.monotonic_s()
        self._thread = threading.Thread(target=self._run, name="looking", daemon=True)

    @property
    def age_s(self) -> float:
        """Seconds since the last round ended that was one: below a second on a box that is well."""
        return self._clock.monotonic_s() - self._ended_s

    def start(self) -> None:
        """Begin, on a thread of its own."""
        self._ended_s = self._clock.monotonic_s()
        self._thread.start()

    def halt(self) -> None:
        """No round begins any more."""
        self._halt.set()

    def join(self, timeout_s: float) -> None:
        """Wait for the round under way."""
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while not self._halt.is_set():
            try:
                if self._round():
                    self._ended_s = self._clock.monotonic_s()
                    self._on_round()
                self._round_failed.over()
            except Exception as error:  # noqa: BLE001 - the edge of the thread: it must never end by itself
                self._round_failed.fault(error)
                self._halt.wait(_IDLE_S)

    def _round(self) -> bool:
        """One round. False when the network could look at none of the pictures that came last."""
        try:
            self._chores()
            self._chores_failed.over()
        except Exception as error:  # noqa: BLE001 - what waits on a full disk, say, keeps nobody from looking
            self._chores_failed.fault(error)
        detector, settings = self._network()
        frames = self._batcher.take(settings.batch_size, settings.batch_wait_ms / 1000, timeout_s=_IDLE_S)
        if not frames:
            self._on_idle()
            return not self._failing
        planned = [(frame, plan) for frame in frames if (plan := self._plan_of(frame, detector)) is not None]
        batch = self._seen(detector, planned)
        for seen in batch:
            self._hand_over(seen)
        if planned:
            self._failing = not batch
        return not self._failing

    def _plan_of(self, frame: Frame, detector: Detector) -> TilePlan | None:
        """Which parts of a camera's picture the network looks at closer; None where it is not looked at."""
        unit, size_px = self._units.get(frame.camera_id), frame.picture.size_px
        if unit is None:
            return None
        try:
            plan = plan_tiles(unit.settings, size_px, max(detector.input_size(size_px)))
            return replace(plan, closer=unit.closer(size_px))
        except Exception as error:  # noqa: BLE001 - one camera ends no other
            unit.trouble.fault(error)
            return None

    def _seen(self, detector: Detector, planned: list[tuple[Frame, TilePlan]]) -> list[Seen]:
        """What the network found. Where it fails at several pictures together, each is tried alone."""
        if not planned:
            return []
        try:
            return look_at(detector, [frame for frame, _ in planned], [plan for _, plan in planned])
        except Exception as error:  # noqa: BLE001 - one camera ends no other
            if len(planned) > 1:
                return [seen for each in planned for seen in self._seen(detector, [each])]
            unit = self._units.get(planned[0][0].camera_id)
            if unit is not None:
                unit.trouble.fault(error)
            return []

    def _hand_over(self, seen: Seen) -> None:
        unit = self._units.get(seen.frame.camera_id)
        if unit is None:
            return
        try:
            unit.look(seen)
            unit.trouble.over()
        except Exception as error:  # noqa: BLE001 - one camera ends no other
            unit.trouble.fault(error)
