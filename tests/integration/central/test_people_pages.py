"""The console's page of people: who is let in, what they may do, and who is shut out."""

import re
from html import unescape

import pytest
from sqlalchemy import select

from central.custody.models import CustodyEntry
from central.people.permissions import Role
from tests.integration.central.conftest import PASSWORD

pytestmark = pytest.mark.parametrize("url", ["sqlite"], indirect=True)


@pytest.fixture
def desk(town):
    """Adam, an administrator, before his browser."""
    town.add_user("adam", Role.ADMINISTRATOR)
    town.client.headers["accept"] = "text/html"
    town.client.post("/sign-in", data={"name": "adam", "password": PASSWORD})
    return town


def shown(town, path, status=200):
    answer = town.client.get(path)
    assert answer.status_code == status, answer.text
    return unescape(answer.text)


def send(town, path, whom=None, **fields):
    """A form as it stands on the page, with some fields filled in."""
    page = shown(town, f"/people/person?name={whom}" if whom else "/people/new")
    form = {"name": whom} if whom else {}
    return town.client.post(path, data=form | hidden(page) | fields)


def hidden(page):
    return dict(re.findall('name="(csrf_token|version)" value="([^"]*)"', page))


def may_come_in(town, name, password):
    answer = town.client.post("/api/v1/token", json={"name": name, "password": password})
    return answer.status_code == 200


def must_change(town, name, password):
    answer = town.client.post("/api/v1/token", json={"name": name, "password": password})
    return answer.json()["must_change_password"]


def test_somebody_new_gets_a_password_that_is_shown_once_and_another_unit_later(desk):
    rights = {"roles": ["unit_officer"], "areas": ["yangming"]}
    refused = send(desk, "/people", **rights | {"name": "ulla"})
    assert (refused.status_code, "needs a unit" in refused.text) == (409, True)
    assert 'value="yangming" checked' in refused.text, "what was filled in is not lost"
    made = send(desk, "/people", **rights | {"name": "ulla", "unit": "squad-1"})
    password = re.search("<code>([a-z2-9-]{19})</code>", made.text)[1]
    assert may_come_in(desk, "ulla", password)
    assert must_change(desk, "ulla", password)
    assert "Has yet to choose a password" in shown(desk, "/people/person?name=ulla")
    listed = shown(desk, "/people?q=SQUAD-1")
    assert ("ulla" in listed, "olga" in listed, "Officer of a unit" in listed) == (True, False, True)
    assert "Came in 11:00" in listed
    assert "adam" in shown(desk, "/people")
    assert password not in shown(desk, "/people/person?name=ulla")
    before = desk.client.get("/people/person?name=ulla").text
    saved = send(desk, "/people/person", "ulla", roles=["auditor"], areas=[], unit="")
    assert "Saved." in saved.text
    assert "Nothing was changed." in send(desk, "/people/person", "ulla", roles=["auditor"]).text
    late = desk.client.post("/people/person", data=hidden(before) | {"name": "ulla", "roles": "operator"})
    assert (late.status_code, "has changed since you saw it" in late.text) == (412, True)
    typed = send(desk, "/people/person/password", "ulla", password="typed by hand", again="typed by hnad")
    assert (typed.status_code, "typed differently" in typed.text) == (422, True)
    send(desk, "/people/person/password", "ulla", password="typed by hand", again="typed by hand")
    assert (may_come_in(desk, "ulla", password), may_come_in(desk, "ulla", "typed by hand")) == (False, True)
    assert must_change(desk, "ulla", "typed by hand")
    with desk.database.read() as session:
        entries = session.scalars(select(CustodyEntry).where(CustodyEntry.subject == "user:ulla")).all()
    assert [(each.kind, each.actor) for each in entries] == [
        ("user_added", "user:adam"),
        *[("user_changed", "user:adam")] * 4,
    ], "roles, unit and areas are told apart, and the password"


def test_who_is_shut_out_stays_out_and_the_last_administrator_stays_in(desk):
    assert "They may no longer sign in." in send(desk, "/people/person/disabled", "olga", on="true").text
    assert not may_come_in(desk, "olga", PASSWORD)
    assert "May not sign in" in shown(desk, "/people")
    send(desk, "/people/person/disabled", "olga", on="false")
    assert may_come_in(desk, "olga", PASSWORD)
    for path, fields in (
        ("/people/person/disabled", {"on": "true"}),
        ("/people/person", {"roles": "auditor"}),
    ):
        kept = send(desk, path, "adam", **fields)
        assert (kept.status_code, "last administrator" in kept.text) == (409, True)
    form = {"name": "olga", "version": "1", "on": "true"}
    assert desk.client.post("/people/person/disabled", data=form).status_code == 403, "from a foreign page"
    assert shown(desk, "/people/person?name=nobody", 404)


def test_people_are_the_administrators_alone(town):
    town.client.headers["accept"] = "text/html"
    assert "/people" not in shown_to(town, "olga", "/").text
    for path in ("/people", "/people/new", "/people/person?name=olga"):
        assert shown_to(town, "olga", path).status_code == 403


def shown_to(town, name, path):
    return town.client.get(path, headers=town.bearer(name))
