"""Findings on the terminal and as JSON: grouped by code, field and rule, each group with its fixes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from clo.findings import Finding, has_errors
from clo.labels import Lang, label

EXAMPLES = 5
UNREADABLE = frozenset({"E-D001", "E-B001", "E-L001", "E-T001", "E-T009", "E-R301"})
"""Findings that say that a file is not what it should be at all, or cannot be read or written."""


def verdict(findings: Sequence[Finding]) -> int:
    """Exit code: 0 no error, 1 errors, 3 a file that cannot be read as what it should be."""
    if any(finding.code in UNREADABLE for finding in findings):
        return 3
    return 1 if has_errors(findings) else 0


def findings_as_dict(findings: Sequence[Finding]) -> dict[str, Any]:
    return {"ok": not has_errors(findings), "findings": [finding.as_dict() for finding in findings]}


def file_trouble(error: OSError, file: str = "") -> Finding:
    """A file that the system does not let us read or write, as a finding; `file` in place of the name the system gives."""
    name = file or (str(error.filename) if error.filename is not None else "")
    return Finding("E-R301", "error", error.strerror or str(error), "a file that is named can be read or written", file=name)


def print_assumed(findings: Sequence[Finding], console: Console, lang: Lang) -> None:
    """Assumed values of loans as one short note each."""
    for message in dict.fromkeys(finding.message for finding in findings):
        console.print(f"{label('assumed', lang)}: {message}", soft_wrap=True)


def print_findings(findings: Sequence[Finding], console: Console, lang: Lang = "en", full_list: str = "") -> None:
    """Grouped, errors first, with up to five examples of each group."""
    colours = {"error": "bold red", "warning": "yellow", "fixed": "cyan"}
    for group in _grouped(findings):
        first, count = group[0], sum(finding.count for finding in group)
        head = Text(f"{first.code}  ")
        head.append(label(first.severity, lang), style=colours[first.severity])
        head.append(f"  ×{count:,}" if count > 1 else "").append(f"  {first.rule}" if first.rule else "")
        console.print(head, soft_wrap=True)
        _tell_group(group, console, lang, full_list)


def _grouped(findings: Sequence[Finding]) -> list[list[Finding]]:
    order = {"error": 0, "warning": 1, "fixed": 2}
    groups: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in sorted(findings, key=lambda one: (order[one.severity], one.code)):
        groups.setdefault((finding.code, finding.field, finding.rule), []).append(finding)
    return list(groups.values())


def _tell_group(group: Sequence[Finding], console: Console, lang: Lang, full_list: str) -> None:
    """Up to five findings, those of many rows first; a fix stands once, under the findings that it mends."""
    by_fix: dict[str, list[Finding]] = {}
    for finding in sorted(group, key=lambda one: one.occurrences is None)[:EXAMPLES]:
        by_fix.setdefault(finding.fix, []).append(finding)
    for fix, findings in by_fix.items():
        for finding in findings:
            _tell(finding, console, lang, full_list)
        if fix:
            console.print(f"    {label('fix', lang)}: {fix}", soft_wrap=True)
    if len(group) > EXAMPLES:
        _more(len(group) - EXAMPLES, console, lang, full_list)


def _tell(finding: Finding, console: Console, lang: Lang, full_list: str) -> None:
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
        parts = (f"row {row:,}", str(who or ""), f"{finding.field} = {value}" if finding.field else str(value))
        console.print("      " + "  ".join(part for part in parts if part), soft_wrap=True)
    if finding.count > EXAMPLES:
        _more(finding.count - EXAMPLES, console, lang, full_list)


def _more(count: int, console: Console, lang: Lang, full_list: str) -> None:
    words = label("and_more", lang).format(count=f"{count:,}")
    console.print(f"      … {words}" + (f" → {full_list}" if full_list else ""), soft_wrap=True)
