"""Credit enhancement: how much of the pool can be lost before a tranche loses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

EMPTY = 0.5
"""Below half a currency unit a balance is what rounding left."""


def attachment_points(sizes: Sequence[float], pool: float) -> list[tuple[float, float]]:
    """Attachment and detachment of each tranche, senior first: shares of the pool below it and up to its top.

    Where the tranches exceed the pool, because more than it backs them, shares of all of them. Points above which a size is
    not known (NaN) are NaN; so are all where the pool is not.
    """
    above = np.concatenate(([0.0], np.cumsum(np.asarray(sizes, dtype=np.float64))))
    base = float(np.fmax(pool, above[-1])) if pool == pool else np.nan  # noqa: PLR0124  (NaN)
    tops = [float(top) for top in (base - above) / base] if base > 0.0 else [np.nan] * len(above)
    return list(zip(tops[1:], tops[:-1], strict=True))


def credit_enhancement(
    tranches: pd.DataFrame,
    pool: pd.DataFrame,
    accounts: pd.DataFrame,
    *,
    payment_dates: Any,
    determination_dates: Any,
    order: Sequence[str],
    reserves: Sequence[str] = (),
) -> pd.DataFrame:
    """One row per payment date and tranche, after that date's payments. Frames as in a Result; order: senior first.

    enhancement = 1 - (balances of the tranche and everything senior) / pool balance at the determination date;
    with_reserve adds the balances of the `reserves` accounts to the pool in the numerator:
    (pool + reserves - balances) / pool. Both are NaN once the tranche is repaid, and where the pool is empty.
    A negative value says that the notes down to this tranche exceed the pool.
    """
    days = pd.DatetimeIndex(payment_dates)
    balances = _by_date(tranches, "tranche", days).reindex(columns=list(order))
    pool_balance = pool_at(pool, determination_dates)
    held = _by_date(accounts, "account", days).reindex(columns=list(reserves)).sum(axis=1)
    claims = balances.cumsum(axis=1).to_numpy(np.float64)
    outstanding = balances.to_numpy(np.float64) > EMPTY
    base = np.where(pool_balance > EMPTY, pool_balance, np.nan)[:, None]
    plain = np.where(outstanding, 1.0 - claims / base, np.nan)
    with_reserve = plain + held.to_numpy(np.float64)[:, None] / base
    return pd.DataFrame(
        {
            "payment_date": np.repeat(days, len(order)),
            "tranche": np.tile(np.asarray(order, dtype=object), len(days)),
            "enhancement": plain.ravel(),
            "with_reserve": with_reserve.ravel(),
        }
    )


def pool_at(pool: pd.DataFrame, dates: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Balance of all sub-pools together at each date: the closing balance of the last period ended, before any the initial."""
    monthly = pool.groupby("period_end", sort=True)[["opening", "closing"]].sum()
    steps = np.concatenate((monthly["opening"].to_numpy(np.float64)[:1], monthly["closing"].to_numpy(np.float64)))
    ended = pd.DatetimeIndex(monthly.index).searchsorted(pd.DatetimeIndex(dates), side="right")
    return np.asarray(steps[ended], dtype=np.float64)


def _by_date(frame: pd.DataFrame, name: str, days: pd.DatetimeIndex) -> pd.DataFrame:
    """Closing balances, one column per name, one row per payment date."""
    wide = frame.pivot_table(index="payment_date", columns=name, values="closing", aggfunc="last", observed=True)
    wide.index = pd.DatetimeIndex(wide.index)
    return wide.reindex(days)
