"""Rules of retention: how long pictures, clips and what tells of people are kept, by kind and outcome."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from kerbwatch.incident import Kind
from kerbwatch.settings import Settings, load_settings

Days = Annotated[int, Field(ge=1, le=36_500)]
Outcome = Literal["rejected", "closed", "evaluated"]
NO_CASE = "no-case"
"""Name of the rule for files that no case names."""


class RetentionRule(Settings):
    """For how long what belongs to cases of some kinds and outcomes is kept after they were over."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")] = Field(
        description="What a deletion says that it was done by."
    )
    kinds: tuple[Kind, ...] = Field((), description="Kinds that it is for; none named: all.")
    outcomes: Annotated[tuple[Outcome, ...], Field(min_length=1)] = Field(
        description="Outcomes that it is for."
    )
    stills_days: Days = Field(description="Pictures are deleted after so many days.")
    clips_days: Days = Field(description="Clips are deleted after so many days.")
    people_days: Days = Field(
        description="Plates, reporters' words and the tie to the reporter are taken out after so many days."
    )


class RetentionRules(Settings):
    """Every rule; the first that is for a case decides, and what none is for is kept."""

    rules: Annotated[tuple[RetentionRule, ...], Field(max_length=100)] = Field(description="In their order.")
    no_case_days: Days = Field(30, description="Files that no case names are deleted after so many days.")

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [rule.name for rule in self.rules]
        if len(set(names)) < len(names) or NO_CASE in names:
            raise ValueError(f"each rule needs a name of its own, other than '{NO_CASE}'")
        return self

    @property
    def least_days(self) -> int:
        """Before so many days nothing is due by any rule."""
        days = [min(rule.stills_days, rule.clips_days, rule.people_days) for rule in self.rules]
        return min([*days, self.no_case_days])


BUILT_IN = RetentionRules(
    rules=(
        RetentionRule(name="rejected", outcomes=("rejected",), stills_days=30, clips_days=30, people_days=30),
        RetentionRule(
            name="done", outcomes=("closed", "evaluated"), stills_days=180, clips_days=90, people_days=365
        ),
    ),
    no_case_days=30,
)


def read_rules(path: Path | None) -> RetentionRules:
    """The rules of a file (YAML), or the built-in ones. Raises SettingsError with a line for each fault."""
    return load_settings(path, RetentionRules) if path else BUILT_IN


@dataclass(frozen=True, slots=True)
class CaseStanding:
    """What retention must know of a case.

    Attributes:
        id: of the case.
        kind: one of :class:`Kind`.
        state: as in the table.
        over_at: when it was over; None while it is open.
        held: whether a legal hold stands on it.
    """

    id: str
    kind: str
    state: str
    over_at: datetime | None
    held: bool


def file_rule(
    rules: RetentionRules,
    content_type: str,
    received_at: datetime,
    named_by: Collection[CaseStanding],
    now: datetime,
) -> str | None:
    """Name of the rule by which a file is to be deleted now; None while it is kept.

    A file that several cases name is kept for as long as any of them keeps it.
    """
    if not named_by:
        return NO_CASE if now - received_at >= timedelta(days=rules.no_case_days) else None
    clip, found = content_type.startswith("video/"), ""
    for case in named_by:
        rule = _rule_for(rules, case)
        if rule is None or not _passed(case, rule.clips_days if clip else rule.stills_days, now):
            return None
        found = rule.name
    return found


def people_rule(rules: RetentionRules, case: CaseStanding, now: datetime) -> str | None:
    """Name of the rule by which a case's leads are to be anonymised now; None while they are kept."""
    rule = _rule_for(rules, case)
    return rule.name if rule and _passed(case, rule.people_days, now) else None


def _rule_for(rules: RetentionRules, case: CaseStanding) -> RetentionRule | None:
    for rule in rules.rules:
        if case.state in rule.outcomes and (not rule.kinds or case.kind in rule.kinds):
            return rule
    return None


def _passed(case: CaseStanding, days: int, now: datetime) -> bool:
    return not case.held and case.over_at is not None and now - case.over_at >= timedelta(days=days)
