"""Synthetic deals: loans stay where they are, swaps pass the loss on, notes lie on deposit. The purchase-type of institutions'
loans (買取型シンセティック方式), and the synthetic CBO (自己型) of the corporation's own bonds and loans.

Source: JFC's outline of the scheme; the terms of the swaps as docs/synthetic.md says them.
"""

from __future__ import annotations

from collections.abc import Iterator

from clo.deal.swaps import CreditSwap, Premium
from clo.deal.terms import Deal, Let, Pay, Settle, Step, WriteDown
from clo.findings import DealError, Finding

COLLATERAL, PREMIUMS, CORPORATION = "collateral", "premiums", "corporation"
SUMS = {
    "passed": "passed_on",
    "reference": "reference_balance",
    "cover": "covered",
    "protected": "still_protected",
    "unused": "deductible_left",
}
"""What is added up over the institutions, and what the sums are called."""


def purchase_synthetic(deal: Deal) -> Deal:
    """Each sub-pool is an institution, which buys protection of the corporation above its own deductible; the corporation buys
    the same of the issuer. A payment date: what swaps pass on is paid out of the collateral and written off the notes, junior
    first; premiums of the coming period come in; fees and interest are paid of premiums and what the deposit earned; notes
    redeem down to what is still covered. Raises DealError with everything the terms miss.
    """
    swap = _swap_of(deal, "purchase_synthetic")
    assert swap.premium.institutions is not None  # a missing one is a finding
    back_to_back = [
        *(Settle(source=CORPORATION, to=name, amount=f"{name}_passed", paid_as="protection") for name in deal.pools),
        *(
            Settle(source=name, to=CORPORATION, amount=_premium(swap.premium.institutions, f"{name}_{{}}"), paid_as="premium")
            for name in deal.pools
        ),
    ]
    return _written(deal, swap, back_to_back)


def synthetic_cbo(deal: Deal) -> Deal:
    """The corporation buys protection of the issuer on its own bonds and loans, above what it keeps (the deductible); notes,
    premiums and redemption as in the synthetic purchase-type. Raises DealError with everything the terms miss.
    """
    return _written(deal, _swap_of(deal, "synthetic_cbo"), [])


def _swap_of(deal: Deal, structure: str) -> CreditSwap:
    findings = list(_missing(deal, structure))
    if findings:
        raise DealError(findings)
    assert deal.swap is not None  # a missing one is a finding
    return deal.swap


def _written(deal: Deal, swap: CreditSwap, back_to_back: list[Settle]) -> Deal:
    """The deal with its steps, what is settled at closing, and what backs the notes."""
    notes = tuple(deal.tranches)
    balances = " + ".join(f"{name}.balance" for name in notes)
    steps: list[Step] = list(_of_institutions(deal, swap))
    steps += [
        Settle(source=COLLATERAL, to=CORPORATION, amount="passed_on", paid_as="protection"),
        WriteDown(tranches=tuple(reversed(notes)), amount="passed_on"),
        *back_to_back,
        Settle(
            source=CORPORATION,
            to=PREMIUMS,
            amount=_premium(swap.premium.corporation, "{}").replace("reference", "reference_balance").replace("cover", "covered"),
            paid_as="premium",
        ),
    ]
    if deal.fees:
        steps.append(Pay(kind="fee", names=tuple(deal.fees), sources=(PREMIUMS,)))
    steps += [Pay(kind="interest", names=(name,), sources=(PREMIUMS,)) for name in notes]
    redeemed = f"if(payment.left == 0, {balances}, max(0, {balances} - still_protected))"
    steps.append(Pay(kind="principal", names=notes, how=deal.principal, sources=(COLLATERAL,), amount=redeemed))
    steps += [
        Settle(source=name, to=CORPORATION, amount=f"{name}.balance", paid_as="surplus", condition="payment.left == 0")
        for name in (COLLATERAL, PREMIUMS)
    ]
    changed = {"waterfall": tuple(steps), "closing": tuple(_closing(deal, swap)), "backing": f"{COLLATERAL}.initial"}
    return deal.model_copy(update=changed)


def _premium(premium: Premium, name: str) -> str:
    """What is due for the coming period on a balance of the given kind of name."""
    return f"{premium.rate:.12g} * {name.format(premium.on)} * payment.next_fraction"


def _deductible(deal: Deal, swap: CreditSwap, name: str) -> str:
    """What the deductible of an institution starts with."""
    terms = swap.deductible
    if terms.amounts is not None:
        return f"{terms.amounts[name]:.0f}"
    if terms.share == "rest":
        notes = " + ".join(f"{note}.size" for note in deal.tranches)
        return f"{name}.initial * (pool.initial - ({notes})) / pool.initial"
    return f"{terms.share:.12g} * {name}.initial"


def _of_institutions(deal: Deal, swap: CreditSwap) -> Iterator[Let]:
    """What each swap of an institution comes to, and the sums: passed on, reference balance, covered, deductible left."""
    before = ""
    for name in deal.pools:
        yield Let(values=_of_institution(deal, swap, name) | _running(name, before))
        before = name
    yield Let(values={total: f"{before}_{word}_sum" for word, total in SUMS.items()})


def _of_institution(deal: Deal, swap: CreditSwap, name: str) -> dict[str, str]:
    events, falls = swap.credit_events, ""
    if swap.deductible.falls:
        opening = f"if(payment.number == 1, {name}.initial, previous({name}_reference))"
        repaid = f"({name}.scheduled_principal + {name}.prepayment)"
        falls = f" * if({opening} > 0, max(0, 1 - {repaid} / {opening}), 0)"
    confirmed = _covered(swap, name, swap.determination)
    settled = _covered(swap, name, swap.determination + swap.settlement)
    covered = f"{events.bankruptcy + events.failure_to_pay:.12g} * {name}.default"
    return {
        f"{name}_covered": covered,
        f"{name}_confirmed": confirmed,
        f"{name}_settled": settled,
        f"{name}_loss": f"{1.0 - swap.recovery:.12g} * {name}_settled",
        f"{name}_reference": f"{name}.balance + max(0, cumulative({name}_covered) - cumulative({name}_confirmed))",
        f"{name}_open": f"if(payment.number == 1, {_deductible(deal, swap, name)}, previous({name}_unused)){falls}",
        f"{name}_unused": f"max(0, {name}_open - {name}_loss)",
        f"{name}_passed": f"max(0, {name}_loss - {name}_open)",
        f"{name}_cover": f"max(0, {name}_reference - {name}_unused)",
        f"{name}_protected": (
            f"max(0, {name}_reference + max(0, cumulative({name}_confirmed) - cumulative({name}_settled)) - {name}_unused)"
        ),
    }


def _covered(swap: CreditSwap, name: str, months: int) -> str:
    """Defaults that are credit events, so many months after the event."""
    events = swap.credit_events
    kinds = ((events.bankruptcy, months), (events.failure_to_pay, months + events.grace))
    parts = [f"{share:.12g} * {_lagged(name, lag)}" for share, lag in kinds if share]
    return " + ".join(parts)


def _lagged(name: str, months: int) -> str:
    return f"lagged({name}.default, {months})" if months else f"{name}.default"


def _running(name: str, before: str) -> dict[str, str]:
    """Sums up to and including an institution: an expression that added all of them would be too deep."""
    earlier = {word: f"{before}_{word}_sum + " if before else "" for word in SUMS}
    return {f"{name}_{word}_sum": f"{earlier[word]}{name}_{word}" for word in SUMS}


def _closing(deal: Deal, swap: CreditSwap) -> Iterator[Settle]:
    """The premiums of the first period, which are paid in advance."""
    institutions, corporation = swap.premium.institutions, swap.premium.corporation
    if institutions is not None:
        for name in deal.pools:
            cover = f"max(0, {name}.initial - {_deductible(deal, swap, name)})"
            basis = cover if institutions.on == "cover" else f"{name}.initial"
            amount = f"{institutions.rate:.12g} * {basis} * payment.fraction"
            yield Settle(source=name, to=CORPORATION, amount=amount, paid_as="premium")
    basis = _covered_at_closing(deal, swap) if corporation.on == "cover" else "pool.initial"
    amount = f"{corporation.rate:.12g} * {basis} * payment.fraction"
    yield Settle(source=CORPORATION, to=PREMIUMS, amount=amount, paid_as="premium")


def _covered_at_closing(deal: Deal, swap: CreditSwap) -> str:
    terms = swap.deductible
    if terms.amounts is not None:
        return _added([f"max(0, {name}.initial - {amount:.0f})" for name, amount in terms.amounts.items()])
    if terms.share == "rest":
        return f"min(pool.initial, {' + '.join(f'{name}.size' for name in deal.tranches)})"
    return f"{1.0 - float(terms.share or 0.0):.12g} * pool.initial"


def _added(terms: list[str]) -> str:
    """Their sum, in pairs of pairs: a sum of one after the other would be too deep."""
    half = len(terms) // 2
    return f"({_added(terms[:half])} + {_added(terms[half:])})" if half else terms[0]


def _missing(deal: Deal, structure: str) -> Iterator[Finding]:
    """What the structure needs and the deal does not have."""
    rule = f"structure {structure}: reference pools, notes with coupons, a swap, accounts named collateral and premiums"
    for path, message, fix in (*_swap_troubles(deal, structure), *_entry_troubles(deal)):
        yield deal.origin.finding("E-D060", path, message, fix, rule=rule)


def _swap_troubles(deal: Deal, structure: str) -> Iterator[tuple[str, str, str]]:
    if deal.swap is None:
        yield "swap", "the deal says no swap", "add swap: {deductible: ..., premium: ...}"
        return
    bought = deal.swap.premium.institutions is not None
    if structure == "purchase_synthetic" and not bought:
        yield "swap.premium", "what the institutions pay the corporation is not said", "add institutions: {rate: ...}"
    if structure == "synthetic_cbo" and bought:
        yield "swap.premium.institutions", "no institution buys protection of its own bonds", "remove institutions:"
    if deal.swap.deductible.amounts is not None:
        given, path = deal.swap.deductible.amounts, "swap.deductible.amounts"
        for name in deal.pools.keys() - given.keys():
            yield path, f"no deductible is given for {name!r}", "give one for each institution"
        for name in given.keys() - deal.pools.keys():
            yield f"{path}.{name}", f"{name!r} is no institution of the deal", "name a sub-pool"


def _entry_troubles(deal: Deal) -> Iterator[tuple[str, str, str]]:
    for name, pool in deal.pools.items():
        if not pool.reference:
            yield (
                f"pools.{name}",
                f"{name!r} is no reference pool, and its loans stay with the institution",
                "add reference: true",
            )
    for name in (COLLATERAL, PREMIUMS):
        if name not in deal.accounts:
            yield "accounts", f"no account is named {name!r}", f"add `{name}: {{}}` to accounts"
    for name in deal.accounts:
        if name not in (COLLATERAL, PREMIUMS):
            yield f"accounts.{name}", f"no step of the structure uses account {name!r}", "remove it"
    for name, tranche in deal.tranches.items():
        if tranche.coupon is None:
            yield f"tranches.{name}", f"note {name!r} has no coupon", "add a coupon; the deductible is no note"
