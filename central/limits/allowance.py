"""Who has asked how often: the generic cell rate algorithm, one number a client.

Of each client one instant is kept: when its allowance will be whole again. A request moves it on by the time
between two requests of the rate; it is refused when it lies further ahead than a burst. (ITU-T I.371, GCRA as
virtual scheduling.) It gives the exact time to wait, and needs neither a thread nor a list of past requests.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

from central.limits.settings import Rate
from kerbwatch.clock import Clock

MAX_CLIENTS = 100_000
"""Clients remembered, about 20 MB; beyond it the one that was silent longest is forgotten."""


class Allowances:
    """The allowances of all clients of one copy of central. Any thread may ask."""

    def __init__(self, clock: Clock, max_clients: int = MAX_CLIENTS) -> None:
        self._clock, self._max_clients = clock, max_clients
        self._whole_at_s: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, limit: str, client: str, rate: Rate) -> float:
        """Count one request of a client.

        Returns:
            0 when it may pass, else the seconds after which one will; a refused one does not count.
        """
        interval_s = 60.0 / rate.per_minute
        now_s = self._clock.monotonic_s()
        key = (limit, client)
        with self._lock:
            whole_at_s = max(self._whole_at_s.get(key, now_s), now_s)
            wait_s = whole_at_s - now_s - interval_s * (rate.burst - 1)
            # The tolerance of a microsecond: what was told to wait so long must then pass.
            if wait_s > 1e-6:
                return wait_s
            self._whole_at_s[key] = whole_at_s + interval_s
            self._whole_at_s.move_to_end(key)
            if len(self._whole_at_s) > self._max_clients:
                self._whole_at_s.popitem(last=False)
        return 0.0

    def __len__(self) -> int:
        """Clients remembered."""
        return len(self._whole_at_s)
