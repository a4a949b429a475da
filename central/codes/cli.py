"""``kerbwatch central codes …``: make, list, revoke and print place codes."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from central.codes import repository, service, sheet
from central.codes.schemas import PlaceCodeOut
from central.codes.signing import MOST_NUMBER, PlaceKeys
from central.commands import DEFAULT_CONFIG, Config, clear_errors, configured_database
from central.csv_file import guarded
from central.database import Database
from central.pages.texts import t
from central.settings import load_central_settings
from kerbwatch.clock import SystemClock
from kerbwatch.counts import counted
from kerbwatch.logs import configure_logs
from kerbwatch.settings import SettingsError

codes_app = typer.Typer(no_args_is_help=True)

_ACTOR = "system"
_LISTED = ("number", "code", "name", "road", "lon", "lat", "area_name", "kind", "urgent", "reports", "url")


@codes_app.callback()
def codes() -> None:
    """Signed codes of places (QR)."""
    configure_logs()


@codes_app.command("make")
def make(
    file: Annotated[Path, typer.Argument(help="Places, CSV: name, lon, lat; road, kind, urgent.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Give codes to the places of a file; a place that has one keeps it."""
    settings = load_central_settings(config)
    with clear_errors():
        keys, places = PlaceKeys.of(settings), service.read_places(file)
        with configured_database(config) as database, database.write(ordered=True) as session:
            found = service.make(session, places, keys=keys, actor=_ACTOR, now=SystemClock().now_utc())
    typer.echo(f"{len(found.made)} made, {len(found.known)} known")


@codes_app.command("list")
def list_codes(
    revoked: Annotated[bool, typer.Option("--revoked", help="Those that are out of use instead.")] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Write the codes to the standard output, as CSV."""
    settings = load_central_settings(config)
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(_LISTED)
    with clear_errors():
        keys, before = PlaceKeys.of(settings), None
        with configured_database(config) as database, database.read() as session:
            while True:
                page = service.listed(session, keys, settings.public_url, before=before, revoked=revoked)
                writer.writerows([guarded(getattr(each, name)) for name in _LISTED] for each in page.items)
                before = page.next_before
                if before is None:
                    return


@codes_app.command("revoke")
def revoke(
    numbers: Annotated[list[int], typer.Argument(min=1, max=MOST_NUMBER, help="Numbers of codes.")],
    reason: Annotated[str, typer.Option(help="Why: kept with each.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Take codes out of use; all of those named, or none when one is not there."""
    with clear_errors(), configured_database(config) as database, database.write() as session:
        missing = set(numbers) - {row.number for row in repository.by_numbers(session, numbers)}
        if missing:
            raise SettingsError(f"there is no place code {', '.join(str(each) for each in sorted(missing))}")
        now = SystemClock().now_utc()
        for number in numbers:
            service.revoke(session, number, actor=_ACTOR, reason=reason, now=now)
    typer.echo(f"{len(set(numbers))} out of use")


@codes_app.command("sheet")
def print_sheet(
    out: Annotated[Path, typer.Argument(help="PDF that is written.")],
    numbers: Annotated[
        list[int] | None,
        typer.Argument(min=1, max=MOST_NUMBER, help="Numbers of codes; all in use if none."),
    ] = None,
    font: Annotated[Path | None, typer.Option(help="Font; that of the configuration if absent.")] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Write a sheet to print: A4, eight codes a page with their places' names."""
    settings = load_central_settings(config)
    with clear_errors():
        keys = PlaceKeys.of(settings)
        with configured_database(config) as database:
            found = _chosen(database, keys, settings.public_url, numbers)
        stickers = sheet.stickers_of(found, settings.city)
        if not stickers:
            raise SettingsError("there is no code in use to be printed")
        words = sheet.Wording(t("sheet.call"), t("sheet.typed", host=urlsplit(settings.public_url).netloc))
        content = sheet.pdf_of(stickers, words, SystemClock().now_utc(), font or settings.place_codes.font)
        try:
            out.write_bytes(content)
        except OSError as error:
            raise SettingsError(f"cannot write {out}: {error.strerror}") from error
    typer.echo(f"{counted(len(stickers), 'code')} in {out}")


def _chosen(
    database: Database, keys: PlaceKeys, public_url: str, numbers: list[int] | None
) -> list[PlaceCodeOut]:
    """Codes to print, the lowest number first."""
    most = sheet.MOST_STICKERS
    with database.read() as session:
        if numbers:
            found = [
                service.shown(row, keys, public_url) for row in repository.by_numbers(session, set(numbers))
            ]
        else:
            page = service.listed(session, keys, public_url, revoked=False, limit=most + 1)
            found = list(reversed(page.items))
    if len(found) > most:
        raise SettingsError(f"at most {most} codes on a sheet: name the numbers of some")
    return found
