"""Whoever asks too often waits as long as told, and nobody else does."""

from hypothesis import given
from hypothesis import strategies as st

from central.limits.allowance import Allowances
from central.limits.settings import Rate
from kerbwatch.clock import ManualClock

TEN_A_MINUTE = Rate(per_minute=10, burst=3)


def test_three_at_once_and_then_one_every_six_seconds() -> None:
    clock = ManualClock()
    allowances = Allowances(clock)

    def ask() -> float:
        return round(allowances.take("codes", "198.51.100.7", TEN_A_MINUTE), 3)

    assert [ask() for _ in range(4)] == [0, 0, 0, 6]
    clock.advance(5)
    assert ask() == 1
    clock.advance(1)
    assert ask() == 0
    assert ask() == 6
    clock.advance(60)
    assert [ask() for _ in range(4)] == [0, 0, 0, 6]


def test_one_client_s_haste_is_nobody_else_s_and_no_other_limit_s() -> None:
    allowances = Allowances(ManualClock())
    for _ in range(4):
        allowances.take("codes", "198.51.100.7", TEN_A_MINUTE)
    assert allowances.take("codes", "198.51.100.8", TEN_A_MINUTE) == 0
    assert allowances.take("open311", "198.51.100.7", TEN_A_MINUTE) == 0


def test_a_crowd_of_addresses_fills_no_memory() -> None:
    allowances = Allowances(ManualClock(), max_clients=50)
    for number in range(500):
        allowances.take("codes", f"client {number}", TEN_A_MINUTE)
    assert len(allowances) == 50


@given(
    st.floats(0.5, 6000),
    st.integers(1, 50),
    st.lists(st.floats(0, 30), min_size=1, max_size=100),
)
def test_never_more_passes_than_the_rate_says_and_who_waits_as_told_passes(
    per_minute: float, burst: int, pauses_s: list[float]
) -> None:
    clock = ManualClock()
    allowances, rate = Allowances(clock), Rate(per_minute=per_minute, burst=burst)
    for passed, pause_s in enumerate(pauses_s, start=1):
        clock.advance(pause_s)
        wait_s = allowances.take("codes", "somebody", rate)
        if wait_s:
            clock.advance(wait_s)
            assert allowances.take("codes", "somebody", rate) == 0
        assert passed <= burst + clock.monotonic_s() * per_minute / 60 + 1e-3
