"""Open311 GeoReport v2 as an existing app speaks it: the standard's fields, formats, statuses and errors."""

import json
import re
from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest
from sqlalchemy import func, select

from central.cases import service as cases
from central.cases.models import Case, Lead
from central.cases.rules import RejectReason
from central.open311 import service
from central.people.permissions import Role, permissions_of
from central.people.service import Principal
from central.reports import service as reports
from central.reports.models import Report
from central.tickets import sending
from central.tickets.clockwork import Terms
from tests.unit.central.box import IN_YANGMING

ROOT = "/open311/v2"
LON, LAT = IN_YANGMING
ON_SQLITE = pytest.mark.parametrize("url", ["sqlite"], indirect=True)
OLGA = Principal("user:olga", "olga", ("operator",), permissions_of([Role.OPERATOR]))
FIELDS = [
    "service_request_id",
    "status",
    "status_notes",
    "service_name",
    "service_code",
    "description",
    "agency_responsible",
    "service_notice",
    "requested_datetime",
    "updated_datetime",
    "expected_datetime",
    "address",
    "address_id",
    "zipcode",
    "lat",
    "long",
    "media_url",
]
"""Of a request, in the order of the standard's example."""


@pytest.fixture
def key(town):
    with town.database.write() as session:
        return service.add_key(session, "shequ", town.clock.now_utc()).key


@pytest.fixture
def post(town, key):
    def send(path="/requests.json", headers=None, **changes):
        form = {
            "api_key": key,
            "service_code": "illegal_parking",
            "lat": str(LAT),
            "long": str(LON),
            "address_string": "Yangming East Road 12",
            "description": "A van stands on the pavement",
        }
        filled = {name: value for name, value in (form | changes).items() if value is not None}
        return town.client.post(ROOT + path, data=filled, headers=headers)

    return send


def posted(answer):
    assert answer.status_code == 200, answer.text
    return answer.json()[0]["service_request_id"]


def tree(answer):
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    assert answer.content.startswith(b"<?xml version='1.0' encoding='utf-8'?>")
    return ET.fromstring(answer.content)


@ON_SQLITE
def test_an_app_finds_the_endpoint_and_what_can_be_reported(town):
    found = town.client.get("/open311/discovery.json").json()
    assert found["endpoints"][0] | {"changeset": ""} == {
        "specification": "http://wiki.open311.org/GeoReport_v2",
        "url": "http://testserver/open311/v2",
        "changeset": "",
        "type": "production",
        "formats": ["text/xml", "application/json"],
    }
    document = tree(town.client.get("/open311/discovery.xml"))
    assert document.tag == "discovery"
    assert [each.text for each in document.iterfind("endpoints/endpoint/formats/format")] == [
        "text/xml",
        "application/json",
    ]
    services = town.client.get(f"{ROOT}/services.json").json()
    assert [each["service_code"] for each in services][:5] == [
        "illegal_parking",
        "stall_encroachment",
        "vehicle_litter",
        "pavement_obstruction",
        "manhole-cover",
    ]
    assert services[4]["service_name"] == "Manhole cover broken or gone"
    assert len(services) == 21
    assert list(services[0]) == [
        "service_code",
        "service_name",
        "description",
        "metadata",
        "type",
        "keywords",
        "group",
    ]
    assert (services[0]["metadata"], services[0]["type"]) == (True, "realtime")
    assert "违章停车" in services[0]["keywords"]
    first = tree(town.client.get(f"{ROOT}/services.xml", params={"jurisdiction_id": "city.example"}))[0]
    assert (first.tag, first.find("metadata").text) == ("service", "true")


@ON_SQLITE
def test_a_definition_tells_what_is_asked_in_both_formats(town):
    defined = town.client.get(f"{ROOT}/services/illegal_parking.json").json()
    assert defined["service_code"] == "illegal_parking"
    assert defined["attributes"][0] == {
        "variable": True,
        "code": "urgent",
        "datatype": "singlevaluelist",
        "required": False,
        "datatype_description": None,
        "order": 1,
        "description": "Is a fire lane blocked, or somebody in danger?",
        "values": [{"key": "no", "name": "No"}, {"key": "yes", "name": "Yes"}],
    }
    document = tree(town.client.get(f"{ROOT}/services/illegal_parking.xml"))
    assert document.tag == "service_definition"
    assert [each.text for each in document.iterfind("attributes/attribute/code")] == [
        "urgent",
        "plate",
        "seen_at",
    ]
    assert [each.text for each in document.iterfind("attributes/attribute/values/value/key")] == ["no", "yes"]
    assert town.client.get(f"{ROOT}/services/potholes.json").status_code == 404


@ON_SQLITE
@pytest.mark.parametrize(
    ("typed", "kept"),
    [("s-kw 2026 e", "SKW2026E"), ("12345", "??12345"), ("unknown", None), ("N/A", None), ("？", None)],
)
def test_a_plate_from_elsewhere_is_kept_as_the_app_says_it_and_what_is_none_in_the_words_alone(
    town, post, typed, kept
):
    posted(post(**{"attribute[plate]": typed}))
    with town.database.read() as session:
        lead = session.scalars(select(Lead)).one()
    assert (lead.plate_said, lead.words.startswith(f"Number plate: {typed}.")) == (kept, True)


def test_what_an_app_reports_is_a_lead_and_its_request_says_what_became_of_it(town, post):
    request_id = posted(post(**{"attribute[urgent]": "yes", "attribute[plate]": "浙B12345"}))
    with town.database.read() as session:
        report = session.get(Report, request_id)
        lead = session.get(Lead, report.lead_id)
        case = session.get(Case, lead.case_id)
    assert (lead.origin, lead.source, lead.kind) == ("open311", "app shequ", "illegal_parking")
    assert (lead.lon, lead.lat, lead.road, case.urgent) == (LON, LAT, "Yangming East Road 12", True)
    assert lead.words == "Number plate: 浙B12345.\nA van stands on the pavement"
    assert (lead.plate_said, lead.plate) == ("浙B12345", None)
    path = f"{ROOT}/requests/{request_id}"
    [told] = town.client.get(f"{path}.json").json()
    assert list(told) == FIELDS
    assert (told["status"], told["agency_responsible"], told["expected_datetime"]) == ("open", None, None)
    assert told["description"] is None  # what people write is not for everybody
    assert (told["lat"], told["long"], told["address"]) == (LAT, LON, "Yangming East Road 12")
    assert told["requested_datetime"] == "2026-05-04T03:00:00Z"
    town.clock.advance(60)
    terms, now = Terms.of(town.settings), town.clock.now_utc()
    with town.database.write(ordered=True) as session:
        sending.confirm(session, case.id, who=OLGA, version=case.version, now=now, terms=terms)
    [told] = town.client.get(f"{path}.json").json()
    assert told["agency_responsible"]
    assert told["expected_datetime"] > told["requested_datetime"]
    assert told["updated_datetime"] == "2026-05-04T03:01:00Z"
    element = tree(town.client.get(f"{path}.xml"))[0]
    assert [each.tag for each in element] == FIELDS
    assert (element.find("service_request_id").text, element.find("zipcode").text) == (request_id, None)


def test_a_rejected_request_is_closed_with_its_answer(town, post):
    request_id = posted(post())
    with town.database.write(ordered=True) as session:
        case = session.scalars(select(Case)).one()
        cases.reject(
            session,
            case.id,
            who=OLGA,
            version=case.version,
            now=town.clock.now_utc(),
            reason_code=RejectReason.PERMITTED,
        )
    [told] = town.client.get(f"{ROOT}/requests/{request_id}.json").json()
    assert told["status"] == "closed"
    assert told["status_notes"]
    assert [each["status"] for each in town.client.get(f"{ROOT}/requests.json?status=closed").json()] == [
        "closed"
    ]
    assert town.client.get(f"{ROOT}/requests.json?status=open").json() == []


def test_a_refused_report_is_closed_and_one_on_its_way_open(town, post):
    refused, waiting = posted(post()), posted(post(lat="30.06"))
    with town.database.write() as session:
        for request_id in (refused, waiting):
            session.get(Report, request_id).lead_id = None
        reports.refuse(session.get(Report, refused), "Too blurred", town.clock.now_utc())
        session.get(Report, waiting).state = "received"
    for status, request_id in (("closed", refused), ("open", waiting)):
        [told] = town.client.get(f"{ROOT}/requests.json", params={"status": status}).json()
        assert (told["service_request_id"], told["status"]) == (request_id, status)
    assert len(town.client.get(f"{ROOT}/requests.json?status=open,closed").json()) == 2


def test_requests_are_found_by_time_kind_and_number_page_by_page(town, post):
    ids = []
    for day in range(3):
        code = "illegal_parking" if day else "pavement_obstruction"
        ids.append(posted(post(service_code=code, lat=str(30.02 + day / 100))))
        town.clock.advance(timedelta(days=40).total_seconds())

    def found(**params):
        answer = town.client.get(f"{ROOT}/requests.json", params=params)
        assert answer.status_code == 200, answer.text
        return [ids.index(each["service_request_id"]) for each in answer.json()]

    assert found() == [2, 1]  # the last 90 days
    assert found(end_date="2026-06-01T00:00:00Z") == [0]
    assert found(start_date="2026-05-01T00:00:00+08:00") == [2, 1, 0]
    assert found(start_date="2026-05-01T00:00:00 08:00", end_date="2026-06-30T00:00:00Z") == [1, 0]
    assert found(start_date="2026-05-04T00:00:00Z", service_code="pavement_obstruction") == [0]
    assert found(service_request_id=f"{ids[0]}, {ids[2]}", status="closed") == [2, 0]
    assert found(page_size=1) == [2]
    assert found(page_size=1, page=2) == [1]
    assert found(page_size=1, page=3) == []


@ON_SQLITE
def test_a_request_that_comes_twice_is_one(town, post):
    headers = {"Idempotency-Key": "A-2026-118"}
    first, again = post(headers=headers), post(headers=headers)
    assert posted(first) == posted(again)
    assert first.json()[0]["service_notice"]
    assert again.json() == first.json(), "an app that lost the first answer gets the link all the same"
    assert posted(post()) != posted(post())
    other = post(headers=headers, description="Another van, in another street")
    assert (other.status_code, "key of its own" in other.json()[0]["description"]) == (422, True)
    with town.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Report)) == 3
    assert post(headers={"Idempotency-Key": "x" * 101}).status_code == 400


@ON_SQLITE
def test_the_token_of_the_follow_link_leads_to_the_request(town, post):
    answer = post(path="/requests.xml")
    request = tree(answer)[0]
    assert [each.tag for each in request] == ["service_request_id", "service_notice", "account_id"]
    token = re.search(r"http://testserver/r/(\S+)", request.find("service_notice").text)[1]
    assert town.client.get(f"{ROOT}/tokens/{token}.json").json() == [
        {"service_request_id": request.find("service_request_id").text, "token": token}
    ]
    assert town.client.get(f"{ROOT}/tokens/nothing.json").status_code == 404


@ON_SQLITE
def test_without_a_key_nothing_is_taken_and_the_error_is_the_standards(town, post, key):
    missing = post(api_key=None)
    assert missing.status_code == 403
    assert missing.json() == [{"code": 403, "description": "api_key was not provided"}]
    wrong = post(path="/requests.xml", api_key=key[:-1] + "_")
    assert wrong.status_code == 403
    errors = tree(wrong)
    assert (errors.tag, errors[0].tag, [each.tag for each in errors[0]]) == (
        "errors",
        "error",
        ["code", "description"],
    )
    assert errors.find("error/code").text == "403"
    in_url = town.client.post(f"{ROOT}/requests.json?api_key={key}", data={"service_code": "illegal_parking"})
    assert in_url.status_code == 403
    with town.database.write() as session:
        row = service.repository.keys(session)[0]
        assert service.revoke_key(session, row.id, town.clock.now_utc())
        assert not service.revoke_key(session, "nobody's", town.clock.now_utc())
    assert post().status_code == 403


@ON_SQLITE
def test_hostile_requests_are_400_or_404_and_never_fetch_anything(town, post, key):
    media = "http://169.254.169.254/latest/meta-data"
    request_id = posted(post(media_url=media, description="<script>\x00\x07]]></x>", email="a@b.example"))
    with town.database.read() as session:
        words = session.get(Report, request_id).words
    assert words == f"<script>]]></x>\nPicture: {media}"
    for path in ("/requests.yaml", "/services/x/y.json", "/nothing", "/requests/1.json", "/tokens/é.xml"):
        answer = town.client.get(ROOT + path)
        assert answer.status_code == 404, path
    for query in (
        "start_date=yesterday",
        "start_date=2026-05-04T00:00:00Z&end_date=2026-05-03T00:00:00Z",
        "start_date=2026-01-01T00:00:00Z&end_date=2026-05-03T00:00:00Z",
        "start_date=9999-12-31T23:59:59Z",
        "status=half",
        "page=0",
        "page_size=1001",
    ):
        answer = town.client.get(f"{ROOT}/requests.json?{query}")
        assert answer.status_code == 400, query
        assert answer.json()[0]["code"] == 400
    assert town.client.get(f"{ROOT}/requests.json?service_code=potholes").status_code == 404
    form = {"content-type": "application/x-www-form-urlencoded"}
    for body in (b"\xff=1", b"a=" + b"x" * 70_000, b"&".join(b"a%d=1" % number for number in range(200))):
        assert town.client.post(f"{ROOT}/requests.json", content=body, headers=form).status_code == 400
    assert town.client.post(f"{ROOT}/requests.json", json={"api_key": key}).status_code == 400
    assert town.client.post(f"{ROOT}/requests.json", files={"media": b"x"}).status_code == 400


@ON_SQLITE
def test_accept_decides_where_the_path_says_nothing(town):
    def kind(accept, path="/services"):
        return town.client.get(ROOT + path, headers={"accept": accept}).headers["content-type"].split(";")[0]

    assert kind("application/json") == "application/json"
    assert kind("text/xml, application/json") == "text/xml"
    assert kind("text/html,*/*") == "text/xml"
    assert kind("application/json", "/services.xml") == "text/xml"
    assert json.loads(town.client.get(f"{ROOT}/services.json", headers={"accept": "text/html"}).content)
    refused = town.client.get(f"{ROOT}/services/x", headers={"accept": "text/html"})
    assert tree(refused).tag == "errors"


@ON_SQLITE
def test_another_citys_id_is_not_found(town, post, monkeypatch):
    ours = town.settings.open311.model_copy(
        update={"jurisdiction_id": "yuyao.example", "publish_words": True}
    )
    changed = town.settings.model_copy(update={"open311": ours})
    object.__setattr__(town.client.app.state.central, "settings", changed)
    for path in ("/services.json", "/services/illegal_parking.json", "/requests.json"):
        assert town.client.get(f"{ROOT}{path}?jurisdiction_id=elsewhere").status_code == 404
        assert town.client.get(f"{ROOT}{path}?jurisdiction_id=yuyao.example").status_code == 200
    assert post(jurisdiction_id="elsewhere").json() == [
        {"code": 404, "description": "jurisdiction_id was not found"}
    ]
    assert post("/requests.json?jurisdiction_id=elsewhere").status_code == 404
    request_id = posted(post("/requests.json?jurisdiction_id=yuyao.example", jurisdiction_id="yuyao.example"))
    [told] = town.client.get(f"{ROOT}/requests/{request_id}.json").json()
    assert told["description"] == "A van stands on the pavement"
