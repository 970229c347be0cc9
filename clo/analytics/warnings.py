"""What a user should know of a run: breaches, and what is unpaid, left over, lost or outstanding at the end."""

from __future__ import annotations

from collections.abc import Iterator

from clo.analytics.checks import HALF
from clo.analytics.run import Run
from clo.analytics.streams import KINDS, PRINCIPAL, unknown, word_of
from clo.analytics.swap_warnings import swap_warnings
from clo.deal.backing import PLAIN
from clo.deal.terms import Coupon, Fee
from clo.findings import Finding
from clo.tape.batches import yearly_interest
from clo.waterfall.allocation import LEAK, breach_findings

STRAGGLERS = 1e-6
"""Share of the pool below which what is left at the end is not worth a warning."""


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
        *swap_warnings(run),
        *_streams_of_no_kind(run),
    ]


def _streams_of_no_kind(run: Run) -> Iterator[Finding]:
    """What contracts pay under a word that says neither principal nor income."""
    for stream in unknown(run.deal, run.parties["stream"]):
        message = (
            f"{word_of(stream)!r}, what {stream!r} pays, is neither principal nor income: who bears the loss counts it as income"
        )
        words = ", ".join(word for kind in PRINCIPAL for word in KINDS[kind])
        fix = f"where it is principal, write as: one of {words}"
        yield run.deal.origin.finding("W-R218", "waterfall", message, fix, value=stream)


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
    owned = [not run.deal.pools[name].reference for name in run.pool_flows.groups]
    lost = float(run.pool_flows.lost_recovery[owned, 0].sum())
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
    buys = not all(pool.reference for pool in run.deal.pools.values())
    if funded > 0.0 and run.deal.backing == PLAIN and buys:
        pool = run.flows.parameter("pool.initial")
        message = (
            f"accounts start with {funded:,.0f} of what the tranches bring in; loans of {pool:,.0f} are bought with the rest"
        )
        fix = "where a class funds an account, write backing: pool.initial + NAME.initial"
        yield run.deal.origin.finding("W-R217", "accounts", message, fix, rule="tranches = pool, unless backing says otherwise")


def _carry(run: Run) -> Iterator[Finding]:
    """Interest of the first year at the cut-off balances against coupons and fees, nobody defaulting."""
    deal, initial = run.deal, run.flows.parameter("pool.initial")
    if deal.swap is not None:
        yield from _carry_of_swaps(run)
        return
    bought = [loans for name, loans in run.pools.items() if not deal.pools[name].reference]
    if not bought or deal.receivables is not None:  # receivables bear no interest: the deferred price bears the costs
        return
    earned = sum(yearly_interest(loans) for loans in bought)
    coupons = sum(run.flows.parameter(f"{n}.size") * t.coupon for n, t in deal.tranches.items() if isinstance(t.coupon, float))
    fees = sum(_yearly(fee, initial, 12 / deal.payments.months_between) for fee in deal.fees.values())
    if earned < coupons + fees:
        message = (
            f"a year of interest on the pool, {earned:,.0f}, does not cover coupons {coupons:,.0f} and fees {fees:,.0f}:"
            f" carry {earned - coupons - fees:,.0f} at zero loss"
        )
        yield deal.origin.finding("W-R214", "tranches", message, "lower coupons or fees, or expect principal to pay interest")


def _carry_of_swaps(run: Run) -> Iterator[Finding]:
    """Premiums to the issuer and what deposits earn in a year, as of closing, against coupons and fees, nobody defaulting."""
    deal, initial = run.deal, run.flows.parameter("pool.initial")
    assert deal.swap is not None  # asked by `_carry`
    sizes = {name: run.flows.parameter(f"{name}.size") for name in deal.tranches}
    leg = deal.swap.premium.corporation
    kept = deal.swap.deductible.first_loss(initial)
    cover = sum(sizes.values()) if kept is None else initial - kept
    premium = leg.rate * (cover if leg.on == "cover" else initial)
    earned = sum(account.initial * account.earns for account in deal.accounts.values() if isinstance(account.earns, float))
    coupons = sum(sizes[name] * _coupon_at_first(run, tranche.coupon) for name, tranche in deal.tranches.items())
    fees = sum(_yearly(fee, initial, 12 / deal.payments.months_between) for fee in deal.fees.values())
    if premium + earned < coupons + fees:
        message = (
            f"a year of premiums, {premium:,.0f}, and what deposits earn, {earned:,.0f}, do not cover coupons {coupons:,.0f} and"
            f" fees {fees:,.0f}: carry {premium + earned - coupons - fees:,.0f} at zero loss"
        )
        yield deal.origin.finding("W-R214", "swap.premium.corporation", message, "raise the premium, or lower coupons or fees")


def _coupon_at_first(run: Run, coupon: float | str | Coupon | None) -> float:
    """The rate of the first period, without step-ups; 0 of a formula, which may depend on more."""
    if not isinstance(coupon, Coupon):
        return coupon if isinstance(coupon, float) else 0.0
    index = 0.0 if coupon.index is None else float(run.flows.value(f"index.{coupon.index}")[0])
    rate = coupon.multiplier * index + coupon.margin
    rate = rate if coupon.cap is None else min(rate, coupon.cap)
    return rate if coupon.floor is None else max(rate, coupon.floor)


def _yearly(fee: Fee, balance: float, payments: float) -> float:
    """What a fee comes to in a year at the cut-off balance; 0 where that depends on more."""
    if isinstance(fee.rate, float) and str(fee.on).startswith("pool."):
        return fee.rate * balance
    return fee.amount * payments if isinstance(fee.amount, float) else 0.0
