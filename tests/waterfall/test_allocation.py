"""Pool flows through a program: what is gathered, blocks and threads, breaches, leaks, sizes that do not fit."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from by_hand import DEALS, of, run, spelled, tape, terms

import clo
from clo.behaviour.assumptions import Assumptions
from clo.deal.checks import timeline_of
from clo.deal.structures import spelled_out
from clo.findings import DealError
from clo.pool.projection import Flow, PoolFlows, project
from clo.study import preparing, resolve_pools
from clo.timeline import Timeline
from clo.waterfall import allocation
from clo.waterfall.allocation import DealFlows, Reads, allocate, run_program
from clo.waterfall.binding import bind
from clo.waterfall.compile import compile_deal
from clo.waterfall.compiling import TALLY
from clo.waterfall.gathering import Outside, gather, period_table, unit_series
from clo.waterfall.kernel import Op
from clo.waterfall.program import Program

PURCHASE_08 = DEALS / "purchase-08.yaml"
STEPS = (
    {"pay": {"fee": "servicer", "from": "collections"}},
    {"pay": {"interest": ["senior", "mezzanine"], "from": "collections"}},
    {"pay": {"principal": ["senior", "mezzanine"], "from": "collections"}},
)


@dataclasses.dataclass(frozen=True)
class Batch:
    """Purchase-type No. 8 under several assumptions at once."""

    deal: clo.Deal
    timeline: Timeline
    program: Program
    flows: PoolFlows

    def allocated(self, flows: PoolFlows | None = None, **options: Any) -> DealFlows:
        return allocate(self.deal, self.program, self.flows if flows is None else flows, self.timeline, **options)


ASSUMED = [Assumptions(cdr=cdr, cpr=cpr, recovery=0.1, recovery_lag=12) for cdr in (0.0, 0.02, 0.1, 0.4) for cpr in (0.0, 0.05)]


@pytest.fixture(scope="module")
def batch() -> Batch:
    deal = spelled_out(clo.load_deal(PURCHASE_08))
    timeline = timeline_of(deal)
    assert isinstance(timeline, Timeline)
    pools = resolve_pools(deal, None).loans
    flows = project(pools, ASSUMED, period_ends=timeline.period_ends, cutoff=deal.dates.cutoff)
    program = bind(compile_deal(deal), deal, {name: pool.balance for name, pool in pools.items()})
    return Batch(deal, timeline, program, flows)


def one(flows: PoolFlows, scenario: int) -> PoolFlows:
    part = slice(scenario, scenario + 1)
    return dataclasses.replace(
        flows,
        amounts=flows.amounts[:, :, :, part],
        lost_recovery=flows.lost_recovery[:, part],
        outstanding=flows.outstanding[:, part],
    )


def test_inputs_are_sums_over_the_months_and_pools_of_a_payment(batch: Batch) -> None:
    quarterly = batch.deal.model_copy(
        update={
            "payments": batch.deal.payments.model_copy(update={"frequency": "quarterly"}),
            "dates": batch.deal.dates.model_copy(update={"first_payment": batch.timeline.payment_dates[2].item()}),
        }
    )
    timeline = timeline_of(quarterly)
    assert isinstance(timeline, Timeline)
    assert timeline.first_month[:3].tolist() == [0, 3, 6]
    inputs = gather(batch.program, batch.flows, timeline)
    for n, (pool, quantity) in enumerate(batch.program.inputs):
        groups = slice(None) if pool == "pool" else [batch.flows.groups.index(pool)]
        column = Flow.closing if quantity in ("balance", "opening") else Flow[quantity]
        monthly = batch.flows.amounts[column, groups].sum(axis=0)
        for t in (0, 1, 5):
            months = slice(timeline.first_month[t], timeline.first_month[t + 1])
            if quantity == "balance":
                expected = monthly[months.stop - 1]
            elif quantity == "opening":
                expected = monthly[months.start - 1] if t else np.full(len(ASSUMED), 13.5e9)
            else:
                expected = monthly[months].sum(axis=0)
            np.testing.assert_allclose(inputs[n, t], expected, rtol=1e-13)


def test_a_scenario_alone_is_the_same_to_the_last_bit(batch: Batch) -> None:
    together = batch.allocated()
    for s in range(len(ASSUMED)):
        alone = batch.allocated(one(batch.flows, s))
        np.testing.assert_array_equal(alone.kept[:, :, 0], together.kept[:, :, s])
        assert alone.leak[0] == together.leak[s]


@pytest.mark.parametrize("block", [1, 3, 5, 256])
@pytest.mark.parametrize("threads", [1, 3])
def test_blocks_and_threads_show_in_no_bit(batch: Batch, block: int, threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    together = batch.allocated()
    monkeypatch.setattr(allocation, "block_size", lambda _: block)
    again = batch.allocated(threads=threads)
    np.testing.assert_array_equal(again.kept, together.kept)
    np.testing.assert_array_equal(again.leak, together.leak)
    np.testing.assert_array_equal(again.breach, together.breach)


def test_a_run_of_a_deal_is_a_scenario_of_the_batch(batch: Batch) -> None:
    together = batch.allocated()
    result = clo.run(clo.load_deal(PURCHASE_08), cdr=0.1, cpr=0.05)
    np.testing.assert_array_equal(result.flows.kept[:, :, 0], together.kept[:, :, ASSUMED.index(ASSUMED[5])])


def test_without_a_trace_balances_are_the_same(batch: Batch) -> None:
    bare = bind(compile_deal(batch.deal, trace=False), batch.deal, initial(batch))
    slots = [bare.symbols.slots[f"{name}.balance"] for name in ("senior", "mezzanine", "subordinated", "collections")]
    reads = Reads(
        period_table(bare, batch.deal, batch.timeline, Outside()),
        gather(bare, batch.flows, batch.timeline),
        unit_series(bare, batch.flows),
        batch.timeline.first_month,
    )
    kept, leak, _ = run_program(bare, reads, np.array(slots, dtype=np.int32), tolerance=1e-4)
    whole = batch.allocated()
    for row, name in enumerate(("senior", "mezzanine", "subordinated", "collections")):
        for s in range(len(ASSUMED)):
            np.testing.assert_array_equal(kept[row, :, s], whole.value(f"{name}.balance", s))
    np.testing.assert_array_equal(leak, whole.leak)


def initial(batch: Batch) -> dict[str, float]:
    return {group: float(batch.flows.amounts[Flow.opening, g, 0, 0]) for g, group in enumerate(batch.flows.groups)}


def test_binding_says_what_depends_on_the_loans(batch: Batch) -> None:
    numbers = {name: float(batch.program.params[slot]) for name, slot in batch.program.symbols.params.items()}
    assert (numbers["pool.initial"], numbers["own.initial"], numbers["institutions.initial"]) == (13.5e9, 10.5e9, 3e9)
    assert numbers["subordinated.size"] == 1.42e9
    flows = batch.allocated()
    assert flows.parameter("senior.size") == 11.9e9
    assert flows.scenarios == len(ASSUMED)
    with pytest.raises(KeyError, match="was not recorded"):
        flows.slot(10_000)


@pytest.mark.parametrize(
    ("size", "message"),
    [
        (30_000, "senior 30,000 + mezzanine 5,000 exceed the pool of 24,000 by 11,000; nothing is left for 'junior'"),
        (19_001, "exceed the pool of 24,000 by 1; nothing is left"),
    ],
)
def test_tranches_beyond_the_pool(size: int, message: str) -> None:
    deal = terms(
        tranches={"senior": {"size": size, "coupon": 0}, "mezzanine": {"size": 5_000, "coupon": 0}, "junior": {"size": "rest"}}
    )
    with pytest.raises(DealError, match="E-D070") as caught:
        run(deal)
    assert message in str(caught.value)


@pytest.mark.parametrize(("size", "left"), [(3_000, "1,000 unallocated"), (5_000, "-1,000 unallocated")])
def test_tranches_that_do_not_add_up(size: int, left: str) -> None:
    notes = {"senior": {"size": 15_000, "coupon": 0}, "mezzanine": {"size": 5_000, "coupon": 0}, "junior": {"size": size}}
    with pytest.raises(DealError) as caught:
        run(terms(tranches=notes))
    (found,) = caught.value.findings
    assert found.message == f"senior 15,000 + mezzanine 5,000 + junior {size:,} = {20_000 + size:,}; pool 24,000: {left}"


# ---- amounts that are none


@pytest.mark.parametrize("rounding", ["down", "half_up", "none"])
@pytest.mark.parametrize(
    ("amount", "asked"),
    [
        ("0 - 5", "-5"),
        ("collections.balance - pool.interest - 4_050", "-50"),
        ("(pool.balance - pool.balance) / (0 * pool.balance)", "nan"),
    ],
)
@pytest.mark.parametrize("verb", ["transfer", "pay"])
def test_an_amount_below_nothing_or_no_number_is_a_breach(rounding: str, amount: str, asked: str, verb: str) -> None:
    """The run says so, at the step and date; nothing moves there, and cash is still conserved."""
    if verb == "pay":
        step: dict[str, Any] = {"pay": {"principal": "senior", "from": "collections", "amount": amount}}
    else:
        step = {"transfer": {"from": "collections", "to": "spare", "amount": amount}}
    back = {"transfer": {"from": "spare", "to": "collections", "amount": "spare.balance"}}
    result = run(spelled(step, back, *STEPS, accounts={"collections": {}, "spare": {}}, rounding=rounding))
    assert not result.ok
    failed = result.checks.loc[~result.checks["ok"], "check"]
    assert list(failed) == ["every amount is a number, 0 or more"]
    (found,) = [finding for finding in result.findings if finding.code == "E-R201"]
    assert found.severity == "error"
    assert found.path == f"waterfall[1].{verb}"
    claim = "senior.principal" if verb == "pay" else "spare.transfer"
    assert found.message.startswith(f"step 2 ({claim}) asked for {asked} on 2020-")
    assert found.message.endswith("; nothing was moved")
    assert "an amount is a number, 0 or more" in found.rule
    assert all(result.waterfall(period)["paid"].notna().all() for period in range(1, 5))
    assert result.ledger["amount"].notna().all()
    assert (result.ledger["amount"] > 0).all()


def test_a_breach_names_the_first_date(batch: Batch) -> None:
    step = {"transfer": {"from": "collections", "to": "spare", "amount": "pool.balance - 13_000"}}
    back = {"transfer": {"from": "spare", "to": "collections", "amount": "spare.balance"}}
    result = run(spelled(step, back, *STEPS, accounts={"collections": {}, "spare": {}}))
    (found,) = [finding for finding in result.findings if finding.code == "E-R201"]
    assert "asked for -1,000 on 2020-07-15" in found.message


def test_division_by_what_becomes_nothing_is_seen() -> None:
    """At the end pool.balance is 0: what divides by it is not known, and a step that depends on it is a breach."""
    trigger = {"odd": {"when": "pool.default / pool.balance > 1 or pool.default / pool.balance <= 1"}}
    pay = {"pay": STEPS[0]["pay"] | {"if": "odd or not odd"}}
    result = run(spelled(pay, *STEPS[1:], triggers=trigger))
    assert list(result.triggers["breached"]) == [True, True, True, False]
    assert not result.ok
    (found,) = [finding for finding in result.findings if finding.code == "E-R201"]
    assert "step 2 (servicer.fee) asked for nan on 2020-08-15" in found.message


def test_a_guarded_division_is_sound() -> None:
    trigger = {"odd": {"when": "pool.balance == 0 or pool.default / pool.balance > 1"}}
    pay = {"pay": STEPS[0]["pay"] | {"if": "odd or not odd"}}
    result = run(spelled(pay, *STEPS[1:], triggers=trigger))
    assert result.ok
    assert list(result.triggers["breached"]) == [False, False, False, True]


# ---- leaks


def tampered(monkeypatch: pytest.MonkeyPatch, change: Any) -> clo.Result:
    """The deal by hand run with a program that was changed after compiling."""
    monkeypatch.setattr(preparing, "compiled", lambda deal: (change(compile_deal(deal)), []))
    return run(terms())


def off_the_sheet(program: Program, name: str) -> Program:
    weights = program.balance_sheet.copy()
    weights[program.symbols.slots[name]] = 0.0
    return dataclasses.replace(program, balance_sheet=weights)


@pytest.mark.parametrize("name", ["received:investors", "received:seller", "received:servicer", TALLY])
def test_cash_to_a_slot_off_the_balance_sheet_is_a_leak(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    result = tampered(monkeypatch, lambda program: off_the_sheet(program, name))
    assert not result.ok
    checks = result.checks.set_index("check")
    assert not checks.loc["cash in - cash out = change in cash", "ok"]
    (found,) = [finding for finding in result.findings if finding.code == "E-R202"]
    assert "cash in, cash out and cash held differ by" in found.message
    assert found.fix == "report this as a defect of clo"


def test_a_payment_into_nowhere_is_a_leak(monkeypatch: pytest.MonkeyPatch) -> None:
    """The senior interest goes to a slot that is nobody's: 75, 55, 35 and 15 are gone."""

    def change(program: Program) -> Program:
        ops = program.ops.copy()
        movement = next(m for m in program.symbols.movements if m.claim == "senior.interest")
        ops[movement.op, 3] = program.symbols.slots["senior.interest_due"]
        return dataclasses.replace(program, ops=ops)

    result = tampered(monkeypatch, change)
    assert not result.ok
    assert result.checks.set_index("check").loc["cash in - cash out = change in cash", "largest_residual"] == pytest.approx(180)


def test_cash_out_of_nothing_is_a_leak(monkeypatch: pytest.MonkeyPatch) -> None:
    def change(program: Program) -> Program:
        slot = program.symbols.slots["collections.balance"]
        grow = np.array([[int(Op.ADD), slot, slot, program.symbols.slots["senior.coupon"], 0, 0, 0, 0]], dtype=np.int32)
        return dataclasses.replace(program, ops=np.concatenate([program.ops, grow]))

    result = tampered(monkeypatch, change)
    assert not result.ok
    assert result.checks.loc[0, "largest_residual"] == pytest.approx(4 * 0.06)


def test_an_untouched_program_does_not_leak(monkeypatch: pytest.MonkeyPatch) -> None:
    assert tampered(monkeypatch, lambda program: program).ok


# ---- parameters


def test_a_parameter_changed_after_compiling_gives_what_the_changed_deal_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    notes = {
        "senior": {"size": 14_000, "coupon": "5%"},
        "mezzanine": {"size": 5_500, "coupon": "12%"},
        "junior": {"size": "rest", "holder": "seller"},
    }
    expected = run(terms(tranches=notes))
    numbers = {"senior.size": 14_000.0, "senior.coupon": 0.05, "mezzanine.size": 5_500.0, "junior.size": 4_500.0}
    monkeypatch.setattr(preparing, "bind", lambda *given, **forced: bind(*given, **forced).with_params(numbers))
    changed = run(terms())
    assert changed.ok
    np.testing.assert_array_equal(changed.flows.kept, expected.flows.kept)
    assert of(changed, "junior", "opening")[0] == 4_500
    assert changed.tranches.equals(expected.tranches)
    assert changed.ledger.equals(expected.ledger)


def test_more_funding_of_an_account_shows_in_every_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    accounts = {"collections": {}, "reserve": {"initial": 30, "target": 30}}
    expected = run(terms(accounts=accounts | {"reserve": {"initial": 90, "target": 30}}))
    more = {"reserve.initial": 90.0}
    monkeypatch.setattr(preparing, "bind", lambda *given, **forced: bind(*given, **forced).with_params(more))
    changed = run(terms(accounts=accounts))
    assert changed.ok
    assert changed.accounts.equals(expected.accounts)
    assert changed.ledger.equals(expected.ledger)


# ---- the same without the compiler

PROGRAM = """
import hashlib, json, sys
import numba
import clo
assert numba.config.DISABLE_JIT == (sys.argv[2] == "plain")
result = clo.run(clo.load_deal(sys.argv[1]))
print(json.dumps([hashlib.sha256(result.flows.kept.tobytes()).hexdigest(),
                  hashlib.sha256(result.pool_flows.amounts.tobytes()).hexdigest(), result.ok]))
"""


def test_a_whole_run_without_the_compiler_gives_the_same_bits(batch: Batch) -> None:
    root = Path(__file__).parents[2]
    said = []
    for mode in ("plain", "compiled"):
        environment = os.environ | {"NUMBA_DISABLE_JIT": "1" if mode == "plain" else "0", "PYTHONPATH": str(root)}
        command = [sys.executable, "-c", PROGRAM, str(PURCHASE_08), mode]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        said.append(json.loads(done.stdout))
    assert said[0] == said[1]
    assert said[0][2] is True


def test_the_tape_helper_of_these_tests_is_what_it_says() -> None:
    loans = tape()
    assert (len(loans), loans.balance) == (3, 24_000.0)
