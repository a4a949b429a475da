"""What lies outside the city is nobody's here to mend, and whoever sends it is told so, by each channel."""

import pytest
from sqlalchemy import delete, func, select

from central.areas.models import Area
from central.cases.models import Case
from central.handheld import finds
from central.handheld.finds import Find
from central.open311 import service as open311
from central.people.permissions import Role, permissions_of
from central.people.service import Principal
from central.problems import Problem
from central.reports.forms import new_form_key
from central.reports.service import Seen
from kerbwatch.incident import Kind
from tests.unit.central.box import IN_YANGMING, NOON, NOWHERE

pytestmark = pytest.mark.parametrize("url", ["sqlite"], indirect=True)
WORDS = "the place lies outside"
METRE = 1 / 111_195
NORTH = (121.15, 30.15)
"""On the city's northern border."""


def called(number, place):
    item = {"number": number, "kind": "illegal_parking", "at": NOON.isoformat()}
    return item | {"lon": place[0], "lat": place[1]}


def by_hotline(town, *places):
    items = [called(str(k), place) for k, place in enumerate(places)]
    return town.client.post("/api/v1/hotline", json={"items": items}, headers=town.bearer("olga")).json()


def by_app(town, place):
    with town.database.write() as session:
        key = open311.add_key(session, "shequ", NOON).key
    form = {"api_key": key, "service_code": "illegal_parking", "lat": place[1], "long": place[0]}
    form |= {"address_string": "Somewhere"}
    return town.client.post("/open311/v2/requests.json", data=form)


def by_code(town, place):
    town.add_user("dora", Role.DISPATCHER)
    places = [{"name": "Gate", "lon": place[0], "lat": place[1]}]
    return town.client.post("/api/v1/codes", json={"places": places}, headers=town.bearer("dora"))


def by_unit(town, place):
    who = Principal("user:uwe", "uwe", ("unit_officer",), permissions_of([Role.UNIT_OFFICER]), "squad-1")
    find = Find(Kind.ILLEGAL_PARKING, "", Seen(*place, "map"), urgent=False)
    central = town.client.app.state.central
    finds.take(central, find, who=who, unit_id="squad-1", form_key=new_form_key(), photo_key=None)


def cases(town):
    with town.database.read() as session:
        return session.scalar(select(func.count()).select_from(Case))


def test_an_item_of_the_hotline_outside_the_city_is_a_bad_line_and_the_others_are_taken(town):
    told = by_hotline(town, IN_YANGMING, NOWHERE)
    assert told["taken"] == 1
    assert [(each["line"], WORDS in each["reason"]) for each in told["refused"]] == [(2, True)]


def test_neither_an_app_nor_a_unit_nor_whoever_hangs_up_codes_brings_a_place_outside(town):
    refused = by_app(town, NOWHERE)
    assert (refused.status_code, refused.json()[0]["description"]) == (400, f"{WORDS} the city")
    assert by_code(town, NOWHERE).status_code == 422
    with pytest.raises(Problem, match=WORDS):
        by_unit(town, NOWHERE)
    assert cases(town) == 0


def test_just_beyond_the_border_is_taken_and_further_off_is_not(town):
    near, far = ((NORTH[0], NORTH[1] + off * METRE) for off in (90, 130))
    assert (by_hotline(town, near, far)["taken"], cases(town)) == (1, 1)


def test_a_city_that_has_imported_no_areas_takes_every_place(town):
    with town.database.write() as session:
        session.execute(delete(Area))
    assert by_hotline(town, NOWHERE)["taken"] == 1
    assert by_app(town, NOWHERE).status_code == 200
    by_unit(town, NOWHERE)
