"""What a verification found, each thing in a sentence, and what it looked at."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Literal

from kerbwatch.counts import counted

Code = Literal[
    "entry-changed",
    "entry-missing",
    "chain-cut",
    "chain-rewritten",
    "foreign-signature",
    "heads-missing",
    "unsigned",
    "rows-changed",
    "rows-missing",
    "rows-inserted",
    "rows-uncovered",
    "file-changed",
    "file-missing",
    "file-record-changed",
    "file-deleted",
    "hold-changed",
]

_MOST_OF_A_KIND = 100


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was written.

    Attributes:
        code: what kind of thing it is.
        where: entry, rows or file, for programs.
        sentence: for people.
    """

    code: Code
    where: str
    sentence: str


@dataclass(slots=True)
class Outcome:
    """What was looked at, how long it took, and what is wrong."""

    findings: list[Finding] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    """Findings of a kind beyond the first hundred."""
    entries: int = 0
    heads: int = 0
    heads_outside: int = 0
    rows: int = 0
    rows_unsealed: int = 0
    """Written since the last sealing: not looked at."""
    entries_unsigned: int = 0
    """Since the newest signed head."""
    files: int = 0
    files_deleted: int = 0
    """By a rule, as the chain says."""
    bytes_hashed: int = 0
    chain_s: float = 0.0
    files_s: float = 0.0

    def add(self, code: Code, where: str, sentence: str) -> None:
        """Note a finding."""
        if sum(each.code == code for each in self.findings) < _MOST_OF_A_KIND:
            self.findings.append(Finding(code, where, sentence))
        else:
            self.left_out[code] += 1

    @property
    def good(self) -> bool:
        """Whether everything is as it was written."""
        return not self.findings

    def document(self) -> dict[str, Any]:
        """For programs."""
        return {
            "good": self.good,
            "findings": [
                {"code": each.code, "where": each.where, "sentence": each.sentence} for each in self.findings
            ],
            "left_out": dict(self.left_out),
            "entries": self.entries,
            "heads": self.heads,
            "heads_outside": self.heads_outside,
            "rows": self.rows,
            "rows_unsealed": self.rows_unsealed,
            "entries_unsigned": self.entries_unsigned,
            "files": self.files,
            "files_deleted": self.files_deleted,
            "bytes_hashed": self.bytes_hashed,
            "rows_per_second": round((self.rows + self.entries) / self.chain_s) if self.chain_s else None,
            "megabytes_per_second": round(self.bytes_hashed / 1e6 / self.files_s) if self.files_s else None,
        }

    def summary(self) -> str:
        """In a line, for people."""
        said = self.document()
        parts = [
            f"{counted(self.entries, 'entry', 'entries')}, "
            f"{counted(self.heads + self.heads_outside, 'signed head')} and {counted(self.rows, 'line')} "
            f"({said['rows_per_second'] or 0} a second)"
        ]
        if self.files or self.files_deleted:
            parts.append(
                f"{counted(self.files, 'file')} ({said['megabytes_per_second'] or 0} MB a second), "
                f"{self.files_deleted} deleted by a rule"
            )
        if self.rows_unsealed:
            are = "is" if self.rows_unsealed == 1 else "are"
            parts.append(f"{counted(self.rows_unsealed, 'line')} {are} newer than the chain")
        if self.entries_unsigned:
            are = "is" if self.entries_unsigned == 1 else "are"
            entries = counted(self.entries_unsigned, "entry", "entries")
            parts.append(f"{entries} {are} newer than its newest signature")
        return "; ".join(parts)
