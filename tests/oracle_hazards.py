"""The slow reading of a scenario: what share of a loan defaults, prepays, gets new terms or is bought back in a month.

Every share is that of one loan in one month, from docs/behaviour.md. Plain Python; shares no code with the engine.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from itertools import pairwise
from typing import Any

from oracle_dates import month_end, month_of
from oracle_expressions import selected
from oracle_loans import Market, Row, age_at, day_of, floats, given, index_name


def of(thing: Any, name: str, otherwise: Any = None) -> Any:
    """A field of a scenario or of a part of it, given as an object or as a mapping; `otherwise` where it is not said."""
    found = thing.get(name) if isinstance(thing, Mapping) else getattr(thing, name, None)
    return otherwise if found is None else found


def monthly(annual: float) -> float:
    """1 - (1 - annual)^(1/12)"""
    return 1.0 if annual >= 1.0 else -math.expm1(math.log1p(-annual) / 12.0)


def annually(monthly_share: float) -> float:
    return 1.0 if monthly_share >= 1.0 else -math.expm1(12.0 * math.log1p(-monthly_share))


def at(values: Any, month: int) -> float:
    """A number, or that of the month of a vector, whose last value holds on."""
    return float(values[min(month, len(values)) - 1]) if isinstance(values, list | tuple) else float(values)


def times(hazard: float, factor: float) -> float:
    """A share that happens `factor` times as fast: 1 - (1 - hazard)^factor."""
    if factor == 1.0 or hazard == 0.0:
        return hazard
    if hazard >= 1.0:
        return 1.0 if factor > 0.0 else 0.0
    return -math.expm1(factor * math.log1p(-hazard))


# default -----------------------------------------------------------------------------------------------------------------


def by_words(table: Any, row: Row, words: str) -> Any:
    """What a table `by` a column says of a loan. words: name of the part that lists them."""
    column = str(of(table, "by"))
    if column == "vintage":
        origination = day_of(row, "origination_date")
        word = None if origination is None else str(origination.year)
    else:
        word = given(row, column)
    named = {str(key): value for key, value in of(table, words).items()}
    found = named.get(str(word), of(table, "other"))
    if found is None:
        raise ValueError(f"{column} {word!r} of {row.get('loan_id')} is not among {sorted(named)}")
    return found


def hazard(scenario: Any, row: Row, cutoff: date, month: int) -> float:
    """The share of a loan's surviving part that defaults in the month; models that know it without looking at the pool."""
    model = of(scenario, "defaults")
    if model is None:
        share = monthly(at(of(scenario, "cdr", 0.0), month))
    elif of(model, "cumulative") is not None:
        before, now = cumulative(model, month - 1), cumulative(model, month)
        share = 0.0 if now == before else (now - before) / (1.0 - before)
    elif of(model, "pd") is not None:
        share = monthly(float(row["pd_1y"]))
    else:
        counted = month + (age_at(row, cutoff) if of(model, "since", "cutoff") == "origination" else 0)
        curve = of(model, "survival")
        if curve is None:
            share = _by_curve(by_words(model, row, "curves"), counted, str(of(model, "every", "year")))
        else:
            share = _by_survival(curve, counted)
    scale = of(scenario, "default_scale")
    return share if scale is None else times(share, float(by_words(scale, row, "factors")))


def yearly_shares(model: Any) -> list[float]:
    """What of all that ever defaults does so in year 1, 2, ..."""
    timing = of(model, "timing", "even")
    if not isinstance(timing, str):
        return [float(share) for share in timing]
    years = int(of(model, "years", 5))
    weights = {"front": range(years, 0, -1), "back": range(1, years + 1), "even": [1] * years}[timing]
    return [weight / sum(weights) for weight in weights]


def cumulative(model: Any, month: int) -> float:
    """F(month): the share that has defaulted by the end of the month; even within each year."""
    shares = yearly_shares(model)
    years, months = divmod(min(month, 12 * len(shares)), 12)
    gone = math.fsum(shares[:years]) + (shares[years] * months / 12.0 if months else 0.0)
    return float(of(model, "cumulative")) * gone


def _by_curve(curve: Any, month: int, every: str) -> float:
    """Cumulative probabilities by year, the hazard constant within a year and held after the last; a number is an annual rate."""
    if not isinstance(curve, list | tuple):
        return monthly(float(curve))
    if every == "month":
        return _by_survival([1.0 - float(share) for share in curve], month)
    year = min((month - 1) // 12, len(curve) - 1)
    before, now = (float(curve[year - 1]) if year else 0.0), float(curve[year])
    return monthly((now - before) / (1.0 - before))


def _by_survival(curve: Any, month: int) -> float:
    alive = [1.0, *map(float, curve)]
    died = [1.0 - now / before if before else 0.0 for before, now in pairwise(alive)]
    if month <= len(died):
        return died[month - 1]
    return math.fsum(died[-12:]) / len(died[-12:])


def default_month(row: Row, cutoff: date, last: int) -> int | None:
    """The month in which the tape lets the loan default; at the latest the last one with a balance."""
    day = day_of(row, "default_date")
    return None if day is None else min(month_of(day, cutoff), last)


# prepayment --------------------------------------------------------------------------------------------------------------


def prepaid(scenario: Any, row: Row, cutoff: date, month: int, market: Market) -> float:
    """SMM of the month."""
    if of(scenario, "defaults") == "tape" and day_of(row, "default_date") is not None:
        return 0.0
    smm, ramp = of(scenario, "smm"), of(scenario, "prepayment_ramp")
    if smm is not None:
        share = at(smm, month)
    elif ramp is not None:
        months, age = int(of(ramp, "months")), age_at(row, cutoff) + month
        share = monthly(float(of(ramp, "speed", 1.0)) * float(of(ramp, "to")) * min(age, months) / months)
    else:
        share = monthly(at(of(scenario, "cpr", 0.0), month))
    incentive = of(scenario, "prepayment_incentive")
    if incentive is None or not floats(row):
        return share
    change = _fixing(row, cutoff, month, market) - _fixing(row, cutoff, 0, market)
    annual = annually(share) * max(0.0, 1.0 + float(of(incentive, "sensitivity")) * change)
    if annual >= 1.0:
        raise ValueError(f"all of {row.get('loan_id')} would prepay in month {month}")
    return monthly(annual)


def _fixing(row: Row, cutoff: date, month: int, market: Market) -> float:
    return market.index(index_name(row), month_end(cutoff, month), cutoff)


def fee_share(scenario: Any, row: Row, cutoff: date, month: int) -> float:
    """The fee on what is prepaid in the month, as a share of it."""
    fee = of(scenario, "prepayment_fee")
    if fee is None:
        return 0.0
    if not isinstance(fee, list | tuple):
        return float(fee)
    year = (age_at(row, cutoff) + month - 1) // 12
    return float(fee[year]) if year < len(fee) else 0.0


# changes -----------------------------------------------------------------------------------------------------------------


def new_terms_share(scenario: Any, month: int) -> float:
    """The share of loans that never had new terms that gets them at the start of the month."""
    change = of(scenario, "restructuring")
    if change is None:
        return 0.0
    if of(change, "rate") is not None:
        return monthly(float(of(change, "rate")))
    return float(of(change, "share")) if month == int(of(change, "month")) else 0.0


def repurchased(scenario: Any, row: Row, month: int) -> float:
    """The share of a loan's balance that is bought back in the month."""
    breach = of(scenario, "repurchase")
    if breach is None:
        return 0.0
    where = of(breach, "where")
    if where is not None:
        return 1.0 if month == int(of(breach, "month")) and selected([row], where) else 0.0
    return monthly(float(of(breach, "rate"))) if month <= of(breach, "months", month) else 0.0
