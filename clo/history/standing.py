"""Where a loan stands at a cut-off date: how far behind, in default, or gone.

Behind by days: 1-29 is one instalment, 30-59 two, ..., 150-179 six, 180 and more seven. A loan with a default date behind it is
in default whatever its status says; a loan without a balance that did not default is repaid.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.behaviour.arrears import BUCKETS, behind
from clo.schema import ACCOUNT_STATUSES
from clo.tape.loans import Loans
from clo.tape.vintages import DEFAULTED
from clo.timeline import as_days

STANDINGS = (*BUCKETS, "default", "repaid", "repurchased", "left")
DEFAULT, REPAID, REPURCHASED, LEFT = (STANDINGS.index(name) for name in ("default", "repaid", "repurchased", "left"))
ABSENT = -1
"""Stands for a loan that is not on the tape."""

EXIT_WORDS: Mapping[str, int] = {
    "repaid": REPAID, "prepaid": REPAID, "redeemed": REPAID, "matured": REPAID, "RDMD": REPAID,
    "完済": REPAID, "期限前完済": REPAID, "繰上完済": REPAID, "満期": REPAID,
    "default": DEFAULT, "defaulted": DEFAULT, "DFLT": DEFAULT, "デフォルト": DEFAULT, "代位弁済": DEFAULT,
    "repurchased": REPURCHASED, "repurchase": REPURCHASED, "RE": REPURCHASED, "買戻": REPURCHASED, "買戻し": REPURCHASED,
}  # fmt: skip
"""Words of exit_reason and what they mean; any other is `left`."""


def standing(loans: Loans) -> tuple[NDArray[np.int8], NDArray[np.bool_]]:
    """(place in `STANDINGS` of each loan at the cut-off date, loans whose exit_reason is no known word)."""
    day = np.datetime64(loans.cutoff, "D")
    days = loans.column("days_in_arrears")
    status, balance = loans.column("account_status"), loans.column("current_balance")
    reason = loans.column("exit_reason")
    given: NDArray[np.bool_] = pd.notna(reason)
    words = np.full(len(loans), ABSENT, dtype=np.int8)
    words[given] = [EXIT_WORDS.get(str(word).strip(), LEFT) for word in reason[given]]
    state = np.where(balance <= 0, np.int8(REPAID), behind(days).astype(np.int8))
    state = np.where(given, words, state)
    state[(status == ACCOUNT_STATUSES.index("RE")) | _by(loans, "repurchase_date", day)] = REPURCHASED
    state[(status == ACCOUNT_STATUSES.index("RDMD")) | _by(loans, "redemption_date", day)] = REPAID
    codes = [ACCOUNT_STATUSES.index(word) for word in DEFAULTED]
    state[np.isin(status, codes) | _by(loans, "default_date", day) | (words == DEFAULT)] = DEFAULT
    return state.astype(np.int8), words == LEFT


def _by(loans: Loans, name: str, day: np.datetime64) -> NDArray[np.bool_]:
    """Loans with a date on or before the day; a missing date is not."""
    past: NDArray[np.bool_] = as_days(loans.column(name)) <= day
    return past
