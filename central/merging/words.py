"""What people say of an occurrence, taken out of their words: Chinese and English, by words of the trade.

Only what tells one occurrence from its neighbour is looked for: the vehicle's colour and sort, its plate,
what is sold or lies about, the shop or gate that is named, the number of the house, the road.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from central.merging import plates

_MOST_CHARS = 300
"""So much of what is said is looked through; the facts come first."""

_COLOURS = {
    "white": ("白色", "white"),
    "black": ("黑色", "black"),
    "grey": ("灰色", "银色", "银灰", "grey", "gray", "silver"),
    "red": ("红色", "red"),
    "blue": ("蓝色", "blue"),
    "green": ("绿色", "green"),
    "yellow": ("黄色", "橙色", "yellow", "orange"),
    "brown": ("棕色", "咖啡色", "香槟色", "brown", "beige"),
}
_VEHICLES = {
    "two-wheeler": ("电动车", "电瓶车", "摩托", "自行车", "motorcycle", "scooter", "bicycle", "e-bike"),
    "tricycle": ("三轮", "tricycle"),
    "van": ("面包车", "商务车", "van", "minibus"),
    "truck": ("货车", "卡车", "皮卡", "truck", "lorry", "pickup"),
    "bus": ("客车", "大巴", "公交车", "bus", "coach"),
    "suv": ("越野车", "suv"),
    "car": ("轿车", "小车", "小汽车", "出租车", "car", "saloon", "sedan", "taxi"),
}
_GOODS = {
    "fruit": ("水果", "西瓜", "fruit"),
    "vegetables": ("蔬菜", "卖菜", "vegetable"),
    "breakfast": ("早餐", "早点", "煎饼", "breakfast", "pancake"),
    "barbecue": ("烧烤", "烤串", "barbecue", "grill"),
    "snacks": ("小吃", "炸串", "奶茶", "snack"),
    "clothes": ("衣服", "服装", "袜子", "clothes", "clothing"),
    "toys": ("玩具", "气球", "toy", "balloon"),
    "flowers": ("鲜花", "花卉", "盆栽", "flower"),
    "fish": ("水产", "鱼摊", "海鲜", "fish", "seafood"),
    "sand": ("沙子", "黄沙", "沙石", "水泥", "sand", "cement", "gravel"),
    "bricks": ("砖", "瓷砖", "brick", "tile"),
    "timber": ("木板", "木料", "建筑垃圾", "timber", "rubble"),
    "boxes": ("纸箱", "纸板", "快递", "box", "parcel", "carton"),
    "furniture": ("家具", "沙发", "床垫", "furniture", "sofa", "mattress"),
    "refuse": ("生活垃圾", "垃圾袋", "垃圾", "refuse", "rubbish", "garbage"),
    "bikes": ("共享单车", "shared bike"),
    "cigarette": ("烟头", "烟蒂", "cigarette"),
    "bottle": ("瓶子", "饮料瓶", "bottle"),
    "paper": ("纸巾", "传单", "paper", "tissue"),
}
_ROAD = re.compile(
    r"[一-鿿]{2,6}?(?:大道|路|街|巷|弄)|[A-Z][a-z]+(?: [A-Z][a-z]+){0,3} (?:Road|Street|Avenue|Lane)"
)
_HOUSE = re.compile(r"(\d{1,4})\s?号(?!线|楼)|\b[Nn]o\. ?(\d{1,4})\b")
_AT_GATE = re.compile(
    r"([一-鿿A-Za-z0-9]{2,20}?)(?:的)?(?:正门口|大门口|门口|门前|门外|旁边|对面|楼下|附近)"
    r"|(?:in front of|outside|next to|opposite|near|by) (?:the )?"
    r"(?!No\b)([A-Z0-9][\w'-]*(?: [A-Z][\w'-]*){0,3})"
)
_BEFORE_A_NAME = re.compile(r"反映|投诉|来电|举报|位于|市民|[号在有称路街巷弄]|大道")
_LEAST_LANDMARK, _MOST_LANDMARK = 2, 10


def _finder(terms: Mapping[str, Sequence[str]]) -> tuple[re.Pattern[str], dict[str, str]]:
    """A pattern of all terms, and what each stands for. English ones are whole words, in the plural too."""
    meaning = {term: name for name, several in terms.items() for term in several}
    longest = sorted(meaning, key=len, reverse=True)
    chinese = [re.escape(term) for term in longest if not term.isascii()]
    english = [re.escape(term) for term in longest if term.isascii()]
    pattern = rf"({'|'.join(chinese)})(?!站)|\b({'|'.join(english)})(?:e?s)?\b(?! stop| station)"
    return re.compile(pattern), meaning


_COLOUR, _VEHICLE, _GOOD = _finder(_COLOURS), _finder(_VEHICLES), _finder(_GOODS)


@dataclass(frozen=True, slots=True)
class Said:
    """What of a report's words tells its occurrence from another; None or empty where nothing is said.

    Attributes:
        landmark: the shop, school or gate that is named, as it is written.
        house: number of the house.
    """

    plate: str | None = None
    colour: str | None = None
    vehicle: str | None = None
    goods: frozenset[str] = frozenset()
    landmark: str | None = None
    road: str | None = None
    house: int | None = None


@lru_cache(maxsize=4096)
def said(words: str, road: str | None) -> Said:
    """What somebody says.

    Args:
        words: as they were taken down.
        road: the place in words, where the channel has a field for it; it goes before what ``words`` name.
    """
    text = words[:_MOST_CHARS]
    low = text.lower()
    where = f"{road or ''} {text}"
    house, road_said = _HOUSE.search(where), _ROAD.search(where)
    return Said(
        plate=plates.spoken(text),
        colour=next(_found(low, _COLOUR), None),
        vehicle=next(_found(low, _VEHICLE), None),
        goods=frozenset(_found(low, _GOOD)),
        landmark=_landmark(text),
        road=road_said[0] if road_said else None,
        house=int(house[1] or house[2]) if house else None,
    )


@lru_cache(maxsize=256)
def vehicle_of(object_class: str | None) -> str | None:
    """The sort of vehicle that a camera's class is; None for what is no vehicle."""
    return next(_found(object_class.lower(), _VEHICLE), None) if object_class else None


def _found(low: str, finder: tuple[re.Pattern[str], dict[str, str]]) -> Iterator[str]:
    pattern, meaning = finder
    return (meaning[match[1] or match[2]] for match in pattern.finditer(low))


def _landmark(text: str) -> str | None:
    match = _AT_GATE.search(text)
    if match is None:
        return None
    name = match[2] or _BEFORE_A_NAME.split(match[1])[-1]
    return name.lower() if _LEAST_LANDMARK <= len(name) <= _MOST_LANDMARK * (1 if match[1] else 4) else None
