"""What apps send by Open311 is read, or refused with what is wrong in words."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.open311.reading import RefusedError, form_of, reported, w3_time
from central.open311.services import SERVICES
from tests.unit.central.box import IN_YANGMING, NOON

LON, LAT = IN_YANGMING


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"service_code": None}, 400, "service_code was not provided"),
        ({"service_code": "potholes"}, 404, "service_code was not found"),
        ({"lat": None}, 400, "addresses are not looked up"),
        ({"lat": "nan"}, 400, "WGS-84"),
        ({"long": "1e999"}, 400, "WGS-84"),
        ({"lat": "north"}, 400, "WGS-84"),
        ({"description": "x" * 4001}, 400, "at most 4000"),
        ({"attribute[urgent]": "perhaps"}, 400, "must be one of no, yes"),
        ({"attribute[colour]": "red"}, 400, "none of illegal_parking"),
        ({"attribute[seen_at]": "2026-05-04T11:00:00"}, 400, "with its offset"),
        ({"attribute[seen_at]": "0001-01-01T00:00:00+14:00"}, 400, "with its offset"),
        ({"attribute[seen_at]": "2026-05-05T11:00:00Z"}, 400, "within the last 30 days"),
        ({"service_code": "vehicle_litter"}, 400, "attribute[plate] is required"),
        ({"media_url": "javascript:alert(1)"}, 400, "http(s) URL"),
        ({"media_url": "http://user:secret@host/"}, 400, "http(s) URL"),
    ],
    ids=str,
)
def test_what_is_wrong_with_a_request_is_said(changes, status, words):
    form = {"service_code": "illegal_parking", "lat": str(LAT), "long": str(LON)} | changes
    with pytest.raises(RefusedError) as refused:
        reported({name: value for name, value in form.items() if value}, SERVICES, NOON, NOON)
    assert (refused.value.status, words in str(refused.value)) == (status, True), str(refused.value)


def test_a_throw_is_reported_with_its_plate_and_time():
    said = reported(
        {
            "service_code": "vehicle_litter",
            "lat": str(LAT),
            "long": str(LON),
            "attribute[plate]": " 浙B 12345 ",
            "attribute[seen_at][]": "2026-05-04T10:58:00+08:00",
        },
        SERVICES,
        NOON,
        NOON,
    )
    assert said.words == "Number plate: 浙B 12345."
    assert said.seen_at == NOON - timedelta(minutes=2)


@given(st.binary(max_size=300))
def test_any_body_is_a_form_or_refused(body):
    try:
        fields = form_of(body)
        reported(fields, SERVICES, NOON, NOON)
    except RefusedError as refused:
        assert refused.faults


def test_a_plus_that_nobody_escaped_is_still_an_offset():
    assert w3_time("2026-05-04T11:00:00 08:00") == NOON
    assert w3_time("2026-05-04T03:00Z") == NOON
