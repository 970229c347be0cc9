"""What was agreed: the terms of a deal as `clo.deal/1` says them. Frozen data; nothing here computes a cash flow.

Source: the layout of the file and the meaning of each term are in docs/deal-file.md.
"""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Annotated, Any, Literal

from pydantic import Field, PrivateAttr, model_validator
from pydantic_core import PydanticCustomError

from clo.behaviour.assumptions import Behaviour, replaced
from clo.deal.marks import Mark, Origin, enclosing, leaves
from clo.deal.steps import COLLECTED, Collect, Pay, Step, StepTerms, Transfer
from clo.quantities import (
    Day,
    ExpressionText,
    Identifier,
    Money,
    Price,
    Rate,
    Share,
    Terms,
    Truth,
)
from clo.schema import MONTHS_BETWEEN

__all__ = [
    "COLLECTED",
    "FORMAT",
    "Account",
    "Assertion",
    "Collect",
    "Dates",
    "Deal",
    "Fee",
    "Figures",
    "IndexCurve",
    "Mark",
    "Origin",
    "Pay",
    "Payments",
    "Pool",
    "Scenario",
    "Simulation",
    "Source",
    "Step",
    "StepTerms",
    "Tranche",
    "Transfer",
    "Trigger",
    "enclosing",
    "leaves",
]

FORMAT = "clo.deal/1"
DayCount = Literal[
    "1/12", "30/360", "30/360 US", "30/360 German", "30E/360", "30E+/360",
    "ACT/360", "ACT/365F", "ACT/365L", "NL/365", "ACT/ACT ISDA",
]  # fmt: skip


class Figures(Terms):
    """The published row of the deal; institutions exclude the corporation itself."""

    month: str = Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")
    institutions: int | None = Field(default=None, ge=0)
    obligors: int | None = Field(default=None, ge=1)
    amount: Money | None = None


class Dates(Terms):
    """Adjusted dates. Collections after the cut-off belong to the deal."""

    cutoff: Day
    closing: Day
    first_payment: Day
    legal_final: Day


class Payments(Terms):
    """When notes pay. `accrual`: whether interest accrues between adjusted or unadjusted payment dates."""

    frequency: Literal["monthly", "quarterly", "semi_annual", "annual"]
    day: Annotated[int, Field(ge=1, le=31)]
    calendar: Literal["JP", "weekends", "none"]
    business_day: Literal["following", "modified_following", "preceding", "unadjusted"]
    accrual: Literal["adjusted", "unadjusted"] = "adjusted"

    @property
    def months_between(self) -> int:
        return MONTHS_BETWEEN[self.frequency]


class Pool(Terms):
    """A sub-pool: loans of a tape (beside the deal file) that satisfy `where`, and the file of `criteria` where there is one.

    seller: who sold the loans; the sub-pool named `own` is the corporation's, any other the institutions', unless said.
    """

    tape: str
    where: str | None = None
    criteria: str | None = None
    seller: Literal["institutions", "corporation"] | None = None


class Account(Terms):
    """A cash account. target: an expression that `NAME.target` stands for; initial: funded from the issue proceeds."""

    initial: Money = 0.0
    target: ExpressionText | None = None


class IndexCurve(Terms):
    """Fixings of an index: a column of a CSV file beside the deal file, under the index's own name unless said.

    Between two dates the earlier rate holds (step) or the line between them (linear); after the last, `extrapolation`.
    """

    file: str
    column: str | None = None
    interpolation: Literal["step", "linear"] = "step"
    extrapolation: Literal["none", "flat"] = "none"


class Fee(Terms):
    """Either `rate` a year `on` a balance of the pool, or a fixed `amount` each payment date; unpaid fees are carried."""

    rate: Rate | None = None
    on: Literal["pool.opening", "pool.average", "pool.closing"] | None = None
    amount: Money | None = None
    payee: str | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Fee:
        if (self.rate is None) == (self.amount is None):
            raise PydanticCustomError("fee", "a fee has either a rate or an amount", {"fix": "give rate: and on:, or amount:"})
        if self.rate is not None and self.on is None:
            raise PydanticCustomError(
                "fee",
                "the balance that the fee's rate applies to is not stated",
                {"fix": "add on: pool.opening, pool.average or pool.closing"},
            )
        return self


class Tranche(Terms):
    """A class of notes or certificates. size: an amount, or `rest` (the pool less the others). No coupon: a residual."""

    size: Money | Literal["rest"]
    coupon: Rate | None = None
    holder: str = "investors"
    deferrable: Truth = False
    denomination: Annotated[Money, Field(gt=0)] | None = None
    issue_price: Price = 1.0

    def divides(self, size: float) -> bool:
        """Whether a size is a whole number, one or more, of notes of the denomination; always where there is none."""
        if self.denomination is None:
            return True
        notes = size / self.denomination
        return notes > 0.5 and abs(notes - round(notes)) <= 1e-12 * notes


class Trigger(Terms):
    """A condition read at each payment date before anything is paid; true while `when` holds.

    effect: what it does in a structure; a waterfall spelled out names the trigger in its conditions instead.
    """

    when: ExpressionText
    effect: Literal["trap_excess"] | None = None


class Assertion(Terms):
    """A statement about the run of one scenario, checked after a payment (1 is the first)."""

    after_payment: Annotated[int, Field(ge=1)]
    that: ExpressionText
    scenario: str = "base"


class Scenario(Behaviour):
    """What the borrowers are assumed to do; a field left out is taken from the scenario it extends."""

    extends: str | None = None


class Simulation(Terms):
    """Assumptions of the correlated simulation."""

    pd: Share
    correlation: Share
    lgd: Share


class Source(Terms):
    """A public document, and what it says that the deal uses."""

    document: str | None = None
    url: str | None = None
    says: str | None = None


class Deal(Terms):
    """The terms of one deal. Names of pools, accounts, fees, tranches and triggers share one name space."""

    format: Literal["clo.deal/1"]
    name: str
    name_ja: str = ""
    structure: Literal["purchase_cash"] | None = None
    principal: Literal["sequential", "pro_rata"] = "sequential"
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    figures: Figures | None = None
    dates: Dates
    payments: Payments
    day_count: DayCount
    rounding: Literal["down", "half_up", "none"]
    pools: Annotated[dict[Identifier, Pool], Field(min_length=1)]
    curves: dict[str, IndexCurve] = Field(default_factory=dict)
    accounts: Annotated[dict[Identifier, Account], Field(min_length=1)]
    fees: dict[Identifier, Fee] = Field(default_factory=dict)
    tranches: Annotated[dict[Identifier, Tranche], Field(min_length=1)]
    triggers: dict[Identifier, Trigger] = Field(default_factory=dict)
    waterfall: tuple[Step, ...] = ()
    assertions: tuple[Assertion, ...] = ()
    scenarios: Annotated[dict[str, Scenario], Field(min_length=1)]
    simulation: Simulation | None = None
    sources: dict[str, Source] = Field(default_factory=dict)
    published: dict[str, str] = Field(default_factory=dict)
    derived: dict[str, str] = Field(default_factory=dict)
    assumed: tuple[str, ...] = ()

    _origin: Origin = PrivateAttr(default_factory=Origin)
    _load_tape: Callable[[str], Any] | None = PrivateAttr(default=None)
    _load_curve: Callable[[str, IndexCurve], Any] | None = PrivateAttr(default=None)
    _load_criteria: Callable[[str], Any] | None = PrivateAttr(default=None)

    @property
    def origin(self) -> Origin:
        return self._origin

    def scenario(self, name: str) -> Scenario:
        """The scenario with everything it extends filled in. Raises KeyError for an unknown name, ValueError for a circle."""
        chain: list[Scenario] = []
        seen: list[str] = []
        following: str | None = name
        while following is not None:
            if following in seen:
                raise ValueError(f"scenarios extend each other in a circle: {' -> '.join([*seen, following])}")
            seen.append(following)
            chain.append(self.scenarios[following])
            following = chain[-1].extends
        merged: dict[str, Any] = {}
        for link in reversed(chain):
            merged = replaced(merged, link.model_dump(exclude_none=True, exclude={"extends"}))
        return Scenario(**merged)

    def mark(self, path: str) -> Mark | None:
        """How the value at a path is known; the most specific entry of published, derived and assumed decides."""
        while path:
            if path in self.published:
                return Mark("published", self.published[path])
            if path in self.derived:
                return Mark("derived", self.derived[path])
            if path in self.assumed:
                return Mark("assumed", "")
            path = enclosing(path)
        return None

    def seller(self, pool: str) -> str:
        """Who sold the loans of a sub-pool: `institutions` or `corporation`."""
        return self.pools[pool].seller or ("corporation" if pool == "own" else "institutions")

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{escape(name)}</td><td>{t.size if t.size == 'rest' else format(t.size, ',.0f')}</td>"
            f"<td>{'' if t.coupon is None else format(t.coupon, '.2%')}</td><td>{escape(t.holder)}</td></tr>"
            for name, t in self.tranches.items()
        )
        head = "<tr><th>tranche</th><th>size</th><th>coupon</th><th>holder</th></tr>"
        dates = f"{self.dates.closing} to {self.dates.legal_final}, {self.currency}"
        return f"<p><b>{escape(self.name)}</b> {escape(self.name_ja)}<br>{dates}</p><table>{head}{rows}</table>"

    def __repr__(self) -> str:
        stack = " / ".join(
            f"{name} {t.size if t.size == 'rest' else format(t.size, ',.0f')}" for name, t in self.tranches.items()
        )
        return f"<Deal {self.name}: {self.currency} {stack}>"
