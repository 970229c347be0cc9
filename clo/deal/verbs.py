"""Verbs that move something: of cash (collect, transfer, draw, pay, buy, sell, settle) and of account (charge, capitalise,
write_down, write_up, debit, credit). What each does is said in docs/waterfall.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from clo.quantities import ExpressionText, Identifier, Names, Price, Terms

COLLECTED = ("interest", "scheduled_principal", "prepayment", "recovery")
"""The pool's cash columns; every one of them must be collected."""

Amount = ExpressionText
Condition = Annotated[ExpressionText | None, Field(alias="if")]
Source = Annotated[str, Field(alias="from")]
Order = Literal["sequential", "pro_rata"]


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


# ---- verbs of cash ----------------------------------------------------------------------------------------------------


class Collect(StepTerms):
    """The pool's cash of the collection period goes to an account. pool: `pool` for all, or one sub-pool."""

    verb: ClassVar[str] = "collect"

    columns: Annotated[Names, Field(alias="from")]
    to: str
    pool: str = "pool"


class Transfer(StepTerms):
    """From account to account: the amount, or what is there if that is less; what moves is credited to ledger `credits`."""

    verb: ClassVar[str] = "transfer"

    source: Source
    to: str
    amount: Amount
    credits: str | None = None
    condition: Condition = None


class Draw(StepTerms):
    """From a facility, up to what it still lends, or from a hedge, up to what its counterparty owes, into an account."""

    verb: ClassVar[str] = "draw"

    source: Source
    to: str
    amount: Amount | None = None
    condition: Condition = None


PAY_KINDS = ("fee", "interest", "principal", "hedge", "residual")


class Pay(StepTerms):
    """Out of accounts, in order, to those who are owed: what is due, at most `amount` in all, at most what is there.

    fee, interest and hedge: due this period and carried; principal: the balance; residual: everything left, which is
    principal up to the excess of its tranche's balance over max(0, pool.balance - the other tranches' balances) and
    interest beyond; `as: interest` makes all of it interest, `as: principal` principal up to the balance.
    """

    verb: ClassVar[str] = "pay"

    kind: Literal["fee", "interest", "principal", "hedge", "residual"]
    names: Names
    sources: Annotated[Names, Field(alias="from")]
    how: Order = "sequential"
    booked_as: Annotated[Literal["interest", "principal"] | None, Field(alias="as")] = None
    amount: Amount | None = None
    condition: Condition = None

    @model_validator(mode="after")
    def _split(self) -> Pay:
        if self.booked_as is not None and self.kind != "residual":
            raise PydanticCustomError("pay", "only a residual is booked as one thing or another", {"fix": "remove as:"})
        return self

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
                "a pay step pays one of {kinds}; this has {found}",
                {"kinds": ", ".join(PAY_KINDS), "found": str(kinds or "none"), "fix": "name one"},
            )
        return {"kind": kinds[0], "names": data[kinds[0]]} | {key: value for key, value in data.items() if key != kinds[0]}

    @classmethod
    def _details_schema(cls, details: JsonSchemaValue) -> JsonSchemaValue:
        properties = {key: value for key, value in details["properties"].items() if key not in ("kind", "names")}
        properties |= dict.fromkeys(PAY_KINDS, details["properties"]["names"])
        choice = [{"required": [kind]} for kind in PAY_KINDS]
        return details | {"properties": properties, "required": ["from"], "oneOf": choice}


class Buy(StepTerms):
    """Loans for cash: `amount` out of an account buys amount / price of balance, which behaves as sub-pool `pool` does."""

    verb: ClassVar[str] = "buy"

    pool: str
    source: Source
    amount: Amount
    price: Price = 1.0
    condition: Condition = None


class Sell(StepTerms):
    """The whole pool, once: `amount` (the pool's balance, unless said) comes into an account, and nothing is collected after."""

    verb: ClassVar[str] = "sell"

    to: str
    amount: Amount = "pool.balance"
    condition: Condition = None


class Settle(StepTerms):
    """A payment under a contract: an amount from an account or party to another. paid_as: what it is, such as premium.

    Out of an account: at most the whole units there. Between two parties nothing of the deal moves.
    """

    verb: ClassVar[str] = "settle"

    source: Source
    to: str
    amount: Amount
    paid_as: Annotated[Identifier, Field(alias="as")]
    condition: Condition = None


# ---- verbs of account: nothing of these is cash -----------------------------------------------------------------------


class Charge(StepTerms):
    """An amount more is owed of a fee."""

    verb: ClassVar[str] = "charge"

    fee: str
    amount: Amount
    condition: Condition = None


class Capitalise(StepTerms):
    """Unpaid interest of tranches becomes balance, in order, at most `amount` in all."""

    verb: ClassVar[str] = "capitalise"

    interest: Names
    amount: Amount | None = None
    condition: Condition = None


class WriteDown(StepTerms):
    """Balances of tranches fall by `amount` in all, and nobody is paid."""

    verb: ClassVar[str] = "write_down"

    tranches: Names
    amount: Amount
    how: Order = "sequential"
    condition: Condition = None


class WriteUp(StepTerms):
    """Balances of tranches rise by `amount` in all, each by no more than it was written down."""

    verb: ClassVar[str] = "write_up"

    tranches: Names
    amount: Amount
    how: Order = "sequential"
    condition: Condition = None


class Debit(StepTerms):
    """Ledgers rise by `amount` in all, in order, each up to its limit."""

    verb: ClassVar[str] = "debit"

    ledgers: Names
    amount: Amount
    condition: Condition = None


class Credit(StepTerms):
    """Ledgers fall by `amount` in all, in order, each down to 0."""

    verb: ClassVar[str] = "credit"

    ledgers: Names
    amount: Amount
    condition: Condition = None
