"""Concentration limits and averages of a pool: where it stands, how much room is left, and what would have to go.

Shares are of the current balance of all loans given. Borrowers with a group_id, or matched by `match_obligors`, count as one.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.expressions import names, parse
from clo.findings import Finding
from clo.labels import Lang, label, money, percent
from clo.schema import TAPE
from clo.tape.bands import MISSING
from clo.tape.codes import finding, row_finding
from clo.tape.criteria import Criteria, CriteriaError, Limit, given, misfits
from clo.tape.derived import borrowers, kind, with_derived
from clo.tape.filters import answer
from clo.tape.rules.rule import counted
from clo.tape.view import stated

if TYPE_CHECKING:
    from clo.tape.loans import Loans
    from clo.tape.obligors import ObligorGroups

Floats = NDArray[np.float64]

EXACT = 1e-12
"""Shares this close to a limit keep it."""


@dataclass(frozen=True, eq=False, repr=False)
class LimitCheck:
    """Limits against a pool.

    table: one row a limit: limit, measure, level, threshold, headroom (below 0 where it is broken), ok, binds (the largest name;
    `+ n` where n more are above the limit), remove (the smallest amount of balance to take out for the limit to be kept, cutting
    the largest, or for an average the farthest, first; 0 if it is kept, NaN if taking out cannot help). findings: one for each
    that is broken, and one for each that lacks values of some loans: those are in no average, and outside a condition.
    """

    table: pd.DataFrame
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        return bool(self.table["ok"].all())

    def __repr__(self) -> str:
        return f"<LimitCheck: {self._counted()}>"

    def _counted(self) -> str:
        broken = self.table[~self.table["ok"].astype(bool)]["limit"]
        return f"{len(self.table):,} limits, " + (f"broken: {', '.join(broken)}" if len(broken) else "all kept")

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(self._counted())}</p>{self.table.to_html(index=False)}"


@dataclass(frozen=True, slots=True)
class _Standing:
    level: float
    binds: str
    remove: float


@dataclass(frozen=True, slots=True)
class _Open:
    """Loans with a balance [i] of which a limit does not know what it needs. names: the columns it looks at, in a frame."""

    loans: NDArray[np.intp]
    names: tuple[str, ...]
    frame: pd.DataFrame


def check_limits(
    loans: Loans, limits: Criteria | Iterable[Mapping[str, Any] | Limit], groups: ObligorGroups | None = None
) -> LimitCheck:
    """Where a pool stands against its limits.

    groups: borrowers to count as one, from `match_obligors`, beside the group_id of the tape. Raises CriteriaError with all that
    is wrong with the limits; ValueError for groups of another tape.
    """
    criteria = given(limits, "limits")
    wrong = list(misfits(criteria, loans.frame, "limits"))
    if wrong:
        raise CriteriaError(wrong)
    pool = loans if groups is None else loans.with_groups(groups)
    rows, found = [], []
    for at, limit in enumerate(criteria.limits):
        stands, unknown = _standing(pool, limit)
        upper = limit.kind.startswith("max")
        headroom = limit.bound - stands.level if upper else stands.level - limit.bound
        ok = bool(headroom >= -EXACT * max(1.0, abs(limit.bound)))
        rows.append(
            (limit.name, measure(limit), stands.level, limit.bound, headroom, ok, stands.binds, 0.0 if ok else stands.remove)
        )
        if not ok:
            path = f"limits[{at}]"
            found.append(_broken(limit, stands, path, criteria.place(path), loans.source))
        if unknown is not None and len(unknown.loans):
            found.append(_unknown(limit, unknown, loans))
    columns = ["limit", "measure", "level", "threshold", "headroom", "ok", "binds", "remove"]
    return LimitCheck(pd.DataFrame(rows, columns=columns).astype({"ok": bool}), tuple(found))


def in_money(limit: Limit) -> bool:
    """Whether level and threshold of a limit are amounts of money."""
    return limit.kind == "max_amount" or (limit.measure == "average" and kind(str(limit.average)) == "money")


def measure(limit: Limit, lang: Lang = "en") -> str:
    """What a limit bounds, in words."""
    of = limit.by or limit.average
    if of is None:
        return label("measure_where", lang).format(of=limit.where)
    if lang == "ja":
        of = TAPE[of].label_ja if of in TAPE else label(of, lang)
    kinds = {"max": "top" if limit.top > 1 else "max", "max_amount": "top_amount" if limit.top > 1 else "max_amount"}
    key = "average" if limit.average is not None else kinds.get(limit.kind, limit.kind)
    return label(f"measure_{key}", lang).format(of=of, top=limit.top)


def _standing(loans: Loans, limit: Limit) -> tuple[_Standing, _Open | None]:
    balance = np.nan_to_num(loans.column("current_balance"))
    if limit.by is not None:
        held, called = _by_name(loans, limit.by, balance)
        if limit.kind == "min_count":
            return _Standing(float(np.count_nonzero(held)), "", np.nan), None
        return _largest(held, called, limit), None
    if limit.where is not None:
        used = tuple(dict.fromkeys(names(parse(limit.where))))
        frame = with_derived(loans, set(used))
        holds = answer(frame, limit.where)
        part = _part(float(balance[holds.yes].sum()), float(balance.sum()), limit)
        return part, _Open(np.flatnonzero(holds.open & (balance > 0)), used, frame)
    name = str(limit.average)
    frame = with_derived(loans, {name})
    values = frame[name].to_numpy(dtype=np.float64, na_value=np.nan)
    return _average(values, balance, limit), _Open(np.flatnonzero(np.isnan(values) & (balance > 0)), (name,), frame)


def _by_name(loans: Loans, by: str, balance: Floats) -> tuple[Floats, NDArray[np.object_]]:
    """(balance, name) of every name in a column."""
    if by == "obligor_id":
        codes, called = borrowers(loans)
    else:
        codes, plain = pd.factorize(with_derived(loans, {by})[by], use_na_sentinel=False)
        called = np.asarray(pd.Series(np.asarray(plain, dtype=object)).fillna(MISSING), dtype=object)
    return np.bincount(codes, weights=balance, minlength=len(called)).astype(np.float64), called


def _largest(held: Floats, called: NDArray[np.object_], limit: Limit) -> _Standing:
    """The largest name, or the `top` largest together, as a share of all or as an amount."""
    order = np.argsort(-held, kind="stable")
    held, total = held[order], float(held.sum())
    first = float(held[: limit.top].sum())
    share = limit.kind == "max"
    level = (first / total if total > 0 else np.nan) if share else first
    others = int((held > (limit.bound * total if share else limit.bound)).sum()) - 1 if limit.top == 1 else 0
    binds = str(called[order[0]]) if len(order) else ""
    return _Standing(level, binds + (f" + {others}" if others > 0 else ""), cut(held, limit.bound, limit.top, share=share))


def cut(held: Floats, bound: float, top: int = 1, *, share: bool = True) -> float:
    """The least balance to take out for the `top` largest amounts to be at most `bound` of the total, or in total.

    held: amounts, falling. Taking x out of the largest alone gives (S - x)/(T - x) = bound, so x = (S - bound T)/(1 - bound);
    that is all while they stay the largest. Beyond, the k >= top largest are cut to one level c: top c = bound (k c + rest of k).
    NaN where no level is low enough.
    """
    total, first = float(held.sum()), float(held[:top].sum())
    if first <= (bound * total if share else bound):
        return 0.0
    next_one = float(held[top]) if len(held) > top else 0.0
    alone = (first - bound * total) / (1.0 - bound) if share else first - bound
    if alone <= float((held[:top] - next_one).sum()):
        return alone if len(held) > top or not share else np.nan
    if not share:
        return float(np.maximum(held - bound / top, 0.0).sum())
    many = np.arange(top, len(held) + 1)
    rest = total - np.cumsum(held)[many - 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        level = bound * rest / (top - bound * many)
    below = np.append(held, 0.0)[many]
    fits = np.flatnonzero((top - bound * many > 0) & (level >= below) & (level <= held[many - 1]) & (level > 0))
    return float(np.maximum(held - level[fits[0]], 0.0).sum()) if len(fits) else np.nan


def _part(inside: float, total: float, limit: Limit) -> _Standing:
    """The share of balance for which a condition holds; to go down, some of it goes out, to go up, some of the rest."""
    level = inside / total if total > 0 else np.nan
    bound = limit.bound
    if limit.kind == "max":
        remove = (inside - bound * total) / (1.0 - bound) if bound < 1.0 and inside < total else np.nan
    else:
        remove = total - inside / bound if inside > 0 and bound > 0 else np.nan
    return _Standing(level, "", remove)


def _average(values: Floats, balance: Floats, limit: Limit) -> _Standing:
    """The balance-weighted mean of the known values; the farthest on the wrong side go out first, the last one in part."""
    known = ~np.isnan(values) & (balance > 0)
    values, balance = values[known], balance[known]
    total = float(balance.sum())
    if not total > 0:
        return _Standing(np.nan, "", np.nan)
    level = float((values * balance).sum() / total)
    sign = 1.0 if limit.kind == "max" else -1.0
    over = sign * (values - limit.bound)  # each loan's distance on the wrong side
    order = np.argsort(-over, kind="stable")
    excess = float((over * balance).sum())  # to bring to zero
    if excess <= 0:
        return _Standing(level, "", 0.0)
    gone = np.cumsum((over * balance)[order])
    last = int(np.searchsorted(gone, excess))
    if last >= len(order) or over[order[last]] <= 0 or not (over < 0).any():
        return _Standing(level, "", np.nan)
    whole = order[:last]
    part = (excess - float((over * balance)[whole].sum())) / over[order[last]]
    return _Standing(level, "", float(balance[whole].sum()) + part)


def _broken(limit: Limit, stands: _Standing, path: str, place: dict[str, Any], source: str) -> Finding:
    figure = figures(limit)
    side = "above" if limit.kind.startswith("max") else "below"
    who = f" ({stands.binds})" if stands.binds else ""
    said = f"{limit.name}: {measure(limit)} is {figure(stands.level)}, {side} {figure(limit.bound)}{who}"
    fix = f"take out {money(stands.remove)} of balance" if np.isfinite(stands.remove) else "add other loans"
    code = "E-L021" if limit.severity == "error" else "W-L021"
    if not place["file"]:
        place = {"file": source}
    return finding(code, said, path=path, who=stands.binds, value=figure(stands.level), fix=fix, rule=limit.says, **place)


def _unknown(limit: Limit, unknown: _Open, loans: Loans) -> Finding:
    balance = np.nan_to_num(loans.column("current_balance"))
    at = unknown.loans
    share = float(balance[at].sum() / balance.sum())
    becomes = "counted as outside" if limit.where is not None else "not in the average"
    said = f"{limit.name}: {counted(at)}, {percent(share)} of the balance, {becomes} for values that are missing"
    ids = loans.frame["loan_id"].to_numpy(dtype=object)
    return row_finding(
        "W-L023", said, field="", file=loans.source, rows=loans.file_rows[at], who=ids[at],
        values=stated(unknown.frame, unknown.names, at),
    )  # fmt: skip


def figures(limit: Limit) -> Callable[[float], str]:
    """How level, threshold and headroom of a limit are written."""
    if in_money(limit) or limit.kind == "min_count":
        return money
    if limit.measure == "average" and kind(str(limit.average)) not in ("rate", "ratio"):
        return lambda figure: f"{figure:,.4g}"
    return percent
