"""A code on a wall opens its own place, and nothing that was changed or guessed opens any."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.codes.signing import CODE_CHARS, MOST_NUMBER, PlaceKeys, canonical, grouped
from central.settings import PlaceCodeSettings

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
KEYS = PlaceKeys(1, {0: b"an earlier key" * 3, 1: b"the key of today" * 2})
NUMBERS = st.integers(1, MOST_NUMBER)


def bits(code):
    value = 0
    for character in code:
        value = value << 5 | ALPHABET.index(character)
    return value


def text(value):
    return "".join(ALPHABET[value >> 5 * place & 31] for place in reversed(range(CODE_CHARS)))


@given(NUMBERS, st.sampled_from([0, 1]))
def test_a_code_opens_the_place_that_it_was_made_for(number, key_id):
    assert KEYS.read(KEYS.sign(number, key_id)) == (key_id, number)


@given(NUMBERS, st.sets(st.integers(0, 5 * CODE_CHARS - 1), min_size=1))
def test_no_changed_bit_of_a_code_is_accepted(number, changed):
    code = bits(KEYS.sign(number))
    assert KEYS.read(text(code ^ sum(1 << bit for bit in changed))) is None


def test_each_single_bit_counts():
    code = bits(KEYS.sign(4711))
    assert all(KEYS.read(text(code ^ 1 << bit)) is None for bit in range(5 * CODE_CHARS))


@given(st.text(max_size=60))
def test_whatever_else_is_typed_opens_nothing(typed):
    assert KEYS.read(typed) is None


def test_a_code_may_be_typed_as_people_type():
    code = KEYS.sign(4711)
    assert KEYS.read(grouped(code).lower()) == (1, 4711)
    misread = code.replace("0", "o").replace("1", "l").replace("-", " ")
    assert KEYS.read(misread) == (1, 4711)
    assert canonical(f" {grouped(code)} ") == code


def test_codes_of_a_key_that_was_taken_out_open_nothing():
    code = KEYS.sign(4711, 0)
    assert PlaceKeys(1, {1: KEYS.keys[1]}).read(code) is None


def test_a_code_of_one_city_opens_nothing_in_another():
    assert PlaceKeys(1, {1: b"the key of another" * 2}).read(KEYS.sign(4711)) is None


def test_a_number_without_room_is_refused():
    for number in (0, -1, MOST_NUMBER + 1):
        with pytest.raises(ValueError, match="numbers from 1"):
            KEYS.sign(number)


def test_the_key_that_signs_must_be_among_the_keys():
    with pytest.raises(ValueError, match="lacks number 2"):
        PlaceCodeSettings.model_validate({"key": 2, "keys": {1: {"file": "var/key"}}})
