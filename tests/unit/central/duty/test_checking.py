"""What the checker says of a duty list: each fault with its line."""

from datetime import date

import pytest
from shapely.geometry import box

from central.duty.checking import Board, Ground, check
from central.duty.draft import Days, left_over
from central.duty.reading import read_csv, read_units_csv, read_yaml
from kerbwatch.settings import SettingsError

NO_RULINGS = Board()
TODAY = date(2026, 5, 4)
WEST, EAST = box(121.0, 30.0, 121.1, 30.1), box(121.1, 30.0, 121.2, 30.1)
TOWN = Ground({"west": WEST, "east": EAST}, box(121.0, 30.0, 121.2, 30.1))
UNITS = """id,name,parent,powers
police,Traffic police,,road-traffic
streets,Urban management,,city-appearance
"""
HEAD = (
    "item,kind,name,power,legal_basis,deadline_hours,area,unit,"
    "valid_from,valid_until,basis_valid_from,basis_valid_until\n"
)
WHOLE = """parking,illegal_parking,Parking,road-traffic,Law 56,4,,police,,,,
litter,vehicle_litter,Litter,road-traffic,Law 66,72,,police,,,,
stall,stall_encroachment,Stall,city-appearance,Rules,8,,streets,,,,
heap,pavement_obstruction,Heap,city-appearance,Rules,24,,streets,,,,
"""


@pytest.fixture
def faults_of(tmp_path):
    """``faults_of(lines)``: (line, code) of what is wrong with a CSV list of these lines."""

    def judge(lines):
        (tmp_path / "duty.csv").write_text(HEAD + lines, encoding="utf-8")
        (tmp_path / "units.csv").write_text(UNITS, encoding="utf-8")
        draft = read_csv(tmp_path / "duty.csv", read_units_csv(tmp_path / "units.csv"))
        return [(each.line, each.code) for each in check(draft, TOWN, TODAY) if each.fault]

    return judge


def test_a_sound_list_has_no_fault(faults_of):
    assert faults_of(WHOLE) == []


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("4,,police", "4,west,police", [(2, "gap")]),
        ("4,,police,,,", "4,,police,,2026-06-30,", [(2, "gap")]),
        ("4,,police", "4,,polise", [(2, "no-power"), (2, "unknown-unit")][1:]),
        ("4,,police", "4,,streets", [(2, "no-power")]),
        ("4,,police", "4,north,police", [(2, "gap"), (2, "unknown-area")]),
        ("4,,police,,,,", "4,,police,,,,2026-01-31", [(2, "basis")]),
        ("4,,police,,,,", "4,,police,,,2027-01-01,", [(2, "basis")]),
        ("4,,police,,,,", "4,,police,,,,2027-01-01", []),
        ("litter,vehicle_litter", "litter,", [(1, "gap")]),
    ],
    ids=[
        "half the town",
        "ends too early",
        "nobody of that name",
        "beyond its powers",
        "no such area",
        "law expired",
        "law not yet in force",
        "law expires later",
        "a kind without an item",
    ],
)
def test_each_fault_is_found_in_its_line(faults_of, old, new, found):
    assert faults_of(WHOLE.replace(old, new, 1)) == found


def test_two_leads_at_a_time_overlap_and_one_after_the_other_do_not(faults_of):
    parking = "parking,illegal_parking,Parking,road-traffic,Law 56,4,,police,{},{},,\n"
    rest = WHOLE.partition("\n")[2]
    one_day_twice = parking.format("", "2026-07-01") + parking.format("2026-07-01", "")
    assert faults_of(one_day_twice + rest) == [(3, "overlap")]
    in_turn = parking.format("", "2026-06-30") + parking.format("2026-07-01", "")
    assert faults_of(in_turn + rest) == []


STALL = "stall2,stall_encroachment,Trade,road-traffic,Rules,8,{},police,,,,\n"


def test_two_items_of_one_kind_are_a_fault_wherever_they_lead(faults_of):
    assert faults_of(WHOLE + STALL.format("")) == [(6, "overlap")]
    assert (6, "overlap") in faults_of(WHOLE + STALL.format("west"))
    assert faults_of(WHOLE + STALL.format("").replace("stall2,stall_encroachment", "lamp,")) == []


def test_an_item_is_of_one_kind(faults_of):
    other = STALL.format("west").replace("stall2,stall_encroachment", "stall,")
    assert faults_of(WHOLE + other) == [(6, "overlap")]
    named = STALL.format("").replace("stall2,stall_encroachment", "stall_encroachment,")
    assert faults_of(WHOLE + named) == [(6, "overlap")], "a kind's name is no other item's"


@pytest.fixture
def told_of(tmp_path, pytestconfig):
    """``told_of(old, new, board)``: (code, whether a fault, text) of the example with a change."""
    text = (pytestconfig.rootpath / "configs/duty-list.yaml").read_text(encoding="utf-8")

    def judge(old, new, board=NO_RULINGS):
        assert old in text
        (tmp_path / "duty.yaml").write_text(text.replace(old, new, 1), "utf-8")
        draft = read_yaml(tmp_path / "duty.yaml", {})
        found = check(draft, Ground({"yangming": WEST}, WEST), TODAY, board)
        return [(each.code, each.fault, each.text) for each in found]

    return judge


def test_units_that_stand_above_one_another_in_a_circle_are_a_fault_told_once(told_of):
    top = "{id: city-centre, name: City governance command centre"
    ((code, fault, text),) = told_of(top, f"{top}, parent: traffic-police")
    assert (code, fault) == ("unknown-unit", True)
    assert "city-centre, traffic-police" in text


def test_a_helper_that_is_named_twice_is_a_fault(told_of):
    ((code, fault, text),) = told_of("co_units: [fire-rescue]", "co_units: [fire-rescue, fire-rescue]")
    assert (code, fault) == ("overlap", True)
    assert "'fire-rescue' is named twice" in text


def test_more_time_for_what_is_urgent_than_for_what_is_not_is_told(told_of):
    ((code, fault, text),) = told_of("urgent_deadline_hours: 1", "urgent_deadline_hours: 400")
    assert (code, fault) == ("deadline", False)
    assert "400 hours where it is urgent, and 4 where it is not" in text


def test_a_ruling_that_was_not_given_here_is_told_and_one_that_was_is_not(told_of):
    named = "      dated: [{area: yangming, unit: traffic-police-yangming, ruling: 2026-0009}]\n"
    own = ("      areas:\n        yangming: traffic-police-yangming\n", named)
    assert told_of(*own, Board(frozenset({"2026-0009"}))) == []
    ((code, fault, text),) = told_of(*own)
    assert (code, fault) == ("ruling", False)
    assert "no ruling 2026-0009 was given here" in text


def test_both_halves_are_the_whole_town(faults_of):
    parking = WHOLE.partition("\n")[0] + "\n"
    halves = parking.replace("4,,", "4,west,") + parking.replace("4,,", "4,east,")
    assert faults_of(halves + WHOLE.partition("\n")[2]) == []


def test_a_csv_line_of_bad_form_is_named(faults_of):
    with pytest.raises(SettingsError, match=r"duty\.csv:3: deadline_hours"):
        faults_of(WHOLE.replace(",72,", ",soon,"))


def test_a_fault_in_yaml_has_the_line_of_its_lead(tmp_path, pytestconfig):
    text = (pytestconfig.rootpath / "configs/duty-list.yaml").read_text(encoding="utf-8")
    (tmp_path / "duty.yaml").write_text(
        text.replace("yangming: traffic-police-", "yangming: ghost-"), "utf-8"
    )
    draft = read_yaml(tmp_path / "duty.yaml", {})
    line = next(n for n, words in enumerate(text.splitlines(), 1) if "yangming: traffic-police-" in words)
    found = check(draft, Ground({"yangming": WEST}, WEST), TODAY)
    assert [(each.line, each.code) for each in found] == [(line, "unknown-unit")]


def test_the_example_has_17_classes_and_no_fault(pytestconfig):
    draft = read_yaml(pytestconfig.rootpath / "configs/duty-list.yaml", {"yangming": "squad-yangming"})
    assert len({row.class_id for row in draft.rows}) >= 17
    assert check(draft, Ground({"yangming": WEST}, WEST), TODAY) == []


def test_what_others_take_of_a_period_leaves_its_ends():
    taken = [Days(date(2026, 3, 1), date(2026, 3, 31)), Days(date(2026, 6, 1), None)]
    assert left_over(Days(date(2026, 1, 1)), taken) == [
        Days(date(2026, 1, 1), date(2026, 2, 28)),
        Days(date(2026, 4, 1), date(2026, 5, 31)),
    ]
