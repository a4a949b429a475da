"""``yolo track`` on a clip, with its CPU time. For a Python that has Ultralytics; needs nothing of kerbwatch.

``PYTHON ultralytics_track.py SPEC``, SPEC being JSON: ``clip``, ``model`` (a file, or an architecture such as
``yolov8n.yaml``, whose weights are random then), ``input_px``, ``seconds`` of the clip, ``warm_up_pictures``,
``zone`` (corners in px), ``limit_s``, ``classes`` (COCO numbers of vehicles). Prints one line of JSON. All
else is left as Ultralytics sets it. Incidents come from a plain dwell counter: a track whose foot is in the
zone, and was there for the first time the limit ago or longer, is one incident.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any


def track(spec: dict[str, Any]) -> dict[str, Any]:
    """Track vehicles in the clip; ``cpu_s`` is that of the ``measured_s`` after the warm-up."""
    import cv2  # noqa: PLC0415 - of the other Python
    import numpy as np  # noqa: PLC0415
    import ultralytics  # noqa: PLC0415

    zone = np.array(spec["zone"], np.float32)
    model = ultralytics.YOLO(spec["model"], task="detect")
    reader = cv2.VideoCapture(spec["clip"])
    fps = reader.get(cv2.CAP_PROP_FPS)
    reader.release()
    pictures = int(spec["seconds"] * fps)
    since: dict[int, float] = {}
    incidents: dict[int, dict[str, Any]] = {}
    cpu_s = 0.0
    done = 0
    results = model.track(spec["clip"], stream=True, imgsz=spec["input_px"], device="cpu", verbose=False)
    for done, result in enumerate(results, 1):
        if done == spec["warm_up_pictures"]:
            cpu_s = time.process_time()
        t_s = (done - 1) / fps
        boxes = result.boxes
        if boxes is not None and boxes.id is not None:
            for box, name, kind in zip(
                boxes.xyxy.tolist(), boxes.id.tolist(), boxes.cls.tolist(), strict=True
            ):
                foot = ((box[0] + box[2]) / 2, box[3])
                inside = kind in spec["classes"] and cv2.pointPolygonTest(zone, foot, False) >= 0
                if inside and t_s - since.setdefault(name, t_s) >= spec["limit_s"]:
                    incidents.setdefault(name, {"t_s": t_s, "box": box})
        if done >= pictures:
            break
    return {
        "version": ultralytics.__version__,
        "watched_s": done / fps,
        "measured_s": (done - spec["warm_up_pictures"]) / fps,
        "cpu_s": time.process_time() - cpu_s,
        "incidents": list(incidents.values()),
    }


if __name__ == "__main__":
    print(json.dumps(track(json.loads(sys.argv[1]))))
