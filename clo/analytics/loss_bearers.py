"""Who bears the loss: the loss of the pool divided among makers, sellers, holders, guarantors and the issuer's income.

The definition, and an example by hand of each kind of deal, are in docs/parties.md.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from clo.analytics.checks import HALF
from clo.analytics.run import Run
from clo.analytics.streams import CONTRACT, DILUTION, PRINCIPAL, kinds, owner_of, word_of
from clo.analytics.sub_pools import shares
from clo.deal.families import large_families
from clo.waterfall.cash import ISSUER, OBLIGORS, parties_behind

OWN_LOANS, DRAWN, RETURNED, INCOME = "own_loans", "drawn_later", "returned", "excess_spread"
"""Positions that are no entry of the deal and no contract."""
DIRECT = {OWN_LOANS: "loss", DRAWN: "drawn", DILUTION: "diluted"}
"""Positions of who keeps or sold the loans of a sub-pool, and the column of its flows that they go by."""
COLUMNS = ["party", "position", "given", "received", "loss"]
Row = tuple[str, str, float, float, float]


def losses_by_party(run: Run) -> pd.DataFrame:
    """party, position, given, received, loss, share: who bears the loss of the pool, and as what; share of the pool's loss.

    loss = given - received, of principal only. position: a tranche or facility; `own_loans` of who keeps them, protection
    included; `drawn_later` of a seller that lent more on what it sold; the word of a contract; `excess_spread` of the issuer:
    income of every kind, less what it went to and what is left in accounts. Below 0: a gain.
    """
    streams = _Streams(run)
    contracts = streams.contracts()
    rows = [*_loans(run, contracts), *_tranches(run), *_facilities(run, streams)]
    rows += [(party, position, *_both(given, received)) for (party, position), (given, received) in contracts.items()]
    rows.append(_income(run, streams))
    frame = pd.DataFrame(rows, columns=COLUMNS)
    total = float(run.sub_pool_flows["loss"].sum())
    return frame.assign(share=frame["loss"] / total if total else np.nan)


def _both(given: float, received: float) -> tuple[float, float, float]:
    return given, received, given - received


class _Streams:
    """Sums of the streams between parties over the life of the deal."""

    def __init__(self, run: Run) -> None:
        self.deal = run.deal
        self.sums: dict[tuple[str, str, str], float] = {}
        columns = (run.parties[name].tolist() for name in ("payer", "payee", "stream", "amount"))
        for payer, payee, stream, amount in zip(*columns, strict=True):
            self.sums[payer, payee, stream] = self.sums.get((payer, payee, stream), 0.0) + amount
        told = kinds(run.deal, (stream for _, _, stream in self.sums))
        self.principal = {stream for stream, kind in told.items() if kind in PRINCIPAL}

    def amount(self, stream: str, payee: str | None = None) -> float:
        """What was paid in a stream, to one payee or to all."""
        return sum(amount for (_, to, what), amount in self.sums.items() if what == stream and payee in (None, to))

    def income(self, side: int) -> float:
        """What is not principal and the issuer paid (side 0) or received (1)."""
        return sum(amount for key, amount in self.sums.items() if key[side] == ISSUER and key[2] not in self.principal)

    def contracts(self) -> dict[tuple[str, str], list[float]]:
        """Principal that contracts moved: given and received, by party and position."""
        deal = self.deal
        entries = {*deal.tranches, *deal.facilities, *deal.hedges, *deal.fees, "pool"}
        entries |= {name for name, pool in deal.pools.items() if not pool.reference}
        found: dict[tuple[str, str], list[float]] = {}
        for (payer, payee, stream), amount in self.sums.items():
            of_entry = owner_of(stream).partition(".")[0] in entries
            given_back = payer == ISSUER and word_of(stream) == DILUTION  # a loss of the pool, which nobody is paid for
            if of_entry or given_back or payer == OBLIGORS or stream not in self.principal:
                continue
            position = self._position(payer, word_of(stream))
            for place, party in enumerate((payer, payee)):
                if party != ISSUER:
                    found.setdefault((party, position), [0.0, 0.0])[place] += amount
        return found

    def _position(self, payer: str, word: str) -> str:
        """What a contract that pays a word is; of swaps, recoveries come back along the chain, and to holders at its end."""
        if word == "recovery" and self.deal.swap is not None:
            return RETURNED if payer == ISSUER else "protection"
        return CONTRACT.get(word, word)


def _loans(run: Run, contracts: dict[tuple[str, str], list[float]]) -> Iterator[Row]:
    """Who keeps the loans, and what protection paid for them; who lent more on loans that were sold."""
    told = run.sub_pool_flows
    lent = told["drawn"] + (told["opening"] - told["taken_back"]).where(told["reference"], 0.0)
    repaid = (told["repaid"] + told["kept"]).where(told["reference"], 0.0)
    sums = told[["party", "reference"]].assign(lent=lent, repaid=repaid).groupby(["party", "reference"], sort=False).sum()
    for (party, reference), given, received in zip(sums.index, sums["lent"].tolist(), sums["repaid"].tolist(), strict=True):
        own = [key for key in contracts if key[0] == party and (key[1] == "protection" or party in run.deal.pools)]
        paid = [contracts.pop(key) for key in own if reference]
        if reference or given:
            sides = (given + sum(out for out, _ in paid), received + sum(back for _, back in paid))
            yield str(party), OWN_LOANS if reference else DRAWN, *_both(*sides)


def _tranches(run: Run) -> Iterator[Row]:
    """Holders: the size and what was capitalised, against the principal paid."""
    behind = parties_behind(run.deal)
    for name, tranche in run.deal.tranches.items():
        own = run.tranches[run.tranches["tranche"] == name]
        given = run.flows.parameter(f"{name}.size") + float(own["capitalised"].sum())
        yield behind.get(tranche.holder, tranche.holder), name, *_both(given, float(own["principal_paid"].sum()))


def _facilities(run: Run, streams: _Streams) -> Iterator[Row]:
    behind = parties_behind(run.deal)
    for name in run.deal.facilities:
        yield behind[name], name, *_both(streams.amount(f"{name}.draw"), streams.amount(f"{name}.principal"))


def _income(run: Run, streams: _Streams) -> Row:
    """Income that came in, loans bought below their balance included; what of it was paid, discounted at the issue, capitalised,
    or is left in accounts."""
    told, sums = run.sub_pool_flows, streams.sums
    owned = told[~told["reference"]]
    prices = {f"{name}.purchase" for name in owned["group"]}
    below = float((owned["opening"] + owned["bought"]).sum()) - sum(v for (_, _, stream), v in sums.items() if stream in prices)
    discount = sum(run.flows.parameter(f"{name}.size") * (1.0 - each.issue_price) for name, each in run.deal.tranches.items())
    last = run.accounts["payment_date"] == run.accounts["payment_date"].max()
    left = float(run.accounts.loc[last, "closing"].sum()) + float(run.tranches["capitalised"].sum())
    return ISSUER, INCOME, *_both(streams.income(1) + below, streams.income(0) + discount + left)


def losses_by_sub_pool(run: Run) -> pd.DataFrame:
    """group, party, position, loss: the loss of each sub-pool, divided among those who bear it.

    What a party bears of loans that it keeps, lent more on or makes good is of its own sub-pool; where it has several, in
    proportion of what they lost, were lent or were diluted by. What is borne in common (tranches, guarantees, income) is divided
    in proportion of what each sub-pool leaves to it.
    """
    told, borne = run.sub_pool_flows, run.losses_by_party
    lost = told["loss"].to_numpy()
    own = np.zeros((len(borne), len(told)))
    shown = np.ones(own.shape, dtype=bool)
    direct = borne["position"].isin(DIRECT).to_numpy() & borne["party"].isin(told["party"]).to_numpy()
    for row in np.flatnonzero(direct):
        position = borne["position"].iloc[row]
        shown[row] = (told["party"] == borne["party"].iloc[row]) & (told["reference"] == (position == OWN_LOANS))
        own[row] = borne["loss"].iloc[row] * shares(told[DIRECT[position]].to_numpy() * shown[row], shown[row])
    own[~direct] = np.outer(borne.loc[~direct, "loss"], shares(lost - own.sum(axis=0)))
    group, bearer = np.nonzero(shown.T)
    frame = borne.iloc[bearer][["party", "position"]].reset_index(drop=True).assign(loss=own[bearer, group])
    frame.insert(0, "group", told["group"].to_numpy()[group])
    return frame


def shown_losses(run: Run) -> pd.DataFrame:
    """`losses_by_party` as tables and pictures show it: a large family as one; who bears nothing only among the tranches."""
    large = large_families(run.deal)
    frame = run.losses_by_party
    frame = frame.assign(party=frame["party"].replace(large))
    frame.loc[frame["position"] == INCOME, ["given", "received"]] = np.nan
    columns = ["given", "received", "loss", "share"]
    frame = frame.groupby(["party", "position"], sort=False)[columns].sum(min_count=1).reset_index()
    return frame[frame["position"].isin(run.deal.tranches) | (frame["loss"].abs() >= HALF)].reset_index(drop=True)
