"""Random deals that buy receivables: sellers, dilution, prices and advance rates, revolving periods and what stops them."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import strategies as st

from laws.borrowers import Draw, percents
from laws.strategies import Case, dates, loans, scenarios

POOLS = ("parts", "tools", "cloth")
SELLERS = ("maker", "smith")
FRAME = {"format": "clo.deal/1", "name": "receivables", "structure": "receivables", "currency": "JPY"}


@st.composite
def dilution(draw: Draw, pools: tuple[str, ...]) -> Any:
    """One share, a list of them, or either by sub-pool; mostly small."""
    share = st.sampled_from([0.0, 0.0, 0.01, 0.05, 0.3])
    shares = share | st.lists(share, min_size=1, max_size=4)
    return draw(shares | st.fixed_dictionaries({}, optional=dict.fromkeys(pools, shares)))


def diluted(said: Any) -> bool:
    return any(map(diluted, said.values() if isinstance(said, dict) else said)) if isinstance(said, (dict, list)) else said > 0.0


@st.composite
def stops(draw: Draw, *, with_dilution: bool) -> dict[str, Any]:
    ratio = st.fixed_dictionaries({"above": percents(0, 0.2), "payments": st.integers(1, 4)})
    optional = {"default_ratio": ratio, "deficiency": st.booleans(), "seller_default": st.booleans()}
    if with_dilution:
        optional["dilution_ratio"] = ratio
    return draw(st.fixed_dictionaries({}, optional=optional))


@st.composite
def agreed(
    draw: Draw, pools: tuple[str, ...], days: dict[str, date], *, revolving: bool | None = None, at_par: bool = False
) -> dict[str, Any]:
    """What the section `receivables` says. revolving: whether there is a revolving period, drawn where None."""
    price = 1.0 if at_par else draw(st.just(1.0) | percents(0.9, 1.0))
    said = draw(dilution(pools))
    terms = {
        "advance_rate": price if draw(st.integers(0, 4)) == 0 else draw(percents(0.3, price)),
        "price": price,
        "dilution": said,
        "deferred": draw(st.sampled_from(["covered", "repaid"])),
    }
    longer = days["first_payment"] < days["legal_final"]
    if longer and (draw(st.booleans()) if revolving is None else revolving):
        last = days["legal_final"].toordinal() - 1
        terms["revolving"] = {"until": date.fromordinal(draw(st.integers(days["first_payment"].toordinal(), last)))}
    if "revolving" in terms or terms["deferred"] == "covered":
        terms["stops"] = draw(stops(with_dilution=diluted(said)))
    return terms


@st.composite
def lent(draw: Draw, amount: float, *, coupons: bool = True) -> dict[str, dict[str, Any]]:
    """One loan or two that come to so much, and the deferred price."""
    names = ("bank_loan", "public_loan")[: draw(st.integers(1, 2))]
    sizes = [amount] if len(names) == 1 else [float(int(amount * 0.6)), amount - float(int(amount * 0.6))]
    coupon = percents(0, 0.06) if coupons else st.just(0.0)
    found: dict[str, dict[str, Any]] = {
        name: {"size": size, "coupon": draw(coupon), "holder": name.replace("loan", "lender")}
        for name, size in zip(names, sizes, strict=True)
    }
    return found | {"deferred": {"size": "rest", "holder": "suppliers"}}


@st.composite
def bought(
    draw: Draw,
    *,
    roundings: tuple[str, ...] = ("down", "down", "half_up", "none"),
    scenario: str = "any",
    revolving: bool | None = None,
    sound: bool = False,
    all_lent: bool = False,
) -> Case:
    """sound: no seller defaults. all_lent: as much is lent as may be; at a price of 100%, all of it, at no cost."""
    days, payments, months = draw(dates(max_months=18))
    rounding = draw(st.sampled_from(roundings))
    names = POOLS[: draw(st.integers(1, len(POOLS)))]
    whole = rounding != "none"
    rows = {name: draw(loans(days["cutoff"], months, whole=whole, interest=False, most=3)) for name in names}
    total = sum(row["current_balance"] for some in rows.values() for row in some)
    at_par = rounding == "half_up"  # or the deferred price may be no whole amount
    said = draw(agreed(names, days, revolving=revolving, at_par=at_par))
    if all_lent:
        said |= {"advance_rate": 1.0, "price": 1.0, "dilution": 0.0, "stops": {}, "deferred": "covered"}
    most = said["advance_rate"] * total
    amount = most * (1.0 if all_lent or draw(st.booleans()) else draw(percents(0.5, 1.0)))
    sellers = {name: draw(st.sampled_from(SELLERS)) for name in names}
    ratings: dict[str, dict[date, str]] = {seller: {days["cutoff"]: "BBB"} for seller in sorted(set(sellers.values()))}
    if not sound and draw(st.integers(0, 2)) == 0:
        failing = draw(st.integers(days["closing"].toordinal(), days["legal_final"].toordinal()))
        ratings[sellers[names[-1]]][date.fromordinal(failing)] = "D"
    terms = FRAME | {
        "principal": draw(st.sampled_from(["sequential", "pro_rata"])),
        "dates": days,
        "payments": payments,
        "day_count": draw(st.sampled_from(["ACT/365F", "ACT/360", "30/360", "1/12"])),
        "rounding": rounding,
        "pools": {name: {"tape": "none.parquet", "seller": seller} for name, seller in sellers.items()},
        "counterparties": {name: {"ratings": given} for name, given in ratings.items()},
        "accounts": {"collections": {}},
        "fees": {"servicer": {"rate": draw(percents(0, 0.01)), "on": "pool.opening"}} if draw(st.booleans()) else {},
        "tranches": draw(lent(float(int(amount)) if whole else amount, coupons=not all_lent)),
        "receivables": said,
        "scenarios": {"base": draw(scenarios(scenario))},
    }
    return Case(terms | ({"fees": {}} if all_lent else {}), rows)


# ---- one deal, to be varied

CUTOFF = date(2025, 3, 31)
TERMS: dict[str, Any] = {
    "format": "clo.deal/1",
    "name": "two suppliers",
    "structure": "receivables",
    "currency": "JPY",
    "dates": {
        "cutoff": CUTOFF,
        "closing": date(2025, 4, 15),
        "first_payment": date(2025, 5, 15),
        "legal_final": date(2026, 2, 15),
    },
    "payments": {"frequency": "monthly", "day": 15, "calendar": "none", "business_day": "following"},
    "day_count": "1/12",
    "rounding": "down",
    "pools": {"parts": {"tape": "none.csv", "seller": "maker"}, "tools": {"tape": "none.csv", "seller": "smith"}},
    "counterparties": {"maker": {"ratings": {CUTOFF: "BBB"}}, "smith": {"ratings": {CUTOFF: "BB"}}},
    "accounts": {"collections": {}},
    "fees": {"servicer": {"rate": "30bp", "on": "pool.opening"}},
    "tranches": {
        "loan": {"size": 2_000_000, "coupon": "2%", "holder": "bank"},
        "deferred": {"size": "rest", "holder": "suppliers"},
    },
    "scenarios": {"base": {"cdr": "4%", "cpr": 0, "recovery": "20%", "recovery_lag": 2}},
}
AGREED: dict[str, Any] = {"advance_rate": "80%", "price": "98%", "dilution": {"parts": "1%", "tools": ["2%", "2%", "9%"]}}
UNTIL = {"revolving": {"until": date(2025, 10, 31)}}
FAILING = {CUTOFF: "BB", date(2025, 8, 1): "D"}


def receivable(number: str, balance: float, due: date) -> dict[str, Any]:
    row = {"loan_id": number, "obligor_id": f"debtor {number}", "current_balance": balance, "current_rate": 0.0}
    return row | {"maturity_date": due, "amortisation_type": "bullet", "default_date": None, "allocated_loss": None}


ROWS = {
    "parts": [receivable("a", 1_000_000.0, date(2025, 5, 20)), receivable("b", 500_000.0, date(2025, 6, 30))],
    "tools": [receivable("c", 900_000.0, date(2025, 4, 30)), receivable("d", 200_000.0, date(2025, 9, 15))],
}


def case(*, terms: dict[str, Any] | None = None, **agreed: Any) -> Case:
    return Case(TERMS | {"receivables": AGREED | agreed} | (terms or {}), ROWS)
