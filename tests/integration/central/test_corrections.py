"""What came in wrong is put right before it goes out: by whom, from what and why stands in the log."""

import re

import pytest
from sqlalchemy import select

from central.cases.models import CaseEvent
from tests.unit.central.box import IN_YANGMING, NOON, NOWHERE

pytestmark = pytest.mark.parametrize("url", ["sqlite"], indirect=True)
IN_FENGSHAN = (121.2, 30.05)


@pytest.fixture
def called(town):
    """Items of the hotline that have come in; the numbers of their cases, the older first."""

    def call(*changes):
        item = {"kind": "illegal_parking", "lon": IN_YANGMING[0], "lat": IN_YANGMING[1]}
        items = [item | {"number": str(k), "at": NOON.isoformat()} | each for k, each in enumerate(changes)]
        answer = town.client.post("/api/v1/hotline", json={"items": items}, headers=town.bearer("olga"))
        assert answer.json()["taken"] == len(items)
        found = town.client.get("/api/v1/cases", headers=town.bearer("olga")).json()["items"]
        return [each["id"] for each in reversed(found)]

    return call


@pytest.fixture
def act(town):
    def posted(case_id, what, version=None, **body):
        if version is None:
            seen = town.client.get(f"/api/v1/cases/{case_id}", headers=town.bearer("olga"))
            version = seen.headers["ETag"]
        headers = town.bearer("olga") | {"If-Match": version}
        return town.client.post(f"/api/v1/cases/{case_id}/{what}", json=body, headers=headers)

    return posted


def test_kind_place_and_urgency_are_corrected_and_the_right_unit_is_told(town, called, act):
    (case_id,) = called({})
    lon, lat = IN_FENGSHAN
    answer = act(case_id, "correction", lon=lon, lat=lat, urgent=True, reason="The caller meant East Street")
    case = answer.json()
    assert (answer.status_code, case["area_id"], case["urgent"]) == (200, "fengshan", True)
    assert case["tickets"][0]["state"] == "drafted"
    assert "Fengshan" in case["tickets"][0]["routing_note"]
    assert case["leads"][0]["lon"] == IN_YANGMING[0], "what the caller said stays"
    before = case["tickets"][0]["item"]
    case = act(case_id, "correction", kind="stall_encroachment", reason="It is a fruit stall").json()
    assert (case["kind"], case["tickets"][0]["item"] != before) == ("stall_encroachment", True)
    with town.database.read() as session:
        query = select(CaseEvent).where(CaseEvent.case_id == case_id, CaseEvent.rule == "correct")
        first, second = session.scalars(query.order_by(CaseEvent.id)).all()
    assert (first.actor, first.note) == ("user:olga", "The caller meant East Street")
    assert first.detail["changed"]["lon"] == [IN_YANGMING[0], lon]
    assert second.detail["changed"] == {"kind": ["illegal_parking", "stall_encroachment"]}
    assert act(case_id, "confirm").status_code == 200
    late = act(case_id, "correction", urgent=False, reason="Too late")
    assert (late.status_code, "in review" in late.json()["detail"]) == (409, True)


def test_a_correction_needs_a_reason_something_new_a_place_in_the_city_and_the_version(town, called, act):
    (case_id,) = called({})
    assert act(case_id, "correction", kind="stall_encroachment").status_code == 422
    assert act(case_id, "correction", reason="x").status_code == 422
    assert act(case_id, "correction", lon=121.1, reason="x").status_code == 422
    assert act(case_id, "correction", urgent=False, reason="x").status_code == 409
    assert act(case_id, "correction", lon=NOWHERE[0], lat=NOWHERE[1], reason="x").status_code == 422
    assert act(case_id, "correction", '"0"', urgent=True, reason="x").status_code == 412


def test_two_cases_that_somebody_knows_to_be_one_are_merged_by_number_and_taken_apart_again(called, act):
    far = {"lon": IN_FENGSHAN[0], "lat": IN_FENGSHAN[1]}
    older, younger, stall = called({}, far, far | {"kind": "stall_encroachment"})
    assert act(older, "merge", other=stall).status_code == 409
    assert act(older, "merge", other=older).status_code == 409
    kept = act(older, "merge", other=younger)
    assert (kept.status_code, kept.json()["id"], len(kept.json()["leads"])) == (200, older, 2)
    assert act(older, "merge", other=younger).status_code == 409, "it is merged already"
    lead = kept.json()["leads"][1]["id"]
    apart = act(older, f"leads/{lead}/split")
    assert (apart.status_code, apart.json()["tickets"][0]["state"]) == (200, "drafted")


def test_the_page_takes_a_correction_and_a_merge_and_says_what_is_lacking(town, called):
    older, younger = called({}, {"lon": IN_FENGSHAN[0], "lat": IN_FENGSHAN[1]})

    def sent(what, **form):
        page = town.client.get(f"/cases/{older}", headers=town.bearer("olga")).text
        version = re.search('name="version" value="([0-9]+)"', page)[1]
        form |= {"version": version}
        return town.client.post(f"/cases/{older}/{what}", data=form, headers=town.bearer("olga"))

    assert "Number of the case" in town.client.get(f"/cases/{older}", headers=town.bearer("olga")).text
    assert "longitude and latitude" in sent("correction", place="somewhere else", reason="x").text
    assert "Corrected: the ticket" in sent("correction", place="121.2, 30.05", reason="East Street").text
    assert "there is no case" in sent("merge", other="the other one").text
    merged = sent("merge", other=f" {younger.upper()} ")
    assert "Merged: one case goes on" in merged.text
