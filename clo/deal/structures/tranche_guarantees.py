"""Guarantees of tranches, on top of any structure: what a tranche is left short of, its guarantor pays.

Each has an account of its own, named as the guarantee, through which its money reaches the tranche, so that the tranche's rows
show it as paid; a ledger NAME_claims of interest it has paid and not been paid back; and, where it is paid for, a fee NAME_fee.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from clo.deal.accounts import Account, Ledger
from clo.deal.fees import Fee
from clo.deal.guarantees import TrancheGuarantee
from clo.deal.structures.guarantors import closing_with, first_fees, running_fee, while_sound
from clo.deal.terms import Credit, Deal, Debit, Let, Pay, Section, Settle, Step, WriteDown, WriteUp

CLAIMS, FEE, PAID = "_claims", "_fee", "_paid"
"""What is added to the name of a guarantee: of its ledger, of its fee, of what the guarantor pays on a date."""


def with_fees(deal: Deal) -> Deal:
    """The deal with what guarantors of tranches are paid among its fees, and without what an earlier spelling out added."""
    given = deal.tranche_guarantees
    if not given:
        return deal
    fees = dict(deal.fees)
    for name, terms in given.items():
        fee = _fee(deal, terms)
        if fee is not None:
            fees[name + FEE] = fee
    accounts = {name: account for name, account in deal.accounts.items() if name not in given}
    ledgers = {name: ledger for name, ledger in deal.ledgers.items() if name.removesuffix(CLAIMS) not in given}
    return deal.model_copy(update={"fees": fees, "accounts": accounts, "ledgers": ledgers})


def with_claims(deal: Deal) -> Deal:
    """A deal whose steps are written, with the claims on guarantors at their end, and what guarantors are paid back in the place
    of each tranche.
    """
    given = deal.tranche_guarantees
    if not given:
        return deal
    places = _Subrogation(given)
    steps = [*places.after(deal.waterfall), Let(values=_all_claims(deal))]
    for name, terms in given.items():
        steps += _claim(deal, name, terms)
    firsts = [step for terms in given.values() for step in first_fees(terms, f"{terms.share:.12g} * {terms.tranche}.size")]
    changed = {
        "waterfall": tuple(steps),
        "closing": closing_with(deal.closing, firsts),
        "accounts": deal.accounts | {name: Account() for name in given},
        "ledgers": deal.ledgers | {name + CLAIMS: Ledger() for name, terms in given.items() if terms.interest},
    }
    return deal.model_copy(update=changed)


def _fee(deal: Deal, terms: TrancheGuarantee) -> Fee | None:
    balance = f"{terms.share:.12g} * {terms.tranche}.balance"
    return running_fee(deal, terms, arrears=balance, advance=balance)


class _Subrogation:
    """Interest that guarantors have paid is paid back to them after each step that pays their tranche's own, before anything
    junior, out of the same account and under the same condition."""

    def __init__(self, given: Mapping[str, TrancheGuarantee]) -> None:
        self._given = {name: terms for name, terms in given.items() if terms.subrogation and terms.interest}
        self._times = dict.fromkeys(self._given, 0)

    def after(self, steps: Sequence[Step]) -> Iterator[Step]:
        """The steps, with what is paid back where it belongs."""
        for step in steps:
            if isinstance(step, Section):
                inside = {"steps": tuple(self.after(step.steps)), "otherwise": tuple(self.after(step.otherwise))}
                yield step.model_copy(update=inside)
                continue
            yield step
            if isinstance(step, Pay) and step.kind == "interest":
                for name, terms in self._given.items():
                    if terms.tranche in step.names:
                        yield from self._paid_back(name, terms, step)

    def _paid_back(self, name: str, terms: TrancheGuarantee, paid: Pay) -> Iterator[Step]:
        for source in paid.sources:
            self._times[name] += 1
            held, back = (f"{name}_{word}{self._times[name]}" for word in ("before", "reimbursed"))
            yield Let(values={held: f"{source}.balance"})
            yield Settle(
                source=source,
                to=terms.guarantor,
                amount=f"{name}{CLAIMS}.balance",
                paid_as="reimbursed_interest",
                condition=paid.condition,
            )
            yield Let(values={back: f"{held} - {source}.balance"})
            yield Credit(ledgers=(name + CLAIMS,), amount=back)


def _all_claims(deal: Deal) -> dict[str, str]:
    """What each guarantee is asked for on a payment date, before any of them has paid."""
    values: dict[str, str] = {}
    for name, terms in deal.tranche_guarantees.items():
        share, note = f"{terms.share:.12g}", terms.tranche
        asked = {}
        if terms.interest:
            asked["interest"] = f"{share} * max(0, {note}.interest_unpaid - previous({note}.interest_unpaid))"
        if terms.principal and _written_down(deal.waterfall, note):
            asked["written_down"] = f"{share} * max(0, {note}.written_down - previous({note}.written_down))"
        if terms.principal:
            asked["principal"] = f"if(payment.left == 0, {share} * {note}.balance, 0)"
        values |= {f"{name}_{word}": amount for word, amount in asked.items()}
        claims = " + ".join(f"{name}_{word}" for word in asked)
        values[name + PAID] = while_sound(deal, terms.guarantor, claims)
        values[f"{name}_unpaid"] = f"{claims} - {name}{PAID}"
    return values


def _claim(deal: Deal, name: str, terms: TrancheGuarantee) -> Iterator[Step]:
    """What one guarantor pays, by way of the account of the guarantee; what the tranche cannot take goes back."""

    def asked(word: str, paid_as: str = "guarantee") -> Settle:
        amount = while_sound(deal, terms.guarantor, f"{name}_{word}")
        return Settle(source=terms.guarantor, to=name, amount=amount, paid_as=paid_as)

    note, held = (terms.tranche,), f"{name}.balance"
    if terms.interest:
        yield asked("interest", "guaranteed_interest")
        yield Debit(ledgers=(name + CLAIMS,), amount=held)
        yield Pay(kind="interest", names=note, sources=(name,), amount=held)
    if terms.principal:
        if _written_down(deal.waterfall, terms.tranche):
            yield asked("written_down")
            yield WriteUp(tranches=note, amount=held)
        yield asked("principal")
        yield Pay(kind="principal", names=note, sources=(name,), amount=held)
    yield Settle(source=name, to=terms.guarantor, amount=held, paid_as="refund")


def _written_down(steps: Sequence[Step], tranche: str) -> bool:
    """Whether any of the steps writes the tranche down."""
    for step in steps:
        if isinstance(step, WriteDown) and tranche in step.tranches:
            return True
        if isinstance(step, Section) and _written_down((*step.steps, *step.otherwise), tranche):
            return True
    return False
