"""A squad for tests of looking again: its case, its camera's box, and central's own clockwork."""

from datetime import UTC

from prometheus_client import CollectorRegistry

from central.escalation.sweeper import Sweeper
from central.intake.service import commit_batch
from central.metrics import IntakeMetrics, Metrics
from central.people.permissions import Role
from central.rechecks.asker import Asker
from central.settings import RecheckSettings
from tests.unit.central.box import EdgeBox, report

UNIT = "traffic-police-yangming"


class Squad:
    """A case that went out to a squad, its camera's box, and central's own clockwork."""

    def __init__(self, town):
        self.town, self.box = town, EdgeBox()
        self.sent = []
        self.asker = self.new_asker(town.database)
        self.sweeper = Sweeper(town.settings, town.clock, town.database, Metrics())
        town.add_user("ulla", Role.UNIT_OFFICER, UNIT)
        town.add_user("dora", Role.DISPATCHER)
        town.add_user("fritz", Role.UNIT_OFFICER, "squad-fengshan")
        town.add_user("yan", Role.UNIT_OFFICER, "squad-yangming")

    def new_asker(self, database, *, connected=True):
        return Asker(
            RecheckSettings(),
            self.town.clock,
            database,
            IntakeMetrics(CollectorRegistry()),
            publish=lambda topic, payload: self.sent.append((topic, payload)),
            connected=lambda: connected,
        )

    def tells(self, *messages):
        with self.town.database.write(ordered=True) as session:
            now = self.town.clock.now_utc()
            outcome = commit_batch(session, list(messages), now, self.town.settings.intake, UTC)
        assert not outcome.rejected
        return outcome

    def confirmed(self, *reports):
        self.tells(*(self.box.message(each) for each in reports or (report(),)))
        case = self.get("/api/v1/cases")["items"][0]
        done = self.post(f"/api/v1/cases/{case['id']}/confirm", {}, "olga", case["version"])
        assert done.status_code == 200, done.text
        return done.json()

    def handles(self, case, *moves, ticket=0, name="ulla"):
        ticket_id = case["tickets"][ticket]["id"]
        for move in moves or ("accept", "start", "report_handled"):
            version = self.case(case["id"])["version"]
            path = f"/api/v1/my/tickets/{ticket_id}/{move}"
            done = self.post(path, {"note": "moved on"}, name, version)
            assert done.status_code == 200, done.text
        return done.json()

    def asked(self, case):
        return self.get(f"/api/v1/cases/{case['id']}/look-agains")

    def case(self, case_id):
        return self.get(f"/api/v1/cases/{case_id}")

    def rules(self, case):
        return [line["rule"] for line in self.get(f"/api/v1/cases/{case['id']}/events")]

    def get(self, path, name="olga"):
        answer = self.town.client.get(path, headers=self.town.bearer(name))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path, body, name, version):
        headers = self.town.bearer(name) | {"If-Match": f'"{version}"'}
        return self.town.client.post(path, json=body, headers=headers)
