"""A deal over three loans that can be worked out by hand, and a real deal file with edits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

import clo
from clo.deal.structures import spelled_out
from clo.deal.terms import Deal
from clo.files.deal import check_deal
from clo.findings import Finding
from clo.tape.loans import Loans

DEALS = Path(__file__).parents[1] / "deals"
PURCHASE_08 = (DEALS / "purchase-08.yaml").read_text(encoding="utf-8")
CUTOFF = date(2020, 3, 31)

Row = tuple[str, float, float, str]
LOANS: tuple[Row, ...] = (
    ("A", 12_000.0, 0.12, "equal_principal"),
    ("B", 8_000.0, 0.06, "bullet"),
    ("C", 4_000.0, 0.00, "equal_principal"),
)
"""Four months to run. Principal 4,000 4,000 4,000 12,000; interest 160 130 100 70; balance 20,000 16,000 12,000 0."""

TERMS: dict[str, Any] = {
    "format": "clo.deal/1",
    "name": "by hand",
    "structure": "purchase_cash",
    "currency": "JPY",
    "dates": {
        "cutoff": CUTOFF,
        "closing": date(2020, 4, 15),
        "first_payment": date(2020, 5, 15),
        "legal_final": date(2020, 8, 15),
    },
    "payments": {"frequency": "monthly", "day": 15, "calendar": "none", "business_day": "following"},
    "day_count": "1/12",
    "rounding": "down",
    "pools": {"loans": {"tape": "none.csv"}},
    "accounts": {"collections": {}},
    "fees": {"servicer": {"rate": "120bp", "on": "pool.opening"}},
    "tranches": {
        "senior": {"size": 15_000, "coupon": "6%"},
        "mezzanine": {"size": 5_000, "coupon": "12%"},
        "junior": {"size": "rest", "holder": "seller"},
    },
    "scenarios": {"base": {"cdr": 0, "cpr": 0, "recovery": 0, "recovery_lag": 0}},
}
COLLECT = {"collect": {"from": ["interest", "scheduled_principal", "prepayment", "recovery"], "to": "collections"}}
RESIDUAL = {"pay": {"residual": "junior", "from": "collections"}}
RESERVE = {"collections": {}, "reserve": {"target": "min(100, senior.balance + mezzanine.balance)"}}
TRAP = {"bad": {"when": "pool.cumulative_default > 10% * pool.initial", "effect": "trap_excess"}}
TAPE_DEFAULTS = {"base": {"defaults": "tape", "cpr": 0, "recovery": 0, "recovery_lag": 0}}


def terms(**changes: Any) -> Deal:
    """The deal by hand with some of its sections replaced."""
    return Deal.model_validate(TERMS | changes)


def spelled(*steps: dict[str, Any], **changes: Any) -> Deal:
    """The same deal with its steps spelled out: collection, the steps given, the residual."""
    return terms(structure=None, waterfall=[COLLECT, *steps, RESIDUAL], **changes)


def tape(rows: tuple[Row, ...] = LOANS, *, defaults: Mapping[str, str] | None = None, **columns: Any) -> Loans:
    """Loans due on 2020-07-31; defaults: loan -> date of its default."""
    frame = pd.DataFrame(rows, columns=["loan_id", "current_balance", "current_rate", "amortisation_type"])
    frame = frame.assign(
        originator_id="bank",
        obligor_id=frame["loan_id"],
        cutoff_date=pd.Timestamp(CUTOFF),
        maturity_date=pd.Timestamp("2020-07-31"),
        allocated_loss=0.0,
        default_date=pd.to_datetime(frame["loan_id"].map(dict(defaults or {}))),
    )
    return Loans.from_frame(frame.assign(**columns), check=False)


def run(deal: Deal, loans: Loans | None = None, **overrides: Any) -> clo.Result:
    return clo.run(spelled_out(deal), loans=tape() if loans is None else loans, **overrides)


def of(result: clo.Result, tranche: str, column: str) -> list[float]:
    """A column of one tranche, by payment date."""
    frame = result.tranches
    return [float(value) for value in frame.loc[frame["tranche"] == tranche, column]]


def edited(folder: Path, *edits: tuple[str, str], text: str = PURCHASE_08) -> Path:
    """Purchase-type No. 8 with words replaced, each once, in a file of its own; its tape is the real one."""
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new, 1)
    path = folder / "deal.yaml"
    path.write_text(text.replace("tape: tapes/", f"tape: {DEALS.as_posix()}/tapes/"), encoding="utf-8")
    return path


def refused(path: Path) -> tuple[Finding, ...]:
    """The findings about a deal file that must not pass."""
    deal, findings = check_deal(path)
    assert deal is None
    assert all(finding.file == str(path) for finding in findings)
    return findings


def the(findings: Any, code: str) -> Finding:
    """The one finding with this code."""
    found = [finding for finding in findings if finding.code == code]
    assert len(found) == 1, [str(finding) for finding in findings]
    return found[0]
