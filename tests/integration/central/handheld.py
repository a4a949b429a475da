"""Units with phones, for tests: an officer, a ticket that went out to them, and a stand-in for blurring."""

from __future__ import annotations

import re

import pytest
from PIL import Image
from sqlalchemy import select

from central.cases.models import Case, Ticket
from central.intake.service import commit_batch
from central.people.permissions import Role, permissions_of
from central.people.service import Principal
from central.tickets import sending
from central.tickets.clockwork import Terms
from central.uploads import looking
from central.uploads.beside import workers_of
from kerbwatch.clip_report import ClipFile
from tests.unit.central.box import NOON, EdgeBox, report

ON_SQLITE = pytest.mark.parametrize("url", ["sqlite"], indirect=True)
"""Where databases do not differ."""
OLGA = Principal("user:olga", "olga", ("operator",), permissions_of([Role.OPERATOR]))


@pytest.fixture(autouse=True)
def blurred(monkeypatch):
    """The edge's command that blurs is tried apart; here it turns all grey."""

    def blur(files, _order, folder, _settings, share):
        made = {}
        for path in files:
            grey = Image.open(path).convert("L").convert("RGB")
            grey.save(folder / path.name, "JPEG")
            size = (folder / path.name).stat().st_size
            made[path] = ClipFile(path=path.name, content_type="image/jpeg", sha256="0" * 64, size_bytes=size)
        share(1.0)
        return made

    monkeypatch.setattr(looking.exhibits, "blur", blur)


class Officer:
    """Someone of the unit with a phone."""

    def __init__(self, town, name, unit):
        town.add_user(name, Role.UNIT_OFFICER, unit)
        self.town, self.client = town, town.client
        self.headers = town.bearer(name) | {"accept": "text/html"}
        self.workers = workers_of(town.client.app.state.central)

    def get(self, path):
        return self.client.get(path, headers=self.headers)

    def post(self, path, files=None, **form):
        return self.client.post(path, data=form, files=files, headers=self.headers)

    def version(self, path):
        return re.search(r'name="version" value="(\d+)"', self.get(path).text)[1]

    def does(self, path, what, **form):
        return self.post(f"{path}/{what}", version=self.version(path), **form)

    def jobs(self):
        while self.workers.once():
            pass


@pytest.fixture
def box():
    return EdgeBox()


@pytest.fixture
def sent(town, box):
    """A camera's incident whose ticket went out: the ticket's id, its page and its unit's officer."""

    def send(**changes):
        incoming = box.message(report(**changes))
        with town.database.write(ordered=True) as session:
            commit_batch(session, [incoming], NOON, town.settings.intake, town.settings.zone)
            row = session.scalars(select(Case).order_by(Case.id.desc())).first()
            sending.confirm(
                session,
                row.id,
                who=OLGA,
                version=row.version,
                now=town.clock.now_utc(),
                terms=Terms.of(town.settings),
            )
            return row.tickets[0]

    return send


@pytest.fixture
def uwe(town, sent):
    ticket = sent()
    officer = Officer(town, "uwe", ticket.unit_id)
    officer.ticket, officer.path = ticket, f"/h/tickets/{ticket.id}"
    return officer


def state_of(town, ticket):
    with town.database.read() as session:
        return session.get(Ticket, ticket.id).state


def shot(content, name="after.jpg"):
    return {"photo": (name, content, "image/jpeg")}
