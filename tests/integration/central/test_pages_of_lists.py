"""Nothing of a long list is out of reach: each goes on where the last answer ended, and ends."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from central.cases.models import Ticket
from central.merging.models import MergeSuggestion
from central.people.permissions import Role
from tests.integration.central.lives import Lives

pytestmark = pytest.mark.parametrize("url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def city(town):
    """Five cases of one unit with tickets that went out, and suggestions about them."""
    lives = Lives(town.database, town.settings, town.clock.now_utc())
    for _ in range(5):
        lives.begin(0, 0, 0)
        lives.now += timedelta(hours=5)
    for row in lives.rows():
        lives.confirm(row)
    town.clock.advance((lives.now - town.clock.now_utc()).total_seconds())
    town.add_user("dora", Role.DISPATCHER)
    with town.database.write() as session:
        unit_id = session.scalars(select(Ticket.unit_id).distinct()).one()
        rows = [row.id for row in lives.rows()]
        for younger in rows[1:]:
            session.add(
                MergeSuggestion(
                    case_id=younger,
                    into_case_id=rows[0],
                    score=0.5,
                    parts={},
                    state="dismissed",
                    created_at=lives.now - timedelta(days=1),
                )
            )
    town.add_user("ulla", Role.UNIT_HEAD, unit_id)
    return town


def walked(town, name, path, goes_on):
    """What a list gives two at a time, and all at once."""
    join = "&" if "?" in path else "?"
    ids, url = [], f"{path}{join}limit=2"
    for _ in range(10):
        page = town.client.get(url, headers=town.bearer(name)).json()
        ids += [each["id"] for each in page]
        if not page:
            break
        url = f"{path}{join}limit=2&{goes_on}={page[-1]['id']}"
    whole = town.client.get(path, headers=town.bearer(name)).json()
    return ids, [each["id"] for each in whole]


def test_tickets_requests_and_suggestions_are_walked_through_to_the_end(city):
    ids, whole = walked(city, "ulla", "/api/v1/my/tickets", "after")
    assert (ids, len(ids)) == (whole, 5)
    for ticket_id in ids:
        seen = city.client.get(f"/api/v1/my/tickets/{ticket_id}", headers=city.bearer("ulla"))
        headers = city.bearer("ulla") | {"If-Match": seen.headers["ETag"]}
        body = {"kind": "extension", "hours": 2, "note": "Rain"}
        answer = city.client.post(f"/api/v1/my/tickets/{ticket_id}/requests", json=body, headers=headers)
        assert answer.status_code == 201, answer.text
    ids, whole = walked(city, "dora", "/api/v1/requests", "after")
    assert (ids, len(ids)) == (whole, 5)
    ids, whole = walked(city, "olga", "/api/v1/merge-suggestions?state=dismissed", "before")
    assert (ids, len(ids)) == (whole, 4)
