"""Rules that compare rows with each other: keys, one cut-off date, one currency; and the repairs that drop or round."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.findings import Finding
from clo.labels import counted
from clo.schema import KEYS, TAPE
from clo.tape.view import View, number, shown


def key_findings(view: View) -> Iterator[Finding]:
    """Two different rows under one key; more than one cut-off date or currency in one tape."""
    repeats = _repeated(view.frame)
    if repeats.any():
        yield _duplicates(view, repeats)
    if view.has("cutoff_date"):
        days = view.dates("cutoff_date")
        other = ~np.isnat(days) & (days != view.cutoff)
        if other.any():
            yield _mixed_cutoffs(view, days, other)
    if view.has("currency"):
        codes, names = pd.factorize(view.frame["currency"])
        odd = codes > 0
        if odd.any():
            said = ", ".join(str(name) for name in names[:5])
            yield view.report("E-T070", "currency", odd, f"several currencies in one tape: {said}")


def _key_numbers(frame: pd.DataFrame) -> NDArray[np.int64] | None:
    """One integer per loan, equal where the keys are equal; -1 where part of the key is missing; None without keys."""
    if any(name not in frame.columns for name in KEYS):
        return None
    bank, _ = pd.factorize(frame[KEYS[0]])
    loan, names = pd.factorize(frame[KEYS[1]])
    together = bank.astype(np.int64) * (len(names) + 1) + loan
    together[loan < 0] = -1
    return np.asarray(together)


def _repeated(frame: pd.DataFrame, keep: bool = False) -> NDArray[np.bool_]:
    """Rows whose key already stood above; with `keep`, the rows above as well."""
    keys = _key_numbers(frame)
    if keys is None:
        return np.zeros(len(frame), dtype=bool)
    repeated: NDArray[np.bool_] = pd.Series(keys).duplicated(keep=False if keep else "first").to_numpy() & (keys != -1)
    return repeated


def _duplicates(view: View, repeats: NDArray[np.bool_]) -> Finding:
    """The rows left after exact repeats were dropped differ: name the pair and what differs, or how many there are."""
    keys = _key_numbers(view.frame)
    assert keys is not None  # there are repeats, so there are keys
    count = int(repeats.sum())
    if count > 1:
        return view.report("E-T060", "loan_id", repeats, f"{count:,} rows have the id of an earlier row and differ from it")
    second = int(np.flatnonzero(repeats)[0])
    first = int(np.flatnonzero(keys == keys[second])[0])
    differing = []
    for name in view.frame.columns:
        pair = shown(view.frame[name].iloc[[first, second]])
        if pair[0] != pair[1]:
            differing.append(f"{name} {pair[0]} and {pair[1]}")
    loan = view.frame["loan_id"].iloc[second]
    bank = shown(view.frame["originator_id"].iloc[[second]])[0]
    where = f"row {view.rows[first]:,} and {view.rows[second]:,}"
    said = f"loan {loan} of {bank} appears twice ({where}) with {'; '.join(differing[:3])}"
    return view.report("E-T060", "loan_id", repeats, said)


def _mixed_cutoffs(view: View, days: NDArray[np.datetime64], other: NDArray[np.bool_]) -> Finding:
    """Several dates in one tape: the majority date is taken as meant, the rest named with their originators."""
    known, counts = np.unique(days[~np.isnat(days)], return_counts=True)
    meant = known[np.argmax(counts)]
    odd = ~np.isnat(days) & (days != meant)
    banks = ""
    if view.has("originator_id"):
        banks = ", ".join(view.frame["originator_id"].iloc[np.flatnonzero(odd)].dropna().unique()[:3])
    dates = np.unique(days[odd].astype("datetime64[D]"))
    date = dates[0] if len(dates) == 1 else f"on {len(dates)} other dates"
    said = f"{banks or 'some loans'}: cut-off {date}, others {meant.astype('datetime64[D]')} ({counted(int(odd.sum()))})"
    return view.report("E-T010", "cutoff_date", odd, said)


def drop_repeats(view: View) -> tuple[View, list[Finding]]:
    """The tape without rows that repeat an earlier row in every column, and the finding that says so."""
    suspects = _repeated(view.frame, keep=True)
    if not suspects.any():
        return view, []
    at = np.flatnonzero(suspects)
    exact = at[view.frame.iloc[at].duplicated().to_numpy()]
    if not len(exact):
        return view, []
    rows = "1 row repeats" if len(exact) == 1 else f"{len(exact):,} rows repeat"
    said = f"{rows} an earlier row exactly; dropped"
    found = view.report("F-T060", "loan_id", exact, said)
    keep = np.ones(len(view.frame), dtype=bool)
    keep[exact] = False
    return kept(view, keep), [found]


def kept(view: View, keep: NDArray[np.bool_]) -> View:
    """The view of the rows where `keep` is true; what was declared row by row is cut the same way."""
    excused = {name: mask[keep] for name, mask in view.declared.excused.items()}
    declared = replace(view.declared, excused=excused)
    return View(view.frame[keep].reset_index(drop=True), view.rows[keep], view.source, declared)


def round_yen(view: View) -> tuple[View, list[Finding]]:
    """Yen amounts rounded half up to whole yen, with one finding a column stating the total effect."""
    if not view.has("currency") or not (view.frame["currency"] == "JPY").any():
        return view, []
    changed: dict[str, NDArray[np.float64]] = {}
    found = []
    for name in view.frame.columns:
        if name not in TAPE or TAPE[name].kind != "money":
            continue
        values = view.numbers(name)
        whole = np.floor(values + 0.5)
        off = np.abs(values - whole) > 0  # NaN compares false
        if off.any():
            effect = float(np.sum(whole[off] - values[off]))
            sample = number(round(float(values[off][0] - np.floor(values[off][0])), 6)) if off.sum() == 1 else "fractions of a"
            said = f"{sample} yen rounded; total effect {effect:+,.2f} yen over {counted(int(off.sum()))}"
            found.append(view.report("F-T028", name, off, said))
            changed[name] = whole
    if not changed:
        return view, []
    return View(view.frame.assign(**changed), view.rows, view.source, view.declared), found
