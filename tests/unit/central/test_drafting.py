"""What a ticket says."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from central.cases.drafting import duration, sentence
from kerbwatch.incident import BEYOND_DOORWAY, Kind
from tests.unit.central.box import NOON, report

SHANGHAI = ZoneInfo("Asia/Shanghai")


def test_a_parked_car_is_told_in_a_sentence():
    assert sentence(report(dwell_s=30, limit_s=30), SHANGHAI) == (
        "Vehicle (car) standing in no-parking zone kerb on Yangming East Road for 30 s (limit 30 s); "
        "camera Yangming East 12, since 2026-05-04 10:59:30."
    )


def test_a_blocked_fire_lane_is_urgent_from_the_first_word():
    assert sentence(report(urgent=True), SHANGHAI).startswith("URGENT: Vehicle")


def test_a_vehicle_left_for_days_says_since_when_also_where_parking_is_lawful():
    left = report(kind=Kind.ILLEGAL_PARKING, standing_since=NOON - timedelta(days=5))
    assert sentence(left, SHANGHAI).startswith(
        "Vehicle (car) left standing in zone kerb on Yangming East Road for 5 d; camera"
    )
    assert sentence(left, SHANGHAI).endswith("since 2026-04-29 11:00:00.")


def test_litter_has_a_moment_and_no_dwell():
    text = sentence(report(kind=Kind.VEHICLE_LITTER, started_at=NOON - timedelta(seconds=1)), SHANGHAI)
    assert "limit" not in text
    assert text.endswith("at 2026-05-04 10:59:59.")


def test_a_shop_beyond_its_doorway_is_called_a_shop():
    shop = report(kind=Kind.STALL_ENCROACHMENT, object_class=BEYOND_DOORWAY, dwell_s=900, limit_s=600)
    assert sentence(shop, SHANGHAI).startswith(
        "Shop trading beyond its doorway, goods on public ground in zone kerb on Yangming East Road for "
        "15 min (limit 10 min); camera"
    )


def test_a_road_without_a_name_is_left_out():
    assert " on " not in sentence(report(road=None), SHANGHAI)


@pytest.mark.parametrize(
    ("seconds_s", "text"),
    [
        (0, "0 s"),
        (45.4, "45 s"),
        (320, "5 min 20 s"),
        (7500, "2 h 5 min"),
        (7205, "2 h"),
        (273600, "3 d 4 h"),
    ],
)
def test_durations_read_well(seconds_s, text):
    assert duration(seconds_s) == text
