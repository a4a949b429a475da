"""What central mounts: the pages' routes, their static files, and how an error looks in a browser."""

from __future__ import annotations

from fastapi import APIRouter

from central.pages import (
    bench,
    cameras,
    cases,
    checks,
    codes,
    duty,
    insight,
    live,
    me,
    office,
    place_code,
    rendering,
    reporter_view,
    sign_in,
)
from central.pages.sign_in import problem_page

__all__ = ["problem_page", "router", "static"]

router = APIRouter(include_in_schema=False)
for part in (
    sign_in,
    bench,
    cases,
    checks,
    cameras,
    duty,
    live,
    codes,
    place_code,
    me,
    office,
    reporter_view,
    insight,
):
    router.include_router(part.router)

static = rendering.Static(directory=rendering.STATIC)
