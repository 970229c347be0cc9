"""The small language: what it says, what it refuses, and that a message shows the place."""

from __future__ import annotations

import numpy as np
import pytest

from clo.expressions import (
    DEAL_FUNCTIONS,
    FUNCTIONS,
    MAX_DEPTH,
    MAX_LENGTH,
    MEMORY,
    Call,
    ExpressionError,
    Name,
    Number,
    Text,
    evaluate,
    names,
    parse,
)

VALUES = {"a": 3.0, "b": 4.0, "senior.balance": 100.0, "t": True, "f": False, "zero": 0.0}


def value(text: str | float) -> float:
    return float(evaluate(parse(text), VALUES.__getitem__))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", 7), ("(1 + 2) * 3", 9), ("2 - 3 - 4", -5), ("12 / 3 / 2", 2), ("-a * 2", -6), ("+a", 3), ("--a", 3),
        ("1.2%", 0.012), ("50bp", 0.005), ("50 bp", 0.005), ("8% * senior.balance", 8), ("13_500_000_000", 13.5e9),
        ("1e3 + .5", 1000.5), ("2 * 50%", 1), ("a*1%", 0.03), ("-1%", -0.01), (".5%", 0.005), ("1.5e2bp", 0.015),
        ("min(3, max(1, 2), 4)", 2), ("max(a, b)", 4), ("if(a < b, 1, 2)", 1), ("if (not a < b, 1, 2)", 2),
        ("if(if(t, f, t), 1, if(t, 2, 3))", 2), ("a < b and b < a or a >= a", 1), ("not a == 3", 0), ("not (f and a != 3)", 1),
        ("a <= 3", 1), ("a > 3", 0), ("t or f and f", 1), ("not f and t", 1), (0.25, 0.25), (7, 7),
    ],
)  # fmt: skip
def test_meaning(text: str | float, expected: float) -> None:
    assert value(text) == pytest.approx(expected, rel=1e-15)


def test_negation_is_kept() -> None:
    """A peer once read `[condition, False]` as true."""
    assert value("if(not (a == 4), 10, 20)") == 10
    assert value("if(not (a == 3), 10, 20)") == 20
    assert value("not not f") == 0


def test_units_stand_only_behind_numbers() -> None:
    assert parse("bp5 + a1") == Call("+", (Name("bp5"), Name("a1")))
    assert parse("x == '50bp 8%'") == Call("==", (Name("x"), Text("50bp 8%")))
    for text in ("a %", "a.b%", "1 % 2", "5 bps"):
        with pytest.raises(ExpressionError, match="cannot read"):
            parse(text)


def test_numbers_are_worked_out_once() -> None:
    assert parse("2 * (3 + 5%) - 1") == Number(2 * 3.05 - 1)
    assert parse("-5bp") == Number(-0.0005)


def test_names_in_order_with_repeats() -> None:
    found = list(names(parse("max(pool.balance - a, b) + if(a > 1, c.d, 'text' == e)")))
    assert found == ["pool.balance", "a", "b", "a", "c.d", "e"]


def test_values_may_be_arrays() -> None:
    arrays = {"a": np.array([1.0, 2.0, 3.0]), "b": 2.0}
    got = evaluate(parse("if(a < b, a, max(a, b * 1.25)) + 0 * min(a, b)"), arrays.__getitem__)
    np.testing.assert_array_equal(got, [1.0, 2.5, 3.0])
    np.testing.assert_array_equal(evaluate(parse("a < b or a == 3"), arrays.__getitem__), [True, False, True])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "invalid syntax"), ("1 +", "invalid syntax"), ("(a", "was never closed"), ("a )", "unmatched"),
        ("a b", "invalid syntax"), ("a ? b", "invalid syntax"), ("a：b", "invalid character"),
        ("1 < a < 3", "one comparison at a time, joined by `and`"), ("a == b == t", "one comparison at a time"),
        ("abs(a)", "unknown function 'abs' in 'abs(a)'; there are min, max, if"), ("Min(a, b)", "unknown function 'Min'"),
        ("min(a)", "min() takes 2 or more values, not 1"), ("if(a, b)", "if() takes 3 values, not 2"),
        ("a ** 2", "BinOp is not part of the language"), ("a if t else b", "IfExp is not part"), ("[a]", "List is not part"),
        ("a // 2", "BinOp"), ("a is b", "one comparison"), ("lambda: a", "Lambda"), ("a.b(1)", "Call"), ("min(*a)", "takes"),
        ("max(a, b, key=t)", "Call is not part"), ("(a).b[0]", "Subscript"), ("(a + b).c", "a name is words joined by dots"),
        ("__import__('os').system('ls')", "Call"), ("None", "Constant"), ("1,000", "Tuple"), ("f'{a}'", "JoinedStr"),
        ("~a", "UnaryOp"), ("a / 0", "'a / 0' divides by zero"), ("a / (1 - 100%)", "divides by zero"), ("a := 1",
         "invalid syntax"),
    ],
)  # fmt: skip
def test_refused(text: str, said: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert said in str(caught.value)


def test_depth_is_bounded() -> None:
    deep = "-(" * MAX_DEPTH + "a" + ")" * MAX_DEPTH
    assert value(deep) == 3.0
    with pytest.raises(ExpressionError, match=f"nested deeper than {MAX_DEPTH} levels"):
        parse(f"-({deep})")
    with pytest.raises(ExpressionError):
        parse("(" * 300 + "a" + ")" * 300)
    with pytest.raises(ExpressionError):
        parse("not " * 450 + "a")
    with pytest.raises(ExpressionError):
        parse("-" * 1_900 + "1")


def test_length_is_bounded() -> None:
    assert value("a" + " " * 5_000) == 3.0
    assert next(names(parse("a" + ".a" * ((MAX_LENGTH - 1) // 2)))).count(".") == 999
    with pytest.raises(ExpressionError, match="expression of 2,001 characters; the limit is 2,000"):
        parse("a" + "0" * MAX_LENGTH)


def test_a_message_quotes_a_long_expression_only_in_part() -> None:
    with pytest.raises(ExpressionError) as caught:
        parse("1 + " * 400 + "?")
    assert len(str(caught.value)) < 200
    assert "1 + 1 + 1" in str(caught.value)


def test_parsing_runs_nothing_and_holds_numbers_as_floats() -> None:
    assert parse("True") == Number(1.0)
    assert isinstance(parse("3"), Number)
    for large in ("1e400", "9" * 400, "1e18"):
        with pytest.raises(ExpressionError, match="a number beyond 1e"):
            parse(large)


def test_functions_over_payment_dates_are_those_of_deals() -> None:
    """A filter of a tape knows no payment dates."""
    for name, (fewest, most) in MEMORY.items():
        text = f"{name}({', '.join(['pool.default', '3'][:fewest])})"
        assert fewest == most
        call = parse(text, DEAL_FUNCTIONS)
        assert isinstance(call, Call)
        assert (call.function, call.arguments[0]) == (name, Name("pool.default"))
        assert next(names(call)) == "pool.default"
        with pytest.raises(ExpressionError, match=f"unknown function '{name}' .* there are {', '.join(FUNCTIONS)}$"):
            parse(text)
        with pytest.raises(ExpressionError, match=rf"{name}\(\) takes {fewest} values, not 3"):
            parse(f"{name}(a, 2, 3)", DEAL_FUNCTIONS)
