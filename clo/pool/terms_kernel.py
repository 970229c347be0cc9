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
from typing import TYPE_CHECKING, Any, NamedTuple

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

EQUAL_PRINCIPAL, LEVEL_PAYMENT, BULLET, SCHEDULE = 0, 1, 2, 3  # as kernel.Kind
OPENING, INTEREST, PRINCIPAL, ACCRUED, DEFAULT, SALVAGE, EXCESS, SETOFF, DRAWN, RECOVERABLE = range(10)  # as kernel.Column
NEVER = 1 << 30
"""A month that does not come."""


class Terms(NamedTuple):
    """The terms of loans, [i] each.

    first, step: months of the first instalment and between instalments; one also falls in the last month.
    interest_first, interest_step: the same of interest (NEVER: only in the last month); monthly_until: up to this month
    interest is due every month. balloon: principal on top of the last instalment. basis: row of tau; row 0 has equal months.
    follows: row of the fixings a floating rate follows, -1 for a fixed rate; margin, cap, floor, first_cap, periodic_cap:
    decimals, infinite where there is none; first_reset, reset_step: months. begin, end: the loan's entries of a supplied
    schedule. interest_given: 1 where these state the interest.
    """

    first: I32
    step: I32
    interest_first: I32
    interest_step: I32
    monthly_until: I32
    balloon: F64
    basis: I32
    follows: I32
    margin: F64
    cap: F64
    floor: F64
    first_cap: F64
    periodic_cap: F64
    first_reset: I32
    reset_step: I32
    begin: I32
    end: I32
    interest_given: I8


class Entries(NamedTuple):
    """Supplied schedules, [e] each, a loan's entries together and in order: the month, principal and interest due."""

    month: I32
    principal: F64
    interest: F64


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
    start: int,
    end: int,
    term: int,
    due: int,
    step: int,
    since: int,
    rate: float,
    tau: F64,
    even: bool,
    a: F64,
    d: F64,
) -> tuple[float, float]:
    """Fill a[t] and d[t] for the instalments t of the months start + 1 to end; return them as they are at `start`.

    With a level payment C the balance after instalment t is C a[t] + balloon d[t]: a is what payments of 1 are worth, d
    what 1 in the last month is worth, each discounted period by period at simple interest within a period:
      a' = (a + 1) / (1 + rate T),  d' = d / (1 + rate T),  from a = 0, d = 1 after the last.
    A contraction: stable for any rate >= 0 and any term. due: the first instalment after `start`; since: the month its
    interest runs from, if later than `start`: interest owed before comes on top of the payment. On equal months the factors
    at the last instalment by `end` have a closed form, so that a loan whose rate changes often costs no more.
    Source: ordinary annuity, e.g. Fabozzi, Handbook of Fixed Income Securities, "mortgage cash flow"; here unequal periods.
    """
    now, held, later = 0.0, 1.0, term
    if even and end < term:
        later = due + (end - due) // step * step
        whole = dues(later + step, step, term) - 1
        last = 1.0 / (1.0 + rate * (term - later - whole * step) * tau[0])
        period = rate * step * tau[0]
        if period == 0.0:
            now, held = whole + last, last
        else:
            shrink = math.expm1(-whole * math.log1p(period))
            now, held = (1.0 + shrink) * last - shrink / period, (1.0 + shrink) * last
    a[later] = now
    d[later] = held
    sooner = due + (later - 1 - due) // step * step if later > due else max(start, since)
    whole_period = 1.0 / (1.0 + rate * step * tau[0])
    while True:
        if even and later - sooner == step:
            discount = whole_period
        else:
            fraction = 0.0
            for t in range(sooner, later):
                fraction += tau[t]
            discount = 1.0 / (1.0 + rate * fraction)
        now, held = (now + 1.0) * discount, held * discount
        if sooner < due:
            return now, held
        a[sooner] = now
        d[sooner] = held
        later, sooner = sooner, sooner - step if sooner > due else max(start, since)


@njit(nogil=True, cache=True)
def next_rate(
    i: int, rate: float, reset: int, change: float, until: int, end: int, terms: Terms, index: F64
) -> tuple[float, int, float, int]:
    """The first other rate of loan i that is set before month `until`: the rate, the reset after it, the limit of the change
    then, and the month after which the rate holds. Without one, the same rate and `end`.
    """
    while reset < until:
        target = index[terms.follows[i], reset] + terms.margin[i]
        new_rate = reset_rate(target, rate, change, change, terms.cap[i], terms.floor[i])
        change = terms.periodic_cap[i]
        now = reset
        reset += terms.reset_step[i]
        if new_rate != rate:
            return new_rate, reset, change, now
    return rate, reset, change, end


@njit(nogil=True, cache=True)
def write_schedule(
    i: int,
    balance: float,
    rate: float,
    kind: int,
    term: int,
    terms: Terms,
    entries: Entries,
    tau: F64,
    index: F64,
    changed: int,
    extension: int,
    rate_cut: float,
    months: int,
    scratch: F64,
) -> int:
    """Write the contractual months of loan i, at most `months` of them, into scratch; return its term, extended or not.

    rate: annual decimal; term: the last month; tau[basis, t]: year fraction of each month; index[x, t]: fixing at the end
    of month t, 0 the cut-off. changed: the month at whose start the loan gets new terms (0: none): its term grows by
    `extension`, its rate falls by `rate_cut` (not below 0), what it owes it keeps.
    scratch[k, t]: rows opening, interest, principal, accrued (interest earned, not yet due), and two for the level payment.
    Where hardly any principal is due, the interest of a long month can exceed a level payment: its principal is below 0.
    """
    opening, interest, principal, accrued, a, d = scratch[0], scratch[1], scratch[2], scratch[3], scratch[4], scratch[5]
    year, even = tau[terms.basis[i]], terms.basis[i] == 0
    step, interest_step, monthly_until = terms.step[i], terms.interest_step[i], terms.monthly_until[i]
    last_entry, given = terms.end[i] - 1, terms.interest_given[i] != 0
    level, instalments = kind == LEVEL_PAYMENT, kind in (EQUAL_PRINCIPAL, LEVEL_PAYMENT)
    balloon = terms.balloon[i] if instalments else 0.0
    next_due = int(terms.first[i]) if instalments else NEVER
    next_interest, entry = int(terms.interest_first[i]), int(terms.begin[i])
    next_reset = int(terms.first_reset[i]) if terms.follows[i] >= 0 else NEVER
    change, cut, delay = terms.first_cap[i], 0.0, 0
    outstanding, owed = balance, 0.0
    left = dues(next_due, step, term)
    scale = (balance - balloon) / left
    start = 0
    while start < min(term, months):
        if start + 1 == changed:
            changed = 0
            term += extension
            cut, delay = rate_cut, extension
            left = dues(next_due, step, term)
            scale = (outstanding - balloon) / left
        end = changed - 1 if start < changed - 1 < term else term
        new_rate, next_reset, change, end = next_rate(i, rate, next_reset, change, min(end, months), end, terms, index)
        paying = rate if cut == 0.0 else max(0.0, rate - cut)
        due = min(next_due, term)
        if level and start < due <= end:
            since = next_due - step if next_due - step >= terms.interest_first[i] else 0
            since = max(since, monthly_until if monthly_until < due else 0)
            worth, held = level_factors(start, end, term, due, step, since, paying, year, even, a, d)
            scale = (outstanding - balloon * held) / worth
        for t in range(start + 1, min(end, months) + 1):
            opening[t - 1] = outstanding
            closing, stated = outstanding, 0.0
            while entry <= last_entry and entries.month[entry] + delay == t:
                closing = 0.0 if entry == last_entry else closing - entries.principal[entry]
                stated += entries.interest[entry]
                entry += 1
            if not given:
                owed += outstanding * paying * year[t - 1]
                stated = 0.0
            if t == next_due and t < term:
                left -= 1
                next_due += step
                closing = scale * a[t] + balloon * d[t] if level else scale * left + balloon
            if t == term:
                closing = 0.0
            if t in (next_interest, term) or t <= monthly_until:
                stated += owed
                owed = 0.0
            if t == next_interest:
                next_interest += interest_step
            principal[t - 1] = outstanding - closing
            interest[t - 1] = stated
            accrued[t - 1] = owed
            outstanding = closing
        start, rate = min(end, months), new_rate
    return term


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
    balance: F64,
    rate: F64,
    kind: I8,
    term: I32,
    cell: I32,
    terms: Terms,
    entries: Entries,
    tau: F64,
    index: F64,
    changed: int,
    extension: int,
    rate_cut: float,
    default_month: I32,
    loss: F64,
    deposit: F64,
    drawn: F64,
    recovery: F64,
    scratch: F64,
    out: F64,
) -> None:
    """Add loans of any terms to out[c, k, t].

    Arrays [i]; default_month is 1-based, 0 = none, and may be empty with loss: from its default month on a loan pays
    nothing, and nobody else defaults. deposit, drawn, recovery: what a default is worth; all empty where nobody asks. The last
    month of `out` lies after the horizon: its opening is what is then outstanding.
    """
    width = out.shape[2]
    opening = scratch[0]
    known, claims = default_month.size > 0, recovery.size > 0
    for i in range(balance.size):
        n = write_schedule(
            i, balance[i], rate[i], kind[i], term[i], terms, entries, tau, index, changed, extension, rate_cut, width, scratch
        )
        c, paying = cell[i], min(n, width)
        if known and 0 < default_month[i] <= paying:
            paying = default_month[i] - 1
            exposure = opening[paying]
            claim = exposure
            if claims:
                claim += drawn[i]
                _add_claim(exposure, deposit[i], drawn[i], recovery[i], c, paying, out)
            out[c, OPENING, paying] += exposure
            out[c, DEFAULT, paying] += exposure
            out[c, SALVAGE, paying] += max(0.0, claim - loss[i])
            out[c, EXCESS, paying] += max(0.0, loss[i] - claim)
        for k in range(ACCRUED + 1):  # a column at a time: the compiler vectorises one sum, not four
            for t in range(paying):
                out[c, k, t] += scratch[k, t]
        if claims and not known:
            for t in range(paying):
                if opening[t] > 0.0:
                    _add_claim(opening[t], deposit[i], drawn[i], recovery[i], c, t, out)
