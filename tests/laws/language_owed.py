"""Random sections of a deal in the whole language: who is owed what, where cash is held and lent, what it is hedged with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

from clo.deal.dates import DayCount
from laws.language_words import RATINGS, Names, Words

Entry = dict[str, Any]
DAY_COUNTS = DayCount.__args__
NOTES = ("aa", "bb", "cc", "dd")


@dataclass
class Plan:
    """What was drawn: everything else follows from it. money: the cut-off balance; whole: whether the deal rounds.

    issued: the size of all notes, about.
    """

    seed: int
    features: frozenset[str]
    notes: int
    money: float
    issued: float
    whole: bool
    names: Names = field(default_factory=Names)
    terms: Entry = field(default_factory=dict)

    def on(self, feature: str) -> bool:
        return feature in self.features

    def rng(self, *place: Any) -> Random:
        """Chances of one thing, which do not depend on what else the deal has."""
        return Random(f"{self.seed} {place}")

    def words(self, place: str, rng: Random, *, wild: bool | None = None) -> Words:
        allowed = self.on("wild") if wild is None else wild
        return Words(self.names, rng, place, wild=allowed, memory=self.on("memory"))

    def share(self, rng: Random, low: float, high: float) -> float:
        """An amount of money between shares of the cut-off balance."""
        amount = self.money * rng.uniform(low, high)
        return float(int(amount)) if self.whole else int(amount * 64) / 64

    def amount_or_formula(self, words: Words, low: float, high: float) -> float | str:
        if words.rng.random() < 0.5:
            return self.share(words.rng, low, high)
        return f"max(0, {words.level(5, 40)} * {words.held()})"

    def day_count(self, rng: Random, *keys: str) -> Entry:
        return {key: rng.choice(DAY_COUNTS) for key in keys if self.on("day_counts") and rng.random() < 0.5}


def sections(plan: Plan) -> None:
    """Fill the sections of the deal, in the order in which their amounts accrue."""
    parties(plan)
    declare(plan)
    terms = plan.terms
    terms["accounts"] = {name: account(plan, name) for name in plan.names.accounts}
    plan.names.accrued += [f"{name}.earned" for name, terms in terms["accounts"].items() if "earns" in terms]
    terms["tranches"] = tranches(plan)
    terms["facilities"] = {name: facility(plan, name) for name in plan.names.facilities}
    terms["hedges"] = {name: hedge(plan, name) for name in plan.names.hedges}
    terms["fees"] = {name: fee(plan, name) for name in plan.names.fees}
    terms["ledgers"] = {name: ledger(plan, name) for name in plan.names.ledgers}
    terms["groups"] = groups(plan)


def declare(plan: Plan) -> None:
    """The names that expressions anywhere may use."""
    names, rng = plan.names, plan.rng("names")
    names.tranches = list(NOTES[: plan.notes])
    *senior, last = names.tranches
    names.bearing = [name for name in senior if rng.random() < 0.9] + [last] * rng.randint(0, 1)
    names.accounts = ["cash"]
    names.accounts += [name for name in ("reserve", "split") if plan.on(name)]
    names.accounts += [] if names.owned else ["collateral"]
    names.targets = ["reserve"] if plan.on("reserve") else []
    names.facilities = ["liquidity", "bridge"][: rng.choice([1, 1, 2])] if plan.on("facilities") else []
    names.ledgers = ["pdl", "shortfall"][: rng.randint(1, 2)] if plan.on("ledgers") else []
    names.hedges = ["swap", "cap"][: rng.choice([1, 1, 2])] if plan.on("hedges") else []
    names.fees = ["trustee", "servicer"][: rng.randint(1, 2)] if plan.on("fees") else []
    names.fees += ["late"] if plan.on("charges") else []
    if plan.on("lets"):
        kinds = ["amount", "condition", "amount", "condition"][: rng.randint(1, 4)]
        names.lets = {f"v_{number}": kind for number, kind in enumerate(kinds)}
    names.triggers = ["breach", "call", "stop"][: rng.randint(1, 3)] if plan.on("triggers") else []
    if plan.on("interest_only"):
        names.bearing.append("io")
    if plan.on("groups") and len(names.tranches) > 1:
        names.groups = ["notes"]


def parties(plan: Plan) -> None:
    """Schedules, indices, counterparties."""
    names, rng, terms = plan.names, plan.rng("parties"), plan.terms
    if plan.on("schedules"):
        names.schedules = ["pac", "steps"][: rng.randint(1, 2)]
        terms["schedules"] = {name: schedule(plan, plan.rng("schedule", name)) for name in names.schedules}
    if plan.on("indices"):
        names.indices = ["TIBOR_3M", "TONA"][: rng.randint(1, 2)]
        terms["curves"] = {name: {"file": "curves.csv", "extrapolation": "flat"} for name in names.indices}
    if plan.on("ratings"):
        names.parties = ["swap_bank"]
        days = dict.fromkeys(sorted(rng.choice(names.dates) for _ in range(rng.randint(1, 4))))
        terms["counterparties"] = {"swap_bank": {"ratings": {day: rng.choice(RATINGS) for day in days}}}


def schedule(plan: Plan, rng: Random) -> Entry:
    kind = rng.choice(["level", "flow", "payments"])
    if kind == "payments":
        return {kind: [plan.share(rng, 0, 0.5) for _ in range(rng.randint(1, 5))]}
    days = [rng.choice(plan.names.dates) + timedelta(days=rng.choice([0, 0, -1, 1, 9])) for _ in range(rng.randint(1, 5))]
    return {kind: {day: plan.share(rng, 0, 0.5) for day in dict.fromkeys(days)}}


def account(plan: Plan, name: str) -> Entry:
    rng = plan.rng("account", name)
    entry: Entry = {}
    if rng.random() < (0.1 if name == "cash" else 0.6):
        entry["initial"] = plan.share(rng, 0, 0.05)
    if name in plan.names.targets:
        entry["target"] = plan.words("safe", rng).amount(1)
    if plan.on("earning") and rng.random() < 0.7:
        words = plan.words("accrual", rng, wild=plan.on("wild") and rng.random() < 0.3)
        entry |= {"earns": words.any_rate(high=500), **plan.day_count(rng, "day_count")}
        if rng.random() < 0.5:
            entry["earns_into"] = rng.choice(plan.names.accounts)
        if rng.random() < 0.5:
            entry["bank"] = "other_bank"
    return entry


def tranches(plan: Plan) -> dict[str, Entry]:
    names, rng = plan.names, plan.rng("sizes")
    weights = [rng.randint(1, 60) for _ in names.tranches]
    rest = len(weights) - 1 if rng.random() < 0.7 else rng.randrange(len(weights))
    stack: dict[str, Entry] = {}
    for index, name in enumerate(names.tranches):
        size = "rest" if index == rest else float(int(plan.issued * 0.85 * weights[index] / sum(weights)))
        stack[name] = tranche(plan, name, size)
        if name in names.bearing:
            names.accrued += [f"{name}.interest_due", f"{name}.interest_unpaid"]
    if "io" in names.bearing:
        chances = plan.rng("io")
        words = plan.words("accrual", chances, wild=False)
        notional = chances.choice([f"{names.tranches[0]}.balance", "pool.balance", words.amount(1)])
        stack["io"] = {"size": 0, "coupon": coupon(plan, words), "notional": notional, **plan.day_count(chances, "day_count")}
        names.accrued += ["io.interest_due", "io.interest_unpaid"]
    return stack


def tranche(plan: Plan, name: str, size: float | str) -> Entry:
    rng = plan.rng("tranche", name)
    entry: Entry = {"size": size, "holder": rng.choice(["investors", "bank"])}
    if plan.names.owned and rng.random() < 0.2:
        entry["issue_price"] = rng.choice([0.97, "99.5%", 1.01])
    units = rng.choice([1, 7, 100])
    if plan.on("denominations") and size != "rest" and size >= units and rng.random() < 0.7:
        entry["denomination"] = float(int(size / units))
        entry["size"] = entry["denomination"] * units
        entry |= {"principal_per_note": True} if rng.random() < 0.5 else {}
    if name not in plan.names.bearing:
        return entry
    words = plan.words("accrual", rng)
    entry |= {"coupon": coupon(plan, words), "deferrable": rng.random() < 0.5, **plan.day_count(rng, "day_count")}
    if plan.on("notionals") and rng.random() < 0.5:
        entry["notional"] = words.amount(1)
    if plan.on("unpaid_interest") and rng.random() < 0.7:
        entry["interest_on_unpaid"] = rng.choice(["coupon", words.any_rate(high=1500)])
    return entry


def coupon(plan: Plan, words: Words) -> Any:
    kind = words.rng.choice(["number", "formula", "terms"])
    if kind == "number" or not plan.on("coupons"):
        return words.rate()
    return words.formula() if kind == "formula" else coupon_terms(plan, words)


def coupon_terms(plan: Plan, words: Words) -> Entry:
    rng, names = words.rng, plan.names
    terms: Entry = {"margin": rng.choice([0.01, "50bp", "0.3%", 0.0])}
    if names.indices:
        terms |= {"index": rng.choice(names.indices), "multiplier": rng.choice([1, 1, 0.5, 2])}
        if rng.random() < 0.2:
            terms |= {"multiplier": -2, "margin": "9%"}
    steps = []
    for _ in range(rng.choice([0, 1, 1, 2])):
        add = rng.choice(["25bp", 0.01, "0.4%"] + ["-60bp"] * plan.on("wild"))
        when: Entry = {"from": rng.choice(names.dates)} if rng.random() < 0.5 else {"when": words.condition(1)}
        steps.append({"add": add, **when})
    if steps:
        terms["step_ups"] = steps
    if rng.random() < 0.4 or not plan.on("wild"):
        terms["floor"] = rng.choice(["0%", 0.002])
    if rng.random() < 0.4:
        terms["cap"] = rng.choice(["5%", 0.03])
    return terms


def facility(plan: Plan, name: str) -> Entry:
    rng = plan.rng("facility", name)
    words, names = plan.words("accrual", rng), plan.names
    entry: Entry = {
        "limit": plan.amount_or_formula(plan.words("safe", rng), 0.01, 0.2),
        "provider": rng.choice(["sponsor", "bank"]),
        **plan.day_count(rng, "day_count"),
    }
    entry["rate"] = words.any_rate(high=600)
    if rng.random() < 0.7:
        entry["commitment_fee"] = words.any_rate(high=100)
    if rng.random() < 0.5:
        entry["replenished"] = rng.random() < 0.3
    names.accrued += [f"{name}.interest_due", f"{name}.interest_unpaid", f"{name}.due", f"{name}.unpaid"]
    return entry


def hedge(plan: Plan, name: str) -> Entry:
    rng = plan.rng("hedge", name)
    words, names = plan.words("accrual", rng), plan.names
    notional = rng.choice(["pool.balance", "pool.opening", f"{names.tranches[0]}.balance", words.amount(1)])
    entry: Entry = {"notional": notional, "counterparty": rng.choice(["swap_bank", "dealer"])}
    legs = rng.choice([("pay", "receive"), ("pay", "receive"), ("receive",), ("pay",)])
    for leg in legs:
        index = rng.choice(names.indices) if names.indices else None
        some = [words.any_rate(high=500)]
        some += [f"max(0, index.{index} - 1%)", f"(index.{index})", f"max(0, 2% - index.{index})"] if index else []
        entry |= {leg: rng.choice(some), **plan.day_count(rng, f"{leg}_day_count")}
    if rng.random() < 0.5:
        entry["net"] = rng.random() < 0.3
    if rng.random() < 0.3:
        entry["terminated"] = words.condition(1)
    names.accrued += [f"{name}.due", f"{name}.unpaid", f"{name}.receivable"]
    return entry


def fee(plan: Plan, name: str) -> Entry:
    rng = plan.rng("fee", name)
    words = plan.words("accrual", rng)
    kind = "none" if name == "late" else rng.choice(["rate", "tiers", "amount", "formula"])
    entry: Entry = {}
    if kind in ("rate", "tiers"):
        entry["on"] = rng.choice(["pool.opening", "pool.average", "pool.closing", words.amount(1)])
        entry |= plan.day_count(rng, "day_count")
    if kind == "rate":
        entry["rate"] = words.any_rate(high=200)
    elif kind == "tiers":
        edges = sorted({plan.share(rng, 0.05, 0.9) for _ in range(rng.randint(1, 2))})
        entry["tiers"] = [{"up_to": edge, "rate": words.rate(high=200)} for edge in edges] + [{"rate": words.rate(high=200)}]
    elif kind != "none":
        entry["amount"] = plan.share(rng, 0, 0.005) if kind == "amount" else f"({words.level(1, 5)} * {words.held()})"
    for bound, low, high in (("floor", 0.0001, 0.002), ("cap", 0.001, 0.005)):
        if kind != "none" and plan.on("fee_bounds") and rng.random() < 0.5:
            entry[bound] = plan.amount_or_formula(words, low, high)
    if rng.random() < 0.3:
        entry["payee"] = "bank"
    plan.names.accrued += [f"{name}.due", f"{name}.unpaid"]
    return entry


def ledger(plan: Plan, name: str) -> Entry:
    rng = plan.rng("ledger", name)
    words = plan.words("safe", rng)
    limit = rng.choice([None, f"{words.level(1, 30)} * pool.initial", f"{words.level(1, 30)} * {words.held()}"])
    plan.names.limited += [] if limit is None else [name]
    return {} if limit is None else {"limit": limit}


def groups(plan: Plan) -> dict[str, Entry]:
    names = plan.names
    if not names.groups:
        return {}
    rng = plan.rng("groups")
    members = names.tranches[: rng.randint(2, len(names.tranches))]
    if rng.random() < 0.3:
        members.reverse()
    return {"notes": {"tranches": members, "how": rng.choice(["sequential", "pro_rata"])}}


def trigger(plan: Plan, name: str, words: Words) -> Entry:
    """Its condition and its cure, read with these words; what it remembers."""
    rng, days = words.rng, plan.names.dates
    entry: Entry = {"when": words.condition(2)}
    if not plan.on("states"):
        return entry
    if rng.random() < 0.3:
        entry["every"] = rng.randint(1, 3)
    first, last = sorted(rng.choices(days, k=2))
    entry |= {bound: day for bound, day in (("from", first), ("until", last)) if rng.random() < 0.2}
    if rng.random() < 0.4:
        entry["after"] = rng.randint(1, 3)
    if rng.random() < 0.5:
        entry["cure"] = rng.choice(["never", words.condition(1)])
    if rng.random() < 0.4:
        entry["cure_after"] = rng.randint(1, 3)
    return entry


def some_dates(paid: Iterable[date], rng: Random) -> list[date]:
    """The dates of the deal and some in between."""
    days = list(paid)
    return days + [day + timedelta(days=rng.choice([-20, -3, -1, 1, 5, 17])) for day in days]
