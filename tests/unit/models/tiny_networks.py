"""Real ONNX files of a few bytes, whose answer a test decides."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def network_that_answers(
    path: Path,
    answer: np.ndarray,
    *,
    size: tuple[int, int] | None = None,
    batch: int | None = None,
    metadata: dict[str, str] | None = None,
    outputs: int = 1,
    channels: int = 3,
) -> Path:
    """A network that says ``answer`` [rows, columns] of every picture; width and height fixed by ``size``."""
    width, height = size or ("width", "height")
    picture = helper.make_tensor_value_info(
        "images", TensorProto.FLOAT, [batch or "batch", channels, height, width]
    )
    nodes = [
        helper.make_node("ReduceMean", ["images"], ["mean"], axes=[2, 3], keepdims=0),  # [batch, channels]
        helper.make_node("ReduceMean", ["mean"], ["one"], axes=[1], keepdims=1),  # [batch, 1]
        helper.make_node("Mul", ["one", "zero"], ["nought"]),
        helper.make_node("Unsqueeze", ["nought", "last"], ["flat"]),  # [batch, 1, 1]
    ]
    infos = []
    for index in range(outputs):
        nodes.append(helper.make_node("Add", ["flat", "answer"], [f"output{index}"]))
        infos.append(helper.make_tensor_value_info(f"output{index}", TensorProto.FLOAT, ["b", "r", "c"]))
    constants = {
        "zero": np.zeros(1, dtype=np.float32),
        "last": np.array([2], dtype=np.int64),
        "answer": answer[None].astype(np.float32),
    }
    graph = helper.make_graph(
        nodes,
        "tiny",
        [picture],
        infos,
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    for key, value in (metadata or {}).items():
        model.metadata_props.add(key=key, value=value)
    onnx.save(model, path)
    return path


def ultralytics_metadata(*names: str, **more: str) -> dict[str, str]:
    """What Ultralytics writes into a file of these classes."""
    return {"names": str(dict(enumerate(names))), "task": "detect", "stride": "32", **more}


def yolox_answer(canvas: tuple[int, int], boxes: list, classes: int = 80) -> np.ndarray:
    """A raw YOLOX output that says ``boxes``: (x1, y1, x2, y2, objectness, class number, class score)."""
    rows = []
    for stride in (8, 16, 32):
        rows += [(x, y, stride) for y in range(canvas[1] // stride) for x in range(canvas[0] // stride)]
    output = np.zeros((len(rows), 5 + classes), dtype=np.float32)
    taken = set()
    for x1, y1, x2, y2, objectness, class_index, class_score in boxes:
        centre = np.array([(x1 + x2) / 2, (y1 + y2) / 2])
        size = np.array([x2 - x1, y2 - y1])
        distance = [
            (abs(centre - (np.array(row[:2]) + 0.5) * row[2]).sum() if i not in taken else np.inf)
            for i, row in enumerate(rows)
        ]
        cell = int(np.argmin(distance))
        taken.add(cell)
        x, y, stride = rows[cell]
        output[cell, :2] = centre / stride - (x, y)
        output[cell, 2:4] = np.log(size / stride)
        output[cell, 4] = objectness
        output[cell, 5 + class_index] = class_score
    return output


def raw_answer(anchors: int, boxes: list, classes: int) -> np.ndarray:
    """A raw Ultralytics output that says ``boxes``: (x1, y1, x2, y2, class number, score)."""
    output = np.zeros((4 + classes, anchors), dtype=np.float32)
    for column, (x1, y1, x2, y2, class_index, score) in enumerate(boxes):
        output[:4, column] = (x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1
        output[4 + class_index, column] = score
    return output


def end_to_end_answer(boxes: list, places: int = 300) -> np.ndarray:
    """An end-to-end Ultralytics output that says ``boxes``: (x1, y1, x2, y2, score, class number)."""
    output = np.zeros((places, 6), dtype=np.float32)
    output[: len(boxes)] = np.array(boxes, dtype=np.float32).reshape(-1, 6)
    return output
