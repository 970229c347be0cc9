"""What the slow reading makes of conditions, sections, macros, triggers and memory, against examples worked out by hand."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import pytest
from oracle_deals import DAYS, LEVEL, a_run, cash, column, held, moved, paid_until, values
from oracle_expressions import Cash, Rated, evaluate

LONG = paid_until(date(2020, 12, 15))
"""Eight payments."""
NAN = "1 / (payment.number - payment.number)"


def move(amount: Any = 1, **more: Any) -> dict[str, Any]:
    return {"transfer": {"from": "cash", "to": "reserve", "amount": amount, **more}}


def let(text: Any, **changes: Any) -> list[float]:
    """What an expression stands for at each payment date."""
    return values(a_run({"let": {"seen": text}}, **changes), "seen")


def trigger(*bad: int, dates: Any = LONG, rows: Any = LEVEL, **terms: Any) -> list[int]:
    """The states of a trigger that reads 1 or 0."""
    schedules = {"bad": {"payments": bad}}
    run = a_run(triggers={"t": {"when": "schedule.bad == 1", **terms}}, schedules=schedules, dates=dates, rows=rows)
    return [int(state) for state in held(run, "t")]


# names


def test_names_of_the_payment() -> None:
    assert let("payment.number") == [1, 2, 3, 4]
    assert let("payment.left") == [3, 2, 1, 0]
    assert let("payment.days") == [30, 31, 30, 31]
    assert let("payment.fraction") == pytest.approx([1 / 12] * 4)
    assert let("payment.fraction", day_count="ACT/360") == pytest.approx([30 / 360, 31 / 360, 30 / 360, 31 / 360])
    assert let("payment.month") == [5, 6, 7, 8]
    assert let("payment.year") == [2020] * 4
    assert let("payment.date >= '2020-07-15'") == [0, 0, 1, 1]
    assert let("payment.start == '2020-04-15' or '2020-07-15' < payment.date") == [1, 0, 0, 1]
    assert let("payment.start < payment.date") == [1, 1, 1, 1]


def test_payments_on_days_that_are_moved() -> None:
    moved_to_monday = {"frequency": "monthly", "day": 15, "calendar": "weekends", "business_day": "following"}
    dates = paid_until(date(2020, 8, 17))  # the 15th of August is a Saturday
    assert let("payment.date == '2020-08-17'", dates=dates, payments=moved_to_monday) == [0, 0, 0, 1]
    assert let("payment.days", dates=dates, payments=moved_to_monday) == [30, 31, 30, 33]
    assert let("payment.days", dates=dates, payments=moved_to_monday | {"accrual": "unadjusted"}) == [30, 31, 30, 31]


def test_schedules() -> None:
    level = {"level": {"2020-06-15": 800, "2020-07-16": 750}}
    assert let("schedule.s", schedules={"s": level}) == [800, 800, 800, 750]
    flow = {"flow": {"2020-04-01": 1, "2020-05-15": 2, "2020-05-16": 4, "2020-07-15": 8, "2020-08-16": 16}}
    assert let("schedule.s", schedules={"s": flow}) == [3, 4, 8, 0]
    assert let("schedule.s", schedules={"s": {"payments": [5, 7]}}) == [5, 7, 7, 7]


def test_an_index_is_read_where_the_period_begins() -> None:
    curves = {"X": [(date(2020, 4, 1), 0.01), (date(2020, 5, 15), 0.03), (date(2020, 6, 16), 0.09)]}
    assert let("100 * index.X", curves=curves) == pytest.approx([1, 3, 3, 9])
    shifted = {"base": {"cdr": 0, "cpr": 0, "recovery": 0, "recovery_lag": 0, "rates": {"X": "1%"}}}
    assert let("100 * index.X", curves=curves, scenarios=shifted) == pytest.approx([2, 4, 4, 10])


def test_ratings() -> None:
    parties = {"bank": {"ratings": {"2020-06-15": "AA", "2020-07-16": "BBB+"}}, "other": {"ratings": {"2020-01-01": "A-"}}}
    assert let("bank.rating < 'A-'", counterparties=parties) == [0, 0, 0, 1]
    assert let("'A-' <= bank.rating", counterparties=parties) == [1, 1, 1, 0]
    assert let("bank.rating > other.rating and other.rating == 'A-'", counterparties=parties) == [1, 1, 1, 0]
    assert let("previous(bank.rating) == 'AA'", counterparties=parties) == [0, 1, 1, 1]  # nothing is before the first date


def test_what_is_money() -> None:
    known = {"a.balance": 3.0, "payment.number": 3.0, "index.X": 3.0, "bank.rating": Rated("A"), "plain": 3.0, "kept": Cash(3)}
    for text, money in (
        ("a.balance", True),
        ("payment.number", False),
        ("index.X", False),
        ("bank.rating", False),
        ("plain", False),
        ("kept", True),
        ("2 * kept - 1", True),
        ("a.balance / kept", False),
        ("a.balance / 2", True),
        ("if(1 > 2, a.balance, 0)", True),
        ("max(1, 2)", False),
    ):
        assert isinstance(evaluate(text, known.__getitem__), Cash) == money, text
    assert isinstance(evaluate("previous(a.balance)", known.__getitem__, 0.0, lambda *_: 1.0), Cash)


def test_a_let_value_keeps_what_it_is() -> None:
    # 7,500 less what is smaller than 1e-4 of a unit: equal as money, not as a share of it
    run = a_run(
        {"let": {"near": "pool.balance + 0.00001", "share": "near / pool.initial"}},
        {"let": {"money": "near == pool.balance", "number": "share == pool.balance / pool.initial"}},
    )
    assert values(run, "money") == [1, 1, 1, 1]
    assert values(run, "number") == [0, 0, 0, 0]


def test_targets_limits_and_values_stand_for_what_is_so_when_the_step_is_reached() -> None:
    run = a_run(
        {"let": {"before": "reserve.target - reserve.balance"}},
        move("40"),
        {"let": {"after": "reserve.target - reserve.balance", "first": "reserve.initial"}},
        accounts={"cash": {}, "reserve": {"initial": 7, "target": "0.01 * pool.balance"}},
    )
    assert values(run, "before") == [68, 3, -62, -127]
    assert values(run, "after") == [28, -37, -102, -167]
    assert values(run, "first") == [7] * 4


# memory


def test_previous_values() -> None:
    paid = {"pay": {"principal": "senior", "from": "cash", "amount": 1_000}}
    run = a_run(
        {
            "let": {
                "early": "previous(senior.balance)",
                "due": "previous(senior.interest_due)",
                "pool_then": "previous(pool.balance)",
            }
        },
        paid,
        {"let": {"x": "10 * payment.number", "late": "previous(senior.balance)", "x_then": "previous(x)", "was": "previous(t)"}},
        tranches={"senior": {"size": 6_000, "coupon": "12%"}, "junior": {"size": "rest"}},
        triggers={"t": {"when": "payment.number == 2"}},
    )
    assert values(run, "early") == values(run, "late") == [6_000, 5_000, 4_000, 3_000]
    assert values(run, "due") == [0, 60, 50, 40]
    assert values(run, "pool_then") == [10_000, 7_500, 5_000, 2_500]
    assert values(run, "x_then") == [0, 10, 20, 30]
    assert values(run, "was") == [0, 0, 1, 0]


def test_sums_over_payment_dates() -> None:
    n = {"schedules": {"n": {"payments": [1, 2, 4, 8]}}}
    assert let("cumulative(schedule.n)", **n) == [1, 3, 7, 15]
    assert let("rolling_sum(schedule.n, 2)", **n) == [1, 3, 6, 12]
    assert let("rolling_sum(schedule.n, 60)", **n) == [1, 3, 7, 15]
    assert let("rolling_average(schedule.n, 3)", **n) == pytest.approx([1, 1.5, 7 / 3, 14 / 3])
    assert let("cumulative(pool.interest)") == [100, 175, 225, 250]
    assert let("rolling_average(pool.opening, 2) - pool.opening") == [0, 1_250, 1_250, 1_250]
    run = a_run({"let": {"x": "payment.number"}}, {"let": {"all": "cumulative(x)", "two": "rolling_sum(x, 2)"}})
    assert values(run, "all") == [1, 3, 6, 10]
    assert values(run, "two") == [1, 3, 5, 7]


def test_memory_of_a_name_that_only_a_section_not_run_asks_for() -> None:
    section = {"section": {"name": "late", "if": "payment.number == 4", "steps": [move("previous(pool.balance) / 100")]}}
    assert cash(a_run(section), "reserve") == [0, 0, 0, 25]


# triggers


def test_a_trigger_that_needs_observations_in_a_row() -> None:
    bad = (1, 1, 0, 1, 0, 0, 1, 1)
    assert trigger(*bad) == [1, 1, 0, 1, 0, 0, 1, 1]
    assert trigger(*bad, after=2) == [0, 1, 0, 0, 0, 0, 0, 1]
    assert trigger(*bad, after=2, cure_after=2) == [0, 1, 1, 1, 1, 0, 0, 1]


def test_a_trigger_with_a_cure() -> None:
    bad = (0, 1, 0, 0, 0, 1, 0, 0)
    assert trigger(*bad, cure="never") == [0, 1, 1, 1, 1, 1, 1, 1]
    assert trigger(*bad, cure="payment.number == 5") == [0, 1, 1, 1, 0, 1, 1, 1]
    # counted whatever the state: 5 and 6 are two in a row
    assert trigger(*bad, cure="payment.number >= 5 and payment.number <= 6", cure_after=2) == [0, 1, 1, 1, 1, 0, 0, 0]


def test_a_trigger_that_is_not_always_observed() -> None:
    bad = (1, 1, 0, 1, 0, 0, 1, 1)
    assert trigger(*bad, every=2) == [0, 1, 1, 1, 1, 0, 0, 1]
    assert trigger(*bad, **{"from": "2020-07-15", "until": "2020-08-15"}) == [0, 0, 0, 1, 1, 1, 1, 1]
    assert trigger(*bad, every=3) == [0, 0, 0, 0, 0, 0, 0, 0]
    assert trigger(*bad, every=2, after=2) == [0, 0, 0, 1, 1, 0, 0, 0]


def test_a_trigger_read_by_a_step() -> None:
    run = a_run(
        {"let": {"then": "previous(rich)"}},
        move("if(payment.number == 3, 0, cash.balance)"),
        {"section": {"name": "s", "if": "payment.number < 4", "steps": [{"test": ["rich", "richer"]}]}},
        {"let": {"now": "rich"}},
        triggers={
            "early": {"when": "cash.balance > 1000"},
            "rich": {"when": "cash.balance > 1000"},
            "richer": {"when": "rich and cash.balance > 2560"},
        },
    )
    assert held(run, "early") == [False, False, False, True]  # 2,550 since the third
    assert held(run, "rich") == [False, False, True, True]  # not read on the fourth
    assert held(run, "richer") == [False] * 4
    assert values(run, "then") == [0, 0, 0, 1]
    assert values(run, "now") == [0, 0, 1, 1]


def test_triggers_that_a_scenario_forces() -> None:
    calm = {"cdr": 0, "cpr": 0, "recovery": 0, "recovery_lag": 0}
    triggers = {name: {"when": "payment.number == 2"} for name in ("a", "b", "c")}
    scenarios = {"base": {**calm, "force": {"a": "pass", "b": "fail", "c": "as_modelled"}}}
    run = a_run(triggers=triggers, scenarios=scenarios)
    assert [held(run, name) for name in "abc"] == [[False] * 4, [True] * 4, [False, True, False, False]]


# conditions, sections and macros


def test_a_section_is_entered_by_what_was_so_when_it_was_reached() -> None:
    section = {
        "section": {
            "name": "s",
            "if": "cash.balance > 2560",
            "steps": [move(2_000), move(5, **{"if": "payment.number == 1"}), {"let": {"x": "cash.balance"}}],
            "else": [
                move(10),
                {"section": {"name": "in it", "if": "payment.number == 4", "steps": [move(20)], "else": [move(30)]}},
            ],
        }
    }
    run = a_run(
        section,
        {"transfer": {"from": "cash", "to": "gone", "amount": "cash.balance"}},
        accounts={"cash": {}, "reserve": {}, "gone": {}},
    )
    # 2,600, 2,575, 2,550, 2,525
    assert [[row[0] for row in moved(run, day)] for day in DAYS] == [[2, 3, 8], [2, 8], [5, 7, 8], [5, 6, 8]]
    assert cash(run, "reserve") == [2_005, 4_005, 4_045, 4_075]
    assert values(run, "x") == [595, 575, 2_550, 2_525]


def test_a_condition_that_is_no_number() -> None:
    run = a_run(
        move(1, **{"if": f"{NAN} > 0"}),
        move(2, **{"if": f"{NAN} > 0 and 1 > 2"}),
        move(4, **{"if": f"{NAN} > 0 or 2 > 1"}),
        {"section": {"name": "s", "if": f"{NAN} > 0", "steps": [move(8)], "else": [move(16), move(32, **{"if": "1 > 2"})]}},
    )
    assert cash(run, "reserve") == [4, 8, 12, 16]
    assert [breach[1] for breach in run.breaches if breach[0] == DAYS[0]] == [2, 5, 6]


def test_a_section_that_is_not_run_hides_a_condition_that_is_no_number() -> None:
    inner = {"section": {"name": "in it", "if": f"{NAN} > 0", "steps": [move(1)], "else": [move(NAN)]}}
    run = a_run({"section": {"name": "s", "if": "1 > 2", "steps": [inner, move(NAN)], "else": [move(2)]}})
    assert run.breaches == []
    assert cash(run, "reserve") == [2, 4, 6, 8]


def test_a_macro_is_its_steps_with_its_parameters() -> None:
    macros = {
        "one": {
            "parameters": ["what", "most"],
            "steps": [
                {"let": {"{what}_owed": "{what}.unpaid"}},
                {"pay": {"fee": "{what}", "from": ["cash"], "amount": "min({most}, {what}_owed)", "if": "{what}.unpaid > 0"}},
            ],
        },
        "both": {
            "parameters": ["limit"],
            "steps": [{"use": {"macro": "one", "with": {"what": "b", "most": "{limit} * 2"}}}, move("{limit}")],
        },
    }
    run = a_run(
        {"use": {"macro": "one", "with": [{"what": "a", "most": "7"}, {"what": "c", "most": "8"}]}},
        {"section": {"name": "s", "steps": [{"use": {"macro": "both", "with": {"limit": "4"}}}]}},
        macros=macros,
        fees={name: {"amount": 10} for name in "abc"},
    )
    assert moved(run, DAYS[0]) == [
        (3, "a.fee", "cash", "a", 7),
        (5, "c.fee", "cash", "c", 8),
        (7, "b.fee", "cash", "b", 8),
        (8, "transfer", "cash", "reserve", 4),
    ]
    assert values(run, "a_owed") == [10, 13, 16, 19]
    assert column(run.fees, "b", "unpaid") == [2, 4, 6, 8]


def test_a_macro_without_parameters() -> None:
    run = a_run({"use": "twice"}, macros={"twice": {"steps": [move(1), move(2)]}})
    assert cash(run, "reserve") == [3, 6, 9, 12]


def test_texts_beside_dates_and_ratings_are_read_as_such() -> None:
    known = {"payment.date": date(2020, 5, 15), "bank.rating": Rated("AA-"), "word": "AA-"}
    assert evaluate("payment.date < '2020-05-16' and '2020-05-14' != payment.date", known.__getitem__) == 1.0
    assert evaluate("bank.rating > 'A+' and bank.rating < 'AA' and bank.rating == 'AA-'", known.__getitem__) == 1.0
    assert evaluate("word == 'AA-' and word < 'AB'", known.__getitem__) == 1.0
    assert math.isnan(evaluate("bank.rating > 'D' and 1 / 0 > 1", known.__getitem__))
