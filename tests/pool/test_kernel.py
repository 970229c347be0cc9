"""The pool kernel against a slow reading of the same contract in exact fractions, and its own laws."""

import ast
import os
import subprocess
import sys
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clo.pool import kernel
from clo.pool.kernel import Column, Kind

NO_DEFAULTS = np.zeros(0, dtype=np.int32), np.zeros(0)


def slow_schedule(balance, rate, kind, term, *, grace=0, step=1, interest_step=None, balloon=0, tau=None, first=None):
    """[(opening, interest, principal, accrued)], month by month, in fractions: due dates first, then the cash."""
    interest_step = interest_step or step
    tau = tau or [Fraction(1, 12)] * term
    first = first or min(grace + step, term)
    dues = [m for m in range(1, term + 1) if m == term or (m >= first and (m - first) % step == 0)]
    interest_first = first if interest_step == step else min(grace + interest_step, term)
    interest_dues = {
        m for m in range(1, term + 1) if m == term or (m >= interest_first and (m - interest_first) % interest_step == 0)
    }
    balance, rate, balloon = Fraction(balance), Fraction(rate), Fraction(balloon)
    periods = [sum(tau[a:b], Fraction(0)) for a, b in pairwise([grace, *dues])]
    discounts, factor = [], Fraction(1)
    for period in periods:
        factor /= 1 + rate * period
        discounts.append(factor)
    if kind == Kind.LEVEL_PAYMENT:
        level = (balance - balloon * discounts[-1]) / sum(discounts)
    rows, owed = [], Fraction(0)
    for month in range(1, term + 1):
        opening = balance
        owed += opening * rate * tau[month - 1]
        interest = principal = Fraction(0)
        if month in dues and kind == Kind.EQUAL_PRINCIPAL:
            principal = (Fraction(rows[0][0] if rows else balance) - balloon) / len(dues)
        elif month in dues and kind == Kind.LEVEL_PAYMENT:
            principal = level - opening * rate * periods[dues.index(month)]
        if month == term:
            principal = opening
        if month <= grace or month in interest_dues:
            interest, owed = owed, Fraction(0)
        balance -= principal
        rows.append((opening, interest, principal, owed))
    return rows


def kernel_schedule(balance, rate, kind, term, *, grace=0, step=1, interest_step=None, balloon=0.0, tau=None):
    interest_step = interest_step or step
    first, interest_first = min(grace + step, term), min(grace + interest_step, term)
    out = np.zeros((4, term))
    fractions = np.full(term, 1 / 12) if tau is None else np.asarray([float(x) for x in tau])
    kernel.schedule(
        float(balance), float(rate), int(kind), term, grace, first, step, interest_first, interest_step, float(balloon),
        fractions, term, *out,
    )  # fmt: skip
    return out


def sums(balance, rate, kind, term, *, months, default_month=None, loss=None, cell=None, cells=1):
    out = np.zeros((cells, len(kernel.Column), months + 1))
    n = len(balance)
    known = NO_DEFAULTS if default_month is None else (np.asarray(default_month, np.int32), np.asarray(loss, float))
    kernel.add_monthly_loans(
        np.asarray(balance, float), np.asarray(rate, float), np.asarray(kind, np.int8), np.asarray(term, np.int32),
        np.zeros(n, np.int32) if cell is None else np.asarray(cell, np.int32), *known,
        np.zeros(max(term) + kernel.LANES + 2), out,
    )  # fmt: skip
    return out


kinds = st.sampled_from(list(Kind))
rates = st.one_of(st.just(0.0), st.floats(1e-12, 1e-6), st.floats(0.001, 0.3), st.floats(0.3, 5.0))
loans = st.fixed_dictionaries({"balance": st.floats(1.0, 1e10), "rate": rates, "kind": kinds, "term": st.integers(1, 60)})


@st.composite
def terms(draw):
    """A loan of any terms the kernel knows, on any month lengths."""
    loan = draw(loans)
    term, kind = loan["term"], loan["kind"]
    loan["grace"] = draw(st.integers(0, term - 1))
    loan["step"] = draw(st.integers(1, 14))
    loan["interest_step"] = loan["step"] if kind == Kind.LEVEL_PAYMENT else draw(st.integers(1, 14))
    loan["balloon"] = 0.0 if kind == Kind.BULLET else loan["balance"] * draw(st.sampled_from([0.0, 0.3, 1.0]))
    days = draw(st.lists(st.integers(28, 31), min_size=term, max_size=term))
    loan["tau"] = draw(st.sampled_from([None, [Fraction(day, 365) for day in days]]))
    return loan


@given(terms())
def test_schedule_is_the_slow_one(loan):
    slow = np.array([[float(x) for x in row] for row in slow_schedule(**loan)]).T
    fast = kernel_schedule(**loan)
    size = loan["balance"] * (1 + loan["rate"] * loan["term"])
    np.testing.assert_allclose(fast, slow, rtol=0, atol=2e-13 * size)


@given(terms())
def test_laws_of_a_schedule(loan):
    opening, _, principal, accrued = kernel_schedule(**loan)
    balance = loan["balance"]
    assert opening[0] == balance
    assert principal.sum() == pytest.approx(balance, rel=1e-12)
    assert principal[-1] == opening[-1]  # so the balance after the last instalment is 0, exactly
    assert (opening >= 0).all()
    assert accrued[-1] == 0.0
    assert not principal[: loan["grace"]].any()


@given(loans)
def test_fast_path_is_the_general_one(loan):
    term, months = loan["term"], loan["term"]
    general = kernel_schedule(**loan)[:3]
    fast = np.zeros((1, len(kernel.Column), months))
    factor = np.zeros(term + kernel.LANES + 2)
    kernel.add_monthly_loan(loan["balance"], loan["rate"] / 12, int(loan["kind"]), term, months, factor, 0, fast)
    np.testing.assert_allclose(fast[0, :3], general, rtol=1e-12, atol=1e-12 * loan["balance"])
    assert fast[0, Column.OPENING, 0] == loan["balance"]
    assert fast[0, Column.PRINCIPAL, -1] == fast[0, Column.OPENING, -1]


def test_level_payments_are_level():
    _, interest, principal, _ = kernel_schedule(1e8, 0.03, Kind.LEVEL_PAYMENT, 360)
    np.testing.assert_allclose(interest + principal, (interest + principal)[0], rtol=1e-12)
    tau = [Fraction(day, 365) for day in [31, 28, 31, 30] * 30]
    _, interest, principal, _ = kernel_schedule(1e8, 0.03, Kind.LEVEL_PAYMENT, 120, step=3, tau=tau, balloon=2e7)
    paid = (interest + principal)[2::3]
    np.testing.assert_allclose(paid[:-1], paid[0], rtol=1e-12)
    assert paid[-1] - 2e7 == pytest.approx(paid[0], rel=1e-12)


@pytest.mark.parametrize("rate", [0.0, 1e-15, 1e-9, 2.0, 50.0])
def test_long_terms_and_odd_rates_stay_finite(rate):
    for kind in Kind:
        opening, interest, principal, _ = kernel_schedule(1e9, rate, kind, 1200)
        assert np.isfinite(interest).all()
        assert principal.sum() == pytest.approx(1e9, rel=1e-12)
        if rate == 0.0:
            assert not interest.any()
            expected = [0.0] * 1199 + [1e9] if kind == Kind.BULLET else [1e9 / 1200] * 1200
            np.testing.assert_allclose(principal, expected, rtol=1e-9)
        assert (opening >= 0).all()


@given(st.lists(loans, min_size=1, max_size=8), st.integers(1, 70), st.data())
def test_sums_with_known_defaults(pool, months, data):
    """Each loan read slowly: what is due before its default month, its exposure then, what the loss leaves of it."""
    default_month = [data.draw(st.integers(0, loan["term"])) for loan in pool]
    loss = [loan["balance"] * data.draw(st.sampled_from([0.0, 0.4, 2.0])) for loan in pool]
    columns = {name: [loan[name] for loan in pool] for name in ("balance", "rate", "kind", "term")}
    got = sums(**columns, months=months, default_month=default_month, loss=loss)[0]
    want = np.zeros((len(kernel.Column), months + 1))
    for loan, month, lost in zip(pool, default_month, loss, strict=True):
        for t, (opening, interest, principal, _) in enumerate(slow_schedule(**loan)[: months + 1], start=1):
            if 0 < month < t:
                break
            want[Column.OPENING, t - 1] += float(opening)
            if t == month:
                want[Column.DEFAULT, t - 1] += float(opening)
                want[Column.SALVAGE, t - 1] += max(0.0, float(opening) - lost)
                want[Column.EXCESS, t - 1] += max(0.0, lost - float(opening))
            else:
                want[Column.INTEREST, t - 1] += float(interest)
                want[Column.PRINCIPAL, t - 1] += float(principal)
    size = sum(loan["balance"] * (1 + loan["rate"] * loan["term"]) for loan in pool)
    np.testing.assert_allclose(got, want, rtol=0, atol=1e-12 * size)


def test_cells_are_kept_apart():
    columns = {"balance": [5.0, 7.0, 9.0], "rate": [0.01, 0.02, 0.03], "kind": [0, 1, 2], "term": [3, 4, 5]}
    together = sums(**columns, months=5, cell=[0, 1, 0], cells=2)
    pick = {name: [values[0], values[2]] for name, values in columns.items()}
    np.testing.assert_array_equal(together[0], sums(**pick, months=5)[0])


def test_loans_of_any_terms_sum_like_the_monthly_ones():
    rng = np.random.default_rng(3)
    n, months = 50, 30
    term = rng.integers(1, 50, n).astype(np.int32)
    balance, rate, kind = rng.uniform(1, 9, n), rng.uniform(0, 0.1, n), rng.integers(0, 3, n).astype(np.int8)
    month = np.where(rng.random(n) < 0.3, rng.integers(1, term + 1), 0).astype(np.int32)
    loss = balance / 2
    fast = sums(balance, rate, kind, term, months=months, default_month=month, loss=loss)
    one, none = np.ones(n, np.int32), np.zeros(n, np.int32)
    general = np.zeros_like(fast)
    kernel.add_loans(
        balance, rate, kind, term, none, one, one, one, one, np.zeros(n), none, np.full((1, 50), 1 / 12),
        none, month, loss, np.zeros((4, 60)), general,
    )  # fmt: skip
    np.testing.assert_allclose(general, fast, rtol=1e-12, atol=1e-12)


WITHOUT_JIT = """
import numpy as np
from clo.pool import kernel
out = np.zeros((1, len(kernel.Column), 13))
f = lambda x: np.array(x, float)
i = lambda x: np.array(x, np.int32)
b = np.array
kernel.add_monthly_loans(f([100, 200, 300]), f([.02, .03, .0]), b([0, 1, 2], np.int8), i([20, 12, 5]), i([0, 0, 0]),
    i([0, 4, 0]), f([0, 20, 0]), np.zeros(40), out)
kernel.add_loans(f([100, 200]), f([.02, .03]), b([0, 1], np.int8), i([12, 11]), i([2, 0]), i([5, 2]), i([3, 3]), i([5, 2]),
    i([3, 3]), f([10, 50]), i([0, 0]), np.full((1, 12), 1 / 365 * 30), i([0, 0]), i([0, 0]), f([0, 0]),
    np.zeros((4, 40)), out)
print(out.tobytes().hex())
"""


def test_plain_python_gives_the_compiled_numbers():
    """Interpreted and compiled runs may differ in the last bits: the compiler may fuse a product and a sum."""

    def outcome(disable):
        environment = {**os.environ, "NUMBA_DISABLE_JIT": disable}
        done = subprocess.run([sys.executable, "-c", WITHOUT_JIT], env=environment, capture_output=True, text=True, check=True)
        return np.frombuffer(bytes.fromhex(done.stdout.strip()))

    np.testing.assert_allclose(outcome("1"), outcome("0"), rtol=1e-14, atol=1e-13)


def test_kernel_is_complete_in_itself():
    """numba's cache does not see changes in other files, so a kernel file reads no other file of ours."""
    tree = ast.parse(Path(kernel.__file__).read_text("utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in names} <= {"numpy", "numba", "enum", "math", "typing", "__future__"}
