"""When several looks at a place are enough for a verdict."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.rechecks.sight import Sight
from edge.rechecks.tally import ENOUGH_LOOKS, ENOUGH_S, Tally
from kerbwatch.incident import Kind
from kerbwatch.messages import UnableReason, Verdict

S = Sight


def looked(*sights, every_s=2.0, kind=Kind.ILLEGAL_PARKING):
    """The first verdict over looks, and after how many."""
    tally = Tally(kind)
    for number, sight in enumerate(sights):
        finding = tally.look(number * every_s, sight)
        if finding is not None:
            return finding
    return None


@pytest.mark.parametrize(
    ("sight", "verdict", "reason"),
    [
        (S.FREE, Verdict.CLEAR, None),
        (S.THERE, Verdict.NOT_CLEAR, None),
        (S.TAKEN, Verdict.UNABLE, UnableReason.TAKEN),
        (S.ALLOWED, Verdict.UNABLE, UnableReason.ALLOWED_NOW),
    ],
)
def test_four_looks_that_agree_decide(sight, verdict, reason):
    assert looked(*[sight] * 3) is None
    finding = looked(*[sight] * 4)
    assert (finding.verdict, finding.reason, finding.looks) == (verdict, reason, 4)


def test_ten_looks_within_a_second_are_one_look():
    assert looked(*[S.FREE] * 10, every_s=0.1) is None


def test_a_bus_that_passes_neither_decides_nor_begins_it_anew():
    finding = looked(S.FREE, S.FREE, S.HIDDEN, S.HIDDEN, S.FREE, S.FREE)
    assert (finding.verdict, finding.looks) == (Verdict.CLEAR, 6)


def test_a_vehicle_that_drives_off_while_it_is_looked_is_gone():
    finding = looked(*[S.THERE] * 3, *[S.UNSURE] * 2, *[S.FREE] * 4)
    assert finding.verdict is Verdict.CLEAR


@pytest.mark.parametrize(
    ("sights", "reason"),
    [
        ([S.HIDDEN] * 100, UnableReason.HIDDEN),
        ([S.MOVED] * 100, UnableReason.VIEW_MOVED),
        ([S.DARK] * 60 + [S.FREE, S.THERE] * 20, UnableReason.DARK),
        ([S.STALE] * 100, UnableReason.NO_PICTURE),
        ([S.FREE, S.THERE] * 50, UnableReason.UNSURE),
        ([S.UNSURE] * 100, UnableReason.UNSURE),
    ],
)
def test_after_three_minutes_without_a_verdict_it_says_what_kept_it(sights, reason):
    finding = looked(*sights)
    assert (finding.verdict, finding.reason, finding.looks) == (Verdict.UNABLE, reason, 91)


def test_a_camera_that_gave_no_picture_says_so():
    assert Tally(Kind.ILLEGAL_PARKING).given_up().reason is UnableReason.NO_PICTURE


def test_of_litter_only_a_picture_is_taken_once_the_road_is_in_view():
    finding = looked(S.HIDDEN, S.HIDDEN, S.FREE, kind=Kind.VEHICLE_LITTER)
    assert (finding.verdict, finding.reason) == (Verdict.UNABLE, UnableReason.NOT_BY_LOOKING)
    assert finding.looks == 3


@given(st.lists(st.tuples(st.sampled_from(Sight), st.floats(0.1, 20)), max_size=150))
def test_whatever_it_sees_it_never_calls_free_what_it_did_not_see_free(looks):
    tally, t_s, seen = Tally(Kind.ILLEGAL_PARKING), 0.0, []
    for sight, step_s in looks:
        t_s += step_s
        seen.append((t_s, sight))
        finding = tally.look(t_s, sight)
        if finding is None:
            continue
        if finding.reason in {None, UnableReason.TAKEN, UnableReason.ALLOWED_NOW}:
            clear = [(at, what) for at, what in seen if what in {S.FREE, S.THERE, S.TAKEN, S.ALLOWED}]
            run = clear[-ENOUGH_LOOKS:]
            assert len({what for _at, what in run}) == 1
            assert len(run) == ENOUGH_LOOKS
            assert clear[-1][0] - clear[0][0] >= ENOUGH_S
        assert finding.looks == len(seen)
        return
