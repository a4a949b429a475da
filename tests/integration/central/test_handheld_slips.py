"""A late ticket is told to the unit above on its handheld; its answer is read by the unit that is late."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from central.escalation.models import SupervisionSlip
from central.escalation.sweeper import Sweeper
from central.metrics import Metrics
from central.pages import handheld_slips
from tests.integration.central.handheld import Officer, box, sent, uwe

__all__ = ["box", "sent", "uwe"]

pytestmark = pytest.mark.parametrize("url", ["sqlite"], indirect=True)
"""What slips are on both databases is in test_tickets_http.py."""


@pytest.fixture
def head(town, uwe):
    """The head of the unit above Uwe's, some hours after his ticket was due."""
    town.clock.advance(7 * 3600)
    Sweeper(town.settings, town.clock, town.database, Metrics()).once()
    return Officer(town, "hanna", "traffic-police")


def test_the_unit_above_reads_that_a_ticket_is_late_and_answers_once(head, uwe):
    assert "A supervision slip waits" in head.get("/h").text
    assert "A supervision slip waits" not in uwe.get("/h").text
    shown = head.get("/h/slips").text
    assert "was to deal with this by" in shown
    assert "Answer within" in shown
    empty = head.post("/h/slips/1", version=1, answer="  ")
    assert (empty.status_code, "write what your unit does" in empty.text) == (422, True)
    long = head.post("/h/slips/1", version=1, answer="x" * 2500)
    assert (long.status_code, "x" * 2500 in long.text) == (422, True), "what was typed is still there"
    assert (
        "Answered. It stands" in head.post("/h/slips/1", version=1, answer="A second car is on its way").text
    )
    assert "done already" in head.post("/h/slips/1", version=1, answer="Twice said").text
    assert "A supervision slip waits" not in head.get("/h").text
    assert "A second car is on its way" in uwe.get(uwe.path).text
    assert "Twice said" not in uwe.get(uwe.path).text


def test_a_slip_is_answered_by_the_unit_that_was_told_alone(head, uwe):
    assert uwe.post("/h/slips/1", version=1, answer="it is nothing").status_code == 404
    assert head.post("/h/slips/99", version=1, answer="which?").status_code == 404
    assert "No supervision slip" in uwe.get("/h/slips").text


def test_the_slip_that_is_due_first_is_there_however_many_came_later(head, monkeypatch):
    monkeypatch.setattr(handheld_slips, "_MOST_WAITING", 2)
    with head.town.database.write() as session:
        first = session.get(SupervisionSlip, 1)
        for hours in (1, 2):
            session.add(
                SupervisionSlip(
                    case_id=first.case_id,
                    ticket_id=first.ticket_id,
                    level=1,
                    unit_id=first.unit_id,
                    unit_name=first.unit_name,
                    sentence=first.sentence,
                    issued_at=first.issued_at,
                    respond_by=first.respond_by + timedelta(hours=hours),
                )
            )
    shown = head.get("/h/slips").text
    assert re.findall(r'id="slip-(\d)"', shown) == ["1", "2"]
    assert "1 more waits" in shown
    shown = head.post("/h/slips/1", version=1, answer="A second car is on its way").text
    assert re.findall(r'id="slip-(\d)"', shown) == ["2", "3"]
    assert "A second car is on its way" in shown
    assert "more wait" not in shown
