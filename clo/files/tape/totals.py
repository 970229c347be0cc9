"""Lines of a tape that are no loans: blank lines, notes, and totals, which are compared with what they total."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from clo.files.tape.numbers import read_number
from clo.files.tape.table import NOTE, TOTAL, Table
from clo.findings import Finding
from clo.tape.codes import finding

NAMES_A_LOAN = ("loan_id", "obligor_id")
"""A line that has one of these is a loan, whatever its balance happens to equal."""
KEY_COLUMNS = ("loan_id", "originator_id", "obligor_id", "cutoff_date", "deal_id")


def without_totals(table: Table, places: dict[str, int]) -> tuple[Table, list[Finding]]:
    """The records that are loans, and a finding for every line that is none.

    A line is no loan if it is blank, if a key column starts with a word for total, or if it names neither loan nor borrower and
    the current balance equals the sum above it. A total that differs from the sum is an error.
    """
    if "loan_id" not in places:
        return table, []
    suspects = _suspects(table, places)
    if not len(suspects):
        return table, []
    balances = _balances(table, places)
    keep = np.ones(len(table), dtype=bool)
    keep[suspects] = False
    found = []
    since, loans_end = 0, 0
    for at in suspects.tolist():
        cells = [str(column[at].as_py()) for column in table.columns]
        filled = [cell for cell in cells if cell.strip()]
        row = int(table.rows[at])
        if not filled:
            continue
        total = balances[at]
        above, part = float(np.nansum(balances[:at][keep[:at]])), float(np.nansum(balances[since:at][keep[since:at]]))
        named = any(TOTAL.match(cell) for cell in filled[:2]) or any(
            TOTAL.match(cells[places[k]]) for k in KEY_COLUMNS if k in places
        )
        said = f"row {row:,} looks like a total"
        same = not np.isnan(total) and total > 0 and min(abs(total - above), abs(total - part)) <= max(0.5, 1e-12 * total)
        unnamed = not any(cells[places[key]].strip() for key in NAMES_A_LOAN if key in places)
        if same and (named or unnamed):
            said += f" (= sum of rows above, {total:,.0f}); excluded from loans, used as control total"
            found.append(finding("F-T004", said, file=table.file, row=row, field="current_balance", value=f"{total:,.0f}"))
            since = at + 1
        elif named and np.isnan(total):
            found.append(finding("F-T004", f"{said} without a balance; left out", file=table.file, row=row))
        elif named:
            said += f" of {total:,.0f}, but the rows above sum to {above:,.0f} ({total - above:+,.0f})"
            found.append(finding("E-T004", said, file=table.file, row=row, field="current_balance", value=f"{total:,.0f}"))
        elif len(filled) == 1 and (NOTE.match(filled[0]) or at >= loans_end) and at == len(table) - 1 - loans_after(keep, at):
            found.append(finding("F-T004", f"row {row:,} is a note ({filled[0]!r}); left out", file=table.file, row=row))
        else:
            keep[at] = True  # an ordinary record without an id: the rules say what it lacks
    return (table if keep.all() else table.take(keep)), found


def loans_after(keep: NDArray[np.bool_], at: int) -> int:
    """How many records below `at` are not loans; all of them, where `at` is below the last loan."""
    return int(len(keep) - 1 - at - keep[at + 1 :].sum())


def _suspects(table: Table, places: dict[str, int]) -> NDArray[np.intp]:
    blank = np.asarray(pc.equal(pc.utf8_trim_whitespace(table.columns[places["loan_id"]]), ""))
    odd = blank.astype(bool).copy()
    for name in KEY_COLUMNS:
        if name in places:
            column = table.columns[places[name]]
            odd |= np.asarray(pc.match_substring_regex(column, TOTAL.pattern, ignore_case=True)).astype(bool)
            odd |= np.asarray(pc.match_substring_regex(column, r"^\s*[※＊*]")).astype(bool)
    return np.flatnonzero(odd)


def _balances(table: Table, places: dict[str, int]) -> NDArray[np.float64]:
    """The current balance of every record as written, without units; NaN where there is none."""
    if "current_balance" not in places:
        return np.full(len(table), np.nan)
    encoded = pc.dictionary_encode(table.columns[places["current_balance"]])
    encoded = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
    words = [read_number(word, "money").value if word.strip() else np.nan for word in encoded.dictionary.to_pylist()]
    amounts: NDArray[np.float64] = np.array(words, dtype=np.float64)[np.asarray(encoded.indices)]
    return amounts
