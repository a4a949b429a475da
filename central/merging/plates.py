"""What two readings of plates say about being one vehicle's; ``?`` stands for an unknown character."""

from __future__ import annotations

import re

_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_WHOLE = re.compile(
    rf"(?:([{_PROVINCES}])\s?([A-HJ-Z])[\s·•.-]?|(?<![A-Z0-9])([A-HJ-Z])[·•.-]?)"
    r"((?=[A-HJ-NP-Z?]{0,5}\d)[A-HJ-NP-Z0-9?]{5,6})(?![A-Z0-9])"
)
"""Without the province the letter begins the word, and no blank follows it: "post 20415" is no plate."""
_TAIL = re.compile(
    r"(?:尾号|尾数|后[三四五]位|ending(?: in| with)?|ends (?:in|with)|last (?:three|four|five))"
    r"[\s是为:：]*([A-HJ-NP-Z0-9]{3,5})(?![A-Z0-9])",
    re.IGNORECASE,
)
_HOME = 2
"""The first two characters are the province's and the city's: most vehicles of a city share them."""
_HOME_AGREES, _HOME_DIFFERS = 1.2, 0.1
_AGREES, _DIFFERS = 12.0, 0.04
"""Of a character: one in some twelve agrees by chance, and 3 in 100 are misread, misheard or mistyped."""
_MOST, _MOST_IN_DOUBT, _LEAST = 1000.0, 30.0, 0.01
"""However well they agree: plates are cloned, and fleets have numbers in a row, so that one that differs in a
character is never more than likely the same."""


def spoken(words: str) -> str | None:
    """The plate that somebody names in words: as far as they say, ``?`` before it for what they leave out."""
    text = words.upper().replace("？", "?").replace("*", "?")
    whole = _WHOLE.search(text)
    if whole:
        return f"{whole[1] or '?'}{whole[2] or whole[3]}{whole[4]}"
    tail = _TAIL.search(text)
    return tail[1].rjust(7, "?") if tail else None


def differ(a: str | None, b: str | None) -> int:
    """In how many characters that are sure in both two plates differ; 0 where one was not read."""
    if not a or not b or len(a) != len(b):
        return 0
    return sum(x != y for x, y in zip(a, b, strict=True) if "?" not in {x, y})


def ratio(a: str | None, b: str | None) -> float:
    """How much likelier two readings are of one vehicle than of two; 1 where they cannot be compared."""
    if not a or not b or len(a) != len(b):
        return 1.0
    found, differing = 1.0, 0
    for place, (x, y) in enumerate(zip(a, b, strict=True)):
        if "?" in {x, y}:
            continue
        home = place < _HOME
        if x == y:
            found *= _HOME_AGREES if home else _AGREES
        else:
            found *= _HOME_DIFFERS if home else _DIFFERS
            differing += 1
    return max(min(found, _MOST_IN_DOUBT if differing else _MOST), _LEAST)
