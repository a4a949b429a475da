"""What has arrived of a sequence, kept small, is what a set of every number would say."""

from hypothesis import given
from hypothesis import strategies as st

from central.intake.gaps import Arrived

numbers = st.lists(st.integers(1, 60), max_size=80)


@given(numbers)
def test_marks_and_islands_say_the_same_as_a_set_of_all_numbers(arrived):
    state = Arrived()
    for number in arrived:
        state = state.with_number(number)
    everything = set(arrived)
    top = max(everything, default=0)
    missing = {n for hole in state.holes for n in range(hole.first, hole.last + 1)}
    assert missing == set(range(1, top + 1)) - everything
    assert {n for n in range(1, 70) if n in state} == everything
    assert all(first <= last for first, last in state.islands)


@given(numbers, st.randoms())
def test_the_order_of_arrival_does_not_matter(arrived, random):
    shuffled = list(arrived)
    random.shuffle(shuffled)
    assert Arrived().with_numbers(arrived) == Arrived().with_numbers(shuffled)


def test_a_filled_hole_joins_its_neighbours():
    state = Arrived().with_numbers([1, 2, 5, 6, 9])
    assert (state.contiguous, state.islands) == (2, ((5, 6), (9, 9)))
    assert Arrived(9) == state.with_numbers([3, 4, 7, 8])


def test_a_jump_of_a_billion_takes_no_memory():
    state = Arrived().with_numbers([1, 10**17])
    assert [(hole.first, hole.last) for hole in state.holes] == [(2, 10**17 - 1)]
