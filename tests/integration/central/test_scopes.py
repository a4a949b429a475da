"""Whoever is limited to a town sees and does nothing beyond it, whatever door they try."""

import asyncio
import hashlib
import random
import re
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from central.areas.reach import Reach
from central.areas.scope import within
from central.areas.service import AreaMap, read_areas
from central.cases.models import Case
from central.insight.follow import catch_up
from central.intake.service import commit_batch
from central.merging.models import MergeSuggestion
from central.people import access, scope
from central.people import service as people
from central.people.permissions import Role
from central.stream.service import LogTail
from kerbwatch.incident import Audience
from kerbwatch.messages import Place
from kerbwatch.place import Position
from tests.integration.central.doors import doors
from tests.unit.central.box import IN_YANGMING, NOON, EdgeBox, camera_health, evidence, report

ELSEWHERE = (121.185, 30.055)
PICTURE, ORIGINAL = b"\xff\xd8\xff\xe0 blurred" * 9, b"\xff\xd8\xff\xe0 as it was" * 9
SHA, ORIGINAL_SHA = (hashlib.sha256(each).hexdigest() for each in (PICTURE, ORIGINAL))
REASON = "objection 2026-114: the driver says it is another car"


@pytest.fixture
def city(town):
    """One case in the town of Yangming and one outside it; 'yang' is limited to the town."""
    box = EdgeBox()
    pieces = (evidence(SHA), evidence(ORIGINAL_SHA, audience=Audience.ORIGINAL))
    with town.database.write(ordered=True) as session:
        messages = [
            box.message(report(at=IN_YANGMING)),
            box.message(report(at=ELSEWHERE, camera_id="cam-9", evidence=pieces)),
        ]
        commit_batch(session, messages, town.clock.now_utc(), town.settings.intake, ZoneInfo("UTC"))
    for data in (PICTURE, ORIGINAL):
        headers = {"Content-Type": "image/jpeg", "Upload-Offset": "0", "Upload-Length": str(len(data))}
        town.client.put(
            f"/api/v1/media/{hashlib.sha256(data).hexdigest()}", content=data, headers=town.edge | headers
        )
    for name, role in (
        ("yang", Role.DISPATCHER),
        ("dora", Role.DISPATCHER),
        ("aude", Role.AUDITOR),
        ("adam", Role.ADMINISTRATOR),
    ):
        town.add_user(name, role)
    with town.database.write() as session:
        people.set_areas(session, "yang", ["yangming"], now=town.clock.now_utc())
        rows = list(session.query(Case))
    town.here = next(row.id for row in rows if row.lon == IN_YANGMING[0])
    town.there = next(row.id for row in rows if row.lon == ELSEWHERE[0])
    return town


@pytest.fixture(scope="module")
def ground(pytestconfig):
    """The map of the example city, and the areas of who is limited to Yangming."""
    found = read_areas(pytestconfig.rootpath / "configs/areas.geojson", NOON)
    return AreaMap(found, NOON), frozenset({"yangming", "yangming-east"})


def get(city, name, path):
    return city.client.get(path, headers=city.bearer(name))


def test_a_case_is_not_corrected_out_of_the_areas_of_who_corrects_it(city):
    case = get(city, "yang", f"/api/v1/cases/{city.here}").json()
    url = f"/api/v1/cases/{city.here}/correction"
    headers = city.bearer("yang") | {"If-Match": f'"{case["version"]}"'}

    def put(lon, lat):
        said = {"lon": lon, "lat": lat, "reason": "the photo shows the other side"}
        return city.client.post(url, json=said, headers=headers)

    refused = put(*ELSEWHERE)
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:kerbwatch:problem:area")
    assert put(IN_YANGMING[0] - 0.01, IN_YANGMING[1]).status_code == 200


def test_lists_maps_counts_and_pages_show_the_town_alone(city):
    for path in (
        "/api/v1/cases",
        "/api/v1/cases?state=reviewing&kind=illegal_parking",
        "/api/v1/cases.geojson",
    ):
        body = get(city, "yang", path).text
        assert city.here in body
        assert city.there not in body
        assert city.there in get(city, "dora", path).text
    assert {each["case_id"] for each in get(city, "yang", "/api/v1/tickets").json()["items"]} == {city.here}
    page = get(city, "yang", "/").text
    assert city.here in page
    assert city.there not in page
    assert '<span class="n">1</span>' in page


def test_what_lies_elsewhere_is_not_there_for_them(city):
    there = city.there
    paths = ["", "/events", "/merge-suggestions", "/joint-operation"]
    paths = [f"/api/v1/cases/{there}{path}" for path in paths]
    paths += [
        f"/cases/{there}",
        f"/cases/{there}/panel",
        f"/cases/{there}/areas.geojson",
        f"/api/v1/media/{SHA}",
    ]
    for path in paths:
        assert get(city, "yang", path).status_code == 404, path
    headers = city.bearer("yang") | {"If-Match": '"1"'}
    for move in ("confirm", "reject", "close", "rework"):
        answer = city.client.post(f"/api/v1/cases/{there}/{move}", json={}, headers=headers)
        assert answer.status_code == 404, move
    look = {"reason": REASON}
    answer = city.client.post(f"/api/v1/media/{ORIGINAL_SHA}/original", json=look, headers=headers)
    assert answer.status_code == 404
    assert city.client.post(f"/api/v1/cases/{city.here}/confirm", json={}, headers=headers).status_code == 200
    assert get(city, "dora", f"/api/v1/media/{SHA}").status_code == 200


def test_of_the_hotlines_items_those_elsewhere_are_refused_line_by_line(city):
    item = {"kind": "illegal_parking", "at": NOON.isoformat(), "urgent": True}
    items = [
        item | {"number": str(k), "lon": at[0], "lat": at[1]}
        for k, at in enumerate((ELSEWHERE, IN_YANGMING, (121.15, 30.1505)))
    ]
    before = get(city, "dora", f"/api/v1/cases/{city.there}").json()
    told = city.client.post("/api/v1/hotline", json={"items": items}, headers=city.bearer("yang")).json()
    assert told["taken"] == 1
    assert [each["line"] for each in told["refused"]] == [1, 3]
    assert "outside the areas to which you are limited" in told["refused"][0]["reason"]
    assert get(city, "dora", f"/api/v1/cases/{city.there}").json() == before, "not made urgent either"


def test_a_suggestion_that_names_a_case_elsewhere_is_neither_shown_nor_decided(city):
    with city.database.write() as session:
        row = MergeSuggestion(
            case_id=city.there,
            into_case_id=city.here,
            score=0.5,
            parts={},
            state="open",
            created_at=city.clock.now_utc(),
        )
        session.add(row)
        session.flush()
        number = row.id
    for path in ("/api/v1/merge-suggestions", f"/api/v1/cases/{city.here}/merge-suggestions"):
        assert get(city, "yang", path).json() == []
        assert len(get(city, "dora", path).json()) == 1
    assert city.there not in get(city, "yang", f"/cases/{city.here}").text
    headers = city.bearer("yang") | {"If-Match": '"1"'}
    answer = city.client.post(f"/api/v1/cases/{city.here}/merge-suggestions/{number}/accept", headers=headers)
    assert answer.status_code == 404


def test_the_stream_tells_them_nothing_of_elsewhere(city):
    async def heard(sees):
        tail = LogTail(city.database)
        await tail.start()
        lines = []
        async for line in tail.follow(0, sees):
            lines.append(line.case_id)
            if line.case_id == city.here:
                return lines
        return lines

    with city.database.read() as session:
        inner = within(session, ["yangming"])
    assert set(asyncio.run(heard(lambda area_ids: area_ids & inner))) == {city.here}


def test_looks_at_originals_elsewhere_are_not_listed_to_a_town_s_auditor(city):
    headers = city.bearer("dora")
    city.client.post(f"/api/v1/media/{ORIGINAL_SHA}/original", json={"reason": REASON}, headers=headers)
    assert len(get(city, "aude", "/api/v1/media/original-views").json()) == 1
    change = {"areas": ["yangming"]}
    match = city.bearer("adam") | {"If-Match": '"0"'}
    answer = city.client.patch("/api/v1/users/aude", json=change, headers=match)
    assert answer.json()["areas"] == ["yangming"]
    assert get(city, "aude", "/api/v1/media/original-views").json() == []


def test_who_is_limited_manages_no_users_and_a_limit_to_no_area_is_refused(city):
    with city.database.write() as session:
        people.set_areas(session, "adam", ["yangming"], now=city.clock.now_utc())
    assert get(city, "adam", "/api/v1/users").status_code == 403
    with city.database.write() as session:
        people.set_areas(session, "adam", [], now=city.clock.now_utc())
    assert {each["name"] for each in get(city, "adam", "/api/v1/users").json()} >= {"yang", "adam"}
    (yang,) = (each for each in get(city, "adam", "/api/v1/users").json() if each["name"] == "yang")
    match = city.bearer("adam") | {"If-Match": f'"{yang["version"]}"'}
    answer = city.client.patch("/api/v1/users/yang", json={"areas": ["atlantis"]}, headers=match)
    assert (answer.status_code, answer.json()["detail"]) == (409, "there is no area 'atlantis'")


def heard(city, box="box-1", **cameras):
    """A box tells of cameras by their places; what is no place stands nowhere that is known."""
    told = [
        camera_health(name, place=at and Place(lon=at[0], lat=at[1], method="camera_position"), **changes)
        for name, (at, changes) in cameras.items()
    ]
    with city.database.write(ordered=True) as session:
        message = EdgeBox(edge=box).health(*told, time=city.clock.now_utc())
        commit_batch(session, [message], city.clock.now_utc(), city.settings.intake, ZoneInfo("UTC"))


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_the_cameras_of_the_town_are_shown_to_them_alone_and_nothing_else_is_counted(city):
    covered = {"state": "streaming", "dark": True}
    heard(city, inside=(IN_YANGMING, {}), outside=(ELSEWHERE, covered), nowhere=(None, covered))
    mine = get(city, "yang", "/api/v1/cameras").json()
    assert [each["camera_id"] for box in mine["items"] for each in box["cameras"]] == ["inside"]
    assert (mine["total_cameras"], mine["working_cameras"]) == (1, 1)
    assert get(city, "dora", "/api/v1/cameras").json()["total_cameras"] == 3
    assert get(city, "yang", "/api/v1/cameras?cursor=2.yuyao.box-1").json()["items"] == []
    for path in ("/cameras", "/cameras/boxes"):
        page = get(city, "yang", path).text
        assert ("inside" in page, "outside" in page, "nowhere" in page) == (True, False, False)
    heard(city, "box-2", well=(IN_YANGMING, {"state": "streaming"}), dark=(IN_YANGMING, covered))
    heard(city, "box-3", far=(ELSEWHERE, covered))
    first = get(city, "yang", "/api/v1/cameras?limit=1").json()
    assert [box["edge"] for box in first["items"]] == ["box-2"], "something is wrong with one of its own"
    assert (first["total_cameras"], first["working_cameras"]) == (3, 2)
    rest = get(city, "yang", f"/api/v1/cameras?cursor={first['next_cursor']}").json()
    assert ([box["edge"] for box in rest["items"]], rest["next_cursor"]) == (["box-1"], None)


@given(st.lists(st.tuples(st.floats(120.99, 121.31), st.floats(29.94, 30.16)), min_size=1, max_size=12))
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
def test_wherever_codes_and_cameras_stand_they_get_those_of_their_areas_and_no_other(ground, places):
    """By property, on the map alone: what they reach is what would be a case of their areas."""
    map_, areas = ground
    reach = Reach(areas, map_)
    for lon, lat in places:
        hits = map_.locate(Position(lon, lat))
        assert reach.covers(lon, lat) == (hits != () and hits[0].id in {"yangming", "yangming-east"})
    for some in (places, places[:1], places[:2]):
        lons, lats = zip(*some, strict=True)
        together = reach.covers_all(min(lons), min(lats), max(lons), max(lats))
        assert together is None or {reach.covers(*each) for each in some} == {together}
        on_a_border = len(map_.locate(Position(*some[0]))) > 2
        assert together is not None or len(some) > 1 or on_a_border


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_codes_of_elsewhere_are_neither_seen_nor_made_nor_revoked_nor_printed(city):
    def make(name, at, who):
        body = {"places": [{"name": name, "lon": at[0], "lat": at[1]}]}
        return city.client.post("/api/v1/codes", json=body, headers=city.bearer(who))

    (there,) = make("Gate there", ELSEWHERE, "dora").json()["made"]
    refused = make("Gate there too", ELSEWHERE, "yang")
    assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (403, "elsewhere")
    (here,) = make("Gate here", IN_YANGMING, "yang").json()["made"]
    for _ in range(3):
        make(f"Gate {_}", ELSEWHERE, "dora")
    assert [each["number"] for each in get(city, "yang", "/api/v1/codes").json()["items"]] == [here]
    revoke = {"reason": "torn down"}
    path = f"/api/v1/codes/{there}/revoke"
    assert city.client.post(path, json=revoke, headers=city.bearer("yang")).status_code == 404
    for path in ("/codes", f"/codes/sheet?number={here}&number={there}"):
        page = get(city, "yang", path).text
        assert ("Gate here" in page, "Gate there" in page) == (True, False)
    form = {"name": "Gate there too", "lon": str(ELSEWHERE[0]), "lat": str(ELSEWHERE[1])}
    page = city.client.post("/codes", data=form, headers=city.bearer("yang") | {"accept": "text/html"})
    assert (page.status_code, "outside the areas" in page.text) == (403, True)


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_their_numbers_reports_and_exports_are_those_of_their_areas(city):
    catch_up(city.database, city.settings.zone, city.clock.now_utc())
    days = "first=2026-05-01&last=2026-05-06"
    mine = get(city, "yang", f"/api/v1/insight/cases?{days}&area=yangming").json()
    assert (mine["total"], [each["id"] for each in mine["items"]]) == (1, [city.here])
    assert get(city, "dora", f"/api/v1/insight/cases?{days}").json()["total"] == 2
    taken = get(city, "yang", f"/api/v1/insight/exports/cases.csv?{days}&area=yangming").text
    assert (city.here in taken, city.there in taken) == (True, False)
    report = get(city, "yang", "/api/v1/insight/reports/day/2026-05-04?area=yangming").json()
    assert city.there not in str(report)
    for path in (
        f"/api/v1/insight/cases?{days}",
        "/api/v1/insight/reports/day/2026-05-04",
        "/insight/reports/day/2026-05-04",
    ):
        for area in ("fengshan", "yuyao", "!town"):
            asked = get(city, "yang", f"{path}{'&' if '?' in path else '?'}area={area}")
            assert asked.status_code == 403, (path, area)
    for path in ("/insight", "/insight/reports/day/2026-05-04", "/insight/reports/day/2026-05-04.pdf"):
        assert get(city, "yang", path).status_code == 200, path
    page = get(city, "yang", "/insight").text
    assert ('value="yangming"' in page, 'value="fengshan"' in page) == (True, False)
    for path in ("/api/v1/insight/rises", "/api/v1/insight/hot-spots.geojson"):
        assert get(city, "yang", path).status_code == 200, path
    assert get(city, "yang", "/insight?area=fengshan").status_code == 403


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_every_case_behind_their_numbers_opens_and_every_case_that_opens_is_counted(city):
    rng, box = random.Random(4), EdgeBox(edge="box-2")
    with city.database.write(ordered=True) as session:
        places = [(rng.uniform(121.08, 121.24), rng.uniform(30.01, 30.1)) for _ in range(40)]
        told = [box.message(report(at=at, camera_id=f"c-{k}")) for k, at in enumerate(places)]
        commit_batch(session, told, city.clock.now_utc(), city.settings.intake, ZoneInfo("UTC"))
    catch_up(city.database, city.settings.zone, city.clock.now_utc())
    path = "/api/v1/insight/cases?first=2026-05-01&last=2026-05-06&area=yangming&limit=200"
    counted = get(city, "yang", path).json()
    listed = get(city, "yang", "/api/v1/cases?limit=200").json()["items"]
    assert counted["total"] > 5
    assert {each["id"] for each in counted["items"]} == {each["id"] for each in listed}
    assert all(each["area_id"] in {"yangming", "yangming-east"} for each in listed)


def test_a_name_that_no_database_can_hold_is_of_nothing(city):
    for named in ("%00", "²", "9" * 40):
        for path in (f"/api/v1/cases/{named}", f"/api/v1/media/{named}", f"/cases/{named}"):
            assert get(city, "yang", path).status_code in {404, 422}, path
        path, said = f"/api/v1/slips/{named}/answer", {"answer": "x"}
        answer = city.client.post(path, json=said, headers=city.bearer("yang"))
        assert answer.status_code in {404, 422}, path


_ASK_THEMSELVES = {"/", "/live", "/audit", "/points", "/api/v1/slips"}
"""Each filters, or is closed to them, by its own words; tests of their own say so."""


def test_no_door_is_open_to_them_that_does_not_say_so(city):
    """Whatever is added later: what neither filters nor names one thing is closed to whoever is limited."""
    without, closed = set(), 0
    for path, route in doors(city.client.app):
        if scope.names_one(dict.fromkeys(re.findall(r"{(\w+)}", path), "")):
            continue
        gates = [each.call for each in _all_of(route.dependant)]
        asks = [gate for gate in gates if getattr(gate, "__qualname__", "").startswith("require.")]
        closed += bool(asks)
        if access.signed_in in gates and not asks:
            without.add("/points" if path.startswith("/points/") else path)
    assert closed > 50
    assert without == _ASK_THEMSELVES


def test_points_and_gifts_are_the_whole_city_s(city):
    page = get(city, "dora", "/points")
    assert (page.status_code, 'href="/points"' in get(city, "dora", "/").text) == (200, True)
    refused = get(city, "yang", "/points")
    assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (403, "city-wide")
    assert 'href="/points"' not in get(city, "yang", "/").text
    form = {"approves": "true", "version": "1"}
    path = "/points/awards/01a2053d-bb44-7593-bcaf-052769880d30"
    assert city.client.post(path, data=form, headers=city.bearer("yang")).status_code == 403


def _all_of(dependant):
    yield dependant
    for each in dependant.dependencies:
        yield from _all_of(each)
