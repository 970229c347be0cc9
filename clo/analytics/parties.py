"""What each party received and paid, and what must hold of it in every run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from clo.analytics.run import Run
from clo.analytics.streams import kinds, owner_of, word_of
from clo.deal.families import large_families, members
from clo.deal.terms import Deal
from clo.findings import nearest
from clo.pool.flows import CASH
from clo.timeline import Days
from clo.waterfall.cash import BORROWERS, ISSUER, OBLIGORS, parties_behind

Row = tuple[str, float]


# ---- views ----------------------------------------------------------------------------------------------------------


def totals(deal: Deal, parties: pd.DataFrame) -> pd.DataFrame:
    """party, stream, kind, received, paid, net over the life of the deal; parties in the order in which they first occur."""
    sides = _sides(parties)
    names = list(dict.fromkeys(sides["party"]))
    sums = sides.groupby(["party", "stream"], sort=False)[["received", "paid"]].sum().reset_index()
    sums = sums.sort_values("party", kind="stable", key=lambda column: column.map(names.index), ignore_index=True)
    sums.insert(2, "kind", sums["stream"].map(kinds(deal, sums["stream"])).astype(object))
    return sums.assign(net=sums["received"] - sums["paid"])


def of_party(deal: Deal, parties: pd.DataFrame, name: str) -> pd.DataFrame:
    """payment_date, stream, kind, other (who is on the other side), received, paid, net, cumulative (net so far).

    The name of a family is all of its sub-pools. Raises KeyError for a name that neither pays nor is paid.
    """
    sides = _sides(parties)
    own = sides[sides["party"].isin((name, *members(deal.families[name])) if name in deal.families else (name,))]
    if own.empty:
        known = list(dict.fromkeys(sides["party"]))
        close = nearest(name, known)
        raise KeyError(
            f"{name!r} neither pays nor is paid; " + (f"did you mean {close!r}?" if close else f"parties are {', '.join(known)}")
        )
    keys = ["payment_date", "stream", "other"]
    own = own.groupby(keys, sort=False)[["received", "paid"]].sum().reset_index()
    own = own.sort_values("payment_date", kind="stable", ignore_index=True)
    own.insert(2, "kind", own["stream"].map(kinds(deal, own["stream"])).astype(object))
    own["net"] = own["received"] - own["paid"]
    return own.assign(cumulative=own["net"].cumsum())


def flow_links(deal: Deal, parties: pd.DataFrame) -> pd.DataFrame:
    """source, target, kind, amount: who paid whom over the life of the deal, by kind of stream; a large family is one.

    source and target: (`payer`, party), (`payee`, party) or (`between`, issuer), so that nothing runs in a circle.
    """
    large = large_families(deal)
    told = parties.assign(
        payer=parties["payer"].replace(large),
        payee=parties["payee"].replace(large),
        kind=parties["stream"].map(kinds(deal, parties["stream"])).astype(object),
    )
    sums = told.groupby(["payer", "payee", "kind"], sort=False)["amount"].sum().reset_index()
    sums = sums[sums["amount"] > 0.0]
    sides = {
        new: [("between" if name == ISSUER else old, name) for name in sums[old]]
        for new, old in (("source", "payer"), ("target", "payee"))
    }
    return pd.DataFrame(sides | {"kind": sums["kind"].tolist(), "amount": sums["amount"].tolist()})


def _sides(parties: pd.DataFrame) -> pd.DataFrame:
    """Every payment twice, as its payer and as its payee see it, in the order of the payments."""
    columns = ["payment_date", "stream", "amount"]
    paid = parties[[*columns, "payer", "payee"]].set_axis([*columns, "party", "other"], axis=1)
    received = parties[[*columns, "payee", "payer"]].set_axis([*columns, "party", "other"], axis=1)
    paid = paid.assign(received=0.0, paid=paid["amount"])
    received = received.assign(received=received["amount"], paid=0.0)
    return pd.concat((paid, received)).sort_index(kind="stable").drop(columns="amount")


# ---- checks ---------------------------------------------------------------------------------------------------------


def residuals(run: Run) -> Iterator[Row]:
    """Name and largest residual of each check of parties, in the deal's currency."""
    told = _Told(run.parties)
    yield "parties: issuer's receipts - payments = change in accounts", _of_issuer(run, told)
    yield "parties: what borrowers pay = the pool's cash", _of_borrowers(run, told)
    yield "parties: agree with the ledger", _of_ledger(run, told)
    yield "parties: agree with tranches, fees, facilities and hedges", _of_entries(run, told)
    apart = float(run.losses_by_party["loss"].sum()) - float(run.sub_pool_flows["loss"].sum())
    yield "losses by party: sum = loss of the pool", abs(apart)


def turnover(run: Run) -> float:
    """All that parties pay each other, and the pool: what rounding of sums over the life of a deal is measured by."""
    return float(run.parties["amount"].sum()) + run.flows.parameter("pool.initial")


class _Told:
    """The payments between parties as arrays, with the owner and the word of each stream."""

    def __init__(self, parties: pd.DataFrame) -> None:
        self.day, self.amount = _days(parties), parties["amount"].to_numpy()
        self.payer, self.payee, self.stream = (parties[key].to_numpy(dtype=object) for key in ("payer", "payee", "stream"))
        codes, streams = pd.factorize(self.stream)
        self.owner = np.array([owner_of(stream) for stream in streams], dtype=object)[codes]
        self.word = np.array([word_of(stream) for stream in streams], dtype=object)[codes]
        self.of_pool = (self.payer == OBLIGORS) | (self.word == "repurchase")


Part = tuple[tuple[Any, ...], Any]
"""Keys, each an array, and amounts by row."""


def _apart(*parts: Part) -> float:
    """Of the sums of amounts by their keys, over all parts, the one that is furthest from 0."""
    amounts = np.concatenate([np.asarray(amount, dtype=np.float64) for _, amount in parts])
    place = np.zeros(len(amounts), dtype=np.int64)
    for number in range(len(parts[0][0])):
        codes, found = pd.factorize(np.concatenate([keys[number] for keys, _ in parts]))
        place = place * len(found) + codes
    sums = np.bincount(pd.factorize(place)[0], weights=amounts)
    return float(np.abs(sums).max(initial=0.0))


def _days(frame: pd.DataFrame) -> Days:
    return np.asarray(frame["payment_date"].to_numpy().astype("datetime64[D]"))


def _of_issuer(run: Run, told: _Told) -> float:
    """On every date, closing included, where accounts start from nothing."""
    frame = run.accounts
    day, opening, closing = _days(frame), frame["opening"].to_numpy(), frame["closing"].to_numpy()
    start = day == day.min(initial=day[0])
    at_closing = np.full(int(start.sum()), np.datetime64(run.deal.dates.closing))
    moved = told.amount * ((told.payee == ISSUER).astype(float) - (told.payer == ISSUER))
    return _apart(((told.day,), moved), ((day,), opening - closing), ((at_closing,), -opening[start]))


def _of_borrowers(run: Run, told: _Told) -> float:
    """Of each sub-pool: what its borrowers paid and its seller bought back, less what the servicer lost."""
    pool, deal = run.pool, run.deal
    group = pool["group"].to_numpy(dtype=object)
    kept = np.isin(group, [name for name, terms in deal.pools.items() if terms.reference])
    total = np.asarray(sum(sign * pool[flow.name].to_numpy() for flow, sign in CASH))
    lost = pool["commingling_loss"].to_numpy()
    reached = 1.0 - np.divide(lost, total, out=np.zeros_like(lost), where=total > 0.0)
    borrowers = np.asarray(sum(pool[flow.name].to_numpy() for flow in BORROWERS))
    return _apart(
        ((group,), np.where(kept, borrowers, total) * reached), ((told.owner[told.of_pool],), -told.amount[told.of_pool])
    )


def _of_ledger(run: Run, told: _Told) -> float:
    """By date and stream: every movement of cash that is not between accounts of the issuer or within one party."""
    behind, book = parties_behind(run.deal), run.ledger
    source, to = book["from"].to_numpy(dtype=object), book["to"].to_numpy(dtype=object)
    crossing = (_behind(source, behind) != _behind(to, behind)) & (source != OBLIGORS)
    keys = (_days(book)[crossing], book["reason"].to_numpy(dtype=object)[crossing])
    others = ~told.of_pool
    moved = book["amount"].to_numpy()[crossing]
    return _apart((keys, moved), ((told.day[others], told.stream[others]), -told.amount[others]))


def _behind(names: Any, behind: Mapping[str, str]) -> Any:
    codes, found = pd.factorize(names)
    return np.array([behind.get(name, name) for name in found], dtype=object)[codes]


ENTRIES: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("tranches", "tranche", {"interest": "interest_paid", "residual_interest": "interest_paid",
                             "principal": "principal_paid", "residual_principal": "principal_paid"}),
    ("fees", "fee", {"fee": "paid"}),
    ("facilities", "facility", {"draw": "drawn", "principal": "repaid", "interest": "interest_paid", "fee": "fee_paid"}),
    ("hedges", "hedge", {"hedge": "paid", "draw": "received"}),
)  # fmt: skip
"""Frames of who is owed: the name of an entry, and the column of cash that each word of its streams is in."""


def _of_entries(run: Run, told: _Told) -> float:
    """By date, entry and column: what each frame says was paid, and what parties paid each other."""
    found = [0.0]
    for frame, entry, words in ENTRIES:
        own = getattr(run, frame)
        chosen = np.isin(told.owner, own[entry].unique()) & np.isin(told.word, [*words]) if len(own) else told.of_pool[:0]
        columns = sorted(set(words.values())) if len(own) else []
        day, names = _days(own), own[entry].to_numpy(dtype=object)
        parts: list[Part] = [((day, names, np.full(len(own), column, dtype=object)), own[column]) for column in columns]
        if parts:
            column = np.array([words[word] for word in told.word[chosen]], dtype=object)
            parts.append(((told.day[chosen], told.owner[chosen], column), -told.amount[chosen]))
            found.append(_apart(*parts))
    return float(np.max(found))  # also where one is not a number
