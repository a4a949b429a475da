"""Who guesses passwords many at a time learns no more than who guesses one after the other."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from central.database import Database
from central.people import passwords
from central.people.guessing import guess_of
from central.people.passwords import SignInError, check_password
from tests.integration.central.conftest import PASSWORD
from tests.unit.central.box import NOON

GUESS = guess_of(b"secret", "olga", "192.0.2.7")


def told(town, database, password, guess=GUESS):
    try:
        check_password(database, town.settings.people, "olga", password, guess=guess, now=NOON)
    except SignInError as refused:
        return refused.reason
    return "in"


def test_of_forty_wrong_passwords_at_once_over_two_centrals_five_are_looked_at(town, url):
    beside = Database(url)
    with ThreadPoolExecutor(40) as pool:
        databases = [town.database, beside] * 20
        reasons = Counter(pool.map(lambda each: told(town, each, "a guess at it"), databases))
    beside.close()
    assert reasons == {"wrong": town.settings.people.max_failures, "locked": 35}
    assert told(town, town.database, PASSWORD) == "locked"
    assert told(town, town.database, PASSWORD, guess_of(b"secret", "olga", "192.0.2.8")) == "in"


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_right_password_after_four_wrong_ones_comes_in_and_counts_as_none(town):
    for _ in range(3):
        for _ in range(town.settings.people.max_failures - 1):
            assert told(town, town.database, "a guess at it") == "wrong"
        assert told(town, town.database, PASSWORD) == "in"


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_who_finds_too_many_signing_in_has_not_guessed(town):
    with passwords._turn_to_hash():
        turns = [passwords._waiting.acquire(blocking=False) for _ in range(11)]
        assert all(turns)
        for _ in range(9):
            assert told(town, town.database, "a guess at it") == "busy"
        for _ in turns:
            passwords._waiting.release()
    reasons = [told(town, town.database, "a guess at it") for _ in range(6)]
    assert reasons == ["wrong"] * 5 + ["locked"]
