"""Corners of contracts, reference pools and lagged flows that random deals seldom reach: engine and slow reading agree."""

from __future__ import annotations

from typing import Any

import pytest
from oracle import run_oracle

from clo.deal.terms import COLLECTED, Deal
from laws.comparison import Difference, differences, engine
from laws.small import a_deal, steps
from laws.strategies import Case
from laws.test_awkward import FEE, INTEREST, LOANS, RESIDUAL

PRINCIPAL = {"pay": {"principal": "senior", "from": "cash", "amount": 1000}}
RESERVE = {"accounts": {"cash": {}, "reserve": {"initial": 7}}}
BACK = {"transfer": {"from": "reserve", "to": "cash", "amount": "if(payment.number > 2, reserve.balance, 0.25)"}}
NONE = "1 / (pool.initial - 10000)"
ROUNDINGS = pytest.mark.parametrize("rounding", ["down", "half_up", "none"])
BOTH = {"loans": {"tape": "a"}, "theirs": {"tape": "b", "reference": True}}


def settle(source: str, to: str, amount: Any, word: str = "premium", **more: Any) -> dict[str, Any]:
    return {"settle": {"from": source, "to": to, "amount": amount, "as": word, **more}}


def found(deal: Deal) -> list[Difference]:
    """In which numbers the two readings differ; each sub-pool has the same loan."""
    rows = dict.fromkeys(deal.pools, LOANS)
    case = Case({}, rows)
    case.__dict__["deal"] = deal
    return differences(engine(case), deal, run_oracle(deal, rows))


def spelled(*some: dict[str, Any], **changes: Any) -> Deal:
    return a_deal(waterfall=steps(FEE, INTEREST, PRINCIPAL, *some, RESIDUAL), **changes)


@ROUNDINGS
@pytest.mark.parametrize("ends", [("reserve", "agency"), ("agency", "reserve"), ("agency", "bank")])
@pytest.mark.parametrize("amount", [NONE, "0 - pool.interest", "0.9999", "5.5", "0", "1e9", "pool.interest - 50.00001"])
def test_odd_amounts_of_a_contract(rounding: str, ends: tuple[str, str], amount: str) -> None:
    gated = settle(*ends, amount, "guarantee", **{"if": f"{NONE} > 0 or payment.number > 1"})
    assert found(spelled(settle(*ends, amount), gated, BACK, **RESERVE, rounding=rounding)) == []


@ROUNDINGS
@pytest.mark.parametrize(
    "closing",
    [
        [settle("reserve", "agency", 7)],
        [settle("agency", "reserve", "1.5"), settle("reserve", "bank", "0.5"), settle("reserve", "bank", "0.5")],
        [settle("agency", "cash", "1% * pool.initial"), settle("cash", "agency", "1% * loans.initial")],
        [settle("agency", "reserve", "junior.size / 3 * payment.fraction")],
        [settle("agency", "reserve", "if(pool.initial == 10000 and senior.size > 1, 3, 4)"), settle("agency", "bank", 0)],
    ],
    ids=["all there is", "halves", "in and out", "by the period", "by condition"],
)
def test_contracts_at_closing(rounding: str, closing: list[dict[str, Any]]) -> None:
    seen = {"let": {"first": "reserve.initial - cash.initial", "then": "previous(reserve.balance) + previous(cash.initial)"}}
    earning = {"cash": {}, "reserve": {"initial": 7, "earns": "90%", "earns_into": "cash"}}
    deal = spelled(seen, BACK, accounts=earning, backing="pool.initial + reserve.initial", closing=closing, rounding=rounding)
    assert found(deal) == []


@ROUNDINGS
@pytest.mark.parametrize("price", [1.0, "99%"])
def test_loans_of_others_beside_those_of_the_deal(rounding: str, price: Any) -> None:
    collect = {"collect": {"from": list(COLLECTED), "to": "cash", "pool": "loans"}}
    buy = {"buy": {"pool": "loans", "from": "cash", "amount": 50}}
    contracts = [settle("cash", "theirs", "1% * theirs.balance"), settle("theirs", "cash", "theirs.interest / 7")]
    tranches = {"senior": {"size": 6000, "coupon": "6%", "issue_price": price}, "junior": {"size": "rest"}}
    waterfall = [collect, FEE, INTEREST, PRINCIPAL, *contracts, buy, RESIDUAL]
    assert found(a_deal(waterfall=waterfall, pools=BOTH, tranches=tranches, rounding=rounding)) == []


@ROUNDINGS
@pytest.mark.parametrize("sizes", ["pool.initial", "cash.initial"])
def test_nothing_but_loans_of_others(rounding: str, sizes: str) -> None:
    pools = {"loans": {"tape": "a", "reference": True}}
    lost = settle("cash", "loans", "lagged(pool.scheduled_principal, 1) / 3", "protection")
    waterfall = [settle("loans", "cash", "pool.balance * 1% * payment.next_fraction"), FEE, INTEREST, lost, PRINCIPAL, RESIDUAL]
    deal = a_deal(waterfall=waterfall, pools=pools, accounts={"cash": {"initial": 10_000}}, backing=sizes, rounding=rounding)
    assert found(deal) == []


@pytest.mark.parametrize("frequency", ["monthly", "quarterly", "semi_annual"])
@pytest.mark.parametrize("months", [1, 2, 3, 4, 6, 120])
def test_lagged_flows_wherever_an_expression_stands(frequency: str, months: int) -> None:
    flow = f"lagged(loans.interest, {months})"
    keep = {"transfer": {"from": "cash", "to": "reserve", "amount": "max(0, reserve.target - reserve.balance)"}}
    pay = {"pay": {"interest": "senior", "from": "cash", "if": "t or lagged(pool.scheduled_principal, 1) == 0"}}
    seen = {"let": {"x": flow}}
    then = {"let": {"was": "previous(x) + cumulative(x) + rolling_sum(x, 2)"}}
    deal = a_deal(
        waterfall=steps(FEE, INTEREST, pay, seen, then, PRINCIPAL, keep, BACK, RESIDUAL),
        accounts={"cash": {}, "reserve": {"target": flow}},
        fees={"servicer": {"amount": f"{flow} / 9", "cap": f"max(1, {flow} / 10)"}},
        tranches={"senior": {"size": 6000, "coupon": f"(1% + {flow} / pool.initial)"}, "junior": {"size": "rest"}},
        triggers={"t": {"when": f"{flow} > 60"}},
        payments={"frequency": frequency, "day": 15, "calendar": "none", "business_day": "following"},
    )
    assert found(deal) == []


@pytest.mark.parametrize("frequency", ["monthly", "quarterly"])
@pytest.mark.parametrize("months", [0, 1, 3, 5, 120])
@pytest.mark.parametrize("timing", [None, (0.25, 0.0, 0.75)])
def test_what_comes_back_of_defaults_by_their_age(frequency: str, months: int, timing: tuple[float, ...] | None) -> None:
    """In a scenario that defaults, with recoveries at once or spread, less a cost."""
    behaviour = {"cdr": 0.3, "cpr": 0.1, "recovery": 0.6, "recovery_lag": 2, "recovery_cost": 0.1, "recovery_timing": timing}
    names = {
        f"{word}_{pool}": f"recovered_{word}({pool}.default, {months})" for word in ("by", "after") for pool in ("pool", "loans")
    }
    deal = a_deal(
        waterfall=steps(
            FEE, INTEREST, {"let": names}, {"let": {"all": "cumulative(by_pool) + cumulative(after_loans)"}}, PRINCIPAL, RESIDUAL
        ),
        payments={"frequency": frequency, "day": 15, "calendar": "none", "business_day": "following"},
        scenarios={"base": {key: value for key, value in behaviour.items() if value is not None}},
    )
    assert found(deal) == []
