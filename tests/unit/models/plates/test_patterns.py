"""What can stand on a plate, and what cannot."""

import pytest

from models.plates.patterns import PATTERNS, is_valid
from models.plates.recogniser import CLP_CHARACTERS


@pytest.mark.parametrize(
    "text",
    ["浙B2V9L7", "皖K66666", "沪AF71017", "浙B12345D", "浙B1234警", "浙B1234挂", "粤Z1234港", "014578使"],
)
def test_plates_that_are_given_out_are_valid(text):
    assert is_valid(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param("浙BI2345", "I is not given out", id="I"),
        pytest.param("浙BO2345", "O is not given out", id="O"),
        pytest.param("浙212345", "the second place is a letter", id="no letter"),
        pytest.param("BB12345", "the first place is a province", id="no province"),
        pytest.param("浙B1234", "too short", id="six"),
        pytest.param("浙BZ12345", "eight places begin with a letter for new energy", id="no new energy"),
        pytest.param("警B12345", "警 stands last", id="police first"),
    ],
)
def test_what_no_plate_says_is_not_valid(text, why):
    assert not is_valid(text), why


def test_the_network_knows_every_character_of_every_form():
    for pattern in PATTERNS:
        for place in pattern.places:
            assert place <= set(CLP_CHARACTERS), pattern.name
