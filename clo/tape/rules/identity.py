"""Rules about who borrowers are: ids that masking made alike, one id for two borrowers, one borrower under two ids."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.findings import Finding
from clo.tape import corporate_numbers
from clo.tape.rules.rule import counted
from clo.tape.view import Mask, View

MASKED = r"[*＊●○■□◆#＃×]+|[xXｘＸ]{3,}"
MASKS = tuple("*＊●○■□◆#＃×xXｘＸ")
MASKED_IDS = ("originator_id", "loan_id", "obligor_id", "group_id")
MANY_LOANS = 20
"""From here on a pool in which one borrower has most loans is taken for one whose ids were masked."""
SINGLE_VALUED = {
    "corporate_number": "corporate numbers", "obligor_type": "types", "industry_code": "industries", "region_code": "regions",
    "group_id": "groups",
}  # fmt: skip
"""What one borrower has one of, and the word for several."""
BANK_CODE = re.compile(r"[0-9]{4}")


def identity_findings(view: View) -> Iterator[Finding]:
    """Findings about ids of borrowers and originators, and corporate numbers."""
    masked = [name for name in MASKED_IDS if view.has(name)]
    for name in masked:
        yield from _masked(view, name)
    yield from _bank_codes(view)
    if view.has("obligor_id"):
        yield from _one_for_all(view)
        yield from _two_under_one_id(view)
    if view.has("corporate_number"):
        yield from _numbers(view)


def _masked(view: View, name: str) -> Iterator[Finding]:
    ids = view.frame[name]
    rows = np.array(ids.str.startswith(MASKS).fillna(False), dtype=bool)  # far quicker than the pattern
    rows[rows] = [re.fullmatch(MASKED, word) is not None for word in ids[rows]]
    if rows.any():
        words = ids[rows].unique()
        said = f"{name} is masked as {words[0]!r}" if len(words) == 1 else f"{name} is masked"
        yield view.report("E-T108", name, rows, f"{said} ({counted(np.flatnonzero(rows))})")


def _one_for_all(view: View) -> Iterator[Finding]:
    codes, names = view.obligors
    size = len(codes)
    if size < MANY_LOANS or not len(names):
        return
    loans = np.bincount(codes[codes >= 0], minlength=len(names))
    most = int(np.argmax(loans))
    if loans[most] > size / 2 and not re.fullmatch(MASKED, str(names[most])):
        said = f"obligor {names[most]} has {loans[most]:,} of {size:,} loans: one id for everything?"
        yield view.report("W-T109", "obligor_id", codes == most, said)


def _two_under_one_id(view: View) -> Iterator[Finding]:
    """Rows that differ from the first known value of their borrower in something a borrower has one of."""
    obligor, names = view.obligors
    differs: dict[str, Mask] = {}
    for name in SINGLE_VALUED:
        if view.has(name):
            column = view.frame[name]
            own = view.codes(name) if isinstance(column.dtype, pd.CategoricalDtype) else pd.factorize(column)[0]
            odd = _differing(obligor, np.asarray(own), len(names))
            if odd.any():
                differs[name] = odd
    if not differs:
        return
    rows = np.logical_or.reduce(list(differs.values()))
    several = np.unique(obligor[rows])
    if len(several) == 1:
        mine = obligor == several[0]
        counts = [f"{view.frame[name][mine].nunique()} {SINGLE_VALUED[name]}" for name in differs]
        said = f"obligor {names[several[0]]} has {' and '.join(counts)}"
    else:
        counts = [f"{SINGLE_VALUED[name]} {len(np.unique(obligor[odd])):,}" for name, odd in differs.items()]
        said = f"{len(several):,} obligors have several of what a borrower has one of: {', '.join(counts)}"
    yield view.report("W-T112", "obligor_id", rows, said)


def _differing(owner: NDArray[Any], values: NDArray[Any], owners: int) -> Mask:
    """Rows whose value is known and not the first known one of their owner; -1 is missing in both."""
    known = np.flatnonzero((owner >= 0) & (values >= 0))
    first = np.full(owners, -1, dtype=np.int64)
    first[owner[known][::-1]] = values[known][::-1]
    odd = np.zeros(len(owner), dtype=bool)
    odd[known] = values[known] != first[owner[known]]
    return odd


def _numbers(view: View) -> Iterator[Finding]:
    numbers = view.frame["corporate_number"]
    good = corporate_numbers.valid(numbers)
    bad = numbers.notna().to_numpy() & ~good
    if bad.any():
        said = f"fails its check digit, or has not 13 digits ({counted(np.flatnonzero(bad))})"
        yield view.report("W-T071", "corporate_number", bad, said)
    if view.has("obligor_id") and good.any():
        yield from _one_under_two_ids(view, numbers, good)


def _one_under_two_ids(view: View, numbers: pd.Series, good: Mask) -> Iterator[Finding]:
    """Valid corporate numbers under several obligor ids that no group_id joins."""
    owner = view.obligors[0]
    if view.has("group_id"):
        group, groups = pd.factorize(view.frame["group_id"])
        owner = np.where(group >= 0, group, owner + len(groups))
    company, names = pd.factorize(numbers.where(good))
    split = np.unique(company[_differing(np.asarray(company), owner, len(names))])
    if not len(split):
        return
    rows = np.isin(company, split)
    balance = np.nan_to_num(view.numbers("current_balance")) if view.has("current_balance") else np.zeros(len(company))
    held = np.bincount(company[rows], weights=balance[rows])
    share = f"{held.max() / balance.sum():.1%} of the pool" if balance.sum() > 0 else "no balance"
    if len(split) == 1:
        ids = list(dict.fromkeys(view.frame["obligor_id"][rows].dropna()))
        said = f"possible same obligor: {' and '.join(ids[:3])} (corporate number {names[split[0]]}), together {share}"
    else:
        said = f"{len(split):,} companies stand under several obligor ids ({counted(np.flatnonzero(rows))}), one with {share}"
    yield view.report("W-T110", "obligor_id", rows, said)


def _bank_codes(view: View) -> Iterator[Finding]:
    """Where at least half of the originators are four digits, one of fewer or more digits."""
    codes, names = view.originators
    digits = np.array([str(name).isdecimal() for name in names], dtype=bool)
    four = np.array([BANK_CODE.fullmatch(str(name)) is not None for name in names], dtype=bool)
    odd = digits & ~four
    if odd.any() and four.sum() >= odd.sum():
        rows = np.append(odd, False)[codes]
        words = ", ".join(repr(str(name)) for name in names[odd][:3])
        said = f"originator {words} beside codes of four digits ({counted(np.flatnonzero(rows))})"
        yield view.report("W-T113", "originator_id", rows, f"{said}: a leading zero lost?")
