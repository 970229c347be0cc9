"""The loans of a pool as those who look at all of it see them: at once, or batch by batch where they do not fit in memory."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from clo.tape.accumulate import hashed
from clo.tape.loans import Loans
from clo.tape.stream import TapeStream

AnyLoans = Loans | TapeStream


def batches(pool: AnyLoans) -> Iterable[Loans]:
    """The loans, in one part or several."""
    return (pool,) if isinstance(pool, Loans) else pool


def in_memory(pool: AnyLoans, columns: Iterable[str]) -> Loans:
    """The loans in one part; of a tape in batches, only those of the columns that it has."""
    return pool if isinstance(pool, Loans) else pool.only([name for name in columns if name in pool.columns]).loans()


def fingerprints(pool: AnyLoans, *columns: str) -> NDArray[np.uint64]:
    """A 64-bit hash of some columns of text of each loan [i]: 8 bytes a loan, equal where the texts are."""
    read = pool if isinstance(pool, Loans) else pool.only(columns)
    parts = [hashed(*(part.frame[column] for column in columns)) for part in batches(read)]
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.uint64)


def words(pool: AnyLoans, column: str) -> set[str]:
    """The words that occur in a column; none where the tape does not have it."""
    found: set[str] = set()
    for part in batches(pool):
        if column in part.frame.columns:
            found |= {str(word) for word in part.frame[column].dropna().unique()}
    return found


def currencies(pool: AnyLoans) -> set[str]:
    return words(pool, "currency")


def yearly_interest(pool: AnyLoans) -> float:
    """What the loans earn in a year at their balances and rates of the cut-off date."""
    return sum(float(np.nansum(part.column("current_balance") * part.column("current_rate"))) for part in batches(pool))
