"""A code on a wall: a passer-by reports in three taps, the city revokes it, and nobody forges one."""

import csv
import re
from html import unescape

import pytest
from sqlalchemy import func, select

from central.cases.models import Case, Lead
from central.codes import service
from central.codes.schemas import PlaceIn
from central.codes.signing import PlaceKeys
from central.limits.access import count
from central.people.permissions import Role
from central.reports.models import Report
from central.reports.service import followed
from central.uploads import looking
from central.uploads.beside import sweep, workers_of
from central.uploads.exhibits import AbsentError
from kerbwatch.settings import SettingsError
from tests.integration.central.citizens import sign_in
from tests.integration.central.pictures import photo
from tests.unit.central.box import IN_YANGMING, NOON

LON, LAT = IN_YANGMING
ON_SQLITE = pytest.mark.parametrize("url", ["sqlite"], indirect=True)
PHONE = {"accept": "text/html"}
MARKET = {"name": "菜市场 Gate of the market", "road": "Yangming East Road", "lon": LON, "lat": LAT}


@pytest.fixture
def keys(settings):
    return PlaceKeys.of(settings)


@pytest.fixture
def dora(town):
    town.add_user("dora", Role.DISPATCHER)
    return town.bearer("dora")


@pytest.fixture
def make(town, dora):
    def made(**changes):
        answer = town.client.post("/api/v1/codes", json={"places": [MARKET | changes]}, headers=dora)
        assert answer.status_code == 201, answer.text
        found = town.client.get("/api/v1/codes", headers=dora).json()["items"][0]
        return found | {"path": found["url"].removeprefix("http://testserver")}

    return made


def field(page, name):
    return unescape(re.search(rf'name="{name}"[^>]*value="([^"]*)"', page.text).group(1))


def send(town, path, **changes):
    form = {"form_key": field(town.client.get(path, headers=PHONE), "form_key"), "kind": "illegal_parking"}
    return town.client.post(path, data=form | changes, headers=PHONE)


def test_a_passer_by_reports_in_three_taps_and_can_follow_it(town, make):
    code = make()
    assert town.client.head(code["path"], headers=PHONE).status_code == 200
    shown = town.client.get(code["path"], headers=PHONE)
    assert (shown.status_code, shown.headers["cache-control"]) == (200, "no-store")
    assert "菜市场 Gate of the market" in shown.text
    assert "Yangming East Road" in shown.text
    sent = send(town, code["path"], words="A van <b>blocks</b>\r\nthe gate\x00")
    assert sent.status_code == 200
    token = re.search(r'href="/r/([^"]+)"', sent.text).group(1)
    with town.database.read() as session:
        report = followed(session, token)
        lead = session.get(Lead, report.lead_id)
    assert report.external_id in sent.text
    assert (lead.origin, lead.place_method, lead.kind) == ("qr", "code", "illegal_parking")
    assert (lead.lon, lead.lat, lead.started_at) == (LON, LAT, NOON)
    assert (lead.words, lead.road) == ("A van <b>blocks</b>\nthe gate", "Yangming East Road")
    assert (lead.source, lead.reporter_ref) == (f"place code {code['number']}", None)


@ON_SQLITE
def test_who_is_signed_in_has_it_in_the_account_unless_they_want_to_stay_unknown(town, make):
    path = make()["path"]
    assert "You stay anonymous." in town.client.get(path, headers=PHONE).text
    li = sign_in(town, "li@example.org") | PHONE
    shown = town.client.get(path, headers=li)
    assert ("You stay anonymous." in shown.text, "Into my account" in shown.text) == (False, True)
    form = {"form_key": field(shown, "form_key"), "kind": "illegal_parking"}
    joined = town.client.post(path, data=form | {"in_account": "true"}, headers=li)
    assert "It is in your account as well." in joined.text
    unknown = town.client.post(path, data=form | {"form_key": "y" * 22}, headers=li)
    assert "the only way back to your report" in unknown.text
    stranger = {"form_key": "z" * 22, "in_account": "true"}
    assert "the only way back" in town.client.post(path, data=form | stranger, headers=PHONE).text
    mine = town.client.get("/api/v1/reporter/reports", headers=li).json()
    assert [each["channel"] for each in mine] == ["qr"]
    with town.database.read() as session:
        refs = session.scalars(select(Lead.reporter_ref).order_by(Lead.id)).all()
    assert [ref is not None for ref in refs] == [True, False, False]


@ON_SQLITE
def test_at_a_code_whatever_the_duty_list_has_is_reported_or_the_one_item_that_it_is_for(town, make, dora):
    anywhere = make()["path"]
    assert 'value="stray-dog"' in town.client.get(anywhere, headers=PHONE).text
    assert send(town, anywhere, kind="stray-dog").status_code == 200
    lamp = make(name="Lamp 17", kind="street-lamp")
    shown = town.client.get(lamp["path"], headers=PHONE).text
    assert re.findall(r'name="kind" value="([^"]+)"', shown) == ["street-lamp"]
    assert "Street lamp dark" in shown
    assert send(town, lamp["path"], kind="illegal_parking").status_code == 422
    assert send(town, lamp["path"], kind="street-lamp").status_code == 200
    with town.database.read() as session:
        assert session.scalars(select(Lead.kind).order_by(Lead.id)).all() == ["stray-dog", "street-lamp"]
    page = town.client.get("/codes", headers=dora | PHONE).text
    assert page.count("Street lamp dark") == 2, "its name on the list, and one to choose for a new code"
    wrong = {"places": [MARKET | {"name": "Moon", "kind": "flying-saucer"}]}
    refused = town.client.post("/api/v1/codes", json=wrong, headers=dora)
    assert (refused.status_code, "neither a kind nor an item" in refused.json()["detail"]) == (422, True)


@ON_SQLITE
def test_a_form_that_is_sent_again_over_a_bad_link_is_one_report_with_one_link(town, make):
    path = make()["path"]
    key = field(town.client.get(path, headers=PHONE), "form_key")
    answers = [
        town.client.post(path, data={"form_key": key, "kind": "illegal_parking"}, headers=PHONE).text
        for _ in range(3)
    ]
    assert len(set(answers)) == 1
    other = town.client.post(path, data={"form_key": key, "kind": "vehicle_litter"}, headers=PHONE)
    assert (other.status_code, field(other, "form_key") != key) == (422, True), "again, it is new"
    with town.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Report)) == 1
        assert session.scalar(select(func.count()).select_from(Case)) == 1


def test_a_photo_at_a_code_is_evidence_and_the_place_stays_the_codes(town, make, monkeypatch):
    monkeypatch.setattr(looking.exhibits, "_run", _absent)
    path = make(urgent=True)["path"]
    key = field(town.client.get(path, headers=PHONE), "form_key")
    form, far = {"form_key": key, "kind": "illegal_parking"}, photo(4, at=(LON + 0.01, LAT))
    answers = set()
    for _ in range(2):
        files = {"photo": ("p.jpg", far, "image/jpeg")}
        answers.add(town.client.post(path, data=form, files=files, headers=PHONE).text)
    assert len(answers) == 1
    none = {"photo": ("p.jpg", b"GIF89a no photo of ours", "image/jpeg")}
    refused = town.client.post(path, data=form | {"form_key": "y" * 22}, files=none, headers=PHONE)
    assert (refused.status_code, "no photo" in refused.text) == (415, True)
    central = town.client.app.state.central
    while workers_of(central).once():
        pass
    sweep(central)
    assert not central.media.names_aside()
    with town.database.read() as session:
        lead = session.scalars(select(Lead)).one()
        assert session.scalars(select(Report.state)).all() == ["lead"]
    assert (lead.origin, lead.place_method, lead.lon, lead.urgent) == ("qr", "code", LON, True)
    assert [each.audience for each in lead.evidence] == ["original"]


def _absent(*_arguments, **_options):
    raise AbsentError("the extra 'edge' is not installed")


@ON_SQLITE
def test_two_people_at_one_gate_make_one_case(town, make):
    path = make()["path"]
    send(town, path)
    send(town, path)
    with town.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Lead)) == 2
        assert session.scalar(select(func.count()).select_from(Case)) == 1
    assert make()["reports"] == 2


@ON_SQLITE
def test_the_code_of_a_fire_lane_takes_one_kind_and_is_urgent(town, make):
    path = make(kind="illegal_parking", urgent=True)["path"]
    shown = town.client.get(path, headers=PHONE).text
    assert "treated as urgent" in shown
    assert 'value="stall_encroachment"' not in shown
    assert send(town, path, kind="stall_encroachment").status_code == 422
    assert send(town, path).status_code == 200
    with town.database.read() as session:
        assert session.scalars(select(Case)).one().urgent


@ON_SQLITE
def test_what_is_lacking_or_too_long_is_said_and_nothing_typed_is_lost(town, make):
    path = make()["path"]
    lacking = send(town, path, kind="", words="A van")
    assert lacking.status_code == 422
    assert "Choose what is in the way first." in lacking.text
    assert ">A van</textarea>" in lacking.text
    assert "at most 2000 characters" in send(town, path, words="x" * 2001).text
    assert send(town, path, words="x\r\n" * 660).status_code == 200


@ON_SQLITE
def test_a_forged_code_opens_nothing_and_is_counted(town, make, keys):
    make()
    other = PlaceKeys(0, {0: b"somebody else's key" * 2})
    for code in (other.sign(1), keys.sign(2), "hello", "A" * 500, "%00", "１２３４"):
        refused = town.client.get(f"/q/{code}", headers=PHONE)
        assert (refused.status_code, "no code of ours" in refused.text) == (404, True), code
    assert town.client.post(f"/q/{other.sign(1)}", data={"form_key": "x" * 22}).status_code == 404
    metrics = town.client.get("/metrics").text
    assert 'kerbwatch_central_place_codes_refused_total{reason="unknown"} 7.0' in metrics


@ON_SQLITE
def test_a_revoked_code_says_that_it_is_out_of_use(town, make, dora):
    code = make()
    path = f"/api/v1/codes/{code['number']}/revoke"
    assert town.client.post(path, json={"reason": ""}, headers=dora).status_code == 422
    revoked = town.client.post(path, json={"reason": "Sticker was pasted over"}, headers=dora).json()
    assert (revoked["revoked_by"], revoked["revoke_reason"]) == ("user:dora", "Sticker was pasted over")
    again = town.client.post(path, json={"reason": "Once more"}, headers=dora).json()
    assert again["revoke_reason"] == "Sticker was pasted over"
    shown = town.client.get(code["path"], headers=PHONE)
    assert (shown.status_code, "out of use" in shown.text) == (410, True)
    assert town.client.post(code["path"], data={"form_key": "x" * 22}, headers=PHONE).status_code == 410
    assert town.client.post("/api/v1/codes/99/revoke", json={"reason": "x"}, headers=dora).status_code == 404
    assert make()["number"] != code["number"]


def test_a_rolled_key_makes_new_codes_and_the_old_go_on_until_it_is_taken_out(town, make, settings, keys):
    old = make()["path"]
    rolled = PlaceKeys(7, {0: keys.keys[0], 7: b"the key of next year" * 2})
    with town.database.write(ordered=True) as session:
        found = service.make(session, [PlaceIn.model_validate(MARKET)], keys=rolled, actor="system", now=NOON)
    assert (len(found.made), found.known) == (1, ())
    with town.database.read() as session:
        assert service.opened(session, rolled, old.removeprefix("/q/")).key_id == 0
        new = rolled.sign(found.made[0])
        assert service.opened(session, rolled, new).key_id == 7
        with pytest.raises(service.CodeRefusedError):
            service.opened(session, PlaceKeys(7, {7: rolled.keys[7]}), old.removeprefix("/q/"))
        # A number says by which key it was signed: another key's signature over it is none.
        with pytest.raises(service.CodeRefusedError):
            service.opened(session, rolled, rolled.sign(1, 7))


@ON_SQLITE
def test_one_code_takes_only_so_many_reports(town, make):
    path = make()["path"]
    rate = town.settings.place_codes.reports
    for _other in range(rate.burst):  # from as many telephones
        count(town.client.app.state.central, "reports", "place code 1", rate)
    assert send(town, path).status_code == 429
    town.clock.advance(60 / rate.per_minute)
    assert send(town, path).status_code == 200


@ON_SQLITE
def test_a_report_from_a_page_of_another_host_is_refused(town, make):
    path = make()["path"]
    form = {"form_key": "x" * 22, "kind": "illegal_parking"}
    answer = town.client.post(path, data=form, headers={"origin": "https://elsewhere.example"})
    assert answer.status_code == 403


@ON_SQLITE
def test_a_code_can_be_typed(town, make):
    code = make()
    assert 'name="code"' in town.client.get("/q", headers=PHONE).text
    typed = town.client.get("/q", params={"code": code["code"].lower()}, follow_redirects=False)
    assert typed.headers["location"] == code["path"]
    wrong = town.client.get("/q", params={"code": "../sign-in"}, headers=PHONE)
    assert wrong.status_code == 404


@ON_SQLITE
def test_codes_are_managed_by_dispatchers_and_administrators_alone(town):
    for role in (Role.OPERATOR, Role.UNIT_HEAD, Role.AUDITOR):
        town.add_user(role.value, role)
        who = town.bearer(role.value)
        for path in ("/api/v1/codes", "/codes", "/codes/sheet?number=1", "/codes/sheet.pdf?number=1"):
            assert town.client.get(path, headers=who).status_code == 403
        assert town.client.post("/api/v1/codes", json={}, headers=who).status_code == 403


@ON_SQLITE
def test_the_page_makes_prints_and_revokes(town):
    town.add_user("adam", Role.ADMINISTRATOR)
    adam = town.bearer("adam") | PHONE
    form = {
        "name": "Fire lane 3",
        "lon": "121.15",
        "lat": "30.05",
        "kind": "illegal_parking",
        "urgent": "true",
    }
    faulty = town.client.post("/codes", data=form | {"lat": "north"}, headers=adam)
    assert (faulty.status_code, 'value="Fire lane 3"' in faulty.text) == (422, True)
    assert "Made." in town.client.post("/codes", data=form, headers=adam).text
    assert "has that code already" in town.client.post("/codes", data=form, headers=adam).text
    sheet = town.client.get("/codes/sheet", params={"number": [1]}, headers=adam)
    assert "<svg" in sheet.text
    assert "Fire lane 3" in sheet.text
    pdf = town.client.get("/codes/sheet.pdf", params={"number": [1]}, headers=adam)
    assert (pdf.headers["content-type"], pdf.content[:5]) == ("application/pdf", b"%PDF-")
    town.client.post("/codes", data=form | {"name": "消防通道"}, headers=adam)
    refused = town.client.get("/codes/sheet.pdf", params={"number": [2]}, headers=adam)
    assert (refused.status_code, "fonts-noto-cjk" in refused.text) == (409, True)
    gone = town.client.post("/codes/1/revoke", data={"reason": "Torn off"}, headers=adam)
    assert "Taken out of use." in gone.text
    assert "Torn off" in town.client.get("/codes", params={"show": "revoked"}, headers=adam).text
    assert town.client.get("/codes/sheet.pdf", params={"number": [1]}, headers=adam).status_code == 404


def test_long_lists_are_turned_page_by_page(town, dora):
    places = [MARKET | {"name": f"Gate {number}"} for number in range(5)]
    assert len(town.client.post("/api/v1/codes", json={"places": places}, headers=dora).json()["made"]) == 5
    numbers, before = [], None
    while True:
        params = {"limit": 2} | ({"before": before} if before else {})
        page = town.client.get("/api/v1/codes", params=params, headers=dora).json()
        numbers += [each["number"] for each in page["items"]]
        before = page["next_before"]
        if before is None:
            break
    assert numbers == [5, 4, 3, 2, 1]


def test_places_come_from_a_file_and_its_faults_are_told_by_line(tmp_path):
    file = tmp_path / "places.csv"
    with file.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["name", "lon", "lat", "kind", "urgent"])
        writer.writerow(["菜市场", "121.15", "30.05", "", ""])
        writer.writerow(["Fire lane", "121.16", "30.05", "illegal_parking", "yes"])
    market, lane = service.read_places(file)
    assert (market.name, market.kind, market.urgent) == ("菜市场", None, False)
    assert (lane.kind, lane.urgent) == ("illegal_parking", True)
    file.write_text("name,lon,lat\nGate,121,300\n,121,30\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"(?s)places\.csv:2: lat: .*places\.csv:3: name: "):
        service.read_places(file)
    file.write_text("name,lon,lat,colour\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="has 'colour'; columns are: name, lon"):
        service.read_places(file)
