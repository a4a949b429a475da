"""Real pictures: the demo's clip, from the models' cache."""

from collections.abc import Callable
from pathlib import Path

import av
import cv2

from models.manifest import load_manifest
from models.pictures import HeldPicture


def pulled(name: str, require: Callable[[object, str], None]) -> Path:
    """The file of a manifest entry; without it the test skips (or, with CI=true, fails)."""
    entry = load_manifest().entry(name)
    require(entry.state() == "ok", f"'{name}' is not in the cache: run 'kerbwatch models pull'")
    return entry.path


def street_pictures(clip: Path, count: int, *, every: int = 25) -> list[HeldPicture]:
    """``count`` pictures of a clip, ``every`` that many frames."""
    with av.open(str(clip)) as container:
        pictures = []
        for index, frame in enumerate(container.decode(video=0)):
            if len(pictures) == count:
                break
            if index % every == 0:
                pictures.append(HeldPicture(frame.to_ndarray(format="bgr24")))
    return pictures


def write_pictures(folder: Path, pictures: list[HeldPicture]) -> Path:
    """The pictures as PNG files."""
    folder.mkdir(parents=True, exist_ok=True)
    for index, picture in enumerate(pictures):
        cv2.imwrite(str(folder / f"{index:03}.png"), picture.bgr())
    return folder
