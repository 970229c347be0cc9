"""A pool of every kind of loan for `pool.py`, and the NumPy program that holds each loan's state beside it.

By number: 40% equal principal, 20% level payment and 8% bullet, all plain; 5% with grace, 5% with a balloon; 4% quarterly equal
principal, 4% semi-annual level payment; 5% by actual days; 6% floating (equal principal, level payment and bullet alike), reset
every quarter; 3% with a schedule of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

CUTOFF = np.datetime64("2026-03-31")
SHARES = {
    "equal": 0.40, "level": 0.20, "bullet": 0.08, "grace": 0.05, "balloon": 0.05, "quarterly": 0.04, "semi_annual": 0.04,
    "actual": 0.05, "floating_equal": 0.02, "floating_level": 0.02, "floating_bullet": 0.02, "schedule": 0.03,
}  # fmt: skip
LEVEL, BULLET, SCHEDULE = ("level", "balloon", "semi_annual", "floating_level"), ("bullet", "floating_bullet"), ("schedule",)
TYPES = ["equal_principal", "level_payment", "bullet", "schedule"]
FREQUENCIES = ["monthly", "quarterly", "semi_annual"]
MARGIN = 0.005


@dataclass(frozen=True)
class MixedTape:
    """What a projection reads of `Loans`."""

    frame: pd.DataFrame
    schedule: pd.DataFrame
    source: str = ""

    @property
    def file_rows(self) -> Any:
        return np.arange(2, len(self.frame) + 2)


def ends_of(months: int) -> Any:
    from clo.timeline import collection_ends  # noqa: PLC0415  (a part loads what it measures)

    return collection_ends(CUTOFF, months)


def mixed_pool(loans: int, months: int) -> MixedTape:
    """Loans of 1 to `months` months; those with a frequency, a grace or a schedule last a year at least, if `months` do."""
    rng = np.random.default_rng(20260331)
    ends = ends_of(months)
    kind = rng.choice(list(SHARES), loans, p=list(SHARES.values()))
    least = np.where(np.isin(kind, ["grace", "quarterly", "semi_annual", "schedule"]), min(12, months), 1)
    term = rng.integers(least, months + 1)
    floats = np.char.startswith(kind, "floating")
    balance = np.floor(rng.lognormal(16.0, 1.0, loans))
    dates = ends.astype("datetime64[s]")
    never = np.datetime64("NaT", "s")
    code = np.select([np.isin(kind, LEVEL), np.isin(kind, BULLET), kind == "schedule"], [1, 2, 3], 0).astype(np.int8)
    every = pd.Categorical.from_codes(
        np.select([kind == "quarterly", kind == "semi_annual"], [1, 2], 0).astype(np.int8), FREQUENCIES
    )
    first_reset = rng.integers(1, 4, loans)
    frame = pd.DataFrame(
        {
            "originator_id": pd.Series(np.full(loans, "0001"), dtype="str"),
            "loan_id": pd.Series(np.arange(loans).astype("U8"), dtype="str"),
            "current_balance": balance,
            "current_rate": np.where(floats, fixings(months)[0] + MARGIN, rng.integers(5, 500, loans) / 1e4),
            "maturity_date": dates[term - 1],
            "amortisation_type": pd.Categorical.from_codes(code, TYPES),
            "principal_frequency": every,
            "interest_frequency": every,
            "grace_end_date": np.where(kind == "grace", dates[np.minimum(5, months - 1)], never),
            "balloon_amount": np.where(kind == "balloon", np.floor(balance * 0.3), np.nan),
            "day_count": pd.Series(np.where(kind == "actual", "ACT/365F", None), dtype="str"),
            "rate_type": pd.Categorical.from_codes(floats.astype(np.int8), ["fixed", "floating"]),
            "rate_index": pd.Series(np.where(floats, "TIBOR", None), dtype="str"),
            "rate_index_tenor": pd.Series(np.where(floats, "3M", None), dtype="str"),
            "rate_margin": np.where(floats, MARGIN, np.nan),
            "rate_reset_months": np.where(floats, 3.0, np.nan),
            "next_reset_date": np.where(floats, dates[np.minimum(first_reset, months) - 1], never),
        }
    )
    return MixedTape(frame, _schedule(frame, np.flatnonzero(kind == "schedule"), term, balance, dates))


def _schedule(frame: pd.DataFrame, loans: Any, term: Any, balance: Any, dates: Any) -> pd.DataFrame:
    """Four payments each: in a quarter, half and three quarters of the term, and at its end."""
    month = np.stack([np.maximum(term[loans] * part // 4, 1) for part in (1, 2, 3, 4)], axis=1)
    share = np.array([0.1, 0.2, 0.3, 0.4])
    rows = np.repeat(loans, 4)
    return pd.DataFrame(
        {
            "originator_id": frame["originator_id"].iloc[rows].array,
            "loan_id": frame["loan_id"].iloc[rows].array,
            "due_date": dates[month.ravel() - 1],
            "principal": (balance[loans][:, None] * share).ravel(),
            "interest": np.nan,
        }
    )


def fixings(months: int) -> Any:
    """The index at the end of each month, t = 0 the cut-off: it rises from 0.5% to 1.5% and wavers."""
    t = np.arange(months + 1)
    return 0.005 + 0.01 * t / max(months, 1) + 0.001 * np.sin(t)


def curves(months: int) -> Any:
    from clo.curves import Curve, Curves  # noqa: PLC0415  (a part loads what it measures)

    dates = np.concatenate(([CUTOFF], ends_of(months)))
    return Curves([Curve("TIBOR_3M", dates, fixings(months))])


@dataclass(frozen=True)
class State:
    """What the NumPy program needs of each loan, [i]; due [i, t] the share of a schedule's balance that falls due."""

    columns: dict[str, Any]
    due: Any
    tau: Any


def months_after(dates: pd.Series) -> np.ndarray:
    """Calendar months from the cut-off to each date."""
    return dates.to_numpy().astype("datetime64[M]").astype(np.int64) - CUTOFF.astype("datetime64[M]").astype(np.int64)


def prepared(tape: MixedTape, months: int) -> State:
    """Dates to months and words to numbers, once and not timed."""
    frame = tape.frame
    own = np.flatnonzero(frame["amortisation_type"].cat.codes.to_numpy() == 3)
    place = np.full(len(frame), -1)
    place[own] = np.arange(len(own))
    due = np.zeros((len(own), months))
    rows = months_after(tape.schedule["due_date"])
    left = np.repeat(frame["current_balance"].to_numpy()[own], 4).reshape(-1, 4)
    amounts = tape.schedule["principal"].to_numpy().reshape(-1, 4)
    np.add.at(due, (np.repeat(np.arange(len(own)), 4), rows - 1), amounts.ravel())
    balance = left[:, :1] - np.concatenate((np.zeros((len(own), 1)), np.cumsum(due, axis=1)[:, :-1]), axis=1)
    due = np.divide(due, balance, out=np.zeros_like(due), where=balance > 1e-6)
    floats = frame["rate_type"].cat.codes.to_numpy() == 1
    columns = {
        "balance": frame["current_balance"].to_numpy(),
        "rate": frame["current_rate"].to_numpy(),
        "term": months_after(frame["maturity_date"]),
        "kind": frame["amortisation_type"].cat.codes.to_numpy(),
        "step": np.array([1, 3, 6])[frame["principal_frequency"].cat.codes.to_numpy()],
        "grace": np.where(np.isnat(frame["grace_end_date"].to_numpy()), 0, months_after(frame["grace_end_date"])),
        "balloon": np.nan_to_num(frame["balloon_amount"].to_numpy()),
        "actual": frame["day_count"].notna().to_numpy().astype(np.int64),
        "reset": np.where(floats, months_after(frame["next_reset_date"]), -1),
        "schedule": place,
    }
    days = np.diff(np.concatenate(([CUTOFF], ends_of(months)))).astype(float)
    return State(columns, due, np.stack([np.full(months, 1 / 12), days / 365]))


def numpy_mixed(state: State, months: int, q: float, smm: float, recovery: float, lag: int) -> Any:
    """A loop over months: rates reset, interest accrues, what is due is paid; [column, t] as `pool.py` compares them."""
    index = fixings(months)
    now = {name: values.copy() for name, values in state.columns.items()}
    now["owed"], now["since"] = np.zeros(len(now["balance"])), np.zeros(len(now["balance"]))
    out = np.zeros((6, months))
    for t in range(months):
        alive = now["term"] > t
        if not alive.all():
            now = {name: values[alive] for name, values in now.items()}
        resets = (now["reset"] >= 0) & (now["reset"] <= t) & ((t - now["reset"]) % 3 == 0)
        now["rate"] = np.where(resets, index[t] + MARGIN, now["rate"])
        balance, rate, kind = now["balance"], now["rate"], now["kind"]
        fraction = state.tau[now["actual"], t]
        out[0, t], out[4, t] = balance.sum(), balance.sum() * q
        balance, owed = balance * (1 - q), now["owed"] * (1 - q) + balance * (1 - q) * rate * fraction
        balloon, since = now["balloon"] * (1 - q), now["since"] + fraction
        left = now["term"] - t - 1
        pays = left % now["step"] == 0
        interest = np.where(pays, owed, 0.0)
        instalments = left // now["step"]
        period = rate * now["step"] / 12
        worth = np.where(period > 0, -np.expm1(-instalments * np.log1p(period)) / np.where(period > 0, period, 1.0), instalments)
        growth = 1 + rate * since
        v = np.exp(-instalments * np.log1p(period))
        level = (balance * growth - balloon * v) / (1 + worth) - balance * rate * since
        due = pays & (t >= now["grace"])
        principal = np.where(due & (kind == 0), (balance - balloon) / (instalments + 1), 0.0)
        principal = np.where(due & (kind == 1), level, principal)
        own = kind == 3
        principal[own] = balance[own] * state.due[now["schedule"][own], t]
        principal = np.where(left == 0, balance, principal)
        after = balance - principal
        owed = owed - interest
        out[1, t] = interest.sum() + (owed * smm).sum()
        out[2, t], out[3, t] = principal.sum(), (after * smm).sum()
        now["balance"], now["owed"], now["balloon"] = after * (1 - smm), owed * (1 - smm), balloon * (1 - smm)
        now["since"] = np.where(pays, 0.0, since)
        if t + lag < months:
            out[5, t + lag] = out[4, t] * recovery
    return out
