"""What is wrong with an input: one Finding per problem, collected, never raised one by one.

A Finding says where (file, line or row), who (loan, step, tranche), which field, the value, the rule it breaks and the fix.
A vectorised rule that hits many rows makes one Finding with all its occurrences.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

Severity = Literal["error", "warning", "fixed"]
"""error: the input is refused; warning: worth a look; fixed: an unambiguous repair, logged."""


@dataclass(frozen=True, slots=True, eq=False)
class Occurrences:
    """Every row a tape rule hit. Arrays of one length: rows as counted in the file, who (loan ids), values as read.

    more: rows beyond these that are counted and not listed, in a tape read batch by batch.
    """

    rows: NDArray[np.int64]
    who: NDArray[np.object_]
    values: NDArray[np.object_]
    more: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class Finding:
    """One problem with an input.

    code: stable, E-/W-/F- for error, warning, fixed, then the area (T tape, S sidecar, A assumptions,
    C curves, P projection, D deal, R run) and a number.
    message: what is wrong, in words, with the figures. rule: what should hold. fix: what to do about it.
    file, line, column: for text inputs (1-based); row: for tapes, as counted in the file (the header is row 1).
    path: place inside a deal, such as `tranches.senior.coupon` or `waterfall[7].pay.from`.
    """

    code: str
    severity: Severity
    message: str
    rule: str = ""
    fix: str = ""
    file: str = ""
    line: int | None = None
    column: int | None = None
    row: int | None = None
    path: str = ""
    who: str = ""
    field: str = ""
    value: str = ""
    occurrences: Occurrences | None = dataclasses.field(default=None, compare=False, repr=False)

    @property
    def count(self) -> int:
        """How many rows the rule hit; 1 where it is not about rows."""
        return 1 if self.occurrences is None else len(self.occurrences.rows) + self.occurrences.more

    @property
    def where(self) -> str:
        """`file:line:column` or `file row n`, as far as known."""
        place = self.file
        if self.line is not None:
            place += f":{self.line}" + (f":{self.column}" if self.column is not None else "")
        elif self.row is not None:
            place += f" row {self.row:,}"
        return place.strip()

    def __repr__(self) -> str:
        """One line, for lists of findings in a notebook; `print` tells all."""
        place = " ".join(part for part in (self.code, self.where, self.who, self.field or self.path) if part)
        return f"<{place}: {self.message}>"

    def __str__(self) -> str:
        subject = self.field or self.path
        if subject and self.value:
            subject += f" = {self.value}"
        head = "  ".join(part for part in (self.code, self.severity, self.where, self.who, subject) if part)
        lines = [head, f"  {self.message}"]
        if self.rule:
            lines.append(f"  Rule: {self.rule}")
        if self.fix:
            lines.append(f"  Fix: {self.fix}")
        if self.count > 1:
            lines.append(f"  ({self.count - 1:,} more row{'s' if self.count > 2 else ''} with the same finding)")
        return "\n".join(lines)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json` and the full list; occurrences are counted, not listed."""
        names = (
            "code",
            "severity",
            "message",
            "rule",
            "fix",
            "file",
            "line",
            "column",
            "row",
            "path",
            "who",
            "field",
            "value",
        )
        return {name: getattr(self, name) for name in names} | {"count": self.count}


LISTED = 1_000
"""Rows listed of a finding about a tape in batches; the others are counted."""


def merged(findings: Iterable[Finding], listed: int | None = LISTED) -> Iterator[Finding]:
    """Findings of several batches: one for each code and field, in the words of the first, with the rows of all.

    Those that are not about rows are told once each. listed: rows listed of those that are in several batches; None for all.
    """
    by_kind: dict[tuple[str, str] | Finding, list[Finding]] = {}
    for each in findings:
        by_kind.setdefault(each if each.occurrences is None else (each.code, each.field), []).append(each)
    for several in by_kind.values():
        lists = [each.occurrences for each in several if each.occurrences is not None]
        if len(lists) < 2:
            yield several[0]
            continue
        rows, who, values = (np.concatenate([getattr(one, name) for one in lists]) for name in ("rows", "who", "values"))
        _, once = np.unique(rows, return_index=True)  # a row may be told under several scenarios
        more = len(once) + sum(one.more for one in lists)
        kept = np.sort(once)[:listed]
        yield replace(several[0], occurrences=Occurrences(rows[kept], who[kept], values[kept], more - len(kept)))


class InputError(ValueError):
    """An input that cannot be used. `.findings` holds every finding, warnings and repairs included."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings: tuple[Finding, ...] = tuple(findings)
        super().__init__(self.findings)

    def __str__(self) -> str:
        errors = [f for f in self.findings if f.severity == "error"]
        total = f"{len(errors)} problem{'s' if len(errors) != 1 else ''}:"
        return "\n".join([total, *(str(finding) for finding in errors)])


@contextmanager
def gathered(found: list[Finding]) -> Iterator[None]:
    """What an InputError of the block tells joins what was found before, to be raised with all else."""
    try:
        yield
    except InputError as error:
        found.extend(error.findings)


class TapeError(InputError):
    """A loan tape, or its sidecar, that cannot be used."""


class CurveError(InputError):
    """Index curves, or a file of them, that cannot be used."""


class DealError(InputError):
    """A deal file, or a deal with its tape, that cannot be run."""


def nearest(word: str, choices: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The choice most like `word`, or None if none is like it."""
    found = difflib.get_close_matches(word, list(choices), n=1, cutoff=cutoff)
    return found[0] if found else None


def has_errors(findings: Iterable[Finding]) -> bool:
    return any(finding.severity == "error" for finding in findings)


def full_list(findings: Sequence[Finding]) -> pd.DataFrame:
    """One row per occurrence: code, severity, file, line, row, path, who, field, value, message, rule, fix."""
    import pandas as pd  # noqa: PLC0415  (heavy: loaded only when somebody asks for the list)

    columns = ["code", "severity", "file", "line", "row", "path", "who", "field", "value", "message", "rule", "fix"]
    parts = []
    for finding in findings:
        plain = {name: getattr(finding, name) for name in columns}
        if finding.occurrences is None:
            parts.append(pd.DataFrame([plain], columns=columns))
        else:
            hit = finding.occurrences
            plain |= {"row": hit.rows, "who": hit.who, "value": hit.values}
            parts.append(pd.DataFrame(plain, columns=columns))
    if not parts:
        return pd.DataFrame(columns=columns)
    return pd.concat([part.astype(object) for part in parts], ignore_index=True)
