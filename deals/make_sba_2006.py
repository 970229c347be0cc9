"""Makes tapes/sba-2006.parquet from the published SBA 7(a) loans: those approved in fiscal 2006, as they stood on 2006-06-30.

Published: amount disbursed, dates of approval, disbursement and charge-off, amount charged off, bank, state, industry. Not
published, so assumed here and said so: the interest rate, the repayment, and the contractual term. The published term carries
the outcome (a charged-off loan shows the months it lived), so every loan's term is drawn, seeded, from the terms of loans of
the same size band that were paid in full, whole years only, whatever became of the loan itself.

    python deals/make_sba_2006.py
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent / "tapes"
SEED = 2006
CUTOFF = pd.Timestamp("2006-06-30")
RATE = 0.10  # assumed: prime was 8% in June 2006, and lenders may add up to about 2.75 points
SIZE_BANDS = [0, 50_000, 150_000, 500_000, np.inf]


def published() -> pd.DataFrame:
    """Loans approved in fiscal 2006, with the fields this tape needs; whatever is blank or not a date stays missing."""
    text = pd.read_csv(HERE / "sba_7a_loans.csv.gz", dtype=str, keep_default_na=False)
    text = text[text["ApprovalFY"] == "2006"]
    return pd.DataFrame(
        {
            "loan_id": text["LoanNr_ChkDgt"],
            "bank": text["Bank"],
            "state": text["State"],
            "industry": text["NAICS"].replace("0", ""),
            "employees": pd.to_numeric(text["NoEmp"]),
            "status": text["MIS_Status"],
            "term": pd.to_numeric(text["Term"]),
            "revolving": text["RevLineCr"].replace("", "unknown"),
            "approved": pd.to_numeric(text["GrAppv"]),
            "guaranteed": pd.to_numeric(text["SBA_Appv"]),
            "disbursed": pd.to_numeric(text["DisbursementGross"]),
            "disbursed_on": pd.to_datetime(text["DisbursementDate"], format="%m/%d/%Y", errors="coerce"),
            "charged_off": pd.to_numeric(text["ChgOffPrinGr"]),
            "charged_off_on": pd.to_datetime(text["ChgOffDate"], format="%d-%b-%y", errors="coerce"),
        }
    ).reset_index(drop=True)


def usable(loans: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """Loans that can stand on a tape of the cut-off date, and how many each reason leaves out, in this order."""
    reasons = {
        "no status": loans["status"] == "",
        "no bank": loans["bank"] == "",
        "no disbursement date": loans["disbursed_on"].isna(),
        "disbursed after the cut-off": loans["disbursed_on"] > CUTOFF,
        "charged off without a date": (loans["status"] == "CHGOFF") & loans["charged_off_on"].isna(),
        "charged off by the cut-off": (loans["status"] == "CHGOFF") & (loans["charged_off_on"] <= CUTOFF),
    }
    left = pd.Series(True, index=loans.index)
    log = {}
    for reason, hit in reasons.items():
        log[reason] = int((left & hit).sum())
        left &= ~hit
    return loans[left].reset_index(drop=True), log


def contractual_terms(loans: pd.DataFrame) -> np.ndarray:
    """A term in months for every loan, drawn without looking at what became of it."""
    rng = np.random.default_rng(SEED)
    band = pd.cut(loans["disbursed"], SIZE_BANDS, labels=False).to_numpy()
    paid = (loans["status"] == "P I F") & (loans["term"] > 0) & (loans["term"] % 12 == 0) & (loans["revolving"] != "Y")
    terms = np.zeros(len(loans), dtype=int)
    for number in range(len(SIZE_BANDS) - 1):
        here = np.flatnonzero(band == number)
        terms[here] = rng.choice(loans.loc[paid & (band == number), "term"].to_numpy(dtype=int), size=len(here))
    return terms


def tape() -> tuple[pd.DataFrame, dict[str, int]]:
    """The tape in clo.tape/1, and the exclusion log."""
    loans, log = usable(published())
    terms = contractual_terms(loans)
    made = loans["disbursed_on"]
    maturity = pd.Series([day + pd.DateOffset(months=int(term)) for day, term in zip(made, terms, strict=True)])
    alive = maturity > CUTOFF
    log["assumed maturity by the cut-off"] = int((~alive).sum())
    paid_months = (CUTOFF.year - made.dt.year) * 12 + CUTOFF.month - made.dt.month
    monthly = RATE / 12
    share_left = -np.expm1(-(terms - paid_months) * np.log1p(monthly)) / -np.expm1(-terms * np.log1p(monthly))
    defaulted = loans["status"] == "CHGOFF"
    frame = pd.DataFrame(
        {
            "deal_id": "sba-2006",
            "cutoff_date": CUTOFF,
            "originator_id": loans["bank"],
            "loan_id": loans["loan_id"],
            "obligor_id": loans["loan_id"],
            "obligor_type": "corp",
            "region_code": loans["state"],
            "region_scheme": "US state",
            "industry_code": loans["industry"],
            "industry_scheme": "NAICS",
            "employees": loans["employees"],
            "asset_type": "loan",
            "origination_date": made,
            "maturity_date": maturity,
            "original_balance": loans["disbursed"].astype(float),
            "current_balance": (loans["disbursed"] * share_left).round(2),
            "currency": "USD",
            "amortisation_type": "level_payment",
            "principal_frequency": "monthly",
            "interest_frequency": "monthly",
            "rate_type": "fixed",
            "current_rate": RATE,
            "guarantee_ratio": (loans["guaranteed"] / loans["approved"]).round(4),
            "account_status": "PERF",
            "days_in_arrears": 0,
            "arrears_balance": 0.0,
            "default_date": loans["charged_off_on"].where(defaulted),
            "allocated_loss": loans["charged_off"].where(defaulted),
            "x_revolving": loans["revolving"],
        }
    )
    return frame[alive].reset_index(drop=True), log


if __name__ == "__main__":
    frame, log = tape()
    target = HERE / "sba-2006.parquet"
    made = target.with_suffix(".tmp")
    frame.to_parquet(made, compression="zstd", index=False)
    made.replace(target)
    for reason, count in log.items():
        sys.stdout.write(f"left out, {reason}: {count}\n")
    defaults = frame["default_date"].notna()
    sys.stdout.write(
        f"{target.name}: {len(frame):,} loans, {frame['current_balance'].sum():,.2f} dollars;"
        f" {int(defaults.sum())} charged off later, {frame['allocated_loss'].sum():,.2f} dollars\n"
    )
