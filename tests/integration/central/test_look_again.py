"""The camera checks the work: asked when a unit is done, its answer closes the case or sends it back."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from central.cases import repository as case_repository
from central.cases.models import Case
from central.database import Database
from central.handheld.models import TicketPhoto
from central.media.models import MediaFile
from central.settings import CentralSettings
from central.tickets.clockwork import Terms
from central.tickets.proof import proof_of
from central.uploads.models import Upload
from kerbwatch.ids import new_id
from kerbwatch.incident import Kind, Phase
from kerbwatch.messages import CENTRAL_SOURCE, LookAgainEvent, parse_event
from tests.integration.central.squad import Squad
from tests.unit.central.box import IN_YANGMING, NOON, EdgeBox, report

ON_THE_BORDER = (121.1601, 30.05)
on_sqlite = pytest.mark.parametrize("url", ["sqlite"], indirect=True)
"""What is the same on every database; the others, and the state machine, run on both."""


@pytest.fixture
def squad(town):
    return Squad(town)


@pytest.fixture
def handled(squad):
    """A case that its squad says is dealt with, and the question about it."""
    case = squad.handles(squad.confirmed())
    assert case["state"] == "checking"
    (question,) = squad.asked(case)
    return case, question["id"]


def test_a_question_goes_to_the_box_of_the_newest_lead_and_is_sent_again_until_it_is_answered(squad, handled):
    _case, question_id = handled
    assert squad.new_asker(squad.town.database, connected=False).once() == 0
    other_copy = Database(squad.town.settings.database.resolve_url())
    copies = [squad.asker, squad.new_asker(other_copy)]
    with ThreadPoolExecutor() as at_once:
        assert sorted(at_once.map(lambda copy: copy.once(), copies)) == [0, 1], "one of two copies asks"
    other_copy.close()
    (topic, payload), *_none = squad.sent
    event = parse_event(payload, LookAgainEvent)
    assert (topic, event.id, event.source) == (
        "kerbwatch/v1/yuyao/box-1/command",
        question_id,
        CENTRAL_SOURCE,
    )
    assert (event.data.camera_id, event.data.zone_id, event.data.box.x2) == ("cam-12", "kerb", 110)
    squad.town.clock.advance(29)
    assert squad.asker.once() == 0
    squad.town.clock.advance(1)
    assert squad.asker.once() == 1
    squad.town.clock.advance(59)
    assert squad.asker.once() == 0
    squad.town.clock.advance(1)
    assert squad.asker.once() == 1
    assert len({payload for _topic, payload in squad.sent}) == 1, "the same question, word for word"
    squad.tells(squad.box.answer(question_id))
    squad.town.clock.advance(600)
    assert squad.asker.once() == 0


def test_a_free_place_closes_the_case_with_the_picture_of_it(squad, handled):
    case, question_id = handled
    squad.tells(squad.box.answer(question_id))
    squad.sweeper.once()
    closed = squad.case(case["id"])
    assert (closed["state"], closed["tickets"][0]["state"]) == ("closed", "closed")
    roles = {piece["role"]: piece["sha256"] for piece in closed["leads"][0]["evidence"]}
    assert roles["snapshot_checked"] == "c" * 64
    assert squad.rules(case)[-4:] == ["check", "look_again", "camera_answered", "close"]
    (asked,) = squad.asked(case)
    assert (asked["state"], asked["verdict"], asked["picture_sha256"]) == ("settled", "clear", "c" * 64)
    version = closed["version"]
    again = squad.box.answer(question_id, "not_clear")
    assert squad.tells(again, again).duplicates == 1
    squad.sweeper.once()
    assert squad.case(case["id"])["version"] == version, "one question has one answer"


def test_what_still_stands_there_goes_back_to_its_unit_with_a_new_term_and_is_looked_at_again(squad, handled):
    case, question_id = handled
    squad.town.clock.advance(60)
    squad.tells(squad.box.answer(question_id, "not_clear"))
    squad.sweeper.once()
    back = squad.get(f"/api/v1/my/tickets/{case['tickets'][0]['id']}", "ulla")
    assert (back["state"], back["tickets"][0]["state"]) == ("handling", "handling")
    assert back["tickets"][0]["due_at"] == "2026-05-04T07:01:00.000Z"
    assert any(piece["role"] == "snapshot_checked" for piece in back["leads"][0]["evidence"])
    squad.handles(case, "report_handled")
    second, first = squad.asked(case)
    assert (second["state"], first["state"]) == ("asking", "settled")
    assert second["id"] != question_id
    squad.tells(squad.box.answer(second["id"]))
    squad.sweeper.once()
    assert squad.case(case["id"])["state"] == "closed"


@on_sqlite
def test_a_camera_that_cannot_tell_leaves_it_to_a_person_and_says_why(squad, handled):
    case, question_id = handled
    squad.tells(squad.box.answer(question_id, "unable", reason="hidden"))
    squad.sweeper.once()
    now = squad.case(case["id"])
    assert now["state"] == "checking"
    (asked,) = squad.asked(case)
    assert (asked["state"], asked["reason"]) == ("settled", "hidden")
    line = squad.get(f"/api/v1/cases/{case['id']}/events")[-1]
    assert (line["rule"], line["reason_code"], line["actor"]) == (
        "camera_answered",
        "hidden",
        "edge:yuyao/box-1",
    )
    closed = squad.post(f"/api/v1/cases/{case['id']}/close", {"note": "seen"}, "dora", now["version"])
    assert closed.json()["state"] == "closed"


@on_sqlite
def test_no_answer_in_time_goes_to_a_person_and_a_late_one_counts_while_nobody_has_decided(squad, handled):
    case, question_id = handled
    squad.town.clock.advance(14 * 60)
    squad.sweeper.once()
    assert squad.asked(case)[0]["state"] == "asking"
    squad.town.clock.advance(60)
    squad.sweeper.once()
    assert (squad.asked(case)[0]["state"], squad.case(case["id"])["state"]) == ("silent", "checking")
    assert squad.rules(case)[-1] == "camera_silent"
    assert squad.asker.once() == 0
    squad.town.clock.advance(3600)
    squad.tells(squad.box.answer(question_id))
    squad.sweeper.once()
    assert squad.case(case["id"])["state"] == "closed"


@on_sqlite
@pytest.mark.parametrize("decision", ["close", "rework"])
def test_what_a_person_decided_stands_whatever_the_camera_says_an_hour_later(squad, handled, decision):
    case, question_id = handled
    version = squad.case(case["id"])["version"]
    done = squad.post(f"/api/v1/cases/{case['id']}/{decision}", {"note": "seen"}, "dora", version).json()
    squad.town.clock.advance(3600)
    verdict = "not_clear" if decision == "close" else "clear"
    squad.tells(squad.box.answer(question_id, verdict))
    squad.sweeper.once()
    after = squad.case(case["id"])
    assert (after["state"], after["version"]) == (done["state"], done["version"])
    assert squad.rules(case).count("camera_too_late") == 1
    assert squad.asked(case)[0]["state"] == "overtaken"
    assert any(piece["role"] == "snapshot_checked" for piece in after["leads"][0]["evidence"])


@on_sqlite
@pytest.mark.parametrize("whose", ["clock", "citizen", "before"])
def test_a_picture_that_cannot_be_of_the_place_after_the_work_closes_nothing(squad, handled, whose):
    case, question_id = handled
    asked_at = squad.town.clock.now_utc()
    box = "citizens' photos" if whose == "citizen" else squad.box.source
    received_at = asked_at + timedelta(seconds=-1 if whose == "before" else 1)
    if whose != "clock":
        with squad.town.database.write() as session:
            session.add(
                MediaFile(
                    sha256="c" * 64,
                    content_type="image/jpeg",
                    size_bytes=1,
                    source=box,
                    received_at=received_at,
                )
            )
    looked_at = asked_at - timedelta(days=2) if whose == "clock" else asked_at
    squad.tells(squad.box.answer(question_id, looked_at=looked_at))
    squad.sweeper.once()
    now = squad.case(case["id"])
    assert now["state"] == "checking"
    assert "snapshot_checked" not in {piece["role"] for piece in now["leads"][0]["evidence"]}
    (asked,) = squad.asked(case)
    assert (asked["state"], asked["verdict"], asked["reason"]) == ("settled", "unable", "no_picture")
    line = squad.get(f"/api/v1/cases/{case['id']}/events")[-1]
    assert (line["rule"], line["detail"]["said"]) == ("camera_answered", "clear")


@on_sqlite
def test_an_answer_of_another_box_or_to_no_question_changes_nothing(squad, handled):
    case, question_id = handled
    stranger = EdgeBox(edge="box-2")
    squad.tells(stranger.answer(question_id), squad.box.answer("0" * 8 + "-0000-7000-8000-" + "0" * 12))
    squad.sweeper.once()
    assert squad.asked(case)[0]["state"] == "asking"
    assert squad.case(case["id"])["state"] == "checking"


@on_sqlite
def test_a_lead_that_was_taken_out_no_longer_speaks_for_the_case(squad, handled):
    case, question_id = handled
    elsewhere = squad.confirmed(report(at=(121.158, 30.052), camera_id="cam-99"))
    with squad.town.database.write(ordered=True) as session:
        case_repository.case(session, case["id"]).leads[0].case_id = elsewhere["id"]
    squad.tells(squad.box.answer(question_id))
    squad.sweeper.once()
    assert squad.case(case["id"])["state"] == "checking"


@on_sqlite
def call_again(squad):
    """A caller, ten seconds after the squad said that it was done: the car is still there."""
    squad.town.clock.advance(10)
    now = squad.town.clock.now_utc().isoformat()
    item = {"number": "2", "kind": "illegal_parking", "lon": IN_YANGMING[0], "lat": IN_YANGMING[1], "at": now}
    body = {"source": "12345", "items": [item | {"words": "It is still here"}]}
    taken = squad.town.client.post("/api/v1/hotline", json=body, headers=squad.town.bearer("olga"))
    assert taken.json()["taken"] == 1, taken.text


def test_who_reports_it_after_the_work_was_said_to_be_done_is_heard_by_a_person(squad, handled):
    case, question_id = handled
    call_again(squad)
    seen = squad.case(case["id"])
    assert (seen["state"], seen["seen_again"]) == ("checking", [seen["leads"][1]["id"]])
    close, note = f"/api/v1/cases/{case['id']}/close", {"note": "seen"}
    assert squad.post(close, note, "dora", case["version"]).status_code == 412, "look again first"
    looked_at = squad.town.clock.now_utc() + timedelta(seconds=30)
    squad.tells(squad.box.answer(question_id, "clear", looked_at=looked_at))
    squad.sweeper.once()
    assert squad.case(case["id"])["state"] == "checking", (
        "the camera may have looked elsewhere than the caller"
    )
    assert squad.rules(case)[-4:] == ["merge_lead", "seen_again", "camera_answered", "left_to_person"]
    page = squad.town.client.get(f"/cases/{case['id']}", headers=squad.town.bearer("dora")).text
    assert "Reported again after the work was said to be done" in page
    assert "A person decides." in page
    version = squad.case(case["id"])["version"]
    bare = squad.post(close, {}, "dora", version)
    assert (bare.status_code, "a note must say why" in bare.json()["detail"]) == (409, True)
    closed = squad.post(close, {"note": "I asked the squad: it was another car"}, "dora", version)
    assert closed.json()["state"] == "closed"


@on_sqlite
def test_the_camera_that_is_asked_and_reports_it_again_has_answered(squad, handled):
    case, _question_id = handled
    lost = case["leads"][0]["incident_id"]
    squad.tells(squad.box.message(report(lost, revision=2, phase=Phase.CLEARED)))
    squad.town.clock.advance(10)
    now = squad.town.clock.now_utc()
    squad.tells(squad.box.message(report(started_at=now, observed_at=now)))
    again = squad.case(case["id"])
    assert len(again["leads"]) == 2
    squad.sweeper.once()
    assert squad.rules(case)[-3:] == ["merge_lead", "seen_again", "rework"]
    assert squad.case(case["id"])["tickets"][0]["state"] == "handling"


@on_sqlite
def test_a_photo_after_the_work_proves_it_until_it_comes_back(squad, handled):
    case, _question_id = handled

    def photo():
        now = squad.town.clock.now_utc()
        with squad.town.database.write() as session:
            upload = {"key_hash": new_id(), "sender_key": "t", "length_bytes": 1, "state": "over"}
            row = Upload(id=new_id(), created_at=now, expires_at=now, **upload)
            session.add(row)
            session.flush()
            ticket = case["tickets"][0]["id"]
            more = {"sha256": new_id(), "sent_by": "t", "state": "shown"}
            session.add(TicketPhoto(upload_id=row.id, ticket_id=ticket, sent_at=now, **more))

    def proof():
        with squad.town.database.read() as session:
            return proof_of(session, session.get(Case, case["id"]))

    assert proof() is None
    photo()
    assert proof() == "photo"
    call_again(squad)
    assert proof() is None
    squad.town.clock.advance(5)
    photo()
    assert proof() == "photo"
    version = squad.case(case["id"])["version"]
    squad.post(f"/api/v1/cases/{case['id']}/rework", {"note": "still there"}, "dora", version)
    squad.town.clock.advance(5)
    squad.handles(case, "report_handled")
    assert proof() is None, "the photos are of the work before"


def test_on_a_border_the_camera_is_asked_once_all_units_are_done(squad):
    case = squad.confirmed(report(at=ON_THE_BORDER, kind=Kind.STALL_ENCROACHMENT))
    squad.handles(case, ticket=0, name="fritz")
    assert squad.asked(case) == []
    assert squad.handles(case, ticket=1, name="yan")["state"] == "checking"
    (question,) = squad.asked(case)
    squad.tells(squad.box.answer(question["id"], "not_clear"))
    squad.sweeper.once()
    back = squad.case(case["id"])
    assert {ticket["state"] for ticket in back["tickets"]} == {"handling"}


@on_sqlite
def test_where_cameras_are_not_to_be_asked_a_person_checks(squad):
    case = squad.confirmed()
    with squad.town.database.write(ordered=True) as session:
        row = case_repository.case(session, case["id"])
        row.leads[0].origin = "hotline"
    assert squad.handles(case)["state"] == "checking"
    assert squad.asked(case) == []
    assert Terms.of(CentralSettings.model_validate({"look_again": {"answer_s": 0}})).look_again == timedelta(
        0
    )


@on_sqlite
def test_the_case_page_shows_what_the_camera_said_and_offers_the_decision_to_who_may_take_it(squad, handled):
    case, question_id = handled
    path, client = f"/cases/{case['id']}", squad.town.client

    def shown(name):
        return client.get(path, headers=squad.town.bearer(name)).text

    def posts(what, name, **form):
        data = {"version": squad.case(case["id"])["version"]} | form
        headers = squad.town.bearer(name)
        return client.post(f"{path}/{what}", data=data, headers=headers, follow_redirects=False)

    assert "was asked whether the place is free" in shown("olga")
    squad.tells(squad.box.answer(question_id, "unable", reason="hidden"))
    words = "could not tell: something stood in front all the time. A person decides."
    assert words in shown("olga") and ">After<" in shown("olga")
    assert "It is done" not in shown("olga") and "It is done" in shown("dora")
    assert posts("close", "olga").status_code == 403
    lacking = posts("rework", "dora", note=" ")
    assert (lacking.status_code, "Say what is lacking" in lacking.text) == (422, True)
    sent = posts("rework", "dora", note="the van is round the corner")
    assert (sent.status_code, sent.headers["location"]) == (303, f"{path}?done=reworked")
    squad.handles(case, "report_handled")
    bare = posts("close", "dora")
    assert (bare.status_code, "a note must say why it is done" in bare.text) == (409, True)
    done = posts("close", "dora", note="went there")
    assert (done.status_code, squad.case(case["id"])["state"]) == (303, "closed")
    assert "A person decided before" in shown("olga")


@pytest.fixture
def two_cameras(squad):
    """A car that two cameras see, dealt with as its squad says; its case, and what the older camera saw."""
    first, second = report(camera_id="cam-11", camera_name="Corner"), report()
    case = squad.confirmed(first)
    squad.tells(squad.box.message(second))
    other = squad.get("/api/v1/cases")["items"][0]
    merge, version = {"other": other["id"]}, squad.case(case["id"])["version"]
    merged = squad.post(f"/api/v1/cases/{case['id']}/merge", merge, "olga", version)
    assert (merged.status_code, len(merged.json()["leads"])) == (200, 2), merged.text
    case = squad.handles(merged.json())
    assert case["state"] == "checking"
    return case, first


def questions(squad, case):
    """By camera where its question stands, the first that was asked first."""
    return [(each["camera_id"], each["state"], each["verdict"]) for each in reversed(squad.asked(case))]


def says(squad, case, verdict="clear", **more):
    """The camera that is asked says so, ten seconds on, and central acts on it."""
    squad.town.clock.advance(10)
    looked_at = squad.town.clock.now_utc()
    squad.tells(squad.box.answer(squad.asked(case)[0]["id"], verdict, looked_at=looked_at, **more))
    squad.sweeper.once()
    return squad.case(case["id"])


def test_a_camera_that_sees_the_place_free_closes_nothing_that_another_camera_still_sees(squad, two_cameras):
    case, _first = two_cameras
    assert questions(squad, case) == [("cam-12", "asking", None)]
    assert says(squad, case)["state"] == "checking"
    assert questions(squad, case) == [("cam-12", "settled", "clear"), ("cam-11", "asking", None)]
    page = squad.town.client.get(f"/cases/{case['id']}", headers=squad.town.bearer("dora")).text
    assert (
        "Yangming East 12 sees the place free. Another camera has not seen it go, and is asked too." in page
    )
    assert "Corner was asked whether the place is free." in page
    assert "Why it is done, without a newer picture" in page, "one camera's word alone proves nothing"
    closed = says(squad, case)
    assert closed["state"] == "closed"
    assert squad.rules(case)[-5:] == [
        "look_again",
        "camera_answered",
        "look_again",
        "camera_answered",
        "close",
    ]


@on_sqlite
def test_what_the_second_camera_still_sees_goes_back_to_its_unit(squad, two_cameras):
    case, _first = two_cameras
    says(squad, case)
    assert says(squad, case, "not_clear")["state"] == "handling"
    again = squad.handles(squad.case(case["id"]), "report_handled")
    assert again["state"] == "checking"
    assert says(squad, case)["state"] == "checking", "each check asks both"
    assert says(squad, case)["state"] == "closed"


@on_sqlite
def test_a_camera_that_has_seen_it_go_is_not_asked(squad, two_cameras):
    case, first = two_cameras
    gone = report(first.incident_id, 2, Phase.CLEARED, camera_id="cam-11", camera_name="Corner")
    squad.tells(squad.box.message(gone))
    assert says(squad, case)["state"] == "closed"
    assert questions(squad, case) == [("cam-12", "settled", "clear")]


@on_sqlite
def test_where_the_second_camera_cannot_tell_or_a_caller_speaks_up_a_person_decides(squad, two_cameras):
    case, _first = two_cameras
    says(squad, case)
    call_again(squad)
    left = says(squad, case)
    assert (left["state"], squad.rules(case)[-1]) == ("checking", "left_to_person")
    bare = squad.post(f"/api/v1/cases/{case['id']}/close", {}, "dora", left["version"])
    assert (bare.status_code, "a note must say why" in bare.json()["detail"]) == (409, True)


@on_sqlite
def test_a_camera_that_sees_it_again_after_it_had_called_the_place_free_leaves_it_to_a_person(
    squad, two_cameras
):
    case, _first = two_cameras
    says(squad, case)
    says_free = squad.town.clock.now_utc()
    second = next(each for each in squad.case(case["id"])["leads"] if each["camera_id"] == "cam-12")
    later = {"started_at": NOON, "observed_at": says_free + timedelta(seconds=5)}
    squad.tells(squad.box.message(report(second["incident_id"], 2, Phase.UPDATED, **later)))
    left = says(squad, case)
    assert (left["state"], squad.rules(case)[-1]) == ("checking", "left_to_person")
