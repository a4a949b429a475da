"""Trace context (W3C Trace Context, level 1): one id that follows an incident from the camera to its ticket.

The trace id of an incident is its incident id without hyphens. So every part that knows the incident knows
its trace, over restarts and years, and nothing has to be carried along or kept. The logs of both sides name
it ``trace_id``.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

_HEADER = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_MAX_HEADER_CHARS = 256


@dataclass(frozen=True, slots=True)
class Trace:
    """A place in a trace."""

    trace_id: str
    """32 hexadecimal digits, the same for everything that belongs together."""
    span_id: str
    """16 hexadecimal digits: this one step."""
    flags: str = "01"

    @property
    def header(self) -> str:
        """As it stands in ``traceparent``."""
        return f"00-{self.trace_id}-{self.span_id}-{self.flags}"

    def step(self) -> Trace:
        """A further step of the same trace."""
        return Trace(self.trace_id, secrets.token_hex(8), self.flags)


def trace_id_of(incident_id: str) -> str:
    """The trace id of an incident, or of anything else that has a UUID."""
    return incident_id.replace("-", "")


def trace_of(incident_id: str, event_id: str) -> Trace:
    """The trace of an incident at the step that is told by one event (a UUID)."""
    return Trace(trace_id_of(incident_id), trace_id_of(event_id)[16:])


def new_trace() -> Trace:
    """A trace that begins here."""
    return Trace(secrets.token_hex(16), secrets.token_hex(8))


def read_traceparent(header: object) -> Trace | None:
    """What a ``traceparent`` says; None for one that is absent or invalid, as the standard asks."""
    if not isinstance(header, str) or len(header) > _MAX_HEADER_CHARS:
        return None
    found = _HEADER.fullmatch(header)
    if found is None or (found[4] and header.startswith("00")):
        return None
    return Trace(found[1], found[2], found[3])
