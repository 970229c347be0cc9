"""break_even: the default rate at which a tranche loses just so much, with the whole waterfall between."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from clo.behaviour.defaults import Cumulative
from clo.deal.terms import Deal
from clo.findings import DealError, Finding, nearest
from clo.study.result import Result
from clo.study.running import run
from clo.tape.batches import AnyLoans

FINEST = 1e-12
"""The least tolerance: an interval from 0 to 1 can be halved so far."""
HALF = 0.5
"""Of a currency unit, which rounding may leave."""
DIGITS = 9
"""Of a share of which more digits mean nothing."""
MUCH = 0.01
"""Of a rate, which may stay away without a word."""
NO_RATE = "E-R131"
"""Code of the finding that no default rate makes the tranche lose so much."""
RULE = "the loss of a tranche rises with the share of the pool that defaults"


@dataclass(frozen=True, slots=True)
class BreakEven:
    """cumulative: the share that defaults up to which the tranche loses no more than `loss` of its size.

    pool_loss: default less recovery, as a share of the cut-off balance. tranche_loss: at this rate, of its size.
    defaults: the model of which `cumulative` is the rate. not_reached: share of `cumulative` that never happened, because the
    loans were repaid before; findings: that it is much, W-R132. result: the run at this rate.
    """

    tranche: str
    loss: float
    cumulative: float
    pool_loss: float
    tranche_loss: float
    defaults: Cumulative
    not_reached: float
    findings: tuple[Finding, ...]
    result: Result = field(repr=False)


def break_even(
    deal: Deal,
    tranche: str,
    loss: float = 0.0,
    *,
    scenario: str = "base",
    loans: AnyLoans | Mapping[str, AnyLoans] | None = None,
    defaults: Mapping[str, Any] | None = None,
    tolerance: float = 1e-7,
    **overrides: Any,
) -> BreakEven:
    """The cumulative default rate up to which a tranche loses no more than the share `loss` of its size; 0 by default.

    The scenario's defaults are replaced by a cumulative share; `defaults` says the rest of that model (timing, years, of),
    as in docs/behaviour.md, evenly over five years without it. tolerance: of the rate, at most. Other keywords as in
    `clo.run`. The loss is taken to rise with what defaults; where a waterfall makes it fall again, the rate is one of those
    at which it passes `loss`. Raises DealError with a finding where the tranche is not there, or loses more (less) whatever
    defaults.
    Source: break-even default rate, as rating agencies ask of a class.
    """
    _require(deal, tranche, loss)
    model = {"timing": "even", **(defaults or {})}

    def at(share: float) -> tuple[float, Result]:
        result = run(deal, loans, scenario, **{**overrides, "defaults": {**model, "cumulative": share}})
        return _lost(result, tranche, HALF), result

    low, high = 0.0, 1.0
    least, kept = at(low)
    most, _ = at(high)
    if least > loss or most <= loss:
        what, lost = ("nothing", least) if least > loss else ("everything", most)
        message = f"tranche {tranche!r} loses {lost:.4%} when {what} defaults: no rate begins to cost it more than {loss:.4%}"
        fix = "ask for a loss in between"
        raise DealError([deal.origin.finding(NO_RATE, f"tranches.{tranche}", message, fix, rule=RULE, value=f"{loss:.4%}")])
    while high - low > max(tolerance, FINEST):
        middle = (low + high) / 2
        lost, result = at(middle)
        if lost > loss:
            high = middle
        else:
            low, kept = middle, result
    pool = kept.pool
    initial = float(np.sum([chosen.balance for chosen in kept.pools.values()]))
    gone = float(pool["default"].sum() - pool["recovery"].sum()) / initial
    asked = Cumulative.model_validate({**model, "cumulative": low})
    missed = round(_not_reached(asked, kept, initial), DIGITS)
    return BreakEven(
        tranche, loss, low, gone, _lost(kept, tranche), asked, missed, tuple(_outlasting(deal, tranche, asked, missed)), kept
    )


def _not_reached(asked: Cumulative, result: Result, initial: float) -> float:
    """Share of what was to default that fell when nothing was left: of balances as they were booked, of loans by the months."""
    if asked.cumulative == 0.0:
        return 0.0
    if asked.of == "balance":
        return max(0.0, 1.0 - float(result.pool["default"].sum()) / initial / asked.cumulative)
    owing = result.pool.groupby("period_end")["opening"].sum() > HALF
    return max(0.0, 1.0 - float(asked.distribution(len(owing))[owing.to_numpy()].sum()))


def _outlasting(deal: Deal, tranche: str, asked: Cumulative, missed: float) -> Iterator[Finding]:
    if missed > MUCH:
        said = f"{missed:.1%} of {asked.cumulative:.2%} never defaults: the loans are repaid before"
        fix = "choose fewer years, or an earlier timing"
        yield deal.origin.finding("W-R132", f"tranches.{tranche}", said, fix, rule="defaults end before the pool does")


def _lost(result: Result, tranche: str, spared: float = 0.0) -> float:
    """The loss of a tranche as a share of its size, but for an amount that is spared; one without a size loses nothing."""
    row = result.summary[result.summary["tranche"] == tranche].to_dict("records")[0]
    return float(max(row["loss"] - spared, 0.0) / row["original"]) if row["original"] else 0.0


def _require(deal: Deal, tranche: str, loss: float) -> None:
    findings = []
    if tranche not in deal.tranches:
        near = nearest(tranche, deal.tranches)
        fix = f"did you mean {near!r}?" if near else f"it has {', '.join(deal.tranches)}"
        message = f"tranche {tranche!r} is not in the deal"
        findings.append(deal.origin.finding("E-R130", "tranches", message, fix, rule="the tranche exists", value=tranche))
    if not 0.0 <= loss < 1.0:
        rule = "a loss is a share of the tranche, from 0 to below 1"
        findings.append(
            deal.origin.finding("E-R130", "loss", f"{loss!r} is not a share", "0.15 is 15%", rule=rule, value=str(loss))
        )
    if findings:
        raise DealError(findings)
