"""What a unit finds itself: any matter of the duty list, once, with a photo or without."""

import re

from sqlalchemy import func, select

from central.cases.models import Lead
from central.reports.models import Report
from tests.integration.central.handheld import ON_SQLITE, blurred, box, sent, shot, uwe
from tests.integration.central.pictures import photo
from tests.unit.central.box import IN_YANGMING

__all__ = ["blurred", "box", "sent", "uwe"]

LON, LAT = IN_YANGMING


def find(officer, **changes):
    page = officer.get("/h/found").text
    key = re.search(r'name="form_key" value="([^"]+)"', page)[1]
    form = {
        "form_key": key,
        "kind": "pavement_obstruction",
        "lon": str(LON),
        "lat": str(LAT),
        "words": "Bricks",
    }
    return {name: value for name, value in (form | changes).items() if value is not None}


@ON_SQLITE
def test_what_a_unit_finds_itself_is_a_lead_once(town, uwe):
    form = find(uwe, accuracy_m="24.5", urgent="true")
    for _ in range(2):
        assert "with the operators" in uwe.post("/h/found", **form).text
    with town.database.read() as session:
        lead = session.scalars(select(Lead).where(Lead.origin == "unit")).one()
        assert (lead.reporter_ref, lead.case.state) == (None, "reviewing")
    again = uwe.post("/h/found", **form | {"words": "Sand"})
    assert (again.status_code, "to report this as well" in again.text) == (422, True), "not swallowed"
    sent_new = re.search(r'name="form_key" value="([^"]+)"', again.text)[1]
    moved = form | {"lon": str(LON + 0.00002)}
    assert "with the operators" in uwe.post("/h/found", **moved).text, "the same, from a step aside"
    assert sent_new != form["form_key"]
    assert (lead.source, lead.words, lead.urgent) == (f"unit {uwe.ticket.unit_id}", "Bricks", True)
    assert (lead.place_method, round(lead.accuracy_m)) == ("gps", 10)
    assert "To review" in uwe.get("/h/found").text


def test_a_find_with_a_photo_is_looked_through_first(town, uwe):
    form, files = find(uwe, lon=None, lat=None), shot(photo(21))
    for _ in range(2):
        assert "with the operators" in uwe.post("/h/found", files=files, **form).text
    assert "being looked through" in uwe.get("/h/found").text
    uwe.jobs()
    with town.database.read() as session:
        lead = session.scalars(select(Lead).where(Lead.origin == "unit")).one()
        assert session.scalar(select(func.count()).select_from(Report)) == 1
    assert (lead.place_method, lead.kind, len(lead.evidence)) == ("exif", "pavement_obstruction", 2)


@ON_SQLITE
def test_a_find_without_kind_or_place_is_asked_again(town, uwe):
    for changes, words in (
        ({"kind": "pothole"}, "Choose what is in the way"),
        ({"lon": None, "lat": None}, "Say where it is"),
        ({"lat": "91"}, "Say where it is"),
        ({"lon": "nan"}, "Say where it is"),
        ({"words": "x" * 2001}, "at most 2000"),
    ):
        answer = uwe.post("/h/found", **find(uwe, **changes))
        assert (answer.status_code, words in answer.text) == (422, True), changes
    assert uwe.post("/h/found", **find(uwe, form_key="short")).status_code == 422


@ON_SQLITE
def test_a_unit_finds_whatever_the_duty_list_names_by_class(town, uwe):
    page = uwe.get("/h/found").text
    names = re.findall(r"<summary>([^<]+) <small", page)
    assert {"Public utilities", "Water and drainage", "Animals"} <= set(names)
    wanted = find(uwe, kind="street-lamp", lat="91")
    again = uwe.post("/h/found", **wanted).text
    assert re.search(r'value="street-lamp" required checked', again), "what was chosen stays"
    assert "with the operators" in uwe.post("/h/found", **wanted | {"lat": str(LAT)}).text
    with town.database.read() as session:
        lead = session.scalars(select(Lead).where(Lead.origin == "unit")).one()
        ticket = lead.case.tickets[0]
    assert (lead.kind, ticket.unit_id) == ("street-lamp", "utilities")
    assert "<strong>Street lamp dark</strong>" in uwe.get("/h/found").text
