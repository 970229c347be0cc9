"""One scenario of a simulation as a run like any other: over the tape with default dates and losses written on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from clo.behaviour.assumptions import plain
from clo.behaviour.joint import JointDefaults
from clo.curves import Curves
from clo.deal.marks import path_of
from clo.deal.terms import Deal, Scenario, Simulation
from clo.findings import DealError, Finding, gathered
from clo.pool.separate import last_months
from clo.quantities import in_words
from clo.simulation.codes import problem
from clo.study.inputs import resolve_curves, resolve_scenario
from clo.study.pools import resolve_pools
from clo.study.preparing import Prepared, dated, prepare
from clo.study.result import Result
from clo.study.running import run
from clo.tape.batches import AnyLoans
from clo.tape.loans import Loans
from clo.timeline import Days, as_days
from clo.waterfall.gathering import Outside

Floats = NDArray[np.float64]
OWN = ("cdr", "defaults", "default_scale", "arrears", "recovery")
"""Fields of a scenario that the simulation has its own of."""
DATED = {"defaults": "tape", "recovery": "lgd"}
"""How a scenario of the simulation is told to a run."""
BLANK = "W-P024"
"""Code of a tape on which nobody defaults, which is a scenario like any other."""


def assumptions_of(deal: Deal, given: Mapping[str, Any] | JointDefaults | None) -> JointDefaults:
    """The deal's simulation with the fields given in their place. Raises DealError with every problem."""
    if isinstance(given, JointDefaults):
        return given
    stated = {} if deal.simulation is None else deal.simulation.model_dump(exclude_none=True)
    fields = stated | {name: plain(value) for name, value in (given or {}).items()}
    if not fields:
        raise DealError([problem("E-M010", "the deal says nothing of its simulation", path="simulation", file=deal.origin.file)])
    try:
        return Simulation.model_validate(fields)
    except ValidationError as error:
        raise DealError(_of_field(detail, fields) for detail in error.errors(include_url=False)) from None


def _of_field(detail: Mapping[str, Any], fields: Mapping[str, Any]) -> Finding:
    place = path_of(detail["loc"], fields)
    shown = "" if isinstance(detail["input"], Mapping) else str(detail["input"])
    fix = detail.get("ctx", {}).get("fix", "")
    return problem("E-M016", in_words(detail), field=f"simulation.{place}".rstrip("."), value=shown, fix=fix)


@dataclass(eq=False)
class Stage:
    """A deal with its loans in memory, to be run with any default dates.

    deal: spelled out. ends: of the collection months [t]. pools: the loans of each sub-pool, as the deal selects them.
    assumed: the scenario as the simulation tells it to a run; overrides: the fields that were given.
    """

    deal: Deal
    ends: Days
    pools: Mapping[str, Loans]
    scenario: str
    assumed: Scenario
    curves: Curves
    overrides: Mapping[str, Any]
    threads: int | None
    _last: dict[str, NDArray[np.int32]] = field(default_factory=dict)
    _ready: Prepared | None = None

    def run(self, months: Mapping[str, NDArray[np.int32]], lgd: Mapping[str, Floats]) -> Result:
        """A run in which loans with a balance default in their months, 0 for never, and lose their shares: [i] by sub-pool."""
        return run(
            self.deal,
            self._told(months, lgd),
            self.scenario,
            curves=self.curves,
            threads=self.threads,
            **{**self.overrides, **DATED},
        )

    def unchecked(self, months: Mapping[str, NDArray[np.int32]], lgd: Mapping[str, Floats]) -> Result:
        """`run` without its checks and its manifest, which take longer than all else: for many of them."""
        pools: dict[str, AnyLoans] = {**self._told(months, lgd)}
        if self._ready is None:
            self._ready = prepare(self.deal, pools, self.scenario, self.curves, {**self.overrides, **DATED})
        ready = replace(self._ready, chosen=replace(self._ready.chosen, loans=pools))
        pool = ready.projected(ready.summed(threads=self.threads), ready.assumed)
        flows = ready.allocated(pool, threads=self.threads)
        return Result(ready.deal, self.scenario, ready.assumed, pools, ready.timeline, pool, flows, (), ready.chosen.excluded, {})

    @property
    def outside(self) -> Outside:
        """What every run takes from outside the deal."""
        return Outside(self.curves, self.assumed.rate_shifts(self.curves), self.assumed.ratings or {})

    def stated_lgd(self, name: str, lgd: float | Literal["tape"]) -> Floats:
        """The loss given default of each loan of a sub-pool that has a balance [i]: one for all, or the tape's."""
        loans = self.pools[name]
        alive = loans.column("current_balance") != 0.0
        return np.full(int(alive.sum()), lgd) if isinstance(lgd, float) else loans.column("lgd")[alive]

    def quiet(self, lgd: Mapping[str, Floats]) -> Result:
        """A run in which nobody defaults."""
        return self.run(_never(lgd), lgd)

    def with_lgd(self, lgd: Mapping[str, Floats]) -> dict[str, Loans]:
        """The loans with the loss given default of each loan that has a balance."""
        return self._told(_never(lgd), lgd)

    def _told(self, months: Mapping[str, NDArray[np.int32]], lgd: Mapping[str, Floats]) -> dict[str, Loans]:
        return {name: self._dated(name, loans, months[name], lgd[name]) for name, loans in self.pools.items()}

    def _dated(self, name: str, loans: Loans, month: NDArray[np.int32], lgd: Floats) -> Loans:
        """The loans with their default dates: ends of months, none after a loan's last payment."""
        alive = loans.column("current_balance") != 0.0
        dates = np.full(len(loans), "NaT", dtype="datetime64[s]")
        shares = np.full(len(loans), np.nan)
        if month.any():
            if name not in self._last:
                self._last[name] = last_months(loans, self.ends, as_days([self.deal.dates.cutoff])[0])
            within = (month > 0) & (month <= self._last[name])
            ends = np.append(self.ends, np.datetime64("NaT"))
            dates[alive] = ends[np.where(within, month - 1, len(self.ends))]
        shares[alive] = lgd
        return loans.with_columns(default_date=dates, lgd=shares)


def _never(lgd: Mapping[str, Floats]) -> dict[str, NDArray[np.int32]]:
    """The default months of nobody [i], by sub-pool."""
    return {name: np.zeros(len(share), dtype=np.int32) for name, share in lgd.items()}


def staged(
    deal: Deal,
    loans: AnyLoans | Mapping[str, AnyLoans] | None,
    scenario: str,
    curves: Curves | None,
    overrides: Mapping[str, Any],
    threads: int | None,
) -> Stage:
    """The deal with its loans and its scenario. Raises DealError with what a simulation cannot carry, or a run could not run."""
    deal, ends, found = carried(deal, scenario, overrides)
    chosen = read = None
    with gathered(found):
        chosen = resolve_pools(deal, loans)
    with gathered(found):
        read = resolve_curves(deal) if curves is None else curves
    if found or chosen is None or read is None:
        raise DealError(found)
    pools = {name: each if isinstance(each, Loans) else each.loans() for name, each in chosen.loans.items()}
    assumed = resolve_scenario(deal, scenario, {**overrides, **DATED})
    return Stage(deal, ends, pools, scenario, assumed, read, overrides, threads)


def carried(deal: Deal, scenario: str, overrides: Mapping[str, Any]) -> tuple[Deal, Days, list[Finding]]:
    """The deal spelled out, the ends of its collection months [t], and what of the scenario a simulation cannot carry.

    Raises DealError where the terms of the deal do not agree.
    """
    found, ready = list(_doubled(overrides)), None
    with gathered(found):
        ready = dated(deal)
    if ready is None:
        raise DealError(found)
    deal, timeline = ready
    with gathered(found):
        own = {name: value for name, value in overrides.items() if name not in OWN}
        found += _not_carried(deal, scenario, resolve_scenario(deal, scenario, own))
    return deal, timeline.period_ends, found


def _doubled(overrides: Mapping[str, Any]) -> Iterator[Finding]:
    """Keywords that would replace what the simulation itself says."""
    for name in OWN:
        if name in overrides:
            yield problem("E-M015", f"{name} of a scenario is not what a simulation draws from", field=f"{name}=")


def _not_carried(deal: Deal, name: str, stated: Scenario) -> Iterator[Finding]:
    """Fields of the scenario that go with no default date."""
    for field_name, value, what in (
        ("arrears", stated.arrears, "arrears come before or in place of a default"),
        ("restructuring", stated.restructuring, "new terms come to a share of each loan"),
    ):
        if value is not None:
            yield problem("E-M011", f"{what}, and a simulation does not carry them", path=f"scenarios.{name}.{field_name}",
                          file=deal.origin.file)  # fmt: skip
