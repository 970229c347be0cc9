"""Runs of the engine on drawn cases, and the comparison of any run with the slow reading, number by number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pandas as pd
from oracle import OracleRun, run_oracle
from oracle_closing import SELLERS
from oracle_parties import BORROWERS, between

import clo
from clo.deal.terms import Deal
from clo.tape.loans import Loans
from laws import borrowers
from laws.borrowers import Row
from laws.strategies import Case

SMALL = 1e-12
"""Share of the original balance that engine and slow reading may differ by where nothing is rounded."""
DRAWN = ("premium", "protection", "guarantee")
"""What drawn contracts pay."""
SETTLED = (
    *DRAWN,
    "recovery",
    "surplus",
    "guarantee_fee",
    "guaranteed_interest",
    "reimbursed_interest",
    "refund",
    "dilution",
    "deemed_collection",
)
"""What contracts of the structures pay as well."""
SELLING = ("institutions", "corporation")
Difference = tuple[Any, ...]


def as_loans(rows: Iterable[Row], cutoff: Any, bank: str, schedules: Iterable[Row] = ()) -> Loans:
    """Loans of one sub-pool; the bank is named after it where the rows name none."""
    return borrowers.as_loans([{"originator_id": bank, "cutoff_date": cutoff} | row for row in rows], list(schedules))


def engine(case: Case, scenario: str = "base", **overrides: Any) -> clo.Result:
    cutoff = case.deal.dates.cutoff
    loans = {name: as_loans(rows, cutoff, name, case.schedules) for name, rows in case.rows.items()}
    return clo.run(case.deal, loans=loans, scenario=scenario, curves=borrowers.as_curves(case.curves), **overrides)


def slow_run(case: Case) -> OracleRun:
    return run_oracle(case.deal, case.rows, curves=case.curves, schedules=case.schedules)


FACILITY = ("opening", "drawn", "repaid", "closing", "available")
DUES = tuple(f"{kind}_{column}" for kind in ("interest", "fee") for column in ("due", "paid", "unpaid"))
COLUMNS = {
    "facilities": (*FACILITY, *DUES),
    "hedges": ("notional", "due", "paid", "unpaid", "accrued", "received", "receivable"),
    "ledgers": ("opening", "debited", "credited", "closing"),
    "values": ("value",),
}
"""What the frames of the language have beside the payment date and the name."""
SHARED = ("notional", "available", "value")
"""Columns that no rounding of the deal makes whole."""


def apart(one: float, other: float, tolerance: float) -> bool:
    """Whether two numbers differ by more than that; two that are no numbers do not."""
    one, other = float(one), float(other)
    within = max(tolerance, SMALL * abs(one)) if tolerance else 0.0  # amounts beyond the pool are compared with themselves
    return not (abs(one - other) <= within or one == other or (one != one and other != other))  # noqa: PLR0124  (NaN)


def rows_of(frame: pd.DataFrame) -> dict[tuple[Any, Any], dict[str, Any]]:
    """The rows of a frame by date and name."""
    columns = {name: frame[name].tolist() for name in frame.columns[1:]}
    days = [moment.date() for moment in frame.iloc[:, 0]]
    values = zip(*columns.values(), strict=True)
    return {(day, row[0]): dict(zip(columns, row, strict=True)) for day, row in zip(days, values, strict=True)}


def differences(result: clo.Result, deal: Deal, slow: OracleRun) -> list[Difference]:
    """Everything in which the two readings differ: (frame, date, name, column, slow, engine)."""
    initial = sum(groups["pool"]["opening"] for groups in list(slow.pool.values())[:1])
    little = SMALL * initial
    exact = 0.0 if deal.rounding != "none" else little
    found: list[Difference] = []

    def compare(what: str, frame: pd.DataFrame, slow_frame: Mapping[Any, Any], tolerance: float) -> None:
        rows = rows_of(frame)
        wanted = {(day, name): row for day, names in slow_frame.items() for name, row in names.items()}
        found.extend((what, *key, "row", key in wanted, key in rows) for key in wanted.keys() ^ rows.keys())
        for key in wanted.keys() & rows.keys():
            for column in COLUMNS.get(what, wanted[key]):
                if column not in wanted[key] or column not in rows[key]:
                    found.append((what, *key, column, column in wanted[key], column in rows[key]))
                    continue
                value, other = wanted[key][column], rows[key][column]
                if apart(value, other, max(tolerance, little) if column in SHARED else tolerance):
                    found.append((what, *key, column, value, other))

    groups = set(result.pool["group"])
    pool = {day: {name: row for name, row in names.items() if name in groups or "." in name} for day, names in slow.pool.items()}
    long = little * max(1, len(slow.pool))
    compare("pool", result.pool, pool, little)
    compare("tranches", result.tranches, slow.tranches, exact)
    compare("fees", result.fees, slow.fees, exact)
    compare("facilities", result.facilities, slow.facilities, exact)
    compare("hedges", result.hedges, slow.hedges, exact)
    compare("ledgers", result.ledgers, slow.ledgers, long)
    compare("values", result.values, named(slow.values, "value"), long)
    compare("accounts", result.accounts, named(slow.accounts, "closing"), long)
    at_first = named({min(slow.accounts): slow.started}, "opening")
    compare("accounts at first", result.accounts[: len(deal.accounts)], at_first, long)
    compare("triggers", result.triggers, named(slow.triggers, "breached"), 0.0)
    lost = dict(zip(result.pool_flows.groups, result.pool_flows.lost_recovery[:, 0], strict=True))
    for group, value in lost.items():
        if abs(slow.lost_recoveries[group] - value) > little:
            found.append(("lost recoveries", group, slow.lost_recoveries[group], value))
    found.extend(ledger_differences(result.ledger, deal, slow, long))
    found.extend(party_differences(result.parties, deal, slow, long))
    found.extend(booking_differences(result.bookings, slow, long))
    if bool(slow.breaches) == result.ok:
        failed = result.checks.loc[~result.checks["ok"]].to_dict("records")
        found.append(("breach", slow.breaches[:3], failed))
    return sorted(found, key=str)


def named(slow_frame: Mapping[Any, Mapping[str, Any]], column: str) -> dict[Any, dict[str, dict[str, Any]]]:
    """One number a name, as a frame of one column."""
    return {day: {name: {column: value} for name, value in names.items()} for day, names in slow_frame.items()}


def ledger_differences(ledger: pd.DataFrame, deal: Deal, slow: OracleRun, tolerance: float) -> list[Difference]:
    """Movements of each step: collected by account, transferred by pair of accounts, settled by both, else by reason and account.

    What is bought at closing is compared as one amount.
    """

    def key(day: Any, step: int, reason: str, source: str, to: str) -> tuple[Any, ...]:
        if day == deal.dates.closing and reason.endswith("purchase"):
            return (day, step, "purchase")
        if source != BORROWERS and (word := reason.rpartition(".")[2]) in SETTLED:
            return (day, step, word, source, to)
        if source in deal.accounts:
            return (day, step, source, to) if to in deal.accounts else (day, step, source, reason)
        return (day, step, "collect" if source == "obligors" or reason == "collect" else reason, to)

    totals: dict[tuple[Any, ...], list[float]] = {}
    for day, step, reason, source, to, amount in slow.ledger:
        totals.setdefault(key(day, step, reason, source, to), [0.0, 0.0])[0] += amount
    for day, step, reason, source, to, amount in movements(ledger):
        totals.setdefault(key(day, step, reason, source, to), [0.0, 0.0])[1] += amount
    return [("ledger", *place, *pair) for place, pair in totals.items() if apart(*pair, tolerance)]


def party_differences(parties: pd.DataFrame, deal: Deal, slow: OracleRun, tolerance: float) -> list[Difference]:
    """What each party paid each other on each date; what sellers pay counts with what borrowers do, whose loans they buy back."""
    totals: dict[tuple[Any, ...], list[float]] = {}
    selling = {*SELLING, *(pool.seller for pool in deal.pools.values())}

    def count(side: int, day: Any, payer: str, payee: str, amount: float) -> None:
        one = BORROWERS if payer in selling else payer
        other = SELLERS if payee in selling and day == deal.dates.closing else payee
        totals.setdefault((day, one, other), [0.0, 0.0])[side] += amount

    for (day, payer, payee), amount in between(deal, slow).items():
        count(0, day, payer, payee, amount)
    days = [moment.date() for moment in parties["payment_date"]]
    columns = (parties[name].tolist() for name in ("payer", "payee", "amount"))
    for day, payer, payee, amount in zip(days, *columns, strict=True):
        count(1, day, payer, payee, amount)
    return [("parties", *place, *pair) for place, pair in totals.items() if apart(*pair, tolerance)]


def booking_differences(bookings: pd.DataFrame, slow: OracleRun, tolerance: float) -> list[Difference]:
    """Movements of each step that are not cash, by reason."""
    totals: dict[tuple[Any, ...], list[float]] = {}
    for side, some in enumerate((slow.bookings, movements(bookings))):
        for day, step, reason, _, _, amount in some:
            totals.setdefault((day, step, reason), [0.0, 0.0])[side] += amount
    return [("bookings", *place, *pair) for place, pair in totals.items() if apart(*pair, tolerance)]


def movements(frame: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    """(date, step, reason, from, to, amount) of every row."""
    days = [moment.date() for moment in frame["payment_date"]]
    others = (frame[name].tolist() for name in ("step", "reason", "from", "to", "amount"))
    return zip(days, *others, strict=True)


def case_differences(case: Case) -> list[Difference]:
    return differences(engine(case), case.deal, slow_run(case))
