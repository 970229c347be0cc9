"""Roll rates: how loans move between states of arrears from month to month, estimated from a history of tapes.

A loan that is current after it was in arrears or default on any earlier tape is `cured`. Moves are counted between tapes one
month apart; loans that are in default, gone or not on the earlier tape make none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.behaviour.arrears import BUCKETS, STATES
from clo.findings import Finding, InputError
from clo.history.findings import history_finding
from clo.history.history import History
from clo.history.movements import Pair
from clo.history.snapshots import Floats, Ints, Mask
from clo.history.standing import DEFAULT, LEFT, REPAID, REPURCHASED

EXITS = ("repaid", "repurchased", "left", "vanished")
"""Ways out of the pool; they stand in `counts`, and the shares of `matrix` are of the loans that stay or default."""
CURED = STATES.index("cured")
_FROM = [place for place, name in enumerate(STATES) if name != "default"]
_SIZE = len(STATES) + len(EXITS)

Weight = Literal["balance", "count"]
Skips = Literal["error", "one_step"]


@dataclass(frozen=True, eq=False)
class RollRates:
    """Monthly moves between states.

    amounts, squares: sums of the weights, and of their squares, of the loans that moved [from, to] (from over `STATES`, to over
    `STATES` and `EXITS`); moves: their number. periods: pairs of dates behind them. groups: the same by word, given `by`.
    """

    weight: Weight
    amounts: Floats
    squares: Floats
    moves: NDArray[np.int64]
    periods: tuple[tuple[np.datetime64, np.datetime64], ...]
    findings: tuple[Finding, ...] = ()
    groups: Mapping[str, RollRates] = field(default_factory=dict)

    @property
    def matrix(self) -> pd.DataFrame:
        """Share of each state that is in each state a month later; rows add up to 1, those nobody was seen in are NaN."""
        return _table(self._shares(), STATES)

    @property
    def standard_errors(self) -> pd.DataFrame:
        """Standard error of each share: sqrt(p (1 - p) / n) by count; by balance sqrt(sum of w^2 (moved - p)^2) / sum of w.

        Loans and months count as independent. Source: the variance of a multinomial share, and of a ratio of weighted sums (W. G.
        Cochran, Sampling Techniques, 3rd ed., 6.4).
        """
        size, shares = len(STATES), self._shares()
        moved = self.squares[:, :size]
        others = moved.sum(axis=1, keepdims=True) - moved
        total = self.amounts[:, :size].sum(axis=1, keepdims=True)
        with np.errstate(invalid="ignore", divide="ignore"):
            spread = np.sqrt(moved * (1.0 - shares) ** 2 + others * shares**2) / total
        return _table(spread, STATES)

    @property
    def counts(self) -> pd.DataFrame:
        """Number of loans that made each move, exits included."""
        return _table(self.moves, (*STATES, *EXITS))

    @property
    def skips(self) -> int:
        """Moves further behind by more than one instalment in a month, which a projection does not take."""
        return int(self.moves[_skips()].sum())

    def as_scenario(self, *, skips: Skips = "error", rows: Mapping[str, Mapping[str, float]] | None = None) -> dict[str, Any]:
        """What `arrears:` of a scenario takes: {"roll_rates": {from: {to: share}}}.

        skips: what becomes of moves further behind by more than one instalment: "error" refuses them, "one_step" counts them as
        one instalment. rows: rows for states in which no loan was seen. Raises InputError for skips and for states without a row.
        """
        amounts = self.amounts[:, : len(STATES)].copy()
        found = []
        if self.skips and skips == "error":
            said = f"{self.skips:,} of {int(self.moves.sum()):,} moves are further behind by more than one instalment in a month"
            found.append(history_finding("E-H022", said, field="days_in_arrears"))
        for source, target in np.argwhere(_skips()):
            amounts[source, _behind(source) + 1] += amounts[source, target]
            amounts[source, target] = 0.0
        given = dict(rows or {})
        total = amounts.sum(axis=1)
        missing = [
            name for name, amount in zip(STATES, total, strict=True) if name in BUCKETS and amount <= 0 and name not in given
        ]
        if missing:
            said = f"nobody was seen in {', '.join(missing)}"
            found.append(history_finding("E-H023", said, field="days_in_arrears"))
        if found:
            raise InputError(found)
        seen = [place for place in _FROM if total[place] > 0]
        shares = {STATES[place]: _row(amounts[place] / total[place]) for place in seen}
        return {"roll_rates": shares | {name: dict(row) for name, row in given.items() if name not in shares}}

    def to_frame(self) -> pd.DataFrame:
        """One row a move seen: (group,) from, to, loans, share, standard_error; exits have no share."""
        if self.groups:
            return pd.concat([part.to_frame().assign(group=name) for name, part in self.groups.items()], ignore_index=True)
        source, target = np.nonzero(self.moves)
        shares = np.pad(self._shares(), ((0, 0), (0, len(EXITS))), constant_values=np.nan)
        errors = np.pad(self.standard_errors.to_numpy(), ((0, 1), (0, len(EXITS))), constant_values=np.nan)
        place = np.array([_FROM.index(row) for row in source.tolist()], dtype=np.intp)
        names = np.array((*STATES, *EXITS), dtype=object)
        columns = {"from": names[source], "to": names[target], "loans": self.moves[source, target]}
        return pd.DataFrame(columns | {"share": shares[source, target], "standard_error": errors[place, target]})

    def _shares(self) -> Floats:
        amounts = self.amounts[:, : len(STATES)]
        with np.errstate(invalid="ignore", divide="ignore"):
            shares: Floats = amounts / amounts.sum(axis=1, keepdims=True)
        return shares

    def __repr__(self) -> str:
        return f"<RollRates by {self.weight}: {int(self.moves.sum()):,} moves in {len(self.periods)} months>"

    def _repr_html_(self) -> str:
        shown = self.matrix.dropna(how="all")
        return str(shown.to_html(float_format=lambda share: f"{share:.2%}" if share else "", na_rep=""))


def roll_rates(history: History, *, weight: Weight = "balance", by: str | None = None) -> RollRates:
    """Monthly moves between states of arrears over all pairs of tapes one month apart.

    weight: by balance on the earlier tape, or by number of loans. by: originator_id, or a column kept by the history: the same
    for each of its words, in `.groups`. Raises InputError where no two tapes are one month apart, or `by` is not kept.
    """
    if weight not in ("balance", "count"):
        raise ValueError(f"weight {weight!r} is neither 'balance' nor 'count'")
    names = _words(history, by)
    sums = np.zeros((len(names) + 1, 2, len(STATES), _SIZE))  # the last group is of loans without a word
    moves = np.zeros((len(names) + 1, len(STATES), _SIZE), dtype=np.int64)
    late: Mask = np.zeros(history.size, dtype=bool)
    used, left = [], []
    for between in history.pairs():
        late[between.opening.loan[(between.opening.state > 0) & (between.opening.state <= DEFAULT)]] = True
        dates = (between.opening.date, between.closing.date)
        if between.months != 1:
            left.append(dates)
            continue
        used.append(dates)
        _count(between, late, _groups(between, history, by, names), weight, sums, moves)
    if not used:
        said = f"none of {len(left)} pairs of tapes is one month apart"
        raise InputError([history_finding("E-H020", said, field="cutoff_date")])
    said = f"left out: {', '.join(f'{first} to {second}' for first, second in left)}"
    found = [history_finding("W-H021", said, field="cutoff_date")] if left else []

    def rates(both: Floats, number: NDArray[np.int64], groups: Mapping[str, RollRates]) -> RollRates:
        return RollRates(weight, both[0], both[1], number, tuple(used), tuple(found), groups)

    groups = {name: rates(sums[at], moves[at], {}) for at, name in enumerate(names)}
    return rates(sums.sum(axis=0), moves.sum(axis=0), groups)


def _count(between: Pair, late: Mask, group: Ints, weight: Weight, sums: Floats, moves: NDArray[np.int64]) -> None:
    """Adds the moves of one pair to sums [group, weight or its square, from, to] and moves [group, from, to].

    late: loans in arrears or default on the earlier tape or any before it.
    """
    start, was_late = between.was_live, late[between.loan]
    source = np.where((between.from_state == 0) & was_late, CURED, between.from_state)[start]
    back = (between.to_state == 0) & was_late
    exits = {REPAID: 0, REPURCHASED: 1, LEFT: 2}
    target = np.where(back, CURED, np.where(between.to_state == DEFAULT, STATES.index("default"), between.to_state))
    for state, place in exits.items():
        target = np.where(between.to_state == state, len(STATES) + place, target)
    target = np.where(between.vanished, _SIZE - 1, np.where(between.lapsed, len(STATES), target))[start]
    size = len(STATES) * _SIZE
    cell = (group[start].astype(np.int64) * len(STATES) + source) * _SIZE + target
    weights = between.from_balance[start] if weight == "balance" else np.ones(len(cell))
    shape = moves.shape
    moves += np.bincount(cell, minlength=size * shape[0]).reshape(shape)
    sums[:, 0] += np.bincount(cell, weights=weights, minlength=size * shape[0]).reshape(shape)
    sums[:, 1] += np.bincount(cell, weights=weights**2, minlength=size * shape[0]).reshape(shape)


def _words(history: History, by: str | None) -> list[str]:
    if by is None:
        return []
    if by == "originator_id":
        return list(history.originators)
    if by not in history.snapshots[0].words:
        said = f"the history keeps no column {by!r}: make it with keep=[{by!r}]"
        raise InputError([history_finding("E-H033", said, field=by)])
    return sorted({str(word) for tape in history.snapshots for word in tape.words[by].categories})


def _groups(between: Pair, history: History, by: str | None, names: list[str]) -> Ints:
    """Group of each loan on the earlier tape (shape: loans of the pair), the one after the last for a loan without a word."""
    if by is None:
        return np.zeros(len(between.loan), dtype=np.int32)
    if by == "originator_id":
        return between.originator
    words = between.opening.words[by]
    place = np.array([*(names.index(str(word)) for word in words.categories), len(names)], dtype=np.int32)
    return place[np.where(between.before >= 0, words.codes[between.before], -1)]


def _behind(state: int) -> int:
    """Instalments behind in a state: none when cured."""
    return 0 if state == CURED else int(state)


def _skips() -> Mask:
    """Moves [from, to] further behind by more than one instalment; [.., EXITS] are none."""
    hit = np.zeros((len(STATES), len(STATES)), dtype=bool)
    for source in _FROM:
        hit[source, _behind(source) + 2 : len(BUCKETS)] = True
    return np.pad(hit, ((0, 0), (0, len(EXITS))))


def _row(shares: Floats) -> dict[str, float]:
    return {name: float(share) for name, share in zip(STATES, shares, strict=True) if share > 0}


def _table(values: NDArray[Any], columns: tuple[str, ...]) -> pd.DataFrame:
    index = pd.Index([STATES[place] for place in _FROM], name="from")
    return pd.DataFrame(values[_FROM], index=index, columns=pd.Index(columns, name="to"))
