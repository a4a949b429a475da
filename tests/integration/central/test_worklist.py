"""A unit with more tickets than fit on a page: what is to be done comes first, nothing is out of reach."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from itertools import chain

import pytest
from sqlalchemy import insert

from central.cases.models import Case, Ticket
from central.pages import handheld_lists
from central.people import service as people
from central.tickets.worklist import SPOT_PATTERN, Band, Spot, spot_of
from kerbwatch.ids import new_id
from tests.integration.central.handheld import ON_SQLITE, Officer, box, sent, uwe

__all__ = ["box", "sent", "uwe"]


def more(town, ticket, count, *, state="dispatched", urgent=False, area_id=None):
    """So many tickets more like one, each of a case of its own, each due a minute after the one before."""
    cases, tickets = [], []
    for n in range(1, count + 1):
        case = {column.name: getattr(ticket.case, column.name) for column in Case.__table__.columns}
        case |= {
            "id": new_id(),
            "open_group": new_id(),
            "urgent": urgent,
            "area_id": area_id or ticket.case.area_id,
        }
        own = {column.name: getattr(ticket, column.name) for column in Ticket.__table__.columns}
        due_at = ticket.due_at + timedelta(minutes=n)
        tickets.append(own | {"id": new_id(), "case_id": case["id"], "state": state, "due_at": due_at})
        cases.append(case)
    with town.database.write() as session:
        session.execute(insert(Case), cases)
        session.execute(insert(Ticket), tickets)
    return [each["id"] for each in tickets]


@pytest.fixture
def load(town, uwe):
    """Uwe's ticket as it stands, with its case."""
    with town.database.read() as session:
        found = session.get(Ticket, uwe.ticket.id)
        assert found.case.leads
        return found


def shown(text, of):
    """The ids in one of the page's lists, in their order; None where it has no such list."""
    found = re.search(f'<ol class="hand-list" id="{of}".*?</ol>', text, re.DOTALL)
    return re.findall('href="/h/tickets/([^"]+)"', found[0]) if found else None


def walk(uwe, path, of):
    """Every page of a list, as its links lead on."""
    found = []
    while path:
        text = uwe.get(path).text
        found.append(shown(text, of))
        part = text.partition(f'id="{of}"')[2]
        link = re.search(r'</ol>\s*<p class="hand-tools"><a class="button" href="([^"]+)">Show what', part)
        path = unescape(link[1]) if link else None
    return found


@ON_SQLITE
def test_a_hundred_that_are_being_checked_hide_nothing_that_is_to_be_done(town, uwe, load):
    handled = more(town, load, 101, state="handled")
    todo = [uwe.ticket.id, *more(town, load, 5)]
    text = uwe.get("/h").text
    assert shown(text, "todo") == todo
    assert "6 tickets to do" in text
    assert shown(text, "handled") == handled[:20]
    assert '<span class="muted numbers">101</span>' in text
    below, *further = walk(uwe, "/h", "handled")
    assert [len(part) for part in (below, *further)] == [20, 81]
    assert [*below, *further[0]] == handled
    assert "Back to what is to be done" in uwe.get("/h?show=handled").text


def test_every_ticket_of_a_busy_brigade_is_on_one_page_and_the_urgent_come_first(town, uwe, load):
    calm, urgent = more(town, load, 226), more(town, load, 3, urgent=True)
    text = uwe.get("/h").text
    assert "230 tickets to do. Here: 100, after them: 130" in text
    assert "Show what comes next: 130 more" in text
    pages = walk(uwe, "/h", "todo")
    assert [len(page) for page in pages] == [100, 100, 30]
    assert list(chain.from_iterable(pages)) == [*urgent, uwe.ticket.id, *calm]


@ON_SQLITE
def test_a_ticket_that_moves_while_somebody_pages_hides_no_other(town, uwe, load, monkeypatch):
    monkeypatch.setattr(handheld_lists, "MOST_A_PAGE", 4)
    todo = [uwe.ticket.id, *more(town, load, 7)]
    text = uwe.get("/h").text
    link = unescape(re.search(r'href="(/h\?after=[^"]+)"', text)[1])
    with town.database.write() as session:
        session.get(Ticket, todo[3]).state = "handled"  # a colleague was quicker
    after = uwe.get(link).text
    assert shown(after, "todo") == todo[4:]
    assert shown(after, "handled") is None, "they are below the first page"
    assert "Back to the first" in after
    assert "7 tickets to do. Here: 4, after them: 0" in after


@ON_SQLITE
def test_a_link_that_is_none_leads_to_the_beginning_and_a_list_that_is_done_leads_back(town, uwe, load):
    for odd in ("x", "9.1.y", "1.99999999999999999999.0", f"0.{10**16}.{uwe.ticket.id}", "1.1\n.1"):
        assert shown(uwe.client.get("/h", params={"after": odd}, headers=uwe.headers).text, "todo")
    beyond = Spot(Band.TODO, load.due_at + timedelta(days=1), load.id)
    text = uwe.get(f"/h?after={beyond}").text
    assert (shown(text, "todo"), "1 ticket to do" in text, "Back to the first" in text) == ([], True, True)
    assert uwe.get("/h?show=everything").status_code == 422


def test_a_spot_in_the_list_is_read_as_it_was_written(load):
    spot = Spot.of(load)
    assert re.fullmatch(SPOT_PATTERN, str(spot))
    assert spot_of(str(spot)) == spot


def api(uwe, path="/api/v1/my/tickets?limit=50"):
    """Every page that a program is led to, each as its ids; and how many it is told that there are."""
    found, totals = [], set()
    while path:
        answer = uwe.get(path)
        assert answer.status_code == 200, answer.text
        found.append([each["id"] for each in answer.json()])
        totals.add(int(answer.headers["total-count"]))
        link = answer.headers.get("link")
        path = re.fullmatch('<(.+)>; rel="next"', link)[1] if link else None
    return found, totals


def test_a_program_is_told_how_many_there_are_and_led_to_the_rest(town, uwe, load):
    handled = more(town, load, 60, state="handled")
    calm, urgent = more(town, load, 57), more(town, load, 2, urgent=True)
    pages, totals = api(uwe)
    assert (totals, [len(page) for page in pages]) == ({120}, [50, 50, 20])
    assert list(chain.from_iterable(pages)) == [*urgent, uwe.ticket.id, *calm, *handled]
    after = uwe.get(f"/api/v1/my/tickets?after={calm[-1]}&limit=2").json()
    assert [each["id"] for each in after] == handled[:2], "the last one's id does as well"
    assert uwe.get(f"/api/v1/my/tickets?after={new_id()}").json() == []
    assert uwe.get("/api/v1/my/tickets?after=7.1.x").status_code == 422


@ON_SQLITE
def test_who_is_limited_to_a_town_is_shown_only_what_they_can_open(town, uwe, load):
    elsewhere = more(town, load, 3, area_id="fengshan")
    lim = Officer(town, "lim", load.unit_id)
    with town.database.write() as session:
        people.set_areas(session, "lim", ["yangming"], now=town.clock.now_utc())
    assert api(lim) == ([[uwe.ticket.id]], {1})
    assert "1 ticket to do" in lim.get("/h").text
    assert {lim.get(f"/api/v1/my/tickets/{each}").status_code for each in elsewhere} == {404}
    assert api(uwe) == ([[uwe.ticket.id, *elsewhere]], {4})
