"""``kerbwatch bench``: how fast is it."""

from __future__ import annotations

import tempfile
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from central.merging.settings import MergingSettings
from edge.replay import ReplayError
from edge.settings import DetectorSettings
from edge.vision.looking import load_detector
from evaluation.bench import rival
from evaluation.bench.cameras import Plan, measure
from evaluation.bench.fuzz import measure_fuzz
from evaluation.bench.intake import IntakePlan, measure_intake
from evaluation.bench.merging import count as count_merging
from evaluation.bench.merging_bound import best_recall
from evaluation.bench.merging_city import DUPLICATES
from evaluation.bench.merging_lookup import measure_lookup
from evaluation.bench.motion import cut
from evaluation.bench.motion import measure as motion_cost
from evaluation.bench.pages import measure_pages
from evaluation.bench.process import BenchError
from evaluation.bench.result import print_result, to_json
from evaluation.bench.streams import StreamSize
from evaluation.output import JsonFile, print_rows, table_console, write_json
from kerbwatch.demo.broker import BrokerError
from kerbwatch.demo.rtsp import RtspServerError
from kerbwatch.logs import configure_logs
from kerbwatch.secrets import SecretMissingError, expand_environment
from models.errors import ModelError
from models.fetch import ensure

bench_app = typer.Typer(no_args_is_help=True, help="How fast is it, on this machine.")


BenchDatabase = Annotated[
    str | None,
    typer.Option(help="URL of a database for the bench alone; a SQLite file that goes afterwards if absent."),
]
FilledCases = Annotated[int, typer.Option(min=0, help="Cases that the database is filled with first.")]


class Rival(StrEnum):
    """What the edge can be measured against."""

    ULTRALYTICS = "ultralytics"


@bench_app.callback()
def bench() -> None:
    """How fast is it, on this machine."""


@bench_app.command()
def cameras(
    *,
    cameras: Annotated[int, typer.Option(min=1, max=500, help="Streams at once.")] = 4,
    seconds: Annotated[
        float, typer.Option(min=5, help="Measured seconds of the edge, and again of the floor.")
    ] = 60.0,
    size: Annotated[StreamSize, typer.Option(help="Size of the streams.")] = StreamSize.P1080,
    rounds: Annotated[int, typer.Option(min=1, max=50, help="Windows that the seconds are shared over.")] = 2,
    model: Annotated[str, typer.Option(help="Name in the manifest, or an ONNX file.")] = "yolox-nano",
    clip: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Clip to play; OpenCV's vtest if absent.")
    ] = None,
    json_file: JsonFile = None,
    against: Annotated[Rival | None, typer.Option(help="Run the same clip through this, too.")] = None,
    ultralytics_python: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A Python that has Ultralytics.")
    ] = None,
    ultralytics_weights: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="Trained YOLOv8n weights (.pt); without them see docs/speed.md."
        ),
    ] = None,
) -> None:
    """The whole edge on N real RTSP streams, beside a floor that only reads, decodes key frames and infers.

    Prints cores a camera of both and their ratio, looks a second, pictures skipped and memory a camera.
    The server's own CPU time is not counted, but it takes its share of the machine: where it falls behind
    the streams' rate, the figures say so.
    """
    configure_logs(level="WARNING")
    progress = Console(stderr=True)

    def say(step: str) -> None:
        progress.print(f"[dim]{step}[/]")

    try:
        street_clip = clip or ensure("vtest")
        plan = Plan(cameras, seconds, rounds, size, street_clip, model)
        if against is Rival.ULTRALYTICS:
            rival.see_installed(ultralytics_python)
        measured = measure(plan, say)
        comparison = None
        if against is Rival.ULTRALYTICS:
            say(f"yolo track on the same file, every picture of its first {measured.watched.seconds_s:.0f} s")
            comparison = rival.compare(
                measured.media,
                size,
                measured.watched,
                python=ultralytics_python,
                weights=ultralytics_weights,
            )
    except (BenchError, RtspServerError, BrokerError, ModelError, TimeoutError, ValueError) as error:
        raise _failed(error) from error
    document = to_json(measured, comparison)
    print_result(document, table_console(json_file))
    _keep(document, json_file)


@bench_app.command()
def intake(
    *,
    database: BenchDatabase = None,
    cases: FilledCases = 1_000_000,
    seconds: Annotated[float, typer.Option(min=2, help="Length of the flood, and of the paced run.")] = 30.0,
    boxes: Annotated[int, typer.Option(min=1, max=5000, help="Edge boxes that send.")] = 500,
    cameras: Annotated[
        int, typer.Option(min=0, max=500_000, help="Cameras whose health comes every 15 s beside it.")
    ] = 50_000,
    copies: Annotated[
        int, typer.Option(min=1, max=8, help="Processes of central side by side; more than 1: PostgreSQL.")
    ] = 1,
    json_file: JsonFile = None,
) -> None:
    """Flood central over MQTT: incidents a second that become cases, and how soon a ticket is there.

    The times are of a second run at half the rate. Broker, central and database share this machine.
    """
    configure_logs(level="WARNING")
    progress = Console(stderr=True)
    plan = IntakePlan(_url(database), cases, seconds, boxes, cameras, copies)
    try:
        result = measure_intake(plan, lambda step: progress.print(f"[dim]{step}[/]"))
    except (BenchError, BrokerError, SecretMissingError) as error:
        raise _failed(error) from error
    print_rows("Intake", result.to_json(), table_console(json_file))
    _keep(result.to_json(), json_file)


@bench_app.command()
def fuzz(
    *,
    messages: Annotated[int, typer.Option(min=1, help="Malformed messages.")] = 10_000,
    uploads: Annotated[int, typer.Option(min=0, help="Hostile uploads after them.")] = 10_000,
    seed: Annotated[int, typer.Option(help="Another seed makes other messages.")] = 1,
    database: BenchDatabase = None,
    json_file: JsonFile = None,
) -> None:
    """Send central malformed messages and uploads, good ones between: nothing may stop or be lost."""
    configure_logs(level="WARNING")
    try:
        result = measure_fuzz(messages, uploads, seed, _url(database))
    except (BenchError, BrokerError, SecretMissingError) as error:
        raise _failed(error) from error
    print_rows("Hostile messages", result.to_json(), table_console(json_file))
    _keep(result.to_json(), json_file)
    if not result.clean:
        raise typer.Exit(1)


@bench_app.command()
def pages(
    *,
    database: BenchDatabase = None,
    cases: FilledCases = 1_000_000,
    repeats: Annotated[int, typer.Option(min=2, help="How often each list is fetched.")] = 20,
    json_file: JsonFile = None,
) -> None:
    """How long people wait for each list, with a million cases in the database."""
    configure_logs(level="WARNING")
    progress = Console(stderr=True)
    url = _url(database)
    try:
        result = measure_pages(url, cases, repeats, lambda step: progress.print(f"[dim]{step}[/]"))
    except (BenchError, BrokerError, SecretMissingError) as error:
        raise _failed(error) from error
    rows = {path: f"{result.p50_ms[path]} ms, 95 % within {ms} ms" for path, ms in result.p95_ms.items()}
    print_rows(f"Lists with {result.cases:,} cases", rows, table_console(json_file))
    _keep(result.to_json(), json_file)


@bench_app.command()
def motion(
    *,
    seconds: Annotated[float, typer.Option(min=2, max=300, help="Length of each clip.")] = 12.0,
    size: Annotated[StreamSize, typer.Option(help="Size of the pictures.")] = StreamSize.P1080,
    model: Annotated[str, typer.Option(help="Name in the manifest, or an ONNX file.")] = "yolox-nano",
    clip: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A busy road; OpenCV's vtest if absent.")
    ] = None,
    json_file: JsonFile = None,
) -> None:
    """Cores a camera that is searched for litter: every picture decoded, 25 a second; busy and empty road."""
    configure_logs(level="WARNING")
    try:
        street = clip or ensure("vtest")
        detector = load_detector(DetectorSettings.model_validate({"model": model}))
        with tempfile.TemporaryDirectory(prefix="kerbwatch-bench-") as folder:
            costs = [
                motion_cost(
                    road, cut(street, Path(folder) / f"{road}.mp4", size, seconds, empty=empty), detector
                )
                for road, empty in (("busy", False), ("empty", True))
            ]
    except (ModelError, ReplayError, ValueError) as error:
        raise _failed(error) from error
    console = table_console(json_file)
    for cost in costs:
        console.print(
            f"{cost.road} road, {size.value}: {cost.cores:.3f} cores a camera "
            f"(decoding alone {cost.decode_cores:.3f}), {cost.alarms} alarms in {cost.seconds_s:.0f} s"
        )
    _keep({"size": size.value, "model": model, "roads": [each.to_json() for each in costs]}, json_file)


@bench_app.command()
def merging(
    *,
    leads: Annotated[int, typer.Option(min=100, help="Leads of a month in a made-up city.")] = 20_000,
    seeds: Annotated[int, typer.Option(min=1, max=100, help="Cities.")] = 5,
    first_seed: Annotated[int, typer.Option(min=1, help="Number of the first city.")] = 1,
    cases: Annotated[
        int, typer.Option(min=0, help="Open cases for the look-up; 0: it is left out.")
    ] = 100_000,
    database: Annotated[
        str | None, typer.Option(help="URL of an empty database for the look-up; a SQLite file if absent.")
    ] = None,
    json_file: JsonFile = None,
) -> None:
    """Planted duplicates (9.56 %): how many are found, how often merging is wrong, what a look-up costs.

    Each city is judged twice: by places, times and plates alone, and with all that its leads say.
    """
    configure_logs(level="WARNING")
    progress, console = Console(stderr=True), table_console(json_file)
    terms = MergingSettings.model_validate({})
    cities = []
    for seed in range(first_seed, first_seed + seeds):
        for words in (False, True):
            found = count_merging(leads, seed, terms, words=words).to_json() | {"seed": seed, "words": words}
            if not words:
                found["bound_recall_at_98"] = round(best_recall(seed, leads, 0.98), 4)
            cities.append(found)
            print_rows(f"city {seed}, {'with' if words else 'without'} words", found, console)
    document: dict[str, object] = {"leads": leads, "duplicates": DUPLICATES, "cities": cities}
    if cases:
        with tempfile.TemporaryDirectory(prefix="kerbwatch-bench-") as folder:
            url = expand_environment(database) if database else f"sqlite:///{folder}/lookup.db"
            lookup = measure_lookup(url, cases, 200, 50, lambda step: progress.print(f"[dim]{step}[/]"))
        print_rows("look-up", lookup, console)
        document["lookup"] = lookup
    _keep(document, json_file)


def _url(database: str | None) -> str | None:
    """The URL with the environment's values in it. Raises SecretMissingError."""
    return expand_environment(database) if database else None


def _failed(error: Exception) -> typer.Exit:
    """Says on standard error what went wrong; to be raised."""
    typer.secho(str(error), err=True, fg="red")
    return typer.Exit(1)


def _keep(figures: dict[str, Any], json_file: Path | None) -> None:
    if json_file is not None:
        write_json(figures, json_file)
