"""``kerbwatch central …``: set up, serve, users, edge boxes, duty list and areas."""

from __future__ import annotations

import typer

from kerbwatch.lazy_commands import Lazy, LazyGroup


class _Imports(LazyGroup):
    lazy = {  # noqa: RUF012 - never changed
        "duty": Lazy("central.duty.cli:import_duty", "Check a duty list, and put it in force.", "central"),
        "areas": Lazy("central.areas.cli:import_areas_file", "Put the areas of a file in force.", "central"),
        "hotline": Lazy("central.hotline.cli:import_hotline", "Take in the items of a hotline.", "central"),
    }


class _Commands(LazyGroup):
    lazy = {  # noqa: RUF012 - never changed
        "init": Lazy("central.serving:init", "Make what is lacking: secret, database, files.", "central"),
        "serve": Lazy("central.serving:serve", "Serve HTTP and take in messages until stopped.", "central"),
        "user": Lazy("central.people.cli:user_app", "People who may sign in.", "central"),
        "edge": Lazy("central.cameras.cli:edge_app", "Edge boxes that may upload and publish.", "central"),
        "codes": Lazy(
            "central.codes.cli:codes_app", "Codes for walls: made, listed, printed, revoked.", "central"
        ),
        "open311": Lazy("central.open311.cli:open311_app", "Keys of apps that report by Open311.", "central"),
        "custody": Lazy(
            "central.custody.cli:custody_app", "The key that signs the chain of custody.", "central"
        ),
        "backup": Lazy(
            "central.backup.cli:backup_command", "Back up database and files while central runs.", "central"
        ),
        "restore": Lazy(
            "central.backup.cli:restore_command", "Put a backup back, and verify everything.", "central"
        ),
        "verify": Lazy(
            "central.custody.cli:verify_command",
            "Check chain, signatures, covered lines and files.",
            "central",
        ),
        "retention": Lazy(
            "central.custody.cli:retention_command",
            "Delete and anonymise what the rules of retention say.",
            "central",
        ),
        "report": Lazy(
            "central.insight.cli:report_command", "A day, a week or a month in numbers.", "central"
        ),
    }


app = typer.Typer(cls=_Commands, no_args_is_help=True, help="The command centre.")
app.add_typer(
    typer.Typer(cls=_Imports, no_args_is_help=True, help="Duty list, areas, and items of a hotline."),
    name="import",
)


@app.callback()
def _central() -> None:
    """The command centre."""
