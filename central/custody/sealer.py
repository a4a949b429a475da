"""The thread that covers new rows and signs the chain's head, for as long as this copy of central lives."""

from __future__ import annotations

from datetime import timedelta

import structlog

from central.custody import repository, signing
from central.custody.keys import read_key
from central.custody.sealing import COVERED, MOST_ROWS, seal_next, unsealed
from central.custody.signing import Head, introduce, sign_tip
from central.database import Database
from central.escalation.repository import beat
from central.metrics import Metrics
from central.rounds import Rounds
from central.settings import CentralSettings
from kerbwatch.clock import Clock

log = structlog.get_logger(__name__)

NAME = "sealer"
_REST_SHARE = 20.0
"""With many rows to cover, it rests for so many times as long as it worked: intake comes first."""


class Sealer(Rounds):
    """Seals until it is stopped; what fails is logged, counted and tried again."""

    def __init__(self, settings: CentralSettings, clock: Clock, database: Database, metrics: Metrics) -> None:
        super().__init__(
            NAME,
            settings.custody.seal_s,
            failures=metrics.custody_failures,
            last=lambda: self.once(sign_now=True),
        )
        self._settings, self._clock, self._database, self._metrics = settings, clock, database, metrics
        self._key = read_key(settings.custody.key_file)
        self._more = False
        """Whether rows waited after the last round."""
        self._outside: list[Head] = []
        """Signed, and not yet written to the place outside."""

    def once(self, *, sign_now: bool = False) -> bool:
        """Cover a batch of each table and sign when it is due. Returns whether more rows wait.

        Args:
            sign_now: sign whatever time it is.
        """
        now, instance = self._clock.now_utc(), self._settings.instance
        more = self._more = False
        for model in COVERED:
            count = seal_next(self._database, model, now, f"central:{instance}")
            self._metrics.custody_sealed.inc(count)
            more = more or count == MOST_ROWS
        head = None
        with self._database.write(ordered=True) as session:
            introduce(session, self._key.public, instance, now)
            newest, tip = repository.newest_head(session), repository.tip(session)
            assert tip is not None  # the key is in it
            terms = self._settings.custody
            due = (
                newest is None
                or newest.key_id != self._key.public.id
                or now - newest.at >= timedelta(seconds=terms.sign_every_s)
                or tip.number - newest.number >= terms.sign_every_entries
            )
            if due or sign_now:
                head = sign_tip(session, self._key, instance, now)
            beat(session, NAME, instance, now, tip.number)
            signed = head.number if head else newest.number if newest else 0
            self._metrics.custody_unsigned.set(tip.number - signed)
        if head and self._settings.custody.heads_dir:
            self._outside.append(head)
        self._write_outside()
        with self._database.read() as session:
            self._metrics.custody_unsealed.set(unsealed(session))
        self._metrics.custody_sealed_at.set(now.timestamp())
        self._more = more
        return more

    def _write_outside(self) -> None:
        folder = self._settings.custody.heads_dir
        while folder and self._outside:
            try:
                signing.write_outside(folder, self._outside[0])
            except OSError as error:
                self._metrics.custody_failures.inc()
                log.error("head_not_written", folder=str(folder), error=error.strerror)
                return
            self._outside.pop(0)

    def rest_s(self, took_s: float) -> float:
        """Less while rows wait, and then the longer the more it did."""
        rest_s = super().rest_s(took_s)
        return min(rest_s, _REST_SHARE * took_s) if self._more else rest_s
