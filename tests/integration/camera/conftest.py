"""A real RTSP server that plays drawn clips."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kerbwatch.demo.rtsp import RtspServer
from tests.clips import street, write_clip_file


@pytest.fixture(scope="session")
def media_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two clips of a street: ``street.mp4`` of four seconds and a small ``sub.mp4``."""
    folder = tmp_path_factory.mktemp("media")
    write_clip_file(folder / "street.mp4", seconds=4, gop=25)
    write_clip_file(folder / "rare.mp4", seconds=8, gop=200)
    write_clip_file(folder / "sub.mp4", street(160, 96), seconds=4, gop=25)
    return folder


@pytest.fixture(scope="session")
def server(media_dir: Path) -> Iterator[RtspServer]:
    """One server for all tests that leave it alone."""
    with RtspServer(media_dir) as running:
        yield running


@pytest.fixture
def mortal_server(media_dir: Path) -> Iterator[RtspServer]:
    """A server of its own, for a test that stops or kills it."""
    with RtspServer(media_dir) as running:
        yield running
