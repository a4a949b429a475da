"""What keeps a camera from being watched: told in the log once, and when it is over; counted always."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from kerbwatch.secrets import redact

log = structlog.get_logger(__name__)

LONG_AWAY = timedelta(hours=24)
"""A camera that has looked elsewhere for so long will hardly come back by itself."""
_MOST_TEXT = 200


class Trouble:
    """One thing that may fail, again and again.

    Args:
        event: what the log calls it.
        labels: what the log says with it.
    """

    def __init__(self, event: str, **labels: str) -> None:
        self._event, self._log = event, log.bind(**labels)
        self.text: str | None = None
        """What is wrong now, for people; None while all is well."""
        self.failures = 0
        """How often it has failed since the start."""

    def fault(self, error: Exception) -> None:
        """It failed. The log has it, with its trace, when it fails in another way than before."""
        self.failures += 1
        text = redact(f"{type(error).__name__}: {error}")[:_MOST_TEXT]
        if text != self.text:
            self._log.error(self._event, error=text, exc_info=error, note="said once until it is over")
        self.text = text

    def over(self) -> None:
        """It went well."""
        if self.text is not None:
            self._log.info(f"{self._event}_over", failures=self.failures)
            self.text = None


def looked_away(since: datetime | None, now: datetime) -> str | None:
    """What is to be said of a camera that has looked elsewhere ``since``; None while it may come back."""
    if since is None or now - since < LONG_AWAY:
        return None
    return (
        f"it has looked elsewhere since {since:%Y-%m-%d %H:%M} UTC, its zones are not judged: turn it "
        "back, draw the zones anew, or accept this view (kerbwatch edge accept-view)"
    )
