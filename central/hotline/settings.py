"""What a hotline may send."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from kerbwatch.settings import Settings


class HotlineSettings(Settings):
    """Items of the city's hotline."""

    oldest_days: Annotated[float, Field(gt=0, le=3660)] = Field(
        30.0, description="An item that was reported longer ago is refused."
    )
