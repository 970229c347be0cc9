"""The waterfall machine, op by op, against what the op says in plain NumPy or Python."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from clo.waterfall.kernel import WHOLE, WIDTH, Op, run_block

Floats = NDArray[np.float64]
TOLERANCE = 1e-4
ODD = [0.0, -0.0, 1.0, -1.0, 0.5, 2.5, 99.99995, 99.9998, 1e15, -3.75, np.inf, -np.inf, np.nan]
A, B, C, D, OUT = range(5)
SLOTS = 9


def machine(
    ops: list[tuple[int, ...]],
    inputs: Floats,
    *,
    slots: int = SLOTS,
    starts: list[int] | None = None,
    params: tuple[float, ...] = (0.0,),
    period_values: Floats | None = None,
    weights: list[float] | None = None,
    units: Floats | None = None,
    first_month: list[int] | None = None,
    purchases: int = 0,
    compiled: bool = True,
) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Every slot after each date [k, t, s], leak [s] and breach [2, s]."""
    table = np.array([(*op, *(0,) * (WIDTH - len(op))) for op in ops], dtype=np.int32)
    _, dates, scenarios = inputs.shape
    out, leak = np.empty((slots, dates, scenarios)), np.empty(scenarios)
    breach = np.empty((2, scenarios), dtype=np.int64)
    run = run_block if compiled else getattr(run_block, "py_func", run_block)
    with np.errstate(all="ignore"):
        run(
            table,
            np.array(starts or [-1] * slots, dtype=np.int32),
            np.array(params),
            np.zeros((1, dates)) if period_values is None else period_values,
            inputs,
            np.zeros((0, dates + 1, scenarios)) if units is None else units,
            np.array(first_month or range(dates + 1), dtype=np.int64),
            np.arange(slots, dtype=np.int32),
            np.array(weights or [0.0] * slots),
            TOLERANCE,
            np.full((purchases, dates, scenarios), np.nan),
            np.empty((slots, scenarios)),
            out,
            leak,
            breach,
        )
    return out, leak, breach


READ = [(Op.INPUT, slot, slot) for slot in (A, B, C, D)]


def every_pair() -> Floats:
    """Inputs [4, 1, s]: all pairs of odd numbers as a and b; c and d are ordinary."""
    a, b = (grid.ravel() for grid in np.meshgrid(ODD, ODD))
    return np.stack([a, b, np.roll(a, 7), np.full(len(a), 3.0)])[:, None, :]


def known(value: Any, *operands: Floats) -> Floats:
    """The value, where no operand is anything but a number."""
    unknown = np.any([np.isnan(operand) for operand in operands], axis=0)
    return np.where(unknown, np.nan, np.asarray(value, dtype=float))


def true(value: Floats) -> NDArray[np.bool_]:
    return (value != 0) & ~np.isnan(value)


MEANING: dict[Op, Callable[[Floats, Floats, Floats], Any]] = {
    Op.COPY: lambda a, b, c: a,
    Op.ADD: lambda a, b, c: a + b,
    Op.SUBTRACT: lambda a, b, c: a - b,
    Op.MULTIPLY: lambda a, b, c: a * b,
    Op.DIVIDE: lambda a, b, c: np.where(b == 0, np.nan, a / b),
    Op.NEGATE: lambda a, b, c: -a,
    Op.MINIMUM: lambda a, b, c: np.minimum(a, b),
    Op.MAXIMUM: lambda a, b, c: np.maximum(a, b),
    Op.LESS: lambda a, b, c: known(a < b, a, b),
    Op.LESS_EQUAL: lambda a, b, c: known(a <= b, a, b),
    Op.EQUAL: lambda a, b, c: known(np.abs(a - b) <= c, a - b),
    Op.NOT_EQUAL: lambda a, b, c: known(np.abs(a - b) > c, a - b),
    Op.AND: lambda a, b, c: np.where((a == 0) | (b == 0), 0.0, known(True, a, b)),
    Op.OR: lambda a, b, c: np.where(true(a) | true(b), 1.0, known(False, a, b)),
    Op.NOT: lambda a, b, c: known(a == 0, a),
    Op.SELECT: lambda a, b, c: known(np.where(a != 0, b, c), a),
    Op.POSITIVE: lambda a, b, c: np.where(a > 0, a, 0.0),
    Op.ROUND_DOWN: lambda a, b, c: np.floor(a + WHOLE),
    Op.ROUND_HALF_UP: lambda a, b, c: np.floor(a + 0.5 + WHOLE),
}


@pytest.mark.parametrize("op", MEANING)
def test_op_that_computes(op: Op) -> None:
    inputs = every_pair()
    out, _, _ = machine([*READ, (op, OUT, A, B, C)], inputs)
    plain, _, _ = machine([*READ, (op, OUT, A, B, C)], inputs, compiled=False)
    a, b, c, _ = inputs[:, 0]
    with np.errstate(all="ignore"):
        expected = np.asarray(MEANING[op](a, b, c), dtype=np.float64)
    np.testing.assert_array_equal(out[OUT, 0], expected)
    np.testing.assert_array_equal(plain[OUT, 0], expected)


def test_every_op_has_a_meaning_here() -> None:
    moving = {Op.INPUT, Op.PERIOD, Op.COLLECT, Op.MOVE, Op.PAY, Op.PAY_WHOLE, Op.REMEMBER, Op.GROWN}
    assert set(Op) == set(MEANING) | moving
    assert [int(op) for op in Op] == list(range(len(Op)))


def test_inputs_and_period_values_are_those_of_the_date() -> None:
    inputs = np.arange(24.0).reshape(4, 3, 2)
    out, _, _ = machine([*READ, (Op.PERIOD, OUT, 0)], inputs, period_values=np.array([[7.0, 8.0, 9.0]]))
    np.testing.assert_array_equal(out[A], inputs[0])
    np.testing.assert_array_equal(out[D], inputs[3])
    np.testing.assert_array_equal(out[OUT], [[7, 7], [8, 8], [9, 9]])


def test_slots_start_from_parameters_and_live_on() -> None:
    starts = [1, -1, 0, -1, -1]
    ops = [(Op.ADD, 3, 3, 0), (Op.SUBTRACT, 1, 1, 2)]
    out, _, _ = machine(ops, np.zeros((1, 3, 1)), slots=5, starts=starts, params=(4.0, 2.5))
    assert out[:4, :, 0].tolist() == [[2.5] * 3, [-4.0, -8.0, -12.0], [4.0] * 3, [2.5, 5.0, 7.5]]


def test_an_op_may_write_what_it_reads() -> None:
    inputs = every_pair()
    for op, meaning in MEANING.items():
        for out_slot in (A, B, C):
            out, _, _ = machine([*READ, (op, out_slot, A, B, C)], inputs)
            with np.errstate(all="ignore"):
                expected = np.asarray(meaning(*inputs[:3, 0]), dtype=np.float64)
            np.testing.assert_array_equal(out[out_slot, 0], expected, err_msg=f"{op.name} into slot {out_slot}")


# ---- movements: slots 0 account, 1 receiver, 2 claim or amount, 3 limit; 4 5 6 asked, available, moved


def pay(account: float, claim: float, limit: float, whole: bool) -> tuple[float, float, bool]:
    """Asked, paid, and whether that is a breach, one scenario at a time."""
    asked = math.nan if math.isnan(claim) or math.isnan(limit) else min(claim, limit)
    there = math.floor(account + WHOLE) if whole else account
    odd = not asked >= -TOLERANCE
    return asked, 0.0 if math.isnan(asked) else max(0.0, min(asked, there)), odd


def amounts(seed: int, scenarios: int = 400) -> Floats:
    """Inputs [4, 1, s]: sound amounts, with some that are negative, infinite or no numbers.

    c is the amount of a move or the claim of a payment, d the limit of a payment. What is no number comes out of an
    expression, so it is an amount or a limit.
    """
    rng = np.random.default_rng(seed)
    drawn = np.round(rng.uniform(0, 100, (4, scenarios)) * 8) / 8
    for row in (2, 3):
        drawn[row, rng.integers(0, scenarios, 30)] = rng.choice([-5.0, -1e-5, 0.0, np.inf, np.nan], 30)
    return drawn[:, None, :]


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("compiled", [False, True])
def test_pay(whole: bool, compiled: bool) -> None:
    inputs = amounts(1 + whole)
    ops = [*READ, (Op.PAY_WHOLE if whole else Op.PAY, OUT, A, B, C, D, 8)]
    out, _, breach = machine(ops, inputs, starts=[-1] * 8 + [0], params=(1.0,), compiled=compiled)
    for s in range(inputs.shape[2]):
        account, receiver, claim, limit = (float(value) for value in inputs[:, 0, s])
        asked, paid, odd = pay(account, claim, limit, whole)
        got = [float(out[slot, 0, s]) for slot in range(7)]
        left = limit - asked if asked > 0 else limit  # a claim that is a breach takes nothing from those after it
        expected = [account - paid, receiver + paid, claim - paid, left, asked, account, paid]
        np.testing.assert_array_equal(got, expected, err_msg=f"scenario {s}: {account} {claim} {limit}")
        assert breach[:, s].tolist() == ([4, 0] if odd else [-1, -1])


@pytest.mark.parametrize("compiled", [False, True])
def test_pay_asks_nothing_where_its_condition_does_not_hold(compiled: bool) -> None:
    """Whatever the claim; a condition that is not a number makes what is asked none."""
    claims = [5.0, -5.0, np.nan]
    for holds, asked in ((0.0, [0.0] * 3), (np.nan, [np.nan] * 3), (1.0, claims)):
        inputs = np.array([[[9.0] * 3], [[0.0] * 3], [claims], [[7.0] * 3]])
        ops = [*READ, (Op.PAY, OUT, A, B, C, D, 8)]
        out, _, breach = machine(ops, inputs, starts=[-1] * 8 + [0], params=(holds,), compiled=compiled)
        np.testing.assert_array_equal(out[OUT, 0], asked)
        np.testing.assert_array_equal(out[OUT + 2, 0], [5.0 if holds == 1.0 else 0.0, 0.0, 0.0])
        np.testing.assert_array_equal(breach[0] >= 0, [not each >= 0 for each in asked])


@pytest.mark.parametrize("compiled", [False, True])
def test_what_is_no_amount_moves_nothing(compiled: bool) -> None:
    """A source below 0, or that is not a number, is a breach where something is asked of it."""
    inputs = np.array([[[np.nan, np.nan, -5.0, -1e-5]], [[0.0] * 4], [[3.0, 0.0, 3.0, 3.0]], [[0.0] * 4]])
    out, _, breach = machine([*READ, (Op.MOVE, OUT, A, B, C)], inputs, compiled=compiled)
    np.testing.assert_array_equal(out[B, 0], [0.0] * 4)
    np.testing.assert_array_equal(breach[0] >= 0, [True, False, True, False])


@pytest.mark.parametrize("compiled", [False, True])
def test_move(compiled: bool) -> None:
    inputs = amounts(3)
    out, _, breach = machine([*READ, (Op.MOVE, OUT, A, B, C)], inputs, compiled=compiled)
    for s in range(inputs.shape[2]):
        account, receiver, amount, _ = (float(value) for value in inputs[:, 0, s])
        asked, moved, odd = pay(account, amount, math.inf, whole=False)
        got = [float(out[slot, 0, s]) for slot in (A, B, C, OUT, OUT + 1, OUT + 2)]
        np.testing.assert_array_equal(got, [account - moved, receiver + moved, amount, asked, account, moved])
        assert breach[:, s].tolist() == ([4, 0] if odd else [-1, -1])


def test_collect() -> None:
    inputs = amounts(5)[:, :, :40]
    out, _, _ = machine([*READ, (Op.COLLECT, 0, A, B, D)], np.nan_to_num(inputs, posinf=7.0))
    given = np.nan_to_num(inputs, posinf=7.0)[:, 0]
    np.testing.assert_array_equal(out[A, 0], given[0] + given[3])
    np.testing.assert_array_equal(out[B, 0], given[1] + given[3])


def test_whole_payments_count_a_hair_below_as_whole() -> None:
    inputs = np.array([[[99.99995, 99.9998, 0.3, 0.99995]], [[0.0] * 4], [[np.inf] * 4], [[np.inf] * 4]])
    out, _, _ = machine([*READ, (Op.PAY_WHOLE, OUT, A, B, C, D)], inputs)
    assert out[OUT + 2, 0].tolist() == [100, 99, 0, 1]


def test_the_first_breach_of_each_scenario_is_kept() -> None:
    """Scenario 0 never; 1 on the second date in the first move; 2 on the first date in the second move, and again later."""
    amount = np.array([[5.0, 5.0, 5.0], [5.0, -1.0, 5.0], [5.0, 5.0, np.nan]]).T
    second = np.array([[5.0, 5.0, 5.0], [5.0, 5.0, -1.0], [-2.0, 5.0, 5.0]]).T
    inputs = np.stack([np.full((3, 3), 100.0), np.zeros((3, 3)), amount, second])
    _, _, breach = machine([*READ, (Op.MOVE, OUT, A, B, C), (Op.MOVE, OUT, A, B, D)], inputs)
    assert breach.T.tolist() == [[-1, -1], [4, 1], [5, 0]]


def test_what_is_negative_by_less_than_counts_is_no_breach() -> None:
    inputs = np.array([[[10.0, 10.0]], [[0.0, 0.0]], [[-TOLERANCE / 2, -2 * TOLERANCE]], [[0.0, 0.0]]])
    out, _, breach = machine([*READ, (Op.MOVE, OUT, A, B, C)], inputs)
    assert breach[0].tolist() == [-1, 4]
    assert out[OUT + 2, 0].tolist() == [0, 0]


# ---- cash


CASH = [1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, -1.0, 0.0]
"""Account and receiver are cash, slot 7 the tally of what was collected."""


def cash(last: tuple[int, ...], weights: list[float], dates: int = 3) -> Floats:
    ops = [(Op.INPUT, C, 2), (Op.INPUT, D, 3), (Op.COLLECT, 0, A, 7, C), (Op.PAY, OUT, A, B, D, D), last]
    inputs = np.stack([np.zeros((dates, 2)), np.zeros((dates, 2)), np.full((dates, 2), 10.0), np.full((dates, 2), 3.0)])
    inputs[3, :, 1] = 0.0
    _, leak, _ = machine(ops, inputs, starts=[0, -1, -1, -1, -1, -1, -1, -1, -1], params=(50.0,), weights=weights)
    return leak


def test_cash_that_is_conserved_does_not_leak() -> None:
    assert cash((Op.COPY, 8, 8), CASH).tolist() == [0, 0]


def test_a_leak_is_seen() -> None:
    """A receiver that is not on the balance sheet; cash made out of nothing; cash that is lost once and comes back."""
    assert cash((Op.COPY, 8, 8), [1.0, 0.0, *CASH[2:]]).tolist() == [-9, 0]
    assert cash((Op.ADD, A, A, C), CASH).tolist() == [30, 30]
    assert cash((Op.SUBTRACT, A, A, OUT + 2), CASH).tolist() == [-9, 0]
    assert np.isnan(cash((Op.DIVIDE, A, 8, 8), CASH)).all()


def test_the_largest_drift_is_kept_though_it_closes_again() -> None:
    jump = np.array([0.0, 8.0, 0.0])[None, :, None] * np.array([1.0, 0.0])
    _, leak, _ = machine([(Op.INPUT, A, 0)], jump, slots=2, weights=[1.0, 0.0])
    assert leak.tolist() == [8, 0]


@pytest.mark.parametrize("scenarios", [1, 2, 7, 64, 257])
def test_a_scenario_is_the_same_alone_and_in_any_company(scenarios: int) -> None:
    rng = np.random.default_rng(scenarios)
    inputs = rng.uniform(0, 100, (4, 5, scenarios))
    ops = [*READ, (Op.ROUND_DOWN, C, C), (Op.PAY_WHOLE, OUT, A, B, C, D), (Op.DIVIDE, 8, OUT + 2, A), (Op.MAXIMUM, 8, 8, B)]
    together, _, _ = machine(ops, inputs)
    for s in range(scenarios):
        alone, _, _ = machine(ops, inputs[:, :, s : s + 1])
        np.testing.assert_array_equal(alone[:, :, 0], together[:, :, s])
