"""A report on paper: A4, and each number leads to its cases."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from http import HTTPStatus

from fpdf import FPDF, FontFace
from fpdf.errors import FPDFException

from central.insight.counters import COLUMNS, DEFINITIONS, RATES, Counter
from central.insight.report import Line, Number, Report, ToldRise
from central.insight.settings import InsightSettings
from central.problems import Problem
from central.settings import CentralSettings
from kerbwatch.counts import counted
from kerbwatch.settings import SettingsError

_FAMILY = "report"
_INK, _LINK, _SHADE = (22, 32, 43), (10, 90, 168), (233, 237, 242)
_MOST_LINES = 60
"""Of a table; what is left out is said."""


def pdf_of(report: Report, title: str, settings: CentralSettings, words: Callable[[str], str]) -> bytes:
    """The report as a PDF.

    Args:
        report: what it says.
        title: over it.
        settings: city, address of the lists, font.
        words: the name of ``kind.K``, ``channel.C`` or ``by.D`` (a dimension).

    Raises:
        Problem: 409 when the font lacks a letter that the report has.
        SettingsError: when the font cannot be read.
    """
    paper = _Paper(settings)
    paper.heading(title, 18)
    days = counted((report.last - report.first).days + 1, "day")
    paper.line(
        f"{report.first:%d %b %Y} to {report.last:%d %b %Y}, {days}, "
        f"worked: {report.worked_days}. As counted at "
        f"{report.made_at.astimezone(settings.zone):%d %b %Y, %H:%M} ({settings.time_zone})."
    )
    paper.heading("Counters", 13)
    rows: list[list[str | Number]] = [
        [
            DEFINITIONS[counter].name,
            report.totals.numbers[counter],
            report.earlier.numbers[counter],
            DEFINITIONS[counter].words,
        ]
        for counter in Counter
    ]
    paper.table(["", "Now", "Before", "What is counted"], rows, (30, 14, 14, 122), left=(0, 3))
    paper.heading("Rates", 13)
    rates: list[list[str | Number]] = [
        [
            rate.name,
            _percent(report.totals.share(rate)),
            report.totals.numbers[rate.part],
            report.totals.numbers[rate.whole],
            _percent(report.earlier.share(rate)),
        ]
        for rate in RATES
    ]
    paper.table(["", "Rate", "Of these", "In", "Rate before"], rates, (60, 30, 30, 30, 30), left=(0,))
    paper.heading("Rises", 13)
    if report.rises:
        heads = ["Where and what", "Days", "Cases", "Expected", "Weeks before", "p"]
        paper.table(
            heads, [_rise(each, words) for each in report.rises], (58, 30, 16, 18, 40, 18), left=(0, 1)
        )
    else:
        paper.line("None beyond chance.")
    if report.hot_spots:
        paper.heading("Hot-spots", 13)
        spots: list[list[str | Number]] = [
            [words(f"kind.{each.spot.kind}"), each.town_name or "-", each.cases, f"{each.spot.expected:.1f}"]
            for each in report.hot_spots
        ]
        paper.table(["Kind", "Town", "Cases", "Expected"], spots, (70, 60, 25, 25), left=(0, 1))
    for by, lines in report.tables.items():
        paper.heading(words(f"by.{by}"), 13)
        heads = ["", *(DEFINITIONS[counter].name for counter in COLUMNS)]
        paper.table(heads, [_line(line, by, words) for line in lines], (52, *(16,) * 8), left=(0,))
    return paper.done()


def _line(line: Line, by: str, words: Callable[[str], str]) -> list[str | Number]:
    name = words(f"{by}.{line.name}") if by in {"kind", "channel"} else line.name or "none"
    return [name, *(line.numbers[counter] for counter in COLUMNS)]


def _rise(told: ToldRise, words: Callable[[str], str]) -> list[str | Number]:
    rise = told.rise
    days = f"{rise.last:%d %b}" if rise.first == rise.last else f"{rise.first:%d %b} to {rise.last:%d %b}"
    return [
        f"{words(f'kind.{rise.series.kind}')}, {told.area_name}",
        days,
        told.cases,
        f"{rise.expected:.1f}",
        ", ".join(str(each.value) for each in told.before),
        f"{rise.p:.1g}",
    ]


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share * 100:.1f} %"


class _Paper:
    """Pages with a font, tables and links."""

    def __init__(self, settings: CentralSettings) -> None:
        self._public_url = settings.public_url.rstrip("/")
        self._pdf = FPDF(format="A4")
        self._pdf.set_margin(15)
        self._pdf.set_auto_page_break(auto=True, margin=15)
        self._pdf.set_creator("kerbwatch")
        self._own = self._font(settings.insight)
        self._pdf.add_page()
        self._pdf.set_text_color(*_INK)

    def _font(self, settings: InsightSettings) -> bool:
        path = settings.report_font
        if path is None:
            return False
        try:
            for style in ("", "B"):
                self._pdf.add_font(_FAMILY, style, path)
        except (OSError, ValueError, RuntimeError, FPDFException) as error:
            raise SettingsError(f"insight.report_font: {path} cannot be used as a font: {error}") from error
        return True

    def heading(self, text: str, size_pt: int) -> None:
        """A line over what follows."""
        self._pdf.ln(4)
        self._set("B", size_pt)
        self._pdf.cell(0, size_pt * 0.55, self._fit(text), new_x="LMARGIN", new_y="NEXT")
        self._pdf.ln(1)

    def line(self, text: str) -> None:
        """A sentence."""
        self._set("", 9)
        self._pdf.multi_cell(0, 4.5, self._fit(text), new_x="LMARGIN", new_y="NEXT")

    def table(
        self,
        heads: Sequence[str],
        rows: Sequence[Iterable[str | Number]],
        widths_mm: tuple[int, ...],
        *,
        left: tuple[int, ...],
    ) -> None:
        """A table whose numbers are links; the columns in ``left`` are words."""
        self._set("", 8)
        align = tuple("LEFT" if k in left else "RIGHT" for k in range(len(heads)))
        head = FontFace(emphasis="BOLD", fill_color=_SHADE)
        with self._pdf.table(
            col_widths=widths_mm,
            text_align=align,
            headings_style=head,
            borders_layout="HORIZONTAL_LINES",
            line_height=4.2,
            padding=(0.6, 0.8),
        ) as table:
            top = table.row()
            for text in heads:
                top.cell(self._fit(text))
            for cells in rows[:_MOST_LINES]:
                row = table.row()
                for cell in cells:
                    if not isinstance(cell, Number):
                        row.cell(self._fit(cell))
                    elif cell.url is None:
                        row.cell(str(cell.value))
                    else:
                        style = FontFace(color=_LINK)
                        row.cell(str(cell.value), link=self._public_url + cell.url, style=style)
        if len(rows) > _MOST_LINES:
            self.line(f"{len(rows) - _MOST_LINES} more lines are on the page of this report.")

    def done(self) -> bytes:
        """The file."""
        return bytes(self._pdf.output())

    def _set(self, style: str, size_pt: int) -> None:
        self._pdf.set_font(_FAMILY if self._own else "helvetica", style, size_pt)

    def _fit(self, text: str) -> str:
        """The text, if the font has its letters."""
        if self._own:
            glyphs = self._pdf.current_font.cmap  # type: ignore[union-attr]  # a font of a file has one
            lacking = {letter for letter in text if letter != "\n" and ord(letter) not in glyphs}
        else:
            lacking = {letter for letter in text if ord(letter) > 255}
        if lacking:
            shown = "".join(sorted(lacking)[:10])
            raise Problem(
                HTTPStatus.CONFLICT,
                "font",
                f"the font of reports lacks '{shown}': name one that has them in central's configuration, "
                "insight.report_font",
            )
        return text
