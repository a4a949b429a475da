"""People who report: a code signs them in, who they are lies apart, and each look at it is written down."""

import re

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DatabaseError

from central.people.permissions import Role
from central.reporters.models import IdentityView, Reporter, ReporterCode, ReporterIdentity
from tests.integration.central.citizens import add_reporter, code_for, report_at, send, sign_in

pytestmark = pytest.mark.parametrize("url", ["sqlite"], indirect=True)

PHONE, MAIL = "138 0013 8000", "Li.Na@Example.org"


def ask(town, contact):
    return town.client.post("/api/v1/reporter/codes", json={"contact": contact})


def attempt(town, challenge, code):
    return town.client.post("/api/v1/reporter/token", json={"challenge": challenge, "code": code})


def other_than(code):
    return f"{(int(code) + 1) % 1_000_000:06d}"


def account(town, headers):
    return town.client.get("/api/v1/reporter", headers=headers)


def refs(town):
    with town.database.read() as session:
        return list(session.scalars(select(Reporter.ref)))


@pytest.mark.parametrize(("contact", "shown"), [(PHONE, "+86 ••• 8000"), (MAIL, "l•••@example.org")])
def test_a_code_to_a_phone_or_a_mailbox_makes_the_account_and_signs_in(town, contact, shown):
    me = account(town, sign_in(town, contact))
    assert me.json() == {"contact": shown, "notify": True, "balance": 0}
    again = account(town, sign_in(town, contact.upper()))
    assert again.status_code == 200
    assert len(refs(town)) == 1


def test_asking_for_a_code_tells_nothing_of_who_has_an_account(town):
    sign_in(town, PHONE)
    known, stranger = ask(town, PHONE), ask(town, "13900139000")
    assert (known.status_code, stranger.status_code) == (202, 202)
    assert known.json().keys() == stranger.json().keys()
    assert len(known.json()["challenge"]) == len(stranger.json()["challenge"])
    for challenge in (known.json()["challenge"], stranger.json()["challenge"], "never-given"):
        refused = attempt(town, challenge, "000000")
        assert (refused.status_code, refused.json()["type"]) == (401, "urn:kerbwatch:problem:wrong-code")


def test_what_is_neither_a_number_nor_an_address_is_refused(town):
    for contact in ("", "hello", "12", "+86 1", "a@b", "x" * 300, "li@na@example.org"):
        assert ask(town, contact).status_code == 422, contact


def test_a_code_is_good_once(town):
    challenge, code = code_for(town, PHONE)
    assert attempt(town, challenge, code).status_code == 200
    assert attempt(town, challenge, code).status_code == 401


def test_a_code_is_good_for_ten_minutes(town):
    challenge, code = code_for(town, PHONE)
    town.clock.advance(601)
    assert attempt(town, challenge, code).status_code == 401


def test_five_wrong_tries_make_the_right_code_wrong(town):
    challenge, code = code_for(town, PHONE)
    for _ in range(5):
        assert attempt(town, challenge, other_than(code)).status_code == 401
    assert attempt(town, challenge, code).status_code == 401


def test_no_more_than_five_codes_an_hour_go_to_one_number(town):
    for _ in range(5):
        assert ask(town, PHONE).status_code == 202
        town.clock.advance(60)
    refused = ask(town, "+8613800138000")
    assert (refused.status_code, refused.json()["type"]) == (429, "urn:kerbwatch:problem:too-many-codes")
    assert ask(town, MAIL).status_code == 202
    town.clock.advance(int(refused.headers["Retry-After"]))
    assert ask(town, PHONE).status_code == 202


def test_neither_code_nor_number_is_in_any_table_in_the_clear(town):
    challenge, code = code_for(town, PHONE)
    attempt(town, challenge, code)
    with town.database.read() as session:
        kept = [row.__dict__ for row in (*session.scalars(select(ReporterCode)),)]
        kept += [row.__dict__ for row in session.scalars(select(ReporterIdentity))]
    assert len(kept) == 2
    for row in kept:
        assert not re.search(r"13800138000|\b" + code, str(row))


def test_an_account_opens_no_page_of_those_who_work_here_and_theirs_opens_no_account(town):
    citizen = sign_in(town, PHONE)
    assert town.client.get("/api/v1/cases", headers=citizen).status_code == 401
    assert account(town, town.bearer("olga")).status_code == 401


def test_who_a_reporter_is_is_told_for_a_reason_and_each_look_stays_written_down(town):
    town.add_user("dora", Role.DISPATCHER)
    town.add_user("aude", Role.AUDITOR)
    sign_in(town, PHONE)
    url = f"/api/v1/reporters/{refs(town)[0]}/identity"
    body = {"reason": "call back: which of the two gates is blocked?"}
    assert town.client.post(url, json=body, headers=town.bearer("olga")).status_code == 403
    assert town.client.post(url, json={"reason": "why"}, headers=town.bearer("dora")).status_code == 422
    told = town.client.post(url, json=body, headers=town.bearer("dora"))
    assert told.json()["contact"] == "+8613800138000"
    views = "/api/v1/reporters/identity-views"
    assert town.client.get(views, headers=town.bearer("dora")).status_code == 403
    (look,) = town.client.get(views, headers=town.bearer("aude")).json()
    assert (look["actor"], look["reason"]) == ("user:dora", body["reason"])
    for change in (update(IdentityView).values(reason="none"), delete(IdentityView)):
        with pytest.raises(DatabaseError, match="stays as it was written"), town.database.write() as session:
            session.execute(change)


def test_whoever_deletes_an_account_is_forgotten_and_the_report_stays(town):
    headers = sign_in(town, MAIL)
    (ref,) = refs(town)
    with town.database.write(ordered=True) as session:
        send(session, town.settings, report_at(0, ref))
    assert town.client.delete("/api/v1/reporter", headers=headers).status_code == 204
    assert account(town, headers).status_code == 401
    with town.database.read() as session:
        assert session.scalars(select(ReporterIdentity)).all() == []
        assert session.scalars(select(ReporterCode)).all() == []
        assert session.scalar(text("SELECT reporter_ref FROM reports")) == ref
    sign_in(town, MAIL)
    assert len(set(refs(town))) == 2


def test_a_case_and_a_ticket_tell_nothing_of_who_reported(town):
    ref = "00000000-0000-4000-8000-000000000001"
    with town.database.write(ordered=True) as session:
        add_reporter(session, ref)
        send(session, town.settings, report_at(0, ref))
    (case,) = town.client.get("/api/v1/cases", headers=town.bearer("olga")).json()["items"]
    pages = [f"/api/v1/cases/{case['id']}", f"/api/v1/cases/{case['id']}/events", "/api/v1/tickets"]
    for page in pages:
        answer = town.client.get(page, headers=town.bearer("olga"))
        assert answer.status_code == 200
        assert ref not in answer.text
