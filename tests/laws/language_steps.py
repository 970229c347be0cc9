"""Random priorities of payments in the whole language: blocks of steps in any order, sections around some of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from random import Random
from typing import Any

from clo.deal.terms import COLLECTED
from laws.language_contracts import between, renewed
from laws.language_owed import Plan, trigger
from laws.language_words import Words

Step = dict[str, Any]
Block = tuple[str, Callable[[Random], list[Step]]]
"""The name of a block, which seeds its chances, and what makes its steps where it stands."""


class Writer:
    """Writes the steps of one deal, in order: what `let` and `test` steps make known is known from there on."""

    def __init__(self, plan: Plan, extras: Sequence[int]) -> None:
        self.plan, self.names = plan, plan.names
        self.extras = extras
        self.tested: set[str] = set()
        self.parted: set[str] = set()
        """Tranches for which a macro has made a `let` name."""

    # the whole

    def steps(self) -> list[Step]:
        plan, names = self.plan, self.names
        rng = plan.rng("order")
        self.tested = {name for name in names.triggers if plan.on("tests") and rng.random() < 0.7}
        plan.terms["triggers"] = {name: {} for name in names.triggers}
        for name in names.triggers:
            if name not in self.tested:
                self.read_trigger(name, "start")
        blocks = self.blocks()
        if plan.on("shuffled"):
            rng.shuffle(blocks)
        tail = [block for block in blocks if block[0].startswith(("test", "let")) and plan.on("tail") and rng.random() < 0.3]
        body = self.written([block for block in blocks if block not in tail], rng, 2 if plan.on("sections") else 0)
        first = self.collects(plan.rng("collect"))
        for collect in first[1:]:
            body.insert(rng.randint(0, len(body)) if plan.on("shuffled") else 0, collect)
        before = [*first[:1], *body, *self.releases(plan.rng("release"))]
        last = {"pay": {"residual": rng.choice(names.tranches), "from": "cash"}}
        if plan.on("sections") and rng.random() < 0.3:
            last = {"section": {"name": "rest", "steps": [last]}}
        after = self.written(tail, rng, 0)
        if plan.on("tail") and names.ledgers:
            after += self.credit(plan.rng("after"))
        return [*before, last, *after]

    def written(self, blocks: list[Block], rng: Random, depth: int) -> list[Step]:
        """The steps of some blocks; runs of them stand in sections, and sections in sections."""
        steps: list[Step] = []
        at = 0
        while at < len(blocks):
            count = rng.randint(1, 4) if depth and rng.random() < 0.3 else 0
            if not count:
                name, made = blocks[at]
                steps += made(self.plan.rng("block", name))
                at += 1
                continue
            section: Step = {"name": f"section {len(steps)}"}
            if rng.random() < 0.8:
                section["if"] = self.words(rng).condition()
            chosen = blocks[at : at + count]
            split = rng.randint(1, count) if "if" in section and rng.random() < 0.6 else count
            section["steps"] = self.written(chosen[:split], rng, depth - 1)
            if otherwise := self.written(chosen[split:], rng, depth - 1):
                section["else"] = otherwise
            steps.append({"section": section})
            at += count
        return steps

    def blocks(self) -> list[Block]:
        """Every block that the deal needs, and those that it happens to have."""
        names, plan = self.names, self.plan
        blocks: list[Block] = [(f"let {some}", lambda rng, some=some: self.let(some, rng)) for some in self.parts(names.lets)]
        tested = [name for name in names.triggers if name in self.tested]
        blocks += [(f"test {some}", lambda rng, some=some: self.test(some, rng)) for some in self.parts(tested)]
        blocks += [(f"draw {name}", lambda rng, name=name: self.draw(name, rng)) for name in names.facilities]
        blocks += [(f"swap {name}", lambda rng, name=name: self.swap(name, rng)) for name in names.hedges]
        charges = [*names.fees, *names.facilities]
        blocks += [("fees", lambda rng: self.pays("fee", charges, rng))] if charges else []
        owed = [*names.bearing, *names.facilities]
        blocks += [("interest", lambda rng: self.pays("interest", owed, rng))] if owed else []
        blocks += [("ledgers", self.debit), ("more ledgers", self.credit)] if names.ledgers else []
        blocks += [("reserve", self.top_up)] if names.targets else []
        blocks += [("charge", lambda rng: self.charge(rng, "late"))] if plan.on("charges") else []
        some: dict[str, Callable[[Random], list[Step]]] = {
            "capitalise": self.capitalise,
            "write_offs": self.write_offs,
            "buy": self.buy,
            "sell": self.sell,
            "settle": self.settle,
            "partial": self.partial,
            "macros": self.macro,
            "charges": self.charge,
        }
        here = {name: made for name, made in some.items() if plan.on(name) and (names.owned or name != "buy")}
        if len(names.owned) < len(names.pools):
            here.pop("sell", None)
        blocks += here.items()
        blocks += [("principal", lambda rng: self.pays("principal", [*names.tranches, *names.facilities], rng))]
        more = [self.pay_more, self.pay_more, self.move, *(made for name, made in here.items() if name != "sell")]
        more += [self.debit, self.credit] * bool(names.ledgers)
        for seed in self.extras:
            blocks.insert(seed % (len(blocks) + 1), (f"extra {seed}", more[seed % len(more)]))
        return blocks

    def parts(self, names: Iterable[str]) -> list[list[str]]:
        """Each name by itself, or all together."""
        some = list(names)
        return [some] if some and self.plan.rng("parts", *some).random() < 0.3 else [[name] for name in some]

    # what every step may have

    def words(self, rng: Random, *, wild: bool | None = None) -> Words:
        return self.plan.words("step", rng, wild=wild)

    def gated(self, rng: Random, details: Step, *, often: float = 0.3) -> Step:
        if self.plan.on("conditions") and rng.random() < often:
            details["if"] = self.words(rng).condition()
        return details

    def account(self, rng: Random) -> str:
        return rng.choice(["cash", *self.names.accounts])

    def sources(self, rng: Random) -> str | list[str]:
        if not self.plan.on("sources") or len(self.names.accounts) == 1 or rng.random() < 0.4:
            return self.account(rng)
        return rng.sample(self.names.accounts, rng.randint(2, len(self.names.accounts)))

    # money in, money between accounts

    def collects(self, rng: Random) -> list[Step]:
        """Every column of every sub-pool that the deal owns once, in one step or several."""
        names = self.names
        groups = names.owned if rng.random() < 0.5 or len(names.owned) < len(names.pools) else ["pool"]
        steps = []
        for group in groups:
            where = {} if group == "pool" and rng.random() < 0.5 else {"pool": group}
            if "split" in self.names.accounts:
                steps.append({"collect": {"from": ["interest", "recovery"], "to": "cash", **where}})
                steps.append({"collect": {"from": ["scheduled_principal", "prepayment"], "to": "split", **where}})
            else:
                steps.append({"collect": {"from": list(COLLECTED), "to": "cash", **where}})
        return steps

    def releases(self, rng: Random) -> list[Step]:
        """What is left of other accounts can reach the residual."""
        steps = []
        for name in self.names.accounts:
            if name != "cash":
                kept = f"max(0, {name}.balance - {name}.target)" if name in self.names.targets else self.words(rng).amount(1)
                amount = rng.choice([kept if name == "collateral" else f"{name}.balance", kept])
                steps.append({"transfer": self.gated(rng, {"from": name, "to": "cash", "amount": amount})})
        return steps

    def move(self, rng: Random) -> list[Step]:
        names = self.names
        details: Step = {"from": self.account(rng), "to": self.account(rng), "amount": self.words(rng).amount()}
        if details["from"] == details["to"]:
            return self.pay_more(rng)
        if names.ledgers and rng.random() < 0.5:
            details["credits"] = rng.choice(names.ledgers)
        return [{"transfer": self.gated(rng, details)}]

    def top_up(self, rng: Random) -> list[Step]:
        details: Step = {"from": "cash", "to": "reserve", "amount": "max(0, reserve.target - reserve.balance)"}
        if self.names.ledgers and rng.random() < 0.3:
            details["credits"] = rng.choice(self.names.ledgers)
        return [{"transfer": self.gated(rng, details)}]

    def draw(self, name: str, rng: Random) -> list[Step]:
        details: Step = {"from": name, "to": self.account(rng)}
        if rng.random() < 0.8:
            details["amount"] = self.words(rng).amount()
        return [{"draw": self.gated(rng, details)}]

    def swap(self, name: str, rng: Random) -> list[Step]:
        """What a hedge brings in and what it takes, in one order or the other."""
        drawn: Step = {"from": name, "to": self.account(rng)}
        if rng.random() < 0.2:
            drawn["amount"] = self.words(rng).amount()
        steps = [{"draw": self.gated(rng, drawn, often=0.1)}]
        names = [name] if rng.random() < 0.5 else self.names.hedges
        return rng.sample([*steps, self.pay("hedge", names, rng)], 2)

    def settle(self, rng: Random) -> list[Step]:
        """Contracts, in one of three forms: who protects is paid or pays, or others pay each other."""
        steps = []
        for _ in range(rng.choice([1, 1, 2])):
            ends = between(self.plan, rng, self.account(rng))
            words = self.words(rng)
            amount = words.amount() if rng.random() < 0.5 else f"{words.level(1, 20)} * ({words.flow()})"
            steps.append({"settle": self.gated(rng, ends | {"amount": amount})})
        return steps

    # payments

    def pay(self, kind: str, payees: Sequence[str], rng: Random, *, limited: float = 0.3) -> Step:
        details: Step = {kind: list(payees) if len(payees) > 1 else payees[0], "from": self.sources(rng)}
        if self.plan.on("pro_rata"):
            details["how"] = rng.choice(["sequential", "pro_rata"])
        if (kind == "principal" or self.plan.on("limits")) and rng.random() < limited:
            details["amount"] = self.words(rng).amount()
        return {"pay": self.gated(rng, details)}

    def pays(self, kind: str, owed: Sequence[str], rng: Random) -> list[Step]:
        """Everybody who is owed once, in one step or several; those of a group as a group, at times."""
        order = list(owed) if rng.random() < 0.5 else rng.sample(list(owed), len(owed))
        for group, entry in self.plan.terms["groups"].items():
            members = entry["tranches"]
            if kind in ("interest", "principal") and set(members) <= set(order) and rng.random() < 0.7:
                order.insert(order.index(members[0]), group)
                order = [name for name in order if name not in members]
        steps = []
        while order:
            size = rng.randint(1, len(order))
            steps.append(self.pay(kind, order[:size], rng, limited=0.6 if kind == "principal" else 0.2))
            order = order[size:]
        return steps

    def pay_more(self, rng: Random) -> list[Step]:
        """Some are paid a second time."""
        names = self.names
        kinds = {"interest": names.bearing, "principal": names.tranches, "fee": names.fees, "hedge": names.hedges}
        kinds["principal"] = rng.choice([names.tranches, names.groups or names.tranches])
        kind = rng.choice([kind for kind, some in kinds.items() if some])
        return [self.pay(kind, rng.sample(kinds[kind], rng.randint(1, len(kinds[kind]))), rng)]

    def partial(self, rng: Random) -> list[Step]:
        """A residual before the last."""
        details: Step = {"residual": rng.choice(self.names.tranches), "from": self.account(rng)}
        details["amount"] = self.words(rng).amount()
        if rng.random() < 0.4:
            details["as"] = rng.choice(["interest", "principal"])
        return [{"pay": self.gated(rng, details, often=0.5)}]

    def buy(self, rng: Random) -> list[Step]:
        """While there is a pool to buy more of."""
        words = self.words(rng)
        still = f"pool.balance > {words.level(1, 30)} * pool.initial"
        amount = rng.choice(["pool.prepayment", f"{words.level()} * cash.balance", words.amount()])
        details = {"pool": rng.choice(renewed(self.plan)), "from": self.account(rng), "amount": amount, "if": still}
        return [{"buy": details | ({"price": rng.choice(["98%", 1.02, 0.5, 1])} if rng.random() < 0.6 else {})}]

    def sell(self, rng: Random) -> list[Step]:
        words = self.words(rng)
        day = rng.choice(self.names.dates)
        when = rng.choice([f"payment.date >= '{day}'", f"pool.balance < {words.level(10, 60)} * pool.initial", words.condition()])
        amount = rng.choice([{}, {"amount": f"{words.level(60, 110)} * pool.balance"}, {"amount": words.amount()}])
        return [{"sell": {"to": self.account(rng), "if": when, **amount}}]

    # what is not cash

    def charge(self, rng: Random, fee: str = "") -> list[Step]:
        words = self.words(rng)
        details = {"fee": fee or rng.choice(self.names.fees), "amount": f"{words.level(1, 9)} * {words.held()}"}
        return [{"charge": self.gated(rng, details)}]

    def capitalise(self, rng: Random) -> list[Step]:
        owed = [name for name in self.names.bearing if name != "io"]
        if not owed:
            return []
        details: Step = {"interest": rng.sample(owed, rng.randint(1, len(owed)))}
        if rng.random() < 0.5:
            details["amount"] = self.words(rng).amount(1)
        return [{"capitalise": self.gated(rng, details)}]

    def write_offs(self, rng: Random) -> list[Step]:
        """Down for what was lost, up for what came back."""
        steps: list[Step] = []
        for verb, amount in (("write_down", "pool.default"), ("write_up", "pool.recovery")):
            some = rng.sample(self.names.tranches, rng.randint(1, len(self.names.tranches)))
            details: Step = {"tranches": some, "amount": rng.choice([amount, self.words(rng).amount(1)])}
            if self.plan.on("pro_rata"):
                details["how"] = rng.choice(["sequential", "pro_rata"])
            steps.append({verb: self.gated(rng, details)})
        return steps[: rng.randint(1, 2)]

    def debit(self, rng: Random) -> list[Step]:
        names = rng.sample(self.names.ledgers, len(self.names.ledgers))
        return [{"debit": self.gated(rng, {"ledgers": names, "amount": self.words(rng).amount(1)}, often=0.2)}]

    def credit(self, rng: Random) -> list[Step]:
        names = rng.sample(self.names.ledgers, rng.randint(1, len(self.names.ledgers)))
        return [{"credit": self.gated(rng, {"ledgers": names, "amount": self.words(rng).amount(1)}, often=0.2)}]

    # the language

    def let(self, some: list[str], rng: Random) -> list[Step]:
        values = {}
        for name in some:
            words = self.words(rng, wild=False)
            values[name] = words.condition(2) if self.names.lets[name] == "condition" else words.amount()
            self.names.known.add(name)
        return [{"let": values}]

    def read_trigger(self, name: str, place: str) -> None:
        words = self.plan.words(place, self.plan.rng("trigger", name), wild=False)
        self.plan.terms["triggers"][name] = trigger(self.plan, name, words)
        self.names.known.add(name)

    def test(self, some: list[str], rng: Random) -> list[Step]:
        for name in some:
            self.read_trigger(name, "step")
        return [{"test": some if len(some) > 1 or rng.random() < 0.5 else some[0]}]

    def macro(self, rng: Random) -> list[Step]:
        """One of four macros, used for one tranche or for several."""
        macros = self.plan.terms.setdefault("macros", {})
        who = rng.sample(self.names.tranches, rng.randint(1, len(self.names.tranches)))
        kind = rng.choice(["slice", "guard", "sweep", "thrice"])
        if kind == "sweep":
            macros.setdefault(kind, {"steps": self.move(rng)})
            return [{"use": rng.choice([kind, {"macro": kind}])}]
        pay = {"pay": {"principal": "{p_who}", "from": self.account(rng), "amount": "{p_share} * {p_who}.balance"}}
        guard = {"name": "guard of {p_who}", "if": "{p_who}.balance > {p_share} * {p_who}.size", "steps": [pay]}
        steps = [{"section": guard}] if kind == "guard" else [pay]
        if kind == "thrice":
            macros.setdefault("slice", {"parameters": ["p_who", "p_share"], "steps": steps})
            shares = [{"p_who": "{p_who}", "p_share": share} for share in ("1%", "{p_share}", "2%")]
            steps = [{"use": {"macro": "slice", "with": shares}}, {"let": {"{p_who}_part": "{p_who}.balance / 7"}}]
            who = [name for name in who if name not in self.parted]
            self.parted.update(who)
        macros.setdefault(kind, {"parameters": ["p_who", "p_share"], "steps": steps})
        given = [{"p_who": name, "p_share": self.words(rng).level(1, 60)} for name in who]
        if not given:
            return self.pay_more(rng)
        return [{"use": {"macro": kind, "with": given if len(given) > 1 or rng.random() < 0.5 else given[0]}}]
