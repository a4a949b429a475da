"""People who report, for tests: they sign in with the code that the console shows, and report by phone."""

from __future__ import annotations

import re
from contextlib import redirect_stdout
from io import StringIO

from central.cases import service as cases
from central.cases.models import Case, Lead
from central.cases.reporting import LeadIn
from central.cases.rules import ClosingOutcome, Origin, RejectReason
from central.people.permissions import permissions_of
from central.people.service import Principal
from central.points import awards
from central.points.rules import PointsFile
from central.reporters.models import Reporter, ReporterIdentity
from central.reports import service as reports
from central.uploads.models import UploadFile
from kerbwatch.ids import new_id
from kerbwatch.incident import Kind
from tests.unit.central.box import IN_YANGMING, NOON

METRE = 1 / 111_195
LON, LAT = IN_YANGMING
OLGA = Principal("user:olga", "olga", ("operator",), permissions_of(["operator"]))
ADA = Principal("user:ada", "ada", ("administrator",), permissions_of(["administrator"]))
DORA = Principal("user:dora", "dora", ("dispatcher",), permissions_of(["dispatcher"]))
JUDY = Principal("user:judy", "judy", ("adjudicator",), permissions_of(["adjudicator"]))
RULES = PointsFile.model_validate(
    {
        "daily_cap": 60,
        "approve_from": 50,
        "rules": [
            {"kind": "illegal_parking", "channel": "qr", "points": 50},
            {"kind": "illegal_parking", "points": 20},
        ],
    }
)


def code_for(town, contact: str) -> tuple[str, str]:
    """Ask for a code; the challenge, and the code as the console shows it."""
    central = town.client.app.state.central
    asked = town.client.post("/api/v1/reporter/codes", json={"contact": contact})
    assert asked.status_code == 202, asked.text
    with redirect_stdout(StringIO()) as console:
        central.courier.drain()
    *_before, code = re.findall(r"\b(\d{6}) is your code", console.getvalue())
    return asked.json()["challenge"], code


def sign_in(town, contact: str) -> dict[str, str]:
    """The headers of an app that somebody signed in to."""
    challenge, code = code_for(town, contact)
    made = town.client.post("/api/v1/reporter/token", json={"challenge": challenge, "code": code})
    assert made.status_code == 200, made.text
    return {"Authorization": f"Bearer {made.json()['access_token']}"}


def add_reporter(session, ref: str, fingerprint: str | None = None) -> None:
    """Somebody with an account, put straight into the tables."""
    session.add(Reporter(ref=ref, created_at=NOON, deleted_at=None, notify=True))
    session.flush()
    identity = ReporterIdentity(
        ref=ref, channel="phone", sealed="sealed", fingerprint=fingerprint or ref, confirmed_at=NOON
    )
    session.add(identity)


def report_at(metres: float, ref: str | None = None, **changes) -> LeadIn:
    values = {
        "origin": Origin.PHOTO,
        "source": "page",
        "external_id": new_id(),
        "kind": Kind.ILLEGAL_PARKING,
        "lon": LON,
        "lat": LAT + metres * METRE,
        "place_method": "gps",
        "seen_at": NOON,
        "words": "A car blocks the pavement",
        "reporter_ref": ref,
    }
    return LeadIn(**(values | changes))


def send(session, settings, said: LeadIn, now=NOON, pictures=()) -> str:
    """A report that becomes a lead at once, with the (SHA-256, perceptual hash) of its pictures; its lead."""
    report = reports.register(session, said, now, reports.hash_of(said)).report
    session.flush()
    session.add_all(
        UploadFile(
            report_id=report.id, sha256=sha256, phash=perceptual, content_type="image/jpeg", created_at=now
        )
        for sha256, perceptual in pictures
    )
    return reports.make_lead(session, report, actor="test", now=now, settings=settings)


def reject(session, case: Case, now=NOON) -> None:
    cases.move(session, case, "reject", OLGA, now, reason_code=RejectReason.NOT_THERE)


def finish(session, case: Case, now=NOON) -> None:
    """As after all the ways of its tickets: it was dealt with and checked."""
    case.state = "checking"
    for ticket in case.tickets:
        ticket.state = "handled"
    cases.move(session, case, "close", None, now, reason_code=ClosingOutcome.DEALT_WITH, note="seen")


def close_case_of(session, lead_id: str, now=NOON) -> str:
    """End the case of a lead as dealt with; the case's id."""
    case = cases.repository.case(session, session.get(Lead, lead_id).case_id, lock=True)
    finish(session, case, now)
    return case.id


def put_rules(database, rules: PointsFile = RULES) -> None:
    with database.write() as session:
        awards.put_in_force(session, rules, "test", NOON)


def settle(database, zone, now=NOON) -> list[str]:
    """Judge whatever waits; why each is worth what it is."""
    found = []
    while True:
        with database.write() as session:
            why = awards.settle_next(session, zone, now)
        if why is None:
            return found
        found.append(why.value)
