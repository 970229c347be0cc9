"""What was agreed: the terms of a deal as `clo.deal/1` says them. Frozen data; nothing here computes a cash flow.

Source: the layout of the file and the meaning of each term are in docs/deal-file.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    GetJsonSchemaHandler,
    PrivateAttr,
    Tag,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from clo.deal.quantities import (
    AnnualShares,
    Day,
    ExpressionText,
    Identifier,
    Money,
    Names,
    Rate,
    Share,
    ShareOrTape,
    Truth,
)
from clo.findings import Finding, Severity

FORMAT = "clo.deal/1"
COLLECTED = ("interest", "scheduled_principal", "prepayment", "recovery")
"""The pool's cash columns; every one of them must be collected."""


class Terms(BaseModel):
    """Base of all terms: frozen, and no key that is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


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
        return {"monthly": 1, "quarterly": 3, "semi_annual": 6, "annual": 12}[self.frequency]


class Pool(Terms):
    """A sub-pool: loans of a tape (beside the deal file) that satisfy `where`.

    seller: who sold the loans; the sub-pool named `own` is the corporation's, any other the institutions', unless said.
    """

    tape: str
    where: str | None = None
    seller: Literal["institutions", "corporation"] | None = None


class Account(Terms):
    """A cash account. target: an expression that `NAME.target` stands for; initial: funded from the issue proceeds."""

    initial: Money = 0.0
    target: ExpressionText | None = None


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
    issue_price: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0


class Trigger(Terms):
    """A condition read at each payment date before anything is paid; true while `when` holds.

    effect: what it does in a structure; a waterfall spelled out names the trigger in its conditions instead.
    """

    when: ExpressionText
    effect: Literal["trap_excess"] | None = None


class StepTerms(Terms):
    """Base of the steps. In a file a step is `{verb: {...}}`; its schema says so."""

    verb: ClassVar[str]

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        details = cls._details_schema(handler.resolve_ref_schema(handler(schema)))
        return {
            "type": "object",
            "properties": {cls.verb: details},
            "required": [cls.verb],
            "additionalProperties": False,
        }

    @classmethod
    def _details_schema(cls, details: JsonSchemaValue) -> JsonSchemaValue:
        return details


class Collect(StepTerms):
    """The pool's cash of the collection period goes to an account. pool: `pool` for all, or one sub-pool."""

    verb: ClassVar[str] = "collect"

    columns: Annotated[Names, Field(alias="from")]
    to: str
    pool: str = "pool"


class Transfer(StepTerms):
    """From account to account: the amount, or what is there if that is less."""

    verb: ClassVar[str] = "transfer"

    source: Annotated[str, Field(alias="from")]
    to: str
    amount: ExpressionText
    condition: Annotated[ExpressionText | None, Field(alias="if")] = None


PAY_KINDS = ("fee", "interest", "principal", "residual")


class Pay(StepTerms):
    """Out of an account to fee takers or holders: what is due, at most `amount` in all, at most what is there.

    fee and interest: due this period and carried; principal: the balance; residual: everything left, which is principal up
    to the excess of its tranche's balance over max(0, pool.balance - the other tranches' balances) and interest beyond.
    """

    verb: ClassVar[str] = "pay"

    kind: Literal["fee", "interest", "principal", "residual"]
    names: Names
    source: Annotated[str, Field(alias="from")]
    how: Literal["sequential", "pro_rata"] = "sequential"
    amount: ExpressionText | None = None
    condition: Annotated[ExpressionText | None, Field(alias="if")] = None

    @model_validator(mode="before")
    @classmethod
    def _kind_from_key(cls, data: Any) -> Any:
        """`{interest: senior}` in a file is kind interest, names (senior,)."""
        if not isinstance(data, Mapping) or "kind" in data:
            return data
        kinds = [kind for kind in PAY_KINDS if kind in data]
        if len(kinds) != 1:
            raise PydanticCustomError(
                "pay",
                "a pay step pays one of fee, interest, principal, residual; this has {found}",
                {"found": str(kinds or "none"), "fix": "name one"},
            )
        return {"kind": kinds[0], "names": data[kinds[0]]} | {key: value for key, value in data.items() if key != kinds[0]}

    @classmethod
    def _details_schema(cls, details: JsonSchemaValue) -> JsonSchemaValue:
        properties = {key: value for key, value in details["properties"].items() if key not in ("kind", "names")}
        properties |= dict.fromkeys(PAY_KINDS, details["properties"]["names"])
        choice = [{"required": [kind]} for kind in PAY_KINDS]
        return details | {"properties": properties, "required": ["from"], "oneOf": choice}


STEPS: Mapping[str, type[Collect] | type[Transfer] | type[Pay]] = {step.verb: step for step in (Collect, Transfer, Pay)}


def _verb(data: Any) -> str | None:
    """The verb of a step: of the object, or the one key that a file writes."""
    if isinstance(data, StepTerms):
        return data.verb
    if isinstance(data, Mapping) and len(data) == 1:
        verb = str(next(iter(data)))
        return verb if verb in STEPS else None
    return None


def _details(data: Any) -> Any:
    return next(iter(data.values())) if isinstance(data, Mapping) and len(data) == 1 else data


Step = Annotated[
    Annotated[Collect, BeforeValidator(_details), Tag("collect")]
    | Annotated[Transfer, BeforeValidator(_details), Tag("transfer")]
    | Annotated[Pay, BeforeValidator(_details), Tag("pay")],
    Discriminator(
        _verb,
        custom_error_type="step",
        custom_error_message="a step is one verb with its details: collect, transfer or pay",
        custom_error_context={"fix": "write - pay: {...}, - transfer: {...} or - collect: {...}"},
    ),
]


class Assertion(Terms):
    """A statement about the run of one scenario, checked after a payment (1 is the first)."""

    after_payment: Annotated[int, Field(ge=1)]
    that: ExpressionText
    scenario: str = "base"


class Scenario(Terms):
    """What the borrowers are assumed to do; a field left out is taken from the scenario it extends.

    cdr, cpr: a year, one number or one for each month after the cut-off. defaults: `tape` takes actual dates from the
    tape's default_date in place of cdr. recovery: share of the defaulted balance, or `tape` (1 - allocated_loss / default,
    not below 0). recovery_lag: months.
    """

    extends: str | None = None
    cdr: AnnualShares | None = None
    cpr: AnnualShares | None = None
    defaults: Literal["tape"] | None = None
    recovery: ShareOrTape | None = None
    recovery_lag: Annotated[int, Field(ge=0, le=600)] | None = None


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


@dataclass(frozen=True, slots=True)
class Mark:
    """How a value is known: published (by which source), derived (by which formula) or assumed (nothing behind it but us)."""

    kind: Literal["published", "derived", "assumed"]
    basis: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a deal was read: file, SHA-256 of its text, and (line, column) of each path in it, 1-based."""

    file: str = ""
    sha256: str = ""
    places: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def place(self, path: str) -> tuple[int, int] | None:
        """The place of the path, or of the nearest path that encloses it."""
        while path and path not in self.places:
            path = enclosing(path)
        return self.places.get(path)

    def finding(
        self,
        code: str,
        path: str,
        message: str,
        fix: str,
        *,
        rule: str = "",
        value: str = "",
        place: tuple[int, int] | None = None,
    ) -> Finding:
        """A Finding about a path of the deal, with its place in the file; a code in W- is a warning."""
        line, column = place or self.place(path) or (None, None)
        severity: Severity = "warning" if code.startswith("W-") else "error"
        return Finding(code, severity, message, rule, fix, file=self.file, line=line, column=column, path=path, value=value)


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
    day_count: Literal["ACT/365F", "ACT/360", "30/360", "30E/360", "1/12"]
    rounding: Literal["down", "half_up", "none"]
    pools: Annotated[dict[Identifier, Pool], Field(min_length=1)]
    accounts: Annotated[dict[Identifier, Account], Field(min_length=1)]
    fees: dict[Identifier, Fee] = {}
    tranches: Annotated[dict[Identifier, Tranche], Field(min_length=1)]
    triggers: dict[Identifier, Trigger] = {}
    waterfall: tuple[Step, ...] = ()
    assertions: tuple[Assertion, ...] = ()
    scenarios: Annotated[dict[str, Scenario], Field(min_length=1)]
    simulation: Simulation | None = None
    sources: dict[str, Source] = {}
    published: dict[str, str] = {}
    derived: dict[str, str] = {}
    assumed: tuple[str, ...] = ()

    _origin: Origin = PrivateAttr(default_factory=Origin)
    _load_tape: Callable[[str], Any] | None = PrivateAttr(default=None)

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
            given = link.model_dump(exclude_none=True, exclude={"extends"})
            if "cdr" in given:
                merged.pop("defaults", None)
            if "defaults" in given:
                merged.pop("cdr", None)
            merged |= given
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

    def __repr__(self) -> str:
        stack = " / ".join(
            f"{name} {t.size if t.size == 'rest' else format(t.size, ',.0f')}" for name, t in self.tranches.items()
        )
        return f"<Deal {self.name}: {self.currency} {stack}>"


def enclosing(path: str) -> str:
    """The path one level up; `` above the first level."""
    return path[: max(path.rfind("."), path.rfind("["), 0)]


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every plain value of nested mappings and lists with its path, such as `tranches.senior.size`."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, (list, tuple)):
        for number, inner in enumerate(value):
            yield from leaves(inner, f"{path}[{number}]")
    else:
        yield path, value
