"""Malformed photos and clips stop nothing, are counted, and lose nothing.

KERBWATCH_FUZZ says how many; the decoders meet hundreds more in tests/unit/central/uploads.
"""

import os
import random

import pytest
from sqlalchemy import func, select

from central.cases.models import Lead
from central.limits.settings import LimitSettings
from central.reports.models import Report, ReportState
from central.uploads.beside import sweep, workers_of
from central.uploads.models import Upload, UploadState
from tests.integration.central.pictures import mp4_head, photo

FILES = int(os.environ.get("KERBWATCH_FUZZ", "60"))
READ = max(6, FILES // 60)
"""So many of those that look like photos or clips are reported, and read by a process each."""
TUS = {"Tus-Resumable": "1.0.0"}
HERE = {"lon": 121.15, "lat": 30.05, "method": "gps"}


@pytest.fixture
def url(sqlite_url):
    return sqlite_url


@pytest.fixture
def settings(settings):
    generous = {"open_uploads": 1000, "uploads_per_hour": 100_000, "analyse_clips": False, "blur": False}
    unlimited = LimitSettings.model_validate({"uploads": {}, "reports": {}, "requests": {}})
    return settings.model_copy(
        update={"reports": settings.reports.model_copy(update=generous), "limits": unlimited}
    )


def malformed(draw):
    """A photo or clip of which the first bytes, some others, or the end are wrong."""
    data = bytearray(
        draw.choice((photo(size=(96, 80)), photo(kind="PNG", size=(96, 80)), mp4_head(), photo(kind="WEBP")))
    )
    first = 24 if draw.random() < 0.6 else len(data)
    for _ in range(draw.randint(1, 10)):
        data[draw.randrange(first)] = draw.randrange(256)
    return bytes(data[: draw.randint(1, len(data))] if draw.random() < 0.4 else data)


def test_malformed_files_stop_nothing_are_counted_and_lose_nothing(town):
    draw, client, central = random.Random(11), town.client, town.client.app.state.central
    workers, whole, refused = workers_of(central), [], 0

    def send(content):
        begun = client.post("/api/v1/uploads", headers=TUS | {"Upload-Length": str(len(content))})
        where = begun.headers["location"]
        piece = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
        return where, client.patch(where, content=content, headers=TUS | piece).status_code

    def report(where):
        body = {"kind": "illegal_parking", "uploads": [where.rpartition("/")[2]], "place": HERE}
        return client.post("/api/v1/reports", json=body)

    for _ in range(FILES):
        where, status = send(malformed(draw))
        assert status in {204, 415}
        if status == 415:
            refused += 1
        elif len(whole) < READ:
            whole.append(where)
            assert report(where).status_code == 201
        else:
            assert client.delete(where, headers=TUS).status_code == 204
    while workers.once():
        pass
    where, status = send(photo())
    assert (status, report(where).status_code) == (204, 201)
    assert workers.once()

    def counted(name, outcome=None):
        labels = {"outcome": outcome} if outcome else {}
        return central.metrics.registry.get_sample_value(f"kerbwatch_central_{name}_total", labels) or 0

    assert counted("uploads", "content-type") == refused
    assert counted("uploads", "whole") == FILES - refused + 1
    with town.database.read() as session:
        states = dict(session.execute(select(Report.state, func.count()).group_by(Report.state)).all())
        open_uploads = session.scalars(select(Upload.id).where(Upload.state != UploadState.OVER)).all()
        leads = session.scalar(select(func.count()).select_from(Lead))
    assert sum(states.values()) == READ + 1
    assert states[ReportState.LEAD] == leads >= 1
    assert set(states) <= {ReportState.LEAD, ReportState.REFUSED}
    assert not open_uploads
    sweep(central)
    assert not central.media.names_aside()
