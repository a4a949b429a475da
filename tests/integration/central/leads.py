"""Leads for tests of merging: what a camera sees, what somebody calls about, and how they come in."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from central.cases import service as cases
from central.cases.models import Case
from central.cases.reporting import LeadIn, take_report
from central.cases.rules import Origin, RejectReason
from central.intake.service import commit_batch
from central.merging import service
from central.merging.settings import MergingSettings
from central.people.permissions import permissions_of
from central.people.service import Principal
from central.settings import IntakeSettings
from kerbwatch.ids import new_id
from kerbwatch.incident import Kind
from kerbwatch.messages import Place
from tests.unit.central.box import IN_YANGMING, NOON, EdgeBox, report

ZONE = ZoneInfo("Asia/Shanghai")
TERMS = MergingSettings()
METRE = 1 / 111_195
OLGA = Principal("user:olga", "olga", ("operator",), permissions_of(["operator"]))
LON, LAT = IN_YANGMING


def seen_at(metres, **changes):
    """A car that a camera sees, with its place on the ground."""
    place = Place(lon=LON, lat=LAT + metres * METRE, method="ground_homography", accuracy_m=3)
    return report(**{"place": place} | changes)


def call_at(metres, minutes=0.0, number=None, **changes):
    values = {
        "origin": Origin.HOTLINE,
        "source": "12345",
        "external_id": number or new_id(),
        "kind": Kind.ILLEGAL_PARKING,
        "lon": LON,
        "lat": LAT + metres * METRE,
        "place_method": "address",
        "seen_at": NOON + timedelta(minutes=minutes),
        "words": "A car blocks the pavement",
    }
    return LeadIn(**(values | changes))


class Street:
    """Ways for leads to come in, each in a unit of work of its own."""

    def __init__(self, database):
        self.database, self.boxes = database, [EdgeBox(edge=f"box-{n}") for n in range(3)]

    def camera(self, what, box=0):
        with self.database.write(ordered=True) as session:
            message = self.boxes[box].message(what)
            commit_batch(session, [message], NOON, IntakeSettings(), ZONE)

    def call(self, what, now=NOON):
        with self.database.write(ordered=True) as session:
            return take_report(session, what, actor="system", now=now, zone=ZONE, merging=TERMS)

    def cases(self):
        with self.database.read() as session:
            page = cases.list_cases(session, limit=200)
            return [cases.get_case(session, each.id) for each in reversed(page.items)]

    def suggestions(self):
        with self.database.read() as session:
            return service.list_suggestions(session)

    def log(self, case_id):
        with self.database.read() as session:
            return cases.get_log(session, case_id)

    def split(self, case, lead):
        with self.database.write(ordered=True) as session:
            return service.split(
                session,
                case.id,
                lead.id,
                who=OLGA,
                version=case.version,
                now=NOON,
                zone=ZONE,
                settings=TERMS,
            )

    def decide(self, what, suggestion):
        with self.database.write(ordered=True) as session:
            version = session.get(Case, suggestion.case_id).version
            args = {"who": OLGA, "version": version, "now": NOON}
            args |= {"zone": ZONE} if what == "accept" else {}
            return getattr(service, what)(session, suggestion.case_id, suggestion.id, **args)

    def reject(self, case):
        with self.database.write(ordered=True) as session:
            reason = RejectReason.UNCLEAR
            cases.reject(session, case.id, who=OLGA, version=case.version, now=NOON, reason_code=reason)
