"""compile_deal(deal) -> Program: names become slots, steps become ops; or every Finding at once."""

from __future__ import annotations

from clo.deal.structures import spelled_out
from clo.deal.terms import COLLECTED, Collect, Deal, Pay, Tranche, Transfer
from clo.findings import DealError, Finding, has_errors
from clo.waterfall.assembler import Assembler
from clo.waterfall.flow import flow_findings
from clo.waterfall.kernel import Op
from clo.waterfall.names import Scope
from clo.waterfall.payments import PayStep, payee, rounded
from clo.waterfall.program import Movement, Program

TALLY = "collected"
"""The slot that counts what borrowers paid in: the other side of every collection."""


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
        self.scope = Scope(deal, self.code)

    def compile(self) -> Program:
        self._declare()
        self._accrue()
        self._read_triggers()
        for number, step in enumerate(self.deal.waterfall, start=1):
            self.scope.path = f"waterfall[{number - 1}].{step.verb}"
            match step:
                case Collect():
                    self._collect(step, number)
                case Transfer():
                    self._transfer(step, number)
                case Pay() if self._payable(step):
                    PayStep(self.deal, self.scope, step, number).compile()
                case Pay():
                    self._read_only(step)
            self.code.release()
        self._record_targets()
        acting = set(self.scope.used)  # an assertion only looks on
        assertions = self._assert()
        if not has_errors(self.scope.findings):  # a step that does not compile pays nobody: one mistake, told once
            flow_findings(self.deal, self.code.movements, acting, self.scope.complain)
        return self.code.finish(assertions)

    def _declare(self) -> None:
        """Slots for everything that lives from date to date."""
        code, deal = self.code, self.deal
        code.new_slot(TALLY, weight=-1.0)
        for name in ("pool", *deal.pools):
            code.constant(0.0, f"{name}.initial")
        for name, account in deal.accounts.items():
            start = code.parameter(f"{name}.initial", account.initial)
            code.new_slot(f"{name}.balance", start=start, weight=1.0)
            code.constant(account.initial, f"{name}.initial")
        for name, tranche in deal.tranches.items():
            size = 0.0 if tranche.size == "rest" else tranche.size
            code.new_slot(f"{name}.balance", start=code.parameter(f"{name}.size", size))
            code.constant(size, f"{name}.size")
            if tranche.coupon is not None:
                code.constant(tranche.coupon, f"{name}.coupon")
                code.new_slot(f"{name}.interest_due")
                code.new_slot(f"{name}.interest_unpaid")
        for name in deal.fees:
            code.new_slot(f"{name}.due")
            code.new_slot(f"{name}.unpaid")
        parties = [tranche.holder for tranche in deal.tranches.values()] + [payee(deal, "fee", name) for name in deal.fees]
        for party in dict.fromkeys(parties):
            code.new_slot(f"received.{party}", weight=1.0)

    # ---- before anything is paid ----

    def _accrue(self) -> None:
        """Interest and fees of the period."""
        code, slots = self.code, self.code.slots
        for name, tranche in self.deal.tranches.items():
            if tranche.coupon is not None:
                self._accrue_interest(name, tranche)
                self._carry(f"{name}.interest_due", f"{name}.interest_unpaid")
        for name, fee in self.deal.fees.items():
            if fee.rate is not None and fee.on is not None:
                accrued = code.apply(Op.MULTIPLY, code.constant(fee.rate, f"{name}.rate"), self._fee_balance(fee.on))
                accrued = code.apply(Op.MULTIPLY, accrued, code.period_value("fraction"))
            else:
                accrued = code.constant(fee.amount or 0.0, f"{name}.amount")
            rounded(code, self.deal, accrued, out=slots[f"{name}.due"])
            self._carry(f"{name}.due", f"{name}.unpaid")

    def _carry(self, due: str, unpaid: str) -> None:
        slots = self.code.slots
        self.code.apply(Op.ADD, slots[unpaid], slots[due], out=slots[unpaid])
        self.code.release()

    def _accrue_interest(self, name: str, tranche: Tranche) -> None:
        """Rounded once for the tranche, or once for a note of its denomination times the number of notes."""
        code, slots = self.code, self.code.slots
        due, notes = slots[f"{name}.interest_due"], None
        base = slots[f"{name}.balance"]
        if tranche.denomination is not None:
            notes = code.constant(0.0, f"{name}.notes")
            some = code.apply(Op.SELECT, notes, notes, code.constant(1.0))  # a tranche of nothing has no notes
            base = code.apply(Op.DIVIDE, base, some)
        accrued = code.apply(Op.MULTIPLY, base, slots[f"{name}.coupon"])
        accrued = code.apply(Op.MULTIPLY, accrued, code.period_value("fraction"))
        if notes is None:
            rounded(code, self.deal, accrued, out=due)
        else:
            code.apply(Op.MULTIPLY, rounded(code, self.deal, accrued), notes, out=due)

    def _fee_balance(self, on: str) -> int:
        code = self.code
        if on == "pool.average":
            total = code.apply(Op.ADD, code.input("pool", "opening"), code.input("pool", "balance"))
            return code.apply(Op.MULTIPLY, total, code.constant(0.5))
        return code.input("pool", "opening" if on == "pool.opening" else "balance")

    def _read_triggers(self) -> None:
        for name, trigger in self.deal.triggers.items():
            self.scope.path = f"triggers.{name}.when"
            slot = self.code.new_slot(name)
            self.scope.value(trigger.when, out=slot, condition=True)
            self.scope.triggers_known.append(name)
            self.code.release()

    # ---- the steps ----

    def _collect(self, step: Collect, number: int) -> None:
        code, scope = self.code, self.scope
        sound = [scope.known(step.to, self.deal.accounts, "account"), scope.known(step.pool, ("pool", *self.deal.pools), "pool")]
        for column in step.columns:
            if scope.known(column, COLLECTED, "column of the pool") and all(sound):
                value = code.input(step.pool, column)
                op = code.emit(Op.COLLECT, 0, code.slots[f"{step.to}.balance"], code.slots[TALLY], value)
                claim = f"{step.pool}.{column}"
                code.movements.append(Movement(op, number, "collect", claim, "obligors", step.to, value, value, value))

    def _transfer(self, step: Transfer, number: int) -> None:
        code, scope = self.code, self.scope
        amount = scope.amount(step.amount)
        condition = None if step.condition is None else scope.value(step.condition, out=code.new_slot(), condition=True)
        sound = [scope.known(name, self.deal.accounts, "account") for name in (step.source, step.to)]
        if not all(sound):
            return
        if condition is not None:
            amount = code.apply(Op.SELECT, condition, amount, code.constant(0.0))
        out = code.movement_slots()
        op = code.emit(Op.MOVE, out, code.slots[f"{step.source}.balance"], code.slots[f"{step.to}.balance"], amount)
        claim, text = f"{step.to}.transfer", step.condition or ""
        code.movements.append(
            Movement(op, number, "transfer", claim, step.source, step.to, out, out + 1, out + 2, condition, text)
        )

    def _read_only(self, step: Pay) -> None:
        """Read the amount and the condition of a step that cannot be compiled, for what else is wrong with it."""
        if step.amount is not None:
            self.scope.amount(step.amount)
        if step.condition is not None:
            self.scope.value(step.condition, condition=True)

    def _payable(self, step: Pay) -> bool:
        """Whether everything a pay step names is there and can be paid."""
        scope, kinds = self.scope, self.deal.fees if step.kind == "fee" else self.deal.tranches
        what = "fee" if step.kind == "fee" else "tranche"
        sound = [
            scope.known(step.source, self.deal.accounts, "account"),
            *(scope.known(name, kinds, what) for name in step.names),
        ]
        if not all(sound):
            return False
        for name in step.names:
            if step.kind == "interest" and self.deal.tranches[name].coupon is None:
                message = f"tranche {name!r} has no coupon, so no interest"
                scope.complain("E-D108", message, "give it a coupon, or pay it a residual", value=name)
                sound.append(False)
        if step.kind == "residual" and len(step.names) != 1:
            scope.complain("E-D109", "a residual goes to one tranche", "name one tranche", value=", ".join(step.names))
            sound.append(False)
        return all(sound)

    # ---- after the last step ----

    def _record_targets(self) -> None:
        """Each account's target as the steps left it, for the result."""
        for name, account in self.deal.accounts.items():
            if account.target is not None:
                self.scope.path = f"accounts.{name}.target"
                slot = self.code.new_slot(f"{name}.target_after")
                self.code.apply(Op.COPY, self.scope.target(name), out=slot)
                self.code.release()

    def _assert(self) -> tuple[int, ...]:
        slots = []
        for number, assertion in enumerate(self.deal.assertions):
            self.scope.path = f"assertions[{number}].that"
            slots.append(self.scope.value(assertion.that, out=self.code.new_slot(), condition=True))
            self.code.release()
        return tuple(slots)
