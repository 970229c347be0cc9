"""Where cash is held and lent: accounts, liquidity facilities, and ledgers that count what is not cash."""

from __future__ import annotations

from clo.deal.dates import DayCount
from clo.quantities import ExpressionText, Money, MoneyOrFormula, RateOrFormula, Terms, Truth


class Account(Terms):
    """A cash account. target: an expression that `NAME.target` stands for; initial: funded from the issue proceeds.

    earns: what the bank pays a year on the balance held since the last payment date, into `earns_into` (itself, unless said).
    """

    initial: Money = 0.0
    target: ExpressionText | None = None
    earns: RateOrFormula | None = None
    earns_into: str | None = None
    day_count: DayCount | None = None
    bank: str = "deposit_bank"


class Facility(Terms):
    """A liquidity facility: what a provider lends up to `limit`, for `rate` on what is drawn and a commitment fee on what is not.

    replenished: whether what is repaid may be drawn again; otherwise the facility depletes.
    """

    limit: MoneyOrFormula
    provider: str
    rate: RateOrFormula = 0.0
    commitment_fee: RateOrFormula = 0.0
    day_count: DayCount | None = None
    replenished: Truth = True


class Ledger(Terms):
    """A count of money that is not cash, such as a principal deficiency. limit: the most it may stand at."""

    limit: ExpressionText | None = None
