"""What a hotline's clerk writes is understood, or told what would be right."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from central.hotline.reading import faults_of, matter_of, time_of, why_unknown
from central.hotline.schemas import HotlineItem

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    "written",
    [
        "2026/11/23 05:00",
        "2026/11/23 5:00",
        "2026/11/23 5:00:00",
        "2026-11-23 5:00",
        "2026-11-23 05:00:00",
        "2026.11.23 5:00",
        " 2026年11月23日 5时00分 ",
        "2026年11月23日5时0分0秒",
        "2026年11月23日 05\uff1a00",
        "2026-11-23T05:00",
        "2026-11-22T21:00:00Z",
        "2026-11-23T06:00+09:00",
    ],
)
def test_a_time_as_a_spreadsheet_writes_it_is_the_citys(written):
    assert time_of(written, SHANGHAI) == datetime(2026, 11, 22, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "yesterday",
        "11/12/2026 5:00",
        "2026/13/01 5:00",
        "2026/11/23 25:00",
        "2026/11-23",
        "2026/11/12:30",
        "2026-11-235:00",
    ],
)
def test_what_may_mean_another_day_is_no_time(written):
    assert time_of(written, SHANGHAI) is None


@pytest.mark.parametrize(
    ("called", "kind"),
    [
        ("illegal_parking", "illegal_parking"),
        ("违章停车", "illegal_parking"),
        (" 违章停车 ", "illegal_parking"),
        ("illegal parking", "illegal_parking"),
        ("占道经营", "stall_encroachment"),
        ("跨门营业", "stall_encroachment"),
        ("占道经营 / 跨门营业", "stall_encroachment"),
        ("车窗抛物", "vehicle_litter"),
        ("乱堆物料", "pavement_obstruction"),
    ],
)
def test_a_kind_is_known_by_its_name_and_by_the_standards_terms(called, kind):
    assert matter_of(called, None) == kind


def test_a_word_that_means_nothing_is_told_what_would_be_right():
    assert matter_of("噪音", None) == "噪音"
    told = why_unknown("噪音", None)
    assert told.startswith("'噪音' is neither a kind nor an item of the duty list: write ")
    assert "illegal_parking (违章停车)" in told


def test_each_fault_says_what_was_written_and_what_would_be_right():
    row = {"number": "7", "kind": "illegal_parking", "lon": "121,15", "at": "11/12/2026", "colour": "red"}
    with pytest.raises(ValidationError) as raised:
        HotlineItem.model_validate(row)
    told = faults_of(raised.value)
    assert "lon: '121,15' does not fit; write degrees of longitude" in told
    assert "lat: is missing; write degrees of latitude" in told
    assert "at: '11/12/2026' does not fit; write 2026-11-23 05:00, 2026/11/23 5:00" in told
    assert "colour: there is no such field" in told
