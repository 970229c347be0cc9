"""Columns of any frame brought to the dtypes of the tape, with a finding for every value that has no place there.

money, rate, ratio, number: float64. integer: Int64. date: datetime64[s]. text: str. category, flag: Categorical with exactly
the registry's levels, in its order. Columns the registry does not know are renamed `x_<name>` and left as they are.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.findings import Finding, nearest
from clo.schema import EXTRA_PREFIX, NUMERIC, REASON_SUFFIX, TAPE, WORDS, Column, extra_name
from clo.tape.codes import finding
from clo.tape.view import View

IDS = ("originator_id", "loan_id", "obligor_id", "group_id", "loan_id_new", "guarantor_id", "corporate_number", "deal_id")
LARGEST_FLOAT32 = float(2**24)
"""Above this a 32-bit float does not hold every whole number."""


def canonical(view: View) -> tuple[View, list[Finding]]:
    """The view with every column in its dtype, registry columns first, and what could not be converted (read as missing)."""
    view = replace(view, frame=view.frame.reset_index(drop=True))
    frame, found = view.frame, list[Finding]()
    doubled = [str(name) for name in frame.columns[frame.columns.duplicated()]]
    if doubled:
        found += [finding("E-T012", f"column {name} stands twice", field=name, file=view.source) for name in doubled]
        frame = frame.loc[:, ~frame.columns.duplicated()]
    names = {str(name): name for name in frame.columns}
    columns: dict[str, pd.Series] = {}
    for column in TAPE.values():
        if column.name in names:
            converted, problems = _convert(frame[names[column.name]], column, view)
            columns[column.name] = converted
            found += problems
    for name, original in names.items():
        if name not in TAPE:
            kept = name if is_extra(name) else extra_name(name)
            columns[kept] = frame[original]
    result = pd.DataFrame(columns, index=frame.index, copy=False)
    excused = dict(view.declared.excused)
    for name in {problem.field for problem in found if problem.field in columns and problem.severity == "error"}:
        lost = result[name].isna().to_numpy() & frame[names[name]].notna().to_numpy()  # refused once, not also reported blank
        excused[name] = excused[name] | lost if name in excused else lost
    return replace(view, frame=result, declared=replace(view.declared, excused=excused)), found


def is_extra(name: str) -> bool:
    """Whether a name outside the registry is in order: `x_...`, or the reason `<column>_nd` a value is missing."""
    return name.startswith(EXTRA_PREFIX) or (name.endswith(REASON_SUFFIX) and name.removesuffix(REASON_SUFFIX) in TAPE)


def _convert(values: pd.Series, column: Column, view: View) -> tuple[pd.Series, list[Finding]]:
    if column.kind in NUMERIC:
        return _numeric(values, column, view)
    if column.kind == "date":
        return _dates(values, column, view)
    if column.levels:
        return _levels(values, column, view)
    return _text(values, column, view)


def _problem(code: str, column: Column, values: pd.Series, bad: NDArray[np.bool_], *, said: str, view: View) -> Finding:
    """A finding about values of `column` as they came, before any conversion."""
    whole = View(view.frame.assign(**{column.name: values.astype(object)}), view.rows, view.source)
    return whole.report(code, column.name, bad, said)


def _numeric(values: pd.Series, column: Column, view: View) -> tuple[pd.Series, list[Finding]]:
    found = []
    if pd.api.types.is_numeric_dtype(values.dtype):
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
        missing = np.isnan(numbers)
    else:
        numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        missing = values.isna().to_numpy()
    bad = (np.isnan(numbers) & ~missing) | np.isinf(numbers)
    if bad.any():
        found.append(_problem("E-T020", column, values, bad, said=f"{int(bad.sum()):,} values are not numbers", view=view))
        numbers = np.where(bad, np.nan, numbers)
    if values.dtype == np.float32 and column.kind == "money":
        large = np.abs(numbers) > LARGEST_FLOAT32
        if large.any():
            said = f"stored as 32-bit floats, which do not hold {int(large.sum()):,} of the amounts exactly"
            found.append(_problem("E-T027", column, values, large, said=said, view=view))
    if column.kind == "integer":
        broken = ~np.isnan(numbers) & ((numbers != np.floor(numbers)) | (np.abs(numbers) >= 2**53))
        if broken.any():
            found.append(
                _problem(
                    "E-T020",
                    column,
                    values,
                    broken,
                    said=f"{int(broken.sum()):,} values are not whole numbers below 2^53",
                    view=view,
                )
            )
            numbers = np.where(broken, np.nan, numbers)
        if values.dtype == "Int64" and not found:
            return values, found
        return pd.Series(numbers, index=values.index).astype("Int64"), found
    return pd.Series(numbers, index=values.index, copy=False), found


def _dates(values: pd.Series, column: Column, view: View) -> tuple[pd.Series, list[Finding]]:
    if values.dtype == np.dtype("datetime64[s]"):
        return values, []
    found = []
    if pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_bool_dtype(values.dtype):
        present = values.notna().to_numpy()
        if present.any():
            found.append(_problem("E-T040", column, values, present, said="a number is not a date", view=view))
        return pd.Series(np.full(len(values), np.datetime64("NaT", "s")), index=values.index), found
    missing = values.isna().to_numpy()
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        days: Any = values
    else:
        days = pd.to_datetime(values.astype(str).where(~missing), format="%Y-%m-%d", errors="coerce")
    bad = days.isna().to_numpy() & ~missing
    if bad.any():
        found.append(
            _problem("E-T040", column, values, bad, said=f"{int(bad.sum()):,} values are not dates YYYY-MM-DD", view=view)
        )
    whole = days.dt.tz_localize(None) if getattr(days.dtype, "tz", None) is not None else days
    plain = whole.to_numpy().astype("datetime64[D]").astype("datetime64[s]")
    return pd.Series(plain, index=values.index, copy=False), found


def _levels(values: pd.Series, column: Column, view: View) -> tuple[pd.Series, list[Finding]]:
    wanted = pd.CategoricalDtype(list(column.levels))
    if values.dtype == wanted and tuple(values.cat.categories) == column.levels:
        return values, []
    plain = values
    if pd.api.types.is_bool_dtype(values.dtype) and column.kind == "flag":
        plain = values.map({True: "Y", False: "N"})
    if plain.dtype == object:
        plain = _words(plain)
    codes, words = pd.factorize(plain)
    order = pd.Index(column.levels).get_indexer(pd.Index(words).astype(object))
    placed = np.where(codes < 0, -1, order[codes] if len(words) else -1)
    result = pd.Series(pd.Categorical.from_codes(placed, dtype=wanted), index=values.index)
    unknown = (placed < 0) & (codes >= 0)
    if not unknown.any():
        return result, []
    return result, [_problem("E-T032", column, plain, unknown, said=unknown_words(column, plain[unknown].unique()), view=view)]


def meant(column: Column, word: str) -> str | None:
    """What a word of a category probably means, if anything is like it."""
    return WORDS.get(column.name, {}).get(word) or nearest(word, column.levels)


def unknown_words(column: Column, words: NDArray[np.object_] | pd.Index) -> str:
    """Says which words a category does not know, and what they probably mean."""
    allowed = ", ".join(column.levels)
    said = ", ".join(repr(str(word)) for word in words[:5])
    hints = []
    for word in words[:5]:
        level = meant(column, str(word))
        if level:
            hints.append(f"{word} is probably {level}")
    hint = f"; {', '.join(hints)}" if hints else ""
    return f"{column.name} has {said}; allowed are {allowed}{hint}"


def _text(values: pd.Series, column: Column, view: View) -> tuple[pd.Series, list[Finding]]:
    if values.dtype == "str":
        return values, []
    found = []
    if pd.api.types.is_numeric_dtype(values.dtype) and column.name in IDS:
        present = values.notna().to_numpy()
        if present.any():
            said = f"{column.name} came as numbers: leading zeros, if it had any, are lost"
            found.append(_problem("W-T007", column, values, present, said=said, view=view))
        if pd.api.types.is_float_dtype(values.dtype):
            return _words(pd.Series(values.to_numpy(), index=values.index, dtype=object)), found
    return _words(values), found


def _words(values: pd.Series) -> pd.Series:
    """Any values as text, whole floats without their `.0`; missing ones stay missing."""
    if values.dtype != object:
        return values.astype("str")

    def word(value: object) -> str:
        whole = isinstance(value, float) and value.is_integer()
        return str(int(value)) if whole and isinstance(value, float) else str(value)

    known = values.notna()
    return values.where(~known, values[known].map(word)).where(known, None).astype("str")
