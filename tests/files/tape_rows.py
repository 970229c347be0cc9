"""A small clean tape as text, for tests to damage: two banks with four loans each."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from clo.findings import Finding

COLUMNS: dict[str, list[str]] = {
    "cutoff_date": ["2026-03-31"] * 8,
    "originator_id": ["0101"] * 4 + ["0202"] * 4,
    "loan_id": ["A-1", "A-2", "A-3", "A-4", "B-1", "B-2", "B-3", "B-4"],
    "obligor_id": ["001", "002", "003", "004", "005", "006", "007", "001"],
    "obligor_type": ["corp"] * 6 + ["sole_prop", "corp"],
    "asset_type": ["loan"] * 8,
    "origination_date": ["2024-04-01"] * 8,
    "maturity_date": ["2029-03-31"] * 8,
    "original_balance": ["10000000", "20000000", "30000000", "40000000", "12000000", "22000000", "32000000", "42000000"],
    "current_balance": ["6000000", "12000000", "18000000", "24000000", "7000000", "13000000", "19000000", "25000000"],
    "currency": ["JPY"] * 8,
    "amortisation_type": ["equal_principal"] * 8,
    "principal_frequency": ["monthly"] * 8,
    "interest_frequency": ["monthly"] * 8,
    "rate_type": ["fixed"] * 8,
    "current_rate": ["0.018", "0.021", "0.025", "0.0185", "0.0200", "0.0235", "0.019", "0.022"],
    "account_status": ["PERF"] * 8,
    "days_in_arrears": ["0"] * 8,
    "arrears_balance": ["0"] * 8,
}
BALANCE = 124_000_000.0


def table(changes: dict[tuple[str, int], str] | None = None, **columns: list[str] | str) -> dict[str, list[str]]:
    """The clean columns with whole columns replaced or added (a word stands for eight), and single cells changed."""
    result = {name: list(values) for name, values in COLUMNS.items()}
    for name, values in columns.items():
        result[name] = [values] * 8 if isinstance(values, str) else list(values)
    for (name, at), value in (changes or {}).items():
        result.setdefault(name, [""] * 8)[at] = value
    return result


def text(columns: dict[str, list[str]], headers: dict[str, str] | None = None) -> str:
    """The columns as CSV, some under another header."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([(headers or {}).get(name, name) for name in columns])
    writer.writerows(zip(*columns.values(), strict=True))
    return out.getvalue()


def write(folder: Path, content: str | bytes, sidecar: str = "") -> Path:
    """A tape on disk, with a sidecar beside it if one is given (without its first line, `format:`)."""
    path = folder / "pool.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    if sidecar:
        (folder / "pool.csv.map.yaml").write_text("format: clo.map/1\n" + sidecar, encoding="utf-8")
    return path


def only(findings: Iterable[Finding], code: str, field: str | None = None) -> Finding:
    """The one finding of a code (about a field)."""
    found = [finding for finding in findings if finding.code == code and field in (None, finding.field)]
    assert len(found) == 1, f"{len(found)} findings {code} {field}: " + "\n".join(str(finding) for finding in findings)
    return found[0]


def errors(findings: Iterable[Finding]) -> list[str]:
    return [finding.code for finding in findings if finding.severity == "error"]
