"""``kerbwatch central report``: a day, a week or a month in numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from central.commands import DEFAULT_CONFIG, Config, clear_errors, configured_database
from central.insight.counters import DEFINITIONS, RATES, Counter
from central.insight.days import Period, Span
from central.insight.follow import catch_up
from central.insight.look import Look
from central.insight.pdf import pdf_of
from central.insight.report import Report, Scope, report_of
from central.pages.insight_view import word
from central.problems import Problem
from central.settings import load_central_settings
from kerbwatch.clock import SystemClock
from kerbwatch.counts import counted
from kerbwatch.settings import SettingsError


def report_command(  # noqa: PLR0917 - typer passes them by name
    period: Annotated[Span, typer.Option(help="What it is of.")] = Span.WEEK,
    of: Annotated[
        str | None,
        typer.Option(help="Which: 2026-05-14, 2026-W20, 2026-05; the last that is over if absent."),
    ] = None,
    area: Annotated[str | None, typer.Option(help="Of this area alone.")] = None,
    unit: Annotated[str | None, typer.Option(help="Of this unit alone.")] = None,
    pdf: Annotated[Path | None, typer.Option(help="Write it there as PDF.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print it for a program.")] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Tell a day, a week or a month in numbers, each with the address of its cases."""
    settings, now = load_central_settings(config), SystemClock().now_utc()
    with clear_errors(), configured_database(config) as database:
        today = now.astimezone(settings.zone).date()
        try:
            told = Period.named(period, of) if of else Period.around(period, today).before()
        except ValueError as error:
            raise SettingsError(str(error)) from error
        catch_up(database, settings.zone, now)
        with database.read() as session:
            look = Look(settings.zone, settings.insight, fresh=True)
            report = report_of(session, told.days, Scope(area, unit), now=now, look=look)
        if pdf:
            try:
                content = pdf_of(report, f"{settings.city} {told.name}".strip(), settings, word)
                pdf.write_bytes(content)
            except Problem as problem:
                raise SettingsError(problem.detail) from problem
            except OSError as error:
                raise SettingsError(f"cannot write {pdf}: {error.strerror}") from error
    typer.echo(json.dumps(report.to_json(), ensure_ascii=False) if as_json else _text(report, told))


def _text(report: Report, told: Period) -> str:
    lines = [f"{told.name}: {report.first} to {report.last}, {counted(report.worked_days, 'day')} worked"]
    lines += [
        f"{DEFINITIONS[counter].name:22}{report.totals.numbers[counter].value:8}"
        f"   before {report.earlier.numbers[counter].value}"
        for counter in Counter
    ]
    for rate in RATES:
        share = report.totals.share(rate)
        lines.append(f"{rate.name + ', rate':22}{'-' if share is None else f'{share:.1%}':>8}")
    for each in report.rises:
        rise = each.rise
        lines.append(
            f"rise: {word('kind.' + rise.series.kind)}, {each.area_name}, {rise.first} to {rise.last}: "
            f"{each.cases.value}, expected {rise.expected:.1f}, p {rise.p:.1g}"
        )
    return "\n".join(lines)
