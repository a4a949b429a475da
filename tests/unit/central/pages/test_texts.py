"""Every word that a page asks for was written, and every word that was written is asked for."""

import re
from pathlib import Path

import pytest

from central.areas.levels import Level
from central.cases.rules import RULES, CaseState, EvaluationResult, Origin, RejectReason, TicketState
from central.insight.days import Span
from central.merging.scoring import TELLING
from central.pages import texts
from central.people.permissions import Role
from central.tickets.rules import TICKET_RULES
from central.uploads.findings import REPORTED_CLIP, REPORTED_PHOTO
from kerbwatch.incident import EvidenceRole, Kind
from kerbwatch.messages import CameraState, UnableReason, Verdict

PAGES = Path(texts.__file__).parent
SOURCES = [
    path
    for path in (*PAGES.glob("*.py"), *PAGES.glob("templates/*.html"), *PAGES.parent.glob("open311/*.py"))
    if path.name != "texts.py"
]
NAMED = set(re.findall(r"""\bt\(\s*["']([a-z_.0-9]+)["']""", "".join(path.read_text() for path in SOURCES)))
NAMED |= set(re.findall(r"""_stood\(\s*["']([a-z_.]+)["']""", "".join(path.read_text() for path in SOURCES)))
COUNTED = set(re.findall(r"""\bt_count\(\s*["']([a-z_.0-9]+)["']""", "".join(map(Path.read_text, SOURCES))))
NAMED |= COUNTED | {f"{key}_one" for key in COUNTED}
NAMED = {key for key in NAMED if not key.endswith(".") and not key.endswith("._one")}
"""What ends with a dot is the beginning of a key that the page completes."""
BEGUN = tuple(
    beginning
    for path in SOURCES
    for pattern in (r'f"([a-z0-9_]+\.[a-z0-9_.]*)\{', r"""["']([a-z0-9_]+\.[a-z0-9_.]*)["'] *~""")
    for beginning in re.findall(pattern, path.read_text())
)
"""Beginnings of keys that pages complete."""
UNRULED = (
    "camera_answered",
    "camera_silent",
    "camera_too_late",
    "look_again",
    "answer_slip",
    "decline",
    "draft_anew",
    "hurry",
    "left_to_person",
    "seen_again",
    "escalate",
    "opened",
    "remind",
    "reminder_seen",
    "rule_elsewhere",
    "uphold",
    "evidence_added",
    "evidence_received",
    "cleared",
    "original_viewed",
    "merge_lead",
    "merge_case",
    "dismiss_merge",
    "split_lead",
    "looked_through",
)
"""Lines of the log that come of no rule."""
METHODS = ("camera_position", "ground_homography", "gps", "code", "address", "exif", "clip", "map")
DYNAMIC = {
    *(f"state.{state}" for state in CaseState),
    *(f"ticket_state.{state}" for state in TicketState),
    *(f"camera_state.{state}" for state in CameraState),
    *(f"edge.{state}" for state in ("online", "offline", "silent")),
    *(f"reason.{reason}" for reason in (*RejectReason, *UnableReason, *EvaluationResult)),
    *(f"reason.{verdict}" for verdict in (Verdict.CLEAR, Verdict.NOT_CLEAR)),
    *(f"check.{how}{verdict}" for how in ("", "overtaken_") for verdict in Verdict),
    *(f"check.{verdict}_now" for verdict in (Verdict.CLEAR, Verdict.NOT_CLEAR)),
    *("check.overtaken", "check.silent", "check.waits"),
    *(f"rule.{rule}" for rule in (*RULES, *TICKET_RULES, *UNRULED)),
    *(f"role.{role}" for role in (*EvidenceRole, REPORTED_PHOTO, REPORTED_CLIP)),
    *(f"group.{group}" for group in ("reviewing", "running", "over", "all")),
    *(f"case.method.{method}" for method in METHODS),
    *(f"origin.{origin}" for origin in Origin),
    *(f"notice.{what}" for what in ("confirmed", "rejected", "merged", "two", "split", "closed", "reworked")),
    *(f"plate.colour.{colour}" for colour in ("blue", "green", "yellow", "white", "black")),
    *(f"{part}.hold_{what}" for part in ("custody", "notice", "rule") for what in ("set", "lifted")),
    *("custody.set", "custody.submit_set"),
    *(f"insight.by.{by}" for by in ("kind", "town", "village", "grid", "unit", "channel")),
    *(f"insight.none.{by}" for by in ("town", "village", "grid", "unit")),
    *(f"insight.report.{span}" for span in Span),
    *(f"same.part.{part}" for part in TELLING),
    "case.waiting",
    "case.being_prepared",
    "case.helps",
    *(f"people.level.{level}" for level in Level),
    *(f"people.role.{role}" for role in Role),
    *(f"error.{status}.title" for status in (403, 404, 429, 503)),
}


@pytest.mark.parametrize("key", sorted(NAMED | DYNAMIC))
def test_words_are_written_for(key):
    assert texts.t_or(key, "")


def test_no_words_are_left_over():
    left = set(texts._ENGLISH) - NAMED - DYNAMIC
    assert {key for key in left if not key.startswith(BEGUN)} == set()


def test_one_thing_is_not_many():
    said = [texts.t_count("me.balance", count, points=count) for count in (0, 1, 2)]
    assert said == ["0 points", "1 point", "2 points"]


def test_a_word_that_nobody_wrote_is_an_error_and_not_an_empty_page():
    with pytest.raises(KeyError):
        texts.t("no.such.words")


@pytest.mark.parametrize("kind", Kind)
def test_each_kind_has_its_chinese_term(kind):
    assert re.search("[一-鿿]", texts.kind_term(kind))


def test_a_kind_of_a_newer_version_is_shown_by_its_own_name():
    assert (texts.kind_name("open_fire"), texts.kind_term("open_fire")) == ("Open fire", "")
