"""What a program learns of the loans before it runs: cut-off balances, the tranche that takes the rest, what counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from clo.deal.backing import PLAIN, backing
from clo.deal.checks import timeline_of, uneven_notes
from clo.deal.terms import Deal
from clo.findings import DealError, Finding
from clo.waterfall.assembler import SMALLEST
from clo.waterfall.closing import closing_amounts, settled_at_closing
from clo.waterfall.kernel import WHOLE
from clo.waterfall.program import Program

TOLERANCE = 1e-12
"""The smallest amount that counts, as a share of the original pool balance."""


_FUNDED = "accounts are funded from the proceeds of the issue, and the rest buys the loans"


def bind(program: Program, deal: Deal, initial: Mapping[str, float], *, force: Mapping[str, str] | None = None) -> Program:
    """The program with the numbers that depend on the loans and the scenario.

    initial: cut-off balance of each sub-pool. force: triggers made to pass or fail. Raises DealError where tranches and
    what backs them do not add up.
    """
    pool = sum(initial.values())
    sizes = tranche_sizes(deal, initial)
    findings = [*_uneven(deal, sizes), *_unfunded(deal, sizes), *_uncovered(deal, initial)]
    if findings:
        raise DealError(findings)
    numbers = {"pool.initial": pool} | {f"{name}.initial": balance for name, balance in initial.items()}
    for name, tranche in deal.tranches.items():
        numbers[f"{name}.size"] = sizes[name]
        if tranche.denomination is not None:
            numbers[f"{name}.notes"] = sizes[name] / tranche.denomination
    if deal.closing:
        timeline = timeline_of(deal)
        assert not isinstance(timeline, list)  # its dates were checked before
        amounts = closing_amounts(deal, initial, sizes, float(timeline.accrual_fractions(deal.day_count)[0]))
        numbers |= {f"closing[{number}]": amount for number, amount in enumerate(amounts)}
        brought = settled_at_closing(deal, amounts)
        numbers |= {f"{name}.initial": account.initial + brought[name] for name, account in deal.accounts.items()}
    if SMALLEST in program.symbols.params:
        numbers[SMALLEST] = smallest_amount(deal, pool)
    for name in deal.triggers:
        made = (force or {}).get(name, "as_modelled")
        numbers |= {f"{name}.forced": float(made != "as_modelled"), f"{name}.forced_to": float(made == "fail")}
    return program.with_params(numbers)


def tranche_sizes(deal: Deal, initial: Mapping[str, float]) -> dict[str, float]:
    """The size of each tranche, senior first. initial: cut-off balance of each sub-pool.

    Raises DealError where tranches and what backs them do not add up.
    """
    pool = sum(initial.values())
    stated = {name: tranche.size for name, tranche in deal.tranches.items() if not isinstance(tranche.size, str)}
    rest = [name for name, tranche in deal.tranches.items() if tranche.size == "rest"]
    total = backing(deal, pool, initial)
    left = total - sum(stated.values())
    listed = " + ".join(f"{name} {size:,.0f}" for name, size in stated.items())
    plain = deal.backing == PLAIN
    what, rule = (f"pool {total:,.0f}", "tranches = pool") if plain else (f"{deal.backing} = {total:,.0f}", "tranches = backing")
    place = f"tranches.{rest[0]}.size" if rest else "tranches"
    if rest and left < 0:
        of = f"the pool of {total:,.0f}" if plain else what
        message = f"{listed} exceed {of} by {-left:,.0f}; nothing is left for {rest[0]!r}"
        raise DealError([deal.origin.finding("E-D070", place, message, "reduce the sizes, or add loans", rule=rule)])
    if not rest and abs(left) > TOLERANCE * max(pool, total):
        message = f"{listed} = {sum(stated.values()):,.0f}; {what}: {left:,.0f} unallocated"
        fix = "let one tranche take `size: rest`, or say what backs the tranches: `backing:`"
        raise DealError([deal.origin.finding("E-D070", place, message, fix, rule=rule)])
    return {name: stated.get(name, left) for name in deal.tranches}


def _uneven(deal: Deal, sizes: Mapping[str, float]) -> Iterator[Finding]:
    for name, tranche in deal.tranches.items():
        if tranche.size == "rest" and sizes[name]:
            yield from uneven_notes(deal, name, sizes[name])


def _unfunded(deal: Deal, sizes: Mapping[str, float]) -> Iterator[Finding]:
    """Accounts that the proceeds of the issue do not fund."""
    proceeds = sum(size * deal.tranches[name].issue_price for name, size in sizes.items())
    funded = sum(account.initial for account in deal.accounts.values())
    if funded > proceeds:
        message = f"accounts start with {funded:,.0f}, more than the {proceeds:,.0f} that the issue brings in"
        yield deal.origin.finding("E-D071", "accounts", message, "reduce initial:", rule=_FUNDED)
    elif all(pool.reference for pool in deal.pools.values()) and proceeds - funded > TOLERANCE * proceeds:
        message = f"the issue brings in {proceeds:,.0f}, accounts start with {funded:,.0f}, and no loans are bought"
        yield deal.origin.finding("E-D071", "accounts", message, "raise initial: of the account that holds it", rule=_FUNDED)


def _uncovered(deal: Deal, initial: Mapping[str, float]) -> Iterator[Finding]:
    """Deductibles above what the institution's loans come to, of which nothing is ever covered; notes on more than the pool."""
    notes = sum(float(tranche.size) for tranche in deal.tranches.values() if tranche.size != "rest")
    pool = sum(initial.values())
    if deal.swap is not None and deal.swap.deductible.share == "rest" and notes > pool + WHOLE:
        message = f"notes of {notes:,.0f} stand on a pool of {pool:,.0f}: nothing is left for a deductible"
        rule = "notes and deductibles are the pool"
        yield deal.origin.finding("E-D140", "swap.deductible", message, "reduce the notes", rule=rule)
    amounts = {} if deal.swap is None else deal.swap.deductible.amounts or {}
    for name, amount in amounts.items():
        if name in initial and amount > initial[name]:
            path = f"swap.deductible.amounts.{name}"
            message = f"the deductible of {name!r}, {amount:,.0f}, is more than its loans come to, {initial[name]:,.0f}"
            yield deal.origin.finding("E-D140", path, message, "reduce it", rule="a deductible is a part of the loans")


def smallest_amount(deal: Deal, initial: float) -> float:
    """The smallest amount that counts in a deal on a pool of this cut-off balance."""
    return TOLERANCE * initial if deal.rounding == "none" else max(TOLERANCE * initial, WHOLE)
