"""What cannot wait: a report that says so shortens the time, and the clock runs by night and on Sundays."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from central.calendar.schemas import CalendarFile
from central.calendar.service import put_in_force
from central.escalation.sweeper import Sweeper
from central.intake.service import commit_batch
from central.metrics import Metrics
from central.people.permissions import Role
from kerbwatch.ids import new_id
from kerbwatch.incident import Kind
from tests.unit.central.box import IN_YANGMING, EdgeBox, report

UNIT = "traffic-police-yangming"
SUNDAY = datetime(2026, 5, 10, 12, 42, tzinfo=UTC)
"""20:42 in Shanghai."""
WEEK = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), ("08:30-12:00", "13:30-17:30"))


class Street:
    def __init__(self, town):
        self.town = town

    def get(self, path, name="olga"):
        answer = self.town.client.get(path, headers=self.town.bearer(name))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path, body, name="olga"):
        match = {"If-Match": f'"{self.case()["version"]}"'}
        answer = self.town.client.post(path, json=body, headers=self.town.bearer(name) | match)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def seen(self, **changes):
        now = self.town.clock.now_utc()
        what = report(started_at=now, observed_at=now, **changes)
        with self.town.database.write(ordered=True) as session:
            message = EdgeBox().message(what)
            commit_batch(session, [message], now, self.town.settings.intake, ZoneInfo("UTC"))

    def call(self, number, *, urgent):
        item = {"number": number, "kind": "illegal_parking", "lon": IN_YANGMING[0], "lat": IN_YANGMING[1]}
        item |= {"at": self.town.clock.now_utc().isoformat(), "urgent": urgent, "words": "Car 浙B12345"}
        taken = self.post_bare("/api/v1/hotline", {"source": "12345", "items": [item]})
        assert taken["taken"] == 1, taken

    def post_bare(self, path, body, name="olga"):
        return self.town.client.post(path, json=body, headers=self.town.bearer(name)).json()

    def suspends(self, ticket, **how_long):
        until = (self.town.clock.now_utc() + timedelta(**how_long)).isoformat()
        asked = {"kind": "suspension", "note": "dug up", "until": until}
        request_id = self.post(f"/api/v1/my/tickets/{ticket}/requests", asked, "ulla")["id"]
        said, match = {"granted": True, "note": "so"}, {"If-Match": '"1"'}
        path, headers = f"/api/v1/requests/{request_id}/decide", self.town.bearer("dora") | match
        assert self.town.client.post(path, json=said, headers=headers).status_code == 200

    def case(self):
        (found,) = self.get("/api/v1/cases")["items"]
        return self.get(f"/api/v1/cases/{found['id']}")

    def confirm(self):
        return self.post(f"/api/v1/cases/{self.case()['id']}/confirm", {})

    def due(self):
        (ticket,) = self.case()["tickets"]
        return ticket["deadline_hours"], datetime.fromisoformat(ticket["due_at"])

    def log(self):
        return self.get(f"/api/v1/cases/{self.case()['id']}/events")

    def sweep(self):
        Sweeper(self.town.settings, self.town.clock, self.town.database, Metrics()).once()


@pytest.fixture
def street(town):
    town.add_user("ulla", Role.UNIT_OFFICER, UNIT)
    town.add_user("dora", Role.DISPATCHER)
    return Street(town)


def test_a_call_that_cannot_wait_makes_the_draft_urgent_before_it_goes_out(street):
    street.call("1", urgent=False)
    assert street.due()[0] == 4
    street.town.clock.advance(60)
    street.call("2", urgent=True)
    assert street.case()["urgent"]
    assert street.due() == (1, street.town.clock.now_utc() + timedelta(hours=1))
    street.town.clock.advance(600)
    street.confirm()
    assert street.due() == (1, street.town.clock.now_utc() + timedelta(hours=1))


def test_a_call_that_cannot_wait_shortens_the_time_of_a_ticket_that_is_out(street):
    street.call("1", urgent=False)
    ticket = street.confirm()["tickets"][0]["id"]
    street.town.clock.advance(600)
    street.suspends(ticket, hours=9)
    street.call("2", urgent=True)
    due_at = street.town.clock.now_utc() + timedelta(hours=1)
    assert street.due() == (1, due_at), "the suspension is over as well"
    street.sweep()
    (line,) = [each for each in street.log() if each["rule"] == "hurry"]
    assert (line["note"], line["actor"]) == ("A lead says that it cannot wait.", "user:olga")
    street.town.clock.advance(3600 + 1)
    street.sweep()
    assert [each["rule"] for each in street.log()][-2:] == ["remind", "escalate"]
    assert street.due() == (1, due_at)
    page = street.town.client.get(f"/h/tickets/{ticket}", headers=street.town.bearer("ulla")).text
    assert "Made urgent" in page


@pytest.mark.parametrize("late_h", [0.5, -1.0], ids=["suspended in time", "suspended when it was overdue"])
def test_a_suspension_ends_when_it_cannot_wait_and_what_is_due_sooner_already_stays_so(street, late_h):
    incident = new_id()
    street.seen(incident_id=incident)
    ticket = street.confirm()["tickets"][0]["id"]
    first_due = street.due()[1]
    street.town.clock.advance((4 - late_h) * 3600)
    street.sweep()
    street.suspends(ticket, days=20)
    street.town.clock.advance(3600)
    street.seen(incident_id=incident, revision=2, urgent=True)
    due_at = first_due + timedelta(hours=1 if late_h > 0 else 0)
    assert street.due()[1] == due_at, "an hour stood still at most, and no more will"
    assert street.case()["suspended_until"] is None
    resumed, hurried = (each for each in street.log() if each["rule"] in {"resume", "hurry"})
    assert (resumed["rule"], resumed["actor"]) == ("resume", "system")
    assert (hurried["rule"], hurried["detail"]) == ("hurry", {"tickets": {}, "woken": [ticket]})
    page = street.town.client.get(f"/h/tickets/{ticket}", headers=street.town.bearer("ulla")).text
    assert "The suspension is over" in page
    street.town.clock.advance(8 * 3600)
    street.sweep()
    assert street.due()[1] == due_at
    assert [each["rule"] for each in street.log()].count("escalate") == 1 + (late_h < 0)


def test_what_is_due_sooner_already_stays_due_sooner(street):
    incident = new_id()
    street.seen(incident_id=incident)
    street.confirm()
    due_at = street.due()[1]
    street.town.clock.advance(3.5 * 3600)
    street.sweep()
    street.seen(incident_id=incident, revision=2, urgent=True)
    assert street.case()["urgent"]
    assert street.due()[1] == due_at
    street.town.clock.advance(3600)
    street.sweep()
    assert [each["rule"] for each in street.log()].count("remind") == 1


@pytest.mark.parametrize(
    ("says", "hour"), [("always", SUNDAY + timedelta(hours=1)), ("hours", "2026-05-11T01:30:00+00:00")]
)
def test_what_cannot_wait_does_not_wait_for_monday_unless_the_city_says_so(street, says, hour):
    street.town.clock.advance((SUNDAY - street.town.clock.now_utc()).total_seconds())
    with street.town.database.write() as session:
        put_in_force(session, CalendarFile(hours=WEEK, urgent=says), "user:ada", SUNDAY)
    street.call("1", urgent=True)
    street.confirm()
    assert street.due() == (1, datetime.fromisoformat(str(hour)))


@pytest.mark.parametrize(("urgent", "begin"), [(True, "2026-05-10T12:42"), (False, "2026-05-11T00:30")])
def test_towns_go_out_together_on_monday_morning_or_at_once(street, urgent, begin):
    street.town.clock.advance((SUNDAY - street.town.clock.now_utc()).total_seconds())
    with street.town.database.write() as session:
        put_in_force(session, CalendarFile(hours=WEEK), "user:ada", SUNDAY)
    street.seen(at=(121.1601, 30.05), kind=Kind.STALL_ENCROACHMENT, urgent=urgent)
    street.confirm()
    window = street.get(f"/api/v1/cases/{street.case()['id']}/joint-operation")
    assert window["window_from"].startswith(begin)
