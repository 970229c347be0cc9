"""A catalogue of findings: every code of an area once, with the rule it stands for and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clo.findings import Finding, Occurrences, Severity

SEVERITIES: Mapping[str, Severity] = {"E": "error", "W": "warning", "F": "fixed"}
"""By the first letter of a code: E- refuses the input, W- is worth a look, F- is an unambiguous repair."""


class Catalogue(Mapping[str, tuple[str, str]]):
    """Rule and fix by code; `{field}` in them is filled in with the name of the column.

    subject: what the rows of a finding are about, such as `loan`.
    """

    def __init__(self, codes: Mapping[str, tuple[str, str]], subject: str) -> None:
        self._codes, self._subject = dict(codes), subject

    def __getitem__(self, code: str) -> tuple[str, str]:
        return self._codes[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self._codes)

    def __len__(self) -> int:
        return len(self._codes)

    def finding(
        self,
        code: str,
        message: str,
        *,
        field: str = "",
        file: str = "",
        line: int | None = None,
        column: int | None = None,
        row: int | None = None,
        path: str = "",
        who: str = "",
        value: str = "",
        fix: str = "",
        rule: str = "",
    ) -> Finding:
        """A finding of the catalogue, with its rule and fix; `fix` and `rule` replace the catalogue's words."""
        stated, advice = self._codes[code]
        return Finding(
            code=code,
            severity=SEVERITIES[code[0]],
            message=message,
            rule=rule or stated.format(field=field or path),
            fix=fix or advice.format(field=field or path),
            file=file,
            line=line,
            column=column,
            row=row,
            path=path,
            who=who,
            field=field,
            value=value,
        )

    def row_finding(
        self,
        code: str,
        message: str,
        *,
        rows: Sequence[int] | NDArray[np.integer[Any]],
        who: Sequence[Any] | NDArray[Any],
        values: Sequence[Any] | NDArray[Any],
        field: str = "",
        file: str = "",
        value: str = "",
        fix: str = "",
        rule: str = "",
    ) -> Finding:
        """A finding about rows: the first stands in the finding, all in its occurrences.

        rows, who, values: of one length, not empty, in the order of the file. value: the first of them in other words.
        """
        found = Occurrences(np.asarray(rows, dtype=np.int64), np.asarray(who, dtype=object), np.asarray(values, dtype=object))
        first = "" if found.who[0] is None else f"{self._subject} {found.who[0]}"
        shown = value or str(found.values[0])
        base = self.finding(
            code, message, field=field, file=file, row=int(found.rows[0]), who=first, value=shown, fix=fix, rule=rule
        )
        return replace(base, occurrences=found)
