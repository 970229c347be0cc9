"""compile_deal(deal) -> Program: names become slots, steps become ops; or every Finding at once."""

from __future__ import annotations

from collections.abc import Iterable

from clo.deal.expansion import expanded
from clo.deal.structures import spelled_out
from clo.deal.terms import Buy, Deal, Sell, Settle, Test
from clo.findings import DealError, Finding, has_errors
from clo.waterfall.accruals import Accruals
from clo.waterfall.assembler import Assembler
from clo.waterfall.compiling import TALLY, payee
from clo.waterfall.flow import flow_findings
from clo.waterfall.kernel import Op
from clo.waterfall.names import ACCRUAL, STEPS, TRIGGERS, Scope, lets_of
from clo.waterfall.pool_inputs import PoolInputs
from clo.waterfall.program import Program
from clo.waterfall.stepping import Stepping
from clo.waterfall.triggers import declare_trigger, read_trigger


def compile_deal(deal: Deal, *, trace: bool = True) -> Program:
    """The program of a deal. Raises DealError with every finding: unknown names, steps and money that lead nowhere.

    trace=False keeps no record of single movements: for many scenarios of which only balances and totals are asked.
    """
    program, findings = compiled(deal, trace=trace)
    if has_errors(findings):
        raise DealError(findings)
    return program


def compiled(deal: Deal, *, trace: bool = True) -> tuple[Program, list[Finding]]:
    """The program and all that compiling finds, warnings included; with an error among them the program is not to be run.

    Raises DealError for what the deal's structure misses.
    """
    compiler = _Compiler(spelled_out(deal), trace=trace)
    return compiler.compile(), compiler.scope.findings


class _Compiler:
    """One compilation, in the order of a payment date: accrual, triggers, the steps, what is asserted."""

    def __init__(self, deal: Deal, *, trace: bool) -> None:
        self.deal = deal
        self.code = Assembler(trace=trace)
        self.expanded = expanded(deal)
        self.steps = self.expanded.steps
        pool = PoolInputs(
            self.code, list(deal.pools), self._bought(), sold=any(isinstance(each.step, Sell) for each in self.steps)
        )
        lets = lets_of((each.path, each.step) for each in self.steps)
        self.scope = Scope(deal, self.code, lets, pool)
        self.scope.findings += self.expanded.findings
        tested = [name for each in self.steps if isinstance(each.step, Test) for name in each.step.triggers]
        self.untested = [name for name in deal.triggers if name not in tested]

    def _bought(self) -> list[str]:
        """Sub-pools that loans are bought for."""
        pools = [each.step.pool for each in self.steps if isinstance(each.step, Buy)]
        return [name for name in dict.fromkeys(pools) if name in self.deal.pools]

    def compile(self) -> Program:
        scope, code = self.scope, self.code
        self._declare()
        scope.part = ACCRUAL
        Accruals(self.deal, scope).compile()
        scope.pending.clear()
        scope.part = TRIGGERS
        for name in self.untested:
            start = code.place
            read_trigger(self.deal, scope, name)
            code.release()
            code.lines.append((f"trigger {name}: {self.deal.triggers[name].when}", start, code.place))
        scope.part = STEPS
        stepping = Stepping(self.deal, scope)
        for item in self.expanded.items:
            stepping.add(item)
        self._record()
        acting = set(scope.used)  # an assertion only looks on
        assertions = self._assert()
        scope.memory.finish()
        whole = all(name in self.deal.tranches for group in self.deal.groups.values() for name in group.tranches)
        if whole and not has_errors(scope.findings):  # a step that does not compile pays nobody: one mistake, told once
            flow_findings(self.deal, self.expanded, code.movements, acting, scope.complain)
        return code.finish(assertions, tuple(scope.lets))

    # ---- slots for everything that lives from date to date ----

    def _declare(self) -> None:
        code, deal = self.code, self.deal
        code.new_slot(TALLY, weight=-1.0)
        for number in range(len(deal.closing)):
            code.parameter(f"closing[{number}]", 0.0)
        for name, account in deal.accounts.items():
            start = code.parameter(f"{name}.initial", account.initial)
            code.new_slot(f"{name}.balance", start=start, weight=1.0)
            code.constant(account.initial, f"{name}.initial")
            self._new(name, ("earned",) if account.earns is not None else ())
        self._declare_tranches()
        for name in deal.ledgers:
            self._new(name, ("balance",))
        for name in deal.facilities:
            self._new(name, ("balance", "drawn", "interest_due", "interest_unpaid", "due", "unpaid"))
        for name in deal.hedges:
            self._new(name, ("notional", "due", "unpaid", "receivable", "accrued"))
        for name in deal.fees:
            self._new(name, ("due", "unpaid"))
        for name, trigger in deal.triggers.items():
            declare_trigger(code, name, trigger)
        for name in self.scope.lets:
            if name not in code.slots:
                code.new_slot(name)
        for party in dict.fromkeys(self._parties()):
            code.new_slot(f"received:{party}", weight=1.0)

    def _new(self, name: str, words: Iterable[str]) -> None:
        for word in words:
            self.code.new_slot(f"{name}.{word}")

    def _declare_tranches(self) -> None:
        code = self.code
        for name, tranche in self.deal.tranches.items():
            size = 0.0 if tranche.size == "rest" else tranche.size
            code.new_slot(f"{name}.balance", start=code.parameter(f"{name}.size", size))
            code.constant(size, f"{name}.size")
            self._new(name, ("written_down",))
            if tranche.coupon is not None:
                self._new(name, ("interest_due", "interest_unpaid"))
            if tranche.denomination is not None:
                code.constant(0.0, f"{name}.notes")

    def _parties(self) -> list[str]:
        deal = self.deal
        paid = [payee(deal, name) for name in (*deal.tranches, *deal.facilities, *deal.hedges, *deal.fees)]
        paid += [each.step.to for each in self.steps if isinstance(each.step, Settle) and each.step.to not in deal.accounts]
        return paid + [deal.seller(name) for name in self.code.purchases]

    # ---- after the last step ----

    def _record(self) -> None:
        """Each account's target as the steps left it, for the result; what was bought, for the dates to come."""
        code, start = self.code, self.code.place
        for name, account in self.deal.accounts.items():
            if account.target is not None:
                self.scope.path = f"accounts.{name}.target"
                slot = code.new_slot(f"{name}.target_after")
                code.apply(Op.COPY, self.scope.target(name), out=slot)
                code.release()
        for name in self.deal.facilities:
            slot = code.new_slot(f"{name}.available_after")
            code.apply(Op.COPY, self.scope.available(name), out=slot)
            code.release()
        for number, name in enumerate(code.purchases):
            code.emit(Op.REMEMBER, 0, number, code.slots[f"{name}.bought"])
        code.lines.append(("what is recorded", start, code.place))

    def _assert(self) -> tuple[int, ...]:
        slots, start = [], self.code.place
        for number, assertion in enumerate(self.deal.assertions):
            self.scope.path = f"assertions[{number}].that"
            slots.append(self.scope.value(assertion.that, out=self.code.new_slot(), condition=True))
            self.code.release()
        self.code.lines.append(("what is asserted", start, self.code.place))
        return tuple(slots)
