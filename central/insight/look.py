"""Through what the days of a city are looked at."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from central.insight.settings import InsightSettings


@dataclass(frozen=True, slots=True)
class Look:
    """Through what days are looked at: by whose clock and calendar, and how sure one wants to be.

    Attributes:
        zone: whose days are looked at.
        settings: how far back, and how sure.
        fresh: whether what central reckoned some minutes ago will not do.
    """

    zone: ZoneInfo
    settings: InsightSettings
    fresh: bool = False

    @property
    def name(self) -> str:
        """Another where the outcome may be another; at most 200 characters."""
        own = self.settings
        return f"{self.zone.key} {own.weeks} {own.false_rises_a_month} {own.hot_spot_days}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is compared to see what moved: recent days with the days before, and how far apart."""

    recent_days: int = 7
    before_days: int = 28
    reach_m: float = 1000.0


USUALLY = Comparison()
"""What is compared unless somebody asks otherwise."""
