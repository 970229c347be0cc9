"""The steps of a deal, one after the other: sections, `let`, `test`, and whether the names a step needs are there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from clo.deal.contracts import contract_trouble
from clo.deal.expansion import Branch, Item, PlacedStep, SectionStart
from clo.deal.terms import (
    COLLECTED,
    Buy,
    Capitalise,
    Charge,
    Collect,
    Credit,
    Deal,
    Debit,
    Draw,
    Let,
    Pay,
    Sell,
    Settle,
    StepTerms,
    Test,
    Transfer,
    WriteDown,
    WriteUp,
)
from clo.expressions import ExpressionError, evaluate, names, parse
from clo.waterfall.bookings import Booking
from clo.waterfall.compiling import Condition, members
from clo.waterfall.kernel import Op
from clo.waterfall.names import Scope
from clo.waterfall.payments import PayStep
from clo.waterfall.steps import CashStep
from clo.waterfall.triggers import read_trigger

PAYABLE: Mapping[str, tuple[str, ...]] = {
    "fee": ("fees", "facilities"),
    "interest": ("tranches", "groups", "facilities"),
    "principal": ("tranches", "groups", "facilities"),
    "hedge": ("hedges",),
    "residual": ("tranches",),
}
"""Sections of a deal whose entries each kind of payment may name."""
ONE = {"fee": "fee", "interest": "tranche", "principal": "tranche", "hedge": "hedge", "residual": "tranche"}


class Stepping:
    """The compilation of the steps of one deal. Each is checked for the names it needs before it becomes ops."""

    def __init__(self, deal: Deal, scope: Scope) -> None:
        self.deal, self.scope, self.code = deal, scope, scope.code
        self._branches: dict[tuple[int, bool], Condition] = {}
        self._tested: set[str] = set()
        self._defined: set[str] = set()

    def add(self, item: Item) -> None:
        """Append the ops of a section's start or of a step."""
        start, scope = self.code.place, self.scope
        scope.path = item.path
        if isinstance(item, SectionStart):
            self._enter(item)
            condition = f" if {item.condition}" if item.condition else ""
            self.code.lines.append((f"section {item.name}{condition}", start, self.code.place))
        else:
            self._step(item)
            self.code.lines.append((f"{item.number}. {in_words(item.step)}", start, self.code.place))
        self.code.release()

    # ---- sections and conditions ----

    def _within(self, branches: tuple[Branch, ...]) -> Condition | None:
        """The condition of the innermost branch, which holds those around it."""
        return self._branches[branches[-1].section, branches[-1].holds] if branches else None

    def _both(self, outer: Condition | None, slot: int, text: str) -> Condition:
        """A condition of its own and the one around it, in a slot that stays."""
        if outer is None:
            return Condition(self.code.apply(Op.COPY, slot, out=self.code.new_slot()), text)
        joined = self.code.apply(Op.AND, outer.slot, slot, out=self.code.new_slot())
        return Condition(joined, f"{outer.text}` and `{text}")

    def _enter(self, section: SectionStart) -> None:
        outer = self._within(section.within)
        if section.condition is None:
            self._branches[section.key, False] = Condition(self.code.constant(0.0), f"else of section {section.name}")
            if section.otherwise:
                message = f"the else of section {section.name!r} is never reached: the section has no condition"
                self.scope.complain("E-D128", message, "add if: to the section, or remove its else:")
            return
        self._never(section.condition)
        self.scope.path = f"{section.path}.if"
        holds = self.scope.value(section.condition, condition=True)
        self._branches[section.key, True] = self._both(outer, holds, section.condition)
        fails = self.code.apply(Op.NOT, holds)
        self._branches[section.key, False] = self._both(outer, fails, f"not ({section.condition})")

    def _condition(self, placed: PlacedStep) -> Condition | None:
        """Whether the step moves anything, its own condition and the sections around it together."""
        outer = self._within(placed.within)
        own = getattr(placed.step, "condition", None)
        if own is None:
            return outer
        self._never(own)
        if outer is None:
            return Condition(self.scope.value(own, out=self.code.new_slot(), condition=True), own)
        return self._both(outer, self.scope.value(own, condition=True), own)

    def _never(self, condition: str) -> None:
        """Complain of a condition that names nothing and does not hold."""
        try:
            expression = parse(condition)
            constant = not list(names(expression)) and self.scope.kinds.is_condition(expression)
            if constant and not evaluate(expression, str):  # no name is asked for
                message = f"what stands under the condition {condition!r} is never reached: it does not hold"
                self.scope.complain("E-D128", message, "correct the condition, or remove the step")
        except (ExpressionError, ZeroDivisionError):
            return  # told where the condition is compiled

    # ---- steps ----

    def _step(self, placed: PlacedStep) -> None:
        step, scope = placed.step, self.scope
        if isinstance(step, Let):
            self._let(step, placed.path)
            return
        if isinstance(step, Test):
            self._test(step, placed)
            return
        sound = self._sound(step)
        scope.path = placed.path
        condition = self._condition(placed)
        if isinstance(step, Collect) and condition is not None:
            rule = "what the pool pays is collected on every payment date"
            scope.complain(
                "E-D116", "a collect step stands in a section that may not run", "move it out of the section", rule=rule
            )
        if not sound:
            self._read_only(step)
            return
        place = (placed.number, placed.path, condition)
        match step:
            case Pay():
                PayStep(self.deal, scope, step, *place).compile()
            case Collect() | Transfer() | Draw() | Buy() | Sell() | Settle():
                CashStep(self.deal, scope, *place).compile(step)
            case Charge() | Capitalise() | WriteDown() | WriteUp() | Debit() | Credit():
                Booking(self.deal, scope, *place).compile(step)

    def _let(self, step: Let, path: str) -> None:
        scope, code = self.scope, self.code
        for name, text in step.values.items():
            scope.path = f"{path}.{name}"
            taken = name in scope.owners or name in self.deal.triggers
            if name in self._defined or taken:
                what = "a name of the deal" if taken else f"computed in {scope.lets[name][1]} as well"
                scope.complain("E-D114", f"{name!r} is {what}", "give it another name", value=name)
                continue
            self._defined.add(name)
            is_condition = scope.kinds.is_let_condition(name)
            scope.value(text, out=code.slots[name], condition=is_condition)
            scope.lets_known.add(name)

    def _test(self, step: Test, placed: PlacedStep) -> None:
        outer = self._within(placed.within)
        for name in step.triggers:
            self.scope.path = placed.path
            if not self.scope.known(name, self.deal.triggers, "trigger"):
                continue
            if name in self._tested and self.deal.triggers[name].remembers:
                message = f"trigger {name!r}, which counts what it sees, is tested twice"
                self.scope.complain("E-D115", message, "test it once on a payment date", value=name)
                continue
            self._tested.add(name)
            read_trigger(self.deal, self.scope, name, within=None if outer is None else outer.slot)

    def _read_only(self, step: StepTerms) -> None:
        """Read the amount of a step that cannot be compiled, for what else is wrong with it."""
        amount = getattr(step, "amount", None)
        if amount is not None:
            self.scope.amount(amount)

    # ---- the names a step needs ----

    def _sound(self, step: StepTerms) -> bool:  # noqa: PLR0911  (one return a verb)
        """Whether everything a step names is there and fits; complains where it does not."""
        deal = self.deal
        match step:
            case Collect():
                sound = self._all((step.to,), deal.accounts, "account")
                sound &= self._all(step.columns, COLLECTED, "column of the pool")
                return sound & self._all((step.pool,), ("pool", *deal.pools), "pool")
            case Transfer():
                ledgers = () if step.credits is None else (step.credits,)
                sound = self._all((step.source,), deal.accounts, "account") & self._all((step.to,), deal.accounts, "account")
                return sound & self._all(ledgers, deal.ledgers, "ledger")
            case Draw():
                sources = {**deal.facilities, **deal.hedges}
                return self._all((step.source,), sources, "facility or hedge") & self._all((step.to,), deal.accounts, "account")
            case Pay():
                return self._payable(step)
            case Buy():
                sound = self._all((step.pool,), deal.pools, "pool") & self._all((step.source,), deal.accounts, "account")
                return sound and self._bought((step.pool,))
            case Sell():
                return self._all((step.to,), deal.accounts, "account") & self._bought(deal.pools)
            case Settle():
                return self._parties(step)
            case Charge():
                return self._all((step.fee,), deal.fees, "fee")
            case Capitalise():
                return self._all(step.interest, (*deal.tranches, *deal.groups), "tranche") and self._with_coupon(step.interest)
            case WriteDown() | WriteUp():
                return self._all(step.tranches, (*deal.tranches, *deal.groups), "tranche")
            case Debit() | Credit():
                return self._all(step.ledgers, deal.ledgers, "ledger")
        return True

    def _all(self, names: Iterable[str], entries: Iterable[str], what: str) -> bool:
        listed = list(entries)
        named = list(names)
        missing = [name for name in named if not self.scope.known(name, listed, what)]
        for name in dict.fromkeys(name for name in named if named.count(name) > 1):
            self.scope.complain("E-D117", f"{what} {name!r} is named twice in one step", "name it once", value=name)
        return not missing and all(members(self.deal, (name,)) for name in named)  # an empty group is reported elsewhere

    def _bought(self, pools: Iterable[str]) -> bool:
        """Whether the deal has these sub-pools to buy for or to sell."""
        kept = [name for name in pools if self.deal.pools[name].reference]
        for name in kept:
            message = f"pool {name!r} is a reference pool: the deal neither buys nor sells its loans"
            self.scope.complain("E-D138", message, "remove the step, or reference: true", value=name)
        return not kept

    def _parties(self, step: Settle) -> bool:
        """Whether a contract is between accounts and parties: not between two accounts, nor with an entry that is neither."""
        wrong = contract_trouble(self.deal, step)
        if wrong is not None:
            self.scope.complain("E-D137", *wrong)
        return wrong is None

    def _payable(self, step: Pay) -> bool:
        deal, scope = self.deal, self.scope
        entries = [name for section in PAYABLE[step.kind] for name in getattr(deal, section)]
        sound = self._all(step.sources, deal.accounts, "account") & self._all(step.names, entries, ONE[step.kind])
        if sound and step.kind == "interest":
            sound = self._with_coupon(step.names)
        if sound and step.kind == "residual" and (len(step.names) != 1 or len(step.sources) != 1):
            message, fix = "a residual goes to one tranche, out of one account", "name one tranche and one account"
            scope.complain("E-D109", message, fix, value=", ".join(step.names))
            return False
        return sound

    def _with_coupon(self, names: Iterable[str]) -> bool:
        tranches = self.deal.tranches
        bare = [name for name in members(self.deal, list(names)) if name in tranches and tranches[name].coupon is None]
        for name in dict.fromkeys(bare):
            message = f"tranche {name!r} has no coupon, so no interest"
            self.scope.complain("E-D108", message, "give it a coupon, or pay it a residual", value=name)
        return not bare


def in_words(step: StepTerms) -> str:
    """A step in one line, as its file says it."""
    details = step.model_dump(by_alias=True, exclude_defaults=True)
    if isinstance(step, Let):
        details = dict(step.values)
    if isinstance(step, Test):
        return f"test {', '.join(step.triggers)}"
    if isinstance(step, Pay):
        details = {step.kind: step.names} | {key: value for key, value in details.items() if key not in ("kind", "names")}
    said = ", ".join(f"{key}: {_listed(value)}" for key, value in details.items())
    return f"{step.verb} {said}"


def _listed(value: object) -> str:
    if isinstance(value, (tuple, list)):
        return str(value[0]) if len(value) == 1 else f"[{', '.join(str(each) for each in value)}]"
    return str(value)
