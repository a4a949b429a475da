"""Opening a network: find its file, run it once, and tell from what it answers which family it is of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import onnxruntime as ort
import structlog
from numpy.typing import NDArray

from models.cache import cache_dir, sha256_of
from models.canvas import CanvasPlan, Picture
from models.errors import HeadError, MissingModelError
from models.graph import freed_yolox
from models.heads import Head, YoloxHead, recognise
from models.manifest import locate
from models.session import RUN_FAULTS, open_session

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Network:
    """A network that was opened and has answered.

    Attributes:
        session: where it runs.
        head: how its answer is read.
        fingerprint: name and first eight digits of its file's SHA-256.
        plan: which canvas a picture gets.
        fixed_batch: pictures of one inference where the file fixes their number, else None.
    """

    session: ort.InferenceSession
    head: Head
    fingerprint: str
    plan: CanvasPlan
    fixed_batch: int | None

    def compose(self, pictures: Sequence[Picture]) -> NDArray[np.float32]:
        """The input for pictures of one canvas: float32 [batch, 3, height, width].

        Raises:
            ValueError: when a picture does not deliver the size that it was asked for.
        """
        fits = [self.plan.fit(picture.size_px) for picture in pictures]
        blob = self.head.pixels.blank(self.fixed_batch or len(pictures), fits[0].canvas)
        for plane, picture, fit in zip(blob, pictures, fits, strict=False):
            self.head.pixels.place(picture.bgr(fit.scaled), fit, plane)
        return blob

    def run(self, blob: NDArray[np.float32]) -> NDArray[np.float32]:
        """One inference: float32 [batch, 3, height, width] -> float32 [batch, …], the head's shape."""
        return cast(
            "NDArray[np.float32]", self.session.run(None, {self.session.get_inputs()[0].name: blob})[0]
        )


def open_network(model: str, *, input_px: int, providers: Sequence[str], threads: int) -> Network:
    """Open a network by its name in the manifest or by the path of an ``.onnx`` file.

    Raises:
        ModelError: missing weights, an unknown input or output, a provider that cannot be had.
    """
    path, name = _weights(model)
    digest = sha256_of(path)
    session = open_session(path, providers=providers, threads=threads, described=str(path))
    head = _head(session, path, input_px)
    if isinstance(head, YoloxHead) and _fixed_size(session) is not None:
        try:
            freed = freed_yolox(path, digest, cache_dir())
        except ValueError as error:
            log.warning("detector_input_fixed", model=name, reason=str(error))
        else:
            session = open_session(freed, providers=providers, threads=threads, described=str(path))
            head = _head(session, path, input_px)
    fixed = _fixed_size(session)
    if fixed is not None and max(fixed) != input_px:
        log.warning("detector_input_fixed", model=name, asked_px=input_px, canvas_px=fixed)
    batch = session.get_inputs()[0].shape[0]
    return Network(
        session,
        head,
        fingerprint=f"{name}@{digest[:8]}",
        plan=CanvasPlan(input_px, fixed, head.placement),
        fixed_batch=batch if isinstance(batch, int) else None,
    )


def _weights(model: str) -> tuple[Path, str]:
    """The file of a model and the name it goes by."""
    if not model.endswith(".onnx"):
        return locate(model), model
    path = Path(model).expanduser()
    if not path.is_file():
        raise MissingModelError(f"the network's file {path} is not there")
    return path, path.stem


def _fixed_size(session: ort.InferenceSession) -> tuple[int, int] | None:
    """Width and height of an input whose size the file fixes."""
    height, width = session.get_inputs()[0].shape[2:]
    return (width, height) if isinstance(width, int) and isinstance(height, int) else None


def _head(session: ort.InferenceSession, path: Path, input_px: int) -> Head:
    """Run on an empty picture and recognise the head by what comes: exported shapes are often mere names."""
    inputs = session.get_inputs()
    if len(inputs) != 1 or len(inputs[0].shape) != 4 or inputs[0].type != "tensor(float)":
        found = ", ".join(f"{source.type} {source.shape}" for source in inputs)
        raise HeadError(
            f"{path}: the input is {found}; wanted is one tensor(float) [batch, 3, height, width]"
        )
    batch, channels = inputs[0].shape[:2]
    if isinstance(channels, int) and channels != 3:
        raise HeadError(f"{path}: the network wants {channels} channels; pictures have 3")
    width, height = _fixed_size(session) or (input_px, input_px)
    blank = np.zeros((batch if isinstance(batch, int) else 1, 3, height, width), dtype=np.float32)
    try:
        answers = session.run(None, {inputs[0].name: blank})
    except RUN_FAULTS as error:
        reason = str(error).strip().splitlines()[0][:300]
        raise HeadError(f"{path}: cannot look at a picture of {width} x {height} px: {reason}") from error
    try:
        return recognise(
            (width, height),
            [np.asarray(answer).shape for answer in answers],
            session.get_modelmeta().custom_metadata_map,
        )
    except HeadError as error:
        raise HeadError(f"{path}: {error}") from error
