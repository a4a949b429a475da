"""Something that fails again and again: told in the log once, and when it is over; counted always."""

from __future__ import annotations

import structlog

from kerbwatch.secrets import redact

log = structlog.get_logger(__name__)

_MOST_TEXT = 200


class Trouble:
    """One thing that may fail, of a camera say.

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
