"""How likely a count is by chance, and how many such tests may be made at once."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache


@lru_cache(maxsize=16_384)
def binomial_tail(count: int, total: int, share: float) -> float:
    """Probability of ``count`` or more of ``total`` where a share (0..1, both excluded) is expected."""
    if count <= 0:
        return 1.0
    odds = share / (1 - share)
    log_first = _log_choose(total, count) + count * math.log(share) + (total - count) * math.log1p(-share)
    return _summed(log_first, ((total - j) / (j + 1) * odds for j in range(count, total)))


@lru_cache(maxsize=16_384)
def beta_binomial_tail(count: int, total: int, a: float, b: float) -> float:
    """The same where the share itself is spread as a beta distribution with parameters ``a`` and ``b``."""
    if count <= 0:
        return 1.0
    log_first = _log_choose(total, count) + _log_beta(count + a, total - count + b) - _log_beta(a, b)
    return _summed(
        log_first, ((total - j) / (j + 1) * (a + j) / (b + total - j - 1) for j in range(count, total))
    )


def p_needed(least: Sequence[float], budget: float) -> float:
    """What each of many ``p`` must stay within, so that the false alarms expected stay within ``budget``.

    Args:
        least: for each test the smallest ``p`` that it could have given. One that could not be significant
            takes nothing of the budget (Tarone, Biometrics 46, 1990).
        budget: false alarms that are put up with in all of them.
    """
    tests = 1
    while (able := sum(p <= budget / tests for p in least)) > tests:
        tests = max(tests + 1, min(able, 2 * tests))
    return budget / tests


def _summed(log_first: float, ratios: Iterable[float]) -> float:
    """Sum of the terms that begin with exp(``log_first``) and follow one another by ``ratios``."""
    term, whole = math.exp(log_first), 0.0
    for ratio in ratios:
        whole += term
        term *= ratio
        if ratio < 1 and term < whole * 1e-12:
            break
    return min(1.0, whole + term)


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
