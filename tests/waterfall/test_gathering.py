"""What a program reads by payment date: schedules, indices, ratings, dates, observations; and what backs the tranches."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest
from by_hand import COLLECT, RESIDUAL, TERMS, of, run, terms

from clo.curves import Curve, Curves
from clo.deal.checks import timeline_of
from clo.findings import DealError, Finding
from clo.study import Result
from clo.timeline import Timeline
from clo.waterfall.gathering import scheduled

FEE = {"pay": {"fee": "servicer", "from": "collections"}}
INTEREST = {"pay": {"interest": ["senior", "mezzanine"], "from": "collections"}}
PRINCIPAL = {"pay": {"principal": ["senior", "mezzanine"], "from": "collections"}}
NOTES = TERMS["tranches"]
DAYS = ["2020-05-15", "2020-06-15", "2020-07-15", "2020-08-15"]


def result_of(*steps: dict[str, Any], fixings: Curves | None = None, **changes: Any) -> Result:
    waterfall = [COLLECT, *steps, FEE, INTEREST, PRINCIPAL, RESIDUAL]
    given = {} if fixings is None else {"curves": fixings}
    return run(terms(structure=None, waterfall=waterfall, **changes), **given)


def values(*texts: str, **changes: Any) -> list[list[float]]:
    """Each expression by payment date."""
    frame = result_of({"let": {f"x{n}": text for n, text in enumerate(texts)}}, **changes).values
    return [[float(value) for value in frame.loc[frame["name"] == f"x{n}", "value"]] for n in range(len(texts))]


def refused(**changes: Any) -> list[Finding]:
    with pytest.raises(DealError) as caught:
        result_of(fixings=Curves([]), **changes)
    return list(caught.value.findings)


# ---- schedules

SCHEDULES: dict[str, tuple[dict[str, Any], list[float]]] = {
    "level on payment dates": ({"level": {"2020-05-15": 800, "2020-06-15": 750, "2020-08-15": 10}}, [800, 750, 750, 10]),
    "level between dates": ({"level": {"2020-05-16": 5, "2020-06-14": 6, "2020-07-16": 7}}, [5, 6, 6, 7]),
    "level out of order": ({"level": {"2020-07-15": 3, "2020-01-01": 1, "2020-06-15": 2}}, [1, 2, 3, 3]),
    "level that begins late": ({"level": {"2021-01-01": 42}}, [42, 42, 42, 42]),
    "level that is negative": ({"level": {"2020-05-15": -1.5, "2020-07-01": 0}}, [-1.5, -1.5, 0, 0]),
    "flow on and before a date": ({"flow": {"2020-05-15": 1, "2020-05-16": 2, "2020-06-15": 4, "2020-06-16": 8}}, [1, 6, 8, 0]),
    "flow before the first": ({"flow": {"2019-01-01": 1, "2020-04-15": 2, "2020-05-01": 4}}, [7, 0, 0, 0]),
    "flow after the last": ({"flow": {"2020-08-15": 1, "2020-08-16": 2}}, [0, 0, 0, 1]),
    "payments, the last holds": ({"payments": [9, 8]}, [9, 8, 8, 8]),
    "payments, more than there are": ({"payments": [1, 2, 3, 4, 5]}, [1, 2, 3, 4]),
    "one payment": ({"payments": [0.5]}, [0.5] * 4),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_by_payment_date(name: str) -> None:
    written, expected = SCHEDULES[name]
    deal = terms(schedules={"pac": written})
    timeline = timeline_of(deal)
    assert isinstance(timeline, Timeline)
    assert scheduled(deal.schedules["pac"], timeline).tolist() == expected
    assert values("schedule.pac", schedules={"pac": written}) == [expected]


def test_what_is_remembered_of_a_schedule() -> None:
    written = {"pac": {"payments": [1, 2, 4, 8]}}
    texts = (
        "previous(schedule.pac)",
        "cumulative(schedule.pac)",
        "rolling_sum(schedule.pac, 2)",
        "rolling_average(schedule.pac, 3)",
    )
    assert values(*texts, schedules=written) == [[0, 1, 2, 4], [1, 3, 7, 15], [1, 3, 6, 12], [1, 1.5, 7 / 3, 14 / 3]]


# ---- values of the payment date


def test_what_is_asked_of_a_payment() -> None:
    texts = ("payment.number", "payment.left", "payment.days", "payment.month", "payment.year", "payment.fraction")
    assert values(*texts)[:5] == [[1, 2, 3, 4], [3, 2, 1, 0], [30, 31, 30, 31], [5, 6, 7, 8], [2020] * 4]
    (fraction,) = values("payment.fraction", day_count="ACT/365F")
    assert fraction == [30 / 365, 31 / 365, 30 / 365, 31 / 365]


def test_dates_are_numbers_of_days() -> None:
    (days,) = values("payment.date")
    assert days == [(date.fromisoformat(day) - date(1970, 1, 1)).days for day in DAYS]


def observed(**trigger: Any) -> list[float]:
    (seen,) = values("if(odd, 1, 0)", triggers={"odd": {"when": "1 < 2", "cure": "never", **trigger}})
    return seen


def test_a_trigger_is_observed_on_its_dates() -> None:
    assert observed() == [1, 1, 1, 1]
    assert observed(every=2) == [0, 1, 1, 1]
    assert observed(every=3) == [0, 0, 1, 1]
    assert observed(every=5) == [0, 0, 0, 0]
    assert observed(**{"from": "2020-07-15"}) == [0, 0, 1, 1]
    assert observed(**{"from": "2020-07-16"}) == [0, 0, 0, 1]
    assert observed(until="2020-05-14") == [0, 0, 0, 0]
    assert observed(after=2) == [0, 1, 1, 1]
    assert observed(after=2, every=2) == [0, 0, 0, 1]


def test_outside_its_dates_a_trigger_stays_as_it_is() -> None:
    within = {"when": "payment.number <= 2", "until": "2020-06-15"}
    assert values("if(odd, 1, 0)", triggers={"odd": within}) == [[1, 1, 1, 1]]
    assert values("if(odd, 1, 0)", triggers={"odd": within | {"until": "2020-07-15"}}) == [[1, 1, 0, 0]]


# ---- indices

FLOATING = NOTES | {"senior": {"size": 15_000, "coupon": {"index": "TIBOR", "margin": "2%"}}}
CURVE = {"curves": {"TIBOR": {"file": "none.csv"}}}


def tibor(points: dict[str, float], **how: Any) -> Curves:
    return Curves([Curve("TIBOR", np.array(list(points), dtype="datetime64[D]"), np.array(list(points.values())), **how)])


def test_an_index_is_fixed_where_the_accrual_period_begins() -> None:
    """Accrual begins at closing, 15 April, and then on payment dates; a fixing of 16 May is that of the third period."""
    fixings = tibor({"2020-04-15": 0.04, "2020-05-16": 0.1, "2020-06-16": 0.2, "2020-07-15": 0.0}, extrapolation="flat")
    result = result_of({"let": {"x": "index.TIBOR"}}, fixings=fixings, tranches=FLOATING, **CURVE)
    assert result.ok
    assert [float(value) for value in result.values["value"]] == [0.04, 0.04, 0.1, 0.0]
    assert of(result, "senior", "interest_due")[:2] == [75, 54]  # 6 % of 15,000, and of 10,989


def test_an_index_that_the_deal_does_not_list() -> None:
    (found,) = refused(tranches=FLOATING)
    assert (found.code, found.path, found.value) == ("E-D101", "tranches.senior.coupon.index", "index.TIBOR")
    (found,) = refused(tranches=FLOATING, curves={"TIBOR_3M": {"file": "none.csv"}})
    assert "did you mean 'index.TIBOR_3M'?" in found.message


def test_an_index_that_the_deal_lists_and_nobody_gives() -> None:
    given = terms(tranches=FLOATING, **CURVE)
    with pytest.raises(DealError) as caught:
        run(given, curves=Curves([]))
    (found,) = caught.value.findings
    assert (found.code, found.path, found.severity) == ("E-R123", "curves.TIBOR", "error")
    assert found.message == "no curve is given for index 'TIBOR'"
    assert found.fix == "add it to curves=, or to the deal's curves"


@pytest.mark.parametrize(
    ("points", "first"),
    [
        ({"2020-04-16": 0.04}, "2020-04-15"),
        ({"2020-04-15": 0.04, "2020-07-14": 0.05}, "2020-07-15"),
        ({"2020-04-15": 0.04}, "2020-05-15"),
    ],
)
def test_an_index_without_a_rate_on_a_date(points: dict[str, float], first: str) -> None:
    with pytest.raises(DealError) as caught:
        run(terms(tranches=FLOATING, **CURVE), curves=tibor(points))
    (found,) = caught.value.findings
    assert (found.code, found.path) == ("E-R124", "curves.TIBOR")
    assert found.message == f"curve 'TIBOR' knows no rate on {first}, where an accrual period begins"
    assert "flat" in found.fix
    assert "fixed for every period" in found.rule


def test_every_index_that_is_missing_is_told_at_once() -> None:
    two = {"TIBOR": {"file": "none.csv"}, "SONIA": {"file": "none.csv"}}
    notes = FLOATING | {"mezzanine": {"size": 5_000, "coupon": "index.SONIA + 1%"}}
    with pytest.raises(DealError) as caught:
        run(terms(tranches=notes, curves=two), curves=Curves([]))
    assert [(f.code, f.path) for f in caught.value.findings] == [("E-R123", "curves.TIBOR"), ("E-R123", "curves.SONIA")]


def test_an_index_that_nothing_asks_for_is_not_needed() -> None:
    assert run(terms(**CURVE), curves=Curves([])).ok


# ---- what backs the tranches


def funded(backing: str, junior: Any, **changes: Any) -> Any:
    accounts = {"collections": {"initial": 1_000}, "prefunding": {"initial": 2_000}}
    out = {"transfer": {"from": "prefunding", "to": "collections", "amount": "prefunding.balance"}}
    notes = NOTES | {"junior": {"size": junior, "holder": "seller"}}
    return result_of(out, **({"accounts": accounts, "backing": backing, "tranches": notes} | changes))


@pytest.mark.parametrize(
    ("backing", "size"),
    [
        ("pool.initial", 4_000),
        ("pool.initial + prefunding.initial", 6_000),
        ("loans.initial + prefunding.initial + collections.initial", 7_000),
        ("110% * pool.initial", 6_400),
        ("max(pool.initial, 30_000)", 10_000),
        ("25_000", 5_000),
    ],
)
def test_the_rest_is_what_backs_the_tranches_less_the_others(backing: str, size: float) -> None:
    result = funded(backing, "rest")
    assert of(result, "junior", "opening")[0] == pytest.approx(size, rel=1e-14)
    assert result.ok
    assert funded(backing, size).ok


@pytest.mark.parametrize(
    ("backing", "junior", "message", "place"),
    [
        ("pool.initial + prefunding.initial", 4_000,
         "= 24,000; pool.initial + prefunding.initial = 26,000: 2,000 unallocated", "tranches"),
        ("pool.initial - 5_000", "rest",
         "senior 15,000 + mezzanine 5,000 exceed pool.initial - 5_000 = 19,000 by 1,000; nothing is left for 'junior'",
         "tranches.junior.size"),
    ],
)  # fmt: skip
def test_tranches_that_are_not_backed(backing: str, junior: Any, message: str, place: str) -> None:
    with pytest.raises(DealError) as caught:
        funded(backing, junior)
    (found,) = caught.value.findings
    assert (found.code, found.path, found.rule) == ("E-D070", place, "tranches = backing")
    assert message in found.message


@pytest.mark.parametrize("name", ["prefunding.initail", "pool.balance", "senior.size", "servicer.initial"])
def test_backing_is_made_of_what_pools_and_accounts_start_with(name: str) -> None:
    with pytest.raises(DealError) as caught:
        funded(f"pool.initial + {name}", "rest")
    (found,) = caught.value.findings
    assert (found.code, found.path, found.value) == ("E-D101", "backing", name)
    assert "what pools and accounts start with" in found.rule
    if name == "prefunding.initail":
        assert found.fix == "did you mean 'prefunding.initial'?"


@pytest.mark.parametrize(
    "backing",
    ["pool.initial +", "pool.initial > 5", "previous(pool.initial)", "'pool'", "pool.initial / (pool.initial - 24_000)"],
)
def test_backing_that_is_no_amount(backing: str) -> None:
    with pytest.raises(DealError) as caught:
        funded(backing, "rest")
    assert {found.path for found in caught.value.findings} == {"backing"}


def test_accounts_that_the_issue_does_not_fund() -> None:
    rich = {"collections": {}, "prefunding": {"initial": 24_001}}
    with pytest.raises(DealError) as caught:
        funded("pool.initial", "rest", accounts=rich)
    (found,) = caught.value.findings
    assert (found.code, found.path) == ("E-D071", "accounts")


# ---- triggers made to pass or fail

FORCED = {"bad": {"when": "payment.number == 2"}, "worse": {"when": "bad", "cure": "never"}}


def breached(result: Result, trigger: str) -> list[bool]:
    frame = result.triggers
    return list(frame.loc[frame["trigger"] == trigger, "breached"])


def forced(scenarios: dict[str, Any] | None = None, scenario: str = "base", **overrides: Any) -> Result:
    base = TERMS["scenarios"]["base"]
    named = {"base": base} | {name: {"extends": "base", **given} for name, given in (scenarios or {}).items()}
    waterfall = [COLLECT, FEE, INTEREST, PRINCIPAL, {"pay": RESIDUAL["pay"] | {"if": "not bad or worse"}}]
    deal = terms(structure=None, waterfall=waterfall, triggers=FORCED, scenarios=named)
    return run(deal, scenario=scenario, **overrides)


@pytest.mark.parametrize(
    ("force", "bad", "worse"),
    [
        ({}, [0, 1, 0, 0], [0, 1, 1, 1]),
        ({"bad": "pass"}, [0, 0, 0, 0], [0, 0, 0, 0]),
        ({"bad": "fail"}, [1, 1, 1, 1], [1, 1, 1, 1]),
        ({"bad": "as_modelled"}, [0, 1, 0, 0], [0, 1, 1, 1]),
        ({"worse": "fail"}, [0, 1, 0, 0], [1, 1, 1, 1]),
        ({"bad": "fail", "worse": "pass"}, [1, 1, 1, 1], [0, 0, 0, 0]),
    ],
)
def test_a_trigger_is_made_to_pass_or_fail(force: dict[str, str], bad: list[bool], worse: list[bool]) -> None:
    """By a scenario, by a keyword, and by a keyword in the place of a scenario's."""
    runs = [forced(force=force), forced({"made": {"force": force}}, scenario="made")]
    runs.append(forced({"made": {"force": {"bad": "pass", "worse": "fail"}}}, scenario="made", force=force))
    for result in runs[: 2 if not force else None]:
        assert (breached(result, "bad"), breached(result, "worse")) == (bad, worse)
        assert result.scenario.force in (force, force or None)


def test_a_tested_trigger_is_forced_as_well() -> None:
    section = {"section": {"name": "s", "if": "payment.number > 5", "steps": [{"test": "bad"}]}}
    waterfall = [COLLECT, section, FEE, INTEREST, PRINCIPAL, {"pay": RESIDUAL["pay"] | {"if": "bad or payment.number == 4"}}]
    deal = terms(structure=None, waterfall=waterfall, triggers={"bad": {"when": "1 < 2"}})
    assert breached(run(deal), "bad") == [False] * 4
    assert breached(run(deal, force={"bad": "fail"}), "bad") == [True] * 4


@pytest.mark.parametrize("force", [{"bad": "fails"}, {"bad": True}, "fail", {"bda": "fail"}])
def test_what_cannot_be_forced(force: Any) -> None:
    with pytest.raises(DealError) as caught:
        forced(force=force)
    (found,) = caught.value.findings
    assert found.code.startswith("E-R10")
    assert found.field.startswith("force")
    assert found.fix


def test_what_is_forced_stands_in_the_manifest() -> None:
    result = forced(force={"bad": "fail"})
    assert result.manifest["overrides"] == {"force": {"bad": "fail"}}
    assert result.manifest["assumptions"]["force"] == {"bad": "fail"}


# ---- counterparties that a scenario rates

BANKS = {"bank": {"ratings": {"2020-01-01": "AA"}}, "other": {"ratings": {"2020-01-01": "BB"}}}


def rated(scenarios: dict[str, Any] | None = None, **overrides: Any) -> list[list[float]]:
    """Whether the bank, and the other, is rated below A- on each payment date."""
    named = {name: {"extends": "base", **given} for name, given in (scenarios or {}).items()}
    let = {"let": {"x": "if(bank.rating < 'A-', 1, 0)", "y": "if(other.rating < 'A-', 1, 0)"}}
    waterfall = [COLLECT, let, FEE, INTEREST, PRINCIPAL, RESIDUAL]
    deal = terms(structure=None, waterfall=waterfall, counterparties=BANKS, scenarios=TERMS["scenarios"] | named)
    frame = run(deal, **overrides).values
    return [[float(value) for value in frame.loc[frame["name"] == name, "value"]] for name in ("x", "y")]


def test_a_scenario_rates_a_counterparty_in_place_of_the_deal() -> None:
    down = {"bank": {"2020-06-15": "BBB", "2020-08-01": "A"}}
    assert rated() == [[0, 0, 0, 0], [1, 1, 1, 1]]
    assert rated(ratings=down) == [[1, 1, 1, 0], [1, 1, 1, 1]]
    assert rated({"down": {"ratings": down}}, scenario="down") == [[1, 1, 1, 0], [1, 1, 1, 1]]
    assert rated({"down": {"ratings": down}}) == rated()


@pytest.mark.parametrize(
    "ratings", [{"bnak": {"2020-01-01": "A"}}, {"bank": {"2020-01-01": "Aa2"}}, {"bank": {"2020-02-30": "A"}}, {"bank": {}}, "AA"]
)
def test_ratings_that_a_run_cannot_have(ratings: Any) -> None:
    with pytest.raises(DealError) as caught:
        rated(ratings=ratings)
    (found,) = caught.value.findings
    assert found.code.startswith("E-R10")
    assert found.field.startswith("ratings")
    assert found.fix
