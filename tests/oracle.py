"""The slow reading of a deal: the same terms and the same raw loan rows as the engine, read again in plain Python.

It imports nothing from `clo` but the terms, and shares no code with the engine. Where the two differ, one is wrong.
`run_oracle(deal, rows_by_pool, scenario)` recomputes dates (oracle_dates.py), what loans owe (oracle_loans.py), what borrowers
do (oracle_hazards.py, oracle_behaviour.py), the flows of sub-pools (oracle_pool.py, oracle_portfolio.py) and the priority of
payments, of which docs/waterfall.md tells: the closing date (oracle_closing.py), what is so at a moment (oracle_state.py,
oracle_memory.py), what accrues (oracle_accruals.py), triggers (oracle_triggers.py), steps (oracle_language.py, oracle_steps.py,
oracle_shares.py) and who has paid whom (oracle_parties.py).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date

from oracle_accruals import Accruals
from oracle_dates import collection_months, determination_date
from oracle_hazards import of
from oracle_language import all_steps
from oracle_loans import Curves, Market, Row
from oracle_pool import _shift as shift_of
from oracle_pool import bought_back, pool_flows
from oracle_portfolio import COLLECTED, PAID, Portfolio, cash_of
from oracle_state import OracleRun
from oracle_steps import Steps

from clo.deal.terms import Buy, Deal, Scenario, Test

__all__ = ["OracleRun", "run_oracle"]


def run_oracle(
    deal: Deal,
    rows_by_pool: Mapping[str, Iterable[Row]],
    scenario: Scenario | str = "base",
    *,
    curves: Curves | None = None,
    schedules: Iterable[Row] = (),
) -> OracleRun:
    """Run the deal, its waterfall spelled out, over the raw rows of each of its sub-pools."""
    terms = deal.scenario(scenario) if isinstance(scenario, str) else scenario
    rows = {name: list(rows_by_pool[name]) for name in deal.pools}
    return Waterfall(deal, rows, terms, curves or {}, list(schedules)).run()


class Waterfall(Accruals, Steps):
    def __init__(
        self, deal: Deal, rows: Mapping[str, list[Row]], scenario: Scenario, curves: Curves, schedules: list[Row]
    ) -> None:
        if not deal.waterfall:
            raise ValueError("the waterfall is not spelled out")
        initial = {name: math.fsum(float(row["current_balance"]) for row in rows[name]) for name in deal.pools}
        market = Market(curves, shift_of(scenario))
        outcomes = {name: float(said == "fail") for name, said in of(scenario, "force", {}).items() if said != "as_modelled"}
        super().__init__(deal, {"pool": math.fsum(initial.values()), **initial}, market, outcomes)
        self.ratings = of(scenario, "ratings", {})
        self.start_triggers()
        self.months = collection_months(deal.dates.cutoff, determination_date(self.payments[-1][0]))
        steps = list(all_steps(self.steps))
        self.tested = {name for step in steps if isinstance(step, Test) for name in step.triggers}
        own = self._project(rows, scenario, curves, schedules)
        self.portfolio = Portfolio(own, initial, {step.pool for step in steps if isinstance(step, Buy)})
        self.next_month = 0

        self.result.sizes = dict(self.size)

    def _project(
        self, rows: Mapping[str, list[Row]], scenario: Scenario, curves: Curves, schedules: list[Row]
    ) -> dict[str, list[dict[str, float]]]:
        """Flows of each sub-pool's own loans."""
        by_group, lost = {}, self.result.lost_recoveries
        cutoff, months = self.deal.dates.cutoff, len(self.months)
        for name in self.deal.pools:
            self.returns[name] = []
            by_group[name], lost[name] = pool_flows(
                rows[name], cutoff, months, scenario, curves=curves, schedules=schedules, returns=self.returns[name]
            )
        lost["pool"] = math.fsum(lost.values())
        return by_group

    # one payment date after another

    def run(self) -> OracleRun:
        for number, (unadjusted, paid_on) in enumerate(self.payments, start=1):
            self._begin(number, paid_on)
            self._collect_period(determination_date(unadjusted))
            self.accrue()
            for name in self.deal.triggers:
                if name not in self.tested:
                    self.observe(name)
            self.run_steps(self.steps)
            self._end()
        return self.result

    def _begin(self, number: int, paid_on: date) -> None:
        self.paid_on = paid_on
        self.until = self.accrued_until(self.payments[number - 1])
        after = [self.accrued_until(payment) for payment in self.payments[number : number + 1]]
        self.index = 0
        self.moved = defaultdict(float)
        self.opening = dict(self.owed["principal"])
        self.counted_before = dict(self.counted)
        self.payment = {
            "number": float(number),
            "left": float(len(self.payments) - number),
            "date": paid_on,
            "start": self.since,
            "fraction": self.years(None),
            "next_fraction": math.fsum(self.between(self.until, end, None) for end in after),
            "days": float((self.until - self.since).days),
            "month": float(paid_on.month),
            "year": float(paid_on.year),
        }

    def _collect_period(self, up_to: date) -> None:
        """The pool's rows of the collection period, and what they sum to."""
        months = [month for month in self.months[self.next_month :] if month <= up_to]
        for index, month in enumerate(months, start=self.next_month):
            self.result.pool[month] = self.portfolio.rows(index)
        self.in_period = list(range(self.next_month, self.next_month + len(months)))
        self.next_month += len(months)
        for group, before in self.period.items():
            parts = [part for part in self.portfolio.parts() if group in ("pool", part.partition(".")[0])]
            cash = [cash_of(self.result.pool[month], parts) for month in months]
            period = {column: math.fsum(each[column] for each in cash) for column in COLLECTED}
            for column, name in (("balance", "closing"), ("arrears", "arrears")):
                last = [self.result.pool[month][part][name] for month in months[-1:] for part in parts]
                period[column] = math.fsum(last) if months else before[column]
            period["opening"] = before["balance"]
            period["cumulative_default"] = before["cumulative_default"] + period["default"]
            self.period[group] = period
        for name, pool in self.deal.pools.items():
            taken_back = math.fsum(bought_back(self.result.pool[month][name]) for month in months) if pool.reference else 0.0
            for column in PAID if pool.reference else ():  # who keeps the loans buys none of them back
                paid = self.period[name][column] - (taken_back if column == "prepayment" else 0.0)
                self.result.elsewhere.append((self.paid_on, 0, f"{name}.{column}", "obligors", name, paid))

    def _end(self) -> None:
        self._report()
        self.memory.record()
        self.since, self.paid_before = self.until, self.paid_on

    def _report(self) -> None:
        day, moved, deal = self.paid_on, self.moved, self.deal
        self.result.tranches[day] = {name: self._tranche(name) for name in deal.tranches}
        self.result.facilities[day] = {name: self._facility(name) for name in deal.facilities}
        self.result.hedges[day] = {
            name: {
                "notional": self.notional[name],
                **self._dues("hedge", name),
                "accrued": self.coming[name],
                "received": moved["drawn", name],
                "receivable": self.receivable[name],
            }
            for name in deal.hedges
        }
        self.result.ledgers[day] = {
            name: {
                "opening": self.counted_before[name],
                "debited": moved["debit", name],
                "credited": moved["credit", name],
                "closing": self.counted[name],
            }
            for name in deal.ledgers
        }
        self.result.fees[day] = {name: self._dues("fee", name) for name in deal.fees}
        self.result.accounts[day] = dict(self.cash)
        self.result.triggers[day] = {name: held == 1.0 for name, held in self.held.items()}
        self.result.values[day] = {name: float(value) for name, value in self.lets.items()}

    def _dues(self, kind: str, name: str) -> dict[str, float]:
        return {"due": self.due[kind][name], "paid": self.moved[kind, name], "unpaid": self.owed[kind][name]}

    def _tranche(self, name: str) -> dict[str, float]:
        moved = self.moved
        return {
            "opening": self.opening[name],
            "interest_due": self.due["interest"][name] + moved["income", name],
            "interest_paid": moved["interest", name] + moved["income", name],
            "interest_unpaid": self.owed["interest"][name],
            "capitalised": moved["capitalise", name],
            "principal_paid": moved["principal", name],
            "writedown": moved["write_down", name],
            "writeup": moved["write_up", name],
            "closing": self.owed["principal"][name],
        }

    def _facility(self, name: str) -> dict[str, float]:
        moved = self.moved
        return {
            "opening": self.opening[name],
            "drawn": moved["drawn", name],
            "repaid": moved["principal", name],
            "closing": self.owed["principal"][name],
            "available": self.available(name),
            **{f"interest_{column}": amount for column, amount in self._dues("interest", name).items()},
            **{f"fee_{column}": amount for column, amount in self._dues("fee", name).items()},
        }
