"""The terms of a deal: typed quantities, scenarios that extend each other, marks, paths."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from by_hand import TERMS, terms
from pydantic import ValidationError

from clo.deal.steps import VERBS
from clo.deal.terms import Deal, Mark, Origin, Scenario, Tranche, enclosing, leaves


def coupon(value: Any) -> float | None:
    return Tranche.model_validate({"size": 1, "coupon": value}).coupon


def size(value: Any) -> float | str:
    return Tranche.model_validate({"size": value}).size


@pytest.mark.parametrize(
    ("written", "rate"),
    [("1.2%", 0.012), ("120bp", 0.012), ("120 bp", 0.012), (0.012, 0.012), ("0.012", 0.012), (0, 0.0), ("0%",
    0.0)],
)  # fmt: skip
def test_rates(written: Any, rate: float) -> None:
    assert coupon(written) == pytest.approx(rate, rel=1e-15)


@pytest.mark.parametrize(
    ("written", "said", "fix"),
    [
        (1.2, "1.2 is 120 % a year", "write 1.2% or 0.012"),
        ("1.2", "1.2 is 120 % a year", "write 1.2% or 0.012"),
        (1, "1 is 100 % a year", "write 1% or 0.01"),
        ("1,2%", "'1,2%' is not a rate", "write 1.2%"),  # once read as 12 %
        ("1,200bp", "is not a rate", "120bp"),
        ("0,012", "is not a rate", "0.012"),
        ("1.2％", "is not a rate", "write 1.2%"),
        ("１.2%", "is not a rate", "write 1.2%"),
        ("about 2", "is not a rate", "write 1.2%"),
        ("%", "is not a rate", "write 1.2%"),
        ("", "is not a rate", "write 1.2%"),
        (float("nan"), "nan is not a rate", "write 1.2%"),
        (float("inf"), "inf is not a rate", "write 1.2%"),
        (True, "True is not a rate", "write 1.2%"),
        ([0.01], "is not a rate", "write 1.2%"),
    ],
)
def test_rates_refused(written: Any, said: str, fix: str) -> None:
    with pytest.raises(ValidationError) as caught:
        coupon(written)
    (error,) = caught.value.errors()
    assert said in error["msg"]
    assert fix in error["ctx"]["fix"]


@pytest.mark.parametrize(
    ("written", "amount"),
    [(180, 180.0), ("180_000_000", 180e6), ("180,000,000", 180e6), (1e10, 1e10), ("1e10", 1e10), ("12.5", 12.5), (0, 0.0),
    ("rest", "rest")],
)  # fmt: skip
def test_money(written: Any, amount: Any) -> None:
    assert size(written) == amount


@pytest.mark.parametrize(
    "written", [-1, "1,80,000", "180.000.000", "180m", 2**54, 10**400, float("nan"), float("inf"), True, "rset", None, "1_0,000"]
)
def test_money_refused(written: Any) -> None:
    with pytest.raises(ValidationError):
        size(written)


@pytest.mark.parametrize("unit", [0, -1])
def test_a_denomination_is_more_than_nothing(unit: int) -> None:
    with pytest.raises(ValidationError, match=r"greater than 0|is negative"):
        Tranche.model_validate({"size": 1, "denomination": unit})


@pytest.mark.parametrize("price", [0, -1, float("inf"), float("nan")])
def test_an_issue_price_is_a_finite_share(price: float) -> None:
    with pytest.raises(ValidationError):
        Tranche.model_validate({"size": 1, "issue_price": price})


def test_dates_are_dates() -> None:
    given = TERMS["dates"]
    assert terms(dates=given | {"closing": "2020-04-15"}).dates.closing == date(2020, 4, 15)
    for wrong in (20200415, 86_400, 0, "15 April 2020", "2020-04-31", "", None, 1.5, "15/04/2020"):
        with pytest.raises(ValidationError, match="is not a date"):
            terms(dates=given | {"closing": wrong})


def test_shares_and_annual_shares() -> None:
    assert Scenario.model_validate({"recovery": "100%"}).recovery == 1.0
    assert Scenario.model_validate({"recovery": 1}).recovery == 1.0
    assert Scenario.model_validate({"cdr": ["1%", 0.02, "300bp"]}).cdr == (0.01, 0.02, 0.03)
    beyond = [{"recovery": 10}, {"recovery": -0.1}, {"recovery_lag": -1}]
    for wrong in (*beyond, *({"cdr": value} for value in (5, "100%", -0.01, ["1%", 5]))):
        with pytest.raises(ValidationError):
            Scenario.model_validate(wrong)


@pytest.mark.parametrize(
    "name", ["pool", "issuer", "obligors", "min", "max", "payment", "if", "not", "class", "a.b", "a-b", "1a", "", "優先"]
)
def test_names_that_an_expression_could_not_say(name: str) -> None:
    with pytest.raises(ValidationError, match="cannot be a name in a deal"):
        terms(accounts={"collections": {}, name: {}})


@pytest.mark.parametrize("value", ["no", "yes", 1, "true", None])
def test_true_and_false_are_written_out(value: Any) -> None:
    with pytest.raises(ValidationError, match="is not true or false"):
        Tranche.model_validate({"size": 1, "deferrable": value})


@pytest.mark.parametrize(
    ("fee", "said"),
    [
        ({"rate": "1%", "on": "pool.opening", "amount": 5}, "either a rate, or tiers, or an amount"),
        ({"rate": "1%", "on": "pool.opening", "tiers": [{"rate": "1%"}]}, "either a rate, or tiers, or an amount"),
        ({"amount": 5, "tiers": [{"rate": "1%"}]}, "either a rate, or tiers, or an amount"),
        ({"rate": "1%"}, "the balance that the fee's rate applies to is not stated"),
        ({"tiers": [{"rate": "1%"}]}, "the balance that the fee's rate applies to is not stated"),
        ({"on": "pool.opening"}, "on, floor and cap are about a fee that accrues by itself"),
        ({"floor": 5}, "on, floor and cap are about a fee that accrues by itself"),
        ({"cap": "pool.default"}, "on, floor and cap are about a fee that accrues by itself"),
    ],
)
def test_a_fee_is_of_one_kind(fee: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        terms(fees={"servicer": fee})


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ({"pay": {"from": "collections"}}, "one of fee, interest, principal, hedge, residual; this has none"),
        ({"pay": {"fee": "servicer", "interest": "senior", "from": "collections"}}, "this has"),
        ({"send": {"from": "collections"}}, "one verb with its details"),
        ({"pay": {}, "collect": {}}, "one verb with its details"),
        ("pay", "one verb with its details"),
        ({"pay": {"fee": "servicer", "from": "collections", "how": "evenly"}}, "'sequential' or 'pro_rata'"),
    ],
)
def test_a_step_is_one_verb(step: Any, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        terms(structure=None, waterfall=[step])


def test_a_deal_is_frozen_and_knows_its_keys() -> None:
    deal = terms()
    with pytest.raises(ValidationError, match="frozen"):
        deal.rounding = "none"  # type: ignore[misc]
    with pytest.raises(ValidationError, match="Extra inputs"):
        terms(colour="red")
    assert repr(deal) == "<Deal by hand: JPY senior 15,000 / mezzanine 5,000 / junior rest>"


def test_scenarios_extend_each_other() -> None:
    scenarios = {
        "base": {"cdr": "2%", "cpr": "1%", "recovery": "10%", "recovery_lag": 12},
        "stress": {"extends": "base", "cdr": "5%"},
        "late": {"extends": "stress", "recovery_lag": 24},
        "real": {"extends": "late", "defaults": "tape", "recovery": "tape"},
        "back": {"extends": "real", "cdr": "3%", "recovery": 0},
    }
    deal = terms(scenarios=scenarios)
    late = deal.scenario("late")
    assert (late.cdr, late.cpr, late.recovery, late.recovery_lag) == (0.05, 0.01, 0.1, 24)
    real, back = deal.scenario("real"), deal.scenario("back")
    assert (real.cdr, real.defaults, real.recovery) == (None, "tape", "tape")
    assert (back.cdr, back.defaults, back.recovery) == (0.03, None, 0.0)
    with pytest.raises(KeyError):
        deal.scenario("none")
    circle = terms(scenarios={"a": {"extends": "b"}, "b": {"extends": "a"}})
    with pytest.raises(ValueError, match="in a circle: a -> b -> a"):
        circle.scenario("a")


def test_the_most_specific_mark_decides() -> None:
    published, derived = {"tranches.senior.size": "s"}, {"tranches.junior": "rest"}
    deal = terms(assumed=["tranches"], published=published, derived=derived, sources={"s": {}})
    assert deal.mark("tranches.senior.size") == Mark("published", "s")
    assert deal.mark("tranches.senior.coupon") == Mark("assumed", "")
    assert deal.mark("tranches.junior.size") == Mark("derived", "rest")
    assert deal.mark("dates.closing") is None


def test_paths() -> None:
    data = {"a": {"b": [1, {"c": 2}], "d": {}}, "e": 3}
    assert list(leaves(data)) == [("a.b[0]", 1), ("a.b[1].c", 2), ("e", 3)]
    assert [enclosing(path) for path in ("a.b[1].c", "a.b[1]", "a.b", "a", "")] == ["a.b[1]", "a.b", "a", "", ""]
    origin = Origin("deal.yaml", "", {"a.b": (3, 5), "a": (2, 1)})
    assert origin.place("a.b[1].c") == (3, 5)
    assert origin.place("a.x") == (2, 1)
    assert origin.place("z") is None


def test_sellers() -> None:
    deal = terms(pools={"banks": {"tape": "x"}, "own": {"tape": "x"}, "third": {"tape": "x", "seller": "corporation"}})
    assert [deal.seller(name) for name in deal.pools] == ["institutions", "corporation", "corporation"]


def test_the_schema_of_the_file_says_what_a_step_looks_like() -> None:
    schema = Deal.model_json_schema(by_alias=True)
    steps = schema["properties"]["waterfall"]["items"]["oneOf"]
    assert [each["$ref"].rpartition("/")[2] for each in steps] == [step.__name__ for step in VERBS.values()]
    pay = schema["$defs"]["Pay"]["properties"]["pay"]
    assert {"fee", "interest", "principal", "hedge", "residual", "from", "how", "as", "amount", "if"} == set(pay["properties"])
