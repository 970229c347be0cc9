"""Static pools: what became of the loans made in one year, by months on book, as a share of what was lent.

Months on book are calendar months since origination; what happens in the month of origination counts in month 1. A curve ends
with the age that the youngest loan of its vintage has reached: nothing is filled in beyond.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.behaviour.arrears import BUCKETS
from clo.findings import Finding, InputError
from clo.history.findings import history_finding
from clo.history.history import History
from clo.history.lives import DEFAULTED, PREPAID, Lives, Unseen, check_seen, known_until, lives, words_of
from clo.history.movements import Pair, flows
from clo.history.snapshots import Floats, Mask, month_number
from clo.tape.loans import Loans
from clo.timeline import Days, month_index

Measure = Literal["default", "loss", "prepayment", "arrears_90"]
MEASURES = ("default", "loss", "prepayment", "arrears_90")
VINTAGE = "vintage"
"""Year of origination; a name to tell loans apart by, as a column's is."""
_NINETY = BUCKETS.index("90-119")


@dataclass(frozen=True, eq=False)
class StaticPool:
    """Curves by months on book 1, 2, ... of each vintage, or each word of another column.

    increments: amount of each month [month, vintage], NaN where not observed. original: what was lent [vintage]. basis: what an
    amount is: `original_balance` of the loans it happened to, `balance` before it happened, `default_amount` or `allocated_loss`.
    at_risk: where the basis is original_balance, that of the loans that had not defaulted, repaid or left before each month
    [month, vintage], NaN where not observed; a loan that does not default is gone at maturity at the latest. beyond: number and
    amount of what happened at ages that the youngest loan of the vintage has not reached, which no curve holds.
    """

    measure: Measure
    basis: str
    vintages: tuple[str, ...]
    increments: Floats
    original: Floats
    findings: tuple[Finding, ...] = ()
    at_risk: Floats | None = None
    beyond: tuple[int, float] = (0, 0.0)

    @property
    def curves(self) -> pd.DataFrame:
        """Cumulative share of the original balance [months on book x vintage]; NaN where not observed."""
        seen = ~np.isnan(self.increments)
        total = np.cumsum(np.nan_to_num(self.increments), axis=0) / self.original
        return self._table(np.where(seen, total, np.nan))

    @property
    def average(self) -> pd.DataFrame:
        """By month on book: cumulative (the average monthly increments, weighted by original balance over the vintages observed
        then, added up, so that it does not jump where a vintage ends), vintages (their number), original_balance (theirs).
        """
        seen = ~np.isnan(self.increments)
        weight = (seen * self.original).sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            each = np.nansum(self.increments, axis=1) / weight
        total = np.where(weight > 0, np.cumsum(np.nan_to_num(each)), np.nan)
        columns = {"cumulative": total, "vintages": seen.sum(axis=1), "original_balance": weight}
        return pd.DataFrame(columns, index=self._months())

    def as_scenario(self, months: int | None = None, *, unseen: Unseen = "error") -> dict[str, Any]:
        """What `defaults:` of a scenario takes: {"cumulative", "timing": share of each year, "of"}. months: up to that month on
        book, where few vintages stand behind the rest. unseen: months on book in which no vintage was seen, such as those before
        the first tape of a history, are refused, or with "no_defaults" nobody defaults in them.

        `of: loans` where amounts are original balances: `cumulative` is then the share that would have defaulted had nobody
        repaid, from the defaults of each month over those at risk in it (docs/behaviour.md, Defaults). Else `of: balance`, the
        average curve as it stands. Raises ValueError for another measure or word; InputError for months unseen, and where no
        curve holds a default.
        """
        if self.measure != "default":
            raise ValueError(f"a scenario takes a curve of defaults, and this is of {self.measure}")
        average = self.average["cumulative"]
        seen = average.notna().to_numpy()[: average.last_valid_index() or 0][:months]
        check_seen(seen, unseen, since="origination")
        total = average.ffill().fillna(0.0).to_numpy() if self.at_risk is None else self._of_those_at_risk(self.at_risk)
        curve = total[: len(seen)]
        if not len(curve) or curve[-1] <= 0:
            beyond = f"; {_told(*self.beyond)}" if self.beyond[0] else ""
            said = f"nothing defaulted in the {len(curve):,} months observed{beyond}"
            raise InputError([history_finding("E-H039", said, field="default_date")])
        ends = np.append(curve[11::12], curve[-1:] if len(curve) % 12 else [])
        timing = np.diff(ends, prepend=0.0) / curve[-1]
        of = "balance" if self.at_risk is None else "loans"
        return {"cumulative": float(curve[-1]), "timing": [float(share) for share in timing], "of": of}

    def _of_those_at_risk(self, at_risk: Floats) -> Floats:
        """Share defaulted by the end of each month, had nobody repaid: 1 - product of (1 - defaults / at risk)."""
        defaulted, exposed = np.nansum(self.increments, axis=1), np.nansum(at_risk, axis=1)
        hazard = np.divide(defaulted, exposed, out=np.zeros(len(exposed)), where=exposed > 0)
        return np.asarray(1.0 - np.cumprod(1.0 - hazard), dtype=np.float64)

    def to_frame(self) -> pd.DataFrame:
        """One row a vintage and month observed: vintage, month, cumulative."""
        long = self.curves.reset_index().melt(id_vars="month", var_name="vintage", value_name="cumulative")
        return long.dropna(subset=["cumulative"])[["vintage", "month", "cumulative"]].reset_index(drop=True)

    def _months(self) -> pd.Index:
        return pd.RangeIndex(1, len(self.increments) + 1, name="month")

    def _table(self, values: Floats) -> pd.DataFrame:
        return pd.DataFrame(values, index=self._months(), columns=pd.Index(self.vintages, name="vintage", dtype="str"))

    def __repr__(self) -> str:
        return f"<StaticPool of {self.measure}: {len(self.vintages)} vintages, up to {len(self.increments)} months>"

    def _repr_html_(self) -> str:
        yearly = self.curves.iloc[11::12]
        return str(yearly.to_html(float_format=lambda share: f"{share:.2%}", na_rep=""))


def static_pool(
    watched: Loans | History, *, by: str = VINTAGE, measure: Measure = "default", until: datetime.date | None = None
) -> StaticPool:
    """Cumulative default, loss, prepayment or first arrears of 90 days and more, by months on book, of each vintage.

    watched: a history, or one tape that records every loan from its origination, with the dates of what happened. A history
    gives balances before default, losses as allocated, prepayments in part and in full, and balances when 90 days are reached; a
    tape gives `default_amount`, or without it the original balance, of loans that defaulted, and the original balance of loans
    redeemed early. by: `vintage`, the year of origination, or a column. until: the day outcomes of a tape are known to.

    Raises InputError where the tape cannot tell, or has no such column.
    """
    if measure not in MEASURES:
        raise ValueError(f"measure {measure!r} is none of {', '.join(MEASURES)}")
    watch = lives(watched, exits="recorded", until=until)
    dated = ~np.isnat(watch.origination) & ~np.isnan(watch.original)
    years = pd.Series(watch.origination.astype("datetime64[Y]").astype(str)).where(dated)
    number, words = words_of(watch.frame.assign(vintage=years.to_numpy()) if by == VINTAGE else watch.frame, by)
    usable = dated & (number >= 0)
    happened, basis = _in_history(watched, measure) if isinstance(watched, History) else _on_tape(watched, watch, measure)
    stop = watched.snapshots[-1].date if isinstance(watched, History) else known_until(watched, until)
    age = np.where(usable, month_number(stop) - month_index(watch.origination), 0)
    size = max(int(age.max(initial=0)), 1)
    groups = len(words)
    increments, times = _by_month(happened, usable, number, size, groups)
    original = np.bincount(number[usable], weights=watch.original[usable], minlength=groups).astype(np.float64)
    seen, late = _observed(watch, usable, number, age, size, groups, isinstance(watched, History))
    found = list(_findings(usable, words, late))
    beyond = int(times[~seen].sum()), float(increments[~seen].sum())
    if beyond[0]:
        found.append(history_finding("W-H038", f"{measure}: {_told(*beyond)}", field="origination_date"))
    at_risk = None
    if basis == "original_balance":
        last = np.where(watch.end == DEFAULTED, watch.last, lives(watched, exits="maturity", until=until).last)
        at_risk = np.where(seen, _at_risk(last, watch, usable, number, size, groups), np.nan)
    return StaticPool(measure, basis, tuple(words), np.where(seen, increments, np.nan), original, tuple(found), at_risk, beyond)


_Happened = Iterator[tuple[NDArray[np.intp], NDArray[np.int64], Floats]]
"""Loans, months on book and amounts of what happened, in any number of parts."""


def _on_tape(loans: Loans, watch: Lives, measure: Measure) -> tuple[_Happened, str]:
    """What one tape records, and the basis of the amounts."""
    held = loans.frame.columns
    needed = {"default": ["default_date"], "loss": ["default_date", "allocated_loss"], "prepayment": ["redemption_date"]}
    lacking = [name for name in needed.get(measure, ["days_in_arrears of more than one date"]) if name not in held]
    if lacking:
        raise InputError([history_finding("E-H035", f"{measure}: the tape has no {', '.join(lacking)}", field=lacking[0])])
    hit = np.flatnonzero(watch.end == (PREPAID if measure == "prepayment" else DEFAULTED))
    amount, basis = watch.original, "original_balance"
    if measure == "loss":
        amount, basis = np.nan_to_num(loans.column("allocated_loss")), "allocated_loss"
    elif measure == "default" and not np.isnan(loans.column("default_amount")[hit]).any() and len(hit):
        amount, basis = loans.column("default_amount"), "default_amount"
    month = month_index(watch.last[hit]) - month_index(watch.origination[hit])
    return iter([(hit, month, amount[hit])]), basis


def _in_history(history: History, measure: Measure) -> tuple[_Happened, str]:
    """What happened between each two tapes of a history, on the age at the later one."""
    return _pairs(history, measure), "allocated_loss" if measure == "loss" else "balance"


def _pairs(history: History, measure: Measure) -> _Happened:
    reached: Mask = np.zeros(history.size, dtype=bool)
    for between in history.pairs():
        amount = _amounts(between, measure, reached)
        at = np.flatnonzero(amount)
        made = np.where(between.after[at] >= 0, between.second("origination_date")[at], between.first("origination_date")[at])
        month = month_index(np.full(len(at), between.closing.date)) - month_index(made)
        yield between.loan[at].astype(np.intp), month, amount[at]


def _amounts(between: Pair, measure: Measure, reached: Mask) -> Floats:
    """Amount of each loan of a pair. reached: loans 90 days behind before, brought up to date here."""
    if measure == "default":
        return flows(between)["defaulted"]
    if measure == "prepayment":
        each = flows(between)
        return each["prepaid"] + each["repaid"]
    if measure == "loss":
        earlier = np.where(between.after >= 0, np.nan_to_num(between.first("allocated_loss")), 0.0)
        rise: Floats = np.nan_to_num(between.second("allocated_loss")) - earlier
        return rise
    reached[between.opening.loan[between.opening.live & (between.opening.state >= _NINETY)]] = True
    fresh = between.is_live & (between.to_state >= _NINETY) & ~reached[between.loan]
    return np.where(fresh, between.to_balance, 0.0)


def _by_month(
    happened: _Happened, usable: Mask, number: NDArray[np.intp], size: int, groups: int
) -> tuple[Floats, NDArray[np.int64]]:
    """(amounts, number of times) of what happened by month on book [month, vintage]."""
    amounts, times = np.zeros((size + 1) * groups), np.zeros((size + 1) * groups, dtype=np.int64)
    for loan, month, amount in happened:
        fits = usable[loan] & (month >= 0) & (month <= size)
        place = np.maximum(month[fits], 1) * groups + number[loan[fits]]
        amounts += np.bincount(place, weights=amount[fits], minlength=len(amounts))
        times += np.bincount(place, minlength=len(times))
    return amounts.reshape(size + 1, groups)[1:], times.reshape(size + 1, groups)[1:]


def _observed(
    watch: Lives, usable: Mask, number: NDArray[np.intp], age: NDArray[np.int64], size: int, groups: int, from_tapes: bool
) -> tuple[Mask, NDArray[np.int64]]:
    """(months observed [month, vintage]; the age each vintage has when it is first seen, 0 for a record from origination)."""
    youngest = np.full(groups, size, dtype=np.int64)
    np.minimum.at(youngest, number[usable], age[usable])
    begins = np.zeros(groups, dtype=np.int64)
    if from_tapes:
        begins[:] = size
        entry = np.nan_to_num(watch.age_at_first(), nan=float(size)).astype(np.int64)
        np.minimum.at(begins, number[usable], np.maximum(entry[usable], 0))
    month = np.arange(1, size + 1)[:, None]
    return (month > begins) & (month <= np.maximum(youngest, 1)), begins


def _at_risk(last: Days, watch: Lives, usable: Mask, number: NDArray[np.intp], size: int, groups: int) -> Floats:
    """Original balance of loans that had not ended before each month [month, vintage]; in the month they end they still count.

    last: the day each loan was last at risk.
    """
    ended = np.clip(month_index(last[usable]) - month_index(watch.origination[usable]), 1, size)
    cells = ended * groups + number[usable]
    leaving = np.bincount(cells, weights=watch.original[usable], minlength=(size + 1) * groups).reshape(size + 1, groups)[1:]
    return np.asarray(np.cumsum(leaving[::-1], axis=0)[::-1], dtype=np.float64)


def _findings(usable: Mask, words: list[str], late: NDArray[np.int64]) -> Iterator[Finding]:
    left = int((~usable).sum())
    if left:
        said = f"{left:,} loans without the dates or words of a vintage are left out"
        yield history_finding("W-H031", said, field="origination_date")
    aged = [f"{word} from month {begins + 1}" for word, begins in zip(words, late, strict=True) if begins > 1]
    if aged:
        yield history_finding("W-H034", f"first seen later than at origination: {', '.join(aged[:10])}", field="origination_date")


def _told(times: int, amount: float) -> str:
    """What no curve holds, in words."""
    return f"{times:,} of {amount:,.0f} in all at ages that the youngest loan of the vintage has not reached, in no curve"
