"""Random amounts, conditions and rates about a deal: what may be read where, and expressions of it.

No rounding error of the last bit decides a condition: levels are odd percentages of what a balance may be.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from random import Random

FLOWS = ("interest", "scheduled_principal", "prepayment", "default", "recovery")
RATINGS = ("BB+", "BBB", "A-", "A", "AA", "AAA")
Kind = Callable[[], str]


@dataclass
class Names:
    """The names of a deal by kind, filled as its sections are drawn."""

    pools: list[str] = field(default_factory=list)
    owned: list[str] = field(default_factory=list)
    """Sub-pools that are not reference."""
    lagging: list[str] = field(default_factory=list)
    """The pool and sub-pools whose earlier flows may be asked for."""
    tranches: list[str] = field(default_factory=list)
    bearing: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    accounts: list[str] = field(default_factory=list)
    started: list[str] = field(default_factory=list)
    """Accounts that contracts pay at closing."""
    targets: list[str] = field(default_factory=list)
    facilities: list[str] = field(default_factory=list)
    ledgers: list[str] = field(default_factory=list)
    limited: list[str] = field(default_factory=list)
    """Ledgers that have a limit."""
    hedges: list[str] = field(default_factory=list)
    fees: list[str] = field(default_factory=list)
    parties: list[str] = field(default_factory=list)
    indices: list[str] = field(default_factory=list)
    schedules: list[str] = field(default_factory=list)
    dates: list[date] = field(default_factory=list)
    lets: dict[str, str] = field(default_factory=dict)
    """Names of all `let` steps, and their kind: amount or condition."""
    triggers: list[str] = field(default_factory=list)
    accrued: list[str] = field(default_factory=list)
    """What has accrued on the payment date at this place, such as `aa.interest_due` and `aa.interest_unpaid`."""
    known: set[str] = field(default_factory=set)
    """`let` values and triggers that have been read on the payment date at this place."""


@dataclass
class Words:
    """Expressions at one place of a deal. place: safe (anywhere), accrual, start (triggers) or step.

    wild: amounts of steps are at times negative or not numbers, rates at times negative. memory: previous() and its like.
    """

    names: Names
    rng: Random
    place: str = "step"
    wild: bool = False
    memory: bool = False

    def pick(self, some: Sequence[str]) -> str:
        return self.rng.choice(some)

    def level(self, low: int = 3, high: int = 97) -> str:
        return f"{self.rng.randint(low, high)}.3717%"

    def any_pool(self) -> str:
        return self.pick(["pool", "pool", *self.names.pools])

    def readable(self, kind: str) -> list[str]:
        """`let` values (amount or condition) and, with kind `trigger`, triggers that may be read here."""
        names = self.names
        some = names.triggers if kind == "trigger" else [name for name, what in names.lets.items() if what == kind]
        if self.place == "safe":
            return []
        return list(some) if self.place == "accrual" else [name for name in some if name in names.known]

    # amounts of money, none of them negative

    def held(self) -> str:
        """What somebody has or is owed: a balance."""
        names = self.names
        some = [f"{name}.balance" for name in (*names.tranches, *names.tranches, *names.accounts, *names.ledgers)]
        some += [f"{name}.{what}" for name in names.facilities for what in ("balance", "drawn")]
        some += [f"{name}.size" for name in (*names.tranches[:1], *names.groups)] + [f"{name}.balance" for name in names.groups]
        some += [f"{names.accounts[-1]}.initial", *(f"{name}.initial" for name in names.started * 3)]
        some += [f"{name}.written_down" for name in (*names.tranches[-2:], *names.groups)]
        some += [f"{self.any_pool()}.{what}" for what in ("balance", "opening", "closing", "average")]
        some += [f"{name}.interest_unpaid" for name in names.bearing]
        if self.place != "safe":
            some += names.accrued
        if self.place == "step":
            some += [f"{name}.available" for name in names.facilities] + [f"{name}.limit" for name in names.limited]
            some += [f"{name}.limit" for name in names.facilities] + [f"{name}.target" for name in names.targets]
            some += [f"{name}.notional" for name in names.hedges] + [f"{name}.interest_unpaid" for name in self.bearing_groups()]
        return self.pick(some)

    def bearing_groups(self) -> list[str]:
        return self.names.groups if self.place == "step" else []

    def flow(self) -> str:
        """What the pool paid or lost in the period."""
        pool = self.any_pool()
        if self.names.lagging and self.rng.random() < 0.4:
            return self.lagged()
        return self.pick([
            f"{pool}.scheduled_principal + {pool}.prepayment + {pool}.default",
            f"{pool}.{self.pick(FLOWS)}",
            f"{self.level()} * ({pool}.interest + {pool}.recovery + {pool}.arrears)",
            f"max(0, {pool}.opening - {pool}.closing)",
            f"{pool}.default",
        ])  # fmt: skip

    def lagged(self) -> str:
        """What the pool paid or lost earlier, at times before there was one."""
        months = self.rng.choice([1, 1, 2, 3, 4, 6, 12, 120])
        one, other = (f"lagged({self.pick(self.names.lagging)}.{self.pick(FLOWS)}, {months})" for _ in range(2))
        function, of = self.pick(["recovered_by", "recovered_after"]), self.pick(self.names.lagging)
        back = f"{function}({of}.default, {self.rng.choice([0, 1, 2, 5, months])})"
        both = f"max(0, {one} - {self.level()} * {other})"
        return self.pick([one, f"{one} + {other}", f"{self.level()} * {one}", both, back, f"{one} + {back}"])

    def gap(self) -> str:
        """What one thing exceeds another by."""
        names, notes = self.names, self.names.tranches
        total = " + ".join(f"{name}.balance" for name in notes)
        some = [
            f"max(0, {total} - pool.balance)",
            f"max(0, {total} - max(0, pool.balance - {self.pick(notes)}.size))",
            f"max(0, {self.held()} - {self.level()} * {self.held()})",
        ]
        if self.place == "step":
            some += [f"max(0, {name}.target - {name}.balance)" for name in names.targets]
            if owed := [name for name in names.accrued if name.endswith("unpaid")]:
                some.append(f"max(0, {' + '.join(owed)} - {self.pick(names.accounts)}.balance)")
        return self.pick(some)

    def remembered(self) -> str:
        """What was, or what has come together."""
        names, pool = self.names, self.any_pool()
        settled = [f"{pool}.{self.pick(FLOWS)}", f"{pool}.opening", f"{pool}.arrears"]
        kept = [f"{self.pick(names.tranches)}.balance", f"{pool}.balance", f"{self.pick(names.accounts)}.balance"]
        kept += [f"{name}.{what}" for name in names.bearing for what in ("interest_unpaid", "interest_due")]
        kept += [f"{name}.{what}" for name in (*names.fees, *names.hedges) for what in ("unpaid", "due")]
        kept += [f"{self.pick(names.accounts)}.initial"]
        kept += [f"{name}.balance" for name in (*names.ledgers, *names.facilities)]
        kept += [f"{name}.{what}" for name in names.facilities for what in ("drawn", "due", "unpaid", "interest_unpaid")]
        kept += [f"{name}.receivable" for name in names.hedges] + [f"{pool}.{self.pick(FLOWS)}", f"{pool}.cumulative_default"]
        kept += [f"{name}.written_down" for name in names.tranches] + [f"schedule.{name}" for name in names.schedules]
        kept += [name for name, kind in names.lets.items() if kind == "amount"] * 3
        if self.place != "safe":
            settled += [name for name in names.accrued if name.endswith(("due", ".earned"))]
            settled += [f"schedule.{name}" for name in names.schedules]
        if self.place == "step":
            settled += self.readable("amount")
        n = self.rng.randint(1, 4)
        past = self.pick(settled)
        return self.pick([
            f"previous({self.pick(kept)})",
            f"{self.level()} * cumulative({past})",
            f"rolling_sum({past}, {n})",
            f"rolling_average({past}, {n})",
        ])  # fmt: skip

    def timed(self) -> str:
        """An amount that depends on when it is."""
        names, held = self.names, self.held()
        some = [
            f"{held} / (payment.left + 1)",
            f"{self.level()} * {held} * payment.fraction",
            f"{held} * payment.days / 400",
            f"{self.level()} * {held} * payment.next_fraction",
            f"{held} / (payment.number + payment.month)",
        ]
        some += [f"schedule.{name}" for name in names.schedules] * 2
        some += [f"max(0, index.{name}) * {held}" for name in names.indices]
        return self.pick(some)

    def wrong(self) -> str:
        """An amount that at times is negative, or not a number: divided by what is 0 to the last bit."""
        return self.pick([
            f"{self.held()} - {self.level()} * pool.initial",
            f"0 - {self.flow()}",
            f"{self.level()} * pool.initial * {self.held()} / {self.vanishing()}",
            f"if({self.condition(1)}, {self.held()}, {self.held()} / ({self.pick(self.names.tranches)}.balance * 0))",
        ])  # fmt: skip

    def vanishing(self) -> str:
        return f"max(0, pool.balance - {self.level()} * pool.initial)"

    def amount(self, depth: int = 2) -> str:
        if self.wild and self.place == "step" and self.rng.random() < 0.15:
            return self.wrong()
        kinds: list[Kind] = [self.flow, self.gap, lambda: f"{self.level()} * {self.held()}", self.held, self.timed]
        kinds += [self.timed] * len(self.names.schedules)
        kinds += [self.lagged, self.lagged] if self.names.lagging else []
        if self.memory:
            kinds.append(self.remembered)
        if values := self.readable("amount"):
            kinds += [lambda: self.pick(values), lambda: f"{self.level()} * {self.pick(values)}"]
        if depth:
            kinds += [
                lambda: f"min({self.amount(depth - 1)}, {self.amount(depth - 1)})",
                lambda: f"if({self.condition(depth - 1)}, {self.amount(depth - 1)}, {self.amount(depth - 1)})",
                lambda: f"{self.amount(depth - 1)} + ({self.amount(depth - 1)}) / 3",
                lambda: f"max({self.held()}, {self.flow()})",
            ]
        return self.rng.choice(kinds)()

    # conditions

    def compared(self) -> str:
        pool, note, rng = self.any_pool(), self.pick(self.names.tranches), self.rng
        if self.names.lagging and rng.random() < 0.2:
            return f"{self.lagged()} > {self.level(1, 30)} * {pool}.initial"
        return self.pick([
            f"{pool}.cumulative_default > {self.level(1, 40)} * {pool}.initial",
            f"{pool}.balance <= {self.level()} * {pool}.initial",
            f"not ({pool}.recovery > {self.level(1, 30)} * {pool}.opening)",
            f"{note}.balance > {self.level()} * {note}.size",
            f"{self.held()} < {self.level()} * pool.initial",
            f"{pool}.opening == 0 or {pool}.default / {pool}.opening < {rng.randint(1, 500)}.37bp",
            f"{note}.balance == 0",
            f"{note}.balance != {note}.size",
            f"min({note}.balance, {pool}.balance) >= {self.level(0, 60)} * max({note}.size, {pool}.initial)",
        ])  # fmt: skip

    def dated(self) -> str:
        names, rng = self.names, self.rng
        day = rng.choice(names.dates)
        some = [
            f"payment.number {self.pick(['>=', '<', '==', '!='])} {rng.randint(1, 5)}",
            f"payment.left {self.pick(['>', '<='])} {rng.randint(0, 3)}",
            f"payment.{self.pick(['date', 'start'])} {self.pick(['<', '<=', '>=', '>', '==', '!='])} '{day}'",
            f"payment.month {self.pick(['<=', '==', '>'])} {rng.randint(1, 12)}",
            f"payment.year > {day.year}",
            f"payment.days > {rng.randint(20, 100)} or payment.fraction < 0.08",
            f"payment.next_fraction {self.pick(['==', '!=', '>'])} 0 and payment.next_fraction < 0.3701",
        ]
        some += [f"{name}.rating {self.pick(['<', '<=', '>=', '==', '!='])} '{self.pick(RATINGS)}'" for name in names.parties] * 2
        some += [f"index.{name} > {rng.randint(-100, 700)}.37bp" for name in names.indices]
        return self.pick(some)

    def condition(self, depth: int = 1) -> str:
        names = self.names
        kinds: list[Kind] = [self.compared, self.compared, self.dated] + [self.dated] * len(names.parties)
        if truths := self.readable("trigger") + self.readable("condition"):
            kinds += [lambda: self.pick(truths), lambda: self.pick(truths), lambda: f"not {self.pick(truths)}"]
        if past := names.triggers + [name for name, kind in names.lets.items() if kind == "condition"]:
            kinds += [lambda: f"previous({self.pick(past)})"] if self.memory else []
        if depth:
            kinds += [
                lambda: f"({self.condition(depth - 1)}) and ({self.condition(depth - 1)})",
                lambda: f"{self.condition(depth - 1)} or {self.condition(depth - 1)}",
                lambda: f"not ({self.condition(depth - 1)})",
                lambda: f"if({self.condition(0)}, {self.condition(0)}, {self.condition(0)})",
            ]
        if self.wild and self.place == "step" and self.rng.random() < 0.05:
            return f"{self.held()} / {self.vanishing()} > {self.level()}"
        return self.rng.choice(kinds)()

    # rates

    def rate(self, *, high: int = 1200) -> float | str:
        """A plain rate a year, in one of the ways to write it."""
        points = self.rng.randint(0, high)
        return self.rng.choice([points / 1e4, f"{points}bp", f"{points / 100:.2f}%"])

    def formula(self) -> str:
        """A formula of a rate a year, none of it negative unless the deal is wild."""
        names = self.names
        one, other = (f"{self.rng.randint(0, 900)}bp" for _ in range(2))
        some = [
            f"if({self.condition(1)}, {one}, {other})",
            f"min({one}, pool.average / pool.initial * 5%)",
            f"({one} + payment.number * 10bp)",
        ]
        for name in names.indices:
            some += [f"max(0, index.{name} + {one})", f"max(0, {other} - 2 * index.{name})", f"min(9%, max(0, index.{name}))"]
            some += [f"max(0, rolling_average(index.{name}, {self.rng.randint(1, 4)}))"] if self.memory else []
            some += [f"max(0, previous(index.{name}) + {one})"] if self.memory else []
            some += [f"index.{name} + 10bp"] if self.wild else []
        return self.pick(some)

    def any_rate(self, *, high: int = 1200) -> float | str:
        return self.formula() if self.rng.random() < 0.4 else self.rate(high=high)
