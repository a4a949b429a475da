"""The thread that covers new rows and signs the chain's head, for as long as this copy of central lives."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from central.custody import repository, signing
from central.custody.keys import read_key
from central.custody.known import KnownHeads, lost, refused
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
        self._known = KnownHeads(settings.custody, self._key.public, database.engine.url)
        self._more = False
        """Whether rows waited after the last round."""
        self._outside: list[Head] = []
        """Signed, and not yet written to the place outside."""

    def once(self, *, sign_now: bool = False) -> bool:
        """Cover a batch of each table and sign when it is due. Returns whether more rows wait.

        Args:
            sign_now: sign whatever time it is.
        """
        now = self._clock.now_utc()
        more = self._more = False
        for model in COVERED:
            count = seal_next(self._database, model, now, f"central:{self._settings.instance}")
            self._metrics.custody_sealed.inc(count)
            more = more or count == MOST_ROWS
        self._sign(now, sign_now=sign_now)
        self._write_outside()
        with self._database.read() as session:
            self._metrics.custody_unsealed.set(unsealed(session))
        self._metrics.custody_sealed_at.set(now.timestamp())
        self._more = more
        return more

    def _sign(self, now: datetime, *, sign_now: bool) -> None:
        """Sign the chain's head when it is due, unless a head that is known no longer stands below it."""
        known = self._known.recall(lambda error: self._failed("heads_not_read", error))
        instance = self._settings.instance
        head = None
        with self._database.write(ordered=True) as session:
            introduce(session, self._key.public, instance, now)
            gone = lost(session, known)
            newest, tip = signing.newest(session), repository.tip(session)
            assert tip is not None  # the key is in it
            if gone is None and (sign_now or self._due(newest, tip.number, now)):
                head = sign_tip(session, self._key, instance, now)
            when, done = (now, tip.number) if gone is None else (datetime.fromisoformat(gone.at), gone.number)
            beat(session, NAME, instance, when, done)
            number = tip.number
        self._metrics.custody_refused.set(gone is not None)
        if gone is not None:
            refused(gone)
            self._metrics.custody_unsigned.set(max(0, number - gone.number))
            return
        standing = head or newest
        self._metrics.custody_unsigned.set(number - (standing.number if standing else 0))
        if standing is not None and self._known.holds(standing):
            self._remember(standing)
            self._keep_outside(standing, now, signed=head is not None)

    def _due(self, newest: Head | None, tip: int, now: datetime) -> bool:
        terms = self._settings.custody
        return (
            newest is None
            or newest.key_id != self._key.public.id
            or now - datetime.fromisoformat(newest.at) >= timedelta(seconds=terms.sign_every_s)
            or tip - newest.number >= terms.sign_every_entries
        )

    def _remember(self, head: Head) -> None:
        try:
            self._known.remember(head)
        except OSError as error:
            self._failed("head_not_remembered", error)

    def _keep_outside(self, head: Head, now: datetime, *, signed: bool) -> None:
        """What was signed goes outside; so does what stood a round or longer and did not come there."""
        stood_s = (now - datetime.fromisoformat(head.at)).total_seconds()
        there = self._known.outside
        behind = stood_s > self._settings.custody.seal_s and (there is None or there.number < head.number)
        if self._known.folder is not None and (signed or (behind and not self._outside)):
            self._outside.append(head)

    def _write_outside(self) -> None:
        folder = self._known.folder
        while folder and self._outside:
            try:
                signing.write_outside(folder, self._outside[0])
            except OSError as error:
                self._failed("head_not_written", error)
                return
            if self._known.outside is None:  # as it should be once; later it may be a disk that is away
                log.warning("heads_begun", folder=str(folder), head=self._outside[0].number)
            self._known.outside = self._outside.pop(0)

    def _failed(self, what: str, error: OSError) -> None:
        self._metrics.custody_failures.inc()
        log.error(what, file=str(error.filename), error=error.strerror)

    def rest_s(self, took_s: float) -> float:
        """Less while rows wait, and then the longer the more it did."""
        rest_s = super().rest_s(took_s)
        return min(rest_s, _REST_SHARE * took_s) if self._more else rest_s
