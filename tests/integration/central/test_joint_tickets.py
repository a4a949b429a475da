"""On a border of towns each unit has one ticket of a case, its own superiors, and the list's word for it."""

import pytest

from central.duty.models import Unit
from central.duty.service import import_duty_list
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


def rules(towns, name, unit, whose):
    """Somebody of a unit disputes its ticket, and the board says whose business it is."""
    path = f"/api/v1/my/tickets/{tickets(towns)[unit]['id']}/requests"
    said = {"kind": "dispute", "note": "it is not our side", "clause": "article 12"}
    asked = post(towns, name, path, said, version(towns, towns.case))
    assert asked.status_code == 201, asked.text
    (waiting,) = get(towns, "ada", "/api/v1/disputes").json()
    ruling = {"unit_id": whose, "clause": "article 12", "reasons": "all of it stands on their pavement"}
    ruled = post(towns, "ada", f"/api/v1/disputes/{waiting['request']['id']}/ruling", ruling, 1)
    assert ruled.status_code == 201, ruled.text
    return waiting


def joint_operation(towns):
    return get(towns, "dora", f"/api/v1/cases/{towns.case}/joint-operation").status_code


def closes(towns):
    state = get(towns, "olga", f"/api/v1/cases/{towns.case}").json()["state"]
    assert state == "checking"
    path = f"/api/v1/cases/{towns.case}/close"
    done = post(towns, "dora", path, {"note": "seen"}, version(towns, towns.case))
    assert done.status_code == 200, done.text


def test_a_helper_is_freed_when_the_ruling_names_a_unit_that_goes_out_anyway(towns):
    before = tickets(towns)[LEAD]
    waiting = rules(towns, "yan", HELPER, LEAD)
    assert waiting["freed_by"] == [LEAD]
    assert tickets(towns) == {LEAD: before}, "one ticket, with its clock as it was"
    assert joint_operation(towns) == 404, "one unit goes alone"
    assert get(towns, "yan", "/api/v1/my/tickets").json() == []
    line = get(towns, "olga", f"/api/v1/cases/{towns.case}/events").json()[-1]
    assert (line["rule"], line["detail"]["freed"]) == ("rule_elsewhere", True)
    acts(towns, "fritz", LEAD, "accept", "start", "report_handled")
    closes(towns)


def test_the_page_of_disputes_says_who_is_freed_by_which_choice(towns):
    path = f"/api/v1/my/tickets/{tickets(towns)[HELPER]['id']}/requests"
    said = {"kind": "dispute", "note": "it is not our side", "clause": "article 12"}
    post(towns, "yan", path, said, version(towns, towns.case))
    page = get(towns, "ada", "/disputes").text
    freed = "(has a ticket of this case: Urban management squad Yangming is freed)</option>"
    assert page.count(freed) == 1
    assert f"Urban management squad Fengshan {freed}" in page


def test_a_case_whose_last_unit_at_work_is_freed_goes_on_to_be_checked(towns):
    acts(towns, "fritz", LEAD, "accept", "start", "report_handled")
    rules(towns, "yan", HELPER, LEAD)
    closes(towns)


def test_of_a_helper_that_is_to_lead_what_it_asked_for_is_decided_with_its_ticket(towns):
    path = f"/api/v1/my/tickets/{tickets(towns)[HELPER]['id']}/requests"
    said = {"kind": "extension", "note": "market day", "hours": 2}
    asked = post(towns, "yan", path, said, version(towns, towns.case)).json()["id"]
    rules(towns, "fritz", LEAD, HELPER)
    assert {unit: each["leads"] for unit, each in tickets(towns).items()} == {HELPER: True}
    assert get(towns, "dora", f"/api/v1/requests/{asked}").json()["decision"] == "ruling 2026-0001"
    assert get(towns, "dora", "/api/v1/requests").json() == []


def test_work_that_was_not_done_goes_to_two_others_where_both_towns_disputed_and_one_is_to_lead(towns):
    for name, unit in (("fritz", LEAD), ("yan", HELPER)):
        path = f"/api/v1/my/tickets/{tickets(towns)[unit]['id']}/requests"
        said = {"kind": "dispute", "note": "it is not our side", "clause": "article 12"}
        assert post(towns, name, path, said, version(towns, towns.case)).status_code == 201
        acts(towns, name, unit, "accept", "start", "report_handled")
    whose = {LEAD: HELPER, HELPER: "squad-ditang"}
    for waiting in get(towns, "ada", "/api/v1/disputes").json():
        named = whose[waiting["request"]["unit_id"]]
        ruling = {"unit_id": named, "clause": "article 12", "reasons": "theirs"}
        ruled = post(towns, "ada", f"/api/v1/disputes/{waiting['request']['id']}/ruling", ruling, 1)
        assert ruled.status_code == 201, ruled.text
    path = f"/api/v1/cases/{towns.case}/rework"
    back = post(towns, "dora", path, {"note": "still there"}, version(towns, towns.case))
    assert (back.status_code, back.json()["state"]) == (200, "dispatched"), back.text
    assert {unit: each["leads"] for unit, each in tickets(towns).items()} == {
        HELPER: True,
        "squad-ditang": False,
    }


def reopens(towns):
    path, said = f"/api/v1/cases/{towns.case}/reopen", {"reason_code": "not_done"}
    done = post(towns, "dora", path, said, version(towns, towns.case))
    assert done.status_code == 200, done.text


def test_a_case_that_is_opened_again_goes_to_each_unit_once_as_a_ruling_says_since(towns):
    rules(towns, "fritz", LEAD, HELPER)
    acts(towns, "yan", HELPER, "accept", "start", "report_handled")
    closes(towns)
    reopens(towns)
    assert {unit: each["leads"] for unit, each in tickets(towns).items()} == {HELPER: True}
    assert joint_operation(towns) == 404


def new_list(towns, tmp_path, line):
    text = towns.settings.duty_list.read_text()
    assert text.count("own_units: true        #") == 1
    path = tmp_path / "list.yaml"
    path.write_text(text.replace("own_units: true        #", f"own_units: true\n      {line}  #"))
    with towns.database.write(ordered=True) as session:
        assert import_duty_list(session, path, towns.clock.now_utc())


@pytest.mark.parametrize(
    ("line", "units"),
    [
        ("", {LEAD: True, HELPER: False}),
        ("dated: [{area: yangming, unit: squad-ditang}]", {LEAD: True, "squad-ditang": False}),
        ("dated: [{area: fengshan, unit: squad-ditang}]", {"squad-ditang": True, HELPER: False}),
        ("dated: [{area: fengshan, unit: squad-yangming}]", {HELPER: True}),
        (f"dated: [{{area: yangming, unit: {LEAD}}}]", {LEAD: True}),
    ],
    ids=["as it was", "another helps", "another leads", "the helper leads", "nobody helps"],
)
def test_a_case_that_is_opened_again_has_the_helpers_that_the_list_names_now(towns, tmp_path, line, units):
    before = {unit: each["id"] for unit, each in tickets(towns).items()}
    for name, unit in (("fritz", LEAD), ("yan", HELPER)):
        acts(towns, name, unit, "accept", "start", "report_handled")
    closes(towns)
    if line:
        new_list(towns, tmp_path, line)
    reopens(towns)
    found = tickets(towns)
    assert {unit: each["leads"] for unit, each in found.items()} == units
    assert {each["state"] for each in found.values()} == {"dispatched"}
    assert {each["id"] for each in found.values()} <= set(before.values()), "no ticket more than before"
    assert joint_operation(towns) == (200 if len(units) > 1 else 404)
