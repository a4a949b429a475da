"""Whatever happens in whatever order, central can end up with every number once and every opening whole."""

import contextlib
import tempfile
from pathlib import Path

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from edge.settings import OutboxSettings
from edge.store import EdgeStore
from edge.uplink import Outbox
from kerbwatch.clock import ManualClock
from kerbwatch.ids import new_id
from kerbwatch.messages import Receipt, SequenceRange, SkippedEvent, parse_incident_channel
from tests.incidents import a_report

MAX_BYTES = 9_000


class OutboxMachine(RuleBasedStateMachine):
    incidents = Bundle("incidents")

    @initialize()
    def begin(self):
        self.folder = tempfile.TemporaryDirectory()
        self.clock = ManualClock()
        self.path = Path(self.folder.name) / "edge.db"
        self.open_box()
        self.put = {}
        """(incident, revision) -> event that put() gave."""
        self.answered = set()
        """Sequences that central receipted."""
        self.central = {}
        """Sequence -> what arrived at central, the first time."""

    def open_box(self):
        # Never closed before: as after SIGKILL, only what was committed is there.
        self.store = EdgeStore(self.path)
        self.outbox = Outbox(
            self.store,
            source="/kerbwatch/v1/yuyao/box-1",
            settings=OutboxSettings().model_copy(update={"max_bytes": MAX_BYTES}),
            clock=self.clock,
        )

    def report(self, incident):
        return self.outbox.put(a_report(incident["id"], incident["revision"], incident["phase"]))

    def send(self, limit):
        now_s = self.clock.monotonic_s()
        sent = self.outbox.due(limit, now_s)
        assert [e.sequence for e in sent] == sorted({e.sequence for e in sent})
        for entry in sent:
            self.outbox.mark_sent(entry.sequence, now_s)
        return sent

    def arrive(self, entry):
        event = parse_incident_channel(entry.payload)
        assert (int(event.sequence), event.id) == (entry.sequence, entry.event_id)
        first = self.central.setdefault(entry.sequence, event)
        assert first.id == event.id, "one number, two events"

    @rule(target=incidents)
    def opens(self):
        incident = {"id": new_id(), "revision": 1, "phase": "opened"}
        self.put[incident["id"], 1] = self.report(incident)
        return incident

    @rule(incident=incidents, phase=st.sampled_from(["updated", "updated", "updated", "cleared"]))
    def goes_on(self, incident, phase):
        if incident["phase"] != "cleared":
            incident["revision"] += 1
            incident["phase"] = phase
            self.put[incident["id"], incident["revision"]] = self.report(incident)

    @rule(incident=incidents)
    def is_put_again(self, incident):
        assert self.report(incident) == self.put[incident["id"], incident["revision"]]

    @rule()
    def is_undone(self):
        with contextlib.suppress(InterruptedError), self.store.transaction():
            self.outbox.put(a_report())
            raise InterruptedError

    @rule(limit=st.integers(1, 8), lost=st.booleans())
    def sends(self, limit, lost):
        for entry in self.send(limit):
            if not lost:
                self.arrive(entry)

    @rule(data=st.data(), verdict=st.sampled_from(["committed", "committed", "rejected"]))
    def central_answers(self, data, verdict):
        if self.central:
            numbers = data.draw(st.sets(st.sampled_from(sorted(self.central)), max_size=5))
            ids = tuple(self.central[number].id for number in sorted(numbers))
            self.outbox.apply(Receipt.model_validate({"epoch": self.outbox.epoch, verdict: ids}))
            self.answered |= numbers

    @rule(first=st.integers(1, 30), span=st.integers(0, 5))
    def central_misses(self, first, span):
        # It asks for what it never answered, as a sound central does.
        for number in range(first, first + span + 1):
            if number not in self.answered:
                hole = SequenceRange(first=number, last=number)
                self.outbox.apply(Receipt(epoch=self.outbox.epoch, missing=(hole,)))

    @rule(seconds_s=st.sampled_from([1, 30, 60, 700]))
    def time_passes(self, seconds_s):
        self.clock.advance(seconds_s)

    @rule()
    def reconnects(self):
        self.outbox.send_all_again()

    @rule()
    def crashes(self):
        self.open_box()

    @invariant()
    def nothing_left_before_its_receipt(self):
        numbers = sorted(int(event.sequence) for event in self.put.values())
        assert numbers == list(range(1, len(numbers) + 1)), "a gap"
        with self.store.transaction() as connection:
            rows = connection.execute(
                "SELECT sequence, payload IS NULL, size_bytes FROM outbox WHERE waiting ORDER BY sequence"
            ).fetchall()
        assert [row[0] for row in rows] == [number for number in numbers if number not in self.answered]
        phases = {int(event.sequence): event.data.phase for event in self.put.values()}
        assert all(phases[number] == "updated" for number, dropped, _ in rows if dropped)
        stats = self.outbox.stats()
        assert (stats.entries, stats.bytes) == (len(rows), sum(row[2] for row in rows))
        whole_updates = [n for n, dropped, _ in rows if phases[n] == "updated" and not dropped]
        assert stats.bytes <= MAX_BYTES or not whole_updates

    def teardown(self):
        if not hasattr(self, "folder"):
            return
        for _ in range(len(self.put) + 2):
            self.clock.advance(700)
            for entry in self.send(7):
                self.arrive(entry)
                self.outbox.apply(Receipt(epoch=self.outbox.epoch, committed=(entry.event_id,)))
        assert self.outbox.stats().entries == 0
        for event in self.put.values():
            arrived = self.central[int(event.sequence)]
            assert arrived == event or (
                isinstance(arrived, SkippedEvent) and event.data.phase == "updated" and arrived.id == event.id
            )
        self.store.close()
        self.folder.cleanup()


OutboxMachine.TestCase.settings = settings(
    max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestOutboxInAnyOrder = OutboxMachine.TestCase
