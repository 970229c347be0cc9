"""Priorities of payments against other people's numbers; sources in waterfall.json, whole deals in deals/."""

from __future__ import annotations

import json
import math
from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import clo
from clo.deal.terms import Deal, Fee
from clo.tape.loans import Loans

FOLDER = Path(__file__).parent
GOLDEN = json.loads((FOLDER / "waterfall.json").read_text("utf-8"))
CASES = {case["id"]: case for case in GOLDEN["cases"]}
COLLECT = {"collect": {"from": ["interest", "scheduled_principal", "prepayment", "recovery"], "to": "cash"}}
RESIDUAL = {"pay": {"residual": "rest", "from": "cash"}}
NOTHING = {"cdr": 0, "cpr": 0, "recovery": 0, "recovery_lag": 0}


def near(case: dict[str, Any], got: Any, expected: Any, *, cents: int = 0) -> None:
    """cents: amounts that the source floors on the way, a cent at most each, beyond its own tolerance."""
    assert got == pytest.approx(expected, abs=case["tolerance"] + 0.01 * cents), case["source"]


def column(frame: pd.DataFrame, name: str, value: str) -> list[float]:
    """A column for one tranche, fee, account, ..., by payment date."""
    return [float(each) for each in frame.loc[frame.iloc[:, 1] == name, value]]


def on(frame: pd.DataFrame, name: str, value: str, day: str) -> float:
    """The same on one payment date."""
    (row,) = frame.index[(frame.iloc[:, 1] == name) & (frame["payment_date"] == pd.Timestamp(day))]
    return float(frame.loc[row, value])


# ---- whole deals of the source ----------------------------------------------------------------------------------------


@cache
def ran(name: str) -> clo.Result:
    result = clo.run(clo.load_deal(FOLDER / CASES[name]["deal"]))
    assert result.ok, result.checks
    return result


def floored(amount: float, digits: int = 2) -> float:
    return math.floor(amount * 10**digits + 1e-9) / 10**digits


def test_the_cash_collected_is_the_peers():
    """The pools differ by rounding only: floored as the source floors, the level payment is 81.15, and four are 324.60."""
    balance, rate, months = 2200.0, floored(0.08 / 12, 6), 30
    paid = []
    for month in range(months):
        payment = floored(balance * rate / (1 - (1 + rate) ** (month - months)))
        interest = floored(balance * rate)
        paid.append(payment)
        balance = floored(balance - (payment - interest))
    first, second = CASES["fee-fixed-in-deal"]["expected"]["payments"]
    later = CASES["fee-custom-in-deal"]["expected"]["2021-08-20"]["paid"]
    assert sum(paid[:4]) == pytest.approx(first, abs=1e-9)
    assert paid[4] == pytest.approx(later, abs=1e-9)
    assert first + second == CASES["fee-fixed-in-deal"]["inputs"]["fee"]["amount"]
    collected = column(ran("fee-fixed-in-deal").accounts, "acc01", "inflow")
    assert collected[:6] == pytest.approx([sum(paid[:4]), *paid[4:9]], abs=4 * 0.005)


def test_limit_of_an_amount():
    case = CASES["deal-limit-constant"]
    got = column(ran(case["id"]).tranches, "A1", "principal_paid")
    near(case, got[:4], case["expected"]["A1_principal_to_2021_10_20"])
    near(case, got[4], case["expected"]["A1_principal_2021_11_20"])


def test_limit_of_a_share():
    case = CASES["deal-limit-pct"]
    near(case, column(ran(case["id"]).tranches, "A1", "principal_paid")[:5], case["expected"]["A1_principal"])


def test_planned_amortisation_with_an_anchor():
    case = CASES["deal-pac-anchor"]
    near(case, column(ran(case["id"]).tranches, "A1", "closing")[:5], case["expected"]["A1_balance"])


def test_planned_amortisation_of_a_group():
    case = CASES["deal-pac-group"]
    parts = [column(ran(case["id"]).tranches, name, "closing")[:4] for name in ("A1", "A2")]
    near(case, [sum(both) for both in zip(*parts, strict=True)], case["expected"]["group_balance"])


def test_interest_one_after_the_other():
    case = CASES["deal-interest-by-sequence"]
    got = ran(case["id"]).tranches
    for name in ("A1", "A2"):
        near(case, on(got, name, "interest_paid", "2021-07-20"), case["expected"][f"{name}_interest_2021_07_26"])
    assert on(got, "A2", "interest_unpaid", "2021-07-20") > 1.6  # 13.41 is due


def test_one_fee_in_two_payments():
    case = CASES["fee-fixed-in-deal"]
    paid = column(ran(case["id"]).fees, "test_fee", "paid")
    near(case, paid[:2], case["expected"]["payments"])
    assert not any(paid[2:])


def test_fee_by_dates():
    case = CASES["fee-custom-in-deal"]
    fees = ran(case["id"]).fees
    for day, expected in case["expected"].items():
        got = [on(fees, "test_fee", word, day) for word in ("paid", "unpaid")]
        near(case, got, [expected["paid"], expected["remaining"]])


def test_fee_on_all_interest_so_far():
    case = CASES["fee-target-balance"]
    near(case, column(ran(case["id"]).fees, "test_fee", "paid")[:8], case["expected"])


def test_fee_for_each_bond_outstanding():
    case = CASES["fee-count-active-bonds"]
    for day, expected in case["expected"].items():
        near(case, on(ran(case["id"]).fees, "test_fee", "paid", day), expected)


def test_fee_by_a_table():
    case = CASES["fee-by-table"]
    for day, expected in case["expected"].items():
        ours = day.replace("2021-07-26", "2021-07-20")
        near(case, on(ran(case["id"]).fees, "test_fee", "paid", ours), expected)


def test_purchases_of_a_revolving_period():
    """What is bought on 20 July pays in July here and from August on there: our second date is the peer's third."""
    case = CASES["revolving-purchases"]
    first, second, third = case["expected"]["purchases"]
    flows = ran(case["id"])
    bought = flows.ledger.loc[flows.ledger["reason"].str.contains("buy|purchase") & (flows.ledger["step"] > 0), "amount"]
    got = [float(amount) for amount in bought]
    assert len(got) == 3
    instalment = 1400 * (0.08 / 12) / (1 - (1 + 0.08 / 12) ** -30) / 1400
    near(case, got[0], first)
    near(case, got[1] - instalment * got[0], second)
    near(case, got[1], third)
    near(case, got[2], second + instalment * (first + third))


def ratios(result: clo.Result) -> list[float]:
    return column(result.values, "coverage", "value")


def test_interest_coverage_inside_the_waterfall():
    case = CASES["clo-interest-coverage-doc"]
    result = ran(case["id"])
    near(case, column(result.tranches, "A1", "closing")[:11], case["expected"]["A1_balance"])
    near(case, column(result.tranches, "A1", "principal_paid")[:11], case["expected"]["A1_principal"])
    near(case, on(result.tranches, "A1", "interest_paid", "2021-07-20"), case["expected"]["interest_A1_2021_07_26"])
    fails = column(result.triggers, "ic_fails", "breached")
    assert not fails[0]
    assert all(fails[1:8])


def test_printed_coverage_ratios_with_the_fees_of_the_source():
    """They, and the date from which the test passes again, follow from fees that accrue to the last collection only."""
    case = CASES["clo-interest-coverage-doc"]
    deal = clo.load_deal(FOLDER / case["deal"])
    starts = [date(2021, 6, 15), date(2021, 7, 26), *(date(2021 + (7 + n) // 12, (7 + n) % 12 + 1, 20) for n in range(9))]
    ends = [(day.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1) for day in starts]
    days = [(end - start).days for start, end in zip(starts, ends, strict=True)]
    assert days[:3] == [15, 5, 11]
    schedule = {"payments": (*days, 10.0)}
    fees = {
        name: Fee(amount=f"{share} * pool.closing * schedule.collected / 365", payee=None)
        for name, share in (("senior", "0.3%"), ("sub", "0.2%"))
    }
    schedules = {**deal.schedules, "collected": type(deal.schedules["later"])(**schedule)}
    result = clo.run(deal.model_copy(update={"fees": fees, "schedules": schedules}))
    assert result.ok
    printed = case["expected"]["printed_ratios"]
    assert ratios(result)[: len(printed)] == pytest.approx(printed, rel=0.02)
    fails = column(result.triggers, "ic_fails", "breached")[: len(printed)]
    assert fails == [ratio < 1.1 for ratio in printed]
    assert fails == [False] + [True] * 7 + [False] * 3


# ---- single amounts of the source, each in a small deal -----------------------------------------------------------------


def small(
    *steps: dict[str, Any],
    tranches: dict[str, Any] | None = None,
    dates: tuple[str, str, str],
    day: int,
    frequency: str = "monthly",
    cash: float = 0.0,
    balance: float = 10_000.0,
    fixings: clo.Curves | None = None,
    **more: Any,
) -> clo.Result:
    """A deal that collects nothing: one loan that is due later, cash at closing. dates: closing, first payment, legal final."""
    closing, first, final = (date.fromisoformat(text) for text in dates)
    cutoff = (min(closing, first.replace(day=1) - timedelta(days=1)).replace(day=1)) - timedelta(days=1)
    accounts = {"cash": {"initial": cash}, **more.pop("accounts", {})}
    funded = sum(account.get("initial", 0) for account in accounts.values())
    terms = {
        "format": "clo.deal/1",
        "name": "small",
        "currency": "USD",
        "dates": {"cutoff": cutoff, "closing": closing, "first_payment": first, "legal_final": final},
        "payments": {"frequency": frequency, "day": day, "calendar": "none", "business_day": "unadjusted"},
        "day_count": "ACT/365F",
        "rounding": "none",
        "pools": {"loans": {"tape": "none.csv"}},
        "backing": f"pool.initial + {funded}",
        "accounts": accounts,
        "tranches": {**(tranches or {}), "rest": {"size": "rest"}},
        "waterfall": [COLLECT, *steps, *(() if any("residual" in step.get("pay", {}) for step in steps) else (RESIDUAL,))],
        "scenarios": {"base": NOTHING},
        **more,
    }
    loan = {
        "originator_id": "bank",
        "loan_id": "1",
        "obligor_id": "1",
        "cutoff_date": pd.Timestamp(cutoff),
        "maturity_date": pd.Timestamp("2040-01-31"),
        "current_balance": balance,
        "current_rate": 0.0,
        "amortisation_type": "bullet",
    }
    deal = Deal.model_validate(terms)
    result = clo.run(deal, loans=Loans.from_frame(pd.DataFrame([loan]), check=False), curves=fixings)
    assert result.ok, result.checks
    return result


YEAR = {"dates": ("2021-12-01", "2022-01-01", "2022-02-01"), "day": 1}
KEPT = {"pay": {"residual": "rest", "from": "cash", "if": "payment.left == 0"}}
"""What is left goes out on the last date only."""


def test_interest_of_a_bond():
    """It accrues once however many steps pay it."""
    case = CASES["bond-accrual"]
    given = case["inputs"]
    step = {"pay": {"interest": "bond", "from": "cash"}}
    bond = {"bond": {"size": given["balance"], "coupon": given["rate"], "day_count": given["day_count"]}}
    retire = {"pay": {"principal": "bond", "from": "cash", "if": "payment.left == 0"}}
    dates = (given["start"], given["end"], "2021-07-01")
    got = small(step, step, retire, KEPT, tranches=bond, dates=dates, day=1, frequency="quarterly", cash=100).tranches
    near(case, [on(got, "bond", word, given["end"]) for word in ("interest_due", "interest_paid")], [case["expected"]] * 2)
    assert on(got, "bond", "interest_unpaid", given["end"]) == 0.0


def written_off(balances: list[float], amount: float) -> tuple[list[float], float]:
    """Balances after the first date, and what the step could not write off."""
    names = [f"bond_{number}" for number in range(len(balances))]
    steps = [
        {"write_down": {"tranches": names, "amount": amount, "if": "payment.number == 1"}},
        {"pay": {"principal": names, "from": "cash"}},
    ]
    got = small(*steps, tranches={name: {"size": size} for name, size in zip(names, balances, strict=True)}, **YEAR).tranches
    written = sum(on(got, name, "writedown", "2022-01-01") for name in names)
    return [on(got, name, "closing", "2022-01-01") for name in names], amount - written


def test_write_off():
    case = CASES["bond-write-off"]
    given, expected = case["inputs"], case["expected"]
    single = written_off([given["single"]["balance"]], given["single"]["write_off"])
    assert single == ([expected["single_balance"]], 0)
    for each, answer in zip(given["sequential"], expected["sequential"], strict=True):
        assert written_off(each["balances"], each["amount"]) == (answer["balances"], answer["left"])
    assert written_off([given["over"]["balance"]], given["over"]["write_off"]) == ([0], 20)  # an error there


def split(balances: list[float], amount: float, how: str) -> list[float]:
    """Principal paid to bonds of these balances out of an amount."""
    names = [f"bond_{number}" for number in range(len(balances))]
    tranches = {name: {"size": size} for name, size in zip(names, balances, strict=True)}
    got = small({"pay": {"principal": names, "from": "cash", "how": how}}, tranches=tranches, cash=amount, **YEAR)
    return [column(got.tranches, name, "principal_paid")[0] for name in names]


def test_pro_rata():
    case = CASES["prorata-split"]
    for given, expected in zip(case["inputs"], case["expected"], strict=True):
        near(case, split(given["balances"], given["amount"], "pro_rata"), expected)


def test_sequential():
    case = CASES["sequential-split"]
    given = case["inputs"]
    for claims, expected in zip(given["claims"], case["expected"], strict=True):
        assert split(claims, given["amount"], "sequential") == expected


EMPTIED = {"transfer": {"from": "bank", "to": "cash", "amount": "bank.balance", "if": "payment.left == 0"}}


def test_interest_of_an_account():
    case = CASES["account-interest-1"]
    given = case["inputs"]
    account = {"initial": given["balance"], "earns": given["rate"], "day_count": given["day_count"]}
    got = small(EMPTIED, accounts={"bank": account}, dates=(given["last_accrual"], given["to"], "2022-12-01"), day=1)
    near(case, column(got.accounts, "bank", "closing")[0], case["expected"])


def test_interest_of_an_account_that_changes():
    """The period ends on the 1st, when 16 of the 30 days of our last accrual period are over."""
    case = CASES["account-interest-2"]
    given = case["inputs"]
    first, second = given["transactions"]
    changes = {1: first["change"], 3: second["change"]}  # payments on 15 July and 15 September
    steps = [
        {"transfer": {"from": "cash", "to": "bank", "amount": amount, "if": f"payment.number == {number}"}}
        for number, amount in changes.items()
    ]
    start = given["balance"] - sum(changes.values())
    account = {"initial": start, "earns": f"{given['rate']} * if(payment.left == 0, 16 / 30, 1)", "day_count": given["day_count"]}
    pays = {"pay": {"residual": "rest", "from": ["cash"], "if": "payment.left == 0"}}
    out = [
        {"transfer": {"from": name, "to": "cash", "amount": f"{name}.balance", "if": "payment.left == 0"}}
        for name in ("bank", "earned")
    ]
    held = {"bank": account | {"earns_into": "earned"}, "earned": {}}
    dates = (given["last_accrual"], first["date"], "2022-11-15")
    accounts = small(*steps, *out, pays, accounts=held, cash=sum(changes.values()), dates=dates, day=15).accounts
    assert column(accounts, "bank", "opening") == [110.0, 120.0, 120.0, 150.0, 150.0]
    earned = sum(column(accounts, "earned", "inflow"))
    near(case, given["balance"] + earned, case["expected"])


def in_window(case: dict[str, Any], dates: tuple[str, str, str]) -> list[int]:
    """The days of the case's window in each accrual period between payments on day 15."""
    begin, end = (date.fromisoformat(case["inputs"][word]) for word in ("start", "end"))
    days = [date.fromisoformat(dates[0]), date.fromisoformat(dates[1])]
    while days[-1] < date.fromisoformat(dates[2]):
        days.append((days[-1].replace(day=1) + timedelta(days=32)).replace(day=15))
    window = [max(0, (min(end, b) - max(begin, a)).days) for a, b in pairwise(days)]
    assert sum(window) == (end - begin).days
    return window


def weighted(case: dict[str, Any], dates: tuple[str, str, str], opening: float, payments: list[float]) -> clo.Result:
    """The balance of a bond that is paid on day 15, times the years of a window: summed by a `let` over accrual periods."""
    window = in_window(case, dates)
    steps = [
        {"let": {"part": "bond.balance * schedule.window / 365", "so_far": "cumulative(part)"}},
        {"pay": {"principal": "bond", "from": "cash", "amount": "schedule.paid"}},
        KEPT,
    ]
    schedules = {"window": {"payments": window}, "paid": {"payments": [*payments, 0][: len(window)]}}
    return small(*steps, tranches={"bond": {"size": opening}}, cash=sum(payments), schedules=schedules, dates=dates, day=15)


def near_floored(case: dict[str, Any], got: clo.Result) -> None:
    """The source floors each part to a cent: so do we, to its figure exactly, and without that within a cent a part."""
    parts = [part for part in column(got.values, "part", "value") if part]
    total = column(got.values, "so_far", "value")[-1]
    assert total == pytest.approx(sum(parts), rel=1e-15)
    assert sum(floored(part) for part in parts) == pytest.approx(case["expected"], abs=1e-9)
    assert 0.0 <= total - case["expected"] < 0.01 * len(parts)


@pytest.mark.parametrize(
    ("name", "dates", "payments"),
    [
        ("bond-weighted-balance-1", ("2022-11-10", "2022-11-15", "2022-12-15"), [10.0]),
        ("bond-weighted-balance-2", ("2022-11-10", "2022-11-15", "2022-12-15"), [10.0, 50.0]),
        ("bond-weighted-balance-4", ("2022-11-10", "2022-11-15", "2023-01-15"), [10.0, 50.0]),
        ("bond-weighted-balance-5", ("2022-01-01", "2022-01-15", "2022-02-15"), [10.0]),
    ],
)
def test_weighted_balance_of_a_bond(name: str, dates: tuple[str, str, str], payments: list[float]):
    """The second payment takes the balance from 100 to 50, as the source's balances say; its principal says 10."""
    case = CASES[name]
    first = case["inputs"]["bond_transactions"][0]
    near_floored(case, weighted(case, dates, first["end_balance"] + first["principal"], payments))


def test_weighted_balance_of_an_account():
    case = CASES["weighted-balance-1"]
    (change,) = case["inputs"]["transactions"]
    steps = [
        {"let": {"part": "bank.balance * schedule.window / 365", "so_far": "cumulative(part)"}},
        {"transfer": {"from": "cash", "to": "bank", "amount": change["change"], "if": "payment.number == 1"}},
        EMPTIED,
        KEPT,
    ]
    dates = (case["inputs"]["start"], change["date"], "2022-12-15")
    window = {"window": {"payments": in_window(case, dates)}}
    bank = {"bank": {"initial": change["balance"] - change["change"]}}
    near_floored(case, small(*steps, accounts=bank, cash=change["change"], schedules=window, dates=dates, day=15))


def test_what_a_reserve_lacks():
    case = CASES["reserve-gap"]
    share, fixed = case["inputs"]["pct_reserve"], case["inputs"]["fix_reserve"]
    accounts = {
        "share": {"initial": share["balance"], "target": f"{share['pct']} * pool.balance"},
        "fixed": {"initial": fixed["balance"], "target": fixed["target"]},
    }
    steps: list[dict[str, Any]] = []
    for name in accounts:
        steps.append({"let": {f"{name}_target": f"{name}.target", f"{name}_gap": f"max(0, {name}.target - {name}.balance)"}})
        steps.append({"transfer": {"from": "cash", "to": name, "amount": f"{name}_gap"}})
        steps.append({"transfer": {"from": name, "to": "cash", "amount": f"{name}.balance", "if": "payment.left == 0"}})
    got = small(*steps, KEPT, accounts=accounts, cash=100, balance=share["pool_balance"], **YEAR)
    for ours, theirs in (("share", "pct"), ("fixed", "fix")):
        near(case, column(got.values, f"{ours}_target", "value")[0], case["expected"][f"target_{theirs}"])
        near(case, column(got.values, f"{ours}_gap", "value")[0], case["expected"][f"gap_{theirs}"])
        near(case, column(got.accounts, ours, "inflow")[0], case["expected"][f"gap_{theirs}"])


def test_fee_by_a_schedule():
    case = CASES["fee-custom-flow"]
    given, expected = case["inputs"], case["expected"]
    brought = given["brought_forward"]
    steps = [
        {"charge": {"fee": "brought", "amount": brought["due"], "if": "payment.number == 1"}},
        {"pay": {"fee": ["fee", "brought"], "from": "cash"}},
    ]
    fees = {"fee": {"amount": "schedule.due"}, "brought": {"amount": "schedule.due"}}
    flow = {"due": {"flow": dict(given["schedule"])}}
    dates = ("2021-12-01", "2021-12-21", "2022-06-21")
    got = small(*steps, fees=fees, schedules=flow, dates=dates, day=21, frequency="quarterly").fees
    assert [on(got, "fee", "unpaid", day) for day in given["calc_dates"]] == expected["due"]
    assert on(got, "brought", "unpaid", brought["calc_date"]) == expected["brought_forward"]


def test_arrears_before_what_is_due_or_after():
    """A fee is one amount here: what is due and what is in arrears are two fees, paid in either order."""
    case = CASES["fee-pay-order"]
    given = case["inputs"]
    for payment, expected in zip(given["payments"], case["expected"], strict=True):
        steps = [{"charge": {"fee": name, "amount": given[name], "if": "payment.number == 1"}} for name in ("due", "arrears")]
        pay = {"fee": payment["order"], "from": "cash", "amount": payment["amount"], "if": "payment.number == 1"}
        rest = {"pay": {"fee": ["due", "arrears"], "from": "cash", "if": "payment.left == 0"}}
        got = small(*steps, {"pay": pay}, rest, KEPT, fees={"due": {}, "arrears": {}}, cash=payment["amount"], **YEAR).fees
        assert {name: on(got, name, "unpaid", "2022-01-01") for name in ("due", "arrears")} == expected


def test_liquidity_facility():
    """The month before (31 days, 500 undrawn) leaves what is brought forward, floored to cents in the source."""
    case = CASES["liquidity-accrual-2"]
    given, expected = case["inputs"], case["expected"]
    limit = given["drawn"] + given["undrawn"]
    line = {
        "limit": f"if(payment.number == 3, {limit}, {limit - 300})",
        "provider": "bank",
        "rate": given["rate"],
        "commitment_fee": given["fee"],
    }
    steps = [
        {"draw": {"from": "line", "to": "cash", "amount": given["drawn"], "if": "payment.number == 1"}},
        {"pay": {"fee": "line", "from": "cash", "if": "payment.number == 1"}},
        {"pay": {"interest": "line", "from": "cash", "if": "payment.number == 1"}},
        {"pay": {"principal": "line", "from": "cash", "if": "payment.number > 3"}},
        KEPT,
    ]
    got = small(*steps, facilities={"line": line}, cash=50, dates=("2021-12-01", "2022-01-01", given["end"]), day=1).facilities
    assert column(got, "line", "closing") == [given["drawn"]] * 3
    assert column(got, "line", "available")[-1] == given["undrawn"]
    before, end = given["start"], given["end"]
    near(case, on(got, "line", "interest_unpaid", before), given["bf_interest"])
    near(case, on(got, "line", "fee_unpaid", before), given["bf_fee"])
    near(case, on(got, "line", "interest_due", end), expected["interest_accrued"])
    near(case, on(got, "line", "fee_due", end), expected["fee_accrued"])
    near(case, on(got, "line", "interest_unpaid", end), expected["interest_due"], cents=1)
    near(case, on(got, "line", "fee_unpaid", end), expected["fee_due"], cents=1)


def test_rate_cap():
    case = CASES["rate-cap"]
    given = case["inputs"]
    cap = {"notional": given["notional"], "counterparty": "bank", "receive": f"max(0, index.FLAT - {given['strike']})"}
    steps = [{"draw": {"from": "cap", "to": "cash"}}]
    fixings = clo.Curves([clo.Curve("FLAT", ["2023-12-31", given["end"]], [given["index"]] * 2)])
    terms = {"hedges": {"cap": cap}, "curves": {"FLAT": {"file": "none.csv"}}}
    dates = (given["start"], given["end"], given["end"])
    got = small(*steps, fixings=fixings, dates=dates, day=31, frequency="annual", **terms)
    near(case, on(got.hedges, "cap", "received", given["end"]), case["expected"])


def test_every_case_is_used():
    """A case nobody checks is no evidence: what is not comparable stands under left_out, with the reason."""
    text = Path(__file__).read_text("utf-8")
    assert all(f'"{name}"' in text for name in CASES)
    assert all(entry["reason"] for entry in GOLDEN["left_out"])
    deals = {path.stem for path in (FOLDER / "deals").glob("*.yaml")}
    assert deals == {Path(case["deal"]).stem for case in CASES.values() if "deal" in case}
