"""One row per tranche: what was issued, paid and lost, how long the money was out, and what it earned."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd

from clo.analytics.measures import irr, wal_years


def tranche_summary(tranches: pd.DataFrame, closing: date, issue_prices: Mapping[str, float]) -> pd.DataFrame:
    """tranche, original, principal_paid, interest_paid, loss, wal_years, yield, first_payment, last_payment.

    tranches: a result's frame. loss = original + capitalised - principal paid. wal_years: of principal, ACT/365F from
    closing. yield: annual effective rate at which all payments are worth the issue price; NaN where there is none.
    first and last payment: dates of the first and last cash to the tranche, NaT where there was none.
    """
    rows = []
    for name, own in tranches.groupby("tranche", sort=False):
        cash = (own["principal_paid"] + own["interest_paid"]).to_numpy()
        original = float(own["opening"].iloc[0])
        dates = own["payment_date"].to_numpy()
        paying = dates[cash > 0]
        day0 = np.datetime64(closing)
        rows.append(
            {
                "tranche": name,
                "original": original,
                "principal_paid": own["principal_paid"].sum(),
                "interest_paid": own["interest_paid"].sum(),
                "loss": original + own["capitalised"].sum() - own["principal_paid"].sum(),
                "wal_years": wal_years(dates, own["principal_paid"], closing),
                "yield": irr(
                    np.concatenate(([day0], dates.astype("datetime64[D]"))),
                    np.concatenate(([-original * issue_prices[str(name)]], cash)),
                    closing,
                ),
                "first_payment": paying[0] if len(paying) else np.datetime64("NaT", "s"),
                "last_payment": paying[-1] if len(paying) else np.datetime64("NaT", "s"),
            }
        )
    return pd.DataFrame(rows)
