"""``kerbwatch clips``: analyse citizens' dash-cam clips, print the schema of what comes out."""

from __future__ import annotations

import json
import os
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console

from edge.clips.analysis import load_detector
from edge.clips.batch import Lines, Progress, Silence, report_of, run_here
from edge.clips.blurring import blur_all
from edge.clips.fleet import FleetError, run_on_fleet
from edge.clips.job import MB, ClipJob, ClipLimits
from edge.clips.showing import Bars, print_report
from kerbwatch.blur_report import BlurOrder
from kerbwatch.clip_report import json_schema
from kerbwatch.logs import configure_logs
from models.errors import ModelError

app = typer.Typer(no_args_is_help=True, help="Dash-cam clips: who threw something, where and when.")

Files = Annotated[list[Path], typer.Argument(metavar="FILE…", help="Clips: MP4, MOV, TS, MKV, AVI.")]


@app.command()
def analyse(
    files: Files,
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the report as JSON instead of a table.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", file_okay=False, help="Folder for cut clips and stills; none are written without."
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Clips at a time; as many as there are processors.")
    ] = None,
    progress: Annotated[
        bool, typer.Option("--progress", help="Say on standard error how far it is, a line of JSON each.")
    ] = False,
    ray: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS", help="Run on a Ray cluster: host:port, auto or local (extra 'fleet')."
        ),
    ] = None,
    min_score: Annotated[float, typer.Option(min=0, max=1, help="Least confidence of a moment.")] = 0.4,
    model: Annotated[str, typer.Option(help="Name in the manifest, or an ONNX file.")] = "yolox-nano",
    max_seconds: Annotated[float, typer.Option(min=1, help="Longest clip, s.")] = 60.0,
    max_mb: Annotated[float, typer.Option(min=0.001, help="Largest file, MB (10^6 bytes).")] = 200.0,
    max_memory_mb: Annotated[int, typer.Option(min=256, help="Most memory to read one clip, MB.")] = 3000,
    max_cpu_s: Annotated[int, typer.Option(min=1, help="Most processor time for one clip, s.")] = 600,
) -> None:
    """Find moments at which something was thrown from a vehicle, in each clip.

    A clip that cannot be read is told in the report and does not keep the others. Ends with 1 when there
    was one, after all the others were analysed; with 2 when nothing could be begun.
    """
    configure_logs(level="ERROR")
    limits = ClipLimits.model_validate(
        {
            "max_duration_s": max_seconds,
            "max_bytes": round(max_mb * MB),
            "max_pictures": max(1, round(max_seconds * 120)),
            "memory_bytes": max_memory_mb * MB,
            "cpu_s": max_cpu_s,
        }
    )
    jobs = [
        ClipJob(
            file=file.resolve(),
            shown_as=str(file),
            out=out.resolve() if out else None,
            model=model,
            min_score=min_score,
            limits=limits,
        )
        for file in files
    ]
    try:
        fingerprint = load_detector(jobs[0]).fingerprint
        if out:
            out.mkdir(parents=True, exist_ok=True)
        console = Console(stderr=True)
        with Bars(console, [str(file) for file in files]) if console.is_terminal else nullcontext() as bars:
            told: Progress = bars or (Lines(len(jobs), sys.stderr) if progress else Silence())
            if ray is not None:
                results = run_on_fleet(jobs, address=ray, workers=workers, progress=told)
            else:
                results = run_here(jobs, workers=workers or os.cpu_count() or 1, progress=told)
    except (ModelError, FleetError, OSError) as error:
        typer.secho(str(error), err=True, fg="red")
        raise typer.Exit(2) from error
    report = report_of(fingerprint, results)
    if as_json:
        sys.stdout.write(report.model_dump_json(indent=2) + "\n")
    else:
        print_report(report, Console(highlight=False))
    if report.failed:
        raise typer.Exit(1)


@app.command()
def blur(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help="Pictures (.jpg, .png) and clips (MP4).")
    ],
    out: Annotated[Path, typer.Option("--out", file_okay=False, help="Folder for what is made.")],
    offending: Annotated[
        Path | None,
        typer.Option(
            "--offending",
            help="JSON that names a vehicle of a file whose plate stays legible (docs/clips.md).",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
) -> None:
    """Make of each picture or clip what people may see: faces and plates blurred. Prints JSON.

    Ends with 1 when something could not be made, with 2 when nothing could be begun.
    """
    configure_logs(level="ERROR")
    try:
        order = BlurOrder.model_validate_json(offending.read_bytes()) if offending else None
        report = blur_all(files, out, order)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        typer.secho(f"{offending}: {where}: {error.errors()[0]['msg']}", err=True, fg="red")
        raise typer.Exit(2) from error
    except (ModelError, OSError) as error:
        typer.secho(str(error), err=True, fg="red")
        raise typer.Exit(2) from error
    sys.stdout.write(report.model_dump_json(indent=2) + "\n")
    failed = [each for each in report.files if each.made is None]
    for each in failed:
        typer.secho(f"{each.file}: {each.problem}", err=True, fg="red")
    if failed:
        raise typer.Exit(1)


@app.command()
def schema() -> None:
    """Print the JSON Schema of a report."""
    typer.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))
