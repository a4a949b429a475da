"""A network's names become the classes that rules speak of, and a wrong map is explained."""

import pytest

from models.class_map import COCO_NAMES, DROPPED, translation
from models.classes import ObjectClass
from models.errors import ClassMapError


def test_coco_is_understood_without_a_map():
    table = translation(COCO_NAMES, {})
    assert len(COCO_NAMES) == 80
    known = {COCO_NAMES[i]: ObjectClass(value).label for i, value in enumerate(table) if value != DROPPED}
    assert known == {
        "person": "person",
        "bicycle": "bicycle",
        "car": "car",
        "motorcycle": "motorcycle",
        "bus": "bus",
        "truck": "truck",
        "umbrella": "umbrella",
        "chair": "chair",
        "dining table": "table",
        "backpack": "goods",
        "handbag": "goods",
        "suitcase": "goods",
    }


def test_a_map_of_ones_own_replaces_the_default_and_drops_the_rest():
    table = translation(("vendedor_ambulante", "car"), {"vendedor_ambulante": "stall"})
    assert table.tolist() == [ObjectClass.STALL, DROPPED]


@pytest.mark.parametrize(
    ("names", "class_map", "said"),
    [
        pytest.param(
            ("van", "lorry"), {"vam": "car"}, "'vam'.*own names are: van, lorry", id="not in the file"
        ),
        pytest.param(
            ("van",), {"van": "automobile"}, "'automobile'.*knows person, bicycle", id="not known here"
        ),
        pytest.param(("van",), {}, "give a 'class_map'.*own names are: van", id="nothing known by name"),
        pytest.param(tuple(map(str, range(300))), {"van": "car"}, "and 200 more", id="many names"),
    ],
)
def test_a_map_that_does_not_fit_is_refused_naming_what_there_is(names, class_map, said):
    with pytest.raises(ClassMapError, match=said):
        translation(names, class_map)
