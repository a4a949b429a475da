"""Photos of a unit: from its own program as from the handheld, and what is not taken for proof."""

import re
from html import unescape

from sqlalchemy import func, select

from central.cases.models import LeadEvidence
from tests.integration.central.handheld import ON_SQLITE, blurred, box, sent, shot, uwe
from tests.integration.central.pictures import photo
from tests.unit.central.box import IN_YANGMING

__all__ = ["blurred", "box", "sent", "uwe"]

LON, LAT = IN_YANGMING


@ON_SQLITE
def test_a_units_own_program_sends_a_photo_as_the_handheld_does(town, uwe):
    path = f"/api/v1/my/tickets/{uwe.ticket.id}/photos"

    def send(**files):
        return town.client.post(path, files=files, headers=town.bearer("uwe"))

    picture = shot(photo(7, at=None))
    first, again = send(**picture), send(**picture)
    assert (first.status_code, len(again.json()), again.json()[0]["state"]) == (201, 1, "waiting")
    assert send(photo=("a.txt", b"hello", "text/plain")).status_code == 415
    assert send(photo=("a.jpg", b"", "image/jpeg")).status_code == 422


@ON_SQLITE
def test_a_photo_that_proves_nothing_is_remarked_upon_and_a_file_that_is_none_refused(town, uwe):
    uwe.does(uwe.path, "accept")
    old = photo(3, at=(LON + 0.01, LAT), taken="2026:05:03 08:00:00")
    assert "The photo is here." in uwe.does(uwe.path, "photos", files=shot(old)).text
    assert uwe.does(uwe.path, "photos").status_code == 422
    assert uwe.does(uwe.path, "photos", files=shot(b"%PDF-1.7 no photo at all")).status_code == 415
    assert uwe.does(uwe.path, "photos", files=shot(b"\xff\xd8\xff" + b"x" * 500)).status_code == 200
    uwe.jobs()
    shown = unescape(uwe.get(uwe.path).text)
    assert "older than the ticket" in shown
    assert re.search(r"taken 9\d\d m from here", shown)
    assert "A photo could not be taken: it is" in shown
    with town.database.read() as session:
        assert session.scalar(select(func.count()).select_from(LeadEvidence)) == 2
    for seed in range(10, 14):
        assert uwe.does(uwe.path, "photos", files=shot(photo(seed))).status_code == 200
    assert uwe.does(uwe.path, "photos", files=shot(photo(14))).status_code == 409
