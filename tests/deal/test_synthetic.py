"""The synthetic purchase-type as the engine runs it against a slow reading of its contracts, yen for yen."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from laws.comparison import SMALL, engine
from laws.strategies import Case
from laws.swaps import synthetic
from slow_swaps import Swaps, slow_swaps

import clo
from clo.deal.swaps import CreditSwap, DefaultMix
from clo.deal.terms import Deal

DEALS = Path(__file__).parents[2] / "deals"
AT_ISSUE = (".issue", ".initial")
INDEX = {"TIBOR_3M": 0.005}
"""The one round number of the deals' curve."""


def moved(result: clo.Result) -> dict[tuple[date, str, str, str], float]:
    """What is paid on each date, by reason, from and to, without the issue."""
    ledger, found = result.ledger, {}
    for day, reason, source, to, amount in zip(
        ledger["payment_date"].dt.date, ledger["reason"], ledger["from"], ledger["to"], ledger["amount"], strict=True
    ):
        if not reason.endswith(AT_ISSUE):
            found[day, reason, source, to] = found.get((day, reason, source, to), 0.0) + amount
    return found


def told(result: clo.Result) -> dict[tuple[date, str, str, str], float]:
    """The same of parties: accounts are the issuer's, and borrowers pay their lenders."""
    parties, found = result.parties, {}
    for day, payer, payee, stream, amount in zip(
        parties["payment_date"].dt.date, parties["payer"], parties["payee"], parties["stream"], parties["amount"], strict=True
    ):
        if payer != "obligors" and not stream.endswith(AT_ISSUE):
            found[day, stream, payer, payee] = found.get((day, stream, payer, payee), 0.0) + amount
    return found


def by_party(slow: Swaps) -> dict[tuple[date, str, str, str], float]:
    found: dict[tuple[date, str, str, str], float] = {}
    for (day, what, *ends), amount in slow.paid.items():
        payer, payee = ("issuer" if end in slow.cash else end for end in ends)
        if payer != payee:
            found[day, what, payer, payee] = found.get((day, what, payer, payee), 0.0) + amount
    return found


def agree(result: clo.Result, slow: Swaps) -> None:
    """Tranches, ledger, parties and institutions: equal where the deal rounds."""
    initial = sum(bank.initial for bank in slow.banks.values())
    exact = 0.0 if result.deal.rounding != "none" else SMALL * initial
    frame = result.tranches
    for day, name, row in zip(frame["payment_date"].dt.date, frame["tranche"], frame.to_dict("records"), strict=True):
        wanted = slow.tranches[day, name]
        assert {column: row[column] for column in wanted} == pytest.approx(wanted, rel=0, abs=exact)
    assert len(frame) == len(slow.tranches)
    for mine, theirs in ((moved(result), slow.paid), (told(result), by_party(slow))):
        keys = mine.keys() | theirs.keys()
        apart = {key: (theirs.get(key, 0.0), mine.get(key, 0.0)) for key in keys}
        apart = {key: pair for key, pair in apart.items() if abs(pair[0] - pair[1]) > exact}
        assert not apart, sorted(apart.items())[:5]
    dates = [day.date() for day in result.tranches["payment_date"].drop_duplicates()]
    for name in slow.banks:
        for word in ("reference", "unused", "passed"):
            wanted_values = [slow.progress[day, name][word] for day in dates]
            assert result.quantity(f"{name}_{word}").tolist() == pytest.approx(wanted_values, rel=0, abs=SMALL * initial)


def unguaranteed(name: str) -> Deal:
    """A deal of the library as its file says it, without guarantees of tranches, of which the slow reading knows nothing."""
    deal = clo.load_deal(DEALS / f"{name}.yaml")
    accounts = {account: terms for account, terms in deal.accounts.items() if account not in deal.tranche_guarantees}
    return deal.model_copy(update={"tranche_guarantees": {}, "accounts": accounts, "ledgers": {}})


@cache
def published(name: str, scenario: str) -> clo.Result:
    return clo.run(unguaranteed(name), scenario=scenario)


def with_swap(deal: Deal, **swap: Any) -> Deal:
    """The deal with other terms of its swap."""
    assert deal.swap is not None
    return deal.model_copy(update={"swap": CreditSwap.model_validate(deal.swap.model_dump() | swap)})


@pytest.mark.parametrize("scenario", ["base", "stress"])
@pytest.mark.parametrize("name", ["clover-2011", "clover-2017", "cbo-01"])
def test_published_deals_are_read_alike(name: str, scenario: str) -> None:
    result = published(name, scenario)
    assert result.ok
    agree(result, slow_swaps(result.deal, result.pool, result.scenario, INDEX))


def test_a_published_deal_passes_losses_on() -> None:
    """Or the comparison would be of deals in which nothing happens."""
    result = published("clover-2017", "stress")
    frame = result.tranches
    assert frame["writedown"].sum() > 0
    assert slow_swaps(result.deal, result.pool, result.scenario, INDEX).banks["bank_01"].passed > 0


EARLY = {"cdr": 0.4, "recovery": 0.4, "recovery_lag": 1, "recovery_timing": (0.5, 0.2, 0.3)}
LATE = {"cdr": 0.9, "recovery": 0.4, "recovery_lag": 7, "recovery_timing": (0.5, 0.0, 0.5), "recovery_cost": 0.1}
RETURNED = {"later_recoveries": "returned"}


@pytest.mark.parametrize("behaviour", [EARLY, LATE], ids=["early", "late"])
@pytest.mark.parametrize(
    "swap",
    [
        {"recovery": "actual"},
        {"recovery": "actual"} | RETURNED,
        {"recovery": 0.1, "credit_events": {"bankruptcy": True, "restructuring": True}} | RETURNED,
        {"recovery": "actual", "write_up": True, "redeemed_at_end": ["class_c"]} | RETURNED,
    ],
    ids=["actual", "returned", "beyond a fixed share", "written up"],
)
def test_settlements_are_read_alike(swap: dict[str, Any], behaviour: dict[str, Any]) -> None:
    deal = with_swap(unguaranteed("clover-2011"), **swap)
    result = clo.run(
        deal.model_copy(update={"default_mix": DefaultMix(bankruptcy=0.3, failure_to_pay=0.4, restructuring=0.2)}), **behaviour
    )
    assert result.ok, result.checks[~result.checks["ok"]]
    slow = slow_swaps(result.deal, result.pool, result.scenario, INDEX)
    agree(result, slow)
    assert result.tranches["writedown"].sum() > 0
    if "later_recoveries" in swap and behaviour is LATE:
        assert sum(bank.returned for bank in slow.banks.values()) > 0
        assert bool(result.tranches["writeup"].any()) is swap.get("write_up", False)


def test_what_is_settled_for_what_has_come_back_depends_on_when() -> None:
    """Recovered before settlement nothing is lost, recovered after it all of it, to a swap that takes recoveries as they are."""
    deal = with_swap(unguaranteed("clover-2011"), recovery="actual")
    lost = [clo.run(deal, cdr=0.2, recovery=1.0, recovery_lag=lag).swaps["loss"].sum() for lag in (0, 12)]
    assert lost[0] == pytest.approx(0.0, abs=1e-6)
    assert lost[1] == pytest.approx(clo.run(deal, cdr=0.2, recovery=0.0).swaps["settled"].sum())


@given(synthetic(returns=True))
def test_drawn_deals_are_read_alike(case: Case) -> None:
    result = engine(case)
    assert result.ok, result.checks[~result.checks["ok"]]
    agree(result, slow_swaps(result.deal, result.pool, result.scenario))
