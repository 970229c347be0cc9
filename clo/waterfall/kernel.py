"""The waterfall machine: what each op means, and the interpreter that runs a program over a block of scenarios.

Axes: t payment date, s scenario (of one block), k slot, r record, n input, v period value, p sub-pool that is bought for,
q series of what a unit bought gives, m month of its age.

Slots hold every amount: accounts, balances, unpaid interest, what a party has received, parameters, intermediate results. The
op loop stands outside and the scenario loop innermost, so that each op is one vectorised sweep over a block that stays in
cache. The file is complete in itself: numba's cache on disk does not see changes in other files.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numba import njit

WIDTH = 8
"""Integers per op: code, out, a, b, c, d, e, unused."""
WHOLE = 1e-4
"""What a float may lack of a whole currency unit and still count as whole."""
UNBOUNDED = 1e300
"""The limit of a payment that has none: no amount of money is as large."""


class Op(IntEnum):
    """The ops. out, a .. d are slots unless said otherwise.

    A division by 0 is not a number, and neither is what depends on it: comparisons, conditions that it decides, amounts.
    Where such an amount is asked for, or where such a condition decides whether one is, it is a breach.
    """

    INPUT = 0  # out = inputs[a, t]
    PERIOD = 1  # out = period values[a, t]
    COPY = 2
    ADD = 3
    SUBTRACT = 4
    MULTIPLY = 5
    DIVIDE = 6  # not a number where b is 0
    NEGATE = 7
    MINIMUM = 8
    MAXIMUM = 9
    LESS = 10
    LESS_EQUAL = 11
    EQUAL = 12  # to within c, which float sums of money may lack
    NOT_EQUAL = 13
    AND = 14
    OR = 15
    NOT = 16
    SELECT = 17  # out = b where a else c
    ROUND_DOWN = 18  # out = floor(a + WHOLE)
    ROUND_HALF_UP = 19  # out = floor(a + 1/2 + WHOLE)
    COLLECT = 20  # account a and the tally b receive c
    MOVE = 21  # from a to b: min(c, a); out, out + 1, out + 2 = asked (where a is no amount, a itself), available, moved
    PAY = 22  # where e: from a to b: min(c, d, a); c falls by it, d by min(c, d); out, out + 1, out + 2 = asked, available, paid
    PAY_WHOLE = 23  # as PAY, and never more than the whole units in a
    REMEMBER = 24  # history[a, t] = b
    GROWN = 25  # out = what purchases in history[a] give of series b: a flow (c = 0), a level at the end (1) or start (2)
    POSITIVE = 26  # out = a where a > 0, else 0, also where it is not a number


_INPUT, _PERIOD, _COPY = int(Op.INPUT), int(Op.PERIOD), int(Op.COPY)
_ADD, _SUBTRACT, _MULTIPLY, _DIVIDE, _NEGATE = int(Op.ADD), int(Op.SUBTRACT), int(Op.MULTIPLY), int(Op.DIVIDE), int(Op.NEGATE)
_MINIMUM, _MAXIMUM = int(Op.MINIMUM), int(Op.MAXIMUM)
_LESS, _LESS_EQUAL, _EQUAL, _NOT_EQUAL = int(Op.LESS), int(Op.LESS_EQUAL), int(Op.EQUAL), int(Op.NOT_EQUAL)
_AND, _OR, _NOT, _SELECT = int(Op.AND), int(Op.OR), int(Op.NOT), int(Op.SELECT)
_ROUND_DOWN, _ROUND_HALF_UP = int(Op.ROUND_DOWN), int(Op.ROUND_HALF_UP)
_COLLECT, _MOVE, _PAY, _PAY_WHOLE = int(Op.COLLECT), int(Op.MOVE), int(Op.PAY), int(Op.PAY_WHOLE)
_REMEMBER, _GROWN, _POSITIVE = int(Op.REMEMBER), int(Op.GROWN), int(Op.POSITIVE)


@njit(cache=True, nogil=True, error_model="numpy")
def run_block(  # type: ignore[no-untyped-def]
    ops, starts, params, period_values, inputs, units, first_month, records, balance_sheet, tolerance,
    history, slots, out, leak, breach,
):  # fmt: skip
    """Run the program over one block of scenarios.

    ops: int32 [op, WIDTH]; starts: int32 [k], the parameter a slot starts from, or -1 for 0; params: [parameter];
    period_values: [v, t]; inputs: [n, t, s]; units: [q, m, s], what a unit bought has given, or what is left of it, after
    m months; first_month: int64 [t + 1], the months behind each payment; records: int32 [r], the slots to keep;
    balance_sheet: [k], +1 for accounts and parties, -1 for the tally of what came in, 0 for the rest: its product with the
    slots is constant while cash is conserved; tolerance: the smallest amount that counts.
    Filled in: history [p, t, s] and slots [k, s] (working storage, closing values at the end); out [r, t, s]; leak [s], the
    largest drift of cash; breach [2, s], op and payment date of the first amount that was negative or not a number, or -1.
    """
    n_slots, n = slots.shape
    n_periods = period_values.shape[1]
    opening = np.zeros(n)
    for k in range(n_slots):
        value = params[starts[k]] if starts[k] >= 0 else 0.0
        weighed = balance_sheet[k] * value if balance_sheet[k] != 0.0 else 0.0
        for s in range(n):
            slots[k, s] = value
            opening[s] += weighed
    for s in range(n):
        leak[s] = 0.0
        breach[0, s] = -1
        breach[1, s] = -1

    for t in range(n_periods):
        for i in range(ops.shape[0]):
            code, o, a, b, c, d, e = ops[i, 0], ops[i, 1], ops[i, 2], ops[i, 3], ops[i, 4], ops[i, 5], ops[i, 6]
            if code == _MULTIPLY:
                for s in range(n):
                    slots[o, s] = slots[a, s] * slots[b, s]
            elif code == _ADD:
                for s in range(n):
                    slots[o, s] = slots[a, s] + slots[b, s]
            elif code == _SUBTRACT:
                for s in range(n):
                    slots[o, s] = slots[a, s] - slots[b, s]
            elif code in (_PAY, _PAY_WHOLE):
                whole = code == _PAY_WHOLE
                odd = 0
                for s in range(n):
                    claim, limit, holds = slots[c, s], slots[d, s], slots[e, s]
                    asked = claim if (claim < limit) | np.isnan(claim) else limit
                    asked = 0.0 if holds == 0.0 else (np.nan if np.isnan(holds) else asked)
                    available = slots[a, s]
                    there = np.floor(available + WHOLE) if whole else available
                    paid = max(0.0, min(asked, there))  # in this order nothing is paid where the amount is not a number
                    odd += 0 if asked >= -tolerance else 1
                    slots[o, s] = asked
                    slots[o + 1, s] = available
                    slots[o + 2, s] = paid
                    slots[a, s] = available - paid
                    slots[b, s] += paid
                    slots[c, s] -= paid
                    slots[d, s] -= asked if asked > 0.0 else 0.0  # what this claim did not get, no later one asks for
                if odd > 0:
                    _mark(slots, o, tolerance, i, t, breach)
            elif code == _MINIMUM:
                for s in range(n):
                    x, y = slots[a, s], slots[b, s]
                    slots[o, s] = x if (x < y) | np.isnan(x) else y  # what is not a number stays so
            elif code == _MAXIMUM:
                for s in range(n):
                    x, y = slots[a, s], slots[b, s]
                    slots[o, s] = x if (x > y) | np.isnan(x) else y
            elif code == _SELECT:
                for s in range(n):
                    then, otherwise = slots[b, s], slots[c, s]  # both read first, so that the loop vectorises
                    chosen = then if slots[a, s] != 0.0 else otherwise
                    slots[o, s] = np.nan if np.isnan(slots[a, s]) else chosen
            elif code == _ROUND_DOWN:
                for s in range(n):
                    slots[o, s] = np.floor(slots[a, s] + WHOLE)
            elif code == _ROUND_HALF_UP:
                for s in range(n):
                    slots[o, s] = np.floor(slots[a, s] + 0.5 + WHOLE)
            elif code == _INPUT:
                for s in range(n):
                    slots[o, s] = inputs[a, t, s]
            elif code == _PERIOD:
                for s in range(n):
                    slots[o, s] = period_values[a, t]
            elif code == _COPY:
                for s in range(n):
                    slots[o, s] = slots[a, s]
            elif code == _DIVIDE:
                for s in range(n):
                    x, y = slots[a, s], slots[b, s]
                    slots[o, s] = np.nan if y == 0.0 else x / y
            elif code == _NEGATE:
                for s in range(n):
                    slots[o, s] = -slots[a, s]
            elif code == _LESS:
                for s in range(n):
                    x, y = slots[a, s], slots[b, s]
                    slots[o, s] = np.nan if np.isnan(x) | np.isnan(y) else (1.0 if x < y else 0.0)
            elif code == _LESS_EQUAL:
                for s in range(n):
                    x, y = slots[a, s], slots[b, s]
                    slots[o, s] = np.nan if np.isnan(x) | np.isnan(y) else (1.0 if x <= y else 0.0)
            elif code == _EQUAL:
                for s in range(n):
                    apart = abs(slots[a, s] - slots[b, s])
                    slots[o, s] = np.nan if np.isnan(apart) else (1.0 if apart <= slots[c, s] else 0.0)
            elif code == _NOT_EQUAL:
                for s in range(n):
                    apart = abs(slots[a, s] - slots[b, s])
                    slots[o, s] = np.nan if np.isnan(apart) else (1.0 if apart > slots[c, s] else 0.0)
            elif code == _AND:
                for s in range(n):
                    x, y = slots[a, s], slots[b, s]
                    known = np.nan if np.isnan(x) | np.isnan(y) else 1.0
                    slots[o, s] = 0.0 if (x == 0.0) | (y == 0.0) else known
            elif code == _OR:
                for s in range(n):
                    x, y = slots[a, s], slots[b, s]
                    known = np.nan if np.isnan(x) | np.isnan(y) else 0.0
                    slots[o, s] = 1.0 if ((x != 0.0) & (x == x)) | ((y != 0.0) & (y == y)) else known  # noqa: PLR0124
            elif code == _NOT:
                for s in range(n):
                    x = slots[a, s]
                    slots[o, s] = np.nan if np.isnan(x) else (1.0 if x == 0.0 else 0.0)
            elif code == _COLLECT:
                for s in range(n):
                    slots[a, s] += slots[c, s]
                    slots[b, s] += slots[c, s]
            elif code == _MOVE:
                odd = 0
                for s in range(n):
                    asked, available = slots[c, s], slots[a, s]
                    asked = asked if (available >= -tolerance) | (asked == 0.0) else available
                    moved = max(0.0, min(asked, available))
                    odd += 0 if asked >= -tolerance else 1
                    slots[o, s] = asked
                    slots[o + 1, s] = available
                    slots[o + 2, s] = moved
                    slots[a, s] = available - moved
                    slots[b, s] += moved
                if odd > 0:
                    _mark(slots, o, tolerance, i, t, breach)
            elif code == _POSITIVE:
                for s in range(n):
                    x = slots[a, s]
                    slots[o, s] = x if x > 0.0 else 0.0
            elif code == _REMEMBER:
                for s in range(n):
                    history[a, t, s] = slots[b, s]
            elif code == _GROWN:
                _grown(slots, history, units, first_month, o, a, b, c, t)
        for r in range(records.shape[0]):
            for s in range(n):
                out[r, t, s] = slots[records[r], s]
        _follow_cash(slots, balance_sheet, opening, leak)


@njit(cache=True, nogil=True)
def _grown(slots, history, units, first_month, o, p, q, level, t):  # type: ignore[no-untyped-def]
    """Slot o: what the purchases before date t give in its period (level 0), what is left of them at its end (1) or start (2)."""
    n = slots.shape[1]
    for s in range(n):
        slots[o, s] = 0.0
    for u in range(t):
        before = first_month[t] - first_month[u + 1]
        after = first_month[t + 1] - first_month[u + 1]
        at = before if level == 2 else after
        for s in range(n):
            given = units[q, at, s] if level > 0 else units[q, after, s] - units[q, before, s]
            slots[o, s] += history[p, u, s] * given


@njit(cache=True, nogil=True)
def _mark(slots, o, tolerance, i, t, breach):  # type: ignore[no-untyped-def]
    """Note op i at date t in every scenario whose amount in slot o is negative or not a number, unless one is noted."""
    for s in range(slots.shape[1]):
        if not slots[o, s] >= -tolerance and breach[0, s] < 0:
            breach[0, s] = i
            breach[1, s] = t


@njit(cache=True, nogil=True)
def _follow_cash(slots, balance_sheet, opening, leak):  # type: ignore[no-untyped-def]
    """Cash in accounts and with parties less what was collected must stay what it was at closing."""
    n_slots, n = slots.shape
    drift = -opening
    for k in range(n_slots):
        weight = balance_sheet[k]
        if weight != 0.0:
            for s in range(n):
                drift[s] += weight * slots[k, s]
    for s in range(n):
        leak[s] = drift[s] if not abs(drift[s]) <= abs(leak[s]) else leak[s]
