"""A camera's view over restarts of the box, on its real store and outbox."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge.cli import app
from kerbwatch.clock import ManualClock
from kerbwatch.messages import ViewState
from tests.unit.edge.kerb_box import Box


@pytest.fixture
def box(tmp_path: Path, clock: ManualClock) -> Iterator[Box]:
    running = Box(tmp_path, clock)
    yield running
    running.stop()


def test_a_box_that_starts_again_while_its_camera_looks_elsewhere_ends_no_incident(box: Box):
    box.looks_for(60)
    assert box.told == {"opened": 1}
    box.stop()
    box.start()
    box.looks_for(60, at="elsewhere")
    assert box.unit.view is ViewState.MOVED
    box.looks_for(60)
    assert box.unit.view is ViewState.STEADY
    assert "cleared" not in box.told
    assert "opened" not in box.told


def test_a_view_that_is_away_for_a_day_is_told_and_can_be_accepted(box: Box):
    box.looks_for(20)
    box.looks_for(20, at="elsewhere")
    assert box.unit.error is None
    box.clock.advance(timedelta(hours=25).total_seconds())
    assert "looked elsewhere since 2026-05-04" in str(box.unit.error)
    result = CliRunner().invoke(app, ["accept-view", str(box.config), "c1"])
    assert result.exit_code == 0, result.output
    box.looks_for(6, at="elsewhere")
    assert box.unit.view is ViewState.STEADY
    assert box.unit.error is None


def test_a_view_of_a_camera_that_the_box_does_not_have_cannot_be_accepted(box: Box):
    result = CliRunner().invoke(app, ["accept-view", str(box.config), "west"])
    assert result.exit_code == 1
    assert "no camera 'west'" in result.output
