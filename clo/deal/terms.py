"""What was agreed: the terms of a deal as `clo.deal/1` says them. Frozen data; nothing here computes a cash flow.

Source: the layout of the file and the meaning of each term are in docs/deal-file.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PrivateAttr, model_validator
from pydantic_core import PydanticCustomError

from clo.behaviour.assumptions import Behaviour, replaced
from clo.behaviour.joint import JointDefaults
from clo.deal.accounts import Account, Facility, Ledger
from clo.deal.dates import Dates, DayCount, IndexCurve, Payments, Schedule
from clo.deal.fees import Fee, Tier
from clo.deal.guarantees import Guarantee, TrancheGuarantee
from clo.deal.hedges import RATINGS, Counterparty, Hedge, Rating
from clo.deal.large_names import LargeNames
from clo.deal.liabilities import Coupon, Group, StepUp, Tranche
from clo.deal.marks import Mark, Origin, enclosing, leaves
from clo.deal.receivables import Receivables
from clo.deal.steps import Let, Macro, Section, Step, Test, Use
from clo.deal.swaps import CreditSwap, DefaultMix
from clo.deal.triggers import Assertion, Force, Trigger
from clo.deal.verbs import (
    COLLECTED,
    Buy,
    Capitalise,
    Charge,
    Collect,
    Credit,
    Debit,
    Draw,
    Pay,
    Sell,
    Settle,
    StepTerms,
    Transfer,
    WriteDown,
    WriteUp,
)
from clo.quantities import AnyNames, Day, ExpressionText, Identifier, Money, Terms, Truth

__all__ = [
    "COLLECTED",
    "FORMAT",
    "NAMED",
    "ORDER",
    "RATINGS",
    "Account",
    "Assertion",
    "Buy",
    "Capitalise",
    "Charge",
    "Collect",
    "Counterparty",
    "Coupon",
    "Credit",
    "Dates",
    "Deal",
    "Debit",
    "Draw",
    "Facility",
    "Fee",
    "Figures",
    "Group",
    "Hedge",
    "IndexCurve",
    "Ledger",
    "Let",
    "Macro",
    "Mark",
    "Origin",
    "Pay",
    "Payments",
    "Pool",
    "Scenario",
    "Schedule",
    "Section",
    "Sell",
    "Settle",
    "Simulation",
    "Source",
    "Step",
    "StepTerms",
    "StepUp",
    "Test",
    "Tier",
    "Tranche",
    "Transfer",
    "Trigger",
    "Use",
    "WriteDown",
    "WriteUp",
    "enclosing",
    "leaves",
]

FORMAT = "clo.deal/1"
ORDER = "tranches.order"
"""Where it is said how the order of the tranches, which no key states, is known."""
NAMED = ("pools", "accounts", "ledgers", "fees", "tranches", "groups", "facilities", "hedges", "counterparties", "triggers")
"""Sections whose entries share one name space."""


class Figures(Terms):
    """The published row of the deal; institutions exclude the corporation itself."""

    month: str = Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")
    institutions: int | None = Field(default=None, ge=0)
    obligors: int | None = Field(default=None, ge=1)
    amount: Money | None = None


class Pool(Terms):
    """A sub-pool: loans of a tape (beside the deal file) that satisfy `where`, and the file of `criteria` where there is one.

    seller: who sold the loans: institutions, corporation or a counterparty; the sub-pool named `own` is the corporation's, any
    other the institutions', unless said.
    by, of: one sub-pool for each value `of` of the column `by`. reference: the loans stay with whoever made them.
    """

    tape: str
    where: str | None = None
    criteria: str | None = None
    seller: Identifier | None = None
    by: str | None = None
    of: AnyNames = ()
    reference: Truth = False

    @model_validator(mode="after")
    def _family(self) -> Pool:
        if (self.by is None) != (not self.of):
            fix = "say both by: (a column) and of: (its values), or neither"
            raise PydanticCustomError("pool", "one sub-pool for each value needs the column and its values", {"fix": fix})
        return self


class Scenario(Behaviour):
    """What the borrowers are assumed to do; a field left out is taken from the scenario it extends.

    force: triggers that are made to pass (never hold) or fail (always hold), whatever they read. ratings: of
    counterparties, by date, in place of the deal's.
    """

    extends: str | None = None
    force: dict[str, Force] | None = None
    ratings: dict[str, Annotated[dict[Day, Rating], Field(min_length=1)]] | None = None


class Simulation(JointDefaults):
    """Assumptions of the correlated simulation."""


class Source(Terms):
    """A public document, and what it says that the deal uses."""

    document: str | None = None
    url: str | None = None
    says: str | None = None


def _settle(data: Any) -> Any:
    """`{settle: {...}}` as a step of a file says it."""
    if isinstance(data, Mapping) and set(data) == {"settle"}:
        return data["settle"]
    return data


AtClosing = Annotated[Settle, BeforeValidator(_settle)]
"""A contract that is paid on the closing date."""


class Deal(Terms):
    """The terms of one deal. Names in the sections of `NAMED` and of `let` steps share one name space.

    backing: what the sizes of the tranches sum to, of what accounts and pools start with; the cut-off balance, unless said.
    """

    format: Literal["clo.deal/1"]
    name: str
    name_ja: str = ""
    structure: Literal["purchase_cash", "purchase_synthetic", "guarantee", "synthetic_cbo", "receivables"] | None = None
    principal: Literal["sequential", "pro_rata"] = "sequential"
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    figures: Figures | None = None
    dates: Dates
    payments: Payments
    day_count: DayCount
    rounding: Literal["down", "half_up", "none"]
    pools: Annotated[dict[Identifier, Pool], Field(min_length=1)]
    backing: ExpressionText = "pool.initial"
    curves: dict[str, IndexCurve] = Field(default_factory=dict)
    schedules: dict[Identifier, Schedule] = Field(default_factory=dict)
    counterparties: dict[Identifier, Counterparty] = Field(default_factory=dict)
    accounts: Annotated[dict[Identifier, Account], Field(min_length=1)]
    ledgers: dict[Identifier, Ledger] = Field(default_factory=dict)
    facilities: dict[Identifier, Facility] = Field(default_factory=dict)
    hedges: dict[Identifier, Hedge] = Field(default_factory=dict)
    fees: dict[Identifier, Fee] = Field(default_factory=dict)
    tranches: Annotated[dict[Identifier, Tranche], Field(min_length=1)]
    groups: dict[Identifier, Group] = Field(default_factory=dict)
    triggers: dict[Identifier, Trigger] = Field(default_factory=dict)
    macros: dict[Identifier, Macro] = Field(default_factory=dict)
    swap: CreditSwap | None = None
    default_mix: DefaultMix | None = None
    large_names: LargeNames | None = None
    guarantee: Guarantee | None = None
    tranche_guarantees: dict[Identifier, TrancheGuarantee] = Field(default_factory=dict)
    receivables: Receivables | None = None
    closing: tuple[AtClosing, ...] = ()
    waterfall: tuple[Step, ...] = ()
    assertions: tuple[Assertion, ...] = ()
    scenarios: Annotated[dict[str, Scenario], Field(min_length=1)]
    simulation: Simulation | None = None
    sources: dict[str, Source] = Field(default_factory=dict)
    published: dict[str, str] = Field(default_factory=dict)
    derived: dict[str, str] = Field(default_factory=dict)
    assumed: tuple[str, ...] = ()

    _origin: Origin = PrivateAttr(default_factory=Origin)
    _families: dict[str, Pool] = PrivateAttr(default_factory=dict)
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

    @property
    def order_assumed(self) -> bool:
        """Whether the order of the tranches is none that a source says: `tranches.order` stands under `assumed`."""
        return ORDER in self.assumed

    @property
    def families(self) -> Mapping[str, Pool]:
        """Sub-pools of the file that stand for several, which `pools` has in their place."""
        return self._families

    def seller(self, pool: str) -> str:
        """Who sold the loans of a sub-pool: `institutions`, `corporation` or a counterparty."""
        return self.pools[pool].seller or ("corporation" if pool == "own" else "institutions")

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{escape(name)}</td><td>{t.size if t.size == 'rest' else format(t.size, ',.0f')}</td>"
            f"<td>{escape(t.coupon_text)}</td><td>{escape(t.holder)}</td></tr>"
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
