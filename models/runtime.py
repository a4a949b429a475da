"""The detector: pictures in, boxes of kerbwatch's classes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import numpy as np
import onnxruntime as ort
import structlog
from numpy.typing import NDArray

from models.cache import cache_dir, sha256_of
from models.canvas import CanvasPlan, Fit, Picture
from models.class_map import DROPPED, translation
from models.detections import Detections
from models.errors import HeadError, MissingModelError, ModelError
from models.graph import freed_yolox
from models.heads import Head, YoloxHead, recognise
from models.manifest import locate
from models.session import open_session
from models.suppression import suppress

log = structlog.get_logger(__name__)

_MAX_CANDIDATES = 1000
"""Boxes of one picture that go into suppression at most, the surest first."""


class Detector:
    """One network in one ONNX Runtime session. Safe to be called from several threads."""

    def __init__(
        self,
        session: ort.InferenceSession,
        head: Head,
        *,
        fingerprint: str,
        class_map: Mapping[str, str],
        input_px: int,
        min_score: float,
        batch_size: int,
    ) -> None:
        self._session = session
        self._head = head
        self._fingerprint = fingerprint
        self._table = translation(head.names, class_map)
        self._min_score = min_score
        source = session.get_inputs()[0]
        self._input_name = source.name
        batch, _channels, height, width = source.shape
        fixed = (width, height) if isinstance(width, int) and isinstance(height, int) else None
        self._plan = CanvasPlan(input_px, fixed, head.placement)
        self._fixed_batch = batch if isinstance(batch, int) else None
        self._batch_size = self._fixed_batch or batch_size
        if fixed and input_px != max(fixed):
            log.warning("detector_input_fixed", model=fingerprint, asked_px=input_px, canvas=fixed)

    @classmethod
    def load(
        cls,
        model: str,
        *,
        min_score: float,
        class_map: Mapping[str, str] | None = None,
        input_px: int = 416,
        providers: Sequence[str] = ("cpu",),
        threads: int = 1,
        batch_size: int = 8,
    ) -> Detector:
        """Open a network and prove on an empty picture that its answer can be read.

        Args:
            model: name in the manifest, or path of an ``.onnx`` file.
            min_score: detections below it are not reported; above 0, at most 1.
            class_map: the network's class name -> kerbwatch class; empty takes the default map.
            input_px: longer side of the canvas, a multiple of 32; a network of fixed input size keeps its own.
            providers: execution providers in order of preference: cpu, cuda, tensorrt, openvino, coreml.
            threads: of one inference.
            batch_size: pictures of one inference at most.

        Raises:
            ModelError: missing weights, an unknown output, a class map that does not fit, or a provider that
                cannot be had; the message says what to do.
            ValueError: when a number is out of its range.
        """
        if not 0 < min_score <= 1:
            raise ValueError(f"'min_score' is above 0 and at most 1, not {min_score}")
        if input_px < 32 or input_px % 32:
            raise ValueError(f"'input_px' is a multiple of 32, not {input_px}")
        path, name = _weights(model)
        digest = sha256_of(path)
        session, head = _open(path, digest, providers=providers, threads=threads)
        detector = cls(
            session,
            head,
            fingerprint=f"{name}@{digest[:8]}",
            class_map=class_map or {},
            input_px=input_px,
            min_score=min_score,
            batch_size=batch_size,
        )
        detector._prove(path)
        return detector

    @property
    def fingerprint(self) -> str:
        """Name and first eight digits of the weights' SHA-256: ``yolox-nano@615e2661``."""
        return self._fingerprint

    @property
    def class_names(self) -> tuple[str, ...]:
        """The network's own class names."""
        return self._head.names

    def input_size(self, picture_size_px: tuple[int, int]) -> tuple[int, int]:
        """The size (width, height) at which a picture of this size is asked for its pixels."""
        return self._plan.fit(picture_size_px).scaled

    def detect(self, pictures: Sequence[Picture]) -> list[Detections]:
        """Look at pictures; those of one canvas share an inference of at most ``batch_size``.

        Returns:
            For each picture, in order, its boxes in its own pixels, surest first, **not** clipped to it.

        Raises:
            ValueError: when a picture does not deliver the size that it was asked for.
        """
        fits = [self._plan.fit(picture.size_px) for picture in pictures]
        results = [Detections.empty()] * len(pictures)
        groups: dict[tuple[int, int], list[int]] = {}
        for index, fit in enumerate(fits):
            groups.setdefault(fit.canvas, []).append(index)
        for canvas, members in groups.items():
            for start in range(0, len(members), self._batch_size):
                batch = members[start : start + self._batch_size]
                blob = self._head.pixels.blank(self._fixed_batch or len(batch), canvas)
                for plane, index in zip(blob, batch, strict=False):
                    self._head.pixels.place(pictures[index].bgr(fits[index].scaled), fits[index], plane)
                for output, index in zip(self._run(blob), batch, strict=False):
                    results[index] = self._read(output, fits[index])
        return results

    def _run(self, blob: NDArray[np.float32]) -> NDArray[np.float32]:
        return cast("NDArray[np.float32]", self._session.run(None, {self._input_name: blob})[0])

    def _read(self, output: NDArray[np.float32], fit: Fit) -> Detections:
        found = self._head.decode(output, fit.canvas, self._min_score)
        class_id = self._table[found.class_index]
        wanted = np.flatnonzero(class_id != DROPPED)
        if len(wanted) > _MAX_CANDIDATES:
            wanted = wanted[np.argsort(-found.score[wanted])[:_MAX_CANDIDATES]]
        xyxy, score, class_id = found.xyxy[wanted], found.score[wanted], class_id[wanted]
        kept = suppress(xyxy, score, class_id, self._head.max_iou)
        return Detections(fit.to_picture(xyxy[kept]), score[kept], class_id[kept])

    def _prove(self, path: Path) -> None:
        """Run once on an empty picture, so that a network that cannot be read fails here, not at night."""
        fit = self._plan.fit(self._plan.fixed or (self._plan.longer_px, self._plan.longer_px))
        output = self._run(self._head.pixels.blank(self._fixed_batch or 1, fit.canvas))
        try:
            self._read(output[0], fit)
        except (IndexError, ValueError) as error:
            raise HeadError(
                f"{path}: the output {list(output.shape)} for {fit.canvas[0]} x {fit.canvas[1]} px "
                f"does not fit its description ({error})"
            ) from error


def _weights(model: str) -> tuple[Path, str]:
    """The file of a model and the name it goes by."""
    if not model.endswith(".onnx"):
        return locate(model), model
    path = Path(model).expanduser()
    if not path.is_file():
        raise MissingModelError(f"the network's file {path} is not there")
    return path, path.stem


def _open(
    path: Path, digest: str, *, providers: Sequence[str], threads: int
) -> tuple[ort.InferenceSession, Head]:
    """A session and its head; a YOLOX graph whose size was frozen at export is freed first."""
    session = open_session(path, providers=providers, threads=threads, described=str(path))
    try:
        head = recognise(
            [source.shape for source in session.get_inputs()],
            [output.shape for output in session.get_outputs()],
            session.get_modelmeta().custom_metadata_map,
        )
    except ModelError as error:
        raise HeadError(f"{path}: {error}") from error
    if not isinstance(head, YoloxHead) or not isinstance(session.get_inputs()[0].shape[2], int):
        return session, head
    try:
        freed = freed_yolox(path, digest, cache_dir())
    except ValueError as error:
        log.warning("detector_input_fixed", model=str(path), reason=str(error))
        return session, head
    return open_session(freed, providers=providers, threads=threads, described=str(path)), head
