"""One row per tranche: what was issued, paid and lost, how long the money was out, and what it earned."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.analytics.measures import average_lives, irrs

Floats = NDArray[np.float64]


def tranche_summary(tranches: pd.DataFrame, closing: date, issue_prices: Mapping[str, float]) -> pd.DataFrame:
    """tranche, original, principal_paid, interest_paid, loss, wal_years, yield, first_payment, last_payment.

    tranches: a result's frame. loss: `loss_of`. wal_years: of principal, ACT/365F from closing. yield: annual effective rate
    at which all payments are worth the issue price; NaN where there is none. first and last payment: dates of the first and
    last cash to the tranche, NaT where there was none. Frames of several scenarios, one after another, each told by a first
    column `scenario`, give a row for each scenario and tranche, and that column.
    """
    scenarios = tranches["scenario"].unique() if "scenario" in tranches else np.zeros(1)
    found = {
        str(name): _of_tranche(own, len(scenarios), closing, issue_prices[str(name)])
        for name, own in tranches.groupby("tranche", sort=False)
    }
    names = np.tile(np.array(list(found), dtype=object), len(scenarios))
    columns = {column: np.stack([own[column] for own in found.values()], axis=1).ravel() for column in SUMMED}
    table = pd.DataFrame({"tranche": names} | columns)
    if "scenario" in tranches:
        table.insert(0, "scenario", np.repeat(scenarios, len(found)))
    return table


SUMMED = ("original", "principal_paid", "interest_paid", "loss", "wal_years", "yield", "first_payment", "last_payment")


def _of_tranche(own: pd.DataFrame, scenarios: int, closing: date, price: float) -> dict[str, NDArray[Any]]:
    """SUMMED, each [s], of a tranche's rows by scenario and date."""
    dates = own["payment_date"].to_numpy()[: len(own) // scenarios]
    principal, interest = _amounts(own, "principal_paid", scenarios), _amounts(own, "interest_paid", scenarios)
    original = _amounts(own, "opening", scenarios)[:, 0]
    cash = principal + interest
    paid, last = cash > 0.0, len(dates) - 1
    none = ~paid.any(axis=1)
    yields = irrs(
        np.concatenate(([np.datetime64(closing)], dates.astype("datetime64[D]"))),
        np.concatenate((-original[:, None] * price, cash), axis=1),
        closing,
    )
    first_paid, last_paid = dates[paid.argmax(axis=1)], dates[last - paid[:, ::-1].argmax(axis=1)]
    never = np.datetime64("NaT", "s")
    return {
        "original": original,
        "principal_paid": principal.sum(axis=1),
        "interest_paid": interest.sum(axis=1),
        "loss": _losses(own, scenarios),
        "wal_years": average_lives(dates, principal, closing),
        "yield": yields,
        "first_payment": np.where(none, never, first_paid),
        "last_payment": np.where(none, never, last_paid),
    }


def loss_of(own: pd.DataFrame) -> float:
    """What a tranche lost: what was issued and capitalised, less principal paid. own: its rows of the frame, by date."""
    return float(_losses(own, 1)[0])


def _losses(own: pd.DataFrame, scenarios: int) -> Floats:
    original = _amounts(own, "opening", scenarios)[:, 0]
    added, paid = (_amounts(own, column, scenarios).sum(axis=1) for column in ("capitalised", "principal_paid"))
    return np.asarray(original + added - paid)


def _amounts(own: pd.DataFrame, column: str, scenarios: int) -> Floats:
    """A column by scenario and date [s, t]."""
    return own[column].to_numpy(dtype=np.float64).reshape(scenarios, -1)
