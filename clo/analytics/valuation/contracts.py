"""What the contracts of a deal are worth in a run: the premiums of each swap or guarantee against what it pays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from clo.analytics.run import Run
from clo.analytics.streams import legs
from clo.analytics.valuation.codes import problem, refuse
from clo.analytics.valuation.discounting import DiscountCurve
from clo.deal.terms import Deal
from clo.findings import Finding, nearest
from clo.waterfall.cash import ISSUER, OBLIGORS

COLUMNS = ["buyer", "seller", "premium_leg", "claims", "returned_claims", "protection_leg", "value", "fair_multiple", "rate",
           "fair_premium"]  # fmt: skip
LEGS = ("premium", "claims", "returned")
SUMS = ("premium_leg", "claims", "returned_claims")
NEAR = 1e-9
"""What weights may miss 1 by: they are written with few digits."""


@dataclass(frozen=True, slots=True, eq=False)
class ContractValue:
    """A contract of one run, worth on the valuation date, in the deal's currency, to who buys protection.

    premium_leg: what the seller of protection is paid for it; claims: what it pays; returned_claims: what comes back of that.
    rate: the contract's, a year; NaN where the deal states none, or several. flows: payment_date, premium, claims, returned,
    factor (the discount factor), one row a date.
    """

    buyer: str
    seller: str
    premium_leg: float
    claims: float
    returned_claims: float
    rate: float
    flows: pd.DataFrame = field(repr=False)

    @property
    def protection_leg(self) -> float:
        """Claims less what is returned of them."""
        return self.claims - self.returned_claims

    @property
    def value(self) -> float:
        """Protection leg less premium leg."""
        return self.protection_leg - self.premium_leg

    @property
    def fair_multiple(self) -> float:
        """Of the contractual rate, at which the legs are equal: premiums are in proportion to it. NaN without premiums."""
        return self.protection_leg / self.premium_leg if self.premium_leg else np.nan

    @property
    def fair_premium(self) -> float:
        """The rate a year at which the legs are equal, on what the contract's own premium is charged on."""
        return self.fair_multiple * self.rate


def value_contract(
    run: Run,
    buyer: str,
    seller: str,
    *,
    discount: DiscountCurve | float,
    premium: Sequence[str] = (),
    protection: Sequence[str] = (),
) -> ContractValue:
    """What protection that `buyer` has of `seller` is worth in a run: its payments as `run.parties` tells them, discounted.

    discount: a curve, whose date is the valuation date and before which payments are left out; or one annual rate, from the
    closing date. premium, protection: names of the streams of each leg, where a deal has contracts of its own making; without
    them the words of docs/valuation.md. Raises ValuationError for a party or stream that is not there.
    """
    told = _contract_streams(run)
    if premium or protection:
        told = _chosen(run, buyer, seller, premium, protection)
    own = told[(told["buyer"] == buyer) & (told["seller"] == seller)]
    if own.empty:
        refuse(_unknown(buyer, seller, told))
    return _valued(run.deal, own, _curve(run.deal, discount))


def contract_values(run: Run, *, discount: DiscountCurve | float) -> pd.DataFrame:
    """Every contract of a run, as `value_contract` has it, one row each. Raises ValuationError where the deal has none.

    buyer, seller, premium_leg, claims, returned_claims, protection_leg, value, fair_multiple, rate, fair_premium.
    """
    found = _values(run, discount)
    if found.empty:
        refuse([_without_contracts(run)])
    return found


def _values(run: Run, discount: DiscountCurve | float) -> pd.DataFrame:
    """As `contract_values`, without a row where there is no contract."""
    told, curve = _contract_streams(run), _curve(run.deal, discount)
    if told.empty:
        return pd.DataFrame(columns=COLUMNS)
    worth = np.where(told["payment_date"] >= curve.date, told["amount"] * curve.at(told["payment_date"].to_numpy()), 0.0)
    sums = told.assign(worth=worth).groupby(["buyer", "seller", "leg"], sort=False)["worth"].sum()
    found = sums.unstack(fill_value=0, sort=False).reindex(columns=list(LEGS), fill_value=0.0)
    rates = [_rate(run.deal, *map(str, pair)) for pair in found.index]
    return _priced(found.set_axis(list(SUMS), axis=1), rates)


def value_contracts(runs: Mapping[str, Run], *, weights: Mapping[str, float], discount: DiscountCurve | float) -> pd.DataFrame:
    """The columns of `contract_values`, in expectation over runs by name, with the weight of each, which sum to 1.

    The fair multiple is that of the expected legs, not the mean of those of the runs. Raises ValuationError with all that is
    wrong with the weights.
    """
    refuse(weight_problems(list(runs), weights))
    frames = [_values(run, discount).set_index(["buyer", "seller"]) for run in runs.values()]
    if all(frame.empty for frame in frames):
        refuse([_without_contracts(run) for run in runs.values()])
    pairs = pd.MultiIndex.from_tuples(list(dict.fromkeys(pair for frame in frames for pair in frame.index)))
    given = np.array([weights[name] for name in runs])
    parts = [frame[list(SUMS)].reindex(pairs, fill_value=0.0).to_numpy(dtype=np.float64) for frame in frames]
    rates = pd.concat([frame["rate"] for frame in frames if len(frame)])
    stated = rates[~rates.index.duplicated()].reindex(pairs)
    return _priced(pd.DataFrame(np.tensordot(given, parts, axes=1), index=pairs, columns=list(SUMS)), stated.tolist())


def _priced(legs_of: pd.DataFrame, rates: Sequence[float]) -> pd.DataFrame:
    """The table of contracts [buyer, seller], of what their payments are worth: premium_leg, claims, returned_claims."""
    found = legs_of.assign(protection_leg=legs_of["claims"] - legs_of["returned_claims"], rate=rates)
    found["value"] = found["protection_leg"] - found["premium_leg"]
    found["fair_multiple"] = found["protection_leg"] / found["premium_leg"].where(found["premium_leg"] != 0.0)
    found["fair_premium"] = found["fair_multiple"] * found["rate"]
    return found.rename_axis(["buyer", "seller"]).reset_index()[COLUMNS]


def _curve(deal: Deal, discount: DiscountCurve | float) -> DiscountCurve:
    return discount if isinstance(discount, DiscountCurve) else DiscountCurve.flat(deal.dates.closing, discount)


def _contract_streams(run: Run) -> pd.DataFrame:
    """payment_date, buyer, seller, leg, amount: what parties pay each other under contracts of protection."""
    frame = run.parties
    leg = frame["stream"].map(legs(run.deal, frame["stream"]))
    # what the issuer of notes on a swap passes back to their holders is no part of a contract
    passed_back = (frame["payer"] == ISSUER) & frame["stream"].str.endswith(".recovery") & (run.deal.swap is not None)
    told = frame.assign(leg=leg)[leg.notna() & (frame["payer"] != OBLIGORS) & ~passed_back]
    claimed = told["leg"] == "claims"
    buyer = told["payee"].where(claimed, told["payer"])
    seller = told["payer"].where(claimed, told["payee"])
    # whoever pays a guarantor's first fee, the issuer is protected
    buyer = buyer.mask(told["stream"].str.endswith(".guarantee_fee"), ISSUER)
    told = told.assign(buyer=buyer, seller=seller)
    promised = pd.MultiIndex.from_frame(told.loc[told["leg"] != "returned", ["buyer", "seller"]])
    return told[pd.MultiIndex.from_frame(told[["buyer", "seller"]]).isin(promised)]


def _chosen(run: Run, buyer: str, seller: str, premium: Sequence[str], protection: Sequence[str]) -> pd.DataFrame:
    """The streams that are named, between the two."""
    frame = run.parties
    between = frame["payer"].isin((buyer, seller)) & frame["payee"].isin((buyer, seller))
    refuse(_unpaid(frame[between], [*premium, *protection], buyer, seller))
    told = frame[between & frame["stream"].isin([*premium, *protection])]
    back = np.where(told["payer"] == seller, "claims", "returned")
    return told.assign(leg=np.where(told["stream"].isin(premium), "premium", back), buyer=buyer, seller=seller)


def _valued(deal: Deal, own: pd.DataFrame, curve: DiscountCurve) -> ContractValue:
    """The streams of one contract, discounted."""
    buyer, seller = str(own["buyer"].iloc[0]), str(own["seller"].iloc[0])
    flows = own.groupby(["payment_date", "leg"])["amount"].sum().unstack(fill_value=0)
    flows = flows.reindex(columns=list(LEGS), fill_value=0.0).rename_axis(columns=None).reset_index()
    flows = flows[flows["payment_date"].to_numpy() >= curve.date].reset_index(drop=True)
    factors = curve.at(flows["payment_date"].to_numpy())
    premium, claims, returned = (float(flows[leg].to_numpy() @ factors) for leg in LEGS)
    return ContractValue(buyer, seller, premium, claims, returned, _rate(deal, buyer, seller), flows.assign(factor=factors))


def _rate(deal: Deal, buyer: str, seller: str) -> float:
    """The one rate that the deal states for what a seller of protection is paid; NaN where there is none, or more than one."""
    stated = []
    if deal.swap is not None:
        leg = deal.swap.premium.corporation if seller == ISSUER else deal.swap.premium.institutions
        stated += [leg.rate] if leg is not None and (seller == ISSUER or buyer in deal.pools) else []
    if buyer == ISSUER:
        guarantees = [*([] if deal.guarantee is None else [deal.guarantee]), *deal.tranche_guarantees.values()]
        stated += [terms.fee for terms in guarantees if terms.guarantor == seller]
    return float(stated[0]) if len(set(stated)) == 1 else np.nan


def _without_contracts(run: Run) -> Finding:
    return problem("E-V024", "nobody is paid a premium or protection in this run", who=run.deal.name)


def _unknown(buyer: str, seller: str, told: pd.DataFrame) -> Iterator[Finding]:
    """Who is not there, or that the two have no contract with each other."""
    named = {"buyer": buyer, "seller": seller}
    wrong = {side: name for side, name in named.items() if name not in set(told[side])}
    for side, name in wrong.items():
        known = list(dict.fromkeys(told[side]))
        close = nearest(name, known)
        fix = f"did you mean {close!r}?" if close else f"there are {', '.join(known[:6])}" if known else ""
        bought = "buys" if side == "buyer" else "sells"
        yield problem("E-V020", f"{name!r} {bought} no protection in this run", field=side, value=name, fix=fix)
    if not wrong:
        sellers = ", ".join(dict.fromkeys(told.loc[told["buyer"] == buyer, "seller"]))
        yield problem("E-V020", f"{buyer!r} buys no protection of {seller!r}", value=seller, fix=f"it does of {sellers}")


def _unpaid(frame: pd.DataFrame, streams: Sequence[str], buyer: str, seller: str) -> Iterator[Finding]:
    known = list(dict.fromkeys(frame["stream"]))
    for stream in streams:
        if stream not in known:
            close = nearest(stream, known)
            fix = f"did you mean {close!r}?" if close else f"there are {', '.join(known[:6])}" if known else ""
            yield problem("E-V021", f"{buyer!r} and {seller!r} pay each other no {stream!r}", value=stream, fix=fix)


def weight_problems(runs: Sequence[str], weights: Mapping[str, float]) -> Iterator[Finding]:
    """Runs without a weight, weights without a run, and weights that are none or do not sum to 1."""
    for name in [name for name in runs if name not in weights]:
        yield problem("E-V023", f"scenario {name!r} has no weight", field="weights", value=name)
    for name in [name for name in weights if name not in runs]:
        close = nearest(name, runs)
        fix = f"did you mean {close!r}?" if close else f"there are {', '.join(runs)}"
        yield problem("E-V023", f"{name!r} has a weight and was not run", field="weights", value=name, fix=fix)
    total = float(sum(weights.values()))
    low = min(weights.values(), default=0.0)
    if not (abs(total - 1.0) <= NEAR and low >= 0.0):
        said = f"a weight is {low:g}" if low < 0.0 else f"they sum to {total:.6g}"
        yield problem("E-V022", said, field="weights", value=f"{low if low < 0.0 else total:g}")
