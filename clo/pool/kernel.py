"""What borrowers of plain monthly loans owe: contractual schedules summed over loans into cells. All others: `terms_kernel`.

A cell is a set of loans that share one survival curve, so expected flows are survival x the cell's contractual sum and
the kernel never sees a default or prepayment rate. A loan whose default month is known is cut short here instead: its
instalment m is not paid, its exposure is the balance before it.

Complete in itself: numba's on-disk cache does not see changes in other files. No fastmath. Nothing is allocated and
nothing raised; the callers in `summing` have checked every argument.

Axis key: i loan, t month (0 = the first after cut-off), c cell, k column, j instalments left.
"""

from __future__ import annotations

import math
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from typing import Callable, TypeVar  # noqa: UP035  (a kernel imports from typing and no other home)

    from numpy.typing import NDArray

    _F = TypeVar("_F", bound=Callable[..., Any])

    def njit(**options: bool) -> Callable[[_F], _F]:
        """numba's decorator is untyped; a jitted function has the signature it was written with."""

    F64 = NDArray[np.float64]
    I32 = NDArray[np.int32]
    I8 = NDArray[np.int8]
else:
    from numba import njit


class Kind(IntEnum):
    """How principal is repaid, as the kernels know it; a revolving line is a bullet, SCHEDULE a supplied one."""

    EQUAL_PRINCIPAL = 0
    LEVEL_PAYMENT = 1
    BULLET = 2
    SCHEDULE = 3


class Column(IntEnum):
    """Second axis of a cell array.

    opening, interest, principal: due in month t. accrued: interest earned but not due at the end of month t (0 for
    monthly payers). default, salvage, excess, all in the month of a known default: the exposure, the part of it that
    the recorded loss leaves, and the part of the recorded loss beyond the exposure. setoff, drawn, recoverable: deposits
    set off, drawings and what is recovered if all with a balance at the start of month t default in it, or, where defaults
    are known, of those that do.
    """

    OPENING = 0
    INTEREST = 1
    PRINCIPAL = 2
    ACCRUED = 3
    DEFAULT = 4
    SALVAGE = 5
    EXCESS = 6
    SETOFF = 7
    DRAWN = 8
    RECOVERABLE = 9


# numba reads plain module integers as constants; the enums above give them their names.
EQUAL_PRINCIPAL, LEVEL_PAYMENT, BULLET = 0, 1, 2
OPENING, INTEREST, PRINCIPAL, ACCRUED, DEFAULT, SALVAGE, EXCESS = range(7)
LANES = 8  # the annuity recurrence runs in strides of 8, so that 8 neighbours do not wait for each other


# t month, c cell, k column, j instalments left.  factor[max term + LANES + 2]
@njit(nogil=True, cache=True)
def add_monthly_loan(
    balance: float, monthly_rate: float, kind: int, term: int, paying: int, factor: F64, c: int, out: F64
) -> None:
    """A loan paid monthly on equal months, no grace, no balloon: its first `paying` months, added to out.

    What `terms_kernel.write_schedule` gives to rounding, vectorised and never stored. factor: scratch. out is indexed, not
    sliced, because a slice costs more (a reference count) than ten months of a loan; the one slice below lets the compiler
    see that no index is negative, without which it does not vectorise.
    """
    if paying <= 0:
        return
    out[c, OPENING, 0] += balance
    out[c, INTEREST, 0] += balance * monthly_rate
    if kind == LEVEL_PAYMENT:
        last = fill_factors(monthly_rate, term, factor)
        scale = balance / factor[last - term]
        income = scale * monthly_rate
        left = factor[last - term :]
        out[c, PRINCIPAL, 0] += balance - scale * left[1]
        for t in range(1, paying):
            now = left[t]
            out[c, OPENING, t] += scale * now
            out[c, INTEREST, t] += income * now
            out[c, PRINCIPAL, t] += scale * (now - left[t + 1])
    elif kind == EQUAL_PRINCIPAL:
        scale = balance / term
        income = scale * monthly_rate
        out[c, PRINCIPAL, 0] += balance - scale * (term - 1)
        for t in range(1, paying):
            now = float(term - t)
            out[c, OPENING, t] += scale * now
            out[c, INTEREST, t] += income * now
            out[c, PRINCIPAL, t] += scale
    else:
        income = balance * monthly_rate
        for t in range(1, paying):
            out[c, OPENING, t] += balance
            out[c, INTEREST, t] += income
        if paying == term:
            out[c, PRINCIPAL, term - 1] += balance


@njit(nogil=True, cache=True)
def fill_factors(monthly_rate: float, term: int, factor: F64) -> int:
    """Annuity factors a_j into factor[last - j], j = 0..term, so that time runs forward; returns last.

    a_{j+8} = a_j v^8 + a_8: eight lanes that do not wait for each other.
    """
    last = factor.size - 1
    v = 1.0 / (1.0 + monthly_rate)
    factor[last] = 0.0
    a = 0.0
    for j in range(1, LANES + 1):
        a = (a + 1.0) * v
        factor[last - j] = a
    v2 = v * v
    v4 = v2 * v2
    v8 = v4 * v4
    x1, x2, x3, x4 = factor[last - 1], factor[last - 2], factor[last - 3], factor[last - 4]
    x5, x6, x7, x8 = factor[last - 5], factor[last - 6], factor[last - 7], factor[last - 8]
    for j in range(LANES, term, LANES):
        x1, x2, x3, x4 = x1 * v8 + a, x2 * v8 + a, x3 * v8 + a, x4 * v8 + a
        x5, x6, x7, x8 = x5 * v8 + a, x6 * v8 + a, x7 * v8 + a, x8 * v8 + a
        at = last - j
        factor[at - 1], factor[at - 2], factor[at - 3], factor[at - 4] = x1, x2, x3, x4
        factor[at - 5], factor[at - 6], factor[at - 7], factor[at - 8] = x5, x6, x7, x8
    return last


@njit(nogil=True, cache=True)
def _default(t: int, exposure: float, loss: float, c: int, out: F64) -> None:
    """Book a known default in month t: the exposure, what the recorded loss leaves of it, the loss beyond it."""
    out[c, OPENING, t] += exposure
    out[c, DEFAULT, t] += exposure
    out[c, SALVAGE, t] += max(0.0, exposure - loss)
    out[c, EXCESS, t] += max(0.0, loss - exposure)


@njit(nogil=True, cache=True)
def _exposure(balance: float, monthly_rate: float, kind: int, term: int, t: int) -> float:
    """Balance before the instalment of month t of a loan of `add_monthly_loan`, in closed form.

    Level payment: B (1 - v^j) / (1 - v^term) with j = term - t, through expm1 so that small rates keep their digits.
    """
    if kind == BULLET or t == 0:
        return balance
    if kind == EQUAL_PRINCIPAL or monthly_rate == 0.0:
        return balance / term * (term - t)
    force = math.log1p(monthly_rate)
    return balance * (math.expm1(-(term - t) * force) / math.expm1(-term * force))


# i loan (of one chunk), t month, c cell, k column.  factor[max term + LANES + 2]
@njit(nogil=True, cache=True)
def add_monthly_loans(
    balance: F64, rate: F64, kind: I8, term: I32, cell: I32, default_month: I32, loss: F64,
    past: int, extension: int, rate_cut: float, factor: F64, out: F64,
) -> None:  # fmt: skip
    """Add loans paid monthly on equal months, no grace, no balloon, to out[c, k, t], t = 0 the first month after `past` months.

    Arrays [i]; rate annual; default_month is 1-based, 0 = none, and may be empty with loss. From its default month on a
    loan pays nothing. The last month of `out` lies after the horizon: its opening is what is then outstanding. After `past`
    months those that are left get new terms: `extension` months more to pay, an annual rate less `rate_cut`, not below 0.
    """
    width = out.shape[2]
    known = default_month.size > 0
    for i in range(balance.size):
        n, c, monthly, ends = int(term[i]), int(cell[i]), rate[i] / 12.0, int(default_month[i]) if known else 0
        if n <= past or 0 < ends <= past:
            continue
        held = _exposure(balance[i], monthly, kind[i], n, past)
        if rate_cut > 0.0:
            monthly = max(0.0, rate[i] - rate_cut) / 12.0
        n += extension - past
        paying = min(n, width)
        defaults = past < ends <= past + paying
        if defaults:
            paying = ends - past - 1
        add_monthly_loan(held, monthly, kind[i], n, paying, factor, c, out)
        if defaults:
            _default(paying, _exposure(held, monthly, kind[i], n, paying), loss[i], c, out)
