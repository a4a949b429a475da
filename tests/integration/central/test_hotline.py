"""A hotline's export comes in as people write it; who is limited to a town learns nothing of elsewhere."""

import pytest

from central.hotline.service import import_csv
from central.people import service as people
from central.people.permissions import Role
from kerbwatch.settings import SettingsError
from tests.integration.central.leads import LAT, LON, Street
from tests.unit.central.box import IN_YANGMING, NOON

ELSEWHERE = (121.185, 30.055)


@pytest.fixture
def load(town, tmp_path):
    """Takes in a file of these lines."""

    def take(*lines, heading="number,kind,lon,lat,at,words,urgent"):
        path = tmp_path / "items.csv"
        path.write_text("\n".join((heading, *lines)) + "\n", encoding="utf-8-sig")
        return import_csv(town.database, path, "12345", town.settings, NOON)

    return take


def test_kinds_by_their_chinese_terms_and_items_by_the_lists_names_come_in_at_the_citys_hour(town, load):
    place = f"{LON},{LAT}"
    outcome = load(
        f"1,违章停车,{place},2026/5/4 10:30,,",
        f"2,street lamp dark,{place},2026年5月4日 10时30分,,yes",
        f"3,street-lamp,{place},2026-05-04 10:30,,",
    )
    assert not outcome.refused
    cases = Street(town.database).cases()
    assert {case.kind for case in cases} == {"illegal_parking", "street-lamp"}
    assert {case.started_at.isoformat() for case in cases} == {"2026-05-04T02:30:00+00:00"}


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_bad_line_is_told_what_would_be_right(load):
    place = f"{LON},{LAT}"
    outcome = load(
        f"1,噪音扰民,{place},2026/5/4 10:30,,",
        f"2,违章停车,{place},5/4/2026 10:30,,",
        f"3,违章停车,{place},2026/5/4 10:30,,perhaps",
        f"4,违章停车,{place},0001-01-01 00:00,,",
    )
    told = {each.line: each.reason for each in outcome.refused}
    assert told[2].startswith("kind: '噪音扰民' is neither a kind nor an item of the duty list: write ")
    assert "illegal_parking (违章停车)" in told[2]
    assert told[3].startswith("at: '5/4/2026 10:30' does not fit; write 2026-11-23 05:00, 2026/11/23 5:00")
    assert told[4] == "urgent: 'perhaps' does not fit; write yes or no"
    assert told[5] == "at: lies more than 30 days back"


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_heading_that_names_a_column_twice_is_refused(load):
    with pytest.raises(SettingsError, match=r"items\.csv:1: the heading has 'number' twice"):
        load(f"1,2,违章停车,{LON},{LAT},2026/5/4 10:30", heading="number,number,kind,lon,lat,at")


def test_whoever_is_limited_to_a_town_learns_nothing_of_what_was_told_elsewhere(town):
    town.add_user("yang", Role.OPERATOR)
    with town.database.write() as session:
        people.set_areas(session, "yang", ["yangming"], now=NOON)
    item = {"number": "7", "kind": "illegal_parking", "at": NOON.isoformat(), "words": "a red car"}

    def send(at, who="yang", **said):
        items = [item | {"lon": at[0], "lat": at[1]} | said]
        told = town.client.post("/api/v1/hotline", json={"items": items}, headers=town.bearer(who)).json()
        return told["taken"], told["known"], [each["reason"] for each in told["changed"] + told["refused"]]

    assert send(ELSEWHERE, "olga") == (1, 0, [])
    hidden = "number: is that of an item elsewhere, outside the areas to which you are limited"
    for guess in ({}, {"words": "a blue car"}, {"kind": "stall_encroachment"}):
        assert send(IN_YANGMING, **guess) == (0, 0, [hidden]), "the same whatever is guessed"
    assert send(IN_YANGMING, number="8") == (1, 0, [])
    _taken, _known, (told,) = send(IN_YANGMING, number="8", words="a blue car")
    assert told == "number: came in before with another words; that stays"
