"""``kerbwatch central user …``: people who may sign in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from central.commands import DEFAULT_CONFIG, Config, clear_errors, configured_database
from central.directory.awaiting import set_awaited
from central.people import service
from central.people.models import DirectoryLink
from central.people.permissions import Role
from kerbwatch.clock import SystemClock
from kerbwatch.secrets import read_secret_file

user_app = typer.Typer(no_args_is_help=True, help="People who may sign in.")

Name = Annotated[str, typer.Argument(help="Name to sign in with.")]
PasswordFile = Annotated[Path | None, typer.Option(help="File that holds the password.")]
Own = Annotated[
    bool,
    typer.Option("--own", help="What is typed is one's own password, which need not be changed first."),
]
Areas = Annotated[
    list[str] | None,
    typer.Option("--area", help="Id of an area that they are limited to; may be given several times."),
]
Roles = Annotated[list[Role], typer.Option("--role", help="Role; may be given several times.")]


@user_app.command("add")
def add(  # noqa: PLR0917 - Typer passes them by name
    name: Name,
    role: Roles,
    password_file: PasswordFile = None,
    unit: Annotated[str | None, typer.Option(help="Unit that they belong to.")] = None,
    area: Areas = None,
    directory: Annotated[
        bool, typer.Option("--directory", help="Whom the city's directory calls so; without a password.")
    ] = False,
    own: Own = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Make a user; the password is asked for unless it comes from a file, or they come by the directory.

    One that is typed is changed at the first sign-in; one from a file stays.
    """
    with clear_errors():
        password = None if directory and password_file is None else _password(password_file)
        link = DirectoryLink() if directory else None
        with configured_database(config) as database, database.write() as session:
            now = SystemClock().now_utc()
            service.add_user(
                session,
                name,
                password,
                role,
                now,
                unit_id=unit,
                areas=area or (),
                link=link,
                given=password_file is None and not own,
            )
    typer.echo(f"added {name}")


@user_app.command("list")
def show(config: Config = DEFAULT_CONFIG) -> None:
    """Every user with roles, unit, areas, whether they may sign in, and by what."""
    with clear_errors(), configured_database(config) as database, database.read() as session:
        for user in service.all_users(session):
            roles = ",".join(sorted(role.role for role in user.roles))
            state = "disabled" if user.disabled else "active"
            areas = ",".join(sorted(area.area_id for area in user.areas)) or "all"
            ways = []
            if user.password_hash is not None:
                ways.append("password (to be changed)" if user.password_given else "password")
            if user.link is not None:
                ways.append("directory" if user.link.subject is not None else "directory (awaited)")
            way = ",".join(ways) or "-"
            typer.echo(f"{user.name}\t{roles}\t{user.unit_id or '-'}\t{state}\t{areas}\t{way}")


@user_app.command("password")
def password_command(
    name: Name, password_file: PasswordFile = None, own: Own = False, config: Config = DEFAULT_CONFIG
) -> None:
    """Give a user another password; whoever is signed in by that name is signed out.

    One that is typed is changed at the first sign-in; one from a file stays.
    """
    with clear_errors():
        password = _password(password_file)
        with configured_database(config) as database, database.write() as session:
            now, given = SystemClock().now_utc(), password_file is None and not own
            service.set_password(session, name, password, now=now, given=given)
    typer.echo(f"{name} has a new password")


@user_app.command("roles")
def roles_command(name: Name, role: Roles, config: Config = DEFAULT_CONFIG) -> None:
    """Put other roles in the place of a user's; whoever is signed in by that name is signed out."""
    with clear_errors(), configured_database(config) as database, database.write() as session:
        service.set_roles(session, name, role, now=SystemClock().now_utc())
    typer.echo(f"{name}: {', '.join(sorted(each.value for each in role))}")


@user_app.command("unit")
def unit_command(
    name: Name,
    unit: Annotated[str | None, typer.Option(help="Its id; without it they belong to none.")] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Let a user belong to another unit, or to none."""
    with clear_errors(), configured_database(config) as database, database.write() as session:
        service.set_unit(session, name, unit, now=SystemClock().now_utc())
    typer.echo(f"{name}: {unit or 'no unit'}")


@user_app.command("scope")
def scope(name: Name, area: Areas = None, config: Config = DEFAULT_CONFIG) -> None:
    """Limit a user to some areas, with all that lie in them; without an area they see the whole city."""
    with clear_errors(), configured_database(config) as database, database.write() as session:
        service.set_areas(session, name, area or (), now=SystemClock().now_utc())
    typer.echo(f"{name}: {', '.join(sorted(area)) if area else 'the whole city'}")


@user_app.command("directory")
def directory_command(
    name: Name,
    off: Annotated[bool, typer.Option("--off", help="They come in by it no longer.")] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Let whom the city's directory calls by a user's name be that user; linked for good when they come."""
    with clear_errors(), configured_database(config) as database, database.write() as session:
        set_awaited(session, name, not off, now=SystemClock().now_utc())
    typer.echo(f"{name} is not of the directory" if off else f"{name} is awaited from the directory")


@user_app.command("disable")
def disable(name: Name, config: Config = DEFAULT_CONFIG) -> None:
    """Let a user in no longer, at once; what they did stays in the log under their name."""
    with clear_errors(), configured_database(config) as database, database.write() as session:
        service.set_disabled(session, name, True, now=SystemClock().now_utc())
    typer.echo(f"{name} may no longer sign in")


@user_app.command("enable")
def enable(name: Name, config: Config = DEFAULT_CONFIG) -> None:
    """Let a user in again."""
    with clear_errors(), configured_database(config) as database, database.write() as session:
        service.set_disabled(session, name, False, now=SystemClock().now_utc())
    typer.echo(f"{name} may sign in")


def _password(file: Path | None) -> str:
    if file:
        return read_secret_file(file)
    asked: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return asked
