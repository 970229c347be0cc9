"""Receivables bought of suppliers (売掛金債権証券化等): a loan up to the borrowing base, the rest of the price deferred.

Source: JFC's business guide of 2016 (a loan to the special purpose company that buys suppliers' receivables, guaranteed or made
by the corporation); borrowing base, dilution and triggers as docs/receivables.md says them.
"""

from __future__ import annotations

from collections.abc import Iterator

from clo.deal.receivables import Ratio, Receivables, Stops
from clo.deal.structures.cash import COLLECTIONS
from clo.deal.structures.receivables_checks import receivables_findings
from clo.deal.terms import COLLECTED, Buy, Collect, Deal, Let, Pay, Schedule, Settle, Step, Test, Trigger
from clo.deal.vocabulary import added
from clo.findings import DealError

DEBTORS = "debtors"
"""Who is credited what is returned or disputed: those who owe the receivables."""
STOP, SHARE = "stop_", "_dilution_share"
"""What is added to the names of what stops purchases: of its trigger; and to a sub-pool's: of its schedule of dilution."""


def receivables_bought(deal: Deal) -> Deal:
    """Receivables bought of sellers at a price, of which loans fund the advance rate and the rest is deferred: the last tranche.

    A payment date: collections; dilution, which the seller makes good unless it has defaulted; fees and interest of loans;
    triggers; while revolving, as much principal as leaves the loans covered once the rest of the cash has bought receivables,
    and purchases; after it, principal; what is left to the sellers. Raises DealError with everything the terms miss.
    """
    stops = stop_triggers(deal)
    findings = receivables_findings(deal, [STOP + name for name in Stops.model_fields])
    if findings:
        raise DealError(findings)
    terms = deal.receivables
    assert terms is not None  # a missing one is a finding
    loans = tuple(deal.tranches)[:-1]
    balances = added([f"{name}.balance" for name in loans])
    steps: list[Step] = [Collect(columns=COLLECTED, to=COLLECTIONS), Let(values=_of_sellers(deal, terms))]
    for name in _diluted(deal, terms):
        seller, amount = deal.seller(name), f"{name}_dilution"
        steps.append(Settle(source=COLLECTIONS, to=DEBTORS, amount=amount, paid_as="dilution"))
        able = f"not {seller}_defaulted"
        steps.append(Settle(source=seller, to=COLLECTIONS, amount=amount, paid_as="deemed_collection", condition=able))
    if deal.fees:
        steps.append(Pay(kind="fee", names=tuple(deal.fees), sources=(COLLECTIONS,)))
    steps += [Pay(kind="interest", names=(name,), sources=(COLLECTIONS,)) for name in loans]
    steps.append(Let(values=_base(deal, terms, balances)))
    if stops:
        steps.append(Test(triggers=tuple(stops)))
    stopped = " or ".join(stops)
    if terms.revolving is not None:
        steps += _revolving(deal, terms, balances, stopped)
    steps += _amortising(deal, terms, balances, stopped)
    schedules = _schedules(deal, terms)
    own = {name + SHARE for name in deal.pools}
    changed = {
        "waterfall": tuple(steps),
        "triggers": stops,
        "schedules": {name: said for name, said in deal.schedules.items() if name not in own} | schedules,
        "derived": deal.derived | {f"schedules.{name}": "receivables.dilution" for name in schedules},
        "backing": "pool.initial" if terms.price == 1.0 else f"{terms.price:.12g} * pool.initial",
    }
    return deal.model_copy(update=changed)


# ---- dilution, and what stops purchases ---------------------------------------------------------------------------------


def _diluted(deal: Deal, terms: Receivables) -> list[str]:
    return [name for name in deal.pools if any(terms.dilution_of(name))]


def _schedules(deal: Deal, terms: Receivables) -> dict[str, Schedule]:
    """Shares of dilution that change from payment to payment."""
    lists = {name: terms.dilution_of(name) for name in deal.pools}
    return {name + SHARE: Schedule(payments=shares) for name, shares in lists.items() if len(shares) > 1}


def _share(terms: Receivables, name: str) -> str:
    """The share of what falls due in a sub-pool that is dilution."""
    shares = terms.dilution_of(name)
    return f"schedule.{name}{SHARE}" if len(shares) > 1 else f"{shares[0]:.12g}"


def _of_sellers(deal: Deal, terms: Receivables) -> dict[str, str]:
    """Which sellers have defaulted, what of each sub-pool is diluted, and the ratios of the pool."""
    values = {f"{seller}_defaulted": f"{seller}.rating == 'D'" for seller in dict.fromkeys(map(deal.seller, deal.pools))}
    diluted = _diluted(deal, terms)
    values |= {f"{name}_dilution": f"{_share(terms, name)} * {name}.scheduled_principal" for name in diluted}
    stops = terms.stops
    if diluted:
        values["dilution"] = added([f"{name}_dilution" for name in diluted])
    if stops.default_ratio is not None:
        values["default_ratio"] = _ratio("pool.default", "pool.opening", stops.default_ratio)
    if stops.dilution_ratio is not None:
        values["dilution_ratio"] = _ratio("dilution", "pool.scheduled_principal", stops.dilution_ratio)
    return values


def _ratio(part: str, whole: str, ratio: Ratio) -> str:
    above, below = (f"rolling_sum({name}, {ratio.payments})" for name in (part, whole))
    return f"if({below} > 0, {above} / {below}, 0)"


def stop_triggers(deal: Deal) -> dict[str, Trigger]:
    """Triggers that the structure writes: each ends the revolving period, for good. None of a deal of another structure."""
    if deal.receivables is None or deal.structure != "receivables":
        return {}
    stops, conditions = deal.receivables.stops, {}
    for name in ("default_ratio", "dilution_ratio"):
        ratio: Ratio | None = getattr(stops, name)
        if ratio is not None:
            conditions[name] = f"{name} > {ratio.above:.12g}"
    if stops.deficiency:
        conditions["deficiency"] = f"deficiency > {_unnoticed(deal)}"
    if stops.seller_default:
        sellers = dict.fromkeys(deal.seller(name) for name in deal.pools)
        conditions["seller_default"] = " or ".join(f"{seller}_defaulted" for seller in sellers)
    return {STOP + name: Trigger(when=when, cure="never") for name, when in conditions.items()}


def _unnoticed(deal: Deal) -> str:
    """What rounding may leave the loans above the borrowing base: a unit by repayment, and one by each purchase."""
    return "pool.initial / 1000000000" if deal.rounding == "none" else str(1 + len(deal.pools))


# ---- what is lent, bought and repaid --------------------------------------------------------------------------------------


def _base(deal: Deal, terms: Receivables, balances: str) -> dict[str, str]:
    """The borrowing base: the advance rate on what is owed, not in arrears, and made good where it is diluted."""
    values = {}
    for name in deal.pools:
        kept = f"max(0, {name}.balance - {name}.arrears)"
        if any(terms.dilution_of(name)):
            kept += f" * if({deal.seller(name)}_defaulted, 1 - {_share(terms, name)}, 1)"
        values[f"{name}_eligible"] = kept
    values["eligible"] = added([f"{name}_eligible" for name in deal.pools])
    values["borrowing_base"] = f"{terms.advance_rate:.12g} * eligible"
    values["deficiency"] = f"max(0, {balances} - borrowing_base - {COLLECTIONS}.balance)"
    return values


def _revolving(deal: Deal, terms: Receivables, balances: str, stopped: str) -> Iterator[Step]:
    """Principal and purchases: each sub-pool up to its balance at the cut-off, in the proportion of what it lacks."""
    assert terms.revolving is not None  # asked by who calls
    before = f"payment.date <= '{terms.revolving.until}'"
    values = {"revolving": f"{before} and not ({stopped})" if stopped else before}
    for name in deal.pools:
        values[f"{name}_gap"] = f"if({deal.seller(name)}_defaulted, 0, max(0, {name}.initial - {name}.balance))"
    values["gap"] = added([f"{name}_gap" for name in deal.pools])
    rate, price = f"{terms.advance_rate:.12g}", f"{terms.price:.12g}"
    over = f"{balances} - borrowing_base"
    with_cash = f"({over} - {rate} * {COLLECTIONS}.balance / {price})"
    with_cash += f" / (1 - {rate} / {price})" if terms.advance_rate < terms.price else ""
    values["repayment"] = f"max(0, {over} - {rate} * gap, {with_cash})"
    yield Let(values=values)
    yield _principal(deal, "repayment", "revolving")
    yield Let(values={"to_spend": f"min({COLLECTIONS}.balance, {price} * gap)"})
    for name in deal.pools:
        amount = f"if(gap > 0, to_spend * {name}_gap / gap, 0)"
        yield Buy(pool=name, source=COLLECTIONS, amount=amount, price=terms.price, condition="revolving")


def _amortising(deal: Deal, terms: Receivables, balances: str, stopped: str) -> Iterator[Step]:
    """Principal out of all the cash, or down to the borrowing base; what is left goes to the sellers."""
    let_go, amount = [f"{balances} == 0"], None
    if terms.deferred == "covered":
        ends = f"payment.left == 0 or {stopped}" if stopped else "payment.left == 0"
        yield Let(values={"loans_first": ends})
        amount = f"if(loans_first, {balances}, max(0, {balances} - borrowing_base))"
        let_go.append("not loans_first")
    if terms.revolving is not None:
        let_go.insert(0, "revolving")
    yield _principal(deal, amount, "not revolving" if terms.revolving is not None else None)
    deferred = tuple(deal.tranches)[-1:]
    yield Pay(kind="residual", names=deferred, sources=(COLLECTIONS,), condition=" or ".join(let_go))


def _principal(deal: Deal, amount: str | None, condition: str | None) -> Pay:
    """Of the loans, in order or in proportion."""
    loans = tuple(deal.tranches)[:-1]
    return Pay(kind="principal", names=loans, how=deal.principal, sources=(COLLECTIONS,), amount=amount, condition=condition)
