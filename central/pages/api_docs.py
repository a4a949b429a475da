"""The page that shows the API, from central's own files alone."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from central.pages.rendering import page

router = APIRouter(include_in_schema=False)


@router.get("/api/docs")
def show(request: Request) -> Response:
    """Every operation with its fields; works where there is no internet."""
    return page(request, "api_docs.html", {})
