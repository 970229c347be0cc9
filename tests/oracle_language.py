"""The slow reading of what steps are made of: macros written out, and the names whose past an expression asks for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from oracle_expressions import REMEMBERING
from pydantic import TypeAdapter

from clo.deal.terms import Deal, Macro, Section, Step, Use

ANY_STEP: TypeAdapter[Any] = TypeAdapter(Step)
PARAMETER = re.compile(r"\{(\w+)\}")
REMEMBERED = re.compile(rf"\b(?:{'|'.join(REMEMBERING)})\s*\(\s*([A-Za-z_][\w.]*)")
WITH_EXPRESSIONS = ("accounts", "ledgers", "facilities", "hedges", "fees", "tranches", "triggers")


def written_out(steps: Iterable[Any], macros: Mapping[str, Macro]) -> tuple[Any, ...]:
    """The steps, sections kept, with the steps of a macro where it is used."""
    found: list[Any] = []
    for step in steps:
        if isinstance(step, Use):
            body = macros[step.macro].steps
            for arguments in step.arguments:
                filled = [ANY_STEP.validate_python(filled_in(raw, arguments)) for raw in body]
                found.extend(written_out(filled, macros))
        elif isinstance(step, Section):
            inside = {"steps": written_out(step.steps, macros), "otherwise": written_out(step.otherwise, macros)}
            found.append(step.model_copy(update=inside))
        else:
            found.append(step)
    return tuple(found)


def filled_in(raw: Any, arguments: Mapping[str, Any]) -> Any:
    """A step as a file writes it, `{parameter}` in its texts replaced by the argument of that name, which may be a list."""
    if isinstance(raw, str):
        for name, argument in arguments.items():
            if not isinstance(argument, str) and raw == "{" + name + "}":
                return list(argument)
        return PARAMETER.sub(lambda found: in_text(arguments.get(found[1], found[0])), raw)
    if isinstance(raw, Mapping):
        return {filled_in(key, arguments): filled_in(value, arguments) for key, value in raw.items()}
    if isinstance(raw, list | tuple):
        found: list[Any] = []
        for each in raw:
            new = filled_in(each, arguments)
            found.extend(new if isinstance(each, str) and isinstance(new, list) else [new])
        return found
    return raw


def in_text(argument: Any) -> str:
    return argument if isinstance(argument, str) else ", ".join(argument)


def all_steps(steps: Iterable[Any]) -> Iterator[Any]:
    """The steps in the order of their numbers: those of sections too, of both branches; not sections themselves."""
    for step in steps:
        if isinstance(step, Section):
            yield from all_steps((*step.steps, *step.otherwise))
        else:
            yield step


def remembered_names(deal: Deal, steps: Iterable[Any]) -> set[str]:
    """The names that any expression of the deal asks the past of."""
    terms = deal.model_dump(include=set(WITH_EXPRESSIONS))
    dumped = [step.model_dump() for step in steps]
    return {name for text in texts([terms, dumped]) for name in REMEMBERED.findall(text)}


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from texts(each)
