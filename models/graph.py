"""Edits a graph whose input size was frozen at export, so that it takes any batch and any canvas."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog

log = structlog.get_logger(__name__)

_EDIT = "free1"
"""Names the edit below; a changed edit gets another name, so that files of the former one are not used."""
_GRIDS_EDIT = "grids1"


def freed_yolox(source: Path, source_sha256: str, cache: Path) -> bytes:
    """A YOLOX graph with symbolic batch, height and width, made from a stock one.

    The stock export freezes the input and three reshapes to ``[1, 5 + classes, -1]``; with ``0`` for the
    batch (ONNX: keep the input's) nothing else in it depends on the size. The result is kept in ``cache``
    under the source's digest and its own, and checked against the latter on every load.

    Args:
        source: the stock file.
        source_sha256: its digest.
        cache: folder for the result; where it cannot be written, the edit is made anew at each start.

    Returns:
        The serialised model.

    Raises:
        ValueError: when the graph has no such reshapes.
    """
    return _kept(cache / "derived", f"{source_sha256[:16]}-{_EDIT}", lambda: _free(source))


def freed_grids(source: Path, source_sha256: str, cache: Path) -> bytes:
    """A network of convolutions alone with symbolic batch, height and width, made from one with fixed ones.

    Its weights, which older exporters list among the inputs, are taken off that list, so that ONNX Runtime
    may fold them. Kept in ``cache`` as for :func:`freed_yolox`.

    Args:
        source: the stock file; one picture in, any number of grids [batch, channels, height, width] out.
        source_sha256: its digest.
        cache: folder for the result.
    """
    return _kept(cache / "derived", f"{source_sha256[:16]}-{_GRIDS_EDIT}", lambda: _free_grids(source))


def _kept(folder: Path, stem: str, make: Callable[[], bytes]) -> bytes:
    """What ``make`` makes, from the folder where it lies there whole."""
    for kept in sorted(folder.glob(f"{stem}-*.onnx")):
        data = kept.read_bytes()
        if kept.stem == f"{stem}-{hashlib.sha256(data).hexdigest()[:16]}":
            return data
        log.warning("derived_graph_damaged", file=str(kept))
        kept.unlink()
    data = make()
    try:
        _write_atomically(folder / f"{stem}-{hashlib.sha256(data).hexdigest()[:16]}.onnx", data)
    except OSError as error:
        log.warning("derived_graph_not_kept", folder=str(folder), reason=error.strerror)
    return data


def _free(source: Path) -> bytes:
    import onnx  # noqa: PLC0415 - some 20 MB that only the first start on a machine needs
    from onnx import numpy_helper  # noqa: PLC0415

    model = onnx.load(source)
    graph = model.graph
    shapes = {node.input[1] for node in graph.node if node.op_type == "Reshape"}
    edited = 0
    for initializer in graph.initializer:
        if initializer.name in shapes:
            shape = numpy_helper.to_array(initializer)
            if shape.size == 3 and shape[0] == 1 and shape[2] == -1:
                free = shape.copy()
                free[0] = 0
                initializer.CopyFrom(numpy_helper.from_array(free, initializer.name))
                edited += 1
    if edited == 0:
        raise ValueError(f"{source}: no reshape of a YOLOX head was found")
    _symbolic(graph.input[0], ["batch", None, "height", "width"])
    _symbolic(graph.output[0], ["batch", "anchors", None])
    del graph.value_info[:]  # shapes inferred for the frozen size
    onnx.checker.check_model(model)
    data: bytes = model.SerializeToString()
    return data


def _free_grids(source: Path) -> bytes:
    import onnx  # noqa: PLC0415 - as above

    model = onnx.load(source)
    graph = model.graph
    weights = {initializer.name for initializer in graph.initializer}
    pictures = [value for value in graph.input if value.name not in weights]
    del graph.input[:]
    graph.input.extend(pictures)
    for index, value in enumerate((*graph.input, *graph.output)):
        _symbolic(value, ["batch", None, f"height{index}", f"width{index}"])
    del graph.value_info[:]
    onnx.checker.check_model(model)
    data: bytes = model.SerializeToString()
    return data


def _symbolic(value: Any, names: list[str | None]) -> None:  # noqa: ANN401 - onnx.ValueInfoProto, untyped
    for dim, name in zip(value.type.tensor_type.shape.dim, names, strict=True):
        if name is not None:
            dim.dim_param = name


def _write_atomically(target: Path, data: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        Path(name).replace(target)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
