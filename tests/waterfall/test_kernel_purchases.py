"""What the machine remembers of purchases, and what they grow to, against plain Python; and one compile for every deal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from test_kernel_machine import A, B, machine

from clo.waterfall.kernel import Op

Floats = NDArray[np.float64]
FLOW, AT_END, AT_START = 0, 1, 2
BOUGHT, GIVEN, LEFT, BEFORE = 4, 5, 6, 7
MONTHS = [[0, 1, 2, 3, 4], [0, 3, 6, 9, 12], [0, 2, 3, 6, 7]]
"""Months behind each of four payments: monthly, quarterly, a long first period."""


def grown(bought: Floats, series: Floats, first: list[int], how: int) -> Floats:
    """[t, s]: what the purchases of earlier dates give, one scenario, date and purchase at a time."""
    dates, scenarios = bought.shape
    out = np.zeros((dates, scenarios))
    for s in range(scenarios):
        for t in range(dates):
            for u in range(t):
                begin, end = first[t] - first[u + 1], first[t + 1] - first[u + 1]  # its age in months
                at_end = series[end, s]
                part = {FLOW: at_end - series[begin, s], AT_END: at_end, AT_START: series[begin, s]}[how]
                out[t, s] += bought[u, s] * part
    return out


def purchases(first: list[int], scenarios: int, *, compiled: bool) -> tuple[Floats, Floats, Floats]:
    """Every slot [k, t, s] of a machine that buys at the end of each date, the amounts [t, s] and the series [q, m, s]."""
    rng = np.random.default_rng(first[-1] + scenarios)
    amounts = rng.uniform(0, 100, (2, len(first) - 1, scenarios))
    units = rng.uniform(0, 1, (2, first[-1] + 1, scenarios))
    ops = [
        (Op.INPUT, A, 0),
        (Op.INPUT, B, 1),
        (Op.GROWN, GIVEN, 0, 0, FLOW),
        (Op.GROWN, LEFT, 1, 1, AT_END),
        (Op.GROWN, BEFORE, 1, 1, AT_START),
        (Op.REMEMBER, 0, 0, A),
        (Op.REMEMBER, 0, 1, B),
    ]
    out, _, _ = machine(ops, amounts, units=units, first_month=first, purchases=2, compiled=compiled)
    return out, amounts, units


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("scenarios", [1, 5, 64])
@pytest.mark.parametrize("first", MONTHS, ids=["monthly", "quarterly", "uneven"])
def test_what_was_bought_grows(first: list[int], scenarios: int, compiled: bool) -> None:
    out, amounts, units = purchases(first, scenarios, compiled=compiled)
    np.testing.assert_array_equal(out[GIVEN], grown(amounts[0], units[0], first, FLOW))
    np.testing.assert_array_equal(out[LEFT], grown(amounts[1], units[1], first, AT_END))
    np.testing.assert_array_equal(out[BEFORE], grown(amounts[1], units[1], first, AT_START))


@pytest.mark.parametrize("compiled", [False, True])
def test_on_the_first_date_nothing_was_bought_whatever_the_storage_held(compiled: bool) -> None:
    """The history is filled in from date to date; before that it holds no numbers."""
    out, _, _ = purchases(MONTHS[0], 3, compiled=compiled)
    assert (out[[GIVEN, LEFT, BEFORE], 0] == 0).all()
    assert np.isfinite(out[[GIVEN, LEFT, BEFORE]]).all()


@pytest.mark.parametrize("compiled", [False, True])
def test_a_purchase_by_hand(compiled: bool) -> None:
    """100 bought on the first date, 50 on the second; a unit pays 0.1, 0.2, 0.3 and 0.4 in its first four months.

    On the second date 100 have paid 10; on the third 20, and the 50 another 5; on the fourth 30 and 10.
    """
    paid = np.cumsum([0.0, 0.1, 0.2, 0.3, 0.4])
    amounts = np.array([100.0, 50.0, 0.0, 0.0]).reshape(1, 4, 1)
    ops = [(Op.INPUT, A, 0), (Op.GROWN, GIVEN, 0, 0, FLOW), (Op.GROWN, LEFT, 0, 1, AT_END), (Op.GROWN, BEFORE, 0, 1, AT_START)]
    units = np.stack([paid, 1.0 - paid])[:, :, None]
    out, _, _ = machine([*ops, (Op.REMEMBER, 0, 0, A)], amounts, units=units, purchases=1, compiled=compiled)
    np.testing.assert_allclose(out[GIVEN, :, 0], [0, 10, 25, 40])
    np.testing.assert_allclose(out[BEFORE, :, 0], [0, 100, 90 + 50, 70 + 45])
    np.testing.assert_allclose(out[LEFT, :, 0], [0, 90, 70 + 45, 40 + 35])


def test_what_is_remembered_is_what_stands_when_it_is_remembered() -> None:
    """A slot that changes after it is remembered changes nothing; the last of two on a date counts."""
    amounts = np.array([1.0, 2.0, 4.0]).reshape(1, 3, 1)
    series = np.ones((1, 4, 1))
    early = [(Op.GROWN, LEFT, 0, 0, AT_END), (Op.INPUT, A, 0), (Op.REMEMBER, 0, 0, A), (Op.ADD, A, A, A)]
    out, _, _ = machine(early, amounts, units=series, purchases=1)
    assert out[LEFT, :, 0].tolist() == [0, 1, 3]
    out, _, _ = machine([*early, (Op.REMEMBER, 0, 0, A)], amounts, units=series, purchases=1)
    assert out[LEFT, :, 0].tolist() == [0, 2, 6]


def test_purchases_of_a_scenario_are_its_own() -> None:
    """A scenario is the same alone and in company."""
    out, amounts, units = purchases(MONTHS[1], 40, compiled=True)
    ops = [(Op.INPUT, A, 0), (Op.INPUT, B, 1), (Op.GROWN, GIVEN, 0, 0, FLOW), (Op.GROWN, LEFT, 1, 1, AT_END)]
    ops += [(Op.REMEMBER, 0, 0, A), (Op.REMEMBER, 0, 1, B)]
    for s in range(40):
        part = slice(s, s + 1)
        alone, _, _ = machine(ops, amounts[:, :, part], units=units[:, :, part], first_month=MONTHS[1], purchases=2)
        np.testing.assert_array_equal(alone[[GIVEN, LEFT], :, 0], out[[GIVEN, LEFT], :, s])


# ---- one compile serves every deal, and every number of scenarios

PROGRAM = """
import json, sys
sys.path[:0] = [sys.argv[1], sys.argv[2]]
from shapes import differences
from clo.waterfall import kernel
found = differences()
print(json.dumps([found, len(kernel.run_block.signatures)]))
"""


def test_one_compile_serves_every_deal_and_blocks_show_in_no_bit() -> None:
    """In a process of its own: deals of very different shape, 1 to 3,000 scenarios, several blocks and a partial one."""
    tests = Path(__file__).parents[1]
    environment = os.environ | {"NUMBA_DISABLE_JIT": "0", "PYTHONPATH": str(tests.parent)}
    command = [sys.executable, "-c", PROGRAM, str(tests), str(tests / "waterfall")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    different, signatures = json.loads(done.stdout)
    assert different == {}
    assert signatures == 1
