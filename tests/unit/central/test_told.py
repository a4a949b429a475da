"""The log says what is committed, and nothing that was undone."""

import pytest
import structlog
from structlog.testing import capture_logs

from central.database import Database
from central.told import attempt, tell

log = structlog.get_logger(__name__)


def test_what_is_undone_is_not_told(tmp_path) -> None:
    database = Database(f"sqlite:///{tmp_path}/x.db")
    with capture_logs() as lines:
        with database.write() as session:
            tell(session, log, "first")
            with pytest.raises(ZeroDivisionError), attempt(session):
                tell(session, log, "undone")
                _ = 1 / 0
            assert lines == [], "nothing before the commit"
        with pytest.raises(ZeroDivisionError), database.write() as session:
            tell(session, log, "rolled_back")
            _ = 1 / 0
    database.close()
    assert [line["event"] for line in lines] == ["first"]
