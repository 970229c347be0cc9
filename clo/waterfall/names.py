"""What a name in an expression stands for, when it may be read, and the findings about it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from clo.deal.terms import Deal, Let
from clo.deal.vocabulary import OWNERS, QUANTITIES, Quantity
from clo.expressions import DEAL_FUNCTIONS, SHOWN, Expression, ExpressionError, names, parse
from clo.findings import Finding, nearest
from clo.waterfall.assembler import Assembler
from clo.waterfall.compiling import members
from clo.waterfall.kernel import Op
from clo.waterfall.kinds import Kinds, with_texts_read
from clo.waterfall.memory import Memory
from clo.waterfall.pool_inputs import PoolInputs

ACCRUAL, TRIGGERS, STEPS = "accrual", "triggers", "steps"
"""Parts of a payment date, in order."""


MOST_LISTED = 16
"""Names that a message lists."""


def hint(name: str, known: Iterable[str]) -> str:
    """A sentence that suggests the nearest known name."""
    listed = sorted(known)
    close = nearest(name, listed, cutoff=0.5)
    more = f" and {len(listed) - MOST_LISTED} more" if len(listed) > MOST_LISTED else ""
    return f"did you mean {close!r}?" if close else f"known: {', '.join(listed[:MOST_LISTED])}{more}"


class Scope:
    """The names of one deal during compilation, and the findings about them.

    path: the place in the deal that is being compiled, for findings. lets: every `let` value, its text and place. pending:
    amounts that have not accrued yet. triggers_known, lets_known: those read and computed so far on the payment date.
    """

    def __init__(self, deal: Deal, code: Assembler, lets: Mapping[str, tuple[str, str]], pool: PoolInputs) -> None:
        self.deal = deal
        self.code = code
        self.lets = lets
        self.pool = pool
        self.path = ""
        self.part = ACCRUAL
        self.findings: list[Finding] = []
        self.used: set[str] = set()
        self.pending: set[str] = set()
        self.triggers_known: set[str] = set()
        self.lets_known: set[str] = set()
        self.owners = {name: kind for section, kind in OWNERS.items() for name in getattr(deal, section)} | {"pool": "pool"}
        self.kinds = Kinds(self.quantity, {name: text for name, (text, _) in lets.items()}, set(deal.triggers))
        self.memory = Memory(self, code)
        self._open: list[str] = []

    # ---- findings ----

    def complain(self, code: str, message: str, fix: str, *, rule: str = "", value: str = "", path: str = "") -> None:
        """Add a finding about `path`, or about the place being compiled."""
        where = path or self.path
        origin = self.deal.origin
        place = origin.place(where) or origin.place("structure")
        found = origin.finding(code, where, message, fix, rule=rule, value=value, place=place)
        if found not in self.findings:  # an expression that several steps read is compiled for each
            self.findings.append(found)

    def known(self, name: str, entries: Iterable[str], what: str) -> bool:
        """Whether a name is there; complains where it is not."""
        listed = list(entries)
        if name not in listed:
            there = hint(name, listed) if listed else "there is none"
            self.complain("E-D101", f"{what} {name!r} is not in the deal; {there}", f"use a known {what}", value=name)
        return name in listed

    # ---- expressions ----

    def value(self, text: str, out: int | None = None, *, condition: bool = False) -> int:
        """The slot of a number, or of a condition's truth, after the ops that compute it."""
        try:
            expression = parse(text, DEAL_FUNCTIONS)
            if unknown := [name for name in dict.fromkeys(names(expression)) if not self._exists(name)]:
                for name in unknown:
                    self._unknown(name)
                return self._nothing()
            expression = with_texts_read(expression)
            kind = self.kinds.is_condition(expression)
            if kind is not None and kind != condition:
                wanted, given = ("a condition", "a number") if condition else ("a number", "a condition")
                fix = "compare it with something" if condition else "write if(condition, amount, 0)"
                self.complain("E-D104", f"{wanted} stands here, and {text!r} is {given}", fix, value=text)
                return self._nothing()
            return self.code.lower(expression, self.slot_of, self.is_money, self.memory.slot, out=out)
        except ExpressionError as error:
            shown = text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
            self.complain("E-D102", str(error), "see the expression language in docs/waterfall.md", value=shown)
        except ValueError as error:
            self.complain("E-D103", f"{error}: {text!r}", "compare with numbers or names", value=text)
        return self._nothing()

    def amount(self, text: str) -> int:
        """The slot of an amount of money; what was divided by 0 is not a number, and so a breach where it is asked for."""
        value = self.value(text)
        finite = self.code.apply(Op.LESS, value, self.code.unbounded)
        return self.code.apply(Op.SELECT, finite, value, self.code.constant(math.nan))

    def number(self, value: float | str, name: str) -> int:
        """The slot of a number that a caller may change by its name, or of a formula."""
        if isinstance(value, str):
            return self.value(value)
        return self.code.constant(value, name)

    def is_money(self, expression: Expression) -> bool:
        """Whether an expression is compared to within what counts."""
        return self.kinds.money_power(expression) > 0

    # ---- names ----

    def quantity(self, name: str) -> Quantity | None:
        """What the language says of a name with a dot; None for one it does not know."""
        owner, _, word = name.rpartition(".")
        if owner in ("index", "schedule"):
            known = self.deal.curves if owner == "index" else self.deal.schedules
            return Quantity(money=owner == "schedule", settled=True) if word in known else None
        kind = "payment" if owner == "payment" else self.owners.get(owner, "")
        found = QUANTITIES.get(kind, {}).get(word)
        if found is not None and kind == "tranche" and word.startswith("interest") and self.deal.tranches[owner].coupon is None:
            return None
        if found is not None and kind == "account" and word == "earned" and self.deal.accounts[owner].earns is None:
            return None
        return found

    def slot_of(self, name: str) -> int:
        """The slot of a name, as things stand at the place being compiled."""
        self.used.add(name)
        if "." not in name:
            return self._undotted(name)
        quantity = self.quantity(name)
        if quantity is None:
            return self._unknown(name)
        return self._accrued(name) if quantity.kept else self._computed(name)

    @property
    def accruing(self) -> bool:
        return self.part == ACCRUAL

    def _accrued(self, name: str) -> int:
        """The slot that keeps a name, once it has accrued."""
        if name in self.pending:
            rule = "what accrues reads what has accrued before it: accounts, tranches, facilities, hedges, fees"
            self.complain("E-D112", f"{name!r} is read before it accrues", "use an opening balance", rule=rule, value=name)
            return self._nothing()
        return self.own_slot(name)

    def own_slot(self, name: str) -> int:
        """The slot that keeps a name from date to date, whether it may be read here or not."""
        owner, _, word = name.rpartition(".")
        if self.owners.get(owner) == "pool":
            return self.pool.slot(owner, word)
        if name == "payment.fraction":
            return self.code.period_value(f"fraction:{self.deal.day_count}")
        if name == "payment.next_fraction":
            return self.code.period_value(f"next:{self.deal.day_count}")
        if owner in ("payment", "index", "schedule") or self.owners.get(owner) == "counterparty":
            return self.code.period_value(name)
        return self.code.slots[name]

    def lagged_slot(self, name: str, months: int) -> int | None:
        """The slot of a flow of the pool some months earlier; None where steps change that pool."""
        owner, _, word = name.rpartition(".")
        return self.pool.lagged(owner, word, months)

    def recovered_slot(self, function: str, name: str, months: int) -> int | None:
        """The slot of what comes back of defaults some months old; None where steps change that pool."""
        return self.pool.lagged(name.rpartition(".")[0], function, months)

    def target(self, account: str) -> int:
        """The account's target as things stand."""
        return self._computed(f"{account}.target")

    def available(self, facility: str) -> int:
        """What a facility may still lend, as things stand."""
        code, lent = self.code, "balance" if self.deal.facilities[facility].replenished else "drawn"
        left = code.apply(Op.SUBTRACT, self._computed(f"{facility}.limit"), code.slots[f"{facility}.{lent}"])
        return code.apply(Op.MAXIMUM, left, code.constant(0.0))

    def _undotted(self, name: str) -> int:
        if name in self.deal.triggers:
            if self.part != ACCRUAL and name not in self.triggers_known:
                message = f"trigger {name!r} is read before it is evaluated"
                rule = "triggers are evaluated in order, before the steps or where a `test` step names them"
                self.complain("E-D106", message, "put it above what reads it, or use previous()", rule=rule, value=name)
            return self.code.slots[name]
        if name in self.lets:
            if self.part != ACCRUAL and name not in self.lets_known:
                rule = "a `let` value is known from its step on; what accrues sees that of the payment date before"
                fix = f"put the step that computes it above, or use previous({name})"
                self.complain("E-D113", f"{name!r} is read before it is computed", fix, rule=rule, value=name)
            return self.code.slots[name]
        return self._unknown(name)

    def _computed(self, name: str) -> int:
        """The slot of what is computed anew wherever it is read."""
        code = self.code
        owner, _, word = name.rpartition(".")
        match self.owners[owner], word:
            case "pool", _:
                both = code.apply(Op.ADD, self.pool.slot(owner, "opening"), self.pool.slot(owner, "balance"))
                return code.apply(Op.MULTIPLY, both, code.constant(0.5))
            case "group", _:
                total = code.constant(0.0)
                for tranche in members(self.deal, (owner,)):
                    if f"{tranche}.{word}" in code.slots:
                        total = code.apply(Op.ADD, total, self._accrued(f"{tranche}.{word}"))
                return total
            case "facility", "available":
                return self.available(owner)
            case "facility", _:
                return self._inline(name, f"facilities.{owner}.limit", self.deal.facilities[owner].limit)
            case "ledger", _:
                return self._inline(name, f"ledgers.{owner}.limit", self.deal.ledgers[owner].limit)
            case _:
                return self._inline(name, f"accounts.{owner}.target", self.deal.accounts[owner].target)

    def _inline(self, name: str, path: str, stated: str | float | None) -> int:
        """The expression that a name stands for takes its place."""
        if name in self._open:
            circle = " -> ".join((*self._open, name))
            rule, owner = "a target or limit cannot depend on itself", name.rpartition(".")[0]
            self.complain("E-D107", f"cycle: {circle}", "use an opening balance or a number", rule=rule, value=owner)
            return self._nothing()
        if stated is None:
            owner, _, word = name.rpartition(".")
            what = self.owners[owner]
            self.complain("E-D110", f"{what} {owner!r} has no {word}", f"add {word}: to {path.rpartition('.')[0]}", value=owner)
            return self._nothing()
        reader, self.path = self.path, path
        self._open.append(name)
        slot = self.number(stated, name)
        self._open.pop()
        self.path = reader
        return slot

    def _exists(self, name: str) -> bool:
        return name in self.deal.triggers or name in self.lets or ("." in name and self.quantity(name) is not None)

    def _nothing(self) -> int:
        return self.code.constant(0.0)

    def _unknown(self, name: str) -> int:
        self.complain(
            "E-D101", f"name {name!r} is not known; {hint(name, self._near(name))}", "use a name of the deal", value=name
        )
        return self._nothing()

    def _near(self, name: str) -> list[str]:
        """Names that may have been meant: those of the same owner, or all."""
        owner = name.rpartition(".")[0]
        everything = [f"{each}.{word}" for each, kind in self.owners.items() for word in QUANTITIES[kind]]
        everything = [each for each in everything if self.quantity(each) is not None]
        everything += [f"payment.{word}" for word in QUANTITIES["payment"]]
        everything += [f"index.{curve}" for curve in self.deal.curves] + [f"schedule.{each}" for each in self.deal.schedules]
        same = [each for each in everything if owner and each.startswith(f"{owner}.")]
        return same or [*everything, *self.deal.triggers, *self.lets]


def lets_of(steps: Iterable[tuple[str, object]]) -> dict[str, tuple[str, str]]:
    """Every `let` value with its text and the path of its step, in order; of a name defined twice, the first."""
    found: dict[str, tuple[str, str]] = {}
    for path, step in steps:
        if isinstance(step, Let):
            for name, text in step.values.items():
                found.setdefault(name, (text, path))
    return found
