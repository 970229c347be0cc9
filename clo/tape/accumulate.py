"""What is remembered of every loan of a tape that passes in batches: a hash of its key, its amounts, its rates.

In bytes a loan: 8 for the key, 8 for its row twice, 4 for the originator, 8 for each amount and rate.
"""

from __future__ import annotations

from collections.abc import Container, Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

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


class Keys:
    """The key of every loan, as a hash, and the row of the file it stands on."""

    def __init__(self) -> None:
        self._hashes: list[Hashes] = []
        self._rows: list[NDArray[np.uint32]] = []

    def add(self, view: View) -> None:
        if view.has(*KEYS):
            known = view.frame["loan_id"].notna().to_numpy()
            self._hashes.append(hashed(*(view.frame[name] for name in KEYS))[known])
            self._rows.append(view.rows[known].astype(np.uint32))

    def shared(self) -> NDArray[np.int64]:
        """Rows whose key, to 64 bits, is that of another row."""
        if not self._hashes:
            return np.array([], dtype=np.int64)
        hashes = np.concatenate(self._hashes)
        ordered = np.sort(hashes)
        twice = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
        if not len(twice):
            return np.array([], dtype=np.int64)
        return np.concatenate(self._rows)[np.isin(hashes, twice)].astype(np.int64)


class Amounts:
    """What the tests of units need: originator, balances, rates and probabilities of every loan; and sums of all money."""

    def __init__(self) -> None:
        self._originators: dict[str, int] = {}
        self._banks: list[NDArray[np.int32]] = []
        self._rows: list[NDArray[np.uint32]] = []
        self._columns: dict[str, list[NDArray[np.float64]]] = {}
        self._sums: dict[str, float] = {}

    def add(self, view: View) -> None:
        numbers, names = view.originators
        here = [self._originators.setdefault(str(name), len(self._originators)) for name in names]
        self._banks.append(np.array([*here, -1], dtype=np.int32)[numbers])
        self._rows.append(view.rows.astype(np.uint32))
        for name in view.frame.columns:
            kind = TAPE[name].kind if name in TAPE else "text"
            if kind == "rate" or name in ("original_balance", "current_balance", "pd_1y"):
                self._columns.setdefault(name, []).append(view.numbers(name))
            if kind == "money":
                self._sums[name] = self._sums.get(name, 0.0) + float(np.nansum(np.abs(view.numbers(name))))

    def frame(self) -> pd.DataFrame:
        """One row a loan, in the order of the file. Empties what was collected: the columns are in memory once."""
        banks = pd.CategoricalDtype(list(self._originators))
        columns = {"originator_id": pd.Categorical.from_codes(np.concatenate(self._banks), dtype=banks)} if self._banks else {}
        self._banks.clear()
        return pd.DataFrame(columns | {name: np.concatenate(self._columns.pop(name)) for name in list(self._columns)}, copy=False)

    def rows(self) -> NDArray[np.int64]:
        """Rows of the file of `frame`."""
        return np.concatenate(self._rows).astype(np.int64) if self._rows else np.array([], dtype=np.int64)

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
