"""Pages for people in the street: send photos or a clip, and see what becomes of it."""

from __future__ import annotations

import json
from http import HTTPStatus

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from central.context import CentralDep
from central.pages import map_view, matters, repository
from central.pages.rendering import HEADERS, page
from central.pages.texts import t, t_count
from central.problems import not_found
from central.reports.following import follow
from central.reports.forms import WORDS_CHARS, new_form_key

router = APIRouter(include_in_schema=False)

_PRIVATE = {"X-Robots-Tag": "noindex"}
_DONE_STEPS = {"waiting": 0, "looking": 0, "review": 1, "work": 2, "done": 3, "closed": 4, "refused": 1}
"""How many of the steps lie behind, by stage."""
_MOVING = frozenset({"waiting", "looking"})
_REFRESH_S = "3"
_STAGES = {
    "waiting": t("follow.waiting"),
    "looking": t("follow.looking"),
    "review": t("follow.review"),
    "work": t("follow.work"),
    "done": t("follow.done"),
    "closed": t("follow.closed"),
    "refused": t("follow.refused"),
}
_STEPS = (
    t("follow.step.looking"),
    t("follow.step.review"),
    t("follow.step.work"),
    t("follow.step.closed"),
)
_SAID_BY_SCRIPT = {
    "sent_share": t("report.sent_share", percent="{percent}"),
    "sent": t("report.sent"),
    "waiting": t("report.waiting"),
    "line_lost": t("report.line_lost"),
    "not_taken": t("report.not_taken", why="{why}"),
    "too_large": t("report.too_large"),
    "wrong_type": t("report.wrong_type"),
    "remove": t("report.remove"),
    "locating": t("report.locating"),
    "located": t("report.located", metres="{metres}"),
    "not_located": t("report.not_located"),
    "no_map": t("report.no_map"),
    "sending": t("report.sending"),
    "files_first": t("report.files_first"),
    "kind_first": t("report.kind_first"),
    "place_first": t("report.place_first"),
    "waits_for_files": t("report.waits_for_files"),
    "failed": t("report.failed", why="{why}"),
    "no_line": t("report.no_line"),
    "key_used": t("report.key_used"),
}


@router.get("/report")
def report(request: Request, central: CentralDep, kind: str = "") -> Response:
    """The form; ``kind`` is chosen beforehand."""
    limits = central.settings.reports
    said = _SAID_BY_SCRIPT | {
        "too_many": t_count("report.too_many", limits.most_photos, photos=limits.most_photos)
    }
    with central.database.read() as session:
        centre = map_view.centre_of(repository.areas_overlapping(session, (-180.0, -90.0, 180.0, 90.0)))
        offer = matters.offer(session, central.clock.now_utc())
    values = {
        "offer": offer,
        "kind": kind,
        "limits": limits,
        "words_chars": WORDS_CHARS,
        "form_key": new_form_key(),
        "said": json.dumps(said),
        "tiles": central.settings.map,
        "centre": None if centre is None else map_view.on_map(centre, central.settings.map.tiles_datum),
    }
    return page(request, "report.html", values)


@router.get("/report/areas.geojson")
def areas(central: CentralDep) -> Response:
    """The city's areas, in the datum of its map, to choose a place on."""
    with central.database.read() as session:
        found = repository.areas_overlapping(session, (-180.0, -90.0, 180.0, 90.0))
        drawn = map_view.outlines(found, central.settings.map.tiles_datum)
    return JSONResponse(drawn, media_type="application/geo+json", headers=HEADERS)


@router.get("/r/{token}")
def what_became_of_it(request: Request, central: CentralDep, token: str, sent: str = "") -> Response:
    """What has become of a report, for whoever has its address.

    ``sent``: ``first`` where it was changed after it had come in, which its sender did not know.
    """
    if len(token) > 64:
        raise not_found("such report")
    with central.database.read() as session:
        found = follow(session, token)
        name = matters.called(session, central.clock.now_utc(), found.kind)
    done = _DONE_STEPS[found.stage]
    steps = [
        (step, "done" if number < done else "now" if number == done else "")
        for number, step in enumerate(_STEPS)
    ]
    values = {
        "found": found,
        "stage": _STAGES[found.stage],
        "kind": name,
        "as_first": sent == "first",
        "icon": matters.icon_of(found.kind),
        "steps": [] if found.stage == "refused" else steps,
    }
    headers = _PRIVATE | ({"Refresh": _REFRESH_S} if found.stage in _MOVING else {})
    return page(request, "follow.html", values, status=HTTPStatus.OK, headers=headers)
