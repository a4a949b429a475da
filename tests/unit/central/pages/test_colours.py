"""Text can be read in the light and in the dark: contrast of WCAG 2.2 AA for every pair that pages use."""

import re
from pathlib import Path

import pytest

from central import pages

CSS = (Path(pages.__file__).parent / "static" / "base.css").read_text()
PAIRS = [
    *((ink, ground) for ink in ("ink", "muted", "accent", "bad") for ground in ("ground", "surface")),
    ("ink", "sunken"),
    ("muted", "sunken"),
    ("ink", "accent-soft"),
    ("muted", "accent-soft"),
    ("on-accent", "accent"),
    ("surface", "bad"),
    ("muted", "bad-soft"),
    *((tone, f"{tone}-soft") for tone in ("good", "warn", "bad", "accent")),
]
EDGES = [
    ("line-strong", "surface"),
    *((f"kind-{kind}", "surface") for kind in ("parking", "stall", "litter")),
]


def _luminance(colour):
    digits = colour.removeprefix("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    channels = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one, other):
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _schemes():
    light, dark = (
        dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6})", part))
        for part in CSS.split("@media (prefers-color-scheme: dark)")[:2]
    )
    return {"light": light, "dark": light | dark}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), PAIRS, ids=[f"{a} on {b}" for a, b in PAIRS])
def test_text(scheme, ink, ground):
    colours = _schemes()[scheme]
    assert _contrast(colours[ink], colours[ground]) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("edge", "ground"), EDGES, ids=[f"{a} on {b}" for a, b in EDGES])
def test_borders_of_fields_and_icons(scheme, edge, ground):
    colours = _schemes()[scheme]
    assert _contrast(colours[edge], colours[ground]) >= 3.0
