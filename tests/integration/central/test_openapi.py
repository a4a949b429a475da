"""Whatever a program sends, fitting or not, is answered in words and never by a fault of central.

``make fuzz`` asks for longer (``KERBWATCH_OPENAPI_EXAMPLES=100``, for each operation), and on both databases.
"""

from __future__ import annotations

import itertools
import os
import random
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, Verbosity, given, seed
from hypothesis import settings as tries
from hypothesis.errors import Unsatisfiable
from jsonschema import Draft202012Validator
from schemathesis import GenerationMode
from sqlalchemy import select

from central.cases.models import Case, Lead, Ticket
from central.cases.rules import Origin
from central.codes.models import PlaceCode
from central.escalation.models import SupervisionSlip
from central.escalation.sweeper import Sweeper
from central.intake.service import commit_batch
from central.metrics import Metrics
from central.people.models import UserArea, UserRole
from central.people.permissions import Role
from central.people.repository import by_name
from central.points.models import PointsAward, PointsEntry, Redemption
from central.problems import DOCUMENT_SCHEMA, MEDIA_TYPE
from central.reporters.models import Reporter
from central.tickets.models import TicketRequest
from tests.integration.central.citizens import sign_in
from tests.integration.central.office import open_office
from tests.unit.central.box import EdgeBox, evidence, report

EXAMPLES = int(os.environ.get("KERBWATCH_OPENAPI_EXAMPLES", "2"))
SEED = int(os.environ.get("KERBWATCH_OPENAPI_SEED", "7"))
DATABASES = ["sqlite"] if EXAMPLES < 10 else ["sqlite", "postgresql"]
UNIT = "traffic-police-yangming"
ROLES = [role for role in Role if role not in {Role.EDGE, Role.CITIZEN}]
"""Those of the people who work here."""
STREAMS = {"/api/v1/stream"}
"""Never end by themselves; tests of their own read them."""


@pytest.fixture
def citizen(town) -> dict[str, str]:
    """Somebody with an account, who was paid for what they reported and has a cup to pick up."""
    citizen = sign_in(town, "li@example.org")
    with town.database.read() as session:
        ref = session.scalars(select(Reporter.ref)).one()
    office = open_office(town.database, town.settings)
    office.earn(ref, times=2)
    office.report(ref, origin=Origin.QR)
    office.settle(town.clock.now_utc() + timedelta(days=9))
    wish = {"gift_id": "cup"}
    bought = town.client.post(
        "/api/v1/reporter/redemptions", json=wish, headers=citizen | {"Idempotency-Key": "one-cup-please"}
    )
    assert bought.status_code == 201, bought.text
    return citizen


@pytest.fixture
def askers(town, citizen) -> list[dict[str, str]]:
    """Whoever may ask, the one with every role as often as all the others."""
    names = [f"a-{role.value}" for role in ROLES]
    for role, name in zip(ROLES, names, strict=True):
        town.add_user(name, role, unit=UNIT)
    for name in ("everything", "within-areas"):
        town.add_user(name, Role.OPERATOR, unit=UNIT)
        with town.database.write() as session:
            user = by_name(session, name)
            user.roles.extend(UserRole(role=role.value) for role in ROLES if role is not Role.OPERATOR)
            if name == "within-areas":
                user.areas.append(UserArea(area_id="yangming"))
    everything, stranger = town.bearer("everything"), {}
    others = [town.bearer(name) for name in names] + [
        town.bearer("within-areas"),
        town.edge,
        citizen,
        stranger,
    ]
    return [who for other in others for who in (everything, other)]


@pytest.fixture
def known(town, askers) -> dict[str, list[Any]]:
    """Names of what is there, so that a request gets past 'there is no such thing'."""
    box, everything = EdgeBox(), askers[0]
    with town.database.write(ordered=True) as session:
        batch = [box.message(report(evidence=(evidence(),))) for _ in range(8)]
        commit_batch(session, batch, town.clock.now_utc(), town.settings.intake, town.settings.zone)
    with town.database.read() as session:
        cases = session.scalars(select(Case.id).where(Case.state == "reviewing")).all()
    for case_id in cases[:4]:
        match = everything | {"If-Match": '"1"'}
        case = town.client.post(f"/api/v1/cases/{case_id}/confirm", json={}, headers=match).json()
        path = f"/api/v1/my/tickets/{case['tickets'][0]['id']}/requests"
        said = {"kind": "dispute", "note": "not ours", "clause": "article 56"}
        asked = town.client.post(path, json=said, headers=everything | {"If-Match": f'"{case["version"]}"'})
        assert asked.status_code == 201, asked.text
    places = {"places": [{"name": "Gate 1", "lon": 121.15, "lat": 30.05}]}
    assert town.client.post("/api/v1/codes", json=places, headers=everything).status_code == 201
    town.clock.advance(20 * 3600)
    Sweeper(town.settings, town.clock, town.database, Metrics()).once()
    columns = {
        "case_id": Case.id,
        "into_case_id": Case.id,
        "ticket_id": Ticket.id,
        "lead_id": Lead.id,
        "service_request_id": Lead.id,
        "request_id": TicketRequest.id,
        "slip_number": SupervisionSlip.number,
        "number": PlaceCode.number,
        "ref": Reporter.ref,
        "award_id": PointsAward.id,
        "entry_id": PointsEntry.id,
        "redemption_id": Redemption.id,
    }
    with town.database.read() as session:
        found = {name: list(session.scalars(select(column))) for name, column in columns.items()}
    assert all(found.values()), found
    return found | {"sha256": [evidence().sha256], "gift_id": ["cup"]}


@pytest.mark.parametrize("url", DATABASES, indirect=True)
@pytest.mark.parametrize(
    "mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value
)
def test_no_request_by_the_openapi_or_against_it_is_answered_by_a_fault(town, askers, known, mode) -> None:
    schema = schemathesis.openapi.from_dict(town.client.app.openapi())
    who, rng = itertools.cycle(askers), random.Random(SEED)
    faults: dict[str, str] = {}
    is_problem = Draft202012Validator(DOCUMENT_SCHEMA).is_valid
    answered: Counter[int] = Counter()

    def send(case: schemathesis.Case) -> None:
        for name in case.path_parameters or {}:
            if name in known and rng.random() < 0.7:
                case.path_parameters[name] = rng.choice(known[name])
        kwargs: dict[str, Any] = case.as_transport_kwargs(base_url="http://testserver")
        headers = dict(kwargs.pop("headers", None) or {}) | next(who)
        if rng.random() < 0.5:
            headers["If-Match"] = f'"{rng.randrange(1, 4)}"'
        answer = town.client.request(headers=headers, **{k: v for k, v in kwargs.items() if k != "cookies"})
        answered[answer.status_code] += 1
        status, where = answer.status_code, f"{case.method} {case.operation.path}"
        if status >= 500 and (status != 503 or "database-unavailable" in answer.text):
            faults.setdefault(where, f"{status}: {kwargs}"[:1500])
        told = case.operation.definition.raw["responses"]
        if status < 400 and str(status) not in told:
            faults.setdefault(where, f"{status} is not among {list(told)}: {kwargs}"[:1500])
        named = status < 400 or str(status) in told or MEDIA_TYPE not in told["default"]["content"]
        is_told = named or case.method.upper() == "HEAD" or answer.headers["content-type"] == MEDIA_TYPE
        if not is_told or (not named and answer.content and not is_problem(answer.json())):
            faults.setdefault(where, f"{status} is no problem document: {answer.text}"[:1500])

    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.path in STREAMS:
            continue
        run = given(case=operation.as_strategy(generation_mode=mode))(send)
        run = tries(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
            verbosity=Verbosity.quiet,
        )(run)
        with suppress(Unsatisfiable):  # an operation that takes nothing cannot be asked wrongly
            seed(SEED)(run)()
    if mode is GenerationMode.POSITIVE:
        assert sum(answered[code] for code in (200, 201, 202, 204)) > 12, "they get through, too"
    assert not faults, "\n".join(f"{where}: {what}" for where, what in faults.items())
