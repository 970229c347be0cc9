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


AS_WRITTEN = 5e-5
"""What a share may lack that is written to a hundredth of a percent."""
_FILLED = "notes and deductibles are the pool"
_FUNDED = "accounts are funded from the proceeds of the issue, and the rest buys the loans"


def bind(program: Program, deal: Deal, initial: Mapping[str, float], *, force: Mapping[str, str] | None = None) -> Program:
    """The program with the numbers that depend on the loans and the scenario.

    initial: cut-off balance of each sub-pool. force: triggers made to pass or fail. Raises DealError where tranches and
    what backs them do not add up.
    """
    pool = sum(initial.values())
    sizes = tranche_sizes(deal, initial)
    findings = [*_uneven(deal, sizes), *_unfunded(deal, sizes), *_uncovered(deal, initial), *_lent(deal, sizes, pool)]
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
    """Deductibles above what the institution's loans come to, of which nothing is ever covered; notes above the swaps."""
    if deal.swap is None:
        return
    terms, pool = deal.swap.deductible, sum(initial.values())
    notes = sum(float(tranche.size) for tranche in deal.tranches.values() if tranche.size != "rest")
    if terms.share == "rest" and notes > pool + WHOLE:
        message = f"notes of {notes:,.0f} stand on a pool of {pool:,.0f}: nothing is left for a deductible"
        yield deal.origin.finding("E-D140", "swap.deductible", message, "reduce the notes", rule=_FILLED)
    amounts = terms.amounts or {}
    above = [name for name, amount in amounts.items() if name in initial and amount > initial[name]]
    for name in above:
        path = f"swap.deductible.amounts.{name}"
        message = f"the deductible of {name!r}, {amounts[name]:,.0f}, is more than its loans come to, {initial[name]:,.0f}"
        yield deal.origin.finding("E-D140", path, message, "reduce it", rule="a deductible is a part of the loans")
    kept = terms.first_loss(pool)
    if kept is not None and not above and notes + kept > pool + max(WHOLE, (AS_WRITTEN if terms.share else 0.0) * pool):
        message = f"notes of {notes:,.0f} and deductibles of {kept:,.0f} overlap on a pool of {pool:,.0f}"
        message += f" by {notes + kept - pool:,.0f}: no loss reaches the most senior of it"
        yield deal.origin.finding("E-D142", "swap.deductible", message, "reduce the notes or the deductibles", rule=_FILLED)


def _lent(deal: Deal, sizes: Mapping[str, float], pool: float) -> Iterator[Finding]:
    """Loans above the advance rate on the receivables that are bought at closing; a deferred price that is paid in fractions."""
    if deal.receivables is None or deal.structure != "receivables":
        return
    lent, rate = sum(list(sizes.values())[:-1]), deal.receivables.advance_rate
    if lent > rate * pool + (WHOLE if deal.rounding != "none" else TOLERANCE * pool):
        message = f"loans of {lent:,.0f} are more than {rate:.2%} of the {pool:,.0f} that is bought, {rate * pool:,.0f}"
        rule = "loans are at most the advance rate on what is eligible"
        yield deal.origin.finding("E-D150", "receivables.advance_rate", message, "lend less, or add receivables", rule=rule)
    name, deferred = list(sizes.items())[-1]
    if deal.rounding == "half_up" and abs(deferred - round(deferred)) > WHOLE:
        message = f"{name!r} comes to {deferred:,.2f}, no whole number of {deal.currency}, and would be paid rounded up"
        fix = "write rounding: down, or a price that leaves a whole amount"
        yield deal.origin.finding("E-D024", f"tranches.{name}.size", message, fix)


def smallest_amount(deal: Deal, initial: float) -> float:
    """The smallest amount that counts in a deal on a pool of this cut-off balance."""
    return TOLERANCE * initial if deal.rounding == "none" else max(TOLERANCE * initial, WHOLE)
