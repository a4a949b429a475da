"""An office of points for tests: people with accounts, rules in force, a cup in the catalogue."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from central.points import awards, gifts, ledger, repository
from central.points.schemas import GiftIn
from central.problems import Problem
from central.reporters.contacts import Vault
from kerbwatch.ids import new_id
from tests.integration.central.citizens import (
    ADA,
    add_reporter,
    close_case_of,
    put_rules,
    report_at,
    send,
    settle,
)
from tests.unit.central.box import NOON

ZONE = ZoneInfo("Asia/Shanghai")
VAULT = Vault(b"k" * 32)
LI, WANG, ZHAO = (f"00000000-0000-4000-8000-00000000000{number}" for number in (1, 2, 3))
CUP = GiftIn(name="Cup", description="Of china", points=20)


def open_office(database, settings):
    """Three people with accounts, rules in force, two cups in the catalogue; ways to report and to redeem."""
    put_rules(database)
    with database.write() as session:
        for ref in (LI, WANG, ZHAO):
            add_reporter(session, ref, fingerprint=ref)
        gifts.put(session, "cup", CUP, who=ADA, now=NOON)
        restock(session, "cup", 2)
    return Office(database, settings)


def restock(session, gift_id, pieces, reason="bought"):
    """Pieces come in or are gone, as whoever counts sees it now."""
    version = repository.gift(session, gift_id).version
    gifts.stock(session, gift_id, pieces, who=ADA, version=version, reason=reason, now=NOON)


class Office:
    def __init__(self, database, settings):
        self.database, self.settings, self.metres = database, settings, 0

    def report(self, ref, *, now=NOON, close=True, metres=None, pictures=(), **changes):
        """A report far from all others unless ``metres`` says where; its case is dealt with at once."""
        self.metres += 2000
        with self.database.write(ordered=True) as session:
            said = report_at(self.metres if metres is None else metres, ref, seen_at=now, **changes)
            lead_id = send(session, self.settings, said, now, pictures)
            if close:
                close_case_of(session, lead_id, now)
        return lead_id

    def close(self, lead_id, now=NOON):
        with self.database.write(ordered=True) as session:
            close_case_of(session, lead_id, now)

    def settle(self, now=NOON):
        return settle(self.database, ZONE, now)

    def earn(self, ref, times=1):
        for number in range(times):
            self.report(ref, now=NOON + timedelta(days=number))
        self.settle()

    def award(self, lead_id):
        with self.database.read() as session:
            return repository.award_of_lead(session, lead_id)

    def balance(self, ref):
        with self.database.read() as session:
            return ledger.balance_of(session, ref)

    def stock(self, gift_id="cup"):
        with self.database.read() as session:
            return repository.last_move(session, gift_id).stock

    def redeem(self, ref, key=None, gift_id="cup", database=None):
        with (database or self.database).write() as session:
            key = key or new_id()
            return gifts.redeem(session, ref, gift_id, key, actor="reporter", vault=VAULT, now=NOON)

    def cancel(self, redemption_id, ref=None):
        with self.database.write() as session:
            gifts.cancel(session, redemption_id, actor="t", ref=ref, reason="t", now=NOON)

    def decide(self, award_id, who, *, approves=True, note=None):
        with self.database.write() as session:
            version = 1 + len(repository.approvals(session, [award_id]))
            awards.decide(session, award_id, approves=approves, who=who, version=version, note=note, now=NOON)

    def declare(self, who, fingerprint):
        with self.database.write() as session:
            awards.declare_contact(session, who, fingerprint, NOON)


def refused(code):
    return pytest.raises(Problem, check=lambda problem: problem.code == code)
