"""Several pictures of one vehicle are heard by how sure they are, in any order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.plates import OPEN, Character, PlateColour, PlateReading, vote

sure = st.floats(0.01, 1.0)
place = st.builds(Character, st.sampled_from("浙皖B8D0"), sure)


def _reading(characters, colour=PlateColour.BLUE, min_confidence=0.9):
    return PlateReading.of(characters, colour=colour, corners=None, min_confidence=min_confidence)


def _of(text, confidence, colour=PlateColour.BLUE):
    return _reading([Character(char, confidence) for char in text], colour)


readings = st.builds(_reading, st.lists(place, min_size=7, max_size=8), st.sampled_from(sorted(PlateColour)))
several = st.lists(readings, min_size=1, max_size=6)


def _together(heard):
    return vote(heard, min_confidence=0.9)


@given(several, st.randoms(use_true_random=False))
def test_the_order_of_the_pictures_has_no_say(heard, random):
    shuffled = list(heard)
    random.shuffle(shuffled)
    one, other = _together(heard), _together(shuffled)
    assert (one.text, one.colour) == (other.text, other.colour)
    assert [p.char for p in one.characters] == [p.char for p in other.characters]
    assert [p.confidence for p in one.characters] == pytest.approx([p.confidence for p in other.characters])


@given(readings, st.integers(1, 4))
def test_one_picture_heard_any_number_of_times_says_what_it_says(reading, times):
    assert _together([reading] * times) == reading


@given(several)
def test_no_vote_is_surer_than_the_surest_picture_that_shows_the_character(heard):
    outcome = _together(heard)
    assert len(outcome.text) == len(outcome.characters)
    for index, (said, place) in enumerate(zip(outcome.text, outcome.characters, strict=True)):
        shown = [
            r.characters[index].confidence
            for r in heard
            if len(r.characters) == len(outcome.characters) and r.characters[index].char == place.char
        ]
        assert shown, "no character is made up"
        assert 0 < place.confidence <= max(shown)
        assert said == (place.char if place.confidence >= 0.9 else OPEN)


@given(several)
def test_one_more_picture_that_agrees_takes_nothing_away(heard):
    outcome = _together(heard)
    again = _together([*heard, outcome])
    assert [p.char for p in again.characters] == [p.char for p in outcome.characters]
    for before, after in zip(outcome.characters, again.characters, strict=True):
        assert after.confidence >= before.confidence - 1e-9


def test_two_clear_pictures_outvote_a_doubtful_one():
    outcome = _together([_of("浙B12345", 0.99), _of("浙B12345", 0.97), _of("皖B12845", 0.1)])
    assert outcome.text == "浙B12345"


def test_pictures_that_contradict_each_other_leave_the_place_open():
    outcome = _together([_of("浙B12345", 0.95), _of("皖B12345", 0.95)])
    assert outcome.text == "?B12345"


def test_each_picture_gives_what_it_saw_clearly():
    left = _reading([Character(c, 0.99 if i < 4 else 0.3) for i, c in enumerate("浙B12845")])
    right = _reading([Character(c, 0.3 if i < 4 else 0.99) for i, c in enumerate("皖B82345")])
    assert left.text == "浙B12???"
    assert right.text == "????345"
    assert vote([left, right], min_confidence=0.7).text == "浙B12345"


def test_how_many_places_is_voted_too():
    outcome = _together([_of("沪AF71017", 0.95, PlateColour.GREEN)] * 2 + [_of("沪AF7107", 0.9)])
    assert (outcome.text, outcome.colour) == ("沪AF71017", PlateColour.GREEN)


def test_no_picture_has_nothing_to_say():
    with pytest.raises(ValueError, match="no reading"):
        vote([], min_confidence=0.9)
