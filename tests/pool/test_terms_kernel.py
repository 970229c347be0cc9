"""The general kernel against a slow reading of the same contract in exact fractions, and its own laws."""

import ast
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from slow_contract import Loan, kernel_terms, slow, written

from clo.pool import kernel, terms_kernel
from clo.pool.kernel import Column, Kind

kinds = st.sampled_from([Kind.EQUAL_PRINCIPAL, Kind.LEVEL_PAYMENT, Kind.BULLET])
rates = st.one_of(st.just(0.0), st.floats(1e-12, 1e-6), st.floats(0.001, 0.3), st.floats(0.3, 5.0))
days = st.lists(st.integers(28, 31), min_size=1, max_size=12).map(lambda days: [Fraction(day, 365) for day in days])


@st.composite
def terms(draw):
    """A loan of any terms the kernel knows, on any month lengths."""
    balance, kind, term = draw(st.floats(1.0, 1e10)), draw(kinds), draw(st.integers(1, 60))
    loan = Loan(balance, draw(rates), kind, term)
    loan.grace = draw(st.integers(0, term - 1)) if kind != Kind.BULLET else 0
    loan.step = draw(st.integers(1, 14))
    loan.interest_step = loan.step if kind == Kind.LEVEL_PAYMENT else draw(st.integers(1, 14))
    loan.monthly_until = draw(st.sampled_from([0, loan.grace]))
    loan.balloon = 0.0 if kind == Kind.BULLET else balance * draw(st.sampled_from([0.0, 0.3, 1.0]))
    loan.tau = draw(st.one_of(st.none(), days))
    return loan


@st.composite
def changing(draw):
    """Rates that are set anew, new terms, or both."""
    loan = draw(terms())
    loan.rate = min(loan.rate, 0.5)
    loan.rates = draw(st.one_of(st.none(), st.lists(st.sampled_from([0.0, 0.01, 0.02, 0.2]), min_size=1, max_size=60)))
    if draw(st.booleans()):
        loan.changed, loan.extension, loan.cut = (
            draw(st.integers(1, loan.term)),
            draw(st.integers(0, 30)),
            draw(st.floats(0, 0.03)),
        )
    return loan


@st.composite
def supplied(draw):
    """A schedule of its own, with interest computed or given; new terms only where it is computed."""
    term = draw(st.integers(1, 40))
    months = sorted(draw(st.lists(st.integers(1, term), min_size=1, max_size=8)))
    amounts = [float(draw(st.integers(0, 1000))) for _ in months[1:]] + [1.0]
    loan = Loan(sum(amounts), draw(st.floats(0, 0.2)), Kind.SCHEDULE, term, interest_step=draw(st.integers(1, 14)))
    loan.entries = list(zip(months, amounts, strict=True))
    if draw(st.booleans()):
        loan.given = [float(draw(st.integers(0, 9))) for _ in months]
    elif draw(st.booleans()):
        loan.changed, loan.extension, loan.cut = draw(st.integers(1, term)), draw(st.integers(0, 30)), draw(st.floats(0, 0.03))
    return loan


@given(st.one_of(terms(), changing(), supplied()))
def test_a_schedule_is_the_slow_one(loan):
    want = np.array([[float(x) for x in row] for row in slow(loan)]).T
    size = loan.balance * (1 + max(loan.rates or [loan.rate]) * loan.term)
    np.testing.assert_allclose(written(loan), want, rtol=0, atol=4e-13 * size)


@given(st.one_of(terms(), changing(), supplied()))
def test_laws_of_a_schedule(loan):
    opening, interest, principal, accrued = written(loan)
    assert opening[0] == loan.balance
    assert principal.sum() == pytest.approx(loan.balance, rel=1e-12)
    assert principal[-1] == opening[-1]  # so the balance after the last instalment is 0, exactly
    assert (opening >= -1e-12 * loan.balance).all()
    assert accrued[-1] == 0.0
    assert (interest >= 0).all()
    assert not principal[: loan.grace].any()


def test_new_terms_are_those_of_a_loan_of_the_balance_then():
    old = written(1200.0, rate=0.06, kind=Kind.EQUAL_PRINCIPAL, term=24)
    new = written(1200.0, rate=0.06, kind=Kind.EQUAL_PRINCIPAL, term=24, changed=13, extension=12, cut=0.02)
    np.testing.assert_array_equal(new[:, :12], old[:, :12])
    np.testing.assert_allclose(new[:, 12:], written(600.0, rate=0.04, kind=Kind.EQUAL_PRINCIPAL, term=24), rtol=1e-12)


def test_a_payment_is_level_until_the_rate_changes():
    _, interest, principal, _ = written(1e6, rate=0.0, kind=Kind.LEVEL_PAYMENT, term=60, rates=[0.01] * 24 + [0.03])
    paid = interest + principal
    np.testing.assert_allclose(paid[:24], paid[0], rtol=1e-12)
    np.testing.assert_allclose(paid[24:], paid[24], rtol=1e-12)
    assert paid[24] > paid[0]


def test_a_reset_that_changes_nothing_changes_nothing():
    for step in (1, 3):
        fixed = written(1e6, rate=0.02, kind=Kind.LEVEL_PAYMENT, term=50, step=step)
        np.testing.assert_array_equal(written(1e6, rate=0.02, kind=Kind.LEVEL_PAYMENT, term=50, step=step, rates=[0.02]), fixed)


@pytest.mark.parametrize("rate", [0.0, 1e-15, 1e-9, 2.0, 50.0])
def test_long_terms_and_odd_rates_stay_finite(rate):
    for kind in (Kind.EQUAL_PRINCIPAL, Kind.LEVEL_PAYMENT, Kind.BULLET):
        for rates in (None, [rate, rate / 2] * 600):
            opening, interest, principal, _ = written(1e9, rate=rate, kind=kind, term=1200, rates=rates)
            assert np.isfinite(interest).all()
            assert principal.sum() == pytest.approx(1e9, rel=1e-12)
            assert (opening >= 0).all()


@given(terms(), st.lists(st.floats(-0.02, 0.1), min_size=5, max_size=5), st.data())
def test_a_rate_resets_within_its_limits(loan, fixings, data):
    """Every index, margin, limit and reset month against a rate path made first."""
    margin, first_cap, periodic_cap = (data.draw(st.sampled_from([0.0, 0.005, 0.02])) for _ in range(3))
    first, every = data.draw(st.integers(1, 10)), data.draw(st.integers(1, 12))
    path, rate, change = [], loan.rate, first_cap
    for month in range(loan.term):
        if month >= first and (month - first) % every == 0:
            rate = min(max(fixings[month % 5] + margin, rate - change), rate + change)
            rate, change = max(0.001, min(0.09, rate)), periodic_cap
        path.append(rate)
    own, _ = kernel_terms_of(loan, follows=0, margin=margin, cap=0.09, floor=0.001, first_cap=first_cap,
                             periodic_cap=periodic_cap, first_reset=first, reset_step=every)  # fmt: skip
    index = np.array([[fixings[month % 5] for month in range(loan.term)]])
    tau = np.full((2, loan.term), 1 / 12)
    if loan.tau is not None:
        tau[1] = [float(x) for x in (loan.tau * loan.term)[: loan.term]]
    scratch = np.zeros((6, loan.term + 2))
    nothing = np.zeros(0, dtype=terms_kernel.ENTRIES)
    terms_kernel.write_schedule(
        loan.balance, loan.rate, int(loan.kind), loan.term, own[0], nothing, tau, index, loan.term, scratch
    )
    loan.rates = path
    np.testing.assert_allclose(scratch[:4, : loan.term], written(loan), rtol=0, atol=1e-12 * loan.balance * (1 + max(path)))


def kernel_terms_of(loan, **fields):
    own, index = kernel_terms(loan)
    for name, value in fields.items():
        own[name] = value
    return own, index


def test_codes_are_those_of_the_enums():
    assert [getattr(terms_kernel, kind.name) for kind in Kind] == list(Kind)
    assert [getattr(terms_kernel, column.name) for column in Column] == list(Column)
    assert [getattr(kernel, kind.name) for kind in Kind if kind != Kind.SCHEDULE] == [0, 1, 2]
    assert [getattr(kernel, column.name) for column in list(Column)[:7]] == list(range(7))


@pytest.mark.parametrize("module", [kernel, terms_kernel], ids=["kernel", "terms_kernel"])
def test_a_kernel_is_complete_in_itself(module):
    """numba's cache does not see changes in other files, so a kernel file reads no other file of ours."""
    tree = ast.parse(Path(module.__file__).read_text("utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in names} <= {"numpy", "numba", "enum", "math", "typing", "__future__"}
