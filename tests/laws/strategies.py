"""Random deals and pools: everything a deal file can say, drawn within what makes sense."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from hypothesis import strategies as st
from oracle_dates import MONTHS, adjusted, collection_months, determination_date, payment_dates, shifted

from clo.deal.structures import spelled_out
from clo.deal.terms import COLLECTED, Deal
from laws import borrowers
from laws.borrowers import Draw, Row, percents

POOLS = ("alpha", "beta", "gamma")
NOTES = ("aa", "bb", "cc", "dd", "ee")
FEES = ("trustee", "servicer", "backup")


@dataclass(frozen=True)
class Case:
    """A deal in the words of its file, the raw loans of each of its sub-pools, and what those loans follow."""

    terms: dict[str, Any]
    rows: dict[str, list[Row]]
    schedules: list[Row] = field(default_factory=list)
    curves: dict[str, list[tuple[date, float]]] = field(default_factory=dict)

    @cached_property
    def deal(self) -> Deal:
        return spelled_out(Deal(**self.terms))

    @property
    def initial(self) -> float:
        return sum(row["current_balance"] for rows in self.rows.values() for row in rows)

    @property
    def rounds(self) -> bool:
        return bool(self.terms["rounding"] != "none")

    def changed(self, **terms: Any) -> Case:
        return replace(self, terms=self.terms | terms)


@st.composite
def dates(draw: Draw, max_months: int = 24) -> tuple[dict[str, date], dict[str, str | int], int]:
    """(dates, payments, months to the legal final, at least one of them collected) of a deal."""
    cutoff = draw(st.dates(date(2015, 1, 1), date(2024, 12, 31)))
    if draw(st.booleans()):
        cutoff = shifted(cutoff, 0, 31)
    frequency = draw(st.sampled_from(["monthly", "monthly", "quarterly", "semi_annual", "annual"]))
    payments = {
        "frequency": frequency,
        "day": draw(st.integers(1, 31)),
        "calendar": draw(st.sampled_from(["JP", "weekends", "none"])),
        "business_day": draw(st.sampled_from(["following", "modified_following", "preceding", "unadjusted"])),
        "accrual": draw(st.sampled_from(["adjusted", "adjusted", "unadjusted"])),
    }
    if payments["business_day"] == "preceding":
        payments["day"] = max(8, payments["day"])  # a payment before its determination date is refused

    def paid(day: date) -> date:
        return adjusted(day, payments["calendar"], payments["business_day"])

    closing = adjusted(cutoff + timedelta(days=draw(st.integers(0, 45))), payments["calendar"], "following")
    ahead = draw(st.integers(0, 2))
    while (first := shifted(cutoff.replace(day=1), ahead, payments["day"])) <= closing or paid(first) <= closing:
        ahead += 1
    step = MONTHS[frequency]
    periods = draw(st.integers(0, max(1, max_months // step - 1)))
    last = shifted(first, step * periods, payments["day"])
    if step > 1 and draw(st.booleans()):
        last = shifted(last, draw(st.integers(1, step - 1)), payments["day"])
    while last.replace(day=1) - timedelta(days=1) < shifted(cutoff, 1, 31):
        last = shifted(last, 1, payments["day"])
    legal_final = paid(last)
    days = {"cutoff": cutoff, "closing": closing, "first_payment": paid(first), "legal_final": legal_final}
    return days, payments, (last.year - cutoff.year) * 12 + last.month - cutoff.month


@st.composite
def loans(draw: Draw, cutoff: date, months: int, *, whole: bool, interest: bool = True, most: int = 5) -> list[Row]:
    """Plain loans of one sub-pool; some default, on the tape; some mature after the deal."""
    rows = []
    for number in range(draw(st.integers(1, most))):
        balance = draw(st.integers(1_000, 50_000_000)) if whole else draw(st.integers(10_000, 10**9)) / 128
        life = draw(st.integers(1, 31 * (months + 3)))
        row = {
            "loan_id": f"L{number:03d}",
            "obligor_id": f"O{number:03d}",
            "current_balance": float(balance),
            "current_rate": draw(st.just(0.0) | percents(0, 0.15)) if interest else 0.0,
            "maturity_date": cutoff + timedelta(days=life),
            "amortisation_type": draw(st.sampled_from(["equal_principal", "level_payment", "bullet"])),
            "default_date": None,
            "allocated_loss": None,
        }
        if draw(st.integers(0, 2)) == 0:
            row["default_date"] = cutoff + timedelta(days=draw(st.integers(1, life + 60)))
            row["allocated_loss"] = float(round(balance * draw(percents(0, 1.2))))
        rows.append(row)
    return rows


def scenarios(kind: str = "any") -> st.SearchStrategy[dict[str, Any]]:
    """What borrowers of plain loans do. kind: any, model (a default rate) or calm (nobody defaults)."""
    vector = st.lists(percents(0, 0.6), min_size=1, max_size=6)
    cdr = st.just(0.0) | percents(0, 0.5) | vector
    cpr = st.just(0.0) | percents(0, 0.5) | vector
    lag = st.integers(0, 15)
    model = st.fixed_dictionaries({"cdr": cdr, "cpr": cpr, "recovery": percents(0, 1), "recovery_lag": lag})
    tape = st.fixed_dictionaries(
        {"defaults": st.just("tape"), "cpr": cpr, "recovery": st.just("tape") | percents(0, 1), "recovery_lag": lag}
    )
    calm = st.fixed_dictionaries({"cdr": st.just(0.0), "cpr": cpr, "recovery": st.just(0.0), "recovery_lag": lag})
    return {"any": model | tape, "model": model, "calm": calm}[kind]


@st.composite
def frames(
    draw: Draw, *, roundings: tuple[str, ...] = ("down", "half_up", "none"), scenario: str = "any", interest: bool = True
) -> Case:
    """What all deals share: dates, pools, scenario and loans. Every other `any` has loans of all kinds and all behaviours."""
    days, payments, months = draw(dates())
    rounding = draw(st.sampled_from(roundings))
    pools = POOLS[: draw(st.sampled_from([1, 1, 2, 3]))]
    whole, schedules, curves = rounding != "none", [], {}
    if scenario == "any" and interest and draw(st.booleans()):
        rows, schedules = draw(all_kinds(days["cutoff"], months, pools, whole=whole))
        behaviour = borrowers.scenarios(months, new_terms=all(due["interest"] is None for due in schedules))
        curves = draw(borrowers.curves(days["cutoff"], months + 25))
    else:
        rows = {name: draw(loans(days["cutoff"], months, whole=whole, interest=interest)) for name in pools}
        behaviour = scenarios(scenario)
    terms = {
        "format": "clo.deal/1",
        "name": "drawn",
        "currency": "JPY",
        "dates": days,
        "payments": payments,
        "day_count": draw(st.sampled_from(["ACT/365F", "ACT/360", "30/360", "30E/360", "1/12"])),
        "rounding": rounding,
        "pools": {name: {"tape": "none.parquet"} for name in pools},
        "scenarios": {"base": draw(behaviour)},
    }
    return Case(terms, rows, schedules, curves)


@st.composite
def all_kinds(
    draw: Draw, cutoff: date, months: int, pools: Sequence[str], *, whole: bool
) -> tuple[dict[str, list[Row]], list[Row]]:
    """Loans of all kinds in each sub-pool, and the schedules of those that have one of their own."""
    rows: dict[str, list[Row]] = {}
    schedules: list[Row] = []
    for pool in pools:
        names = [f"L{number:03d}" for number in range(draw(st.integers(1, 3)))]
        drawn = [draw(borrowers.loans(cutoff, months, name=name, bank=pool, whole=whole)) for name in names]
        rows[pool] = [row for row, _ in drawn]
        schedules += [due for _, schedule in drawn for due in schedule]
    return rows, schedules


@st.composite
def tranches(draw: Draw, initial: float, *, coupons: bool = True, rest_is_last: bool = False) -> dict[str, dict[str, Any]]:
    """One to five classes, most senior first; one of them takes the rest of the pool."""
    count = draw(st.integers(1, len(NOTES)))
    weights = [draw(st.integers(1, 60)) for _ in range(count)]
    rest = count - 1 if rest_is_last or draw(st.booleans()) else draw(st.integers(0, count - 1))
    stack: dict[str, dict[str, Any]] = {}
    for index, weight in enumerate(weights):
        size = float(int(initial * weight / sum(weights)))
        tranche: dict[str, Any] = {"size": "rest" if index == rest else size}
        if coupons and draw(st.integers(0, 4)) > 0:
            tranche["coupon"] = draw(percents(0, 0.12))
            units = draw(st.sampled_from([0, 0, 1, 7, 100]))
            if units and index != rest and size >= units:
                tranche["denomination"] = float(int(size / units))
                tranche["size"] = tranche["denomination"] * units
        stack[NOTES[index]] = tranche
    return stack


@st.composite
def fees(draw: Draw, initial: float) -> dict[str, dict[str, Any]]:
    drawn: dict[str, dict[str, Any]] = {}
    for name in FEES[: draw(st.integers(0, 3))]:
        if draw(st.booleans()):
            on = draw(st.sampled_from(["pool.opening", "pool.average", "pool.closing"]))
            drawn[name] = {"rate": draw(percents(0, 0.03)), "on": on}
        else:
            drawn[name] = {"amount": round(initial * draw(percents(0, 0.01)), 2)}
    return drawn


@st.composite
def spelled(draw: Draw, **options: Any) -> Case:
    """A deal whose waterfall is spelled out: blocks of steps in any order that makes some sense."""
    case = draw(frames(**options))
    terms, rows, initial = case.terms, case.rows, case.initial
    notes = draw(tranches(initial))
    charges = draw(fees(initial))
    pools = list(rows)
    names = list(notes)
    bearing = [name for name in names if "coupon" in notes[name]]
    share = draw(percents(0.005, 0.3))
    triggers = {
        name: {"when": draw(conditions(names, bearing, pools, []))} for name in ("breach", "call")[: draw(st.integers(0, 2))]
    }
    accounts: dict[str, Any] = {"cash": {}}
    has_reserve, split = draw(st.booleans()), draw(st.booleans())
    if has_reserve:
        accounts["reserve"] = {
            "initial": float(int(initial * draw(st.just(0.0) | percents(0, 0.05)))),
            "target": draw(
                st.sampled_from([
                    f"{share} * pool.balance",
                    f"min({share * 100}% * pool.initial, {names[0]}.balance)",
                    f"if(pool.balance < 10% * pool.initial, 0, {share} * pool.opening)",
                ])
            ),
        }  # fmt: skip
    if split:
        accounts["principal_cash"] = {"initial": 0}
    condition = conditions(names, bearing, pools, list(triggers))
    amount = amounts(names, bearing, pools, share)
    sources = list(accounts)

    def pay(kind: str, payees: list[str], source: str) -> dict[str, Any]:
        details: dict[str, Any] = {kind: payees if len(payees) > 1 else payees[0], "from": source}
        if kind != "residual":
            details["how"] = draw(st.sampled_from(["sequential", "pro_rata"]))
        if draw(st.integers(0, 3)) == 0 or (kind == "principal" and draw(st.booleans())):
            details["amount"] = draw(amount)
        if draw(st.integers(0, 2)) == 0:
            details["if"] = draw(condition)
        return {"pay": details}

    blocks: list[dict[str, Any]] = []
    if charges:
        blocks.append(pay("fee", draw(st.permutations(list(charges))), draw(st.sampled_from(["cash", *sources]))))
    for kind, owed in (("interest", bearing), ("principal", names)):
        for group in draw(groupings(owed)):
            blocks.append(pay(kind, group, draw(st.sampled_from(sources if kind == "principal" else ["cash", *sources]))))
        if owed and draw(st.booleans()):
            blocks.append(pay(kind, draw(some(owed)), "cash"))
    if has_reserve:
        blocks.append({"transfer": {"from": "cash", "to": "reserve", "amount": "max(0, reserve.target - reserve.balance)"}})
    if split:
        blocks.append({"transfer": {"from": "principal_cash", "to": "cash", "amount": draw(amount), "if": draw(condition)}})
        blocks.append({"transfer": {"from": "principal_cash", "to": "cash", "amount": "principal_cash.balance"}})
    blocks = list(draw(st.permutations(blocks)))
    if has_reserve:
        released = draw(st.sampled_from(["reserve.balance", "max(0, reserve.balance - reserve.target)"]))
        at = draw(st.sampled_from([0, len(blocks)]))
        blocks.insert(at, {"transfer": {"from": "reserve", "to": "cash", "amount": released}})
    blocks.append(pay("residual", [draw(st.sampled_from(names))], "cash"))
    terms |= {
        "accounts": accounts,
        "fees": charges,
        "tranches": notes,
        "triggers": triggers,
        "waterfall": [*draw(collects(pools, split=split)), *blocks],
    }
    return replace(case, terms=terms)


def some(names: list[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(names), min_size=1, max_size=len(names), unique=True)


@st.composite
def groupings(draw: Draw, names: list[str]) -> list[list[str]]:
    """Every name once, in groups that one step pays together."""
    order = list(draw(st.permutations(names)))
    groups = []
    while order:
        size = draw(st.integers(1, len(order)))
        groups.append(order[:size])
        order = order[size:]
    return groups


@st.composite
def collects(draw: Draw, pools: list[str], *, split: bool) -> list[dict[str, Any]]:
    """Every column of every sub-pool once, in one step or several."""
    groups = pools if draw(st.booleans()) else ["pool"]
    steps = []
    for group in groups:
        where = {} if group == "pool" and draw(st.booleans()) else {"pool": group}
        if split:
            steps.append({"collect": {"from": ["interest", "recovery"], "to": "cash", **where}})
            steps.append({"collect": {"from": ["scheduled_principal", "prepayment"], "to": "principal_cash", **where}})
        else:
            steps.append({"collect": {"from": list(COLLECTED), "to": "cash", **where}})
    return steps


@st.composite
def conditions(draw: Draw, names: list[str], bearing: list[str], pools: list[str], triggers: list[str]) -> str:
    """A condition that no rounding error of the last bit decides."""
    name, pool = draw(st.sampled_from(names)), draw(st.sampled_from(["pool", *pools]))
    level = draw(st.integers(3, 97)) + 0.37
    simple = [
        f"{pool}.cumulative_default > {level}% * {pool}.initial",
        f"{pool}.balance <= {level}% * {pool}.initial",
        f"{name}.balance > {level}% * {name}.size and {pool}.default < {level * 100}bp * {pool}.opening",
        f"not ({pool}.recovery > {level / 2}% * {pool}.opening)",
        f"min({name}.balance, {pool}.balance) >= {level / 10_000} * max({name}.size, {pool}.initial)",
    ]
    if bearing:
        owed = draw(st.sampled_from(bearing))
        simple.append(f"{owed}.interest_unpaid < {level} * 1bp * {owed}.size or {name}.balance < 1e-6 * pool.initial")
    if triggers:
        trigger = draw(st.sampled_from(triggers))
        simple += [f"not {trigger}", trigger, f"{trigger} or {simple[1]}"]
    return str(draw(st.sampled_from(simple)))


@st.composite
def amounts(draw: Draw, names: list[str], bearing: list[str], pools: list[str], share: float) -> str:
    """An amount, never negative."""
    owed = draw(st.sampled_from(bearing)) if bearing else None
    name, pool = draw(st.sampled_from(names)), draw(st.sampled_from(["pool", *pools]))
    total = " + ".join(f"{each}.balance" for each in names)
    return str(
        draw(
            st.sampled_from([
                f"max(0, {total} - pool.balance)",
                f"max(0, {total} - max(0, pool.balance - {name}.size))",
                f"{pool}.scheduled_principal + {pool}.prepayment + {pool}.default",
                f"{share} * {name}.balance",
                f"if({pool}.balance < {share} * {pool}.initial, {total}, {pool}.interest / 3)",
                f"max({f'{owed}.interest_unpaid' if owed else '1% * pool.balance'}, -{name}.balance + {pool}.opening)",
                f"{share * 100}% * cash.balance",
                f"max(0, 2 * ({f'{owed}.interest_due' if owed else '0.1 * pool.interest'} - 1bp * {name}.size) / 3)",
            ])
        )
    )  # fmt: skip


@st.composite
def structured(draw: Draw, *, triggers: bool = True, costs: bool = True, carry: bool = False, **options: Any) -> Case:
    """A purchase-type deal as its structure spells it. costs: coupons and fees; carry: loans pay more than they cost."""
    case = draw(frames(**options))
    terms, initial = case.terms, case.initial
    notes = draw(tranches(initial, coupons=costs, rest_is_last=True).filter(lambda stack: len(stack) > 1))
    *senior, last = notes
    for name in senior:
        notes[name].setdefault("coupon", draw(percents(0, 0.1)) if costs else 0.0)
        notes[name]["deferrable"] = draw(st.booleans())
    notes[last].pop("coupon", None)
    accounts: dict[str, Any] = {"collections": {}}
    if costs and draw(st.booleans()):
        target = f"min(1.3% * pool.initial, {senior[0]}.balance)"
        accounts["reserve"] = {"initial": float(int(initial * draw(percents(0, 0.02)))), "target": target}
    terms |= {
        "structure": "purchase_cash",
        "principal": draw(st.sampled_from(["sequential", "pro_rata"])),
        "accounts": accounts,
        "fees": draw(fees(initial)) if costs else {},
        "tranches": notes,
    }
    if triggers and draw(st.booleans()):
        when = f"pool.cumulative_default > {draw(st.integers(1, 30)) + 0.37}% * pool.initial"
        terms["triggers"] = {"bad": {"when": when, "effect": "trap_excess"}}
    case = replace(case, terms=terms)
    return with_carry(case) if carry else case


def with_carry(case: Case) -> Case:
    """The same deal where a month of interest on a loan exceeds a year and a quarter of interest on notes; no fees."""
    notes = {
        name: note | ({"coupon": note["coupon"] / 40} if "coupon" in note else {})
        for name, note in case.terms["tranches"].items()
    }
    rows = {
        pool: [row | {"current_rate": 0.06 + row["current_rate"]} for row in some_rows] for pool, some_rows in case.rows.items()
    }
    return replace(case, terms=case.terms | {"tranches": notes, "fees": {}}, rows=rows)


def ending_in_time(case: Case, months_before: int = 0) -> Case:
    """The same deal where every loan is due that many months before the last collection month ends, or earlier."""
    deal = case.deal
    last = determination_date(payment_dates(deal)[-1][0])
    months = collection_months(deal.dates.cutoff, last)
    end = months[max(0, len(months) - 1 - months_before)]
    rows = {
        pool: [row | {"maturity_date": min(row["maturity_date"], end)} for row in some_rows]
        for pool, some_rows in case.rows.items()
    }
    return replace(case, rows=rows)


def cases(**options: Any) -> st.SearchStrategy[Case]:
    """Any deal: mostly spelled out, some by structure."""
    return st.one_of(spelled(**options), spelled(**options), structured(**options))
