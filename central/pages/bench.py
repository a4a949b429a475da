"""The live list of cases, with its filters."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from central.cases import repository, service
from central.cases.rules import OVER, CaseState
from central.context import Central, CentralDep
from central.pages.case_view import row_of
from central.pages.rendering import HEADERS, page
from central.pages.texts import KIND_TERMS, kind_name, t
from central.pages.values import Tab
from central.people.access import SignedIn, require
from central.people.permissions import Permission
from central.people.service import Principal
from kerbwatch.incident import Kind

router = APIRouter(include_in_schema=False)

Viewer = Annotated[Principal, Depends(require(Permission.CASE_READ, within_areas=True))]

_PAGE = 50
_GROUPS: dict[str, frozenset[CaseState]] = {
    "reviewing": frozenset({CaseState.REVIEWING}),
    "running": frozenset(CaseState) - OVER - {CaseState.REVIEWING},
    "over": OVER,
    "all": frozenset(),
}
"""Filters above the list -> the states that each lets through; an empty set lets all."""
_COUNTED = ("reviewing", "running")
_MOST_COUNTED = 1000


class Choice:
    """What of the list is shown, as the address says; a word that is not known means the usual."""

    def __init__(
        self,
        show: str = "reviewing",
        kind: str = "",
        cursor: Annotated[str | None, Query(max_length=200)] = None,
    ) -> None:
        self.show = show if show in _GROUPS else "reviewing"
        self.kind = kind if kind in set(Kind) else ""
        self.cursor = cursor

    def url(self, path: str = "/", *, show: str | None = None, cursor: str | None = None) -> str:
        """The address of this choice, or of one beside it."""
        chosen = {"show": show or self.show, "kind": self.kind, "cursor": cursor or ""}
        return f"{path}?{urlencode({name: value for name, value in chosen.items() if value})}"


ChoiceDep = Annotated[Choice, Depends()]


@router.get("/")
def bench(request: Request, central: CentralDep, who: SignedIn, choice: ChoiceDep) -> Response:
    """The live list; whoever may not see cases goes to what they may see."""
    if not who.may(Permission.CASE_READ) and who.may(Permission.TICKET_HANDLE):
        return RedirectResponse("/h", HTTPStatus.SEE_OTHER, headers=HEADERS)
    if not who.may(Permission.CASE_READ) and who.may(Permission.CAMERA_READ):
        return RedirectResponse("/cameras", HTTPStatus.SEE_OTHER, headers=HEADERS)
    require(Permission.CASE_READ, within_areas=True)(request, who)
    frame = {"here": "cases", "live": True, "pause_when_hidden": False}
    own = {"list_url": choice.url("/cases", cursor=choice.cursor)}
    return page(request, "cases.html", {**frame, **own, **_queue(central, who, choice)}, who=who)


@router.get("/cases")
def queue(request: Request, central: CentralDep, who: Viewer, choice: ChoiceDep) -> Response:
    """The list alone, for a page that is open."""
    return page(request, "_queue.html", _queue(central, who, choice), who=who)


def _queue(central: Central, who: Principal, choice: Choice) -> dict[str, object]:
    with central.database.read() as session:
        after = repository.last_log_id(session)
        counts = {} if choice.kind else {name: _count(session, name, who.areas) for name in _COUNTED}
        found = service.list_cases(
            session,
            states=[state.value for state in _GROUPS[choice.show]],
            kinds=[choice.kind] if choice.kind else [],
            cursor=choice.cursor,
            limit=_PAGE,
            areas=who.areas,
        )
    tabs = [
        Tab(
            label=t(f"group.{name}"),
            url=choice.url(show=name),
            chosen=name == choice.show,
            count=counts.get(name),
        )
        for name in _GROUPS
    ]
    return {
        "after": after,
        "tabs": tabs,
        "show": choice.show,
        "kind": choice.kind,
        "kinds": [(kind, f"{kind_name(kind)} {term}") for kind, (_name, term) in KIND_TERMS.items()],
        "rows": [row_of(case) for case in found.items],
        "more_url": choice.url(cursor=found.next_cursor) if found.next_cursor else None,
        "newest_url": choice.url() if choice.cursor else None,
    }


def _count(session: Session, group: str, areas: frozenset[str] | None) -> str:
    states = [state.value for state in _GROUPS[group]]
    count = repository.count_in(session, states, _MOST_COUNTED, areas)
    return f"{_MOST_COUNTED - 1}+" if count == _MOST_COUNTED else str(count)
