"""Which of the rounds that must never stop is late, by the heartbeats that they leave."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from central.custody import keeper, sealer
from central.escalation import sweeper
from central.escalation.models import Heartbeat
from central.insight import reckoner
from central.settings import CentralSettings

_MISSED = 3
"""Rounds of a copy that may be missed before it counts as late."""
_LEAST = timedelta(seconds=30)
_SLOWEST_RUN = timedelta(hours=1)
_SLOWEST_RECKONING = timedelta(minutes=10)
_GONE = timedelta(days=7)
"""A copy that has been silent for so long, while another goes on, was taken away."""


def late_ones(beats: Sequence[Heartbeat], settings: CentralSettings, now: datetime) -> dict[Heartbeat, bool]:
    """Every heartbeat that still counts, and whether its round should have come again since.

    Sweeper and sealer run in each copy of central; retention and what insight reckons are the city's, and
    the last run counts.
    """
    each_copy = {sweeper.NAME: settings.escalation.sweep_s, sealer.NAME: settings.custody.seal_s}
    of_city = {
        keeper.NAME: timedelta(hours=settings.custody.retention_hours) + _SLOWEST_RUN,
        reckoner.NAME: _SLOWEST_RECKONING + timedelta(seconds=settings.escalation.sweep_s),
    }
    newest: dict[str, datetime] = {}
    for beat in beats:
        newest[beat.name] = max(beat.at, newest.get(beat.name, beat.at))
    late = {}
    for beat in beats:
        if beat.at < newest[beat.name] - _GONE:
            continue
        if beat.name in of_city:
            off = beat.name == keeper.NAME and settings.custody.retention_hours == 0
            late[beat] = not off and now - newest[beat.name] > of_city[beat.name]
        else:
            rest = timedelta(seconds=_MISSED * each_copy.get(beat.name, 0.0))
            late[beat] = now - beat.at > max(rest, _LEAST)
    return late
