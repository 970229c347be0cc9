"""Where money comes from and goes: what a compiled deal collects twice or never, never pays, or cannot let go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from clo.deal.expansion import Expanded, PlacedStep, Within
from clo.deal.terms import COLLECTED, Buy, Collect, Deal, Draw, Hedge, Pay, Sell, Settle, StepTerms, Tranche, Transfer
from clo.waterfall.program import Movement


class Complain(Protocol):
    """How a finding is made: code, message, fix, and where."""

    def __call__(self, code: str, message: str, fix: str, *, path: str = "") -> None: ...


class Gap(NamedTuple):
    """Something that no step does: code, message, fix, and the place of what lacks it."""

    code: str
    message: str
    fix: str
    path: str


def flow_findings(
    deal: Deal, expanded: Expanded, movements: Sequence[Movement], names_used: set[str], complain: Complain
) -> None:
    """Report money that is never collected or never leaves, claims that no step pays and entries that change nothing."""
    done = {movement.claim for movement in movements}
    for gap in (
        *_collected_once(deal, movements),
        *_unpaid(deal, done),
        *_undrawn(deal, done),
        *_unreached(expanded.steps),
        *_kept_forever(deal, movements),
        *_unused(deal, done, names_used, expanded.macros),
    ):
        complain(gap.code, gap.message, gap.fix, path=gap.path)


def _collected_once(deal: Deal, movements: Sequence[Movement]) -> Iterator[Gap]:
    times: Counter[tuple[str, str]] = Counter()
    for movement in movements:
        if movement.reason == "collect":
            pool, column = movement.claim.split(".")
            times.update([(name, column) for name in (deal.pools if pool == "pool" else (pool,))])
    mixed = len({pool.reference for pool in deal.pools.values()}) == 2
    if mixed and any(movement.reason == "collect" and movement.claim.startswith("pool.") for movement in movements):
        message = "a collect step takes from the whole pool, of which some sub-pools are reference pools"
        yield Gap("E-D138", message, "name the sub-pool in the step: pool:", "waterfall")
        return
    for name, terms in deal.pools.items():
        for column in COLLECTED:
            if terms.reference:
                if times[name, column]:
                    message = f"{column} of pool {name!r} is collected, whose loans stay with their maker"
                    yield Gap("E-D138", message, "remove the step, or reference: true", "waterfall")
            elif times[name, column] == 0:
                message = f"no step collects {column} of pool {name!r}: the money would never enter the deal"
                yield Gap("E-D123", message, f"add {column} to a collect step", "waterfall")
            elif times[name, column] > 1:
                message = f"{column} of pool {name!r} is collected {times[name, column]} times"
                yield Gap("E-D124", message, "collect each column of a pool once", "waterfall")


# ---- what is owed and what is lent --------------------------------------------------------------------------------------


def _unpaid(deal: Deal, done: set[str]) -> Iterator[Gap]:
    for name, tranche in deal.tranches.items():
        path = f"tranches.{name}"
        if not {f"{name}.principal", f"{name}.residual"} & done and not _only_interest(tranche):
            fix = f"add - pay: {{principal: {name}, from: ...}}"
            yield Gap("E-D120", f"no step pays principal to tranche {name!r}", fix, path)
        if tranche.coupon not in (None, 0.0) and not {f"{name}.interest", f"{name}.capitalise"} & done:
            fix = f"add - pay: {{interest: {name}, from: ...}}"
            yield Gap("E-D121", f"no step pays the interest of tranche {name!r}", fix, path)
    for name, fee in deal.fees.items():
        path = f"fees.{name}"
        if f"{name}.fee" not in done:
            yield Gap("E-D122", f"no step pays fee {name!r}", f"add - pay: {{fee: {name}, from: ...}}", path)
        if not fee.accrues and f"{name}.charge" not in done:
            fix = "give it a rate:, tiers: or an amount:, or charge it in a step"
            yield Gap("E-D129", f"fee {name!r} never becomes due: it has neither a rate nor an amount", fix, path)


def _only_interest(tranche: Tranche) -> bool:
    return tranche.size == 0.0 and tranche.notional is not None


def _undrawn(deal: Deal, done: set[str]) -> Iterator[Gap]:
    """Facilities and hedges of which no step draws or pays what it should."""
    for name, facility in deal.facilities.items():
        needed = {"draw": "draws on", "principal": "repays"}
        needed |= {"interest": "pays the interest of"} if facility.rate != 0.0 else {}
        needed |= {"fee": "pays the commitment fee of"} if facility.commitment_fee != 0.0 else {}
        for kind, what in needed.items():
            if f"{name}.{kind}" not in done:
                step = "draw: {from: " if kind == "draw" else f"pay: {{{kind}: "
                yield Gap("E-D133", f"no step {what} facility {name!r}", f"add - {step}{name}, ...}}", f"facilities.{name}")
    for name, hedge in deal.hedges.items():
        yield from _hedge_gaps(name, hedge, done)


def _hedge_gaps(name: str, hedge: Hedge, done: set[str]) -> Iterator[Gap]:
    path = f"hedges.{name}"
    if hedge.receive is not None and f"{name}.draw" not in done:
        message = f"no step draws what the counterparty of hedge {name!r} owes: the money would never enter the deal"
        yield Gap("E-D134", message, f"add - draw: {{from: {name}, to: ...}}", path)
    if hedge.pay is not None and f"{name}.hedge" not in done:
        yield Gap("E-D134", f"no step pays hedge {name!r}", f"add - pay: {{hedge: {name}, from: ...}}", path)


# ---- what cannot happen -------------------------------------------------------------------------------------------------


def _unreached(steps: Sequence[PlacedStep]) -> Iterator[Gap]:
    """A residual without limit or condition empties its account: what is taken from it before it is fed again gets nothing."""
    emptied: dict[str, tuple[int, Within]] = {}
    for placed in steps:
        step = placed.step
        for account in _taken_from(step):
            number, within = emptied.get(account, (0, ()))
            if number and placed.within[: len(within)] == within:
                message = f"step {placed.number} is never reached: step {number} pays everything out of {account!r}"
                yield Gap("E-D128", message, "move the residual to the end, or limit it", placed.path)
        if isinstance(step, (Collect, Transfer, Draw, Sell, Settle)):
            emptied.pop(step.to, None)
        elif isinstance(step, Pay) and step.kind == "residual" and step.amount is None and step.condition is None:
            emptied[step.sources[0]] = (placed.number, placed.within)


def _taken_from(step: StepTerms) -> Sequence[str]:
    if isinstance(step, Pay):
        return step.sources if len(step.sources) == 1 else ()
    return (step.source,) if isinstance(step, (Transfer, Buy, Settle)) else ()


def _kept_forever(deal: Deal, movements: Sequence[Movement]) -> Iterator[Gap]:
    """Every account that is fed must lead, by transfers, to an account from which a residual or a contract is paid."""
    leaving = ("residual_principal", "residual_interest", "settle")
    emptied = {movement.source for movement in movements if movement.reason in leaving}
    transfers = [movement for movement in movements if movement.reason == "transfer"]
    reached, grown = emptied, True
    while grown:
        further = reached | {movement.source for movement in transfers if movement.to in reached}
        grown, reached = further != reached, further
    fed = {movement.to for movement in movements if movement.cash and movement.to in deal.accounts}
    fed |= {name for name, account in deal.accounts.items() if account.initial > 0}
    fed |= {step.to for step in deal.closing if step.to in deal.accounts}
    for name in deal.accounts:
        if name in fed and name not in reached:
            message = f"money never leaves account {name!r}: no residual is paid from it or from an account it feeds"
            fix = f"add - pay: {{residual: ..., from: {name}}} as the last step, or transfer what is left"
            yield Gap("E-D126", message, fix, f"accounts.{name}")
        elif name not in fed and name not in {movement.source for movement in movements}:
            yield Gap("W-D127", f"account {name!r} is not used by any step", "remove it", f"accounts.{name}")


def _unused(deal: Deal, done: set[str], names_used: set[str], macros_used: set[str]) -> Iterator[Gap]:
    """Entries that no step and no expression asks for."""
    for name in deal.triggers:
        if name not in names_used:
            message = f"trigger {name!r} changes nothing: no condition reads it"
            yield Gap("W-D125", message, "name it in a condition", f"triggers.{name}")
    for name in deal.ledgers:
        if f"{name}.debit" not in done:
            yield Gap("W-D136", f"ledger {name!r} is never debited", "debit it in a step, or remove it", f"ledgers.{name}")
    for name in deal.macros:
        if name not in macros_used:
            yield Gap("W-D136", f"no step uses macro {name!r}", "use it in a step, or remove it", f"macros.{name}")
    asked: Mapping[str, Mapping[str, object]] = {"schedules": deal.schedules, "counterparties": deal.counterparties}
    for section, entries in asked.items():
        for name in entries:
            full = f"schedule.{name}" if section == "schedules" else f"{name}.rating"
            if full not in names_used:
                yield Gap("W-D136", f"no expression asks for {full}", "remove it", f"{section}.{name}")
