"""The demo's town: its clip, its street cameras, its configuration, written into a folder of its own."""

from __future__ import annotations

import fcntl
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from kerbwatch.demo.media import to_h264
from kerbwatch.settings import load_yaml
from models.cache import cache_dir
from models.fetch import ensure

_MARK = ".kerbwatch-demo"
"""Tells a folder that the demo made, and may delete, from one that somebody else did."""


class DemoError(RuntimeError):
    """The demo cannot go on; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Town:
    """Where everything of one run lies."""

    folder: Path
    media_dir: Path
    edge_config: Path
    central_config: Path
    edge_token: Path
    operator: str
    operator_password: Path


def configs_dir() -> Path:
    """The examples: beside the code in a checkout, inside the package in an installation."""
    here = Path(__file__).resolve()
    for candidate in (here.parents[2] / "configs", here.parent / "configs"):
        if (candidate / "demo" / "edge.yaml").is_file():
            return candidate
    raise DemoError(
        f"the demo's configuration is missing (looked beside {here.parents[1]}); reinstall kerbwatch"
    )


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Hold a folder for one demo. Raises DemoError when another demo runs in it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(folder.name + ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise DemoError(
                f"another demo runs in {folder}; end it, or name another with --folder"
            ) from error
        yield


def fresh_folder(folder: Path) -> Path:
    """An empty folder for this run. Raises DemoError when it holds something that is not the demo's."""
    if folder.exists():
        if any(folder.iterdir()) and not (folder / _MARK).exists():
            raise DemoError(f"{folder} is not empty and not the demo's; name another with --folder")
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    (folder / _MARK).touch()
    return folder.resolve()


def prepare_clip() -> Path:
    """The street clip as a camera would send it (H.264, a key frame every two seconds), large and small.

    Returns:
        The folder with ``street.mp4`` and ``street-small.mp4``; they are encoded once and kept in the cache.

    Raises:
        FetchError: when the clip cannot be had from any source.
    """
    source = ensure("vtest")
    folder = cache_dir() / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    large, small = folder / "street.mp4", folder / "street-small.mp4"
    if not large.is_file():
        to_h264(source, large)
    if not small.is_file():
        to_h264(source, small, size=(384, 288))
    return folder


def settle(folder: Path, media_dir: Path, *, broker_port: int, central_port: int) -> Town:
    """Write the configuration of one run."""
    configs = configs_dir()
    token = folder / "edge.token"
    secret, password = folder / "central.secret", folder / "operator.password"
    _write_secret(secret, secrets.token_hex(32))
    _write_secret(password, secrets.token_urlsafe(9))
    mqtt = {"host": "127.0.0.1", "port": broker_port}
    url = f"http://127.0.0.1:{central_port}"
    edge = load_yaml(configs / "demo" / "edge.yaml")
    edge["data_dir"] = str(folder / "edge")
    edge["mqtt"] = mqtt
    edge["central"] = {"url": url, "token_file": str(token)}
    edge["metrics"] = {"port": 0}
    central = {
        "city": "Demo town",
        "public_url": url,
        "listen": {"port": central_port},
        "database": {"url": f"sqlite:///{folder / 'central.db'}"},
        "media": {"dir": str(folder / "central-media")},
        "mqtt": mqtt,
        "secret": {"file": str(secret)},
        "custody": {"key_file": str(folder / "central.custody-key.pem")},
        "duty_list": str(configs / "duty-list.yaml"),
        "areas": str(configs / "areas.geojson"),
        "points": str(configs / "points.yaml"),
    }
    return Town(
        folder=folder,
        media_dir=media_dir,
        edge_config=_write_yaml(folder / "edge.yaml", edge),
        central_config=_write_yaml(folder / "central.yaml", central),
        edge_token=token,
        operator="operator",
        operator_password=password,
    )


def _write_secret(path: Path, value: str) -> None:
    path.touch(mode=0o600)
    path.write_text(value + "\n", encoding="utf-8")


def _write_yaml(path: Path, tree: Any) -> Path:  # noqa: ANN401 - a document may be anything
    with path.open("w", encoding="utf-8") as file:
        YAML().dump(tree, file)
    return path
