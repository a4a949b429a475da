"""What people say of an occurrence is read out of their words, and two sayings are held together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.merging import plates
from central.merging.telling import ratios
from central.merging.words import Said, said, vehicle_of

CHARACTERS = "ABCD0123456789"
PLATES = st.builds(lambda tail: "浙B" + tail, st.text(CHARACTERS, min_size=5, max_size=5))
SAYINGS = st.builds(
    Said,
    plate=st.none() | PLATES,
    colour=st.sampled_from([None, "white", "grey", "red"]),
    vehicle=st.sampled_from([None, "car", "van", "truck"]),
    goods=st.frozensets(st.sampled_from(["fruit", "fish", "sand"]), max_size=2),
    landmark=st.sampled_from([None, "工商银行", "人称工商银行", "第三小学", "city bank"]),
    road=st.sampled_from([None, "东宁路", "民反映东宁路", "春华街"]),
    house=st.sampled_from([None, 1, 3, 12, 300]),
)


def test_a_call_in_chinese():
    heard = said("市民反映东宁路123号工商银行门口有一辆白色面包车违停，车牌浙B·12A45，影响通行。", None)
    assert (heard.plate, heard.colour, heard.vehicle) == ("浙B12A45", "white", "van")
    assert (heard.landmark, heard.house) == ("工商银行", 123)
    assert heard.road.endswith("东宁路")


def test_a_call_in_english():
    heard = said(
        "A red lorry parked in front of Golden Bakery, plate ending 345, near the bus stop", "Elm Road 7"
    )
    assert (heard.plate, heard.colour, heard.vehicle) == ("????345", "red", "truck")
    assert (heard.landmark, heard.road) == ("golden bakery", "Elm Road")


def test_what_a_stall_sells_and_what_lies_about():
    assert said("第三小学对面有人卖水果和烤串", None).goods == {"fruit", "barbecue"}
    assert said("Boxes and sand on the pavement", None).goods == {"boxes", "sand"}


def test_words_that_say_nothing_weigh_nothing():
    assert said("", None) == said("请尽快处理！", None) == Said()
    assert ratios(Said(), said("白色轿车", "东宁路")) == {}


@pytest.mark.parametrize(
    ("words", "plate"),
    [
        ("沪A?2345?", "沪A?2345?"),
        ("尾号是345的车", "????345"),
        ("浙B D12345", "浙BD12345"),
        ("浙 B 12345", "浙B12345"),
        ("a van, b12345, on the grass", "?B12345"),
        ("12345热线", None),
        ("lamp post 20415 is dark", None),
        ("phone 657462", None),
        ("shop number 10233", None),
    ],
)
def test_plates_in_words(words, plate):
    assert plates.spoken(words) == plate


def test_a_cameras_class_is_a_sort_of_vehicle():
    assert [vehicle_of(each) for each in ("car", "motorcycle", "umbrella", None)] == [
        "car",
        "two-wheeler",
        None,
        None,
    ]


def test_no_text_however_odd_takes_long():
    assert said("在" * 4000, "路" * 300) is not None
    assert said("A" * 4000 + " near " + "Aa " * 500, None) is not None


@given(words=st.text(max_size=200), road=st.none() | st.text(max_size=50))
def test_anything_may_be_said(words, road):
    assert isinstance(said(words, road), Said)


@given(a=SAYINGS, b=SAYINGS)
def test_which_of_two_spoke_first_changes_nothing(a, b):
    assert ratios(a, b) == ratios(b, a)
    assert plates.ratio(a.plate, b.plate) == plates.ratio(b.plate, a.plate)


@given(a=SAYINGS, b=SAYINGS)
def test_to_agree_in_one_thing_more_never_speaks_against(a, b):
    agreeing = Said(a.plate, a.colour, a.vehicle, a.goods, a.landmark, a.road, a.house)
    before, after = ratios(a, b), ratios(a, agreeing)
    assert all(after.get(name, 1.0) >= value for name, value in before.items() if name in after or value < 1)


@given(plate=PLATES, place=st.integers(0, 6), more=st.integers(0, 6))
def test_every_character_that_agrees_makes_a_plate_likelier(plate, place, more):
    def opened(*places):
        return "".join("?" if n in places else each for n, each in enumerate(plate))

    assert (
        plates.ratio(plate, opened(place, more))
        <= plates.ratio(plate, opened(place))
        <= plates.ratio(plate, plate)
    )
    wrong = plate[:place] + "Z" + plate[place + 1 :]
    assert plates.ratio(plate, wrong) < plates.ratio(plate, plate)


def test_a_plate_that_differs_in_one_character_proves_nothing():
    assert plates.ratio("浙B12345", "浙B12845") < 100 <= plates.ratio("浙B12345", "????345")
