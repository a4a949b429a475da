"""What an operator sees and does, in a real browser."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from kerbwatch.incident import EvidenceRole, Kind
from tests.browser.city import WIDTH_PX, clip, picture
from tests.browser.seat import case_of

ARRIVAL, LIMIT = EvidenceRole.SNAPSHOT_ARRIVAL, EvidenceRole.SNAPSHOT_LIMIT


def test_an_operator_sees_a_new_case_appear_without_reloading(people, city):
    city.sees(Kind.STALL_ENCROACHMENT, road="Shinan East Road")
    anna = people()
    anna.is_live()
    expect(anna.rows).to_have_count(1)
    anna.page.evaluate("window.stillTheSamePage = true")
    city.sees(road="Yangming East Road", urgent=True)
    expect(anna.rows).to_have_count(2)
    newest = anna.rows.first
    expect(newest).to_contain_text("Illegal parking 违章停车")
    expect(newest).to_contain_text("Urgent")
    expect(newest).to_contain_text("Traffic police, squad 2")
    expect(newest).to_have_class(re.compile("arrived"))
    expect(anna.page.locator("#announce")).to_have_text("New case: Illegal parking, Yangming East Road")
    expect(anna.page).to_have_title("(2) Cases · kerbwatch")
    assert anna.page.evaluate("window.stillTheSamePage")
    assert not anna.faults


def test_the_list_shows_the_kinds_and_states_that_are_asked_for(people, city):
    city.sees(Kind.STALL_ENCROACHMENT)
    city.sees(Kind.ILLEGAL_PARKING)
    anna = people()
    anna.page.get_by_text("Kind, area, unit").click()
    anna.page.get_by_label("Kind").select_option("stall_encroachment")
    expect(anna.rows).to_have_count(1)
    anna.page.get_by_role("link", name="Finished").click()
    expect(anna.page.get_by_text("Nothing here")).to_be_visible()
    anna.page.get_by_role("link", name="All", exact=True).click()
    expect(anna.rows).to_have_count(1)


def test_pictures_appear_when_they_arrive_with_a_box_around_the_vehicle(people, city):
    seen = city.sees(pieces=[picture(70, ARRIVAL), picture(90, LIMIT)])
    anna = people()
    anna.is_live()
    anna.opens()
    expect(anna.case.get_by_text("On its way from the camera")).to_have_count(2)
    city.uploads(seen)
    expect(anna.case.locator(".shot img")).to_have_count(2)
    arrival = anna.case.locator(".shot", has_text="On arrival")
    shown, box = arrival.locator("img").bounding_box(), arrival.locator("rect.line").bounding_box()
    scale = shown["width"] / WIDTH_PX
    assert arrival.locator("img").evaluate("image => image.naturalWidth") == WIDTH_PX
    assert box["x"] - shown["x"] == pytest.approx(240 * scale, abs=3)
    assert box["y"] - shown["y"] == pytest.approx(180 * scale, abs=3)
    assert box["width"] == pytest.approx(200 * scale, abs=6)
    expect(anna.rows.first.locator("img")).to_be_visible()


def test_a_rejected_case_needs_a_reason_and_leaves_the_list(people, city):
    seen = city.sees()
    anna = people()
    anna.opens()
    anna.case.get_by_text("Reject", exact=False).first.click()
    submit = anna.page.get_by_role("button", name="Reject this case")
    submit.click()
    assert anna.page.get_by_label("Reason").evaluate("field => field.validity.valueMissing")
    assert case_of(city, seen).state == "reviewing"
    anna.page.get_by_label("Reason").select_option("permitted")
    anna.page.get_by_label("Note").fill("Moving house, permit 118")
    submit.click()
    expect(anna.page.get_by_role("alert")).to_have_text("Rejected: no ticket goes out.")
    expect(anna.rows).to_have_count(0)
    expect(anna.case.locator(".log")).to_contain_text("Moving house, permit 118")
    rejected = case_of(city, seen)
    assert rejected.state == "rejected"
    assert [ticket.state for ticket in rejected.tickets] == ["voided"]


def test_the_reason_other_needs_words_and_keeps_what_was_chosen(people, city):
    city.sees()
    anna = people()
    anna.opens()
    anna.page.keyboard.press("r")
    anna.page.get_by_label("Reason").select_option("other")
    anna.page.get_by_role("button", name="Reject this case").click()
    expect(anna.page.get_by_role("alert")).to_contain_text("say in the note what it is")
    expect(anna.page.get_by_label("Reason")).to_have_value("other")


def test_a_word_without_an_end_leaves_the_case_as_wide_as_the_phone(people, city):
    city.sees(road="https://example.org/" + "a" * 200)
    anna = people(phone=True)
    anna.page.set_viewport_size({"width": 360, "height": 740})
    anna.opens()
    expect(anna.page.locator(".sentence")).to_contain_text("a" * 200)
    assert anna.page.evaluate("document.documentElement.scrollWidth") <= 360


def test_an_operator_on_a_phone_confirms_a_case_and_the_ticket_goes_out(people, city):
    seen = city.sees(pieces=[picture(70, ARRIVAL), picture(90, LIMIT)])
    city.uploads(seen)
    anna = people(phone=True)
    anna.opens()
    expect(anna.page).to_have_url(re.compile("/cases/"))
    confirm = anna.page.get_by_role("button", name="Confirm")
    expect(confirm).to_be_in_viewport()
    assert anna.page.evaluate("document.documentElement.scrollWidth") <= 390
    confirm.tap()
    expect(anna.page.get_by_role("alert")).to_have_text("Confirmed: the ticket went out.")
    expect(anna.case.locator(".ticket")).to_contain_text("Sent")
    filed = case_of(city, seen)
    assert filed.state == "dispatched"
    assert [(ticket.state, ticket.unit_name) for ticket in filed.tickets] == [
        ("dispatched", "Traffic police, squad 2")
    ]
    anna.page.get_by_role("link", name="All cases").click()
    expect(anna.page.get_by_text("Nothing here")).to_be_visible()


def test_the_keyboard_is_enough(people, city):
    first, second = city.sees(road="First Road"), city.sees(road="Second Road")
    anna = people()
    keyboard = anna.page.keyboard
    keyboard.press("j")
    anna.sees_case("Second Road")
    keyboard.press("j")
    anna.sees_case("First Road")
    keyboard.press("k")
    anna.sees_case("Second Road")
    keyboard.press("c")
    expect(anna.page.get_by_role("alert")).to_have_text("Confirmed: the ticket went out.")
    expect(anna.rows).to_have_count(1)
    keyboard.press("j")
    anna.sees_case("First Road")
    keyboard.press("r")
    expect(anna.page.get_by_label("Reason")).to_be_focused()
    keyboard.type("Unclear")
    keyboard.press("Enter")
    anna.page.get_by_role("button", name="Reject this case").press("Enter")
    expect(anna.page.get_by_role("alert")).to_have_text("Rejected: no ticket goes out.")
    assert case_of(city, second).state == "dispatched"
    assert case_of(city, first).state == "rejected"


def test_a_key_pressed_too_soon_does_not_decide_another_case(people, city):
    first, second = city.sees(road="First Road"), city.sees(road="Second Road")
    anna = people()
    anna.page.keyboard.press("j")
    anna.sees_case("Second Road")
    anna.page.route("**/panel", lambda _route: None)  # the next case takes its time
    anna.page.keyboard.press("j")
    anna.page.keyboard.press("c")
    anna.page.keyboard.press("r")
    expect(anna.page.locator("#reject")).not_to_have_attribute("open", "")
    assert {case_of(city, seen).state for seen in (first, second)} == {"reviewing"}


def test_going_fast_through_the_list_ends_at_the_case_that_is_marked(people, city):
    for number in range(6):
        city.sees(road=f"Road {number}")
    anna = people()
    for _ in range(6):
        anna.page.keyboard.press("j")
    expect(anna.case).to_contain_text("Road 0")
    expect(anna.page.locator(".row.chosen")).to_contain_text("Road 0")


def test_typing_a_note_decides_nothing(people, city):
    seen = city.sees()
    anna = people()
    anna.page.keyboard.press("j")
    anna.sees_case("Illegal parking")
    anna.page.keyboard.press("r")
    anna.page.get_by_label("Note").press_sequentially("cccjjj")
    expect(anna.page.get_by_label("Note")).to_have_value("cccjjj")
    assert case_of(city, seen).state == "reviewing"


def test_the_clip_plays(people, city):
    seen = city.sees(pieces=[clip()])
    city.uploads(seen)
    anna = people()
    anna.opens()
    video = anna.case.locator("video")
    expect(video).to_be_visible()
    video.evaluate(
        """element => new Promise(done => {
            element.addEventListener("timeupdate", () => element.currentTime > 0.2 && done());
            element.play();
        })"""
    )
    assert video.evaluate("element => [element.videoWidth, element.error]") == [320, None]


def test_of_two_operators_the_slower_is_told_and_loses_nothing(people, city):
    seen = city.sees()
    case = case_of(city, seen)
    anna, bo = people("anna"), people("bo")
    for person in (anna, bo):
        person.goes_to(f"/cases/{case.id}")
        person.sees_case("Illegal parking")
    bo.page.keyboard.press("r")  # a form that is open is not redrawn under Bo's hands
    bo.page.get_by_label("Reason").select_option("unclear")
    bo.page.get_by_label("Note").fill("Too dark")
    anna.page.get_by_role("button", name="Confirm").click()
    expect(anna.page.get_by_role("alert")).to_have_text("Confirmed: the ticket went out.")
    bo.page.get_by_role("button", name="Reject this case").click()
    expect(bo.page.get_by_role("alert")).to_contain_text("This case changed while you were looking at it")
    expect(bo.page.locator("#case-state")).to_have_text("Dispatched")
    assert case_of(city, seen).state == "dispatched"


def test_a_case_that_someone_else_decided_is_redrawn(people, city):
    case = case_of(city, city.sees())
    anna, bo = people("anna"), people("bo")
    for person in (anna, bo):
        person.goes_to(f"/cases/{case.id}")
        person.sees_case("Illegal parking")
    bo.is_live()
    anna.page.get_by_role("button", name="Confirm").click()
    expect(bo.page.locator("#case-state")).to_have_text("Dispatched")
    expect(bo.page.get_by_role("button", name="Confirm")).to_have_count(0)


def test_a_redraw_takes_back_neither_a_decision_nor_what_was_told(people, city):
    case = case_of(city, city.sees())
    anna = people()
    anna.goes_to(f"/cases/{case.id}")
    anna.sees_case("Illegal parking")
    held = []
    anna.page.route("**/panel", lambda route: held.append((route, route.fetch())), times=1)
    redraw = "document.getElementById('case').dispatchEvent(new CustomEvent('stale'))"
    with anna.page.expect_request("**/panel"):
        anna.page.evaluate(redraw)
    anna.page.get_by_role("button", name="Confirm").click()
    told = expect(anna.page.get_by_role("alert"))
    told.to_have_text("Confirmed: the ticket went out.")
    [(late, answer)] = held
    with anna.page.expect_response("**/panel"):
        late.fulfill(response=answer)
    with anna.page.expect_response("**/panel"):
        anna.page.evaluate(redraw)
    anna.page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    told.to_have_text("Confirmed: the ticket went out.")
    expect(anna.page.locator("#case-state")).to_have_text("Dispatched")


def test_an_offence_that_ended_says_so(people, city):
    seen = city.sees(started_at=datetime.now(UTC) - timedelta(seconds=400), dwell_s=400.0)
    anna = people()
    anna.is_live()
    anna.opens()
    expect(anna.case).to_contain_text("Still there")
    city.clears(seen)
    expect(anna.case).to_contain_text("Gone since")
