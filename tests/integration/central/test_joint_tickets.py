"""On a border of towns each unit has one ticket of a case, its own superiors, and the list's word for it."""

import pytest

from central.duty.models import Unit
from central.escalation.sweeper import Sweeper
from central.metrics import Metrics
from central.people.permissions import Role
from tests.integration.central.test_scopes_joint import (
    ON_THE_BORDER,
    get,
    post,
    seen,
    version,
)

LEAD, HELPER = "squad-fengshan", "squad-yangming"


@pytest.fixture
def towns(town):
    """Two towns whose squads answer to their own governments, with an officer in each squad."""
    with town.database.write() as session:
        for name, squad in (("fengshan", LEAD), ("yangming", HELPER)):
            session.add(Unit(id=f"town-{name}", name=f"{name.title()} government", parent_id="city-centre"))
            session.get(Unit, squad).parent_id = f"town-{name}"
    town.add_user("fritz", Role.UNIT_OFFICER, LEAD)
    town.add_user("yan", Role.UNIT_OFFICER, HELPER)
    town.add_user("dora", Role.DISPATCHER)
    town.add_user("ada", Role.ADJUDICATOR)
    town.case = seen(town, ON_THE_BORDER)["id"]
    return town


def tickets(towns):
    """Of the case, by unit, those that are not voided."""
    found = get(towns, "olga", f"/api/v1/cases/{towns.case}").json()["tickets"]
    return {each["unit_id"]: each for each in found if each["state"] != "voided"}


def acts(towns, name, unit, *moves):
    for move in moves:
        path = f"/api/v1/my/tickets/{tickets(towns)[unit]['id']}/{move}"
        done = post(towns, name, path, {"note": "cleared"}, version(towns, towns.case))
        assert done.status_code == 200, done.text


def hours_pass(towns, hours):
    towns.clock.advance(hours * 3600)
    towns.tokens.clear()  # nobody's lasts for days
    Sweeper(towns.settings, towns.clock, towns.database, Metrics()).once()


def told(towns):
    slips = get(towns, "dora", "/api/v1/slips").json()
    return [(slip["sentence"].partition(" was to")[0], slip["unit_id"]) for slip in reversed(slips)]


def test_the_town_whose_squad_is_late_is_told_and_not_the_other(towns):
    acts(towns, "fritz", LEAD, "accept", "start", "report_handled")
    hours = tickets(towns)[HELPER]["deadline_hours"]
    hours_pass(towns, hours + 0.1)
    assert told(towns) == [("Urban management squad Yangming", "town-yangming")]
    hours_pass(towns, 8)
    assert told(towns)[1:] == [("Urban management squad Yangming", "city-centre")]


def test_both_towns_are_told_each_of_its_own_squad(towns):
    hours_pass(towns, tickets(towns)[HELPER]["deadline_hours"] + 0.1)
    assert set(told(towns)) == {
        ("Urban management squad Yangming", "town-yangming"),
        ("Urban management squad Fengshan", "town-fengshan"),
    }


def test_whom_a_helper_answers_to_stays_as_it_was_when_its_ticket_went_out(towns):
    """Through a change of the units' tree, and when the work comes back."""
    with towns.database.write() as session:
        session.get(Unit, HELPER).parent_id = "housing"
    for name, unit in (("fritz", LEAD), ("yan", HELPER)):
        acts(towns, name, unit, "accept", "start", "report_handled")
    path = f"/api/v1/cases/{towns.case}/rework"
    back = post(towns, "dora", path, {"note": "still there"}, version(towns, towns.case))
    assert back.status_code == 200, back.text
    acts(towns, "fritz", LEAD, "report_handled")
    hours_pass(towns, tickets(towns)[HELPER]["deadline_hours"] + 0.1)
    assert told(towns) == [("Urban management squad Yangming", "town-yangming")]
