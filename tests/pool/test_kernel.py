"""The kernel of plain monthly loans against a slow reading of the same contract in exact fractions."""

import os
import subprocess
import sys

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from slow_contract import Loan, slow, written

from clo.pool import kernel
from clo.pool.kernel import Column, Kind

NO_DEFAULTS = np.zeros(0, dtype=np.int32), np.zeros(0)


def sums(balance, rate, kind, term, *, months, default_month=None, loss=None, cell=None, cells=1):
    out = np.zeros((cells, len(kernel.Column), months + 1))
    n = len(balance)
    known = NO_DEFAULTS if default_month is None else (np.asarray(default_month, np.int32), np.asarray(loss, float))
    kernel.add_monthly_loans(
        np.asarray(balance, float), np.asarray(rate, float), np.asarray(kind, np.int8), np.asarray(term, np.int32),
        np.zeros(n, np.int32) if cell is None else np.asarray(cell, np.int32), *known,
        0, 0, 0.0, np.zeros(max(term) + kernel.LANES + 2), out,
    )  # fmt: skip
    return out


kinds = st.sampled_from([Kind.EQUAL_PRINCIPAL, Kind.LEVEL_PAYMENT, Kind.BULLET])
rates = st.one_of(st.just(0.0), st.floats(1e-12, 1e-6), st.floats(0.001, 0.3), st.floats(0.3, 5.0))
loans = st.fixed_dictionaries({"balance": st.floats(1.0, 1e10), "rate": rates, "kind": kinds, "term": st.integers(1, 60)})


@given(loans)
def test_the_fast_path_is_the_general_one(loan):
    term = loan["term"]
    general = written(**loan)[:3]
    fast = np.zeros((1, len(kernel.Column), term))
    factor = np.zeros(term + kernel.LANES + 2)
    kernel.add_monthly_loan(loan["balance"], loan["rate"] / 12, int(loan["kind"]), term, term, factor, 0, fast)
    np.testing.assert_allclose(fast[0, :3], general, rtol=1e-12, atol=1e-12 * loan["balance"])
    assert fast[0, Column.OPENING, 0] == loan["balance"]
    assert fast[0, Column.PRINCIPAL, -1] == fast[0, Column.OPENING, -1]


@given(st.lists(loans, min_size=1, max_size=8), st.integers(1, 70), st.data())
def test_sums_with_known_defaults(pool, months, data):
    """Each loan read slowly: what is due before its default month, its exposure then, what the loss leaves of it."""
    default_month = [data.draw(st.integers(0, loan["term"])) for loan in pool]
    loss = [loan["balance"] * data.draw(st.sampled_from([0.0, 0.4, 2.0])) for loan in pool]
    columns = {name: [loan[name] for loan in pool] for name in ("balance", "rate", "kind", "term")}
    got = sums(**columns, months=months, default_month=default_month, loss=loss)[0]
    want = np.zeros((len(kernel.Column), months + 1))
    for loan, month, lost in zip(pool, default_month, loss, strict=True):
        for t, (opening, interest, principal, _) in enumerate(slow(Loan(**loan))[: months + 1], start=1):
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


WITHOUT_JIT = """
import numpy as np
from clo.pool import kernel, terms_kernel
from clo.pool.instalments import plain_terms
out = np.zeros((1, len(kernel.Column), 13))
f = lambda x: np.array(x, float)
i = lambda x: np.array(x, np.int32)
b = np.array
kernel.add_monthly_loans(f([100, 200, 300]), f([.02, .03, .0]), b([0, 1, 2], np.int8), i([20, 12, 5]), i([0, 0, 0]),
    i([0, 4, 0]), f([0, 20, 0]), 0, 0, 0.0, np.zeros(40), out)
terms = plain_terms(3)
given = {"first": [5, 2, 1], "step": [3, 3, 1], "interest_first": [2, 2, 1], "interest_step": [3, 3, 4], "balloon": [10, 50, 0],
    "basis": [1, 0, 0], "follows": [0, 0, -1], "first_reset": [2, 3, 1], "reset_step": [3, 5, 1], "end": [0, 0, 2]}
for name, values in given.items():
    terms[name] = values
terms_kernel.add_loans(f([100, 200, 30]), f([.02, .03, .01]), b([0, 1, 3], np.int8), i([12, 11, 9]), i([0, 0, 0]), terms,
    b([(3, 10, 0), (7, 20, 0)], terms_kernel.ENTRIES), np.stack([np.full(20, 1 / 12), np.full(20, 30 / 365)]),
    np.linspace(.01, .09, 20)[None], 6, 4, .01, i([0, 4, 0]), f([0, 20, 0]), f([5, 5, 5]), f([1, 1, 1]), f([.5, .5, .5]),
    np.zeros((6, 40)), out)
print(out.tobytes().hex())
"""


def test_plain_python_gives_the_compiled_numbers():
    """Interpreted and compiled runs may differ in the last bits: the compiler may fuse a product and a sum."""

    def outcome(disable):
        environment = {**os.environ, "NUMBA_DISABLE_JIT": disable}
        done = subprocess.run([sys.executable, "-c", WITHOUT_JIT], env=environment, capture_output=True, text=True, check=True)
        return np.frombuffer(bytes.fromhex(done.stdout.strip()))

    np.testing.assert_allclose(outcome("1"), outcome("0"), rtol=1e-14, atol=1e-13)
