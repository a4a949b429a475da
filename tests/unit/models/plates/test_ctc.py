"""The sum over all plates is the sum over all plates: checked against writing every one of them out."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.plates.colour import PlateColour
from models.plates.ctc import BLANK, Lattice, decode
from models.plates.patterns import PATTERNS, Pattern

ALPHABET = ("", "浙", "B", "1")
BLUE = frozenset({PlateColour.BLUE})
SHORT = Pattern("short", (frozenset("浙"), frozenset("B1")), BLUE)
LONG = Pattern("long", (frozenset("浙B"), frozenset("B1"), frozenset("B1")), BLUE)


def _collapsed(path):
    return tuple(c for i, c in enumerate(path) if c != BLANK and (i == 0 or path[i - 1] != c))


def _written_out(frames, pattern):
    """The probability of each text of a form, by going through every path."""
    texts = {}
    for path in product(range(len(ALPHABET)), repeat=len(frames)):
        text = "".join(ALPHABET[c] for c in _collapsed(path))
        if pattern.fits(text):
            texts[text] = texts.get(text, 0.0) + np.prod(
                [row[c] for row, c in zip(frames, path, strict=True)]
            )
    return texts


rows = st.lists(st.floats(0.02, 1.0), min_size=len(ALPHABET), max_size=len(ALPHABET))


@settings(max_examples=40, deadline=None)
@given(st.lists(rows, min_size=3, max_size=6))
def test_mass_and_each_characters_share_are_those_of_all_texts(drawn):
    frames = np.array(drawn)
    frames /= frames.sum(1, keepdims=True)
    decoded = decode(frames, Lattice.of([SHORT, LONG], ALPHABET))
    for form, pattern in enumerate((SHORT, LONG)):
        texts = _written_out(frames, pattern)
        whole = sum(texts.values())
        assert np.exp(decoded.log_mass[form]) == pytest.approx(whole, rel=1e-5)
        for place in range(len(pattern.places)):
            for index, character in enumerate(ALPHABET[1:], start=1):
                share = sum(chance for text, chance in texts.items() if text[place] == character) / whole
                assert decoded.places[form, place, index] == pytest.approx(share, abs=1e-5)
    assert not decoded.places[0, 2].any(), "the short form has no third place"


def _spelt(text, alphabet, sure=0.97):
    """Frames of a network that sees a text, with blanks between."""
    frames = np.full((2 * len(text) + 1, len(alphabet)), (1 - sure) / (len(alphabet) - 1))
    frames[::2, BLANK] = sure
    for place, character in enumerate(text):
        frames[2 * place + 1, alphabet.index(character)] = sure
    return frames


ALL = ("", *sorted(set().union(*(place for pattern in PATTERNS for place in pattern.places))))


@pytest.mark.parametrize("text", ["皖A66666", "沪AF71017", "浙B1234警", "浙B12345D", "014578使"])
def test_a_plate_that_is_seen_clearly_is_read_as_the_form_it_has(text):
    decoded = decode(_spelt(text, ALL), Lattice.of(PATTERNS, ALL))
    best = int(np.argmax(decoded.log_mass))
    assert PATTERNS[best].fits(text)
    assert "".join(ALL[decoded.places[best, place].argmax()] for place in range(len(text))) == text


def test_a_letter_where_only_a_province_can_stand_is_not_read_as_a_letter():
    frames = _spelt("8A12345", ALL)
    frames[1, ALL.index("浙")] += 0.005
    decoded = decode(frames, Lattice.of(PATTERNS[:1], ALL))
    assert ALL[decoded.places[0, 0].argmax()] == "浙"


def test_long_blanks_change_nothing():
    short = _spelt("皖A66666", ALL, sure=0.9999)
    long = np.insert(short, [0] * 20 + [len(short)] * 30, short[0], axis=0)
    one, other = (decode(frames, Lattice.of(PATTERNS, ALL)) for frames in (short, long))
    assert np.allclose(one.places, other.places, atol=1e-6)


def test_a_network_that_knows_no_province_is_refused():
    with pytest.raises(ValueError, match="short"):
        Lattice.of([SHORT], ("", "B", "1"))
