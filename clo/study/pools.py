"""The loans of each sub-pool: its tape, its filter, its criteria, and whether they fit the deal and each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.deal.terms import Deal, Pool
from clo.findings import DealError, Finding, InputError, has_errors
from clo.schema import KEYS
from clo.tape.batches import AnyLoans, batches, currencies, fingerprints
from clo.tape.eligibility import LOG
from clo.tape.loans import Loans

UNDECIDED = "W-L022"
"""Code of loans that stay though a missing value decides."""


@dataclass
class Pools:
    """The loans of a run, by sub-pool; warnings; and what criteria leave out."""

    loans: dict[str, AnyLoans] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    left_out: list[pd.DataFrame] = field(default_factory=list)

    @property
    def excluded(self) -> pd.DataFrame:
        """One row for each loan and criterion that it breaks: pool, then the columns of `Eligibility.excluded`."""
        if not self.left_out:
            return pd.DataFrame(columns=["pool", *LOG])
        return pd.concat(self.left_out, ignore_index=True)


def resolve_pools(deal: Deal, loans: AnyLoans | Mapping[str, AnyLoans] | None) -> Pools:
    """Each sub-pool's loans: given as they are, or what its `where` and `criteria` select of a tape.

    Raises DealError where a sub-pool is empty or its tape does not fit the deal.
    """
    pools = Pools()
    for name, terms in deal.pools.items():
        if isinstance(loans, Mapping):
            if name not in loans:
                message = f"no loans are given for pool {name!r}"
                pools.findings.append(deal.origin.finding("E-R110", f"pools.{name}", message, "add them to loans="))
                continue
            chosen: AnyLoans | None = loans[name]
        else:
            chosen = _filtered(deal, name, terms, loans, pools.findings)
            if chosen is not None and terms.criteria is not None:
                chosen = _eligible(deal, name, terms.criteria, chosen, pools)
        if chosen is not None:
            pools.findings += _pool_findings(deal, name, chosen)
            pools.loans[name] = chosen
    pools.findings += _overlap(deal, pools.loans)
    if has_errors(pools.findings):
        raise DealError(pools.findings)
    return pools


def _filtered(deal: Deal, name: str, terms: Pool, loans: AnyLoans | None, findings: list[Finding]) -> AnyLoans | None:
    """The loans of the tape that the sub-pool selects; None where there is a finding instead."""
    path = f"pools.{name}"
    if loans is None and deal._load_tape is None:
        message = f"pool {name!r} names tape {terms.tape!r}, and the deal was not read from a file"
        findings.append(deal.origin.finding("E-R111", path, message, "give loans=, or use clo.load_deal"))
        return None
    try:
        tape = loans if loans is not None else deal._load_tape(terms.tape)  # type: ignore[misc]
    except OSError as error:
        message = f"tape {terms.tape!r} of pool {name!r} cannot be read: {error.strerror or error}"
        fix = "correct tape:, which is a path from the folder of the deal file"
        findings.append(deal.origin.finding("E-R117", f"{path}.tape", message, fix, value=terms.tape))
        return None
    try:
        chosen: AnyLoans = tape if terms.where is None else tape.where(terms.where)
    except ValueError as error:
        found = deal.origin.finding("E-R112", f"{path}.where", str(error), "correct the filter", value=terms.where or "")
        findings.append(found)
        return None
    return chosen


def _eligible(deal: Deal, name: str, file: str, loans: AnyLoans, pools: Pools) -> AnyLoans | None:
    """The loans that keep the criteria; the others are logged, and a warning counts them."""
    path = f"pools.{name}.criteria"
    if not isinstance(loans, Loans):
        message = f"the criteria of pool {name!r} are for loans in memory, and its tape is read in batches"
        fix = "use where:, or give the loans in memory"
        pools.findings.append(deal.origin.finding("E-R121", path, message, fix, value=file))
        return None
    if deal._load_criteria is None:
        message = f"pool {name!r} names criteria {file!r}, and the deal was not read from a file"
        fix = "use clo.load_deal, or give loans that are eligible"
        pools.findings.append(deal.origin.finding("E-R120", path, message, fix, value=file))
        return None
    try:
        chosen = loans.eligible(deal._load_criteria(file))
    except OSError as error:
        message = f"criteria {file!r} of pool {name!r} cannot be read: {error.strerror or error}"
        fix = "correct criteria:, which is a path from the folder of the deal file"
        pools.findings.append(deal.origin.finding("E-R120", path, message, fix, value=file))
        return None
    except InputError as error:
        pools.findings += error.findings
        return None
    pools.findings += [finding for finding in chosen.findings if finding.code == UNDECIDED]
    if not chosen.ok:
        counts = zip(chosen.table["rule"], chosen.table["first_loans"], strict=True)
        broken = ", ".join(f"{rule} {count:,}" for rule, count in counts if count)
        out, balance = int(chosen.table["first_loans"].sum()), float(chosen.table["first_balance"].sum())
        message = f"{out:,} loans of {balance:,.0f} of pool {name!r} are not eligible and left out: {broken}"
        fix = "result.excluded lists them"
        pools.findings.append(deal.origin.finding("W-R122", path, message, fix, value=file))
        pools.left_out.append(chosen.excluded.assign(pool=name)[["pool", *LOG]])
    return chosen.loans


def _pool_findings(deal: Deal, name: str, loans: AnyLoans) -> list[Finding]:
    path, origin = f"pools.{name}", deal.origin
    if len(loans) and loans.balance <= 0.0:
        return [origin.finding("E-R113", path, f"the loans of pool {name!r} have no balance", "use a tape with balances")]
    if len(loans) == 0:
        fix = "change where:, or the tape"
        return [origin.finding("E-R113", path, f"pool {name!r} holds no loans", fix, value=deal.pools[name].where or "")]
    found = []
    cutoff = pd.Timestamp(loans.cutoff).date()
    if cutoff != deal.dates.cutoff:
        message = f"the tape of pool {name!r} is as of {cutoff}, the deal's cut-off is {deal.dates.cutoff}"
        value = str(deal.dates.cutoff)
        found.append(origin.finding("E-R114", "dates.cutoff", message, "use the tape of the cut-off date", value=value))
    other = currencies(loans) - {deal.currency}
    if other:
        message = f"pool {name!r} holds loans in {', '.join(sorted(other))}, the deal is in {deal.currency}"
        found.append(origin.finding("E-R115", "currency", message, "one currency a deal"))
    return found + _stacked(deal, name, loans)


def _stacked(deal: Deal, name: str, loans: AnyLoans) -> list[Finding]:
    """Loans whose own guarantee and that of the deal come to more than all of them."""
    if deal.guarantee is None:
        return []
    most = 1.0 - deal.guarantee.share + 1e-12
    over = sum(int((batch.column("guarantee_ratio") > most).sum()) for batch in batches(loans))
    if not over:
        return []
    share = f"{deal.guarantee.share:.2%}"
    message = f"with {share} of each loan, more than all of {over:,} loans of pool {name!r} is guaranteed: guarantee_ratio"
    fix = "reduce share:, or leave the loans out with where:"
    rule = "what guarantees cover of a loan is at most all of it"
    return [deal.origin.finding("E-R125", "guarantee.share", message, fix, rule=rule, value=share)]


def _overlap(deal: Deal, pools: Mapping[str, AnyLoans]) -> list[Finding]:
    if len(pools) < 2:
        return []
    keys = [np.unique(fingerprints(loans, *KEYS)) for loans in pools.values()]
    found, times = np.unique(np.concatenate(keys), return_counts=True)
    twice = found[times > 1]
    if not len(twice):
        return []
    first = next(_named(loans, twice) for loans, own in zip(pools.values(), keys, strict=True) if np.isin(own, twice).any())
    message = f"{len(twice):,} loans are in more than one sub-pool, first {first}"
    return [deal.origin.finding("E-R116", "pools", message, "make the filters of the sub-pools exclude each other")]


def _named(loans: AnyLoans, keys: NDArray[np.uint64]) -> str:
    """The first loan that has one of the keys."""
    for part in batches(loans):
        at = np.flatnonzero(np.isin(fingerprints(part, *KEYS), keys))
        if len(at):
            return " ".join(part.frame[list(KEYS)].iloc[at[0]].astype(str))
    raise AssertionError("a key belongs to a loan")
