"""Names of a deal: each entry has one of its own, parties are not the deal's own accounts, and what entries name is there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from clo.deal.terms import NAMED, Deal, Scenario
from clo.findings import Finding, nearest


def name_findings(deal: Deal) -> list[Finding]:
    """Names used twice, parties that cannot be paid, and members, accounts and sellers that are not there."""
    return [*_used_twice(deal), *_parties(deal), *_members(deal), *_earnings(deal), *_sellers(deal), *_required(deal)]


def _required(deal: Deal) -> Iterator[Finding]:
    """Tranches that are to stand the default of large names."""
    for name in () if deal.large_names is None else deal.large_names.required:
        if name not in deal.tranches:
            close = nearest(name, deal.tranches)
            fix = f"did you mean {close!r}?" if close else f"tranches are {', '.join(deal.tranches)}"
            message = f"{name!r} is no tranche of the deal"
            yield deal.origin.finding("E-D101", f"large_names.required.{name}", message, fix, value=name)


def _used_twice(deal: Deal) -> Iterator[Finding]:
    homes: dict[str, list[str]] = {}
    for section in NAMED:
        for name in getattr(deal, section):
            homes.setdefault(name, []).append(section)
    for name, found in homes.items():
        if len(found) > 1:
            message = f"{name!r} is the name of entries in {' and '.join(found)}"
            rule = f"{', '.join(NAMED[:-1])} and {NAMED[-1]} share one name space"
            yield deal.origin.finding("E-D020", f"{found[1]}.{name}", message, "rename one of them", rule=rule, value=name)


def _parties(deal: Deal) -> Iterator[Finding]:
    """Who pays and is paid is somebody outside the deal."""
    taken = {"issuer", "obligors", *deal.accounts, *deal.facilities, *deal.hedges}
    parties = [(f"tranches.{name}.holder", tranche.holder) for name, tranche in deal.tranches.items()]
    parties += [(f"fees.{name}.payee", fee.payee) for name, fee in deal.fees.items() if fee.payee is not None]
    parties += [(f"accounts.{name}.bank", account.bank) for name, account in deal.accounts.items()]
    parties += [(f"facilities.{name}.provider", facility.provider) for name, facility in deal.facilities.items()]
    parties += [(f"hedges.{name}.counterparty", hedge.counterparty) for name, hedge in deal.hedges.items()]
    parties += [(f"pools.{name}.seller", pool.seller) for name, pool in deal.pools.items() if pool.seller is not None]
    for section in ("accounts", "facilities", "hedges"):
        for name in getattr(deal, section):
            if name in ("buyer", "institutions", "corporation"):
                message = f"{name!r} is somebody who buys or sells loans"
                yield deal.origin.finding("E-D023", f"{section}.{name}", message, "give it another name", value=name)
    for path, party in parties:
        if party in taken:
            message = f"{party!r} cannot be paid as a party: it is the deal's own"
            rule = "holders, payees, banks, providers and counterparties are not entries of the deal, the issuer or the obligors"
            yield deal.origin.finding("E-D023", path, message, "name who is paid", rule=rule, value=party)


def _missing(deal: Deal, path: str, what: str, name: str, known: Iterable[str]) -> Finding:
    listed = list(known)
    close = nearest(name, listed)
    fix = f"did you mean {close!r}?" if close else f"there are {', '.join(listed) or 'none'}"
    return deal.origin.finding("E-D025", path, f"{what} {name!r} is not in the deal", fix, value=name)


def _members(deal: Deal) -> Iterator[Finding]:
    for name, group in deal.groups.items():
        path = f"groups.{name}.tranches"
        for tranche, times in Counter(group.tranches).items():
            if tranche not in deal.tranches:
                yield _missing(deal, path, "tranche", tranche, deal.tranches)
            elif times > 1:
                message = f"tranche {tranche!r} is in group {name!r} {times} times"
                yield deal.origin.finding("E-D025", path, message, "name it once", value=tranche)


def _earnings(deal: Deal) -> Iterator[Finding]:
    for name, account in deal.accounts.items():
        if account.earns_into is None:
            continue
        path = f"accounts.{name}.earns_into"
        if account.earns is None:
            message = f"account {name!r} earns nothing"
            yield deal.origin.finding("E-D025", path, message, "add earns:, or remove earns_into:", value=account.earns_into)
        elif account.earns_into not in deal.accounts:
            yield _missing(deal, path, "account", account.earns_into, deal.accounts)


def _sellers(deal: Deal) -> Iterator[Finding]:
    """Who sells loans is one of the usual sellers, or a party that has a rating; a structure of sellers says so itself."""
    known = ("institutions", "corporation", *deal.counterparties)
    for name, pool in deal.pools.items() if deal.structure != "receivables" else ():
        if pool.seller is not None and pool.seller not in known:
            yield _missing(deal, f"pools.{name}.seller", "seller", pool.seller, known)


def not_there(scenario: Scenario, triggers: Iterable[str], counterparties: Iterable[str]) -> Iterator[tuple[str, str, str, str]]:
    """Triggers and counterparties that a scenario names and its deal does not have: field, name, message, fix."""
    for field, what, named, there in (
        ("force", "trigger", scenario.force, triggers),
        ("ratings", "counterparty", scenario.ratings, counterparties),
    ):
        known = list(there)
        for name in named or {}:
            if name not in known:
                close = nearest(name, known)
                fix = f"did you mean {close!r}?" if close else f"there are {', '.join(known) or 'none'}"
                yield field, name, f"{what} {name!r} is not in the deal", fix
