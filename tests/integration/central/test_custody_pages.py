"""The case page: who looked, whether a hold stands, what a rule deleted; and the hold by its form."""

from http import HTTPStatus

import pytest

from central.people.permissions import Role
from tests.integration.central.test_retention import DAY_S, REASON, end, run, street  # noqa: F401 - a fixture


@pytest.fixture
def url(sqlite_url):
    return sqlite_url


def page(town, name="aude"):
    town.tokens.clear()
    return town.client.get(f"/cases/{town.parked}", headers=town.bearer(name)).text


def hold(town, name, move, reason):
    version = town.client.get(f"/api/v1/cases/{town.parked}", headers=town.bearer(name)).json()["version"]
    form = {"version": str(version), "reason": reason}
    path = f"/cases/{town.parked}/{move}"
    return town.client.post(path, data=form, headers=town.bearer(name), follow_redirects=False)


def test_a_hold_is_set_by_its_form_and_shown_with_its_reason(street):  # noqa: F811
    assert "Put a legal hold on it" in page(street)
    assert "Put a legal hold on it" not in page(street, "olga")
    assert hold(street, "aude", "hold", "no").status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert hold(street, "aude", "hold", REASON).status_code == HTTPStatus.SEE_OTHER
    shown = page(street, "olga")
    assert REASON in shown
    assert "Lift the legal hold" in page(street)
    assert hold(street, "aude", "hold/lift", REASON).status_code == HTTPStatus.SEE_OTHER


def test_in_the_place_of_a_deleted_picture_stands_when_and_by_which_rule(street):  # noqa: F811
    end(street.database, street.parked, "rejected", street.clock.now_utc())
    street.clock.advance(31 * DAY_S)
    run(street.database, street.store, street.clock)
    assert "by the rule &#39;rejected&#39;" in page(street)
    street.add_user("otto", Role.OPERATOR)
    assert "Plate, words and reporter taken out" in page(street, "otto")
