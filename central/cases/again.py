"""What is seen of a case after its units said that the work is done. Touches no database."""

from __future__ import annotations

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


def needs_a_person(row: Case, looked_at: datetime) -> bool:
    """Whether a camera that looked at ``looked_at``, and saw the place free, does not settle it.

    A person has reported it since the work was done, or a camera has seen it after this one had looked.
    """
    return any(lead.origin != Origin.CAMERA or lead.observed_at > looked_at for lead in seen_since(row))
