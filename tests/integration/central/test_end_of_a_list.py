"""The last day of a duty list passes: it is told long before, and what comes in then is not lost."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
import structlog
from sqlalchemy import delete

from central.duty.models import DutyEntry, DutyList
from central.duty.service import forget_book, import_duty_list
from central.duty.watch import troubles
from central.people.permissions import Role
from kerbwatch.settings import SettingsError

ZONE = ZoneInfo("Asia/Shanghai")
LAST = date(2026, 7, 31)
"""The town's clock begins on 4 May 2026."""
VAN = {"number": "A-1", "kind": "illegal_parking", "words": "White van", "lon": 121.15, "lat": 30.05}


@pytest.fixture
def ending(town, tmp_path):
    """The town's list ends on :data:`LAST`, and every lead of its ends with it; what was warned of."""
    town.add_user("dora", Role.DISPATCHER)
    town.add_user("ada", Role.AUDITOR)
    text = town.settings.duty_list.read_text()
    path = tmp_path / "ending.yaml"
    ended = text.replace("valid_from: 2026-01-01", f"valid_until: {LAST}")
    once = f"dated: [{{unit: traffic-police, valid_until: {LAST}}}]\n      areas:\n        yangming"
    path.write_text(ended.replace("default: traffic-police\n      areas:\n        yangming", once))
    with town.database.write() as session:
        session.execute(delete(DutyEntry))
        session.execute(delete(DutyList))
        with structlog.testing.capture_logs() as said:
            assert import_duty_list(session, path, town.clock.now_utc(), ZONE)
    town.said = [line["text"] for line in said if line["event"] == "duty_list_warning"]
    town.path = path
    return town


def wait_until(town, day):
    town.clock.advance((day - town.clock.now_utc().date()) / timedelta(seconds=1))
    town.tokens.clear()  # they have run out


def told(town, path="/"):
    answer = town.client.get(path, headers=town.bearer("olga"))
    assert answer.status_code == 200, answer.text
    return answer.text


def test_what_comes_in_after_the_last_day_is_taken_in_and_sent_to_who_led_last(ending):
    wait_until(ending, LAST + timedelta(days=1))
    item = VAN | {"at": ending.clock.now_utc().isoformat()}
    body = {"source": "12345", "items": [item]}
    answer = ending.client.post("/api/v1/hotline", json=body, headers=ending.bearer("dora"))
    assert answer.status_code == 200, answer.text
    assert answer.json()["taken"] == 1, answer.text
    (case,) = ending.client.get("/api/v1/cases", headers=ending.bearer("olga")).json()["items"]
    headers = ending.bearer("olga") | {"If-Match": f'"{case["version"]}"'}
    sent = ending.client.post(f"/api/v1/cases/{case['id']}/confirm", json={}, headers=headers)
    assert sent.status_code == 200, sent.text
    assert sent.json()["tickets"][0]["unit_id"] == "traffic-police-yangming"
    assert "the last day of the list has passed" in told(ending, "/duty-list")
    assert "Its last day has passed" in ending.client.get("/duty-list").text, "everybody is told"
    listed = ending.client.get("/api/v1/duty-list", params={"q": "illegal_parking"}).json()
    assert listed["version"]["over"] is True
    assert {entry["area_id"] for entry in listed["entries"]} == {None, "yangming"}


def test_that_none_follows_is_told_at_the_import_and_to_operators_some_weeks_before(ending):
    assert [text for text in ending.said if f"the list ends on {LAST} and none follows it" in text]
    before, wrong = LAST - timedelta(weeks=9), "something is wrong with it, or soon will be"
    wait_until(ending, before)
    assert wrong not in told(ending)
    wait_until(ending, LAST - timedelta(weeks=7))
    assert wrong in told(ending)
    for path in ("/cameras", "/duty-list"):
        assert f"the list ends on {LAST} and none follows it" in told(ending, path)


def test_a_list_that_follows_takes_its_turn_and_nothing_is_said(ending, tmp_path):
    successor = tmp_path / "next.yaml"
    text = ending.path.read_text().replace(f"valid_until: {LAST}\n", "valid_from: 2026-08-01\n", 1)
    successor.write_text(text.replace(f", valid_until: {LAST}", "").replace("police-yangming\n", "police\n"))
    wait_until(ending, LAST)
    with ending.database.write() as session:
        assert import_duty_list(session, successor, ending.clock.now_utc(), ZONE)
    with ending.database.read() as session:
        assert troubles(session, ending.clock.now_utc(), ZONE) == ()
    wait_until(ending, LAST + timedelta(days=1))
    listed = ending.client.get("/api/v1/duty-list", params={"q": "illegal_parking"}).json()
    assert listed["version"]["over"] is False
    assert {entry["unit_id"] for entry in listed["entries"]} == {"traffic-police"}


def test_a_list_that_is_over_is_not_taken_in_and_one_of_old_that_comes_back_is_told(ending, tmp_path):
    with ending.database.write() as session:
        import_duty_list(session, ending.settings.duty_list, ending.clock.now_utc(), ZONE)
    wait_until(ending, date(2026, 5, 5))
    text = ending.path.read_text().replace("name: Straw", "name: Dry straw")
    ending.path.write_text(text)
    with ending.database.write() as session, structlog.testing.capture_logs() as said:
        import_duty_list(session, ending.path, ending.clock.now_utc(), ZONE)
    assert any("is in force again from then on" in line.get("text", "") for line in said)
    wait_until(ending, LAST + timedelta(days=1))
    ending.path.write_text(text.replace("Dry straw", "Straw"))
    with pytest.raises(SettingsError, match=f"the list ended on {LAST}"), ending.database.write() as session:
        import_duty_list(session, ending.path, ending.clock.now_utc(), ZONE)


def test_without_any_list_whoever_asks_is_told_so(town):
    town.add_user("dora", Role.DISPATCHER)
    with town.database.write() as session:
        session.execute(delete(DutyEntry))
        session.execute(delete(DutyList))
        forget_book(session)
    item = VAN | {"at": town.clock.now_utc().isoformat()}
    body = {"source": "12345", "items": [item]}
    answer = town.client.post("/api/v1/hotline", json=body, headers=town.bearer("dora"))
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:kerbwatch:problem:no-duty-list")
