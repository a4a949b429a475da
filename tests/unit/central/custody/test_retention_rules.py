"""For how long what is kept: by kind and outcome, never what is held, open or shared with what is kept."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.custody.canonical import canonical_json
from central.custody.rules import BUILT_IN, NO_CASE, CaseStanding, file_rule, people_rule, read_rules
from kerbwatch.settings import SettingsError

NOW = datetime(2026, 5, 4, tzinfo=UTC)


def case(state, days_over=None, held=False, kind="illegal_parking"):
    over_at = None if days_over is None else NOW - timedelta(days=days_over)
    return CaseStanding("c", kind, state, over_at, held)


def ruled(*cases, content_type="image/jpeg", days_here=400):
    return file_rule(BUILT_IN, content_type, NOW - timedelta(days=days_here), cases, NOW)


@pytest.mark.parametrize(
    ("cases", "content_type", "rule"),
    [
        ((case("rejected", 29),), "image/jpeg", None),
        ((case("rejected", 30),), "image/jpeg", "rejected"),
        ((case("closed", 100),), "image/jpeg", None),
        ((case("closed", 100),), "video/mp4", "done"),
        ((case("closed", 1000, held=True),), "video/mp4", None),
        ((case("closed", 1000), case("handling")), "image/jpeg", None),
        ((case("closed", 1000), case("rejected", 29)), "image/jpeg", None),
        ((case("reviewing"),), "image/jpeg", None),
        ((), "image/jpeg", NO_CASE),
    ],
)
def test_a_file_goes_when_every_case_that_names_it_lets_it_go(cases, content_type, rule):
    assert ruled(*cases, content_type=content_type) == rule


_OVER = ["rejected", "closed", "evaluated"]
_STATES = ["reviewing", "filed", "handling", "checking", "merged", *_OVER]
_CASES = st.builds(
    CaseStanding,
    id=st.just("c"),
    kind=st.sampled_from(["illegal_parking", "vehicle_litter"]),
    state=st.sampled_from(_STATES),
    over_at=st.one_of(st.none(), st.integers(0, 2000).map(lambda days: NOW - timedelta(days=days))),
    held=st.booleans(),
)


@given(st.lists(_CASES, min_size=1, max_size=4), st.sampled_from(["image/jpeg", "video/mp4"]))
def test_whatever_else_names_it_a_held_or_open_case_keeps_its_file(cases, content_type):
    kept = any(each.held or each.state not in _OVER for each in cases)
    if kept:
        assert file_rule(BUILT_IN, content_type, NOW - timedelta(days=9999), cases, NOW) is None
    for each in cases:
        if each.held or each.over_at is None:
            assert people_rule(BUILT_IN, each, NOW) is None


def test_the_example_of_the_rules_says_what_is_built_in_and_faults_are_told(tmp_path, pytestconfig):
    assert read_rules(pytestconfig.rootpath / "configs/retention.yaml") == BUILT_IN
    bad = tmp_path / "rules.yaml"
    bad.write_text("rules:\n  - {name: a, outcomes: [lost], stills_days: 0, clips_days: 1, people_days: 1}\n")
    with pytest.raises(SettingsError, match="outcomes") as caught:
        read_rules(bad)
    assert "stills_days" in str(caught.value)


@given(st.dictionaries(st.text(), st.integers()))
def test_the_same_value_is_written_the_same_way(value):
    assert canonical_json(value) == canonical_json(dict(reversed(value.items())))
