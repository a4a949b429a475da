"""What makes two leads the same beyond doubt: who sent them, and the number there."""

from __future__ import annotations

from central.cases.models import Lead


def open_group_of(source: str, incident_id: str) -> str:
    """Of what a camera saw."""
    return f"incident:{source}:{incident_id}"


def group_of_report(source: str, external_id: str | None) -> str:
    """Of what people report."""
    return f"report:{source}:{external_id}"


def group_of(lead: Lead) -> str:
    """Of a lead of any channel."""
    if lead.incident_id is not None:
        return open_group_of(lead.source, lead.incident_id)
    return group_of_report(lead.source, lead.external_id)
