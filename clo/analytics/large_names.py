"""How many of the largest borrowers may default before each tranche loses: what a pool of few names asks of its enhancement."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.deal.terms import Deal
from clo.tape.batches import AnyLoans, in_memory

Floats = NDArray[np.float64]
NEEDED = ("obligor_id", "group_id", "current_balance")
COLUMNS = ("tranche", "loss_before", "names", "names_balance", "names_share", "least_names", "enough")
SMALLEST = 1e-9
"""Share of the pool below which a loss is none."""


def large_names(
    deal: Deal, pools: Mapping[str, AnyLoans], sizes: Mapping[str, float], recovery: float | None = None
) -> pd.DataFrame:
    """COLUMNS. loss_before: of what reaches the tranches, what others bear before it; names: how many of the largest borrowers
    may default at closing, all at once, while it loses nothing; names_balance and names_share (of the pool) of those;
    least_names: that the deal requires, NaN where none; enough: whether it has them.

    sizes: of the tranches, senior first. recovery: of each of them; the deal's `large_names`, or its swap's, or 0 unless given.
    Borrowers with a group_id count as one. Under swaps each institution bears its own deductible first. Guarantees of loans and
    spread are left out. A tranche that all may default under has every borrower counted.
    """
    rate = stated_recovery(deal) if recovery is None else recovery
    if not 0.0 <= rate <= 1.0:
        raise ValueError(f"recovery={rate!r} is no share between 0 and 1")
    owed = _owed(pools)
    total = owed.sum(axis=1)
    lost = np.maximum(0.0, (1.0 - rate) * np.cumsum(owed, axis=0) - _kept(deal, owed, sizes)).sum(axis=1)
    required = {} if deal.large_names is None else deal.large_names.required
    rows = []
    for name, before in _before(deal, sizes, float(total.sum())).items():
        names = int(np.searchsorted(lost > before + SMALLEST * total.sum(), True))
        least = required.get(name)
        balance = float(total[:names].sum())
        enough = least is None or names >= least
        rows.append((name, before, names, balance, balance / total.sum(), np.nan if least is None else least, enough))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def stated_recovery(deal: Deal) -> float:
    """What is recovered of a large name, unless a caller says otherwise."""
    if deal.large_names is not None:
        return deal.large_names.recovery
    fixed = None if deal.swap is None else deal.swap.recovery
    return fixed if isinstance(fixed, float) else 0.0


def _owed(pools: Mapping[str, AnyLoans]) -> Floats:
    """What each borrower owes to each sub-pool [borrower, pool], the largest first."""
    parts = []
    for number, pool in enumerate(pools.values()):
        frame = in_memory(pool, NEEDED).frame
        name = frame["obligor_id"].astype(object)
        if "group_id" in frame.columns:
            name = name.where(frame["group_id"].isna(), "group " + frame["group_id"].astype(object))
        parts.append(pd.DataFrame({"name": name, "pool": number, "balance": frame["current_balance"]}))
    table = pd.concat(parts).pivot_table(index="name", columns="pool", values="balance", aggfunc="sum", fill_value=0.0)
    owed = table.to_numpy(dtype=np.float64)
    return np.asarray(owed[np.argsort(-owed.sum(axis=1), kind="stable")])


def _kept(deal: Deal, owed: Floats, sizes: Mapping[str, float]) -> Floats:
    """The first loss of each sub-pool that never reaches the tranches [pool]."""
    initial = owed.sum(axis=0)
    if deal.swap is None:
        return np.zeros(len(initial))
    rest = 1.0 - sum(sizes.values()) / initial.sum()
    return np.array([deal.swap.deductible.of(name, initial[i], rest) for i, name in enumerate(deal.pools)])


def _before(deal: Deal, sizes: Mapping[str, float], pool: float) -> dict[str, float]:
    """The loss that others bear before each tranche: the tranches below it, and what backs none of them."""
    above = np.cumsum(list(sizes.values()))
    bottom = above[-1] if deal.swap is not None else pool
    return {name: max(0.0, float(bottom - top)) for name, top in zip(sizes, above, strict=True)}
