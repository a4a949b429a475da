"""Insight: what rose and where, the standard's counters, reports, and the cases behind each number."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response

from central.areas import repository as areas
from central.areas.levels import RANK, Level
from central.areas.service import holds
from central.context import Central, CentralDep
from central.insight import repository
from central.insight.api import (
    Before,
    CaseReader,
    Chosen,
    PeriodName,
    Reader,
    check_area,
    look_of,
    period_of,
    report_in,
)
from central.insight.counters import COLUMNS, DEFINITIONS, RATES, Counter, Selection
from central.insight.days import Period, Span, days_between
from central.insight.listing import cases_behind
from central.insight.pdf import pdf_of
from central.insight.report import DayCounts, Number, Scope, Teller
from central.insight.schemas import scope
from central.insight.service import RISE_DAYS, moved_by
from central.pages import matters
from central.pages.case_view import row_of
from central.pages.insight_view import CARDS, chart_of, city_map, word, words_for
from central.pages.rendering import HEADERS, page
from central.pages.texts import kind_name, t
from central.people.permissions import Permission
from central.people.service import Principal
from kerbwatch.ids import SLUG_PATTERN

router = APIRouter(include_in_schema=False)


def own_area(central: Central, who: Principal, asked: str | None) -> str | None:
    """The area whose numbers are shown: what is asked for, or the largest to which somebody is limited.

    Raises:
        Problem: 403 it is another's.
    """
    if who.areas is None or asked:
        check_area(who, asked)
        return asked
    with central.database.read() as session:
        own = [each for each in areas.all_areas(session) if each.id in who.areas]
    largest = max(own, key=lambda each: RANK[Level(each.level)], default=None)
    check_area(who, largest.id if largest else None)
    return largest.id if largest else None


def shown_scope(central: CentralDep, who: Reader, whose: Annotated[Scope, Depends(scope)]) -> Scope:
    """Whose report is shown."""
    return replace(whose, area=own_area(central, who, whose.area))


Whose = Annotated[Scope, Depends(shown_scope)]

_DAYS = (7, 28, 84)
_PAGE = 50
_MOST_BARS = 31


class Choice:
    """What of insight is shown, as the address says; a word that is not known means the usual."""

    def __init__(
        self, days: int = 28, by: str = "kind", kind: str = "", area: str = "", unit: str = ""
    ) -> None:
        self.days = days if days in _DAYS else 28
        self.by = by if by in {"kind", "unit", "channel"} or (by in set(Level) and not area) else "kind"
        self.kind = kind if re.fullmatch(SLUG_PATTERN, kind) else None
        self.area, self.unit = area[:63] or None, unit[:63] or None

    @property
    def scope(self) -> Scope:
        """Whose numbers are shown."""
        return Scope(self.area, self.unit, self.kind)

    def within(self, area: str | None) -> Choice:
        """The same of one area."""
        return Choice(self.days, self.by, self.kind or "", area or "", self.unit or "")

    def url(self, **changes: str | int) -> str:
        """The address of this choice, or of one beside it."""
        own = {"days": self.days, "by": self.by, "kind": self.kind, "area": self.area, "unit": self.unit}
        return f"/insight?{urlencode({name: value for name, value in (own | changes).items() if value})}"


@router.get("/insight")
def insight(
    request: Request, central: CentralDep, who: Reader, choice: Annotated[Choice, Depends()]
) -> Response:
    """What an operator or a leader wants to know at a glance."""
    now, look = central.clock.now_utc(), look_of(central)
    choice = choice.within(own_area(central, who, choice.area))
    with central.database.read() as session:
        behind = repository.lines_behind(session)
        teller = Teller(session, now, look)
        last = teller.today()
        first = last - timedelta(days=choice.days - 1)
        over = Selection(Counter.OCCURRED, first, last, choice.kind, choice.area, choice.unit)
        earlier = first - timedelta(days=choice.days)
        daily = teller.by_day(replace(over, first=earlier))
        lines = teller.lines(over, [choice.by], COLUMNS)[choice.by]
        city = choice.scope.is_city
        recent = days_between(teller.yesterday() - timedelta(days=RISE_DAYS - 1), teller.yesterday())
        rises = teller.rises(recent) if city else ()
        spots = teller.hot_spots(teller.yesterday()) if city else ()
        moved = moved_by(session, now, look) if city else []
        towns = [each for each in areas.of_level(session, Level.TOWN) if holds(each, now)] if city else []
        names, units = teller.choices()
        kinds = matters.choices(session, now)
        drawing = city_map(towns, spots, [each for _kind, each in moved]) if city else None
    values = {
        "here": "insight",
        "live": False,
        "choice": choice,
        "days": [(each, choice.url(days=each)) for each in _DAYS],
        "dimensions": [(by, choice.url(by=by)) for by in _dimensions(choice)],
        "first": first,
        "last": last,
        "last_over": teller.yesterday(),
        "behind": behind,
        "totals": daily.total(first, last),
        "before": daily.total(earlier, first - timedelta(days=1)),
        "cards": [(counter, chart_of(_bars(daily, counter, choice.days))) for counter in CARDS],
        "definitions": DEFINITIONS,
        "rates": RATES,
        "lines": lines,
        "columns": COLUMNS,
        "rises": rises,
        "spots": spots,
        "moved": moved,
        "map": drawing,
        "area_name": teller.area_name,
        "kind_name": kind_name,
        "areas": [each for each in names if who.sees(each[0])],
        "units": units,
        "kinds": kinds,
        "insight": central.settings.insight,
        "reports": [(span, Period.around(span, last).before()) for span in Span],
        "word": word,
    }
    return page(request, "insight.html", values, who=who)


@router.get("/insight/cases")
def behind_a_number(
    request: Request, central: CentralDep, who: CaseReader, chosen: Chosen, before: Before = None
) -> Response:
    """The cases behind a number: exactly as many as it said."""
    now = central.clock.now_utc()
    with central.database.read() as session:
        found = cases_behind(session, chosen, now, before=before, limit=_PAGE)
        said = words_for(chosen, Teller(session, now, look_of(central)))
    fields = chosen.fields()
    more = (
        f"/insight/cases?{urlencode(fields | {'before': found.next_before})}" if found.next_before else None
    )
    values = {
        "here": "insight",
        "live": False,
        "definition": DEFINITIONS[chosen.counter],
        "chosen": chosen,
        "said": said,
        "total": found.total,
        "rows": [row_of(case) for case in found.items],
        "more_url": more,
        "exports": [
            (t("insight.export_csv"), f"/api/v1/insight/exports/cases.csv?{urlencode(fields)}"),
            (
                t("insight.export_excel"),
                f"/api/v1/insight/exports/cases.csv?{urlencode(fields | {'bom': 'true'})}",
            ),
            (t("insight.export_geojson"), f"/api/v1/insight/exports/cases.geojson?{urlencode(fields)}"),
        ]
        if who.may(Permission.EXPORT)
        else [],
    }
    return page(request, "insight_cases.html", values, who=who)


@router.get("/insight/reports/{span}/{name}.pdf")
def report_pdf(central: CentralDep, who: Reader, span: Span, name: PeriodName, whose: Whose) -> Response:
    """The report on paper."""
    del who
    period = period_of(span, name)
    content = pdf_of(
        report_in(central, period, whose), _title(period, central.settings.city), central.settings, word
    )
    shown = {"Content-Disposition": f'inline; filename="{period.name}.pdf"'}
    return Response(content, media_type="application/pdf", headers=HEADERS | shown)


@router.get("/insight/reports/{span}/{name}")
def report_page(  # noqa: PLR0917 - FastAPI passes them by name
    request: Request, central: CentralDep, who: Reader, span: Span, name: PeriodName, whose: Whose
) -> Response:
    """A day, a week or a month in numbers."""
    period = period_of(span, name)
    report = report_in(central, period, whose)
    with central.database.read() as session:
        teller = Teller(session, central.clock.now_utc(), look_of(central))
        choices = teller.choices()
    own = {"area": whose.area or "", "unit": whose.unit or ""}
    tail = f"?{urlencode({key: value for key, value in own.items() if value})}" if any(own.values()) else ""
    values = {
        "here": "insight",
        "live": False,
        "report": report,
        "period": period,
        "title": _title(period, ""),
        "tail": tail,
        "spans": [(each, Period.around(each, period.first)) for each in Span],
        "definitions": DEFINITIONS,
        "rates": RATES,
        "columns": COLUMNS,
        "areas": [each for each in choices[0] if who.sees(each[0])],
        "units": choices[1],
        "area_name": teller.area_name,
        "kind_name": kind_name,
        "moved": report.moved,
        "rises": report.rises,
        "word": word,
        "insight": central.settings.insight,
    }
    return page(request, "insight_report.html", values, who=who)


def _bars(daily: DayCounts, counter: Counter, days: int) -> list[Number]:
    """A number for each of the last days; for each week where there are many."""
    last, step = daily.over.last, 7 if days > _MOST_BARS else 1
    ends = [last - timedelta(days=back) for back in range(0, days, step)]
    return [daily.number(counter, end - timedelta(days=step - 1), end) for end in reversed(ends)]


def _title(period: Period, city: str) -> str:
    title = t("insight.report_title", span=t(f"insight.report.{period.span}"), name=period.name)
    return f"{city}: {title}" if city else title


def _dimensions(choice: Choice) -> list[str]:
    levels = [] if choice.area else ["town", "village", "grid"]
    return ["kind", *levels, *([] if choice.unit else ["unit"]), "channel"]
