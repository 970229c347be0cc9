"""What each sub-pool brought in, repaid and lost: the loss that docs/parties.md divides among those who bear it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.analytics.run import Run
from clo.analytics.streams import DILUTION, word_of
from clo.pool.flows import Flow
from clo.tape.accumulate import hashed
from clo.tape.batches import AnyLoans, batches
from clo.tape.loans import Loans
from clo.waterfall.cash import ISSUER, maker
from clo.waterfall.deal_pool import BOUGHT

BORROWED = (Flow.scheduled_principal, Flow.prepayment, Flow.recovery)
"""What borrowers repay of what they owe."""
NOTHING = 1e-9
"""What a sum may be of the amounts in it and count as 0: they cancel."""
Floats = NDArray[np.float64]


LOSSES = ("default", "recovery", "diluted", "servicer_loss", "sale_loss", "outstanding", "loss")
"""loss = `credit_loss` + diluted (credited to debtors) + servicer_loss (principal that borrowers paid and the servicer lost)
+ sale_loss (balance sold, less its price) + outstanding (the issuer's loans that are left after the last collection)."""


def sub_pool_flows(run: Run) -> pd.DataFrame:
    """One row a sub-pool over the life of the deal, what was bought for it included: group, party (who keeps the loans, or sold
    them), reference, opening, bought, drawn (at default), taken_back (repurchased less substituted), repaid (principal and
    recoveries that arrived), kept (outstanding with its maker at the end, of a reference pool), then LOSSES.
    """
    pool, deal = run.deal_pool, run.deal
    total = pool.flows.amounts[..., 0].sum(axis=2)  # [column, group]
    repaid = np.asarray(sum(pool.flows.received(flow)[..., 0].sum(axis=1) for flow in BORROWED))
    taken = pool.flows.received(Flow.repurchase) - pool.flows.received(Flow.substitution)
    frame = pd.DataFrame(
        {
            "group": [name.removesuffix(BOUGHT) for name in pool.flows.groups],
            "opening": pool.flows.amounts[Flow.opening, :, 0, 0],
            "bought": pool.bought.sum(axis=1),
            "drawn": total[Flow.drawing],
            "taken_back": total[Flow.repurchase] - total[Flow.substitution],
            "taken_for": taken[..., 0].sum(axis=1),
            "repaid": repaid,
            "sold": pool.sold.sum(axis=1),
            "end": pool.flows.amounts[Flow.closing, :, -1, 0],
            "default": total[Flow.default],
            "recovery": total[Flow.recovery],
            "servicer_loss": sum(total[flow] for flow in BORROWED) - repaid,
        }
    )
    frame = frame.groupby("group", sort=False).sum().reset_index()
    reference = np.array([deal.pools[name].reference for name in frame["group"]])
    frame.insert(1, "party", [maker(deal, name) if deal.pools[name].reference else deal.seller(name) for name in frame["group"]])
    frame.insert(2, "reference", reference)
    frame["servicer_loss"] += np.where(reference, 0.0, frame["taken_back"] - frame.pop("taken_for"))
    _end(run, frame)
    frame["diluted"] = _diluted(run, frame)
    kept = [*("group", "party", "reference", "opening", "bought", "drawn", "taken_back", "repaid", "kept"), *LOSSES[:-1]]
    return frame[kept].assign(loss=credit_loss(frame) + frame[list(LOSSES[2:-1])].sum(axis=1))


def credit_loss(flows: pd.DataFrame) -> pd.Series[float]:
    """Default less recovery, row by row."""
    return flows["default"] - flows["recovery"]


def _end(run: Run, frame: pd.DataFrame) -> None:
    """What is left at the end is the maker's, the issuer's, or of who bought the pool, against the price of the sale."""
    late = [_bought_late(run, name, told) for name, told in zip(frame["group"], frame["bought"].tolist(), strict=True)]
    frame["bought"] += late
    end = frame.pop("end") + late
    gone = "pool.held" in run.flows.program.symbols.slots and bool(run.flows.value("pool.held")[-1] == 0.0)
    sold = frame.pop("sold") + (end if gone else 0.0)
    price = float(run.parties.loc[run.parties["stream"] == "pool.sale", "amount"].sum())
    frame["sale_loss"] = sold - price * shares(sold.to_numpy())
    frame["kept"] = end.where(frame["reference"], 0.0)
    frame["outstanding"] = end.where(~frame["reference"], 0.0) * (not gone)


def _bought_late(run: Run, name: str, told: float) -> float:
    """What was bought after the last collection month, of which the pool's columns do not tell."""
    bought = name in run.flows.program.purchases
    return float(run.flows.value(f"{name}{BOUGHT}").sum()) - told if bought else 0.0


def _diluted(run: Run, frame: pd.DataFrame) -> Floats:
    """What the issuer gave back to debtors, of the sub-pools that `NAME_dilution` tells of, else in proportion of all."""
    word = {stream: word_of(stream) for stream in run.parties["stream"].unique()}
    given = run.parties.loc[(run.parties["payer"] == ISSUER) & (run.parties["stream"].map(word) == DILUTION), "amount"]
    names = [f"{name}_{DILUTION}" for name in frame["group"]]
    known = [float(run.flows.value(name).sum()) if name in run.flows.program.symbols.values else 0.0 for name in names]
    return float(given.sum()) * shares(np.asarray(known if any(known) else frame["opening"], dtype=np.float64))


def shares(amounts: Floats, where: NDArray[np.bool_] | None = None) -> Floats:
    """In proportion of the amounts; in equal parts, of those where it says so, if they come to nothing."""
    total, chosen = float(amounts.sum()), np.ones(len(amounts), dtype=bool) if where is None else where
    if abs(total) > NOTHING * float(np.abs(amounts).sum()):
        return np.asarray(amounts / total)
    return np.asarray(chosen / max(int(chosen.sum()), 1))


def sub_pools(run: Run, told: pd.DataFrame) -> pd.DataFrame:
    """One row a sub-pool: group, party (who keeps the loans, or sold them), institutions (originators of its loans), loans,
    obligors, opening, LOSSES, loss_ratio (of opening). told: `sub_pool_flows`.
    """
    frame = told[["group", "party"]].copy()
    counted = [_counted(run.pools[name]) for name in frame["group"]]
    frame[["institutions", "loans", "obligors"]] = np.array(counted, dtype=np.int64)
    frame = frame.join(told[["opening", *LOSSES]])
    return frame.assign(loss_ratio=frame["loss"] / frame["opening"].where(frame["opening"] > 0.0))


def _counted(pool: AnyLoans) -> tuple[int, int, int]:
    """Originators, loans and borrowers, in one pass over the tape."""
    named = ("originator_id", "obligor_id")
    read = pool if isinstance(pool, Loans) else pool.only([name for name in named if name in pool.columns])
    originators: set[str] = set()
    obligors = [np.zeros(0, dtype=np.uint64)]
    for part in batches(read):
        obligors.append(hashed(part.frame["obligor_id"]))
        if "originator_id" in part.frame.columns:
            originators |= set(part.frame["originator_id"].dropna().unique())
    return len(originators), len(pool), len(np.unique(np.concatenate(obligors)))
