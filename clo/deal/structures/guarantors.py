"""Who guarantees: whether it still pays, and what it is paid for it."""

from __future__ import annotations

from collections.abc import Sequence

from clo.deal.fees import Fee
from clo.deal.guarantees import Guarantor
from clo.deal.hedges import RATINGS
from clo.deal.terms import Deal, Settle

DEFAULT = RATINGS[0]
"""The rating of a guarantor that pays no more."""


def while_sound(deal: Deal, guarantor: str, amount: str) -> str:
    """An amount, and nothing while the guarantor is in default. A guarantor that is no counterparty never is."""
    return f"if({guarantor}.rating == '{DEFAULT}', 0, {amount})" if guarantor in deal.counterparties else amount


def running_fee(deal: Deal, terms: Guarantor, *, arrears: str, advance: str) -> Fee | None:
    """The fee of each payment date; None where there is none. arrears, advance: the balance that it is on, by how it is paid."""
    if not terms.fee:
        return None
    if terms.fee_payable == "in_arrears":
        return Fee(rate=terms.fee, on=while_sound(deal, terms.guarantor, arrears), payee=terms.guarantor)
    amount = f"{terms.fee:.12g} * {advance} * payment.next_fraction"
    return Fee(amount=while_sound(deal, terms.guarantor, amount), payee=terms.guarantor)


def first_fees(terms: Guarantor, balance: str) -> list[Settle]:
    """What is paid on the closing date for the first period. balance: what is guaranteed then."""
    if not terms.fee or terms.fee_payable == "in_arrears":
        return []
    amount = f"{terms.fee:.12g} * {balance} * payment.fraction"
    return [Settle(source=terms.first_fee_by, to=terms.guarantor, amount=amount, paid_as="guarantee_fee")]


def closing_with(closing: Sequence[Settle], ours: Sequence[Settle]) -> tuple[Settle, ...]:
    """Contracts of the closing date with ours at the end, once: a deal may be spelled out twice."""
    return (*(step for step in closing if step not in ours), *ours)
