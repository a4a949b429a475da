"""Every address that central answers, as the application knows it."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import FastAPI
from fastapi.routing import APIRoute, APIRouter


def doors(app: FastAPI | APIRouter, before: str = "") -> Iterator[tuple[str, APIRoute]]:
    """Path and route of each, also of routers that were included; FastAPI no longer copies their routes."""
    for route in app.routes:
        if isinstance(route, APIRoute):
            yield before + route.path, route
        elif (inner := getattr(route, "original_router", None)) is not None:
            yield from doors(inner, before + route.include_context.prefix)


def readable(app: FastAPI) -> list[tuple[str, APIRoute]]:
    """Those that are read and name nothing in their path: many, or the test that asks finds none."""
    found = [each for each in doors(app) if "GET" in (each[1].methods or ()) and "{" not in each[0]]
    assert len(found) > 50
    return found
