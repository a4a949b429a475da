"""What the leads of the made-up city say besides place and time: words, plates, roads, who reports.

The same occurrences at the same places and times as before, told as people and cameras tell them. The shares
are assumptions, given one by one below; each comes with its slips, and with what makes it harder: addresses
that are found at a market's gate, plates that are misread, people who report whatever stands in their street.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from evaluation.bench.merging_city import Planted
from kerbwatch.incident import Kind

_ROAD_APART_M, _SHOP_APART_M, _HOUSE_APART_M = 400.0, 15.0, 8.0
_HOME, _HOME_SHARE = "浙B", 0.8
"""Most vehicles are of the city."""
_CHARACTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"

_MISREAD, _MISHEARD = 0.03, 0.08
"""Share of plates with a wrong character that is told as sure: by a camera, by people."""
_DASH_CAM_PLATES, _CALLED_PLATES, _CALLED_TAILS = 0.4, 0.25, 0.1
"""Share of the leads about a vehicle that tell a plate: an app's reports and cameras' of a throw; calls with
the whole of it; calls with its end."""
_CAMERA_CLASS_RIGHT = 0.93
_SAYS_COLOUR, _SAYS_SORT, _SAYS_GOODS, _SAYS_SHOP = 0.4, 0.6, 0.65, 0.4
"""Share of the calls that name it; of an app's reports half as many."""
_RIGHT = 0.9
"""Share of what is named that is right."""
_WRONG_SHOP = 0.15
"""Share of the named shops that are next door."""
_APP_WORDS = 0.5
_ROAD_GIVEN, _ROAD_RIGHT, _HOUSE_GIVEN = 0.8, 0.88, 0.3
"""Of calls; a wrong road is the next that crosses."""
_CAMERA_ROAD_RIGHT = 0.97
_AT_THE_GATE = 0.25
"""Share of the calls from a hot-spot whose address is found as one and the same point, its gate."""
_ACCOUNTS, _AGAIN, _REGULARS = 0.6, 0.15, 3
"""Share of an app's reports with an account; of an app's repeats by the same person; people who report at a
place."""
_ENGLISH = 0.1

_SORTS = {
    "car": 0.5,
    "suv": 0.25,
    "van": 0.08,
    "truck": 0.07,
    "bus": 0.02,
    "tricycle": 0.04,
    "two-wheeler": 0.04,
}
_SORT_WORDS = {
    "car": ("小轿车", "轿车", "小车", "car"),
    "suv": ("越野车", "SUV", "小车", "SUV"),
    "van": ("面包车", "商务车", "面包车", "van"),
    "truck": ("货车", "小货车", "卡车", "truck"),
    "bus": ("大巴", "客车", "大巴车", "bus"),
    "tricycle": ("三轮车", "电动三轮", "三轮", "tricycle"),
    "two-wheeler": ("电动车", "电瓶车", "摩托车", "scooter"),
}
_CAMERA_CLASS = {"suv": "car", "van": "car", "tricycle": "motorcycle", "two-wheeler": "motorcycle"}
_COLOURS = {"白": 0.38, "黑": 0.2, "灰": 0.12, "银": 0.08, "红": 0.07, "蓝": 0.07, "绿": 0.04, "棕": 0.04}
_COLOURS_ENGLISH = {
    "白": "white",
    "黑": "black",
    "灰": "grey",
    "银": "silver",
    "红": "red",
    "蓝": "blue",
    "绿": "green",
    "棕": "brown",
}
_GOODS = {
    Kind.STALL_ENCROACHMENT: {
        "水果": "fruit",
        "蔬菜": "vegetables",
        "早餐": "breakfast",
        "烧烤": "barbecue",
        "小吃": "snacks",
        "衣服": "clothes",
        "玩具": "toys",
        "鲜花": "flowers",
        "旧书": "old books",
        "手机壳": "phone cases",
    },
    Kind.PAVEMENT_OBSTRUCTION: {
        "黄沙": "sand",
        "砖头": "bricks",
        "木板": "timber",
        "纸箱": "boxes",
        "旧家具": "furniture",
        "垃圾": "rubbish",
        "共享单车": "shared bikes",
        "脚手架": "scaffolding",
    },
}
# fmt: off
_SHOPS = (
    "工商银行", "建设银行", "农业银行", "好又多超市", "惠民药店", "老百姓大药房", "第三小学",
    "实验幼儿园", "瑞丰菜场", "幸福小区", "阳光花园", "沙县小吃", "兰州拉面", "中国移动", "顺丰快递",
    "新华书店", "人民医院", "华联超市", "星海网吧", "丽人理发", "蜜雪冰城", "肯德基", "地铁口",
    "物美便利店", "缸鸭狗", "东门口菜场", "喜士多", "全季酒店", "文化宫", "体育馆",
)
_SHOPS_ENGLISH = (
    "Golden Bakery", "City Bank", "North School", "Sunny Garden", "Fresh Market", "Green Pharmacy",
    "Star Hotel",
)
_ROADS = (
    "东宁", "春华", "百丈", "中兴", "彩虹", "世纪", "福明", "兴宁", "曙光", "环城", "江南", "通途",
    "民安", "桑田", "宁穿", "海晏", "惊驾", "箕漕", "朝晖", "姚隘",
)
# fmt: on


@dataclass(frozen=True, slots=True)
class _Thing:
    """What somebody who is there sees of an occurrence."""

    plate: str
    sort: str
    colour: str
    goods: str | None
    road: str
    crossing: str
    house: int
    shop: int


@dataclass(frozen=True, slots=True)
class _Said:
    """What somebody names of it, rightly or not."""

    colour: str | None = None
    sort: str | None = None
    goods: str | None = None
    shop: str | None = None
    plate: str | None = None
    tail: str | None = None


def told(planted: Sequence[Planted], seed: int) -> list[Planted]:
    """The leads of a city with all that they say.

    Args:
        planted: they, by their times.
        seed: of the city.
    """
    rng, things = random.Random(f"{seed} words"), dict[int, _Thing]()  # noqa: S311
    people: dict[int, str | None] = {}
    found = []
    for each in planted:
        thing = things.get(each.occurrence) or _thing(rng, each)
        things[each.occurrence] = thing
        if each.channel == "camera":
            found.append(_by_camera(rng, each, thing))
        else:
            found.append(_by_person(rng, each, thing, people))
    return found


def _thing(rng: random.Random, each: Planted) -> _Thing:
    what = each.what
    tail = [rng.choice(_CHARACTERS[:24] if rng.random() < 0.2 else _CHARACTERS[24:]) for _ in range(5)]
    tail[rng.randrange(5)] = rng.choice(_CHARACTERS[24:])
    home = _HOME if rng.random() < _HOME_SHARE else rng.choice("浙沪苏皖赣") + rng.choice("ABCDEFG")
    along, across = _road(what.x_m, "路"), _road(what.y_m, "街")
    on_x = abs(what.x_m % _ROAD_APART_M - _ROAD_APART_M / 2) > abs(
        what.y_m % _ROAD_APART_M - _ROAD_APART_M / 2
    )
    road, crossing, way_m = (along, across, what.y_m) if on_x else (across, along, what.x_m)
    goods = _GOODS.get(what.kind)
    return _Thing(
        plate=home + "".join(tail),
        sort=rng.choices(list(_SORTS), list(_SORTS.values()))[0],
        colour=rng.choices(list(_COLOURS), list(_COLOURS.values()))[0],
        goods=rng.choice(list(goods)) if goods else None,
        road=road,
        crossing=crossing,
        house=int(way_m // _HOUSE_APART_M) % 900 + 1,
        shop=int(way_m // _SHOP_APART_M),
    )


def _road(offset_m: float, kind: str) -> str:
    number = int((offset_m + _ROAD_APART_M / 2) // _ROAD_APART_M)
    return f"{_ROADS[number % len(_ROADS)]}{'东西南北'[number // len(_ROADS) % 4]}{kind}"


def _by_camera(rng: random.Random, each: Planted, thing: _Thing) -> Planted:
    spot = each.spot
    plate = "".join(
        "?" if was == "?" else sure for was, sure in zip(spot.plate or "", thing.plate, strict=False)
    )
    if spot.kind is Kind.VEHICLE_LITTER and rng.random() < _DASH_CAM_PLATES:
        plate = thing.plate
    if plate and rng.random() < _MISREAD:
        plate = _slip(rng, plate)
    sort = thing.sort if rng.random() < _CAMERA_CLASS_RIGHT else rng.choice(list(_SORTS))
    of_vehicle = spot.kind in {Kind.ILLEGAL_PARKING, Kind.VEHICLE_LITTER}
    road = thing.road if rng.random() < _CAMERA_ROAD_RIGHT else thing.crossing
    seen = _CAMERA_CLASS.get(sort, sort) if of_vehicle else None
    return replace(each, spot=replace(spot, plate=plate or None, object_class=seen, road=road))


def _by_person(rng: random.Random, each: Planted, thing: _Thing, people: dict[int, str | None]) -> Planted:
    call, spot = each.channel == "hotline", each.spot
    road, person = None, None
    if call and rng.random() < _ROAD_GIVEN:
        road = thing.road if rng.random() < _ROAD_RIGHT else thing.crossing
        if rng.random() < _HOUSE_GIVEN:
            road += f"{max(thing.house + round(rng.gauss(0, 2)), 1)}号"
    if not call:
        again = people.get(each.occurrence) if rng.random() < _AGAIN else None
        if again is not None or rng.random() < _ACCOUNTS:
            place = each.what.gate or (each.what.x_m, each.what.y_m)
            person = again or f"{place}-{rng.randrange(_REGULARS)}"
        people.setdefault(each.occurrence, person)
    words = (
        _words(rng, thing, each.what.kind, 1.0 if call else 0.5)
        if call or rng.random() < _APP_WORDS
        else None
    )
    spot = replace(spot, words=words, road=road, reporter=person)
    if call and each.what.gate and rng.random() < _AT_THE_GATE:
        spot = replace(spot, lon=each.what.gate[0], lat=each.what.gate[1])
    return replace(each, spot=spot)


def _words(rng: random.Random, thing: _Thing, kind: Kind, share: float) -> str:
    """What somebody says who names each thing with its share of the chance, and is now and then wrong."""
    vehicle = kind in {Kind.ILLEGAL_PARKING, Kind.VEHICLE_LITTER}
    english = rng.random() < _ENGLISH
    colour = (
        _named(rng, thing.colour, list(_COLOURS)) if vehicle and rng.random() < _SAYS_COLOUR * share else None
    )
    sort = _named(rng, thing.sort, list(_SORTS)) if vehicle and rng.random() < _SAYS_SORT * share else None
    goods = None
    if thing.goods is not None and rng.random() < _SAYS_GOODS * share:
        goods = _named(rng, thing.goods, list(_GOODS[kind]))
    shop = None
    if rng.random() < _SAYS_SHOP * share:
        number = thing.shop + (rng.choice((-1, 1)) if rng.random() < _WRONG_SHOP else 0)
        shop = random.Random(f"{thing.road} {number}").choice(_SHOPS_ENGLISH if english else _SHOPS)  # noqa: S311
    plate, tail = None, None
    if vehicle:
        chance = rng.random()
        if chance < (_CALLED_PLATES if share == 1 else _DASH_CAM_PLATES):
            plate = _slip(rng, thing.plate) if rng.random() < _MISHEARD else thing.plate
        elif share == 1 and chance < _CALLED_PLATES + _CALLED_TAILS:
            tail = thing.plate[-rng.choice((3, 4)) :]
    if english:
        return _in_english(_Said(colour, sort, goods and _GOODS[kind][goods], shop, plate, tail))
    return _in_chinese(rng, kind, _Said(colour, sort, goods, shop, plate, tail))


def _in_chinese(rng: random.Random, kind: Kind, said: _Said) -> str:
    at = f"{said.shop}{rng.choice(('门口', '旁边', '对面', '门前', '那里'))}" if said.shop else ""
    who = rng.choice(("市民反映", "来电人称", "", "有人投诉"))
    if kind in {Kind.ILLEGAL_PARKING, Kind.VEHICLE_LITTER}:
        colour = said.colour + "色" if said.colour else ""
        thing = colour + (rng.choice(_SORT_WORDS[said.sort][:3]) if said.sort else "车辆")
        did = (
            rng.choice(("乱停", "违停，影响通行", "停在人行道上"))
            if kind is Kind.ILLEGAL_PARKING
            else "往外扔垃圾"
        )
        of = ""
        if said.plate:
            of = f"，车牌{said.plate[:2]}{rng.choice(('', '·', ' '))}{said.plate[2:]}"
        elif said.tail:
            of = f"，尾号{said.tail}"
        return f"{who}{at}有一辆{thing}{did}{of}。"
    if kind is Kind.STALL_ENCROACHMENT:
        return f"{who}{at}有人占道经营{'，卖' + said.goods if said.goods else ''}，请处理。"
    return f"{who}{at}人行道上堆放{said.goods or '杂物'}，请清理。"


def _in_english(said: _Said) -> str:
    colour = _COLOURS_ENGLISH[said.colour] + " " if said.colour else ""
    thing = said.goods or colour + (_SORT_WORDS[said.sort][3] if said.sort else "thing")
    at = f" in front of {said.shop}" if said.shop else ""
    number = f", plate {said.plate}" if said.plate else f", plate ending {said.tail}" if said.tail else ""
    return f"A {thing} in the way{at}{number}."


def _named(rng: random.Random, right: str, names: list[str]) -> str:
    return right if rng.random() < _RIGHT else rng.choice(names)


def _slip(rng: random.Random, plate: str) -> str:
    place = rng.randrange(2, len(plate))
    return plate[:place] + rng.choice(_CHARACTERS) + plate[place + 1 :]
