"""Answers in the two formats of GeoReport v2: XML without a schema, and JSON mapped from it.

JSON follows the Spark convention: a list of things is an array without the element around it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from http import HTTPStatus
from xml.sax.saxutils import escape

from fastapi import Request, Response

_ITEM_OF = {
    "services": "service",
    "service_requests": "request",
    "attributes": "attribute",
    "values": "value",
    "errors": "error",
    "endpoints": "endpoint",
    "formats": "format",
}
"""Element of a list -> element of each thing in it."""
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to say (production 2, Char)."""
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class Format(StrEnum):
    """A format of answers, as the path ends."""

    XML = "xml"
    JSON = "json"


MEDIA_TYPES = {Format.XML: "text/xml", Format.JSON: "application/json"}


def format_of(request: Request) -> Format:
    """The format that a request wants: by its path's end, else by ``Accept``, else XML (the required)."""
    _stem, dot, ending = request.url.path.rpartition(".")
    if dot and ending in set(Format):
        return Format(ending)
    accepted = request.headers.get("accept", "")
    json_at, xml_at = accepted.find("application/json"), re.search(r"(text|application)/xml", accepted)
    return Format.JSON if json_at >= 0 and (xml_at is None or json_at < xml_at.start()) else Format.XML


def respond(
    request: Request,
    root: str,
    found: object,
    *,
    status: HTTPStatus = HTTPStatus.OK,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """An answer: ``found`` under the XML element ``root``, or as JSON.

    It is made of mappings, lists, text, numbers, booleans, aware times and None.
    """
    wanted = format_of(request)
    content = _json(found) if wanted is Format.JSON else _xml(root, found)
    return Response(
        content,
        status_code=status,
        headers={**_HEADERS, **(headers or {})},
        media_type=f"{MEDIA_TYPES[wanted]}; charset=utf-8",
    )


def w3_time(moment: datetime) -> str:
    """An instant as the standard's examples write it: whole seconds, UTC."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _json(found: object) -> bytes:
    def plain(value: object) -> str:
        assert isinstance(value, datetime)
        return w3_time(value)

    return json.dumps(found, ensure_ascii=False, default=plain).encode()


def _xml(root: str, found: object) -> bytes:
    # As text: a page of 1,000 requests has 17,000 elements, and a tree of them costs three times as much.
    pieces = ["<?xml version='1.0' encoding='utf-8'?>\n"]
    _write(pieces, root, found)
    return "".join(pieces).encode()


def _write(pieces: list[str], name: str, value: object) -> None:
    """An element; its name is one of ours, never one that somebody sent."""
    begun = len(pieces)
    pieces.append(f"<{name}>")
    if isinstance(value, str):
        pieces.append(escape(_NO_XML.sub("", value)))
    elif isinstance(value, datetime):
        pieces.append(w3_time(value))
    elif isinstance(value, bool):
        pieces.append("true" if value else "false")
    elif isinstance(value, Mapping):
        for key, each in value.items():
            _write(pieces, key, each)
    elif isinstance(value, Sequence):
        for each in value:
            _write(pieces, _ITEM_OF[name], each)
    elif value is not None:
        pieces.append(str(value))
    if len(pieces) == begun + 1 or not pieces[-1]:
        pieces[begun:] = [f"<{name} />"]
    else:
        pieces.append(f"</{name}>")
