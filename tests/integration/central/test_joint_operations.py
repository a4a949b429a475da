"""On the border of towns all of them go out together, and one is accountable."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from central.insight.follow import catch_up
from central.intake.service import commit_batch
from central.people import service as people
from central.people.permissions import Role
from kerbwatch.incident import Kind
from tests.unit.central.box import EdgeBox, report

ON_THE_BORDER = (121.1601, 30.05)
"""10 m into Fengshan; Yangming is on the other side."""


def get(town, path, name):
    return town.client.get(path, headers=town.bearer(name)).json()


def post(town, path, body, name, version):
    answer = town.client.post(path, json=body, headers=town.bearer(name) | {"If-Match": f'"{version}"'})
    assert answer.status_code == 200, answer.text
    return answer.json()


def confirmed(town, at, kind=Kind.STALL_ENCROACHMENT):
    with town.database.write(ordered=True) as session:
        message = EdgeBox().message(report(at=at, kind=kind))
        commit_batch(session, [message], town.clock.now_utc(), town.settings.intake, ZoneInfo("UTC"))
    case = get(town, "/api/v1/cases", "olga")["items"][0]
    return post(town, f"/api/v1/cases/{case['id']}/confirm", {}, "olga", case["version"])


def test_a_stall_on_the_border_brings_both_squads_and_closes_when_both_are_done(town):
    town.add_user("fritz", Role.UNIT_OFFICER, "squad-fengshan")
    town.add_user("yan", Role.UNIT_OFFICER, "squad-yangming")
    town.add_user("dora", Role.DISPATCHER)
    case = confirmed(town, ON_THE_BORDER)
    units = [(ticket["unit_id"], ticket["state"]) for ticket in case["tickets"]]
    assert units == [("squad-fengshan", "dispatched"), ("squad-yangming", "dispatched")]
    lead, helper = (ticket["id"] for ticket in case["tickets"])
    states = []
    for ticket, name in ((lead, "fritz"), (helper, "yan")):
        for move in ("accept", "start", "report_handled"):
            version = get(town, f"/api/v1/cases/{case['id']}", "olga")["version"]
            done = post(town, f"/api/v1/my/tickets/{ticket}/{move}", {"note": "moved on"}, name, version)
            states.append(done["state"])
    assert states == ["accepted", "handling", "handling", "handling", "handling", "checking"]
    closed = post(town, f"/api/v1/cases/{case['id']}/close", {"note": "seen"}, "dora", done["version"])
    assert {ticket["state"] for ticket in closed["tickets"]} == {"closed"}
    shown = town.client.get(f"/cases/{case['id']}", headers=town.bearer("olga")).text
    assert ">Leads<" in shown
    assert ">Helps<" in shown
    assert "go out together between" in shown
    page = town.client.get(f"/api/v1/cases/{case['id']}/joint-operation", headers=town.bearer("olga"))
    assert page.json()["window_until"] == "2026-05-04T07:00:00.000Z"


def test_away_from_the_border_one_squad_goes_alone(town):
    case = confirmed(town, (121.1605, 30.05))
    assert [ticket["unit_id"] for ticket in case["tickets"]] == ["squad-fengshan"]
    missing = town.client.get(f"/api/v1/cases/{case['id']}/joint-operation", headers=town.bearer("olga"))
    assert missing.status_code == 404


def test_where_one_unit_has_both_sides_it_goes_alone(town):
    case = confirmed(town, ON_THE_BORDER, Kind.VEHICLE_LITTER)
    assert [ticket["unit_id"] for ticket in case["tickets"]] == ["traffic-police"]


def test_stalls_that_fled_over_the_border_are_flagged(town):
    boxes, start = EdgeBox(), town.clock.now_utc()
    places = [(121.159, 20, 3), (121.161, 28, 3)]  # west until day 20, then east
    messages = []
    for day in range(28):
        for lon, last, many in places:
            here = day < last if lon < 121.16 else day >= 20
            times = start + timedelta(days=day)
            messages += [
                boxes.message(
                    report(
                        at=(lon, 30.05 + n * 1e-4),
                        kind=Kind.STALL_ENCROACHMENT,
                        camera_id=f"cam-{day}-{n}-{int(lon * 1000)}",
                        started_at=times,
                        observed_at=times,
                    )
                )
                for n in range(many if here else 0)
            ]
    town.clock.advance(28 * 86_400)
    with town.database.write(ordered=True) as session:
        commit_batch(session, messages, town.clock.now_utc(), town.settings.intake, ZoneInfo("UTC"))
    catch_up(town.database, town.settings.zone, town.clock.now_utc())
    query = "/api/v1/displacements?kind=stall_encroachment&before_days=20&recent_days=8"
    (flag,) = get(town, query, "olga")
    assert (flag["fell"]["town"], flag["rose"]["town"]) == ("yangming", "fengshan")
    assert flag["fell"]["recent_per_day"] == 0
    for towns, told in ((["fengshan"], []), (["fengshan", "yangming"], [flag])):
        with town.database.write() as session:
            people.set_areas(session, "olga", towns, now=town.clock.now_utc())
        assert get(town, query, "olga") == told
