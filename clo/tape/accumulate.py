"""What is remembered of every loan of a tape that passes in batches: a hash of its key, its amounts, its rates.

In bytes a loan: 8 for the key, 4 for the originator, 8 for each amount and rate.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import DTypeLike, NDArray

from clo.findings import Finding
from clo.schema import KEYS, TAPE
from clo.tape.codes import finding
from clo.tape.view import View

Hashes = NDArray[np.uint64]
LARGEST = 2.0**53
"""From here on a float does not hold every whole number."""


def hashed(*texts: pd.Series) -> Hashes:
    """A 64-bit hash of a text, or of several together, for each row; missing ones are alike."""
    result: Hashes = np.zeros(len(texts[0]), dtype=np.uint64)
    for text in texts:
        part = pd.util.hash_array(text.to_numpy(dtype=object, na_value=""), categorize=False)
        result = (result * np.uint64(0x9E3779B97F4A7C15)) ^ part  # the product keeps (a, b) and (b, a) apart
    return result


class Store:
    """Numbers that come in parts, at most `size` in all: room is set aside once, and what is not used costs nothing."""

    def __init__(self, size: int, dtype: DTypeLike) -> None:
        self._room: NDArray[Any] = np.empty(size, dtype=dtype)
        self._used = 0

    def add(self, part: NDArray[Any]) -> None:
        self._room[self._used : self._used + len(part)] = part
        self._used += len(part)

    @property
    def values(self) -> NDArray[Any]:
        """All numbers so far, in the order they came."""
        return self._room[: self._used]

    def taken(self) -> NDArray[Any]:
        """All numbers so far; the store is empty after."""
        values, self._room, self._used = self.values, np.empty(0, dtype=self._room.dtype), 0
        return values


class Rows:
    """The row of the file that each loan stands on; runs of rows take no room."""

    def __init__(self) -> None:
        self._parts: list[range | NDArray[np.uint32]] = []

    def add(self, view: View) -> None:
        first, last = int(view.rows[0]), int(view.rows[-1])
        unbroken = last - first + 1 == len(view.rows)
        self._parts.append(range(first, last + 1) if unbroken else view.rows.astype(np.uint32))

    def all(self) -> NDArray[np.int64]:
        """Rows in the order of the file."""
        parts = [np.arange(part.start, part.stop) if isinstance(part, range) else part.astype(np.int64) for part in self._parts]
        return np.concatenate(parts) if parts else np.array([], dtype=np.int64)


class Keys:
    """The key of every loan, as a hash; 0 where a loan has none."""

    def __init__(self, loans: int) -> None:
        self._hashes = Store(loans, np.uint64)

    def add(self, view: View) -> None:
        if view.has(*KEYS):
            known = view.frame["loan_id"].notna().to_numpy()
            self._hashes.add(np.where(known, hashed(*(view.frame[name] for name in KEYS)), np.uint64(0)))

    def shared(self, rows: Rows) -> NDArray[np.int64]:
        """Rows whose key, to 64 bits, is that of another row. The keys are forgotten: they need much memory."""
        hashes = self._hashes.taken()
        ordered = np.sort(hashes)
        twice = np.unique(ordered[1:][(ordered[1:] == ordered[:-1]) & (ordered[1:] != 0)])
        return rows.all()[np.isin(hashes, twice)] if len(twice) else np.array([], dtype=np.int64)


class Amounts:
    """What the tests of units need: originator, balances, rates and probabilities of every loan; and sums of all money."""

    def __init__(self, loans: int) -> None:
        self._loans = loans
        self._originators: dict[str, int] = {}
        self._banks = Store(loans, np.int32)
        self._columns: dict[str, Store] = {}
        self._sums: dict[str, float] = {}

    def add(self, view: View) -> None:
        numbers, names = view.originators
        here = [self._originators.setdefault(str(name), len(self._originators)) for name in names]
        self._banks.add(np.array([*here, -1], dtype=np.int32)[numbers])
        for name in view.frame.columns:
            kind = TAPE[name].kind if name in TAPE else "text"
            if kind == "rate" or name in ("original_balance", "current_balance", "pd_1y"):
                store = self._columns.setdefault(name, Store(self._loans, np.float64))
                store.add(view.numbers(name))
            if kind == "money":
                self._sums[name] = self._sums.get(name, 0.0) + float(np.nansum(np.abs(view.numbers(name))))

    def frame(self) -> pd.DataFrame:
        """One row a loan, in the order of the file."""
        banks = pd.Categorical.from_codes(self._banks.values, dtype=pd.CategoricalDtype(list(self._originators)))
        columns = {name: store.values for name, store in self._columns.items()}
        return pd.DataFrame({"originator_id": banks} | columns, copy=False)

    def too_large(self, file: str, told: Container[tuple[str, str]]) -> Iterator[Finding]:
        """Columns whose total is no exact number, where no batch said so by itself."""
        for name, total in self._sums.items():
            if total >= LARGEST and ("E-T027", name) not in told:
                said = f"total of {name} is {total:,.0f}, above 2^53 = {int(LARGEST):,}"
                yield finding("E-T027", said, field=name, file=file, value=f"{total:,.0f}")


def figures(view: View) -> dict[str, tuple[int, float]]:
    """Number of loans and their balance by originator; "" stands for none."""
    balance = np.nan_to_num(view.numbers("current_balance")) if view.has("current_balance") else np.zeros(len(view.frame))
    numbers, banks = view.originators
    count = np.bincount(numbers + 1, minlength=len(banks) + 1)
    amount = np.bincount(numbers + 1, weights=balance, minlength=len(banks) + 1)
    return {bank: (int(count[at]), float(amount[at])) for at, bank in enumerate(["", *map(str, banks)])}


class Values:
    """Cut-off dates and currencies, of which a tape has one each; and the loans and balance of each originator."""

    def __init__(self) -> None:
        self.figures: dict[str, tuple[int, float]] = {}
        self._seen: dict[str, dict[str, tuple[int, int]]] = {"cutoff_date": {}, "currency": {}}

    def add(self, view: View) -> None:
        for bank, (count, balance) in figures(view).items():
            before = self.figures.get(bank, (0, 0.0))
            self.figures[bank] = (before[0] + count, before[1] + balance)
        for name, seen in self._seen.items():
            if view.has(name):
                numbers, words = pd.factorize(view.frame[name])
                for at, word in enumerate(words):
                    rows = view.rows[numbers == at]
                    met, first = seen.get(str(word)[:10], (0, int(rows[0])))
                    seen[str(word)[:10]] = (met + len(rows), first)

    def findings(self, file: str) -> Iterator[Finding]:
        """Several cut-off dates or currencies in one tape: the most frequent is taken as meant."""
        for name, code, what in (("cutoff_date", "E-T010", "cut-off dates"), ("currency", "E-T070", "currencies")):
            seen = self._seen[name]
            if len(seen) > 1:
                meant, *others = sorted(seen, key=lambda word: -seen[word][0])
                told = ", ".join(f"{word} ({seen[word][0]:,} loans, first in row {seen[word][1]:,})" for word in others[:5])
                said = f"several {what} in one tape: {meant} and {told}"
                yield finding(code, said, field=name, file=file, row=seen[others[0]][1], value=others[0])
