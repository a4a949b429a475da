"""What a worker is asked to do with one file, and the limits that it works under."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from kerbwatch.settings import Settings

MB = 1_000_000


class ClipLimits(Settings):
    """What a clip from a stranger may ask of a machine."""

    max_bytes: Annotated[int, Field(ge=1)] = Field(200 * MB, description="Largest file.")
    max_duration_s: Annotated[float, Field(gt=0)] = Field(
        60.0, description="Longest clip; a second more is let pass, as recorders' minutes have."
    )
    max_pixels: Annotated[int, Field(ge=1)] = Field(
        4096 * 2304, description="Most pixels of a picture (width x height)."
    )
    max_pictures: Annotated[int, Field(ge=1)] = Field(
        7200, description="Most pictures: 60 s at 120 a second."
    )
    memory_bytes: Annotated[int, Field(ge=256 * MB)] = Field(
        3000 * MB, description="Most address space of the process that reads a clip (RLIMIT_AS)."
    )
    cpu_s: Annotated[int, Field(ge=1)] = Field(600, description="Most time on the processor (RLIMIT_CPU).")
    wall_s: Annotated[float, Field(gt=0)] = Field(1800.0, description="Most time in all.")
    written_bytes: Annotated[int, Field(ge=1)] = Field(
        500 * MB, description="Largest file that it may write (RLIMIT_FSIZE)."
    )


class ClipJob(Settings):
    """One file for one worker."""

    file: Path = Field(description="The clip, absolute.")
    shown_as: str = Field(description="What the report calls it.")
    out: Path | None = Field(None, description="Folder for cut clips and stills; none are written without.")
    model: str = Field("yolox-nano", description="The network: a name in the manifest, or an ONNX file.")
    input_px: int = Field(832, description="Longer side of the network's input: vehicles ahead are small.")
    min_score: Annotated[float, Field(ge=0, le=1)] = Field(0.4, description="Least confidence of a moment.")
    pre_roll_s: float = Field(5.0, description="Of the cut clip, before the moment.")
    post_roll_s: float = Field(5.0, description="After it.")
    limits: ClipLimits = Field(ClipLimits.model_validate({}), description="What the clip may ask for.")
