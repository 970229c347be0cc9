"""Loans: the validated columns of one tape. Nothing here reads a file; nothing after it sees a raw cell."""

from __future__ import annotations

import datetime
import html
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.findings import Finding, TapeError, has_errors, nearest
from clo.labels import counted
from clo.schema import NUMERIC, TAPE
from clo.tape.dtypes import canonical
from clo.tape.eligibility import Eligibility, eligible
from clo.tape.filters import FilterError, select
from clo.tape.keys import drop_repeats, round_yen
from clo.tape.rules import check as check_rules
from clo.tape.schedule import of_loans, typed
from clo.tape.view import Declared, View

if TYPE_CHECKING:
    from clo.tape.criteria import Criteria, Criterion
    from clo.tape.obligors import ObligorGroups

HEADER_ROWS = 2
"""Row of the first loan where the source has one header row: rows count as in the file, and the header is row 1."""


class Loans:
    """Loans of one tape at one cut-off date, immutable. Columns are those of `clo.schema.TAPE`, plus `x_...` and `..._nd`.

    findings: warnings and repairs that came with the tape, never an error unless it was built with `check=False`.
    source, sha256: name and digest of the file; sidecar_sha256: digest of its sidecar, empty where there is none.
    file_rows: row of the file each loan stands on (shape: loans).
    schedule: what loans with a schedule of their own owe and when, in the columns of `clo.tape.schedule`; None without one.
    schedule_sha256: digest of the schedule's file, empty where there is none.
    """

    __slots__ = ("_frame", "file_rows", "findings", "schedule", "schedule_sha256", "sha256", "sidecar_sha256", "source")

    _frame: pd.DataFrame
    file_rows: NDArray[np.int64]
    findings: tuple[Finding, ...]
    schedule: pd.DataFrame | None
    schedule_sha256: str
    sha256: str
    sidecar_sha256: str
    source: str

    def __init__(
        self,
        frame: pd.DataFrame,
        *,
        file_rows: NDArray[np.int64],
        source: str,
        sha256: str = "",
        sidecar_sha256: str = "",
        findings: Iterable[Finding] = (),
        schedule: pd.DataFrame | None = None,
        schedule_sha256: str = "",
    ) -> None:
        """A frame, and a schedule, already in the dtypes of the tape. Use `Loans.from_frame` for any other."""
        rows = np.asarray(file_rows, dtype=np.int64).view()
        rows.flags.writeable = False
        for name, value in {
            "_frame": frame,
            "file_rows": rows,
            "source": source,
            "sha256": sha256,
            "sidecar_sha256": sidecar_sha256,
            "findings": tuple(findings),
            "schedule": schedule,
            "schedule_sha256": schedule_sha256,
        }.items():
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"Loans cannot be changed: {name}")

    def __reduce__(self) -> tuple[Any, ...]:
        named = {name: getattr(self, name) for name in self.__slots__ if name != "_frame"}
        return _rebuild, (self._frame, named)

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        source: str = "frame",
        *,
        check: bool = True,
        realised: Iterable[str] = (),
        schedule: pd.DataFrame | None = None,
    ) -> Loans:
        """Loans from a frame with the column names of the tape, in any dtypes that convert without loss.

        realised: columns that record what happened after the cut-off date. schedule: payments of loans that have a schedule of
        their own. check=False converts dtypes and runs no rules: for frames known to be clean. Raises TapeError with all findings
        if a value or a rule is broken; ValueError for a schedule without its columns.
        """
        rows = np.arange(HEADER_ROWS, HEADER_ROWS + len(frame), dtype=np.int64)
        view = View(frame, rows, source, Declared(realised=frozenset(realised)))
        loans, findings = validated(view, check=check, schedule=None if schedule is None else typed(schedule))
        if loans is None:
            raise TapeError(findings)
        return loans

    @property
    def frame(self) -> pd.DataFrame:
        """The columns; a copy-on-write view, so changing it changes no loans."""
        return self._frame.copy(deep=False)

    def __len__(self) -> int:
        return len(self._frame)

    @property
    def balance(self) -> float:
        """Principal outstanding at the cut-off date, in whole currency units."""
        return float(np.nansum(self.column("current_balance")))

    @property
    def obligors(self) -> int:
        """Number of distinct borrowers."""
        return int(self._frame["obligor_id"].nunique())

    @property
    def cutoff(self) -> datetime.date:
        """The one cut-off date. Raises ValueError if the loans have none, or several."""
        days = np.unique(self.column("cutoff_date"))
        days = days[~np.isnat(days)]
        if len(days) != 1:
            raise ValueError(f"the loans have {len(days)} cut-off dates")
        day: datetime.date = days[0].astype("datetime64[D]").item()
        return day

    def column(self, name: str) -> NDArray[Any]:
        """One column as an array (shape: loans): float64 for numbers (NaN missing), datetime64[s] for dates (NaT), int8 codes in
        the order of the levels for categories and flags (-1), objects for text (None).

        A column of the registry that this tape does not have is all missing. Raises FilterError (a ValueError) for any other.
        """
        if name in self._frame.columns:
            return _array(self._frame[name])
        if name not in TAPE:
            close = nearest(name, [*TAPE, *(str(column) for column in self._frame.columns)])
            raise FilterError(f"no column {name!r} on the tape" + (f"; did you mean {close!r}?" if close else ""))
        kind, size = TAPE[name].kind, len(self)
        if kind in NUMERIC:
            return np.full(size, np.nan)
        if kind == "date":
            return np.full(size, np.datetime64("NaT", "s"))
        return np.full(size, -1, dtype=np.int8) if TAPE[name].levels else np.full(size, None, dtype=object)

    def where(self, expression: str) -> Loans:
        """The loans for which an expression over the columns holds, such as `originator_id == 'ehime' and current_rate < 3%`.

        Dates compare with text: `maturity_date > '2010-03-31'`. Where a missing value decides, a loan is not chosen: neither by
        `employees > 300` nor by `not employees > 300`. Raises ExpressionError (a ValueError) for text that is no expression, an
        unknown column, or kinds that do not compare.
        """
        return self.rows(select(self._frame, expression))

    def rows(self, keep: NDArray[np.bool_] | NDArray[np.integer[Any]]) -> Loans:
        """The loans at a mask or at positions."""
        chosen = self._frame[keep] if keep.dtype == bool else self._frame.iloc[keep]
        return self._of(chosen.reset_index(drop=True), self.file_rows[keep], of_loans(self.schedule, chosen))

    def _of(self, frame: pd.DataFrame, file_rows: NDArray[np.int64], schedule: pd.DataFrame | None) -> Loans:
        """Loans of the same tape, with other columns or rows."""
        return Loans(
            frame,
            file_rows=file_rows,
            source=self.source,
            sha256=self.sha256,
            sidecar_sha256=self.sidecar_sha256,
            findings=self.findings,
            schedule=schedule,
            schedule_sha256=self.schedule_sha256,
        )

    def eligible(self, criteria: Criteria | Iterable[Mapping[str, Any] | Criterion]) -> Eligibility:
        """The loans that keep eligibility criteria, with a log of the others: `clo.read_criteria(file)`, or a list such as
        `[{"name": "short", "that": "remaining_term <= 84"}]`. Raises CriteriaError with all that is wrong with the criteria.
        """
        return eligible(self, criteria)

    def with_groups(self, groups: ObligorGroups) -> Loans:
        """The same loans with the groups of `clo.match_obligors` as their group_id; those in no group keep the one they have.

        Raises ValueError for groups of other loans.
        """
        if len(groups.groups) != len(self):
            raise ValueError(f"groups of {len(groups.groups):,} loans for {len(self):,}")
        own = self._frame.get("group_id", pd.Series(None, index=self._frame.index, dtype="str"))
        together = pd.Series(groups.groups.to_numpy(), index=self._frame.index, dtype="str").fillna(own)
        return self._of(self._frame.assign(group_id=together), self.file_rows, self.schedule)

    def with_columns(self, **columns: NDArray[Any]) -> Loans:
        """The same loans with other values in some columns (shape: loans), in the dtypes of the tape."""
        return self._of(self._frame.assign(**columns), self.file_rows, self.schedule)

    def __repr__(self) -> str:
        return f"<Loans {self.source}: {self._counted()}>"

    def _counted(self) -> str:
        borrowers = [counted(self.obligors, "obligor")] if "obligor_id" in self._frame.columns else []
        balance = [f"balance {self.balance:,.0f}"] if "current_balance" in self._frame.columns else []
        return ", ".join([counted(len(self)), *borrowers, *balance])

    def _summary(self) -> list[tuple[str, str]]:
        frame, balance = self._frame, self.column("current_balance")
        weight = balance if np.nansum(balance) > 0 else np.ones(len(self))
        dates = np.unique(self.column("cutoff_date").astype("datetime64[D]"))
        made, due = self.column("origination_date"), self.column("maturity_date")
        rate = self.column("current_rate")
        known = ~np.isnan(rate)
        mean = np.average(rate[known], weights=weight[known]) if known.any() and weight[known].sum() > 0 else np.nan
        warnings = sum(finding.severity == "warning" for finding in self.findings)
        status = frame["account_status"].value_counts() if "account_status" in frame.columns else pd.Series(dtype=int)
        held = [name for name in ("obligor", "originator") if f"{name}_id" in frame.columns]
        return [
            ("loans", f"{len(self):,}"),
            *((f"{name}s", f"{frame[f'{name}_id'].nunique():,}") for name in held),
            ("cut-off", ", ".join(str(day) for day in dates[:3])),
            ("current balance", f"{self.balance:,.0f}"),
            ("original balance", f"{np.nansum(self.column('original_balance')):,.0f}"),
            ("average rate", f"{mean:.4%}"),
            ("origination, maturity", f"{_span(made)}; {_span(due)}"),
            ("status", ", ".join(f"{name} {count:,}" for name, count in status.items() if count)),
            ("findings", f"{warnings} warnings, {len(self.findings) - warnings} repairs"),
        ]

    def _repr_html_(self) -> str:
        rows = "".join(f"<tr><th>{html.escape(name)}</th><td>{html.escape(said)}</td></tr>" for name, said in self._summary())
        return f"<table><caption>{html.escape(self.source)}</caption>{rows}</table>"


def _array(values: pd.Series) -> NDArray[Any]:
    if isinstance(values.dtype, pd.CategoricalDtype):
        return np.asarray(values.cat.codes)
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return np.asarray(values.to_numpy())
    if pd.api.types.is_numeric_dtype(values.dtype):
        return values.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.asarray(values.astype(object).where(values.notna(), None), dtype=object)


def _span(days: NDArray[Any]) -> str:
    known = days[~np.isnat(days)].astype("datetime64[D]")
    return f"{known.min()} to {known.max()}" if len(known) else "unknown"


def _rebuild(frame: pd.DataFrame, named: dict[str, Any]) -> Loans:
    return Loans(frame, **named)


def validated(
    view: View,
    *,
    sha256: str = "",
    sidecar_sha256: str = "",
    earlier: Iterable[Finding] = (),
    check: bool = True,
    schedule: pd.DataFrame | None = None,
    schedule_sha256: str = "",
) -> tuple[Loans | None, tuple[Finding, ...]]:
    """Loans from a view in any dtypes, and all findings; None in place of the loans where one of them is an error.

    earlier: findings already made about the same tape, kept in front. schedule: in its own dtypes already.
    """
    found = list(earlier)
    view, problems = canonical(view)
    found += problems
    if check:
        view, dropped = drop_repeats(view)
        view, rounded = round_yen(view)
        found += [*check_rules(view), *dropped, *rounded]
    if has_errors(found):
        return None, tuple(found)
    loans = Loans(
        view.frame,
        file_rows=view.rows,
        source=view.source,
        sha256=sha256,
        sidecar_sha256=sidecar_sha256,
        findings=found,
        schedule=schedule,
        schedule_sha256=schedule_sha256,
    )
    return loans, tuple(found)
