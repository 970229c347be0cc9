"""The slow reading of who paid whom: the movements of cash by party instead of by account or entry."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from oracle_closing import ISSUER
from oracle_state import OracleRun

from clo.deal.terms import Deal, Pool

BORROWERS = "obligors"


def between(deal: Deal, run: OracleRun) -> dict[tuple[date, str, str], float]:
    """What each party paid each other, by date; the issuer is one party, and what it pays itself is not told."""
    party = parties(deal)
    owned = ("pool", *(name for name, pool in deal.pools.items() if not pool.reference))
    found: dict[tuple[date, str, str], float] = {}
    for day, _, reason, source, to, amount in (*run.ledger, *run.elsewhere):
        payer, payee = BORROWERS if reason == "collect" and source in owned else party(source), party(to)
        if payer != payee:
            found[day, payer, payee] = found.get((day, payer, payee), 0.0) + amount
    return found


def its_own(name: str, pool: Pool) -> bool:
    """Whether the loans are the corporation's."""
    return pool.seller == "corporation" if pool.seller else name == "own"


def parties(deal: Deal) -> Callable[[str], str]:
    """The party that stands behind a name of the deal; other names are parties themselves."""
    behind = dict.fromkeys(deal.accounts, ISSUER)
    behind |= {name: tranche.holder for name, tranche in deal.tranches.items()}
    behind |= {name: facility.provider for name, facility in deal.facilities.items()}
    behind |= {name: hedge.counterparty for name, hedge in deal.hedges.items()}
    behind |= {name: fee.payee or name for name, fee in deal.fees.items()}
    behind |= {name: "corporation" for name, pool in deal.pools.items() if pool.reference and its_own(name, pool)}
    return lambda name: behind.get(name, name)
