"""Random deals in the whole language of priorities of payments, small enough to run thousands of them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from random import Random
from typing import Any

from hypothesis import strategies as st
from oracle_dates import adjusted, shifted

from laws import strategies
from laws.borrowers import Draw, Row
from laws.language_contracts import closing, funded, own, referred
from laws.language_owed import DAY_COUNTS, Plan, sections, some_dates
from laws.language_steps import Writer
from laws.strategies import MONTHS, Case

OWED = ("coupons", "indices", "day_counts", "denominations", "notionals", "unpaid_interest", "interest_only")
FEES = ("fees", "fee_bounds", "charges")
HELD = ("reserve", "split", "earning", "facilities", "ledgers", "hedges", "sources")
ORDER = ("shuffled", "conditions", "limits", "pro_rata", "groups", "sections", "macros", "tail", "partial")
TOLD = ("lets", "memory", "lagged", "triggers", "tests", "states", "forced", "schedules", "ratings", "asserted")
CONTRACTS = ("settle", "closing", "reference")
DONE = ("capitalise", "write_offs", "buy", "sell", "backing", "wild")
FAMILIES: dict[str, tuple[str, ...]] = {
    "owed": (*OWED, *FEES, *ORDER[:5], "hedges", "facilities", "memory", "capitalise", "wild", "reference"),
    "held": (*HELD, *CONTRACTS, *FEES, *ORDER, "indices", "schedules", "wild"),
    "told": (*TOLD, *ORDER, "coupons", "fees", "reserve", "split", "ledgers"),
    "contracts": (*CONTRACTS, "lagged", "lets", "ratings", "backing", "buy", "reserve", "split", "sources", "sections"),
    "all": (*OWED, *FEES, *HELD, *ORDER, *TOLD, *CONTRACTS, *DONE),
}
"""What the deals of a test may have; each of it every other deal has, of `all` every third."""


@st.composite
def language(
    draw: Draw,
    family: str = "all",
    *,
    without: Collection[str] = (),
    roundings: tuple[str, ...] = ("down", "half_up", "none"),
) -> Case:
    """A deal and its loans. Few things are drawn, features on and off among them; the rest follows from them by chance."""
    days, payments, months = draw(strategies.dates(max_months=14))
    rounding, pools = draw(st.sampled_from(roundings)), draw(st.integers(1, 2))
    often = st.integers(0, 2 if family == "all" else 1)
    chosen = frozenset(name for name in FAMILIES[family] if draw(often) == 1 and name not in without)
    notes, seed = draw(st.integers(1, 4)), draw(st.integers(0, 2**32))
    extras = draw(st.lists(st.integers(0, 2**16), max_size=5))
    plan = Plan(seed, chosen, notes, 0.0, 0.0, whole=rounding != "none")
    rows = {name: loans(plan, name, days["cutoff"], months) for name in strategies.POOLS[:pools]}
    initial = sum(row["current_balance"] for some in rows.values() for row in some)
    plan.names.pools = list(rows)
    own(plan)
    paid = paid_dates(days, payments, months)
    plan.names.dates = some_dates([days["closing"], *paid], plan.rng("dates"))
    plan.terms = {
        "format": "clo.deal/1",
        "name": "drawn",
        "currency": "JPY",
        "dates": days,
        "payments": payments,
        "day_count": plan.rng("day count").choice(DAY_COUNTS),
        "rounding": rounding,
        "pools": {name: {"tape": "none.parquet"} | referred(plan, name) for name in rows},
        "scenarios": {"base": scenario(plan.rng("scenario"))},
    }
    plan.money = initial
    plan.issued = initial if plan.names.owned else plan.share(plan.rng("issued"), 0.3, 1.2)
    sections(plan)
    if plan.names.owned:
        backing(plan, {name: sum(row["current_balance"] for row in some) for name, some in rows.items()})
    else:
        funded(plan)
    if plan.on("closing"):
        plan.terms["closing"] = closing(plan)
    plan.terms["waterfall"] = Writer(plan, extras).steps()
    force(plan)
    if plan.on("asserted"):
        plan.terms["assertions"] = [{"after_payment": 1, "that": "pool.initial > 0 and payment.number == 1"}]
    curves = {name: fixings(plan.rng("index", name), days, wild=plan.on("wild")) for name in plan.names.indices}
    return Case(plan.terms, rows, curves=curves)


def paid_dates(days: dict[str, date], payments: dict[str, Any], months: int) -> list[date]:
    """About when the deal pays."""
    step, first = MONTHS[payments["frequency"]], days["first_payment"]
    some = [shifted(first, step * n, payments["day"]) for n in range(max(1, months // step))]
    return [adjusted(day, payments["calendar"], payments["business_day"]) for day in some]


def loans(plan: Plan, pool: str, cutoff: date, months: int) -> list[Row]:
    """One to three plain loans of a sub-pool; some default, on the tape."""
    rng = plan.rng("loans", pool)
    rows: list[Row] = []
    for number in range(rng.choice([1, 1, 2, 3])):
        balance = float(rng.randint(10_000, 10_000_000)) if plan.whole else rng.randint(10**6, 10**9) / 128
        life = rng.randint(1, 31 * (months + 3))
        row = {
            "loan_id": f"L{number:03d}",
            "obligor_id": f"O{number:03d}",
            "current_balance": balance,
            "current_rate": rng.randint(0, 1500) / 1e4,
            "maturity_date": cutoff + timedelta(days=life),
            "amortisation_type": rng.choice(["equal_principal", "level_payment", "bullet"]),
            "default_date": None,
            "allocated_loss": None,
        }
        if rng.random() < 0.3:
            row["default_date"] = cutoff + timedelta(days=rng.randint(1, life + 60))
            row["allocated_loss"] = float(round(balance * rng.random()))
        rows.append(row)
    return rows


def scenario(rng: Random) -> dict[str, Any]:
    """What borrowers of plain loans do, by the model or by the tape."""
    cpr = rng.choice([0.0, rng.randint(0, 5000) / 1e4, [0.3, 0.0, 0.6]])
    terms: dict[str, Any] = {"cpr": cpr, "recovery": rng.randint(0, 100) / 100, "recovery_lag": rng.choice([0, 1, 2, 3, 7])}
    if rng.random() < 0.3:
        return terms | {"defaults": "tape"} | ({"recovery": "tape"} if rng.random() < 0.5 else {})
    return terms | {"cdr": rng.choice([0.0, rng.randint(0, 6000) / 1e4, [0.0, 0.9, 0.3, 0.1]])}


def force(plan: Plan) -> None:
    rng = plan.rng("force")
    if plan.on("forced") and plan.names.triggers:
        forced = {name: rng.choice(["pass", "fail", "as_modelled"]) for name in plan.names.triggers if rng.random() < 0.6}
        plan.terms["scenarios"]["base"]["force"] = forced


def backing(plan: Plan, initial: dict[str, float]) -> None:
    """Deals whose notes are more or less than the loans, and deals whose sizes are all numbers."""
    rng, terms = plan.rng("backing"), plan.terms
    accounts, stack = terms["accounts"], terms["tranches"]
    rest = next(name for name, entry in stack.items() if entry["size"] == "rest")
    if not plan.on("backing"):
        if plan.whole and rng.random() < 0.2:
            stack[rest]["size"] = plan.money - sum(entry["size"] for entry in stack.values() if entry["size"] != "rest")
        return
    with_cash = [f"pool.initial + {name}.initial" for name in ("reserve", "split") if name in accounts]
    terms["backing"] = rng.choice(["pool.initial - 1000", *with_cash, " + ".join(f"{name}.initial" for name in initial)])


def fixings(rng: Random, days: dict[str, date], *, wild: bool) -> list[tuple[date, float]]:
    """Rates of an index from the cut-off on, every few weeks."""
    day, points = days["cutoff"], []
    while day <= days["legal_final"]:
        points.append((day, rng.randint(-100 if wild else 0, 600) / 1e4))
        day += timedelta(days=rng.randint(10, 90))
    return points
