"""Originals: apart from what people see, for a reason, and every look is written down for good."""

import hashlib
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DatabaseError

from central.intake.service import commit_batch
from central.media.models import OriginalView
from central.people.permissions import Role
from kerbwatch.incident import Audience
from tests.unit.central.box import EdgeBox, evidence, report

ORIGINAL = b"\xff\xd8\xff\xe0 as the camera sent it" + bytes(range(256)) * 20
BLURRED = b"\xff\xd8\xff\xe0 as people see it" + bytes(range(256)) * 20
SHA, MADE = (hashlib.sha256(each).hexdigest() for each in (ORIGINAL, BLURRED))
REASON = "objection 2026-114: the driver says it is another car"
PLATE = {
    "text": "浙B1?345",
    "likeliest": "浙B12345",
    "confidences": [0.99, 0.99, 0.99, 0.61, 0.99, 0.99, 0.99],
    "colour": "blue",
    "pictures": 3,
}


def send(town, data):
    headers = {"Content-Type": "image/jpeg", "Upload-Offset": "0", "Upload-Length": str(len(data))}
    answer = town.client.put(
        f"/api/v1/media/{hashlib.sha256(data).hexdigest()}", content=data, headers=town.edge | headers
    )
    assert answer.status_code == 201


@pytest.fixture
def street(town):
    """A case with an original and what was made of it for people, both here."""
    for name, role in (("dora", Role.DISPATCHER), ("aude", Role.AUDITOR), ("umar", Role.UNIT_OFFICER)):
        town.add_user(name, role)
    pieces = (
        evidence(SHA, size_bytes=len(ORIGINAL), audience=Audience.ORIGINAL),
        evidence(MADE, size_bytes=len(BLURRED), original_sha256=SHA),
    )
    message = EdgeBox().message(report(evidence=pieces, plate=PLATE))
    with town.database.write(ordered=True) as session:
        commit_batch(session, [message], town.clock.now_utc(), town.settings.intake, ZoneInfo("UTC"))
    send(town, ORIGINAL)
    send(town, BLURRED)
    return town


def ask(town, name, reason=REASON, sha=SHA):
    return town.client.post(
        f"/api/v1/media/{sha}/original", json={"reason": reason}, headers=town.bearer(name)
    )


def looks(town, name="aude"):
    return town.client.get("/api/v1/media/original-views", headers=town.bearer(name))


def test_people_see_what_was_made_for_them_and_never_the_original(street):
    def get(name, sha):
        return street.client.get(f"/api/v1/media/{sha}", headers=street.bearer(name))

    assert get("olga", MADE).content == BLURRED
    for name in ("olga", "dora", "aude"):
        refused = get(name, SHA)
        assert (refused.status_code, refused.json()["type"]) == (403, "urn:kerbwatch:problem:original")
    (case,) = street.client.get("/api/v1/cases", headers=street.bearer("olga")).json()["items"]
    assert case["picture"] == MADE


def test_a_file_that_no_case_names_is_shown_to_nobody(street):
    stray = b"\xff\xd8\xff\xe0 whose is it"
    send(street, stray)
    sha = hashlib.sha256(stray).hexdigest()
    assert street.client.get(f"/api/v1/media/{sha}", headers=street.bearer("olga")).status_code == 404
    assert ask(street, "dora", sha=sha).status_code == 404


def test_an_original_that_another_box_calls_made_for_people_stays_an_original(street):
    message = EdgeBox(edge="box-2").message(report(evidence=(evidence(SHA, size_bytes=len(ORIGINAL)),)))
    with street.database.write(ordered=True) as session:
        commit_batch(session, [message], street.clock.now_utc(), street.settings.intake, ZoneInfo("UTC"))
    assert street.client.get(f"/api/v1/media/{SHA}", headers=street.bearer("olga")).status_code == 403


def test_whoever_may_sees_the_original_for_a_reason_and_the_look_is_written_down(street):
    shown = ask(street, "dora")
    assert (shown.content, shown.headers["Cache-Control"]) == (ORIGINAL, "no-store")
    (line,) = looks(street).json()
    assert (line["sha256"], line["actor"], line["reason"]) == (SHA, "user:dora", REASON)
    (case,) = street.client.get("/api/v1/cases", headers=street.bearer("olga")).json()["items"]
    log = street.client.get(f"/api/v1/cases/{case['id']}/events", headers=street.bearer("olga")).json()
    assert (log[-1]["rule"], log[-1]["actor"], log[-1]["note"]) == ("original_viewed", "user:dora", REASON)
    assert log[-1]["case_version"] == log[0]["case_version"], "nobody's decision is in the way of it"


def test_without_the_permission_or_a_reason_nothing_is_shown_and_nothing_written(street):
    assert ask(street, "olga").status_code == 403
    assert ask(street, "umar").status_code == 403
    assert ask(street, "dora", "because").status_code == 422
    assert ask(street, "dora", " " * 40).status_code == 422
    assert street.client.post(f"/api/v1/media/{SHA}/original", json={"reason": REASON}).status_code == 401
    assert looks(street).json() == []
    assert looks(street, "dora").status_code == 403


def test_a_look_that_was_written_down_can_be_neither_changed_nor_lost(street):
    assert ask(street, "aude").status_code == 200
    for statement in (update(OriginalView).values(reason="none"), delete(OriginalView)):
        with (
            pytest.raises(DatabaseError, match="stays as it was written"),
            street.database.write() as session,
        ):
            session.execute(statement)
    assert len(looks(street).json()) == 1


def test_a_plate_is_told_with_its_doubt_and_stands_on_the_ticket(street):
    bearer = street.bearer("olga")
    (case,) = street.client.get("/api/v1/cases", headers=bearer).json()["items"]
    detail = street.client.get(f"/api/v1/cases/{case['id']}", headers=bearer).json()
    assert detail["leads"][0]["plate"] == PLATE
    assert detail["tickets"][0]["plate"] == "浙B1?345"
    assert "浙B" not in str(case), "a list is no place for plates"
    page = street.client.get("/api/v1/tickets", headers=bearer).json()
    assert page["items"][0]["plate"] == "浙B1?345"
