"""Incidents for tests: a van on Yangming East Road."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from kerbwatch.ids import new_id
from kerbwatch.incident import Kind, Phase
from kerbwatch.messages import Box, Evidence, IncidentReport, Place

ARRIVED_AT = datetime(2026, 5, 4, 3, 0, tzinfo=UTC)


def a_report(
    incident_id: str | None = None,
    revision: int = 1,
    phase: Phase | str = Phase.OPENED,
    *,
    road: str | None = "阳明东路",
    evidence: tuple[Evidence, ...] = (),
) -> IncidentReport:
    """A van that stands in a no-parking zone, three minutes and one for each further revision."""
    phase = Phase(phase)
    dwell_s = 180.0 + 60.0 * (revision - 1)
    now = ARRIVED_AT + timedelta(seconds=dwell_s)
    return IncidentReport(
        incident_id=incident_id or new_id(),
        revision=revision,
        phase=phase,
        kind=Kind.ILLEGAL_PARKING,
        camera_id="yangming-east-3",
        camera_name="阳明东路 3",
        zone_id="bus-stop",
        road=road,
        started_at=ARRIVED_AT,
        observed_at=now,
        ended_at=now if phase is Phase.CLEARED else None,
        dwell_s=dwell_s,
        limit_s=180.0,
        object_class="truck",
        confidence=0.82,
        box=Box(x1=10, y1=20, x2=110, y2=90, picture_width_px=1920, picture_height_px=1080),
        place=Place(lon=121.16, lat=30.04, method="camera_position"),
        evidence=evidence,
        model="yolox-nano@615e2661",
    )
