"""YOLOX-Nano behind the interface of a network that Ultralytics exported: ``yolo track`` runs it as its own.

So Ultralytics has trained weights where none of its own are at hand. Nothing of YOLOX is changed: a node or
two before it make its input of Ultralytics' (RGB, 0..1), a few behind it do the grid and stride decode that
``models.heads`` does for the edge, and the file's metadata say what Ultralytics' exporter would.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from models.cache import cache_dir, sha256_of
from models.canvas import STRIDE_PX, CanvasPlan
from models.class_map import COCO_NAMES
from models.fetch import ensure
from models.graph import freed_yolox
from models.heads import yolox_grid

WEIGHTS = "yolox-nano"
"""Entry of the manifest."""
_CLASSES = len(COCO_NAMES)


def canvas_of(picture_size_px: tuple[int, int], input_px: int) -> tuple[int, int]:
    """Width and height that Ultralytics gives its own networks for a picture: the least that holds it."""
    return CanvasPlan(input_px, None, "centre").fit(picture_size_px).canvas


def write_yolox_as_ultralytics(target: Path, canvas: tuple[int, int]) -> Path:
    """Write YOLOX-Nano, fetched if it is not here, as a file that Ultralytics takes for one of its own.

    Its input is float32 [1, 3, height, width], RGB, 0..1; its output float32 [1, 84, anchors]: centre and
    size of a box in pixels of the canvas, then for each of COCO's classes objectness x class.

    Args:
        target: the ``.onnx`` file.
        canvas: width and height of its input, multiples of 32.

    Returns:
        ``target``.

    Raises:
        ModelError: when YOLOX-Nano cannot be had.
        ValueError: when it is not the graph that it should be.
    """
    source = ensure(WEIGHTS)
    model = onnx.load_from_string(freed_yolox(source, sha256_of(source), cache_dir()))
    graph = model.graph
    stock_input, stock_output = graph.input[0].name, graph.output[0].name
    for node in graph.node:
        node.input[:] = ["bgr_255" if name == stock_input else name for name in node.input]
    before = [
        helper.make_node("Gather", ["images", "bgr_of_rgb"], ["bgr_1"], axis=1),
        helper.make_node("Mul", ["bgr_1", "white"], ["bgr_255"]),
    ]
    after = [
        helper.make_node(
            "Split",
            [stock_output],
            ["offset", "log_size", "objectness", "class"],
            axis=2,
            split=[2, 2, 1, _CLASSES],
        ),
        helper.make_node("Add", ["offset", "grid"], ["cell"]),
        helper.make_node("Mul", ["cell", "stride"], ["centre"]),
        helper.make_node("Exp", ["log_size"], ["cells"]),
        helper.make_node("Mul", ["cells", "stride"], ["size"]),
        helper.make_node("Mul", ["class", "objectness"], ["score"]),
        helper.make_node("Concat", ["centre", "size", "score"], ["rows"], axis=2),
        helper.make_node("Transpose", ["rows"], ["output0"], perm=[0, 2, 1]),
    ]
    inner = list(graph.node)
    del graph.node[:], graph.input[:], graph.output[:]
    graph.node.extend([*before, *inner, *after])
    grid, stride = yolox_grid(canvas)
    graph.initializer.extend(
        numpy_helper.from_array(value, name) for name, value in _constants(grid, stride).items()
    )
    shape = [1, 3, canvas[1], canvas[0]]
    graph.input.append(helper.make_tensor_value_info("images", TensorProto.FLOAT, shape))
    shape = [1, 4 + _CLASSES, len(grid)]
    graph.output.append(helper.make_tensor_value_info("output0", TensorProto.FLOAT, shape))
    del model.metadata_props[:]
    helper.set_model_props(model, _metadata(canvas))
    onnx.checker.check_model(model)
    onnx.save(model, target)
    return target


def _constants(grid: NDArray[np.float32], stride: NDArray[np.float32]) -> dict[str, NDArray[np.generic]]:
    return {
        "bgr_of_rgb": np.array([2, 1, 0], np.int64),
        "white": np.array(255, np.float32),
        "grid": grid[None],
        "stride": stride[None, :, None],
    }


def _metadata(canvas: tuple[int, int]) -> dict[str, str]:
    """What Ultralytics' exporter writes, of this network."""
    told = {
        "description": "YOLOX-Nano trained on COCO, with the interface of an Ultralytics detector",
        "author": "Megvii",
        "license": "Apache-2.0",
        "stride": STRIDE_PX,
        "task": "detect",
        "batch": 1,
        "imgsz": [canvas[1], canvas[0]],
        "names": dict(enumerate(COCO_NAMES)),
        "args": {"batch": 1, "dynamic": False, "nms": False},
        "channels": 3,
        "end2end": False,
    }
    return {key: str(value) for key, value in told.items()}
