"""Whatever a signed-in program sends, fitting or not, is answered in words and never by a fault of central.

``make fuzz`` asks for longer (``KERBWATCH_OPENAPI_EXAMPLES=100``, for each operation).
"""

from __future__ import annotations

import itertools
import os
import random
from collections import Counter
from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, Verbosity, given, seed
from hypothesis import settings as tries
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

from central.cases.models import Case, Ticket
from central.intake.service import commit_batch
from central.people.models import UserRole
from central.people.permissions import Role
from central.people.repository import by_name
from tests.unit.central.box import EdgeBox, report

EXAMPLES = int(os.environ.get("KERBWATCH_OPENAPI_EXAMPLES", "2"))
ROLES = [role for role in Role if role not in {Role.EDGE, Role.CITIZEN}]
STREAMS = {"/api/v1/stream"}
"""Never end by themselves; tests of their own read them."""


@pytest.fixture
def known(town) -> dict[str, list[str]]:
    """Ids that are there, so that a request gets past 'there is no such thing'."""
    box = EdgeBox()
    with town.database.write(ordered=True) as session:
        batch = [box.message(report()) for _ in range(8)]
        commit_batch(session, batch, town.clock.now_utc(), town.settings.intake, town.settings.zone)
    with town.database.read() as session:
        cases = [row.id for row in session.query(Case)]
        tickets = [row.id for row in session.query(Ticket)]
    return {"case_id": cases, "ticket_id": tickets, "into_case_id": cases}


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value
)
def test_no_request_by_the_openapi_or_against_it_is_answered_by_a_fault(town, known, mode) -> None:
    for role in ROLES:
        town.add_user(f"a-{role.value}", role, unit="traffic-police")
    town.add_user("everything", Role.OPERATOR, unit="traffic-police")
    with town.database.write() as session:
        more = [UserRole(role=role.value) for role in ROLES if role is not Role.OPERATOR]
        everything = by_name(session, "everything")
        everything.roles.extend(more)
    each = (town.bearer(f"a-{role.value}") for role in ROLES)
    holders = itertools.cycle([who for one in each for who in (town.bearer("everything"), one)])
    schema = schemathesis.openapi.from_dict(town.client.app.openapi())
    rng = random.Random(1)
    faults: dict[str, str] = {}
    answered: Counter[int] = Counter()

    def send(case: schemathesis.Case) -> None:
        for name in case.path_parameters or {}:
            if name in known and rng.random() < 0.7:
                case.path_parameters[name] = rng.choice(known[name])
        kwargs: dict[str, Any] = case.as_transport_kwargs(base_url="http://testserver")
        headers = dict(kwargs.pop("headers", None) or {}) | next(holders)
        if rng.random() < 0.5:
            headers["If-Match"] = f'"{rng.randrange(1, 4)}"'
        answer = town.client.request(headers=headers, **{k: v for k, v in kwargs.items() if k != "cookies"})
        answered[answer.status_code] += 1
        if answer.status_code >= 500 and answer.status_code != 503:
            where = f"{case.method} {case.operation.path}"
            faults.setdefault(where, f"{answer.status_code}: {kwargs}"[:1500])

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
            seed(7)(run)()
    if mode is GenerationMode.POSITIVE:
        assert sum(answered[code] for code in (200, 201, 202, 204)) > 12, "they get through, too"
    assert not faults, "\n".join(f"{where}: {what}" for where, what in faults.items())
