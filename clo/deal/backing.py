"""What the sizes of the tranches sum to: an expression of what pools and accounts start with."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from clo.deal.at_closing import number_findings
from clo.deal.terms import Deal
from clo.expressions import evaluate, parse
from clo.findings import DealError, Finding

PLAIN = "pool.initial"
"""What backs the tranches unless a deal says otherwise."""
RULE = "backing is a number made of what pools and accounts start with"


def backing_findings(deal: Deal) -> Iterator[Finding]:
    """What is wrong with the expression, before any loan is known."""
    known = [f"{name}.initial" for name in ("pool", *deal.pools, *deal.accounts)]
    return number_findings(deal, "backing", deal.backing, known, RULE)


def backing(deal: Deal, pool: float, initial: Mapping[str, float]) -> float:
    """What backs the tranches. pool, initial: cut-off balances of the pool and of each sub-pool. Raises DealError."""
    wrong = list(backing_findings(deal))
    if wrong:
        raise DealError(wrong)
    known = {PLAIN: pool} | {f"{name}.initial": balance for name, balance in initial.items()}
    known |= {f"{name}.initial": account.initial for name, account in deal.accounts.items()}
    try:
        found = float(evaluate(parse(deal.backing), known.__getitem__))
    except ZeroDivisionError:
        found = math.nan
    if not math.isfinite(found):
        message = f"{deal.backing!r} divides by zero"
        raise DealError([deal.origin.finding("E-D070", "backing", message, "divide by nothing that can be 0", rule=RULE)])
    return found


def stated_sizes(deal: Deal) -> tuple[dict[str, float], float]:
    """Sizes of the tranches and the amount of the pool as far as the terms alone say them, before any loan is known; else NaN.

    The pool is the published amount; without one, what the sizes sum to where the pool alone backs them and none is `rest`.
    """
    sizes = {name: math.nan if tranche.size == "rest" else float(tranche.size) for name, tranche in deal.tranches.items()}
    rest = [name for name, size in sizes.items() if math.isnan(size)]
    published = None if deal.figures is None else deal.figures.amount
    if published is None:
        return sizes, math.nan if rest or deal.backing != PLAIN else sum(sizes.values())
    if len(rest) == 1:
        left = _backed(deal, published) - sum(size for size in sizes.values() if not math.isnan(size))
        sizes[rest[0]] = left if left >= 0.0 else math.nan
    return sizes, published


def _backed(deal: Deal, pool: float) -> float:
    """What backs the tranches on a pool of this amount; NaN where that takes the amount of one of several sub-pools."""
    try:
        return backing(deal, pool, dict.fromkeys(deal.pools, pool) if len(deal.pools) == 1 else {})
    except (DealError, KeyError):
        return math.nan


def published_sizes(deal: Deal) -> frozenset[str]:
    """The tranches whose size a source says."""
    marks = {name: deal.mark(f"tranches.{name}.size") for name in deal.tranches}
    return frozenset(name for name, mark in marks.items() if mark is not None and mark.kind == "published")
