"""What central mounts: the pages' routes, their static files, and how an error looks in a browser."""

from __future__ import annotations

from fastapi import APIRouter

from central.pages import (
    account,
    again,
    api_docs,
    audit,
    bench,
    cameras,
    cases,
    checks,
    codes,
    correcting,
    custody,
    directory,
    duty,
    handheld,
    handheld_found,
    handheld_slips,
    insight,
    live,
    me,
    new_case,
    office,
    people,
    place_code,
    rendering,
    report,
    reporter_view,
    sign_in,
    work,
)
from central.pages.sign_in import problem_page

__all__ = ["problem_page", "router", "static"]

router = APIRouter(include_in_schema=False)
for part in (
    api_docs,
    account,
    sign_in,
    directory,
    bench,
    new_case,
    cases,
    checks,
    again,
    correcting,
    custody,
    cameras,
    duty,
    live,
    codes,
    place_code,
    handheld,
    handheld_found,
    handheld_slips,
    report,
    me,
    office,
    people,
    reporter_view,
    insight,
    work,
    audit,
):
    router.include_router(part.router)

static = rendering.Static(directory=rendering.STATIC)
