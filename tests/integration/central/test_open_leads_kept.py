"""What a copy of central keeps of the open leads around is what the database holds, whoever changed it."""

from contextlib import suppress
from datetime import timedelta
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from central.cases import repository as cases
from central.cases.rules import CaseState
from central.cases.service import move
from central.corrections.schemas import CorrectionIn
from central.corrections.service import correct
from central.database import Database
from central.intake.service import commit_batch
from central.merging.around import Surroundings, keep, look
from central.merging.grid import cells_around
from central.merging.intake import Search
from central.merging.settings import MergingSettings
from central.problems import Problem
from central.settings import IntakeSettings
from kerbwatch.ids import new_id
from kerbwatch.incident import Phase
from kerbwatch.messages import Place, PlateRead
from tests.integration.central.leads import OLGA
from tests.unit.central.box import IN_YANGMING, NOON, EdgeBox, report

ZONE = ZoneInfo("Asia/Shanghai")
SEARCHES = {"illegal_parking": Search(cells_around(*IN_YANGMING, 150), NOON - timedelta(hours=2))}


class _Undone(Exception):  # noqa: N818 - on purpose, of the test alone
    pass


class Copies:
    """Two copies of central on one database, and a box in a street."""

    def __init__(self, url: str) -> None:
        self.databases = [Database(url) for _ in range(2)]
        self.box = EdgeBox(edge=f"box-{new_id()[-12:]}")
        self.incidents: list[tuple[str, int]] = []

    def take(self, copy: int, what, *, undone: bool = False) -> None:
        with suppress(_Undone), self._write(copy) as session:
            commit_batch(session, [self.box.message(what)], NOON, IntakeSettings(), ZONE)
            if undone:
                raise _Undone

    def new(self, copy: int, metres: float, *, undone: bool = False) -> None:
        incident_id = new_id()
        self.take(copy, self._report(incident_id, 1, metres), undone=undone)
        if not undone:
            self.incidents.append((incident_id, 1))

    def told_more(self, copy: int, number: int, phase: Phase, *, undone: bool = False) -> None:
        if not self.incidents:
            return
        at = number % len(self.incidents)
        incident_id, revision = self.incidents[at]
        text = f"浙B{number:05d}"
        plate = PlateRead(text=text, likeliest=text, confidences=(0.9,) * 7, colour="blue")
        self.take(copy, self._report(incident_id, revision + 1, 0, phase=phase, plate=plate), undone=undone)
        if not undone:
            self.incidents[at] = incident_id, revision + 1

    def over(self, copy: int, number: int) -> None:
        with self._write(copy) as session:
            rows = cases.cases(session, states=[CaseState.REVIEWING], kinds=(), before=None, limit=50)
            if rows:
                row = rows[number % len(rows)]
                move(session, row, "reject", None, NOON, reason_code="not_there")

    def put_right(self, copy: int, number: int) -> None:
        """Somebody says that a case is of the other kind, or (every third time) elsewhere in the street."""
        with self._write(copy) as session:
            rows = cases.cases(session, states=[CaseState.REVIEWING], kinds=(), before=None, limit=50)
            if rows:
                row = rows[number % len(rows)]
                kind = next(each for each in ("illegal_parking", "stall_encroachment") if each != row.kind)
                lon, lat = IN_YANGMING
                place = {"lon": lon, "lat": lat + (number + 1) / 111_195}
                said = CorrectionIn(reason="seen", **({"kind": kind} if number % 3 else place))
                asked = {"who": OLGA, "version": row.version, "now": NOON, "zone": ZONE}
                with suppress(Problem):  # it lies there already
                    correct(session, row.id, said, **asked, settings=MergingSettings())

    def kept(self, copy: int):
        """What a copy keeps; and what the database holds."""
        with self.databases[copy].read() as session:
            found = look(session, SEARCHES)
            told = _told(found)
            again = look(session, SEARCHES)  # nobody gave the first back, so that this one is read anew
            keep(session, found)
            return told, _told(again)

    def close(self) -> None:
        for each in self.databases:
            each.close()

    def _write(self, copy: int):
        return self.databases[copy].write(ordered=True)

    @staticmethod
    def _report(incident_id, revision, metres, **changes):
        lon, lat = IN_YANGMING
        place = Place(lon=lon, lat=lat + metres / 111_195, method="ground_homography")
        changes = {"phase": Phase.OPENED, "camera_id": f"cam-{int(metres)}"} | changes
        return report(incident_id, revision, **changes).model_copy(update={"place": place})


def _told(found: Surroundings):
    ground = found.ground
    spots = {
        spot
        for cell in SEARCHES["illegal_parking"].cells
        for spot in map(repr, ground.around(("illegal_parking", cell)).values())
    }
    return spots, {case_id: head for case_id, head in ground.heads.items() if case_id in str(spots)}


ACTS = st.one_of(
    st.tuples(st.just("new"), st.floats(0, 140)),
    st.tuples(
        st.sampled_from(["updated", "cleared", "updated_undone", "over", "put_right"]), st.integers(0, 50)
    ),
    st.tuples(st.just("new_undone"), st.floats(0, 140)),
)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(st.tuples(st.integers(0, 1), ACTS), min_size=4, max_size=12))
def test_whatever_either_copy_does_each_finds_what_the_database_holds(url, acts):
    copies = Copies(url)
    try:
        for copy, (act, what) in acts:
            undone = act.endswith("_undone")
            if act.startswith("new"):
                copies.new(copy, what, undone=undone)
            elif act == "over":
                copies.over(copy, what)
            elif act == "put_right":
                copies.put_right(copy, what)
            else:
                phase = Phase.CLEARED if act == "cleared" else Phase.UPDATED
                copies.told_more(copy, what, phase, undone=undone)
            for each in (0, 1):
                kept, held = copies.kept(each)
                assert kept == held
    finally:
        copies.close()
