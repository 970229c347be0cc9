"""The cash purchase-type (買取型): loans bought into a trust, notes in order of seniority, one residual."""

from __future__ import annotations

from clo.deal.backing import PLAIN
from clo.deal.terms import COLLECTED, Collect, Deal, Pay, Step, Transfer
from clo.findings import DealError, Finding

COLLECTIONS = "collections"
"""The account of a structure that receives the pool's cash."""


def purchase_cash(deal: Deal) -> Deal:
    """The cash purchase-type (買取型): loans bought into a trust, notes paid down to the size of the subordinated tranche.

    The last tranche is the residual; the others are notes in order of seniority. A payment date: collections and reserve,
    fees, note interest (deferrable notes only while no trigger traps), note principal down to what the pool supports above
    the subordinated tranche's size, deferred interest, reserve up to its target, residual unless trapped.
    """
    findings = cash_findings(deal)
    if findings:
        raise DealError(findings)
    *notes, residual = deal.tranches
    trapping = [name for name, trigger in deal.triggers.items() if trigger.effect == "trap_excess"]
    free = f"not ({' or '.join(trapping)})" if len(trapping) > 1 else f"not {trapping[0]}" if trapping else None
    reserves = [name for name, account in deal.accounts.items() if name != COLLECTIONS and account.target is not None]
    deferred = [name for name in notes if deal.tranches[name].deferrable and free is not None]
    balances = " + ".join(f"{name}.balance" for name in notes)

    steps: list[Step] = [Collect(columns=COLLECTED, to=COLLECTIONS)]
    steps += [Transfer(source=name, to=COLLECTIONS, amount=f"{name}.balance") for name in reserves]
    if deal.fees:
        steps.append(Pay(kind="fee", names=tuple(deal.fees), sources=(COLLECTIONS,)))
    for name in notes:
        steps.append(Pay(kind="interest", names=(name,), sources=(COLLECTIONS,), condition=free if name in deferred else None))
    steps.append(
        Pay(
            kind="principal",
            names=tuple(notes),
            how=deal.principal,
            sources=(COLLECTIONS,),
            amount=f"max(0, {balances} - max(0, pool.balance - {residual}.size))",
        )
    )
    if deferred:
        steps.append(Pay(kind="interest", names=tuple(deferred), sources=(COLLECTIONS,)))
    for name in reserves:
        steps.append(Transfer(source=COLLECTIONS, to=name, amount=f"max(0, {name}.target - {name}.balance)"))
    release = None if free is None else f"{free} or {balances} == 0"
    steps.append(Pay(kind="residual", names=(residual,), sources=(COLLECTIONS,), condition=release))
    return deal.model_copy(update={"waterfall": tuple(steps)})


def cash_findings(deal: Deal) -> list[Finding]:
    """What purchase_cash needs and the deal does not have."""
    findings: list[Finding] = []

    def miss(path: str, message: str, fix: str) -> None:
        rule = "structure purchase_cash: notes with coupons, then one residual tranche; an account named collections"
        findings.append(deal.origin.finding("E-D060", path, message, fix, rule=rule))

    if deal.backing != PLAIN:
        message = f"{deal.backing!r} backs the tranches, and the structure pays them down to the pool alone"
        miss("backing", message, "spell the waterfall out")
    if COLLECTIONS not in deal.accounts:
        miss("accounts", f"no account is named {COLLECTIONS!r}", f"add `{COLLECTIONS}: {{}}` to accounts")
    *notes, residual = deal.tranches
    if not notes:
        miss("tranches", "only one tranche", "give the notes first and the residual tranche last")
    for name in notes:
        if deal.tranches[name].coupon is None:
            miss(
                f"tranches.{name}", f"note {name!r} has no coupon", "add a coupon, or move the tranche to the end as the residual"
            )
    if deal.tranches[residual].coupon is not None:
        miss(
            f"tranches.{residual}.coupon", f"the last tranche {residual!r} is the residual and has a coupon", "remove the coupon"
        )
    for name, account in deal.accounts.items():
        if name != COLLECTIONS and account.target is None:
            miss(
                f"accounts.{name}",
                f"account {name!r} has no target, so no step of the structure uses it",
                "add a target, or remove it",
            )
    for name, trigger in deal.triggers.items():
        if trigger.effect is None:
            miss(f"triggers.{name}", f"trigger {name!r} has no effect", "add effect: trap_excess, or spell the waterfall out")
    return findings
