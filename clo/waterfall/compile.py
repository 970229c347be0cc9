"""compile(deal) -> Program: names become slots, steps become ops; or every Finding at once."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from clo.deal.structures import spelled_out
from clo.deal.terms import COLLECTED, Collect, Deal, Pay, Tranche, Transfer
from clo.expressions import ExpressionError, parse
from clo.findings import DealError, Finding
from clo.waterfall.assembler import Assembler
from clo.waterfall.flow import flow_findings
from clo.waterfall.kernel import Op
from clo.waterfall.program import Movement, Program, Reason

POOL_QUANTITIES = ("initial", "opening", "balance", "cumulative_default", "default", *COLLECTED)
"""What an expression may ask of `pool` or a sub-pool; flows are those of the collection period, balance is its closing."""
TALLY = "collected"


def compile_deal(deal: Deal) -> Program:
    """The program of a deal. Raises DealError with every finding: unknown names, steps and money that lead nowhere."""
    compiler = _Compiler(spelled_out(deal))
    program = compiler.compile()
    errors = [finding for finding in compiler.findings if finding.severity == "error"]
    if errors:
        raise DealError(compiler.findings)
    return program


def nearest(name: str, known: Iterable[str]) -> str:
    """A sentence that suggests the nearest known name."""
    names = sorted(known)
    close = get_close_matches(name, names, n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}?" if close else f"known: {', '.join(names)}"


class _Compiler:
    """One compilation: the assembler, the findings so far, and what has been paid from where."""

    def __init__(self, deal: Deal) -> None:
        self.deal = deal
        self.code = Assembler()
        self.findings: list[Finding] = []
        self.path = ""
        self.step = 0
        self.rounds = deal.rounding != "none"
        self.targets_open: list[str] = []
        self.triggers_known: list[str] = []
        self.names_used: set[str] = set()

    # ---- findings ----

    def complain(self, code: str, message: str, fix: str, rule: str = "", value: str = "", path: str = "") -> None:
        where = path or self.path
        origin = self.deal.origin
        place = origin.place(where) or origin.place("structure")
        self.findings.append(origin.finding(code, where, message, fix, rule=rule, value=value, place=place))

    def known(self, name: str, names: Iterable[str], what: str) -> bool:
        names = list(names)
        if name not in names:
            self.complain("E-D101", f"{what} {name!r} is not in the deal; {nearest(name, names)}", f"use a known {what}", value=name)
            return False
        return True

    # ---- the program ----

    def compile(self) -> Program:
        self._declare()
        self._accrue()
        self._read_triggers()
        for number, step in enumerate(self.deal.waterfall):
            self.step = number + 1
            self.path = f"waterfall[{number}].{step.verb}"
            match step:
                case Collect():
                    self._collect(step)
                case Transfer():
                    self._transfer(step)
                case Pay():
                    self._pay(step)
            self.code.release()
        self._record_targets()
        assertions = self._assert()
        self._check_flow()
        return self.code.finish(assertions)

    def _declare(self) -> None:
        """Slots for everything that lives from date to date."""
        code = self.code
        code.new_slot(TALLY, weight=-1.0)
        for name in ("pool", *self.deal.pools):
            code.constant(0.0, f"{name}.initial")
        for name, account in self.deal.accounts.items():
            start = code.parameter(f"{name}.initial", account.initial)
            code.new_slot(f"{name}.balance", start=start, weight=1.0)
            code.constant(account.initial, f"{name}.initial")
        for name, tranche in self.deal.tranches.items():
            size = 0.0 if tranche.size == "rest" else tranche.size
            start = code.parameter(f"{name}.size", size)
            code.new_slot(f"{name}.balance", start=start)
            code.constant(size, f"{name}.size")
            if tranche.coupon is not None:
                code.constant(tranche.coupon, f"{name}.coupon")
                code.new_slot(f"{name}.interest_due")
                code.new_slot(f"{name}.interest_unpaid")
        for name in self.deal.fees:
            code.new_slot(f"{name}.due")
            code.new_slot(f"{name}.unpaid")
        for party in self._recipients():
            code.new_slot(f"received.{party}", weight=1.0)

    def _recipients(self) -> list[str]:
        holders = [tranche.holder for tranche in self.deal.tranches.values()]
        return list(dict.fromkeys([*holders, *(fee.payee or name for name, fee in self.deal.fees.items())]))

    def _rounded(self, slot: int, out: int | None = None) -> int:
        op = {"down": Op.ROUND_DOWN, "half_up": Op.ROUND_HALF_UP, "none": Op.COPY}[self.deal.rounding]
        return self.code.apply(op, slot, out=out)

    def _accrue(self) -> None:
        """Interest and fees of the period, before anything is paid."""
        code, slots = self.code, self.code.slots
        for name, tranche in self.deal.tranches.items():
            if tranche.coupon is None:
                continue
            self._accrue_interest(name, tranche)
            unpaid = slots[f"{name}.interest_unpaid"]
            code.apply(Op.ADD, unpaid, slots[f"{name}.interest_due"], out=unpaid)
            code.release()
        for name, fee in self.deal.fees.items():
            due, unpaid = slots[f"{name}.due"], slots[f"{name}.unpaid"]
            if fee.amount is not None:
                self._rounded(code.constant(fee.amount, f"{name}.amount"), out=due)
            elif fee.rate is not None and fee.on is not None:
                rate = code.constant(fee.rate, f"{name}.rate")
                accrued = code.apply(Op.MULTIPLY, rate, self._fee_balance(fee.on))
                self._rounded(code.apply(Op.MULTIPLY, accrued, code.period_value("fraction")), out=due)
            code.apply(Op.ADD, unpaid, due, out=unpaid)
            code.release()

    def _accrue_interest(self, name: str, tranche: Tranche) -> None:
        code, slots = self.code, self.code.slots
        base, due = slots[f"{name}.balance"], slots[f"{name}.interest_due"]
        if tranche.denomination is not None:
            notes = code.constant(0.0, f"{name}.notes")
            base = code.apply(Op.DIVIDE, base, notes)
        accrued = code.apply(Op.MULTIPLY, base, slots[f"{name}.coupon"])
        accrued = code.apply(Op.MULTIPLY, accrued, code.period_value("fraction"))
        if tranche.denomination is None:
            self._rounded(accrued, out=due)
        else:
            code.apply(Op.MULTIPLY, self._rounded(accrued), notes, out=due)

    def _fee_balance(self, on: str) -> int:
        code = self.code
        if on == "pool.average":
            total = code.apply(Op.ADD, code.input("pool", "opening"), code.input("pool", "balance"))
            return code.apply(Op.MULTIPLY, total, code.constant(0.5))
        return code.input("pool", "opening" if on == "pool.opening" else "balance")

    def _read_triggers(self) -> None:
        for name, trigger in self.deal.triggers.items():
            self.path = f"triggers.{name}.when"
            slot = self.code.new_slot(name)
            self._value(trigger.when, out=slot)
            self.triggers_known.append(name)
            self.code.release()

    def _collect(self, step: Collect) -> None:
        if not self._known_account(step.to) or not self.known(step.pool, ("pool", *self.deal.pools), "pool"):
            return
        code = self.code
        for column in step.columns:
            if self.known(column, COLLECTED, "column of the pool"):
                value = code.input(step.pool, column)
                op = code.emit(Op.COLLECT, 0, code.slots[f"{step.to}.balance"], code.slots[TALLY], value)
                self._moves(op, "collect", f"{step.pool}.{column}", "obligors", step.to, value, value, value)

    def _transfer(self, step: Transfer) -> None:
        if not (self._known_account(step.source) and self._known_account(step.to)):
            return
        code = self.code
        amount = self._value(step.amount)
        condition = self._condition(step.condition)
        if condition is not None:
            amount = code.apply(Op.SELECT, condition, amount, code.constant(0.0))
        out = code.new_slots(3)
        op = code.emit(Op.MOVE, out, code.slots[f"{step.source}.balance"], code.slots[f"{step.to}.balance"], amount)
        claim = f"{step.to}.transfer"
        self._moves(op, "transfer", claim, step.source, step.to, out, out + 1, out + 2, condition, step.condition)

    # ---- pay ----

    def _pay(self, step: Pay) -> None:
        kinds = self.deal.fees if step.kind == "fee" else self.deal.tranches
        sound = [self.known(name, kinds, "fee" if step.kind == "fee" else "tranche") for name in step.names]
        if not (self._known_account(step.source) and all(sound) and self._payable(step)):
            return
        condition = self._condition(step.condition)
        limit = self._limit(step, condition)
        if step.kind == "residual":
            self._pay_residual(step, limit, condition)
        elif step.how == "pro_rata":
            self._pay_pro_rata(step, limit, condition)
        else:
            for name in step.names:
                self._pay_one(step, name, limit, condition)

    def _payable(self, step: Pay) -> bool:
        for name in step.names:
            if step.kind == "interest" and self.deal.tranches[name].coupon is None:
                self.complain("E-D108", f"tranche {name!r} has no coupon, so no interest", "give it a coupon, or pay it a residual", value=name)
                return False
        if step.kind == "residual" and len(step.names) != 1:
            self.complain("E-D109", "a residual goes to one tranche", "name one tranche", value=", ".join(step.names))
            return False
        return True

    def _limit(self, step: Pay, condition: int | None) -> int:
        """A slot with the most the step may still pay, free to be counted down."""
        code = self.code
        limit = code.unbounded if step.amount is None else self._rounded(self._value(step.amount))
        if condition is not None:
            limit = code.apply(Op.SELECT, condition, limit, code.constant(0.0))
        return limit

    def _claim(self, step: Pay, name: str) -> int:
        suffix = {"fee": "unpaid", "interest": "interest_unpaid", "principal": "balance"}[step.kind]
        return self.code.slots[f"{name}.{suffix}"]

    def _pay_one(
        self, step: Pay, name: str, limit: int, condition: int | None, claim: int | None = None, reason: Reason | None = None
    ) -> int:
        """One payment; returns the slot of what was paid."""
        code = self.code
        if step.kind == "fee":
            party = self.deal.fees[name].payee or name
        else:
            party = self.deal.tranches[name].holder
        due = self._claim(step, name) if claim is None else claim
        out = code.new_slots(3)
        op = code.emit(
            Op.PAY_WHOLE if self.rounds else Op.PAY,
            out,
            code.slots[f"{step.source}.balance"],
            code.slots[f"received.{party}"],
            due,
            limit,
        )
        kind: Reason = reason or step.kind  # type: ignore[assignment]  (a residual always says which part it is)
        self._moves(op, kind, f"{name}.{step.kind}", step.source, party, out, out + 1, out + 2, condition, step.condition)
        return out + 2

    def _pay_pro_rata(self, step: Pay, limit: int, condition: int | None) -> None:
        """Shares by claim; with rounding the remainder goes to the first named that still has a claim, then the next."""
        code = self.code
        claims = [self._claim(step, name) for name in step.names]
        total_claim = claims[0]
        for claim in claims[1:]:
            total_claim = code.apply(Op.ADD, total_claim, claim)
        source = code.slots[f"{step.source}.balance"]
        available = code.apply(Op.ROUND_DOWN, source) if self.rounds else source
        total = code.apply(Op.MINIMUM, code.apply(Op.MINIMUM, limit, total_claim), available)
        divisor = code.apply(Op.SELECT, total_claim, total_claim, code.constant(1.0))
        shares = []
        for claim in claims:
            share = code.apply(Op.DIVIDE, code.apply(Op.MULTIPLY, total, claim), divisor)
            shares.append(code.apply(Op.ROUND_DOWN, share) if self.rounds else share)
        remainder = code.apply(Op.COPY, total)
        for name, share in zip(step.names, shares, strict=True):
            paid = self._pay_one(step, name, share, condition)
            code.apply(Op.SUBTRACT, remainder, paid, out=remainder)
        if self.rounds:
            for name in step.names:
                self._pay_one(step, name, remainder, condition)

    def _pay_residual(self, step: Pay, limit: int, condition: int | None) -> None:
        """Principal up to the excess of the balance over what the pool leaves after the other tranches; interest beyond."""
        code, (name,) = self.code, step.names
        balance = code.slots[f"{name}.balance"]
        left = code.input("pool", "balance")
        for other in self.deal.tranches:
            if other != name:
                left = code.apply(Op.SUBTRACT, left, code.slots[f"{other}.balance"])
        zero = code.constant(0.0)
        excess = code.apply(Op.SUBTRACT, balance, code.apply(Op.MAXIMUM, left, zero))
        excess = self._rounded(code.apply(Op.MAXIMUM, excess, zero))
        remaining = code.apply(Op.COPY, limit)
        principal_limit = code.apply(Op.MINIMUM, excess, remaining)
        paid = self._pay_one(step, name, principal_limit, condition, claim=balance, reason="residual_principal")
        code.apply(Op.SUBTRACT, remaining, paid, out=remaining)
        self._pay_one(step, name, remaining, condition, claim=code.unbounded, reason="residual_interest")

    # ---- expressions ----

    def _known_account(self, name: str) -> bool:
        return self.known(name, self.deal.accounts, "account")

    def _condition(self, text: str | None) -> int | None:
        """A slot of its own with the step's condition, or None where there is none."""
        return None if text is None else self._value(text, out=self.code.new_slot())

    def _value(self, text: str, out: int | None = None) -> int:
        try:
            return self.code.lower(parse(text), self._slot_of, out=out)
        except ExpressionError as error:
            self.complain("E-D102", str(error), "see the expression language in docs/deal-file.md", value=text)
        except ValueError as error:
            self.complain("E-D103", f"{error}: {text!r}", "compare with numbers or names", value=text)
        return self.code.constant(0.0)

    def _slot_of(self, name: str) -> int:
        """The slot of a name in an expression."""
        self.names_used.add(name)
        owner, _, quantity = name.rpartition(".")
        if owner == "pool" or owner in self.deal.pools:
            return self._pool_slot(owner, quantity, name)
        if owner in self.deal.accounts and quantity == "target":
            return self._target(owner)
        if name in self.deal.triggers:
            if name not in self.triggers_known:
                self.complain(
                    "E-D106", f"trigger {name!r} is read before it is evaluated", "put it above", "triggers are evaluated in order", name
                )
                return self.code.constant(0.0)
            return self.code.slots[name]
        if name in self._quantities():
            return self.code.slots[name]
        known = [*self._quantities(), *self.deal.triggers, *(f"{a}.target" for a in self.deal.accounts)]
        known += [f"{pool}.{quantity}" for pool in ("pool", *self.deal.pools) for quantity in POOL_QUANTITIES]
        self.complain("E-D101", f"name {name!r} is not known; {nearest(name, known)}", "use a name of the deal", value=name)
        return self.code.constant(0.0)

    def _quantities(self) -> list[str]:
        """Names of the deal's own quantities that have a slot."""
        deal = self.deal
        found = [f"{a}.{q}" for a in deal.accounts for q in ("balance", "initial")]
        found += [f"{t}.{q}" for t in deal.tranches for q in ("balance", "size", "interest_due", "interest_unpaid")]
        found += [f"{f}.{q}" for f in deal.fees for q in ("due", "unpaid")]
        return [name for name in found if name in self.code.slots]

    def _pool_slot(self, owner: str, quantity: str, name: str) -> int:
        if quantity not in POOL_QUANTITIES:
            known = [f"{owner}.{known}" for known in POOL_QUANTITIES]
            self.complain("E-D101", f"name {name!r} is not known; {nearest(name, known)}", "use a quantity of the pool", value=name)
            return self.code.constant(0.0)
        if quantity == "initial":
            return self.code.slots[name]
        if quantity == "cumulative_default":
            if name not in self.code.slots:
                default = self.code.input(owner, "default")
                running = self.code.new_slot(name)
                self.code.apply(Op.ADD, running, default, out=running)
            return self.code.slots[name]
        return self.code.input(owner, quantity)

    def _target(self, account: str) -> int:
        """The account's target where it stands now; its expression takes the place of the name."""
        if account in self.targets_open:
            circle = " -> ".join([*(f"{name}.target" for name in self.targets_open), f"{account}.target"])
            self.complain("E-D107", f"cycle: {circle}", "use an opening balance or a number", "a target cannot depend on itself", account)
            return self.code.constant(0.0)
        target = self.deal.accounts[account].target
        if target is None:
            self.complain("E-D110", f"account {account!r} has no target", f"add target: to accounts.{account}", value=account)
            return self.code.constant(0.0)
        self.targets_open.append(account)
        slot = self._value(target)
        self.targets_open.pop()
        return slot

    # ---- the end ----

    def _moves(
        self,
        op: int,
        reason: Reason,
        claim: str,
        source: str,
        to: str,
        asked: int,
        available: int,
        moved: int,
        condition: int | None = None,
        text: str | None = None,
    ) -> None:
        self.code.movements.append(
            Movement(op, self.step, reason, claim, source, to, asked, available, moved, condition, text or "")
        )

    def _record_targets(self) -> None:
        """Each account's target after the last step, for the result."""
        for name, account in self.deal.accounts.items():
            if account.target is not None:
                self.path = f"accounts.{name}.target"
                slot = self.code.new_slot(f"{name}.target_after")
                self.code.apply(Op.COPY, self._target(name), out=slot)
                self.code.release()

    def _assert(self) -> tuple[int, ...]:
        found = []
        for number, assertion in enumerate(self.deal.assertions):
            self.path = f"assertions[{number}].that"
            found.append(self._value(assertion.that, out=self.code.new_slot()))
            self.code.release()
        return tuple(found)

    def _check_flow(self) -> None:
        flow_findings(self.deal, self.code.movements, self.names_used, self.complain)
