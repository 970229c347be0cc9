"""The slow reading of what borrowers do to one loan's contract, a month at a time (docs/behaviour.md).

A loan is a set of parts, each a share of it that has its own contract or its own arrears. `month(t)` moves every part on
and returns the flows of the month and the claims that default in it. Plain Python; shares no code with the engine.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from oracle_hazards import default_month, fee_share, hazard, new_terms_share, of, prepaid, repurchased, times
from oracle_loans import Market, Owed, Row, contract, given, with_new_terms

FLOWS = (
    "opening",
    "interest",
    "scheduled_principal",
    "prepayment",
    "default",
    "drawing",
    "repurchase",
    "substitution",
    "prepayment_fee",
    "arrears",
    "restructured",
    "closing",
)
BANDS = ("current", "1-29", "30-59", "60-89", "90-119", "120-149", "150-179", "180+")
WORST = len(BANDS) - 1


@dataclass(frozen=True)
class Claim:
    """A share of a loan that defaults, and what the whole loan owes then, drawings included."""

    share: float
    balance: float


@dataclass
class Part:
    """A share of a loan with a contract of its own."""

    share: float
    owed: list[Owed]
    factor: float
    """What its hazard of default is times."""

    def opening(self, month: int) -> float:
        return self.owed[month - 1].opening if month <= len(self.owed) else 0.0

    @property
    def last(self) -> int:
        """The last month with a balance."""
        return max(month for month, owed in enumerate(self.owed, start=1) if owed.opening > 0.0)


class Loan:
    """One loan that keeps to its instalments until it defaults; the states of arrears are in `RollingLoan`."""

    def __init__(self, row: Row, cutoff: date, scenario: Any, market: Market, schedule: Iterable[Row] = ()) -> None:
        self.row, self.cutoff, self.scenario, self.market = row, cutoff, scenario, market
        self.schedule = list(schedule)
        self.contract = contract(row, cutoff, market, self.schedule)
        self.substituted = float(of(of(scenario, "repurchase"), "substitution", 0.0))
        self.prepays_first = of(scenario, "order") == "prepayment_first"
        self.parts = [Part(1.0, self.contract, 1.0)]
        self.lag = int(of(of(scenario, "arrears"), "lag", 0))
        self.stopped: list[tuple[int, Claim, float]] = []
        """(month in which it counts as defaulted, claim, what of its balance was drawn)"""
        self.flows: dict[str, float] = {}
        self.claims: list[Claim] = []

    def opening(self, month: int) -> float:
        """What those who still pay owe before the month."""
        return sum(part.share * part.opening(month) for part in self.parts)

    def undrawn(self, balance: float) -> float:
        """What the whole loan draws when it defaults."""
        share = of(self.scenario, "drawn_at_default")
        if share is None or self.row["amortisation_type"] != "revolving" or balance == 0.0:
            return 0.0
        return float(share) * max(0.0, float(given(self.row, "credit_limit", balance)) - balance)

    def month(self, month: int, pool_hazard: float | None = None) -> dict[str, float]:
        """Flows of the month, its claims in `claims`. pool_hazard: hazard of all loans, where the pool as a whole sets it."""
        self.flows, self.claims = dict.fromkeys(FLOWS, 0.0), []
        self.flows["opening"] = self.opening(month) + sum(claim.share * claim.balance for _, claim, _ in self.stopped)
        self._change_terms(month)
        for part in self.parts:
            if month <= len(part.owed):
                self._move(part, month, pool_hazard)
        self._count_defaults(month)
        self.flows["arrears"] = sum(claim.share * claim.balance for _, claim, _ in self.stopped)
        self.flows["closing"] = self.opening(month + 1) + self.flows["arrears"]
        return self.flows

    def _change_terms(self, month: int) -> None:
        share = new_terms_share(self.scenario, month)
        never = self.parts[0]
        if share == 0.0 or never.share == 0.0 or month > len(never.owed):
            return
        change = of(self.scenario, "restructuring")
        new = with_new_terms(
            never.owed,
            month,
            self.row,
            self.cutoff,
            int(of(change, "extension", 0)),
            float(of(change, "rate_cut", 0.0)),
            self.market,
            self.schedule,
        )
        self.parts.append(Part(share * never.share, new, float(of(change, "default_multiplier", 1.0))))
        self.flows["restructured"] = share * never.share * never.opening(month)
        never.share *= 1.0 - share

    def _hazard(self, part: Part, month: int, pool_hazard: float | None) -> float:
        if of(self.scenario, "defaults") == "tape":
            return 1.0 if month == default_month(self.row, self.cutoff, part.last) else 0.0
        share = hazard(self.scenario, self.row, self.cutoff, month) if pool_hazard is None else pool_hazard
        return times(share, part.factor)

    def _move(self, part: Part, month: int, pool_hazard: float | None) -> None:
        owed = part.owed[month - 1]
        share = self._hazard(part, month, pool_hazard)
        if share > 0.0 and owed.opening > 0.0:
            drawn = self.undrawn(owed.opening)
            self.stopped.append((month + self.lag, Claim(share * part.share, owed.opening), drawn))
        part.share *= 1.0 - share
        if self.prepays_first:
            before = part.owed[month - 2].accrued if month > 1 else 0.0
            part.share *= 1.0 - self._prepay(part.share, month, owed.opening, before)
        self.flows["interest"] += part.share * owed.interest
        self.flows["scheduled_principal"] += part.share * owed.principal
        part.share *= 1.0 - self._buy_back(part.share, month, owed.closing, owed.accrued)
        if not self.prepays_first:
            part.share *= 1.0 - self._prepay(part.share, month, owed.closing, owed.accrued)

    def _buy_back(self, share: float, month: int, balance: float, accrued: float) -> float:
        """Books what is bought back of a share of the loan; returns what of it leaves the pool for good."""
        bought = repurchased(self.scenario, self.row, month)
        leaves = bought * (1.0 - self.substituted)
        self.flows["repurchase"] += bought * share * balance
        self.flows["substitution"] += bought * self.substituted * share * balance
        self.flows["interest"] += leaves * share * accrued
        return leaves

    def _prepay(self, share: float, month: int, balance: float, accrued: float) -> float:
        """Books what is prepaid of a share of the loan; returns SMM."""
        smm = prepaid(self.scenario, self.row, self.cutoff, month, self.market)
        if smm > 0.0:
            self.flows["prepayment"] += smm * share * balance
            self.flows["prepayment_fee"] += fee_share(self.scenario, self.row, self.cutoff, month) * smm * share * balance
            self.flows["interest"] += smm * share * accrued
        return smm

    def _count_defaults(self, month: int) -> None:
        for counted, claim, drawn in self.stopped:
            if counted == month:
                self.flows["drawing"] += claim.share * drawn
                self.flows["default"] += claim.share * (claim.balance + drawn)
                self.claims.append(Claim(claim.share, claim.balance + drawn))
        self.stopped = [stopped for stopped in self.stopped if stopped[0] != month]


class RollingLoan(Loan):
    """One loan that moves between states of arrears by roll rates: shares of it by (instalments behind, cured)."""

    def __init__(self, row: Row, cutoff: date, scenario: Any, market: Market, schedule: Iterable[Row] = ()) -> None:
        super().__init__(row, cutoff, scenario, market, schedule)
        self.rates = of(of(scenario, "arrears"), "roll_rates")
        late = int(given(row, "days_in_arrears", 0))
        behind = 0 if late <= 0 else min(late // 30 + 1, WORST)
        self.states = {(behind, False): 1.0}

    def owed_at(self, month: int) -> Owed:
        """The month of the contract; before it nothing was due, and after it nothing is left."""
        if 1 <= month <= len(self.contract):
            return self.contract[month - 1]
        return Owed(self.contract[0].opening if month < 1 else 0.0, 0.0, 0.0, 0.0)

    def opening(self, month: int) -> float:
        return sum(share * self.owed_at(month - behind).opening for (behind, _), share in self.states.items())

    def month(self, month: int, pool_hazard: float | None = None) -> dict[str, float]:
        self.flows, self.claims = dict.fromkeys(FLOWS, 0.0), []
        self.flows["opening"] = self.opening(month)
        states, self.states = self.states, {}
        for (behind, cured), share in states.items():
            row = self.rates.get("cured", self.rates["current"]) if cured else self.rates[BANDS[min(behind, WORST)]]
            for target, chance in row.items():
                self._roll(month, behind, cured, target, share * float(chance))
        late = {state: share for state, share in self.states.items() if state[0] > 0}
        self.flows["arrears"] = sum(share * self.owed_at(month + 1 - behind).opening for (behind, _), share in late.items())
        self.flows["closing"] = self.opening(month + 1)
        return self.flows

    def _roll(self, month: int, behind: int, cured: bool, target: str, share: float) -> None:
        """A share of the loan, `behind` instalments behind at the start of the month, moves to the target."""
        balance = self.owed_at(month - behind).opening
        if target == "default":
            drawn = self.undrawn(balance)
            self.flows["drawing"] += share * drawn
            self.flows["default"] += share * (balance + drawn)
            self.claims.append(Claim(share, balance + drawn))
            return
        now = 0 if target in ("current", "cured") else BANDS.index(target)
        if now == WORST and behind >= WORST:
            now = behind + 1
        if now > behind + 1:
            raise ValueError(f"from {BANDS[min(behind, WORST)]} to {target} in a month")
        pays = [self.owed_at(each) for each in range(month - behind, month - now + 1)]
        self.flows["interest"] += share * sum(owed.interest for owed in pays)
        self.flows["scheduled_principal"] += share * sum(owed.principal for owed in pays)
        if now == 0:
            owed = self.owed_at(month)
            share *= 1.0 - self._buy_back(share, month, owed.closing, owed.accrued)
            share *= 1.0 - self._prepay(share, month, owed.closing, owed.accrued)
        state = (now, now == 0 and (cured or behind > 0 or target == "cured"))
        self.states[state] = self.states.get(state, 0.0) + share
