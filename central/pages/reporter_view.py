"""Who reported something: for a reason, and each look is written down for good."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Path, Request, Response

from central.context import Central, CentralDep
from central.pages.rendering import page
from central.pages.texts import t
from central.pages.values import Notice
from central.people.access import require
from central.people.permissions import Permission
from central.people.service import Principal
from central.problems import Problem, not_found
from central.reporters import repository, service
from central.reporters.contacts import Contact
from kerbwatch.ids import UUID_PATTERN

router = APIRouter(include_in_schema=False)

Asker = Annotated[Principal, Depends(require(Permission.REPORTER_IDENTIFY))]
LeadId = Annotated[str, Path(pattern=UUID_PATTERN)]


@router.get("/leads/{lead_id}/reporter")
def ask(request: Request, central: CentralDep, who: Asker, lead_id: LeadId) -> Response:
    """The form that asks why."""
    return _page(request, central, who, lead_id)


@router.post("/leads/{lead_id}/reporter")
def show(
    request: Request,
    central: CentralDep,
    who: Asker,
    lead_id: LeadId,
    reason: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Who it is."""
    try:
        with central.database.write(ordered=True) as session:
            ref = repository.ref_of_lead(session, lead_id) or ""
            now = central.clock.now_utc()
            contact = service.identify(session, ref, central.vault, who=who, reason=reason, now=now)
    except Problem as problem:
        nobody = problem.status == HTTPStatus.NOT_FOUND
        text = t("reporter.nobody") if nobody else t("notice.refused", detail=problem.detail.rstrip("."))
        return _page(request, central, who, lead_id, notice=Notice("bad", text), status=problem.status)
    return _page(request, central, who, lead_id, contact=contact)


def _page(
    request: Request,
    central: Central,
    who: Principal,
    lead_id: str,
    *,
    contact: Contact | None = None,
    notice: Notice | None = None,
    status: int = HTTPStatus.OK,
) -> Response:
    with central.database.read() as session:
        case_id = repository.case_of_lead(session, lead_id)
    if case_id is None:
        raise not_found(f"lead {lead_id}")
    values = {
        "here": "cases",
        "live": False,
        "lead_id": lead_id,
        "case_id": case_id,
        "contact": contact.address if contact else None,
        "notice": notice,
        "least": service.LEAST_REASON_CHARS,
        "most": service.MOST_REASON_CHARS,
    }
    return page(request, "reporter.html", values, who=who, status=status)
