"""What is looked for in the cases of many days, and how sure one wants to be."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from kerbwatch.settings import Settings


class InsightSettings(Settings):
    """Rises, hot-spots and reports."""

    weeks: Annotated[int, Field(ge=4, le=26)] = Field(
        8, description="With the same weekdays of how many weeks before a day is compared."
    )
    false_rises_a_month: Annotated[float, Field(gt=0, le=30)] = Field(
        1.0,
        description="False rises that are put up with in thirty days, in all kinds and areas of the city "
        "together; hot-spots have as many.",
    )
    hot_spot_days: Annotated[int, Field(ge=7, le=92)] = Field(
        28, description="Days in which cases gather to a hot-spot."
    )
    report_font: Path | None = Field(
        None,
        description="Font (.ttf, .otf, .ttc) of reports as PDF. Without one they can say "
        "only what is written in Latin letters.",
    )
