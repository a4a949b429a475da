"""Where a question to a camera stands, and what it may become. Touches no database."""

from __future__ import annotations

from enum import StrEnum


class RecheckState(StrEnum):
    """Where a question stands."""

    ASKING = "asking"
    """It is sent, again and again, until there is an answer or no more time."""
    SILENT = "silent"
    """No answer came in time: a person decides. A late one still counts as long as nobody has."""
    ANSWERED = "answered"
    """The camera says that the place is free, or is not: the sweeper closes the case or sends it back."""
    SETTLED = "settled"
    """That was done, or the camera could not tell and a person was given the case."""
    OVERTAKEN = "overtaken"
    """A person decided first: an answer is noted and changes nothing."""


OPEN = frozenset({RecheckState.ASKING, RecheckState.SILENT, RecheckState.ANSWERED})
"""States in which the camera's word still counts."""
