"""What apps send, read into typed values; each fault in words for whoever wrote the app."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

from central.cases.reporting import PLATE_CHARS
from central.open311.services import PLATE, SEEN_AT, URGENT, YES, Attribute, Service
from central.reports.forms import cleaned

MOST_BODY_BYTES = 64 * 1024
MOST_FIELDS = 100
DESCRIPTION_CHARS = 4000
"""As the standard limits it."""
ADDRESS_CHARS, URL_CHARS = 300, 2000
MOST_AGE = timedelta(days=30)
"""What was seen longer ago is no longer a thing to go out for."""
_FIRST_YEAR, _LAST_YEAR = 1970, 2999
_ATTRIBUTE = re.compile(r"attribute\[([^\[\]]{1,60})\](\[\])?")
_W3_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})", re.ASCII)


class RefusedError(Exception):
    """A request that cannot be fulfilled; each of ``faults`` is a sentence."""

    def __init__(self, *faults: str, status: int = 400) -> None:
        super().__init__("; ".join(faults))
        self.faults, self.status = faults, status


@dataclass(frozen=True, slots=True)
class Reported:
    """A service request that an app posts.

    Attributes:
        service: what is reported.
        lon: WGS-84 degrees.
        lat: WGS-84 degrees.
        address: in words, where the app says it.
        words: the description with the answers about it.
        urgent: whether it cannot wait.
        plate: the vehicle's, where the app says it.
        seen_at: when it was seen; None where the app does not say.
    """

    service: Service
    lon: float
    lat: float
    address: str | None
    words: str
    urgent: bool
    plate: str | None
    seen_at: datetime | None


def form_of(body: bytes) -> dict[str, str]:
    """The fields of a form; of one that comes several times the first counts. Raises RefusedError."""
    try:
        pairs = parse_qsl(body.decode("utf-8"), max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError:  # UnicodeDecodeError is one
        raise RefusedError(
            f"send a form (application/x-www-form-urlencoded) in UTF-8 of at most {MOST_FIELDS} fields"
        ) from None
    fields: dict[str, str] = {}
    for name, value in pairs:
        fields.setdefault(name, value)
    return fields


def reported(
    fields: Mapping[str, str], services: Mapping[str, Service], now: datetime, latest: datetime
) -> Reported:
    """A posted service request. Raises RefusedError with every fault there is: 404 for an unknown service.

    Args:
        fields: of the form.
        services: what can be reported, by code.
        now: the present instant.
        latest: at which something can have been seen, the tolerance for clocks included.
    """
    code = fields.get("service_code", "")
    service = services.get(code)
    if service is None:
        if not code:
            raise RefusedError("service_code was not provided")
        raise RefusedError("service_code was not found", status=404)
    faults: list[str] = []
    lon, lat = _place(fields, faults)
    answers = _answers(service, fields, faults)
    address = cleaned(fields.get("address_string", "").replace("\n", " "))
    if len(address) > ADDRESS_CHARS:
        faults.append(f"address_string has at most {ADDRESS_CHARS} characters")
    description = cleaned(fields.get("description", ""))
    if len(description) > DESCRIPTION_CHARS:
        faults.append(f"description has at most {DESCRIPTION_CHARS} characters")
    media_url = _media_url(fields.get("media_url", ""), faults)
    seen_at = _seen_at(answers.get(SEEN_AT), now - MOST_AGE, latest, faults)
    if faults:
        raise RefusedError(*faults)
    lines = [description]
    if answers.get(PLATE):
        lines.insert(0, f"Number plate: {answers[PLATE]}.")
    if media_url:
        lines.append(f"Picture: {media_url}")
    return Reported(
        service=service,
        lon=lon,
        lat=lat,
        address=address or None,
        words="\n".join(line for line in lines if line),
        urgent=answers.get(URGENT) == YES,
        plate=answers.get(PLATE),
        seen_at=seen_at,
    )


def _place(fields: Mapping[str, str], faults: list[str]) -> tuple[float, float]:
    lon_text, lat_text = fields.get("long", ""), fields.get("lat", "")
    if not lon_text or not lat_text:
        faults.append("lat and long are needed: addresses are not looked up here")
        return math.nan, math.nan
    try:
        lon, lat = float(lon_text), float(lat_text)
    except ValueError:
        lon = lat = math.nan
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        faults.append("lat and long must be WGS-84 degrees: lat from -90 to 90, long from -180 to 180")
    return lon, lat


def _answers(service: Service, fields: Mapping[str, str], faults: list[str]) -> dict[str, str]:
    given: dict[str, str] = {}
    for name, value in fields.items():
        match = _ATTRIBUTE.fullmatch(name)
        if match and value.strip():
            given[match[1]] = " ".join(cleaned(value).split())
    known = {each.code: each for each in service.attributes}
    faults += [f"attribute[{code}] is none of {service.code}" for code in given if code not in known]
    for each in service.attributes:
        lacking = _fault_of(each, given.get(each.code))
        if lacking:
            faults.append(f"attribute[{each.code}] {lacking}")
    return given


def _fault_of(attribute: Attribute, value: str | None) -> str | None:
    if not value:
        return "is required" if attribute.required else None
    keys = [key for key, _name in attribute.values]
    if keys and value not in keys:
        return f"must be one of {', '.join(keys)}"
    if attribute.code == PLATE and len(value) > PLATE_CHARS:
        return f"has at most {PLATE_CHARS} characters"
    return None


def _media_url(text: str, faults: list[str]) -> str | None:
    if not text:
        return None
    try:
        parts = urlsplit(text)
        sound = parts.scheme in {"http", "https"} and bool(parts.hostname) and not parts.username
    except ValueError:
        sound = False
    if not sound or len(text) > URL_CHARS or not text.isprintable() or " " in text:
        faults.append(f"media_url must be an http(s) URL of at most {URL_CHARS} characters")
        return None
    return text


def _seen_at(text: str | None, earliest: datetime, latest: datetime, faults: list[str]) -> datetime | None:
    if not text:
        return None
    try:
        seen_at = w3_time(text)
    except ValueError:
        faults.append(
            f"attribute[{SEEN_AT}] must be a time with its offset, such as 2026-05-04T11:02:00+08:00"
        )
        return None
    if not earliest <= seen_at <= latest:
        faults.append(f"attribute[{SEEN_AT}] must lie within the last {MOST_AGE.days} days")
    return seen_at


def w3_time(text: str) -> datetime:
    """A time as the W3C note writes it, always with an offset. Raises ValueError.

    A ``+`` that came as a blank, since nobody escaped it in the URL, is taken for what it was.
    """
    mended = re.sub(r" (?=\d{2}:\d{2}$)", "+", text.strip())
    if not _W3_TIME.fullmatch(mended):
        raise ValueError(f"not a time: {text!r}")
    found = datetime.fromisoformat(mended)
    if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        raise ValueError(f"not a year of ours: {text!r}")
    return found
