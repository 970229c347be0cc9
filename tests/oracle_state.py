"""The slow reading of a moment: all that is so while a payment date goes on, and what each name of an expression stands for."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from oracle_closing import contracts, issue
from oracle_dates import payment_dates, year_fraction
from oracle_expressions import LAGGED, RECOVERED, Rated, evaluate
from oracle_language import all_steps, remembered_names, written_out
from oracle_loans import Market
from oracle_memory import Memory
from oracle_portfolio import COLLECTED, cash_of

from clo.deal.terms import Deal, Let

Movement = tuple[date, int, str, str, str, float]
Frames = dict[date, dict[str, dict[str, float]]]


@dataclass
class OracleRun:
    """pool[month end][group], tranches[payment date][tranche], ... with the columns of the result's frames."""

    pool: Frames = field(default_factory=dict)
    tranches: Frames = field(default_factory=dict)
    accounts: dict[date, dict[str, float]] = field(default_factory=dict)
    fees: Frames = field(default_factory=dict)
    facilities: Frames = field(default_factory=dict)
    hedges: Frames = field(default_factory=dict)
    ledgers: Frames = field(default_factory=dict)
    values: dict[date, dict[str, float]] = field(default_factory=dict)
    """What the names of `let` stood for at the end."""
    triggers: dict[date, dict[str, bool]] = field(default_factory=dict)
    ledger: list[Movement] = field(default_factory=list)
    """Cash: (payment date, step, reason, from, to, amount). The first step is 1, and 0 is what accrues or is paid at closing;
    reasons: collect, transfer, NAME.earned, NAME.draw, NAME.fee, NAME.interest, NAME.principal, NAME.hedge,
    NAME.residual_principal, NAME.residual_interest, POOL.purchase, pool.sale, the word of what is settled; at closing
    NAME.issue, NAME.initial and purchase (of all sub-pools)."""
    elsewhere: list[Movement] = field(default_factory=list)
    """The same of what borrowers of reference sub-pools pay those who made the loans: POOL.interest, ..."""
    started: dict[str, float] = field(default_factory=dict)
    """What each account starts with."""
    bookings: list[Movement] = field(default_factory=list)
    """The same of what is not cash: NAME.charge, .capitalise, .write_down, .write_up, .debit, .credit."""
    lost_recoveries: dict[str, float] = field(default_factory=dict)
    breaches: list[tuple[date, int, str]] = field(default_factory=list)
    sizes: dict[str, float] = field(default_factory=dict)


class State:
    """forced: triggers that are made to hold (1) or not to (0). payment: what `payment.` names stand for; since: where the
    accrual period begins; index: the number of the step."""

    def __init__(self, deal: Deal, initial: Mapping[str, float], market: Market, forced: Mapping[str, float]) -> None:
        self.deal = deal
        self.steps = written_out(deal.waterfall, deal.macros)
        self.result = OracleRun()
        self.market = market
        self.ratings: dict[str, Any] = {}
        self.initial = dict(initial)
        self.smallest = max(1e-12 * self.initial["pool"], 0.0 if deal.rounding == "none" else 1e-4)
        self.since = self.paid_on = deal.dates.closing
        self.paid_before: date | None = None
        self.payment: dict[str, Any] = {"date": self.paid_on, "start": self.since}
        self.payments = payment_dates(deal)
        self.termination = self.accrued_until(self.payments[-1])
        """Where the last accrual period ends."""
        self.index = 0
        self.months: list[date] = []
        """All collection months."""
        self.in_period: list[int] = []
        """Those of the collection period, by their place."""
        self.returns: dict[str, list[tuple[int, int, float]]] = {}
        """Of each sub-pool: months of defaults and of what comes back of them, the first month being 1, and how much."""

        self.cash = {name: float(account.initial) for name, account in deal.accounts.items()}
        self.earned = dict.fromkeys(deal.accounts, 0.0)
        lets = [step for step in all_steps(self.steps) if isinstance(step, Let)]
        self.lets: dict[str, float] = {name: 0.0 for let in lets for name in let.values}
        self.forced = dict(forced)
        self.held = {name: self.forced.get(name, 0.0) for name in deal.triggers}
        self.period = {
            group: dict.fromkeys((*COLLECTED, "arrears", "cumulative_default"), 0.0) | {"opening": start, "balance": start}
            for group, start in self.initial.items()
        }
        self._liabilities()
        self._close()
        self.memory = Memory(remembered_names(deal, self.steps), self.value, self._start)

    def _close(self) -> None:
        """The closing date: from here on accounts start with what contracts have brought and taken."""
        names = {f"{name}.initial": amount for name, amount in self.initial.items()}
        names |= {f"{name}.size": amount for name, amount in self.size.items()}
        names["payment.fraction"] = self.between(self.since, self.accrued_until(self.payments[0]), None)
        self.result.ledger += issue(self.deal, self.size)
        self.result.ledger += contracts(self.deal, self.cash, names, self.rounded, self.smallest)
        self.result.started = dict(self.cash)

    def _liabilities(self) -> None:
        deal = self.deal
        self.size = self._sizes()
        nothing = dict.fromkeys((*deal.tranches, *deal.facilities, *deal.fees, *deal.hedges), 0.0)
        self.due = {kind: dict(nothing) for kind in ("fee", "interest", "hedge")}
        self.owed = {kind: dict(nothing) for kind in ("fee", "interest", "hedge")}
        """What is unpaid, by kind; of principal, the balance."""
        self.owed["principal"] = dict(nothing) | self.size
        self.written_down = dict.fromkeys(deal.tranches, 0.0)
        self.drawn = dict.fromkeys(deal.facilities, 0.0)
        self.notional = dict.fromkeys(deal.hedges, 0.0)
        self.coming = dict.fromkeys(deal.hedges, 0.0)
        self.receivable = dict.fromkeys(deal.hedges, 0.0)
        self.counted = dict.fromkeys(deal.ledgers, 0.0)
        self.moved: dict[tuple[str, str], float] = defaultdict(float)
        """What moved in this payment date: (what, name) -> amount."""

    def _sizes(self) -> dict[str, float]:
        tranches = self.deal.tranches.items()
        given = {name: float(tranche.size) for name, tranche in tranches if tranche.size != "rest"}
        rest = float(evaluate(self.deal.backing, self.value)) - math.fsum(given.values())
        return {name: given.get(name, rest) for name, _ in tranches}

    # days

    def accrued_until(self, payment: tuple[date, date]) -> date:
        unadjusted, paid_on = payment
        return unadjusted if self.deal.payments.accrual == "unadjusted" else paid_on

    def between(self, start: date, end: date, day_count: str | None) -> float:
        """Years by an entry's own day count or the deal's."""
        return year_fraction(start, end, day_count or self.deal.day_count, self.termination)

    # amounts

    def rounded(self, amount: float) -> float:
        if self.deal.rounding == "none" or not math.isfinite(amount):
            return amount
        return float(math.floor(amount + (0.5 if self.deal.rounding == "half_up" else 0.0) + 1e-4))

    def whole(self, amount: float) -> float:
        if self.deal.rounding == "none" or not math.isfinite(amount):
            return amount
        return float(math.floor(amount + 1e-4))

    def notes(self, tranche: str) -> float:
        """How many notes of its denomination."""
        return self.size[tranche] / float(self.deal.tranches[tranche].denomination or math.nan)

    # names in expressions

    def value(self, name: str) -> Any:
        """What a name of an expression stands for now."""
        head, _, what = name.partition(".")
        if head == "payment":
            return self.payment[what]
        if head == "index":
            return self.market.index(what, self.since, self.deal.dates.cutoff)
        if head == "schedule":
            return self._of_schedule(what)
        return self._of_entry(head, what)

    def _of_entry(self, head: str, what: str) -> Any:
        """What the name of an entry of the deal, or of one of its quantities, stands for."""
        deal = self.deal
        sections: tuple[tuple[Any, Callable[[str, str], Any]], ...] = (
            (self.lets, lambda name, _: self.lets[name]),
            (deal.triggers, lambda name, _: self.held[name]),
            (deal.counterparties, self._of_counterparty),
            (self.initial, self._of_pool),
            (deal.groups, self._of_group),
            (deal.tranches, self._of_tranche),
            (deal.accounts, self._of_account),
            (deal.facilities, self._of_facility),
            (deal.ledgers, self._of_ledger),
            (deal.hedges, self._of_hedge),
            (deal.fees, self._of_fee),
        )
        for names, of in sections:
            if head in names:
                return of(head, what)
        raise KeyError(f"{head}.{what}" if what else head)

    def read(self, text: str) -> Any:
        return evaluate(text, self.value, self.smallest, self._recalled)

    def _recalled(self, function: str, name: str, count: float | None) -> Any:
        if function in RECOVERED:
            return self._recovered(function, name, int(count or 0))
        return self._lagged(name, int(count or 0)) if function == LAGGED else self.memory.recall(function, name, count)

    def _lagged(self, name: str, months: int) -> float:
        """A flow of the pool that many months before each month of the collection period; nothing before the cut-off."""
        group, _, flow = name.partition(".")
        if flow not in COLLECTED or group not in self.initial:
            raise KeyError(f"{name} is no flow of the pool")
        rows = [self.result.pool[self.months[month - months]] for month in self.in_period if month >= months]
        own = list(self.deal.pools) if group == "pool" else [group]
        return math.fsum(cash_of(row, own)[flow] for row in rows)

    def _recovered(self, function: str, name: str, months: int) -> float:
        """What came back of defaults: of those that age within the months of the period, so far; or of older ones, in them."""
        group, _, flow = name.partition(".")
        if flow != "default" or group not in self.initial:
            raise KeyError(f"{name} is no default of the pool")
        found = []
        for own in self.deal.pools if group == "pool" else [group]:
            for default, arrived, amount in self.returns[own]:
                settled = default + months
                by = settled - 1 in self.in_period and arrived <= settled
                after = arrived - 1 in self.in_period and arrived > settled
                found.append(amount * float(by if function == "recovered_by" else after))
        return math.fsum(found)

    def number(self, said: Any) -> float:
        """A number, or an expression of one; nothing is 0."""
        return float(self.read(said) if isinstance(said, str) else said or 0.0)

    def _start(self, name: str) -> Any:
        """What a name starts from: a balance its start, sizes themselves, what is forced so, everything else 0 or false."""
        if name in self.deal.triggers or name.partition(".")[2] in ("balance", "closing", "size", "initial"):
            return self.value(name)
        return 0.0

    def _of_pool(self, group: str, what: str) -> float:
        period = self.period[group]
        if what == "initial":
            return self.initial[group]
        if what == "average":
            return (period["opening"] + period["balance"]) / 2
        return period["balance" if what == "closing" else what]

    def _of_tranche(self, name: str, what: str) -> float:
        known = {
            "balance": self.owed["principal"],
            "size": self.size,
            "interest_due": self.due["interest"],
            "interest_unpaid": self.owed["interest"],
            "written_down": self.written_down,
        }
        return known[what][name]

    def _of_group(self, name: str, what: str) -> float:
        return math.fsum(self._of_tranche(member, what) for member in self.deal.groups[name].tranches)

    def _of_account(self, name: str, what: str) -> float:
        account = self.deal.accounts[name]
        if what == "target":
            if account.target is None:
                raise KeyError(f"{name} has no target")
            return float(self.read(account.target))
        return {"balance": self.cash[name], "initial": self._initial(name), "earned": self.earned[name]}[what]

    def _initial(self, account: str) -> float:
        """What it starts with; where sizes are read, of the issue alone."""
        return self.result.started.get(account, float(self.deal.accounts[account].initial))

    def _of_facility(self, name: str, what: str) -> float:
        if what in ("limit", "available"):
            return self.limit(name) if what == "limit" else self.available(name)
        known = {
            "balance": self.owed["principal"],
            "drawn": self.drawn,
            "interest_due": self.due["interest"],
            "interest_unpaid": self.owed["interest"],
            "due": self.due["fee"],
            "unpaid": self.owed["fee"],
        }
        return known[what][name]

    def limit(self, facility: str) -> float:
        return self.number(self.deal.facilities[facility].limit)

    def available(self, facility: str) -> float:
        """What may still be drawn."""
        used = self.owed["principal"] if self.deal.facilities[facility].replenished else self.drawn
        left = self.limit(facility) - used[facility]
        return 0.0 if left < 0.0 else left

    def _of_ledger(self, name: str, what: str) -> float:
        return self.counted[name] if what == "balance" else self.ledger_limit(name)

    def ledger_limit(self, ledger: str) -> float:
        limit = self.deal.ledgers[ledger].limit
        return math.inf if limit is None else self.number(limit)

    def _of_hedge(self, name: str, what: str) -> float:
        known = {
            "notional": self.notional,
            "due": self.due["hedge"],
            "unpaid": self.owed["hedge"],
            "receivable": self.receivable,
        }
        return known[what][name]

    def _of_fee(self, name: str, what: str) -> float:
        return {"due": self.due["fee"], "unpaid": self.owed["fee"]}[what][name]

    def _of_schedule(self, name: str) -> float:
        schedule = self.deal.schedules[name]
        if schedule.payments is not None:
            return schedule.payments[min(int(self.payment["number"]), len(schedule.payments)) - 1]
        if schedule.level is not None:
            return in_force(schedule.level, self.paid_on)
        flow = schedule.flow or {}
        after = self.paid_before
        return math.fsum(amount for day, amount in flow.items() if (after is None or after < day) and day <= self.paid_on)

    def _of_counterparty(self, name: str, what: str) -> Rated:
        if what != "rating":
            raise KeyError(f"{name}.{what}")
        return Rated(in_force(self.ratings.get(name, self.deal.counterparties[name].ratings), self.paid_on))


def in_force(by_date: Mapping[date, Any], day: date) -> Any:
    """What the last date on or before a day says; before the first date, what that says."""
    reached = [since for since in by_date if since <= day]
    return by_date[max(reached) if reached else min(by_date)]
