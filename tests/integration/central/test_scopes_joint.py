"""On a border several towns go out: who is limited to one that helps sees the case and has its ticket."""

import asyncio
import hashlib
import itertools
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from central.cases.models import Case, CaseEvent, Ticket
from central.duty.models import DutyEntry
from central.insight.follow import catch_up
from central.intake.service import commit_batch
from central.people import scope
from central.people import service as people
from central.people.permissions import OF_HELPERS, OF_OWN_TICKET, Permission, Role
from central.stream.service import LogTail
from kerbwatch.incident import Audience, Kind
from tests.integration.central.test_upgrade import to_revision
from tests.unit.central.box import EdgeBox, evidence, report

ON_THE_BORDER = (121.1601, 30.05)
"""10 m into Fengshan; Yangming is on the other side, and Ditang far off."""
IN_FENGSHAN = (121.185, 30.055)
IN_DITANG = (121.15, 30.1)
WHERE_THREE_MEET = (121.1601, 30.0799)
PICTURE, ORIGINAL = b"\xff\xd8\xff\xe0 blurred" * 9, b"\xff\xd8\xff\xe0 as it was" * 9
SHA, ORIGINAL_SHA = (hashlib.sha256(each).hexdigest() for each in (PICTURE, ORIGINAL))
LEADS, HELPS, FAR = "fengshan", "yangming", "ditang"
READERS = (Role.OPERATOR, Role.DISPATCHER, Role.ADJUDICATOR, Role.AUDITOR)


def get(city, name, path):
    return city.client.get(path, headers=city.bearer(name))


def post(city, name, path, body, version):
    return city.client.post(path, json=body, headers=city.bearer(name) | {"If-Match": f'"{version}"'})


def seen(city, at, **changes):
    """A stall is seen there, and confirmed by the whole city's operator."""
    name = "-".join(str(each).replace(".", "-") for each in at)
    with city.database.write(ordered=True) as session:
        message = EdgeBox(edge=f"box-{name}").message(
            report(at=at, kind=Kind.STALL_ENCROACHMENT, camera_id=f"cam-{name}", **changes)
        )
        commit_batch(session, [message], city.clock.now_utc(), city.settings.intake, ZoneInfo("UTC"))
    case = get(city, "olga", "/api/v1/cases").json()["items"][0]
    answer = post(city, "olga", f"/api/v1/cases/{case['id']}/confirm", {}, case["version"])
    assert answer.status_code == 200, answer.text
    return answer.json()


def limited(city, name, role, area, unit=None):
    city.add_user(name, role, unit)
    with city.database.write() as session:
        people.set_areas(session, name, [area], now=city.clock.now_utc())


def version(city, case_id):
    return get(city, "olga", f"/api/v1/cases/{case_id}").json()["version"]


@pytest.fixture
def border(town):
    """A stall on the border, one deep in the town that leads; in each town a reader of every sort."""
    for data in (PICTURE, ORIGINAL):
        headers = {"Content-Type": "image/jpeg", "Upload-Offset": "0", "Upload-Length": str(len(data))}
        sha256 = hashlib.sha256(data).hexdigest()
        town.client.put(f"/api/v1/media/{sha256}", content=data, headers=town.edge | headers)
    pieces = (
        evidence(SHA, size_bytes=len(PICTURE)),
        evidence(ORIGINAL_SHA, size_bytes=len(ORIGINAL), audience=Audience.ORIGINAL),
    )
    town.deep = seen(town, IN_FENGSHAN)["id"]
    case = seen(town, ON_THE_BORDER, evidence=pieces)
    town.case = case["id"]
    town.lead, town.helper = (ticket["id"] for ticket in case["tickets"])
    for area, role in itertools.product((LEADS, HELPS, FAR), READERS):
        limited(town, f"{role}-{area}", role, area)
    return town


def test_a_ticket_says_from_which_town_its_unit_helps(border):
    tickets = get(border, "olga", f"/api/v1/cases/{border.case}").json()["tickets"]
    assert [(each["unit_id"], each["town_id"]) for each in tickets] == [
        ("squad-fengshan", None),
        ("squad-yangming", HELPS),
    ]


@pytest.mark.parametrize(("area", "sees"), [(LEADS, True), (HELPS, True), (FAR, False)])
def test_both_towns_see_the_case_behind_every_door_and_the_third_behind_none(border, area, sees):
    for role in READERS:
        name = f"{role}-{area}"
        for path in (
            "/api/v1/cases",
            "/api/v1/cases?state=dispatched&kind=stall_encroachment",
            "/api/v1/cases?joint=true",
            f"/api/v1/cases?q={border.case}",
            "/api/v1/cases.geojson",
            "/api/v1/tickets",
            "/?show=running",
        ):
            body = get(border, name, path).text
            assert (border.case in body) == sees, (name, path)
            assert (border.deep in body) == (
                area == LEADS and border.case not in path and "joint" not in path
            )
        counted = 2 if area == LEADS else int(sees)
        assert f'<span class="n">{counted}</span>' in get(border, name, "/?show=running").text
        for path in (
            f"/api/v1/cases/{border.case}",
            f"/api/v1/cases/{border.case}/events",
            f"/api/v1/cases/{border.case}/joint-operation",
            f"/api/v1/cases/{border.case}/custody",
            f"/cases/{border.case}",
            f"/cases/{border.case}/panel",
            f"/cases/{border.case}/areas.geojson",
            f"/api/v1/media/{SHA}",
        ):
            assert get(border, name, path).status_code == (200 if sees else 404), (name, path)


MOVES = {
    "confirm": {},
    "reject": {"reason_code": "unclear"},
    "close": {"note": "done"},
    "rework": {"note": "not done"},
    "evaluation": {"result": "right"},
    "reopen": {"reason_code": "not_dealt_with", "note": "it is there"},
    "hold": {"reason": "objection 2026-114, the court asks"},
    "correction": {"urgent": True},
    "merge": {"case_id": "00000000-0000-7000-8000-000000000000"},
}


@pytest.mark.parametrize(("area", "answered"), [(HELPS, 403), (FAR, 404)])
def test_the_case_as_such_is_the_leading_town_s_to_move(border, area, answered):
    for move, role in itertools.product(MOVES, READERS):
        path = f"/api/v1/cases/{border.case}/{move}"
        refused = post(border, f"{role}-{area}", path, MOVES[move], version(border, border.case))
        assert refused.status_code == answered, (move, role, refused.text)
    for role in READERS:
        look = {"reason": "objection 2026-114: the owner says it is another stall"}
        path = f"/api/v1/media/{ORIGINAL_SHA}/original"
        refused = border.client.post(path, json=look, headers=border.bearer(f"{role}-{area}"))
        assert refused.status_code == answered, role
    assert get(border, "olga", f"/api/v1/cases/{border.case}").json()["state"] == "dispatched"


def test_whoever_looks_on_is_told_why_and_keeps_the_way_to_their_own_work(border):
    name = f"{Role.DISPATCHER}-{HELPS}"
    refused = post(border, name, f"/api/v1/cases/{border.case}/close", {"note": "x"}, 1).json()
    assert (refused["type"].rpartition(":")[2], "another town leads" in refused["detail"]) == ("helps", True)
    page = get(border, name, f"/cases/{border.case}").text
    assert f'action="/cases/{border.case}/' not in page, "no button that would be refused"
    assert 'href="/requests"' in page
    own = get(border, f"{Role.DISPATCHER}-{LEADS}", f"/cases/{border.case}").text
    assert f'action="/cases/{border.case}/' in own


def asked(city, ticket, name, kind="suspension"):
    until = (city.clock.now_utc() + timedelta(days=3)).isoformat()
    said = {"suspension": {"until": until}, "dispute": {"clause": "article 12"}}[kind]
    path = f"/api/v1/my/tickets/{ticket}/requests"
    answer = post(city, name, path, {"kind": kind, "note": "road works"} | said, version(city, city.case))
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def officers(city):
    limited(city, "fritz", Role.UNIT_OFFICER, LEADS, "squad-fengshan")
    limited(city, "yan", Role.UNIT_OFFICER, HELPS, "squad-yangming")


def test_the_squad_that_helps_works_through_its_own_ticket_and_no_other(border):
    officers(border)
    assert border.helper in get(border, "yan", "/h").text
    assert get(border, "yan", f"/h/tickets/{border.helper}").status_code == 200
    assert get(border, "yan", f"/api/v1/my/tickets/{border.helper}/pictures/{SHA}").content == PICTURE
    assert (
        get(border, "yan", f"/api/v1/my/tickets/{border.helper}/pictures/{ORIGINAL_SHA}").status_code == 403
    )
    for move in ("accept", "start", "report_handled"):
        path = f"/api/v1/my/tickets/{border.helper}/{move}"
        done = post(border, "yan", path, {"note": "cleared"}, version(border, border.case))
        assert done.status_code == 200, done.text
        path = f"/api/v1/my/tickets/{border.lead}/{move}"
        assert post(border, "yan", path, {"note": "x"}, version(border, border.case)).status_code == 404
    assert get(border, "yan", f"/api/v1/cases/{border.case}").status_code == 403, "officers read no cases"


def test_each_town_decides_what_its_own_squad_asks_for(border):
    officers(border)
    of_lead, of_helper = asked(border, border.lead, "fritz"), asked(border, border.helper, "yan")
    head, helping, far = (f"{Role.DISPATCHER}-{area}" for area in (LEADS, HELPS, FAR))

    def waiting(name):
        return {each["id"] for each in get(border, name, "/api/v1/requests").json()}

    def decide(name, request):
        body = {"granted": True, "note": "until the pipe is laid"}
        return post(border, name, f"/api/v1/requests/{request}/decide", body, 1).status_code

    assert (waiting(head), waiting(helping), waiting(far)) == ({of_lead, of_helper}, {of_helper}, set())
    assert [
        get(border, helping, f"/api/v1/requests/{each}").status_code for each in (of_lead, of_helper)
    ] == [
        200,
        200,
    ]
    assert get(border, far, f"/api/v1/requests/{of_helper}").status_code == 404
    assert "Squad" not in get(border, far, "/requests").text
    assert (decide(helping, of_lead), decide(far, of_helper)) == (403, 404)
    assert (decide(helping, of_helper), decide(head, of_lead)) == (200, 200)
    page = get(border, helping, f"/cases/{border.case}").text
    assert f"/tickets/{border.helper}/resume" in page
    assert f"/tickets/{border.lead}/resume" not in page
    why = {"note": "the pipe is laid"}
    for ticket, name, status in (
        (border.lead, helping, 403),
        (border.helper, far, 404),
        (border.helper, helping, 200),
    ):
        path = f"/api/v1/tickets/{ticket}/resume"
        answer = post(border, name, path, why, version(border, border.case))
        assert answer.status_code == status, answer.text


def test_a_button_at_the_own_ticket_ends_its_suspension_and_shows_no_button_of_the_case(border):
    officers(border)
    helping = f"{Role.DISPATCHER}-{HELPS}"
    request = asked(border, border.helper, "yan")
    post(border, helping, f"/api/v1/requests/{request}/decide", {"granted": True, "note": "yes"}, 1)
    form = {"version": version(border, border.case), "note": "the pipe is laid"}
    answer = border.client.post(
        f"/cases/{border.case}/tickets/{border.helper}/resume",
        data=form,
        headers=border.bearer(helping) | {"hx-request": "true"},
    )
    assert answer.status_code == 200, answer.text
    assert f'action="/cases/{border.case}/' not in answer.text
    form = {"version": version(border, border.case), "note": "the pipe is laid"}
    path = f"/cases/{border.case}/tickets/{border.lead}/resume"
    assert border.client.post(path, data=form, headers=border.bearer(helping)).status_code == 403


def test_a_dispute_about_the_own_ticket_is_ruled_on_there_and_the_lead_s_is_not(border):
    officers(border)
    of_lead = asked(border, border.lead, "fritz", "dispute")
    of_helper = asked(border, border.helper, "yan", "dispute")
    board = f"{Role.ADJUDICATOR}-{HELPS}"
    listed = get(border, board, "/api/v1/disputes").json()
    assert [each["request"]["id"] for each in listed] == [of_helper]
    said = {"unit_id": "squad-ditang", "clause": "article 12", "reasons": "it is nearer by the new road"}
    assert post(border, board, f"/api/v1/disputes/{of_lead}/ruling", said, 1).status_code == 403
    ruled = post(border, board, f"/api/v1/disputes/{of_helper}/ruling", said, 1)
    assert ruled.status_code == 201, ruled.text
    tickets = get(border, board, f"/api/v1/cases/{border.case}").json()["tickets"]
    live = {each["unit_id"]: each["town_id"] for each in tickets if each["state"] != "voided"}
    assert live == {"squad-fengshan": None, "squad-ditang": HELPS}, "its town's ticket still"


def test_the_stream_tells_both_towns_and_not_the_third(border):
    with border.database.read() as session:
        lines = len(session.scalars(select(CaseEvent.id)).all())

    async def told(*areas):
        """The cases that somebody limited to these areas hears of, until the log ends."""
        who = people.Principal("user:x", "x", (), frozenset(), areas=frozenset(areas))
        tail, left, heard = LogTail(border.database), lines, set()
        await tail.start()

        def sees(area_ids):
            nonlocal left
            left -= 1
            return who.sees_any(area_ids) or not left

        async with asyncio.timeout(20):
            async for line in tail.follow(0, sees):
                if left:
                    heard.add(line.case_id)
                    continue
                return heard

    seen(border, IN_DITANG)  # its lines end the log
    lines += 3
    assert asyncio.run(told(LEADS)) == {border.case, border.deep}
    assert asyncio.run(told(HELPS)) == {border.case}
    assert asyncio.run(told(LEADS, HELPS)) == {border.case, border.deep}
    assert border.case not in asyncio.run(told(FAR))


def test_a_case_is_counted_and_taken_away_once_by_the_town_that_leads(border):
    catch_up(border.database, border.settings.zone, border.clock.now_utc())
    days = "first=2026-05-01&last=2026-05-06"
    for area, here in ((LEADS, True), (HELPS, False)):
        for path in ("cases", "exports/cases.csv", "exports/cases.geojson"):
            name = f"{Role.DISPATCHER}-{area}"
            taken = get(border, name, f"/api/v1/insight/{path}?{days}&area={area}")
            assert taken.status_code == 200
            assert (border.case in taken.text) == here, (area, path)


def test_where_three_towns_meet_both_that_help_see_the_case(border):
    case = seen(border, WHERE_THREE_MEET)
    towns = [(each["unit_id"], each["town_id"]) for each in case["tickets"]]
    assert towns[0] == ("squad-fengshan", None)
    assert set(towns[1:]) == {("squad-yangming", HELPS), ("squad-ditang", FAR)}
    for area in (LEADS, HELPS, FAR):
        answer = get(border, f"{Role.OPERATOR}-{area}", f"/api/v1/cases/{case['id']}")
        assert answer.status_code == 200, area
    ours = next(each["id"] for each in case["tickets"] if each["town_id"] == HELPS)
    limited(border, "dan", Role.UNIT_OFFICER, FAR, "squad-yangming")
    path = f"/api/v1/my/tickets/{ours}/accept"
    assert post(border, "dan", path, {}, case["version"]).status_code == 200, "it is their unit's"


@pytest.mark.parametrize("many", [1, 2, 5_000], ids="from {} cases on an area has many".format)
def test_lists_are_what_the_rule_says_of_each_case_however_they_are_read(border, monkeypatch, many):
    """Whoever's areas: what a list has is what opens, case by case and ticket by ticket."""
    monkeypatch.setattr(scope, "_MANY_CASES", many)
    for at in (WHERE_THREE_MEET, IN_DITANG, (121.1599, 30.04)):
        seen(border, at)
    limited(border, "lena", Role.DISPATCHER, LEADS)
    with border.database.read() as session:
        rows = session.scalars(select(Case)).all()
        seen_from = {row.id: {row.area_id, *(each.town_id for each in row.tickets)} - {None} for row in rows}
        tickets = {each.id: each.case_id for each in session.scalars(select(Ticket))}
    towns = {LEADS: {LEADS}, HELPS: {HELPS, "yangming-east"}, FAR: {FAR}}
    for count in (1, 2, 3):
        for areas in itertools.combinations(towns, count):
            with border.database.write() as session:
                people.set_areas(session, "lena", areas, now=border.clock.now_utc())
            inner = set().union(*(towns[area] for area in areas))
            expected = {case_id for case_id, from_ in seen_from.items() if from_ & inner}
            listed = get(border, "lena", "/api/v1/cases?limit=200").json()["items"]
            assert [each["id"] for each in listed] == sorted(expected, reverse=True), areas
            found = get(border, "lena", "/api/v1/tickets?limit=200").json()["items"]
            of_these = {each for each, case_id in tickets.items() if case_id in expected}
            assert [each["id"] for each in found] == sorted(of_these, reverse=True), areas
            for case_id in seen_from:
                status = get(border, "lena", f"/api/v1/cases/{case_id}").status_code
                assert status == (200 if case_id in expected else 404)
            page = get(border, "lena", "/?show=running").text
            assert f'<span class="n">{len(expected)}</span>' in page


def test_every_permission_is_weighed_for_those_who_only_help():
    """A permission that is added later holds for nobody who only helps until somebody says that it does."""
    looks = {"case:read", "ticket:read", "ticket:handle", "evidence:view", "plate:read", "camera:read"}
    assert {each.value for each in OF_HELPERS} == looks
    assert {Permission.DEADLINE_APPROVE, Permission.DISPUTE_RULE} == OF_OWN_TICKET - OF_HELPERS
    who = people.Principal(
        "user:x", "x", (), frozenset(Permission), only=OF_HELPERS, areas=frozenset({HELPS})
    )
    assert {each for each in Permission if who.may(each)} == OF_HELPERS
    assert who.may_with_ticket_of(HELPS, Permission.DEADLINE_APPROVE)
    assert not who.may_with_ticket_of(None, Permission.DEADLINE_APPROVE)
    assert not who.may_with_ticket_of(FAR, Permission.DEADLINE_APPROVE)


@pytest.mark.parametrize("listed", [True, False], ids=["by its entry", "by the areas"])
def test_a_joint_operation_from_before_an_upgrade_gets_its_town_from_the_duty_list(border, listed):
    """Tickets that went out before they named a town: their entry of the list, or the areas, tell it."""
    with border.database.write() as session:
        entry_id = session.scalar(select(Ticket.duty_entry_id).where(Ticket.id == border.helper))
        if not listed:
            session.execute(update(DutyEntry).where(DutyEntry.id == entry_id).values(area_id="gone"))
    to_revision(border.database, "0029", down=True)
    to_revision(border.database, "0030")
    with border.database.read() as session:
        towns = {row.id: row.town_id for row in session.execute(select(Ticket.id, Ticket.town_id))}
    assert towns.pop(border.helper) == HELPS
    assert set(towns.values()) == {None}
