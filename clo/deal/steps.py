"""The steps of a priority of payments. In a file a step is one verb with its details: one that moves something (`verbs`), or one
of the language itself: let, test, section, use.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator
from pydantic.json_schema import JsonSchemaValue

from clo.deal.verbs import (
    Buy,
    Capitalise,
    Charge,
    Collect,
    Condition,
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
from clo.quantities import AnyNames, ExpressionText, Identifier, Names, Terms


class Let(StepTerms):
    """Names for values, from here on. In a file `- let: {available: "cash.balance"}`."""

    verb: ClassVar[str] = "let"

    values: dict[Identifier, ExpressionText]

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, data: Any) -> Any:
        known = isinstance(data, Mapping) and set(data) == {"values"} and isinstance(data["values"], Mapping)
        return data if known else {"values": data}

    @classmethod
    def _details_schema(cls, details: JsonSchemaValue) -> JsonSchemaValue:
        return dict(details["properties"]["values"])


class Test(StepTerms):
    """Triggers that are read here, not at the start of the payment date. In a file `- test: coverage`."""

    verb: ClassVar[str] = "test"
    __test__: ClassVar[bool] = False  # not one of pytest's

    triggers: Names

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, data: Any) -> Any:
        return data if isinstance(data, Mapping) else {"triggers": data}

    @classmethod
    def _details_schema(cls, details: JsonSchemaValue) -> JsonSchemaValue:
        return dict(details["properties"]["triggers"])


class Section(StepTerms):
    """Steps under one name, run where a condition held when the section was reached; otherwise those of `else`."""

    verb: ClassVar[str] = "section"

    name: str
    steps: tuple[Step, ...]
    otherwise: Annotated[tuple[Step, ...], Field(alias="else")] = ()
    condition: Condition = None


def _argument(value: Any) -> Any:
    """Text, or a list of texts; numbers are written as text."""
    if isinstance(value, (list, tuple)):
        return tuple(str(each) for each in value)
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


Argument = Annotated[str | tuple[str, ...], BeforeValidator(_argument)]


class Use(StepTerms):
    """The steps of a macro, with its parameters filled in; once for each set of arguments."""

    verb: ClassVar[str] = "use"

    macro: str
    arguments: Annotated[tuple[dict[str, Argument], ...], Field(alias="with", min_length=1)] = ({},)

    @model_validator(mode="before")
    @classmethod
    def _each(cls, data: Any) -> Any:
        """One set of arguments where a list of sets is also allowed."""
        if isinstance(data, str):
            return {"macro": data}
        if isinstance(data, Mapping) and isinstance(data.get("with"), Mapping):
            return {**data, "with": [data["with"]]}
        return data

    @classmethod
    def _details_schema(cls, details: JsonSchemaValue) -> JsonSchemaValue:
        each = details["properties"]["with"]["items"]
        properties = details["properties"] | {"with": {"anyOf": [each, {"type": "array", "items": each}]}}
        return {"anyOf": [{"type": "string"}, details | {"properties": properties}]}


class Macro(Terms):
    """Steps that repeat. `{name}` in any text of them is filled in with the argument of that name.

    An argument that is a list takes the place of a text that is nothing but its `{name}`, in a list item by item.
    """

    parameters: AnyNames = ()
    steps: Annotated[tuple[Any, ...], Field(min_length=1)]


VERBS: Mapping[str, type[StepTerms]] = {
    step.verb: step
    for step in (
        Collect, Transfer, Draw, Pay, Buy, Sell, Settle,
        Charge, Capitalise, WriteDown, WriteUp, Debit, Credit,
        Let, Test, Section, Use,
    )
}  # fmt: skip


def _verb(data: Any) -> str | None:
    """The verb of a step: of the object, or the one key that a file writes."""
    if isinstance(data, StepTerms):
        return data.verb
    if isinstance(data, Mapping) and len(data) == 1:
        verb = str(next(iter(data)))
        return verb if verb in VERBS else None
    return None


def _details(data: Any) -> Any:
    return next(iter(data.values())) if isinstance(data, Mapping) and len(data) == 1 else data


Read = BeforeValidator(_details)
Step = Annotated[
    Annotated[Collect, Read, Tag("collect")]
    | Annotated[Transfer, Read, Tag("transfer")]
    | Annotated[Draw, Read, Tag("draw")]
    | Annotated[Pay, Read, Tag("pay")]
    | Annotated[Buy, Read, Tag("buy")]
    | Annotated[Sell, Read, Tag("sell")]
    | Annotated[Settle, Read, Tag("settle")]
    | Annotated[Charge, Read, Tag("charge")]
    | Annotated[Capitalise, Read, Tag("capitalise")]
    | Annotated[WriteDown, Read, Tag("write_down")]
    | Annotated[WriteUp, Read, Tag("write_up")]
    | Annotated[Debit, Read, Tag("debit")]
    | Annotated[Credit, Read, Tag("credit")]
    | Annotated[Let, Read, Tag("let")]
    | Annotated[Test, Read, Tag("test")]
    | Annotated[Section, Read, Tag("section")]
    | Annotated[Use, Read, Tag("use")],
    Discriminator(
        _verb,
        custom_error_type="step",
        custom_error_message=f"a step is one verb with its details; the verbs are {', '.join(VERBS)}",
        custom_error_context={"fix": "write - pay: {...}, - transfer: {...}, - collect: {...} or another verb"},
    ),
]
Section.model_rebuild()
