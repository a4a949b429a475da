"""One id follows an incident; what is no trace context is ignored and harms nothing."""

import pytest

from kerbwatch.ids import new_id
from kerbwatch.tracing import Trace, new_trace, read_traceparent, trace_of

GOOD = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_the_trace_of_an_incident_is_its_id_however_often_it_is_told() -> None:
    incident = new_id()
    first, second = trace_of(incident, new_id()), trace_of(incident, new_id())
    assert first.trace_id == second.trace_id == incident.replace("-", "")
    assert first.span_id != second.span_id
    assert read_traceparent(first.header) == first


def test_a_step_stays_in_its_trace() -> None:
    begun = new_trace()
    step = begun.step()
    assert step.trace_id == begun.trace_id
    assert step.span_id != begun.span_id


def test_what_the_standard_shows_is_read() -> None:
    assert read_traceparent(GOOD) == Trace("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", "01")
    assert read_traceparent("01" + GOOD[2:] + "-more") is not None, "a later version may say more"


@pytest.mark.parametrize(
    "header",
    [
        None,
        5,
        "",
        "nonsense",
        GOOD.upper(),
        GOOD + "-more",
        "ff" + GOOD[2:],
        "00-" + "0" * 32 + GOOD[35:],
        GOOD[:36] + "0" * 16 + "-01",
        GOOD + "\n",
        "01" + GOOD[2:] + "-" + "x" * 5000,
    ],
)
def test_an_invalid_one_is_none(header: object) -> None:
    assert read_traceparent(header) is None
