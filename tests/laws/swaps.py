"""Random deals of the synthetic purchase-type: institutions, deductibles, events, lags, premiums, and notes on deposit."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from laws.borrowers import Draw, percents
from laws.strategies import Case, dates, loans, scenarios

BANKS = ("bank_a", "bank_b", "bank_c", "bank_d", "bank_e")
CLASSES = ("aa", "bb", "cc")
FRAME = {"format": "clo.deal/1", "name": "swaps", "structure": "purchase_synthetic", "currency": "JPY"}


@st.composite
def deductibles(draw: Draw, banks: dict[str, float], *, falls: bool | None = None) -> dict[str, Any]:
    """banks: the balance of each."""
    kind = draw(st.sampled_from(["rest", "share", "amounts"]))
    terms: dict[str, Any] = {"falls": draw(st.booleans()) if falls is None else falls}
    if kind == "amounts":
        terms["amounts"] = {name: float(int(balance * draw(percents(0, 0.3)))) for name, balance in banks.items()}
    else:
        terms["share"] = "rest" if kind == "rest" else draw(percents(0, 0.3))
    return terms


@st.composite
def events(draw: Draw) -> dict[str, Any]:
    bankruptcy = draw(st.sampled_from([0.0, 0.25, 0.4, 1.0]))
    late = draw(st.sampled_from([0.0, 0.5, 1.0])) * (1.0 - bankruptcy)
    if bankruptcy + late == 0.0:
        bankruptcy = 1.0
    return {"bankruptcy": bankruptcy, "failure_to_pay": late, "grace": draw(st.integers(0, 4))}


@st.composite
def swaps(draw: Draw, banks: dict[str, float], *, falls: bool | None = None) -> dict[str, Any]:
    legs = {
        leg: {"rate": draw(percents(0, 0.05)), "on": draw(st.sampled_from(["reference", "cover"]))}
        for leg in ("institutions", "corporation")
    }
    return {
        "deductible": draw(deductibles(banks, falls=falls)),
        "credit_events": draw(events()),
        "determination": draw(st.integers(0, 4)),
        "settlement": draw(st.integers(0, 4)),
        "recovery": draw(st.just(0.0) | percents(0, 0.9)),
        "premium": legs,
    }


@st.composite
def notes(draw: Draw, amount: float) -> dict[str, dict[str, Any]]:
    """One to three classes that come to so much."""
    names = CLASSES[: draw(st.integers(1, len(CLASSES)))]
    weights = [draw(st.integers(1, 20)) for _ in names]
    sizes = [float(int(amount * weight / sum(weights))) for weight in weights]
    sizes[0] += amount - sum(sizes)
    drawn = zip(names, sizes, strict=True)
    return {name: {"size": size, "coupon": draw(st.just(0.0) | percents(0, 0.06))} for name, size in drawn}


@st.composite
def synthetic(
    draw: Draw,
    *,
    banks: tuple[int, int] = (2, 5),
    falls: bool | None = None,
    roundings: tuple[str, ...] = ("down", "down", "half_up", "none"),
    scenario: str = "any",
    issued: tuple[float, float] = (0.4, 1.0),
) -> Case:
    """banks: the fewest and the most; falls: of deductibles, either where None; issued: the least and the most of the pool."""
    days, payments, months = draw(dates(max_months=18))
    rounding = draw(st.sampled_from(roundings))
    names = BANKS[: draw(st.integers(*banks))]
    whole = rounding != "none"
    rows = {name: draw(loans(days["cutoff"], months, whole=whole, most=3)) for name in names}
    balances = {name: sum(row["current_balance"] for row in rows[name]) for name in names}
    amount = float(int(sum(balances.values()) * draw(percents(*issued))))
    terms = FRAME | {
        "principal": draw(st.sampled_from(["sequential", "pro_rata"])),
        "dates": days,
        "payments": payments,
        "day_count": draw(st.sampled_from(["ACT/365F", "ACT/360", "30/360", "1/12"])),
        "rounding": rounding,
        "pools": {name: {"tape": "none.parquet", "reference": True} for name in names},
        "accounts": {
            "collateral": {"initial": amount, "earns": draw(percents(0, 0.02)), "earns_into": "premiums"},
            "premiums": {},
        },
        "fees": {"trustee": {"rate": draw(percents(0, 0.01)), "on": "pool.opening"}} if draw(st.booleans()) else {},
        "tranches": draw(notes(amount)),
        "swap": draw(swaps(balances, falls=falls)),
        "scenarios": {"base": draw(scenarios(scenario))},
    }
    return Case(terms, rows)
