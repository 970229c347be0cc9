"""The slow reading of one loan's contract: what it owes month by month if it neither defaults nor prepays (docs/loans.md).

A loan is a row of the tape, a dict of its columns. Plain Python, one month after the other; shares no code with the engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from oracle_dates import MONTHS, as_date, calendar_months, month_end, month_fraction, month_of, shifted

Row = Mapping[str, Any]
Curves = Mapping[str, Sequence[tuple[date, float]]]
"""Of each index, its fixings by date. A fixing holds until the next one, the last one for good."""

CAPITAL_LOANS = {
    ("JFC_CAPITAL_REVIVAL", "15Y"): (0.0595, 0.0430, 0.0040),
    ("JFC_CAPITAL_REVIVAL", "10Y"): (0.0585, 0.0420, 0.0040),
    ("JFC_CAPITAL_REVIVAL", "7Y"): (0.0580, 0.0415, 0.0040),
    ("JFC_CAPITAL_REVIVAL", "5Y1M"): (0.0570, 0.0405, 0.0040),
    ("JFC_CAPITAL_NEW", "15Y"): (0.0540, 0.0410, 0.0040),
    ("JFC_CAPITAL_NEW", "10Y"): (0.0510, 0.0385, 0.0040),
    ("JFC_CAPITAL_NEW", "7Y"): (0.0475, 0.0360, 0.0040),
    ("JFC_CAPITAL_NEW", "5Y1M"): (0.0425, 0.0320, 0.0040),
}
"""Rates of the high, middle and low tier. Source: 001 of the project, JFC, 挑戦支援資本強化特例制度; typed in here once more."""


@dataclass(frozen=True)
class Owed:
    """One month of a contract. accrued: interest owed at its end that is not yet due."""

    opening: float
    principal: float
    interest: float
    accrued: float

    @property
    def closing(self) -> float:
        return self.opening - self.principal


@dataclass(frozen=True)
class Market:
    """What a contract takes from outside the tape. shift: added to fixings after the cut-off, to all or by index."""

    curves: Curves
    shift: Any = 0.0
    performance: tuple[float, ...] | None = None

    def index(self, name: str, day: date, cutoff: date) -> float:
        known = [rate for since, rate in self.curves[name] if since <= day]
        if not known:
            raise ValueError(f"{name} has no fixing on or before {day}")
        shift = self.shift.get(name, 0.0) if isinstance(self.shift, Mapping) else self.shift
        return known[-1] + (shift if day > cutoff else 0.0)


CALM = Market({})


def given(row: Row, column: str, otherwise: Any = None) -> Any:
    """A cell of the tape, or what stands in for an empty one."""
    value = row.get(column)
    empty = value is None or value == "" or value != value  # noqa: PLR0124  (NaN and NaT differ from themselves)
    return otherwise if empty else value


def day_of(row: Row, column: str) -> date | None:
    return as_date(row.get(column))


def maturity_month(row: Row, cutoff: date) -> int:
    maturity = day_of(row, "maturity_date")
    assert maturity is not None
    return month_of(maturity, cutoff)


def floats(row: Row) -> bool:
    return given(row, "rate_type") in ("floating", "fixed_then_floating")


def index_name(row: Row) -> str:
    tenor = given(row, "rate_index_tenor")
    return str(row["rate_index"]) + ("" if tenor is None else f"_{tenor}")


def age_at(row: Row, cutoff: date) -> int:
    """Calendar months from the loan's origination to the cut-off."""
    origination = day_of(row, "origination_date")
    if origination is None:
        raise ValueError(f"{row.get('loan_id')} has no origination date")
    return calendar_months(origination, cutoff)


# rates -------------------------------------------------------------------------------------------------------------------


def resets(row: Row, cutoff: date, last: int) -> list[int]:
    """Months at whose end a floating rate is fixed anew."""
    if not floats(row):
        return []
    first = day_of(row, "next_reset_date")
    assert first is not None
    return list(range(month_of(first, cutoff), last, int(row["rate_reset_months"])))


def rates(row: Row, cutoff: date, last: int, market: Market) -> list[float]:
    """Annual rate of months 0, 1, ..., last; the one of month 0 is the tape's."""
    kind, rate = given(row, "rate_type", "fixed"), float(row["current_rate"])
    if kind == "performance":
        return _by_performance(row, cutoff, last, market)
    if kind != "fixed" and not floats(row):
        raise ValueError(f"rate type {kind!r}")
    reset, path = resets(row, cutoff, last), []
    for month in range(last + 1):
        path.append(rate)
        if month in reset:
            rate = _fixed_anew(row, rate, market.index(index_name(row), month_end(cutoff, month), cutoff), month == reset[0])
    return path


def _fixed_anew(row: Row, before: float, index: float, first: bool) -> float:
    rate = index + float(given(row, "rate_margin", 0.0))
    step = given(row, "rate_first_cap" if first else "rate_periodic_cap")
    if step is not None:
        rate = min(max(rate, before - float(step)), before + float(step))
    cap, floor = given(row, "rate_cap"), given(row, "rate_floor")
    if cap is not None:
        rate = min(rate, float(cap))
    if floor is not None:
        rate = max(rate, float(floor))
    elif rate < 0.0:
        raise ValueError(f"{row.get('loan_id')} has a negative rate of {rate} and no floor")
    return rate


def _by_performance(row: Row, cutoff: date, last: int, market: Market) -> list[float]:
    """The tape's rate up to the month of the first anniversary after the cut-off, what is expected from the month after it."""
    tiers = CAPITAL_LOANS[str(row["rate_index"]), str(row["rate_index_tenor"])]
    if market.performance is None:
        raise ValueError("the scenario does not say how borrowers perform")
    expected = sum(rate * share for rate, share in zip(tiers, market.performance, strict=True))
    made = day_of(row, "origination_date")
    assert made is not None
    years = 1
    while shifted(made, 12 * years) <= cutoff:
        years += 1
    anniversary = month_of(shifted(made, 12 * years), cutoff)
    return [float(row["current_rate"]) if month <= anniversary else expected for month in range(last + 1)]


# when something is due ---------------------------------------------------------------------------------------------------


def every(row: Row, what: str) -> int | None:
    """Months between instalments of principal or interest; None where there is one alone, at maturity."""
    word = given(row, f"{what}_frequency", "monthly")
    return None if word == "at_maturity" else MONTHS[str(word)]


def due_months(row: Row, cutoff: date, what: str, last: int) -> set[int]:
    """Months in which principal or interest falls due, `last` among them, whatever the original maturity."""
    step = every(row, what)
    if step is None:
        return {last}
    anchor = maturity_month(row, cutoff)
    following = day_of(row, "next_payment_date")
    if following is not None and step > 1 and every(row, "principal") == every(row, "interest"):
        anchor = month_of(following, cutoff)
        return {month for month in range(anchor, last) if (month - anchor) % step == 0} | {last}
    return {month for month in range(1, last) if (month - anchor) % step == 0} | {last}


def principal_months(row: Row, cutoff: date, last: int) -> list[int]:
    """Months in which an equal or level instalment falls due: after the grace, and at maturity in any case."""
    if every(row, "principal") is None:
        raise ValueError(f"{row['amortisation_type']} repays no principal at maturity alone")
    grace = day_of(row, "grace_end_date")
    free = 0 if grace is None or grace <= cutoff else month_of(grace, cutoff)
    return sorted(month for month in due_months(row, cutoff, "principal", last) if month > free or month == last)


# a contract --------------------------------------------------------------------------------------------------------------


def contract(row: Row, cutoff: date, market: Market = CALM, schedule: Iterable[Row] = ()) -> list[Owed]:
    """Months 1, 2, ... up to maturity. schedule: the loan's own rows of due_date, principal and interest."""
    return list(Contract(row, cutoff, market, list(schedule)).months(float(row["current_balance"]), 0.0))


def with_new_terms(
    old: list[Owed], u: int, row: Row, cutoff: date, extension: int, rate_cut: float, market: Market, schedule: Iterable[Row]
) -> list[Owed]:
    """The same contract up to month u - 1; from month u on longer and cheaper."""
    new = Contract(row, cutoff, market, list(schedule), start=u, extension=extension, rate_cut=rate_cut)
    if new.interest_given:
        raise ValueError(f"{row.get('loan_id')} owes interest as amounts: its terms cannot change")
    return old[: u - 1] + list(new.months(old[u - 1].opening, old[u - 2].accrued if u > 1 else 0.0))


class Contract:
    """What a loan owes from month `start` on: rates and the months in which something is due, then one month after another."""

    def __init__(
        self,
        row: Row,
        cutoff: date,
        market: Market,
        schedule: list[Row],
        start: int = 1,
        extension: int = 0,
        rate_cut: float = 0.0,
    ) -> None:
        self.kind, self.start = str(row["amortisation_type"]), start
        self.balloon = float(given(row, "balloon_amount", 0.0))
        self.last = maturity_month(row, cutoff) + extension
        annual = rates(row, cutoff, self.last, market)
        self.annual = [max(0.0, rate - rate_cut) for rate in annual] if rate_cut else annual
        day_count = given(row, "day_count")
        self.years = [0.0, *(month_fraction(cutoff, month, day_count) for month in range(1, self.last + 1))]
        self.interest_months = due_months(row, cutoff, "interest", self.last)
        self.scheduled = self._amounts(schedule, "principal", cutoff, extension)
        self.interest_given = any(given(due, "interest") is not None for due in schedule)
        self.scheduled_interest = self._amounts(schedule, "interest", cutoff, 0) if self.interest_given else {}
        self.instalments = [self.last]
        if self.kind in ("equal_principal", "level_payment"):
            self.instalments = [month for month in principal_months(row, cutoff, self.last) if month >= start]
        elif self.kind == "schedule":
            self.instalments = sorted(self.scheduled)
        elif self.kind not in ("bullet", "revolving"):
            raise ValueError(f"amortisation type {self.kind!r}")
        if self.kind == "level_payment" and every(row, "principal") != every(row, "interest"):
            raise ValueError("a level payment is principal and interest together")

    def _amounts(self, schedule: list[Row], what: str, cutoff: date, later: int) -> dict[int, float]:
        """Amounts due by month, from the start of the contract, postponed by `later` months."""
        amounts: dict[int, float] = {}
        for due in schedule:
            day = day_of(due, "due_date")
            assert day is not None
            month = month_of(day, cutoff)
            if month >= self.start:
                amounts[month + later] = amounts.get(month + later, 0.0) + float(given(due, what, 0.0))
        return amounts

    def months(self, balance: float, carried: float) -> Iterator[Owed]:
        """carried: interest owed at the start. New interest is `fresh`: a level payment holds it, and not what was carried."""
        level = fresh = 0.0
        for month in range(self.start, self.last + 1):
            if self.kind == "level_payment" and (month == self.start or self.annual[month] != self.annual[month - 1]):
                carried, fresh = carried + fresh, 0.0
                level = self._level(balance, month)
            fresh += balance * self.annual[month] * self.years[month]
            principal = self._principal(balance, month, level - fresh) if balance else 0.0
            interest = 0.0
            if self.interest_given:
                interest, fresh = self.scheduled_interest.get(month, 0.0), 0.0
            elif month in self.interest_months:
                interest, carried, fresh = carried + fresh, 0.0, 0.0
            yield Owed(balance, principal, interest, carried + fresh)
            balance -= principal

    def _principal(self, balance: float, month: int, level_less_interest: float) -> float:
        left = [each for each in self.instalments if each >= month]
        if not left or left == [month]:
            return balance
        if month != left[0]:
            return 0.0
        if self.kind == "schedule":
            return self.scheduled[month]
        if self.kind == "equal_principal":
            return (balance - self.balloon) / len(left)
        return level_less_interest

    def _level(self, balance: float, since: int) -> float:
        """The sum of principal and interest that, constant from month `since` on, repays the balance down to the balloon."""
        left = [month for month in self.instalments if month >= since]
        paid_before = [month for month in self.interest_months if since <= month < left[0]]
        previous = max(paid_before, default=since - 1)
        worth, discount = 0.0, 1.0
        for month in left:
            discount /= 1.0 + self.annual[since] * sum(self.years[previous + 1 : month + 1])
            worth += discount
            previous = month
        return (balance - self.balloon * discount) / worth
