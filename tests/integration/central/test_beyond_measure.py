"""Numbers and days beyond all measure, in every address that takes some, are refused in words."""

import datetime
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from sqlalchemy import text
from sqlalchemy.exc import DataError
from typer.testing import CliRunner

from central.people.models import UserRole
from central.people.permissions import Role
from central.people.repository import by_name
from kerbwatch.cli import app
from kerbwatch.settings import SettingsError
from tests.integration.central.doors import doors

NUMBERS = [str(-(2**200)), str(-(2**63) - 1), "-1", "0", str(2**31), str(2**63 - 1), str(2**63), str(2**200)]
DAYS = ["0001-01-01", "1969-12-31", "1970-01-01", "9000-01-01", "9999-12-31"]
TIMES = ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"]
NAMES = {
    "day": [*DAYS, "0001-01-02", "9999-12-30"],
    "week": ["0001-W01", "0001-W02", "1970-W01", "1969-W52", "8999-W52", "9999-W51", "9999-W52", "9999-W53"],
    "month": ["0001-01", "0001-02", "1969-12", "1970-01", "9999-11", "9999-12"],
}
PLAIN = {"first": "2026-05-04", "last": "2026-05-04", "day": "2026-05-04", "kind": "illegal_parking"}


@pytest.fixture
def everybody(town) -> dict[str, str]:
    """Somebody with every role of those who work here."""
    unit = "traffic-police-yangming"
    town.add_user("everything", Role.OPERATOR, unit=unit)
    with town.database.write() as session:
        user = by_name(session, "everything")
        others = [each for each in Role if each not in {Role.OPERATOR, Role.EDGE, Role.CITIZEN}]
        user.roles.extend(UserRole(role=role.value) for role in others)
    return town.bearer("everything")


def hostile(annotation: Any) -> list[str]:
    """What a parameter of a type is sent."""
    kinds = {annotation, *get_args(annotation)}
    if kinds & {int, float}:
        return NUMBERS
    if datetime.datetime in kinds:
        return TIMES
    return DAYS if datetime.date in kinds else []


def dependants(of: Dependant) -> Iterator[Dependant]:
    """What an endpoint depends on, itself among them."""
    yield of
    for each in of.dependencies:
        yield from dependants(each)


def questions(path: str, route: APIRoute) -> Iterator[tuple[str, dict[str, str]]]:
    """Addresses with what they ask: each number and day in turn beyond measure, the others plain."""
    all_of_it = list(dependants(route.dependant))
    queries = [each for some in all_of_it for each in some.query_params]
    needed = {each.alias: PLAIN.get(each.alias, "plain") for each in queries if each.field_info.is_required()}
    for each in queries:
        for value in hostile(each.field_info.annotation):
            yield path, needed | {each.alias: value}
    for each in (each for some in all_of_it for each in some.path_params):
        if path.count("{") == 1:
            for value in hostile(each.field_info.annotation):
                yield path.replace(f"{{{each.alias}}}", value), needed
    if "{span}/{name}" in path:
        for span, names in NAMES.items():
            for name in names:
                yield path.replace("{span}", span).replace("{name}", name), needed


def test_no_number_and_no_day_is_a_fault_of_central_however_far_off(town, everybody):
    asked = [
        question
        for path, route in doors(town.client.app)
        if "GET" in (route.methods or ()) and not path.endswith(("/stream", "/live"))
        for question in questions(path, route)
    ]
    assert len(asked) > 300
    faults = {}
    for path, query in asked:
        for wanted in ("text/html", "application/json"):
            answer = town.client.get(path, params=query, headers=everybody | {"Accept": wanted})
            if answer.status_code >= 500:
                faults[f"{path} {query}"] = answer.text
    assert not faults


@pytest.mark.parametrize(
    "command",
    [
        ("report", "--period", "day", "--of", "0001-01-01"),
        ("report", "--period", "week", "--of", "9999-W52"),
        ("codes", "revoke", str(2**70), "--reason", "torn off"),
        ("codes", "sheet", "all.pdf", str(2**70)),
    ],
    ids=" ".join,
)
def test_a_command_is_refused_in_words_too(tmp_path, monkeypatch, sqlite_url, command):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret").write_text("0123456789abcdef" * 4)
    config = f"city: Yuyao\ndatabase: {{url: '{sqlite_url}'}}\nsecret: {{file: secret}}\n"
    (tmp_path / "central.yaml").write_text(config, encoding="utf-8")
    refused = CliRunner().invoke(app, ["central", *command, "-c", "central.yaml"])
    assert isinstance(refused.exception, SettingsError) or refused.exit_code == 2, refused.output


def test_a_number_that_a_database_cannot_hold_is_the_same_error_of_both(database):
    with pytest.raises(DataError), database.read() as session:
        session.execute(text("SELECT CAST(:beyond AS BIGINT)"), {"beyond": 2**70})
