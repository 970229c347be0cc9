"""Tables, findings and JSON on the terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from clo.deal.terms import Mark
from clo.files.results import plain
from clo.findings import Finding, has_errors
from clo.labels import Lang, label
from clo.report.tables import Marked, Table, written

EXAMPLES = 5
PIPE_WIDTH = 400
"""Tables in a pipe are not cut to a screen."""


def out() -> Console:
    return _console(sys.stdout)


def err() -> Console:
    return _console(sys.stderr)


def _console(stream: Any) -> Console:
    width = None if stream.isatty() else PIPE_WIDTH
    return Console(file=stream, width=width, markup=False, highlight=False, emoji=False)


def say(text: str, *, quiet: bool = False) -> None:
    """A line of log."""
    if not quiet:
        err().print(text, soft_wrap=True)


def show_json(value: Any) -> None:
    sys.stdout.write(json.dumps(plain(value), ensure_ascii=False, indent=2, allow_nan=False) + "\n")


def show_table(table: Table, title: str, lang: Lang) -> None:
    """Numbers to the right; marks as their first letter, or 公 導 仮."""
    made = RichTable(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in table.columns:
        made.add_column(label(column.key, lang), justify="right" if column.numeric else "left", no_wrap=column.numeric)
    for number, row in enumerate(table.rows):
        last = number >= len(table.rows) - table.totals
        cells = []
        for value, column in zip(row, table.columns, strict=True):
            text = Text(written(value, column.kind, lang), style="bold" if last or number in table.subtotals else "")
            if isinstance(value, Marked) and value.mark is not None:
                text.append(f" {letter(value.mark, lang)}", style="dim")
            cells.append(text)
        made.add_row(*cells)
    out().print(title, style="bold", soft_wrap=True)
    out().print(made)


def letter(mark: Mark, lang: Lang) -> str:
    return label(mark.kind, lang)[0].lower()


def marks_line(lang: Lang) -> str:
    return ", ".join(
        f"{label(kind, lang)[0].lower()} {label(kind, lang).lower()}" for kind in ("published", "derived", "assumed")
    )


def rows_as_dicts(table: Table) -> list[dict[str, Any]]:
    """A table for JSON: values, and `<column>_mark` where one is marked."""
    rows = []
    for row in table.rows:
        plain_row: dict[str, Any] = {}
        for value, column in zip(row, table.columns, strict=True):
            plain_row[column.key] = value.value if isinstance(value, Marked) else value
            if isinstance(value, Marked) and value.mark is not None:
                plain_row[f"{column.key}_mark"] = {"kind": value.mark.kind, "basis": value.mark.basis}
        rows.append(plain_row)
    return rows


# ---- findings -------------------------------------------------------------------------------------------------------


UNREADABLE = frozenset({"E-D001", "E-T001", "E-T009"})
"""Findings that say that a file is not what it should be at all."""


def verdict(findings: Sequence[Finding]) -> int:
    """Exit code: 0 no error, 1 errors, 3 a file that cannot be read as what it should be."""
    if any(finding.code in UNREADABLE for finding in findings):
        return 3
    return 1 if has_errors(findings) else 0


def refuse(findings: Sequence[Finding], *, as_json: bool) -> int:
    """Show why an input is refused, on stderr or as JSON on stdout; the exit code."""
    if as_json:
        show_json(findings_as_dict(findings))
    else:
        print_findings(findings, err())
    return verdict(findings)


def findings_as_dict(findings: Sequence[Finding]) -> dict[str, Any]:
    return {"ok": not has_errors(findings), "findings": [finding.as_dict() for finding in findings]}


def print_findings(findings: Sequence[Finding], console: Console, lang: Lang = "en", full_list: str = "") -> None:
    """Grouped by rule, with up to five examples of each."""
    colours = {"error": "bold red", "warning": "yellow", "fixed": "cyan"}
    for code, group in _grouped(findings):
        first, count = group[0], sum(finding.count for finding in group)
        head = Text(f"{code}  ")
        head.append(label(first.severity, lang), style=colours[first.severity])
        head.append(f"  ×{count:,}" if count > 1 else "").append(f"  {first.rule}" if first.rule else "")
        console.print(head, soft_wrap=True)
        single = [finding for finding in group if finding.occurrences is None]
        for finding in (*(one for one in group if one.occurrences is not None), *single[:EXAMPLES]):
            _tell(finding, console, label("and_more", lang), full_list)
        if len(single) > EXAMPLES:
            _more(len(single) - EXAMPLES, console, label("and_more", lang), full_list)
        for fix in dict.fromkeys(finding.fix for finding in group if finding.fix):
            console.print(f"    {label('fix', lang)}: {fix}", soft_wrap=True)


def _grouped(findings: Sequence[Finding]) -> Iterable[tuple[str, list[Finding]]]:
    order = {"error": 0, "warning": 1, "fixed": 2}
    groups: dict[str, list[Finding]] = {}
    for finding in sorted(findings, key=lambda one: order[one.severity]):
        groups.setdefault(finding.code, []).append(finding)
    return groups.items()


def _tell(finding: Finding, console: Console, more: str, full_list: str) -> None:
    """Print a finding and, where it is about rows of a tape, the first of them."""
    hit = finding.occurrences
    place = finding.where if hit is None else finding.file
    subject = finding.field or finding.path
    if subject and finding.value and hit is None:
        subject += f" = {finding.value}"
    head = "  ".join(part for part in (place, finding.who if hit is None else "", subject) if part)
    console.print(f"  {head}" if head else f"  {finding.message}", soft_wrap=True)
    if head:
        console.print(f"    {finding.message}", soft_wrap=True)
    if hit is None:
        return
    for row, who, value in zip(hit.rows[:EXAMPLES], hit.who[:EXAMPLES], hit.values[:EXAMPLES], strict=True):
        parts = (f"row {row:,}", str(who), f"{finding.field} = {value}" if finding.field else str(value))
        console.print("      " + "  ".join(part for part in parts if part), soft_wrap=True)
    if finding.count > EXAMPLES:
        _more(finding.count - EXAMPLES, console, more, full_list)


def _more(count: int, console: Console, words: str, full_list: str) -> None:
    console.print(f"      … {words.format(count=f'{count:,}')}" + (f" → {full_list}" if full_list else ""), soft_wrap=True)
