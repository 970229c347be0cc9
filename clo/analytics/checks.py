"""What must hold of every run: cash and balances that roll forward, figures that match, assertions that are true."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

import numpy as np
import pandas as pd

from clo.deal.backing import PLAIN, backing
from clo.deal.terms import Deal, Fee
from clo.findings import Finding
from clo.pool.flows import CASH, Flow, PoolFlows
from clo.tape.batches import AnyLoans, fingerprints, words, yearly_interest
from clo.waterfall.allocation import LEAK, WHOLE, DealFlows, breach_findings
from clo.waterfall.cash import ISSUER


class Run(Protocol):
    """What the checks look at: a result. overridden: whether fields of its scenario were changed for the run."""

    @property
    def deal(self) -> Deal: ...
    @property
    def scenario_name(self) -> str: ...
    @property
    def overridden(self) -> bool: ...
    @property
    def pools(self) -> Mapping[str, AnyLoans]: ...
    @property
    def pool_flows(self) -> PoolFlows: ...
    @property
    def flows(self) -> DealFlows: ...
    @property
    def tranches(self) -> pd.DataFrame: ...
    @property
    def pool(self) -> pd.DataFrame: ...
    @property
    def ledger(self) -> pd.DataFrame: ...
    @property
    def parties(self) -> pd.DataFrame: ...
    @property
    def accounts(self) -> pd.DataFrame: ...
    @property
    def ledgers(self) -> pd.DataFrame: ...
    @property
    def facilities(self) -> pd.DataFrame: ...
    @property
    def hedges(self) -> pd.DataFrame: ...


def run_checks(run: Run) -> pd.DataFrame:
    """check, largest_residual (in the deal's currency, or a count), ok."""
    rows = [*_cash(run), *_rolls(run), *_figures(run), *_assertions(run)]
    return pd.DataFrame(rows, columns=["check", "largest_residual", "ok"])


def run_findings(run: Run) -> list[Finding]:
    """What went wrong in the machine, and what a user should know of a run that holds."""
    return [
        *breach_findings(run.flows),
        *_unpaid(run),
        *_left_over(run),
        *_lost_recoveries(run),
        *_outstanding(run),
        *_owed_at_the_end(run),
        *_price_of_the_loans(run),
        *_carry(run),
    ]


STRAGGLERS = 1e-6
"""Share of the pool below which what is left at the end is not worth a warning."""
BREACHES = "every amount is a number, 0 or more"
"""The check of breaches, each of which is told as a finding of its own."""
HALF = 0.5
"""Of a currency unit: amounts closer than that are the same."""
Row = tuple[str, float, bool]


def _within(name: str, residual: float, tolerance: float) -> Row:
    return name, residual, bool(residual <= tolerance)


def _below(values: object) -> float:
    """How far the lowest value is below 0, or 0; not a number where one is not."""
    return float((-np.asarray(values, dtype=np.float64)).max(initial=0.0)) + 0.0  # -0.0 reads as a shortfall


def _largest(values: object) -> float:
    array = np.asarray(values, dtype=np.float64)
    return float(np.abs(array).max()) if array.size else 0.0


def _cash(run: Run) -> Iterator[Row]:
    tolerance = LEAK * run.flows.parameter("pool.initial")
    yield _within("cash in - cash out = change in cash", _largest(run.flows.leak[:1]), tolerance)
    breaches = float((run.flows.breach[0, :1] >= 0).sum())
    yield _within(BREACHES, breaches, 0.0)
    held = run.accounts.groupby("payment_date")[["opening", "closing"]].sum()
    received = run.parties[run.parties["payee"] == ISSUER].groupby("payment_date")["amount"].sum()
    paid = run.parties[run.parties["payer"] == ISSUER].groupby("payment_date")["amount"].sum()
    change = (held["closing"] - held["opening"]).sub(received.sub(paid, fill_value=0.0).reindex(held.index, fill_value=0.0))
    yield _within("parties: issuer's receipts - payments = change in accounts", _largest(change), tolerance)
    collected = run.ledger.loc[run.ledger["from"] == "obligors", "amount"].sum()
    pool = run.pool.sum(numeric_only=True)
    from_pool = sum(sign * pool[flow.name] for flow, sign in CASH) - pool["commingling_loss"]
    yield _within("all the pool's cash is collected", abs(collected - from_pool), tolerance)
    if run.deal.rounding != "none":
        paid_out = run.ledger[~run.ledger["to"].isin(run.deal.accounts) & (run.ledger["step"] > 0)]["amount"]  # not at closing
        yield _within("every payment is in whole currency units", _largest(paid_out - paid_out.round()), 0.0)


def _rolls(run: Run) -> Iterator[Row]:
    tolerance = LEAK * run.flows.parameter("pool.initial")
    accounts, tranches, pool = run.accounts, run.tranches, run.pool
    rolled = accounts["opening"] + accounts["inflow"] - accounts["outflow"] - accounts["closing"]
    yield _within("accounts: opening + inflow - outflow = closing", _largest(rolled), tolerance)
    overdrawn = WHOLE if run.deal.rounding != "none" else tolerance  # what paying a whole unit may overdraw an account by
    yield _within("accounts never below 0", _below(accounts["closing"]), overdrawn)
    rolled = (
        tranches["opening"] + tranches["capitalised"] + tranches["writeup"] - tranches["principal_paid"] - tranches["writedown"]
    )
    yield _within("tranches: opening - principal - write-down = closing", _largest(rolled - tranches["closing"]), tolerance)
    yield _within("tranches never below 0", _below(tranches["closing"]), 0.0)
    sizes = sum(run.flows.parameter(f"{name}.size") for name in run.deal.tranches)
    initial = {name: run.flows.parameter(f"{name}.initial") for name in run.deal.pools}
    backed = backing(run.deal, run.flows.parameter("pool.initial"), initial)
    what = "pool" if run.deal.backing == PLAIN else "backing"
    yield _within(f"tranches: sizes = {what}", abs(sizes - backed), tolerance)
    flows = [_below(pool[flow.name]) for flow in Flow]
    yield _within("no flow of the pool below 0", max(flows, key=lambda low: (np.isnan(low), low)), tolerance)
    before = tranches.groupby("tranche", sort=False)["interest_unpaid"].shift(fill_value=0.0)
    taken = tranches["interest_paid"] + tranches["capitalised"]
    rolled = before + tranches["interest_due"] - taken - tranches["interest_unpaid"]
    yield _within("interest: carried + due - paid = unpaid", _largest(rolled), tolerance)
    yield from _others_roll(run, tolerance)
    into = pool["opening"] + pool["drawing"] + pool["substitution"] + pool["bought"]
    out = pool["default"] + pool["scheduled_principal"] + pool["prepayment"] + pool["repurchase"] + pool["sold"]
    yield _within("pool: opening + in - out = closing", _largest(into - out - pool["closing"]), tolerance)
    groups = pool.groupby("group", sort=False)
    apart = groups["closing"].shift() - pool["opening"]
    later = groups.cumcount() > 0
    yield _within("pool: each month opens as the last one closed", _largest(apart[later]), tolerance)


def _others_roll(run: Run, tolerance: float) -> Iterator[Row]:
    """Facilities, hedges and ledgers, where the deal has them."""
    if run.deal.facilities:
        frame = run.facilities
        rolled = frame["opening"] + frame["drawn"] - frame["repaid"] - frame["closing"]
        yield _within("facilities: opening + drawn - repaid = closing", _largest(rolled), tolerance)
    if run.deal.ledgers:
        frame = run.ledgers
        rolled = frame["opening"] + frame["debited"] - frame["credited"] - frame["closing"]
        yield _within("ledgers: opening + debited - credited = closing", _largest(rolled), tolerance)
        yield _within("ledgers never below 0", _below(frame["closing"]), tolerance)
    if run.deal.hedges:
        frame = run.hedges
        before = frame.groupby("hedge", sort=False)[["unpaid", "receivable"]].shift(fill_value=0.0)
        rolled = before["unpaid"] + frame["due"] - frame["paid"] - frame["unpaid"]
        yield _within("hedges: carried + due - paid = unpaid", _largest(rolled), tolerance)
        rolled = before["receivable"] + frame["accrued"] - frame["received"] - frame["receivable"]
        lasting = frame["hedge"].isin([name for name, hedge in run.deal.hedges.items() if hedge.terminated is None])
        yield _within("hedges: carried + coming in - received = receivable", _largest(rolled[lasting]), tolerance)


def _figures(run: Run) -> Iterator[Row]:
    """The tape against the published row; institutions exclude the corporation itself."""
    figures = run.deal.figures
    if figures is None:
        return
    if figures.obligors is not None:
        obligors = len(np.unique(np.concatenate([fingerprints(loans, "obligor_id") for loans in run.pools.values()])))
        yield _within("figures: obligors as published", abs(obligors - figures.obligors), 0.0)
    if figures.amount is not None:
        apart = abs(run.flows.parameter("pool.initial") - figures.amount)
        yield _within("figures: amount as published", apart, HALF)
    closing = run.deal.dates.closing
    months = 12 * (int(figures.month[:4]) - closing.year) + int(figures.month[5:]) - closing.month
    yield _within("figures: month as published", abs(months), 0.0)
    if figures.institutions is not None:
        sold = [loans for name, loans in run.pools.items() if run.deal.seller(name) == "institutions"]
        institutions = set().union(*(words(loans, "originator_id") for loans in sold))
        yield _within("figures: institutions as published", abs(len(institutions) - figures.institutions), 0.0)


def _assertions(run: Run) -> Iterator[Row]:
    """The deal's assertions about the scenario that was run; a changed scenario is another one."""
    for assertion, slot in zip(run.deal.assertions, run.flows.program.symbols.assertions, strict=True):
        if assertion.scenario == run.scenario_name and not run.overridden:
            holds = bool(run.flows.slot(slot)[assertion.after_payment - 1] == 1.0)
            yield f"assertion after payment {assertion.after_payment}: {assertion.that}", 0.0 if holds else 1.0, holds


# ---- what a user should know ----------------------------------------------------------------------------------------


def _unpaid(run: Run) -> Iterator[Finding]:
    smallest = HALF if run.deal.rounding != "none" else LEAK * run.flows.parameter("pool.initial")
    for name, tranche in run.deal.tranches.items():
        own = run.tranches[run.tranches["tranche"] == name]
        short = own[own["interest_unpaid"] > smallest]
        if tranche.coupon is not None and not tranche.deferrable and len(short):
            first = short.iloc[0]
            message = (
                f"interest of {name!r} is not paid in full on {len(short)} dates, first {first['payment_date']:%Y-%m-%d}"
                f" ({first['interest_unpaid']:,.0f} unpaid)"
            )
            fix = "a shortfall of non-deferrable interest is usually an event of default; this run carries it"
            yield run.deal.origin.finding("W-R212", f"tranches.{name}", message, fix)


def _left_over(run: Run) -> Iterator[Finding]:
    last = run.accounts.groupby("account", sort=False).last()
    for name, closing in last["closing"].items():
        smallest = 1.0 if run.deal.rounding != "none" else LEAK * run.flows.parameter("pool.initial")
        if closing >= smallest:  # less than a unit is the fraction that rounding leaves; the accounts frame shows it
            message = f"{closing:,.2f} is left in account {name!r} after the last payment: no step pays it out"
            yield run.deal.origin.finding("W-R211", f"accounts.{name}", message, "")


def _sold(run: Run) -> bool:
    """Whether the deal has sold its pool by the end."""
    return "pool.held" in run.flows.program.symbols.slots and bool(run.flows.value("pool.held")[-1] == 0.0)


def _lost_recoveries(run: Run) -> Iterator[Finding]:
    lost = float(run.pool_flows.lost_recovery[:, 0].sum())
    if lost > 0 and not _sold(run):
        message = f"recoveries of {lost:,.0f} would come after the last collection before legal final, and are lost"
        fix = "shorten recovery_lag, or move legal_final"
        yield run.deal.origin.finding("W-R213", "dates.legal_final", message, fix)


def _outstanding(run: Run) -> Iterator[Finding]:
    initial = run.flows.parameter("pool.initial")
    outstanding = float(run.pool.loc[run.pool["period_end"] == run.pool["period_end"].max(), "closing"].sum())
    if outstanding > STRAGGLERS * initial and not _sold(run):
        message = (
            f"loans of {outstanding:,.0f} ({outstanding / initial:.2%} of the pool) are outstanding after the last collection"
        )
        fix = "move legal_final, or leave out loans that last longer"
        yield run.deal.origin.finding("W-R215", "dates.legal_final", message, fix)


def _owed_at_the_end(run: Run) -> Iterator[Finding]:
    """Principal, advances and swap payments that the last payment leaves unpaid."""
    smallest = HALF if run.deal.rounding != "none" else STRAGGLERS * run.flows.parameter("pool.initial")
    left = [
        (f"tranches.{name}", "principal of", name, f"{name}.balance")
        for name, each in run.deal.tranches.items()
        if each.coupon is not None
    ]
    left += [(f"facilities.{name}", "what was drawn on", name, f"{name}.balance") for name in run.deal.facilities]
    left += [(f"hedges.{name}", "what is owed on", name, f"{name}.unpaid") for name in run.deal.hedges]
    for path, what, name, quantity in left:
        amount = float(run.flows.value(quantity)[-1])
        if amount > smallest:
            message = f"{what} {name!r} is not paid by the last payment: {amount:,.0f} is left"
            yield run.deal.origin.finding("W-R216", path, message, "a loss to who is owed it; the summary shows that of tranches")


def _price_of_the_loans(run: Run) -> Iterator[Finding]:
    """Accounts that are funded out of the price of the loans, where nothing says that they are."""
    funded = sum(account.initial for account in run.deal.accounts.values())
    if funded > 0.0 and run.deal.backing == PLAIN:
        pool = run.flows.parameter("pool.initial")
        message = (
            f"accounts start with {funded:,.0f} of what the tranches bring in; loans of {pool:,.0f} are bought with the rest"
        )
        fix = "where a class funds an account, write backing: pool.initial + NAME.initial"
        yield run.deal.origin.finding("W-R217", "accounts", message, fix, rule="tranches = pool, unless backing says otherwise")


def _carry(run: Run) -> Iterator[Finding]:
    """Interest of the first year at the cut-off balances against coupons and fees, nobody defaulting."""
    deal, initial = run.deal, run.flows.parameter("pool.initial")
    earned = sum(yearly_interest(loans) for loans in run.pools.values())
    coupons = sum(run.flows.parameter(f"{n}.size") * t.coupon for n, t in deal.tranches.items() if isinstance(t.coupon, float))
    fees = sum(_yearly(fee, initial, 12 / deal.payments.months_between) for fee in deal.fees.values())
    if earned < coupons + fees:
        message = (
            f"a year of interest on the pool, {earned:,.0f}, does not cover coupons {coupons:,.0f} and fees {fees:,.0f}:"
            f" carry {earned - coupons - fees:,.0f} at zero loss"
        )
        yield deal.origin.finding("W-R214", "tranches", message, "lower coupons or fees, or expect principal to pay interest")


def _yearly(fee: Fee, balance: float, payments: float) -> float:
    """What a fee comes to in a year at the cut-off balance; 0 where that depends on more."""
    if isinstance(fee.rate, float) and str(fee.on).startswith("pool."):
        return fee.rate * balance
    return fee.amount * payments if isinstance(fee.amount, float) else 0.0
