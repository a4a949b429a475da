"""What auditors look over: looks at originals and at who reporters are, exports, and the head of custody."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from central.context import CentralDep
from central.custody import signing
from central.insight import exports
from central.insight.models import Export
from central.insight.schemas import ExportOut
from central.media import repository as media
from central.pages.rendering import page
from central.pages.texts import t
from central.people.access import SignedIn
from central.people.permissions import Permission
from central.problems import Problem
from central.reporters import repository as reporters

router = APIRouter(include_in_schema=False)

_MOST = 50
Before = Annotated[int | None, Query(ge=1, le=2**53)]


@router.get("/audit")
def audit(
    request: Request, central: CentralDep, who: SignedIn, looks: Before = None, identities: Before = None
) -> Response:
    """Each part for who may see it. Raises Problem 403 for who may see none."""
    sees_looks = who.may(Permission.EVIDENCE_AUDIT)
    sees_city = who.areas is None
    sees_people = who.may(Permission.REPORTER_AUDIT) and sees_city
    if not (sees_looks or sees_people):
        needed = f"'{Permission.EVIDENCE_AUDIT.value}' or '{Permission.REPORTER_AUDIT.value}'"
        raise Problem(HTTPStatus.FORBIDDEN, "permission", f"this needs the permission {needed}")
    values: dict[str, object] = {"here": "audit", "live": False, "sees_looks": sees_looks}
    with central.database.read() as session:
        if sees_looks:
            found = media.views(session, sha256=None, before=looks, limit=_MOST + 1, areas=who.areas)
            values["looks"] = found[:_MOST]
            values["cases_of"] = media.cases_naming(session, {each.sha256 for each in found}, who.areas)
            values["older_looks"] = found[_MOST - 1].id if len(found) > _MOST else None
            values["head"] = signing.newest(session)
            values["exports"] = (
                [_export(each) for each in exports.exports(session, _MOST)] if sees_city else None
            )
        if sees_people:
            seen = reporters.views(session, before=identities, limit=_MOST + 1)
            values["identities"] = seen[:_MOST]
            values["cases_told"] = reporters.cases_of(session, {each.ref for each in seen})
            values["older_identities"] = seen[_MOST - 1].id if len(seen) > _MOST else None
        values |= {"sees_people": sees_people, "onwards": bool(looks or identities)}
        return page(request, "audit.html", values, who=who)


def _export(row: Export) -> Mapping[str, object]:
    said = ExportOut.model_validate(row)
    rows = t("audit.broke_off") if said.rows is None else str(said.rows)
    plates = t("audit.with_plates") if said.plates else ""
    chosen = ", ".join(f"{name} {value}" for name, value in said.chosen.items())
    return {
        "number": said.number,
        "at": said.at,
        "actor": said.actor,
        "what": t("audit.export", form=said.form, rows=rows, plates=plates),
        "chosen": chosen,
    }
