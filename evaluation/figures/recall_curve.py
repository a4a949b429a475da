"""How often thrown things are found, against their size and contrast: counted and drawn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from evaluation.report import SceneResult
from kerbwatch.incident import Kind

SIZES_PX = (0.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, float("inf"))
"""Edges of the classes of size."""
CONTRASTS = (0.0, 20.0, 40.0, 70.0, 256.0)
"""Edges of the classes of contrast, grey levels of 255."""
_COLOURS = ("#9aa0a6", "#f29900", "#1a73e8", "#188038")
_WIDTH, _HEIGHT = 640, 340
_LEFT, _TOP, _RIGHT, _BOTTOM = 56, 44, 470, 290


@dataclass(frozen=True, slots=True)
class RecallCell:
    """Things of one class of size and contrast.

    Attributes:
        size_px: from, to (root of width times height).
        contrast: from, to, in grey levels of 255.
        events: how many were thrown.
        found: how many of them were found.
    """

    size_px: tuple[float, float]
    contrast: tuple[float, float]
    events: int
    found: int

    @property
    def recall(self) -> float | None:
        """None where nothing was thrown."""
        return self.found / self.events if self.events else None


def recall_cells(results: Iterable[SceneResult]) -> list[RecallCell]:
    """Every class of contrast, and in it every class of size, of throws that tell both."""
    thrown: list[tuple[float, float, bool]] = []
    for result in results:
        outcome = result.outcome
        for event, found in [
            *((hit.event, True) for hit in outcome.hits),
            *((e, False) for e in outcome.misses),
        ]:
            if event.kind is Kind.VEHICLE_LITTER and event.size_px is not None and event.contrast is not None:
                thrown.append((event.size_px, event.contrast, found))
    cells = []
    for plain in pairwise(CONTRASTS):
        for size in pairwise(SIZES_PX):
            inside = [f for px, c, f in thrown if size[0] <= px < size[1] and plain[0] <= c < plain[1]]
            cells.append(RecallCell(size, plain, len(inside), sum(inside)))
    return cells


def size_words(size_px: tuple[float, float]) -> str:
    """A class of size, in words."""
    low, high = size_px
    if low == 0:
        return f"under {high:g} px"
    return f"{low:g} px and more" if high == float("inf") else f"{low:g}–{high:g} px"


def contrast_words(contrast: tuple[float, float]) -> str:
    """A class of contrast, in words."""
    low, high = contrast
    if low == 0:
        return f"under {high:g}"
    return f"{low:g} and more" if high > 255 else f"{low:g}–{high:g}"


def draw_recall(cells: Sequence[RecallCell], title: str) -> str:
    """The curve as an SVG picture: recall against size, a line a class of contrast, with counts."""
    sizes = list(pairwise(SIZES_PX))
    step = (_RIGHT - _LEFT) / (len(sizes) - 1)

    def point(size: tuple[float, float], recall: float) -> tuple[float, float]:
        return _LEFT + step * sizes.index(size), _BOTTOM - (_BOTTOM - _TOP) * recall

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" '
        f'viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" font-size="11">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
        f'<text x="{_LEFT}" y="20" font-size="13">{title}</text>',
    ]
    for tenth in range(0, 11, 2):
        y = point(sizes[0], tenth / 10)[1]
        parts.append(f'<line x1="{_LEFT}" y1="{y:.0f}" x2="{_RIGHT}" y2="{y:.0f}" stroke="#e0e0e0"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{y + 4:.0f}" text-anchor="end">{tenth / 10:.1f}</text>')
    for size in sizes:
        x = point(size, 0)[0]
        words = size_words(size).replace(" px", "").replace(" and more", "+").replace("under ", "&lt;")
        parts.append(f'<text x="{x:.0f}" y="{_BOTTOM + 16}" text-anchor="middle">{words}</text>')
    parts.append(
        f'<text x="{(_LEFT + _RIGHT) / 2:.0f}" y="{_BOTTOM + 36}" text-anchor="middle">size, px</text>'
    )
    parts.append(f'<text x="{_RIGHT + 24}" y="{_TOP}">contrast, grey levels</text>')
    for number, plain in enumerate(pairwise(CONTRASTS)):
        colour = _COLOURS[number]
        parts.append(
            f'<rect x="{_RIGHT + 24}" y="{_TOP + 12 + 18 * number}" width="10" height="10" fill="{colour}"/>'
        )
        label = contrast_words(plain).replace("<", "&lt;")
        parts.append(f'<text x="{_RIGHT + 40}" y="{_TOP + 21 + 18 * number}">{label}</text>')
        seen = [
            (c, point(c.size_px, c.recall)) for c in cells if c.contrast == plain and c.recall is not None
        ]
        path = " ".join(f"{x:.1f},{y:.1f}" for _, (x, y) in seen)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for cell, (x, y) in seen:
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>')
            parts.append(
                f'<text x="{x + 5:.1f}" y="{y - 4:.1f}" font-size="9" fill="{colour}">'
                f"{cell.found}/{cell.events}</text>"
            )
    return "\n".join([*parts, "</svg>", ""])
