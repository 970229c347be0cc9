"""What a name in an expression stands for: quantities of the pool and of the deal, targets, triggers."""

from __future__ import annotations

import math
from collections.abc import Iterable

from clo.deal.terms import COLLECTED, Deal
from clo.expressions import SHOWN, Call, Expression, ExpressionError, Name, parse
from clo.findings import Finding, nearest
from clo.waterfall.assembler import Assembler
from clo.waterfall.kernel import Op

POOL_QUANTITIES = ("initial", "opening", "balance", "cumulative_default", "default", *COLLECTED)
"""What an expression may ask of `pool` or a sub-pool; flows are those of the collection period, balance is its closing."""


def hint(name: str, known: Iterable[str]) -> str:
    """A sentence that suggests the nearest known name."""
    names = sorted(known)
    close = nearest(name, names, cutoff=0.5)
    return f"did you mean {close!r}?" if close else f"known: {', '.join(names)}"


ARITHMETIC = ("+", "-", "*", "/", "neg", "min", "max")


def is_condition(expression: Expression) -> bool:
    """Whether an expression is true or false, not a number. Raises ExpressionError where it mixes the two."""
    match expression:
        case Name(name):
            return "." not in name  # a trigger
        case Call(function, arguments):
            kinds = [is_condition(argument) for argument in arguments]
            if function == "if":
                if not kinds[0] or kinds[1] != kinds[2]:
                    raise ExpressionError("if(condition, a, b) takes a condition and two values of one kind")
                return kinds[1]
            logical = function in ("and", "or", "not")
            if any(kind != logical for kind in kinds):
                wanted, given = ("conditions", "a number") if logical else ("numbers", "a condition")
                raise ExpressionError(f"{function!r} takes {wanted}, and is given {given}")
            return function not in ARITHMETIC
        case _:
            return False


class Scope:
    """The names of one deal during compilation, and the findings about them.

    path: the place in the deal that is being compiled, for findings. triggers_known: those evaluated so far.
    """

    def __init__(self, deal: Deal, code: Assembler) -> None:
        self.deal = deal
        self.code = code
        self.path = ""
        self.findings: list[Finding] = []
        self.used: set[str] = set()
        self.triggers_known: list[str] = []
        self._targets_open: list[str] = []

    def complain(self, code: str, message: str, fix: str, *, rule: str = "", value: str = "", path: str = "") -> None:
        """Add a finding about `path`, or about the place being compiled."""
        where = path or self.path
        origin = self.deal.origin
        place = origin.place(where) or origin.place("structure")
        found = origin.finding(code, where, message, fix, rule=rule, value=value, place=place)
        if found not in self.findings:  # an expression that several steps read is compiled for each
            self.findings.append(found)

    def known(self, name: str, names: Iterable[str], what: str) -> bool:
        """Whether a name is there; complains where it is not."""
        names = list(names)
        if name not in names:
            self.complain("E-D101", f"{what} {name!r} is not in the deal; {hint(name, names)}", f"use a known {what}", value=name)
        return name in names

    def value(self, text: str, out: int | None = None, *, condition: bool = False) -> int:
        """The slot of a number, or of a condition's truth, after the ops that compute it."""
        try:
            expression = parse(text)
            if is_condition(expression) != condition:
                wanted, given = ("a condition", "a number") if condition else ("a number", "a condition")
                self.complain("E-D104", f"{wanted} stands here, and {text!r} is {given}", "compare it with something", value=text)
                return self._nothing()
            return self.code.lower(expression, self.slot_of, out=out)
        except ExpressionError as error:
            shown = text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
            self.complain("E-D102", str(error), "see the expression language in docs/deal-file.md", value=shown)
        except ValueError as error:
            self.complain("E-D103", f"{error}: {text!r}", "compare with numbers or names", value=text)
        return self._nothing()

    def amount(self, text: str) -> int:
        """The slot of an amount of money; what was divided by 0 is not a number, and so a breach where it is asked for."""
        value = self.value(text)
        finite = self.code.apply(Op.LESS, value, self.code.unbounded)
        return self.code.apply(Op.SELECT, finite, value, self.code.constant(math.nan))

    def slot_of(self, name: str) -> int:
        """The slot of a name."""
        self.used.add(name)
        owner, _, quantity = name.rpartition(".")
        if owner == "pool" or owner in self.deal.pools:
            return self._pool_slot(owner, quantity)
        if owner in self.deal.accounts and quantity == "target":
            return self.target(owner)
        if name in self.deal.triggers and name not in self.triggers_known:
            message = f"trigger {name!r} is read before it is evaluated"
            self.complain(
                "E-D106", message, "put it above the one that reads it", rule="triggers are evaluated in order", value=name
            )
            return self._nothing()
        if name in self.deal.triggers or name in self._quantities():
            return self.code.slots[name]
        known = [*self._quantities(), *self.deal.triggers, *(f"{account}.target" for account in self.deal.accounts)]
        known += [f"{pool}.{quantity}" for pool in ("pool", *self.deal.pools) for quantity in POOL_QUANTITIES]
        return self._unknown(name, known)

    def target(self, account: str) -> int:
        """The account's target as things stand; its expression takes the place of the name."""
        if account in self._targets_open:
            circle = " -> ".join(f"{name}.target" for name in (*self._targets_open, account))
            rule = "a target cannot depend on itself"
            self.complain("E-D107", f"cycle: {circle}", "use an opening balance or a number", rule=rule, value=account)
            return self._nothing()
        target = self.deal.accounts[account].target
        if target is None:
            self.complain("E-D110", f"account {account!r} has no target", f"add target: to accounts.{account}", value=account)
            return self._nothing()
        reader, self.path = self.path, f"accounts.{account}.target"
        self._targets_open.append(account)
        slot = self.value(target)
        self._targets_open.pop()
        self.path = reader
        return slot

    def _nothing(self) -> int:
        return self.code.constant(0.0)

    def _unknown(self, name: str, known: Iterable[str]) -> int:
        self.complain("E-D101", f"name {name!r} is not known; {hint(name, known)}", "use a name of the deal", value=name)
        return self._nothing()

    def _quantities(self) -> list[str]:
        """Names of the deal's own quantities that have a slot."""
        deal = self.deal
        found = [f"{account}.{quantity}" for account in deal.accounts for quantity in ("balance", "initial")]
        found += [f"{t}.{quantity}" for t in deal.tranches for quantity in ("balance", "size", "interest_due", "interest_unpaid")]
        found += [f"{fee}.{quantity}" for fee in deal.fees for quantity in ("due", "unpaid")]
        return [name for name in found if name in self.code.slots]

    def _pool_slot(self, owner: str, quantity: str) -> int:
        name = f"{owner}.{quantity}"
        if quantity not in POOL_QUANTITIES:
            return self._unknown(name, [f"{owner}.{known}" for known in POOL_QUANTITIES])
        if quantity == "initial":
            return self.code.slots[name]
        if quantity != "cumulative_default":
            return self.code.input(owner, quantity)
        if name not in self.code.slots:
            default = self.code.input(owner, "default")
            running = self.code.new_slot(name)
            self.code.apply(Op.ADD, running, default, out=running)
        return self.code.slots[name]
