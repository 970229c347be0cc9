"""What the swap of each institution comes to on a payment date, in the language: events on their way, the deductible, what is
passed on, what is covered. Only what the terms of the deal ask for is computed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from clo.deal.swaps import CreditSwap, Kind, Premium
from clo.deal.terms import Deal, Let
from clo.deal.vocabulary import lagged

SUMS = {
    "passed": "passed_on",
    "returned": "recoveries_returned",
    "reference": "reference_balance",
    "cover": "covered",
    "protected": "still_protected",
}
"""What is added up over the institutions, and what the sums are called."""
SHARE, FIRST = "deductible_share", "first_date"


def protection(deal: Deal, swap: CreditSwap) -> Iterator[Let]:
    """What each swap comes to, one institution after the other, and the sums over them."""
    yield Let(values=_of_all(deal, swap))
    wanted = ("passed", "protected", swap.premium.corporation.on, swap.later_recoveries)
    summed = [word for word in SUMS if word in wanted]
    before = ""
    for name in deal.pools:
        yield Let(values=_of_institution(deal, swap, name) | _running(name, before, summed))
        before = name
    yield Let(values={SUMS[word]: f"{before}_{word}_sum" for word in summed})


def premium(terms: Premium, balance: str, fraction: str) -> str:
    """What is due in advance for a period of this fraction of a year, on a balance."""
    return f"{terms.rate:.12g} * {balance} * {fraction}"


def deductible(deal: Deal, swap: CreditSwap, name: str) -> str:
    """What the deductible of an institution starts with."""
    terms = swap.deductible
    if terms.amounts is not None:
        return f"{terms.amounts[name]:.0f}"
    if terms.share == "rest":
        return f"{name}.initial * {_rest(deal)}"
    return f"{terms.share:.12g} * {name}.initial"


def _rest(deal: Deal) -> str:
    """What the notes leave of the pool, as a share of it."""
    return f"(pool.initial - ({' + '.join(f'{note}.size' for note in deal.tranches)})) / pool.initial"


def _of_all(deal: Deal, swap: CreditSwap) -> dict[str, str]:
    """What is the same for every institution, computed once."""
    values = {FIRST: "payment.number == 1"}
    return values | {SHARE: _rest(deal)} if swap.deductible.share == "rest" else values


def _of_institution(deal: Deal, swap: CreditSwap, name: str) -> dict[str, str]:
    kinds = swap.kinds(deal.default_mix)
    at_once = tuple(Kind(share, 0) for share in (sum(kind.share for kind in kinds),))
    own = _Values(name)
    outstanding = f"{name}.balance"
    confirmed = _flow(kinds, name, swap.determination)
    if confirmed != _flow(at_once, name, 0):
        confirmed = own.add("confirmed", confirmed)
        pending = own.add("pending", f"max(0, previous({name}_pending) + {_flow(at_once, name, 0)} - {confirmed})")
        outstanding = f"{name}.balance + {pending}"
    reference = own.add("reference", outstanding)
    settled, waiting = confirmed, reference
    if swap.settlement:
        settled = own.add("settled", _flow(kinds, name, swap.determination + swap.settlement))
        unsettled = own.add("unsettled", f"max(0, previous({name}_unsettled) + {confirmed} - {settled})")
        waiting = f"{reference} + {unsettled}"
    loss = own.add("loss", _loss(swap, kinds, name, settled))
    unused = _deductible_of(deal, swap, own, loss)
    if swap.later_recoveries == "returned":
        _returned(swap, kinds, own, settled)
    if "cover" in (swap.premium.corporation.on, None if swap.premium.institutions is None else swap.premium.institutions.on):
        own.add("cover", f"max(0, {reference} - {unused})")
    own.add("protected", f"max(0, {waiting} - {unused})")
    return own.values


def _deductible_of(deal: Deal, swap: CreditSwap, own: _Values, loss: str) -> str:
    """The deductible before and after the loss of the date, and what of the loss it does not bear. Returns what is unused."""
    name, falls = own.name, ""
    start = f"{name}.initial * {SHARE}" if swap.deductible.share == "rest" else deductible(deal, swap, name)
    if swap.deductible.falls:
        opening = own.add("before", f"if({FIRST}, {name}.initial, previous({name}_reference))")
        repaid = f"({name}.scheduled_principal + {name}.prepayment)"
        falls = f" * if({opening} > 0, max(0, 1 - {repaid} / {opening}), 0)"
    opened = own.add("open", f"if({FIRST}, {start}, previous({name}_unused)){falls}")
    left = own.add("left", f"{opened} - {loss}")
    unused = own.add("unused", f"max(0, {left})")
    own.add("passed", f"{unused} - {left}")
    return unused


def _loss(swap: CreditSwap, kinds: Sequence[Kind], name: str, settled: str) -> str:
    """What is settled less what is recovered of it by then, in fact or as fixed beforehand."""
    if isinstance(swap.recovery, float):
        return _times(1.0 - swap.recovery, settled)
    return f"max(0, {settled} - ({_recovered('recovered_by', swap, kinds, name)}))"


def _returned(swap: CreditSwap, kinds: Sequence[Kind], own: _Values, settled: str) -> None:
    """Recoveries beyond those of settlement, back to who bore the last of the loss: as far as it was passed on."""
    name = own.name
    later = _recovered("recovered_after", swap, kinds, name)
    if isinstance(swap.recovery, float):
        back = own.add("recovered", f"{_recovered('recovered_by', swap, kinds, name)} + {later}")
        fixed = _times(swap.recovery, f"cumulative({settled})") if swap.recovery else "0"
        if settled == f"{name}.default":
            fixed = _times(swap.recovery, f"{name}.cumulative_default")
        beyond = f"cumulative({back}) - {fixed}"
        later = f"max(0, {beyond} - previous({name}_later_total))"
    later = own.add("later", later)
    own.add("later_total", f"previous({name}_later_total) + {later}")
    open_loss = f"cumulative({name}_passed) - previous({name}_returned_total)"
    returned = own.add("returned", f"min({later}, {open_loss})")
    own.add("returned_total", f"previous({name}_returned_total) + {returned}")


def _recovered(function: str, swap: CreditSwap, kinds: Sequence[Kind], name: str) -> str:
    """What has come back of events by settlement, or comes back after it."""
    months = swap.determination + swap.settlement
    return " + ".join(_times(kind.share, f"{function}({name}.default, {kind.grace + months})") for kind in kinds)


class _Values:
    """The values of one institution, each named after it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.values: dict[str, str] = {}

    def add(self, word: str, text: str) -> str:
        self.values[f"{self.name}_{word}"] = text
        return f"{self.name}_{word}"


def _flow(kinds: Sequence[Kind], name: str, months: int) -> str:
    """Defaults that are credit events, so many months after grace."""
    return " + ".join(_times(kind.share, lagged(f"{name}.default", kind.grace + months)) for kind in kinds)


def _times(share: float, amount: str) -> str:
    if share == 1.0:
        return amount
    return f"{share:.12g} * ({amount})" if " + " in amount else f"{share:.12g} * {amount}"


def _running(name: str, before: str, summed: Sequence[str]) -> dict[str, str]:
    """Sums up to and including an institution: an expression that added all of them would be too deep."""
    earlier = {word: f"{before}_{word}_sum + " if before else "" for word in summed}
    return {f"{name}_{word}_sum": f"{earlier[word]}{name}_{word}" for word in summed}
