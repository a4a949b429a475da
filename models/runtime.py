"""The detector: pictures in, boxes of kerbwatch's classes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from models.canvas import Fit, Picture
from models.class_map import DROPPED, translation
from models.detections import Detections
from models.network import Network, open_network
from models.suppression import GROUP_OF_CLASS, suppress

_MAX_CANDIDATES = 1000
"""Boxes of one picture that go into suppression at most, the surest first."""


class Detector:
    """One network in one ONNX Runtime session. Safe to be called from several threads."""

    def __init__(
        self,
        network: Network,
        *,
        table: NDArray[np.int64],
        groups: NDArray[np.int64],
        min_score: float,
        batch_size: int,
    ) -> None:
        """Of an opened network: ``table`` translates its class numbers, ``groups`` those into suppression."""
        self._network = network
        self._head = network.head
        self._plan = network.plan
        self._table = table
        self._groups = groups
        self._min_score = min_score
        self._batch_size = network.fixed_batch or batch_size

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
        """Open a network; it is run once on an empty picture, so that what cannot be read fails here.

        Args:
            model: name in the manifest, or path of an ``.onnx`` file.
            min_score: detections below it are not reported; above 0, at most 1.
            class_map: the network's class name -> kerbwatch class; empty takes the default map.
            input_px: longer side of the canvas, a multiple of 32; a network of a fixed size keeps its own.
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
        network = open_network(model, input_px=input_px, providers=providers, threads=threads)
        return cls(
            network,
            table=translation(network.head.names, class_map or {}),
            groups=GROUP_OF_CLASS,
            min_score=min_score,
            batch_size=batch_size,
        )

    @classmethod
    def of_own_classes(cls, network: Network, *, min_score: float) -> Detector:
        """A detector that reports the network's own class numbers: to measure it, not to watch a street."""
        own = np.arange(len(network.head.names))
        return cls(network, table=own, groups=own, min_score=min_score, batch_size=1)

    def at_input(self, input_px: int) -> Detector:
        """The same network with another longer side of its canvas; one of a fixed size keeps its own."""
        plan = replace(self._network.plan, longer_px=input_px)
        return Detector(
            replace(self._network, plan=plan),
            table=self._table,
            groups=self._groups,
            min_score=self._min_score,
            batch_size=self._batch_size,
        )

    @property
    def fingerprint(self) -> str:
        """Name and first eight digits of the weights' SHA-256: ``yolox-nano@615e2661``."""
        return self._network.fingerprint

    @property
    def class_names(self) -> tuple[str, ...]:
        """The network's own class names."""
        return self._head.names

    @property
    def min_score(self) -> float:
        """Score below which nothing is reported unless asked for."""
        return self._min_score

    def input_size(self, picture_size_px: tuple[int, int]) -> tuple[int, int]:
        """The size (width, height) at which a picture of this size is asked for its pixels."""
        return self._plan.fit(picture_size_px).scaled

    def detect(self, pictures: Sequence[Picture], min_scores: Sequence[float] = ()) -> list[Detections]:
        """Look at pictures; those of one canvas share an inference of at most ``batch_size``.

        Args:
            pictures: what to look at.
            min_scores: for each picture the score below which nothing is reported; the network's own for all
                when empty.

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
        for members in groups.values():
            for start in range(0, len(members), self._batch_size):
                batch = members[start : start + self._batch_size]
                blob = self._network.compose([pictures[index] for index in batch])
                for output, index in zip(self._network.run(blob), batch, strict=False):
                    least = min_scores[index] if min_scores else self._min_score
                    results[index] = self._read(output, fits[index], least)
        return results

    def _read(self, output: NDArray[np.float32], fit: Fit, min_score: float) -> Detections:
        found = self._head.decode(output, fit.canvas, min_score)
        class_id = self._table[found.class_index]
        wanted = np.flatnonzero(class_id != DROPPED)
        if len(wanted) > _MAX_CANDIDATES:
            wanted = wanted[np.argsort(-found.score[wanted])[:_MAX_CANDIDATES]]
        xyxy, score, class_id = found.xyxy[wanted], found.score[wanted], class_id[wanted]
        kept = suppress(xyxy, score, self._groups[class_id], self._head.max_iou)
        xyxy, score, class_id = fit.to_picture(xyxy[kept]), score[kept], class_id[kept]
        # A box wholly beside the picture was seen in the padding.
        inside = (xyxy[:, 2:] > 0).all(axis=1) & (xyxy[:, :2] < fit.picture).all(axis=1)
        return Detections(xyxy[inside], score[inside], class_id[inside])
