"""From 32-bit to 8-bit weights and activations, by calibration on given pictures, with the loss measured."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import version_converter
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

from models.cache import cache_dir, sha256_of
from models.canvas import Picture
from models.errors import ModelError
from models.graph import freed_yolox
from models.heads import YoloxHead
from models.loss import LossReport, measure_loss
from models.network import Network, open_network
from models.pictures import PictureFile, pictures_in

MIN_PICTURES = 16
"""Fewer say nothing about the range of activations, nor about the loss."""
_HELD_OUT_EVERY = 4
"""One picture in four is kept from calibration, to measure the loss on."""
_OPSET = 17
"""ONNX operator set from which scales by channel exist (13), and which every ONNX Runtime here runs."""
_STEM_CONVOLUTIONS = 3
"""The first ones see raw pixels, and lose most when they are rounded."""


def quantise(source: Path, output: Path, folder: Path, *, input_px: int) -> LossReport:
    """Write an INT8 version (QDQ) of a detector and measure what it costs.

    Convolutions, joins and pools become 8-bit. The first convolutions, depthwise ones (whose channels differ
    too much in range for one activation scale) and everything from the last convolutions to the output stay
    as they are: measured on YOLOX-Nano, rounding these loses half of what is found, leaving them little.

    Args:
        source: an ``.onnx`` detector that :func:`models.network.open_network` can read.
        output: the file to write; it appears only when everything went well.
        folder: pictures; three in four calibrate, the others measure.
        input_px: longer side of the network's input.

    Raises:
        ModelError: too few pictures, a network that cannot be read, or pictures in which it finds nothing.
    """
    pictures = pictures_in(folder, at_least=MIN_PICTURES)
    held_out = pictures[_HELD_OUT_EVERY - 1 :: _HELD_OUT_EVERY]
    calibration = [picture for picture in pictures if picture not in held_out]
    network = open_network(str(source), input_px=input_px, providers=("cpu",), threads=1)
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".quantise-", dir=output.parent) as work:
        plain, small = Path(work) / "fp32.onnx", Path(work) / "int8.onnx"
        onnx.save(_prepared(source, network), plain)
        _quantise_graph(plain, small, network, calibration)
        report = measure_loss(source, small, held_out, calibrated_on=len(calibration), input_px=input_px)
        small.replace(output)
    return report


def _prepared(source: Path, network: Network) -> onnx.ModelProto:
    """The graph with free sizes where it can have them, in an operator set that knows scales by channel."""
    if isinstance(network.head, YoloxHead) and network.plan.fixed is None:
        model = onnx.load_from_string(freed_yolox(source, sha256_of(source), cache_dir()))
    else:
        model = onnx.load(source)
    if next((entry.version for entry in model.opset_import if entry.domain == ""), 0) < _OPSET:
        kept = list(model.metadata_props)
        model = version_converter.convert_version(model, _OPSET)
        del model.metadata_props[:]
        model.metadata_props.extend(kept)
        del model.graph.value_info[:]
    for index, node in enumerate(model.graph.node):
        node.name = node.name or f"node_{index}"  # the quantiser tells nodes apart by name
    return model


def _quantise_graph(plain: Path, small: Path, network: Network, pictures: Sequence[PictureFile]) -> None:
    model = onnx.load(plain)
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)  # the quantiser advises on the root logger
    try:
        quantize_static(
            plain,
            small,
            _Calibration(network, pictures),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv", "Concat", "MaxPool"],
            nodes_to_exclude=sorted(_kept_as_they_are(model)),
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )
    finally:
        root.setLevel(level)
    quantised = onnx.load(small)
    del quantised.metadata_props[:]
    quantised.metadata_props.extend(model.metadata_props)  # by which its head is recognised
    onnx.save(quantised, small)


def _kept_as_they_are(model: onnx.ModelProto) -> set[str]:
    """Names of the nodes that stay in floating point; see :func:`quantise`."""
    nodes = list(model.graph.node)
    convolutions = [index for index, node in enumerate(nodes) if node.op_type == "Conv"]
    if len(convolutions) <= _STEM_CONVOLUTIONS:
        raise ModelError(f"the network has only {len(convolutions)} convolution(s): nothing to make smaller")
    stem = {node.name for node in nodes[: convolutions[_STEM_CONVOLUTIONS]]}
    depthwise = {nodes[index].name for index in convolutions if _groups(nodes[index]) > 1}
    return stem | depthwise | _tail(model)


def _groups(node: Any) -> int:  # noqa: ANN401 - onnx.NodeProto, untyped
    return next((int(attribute.i) for attribute in node.attribute if attribute.name == "group"), 1)


def _tail(model: onnx.ModelProto) -> set[str]:
    """Nodes between the output and the last convolutions before it, these included."""
    maker = {name: node for node in model.graph.node for name in node.output}
    waiting = [output.name for output in model.graph.output]
    tail: set[str] = set()
    while waiting:
        node = maker.get(waiting.pop())
        if node is None or node.name in tail:
            continue
        tail.add(node.name)
        if node.op_type != "Conv":
            waiting.extend(node.input)
    return tail


class _Calibration(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime is untyped
    """Feeds the quantiser one picture after the other, as the detector would show it."""

    def __init__(self, network: Network, pictures: Sequence[Picture]) -> None:
        self._name = network.session.get_inputs()[0].name
        self._blobs: Iterator[NDArray[np.float32]] = (network.compose([one]) for one in pictures)

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        """The next input, or None at the end."""
        blob = next(self._blobs, None)
        return None if blob is None else {self._name: blob}
