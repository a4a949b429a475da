"""A fault of central is in its log with the route that met it, never with somebody's key."""

import pytest
from sqlalchemy.exc import DataError, OperationalError
from structlog.testing import capture_logs

KEY = "the-key-of-somebodys-report-0123456789"
FAULTS = {
    "request_failed": ZeroDivisionError("a fault"),
    "database_unavailable": OperationalError("SELECT", None, Exception("away")),
    "unstorable_request": DataError("SELECT", None, Exception("too large")),
}


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("event", FAULTS)
def test_a_line_about_a_request_that_failed_names_its_route_and_no_key(town, event):
    @town.client.app.get("/kept/{key}")
    def fail(key: str) -> None:
        raise FAULTS[event]

    with capture_logs() as lines:
        assert town.client.get(f"/kept/{KEY}").status_code >= 400
    (line,) = [each for each in lines if each["event"] == event]
    assert line["route"] == "/kept/{key}"
    assert KEY not in str(lines)
