"""A place code as it is told."""

from datetime import UTC, datetime
from typing import Any

from central.codes.schemas import PlaceCodeOut


def code_out(**changes: Any) -> PlaceCodeOut:
    values: dict[str, Any] = {
        "number": 4711,
        "code": "ABCD-EFGH-JKMN-PQRS",
        "url": "https://kerbwatch.example/q/ABCDEFGHJKMNPQRS",
        "name": "Gate of the market",
        "road": "Yangming East Road",
        "lon": 121.15,
        "lat": 30.05,
        "area_name": "Yangming",
        "kind": None,
        "urgent": False,
        "made_at": datetime(2026, 5, 4, 3, 0, tzinfo=UTC),
        "made_by": "user:dora",
        "revoked_at": None,
        "revoked_by": None,
        "revoke_reason": None,
        "reports": 0,
        "reported_at": None,
    }
    return PlaceCodeOut.model_validate(values | changes)
