"""The made-up city of the bench of merging: the same for a seed, and no score beats its bound."""

from central.merging.settings import MergingSettings
from evaluation.bench.merging import count
from evaluation.bench.merging_bound import best_recall
from evaluation.bench.merging_city import DUPLICATES, plant
from evaluation.bench.merging_words import told

LEADS = 1500


def test_a_city_is_the_same_however_often_it_is_made_and_words_move_nothing_but_addresses():
    bare = plant(3, LEADS)
    with_words = told(bare, 3)
    assert told(plant(3, LEADS), 3) == with_words
    assert [each.occurrence for each in bare] == [each.occurrence for each in with_words]
    assert [each.spot.started_at for each in bare] == [each.spot.started_at for each in with_words]
    moved = [new.channel for old, new in zip(bare, with_words, strict=True) if old.spot.lon != new.spot.lon]
    assert set(moved) == {"hotline"}
    assert any(each.spot.words for each in with_words)


def test_most_duplicates_are_found_and_not_more_than_can_be():
    found = count(LEADS, 3, MergingSettings(), words=False).to_json()
    assert found["repeats"] == round(LEADS * DUPLICATES)
    assert 0.8 < found["recall"] <= found["recall_with_suggestions"] <= 1
    assert found["precision"] > 0.9
    assert best_recall(3, LEADS, 0.98) >= found["recall"] or found["precision"] < 0.98
