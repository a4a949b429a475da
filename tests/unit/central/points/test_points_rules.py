"""What a verified report is worth."""

import pytest

from central.points.models import Why
from central.points.rules import PointsFile, judge
from kerbwatch.settings import load_settings

RULES = PointsFile.model_validate(
    {
        "daily_cap": 60,
        "approve_from": 50,
        "rules": [
            {"kind": "vehicle_litter", "channel": "dashcam", "points": 50},
            {"kind": "vehicle_litter", "points": 20},
            {"channel": "qr", "points": 5},
        ],
    }
)


def worth(kind="vehicle_litter", channel="photo", **changes):
    facts = {"first": True, "copied": False, "earned_that_day": 0} | changes
    found = judge(RULES, kind=kind, channel=channel, **facts)
    return found.points, found.why, found.needs_two


@pytest.mark.parametrize(
    ("facts", "wanted"),
    [
        ({"channel": "dashcam"}, (50, Why.FIRST, True)),
        ({}, (20, Why.FIRST, False)),
        ({"kind": "illegal_parking", "channel": "qr"}, (5, Why.FIRST, False)),
        ({"kind": "illegal_parking"}, (0, Why.NO_RULE, False)),
        ({"first": False}, (0, Why.LATER, False)),
        ({"copied": True}, (0, Why.COPY, False)),
        ({"copied": True, "first": False}, (0, Why.COPY, False)),
        ({"earned_that_day": 45}, (15, Why.CAP, False)),
        ({"earned_that_day": 60}, (0, Why.CAP, False)),
        ({"earned_that_day": 90}, (0, Why.CAP, False)),
    ],
    ids=str,
)
def test_a_report_is_worth(facts, wanted):
    assert worth(**facts) == wanted


def test_the_example_is_sound(pytestconfig):
    rules = load_settings(pytestconfig.rootpath / "configs/points.yaml", PointsFile)
    assert rules.points_for("vehicle_litter", "dashcam") >= rules.approve_from
