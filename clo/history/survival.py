"""Kaplan-Meier: the share of loans that has not defaulted by the end of each month, from loans watched for unequal times.

S(t) = product over months u up to t of 1 - d(u) / n(u), with d the loans that default in month u and n those at risk: watched
from an earlier month, and not ended before month u. A loan that ends otherwise in month u is at risk in it: defaults come first.
Source: E. L. Kaplan and P. Meier, "Nonparametric estimation from incomplete observations", JASA 53 (1958).
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from clo.findings import Finding, InputError
from clo.history.findings import history_finding
from clo.history.history import History
from clo.history.lives import DEFAULTED, PREPAID, Ends, Lives, Unseen, check_seen, lives, words_of
from clo.history.snapshots import Floats, Mask
from clo.labels import counted
from clo.tape.loans import Loans

Event = Literal["default", "prepayment"]
Since = Literal["origination", "cutoff"]


@dataclass(frozen=True, eq=False)
class Survival:
    """A survival curve by month 1, 2, ... (arrays of shape: months).

    at_risk, events, censored: loans, or their weights. effective: the number of equal loans that tells as much as those at risk,
    (sum of w)^2 / sum of w^2. groups: the same by word, where `by` was given.
    """

    event: Event
    since: Since
    at_risk: Floats
    events: Floats
    censored: Floats
    effective: Floats
    findings: tuple[Finding, ...] = ()
    groups: Mapping[str, Survival] = field(default_factory=dict)

    @property
    def months(self) -> NDArray[np.int64]:
        return np.arange(1, len(self.at_risk) + 1)

    @property
    def hazard(self) -> Floats:
        """Share of those at risk that goes in each month; 0 in a month with nobody at risk."""
        share: Floats = np.divide(self.events, self.at_risk, out=np.zeros(len(self.events)), where=self.at_risk > 0)
        return share

    @property
    def survival(self) -> Floats:
        """What is left at the end of each month; in a month with nobody at risk, what was left before."""
        return np.asarray(np.cumprod(1.0 - self.hazard), dtype=np.float64)

    @property
    def standard_error(self) -> Floats:
        """Of the survival, by Greenwood: S sqrt(sum of h / ((1 - h) n)), n the effective number; NaN once nobody is left.

        Source: M. Greenwood, "The natural duration of cancer" (1926).
        """
        with np.errstate(invalid="ignore"):
            error: Floats = self.survival * np.sqrt(self._variance())
        return error

    def band(self, level: float = 0.95) -> tuple[Floats, Floats]:
        """(lower, upper) pointwise confidence band on the scale log(-log S), so within 0 and 1; NaN before the first event.

        Source: J. D. Kalbfleisch and R. L. Prentice, The Statistical Analysis of Failure Time Data (1980), 1.4.
        """
        if not 0.0 < level < 1.0:
            raise ValueError(f"level = {level}: a share between 0 and 1")
        left = self.survival
        with np.errstate(invalid="ignore", divide="ignore"):
            wide = float(norm.ppf(0.5 + level / 2.0)) * np.sqrt(self._variance()) / -np.log(left)
            lower, upper = left ** np.exp(wide), left ** np.exp(-wide)
        known = (left > 0) & (left < 1)
        return np.where(known, lower, np.nan), np.where(known, upper, np.nan)

    def as_scenario(self, months: int | None = None, *, unseen: Unseen = "error") -> dict[str, Any]:
        """What `defaults:` of a scenario takes: {"survival": [...], "since": ...}. months: the first so many, where few loans
        stand behind the rest. unseen: what becomes of months in which nobody was at risk, such as the first years of a seasoned
        pool since origination: "error" refuses them, "no_defaults" has nobody default in them.

        Raises InputError for months unseen; ValueError for a curve of prepayments, or another word.
        """
        if self.event != "default":
            raise ValueError("a scenario takes the survival of defaults, and this is of prepayments")
        check_seen(self.at_risk[:months] > 0, unseen, self.since)
        return {"survival": [float(left) for left in self.survival[:months]], "since": self.since}

    def to_frame(self) -> pd.DataFrame:
        """One row a month: (group,) month, at_risk, events, censored, survival, standard_error, lower, upper (95 %)."""
        if self.groups:
            return pd.concat([part.to_frame().assign(group=name) for name, part in self.groups.items()], ignore_index=True)
        lower, upper = self.band()
        return pd.DataFrame(
            {
                "month": self.months,
                "at_risk": self.at_risk,
                "events": self.events,
                "censored": self.censored,
                "survival": self.survival,
                "standard_error": self.standard_error,
                "lower": lower,
                "upper": upper,
            }
        )

    def _variance(self) -> Floats:
        """Variance of log S."""
        hazard = self.hazard
        with np.errstate(invalid="ignore", divide="ignore"):
            each = np.where(hazard > 0, hazard / ((1.0 - hazard) * self.effective), 0.0)
            return np.where(np.isinf(np.cumsum(each)), np.nan, np.cumsum(each))

    def __repr__(self) -> str:
        left = f"{self.survival[-1]:.2%}" if len(self.survival) else "nothing"
        seen = f"{left} after {len(self.at_risk)} months, {self.events.sum():,.0f} events"
        return f"<Survival of {self.event} since {self.since}: {seen}>"

    def _repr_html_(self) -> str:
        return str(self.to_frame().to_html(index=False, float_format=lambda value: f"{value:,.4f}"))


def kaplan_meier(
    watched: Loans | History,
    *,
    event: Event = "default",
    since: Since = "origination",
    entry: Since = "cutoff",
    exits: Ends = "maturity",
    until: datetime.date | None = None,
    by: str | None = None,
    weight: str | None = None,
) -> Survival:
    """The survival curve of the loans of a tape whose later outcomes are known, or of a history.

    since: months of the loan's age, or after the date from which it was watched: the cut-off date, in a history that of its first
    tape. entry: from when a loan counts as at risk; `cutoff` for a pool, which holds only loans alive then (left truncation),
    `origination` for a record that follows every loan from the start. exits, until: see `clo.history.lives.lives`. by: the same
    for each word of a column, in `.groups`. weight: a column to weight loans by, such as original_balance.

    A default in the calendar month of origination counts in month 1. Raises InputError where no loan is at risk, or the tape does
    not record the event; ValueError for a word that is none of these.
    """
    for name, given, kind in (("event", event, Event), ("since", since, Since), ("entry", entry, Since), ("exits", exits, Ends)):
        if given not in get_args(kind):
            raise ValueError(f"{name} {given!r} is neither {' nor '.join(map(repr, get_args(kind)))}")
    recorded = {"default": "default_date", "prepayment": "redemption_date"}[event]
    if isinstance(watched, Loans) and recorded not in watched.frame.columns:
        raise InputError([history_finding("E-H035", f"{event}: the tape has no {recorded}", field=recorded)])
    watch = lives(watched, exits=exits, until=until)
    start, end = _span(watch, since, entry)
    hit = watch.end == {"default": DEFAULTED, "prepayment": PREPAID}[event]
    end = np.where(hit & (start == 0) & (end == 0) & (entry == "origination"), 1.0, end)
    usable = end > start
    found = list(_left_out(watch, usable, hit, since))
    if not usable.any():
        raise InputError([*found, history_finding("E-H030", f"none of {counted(len(usable))} is at risk", field="default_date")])
    weights = np.ones(len(usable)) if weight is None else _weights(watch, weight)

    def curve(chosen: Mask, groups: Mapping[str, Survival]) -> Survival:
        at_risk, events, censored, squares = _tables(start[chosen], end[chosen], hit[chosen], weights[chosen])
        effective = np.divide(at_risk**2, squares, out=np.zeros(len(squares)), where=squares > 0)
        return Survival(event, since, at_risk, events, censored, effective, tuple(found), groups)

    if by is None:
        return curve(usable, {})
    numbers, words = words_of(watch.frame, by)
    parts = {word: usable & (numbers == at) for at, word in enumerate(words)}
    return curve(usable, {word: curve(chosen, {}) for word, chosen in parts.items() if chosen.any()})


def _span(watch: Lives, since: Since, entry: Since) -> tuple[Floats, Floats]:
    """(month after which a loan is at risk, month its watch ended), NaN where not known (shape: loans)."""
    watched = watch.months_watched()
    if since == "cutoff":
        if entry == "origination":
            raise ValueError("months since the cut-off start at the cut-off: entry='origination' goes with since='origination'")
        return np.zeros(len(watched)), watched
    age = watch.age_at_first()
    start = np.zeros(len(age)) if entry == "origination" else np.maximum(age, 0.0)
    return start, age + watched


def _weights(watch: Lives, name: str) -> Floats:
    """A column of amounts, one a loan. Raises InputError where it is not there, blank or negative for a loan."""
    if name not in watch.frame.columns:
        raise InputError([history_finding("E-H033", f"no column {name!r} to weight loans by", field=name)])
    weights = watch.frame[name].to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = ~(weights >= 0)
    if wrong.any():
        raise InputError([history_finding("E-H033", f"{name} is blank or negative for {counted(int(wrong.sum()))}", field=name)])
    return weights


def _left_out(watch: Lives, usable: Mask, hit: Mask, since: Since) -> Iterator[Finding]:
    """Loans that were never at risk, and defaults booked at maturity."""
    dated = np.ones(len(usable), dtype=bool) if since == "cutoff" else ~np.isnat(watch.origination)
    reasons = {
        "without origination_date": ~dated,
        "defaulted or gone before they were watched": dated & ~usable,
    }
    for reason, out in reasons.items():
        if out.any():
            said = f"{int(out.sum()):,} loans {reason} are left out, {int((out & hit).sum()):,} of them defaults or prepayments"
            yield history_finding("W-H031", said, field="origination_date" if "without" in reason else "default_date")
    late = usable & watch.late
    if late.any():
        said = f"{int(late.sum()):,} loans default after maturity"
        yield history_finding("W-H032", said, field="default_date")


def _tables(start: Floats, end: Floats, hit: Mask, weights: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """(at risk, events, censored, sum of squared weights at risk) by month 1, 2, ... (shape: months)."""
    entered, ended = start.astype(np.int64), end.astype(np.int64)
    size = int(ended.max(initial=0)) + 1

    def total(months: NDArray[np.int64], amounts: Floats) -> Floats:
        return np.asarray(np.bincount(months, weights=amounts, minlength=size), dtype=np.float64)

    def there(amounts: Floats) -> Floats:
        """Ended in month u or later, less those that entered then; summed from the end, where the sums are small."""
        stays = total(ended, amounts) - total(entered, amounts)
        summed: Floats = np.cumsum(stays[::-1])[::-1][1:]
        return summed

    someone = there(np.ones(len(weights))) > 0
    events, others = total(ended, np.where(hit, weights, 0.0))[1:], total(ended, np.where(hit, 0.0, weights))[1:]
    return np.where(someone, there(weights), 0.0), events, others, np.where(someone, there(weights**2), 0.0)
