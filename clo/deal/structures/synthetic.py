"""Synthetic deals: loans stay where they are, swaps pass the loss on, notes lie on deposit. The purchase-type of institutions'
loans (買取型シンセティック方式), and the synthetic CBO (自己型) of the corporation's own bonds and loans.

Source: JFC's outline of the scheme; the terms of the swaps as docs/synthetic.md says them.
"""

from __future__ import annotations

from collections.abc import Iterator

from clo.deal.structures.protection import SUMS, deductible, premium, protection
from clo.deal.structures.swap_checks import COLLATERAL, PREMIUMS, swap_findings
from clo.deal.swaps import CreditSwap
from clo.deal.terms import Deal, Let, Pay, Settle, Step, WriteDown, WriteUp
from clo.deal.vocabulary import added
from clo.findings import DealError

CORPORATION, RETURNED = "corporation", "recovery"
LAST = "payment.left == 0"


def purchase_synthetic(deal: Deal) -> Deal:
    """Each sub-pool is an institution, which buys protection of the corporation above its own deductible; the corporation buys
    the same of the issuer. A payment date: what swaps pass on is paid out of the collateral and written off the notes, junior
    first; premiums of the coming period come in; fees and interest are paid of premiums and what the deposit earned; notes
    redeem down to what is still covered. Raises DealError with everything the terms miss.
    """
    swap = _swap_of(deal, "purchase_synthetic")
    leg = swap.premium.institutions
    assert leg is not None  # a missing one is a finding
    back_to_back = [
        *(Settle(source=CORPORATION, to=name, amount=f"{name}_passed", paid_as="protection") for name in deal.pools),
        *(_premium_step(name, CORPORATION, premium(leg, f"{name}_{leg.on}", "payment.next_fraction")) for name in deal.pools),
    ]
    if swap.later_recoveries == "returned":
        back_to_back += [Settle(source=name, to=CORPORATION, amount=f"{name}_returned", paid_as=RETURNED) for name in deal.pools]
    return _written(deal, swap, back_to_back)


def synthetic_cbo(deal: Deal) -> Deal:
    """The corporation buys protection of the issuer on its own bonds and loans, above what it keeps (the deductible); notes,
    premiums and redemption as in the synthetic purchase-type. Raises DealError with everything the terms miss.
    """
    return _written(deal, _swap_of(deal, "synthetic_cbo"), [])


def _swap_of(deal: Deal, structure: str) -> CreditSwap:
    findings = list(swap_findings(deal, structure))
    if findings:
        raise DealError(findings)
    assert deal.swap is not None  # a missing one is a finding
    return deal.swap


def _written(deal: Deal, swap: CreditSwap, back_to_back: list[Settle]) -> Deal:
    """The deal with its steps, what is settled at closing, and what backs the notes."""
    notes, leg = tuple(deal.tranches), swap.premium.corporation
    steps: list[Step] = [
        *protection(deal, swap),
        Settle(source=COLLATERAL, to=CORPORATION, amount=SUMS["passed"], paid_as="protection"),
        WriteDown(tranches=tuple(reversed(notes)), amount=SUMS["passed"]),
        *back_to_back,
        *_returns(deal, swap),
        _premium_step(CORPORATION, PREMIUMS, premium(leg, SUMS[leg.on], "payment.next_fraction")),
    ]
    if deal.fees:
        steps.append(Pay(kind="fee", names=tuple(deal.fees), sources=(PREMIUMS,)))
    steps += [Pay(kind="interest", names=(name,), sources=(PREMIUMS,)) for name in notes]
    steps += _redemption(deal, swap)
    steps += [
        Settle(source=name, to=CORPORATION, amount=f"{name}.balance", paid_as="surplus", condition=LAST)
        for name in (COLLATERAL, PREMIUMS)
    ]
    changed = {"waterfall": tuple(steps), "closing": tuple(_closing(deal, swap)), "backing": f"{COLLATERAL}.initial"}
    return deal.model_copy(update=changed)


def _returns(deal: Deal, swap: CreditSwap) -> Iterator[Step]:
    """Later recoveries: first to the corporation for what notes could not bear, then to the notes, the most senior first."""
    if swap.later_recoveries == "kept":
        return
    notes, back = tuple(deal.tranches), SUMS["returned"]
    unpaid = {name: f"{name}.written_down - previous({name}_repaid)" for name in notes}
    if swap.write_up:
        unpaid = {name: f"{name}.written_down" for name in notes}
    borne = f"max(0, cumulative({SUMS['passed']}) - previous(returned_before) - ({' + '.join(unpaid.values())}))"
    values = {
        "borne_by_corporation": borne,
        "returned_before": f"previous(returned_before) + {back}",
        "returned_to_issuer": f"max(0, {back} - borne_by_corporation)",
    }
    yield Let(values=values)
    yield Settle(source=CORPORATION, to=COLLATERAL, amount="returned_to_issuer", paid_as=RETURNED)
    if swap.write_up:
        yield WriteUp(tranches=notes, amount="returned_to_issuer")
        return
    left = "returned_to_issuer"
    for name in notes:
        repaid = {f"{name}_back": f"min({left}, {unpaid[name]})", f"{name}_repaid": f"previous({name}_repaid) + {name}_back"}
        yield Let(values=repaid | {f"{name}_left": f"{left} - {name}_back"})
        yield Settle(source=COLLATERAL, to=deal.tranches[name].holder, amount=f"{name}_back", paid_as=RETURNED)
        left = f"{name}_left"


def _redemption(deal: Deal, swap: CreditSwap) -> Iterator[Pay]:
    """Notes redeem down to what is still protected, and in full at legal final; some of them only then."""
    balances = " + ".join(f"{name}.balance" for name in deal.tranches)
    falling = tuple(name for name in deal.tranches if name not in swap.redeemed_at_end)
    amount = f"if({LAST}, {balances}, max(0, {balances} - {SUMS['protected']}))"
    yield Pay(kind="principal", names=falling, how=deal.principal, sources=(COLLATERAL,), amount=amount)
    if swap.redeemed_at_end:
        yield Pay(kind="principal", names=swap.redeemed_at_end, sources=(COLLATERAL,), condition=LAST)


def _premium_step(source: str, to: str, amount: str) -> Settle:
    return Settle(source=source, to=to, amount=amount, paid_as="premium")


def _closing(deal: Deal, swap: CreditSwap) -> Iterator[Settle]:
    """The premiums of the first period, which are paid in advance."""
    institutions, corporation = swap.premium.institutions, swap.premium.corporation
    if institutions is not None:
        for name in deal.pools:
            covered = f"max(0, {name}.initial - {deductible(deal, swap, name)})"
            balance = covered if institutions.on == "cover" else f"{name}.initial"
            yield _premium_step(name, CORPORATION, premium(institutions, balance, "payment.fraction"))
    balance = _covered_at_closing(deal, swap) if corporation.on == "cover" else "pool.initial"
    yield _premium_step(CORPORATION, PREMIUMS, premium(corporation, balance, "payment.fraction"))


def _covered_at_closing(deal: Deal, swap: CreditSwap) -> str:
    terms = swap.deductible
    if terms.amounts is not None:
        return added([f"max(0, {name}.initial - {amount:.0f})" for name, amount in terms.amounts.items()])
    if terms.share == "rest":
        return f"min(pool.initial, {' + '.join(f'{name}.size' for name in deal.tranches)})"
    return f"{1.0 - float(terms.share or 0.0):.12g} * pool.initial"
