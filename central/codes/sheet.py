"""Sheets of place codes on A4: eight stickers a page, to be printed, cut and put on walls."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import segno
from fontTools.ttLib import TTLibError  # type: ignore[import-untyped]
from fpdf import FPDF
from fpdf.enums import MethodReturnValue, XPos, YPos
from fpdf.errors import FPDFException
from fpdf.fonts import TTFFont

from central.codes.schemas import PlaceCodeOut
from kerbwatch.settings import SettingsError

MOST_STICKERS = 500
"""On one sheet: PDF and page are made in memory."""
_COLUMNS, _ROWS = 2, 4
_MARGIN_MM, _WIDTH_MM, _HEIGHT_MM = 10.0, 210.0, 297.0
_CELL_WIDTH_MM = (_WIDTH_MM - 2 * _MARGIN_MM) / _COLUMNS
_CELL_HEIGHT_MM = (_HEIGHT_MM - 2 * _MARGIN_MM) / _ROWS
_PADDING_MM = 5.0
_QR_MM = 42.0
"""Side of the QR with its quiet zone: read from 40 cm (a tenth of the distance is the rule of thumb)."""
_QUIET_MODULES = 4
"""ISO/IEC 18004 asks for four light modules around."""
_NAME_PT, _SMALL_PT, _CODE_PT = 14.0, 9.0, 10.0
_MM_PER_PT = 25.4 / 72
_NAME_LINES, _SMALL_LINES = 4, 3
_CJK_FONTS = (
    "Debian: 'apt-get install fonts-noto-cjk', then /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc; "
    "Windows: C:\\Windows\\Fonts\\simhei.ttf"
)


@dataclass(frozen=True, slots=True)
class Sticker:
    """One code as it is printed.

    Attributes:
        url: what the QR says.
        code: the code in groups, for who cannot scan.
        name: of the place.
        below: road and city.
    """

    url: str
    code: str
    name: str
    below: str


@dataclass(frozen=True, slots=True)
class Wording:
    """The words that are on every sticker."""

    call: str
    """Above: what it is for."""
    typed: str
    """Before the code: where it can be typed."""


def stickers_of(codes: Iterable[PlaceCodeOut], city: str) -> list[Sticker]:
    """Stickers of the codes that can be printed; revoked ones and those whose key is gone cannot."""
    return [
        Sticker(each.url, each.code, each.name, ", ".join(part for part in (each.road, city) if part))
        for each in codes
        if each.code and each.url and each.revoked_at is None
    ]


def qr_of(url: str) -> segno.QRCode:
    """A QR of an address: correction M (15 %) or better where there is room, for stickers grow dirty."""
    return segno.make_qr(url, error="m", boost_error=True)


def qr_svg(url: str) -> str:
    """The same as SVG for a page: no style of its own but the path, and no script."""
    return qr_of(url).svg_inline(
        border=_QUIET_MODULES, omitsize=True, light="#fff", svgclass="qr", lineclass=None
    )


def pdf_of(stickers: Sequence[Sticker], words: Wording, now: datetime, font: Path | None) -> bytes:
    """The sheet as PDF.

    Args:
        stickers: at most :data:`MOST_STICKERS`.
        words: what is on each.
        now: the present instant, for the document's date.
        font: TrueType, OpenType or collection (its first font); None: the built-in Helvetica, Latin only.

    Raises:
        SettingsError: when the font cannot be read, or lacks a character; it says which to give.
    """
    pdf = FPDF(format="A4")
    pdf.set_creation_date(now)
    pdf.set_auto_page_break(auto=False)
    pdf.set_title("Place codes")
    family = _font(pdf, font)
    _check_characters(pdf, font, stickers, words)
    for index, sticker in enumerate(stickers):
        column, row = index % _COLUMNS, index // _COLUMNS % _ROWS
        if column == row == 0:
            pdf.add_page()
        _Cell(pdf, family, _MARGIN_MM + column * _CELL_WIDTH_MM, _MARGIN_MM + row * _CELL_HEIGHT_MM).draw(
            sticker, words
        )
    return bytes(pdf.output())


def _font(pdf: FPDF, font: Path | None) -> str:
    if font is None:
        return "Helvetica"
    try:
        pdf.add_font("sheet", fname=font)
    except (OSError, TTLibError, FPDFException, ValueError) as error:
        raise SettingsError(f"the font {font} cannot be used: {error}") from error
    return "sheet"


def _check_characters(pdf: FPDF, font: Path | None, stickers: Sequence[Sticker], words: Wording) -> None:
    known = {*range(0x20, 0x7F), *range(0xA0, 0x100)}
    if font is not None:
        used = pdf.fonts["sheet"]
        assert isinstance(used, TTFFont)
        known = set(used.cmap)
    for text in (words.call, words.typed, *(part for each in stickers for part in (each.name, each.below))):
        lacking = "".join(dict.fromkeys(character for character in text if ord(character) not in known))
        if lacking:
            have = f"the font {font}" if font else "the built-in font (Latin only)"
            raise SettingsError(
                f"{have} lacks {lacking[:20]!r} of {text!r}: give a font that has them in 'place_codes.font' "
                f"({_CJK_FONTS}), or print the HTML sheet from a browser"
            )


def _step_mm(size_pt: float) -> float:
    """From line to line."""
    return size_pt * _MM_PER_PT * 1.2


@dataclass(frozen=True, slots=True)
class _Cell:
    """A sticker's place on the page; (left, top) in millimetres."""

    pdf: FPDF
    family: str
    left: float
    top: float

    def draw(self, sticker: Sticker, words: Wording) -> None:
        """Frame, QR, and the words beside and below it."""
        self.pdf.set_draw_color(190)
        self.pdf.set_line_width(0.1)
        self.pdf.rect(self.left, self.top, _CELL_WIDTH_MM, _CELL_HEIGHT_MM)
        self._qr(sticker.url)
        self.pdf.set_text_color(0)
        beside, width = _PADDING_MM + _QR_MM + 2, _CELL_WIDTH_MM - _QR_MM - 2 * _PADDING_MM - 2
        y = self._lines(words.call, _SMALL_PT, (beside, _PADDING_MM + 2), width, _SMALL_LINES)
        y = self._lines(sticker.name, _NAME_PT, (beside, y + 2), width, _NAME_LINES)
        below = (_PADDING_MM, _PADDING_MM + _QR_MM + 1)
        room = int((below[1] - y - 1) / _step_mm(_SMALL_PT))
        self._lines(sticker.below, _SMALL_PT, (beside, y + 1), width, min(_SMALL_LINES, room))
        whole = _CELL_WIDTH_MM - 2 * _PADDING_MM
        self._lines(f"{words.typed} {sticker.code}", _CODE_PT, below, whole, most=2)

    def _qr(self, url: str) -> None:
        """The dark modules as bars, vectors all of them: sharp at any resolution."""
        matrix = [bytes(row) for row in qr_of(url).matrix]
        module_mm = _QR_MM / (len(matrix) + 2 * _QUIET_MODULES)
        left = self.left + _PADDING_MM + _QUIET_MODULES * module_mm
        top = self.top + _PADDING_MM + _QUIET_MODULES * module_mm
        self.pdf.set_fill_color(0)
        for y, row in enumerate(matrix):
            x = 0
            while x < len(row):
                end = x
                while end < len(row) and row[end]:
                    end += 1
                if end > x:
                    at = (left + x * module_mm, top + y * module_mm)
                    self.pdf.rect(*at, (end - x) * module_mm, module_mm, style="F")
                x = end + 1

    def _lines(self, text: str, size_pt: float, at: tuple[float, float], width: float, most: int) -> float:
        """A text in at most so many lines, the rest cut with dots.

        Args:
            text: what to write.
            size_pt: of the letters.
            at: left and top within the cell, mm.
            width: of the column, mm.
            most: lines.

        Returns:
            The y below it within the cell, mm.
        """
        self.pdf.set_font(self.family, size=size_pt)
        step = _step_mm(size_pt)
        found = self.pdf.multi_cell(width, step, text, dry_run=True, output=MethodReturnValue.LINES)
        assert isinstance(found, list)
        shown = found[:most]
        if len(found) > most:
            shown[-1] = shown[-1][:-3].rstrip() + "..."
        left, y = at
        for line in shown:
            self.pdf.set_xy(self.left + left, self.top + y)
            self.pdf.cell(width, step, line, new_x=XPos.LMARGIN, new_y=YPos.TOP)
            y += step
        return y
