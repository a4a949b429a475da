"""The console around the work: who gets in, what stays live, what strangers and old browsers get."""

import re
from datetime import UTC, datetime

import httpx
import pytest
from playwright.sync_api import expect

from kerbwatch.incident import EvidenceRole
from kerbwatch.messages import CameraHealth, CameraState
from tests.browser.city import PASSWORD, clip, picture
from tests.browser.seat import case_of

ARRIVAL, LIMIT = EvidenceRole.SNAPSHOT_ARRIVAL, EvidenceRole.SNAPSHOT_LIMIT


def a_camera(name, **changes):
    usual = {"camera_id": name, "name": name.title(), "state": CameraState.STREAMING, "profile": "dwell"}
    return CameraHealth(**usual | {"last_picture_at": datetime.now(UTC)} | changes)


def test_a_stranger_signs_in_and_comes_to_the_page_that_was_asked_for(people, city):
    anna = people(None)
    anna.signs_in("anna", "/cameras", password="something else")
    expect(anna.page.get_by_role("alert")).to_have_text("Name or password is wrong.")
    anna.page.get_by_label("Password").fill(PASSWORD)
    anna.page.get_by_role("button", name="Sign in").click()
    expect(anna.page).to_have_url(f"{city.url}/cameras")
    anna.page.get_by_role("button", name="Sign out").click()
    anna.goes_to("/")
    expect(anna.page).to_have_url(re.compile("/sign-in"))


def test_signing_in_never_leads_to_another_host(people, city):
    anna = people(None)
    for target in ("//elsewhere.example/", "https://elsewhere.example/", "/\\elsewhere.example"):
        anna.signs_in("anna", f"/sign-in?next={target}")
        expect(anna.page).to_have_url(f"{city.url}/")
        anna.page.get_by_role("button", name="Sign out").click()


def test_a_lost_server_connection_is_shown_and_found_again(people, city):
    anna = people()
    anna.is_live()
    city.stop()
    expect(anna.page.locator("#link")).to_have_text("No connection")
    expect(anna.page.get_by_role("alert")).to_contain_text("Trying again by itself")
    city.sees(road="Seen while the link was down")
    city.restart()
    expect(anna.page.locator("#link")).to_have_text("Live")
    expect(anna.rows.first).to_contain_text("Seen while the link was down")
    expect(anna.page.locator("#lost")).to_be_hidden()


def test_a_session_that_ended_asks_to_sign_in_again(people, city):
    city.sees()
    anna = people()
    cookie = next(each for each in anna.page.context.cookies() if each["name"] == "kerbwatch")
    me = httpx.get(f"{city.url}/api/v1/me", cookies={"kerbwatch": cookie["value"]}).json()
    httpx.delete(
        f"{city.url}/api/v1/session",
        cookies={"kerbwatch": cookie["value"]},
        headers={"X-CSRF-Token": me["csrf_token"]},
    ).raise_for_status()
    anna.rows.first.click()
    expect(anna.page).to_have_url(re.compile("/sign-in"))


def test_a_page_never_asks_another_host(people, city):
    seen = city.sees(pieces=[picture(70, ARRIVAL), picture(90, LIMIT), clip()])
    city.uploads(seen)
    city.reports_health([a_camera("yangming-east-3")])
    anna = people()
    anna.is_live()
    anna.opens()
    expect(anna.case.locator(".map")).to_have_attribute("data-drawn", "gl")
    anna.goes_to("/cameras")
    anna.is_live()
    anna.goes_to("/no-such-page")
    assert anna.hosts == {f"127.0.0.1:{city.port}"}
    assert [fault for fault in anna.faults if "404" not in fault] == []


def test_a_browser_without_webgl_draws_the_map_all_the_same(people, city, browser_without_webgl):
    city.sees()
    anna = people(at=browser_without_webgl)
    anna.opens()
    drawing = anna.case.locator(".map svg")
    expect(drawing).to_be_visible()
    expect(drawing.locator("text", has_text="Lanjiang")).to_be_visible()
    expect(anna.case).to_contain_text("30.04370° N, 121.15510° E")
    assert not anna.faults


def test_silent_boxes_and_unwell_cameras_stand_out_as_they_happen(people, city):
    city.reports_health([a_camera("north"), a_camera("south", frozen=True)])
    city.reports_health([a_camera("east")], edge="box-2", age_s=300)
    anna = people()
    anna.goes_to("/cameras")
    boxes = anna.page.locator(".box-card")
    expect(boxes).to_have_count(2)
    expect(boxes.first).to_contain_text("yuyao / box-2Silent")
    expect(boxes.first).to_contain_text("5 min")
    expect(boxes.first.get_by_text("Not known")).to_be_visible()
    expect(boxes.last.locator("tr.unwell")).to_contain_text("Frozen picture")
    expect(anna.page.get_by_text("1 of 3 cameras working")).to_be_visible()
    city.reports_health([a_camera("east", dark=True, view="moved")], edge="box-2")
    expect(anna.page.get_by_text("Dark or covered")).to_be_visible()
    expect(anna.page.get_by_text("Looks elsewhere")).to_be_visible()
    expect(anna.page.locator(".box-card.silent")).to_have_count(0)


@pytest.mark.parametrize(
    ("name", "path", "words"),
    [("adam", "/cameras", "Cameras"), ("uwe", "/h", "My tickets")],
    ids=["an administrator comes to the cameras", "a unit's officer to its tickets"],
)
def test_whoever_may_not_see_cases(people, city, name, path, words):
    city.sees()
    person = people(name)
    expect(person.page).to_have_url(city.url + path)
    expect(person.page.get_by_role("heading", name=words)).to_be_visible()
    expect(person.rows).to_have_count(0)


def test_an_auditor_looks_and_decides_nothing(people, city):
    case = case_of(city, city.sees())
    olga = people("olga")
    olga.opens()
    expect(olga.case).to_contain_text("Illegal parking")
    expect(olga.page.locator("#decide")).to_have_count(0)
    answer = olga.page.request.post(f"{city.url}/cases/{case.id}/confirm", form={"version": case.version})
    assert answer.status == 403
    assert case_of(city, city.sees()).state == "reviewing"


def test_it_works_without_scripts(people, city):
    seen = city.sees()
    anna = people(java_script_enabled=False)
    anna.rows.first.get_by_role("link").click()
    anna.page.get_by_role("button", name="Confirm").click()
    expect(anna.page.get_by_role("alert")).to_have_text("Confirmed: the ticket went out.")
    assert case_of(city, seen).state == "dispatched"


def test_words_from_the_street_are_words_and_no_markup(people, city):
    city.sees(road="<img src=x onerror=document.title='taken'>")
    anna = people()
    anna.opens()
    expect(anna.case).to_contain_text("<img src=x")
    assert anna.page.title() != "taken"
