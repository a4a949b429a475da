"""What rolls into a fire lane after its case has ended is looked at by a person again, once for each time."""

from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from central.answers.models import Answer
from central.cases.models import Lead
from central.intake.service import commit_batch
from central.people.permissions import Role
from kerbwatch.incident import Kind, Phase
from tests.integration.central.citizens import add_reporter, close_case_of
from tests.integration.central.leads import Street, call_at, seen_at
from tests.integration.central.test_joint_operations import ON_THE_BORDER, get, post
from tests.unit.central.box import EdgeBox, report

REF = "00000000-0000-4000-8000-000000000001"
OURS = ("opened", "reject", "close", "recall_rejected", "recall_closed", "hurry")


class Kerb(Street):
    """A street with one vehicle, of which its box tells more and more."""

    def __init__(self, database):
        super().__init__(database)
        self.seen = seen_at(0, zone_id="loading-bay")

    def tells(self, **changes):
        revision = self.seen.revision + 1
        self.seen = self.seen.model_copy(update={"phase": Phase.UPDATED, "revision": revision} | changes)
        self.camera(self.seen)

    def case(self):
        (case,) = self.cases()
        return case

    def rules(self):
        return [line.rule for line in self.log(self.case().id) if line.rule in OURS]


@pytest.fixture
def kerb(database):
    found = Kerb(database)
    found.camera(found.seen)
    return found


def test_a_vehicle_that_rolls_into_the_fire_lane_after_its_case_was_rejected_is_in_review_again(kerb):
    kerb.reject(kerb.case())
    kerb.tells(zone_id="fire-lane", urgent=True)
    case = kerb.case()
    assert (case.state, case.urgent) == ("reviewing", True)
    (draft,) = case.tickets
    assert (draft.state, draft.deadline_hours) == ("drafted", 1)
    assert draft.sentence == case.sentence
    assert case.sentence.startswith("URGENT: Vehicle (car) standing in no-parking zone fire-lane")
    line = next(each for each in kerb.log(case.id) if each.rule == "recall_rejected")
    assert (line.actor, line.from_state, line.detail["lead_id"]) == ("system", "rejected", case.leads[0].id)
    assert "cannot wait" in line.note
    kerb.call(call_at(3, minutes=2))
    assert [len(each.leads) for each in kerb.cases()] == [2], "what is reported there joins it"


def test_what_was_judged_once_is_not_asked_again_until_it_rolls_on(kerb):
    kerb.tells(zone_id="fire-lane", urgent=True)
    kerb.reject(kerb.case())
    kerb.camera(kerb.seen)
    kerb.tells(zone_id="fire-lane")
    assert kerb.case().state == "rejected", "whoever rejected it saw it in the fire lane"
    kerb.tells(zone_id="other-fire-lane")
    kerb.camera(kerb.seen)
    kerb.tells()
    assert kerb.case().state == "reviewing"
    assert kerb.rules() == ["opened", "hurry", "reject", "recall_rejected"]
    kerb.reject(kerb.case())
    kerb.tells()
    kerb.tells(urgent=False, zone_id="loading-bay")
    assert kerb.case().state == "rejected"
    kerb.tells(urgent=True, zone_id="fire-lane")
    assert kerb.rules()[-2:] == ["reject", "recall_rejected"]


def test_what_has_gone_by_the_time_that_central_hears_of_it_leaves_the_case_as_it_is(kerb):
    kerb.reject(kerb.case())
    kerb.tells(zone_id="fire-lane", urgent=True, phase=Phase.CLEARED, ended_at=kerb.seen.observed_at)
    assert kerb.case().state == "rejected"


def test_a_case_that_was_closed_goes_to_an_operator_first_and_whoever_reported_it_hears_of_it(kerb):
    with kerb.database.write() as session:
        add_reporter(session, REF)
    kerb.call(call_at(3, minutes=1, reporter_ref=REF))
    with kerb.database.write(ordered=True) as session:
        close_case_of(session, session.scalars(select(Lead.id).limit(1)).one())
    kerb.tells(zone_id="fire-lane", urgent=True)
    case = kerb.case()
    assert (case.state, case.urgent, len(case.leads)) == ("reviewing", True, 2)
    assert [(each.state, each.deadline_hours) for each in case.tickets] == [("drafted", 1)]
    with kerb.database.read() as session:
        assert session.scalars(select(Answer.outcome).order_by(Answer.id)).all() == ["handled", "again"]
    kerb.tells()
    assert kerb.rules()[-2:] == ["close", "recall_closed"]


def handheld(town, name, ticket):
    return town.client.get(f"/h/tickets/{ticket['id']}", headers=town.bearer(name)).text


def test_on_a_border_the_towns_are_called_anew_when_it_is_confirmed_again(town):
    for name, role, unit in (
        ("fritz", Role.UNIT_OFFICER, "squad-fengshan"),
        ("yan", Role.UNIT_OFFICER, "squad-yangming"),
        ("dora", Role.DISPATCHER, None),
    ):
        town.add_user(name, role, unit)
    box, seen = EdgeBox(), report(at=ON_THE_BORDER, kind=Kind.STALL_ENCROACHMENT)

    def send(what):
        with town.database.write(ordered=True) as session:
            now, intake = town.clock.now_utc(), town.settings.intake
            commit_batch(session, [box.message(what)], now, intake, ZoneInfo("UTC"))
        (case,) = get(town, "/api/v1/cases", "olga")["items"]
        return get(town, f"/api/v1/cases/{case['id']}", "olga")

    def act(case, name, ticket, *moves):
        for move in moves:
            done = f"/api/v1/my/tickets/{ticket['id']}/{move}"
            case = post(town, done, {"note": "moved on"}, name, case["version"])
        return case

    case = send(seen)
    path = f"/api/v1/cases/{case['id']}"
    case = post(town, f"{path}/confirm", {}, "olga", case["version"])
    units = tuple(zip(("fritz", "yan"), case["tickets"], strict=True))
    for unit in units:
        case = act(case, *unit, "accept", "start", "report_handled")
    case = post(town, f"{path}/rework", {"note": "the oven is hot"}, "dora", case["version"])
    assert "the oven is hot" in handheld(town, *units[0])
    for unit in units:
        case = act(case, *unit, "report_handled")
    case = post(town, f"{path}/close", {"note": "seen"}, "dora", case["version"])
    more = {"revision": 2, "phase": Phase.UPDATED, "zone_id": "fire-lane", "urgent": True}
    case = send(seen.model_copy(update=more))
    assert (case["state"], case["urgent"]) == ("reviewing", True)
    case = post(town, f"{path}/confirm", {}, "olga", case["version"])
    states = sorted((each["unit_id"], each["leads"], each["state"]) for each in case["tickets"])
    assert states == [
        ("squad-fengshan", True, "dispatched"),
        ("squad-yangming", False, "dispatched"),
        ("squad-yangming", False, "voided"),
    ]
    case = act(case, *units[0], "accept", "start")
    assert "the oven is hot" not in handheld(town, *units[0]), "that was of what was closed since"
    taken = post(
        town, f"{path}/take-back", {"reason_code": "mistake", "note": "gone"}, "olga", case["version"]
    )
    rejected = post(town, f"{path}/reject", {"reason_code": "not_there"}, "olga", taken["version"])
    again = post(town, f"{path}/reopen", {"reason_code": "mistake"}, "olga", rejected["version"])
    assert [each["state"] for each in again["tickets"]].count("drafted") == 1
