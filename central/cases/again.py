"""What is seen of a case after its units said that the work is done. Touches no database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from central.cases.models import Case, Lead
from central.cases.rules import CaseState, Origin, TicketState
from kerbwatch.incident import Phase


def seen_since(row: Case) -> list[Lead]:
    """The leads of a case that is being checked which were observed after its work was reported as done.

    In the order of what they saw. A camera's counts as long as its camera has not seen the thing go.
    """
    done = [each.handled_at for each in row.tickets if each.state == TicketState.HANDLED and each.handled_at]
    if row.state != CaseState.CHECKING or not done:
        return []
    since = [lead for lead in row.leads if lead.observed_at > max(done) and lead.phase != Phase.CLEARED]
    return sorted(since, key=lambda lead: lead.observed_at)


def unsettled(row: Case, found_free: Mapping[str, datetime]) -> list[Lead]:
    """The leads of a case that is being checked which cameras that found the place free do not settle.

    That is whoever has reported it since the work was done, and every camera that has not seen it go: what
    one camera calls free another may still see, a few metres on.

    Args:
        row: the case.
        found_free: by id of a lead, when its camera looked again in this check and found the place free.
    """
    told = [lead for lead in seen_since(row) if lead.origin != Origin.CAMERA]
    seen = [
        lead
        for lead in row.leads
        if lead.origin == Origin.CAMERA
        and lead.phase != Phase.CLEARED
        and not (lead.id in found_free and lead.observed_at <= found_free[lead.id])
    ]
    return told + seen
