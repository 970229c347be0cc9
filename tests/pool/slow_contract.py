"""The contract of one loan read slowly, in exact fractions: due dates first, then the cash, month by month."""

from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from clo.pool import terms_kernel
from clo.pool.instalments import plain_terms
from clo.pool.kernel import Kind

WHOLE_YEAR = [Fraction(1, 12)]


@dataclass
class Loan:
    """Terms as the kernel takes them; rates [t]: of month t + 1; changed, extension, cut: new terms."""

    balance: float
    rate: float
    kind: Kind
    term: int
    grace: int = 0
    step: int = 1
    interest_step: int | None = None
    monthly_until: int = 0
    balloon: float = 0.0
    tau: list[Fraction] | None = None
    rates: list[float] | None = None
    changed: int = 0
    extension: int = 0
    cut: float = 0.0
    entries: list[tuple[int, float]] = field(default_factory=list)
    given: list[float] | None = None

    @property
    def first(self):
        """Counted back from the last month, and after the grace."""
        return self.grace + 1 + (self.term - self.grace - 1) % self.step

    @property
    def interest_first(self):
        every = self.interest_step or self.step
        return self.monthly_until + 1 + (self.term - self.monthly_until - 1) % every


def grid(first, step, last):
    return [month for month in range(1, last + 1) if month == last or (month >= first and (month - first) % step == 0)]


def slow(loan):
    """[(opening, interest, principal, accrued)] of every month."""
    last = loan.term + (loan.extension if loan.changed else 0)
    tau = ((loan.tau or WHOLE_YEAR) * last)[:last]
    annual = [Fraction(rate) for rate in (loan.rates or [loan.rate])]
    annual = (annual + annual[-1:] * last)[:last]
    fixings = annual
    if loan.changed:
        annual = [max(Fraction(0), r - Fraction(loan.cut)) if t + 1 >= loan.changed else r for t, r in enumerate(annual)]
    balance, balloon, owed, fresh, level = Fraction(loan.balance), Fraction(loan.balloon), Fraction(0), Fraction(0), Fraction(0)
    rows = []
    for month in range(1, last + 1):
        if month > (loan.term if not loan.changed or month < loan.changed else last):
            break
        now_last = last if loan.changed and month >= loan.changed else loan.term
        dues = [m for m in grid(loan.first, loan.step, now_last) if m >= month]
        interest_dues = set(grid(loan.interest_first, loan.interest_step or loan.step, now_last))
        interest_dues |= set(range(1, loan.monthly_until + 1))
        if loan.kind == Kind.LEVEL_PAYMENT and (month in (1, loan.changed) or fixings[month - 1] != fixings[month - 2]):
            owed, fresh = owed + fresh, Fraction(0)
            level = level_from(month, dues, interest_dues, balance, balloon, annual[month - 1], tau)
        opening = balance
        fresh += opening * annual[month - 1] * tau[month - 1]
        principal = Fraction(0)
        if month == now_last:
            principal = opening
        elif month in dues and loan.kind == Kind.EQUAL_PRINCIPAL:
            principal = (opening - balloon) / len(dues)
        elif month in dues and loan.kind == Kind.LEVEL_PAYMENT:
            principal = level - fresh
        elif loan.kind == Kind.SCHEDULE:
            delay = loan.extension if loan.changed and month >= loan.changed else 0
            paid = [Fraction(amount) for m, amount in loan.entries if m + delay == month and (not delay or m >= loan.changed)]
            principal = sum(paid, Fraction(0))
        interest = Fraction(0)
        if loan.given is not None:
            stated = [amount for (m, _), amount in zip(loan.entries, loan.given, strict=True) if m == month]
            interest, owed, fresh = sum(map(Fraction, stated), Fraction(0)), Fraction(0), Fraction(0)
        elif month in interest_dues:
            interest, owed, fresh = owed + fresh, Fraction(0), Fraction(0)
        balance -= principal
        rows.append((opening, interest, principal, owed + fresh))
    return rows


def level_from(month, dues, interest_dues, balance, balloon, rate, tau):
    """The payment that repays the balance down to the balloon, interest from this month on included."""
    start = max([m for m in interest_dues if month <= m < dues[0]], default=month - 1)
    worth, discount = Fraction(0), Fraction(1)
    for due in dues:
        discount /= 1 + rate * sum(tau[start:due], Fraction(0))
        worth += discount
        start = due
    return (balance - balloon * discount) / worth


def kernel_terms(loan):
    """TERMS [1] and index [1, t] that make the kernel walk the loan's rates."""
    terms = plain_terms(1)
    fields = {
        "first": loan.first, "step": loan.step, "interest_first": loan.interest_first,
        "interest_step": loan.interest_step or loan.step, "monthly_until": loan.monthly_until, "balloon": loan.balloon,
        "basis": loan.tau is not None, "follows": -1 if loan.rates is None else 0, "end": len(loan.entries),
        "interest_given": loan.given is not None,
    }  # fmt: skip
    for name, value in fields.items():
        terms[name] = value
    last = loan.term + loan.extension
    rates = loan.rates or [loan.rate]
    return terms, np.array([(rates + rates[-1:] * last)[:last]])


def written(balance=None, **fields):
    """[opening, interest, principal, accrued] by month, from the kernel."""
    loan = balance if isinstance(balance, Loan) else Loan(balance, **fields)
    terms, index = kernel_terms(loan)
    last = loan.term + loan.extension
    tau = np.full((2, last), 1 / 12)
    if loan.tau is not None:
        tau[1] = np.array([float(x) for x in (loan.tau * last)[:last]])
    given = loan.given or [0.0] * len(loan.entries)
    rows = [(month, amount, stated) for (month, amount), stated in zip(loan.entries, given, strict=True)]
    entries = np.array(rows, dtype=terms_kernel.ENTRIES)
    scratch = np.full((6, last + 2), np.nan)
    about = float(loan.balance), float((loan.rates or [loan.rate])[0]), int(loan.kind), loan.term, terms[0], entries, tau, index
    if not loan.changed or loan.changed > loan.term:
        terms_kernel.write_schedule(*about, last, scratch)
        return scratch[:4, : loan.term]
    until = terms_kernel.write_changed(*about, loan.changed, loan.extension, float(loan.cut), last, scratch)
    return scratch[:4, :until]
