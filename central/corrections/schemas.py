"""What a correction says."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from central.duty.matter import Matter


class CorrectionIn(BaseModel):
    """What of a case is otherwise, and why; what is not named stays."""

    model_config = ConfigDict(extra="forbid")

    kind: Matter | None = None
    lon: Annotated[float, Field(ge=-180, le=180)] | None = None
    lat: Annotated[float, Field(ge=-90, le=90)] | None = None
    """WGS-84, degrees; both or neither."""
    urgent: bool | None = None
    reason: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000, pattern=r"^[^\x00]*$")
    ]

    @model_validator(mode="after")
    def _whole(self) -> CorrectionIn:
        if (self.lon is None) != (self.lat is None):
            raise ValueError("a place needs 'lon' and 'lat'")
        if self.kind is None and self.lon is None and self.urgent is None:
            raise ValueError("name what is otherwise: 'kind', 'lon' and 'lat', or 'urgent'")
        return self
