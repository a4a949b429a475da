"""The handheld: a unit sees its own tickets alone, proves its work, and a bad link does nothing twice."""

import io
import re
from datetime import timedelta
from html import unescape

from PIL import Image
from sqlalchemy import func, select

from central.cases.models import Case, CaseEvent, Lead, Ticket
from central.escalation.sweeper import Sweeper
from central.handheld.models import TicketPhoto
from central.metrics import Metrics
from central.people.permissions import Role, permissions_of
from central.people.service import Principal
from central.tickets import requests
from central.tickets import service as tickets
from central.tickets.clockwork import Terms
from central.tickets.models import TicketRequest
from central.uploads.beside import sweep
from central.uploads.models import Upload
from tests.integration.central.handheld import (
    ON_SQLITE,
    Officer,
    blurred,
    box,
    sent,
    shot,
    state_of,
    uwe,
)
from tests.integration.central.pictures import photo
from tests.unit.central.box import IN_YANGMING, NOON

__all__ = ["blurred", "box", "sent", "uwe"]

LON, LAT = IN_YANGMING


def test_a_unit_takes_a_ticket_to_its_end_with_a_photo_that_becomes_evidence(town, uwe):
    assert uwe.get("/").url.path == "/h"
    assert " left</span>" in uwe.get("/h").text
    shown = uwe.get(uwe.path).text
    assert uwe.ticket.legal_basis in unescape(shown)
    assert "Accepted." in uwe.does(uwe.path, "accept").text
    assert "you are at work" in uwe.does(uwe.path, "start").text
    lacking = uwe.does(uwe.path, "report_handled", note=" ")
    assert (lacking.status_code, state_of(town, uwe.ticket)) == (409, "handling")
    done = uwe.does(uwe.path, "report_handled", note="Driver moved it", files=shot(photo(7, at=None)))
    assert "Reported as handled" in done.text
    assert "Your photo is here" in done.text
    uwe.jobs()
    with town.database.read() as session:
        case = session.get(Case, uwe.ticket.case_id)
        pieces = [each for each in case.leads[0].evidence if each.role == "handled_photo"]
        lines = session.scalars(select(CaseEvent).where(CaseEvent.case_id == case.id)).all()
    assert (case.state, state_of(town, uwe.ticket)) == ("checking", "handled")
    assert sorted(each.audience for each in pieces) == ["original", "people"]
    assert any(line.rule == "report_handled" and line.note == "Driver moved it" for line in lines)
    people = next(each.sha256 for each in pieces if each.audience == "people")
    original = next(each.sha256 for each in pieces if each.audience == "original")
    picture = uwe.get(f"{uwe.path}/pictures/{people}")
    assert Image.open(io.BytesIO(picture.content)).size == (320, 240)
    assert b"SECRETCAM" not in picture.content
    assert uwe.get(f"{uwe.path}/pictures/{original}").status_code == 403
    token = town.bearer("uwe")
    told = town.client.get(f"/api/v1/my/tickets/{uwe.ticket.id}", headers=token).json()
    urls = [each["url"] for lead in told["leads"] for each in lead["evidence"] if each["here"]]
    assert urls
    assert {town.client.get(url, headers=token).status_code for url in urls} == {200}
    assert "After, by the unit" in uwe.get(uwe.path).text
    assert "Handled, being checked" in uwe.get("/h").text


def test_a_reminder_stands_on_the_handheld_until_somebody_opens_the_ticket(town, uwe):
    town.clock.advance(3.2 * 3600)
    Sweeper(town.settings, town.clock, town.database, Metrics()).once()
    assert ">Reminder<" in uwe.get("/h").text
    (told,) = uwe.get("/api/v1/my/tickets").json()
    assert told["reminded_at"].startswith("2026-05-04T06:12")
    assert "You were reminded at" in uwe.get(uwe.path).text
    assert ">Reminder<" not in uwe.get("/h").text
    asked = {"note": "not ours", "clause": "12"}
    assert ">Disputed<" not in uwe.get("/h").text
    uwe.does(uwe.path, "requests/dispute", **asked)
    assert ">Disputed<" in uwe.get("/h").text
    with town.database.read() as session:
        lines = session.scalars(select(CaseEvent).order_by(CaseEvent.id)).all()
    assert [line.rule for line in lines][-3:] == ["remind", "reminder_seen", "dispute"]


def test_a_form_that_is_sent_twice_is_done_once_and_says_so(town, uwe):
    version = uwe.version(uwe.path)
    for words in ("Accepted.", "done already", "done already"):
        assert words in uwe.post(f"{uwe.path}/accept", version=version).text
    uwe.does(uwe.path, "start")
    version, content = uwe.version(uwe.path), photo(8)
    for _ in range(3):
        uwe.post(f"{uwe.path}/report_handled", version=version, note="Gone", files=shot(content))
    assert "done already" in uwe.post(f"{uwe.path}/report_handled", version=version, note="Gone").text
    with town.database.read() as session:
        rules = session.scalars(select(CaseEvent.rule).where(CaseEvent.case_id == uwe.ticket.case_id)).all()
        assert [rules.count(rule) for rule in ("accept", "start", "report_handled")] == [1, 1, 1]
        assert session.scalar(select(func.count()).select_from(TicketPhoto)) == 1
    uwe.jobs()
    sweep(town.client.app.state.central)
    with town.database.read() as session:
        assert set(session.scalars(select(Upload.state))) == {"over"}
    assert not town.client.app.state.central.media.names_aside()


@ON_SQLITE
def test_a_ticket_that_changed_meanwhile_loses_neither_words_nor_photo(town, uwe):
    uwe.does(uwe.path, "accept")
    uwe.does(uwe.path, "start")
    version = uwe.version(uwe.path)
    uwe.post(f"{uwe.path}/requests/extension", version=version, note="Crane needed", hours="4")
    late = uwe.post(f"{uwe.path}/report_handled", version=version, note="All <clear>", files=shot(photo(9)))
    assert late.status_code == 412
    assert "nothing was done" in late.text
    assert ">All &lt;clear&gt;</textarea>" in late.text
    with town.database.read() as session:
        assert session.scalar(select(func.count()).select_from(TicketPhoto)) == 1
    assert "Reported as handled" in uwe.does(uwe.path, "report_handled", note="All clear").text


@ON_SQLITE
def test_two_officers_who_ask_for_different_things_are_not_taken_for_one(town, uwe):
    ulf = Officer(town, "ulf", uwe.ticket.unit_id)
    uwe.does(uwe.path, "accept")
    version = uwe.version(uwe.path)
    path, two = f"{uwe.path}/requests/extension", {"hours": "2", "note": "No crane before noon"}
    assert "Asked for." in uwe.post(path, version=version, **two).text
    assert "done already" in ulf.post(path, version=version, **two).text, "the same, whoever sends it"
    long = {"hours": "40", "note": "The part must come from <Ningbo>"}
    for at in (version, ulf.version(uwe.path)):
        other = ulf.post(path, version=at, **long)
        assert (other.status_code, "done already" in other.text) == (409, False)
        assert "has asked for this already, otherwise" in other.text
        unsent = re.search(r'id="unsent">.*?</section>', other.text, re.DOTALL)[0]
        assert "Working hours more: 40. The part must come from &lt;Ningbo&gt;" in unsent
    with town.database.read() as session:
        assert session.scalars(select(TicketRequest.hours)).all() == [2.0]
    own = {"clause": "Art. 3", "note": "A private yard"}
    assert ulf.does(uwe.path, "requests/dispute", **own).status_code == 200, "another kind is asked beside it"
    other = uwe.does(uwe.path, "requests/dispute", clause="Art. 4", note="A private yard")
    assert ("Art. 4. A private yard" in other.text, other.status_code) == (True, 409)


@ON_SQLITE
def test_what_a_unit_asks_for_is_shown_with_its_decision(town, uwe):
    uwe.does(uwe.path, "accept")
    assert uwe.does(uwe.path, "requests/suspension", note="Crane").status_code == 422
    until = (NOON + timedelta(days=2)).astimezone(town.settings.zone).strftime("%Y-%m-%dT%H:%M")
    version = uwe.version(uwe.path)
    assert (
        "Asked for."
        in uwe.post(f"{uwe.path}/requests/suspension", version=version, note="Crane", until=until).text
    )
    again = uwe.post(f"{uwe.path}/requests/suspension", version=version, note="Crane", until=until)
    assert "done already" in again.text
    dispute = uwe.does(uwe.path, "requests/dispute", note="A private yard", clause="Art. 3")
    assert "with the adjudicators" in dispute.text
    with town.database.read() as session:
        found = {each.kind: each for each in session.scalars(select(TicketRequest))}
    assert found["suspension"].until == NOON + timedelta(days=2)
    assert (found["dispute"].clause, found["dispute"].asked_by) == ("Art. 3", "user:uwe")
    dora = Principal("user:dora", "dora", ("dispatcher",), permissions_of([Role.DISPATCHER]))
    with town.database.write(ordered=True) as session:
        requests.decide(
            session,
            found["suspension"].id,
            granted=True,
            who=dora,
            version=1,
            now=town.clock.now_utc(),
            terms=Terms.of(town.settings),
            note="Until the crane comes",
        )
    shown = uwe.get(uwe.path).text
    assert "Until the crane comes" in shown
    assert "Suspended for 2 d more" in shown


@ON_SQLITE
def test_another_units_tickets_and_pictures_are_not_there(town, uwe):
    other = Officer(town, "otto", "another-unit")
    homeless = Officer(town, "hans", None)
    assert str(uwe.ticket.id) in uwe.get("/h").text
    for stranger in (other, homeless):
        assert str(uwe.ticket.id) not in stranger.get("/h").text
        assert stranger.get(uwe.path).status_code == 404
        for path in ("accept", "requests/dispute", "photos"):
            answer = stranger.post(
                f"{uwe.path}/{path}", version="1", note="x", clause="x", files=shot(photo(1))
            )
            assert answer.status_code == 404, path
        assert stranger.get(f"{uwe.path}/pictures/{'a' * 64}").status_code == 404
    with town.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Upload)) == 0
    assert "belong to no unit" in homeless.get("/h").text
    for path in ("/h", "/h/found", uwe.path):
        assert town.client.get(path, headers=town.bearer("olga")).status_code == 403
        assert town.client.get(path, follow_redirects=False).status_code == 401


@ON_SQLITE
def test_nobody_who_reported_is_ever_named_on_a_handheld(town, uwe):
    with town.database.write() as session:
        lead = session.scalars(select(Lead)).one()
        lead.reporter_ref, lead.words = (
            "11111111-2222-3333-4444-555555555555",
            "It is Mrs Chen, 138 0000 0000",
        )
    shown = uwe.get(uwe.path).text + uwe.get("/h").text
    assert "11111111" not in shown
    assert "Mrs Chen" not in shown


@ON_SQLITE
def test_the_urgent_comes_first_then_what_is_due_first(town, uwe, sent):
    later = sent(at=(LON + 0.004, LAT))
    with town.database.write() as session:
        session.get(Ticket, later.id).due_at += timedelta(hours=1)
    urgent = sent(at=(LON - 0.004, LAT), urgent=True)
    with town.database.write() as session:
        session.get(Ticket, urgent.id).due_at += timedelta(days=1)
    order = re.findall(r"/h/tickets/([0-9a-f-]{36})", uwe.get("/h").text)
    assert order == [urgent.id, uwe.ticket.id, later.id]
    town.clock.advance(timedelta(hours=20).total_seconds())
    assert "overdue" in uwe.get("/h").text


@ON_SQLITE
def test_what_was_sent_back_says_why(town, uwe):
    for what in ("accept", "start"):
        uwe.does(uwe.path, what)
    uwe.does(uwe.path, "report_handled", note="Done")
    dora = Principal("user:dora", "dora", ("dispatcher",), permissions_of([Role.DISPATCHER]))
    with town.database.write(ordered=True) as session:
        case = session.get(Case, uwe.ticket.case_id)
        tickets.rework(
            session,
            case.id,
            who=dora,
            version=case.version,
            now=town.clock.now_utc(),
            terms=Terms.of(town.settings),
            note="The trailer still stands",
        )
    shown = uwe.get(uwe.path).text
    assert "The trailer still stands" in shown
    assert "Report as handled" in shown
