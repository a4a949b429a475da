"""What a unit asked for about a ticket is settled when its work is done: it can be granted no more."""

import pytest

from tests.integration.central.squad import Squad

on_sqlite = pytest.mark.parametrize("url", ["sqlite"], indirect=True)
"""Where databases do not differ."""


@pytest.fixture
def squad(town):
    return Squad(town)


def asks(squad, case, **what):
    version, ticket = squad.case(case["id"])["version"], case["tickets"][0]["id"]
    answer = squad.post(f"/api/v1/my/tickets/{ticket}/requests", {"note": "why"} | what, "ulla", version)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def test_a_request_waits_no_longer_than_the_work_and_a_dispute_waits_for_its_ruling(squad):
    case = squad.confirmed()
    squad.handles(case, "accept", "start")
    extension = asks(squad, case, kind="extension", hours=3)
    dispute = asks(squad, case, kind="dispute", clause="article 12")
    page = squad.town.client.get("/requests", headers=squad.town.bearer("dora")).text
    assert f"/requests/{extension}/decide" in page
    squad.handles(case, "report_handled")
    found = squad.get(f"/api/v1/requests/{extension}")
    assert (found["state"], found["decision"]) == ("declined", "the work was reported as handled")
    assert squad.get(f"/api/v1/requests/{dispute}")["state"] == "waiting"
    assert [each["id"] for each in squad.get("/api/v1/requests")] == [dispute]
    page = squad.town.client.get("/requests", headers=squad.town.bearer("dora")).text
    assert f"/requests/{extension}/decide" not in page


@on_sqlite
def test_after_rework_the_unit_may_ask_again(squad):
    case = squad.confirmed()
    squad.handles(case, "accept", "start")
    asks(squad, case, kind="extension", hours=3)
    squad.handles(case, "report_handled")
    version = squad.case(case["id"])["version"]
    back = squad.post(f"/api/v1/cases/{case['id']}/rework", {"note": "still there"}, "dora", version)
    assert back.status_code == 200, back.text
    request = asks(squad, case, kind="extension", hours=3)
    path, granted = f"/api/v1/requests/{request}/decide", {"granted": True, "note": "yes"}
    assert squad.post(path, granted, "dora", 1).status_code == 200
