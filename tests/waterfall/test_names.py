"""What a name in an expression stands for, when it may be read, and the findings about it."""

from __future__ import annotations

from typing import Any

import pytest
from by_hand import COLLECT, RESIDUAL, run, terms

from clo.deal.terms import Deal
from clo.findings import Finding
from clo.study import Result
from clo.waterfall.compile import compiled

FEE = {"pay": {"fee": "servicer", "from": "collections"}}
INTEREST = {"pay": {"interest": ["senior", "mezzanine"], "from": "collections"}}
PRINCIPAL = {"pay": {"principal": ["senior", "mezzanine"], "from": "collections"}}
NOTES = {
    "senior": {"size": 15_000, "coupon": "6%"},
    "mezzanine": {"size": 5_000, "coupon": "12%"},
    "junior": {"size": "rest", "holder": "seller"},
}
EVERYTHING: dict[str, Any] = {
    "accounts": {"collections": {}, "reserve": {"target": 100, "earns": "1.2%"}},
    "ledgers": {"losses": {"limit": "senior.balance"}},
    "facilities": {"line": {"limit": 500, "provider": "bank_of_line", "rate": "3%"}},
    "hedges": {"swap": {"notional": "senior.balance", "counterparty": "bank_of_swap", "pay": "1%"}},
    "groups": {"notes": {"tranches": ["senior", "mezzanine"]}},
    "schedules": {"pac": {"payments": [100, 50]}},
    "counterparties": {"bank": {"ratings": {"2020-01-01": "AA", "2020-06-20": "BBB+", "2020-07-31": "BB"}}},
    "curves": {"TIBOR": {"file": "none.csv"}},
    "triggers": {"bad": {"when": "pool.cumulative_default > 100"}},
}


def made(*steps: dict[str, Any], **changes: Any) -> Deal:
    """A deal that has an entry of every kind, which the steps given may name; it need not pay them all."""
    waterfall = [COLLECT, *steps, FEE, INTEREST, PRINCIPAL, RESIDUAL]
    return terms(structure=None, waterfall=waterfall, **{"tranches": NOTES, **EVERYTHING, **changes})


def let(text: str, name: str = "x") -> dict[str, Any]:
    return {"let": {name: text}}


def found(*steps: dict[str, Any], **changes: Any) -> list[Finding]:
    """Findings about expressions and names; that some entry is not paid is another matter."""
    return [each for each in compiled(made(*steps, **changes))[1] if not each.code.startswith(("E-D12", "E-D13", "W-"))]


def the_only(*steps: dict[str, Any], **changes: Any) -> Finding:
    (finding,) = found(*steps, **changes)
    assert finding.severity == "error"
    assert finding.fix
    return finding


def computed(*texts: str, **changes: Any) -> list[list[float]]:
    """The value of each expression by payment date, read in the first step after collection."""
    names = {f"x{n}": text for n, text in enumerate(texts)}
    plain = {"structure": None, "waterfall": [COLLECT, {"let": names}, FEE, INTEREST, PRINCIPAL, RESIDUAL]}
    result = run(terms(**(plain | changes)))
    return [series(result, name) for name in names]


def series(result: Result, name: str) -> list[float]:
    frame = result.values
    return [float(value) for value in frame.loc[frame["name"] == name, "value"]]


# ---- dates and ratings in quotes

BANK = {"counterparties": EVERYTHING["counterparties"]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("payment.date >= '2020-07-15'", [0, 0, 1, 1]),
        ("payment.date > '2020-07-15'", [0, 0, 0, 1]),
        ("payment.date == '2020-06-15'", [0, 1, 0, 0]),
        ("payment.date != '2020-06-15'", [1, 0, 1, 1]),
        ("'2020-07-15' <= payment.date", [0, 0, 1, 1]),
        ('payment.start < "2020-05-15"', [1, 0, 0, 0]),
        ("payment.start == '2020-04-15'", [1, 0, 0, 0]),
        ("not (payment.date >= '2020-07-15') and payment.number > 1", [0, 1, 0, 0]),
        ("if(payment.date < '2020-07-01', 5, 7)", [5, 5, 7, 7]),
        ("payment.date - payment.start", [30, 31, 30, 31]),
        ("bank.rating < 'A-'", [0, 0, 1, 1]),
        ("bank.rating >= 'BBB-'", [1, 1, 1, 0]),
        ("bank.rating == 'BBB+'", [0, 0, 1, 0]),
        ("'A-' > bank.rating", [0, 0, 1, 1]),
        ("bank.rating < 'D'", [0, 0, 0, 0]),
        ("bank.rating <= 'AAA'", [1, 1, 1, 1]),
        ("bank.rating < previous(bank.rating)", [0, 0, 1, 1]),
    ],
)
def test_dates_and_ratings_are_compared(text: str, expected: list[float]) -> None:
    assert computed(text, **BANK) == [expected]


def test_a_rating_before_its_first_date_is_the_first() -> None:
    late = {"counterparties": {"bank": {"ratings": {"2020-07-15": "B", "2020-08-16": "AAA"}}}}
    assert computed("bank.rating == 'B'", **late) == [[1, 1, 1, 1]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("payment.date > '2020-02-30'", "'2020-02-30' is not a date; write year, month and day"),
        ("payment.date > 'June'", "'June' is not a date"),
        ("bank.rating < 'Baa1'", "'Baa1' is not a rating; there are AAA, AA+, AA, AA-, A+"),
        ("bank.rating < '2020-06-15'", "is not a rating"),
        ("payment.month == '6'", "text in quotes is compared with payment.date, payment.start or the rating"),
        ("senior.balance > '5'", "text in quotes is compared with"),
        ("'a' == 'b'", "text in quotes is compared with"),
        ("payment.date + 1 > '2020-06-15'", "text in quotes is compared with"),
        ("max(payment.date, 5) > '2020-06-15'", "text in quotes is compared with"),
    ],
)
def test_texts_that_say_nothing(text: str, message: str) -> None:
    finding = the_only(let(text))
    assert (finding.code, finding.path, finding.value) == ("E-D102", "waterfall[1].let.x", text)
    assert message in finding.message


@pytest.mark.parametrize("text", ["'AA'", "'AA' + 1", "if(bad, 'AA', 'B')", "min('AA', 2)"])
def test_a_text_that_is_compared_with_nothing(text: str) -> None:
    assert the_only(let(text)).code in ("E-D102", "E-D103")


# ---- what is not known

UNKNOWN = {
    "senoir.balance": "senior.balance",
    "senior.balanse": "senior.balance",
    "senior.writen_down": "senior.written_down",
    "reserve.earnt": "reserve.earned",
    "losses.limits": "losses.limit",
    "line.availble": "line.available",
    "line.interest_dues": "line.interest_due",
    "swap.notionnal": "swap.notional",
    "swap.recievable": "swap.receivable",
    "notes.interest_unpayd": "notes.interest_unpaid",
    "bank.ratings": "bank.rating",
    "pool.arears": "pool.arrears",
    "loans.openning": "loans.opening",
    "payment.numbr": "payment.number",
    "schedule.pca": "schedule.pac",
    "index.TIBR": "index.TIBOR",
    "servicer.dues": "servicer.due",
    "bda": "bad",
    "avialable": "available",
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_an_unknown_name_suggests_the_nearest(name: str) -> None:
    finding = the_only(let("1", "available"), let(f"{name} + 0"))
    assert (finding.code, finding.value, finding.path) == ("E-D101", name, "waterfall[2].let.x")
    assert finding.message == f"name {name!r} is not known; did you mean {UNKNOWN[name]!r}?"


def test_a_name_that_nothing_is_like_lists_what_there_is() -> None:
    assert "known: bad, bank.rating, collections.balance" in the_only(let("qqqq + 0")).message


@pytest.mark.parametrize(
    "name",
    ["junior.interest_due", "junior.interest_unpaid", "collections.earned", "losses.initial", "notes.rating", "bank.balance"],
)
def test_what_an_entry_does_not_have(name: str) -> None:
    assert (the_only(let(f"{name} + 0")).code, the_only(let(f"previous({name})")).value) == ("E-D101", name)


@pytest.mark.parametrize(("entry", "code"), [("losses.limit", "E-D110"), ("reserve.target", "E-D110")])
def test_a_limit_or_target_that_is_not_stated(entry: str, code: str) -> None:
    bare = {"ledgers": {"losses": {}}, "accounts": {"collections": {}, "reserve": {}}}
    finding = the_only(let(entry), **bare)
    assert (finding.code, finding.value) == (code, entry.partition(".")[0])
    assert entry.partition(".")[2] in finding.message


# ---- what is not known yet

AHEAD = "is read before it accrues"


@pytest.mark.parametrize(
    ("changes", "path", "value"),
    [
        ({"accounts": {"collections": {"earns": "1% * if(senior.interest_due > 0, 1, 2)"}, "reserve": {}}},
         "accounts.collections.earns", "senior.interest_due"),
        ({"accounts": {"collections": {"earns": "reserve.earned / 100"}, "reserve": {"earns": "1%"}}},
         "accounts.collections.earns", "reserve.earned"),
        ({"tranches": NOTES | {"senior": {"size": 15_000, "coupon": "servicer.due / 1_000"}}},
         "tranches.senior.coupon", "servicer.due"),
        ({"tranches": NOTES | {"senior": {"size": 15_000, "coupon": "mezzanine.interest_due / 1_000"}}},
         "tranches.senior.coupon", "mezzanine.interest_due"),
        ({"tranches": NOTES | {"senior": {"size": 15_000, "coupon": "senior.interest_due / 1_000"}}},
         "tranches.senior.coupon", "senior.interest_due"),
        ({"tranches": NOTES | {"senior": {"size": 15_000, "coupon": "6%", "notional": "swap.notional"}}},
         "tranches.senior.notional", "swap.notional"),
        ({"tranches": NOTES | {"senior": {"size": 15_000, "coupon": "6%", "interest_on_unpaid": "swap.due / 100"}}},
         "tranches.senior.interest_on_unpaid", "swap.due"),
        ({"tranches": NOTES | {"senior": {"size": 15_000, "coupon": {"margin": "1%", "step_ups": [{"when": "line.due > 0",
        "add": "1%"}]}}}},
         "tranches.senior.coupon.step_ups[0]", "line.due"),
        ({"facilities": {"line": {"limit": "swap.due * 5", "provider": "b", "commitment_fee": "1%"}}},
         "facilities.line.limit", "swap.due"),
        ({"facilities": {"line": {"limit": 500, "provider": "b", "rate": "line.due / 100"}}},
         "facilities.line.rate", "line.due"),
        ({"hedges": {"swap": {"notional": "servicer.due * 5", "counterparty": "b", "pay": "1%"}}},
         "hedges.swap.notional", "servicer.due"),
        ({"hedges": {"swap": {"notional": 1, "counterparty": "b", "pay": "1%", "terminated": "swap.due > 5"}}},
         "hedges.swap.terminated", "swap.due"),
        ({"fees": {"servicer": {"rate": "1%", "on": "late.due"}, "late": {"amount": 5}}}, "fees.servicer.on", "late.due"),
        ({"fees": {"servicer": {"amount": "servicer.due + 1"}}}, "fees.servicer.amount", "servicer.due"),
        ({"fees": {"servicer": {"amount": 5, "cap": "cumulative(servicer.due)"}}}, "fees.servicer.cap", "servicer.due"),
    ],
)  # fmt: skip
def test_what_accrues_sees_nothing_that_accrues_later(changes: dict[str, Any], path: str, value: str) -> None:
    finding = the_only(**changes)
    assert (finding.code, finding.path, finding.value) == ("E-D112", path, value)
    assert AHEAD in finding.message
    assert "accounts, tranches, facilities, hedges, fees" in finding.rule


def test_a_group_of_tranches_of_which_one_has_not_accrued() -> None:
    notes = [
        NOTES | {"senior": {"size": 15_000, "coupon": "notes.interest_due / 100"}},
        NOTES | {"mezzanine": {"size": 15_000, "coupon": "notes.interest_due / 100"}},
    ]
    told = [[(f.code, f.path, f.value) for f in found(tranches=each)] for each in notes]
    assert told[0] == [("E-D112", "tranches.senior.coupon", f"{name}.interest_due") for name in ("senior", "mezzanine")]
    assert told[1] == [("E-D112", "tranches.mezzanine.coupon", "mezzanine.interest_due")]


@pytest.mark.parametrize(
    "changes",
    [
        {"tranches": NOTES | {"mezzanine": {"size": 5_000, "coupon": "senior.interest_due / 10_000 + reserve.earned / 1_000"}}},
        {"tranches": NOTES | {"senior": {"size": 15_000, "coupon": "previous(servicer.due) / 1_000"}}},
        {"tranches": NOTES | {"senior": {"size": 15_000, "coupon": "servicer.unpaid / 1_000"}}},
        {"fees": {"servicer": {"amount": "swap.due + line.due + notes.interest_due"}}},
        {"fees": {"servicer": {"amount": 3}, "late": {"rate": "1%", "on": "cumulative(servicer.due)"}}},
        {"fees": {"servicer": {"amount": "previous(servicer.due) + 1"}}},
        {"hedges": {"swap": {"notional": 5, "counterparty": "b", "pay": "swap.notional / 100"}}},
    ],
)
def test_what_accrues_sees_what_has_accrued_and_what_was(changes: dict[str, Any]) -> None:
    assert found(**changes) == []


TESTED = {"triggers": {"late": {"when": "senior.interest_unpaid > 0"}, "bad": {"when": "pool.default > 5"}}}
USES = {"transfer": {"from": "collections", "to": "reserve", "amount": 5, "if": "late"}}


def test_a_trigger_that_a_step_tests_is_not_known_before() -> None:
    finding = the_only(USES, {"test": "late"}, **TESTED)
    assert (finding.code, finding.path, finding.value) == ("E-D106", "waterfall[1].transfer", "late")
    assert "trigger 'late' is read before it is evaluated" in finding.message
    assert found({"test": "late"}, USES, **TESTED) == []


def test_a_trigger_of_the_start_sees_no_tested_one_and_no_later_one() -> None:
    reading = {"triggers": TESTED["triggers"] | {"bad": {"when": "late"}}}
    finding = the_only({"test": "late"}, **reading)
    assert (finding.code, finding.path) == ("E-D106", "triggers.bad.when")
    later = {"triggers": {"bad": {"when": "late"}, "late": {"when": "pool.default > 5", "cure": "bad"}}}
    assert [(f.code, f.path) for f in found(**later)] == [("E-D106", "triggers.bad.when")]
    itself = {"triggers": {"bad": {"when": "pool.default > 5", "cure": "not bad"}}}
    assert [(f.code, f.path) for f in found(**itself)] == [("E-D106", "triggers.bad.cure")]


def test_a_trigger_tested_after_another_that_reads_it() -> None:
    reading = {"triggers": {"bad": {"when": "late"}, "late": {"when": "pool.default > 5"}}}
    assert the_only({"test": ["bad", "late"]}, **reading).code == "E-D106"
    assert found({"test": ["late", "bad"]}, **reading) == []


def test_the_state_of_the_payment_date_before_may_be_read_anywhere() -> None:
    before = USES | {"transfer": USES["transfer"] | {"if": "previous(late)"}}
    coupon = NOTES | {"senior": {"size": 15_000, "coupon": "if(late, 1%, 2%)"}}
    assert found(before, {"test": "late"}, **TESTED, tranches=coupon) == []


def test_a_let_value_is_known_from_its_step_on() -> None:
    later = the_only(let("y + 1"), let("1", "y"))
    assert (later.code, later.path, later.value) == ("E-D113", "waterfall[1].let.x", "y")
    assert "'y' is read before it is computed" in later.message
    assert "previous(y)" in later.fix
    assert the_only(let("x + 1")).code == "E-D113"
    assert the_only(let("1"), triggers={"bad": {"when": "x > 5"}}).path == "triggers.bad.when"
    assert the_only({"let": {"y": "x", "x": "1"}}).code == "E-D113"
    assert found({"let": {"x": "1", "y": "x"}}) == []


@pytest.mark.parametrize("text", ["cumulative(y)", "rolling_sum(y, 2)", "rolling_average(y, 2) + 1"])
def test_a_let_value_is_added_up_only_once_it_is_computed(text: str) -> None:
    """Before its step, and in what accrues, today's is not known."""
    finding = the_only(let(text), let("1", "y"))
    assert (finding.code, finding.path, finding.value) == ("E-D113", "waterfall[1].let.x", "y")
    coupon = NOTES | {"senior": {"size": 15_000, "coupon": f"({text}) / 100"}}
    assert the_only(let("1", "y"), tranches=coupon).path == "tranches.senior.coupon"
    assert found(let("1", "y"), let(text)) == []
    assert found(let("1", "y"), let(text), tranches=NOTES | {"senior": {"size": 15_000, "coupon": "(x) / 100"}}) == []


def test_a_let_value_of_the_payment_date_before_may_be_read_anywhere() -> None:
    coupon = NOTES | {"senior": {"size": 15_000, "coupon": "(x) / 100"}}
    triggers = {"bad": {"when": "previous(x) > 5"}, "late": {"when": "x > 5"}}
    assert found(let("previous(x) + previous(y)"), let("1", "y"), {"test": "late"}, tranches=coupon, triggers=triggers) == []


# ---- a name for one thing


def test_a_let_value_takes_a_name_once() -> None:
    twice = the_only(let("1"), let("2"))
    assert (twice.code, twice.path, twice.value) == ("E-D114", "waterfall[2].let.x", "x")
    assert "'x' is computed in waterfall[1].let" in twice.message


@pytest.mark.parametrize("name", ["senior", "collections", "loans", "servicer", "bad", "losses", "line", "swap", "notes", "bank"])
def test_a_let_value_takes_no_name_of_the_deal(name: str) -> None:
    finding = the_only(let("1", name))
    assert (finding.code, finding.value, finding.message) == ("E-D114", name, f"{name!r} is a name of the deal")


def test_a_trigger_that_counts_what_it_sees_is_tested_once() -> None:
    counting = {"bad": {"when": "pool.default > 5", "after": 2}}
    for steps in (({"test": "bad"}, {"test": "bad"}), ({"test": ["bad", "bad"]},)):
        finding = the_only(*steps, triggers=counting)
        assert (finding.code, finding.value) == ("E-D115", "bad")
        assert "trigger 'bad', which counts what it sees, is tested twice" in finding.message
        assert found(*steps) == []
    unknown = the_only({"test": "bda"})
    assert (unknown.code, unknown.message) == ("E-D101", "trigger 'bda' is not in the deal; did you mean 'bad'?")


def test_a_trigger_that_is_tested_again_is_read_again() -> None:
    """It holds while 4,160 or more is in the account, as before the fee on the first date."""
    empty = {"rich": {"when": "collections.balance >= 4_160"}}
    before, after = let("if(rich, 1, 0)", "before"), let("if(rich, 1, 0)", "after")
    steps = [COLLECT, {"test": "rich"}, before, FEE, {"test": "rich"}, after, INTEREST, PRINCIPAL, RESIDUAL]
    result = run(terms(structure=None, waterfall=steps, triggers=empty))
    assert (series(result, "before"), series(result, "after")) == ([1, 0, 0, 1], [0, 0, 0, 1])


def test_collection_does_not_depend_on_a_condition() -> None:
    own = {"section": {"name": "s", "if": "bad", "steps": [COLLECT]}}
    told = compiled(terms(structure=None, waterfall=[own, FEE, INTEREST, PRINCIPAL, RESIDUAL], triggers=EVERYTHING["triggers"]))[
        1
    ]
    assert [(f.code, f.path) for f in told] == [("E-D116", "waterfall[0].section.steps[0].collect")]
    always = {"section": {"name": "s", "steps": [COLLECT]}}
    assert compiled(terms(structure=None, waterfall=[always, FEE, INTEREST, PRINCIPAL, RESIDUAL]))[1] == []


# ---- what is remembered

NOT_KEPT = ["reserve.target", "losses.limit", "line.limit", "line.available", "pool.average", "loans.average", "notes.balance",
            "notes.interest_due"]  # fmt: skip
NOT_SETTLED = ["senior.balance", "collections.balance", "senior.interest_unpaid", "pool.balance", "pool.cumulative_default",
               "losses.balance", "line.drawn", "line.available", "swap.unpaid", "notes.interest_due", "bank.rating"]  # fmt: skip


@pytest.mark.parametrize("name", NOT_KEPT)
def test_what_is_not_kept_has_no_value_before(name: str) -> None:
    finding = the_only(let(f"previous({name})"))
    assert finding.code == "E-D111"
    assert f"{name!r} is not kept from date to date" in finding.message


@pytest.mark.parametrize("name", ["pool.recovery", "pool.balance", "senior.balance"])
@pytest.mark.parametrize("function", ["recovered_by", "recovered_after"])
def test_only_defaults_are_recovered(name: str, function: str) -> None:
    finding = the_only(let(f"{function}({name}, 2)"))
    assert finding.code == "E-D111"
    assert f"{function}() of {name!r}, which is no default of the pool" in finding.message


@pytest.mark.parametrize("name", NOT_SETTLED)
@pytest.mark.parametrize("text", ["cumulative({})", "rolling_sum({}, 3)", "rolling_average({}, 1)"])
def test_what_is_not_settled_cannot_be_added_up(name: str, text: str) -> None:
    finding = the_only(let(text.format(name)))
    assert finding.code == "E-D111"
    assert f"{text.partition('(')[0]}() of {name!r}, which is not settled once a payment date" in finding.message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rolling_sum(pool.default, 61)", "takes a whole number of payment dates from 1 to 60"),
        ("rolling_sum(pool.default, 0)", "takes a whole number of payment dates from 1 to 60"),
        ("rolling_average(pool.default, 1.5)", "takes a whole number of payment dates from 1 to 60"),
        ("rolling_average(pool.default, payment.number)", "takes a whole number of payment dates from 1 to 60"),
        ("rolling_sum(pool.default)", "rolling_sum() takes 2 values, not 1"),
        ("previous(pool.default, 2)", "previous() takes 1 values, not 2"),
        ("previous(senior.balance + 1)", "previous() takes a name; give the expression one with a `let` step first"),
        ("cumulative(1)", "cumulative() takes a name"),
        ("previous(previous(senior.balance))", "previous() takes a name"),
        ("cumulative(bad)", "cumulative() takes the name of a number, and is given a condition"),
        ("rolling_sum(bad, 2)", "rolling_sum() takes the name of a number, and is given a condition"),
        ("recovered_by(pool.default, 121)", "takes a whole number of months from 0 to 120"),
        ("recovered_after(pool.default)", "recovered_after() takes 2 values, not 1"),
        ("last(senior.balance)", "unknown function 'last'"),
    ],
)
def test_functions_over_payment_dates_take_names(text: str, message: str) -> None:
    finding = the_only(let(text))
    assert finding.code == "E-D102"
    assert message in finding.message


def test_what_is_kept_and_settled() -> None:
    kept = ("senior.balance", "pool.default", "pool.cumulative_default", "line.drawn", "swap.receivable", "bad", "bank.rating",
            "payment.date", "schedule.pac", "reserve.initial", "losses.balance", "senior.written_down",
            "servicer.unpaid")  # fmt: skip
    settled = ("pool.default", "loans.interest", "pool.opening", "pool.arrears", "senior.interest_due", "servicer.due",
               "reserve.earned", "line.due", "swap.notional", "schedule.pac", "payment.days", "index.TIBOR")  # fmt: skip
    steps = [let(f"previous({name})", f"p{n}") for n, name in enumerate(kept)]
    steps += [let(f"cumulative({name}) + rolling_sum({name}, 60)", f"c{n}") for n, name in enumerate(settled)]
    assert found(*steps) == []


# ---- what depends on itself

CYCLES: dict[str, dict[str, Any]] = {
    "reserve.target -> reserve.target": {"accounts": {"collections": {}, "reserve": {"target": "reserve.target"}}},
    "line.limit -> line.limit": {"facilities": {"line": {"limit": "line.limit * 2", "provider": "b"}}},
    "losses.limit -> losses.limit": {"ledgers": {"losses": {"limit": "losses.limit"}}},
    "line.limit -> reserve.target -> line.limit": {
        "accounts": {"collections": {}, "reserve": {"target": "line.limit"}},
        "facilities": {"line": {"limit": "reserve.target + 1", "provider": "b"}},
    },
    "reserve.target -> losses.limit -> line.limit -> reserve.target": {
        "accounts": {"collections": {}, "reserve": {"target": "losses.limit"}},
        "ledgers": {"losses": {"limit": "line.available"}},
        "facilities": {"line": {"limit": "reserve.target + 0", "provider": "b"}},
    },
}


@pytest.mark.parametrize("circle", CYCLES)
def test_what_depends_on_itself(circle: str) -> None:
    """Told at least once, with every name of the circle."""
    cycles = [f for f in found(let("losses.limit"), **CYCLES[circle]) if f.code == "E-D107"]
    names = {tuple(sorted(set(f.message.removeprefix("cycle: ").split(" -> ")))) for f in cycles}
    assert names == {tuple(sorted(set(circle.split(" -> "))))}
    for finding in cycles:
        assert finding.path.partition(".")[0] in ("accounts", "facilities", "ledgers")
        assert "cannot depend on itself" in finding.rule


# ---- numbers and conditions


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("late + 1", "'+' takes numbers, and is given a condition"),
        ("x and late", "'and' takes conditions, and is given a number"),
        ("if(x, 1, 2)", "takes a condition and two values of one kind"),
        ("if(late, x, late)", "takes a condition and two values of one kind"),
        ("previous(late) + 1", "'+' takes numbers, and is given a condition"),
        ("not previous(x)", "'not' takes conditions, and is given a number"),
        ("cumulative(late)", "takes the name of a number"),
    ],
)
def test_let_values_are_numbers_or_conditions(text: str, message: str) -> None:
    finding = the_only({"let": {"x": "collections.balance", "late": "x > 5 or previous(late)"}}, let(text, "y"))
    assert finding.code == "E-D102"
    assert message in finding.message


def test_a_condition_stands_for_no_amount_and_a_number_for_no_condition() -> None:
    named = {"let": {"x": "collections.balance", "late": "x > 5"}}
    move = {"from": "collections", "to": "reserve"}
    assert the_only(named, {"transfer": move | {"amount": "late"}}).code == "E-D104"
    assert the_only(named, {"transfer": move | {"amount": 1, "if": "x"}}).code == "E-D104"
    assert the_only(named, {"section": {"name": "s", "if": "x", "steps": []}}).path == "waterfall[2].section.if"
    assert found(named, {"transfer": move | {"amount": "x", "if": "late"}}) == []
