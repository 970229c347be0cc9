"""The slow reading of a deal: the same terms and the same raw loan rows as the engine, read again in plain Python.

It imports nothing from `clo` but the terms, and shares no code with the engine. Where the two differ, one is wrong.
`run_oracle(deal, rows_by_pool, scenario)` recomputes dates (oracle_dates.py), what loans owe (oracle_loans.py), what borrowers
do (oracle_hazards.py, oracle_behaviour.py), the flows of sub-pools (oracle_pool.py) and the priority of payments.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from oracle_dates import collection_months, determination_date, payment_dates, year_fraction
from oracle_expressions import evaluate
from oracle_loans import Curves, Row
from oracle_pool import collected, pool_flows

from clo.deal.terms import Collect, Deal, Fee, Pay, Scenario, Tranche, Transfer


@dataclass
class OracleRun:
    """pool[month end][group], tranches[payment date][tranche], ... with the columns of the result's frames."""

    pool: dict[date, dict[str, dict[str, float]]] = field(default_factory=dict)
    tranches: dict[date, dict[str, dict[str, float]]] = field(default_factory=dict)
    accounts: dict[date, dict[str, float]] = field(default_factory=dict)
    fees: dict[date, dict[str, dict[str, float]]] = field(default_factory=dict)
    triggers: dict[date, dict[str, bool]] = field(default_factory=dict)
    ledger: list[tuple[date, int, str, str, str, float]] = field(default_factory=list)
    """(payment date, step, reason, from, to, amount); the first step is 1; reasons: collect, transfer, NAME.fee,
    NAME.interest, NAME.principal, NAME.residual_principal, NAME.residual_interest."""
    lost_recoveries: dict[str, float] = field(default_factory=dict)
    breaches: list[tuple[date, int, str]] = field(default_factory=list)
    sizes: dict[str, float] = field(default_factory=dict)


COLLECTED = ("interest", "scheduled_principal", "prepayment", "default", "recovery")
"""Sums of a period that a waterfall may ask for."""


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
    return Waterfall(deal, rows, terms, curves, list(schedules)).run()


class Waterfall:
    def __init__(
        self, deal: Deal, rows: Mapping[str, list[Row]], scenario: Scenario, curves: Curves | None, schedules: list[Row]
    ) -> None:
        if not deal.waterfall:
            raise ValueError("the waterfall is not spelled out")
        self.deal = deal
        self.result = OracleRun()
        self.groups = ["pool", *deal.pools]
        self.payments = payment_dates(deal)
        self.months = collection_months(deal.dates.cutoff, determination_date(self.payments[-1][0]))
        self.initial = {name: math.fsum(float(row["current_balance"]) for row in rows[name]) for name in deal.pools}
        self.initial["pool"] = math.fsum(self.initial.values())
        self.smallest = max(1e-12 * self.initial["pool"], 0.0 if deal.rounding == "none" else 1e-4)
        self._project(rows, scenario, curves, schedules)

        others = math.fsum(t.size for t in deal.tranches.values() if t.size != "rest")
        self.size = {
            name: self.initial["pool"] - others if t.size == "rest" else float(t.size) for name, t in deal.tranches.items()
        }
        self.result.sizes = dict(self.size)
        self.balance = dict(self.size)
        self.cash = {name: float(account.initial) for name, account in deal.accounts.items()}
        self.interest_due = dict.fromkeys(deal.tranches, 0.0)
        self.interest_unpaid = dict.fromkeys(deal.tranches, 0.0)
        self.fee_due = dict.fromkeys(deal.fees, 0.0)
        self.fee_unpaid = dict.fromkeys(deal.fees, 0.0)
        self.held: dict[str, float] = {}
        self.period = {
            group: dict.fromkeys(COLLECTED, 0.0) | {"opening": self.initial[group], "balance": self.initial[group]}
            for group in self.groups
        }
        self.cumulative = dict.fromkeys(self.groups, 0.0)

    def _project(self, rows: Mapping[str, list[Row]], scenario: Scenario, curves: Curves | None, schedules: list[Row]) -> None:
        by_group = {}
        cutoff, months = self.deal.dates.cutoff, len(self.months)
        for name in self.deal.pools:
            flows, lost = pool_flows(rows[name], cutoff, months, scenario, curves=curves, schedules=schedules)
            by_group[name] = flows
            self.result.lost_recoveries[name] = lost
        self.result.lost_recoveries["pool"] = math.fsum(self.result.lost_recoveries.values())
        for index, month in enumerate(self.months):
            groups = {name: by_group[name][index] for name in self.deal.pools}
            columns = next(iter(groups.values()))
            total = {column: math.fsum(flow[column] for flow in groups.values()) for column in columns}
            self.result.pool[month] = {"pool": total, **groups}

    # rounding

    def rounded(self, amount: float) -> float:
        if self.deal.rounding == "none" or not math.isfinite(amount):
            return amount
        return float(math.floor(amount + (0.5 if self.deal.rounding == "half_up" else 0.0) + 1e-4))

    def whole(self, amount: float) -> float:
        return amount if self.deal.rounding == "none" else float(math.floor(amount + 1e-4))

    # names in expressions

    def value(self, name: str) -> float:
        head, _, what = name.partition(".")
        if what == "target" and head in self.deal.accounts:
            target = self.deal.accounts[head].target
            if target is None:
                raise KeyError(f"{head} has no target")
            return self.read(target)
        if head in self.groups:
            known = self.period[head] | {
                "initial": self.initial[head],
                "cumulative_default": self.cumulative[head],
            }
        elif head in self.deal.tranches:
            known = {
                "balance": self.balance[head],
                "size": self.size[head],
                "interest_due": self.interest_due[head],
                "interest_unpaid": self.interest_unpaid[head],
            }
        elif head in self.deal.accounts:
            known = {"balance": self.cash[head], "initial": float(self.deal.accounts[head].initial)}
        elif head in self.deal.fees:
            known = {"due": self.fee_due[head], "unpaid": self.fee_unpaid[head]}
        else:
            known = {"": self.held[head]}
        return known[what]

    def read(self, text: str) -> float:
        return float(evaluate(text, self.value, self.smallest))

    # one payment date after another

    def run(self) -> OracleRun:
        after, since = self.deal.dates.cutoff, self.deal.dates.closing
        for unadjusted, paid_on in self.payments:
            self.paid_on = paid_on
            up_to = determination_date(unadjusted)
            self._collect_period([month for month in self.months if after < month <= up_to])
            after = max(after, up_to)
            until = unadjusted if self.deal.payments.accrual == "unadjusted" else paid_on
            fraction = year_fraction(since, until, self.deal.day_count)
            since = until
            self._begin(fraction)
            for index, step in enumerate(self.deal.waterfall, start=1):
                self.index = index
                if isinstance(step, Collect):
                    self._collect(step)
                elif step.condition is None or self._holds(step.condition):
                    self._transfer(step) if isinstance(step, Transfer) else self._pay(step)
            self._end()
        return self.result

    def _collect_period(self, months: list[date]) -> None:
        for group in self.groups:
            flows = [self.result.pool[month][group] for month in months]
            cash = [self._cash(month, group) for month in months]
            opening = self.period[group]["balance"]
            self.period[group] = {column: math.fsum(each[column] for each in cash) for column in COLLECTED}
            self.period[group] |= {"opening": opening, "balance": flows[-1]["closing"] if flows else opening}
            self.cumulative[group] += self.period[group]["default"]

    def _cash(self, month: date, group: str) -> dict[str, float]:
        """What a sub-pool brings in a month; the pool brings what its sub-pools do."""
        parts = [collected(self.result.pool[month][name]) for name in (self.deal.pools if group == "pool" else [group])]
        return {column: math.fsum(part[column] for part in parts) for column in COLLECTED}

    def _begin(self, fraction: float) -> None:
        """Interest and fees accrue; then the triggers are read."""
        self.opening = dict(self.balance)
        self.frame = {
            name: {"paid": 0.0, "principal": 0.0, "income": 0.0, "fee": 0.0} for name in (*self.deal.tranches, *self.deal.fees)
        }
        for name, tranche in self.deal.tranches.items():
            self.interest_due[name] = self._accrued(name, tranche, fraction)
            self.interest_unpaid[name] += self.interest_due[name]
        for name, fee in self.deal.fees.items():
            self.fee_due[name] = self._fee_accrued(fee, fraction)
            self.fee_unpaid[name] += self.fee_due[name]
        self.held = {}
        for name, trigger in self.deal.triggers.items():
            self.held[name] = self.read(trigger.when)

    def _accrued(self, name: str, tranche: Tranche, fraction: float) -> float:
        coupon = tranche.coupon or 0.0
        if tranche.denomination is None:
            return self.rounded(self.balance[name] * coupon * fraction)
        units = self.size[name] / tranche.denomination
        if units == 0.0:
            return 0.0
        return self.rounded(self.balance[name] / units * coupon * fraction) * units

    def _fee_accrued(self, fee: Fee, fraction: float) -> float:
        if fee.amount is not None:
            return self.rounded(fee.amount)
        opening, closing = self.period["pool"]["opening"], self.period["pool"]["balance"]
        base = {"pool.opening": opening, "pool.average": (opening + closing) / 2, "pool.closing": closing}[str(fee.on)]
        return self.rounded(float(fee.rate or 0.0) * base * fraction)

    def _end(self) -> None:
        self.result.tranches[self.paid_on] = {
            name: {
                "opening": self.opening[name],
                "interest_due": self.interest_due[name] + self.frame[name]["income"],
                "interest_paid": self.frame[name]["paid"] + self.frame[name]["income"],
                "interest_unpaid": self.interest_unpaid[name],
                "capitalised": 0.0,
                "principal_paid": self.frame[name]["principal"],
                "writedown": 0.0,
                "writeup": 0.0,
                "closing": self.balance[name],
            }
            for name in self.deal.tranches
        }
        self.result.fees[self.paid_on] = {
            name: {"due": self.fee_due[name], "paid": self.frame[name]["fee"], "unpaid": self.fee_unpaid[name]}
            for name in self.deal.fees
        }
        self.result.accounts[self.paid_on] = dict(self.cash)
        self.result.triggers[self.paid_on] = {name: held == 1.0 for name, held in self.held.items()}

    # steps

    def _note(self, reason: str, source: str, to: str, amount: float) -> None:
        if amount != 0.0:
            self.result.ledger.append((self.paid_on, self.index, reason, source, to, amount))

    def _holds(self, condition: str) -> bool:
        """Whether a step's condition holds; one that depends on a division by 0 is a breach, and nothing moves."""
        value = self.read(condition)
        if math.isnan(value):
            self.result.breaches.append((self.paid_on, self.index, f"{condition} is {value}"))
        return value == 1.0

    def _asked(self, text: str) -> float:
        """The amount of a step; a negative one or no number is a breach, and nothing moves.

        Less than 1e-12 of the pool, or than what paying a whole unit may overdraw an account by (1e-4), is no amount.
        """
        amount = self.read(text)
        if not -self.smallest <= amount < math.inf:
            self.result.breaches.append((self.paid_on, self.index, f"{text} is {amount}"))
        return max(0.0, amount) if math.isfinite(amount) else 0.0

    def _collect(self, step: Collect) -> None:
        amount = math.fsum(self.period[step.pool][column] for column in step.columns)
        self.cash[step.to] += amount
        self._note("collect", step.pool, step.to, amount)

    def _transfer(self, step: Transfer) -> None:
        amount = max(0.0, min(self._asked(step.amount), self.cash[step.source]))
        self.cash[step.source] -= amount
        self.cash[step.to] += amount
        self._note("transfer", step.source, step.to, amount)

    def _pay(self, step: Pay) -> None:
        limit = math.inf if step.amount is None else self.rounded(self._asked(step.amount))
        if step.kind == "residual":
            for name in step.names:
                limit -= self._pay_residual(name, step.source, limit)
            return
        claims = {"fee": self.fee_unpaid, "interest": self.interest_unpaid, "principal": self.balance}[step.kind]
        shares = self._shares if step.how == "pro_rata" else self._in_order
        for name, amount in shares({name: claims[name] for name in step.names}, limit, self.cash[step.source]):
            claims[name] -= amount
            self.cash[step.source] -= amount
            self.frame[name][{"fee": "fee", "interest": "paid", "principal": "principal"}[step.kind]] += amount
            self._note(f"{name}.{step.kind}", step.source, name, amount)

    def _in_order(self, claims: Mapping[str, float], limit: float, cash: float) -> list[tuple[str, float]]:
        paid = []
        for name, claim in claims.items():
            amount = max(0.0, min(claim, limit, self.whole(cash)))
            limit -= amount
            cash -= amount
            paid.append((name, amount))
        return paid

    def _shares(self, claims: Mapping[str, float], limit: float, cash: float) -> list[tuple[str, float]]:
        total = math.fsum(claims.values())
        to_pay = max(0.0, min(limit, total, self.whole(cash)))
        if to_pay == 0.0:
            return []
        amounts = {name: min(claim, self.whole(to_pay * claim / total)) for name, claim in claims.items()}
        remainder = to_pay - math.fsum(amounts.values())
        for name, claim in claims.items():
            more = max(0.0, min(remainder, claim - amounts[name]))
            amounts[name] += more
            remainder -= more
        return list(amounts.items())

    def _pay_residual(self, name: str, source: str, limit: float) -> float:
        amount = max(0.0, min(limit, self.whole(self.cash[source])))
        others = math.fsum(balance for other, balance in self.balance.items() if other != name)
        excess = self.balance[name] - max(0.0, self.period["pool"]["balance"] - others)
        principal = min(amount, self.rounded(max(0.0, excess)), self.balance[name])
        self.balance[name] -= principal
        self.cash[source] -= amount
        self.frame[name]["principal"] += principal
        self.frame[name]["income"] += amount - principal
        self._note(f"{name}.residual_principal", source, name, principal)
        self._note(f"{name}.residual_interest", source, name, amount - principal)
        return amount
