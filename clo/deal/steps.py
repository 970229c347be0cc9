"""The steps of a priority of payments: collect, transfer, pay. In a file a step is one verb with its details."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Discriminator, Field, GetJsonSchemaHandler, Tag, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from clo.quantities import ExpressionText, Names, Terms

COLLECTED = ("interest", "scheduled_principal", "prepayment", "recovery")
"""The pool's cash columns; every one of them must be collected."""


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
