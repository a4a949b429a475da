"""The command ``kerbwatch eval compose``."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from evaluation.composite.base import Source
from evaluation.composite.compose import make
from evaluation.composite.empty_street import EmptyStreet
from evaluation.composite.recipe import Recipe, UnsuitedError
from evaluation.composite.recipes import RECIPES
from evaluation.output import JsonFile, write_json
from kerbwatch.logs import configure_logs
from kerbwatch.settings import SettingsError
from models.errors import ModelError

_RECIPE_LINES = "\n\n".join(f"{recipe.name}: {recipe.what}" for recipe in RECIPES.values())


class CameraChoice(StrEnum):
    """Where the camera of a base video is."""

    FIXED = "fixed"
    DASHCAM = "dashcam"


def compose(  # noqa: PLR0917 - a command's options
    bases: Annotated[
        list[Path], typer.Argument(metavar="BASE…", help="Scene files (YAML) of real clips, or video files.")
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder for the composites: a clip and a scene each.")],
    recipe: Annotated[
        list[str] | None,
        typer.Option("--recipe", help="What to paint in; again for more. All that suit else."),
    ] = None,
    count: Annotated[int, typer.Option(min=1, max=1000, help="Composites of each recipe and base.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same composites.")] = 1,
    camera: Annotated[
        CameraChoice, typer.Option(help="For a video without a scene file: where its camera is.")
    ] = CameraChoice.FIXED,
    picture_every_s: Annotated[
        float | None,
        typer.Option(
            "--picture-every",
            min=0.05,
            max=1,
            help="Seconds from picture to picture of what stands (parking, stalls); four a second else. "
            "Such are looked at every 2 s, so that 1 will do and is made four times as fast.",
        ),
    ] = None,
    json_file: JsonFile = None,
) -> None:
    """Make composite scenes: real clips with something painted in, and the events that thereby become true.

    What comes out is named composite; it is not what a camera saw. A recipe that does not suit a base is told
    and left out. Ends with 1 when nothing at all could be made of some base, after all the others.
    """
    configure_logs(level="WARNING")
    chosen = _chosen(recipe)
    console = Console(stderr=True)
    written: list[dict[str, object]] = []
    left_out: list[dict[str, str]] = []
    barren = False
    with console.status("") as status:
        for path in bases:
            made = 0
            try:
                source = Source.load(path, camera=camera.value, progress=status.update)
            except SettingsError as error:
                _complain(str(error))
                barren = True
                continue
            for one in chosen:
                for index in range(count):
                    status.update(f"{one.name} on {source.name}, {index + 1} of {count}")
                    try:
                        scene = _write(one, source, out, seed, index, picture_every_s)
                    except UnsuitedError as error:
                        left_out.append({"recipe": one.name, "base": source.name, "reason": str(error)})
                        break
                    written.append(scene)
                    made += 1
            barren |= made == 0
    for reason in left_out:
        if recipe or barren:
            _complain(f"{reason['recipe']}: {reason['reason']}")
    console.print(f"{len(written)} composites in {out}", markup=False)
    if json_file is not None:
        write_json({"seed": seed, "scenes": written, "left_out": left_out}, json_file)
    if barren:
        raise typer.Exit(1)


compose.__doc__ = f"{compose.__doc__}\n\n    Recipes:\n\n{_RECIPE_LINES}"


def _chosen(names: list[str] | None) -> list[Recipe]:
    unknown = [name for name in names or () if name not in RECIPES]
    if unknown:
        _complain(f"no recipe '{unknown[0]}'; there are {', '.join(RECIPES)}")
        raise typer.Exit(2)
    return [RECIPES[name] for name in names] if names else list(RECIPES.values())


def _write(  # noqa: PLR0917 - what one composite is made of
    recipe: Recipe, source: Source, out: Path, seed: int, index: int, picture_every_s: float | None
) -> dict[str, object]:
    """One composite on disk, as a line of the list. Raises UnsuitedError."""
    try:
        staged = recipe.stage(source)
        if picture_every_s is not None and isinstance(staged, EmptyStreet):
            staged = _thinned(staged, picture_every_s)
        composite = make(recipe, staged, seed=seed, index=index)
        path = composite.write(out)
    except ModelError as error:
        _complain(str(error))
        raise typer.Exit(2) from error
    except OSError as error:
        _complain(f"{out}: cannot be written: {error.strerror}")
        raise typer.Exit(2) from error
    events = [event.model_dump(mode="json", exclude_defaults=True) for event in composite.events()]
    return {"scene": str(path), "recipe": recipe.name, "base": source.name, "index": index, "events": events}


@lru_cache(maxsize=2)
def _thinned(street: EmptyStreet, step_s: float) -> EmptyStreet:
    return street.every(step_s)


def _complain(text: str) -> None:
    typer.secho(text, err=True, fg="red")
