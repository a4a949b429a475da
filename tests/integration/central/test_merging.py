"""Leads of one occurrence make one case, whoever sends them and however they race; people can undo it."""

import threading
from collections import Counter
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from central.cases import service as cases
from central.cases.models import Case, Lead, Ticket
from central.cases.reporting import LeadIn, take_report, take_reports
from central.cases.rules import OVER, Origin, RejectReason
from central.database import Database
from central.hotline.service import import_csv
from central.insight import follow
from central.intake.service import commit_batch
from central.merging import service
from central.merging.lately import lately_of, learn_ahead
from central.merging.models import MergeSuggestion, OpenLead
from central.merging.settings import MergingSettings
from central.people.permissions import Role, permissions_of
from central.people.service import Principal
from central.problems import Problem
from central.settings import IntakeSettings
from kerbwatch.ids import new_id
from kerbwatch.incident import Kind, Phase
from kerbwatch.messages import Place, PlateRead
from tests.unit.central.box import IN_YANGMING, NOON, EdgeBox, report

ZONE = ZoneInfo("Asia/Shanghai")
TERMS = MergingSettings()
METRE = 1 / 111_195
OLGA = Principal("user:olga", "olga", ("operator",), permissions_of(["operator"]))
LON, LAT = IN_YANGMING


def seen_at(metres, **changes):
    """A car that a camera sees, with its place on the ground."""
    place = Place(lon=LON, lat=LAT + metres * METRE, method="ground_homography", accuracy_m=3)
    return report(**{"place": place} | changes)


def call_at(metres, minutes=0.0, number=None, **changes):
    values = {
        "origin": Origin.HOTLINE,
        "source": "12345",
        "external_id": number or new_id(),
        "kind": Kind.ILLEGAL_PARKING,
        "lon": LON,
        "lat": LAT + metres * METRE,
        "place_method": "address",
        "seen_at": NOON + timedelta(minutes=minutes),
        "words": "A car blocks the pavement",
    }
    return LeadIn(**(values | changes))


def test_how_soon_people_call_after_a_camera_is_learnt_from_the_city_anew_each_day(street):
    for place in range(60):
        street.camera(seen_at(350.0 * (place - 28), camera_id=f"cam-{place}"))
        street.call(call_at(350.0 * (place - 28) + 20, minutes=8))
    ratio = {}
    for day in (0, 5):
        with street.database.read() as session:
            now = NOON + timedelta(days=day, hours=1)
            pace = lately_of(session, now, ZONE, TERMS).pace
        ratio[day] = pace.ratio(Kind.ILLEGAL_PARKING.value, 8 * 60, TERMS.illegal_parking)
    assert ratio[5] > 1.5 * ratio[0], "on the first day nothing is known of others"


def test_when_an_hour_begins_the_sweeper_learns_and_no_batch_waits_for_it(database):
    def known(at):
        with database.read() as session:
            return lately_of(session, at, ZONE, TERMS)

    first, next_hour = known(NOON), NOON + timedelta(hours=1)
    assert known(next_hour) is first
    with database.read() as session:
        learn_ahead(session, next_hour, ZONE, TERMS)
    learnt = known(next_hour)
    assert learnt is not first
    assert learnt.pace is first.pace, "that of the day holds for the day"
    assert known(next_hour + timedelta(hours=2)) is not learnt, "without a sweeper a batch learns by itself"


@pytest.fixture
def street(database):
    """Ways for leads to come in, each in a unit of work of its own."""
    return Street(database)


class Street:
    def __init__(self, database):
        self.database, self.boxes = database, [EdgeBox(edge=f"box-{n}") for n in range(3)]

    def camera(self, what, box=0):
        with self.database.write(ordered=True) as session:
            message = self.boxes[box].message(what)
            commit_batch(session, [message], NOON, IntakeSettings(), ZONE)

    def call(self, what, now=NOON):
        with self.database.write(ordered=True) as session:
            return take_report(session, what, actor="system", now=now, zone=ZONE, merging=TERMS)

    def cases(self):
        with self.database.read() as session:
            page = cases.list_cases(session, limit=200)
            return [cases.get_case(session, each.id) for each in reversed(page.items)]

    def suggestions(self):
        with self.database.read() as session:
            return service.list_suggestions(session)

    def log(self, case_id):
        with self.database.read() as session:
            return cases.get_log(session, case_id)

    def split(self, case, lead):
        with self.database.write(ordered=True) as session:
            return service.split(
                session,
                case.id,
                lead.id,
                who=OLGA,
                version=case.version,
                now=NOON,
                zone=ZONE,
                settings=TERMS,
            )

    def decide(self, what, suggestion):
        with self.database.write(ordered=True) as session:
            version = session.get(Case, suggestion.case_id).version
            args = {"who": OLGA, "version": version, "now": NOON}
            args |= {"zone": ZONE} if what == "accept" else {}
            return getattr(service, what)(session, suggestion.case_id, suggestion.id, **args)

    def reject(self, case):
        with self.database.write(ordered=True) as session:
            reason = RejectReason.UNCLEAR
            cases.reject(session, case.id, who=OLGA, version=case.version, now=NOON, reason_code=reason)


def test_a_call_joins_the_case_of_the_camera_and_changes_nothing_of_its_ticket(street):
    street.camera(seen_at(0))
    (before,) = street.cases()
    lead_id, new = street.call(call_at(20, minutes=10))
    (case,) = street.cases()
    assert new
    assert [lead.origin for lead in case.leads] == ["camera", "hotline"]
    assert case.leads[1].id == lead_id
    assert case.leads[1].words == "A car blocks the pavement"
    assert (case.urgent, case.tickets, case.sentence) == (False, before.tickets, before.sentence)
    line = street.log(case.id)[-1]
    assert (line.rule, line.detail["lead_id"]) == ("merge_lead", lead_id)
    assert line.detail["score"] > 0.9
    assert line.detail["parts"]["distance_m"] == pytest.approx(20, abs=0.5)


def test_what_the_second_camera_says_later_does_not_rewrite_the_first_ones_words(street):
    street.camera(seen_at(0))
    other = seen_at(1, camera_id="cam-99", camera_name="Around the corner")
    street.camera(other, box=1)
    street.camera(other.model_copy(update={"revision": 2, "phase": Phase.UPDATED}), box=1)
    (case,) = street.cases()
    assert [lead.camera_id for lead in case.leads] == ["cam-12", "cam-99"]
    assert "Yangming East 12" in case.tickets[0].sentence


def test_a_number_comes_in_once(street):
    first = street.call(call_at(0, number="2026-1"))
    assert street.call(call_at(0, number="2026-1")) == (first[0], False)
    assert len(street.cases()) == 1


def test_a_call_to_a_case_that_is_over_makes_a_new_one(street, database):
    street.camera(seen_at(0))
    street.reject(street.cases()[0])
    street.call(call_at(5))
    assert [case.state for case in street.cases()] == ["rejected", "reviewing"]
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(OpenLead)) == 1


def test_what_may_be_the_same_is_suggested_and_accepted(street):
    street.call(call_at(0))
    street.call(call_at(75, minutes=50))
    older, younger = street.cases()
    (suggestion,) = street.suggestions()
    assert (suggestion.case_id, suggestion.into_case_id) == (younger.id, older.id)
    kept = street.decide("accept", suggestion)
    assert (kept.id, len(kept.leads)) == (older.id, 2)
    older, younger = street.cases()
    assert (younger.state, younger.merged_into, younger.leads) == ("merged", older.id, ())
    assert [ticket.state for ticket in younger.tickets] == ["voided"]
    assert [ticket.state for ticket in older.tickets] == ["drafted"]
    assert street.suggestions() == []
    with pytest.raises(Problem, match="accepted already"):
        street.decide("accept", suggestion)


def test_what_was_dismissed_stays_two(street):
    street.call(call_at(0))
    street.call(call_at(75, minutes=50))
    street.decide("dismiss", street.suggestions()[0])
    assert street.suggestions() == []
    assert [case.state for case in street.cases()] == ["reviewing", "reviewing"]


def test_a_call_that_names_the_end_of_the_plate_finds_its_car_in_the_row(street):
    for box, plate in enumerate(["浙B11111", "浙B22222", "浙B33333"]):
        read = {"text": plate, "likeliest": plate, "confidences": [0.99] * 7, "colour": "blue"}
        street.camera(seen_at(12 * box, plate=PlateRead.model_validate(read)), box=box)
    street.call(call_at(0, minutes=5, words="一辆白色轿车停在人行道上，尾号2222"))
    assert [len(case.leads) for case in street.cases()] == [1, 2, 1]
    parts = street.log(street.cases()[1].id)[-1].detail["parts"]
    assert (parts["plate"] > 100, parts["rivals"]) == (True, 2)


def test_on_a_quiet_road_it_is_the_same_and_at_a_crowded_corner_it_is_asked(street, database):
    with database.write(ordered=True) as session:
        lately = [call_at(0, minutes=-180 * number) for number in range(10)]
        take_reports(session, lately, actor="system", now=NOON, zone=ZONE, merging=TERMS)
    tomorrow = NOON + timedelta(days=1)
    follow.catch_up(database, ZONE, tomorrow)
    before = len(street.cases())
    for metres in (0, 60, 5000, 5060):
        street.call(call_at(metres, minutes=1440 + metres % 100 / 10), now=tomorrow)
    assert [len(case.leads) for case in street.cases()[before:]] == [1, 1, 2]
    (asked,) = street.suggestions()
    assert asked.parts["chance"] > TERMS.illegal_parking.chance_neighbours


def test_a_lead_that_was_taken_out_has_a_case_and_a_ticket_of_its_own(street):
    street.camera(seen_at(0))
    street.call(call_at(10, urgent=True))
    (case,) = street.cases()
    new = street.split(case, case.leads[1])
    old, again = street.cases()
    assert new == again
    assert ([lead.id for lead in old.leads], old.urgent) == ([case.leads[0].id], False)
    assert ([lead.id for lead in new.leads], new.urgent) == ([case.leads[1].id], True)
    assert [ticket.state for ticket in new.tickets] == ["drafted"]
    assert street.log(old.id)[-1].rule == "split_lead"
    with pytest.raises(Problem, match="made the case"):
        street.split(old, old.leads[0])


def test_over_http_with_permission_and_the_version_that_was_seen(town):
    street = Street(town.database)
    street.call(call_at(0))
    street.call(call_at(75, minutes=50))
    older, younger = street.cases()
    url = f"/api/v1/cases/{younger.id}/merge-suggestions"
    (found,) = town.client.get(url, headers=town.bearer("olga")).json()
    accept = f"{url}/{found['id']}/accept"
    assert town.client.post(accept, headers=town.bearer("olga")).status_code == 428
    stale = town.bearer("olga") | {"If-Match": '"0"'}
    assert town.client.post(accept, headers=stale).status_code == 412
    town.add_user("uma", Role.UNIT_OFFICER, "squad-1")
    match = {"If-Match": f'"{younger.version}"'}
    assert town.client.post(accept, headers=town.bearer("uma") | match).status_code == 403
    kept = town.client.post(accept, headers=town.bearer("olga") | match)
    assert (kept.status_code, kept.json()["id"], len(kept.json()["leads"])) == (200, older.id, 2)
    lead = kept.json()["leads"][1]["id"]
    split = f"/api/v1/cases/{older.id}/leads/{lead}/split"
    out = town.client.post(split, headers=town.bearer("olga") | {"If-Match": kept.headers["ETag"]})
    assert (out.status_code, out.json()["tickets"][0]["state"]) == (200, "drafted")


def test_the_page_asks_whether_two_cases_are_one_and_lets_a_lead_go_again(town):
    street = Street(town.database)
    street.call(call_at(0, words="一辆红色货车，东宁路"))
    street.call(call_at(85, minutes=55, words="东宁路上有红色轿车"))
    older, younger = street.cases()
    page = town.client.get(f"/cases/{younger.id}", headers=town.bearer("olga")).text
    assert "This may be the same as" in page
    assert "same colour, road; another sort of vehicle" in page
    assert older.id in page
    street.decide("accept", street.suggestions()[0])
    page = town.client.get(f"/cases/{older.id}", headers=town.bearer("olga")).text
    assert page.count("take it out") == 1
    merged = town.client.get(f"/cases/{younger.id}", headers=town.bearer("olga"))
    assert merged.status_code == 200
    assert "Merged" in merged.text


def test_the_hotlines_items_come_in_over_http_and_bad_ones_are_told(town):
    good = {"number": "1", "kind": "illegal_parking", "lon": LON, "lat": LAT, "at": NOON.isoformat()}
    items = [good, good | {"number": "2", "lat": 91}, {"number": "3"}, good | {"number": "4", "at": "soon"}]
    body = {"source": "12345", "items": items}
    first = town.client.post("/api/v1/hotline", json=body, headers=town.bearer("olga")).json()
    assert (first["taken"], first["known"]) == (1, 0)
    assert [each["line"] for each in first["refused"]] == [2, 3, 4]
    again = town.client.post("/api/v1/hotline", json=body, headers=town.bearer("olga")).json()
    assert (again["taken"], again["known"]) == (0, 1)
    town.add_user("uma", Role.UNIT_OFFICER, "squad-1")
    assert town.client.post("/api/v1/hotline", json=body, headers=town.bearer("uma")).status_code == 403


def test_a_csv_file_of_the_hotline_comes_in_once_with_local_times(town, tmp_path):
    path = tmp_path / "items.csv"
    path.write_text(
        "number,kind,lon,lat,at,words,road\n"
        f'7,illegal_parking,{LON},{LAT},2026-05-04 10:30,"Car, on the\npavement",Yangming East Road\n'
        f"8,spaceship,{LON},{LAT},2026-05-04 10:30,,\n"
        f"9,illegal_parking,{LON},{LAT},2026-05-04 10:30,one,two,three\n",
        encoding="utf-8-sig",
    )
    args = (town.database, path, "12345", town.settings, NOON)
    outcome = import_csv(*args)
    assert (outcome.taken, [each.line for each in outcome.refused]) == (1, [4, 5])
    assert import_csv(*args).known == 1
    (case,) = Street(town.database).cases()
    assert case.started_at == NOON - timedelta(minutes=30)
    page = town.client.get(f"/cases/{case.id}", headers=town.bearer("olga"))
    assert page.status_code == 200
    assert "Yangming East Road" in page.text
    assert "12345 7" in page.text


def test_near_leads_that_come_in_at_two_copies_at_once_make_one_case(url):
    start, failures = threading.Barrier(2), []

    def copy(number):
        database = Database(url)
        street = Street(database)
        start.wait()
        try:
            for spot in range(5):
                apart = 2000 * spot
                if number:
                    street.call(call_at(apart + 10))
                else:
                    street.camera(seen_at(apart, camera_id=f"cam-{spot}"))
        except Exception as error:  # noqa: BLE001 - told by the test
            failures.append(error)
        finally:
            database.close()

    threads = [threading.Thread(target=copy, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    database = Database(url)
    assert [len(case.leads) for case in Street(database).cases()] == [2] * 5
    database.close()


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["camera", "call", "call", "accept", "dismiss", "split", "reject"]),
        st.integers(0, 2),
        st.integers(0, 12),
    ),
    min_size=4,
    max_size=14,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_happens_each_lead_is_in_one_case_and_each_open_case_has_one_unit(street, steps):
    with street.database.read() as session:
        base = session.scalar(select(func.count()).select_from(Lead))
    came = 0
    for what, box, number in steps:
        if what == "camera":
            street.camera(seen_at(15 * number, camera_id=f"cam-{new_id()[-6:]}"), box)
            came += 1
        elif what == "call":
            street.call(call_at(15 * number, minutes=5 * number))
            came += 1
        elif what in {"accept", "dismiss"}:
            for suggestion in street.suggestions()[:1]:
                street.decide(what, suggestion)
        else:
            open_cases = [case for case in street.cases() if case.state not in OVER]
            for case in open_cases[number : number + 1]:
                if what == "reject":
                    street.reject(case)
                elif len(case.leads) > 1:
                    street.split(case, case.leads[-1])
    with street.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Lead)) == base + came
        rows = session.scalars(select(Case)).all()
        leading = Counter(
            session.scalars(select(Ticket.case_id).where(Ticket.leads, Ticket.state != "voided"))
        )
        found = Counter(session.scalars(select(OpenLead.lead_id)))
        for row in rows:
            is_open = row.state not in OVER
            assert leading[row.id] == is_open
            assert bool(row.leads) == (row.state != "merged")
            for lead in row.leads:
                assert found[lead.id] == is_open
        undecided = session.scalars(select(MergeSuggestion).where(MergeSuggestion.state == "open")).all()
        states = {row.id: row.state for row in rows}
        assert not [s for s in undecided if {states[s.case_id], states[s.into_case_id]} & OVER]
