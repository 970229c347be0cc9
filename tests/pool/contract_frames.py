"""Loans of any terms as a tape has them, for tests of what is read of them."""

import numpy as np
import pandas as pd

from clo.pool.contracts import read_contracts
from clo.schema import TAPE
from clo.timeline import collection_ends

CUTOFF = np.datetime64("2026-03-31")
ENDS = collection_ends(CUTOFF, 60)
PLAIN = {
    "originator_id": "0001", "current_balance": 1000.0, "current_rate": 0.02, "maturity_date": "2028-03-31",
    "amortisation_type": "equal_principal", "rate_type": "fixed", "principal_frequency": "monthly",
    "interest_frequency": "monthly", "origination_date": "2024-05-20",
}  # fmt: skip
FLOATING = PLAIN | {
    "rate_type": "floating", "rate_index": "TIBOR", "rate_index_tenor": "3M", "rate_margin": 0.01, "rate_reset_months": 3,
    "next_reset_date": "2026-06-30",
}  # fmt: skip
SCHEDULE = PLAIN | {"amortisation_type": "schedule"}


class Tape:
    """What the projection reads of `Loans`."""

    def __init__(self, frame, schedule=None):
        self.frame, self.schedule, self.source = frame, schedule, "tape.csv"
        self.file_rows = np.arange(2, len(frame) + 2)


def tape(*rows, schedule=None):
    """One loan a row; schedule: rows of loan number, due date, principal and, if it is given, interest."""
    frame = pd.DataFrame(rows)
    frame["loan_id"] = [str(number) for number in range(1, len(frame) + 1)]
    for name in frame:
        kind = TAPE[name].kind
        if kind == "date":
            frame[name] = pd.to_datetime(frame[name]).astype("datetime64[s]")
        elif kind not in ("text", "category"):
            frame[name] = frame[name].astype("float64")
    table = None
    if schedule is not None:
        wide = [("0001", str(loan), date, amount, *(interest or [np.nan])) for loan, date, amount, *interest in schedule]
        table = pd.DataFrame(wide, columns=["originator_id", "loan_id", "due_date", "principal", "interest"])
        table["due_date"] = pd.to_datetime(table["due_date"]).astype("datetime64[s]")
    return Tape(frame, table)


def read(*rows, schedule=None, **options):
    return read_contracts(tape(*rows, schedule=schedule), ENDS, CUTOFF, **options)


def codes(findings):
    return [finding.code for finding in findings]
