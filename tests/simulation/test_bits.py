"""The same bits for any number of threads and any block; a scenario alone, and an obligor beside others, as they were."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import simulated

import clo
from clo.scenarios import kernel
from clo.simulation.blocks import CHUNK
from clo.simulation.result import Simulation
from clo.tape.loans import Loans

pytestmark = pytest.mark.compiled

ASSUMED: dict[str, Any] = {
    "correlation": {"market": 0.1, "industry": 0.1}, "degrees": 6, "recovery": {"spread": 0.5, "market": 0.3},
}  # fmt: skip


def simulate(scenarios: int, loans: Loans | None = None, **options: Any) -> Simulation:
    given = {"seed": 2, "simulation": ASSUMED, "cpr": 0.05} | options
    return clo.simulate(simulated.deal(), scenarios, loans=loans or simulated.loans(), **given)


def test_threads_change_no_bit() -> None:
    one, three = simulate(CHUNK * 2 + 1_001, threads=1), simulate(CHUNK * 2 + 1_001, threads=3)
    pd.testing.assert_frame_equal(one.tranches, three.tranches, check_exact=True)
    assert all((one.losses(name) == three.losses(name)).all() for name in one.names)


@pytest.mark.parametrize("block", [4, 64, 100, 4_096])
def test_blocks_change_no_bit(block: int) -> None:
    sim = simulate(1_000)
    whole = sim.engine.run(0, 1_000)
    sim.engine.block = block
    again = sim.engine.run(0, 1_000)
    for name in ("loss", "life", "unpaid", "pool", "log_weight"):
        assert np.array_equal(getattr(whole, name), getattr(again, name), equal_nan=True), name


def test_a_scenario_alone_is_the_one_of_the_batch() -> None:
    sim = simulate(CHUNK + 400)
    for scenario in (0, 4, CHUNK - 4, CHUNK + 396):
        alone = sim.engine.run(scenario, 1)
        sizes = sim.tally.sizes
        assert (alone.loss[:, 0] / sizes == [sim.losses(name)[scenario] for name in sim.names]).all()


def test_more_scenarios_leave_the_first_as_they_were() -> None:
    few, many = simulate(500), simulate(900)
    assert all((few.losses(name) == many.losses(name)[:500]).all() for name in few.names)


def test_a_loan_more_leaves_the_default_months_of_all_others() -> None:
    frame = simulated.frame()
    more = pd.concat([frame.iloc[[0]].assign(loan_id="new", obligor_id="new", industry_code="Z"), frame], ignore_index=True)
    before, after = simulate(300), simulate(300, Loans.from_frame(more.iloc[::-1].reset_index(drop=True), check=False))
    assert len(after.engine.model.names) == len(before.engine.model.names) + 1
    for scenario in range(0, 300, 23):
        old, new = before.default_months(scenario), after.default_months(scenario)
        pd.testing.assert_series_equal(new.loc[old.index], old)


def test_another_seed_is_another_simulation() -> None:
    one, two = simulate(2_000), simulate(2_000, seed=3)
    correlation = np.corrcoef(one.pool_losses, two.pool_losses)[0, 1]
    assert abs(correlation) < 4.0 / np.sqrt(2_000)


def test_the_quick_way_finds_every_default_of_the_plain_way() -> None:
    """`fill_block` rules out most obligors by a table; `default_months` evaluates every draw."""
    sim = simulate(256, simulation={"correlation": {"market": 0.4, "region": 0.3}, "degrees": 3})
    exposure, rows = sim.engine.tables.exposure, sim.engine.tables.rows
    for scenario in range(256):
        months = sim.default_months(scenario).to_numpy()
        gone = sum(exposure[rows[i] : rows[i + 1], months[i] - 1].sum() for i in np.flatnonzero(months))
        pool = sim.engine.run(scenario // kernel.LANES * kernel.LANES, kernel.LANES).pool[0, scenario % kernel.LANES]
        assert gone == pytest.approx(pool, rel=1e-13)


def test_obligors_of_a_group_default_together() -> None:
    sim = simulate(200, simulation=ASSUMED | {"group_by": "group_id"})
    grouped = simulated.frame().dropna(subset=["group_id"])
    assert f"group {grouped['group_id'].iloc[0]}" in sim.engine.model.names
    hit = [s for s in range(200) if sim.default_months(s)["group group-0"] == 3]
    tape = pd.concat([loans.frame for loans in sim.replay(hit[0]).pools.values()])
    assert tape.loc[tape["group_id"] == "group-0", "default_date"].dropna().nunique() == 1
