"""What a borrower owes under any terms: grace, balloon, odd periods, changing rates, supplied schedules, new terms.

The general room beside `kernel`, which holds plain monthly loans only. One loan's schedule is written into scratch, then
added to its cell. Between two changes of rate or terms lies a stretch, in which a payment is level and a rate constant.

Complete in itself: numba's on-disk cache does not see changes in other files. No fastmath. Nothing is allocated and
nothing raised; the callers have checked every argument.

Axis key: i loan, t month (1 = the first after the cut-off; it stands at index t - 1 of what is written), c cell, k column,
e entry of a schedule, x index of rates.
"""

from __future__ import annotations

import math
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
    Records = NDArray[np.void]
else:
    from numba import njit

EQUAL_PRINCIPAL, LEVEL_PAYMENT, BULLET, SCHEDULE = 0, 1, 2, 3  # as kernel.Kind
OPENING, INTEREST, PRINCIPAL, ACCRUED, DEFAULT, SALVAGE, EXCESS, SETOFF, DRAWN, RECOVERABLE = range(10)  # as kernel.Column
FACTOR, REST = 4, 5  # rows of scratch after the first four columns
NEVER = 1 << 30
"""A month that does not come."""


TERMS = np.dtype(
    [
        ("first", np.int32),
        ("step", np.int32),
        ("interest_first", np.int32),
        ("interest_step", np.int32),
        ("monthly_until", np.int32),
        ("basis", np.int32),
        ("follows", np.int32),
        ("first_reset", np.int32),
        ("reset_step", np.int32),
        ("begin", np.int32),
        ("end", np.int32),
        ("interest_given", np.int32),
        ("balloon", np.float64),
        ("margin", np.float64),
        ("cap", np.float64),
        ("floor", np.float64),
        ("first_cap", np.float64),
        ("periodic_cap", np.float64),
    ]
)
"""The terms of a loan, a record because a kernel that passes many arrays on counts references longer than it computes.

first, step: months of the first instalment and between instalments; one also falls in the last month. interest_first,
interest_step: the same of interest (NEVER: only in the last month); monthly_until: up to this month interest is due every
month. basis: row of tau; row 0 has equal months. follows: row of the fixings a floating rate follows, -1 for a fixed rate;
first_reset, reset_step: months; margin, cap, floor, first_cap, periodic_cap: decimals, infinite where there is none. begin,
end: the loan's entries of a supplied schedule; interest_given: 1 where these state the interest. balloon: principal on top of
the last instalment.
"""

ENTRIES = np.dtype([("month", np.int32), ("principal", np.float64), ("interest", np.float64)], align=True)
"""One payment of a supplied schedule; a loan's stand together and in order."""


@njit(nogil=True, cache=True)
def reset_rate(target: float, before: float, rise: float, fall: float, cap: float, floor: float) -> float:
    """The rate after a reset to `target`: it moves by at most `rise` or `fall`, then life cap and floor hold."""
    moved = max(before - fall, min(before + rise, target))
    return max(floor, min(cap, moved))


@njit(nogil=True, cache=True)
def dues(first: int, step: int, term: int) -> int:
    """Instalments in first, first + step, ... before month `term`, and the one in `term`."""
    return (term - 1 - first) // step + 2 if first < term else 1


@njit(nogil=True, cache=True)
def level_factors(
    start: int, end: int, term: int, due: int, step: int, since: int, rate: float, tau: F64, basis: int, scratch: F64
) -> tuple[float, float]:
    """Fill a[t] and d[t], rows FACTOR and REST of scratch, for the instalments t of the months start + 1 to end; return them
    as they are at `start`.

    With a level payment C the balance after instalment t is C a[t] + balloon d[t]: a is what payments of 1 are worth, d
    what 1 in the last month is worth, each discounted period by period at simple interest within a period:
      a' = (a + 1) / (1 + rate T),  d' = d / (1 + rate T),  from a = 0, d = 1 after the last.
    A contraction: stable for any rate >= 0 and any term. due: the first instalment after `start`; since: the month its
    interest runs from, if later than `start`: interest owed before comes on top of the payment. On equal months the factors
    at the last instalment by `end` have a closed form, so that a loan whose rate changes often costs no more.
    Source: ordinary annuity, e.g. Fabozzi, Handbook of Fixed Income Securities, "mortgage cash flow"; here unequal periods.
    """
    now, held, later, even = 0.0, 1.0, term, basis == 0
    if even and end < term:
        later = due + (end - due) // step * step
        whole = dues(later + step, step, term) - 1
        last = 1.0 / (1.0 + rate * (term - later - whole * step) * tau[0, 0])
        period = rate * step * tau[0, 0]
        if period == 0.0:
            now, held = whole + last, last
        else:
            shrink = math.expm1(-whole * math.log1p(period))
            now, held = (1.0 + shrink) * last - shrink / period, (1.0 + shrink) * last
    scratch[FACTOR, later] = now
    scratch[REST, later] = held
    sooner = due + (later - 1 - due) // step * step if later > due else max(start, since)
    whole_period = 1.0 / (1.0 + rate * step * tau[0, 0])
    while True:
        if even and later - sooner == step:
            discount = whole_period
        else:
            fraction = 0.0
            for t in range(sooner, later):
                fraction += tau[basis, t]
            discount = 1.0 / (1.0 + rate * fraction)
        now, held = (now + 1.0) * discount, held * discount
        if sooner < due:
            return now, held
        scratch[FACTOR, sooner] = now
        scratch[REST, sooner] = held
        later, sooner = sooner, sooner - step if sooner > due else max(start, since)


@njit(nogil=True, cache=True)
def next_rate(
    own: Any, rate: float, reset: int, change: float, until: int, end: int, index: F64
) -> tuple[float, int, float, int]:
    """The first other rate of a loan that is set before month `until`: the rate, the reset after it, the limit of the change
    then, and the month after which the rate holds. Without one, the same rate and `end`.
    """
    while reset < until:
        target = index[own["follows"], reset] + own["margin"]
        new_rate = reset_rate(target, rate, change, change, own["cap"], own["floor"])
        change = own["periodic_cap"]
        now = reset
        reset += own["reset_step"]
        if new_rate != rate:
            return new_rate, reset, change, now
    return rate, reset, change, end


@njit(nogil=True, cache=True)
def on_or_after(month: int, first: int, step: int) -> int:
    """The first of the months first, first + step, ... that is not before `month`."""
    return first if first >= month else first + (month - first + step - 1) // step * step


@njit(nogil=True, cache=True)
def write_schedule(
    balance: float, rate: float, kind: int, term: int, own: Any, entries: Records, tau: F64, index: F64, months: int, scratch: F64
) -> None:  # fmt: skip
    """Write the contractual months of a loan, at most `months` of them, into scratch.

    rate: annual decimal; term: the last month; own: its TERMS, one record; entries: ENTRIES of all loans; tau[basis, t]: year
    fraction of each month; index[x, t]: fixing at the end of month t, 0 the cut-off.
    scratch[k, t]: rows opening, interest, principal, accrued (interest earned, not yet due), and two for the level payment.
    It is indexed, not sliced: a slice costs more (a reference count) than ten months of a loan.
    Where hardly any principal is due, the interest of a long month can exceed a level payment: its principal is below 0.
    """
    _write_from(0, balance, 0.0, rate, 0.0, 0, kind, term, own, entries, tau, index, months, scratch)


@njit(nogil=True, cache=True)
def write_changed(
    balance: float, rate: float, kind: int, term: int, own: Any, entries: Records, tau: F64, index: F64,
    changed: int, extension: int, rate_cut: float, months: int, scratch: F64,
) -> int:  # fmt: skip
    """Write a loan that gets new terms at the start of month `changed`, which lies by `term` and `months`; return its new term.

    Its term grows by `extension`, its rate falls by `rate_cut` (not below 0), what it owes it keeps. Else as `write_schedule`.
    """
    outstanding, owed = balance, 0.0
    if changed > 1:
        write_schedule(balance, rate, kind, term, own, entries, tau, index, changed, scratch)
        outstanding, owed = scratch[OPENING, changed - 1], scratch[ACCRUED, changed - 2]
    term += extension
    _write_from(changed - 1, outstanding, owed, rate, rate_cut, extension, kind, term, own, entries, tau, index, months, scratch)
    return term


@njit(nogil=True, cache=True)
def _write_from(
    start: int, outstanding: float, owed: float, rate: float, cut: float, delay: int, kind: int, term: int, own: Any,
    entries: Records, tau: F64, index: F64, months: int, scratch: F64,
) -> None:  # fmt: skip
    """Write the months after `start` of a loan of which so much is then outstanding and owed as interest.

    rate: at the cut-off; from here on the loan bears `cut` less than its rate, and supplied payments come `delay` months late.
    """
    basis, monthly_until = own["basis"], own["monthly_until"]
    step, interest_step = int(own["step"]), int(own["interest_step"])
    last_entry, given = own["end"] - 1, own["interest_given"] != 0
    level, instalments = kind == LEVEL_PAYMENT, kind in (EQUAL_PRINCIPAL, LEVEL_PAYMENT)
    balloon = own["balloon"] if instalments else 0.0
    next_due = on_or_after(start + 1, int(own["first"]), step) if instalments else NEVER
    next_interest, entry = on_or_after(start + 1, int(own["interest_first"]), interest_step), int(own["begin"])
    while entry <= last_entry and entries[entry]["month"] <= start:
        entry += 1
    next_reset = int(own["first_reset"]) if own["follows"] >= 0 else NEVER
    change = own["first_cap"]
    while next_reset < start:
        rate, next_reset, change, _ = next_rate(own, rate, next_reset, change, start, start, index)
    left = dues(next_due, step, term)
    scale = (outstanding - balloon) / left
    while start < min(term, months):
        new_rate, next_reset, change, end = next_rate(own, rate, next_reset, change, min(term, months), term, index)
        paying, stop = rate if cut == 0.0 else max(0.0, rate - cut), min(end, months)
        due = min(next_due, term)
        if level and start < due <= stop:
            since = next_due - step if next_due - step >= own["interest_first"] else 0
            since = max(since, monthly_until if monthly_until < due else 0)
            worth, held = level_factors(start, stop, term, due, step, since, paying, tau, basis, scratch)
            scale = (outstanding - balloon * held) / worth
        for t in range(start + 1, stop + 1):
            scratch[OPENING, t - 1] = outstanding
            closing, stated = outstanding, 0.0
            while entry <= last_entry and entries[entry]["month"] + delay == t:
                closing = 0.0 if entry == last_entry else closing - entries[entry]["principal"]
                stated += entries[entry]["interest"]
                entry += 1
            if not given:
                owed += outstanding * paying * tau[basis, t - 1]
                stated = 0.0
            if t == next_due and t < term:
                left -= 1
                next_due += step
                closing = scale * scratch[FACTOR, t] + balloon * scratch[REST, t] if level else scale * left + balloon
            if t == term:
                closing = 0.0
            if t == next_interest or t == term or t <= monthly_until:
                stated += owed
                owed = 0.0
            if t == next_interest:
                next_interest += interest_step
            scratch[PRINCIPAL, t - 1] = outstanding - closing
            scratch[INTEREST, t - 1] = stated
            scratch[ACCRUED, t - 1] = owed
            outstanding = closing
        start, rate = stop, new_rate


@njit(nogil=True, cache=True)
def _add_claim(opening: float, deposit: float, drawn: float, recovery: float, c: int, t: int, out: F64) -> None:
    """What a default in month t would be worth: drawn first, then deposits set off, then recovered."""
    setoff = min(deposit, opening + drawn)
    out[c, SETOFF, t] += setoff
    out[c, DRAWN, t] += drawn
    out[c, RECOVERABLE, t] += recovery * (opening + drawn - setoff)


# i loan (of one chunk), t month, c cell, k column, x index.  scratch[6, max term + extension + 1]; tau[basis, t]
@njit(nogil=True, cache=True)
def add_loans(
    balance: F64, rate: F64, kind: I8, term: I32, cell: I32, terms: Records, entries: Records, tau: F64, index: F64,
    changed: int, extension: int, rate_cut: float, default_month: I32, loss: F64, deposit: F64, drawn: F64, recovery: F64,
    scratch: F64, out: F64,
) -> None:  # fmt: skip
    """Add loans of any terms to out[c, k, t]; with new terms from month `changed` on (0: none), their months from then on only,
    and the interest owed before it.

    Arrays [i]; default_month is 1-based, 0 = none, and may be empty with loss: from its default month on a loan pays
    nothing, and nobody else defaults. deposit, drawn, recovery: what a default is worth; all empty where nobody asks. The last
    month of `out` lies after the horizon: its opening is what is then outstanding.
    """
    width = out.shape[2]
    known, claims = default_month.size > 0, recovery.size > 0
    for i in range(balance.size):
        n, own = term[i], terms[i]
        if changed == 0:
            write_schedule(balance[i], rate[i], kind[i], n, own, entries, tau, index, width, scratch)
        elif changed > min(n, width) or (known and 0 < default_month[i] < changed):
            continue
        else:
            n = write_changed(
                balance[i], rate[i], kind[i], n, own, entries, tau, index, changed, extension, rate_cut, width, scratch
            )
        c, begin, paying = cell[i], max(changed - 1, 0), min(n, width)
        if known and 0 < default_month[i] <= paying:
            paying = default_month[i] - 1
            exposure = scratch[OPENING, paying]
            claim = exposure
            if claims:
                claim += drawn[i]
                _add_claim(exposure, deposit[i], drawn[i], recovery[i], c, paying, out)
            out[c, OPENING, paying] += exposure
            out[c, DEFAULT, paying] += exposure
            out[c, SALVAGE, paying] += max(0.0, claim - loss[i])
            out[c, EXCESS, paying] += max(0.0, loss[i] - claim)
        for k in range(PRINCIPAL + 1):  # zeros, so that the sums below begin at 0: only then does the compiler vectorise them
            for t in range(begin):
                scratch[k, t] = 0.0
        for t in range(begin - 1):
            scratch[ACCRUED, t] = 0.0
        accrues = own["interest_step"] > 1 or own["interest_first"] > 1
        for k in range(ACCRUED + 1 if accrues else ACCRUED):  # a column at a time: the compiler vectorises one sum, not four
            for t in range(paying):
                out[c, k, t] += scratch[k, t]
        if claims and not known:
            for t in range(begin, paying):
                if scratch[OPENING, t] > 0.0:
                    _add_claim(scratch[OPENING, t], deposit[i], drawn[i], recovery[i], c, t, out)
