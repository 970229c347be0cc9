"""Recipes from plain data, with every finding at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from clo.builder.checks import misfits
from clo.builder.codes import RecipeError, finding
from clo.builder.recipe import FORMAT, Recipe
from clo.findings import Finding, nearest
from clo.quantities import in_words

CODES = {"extra_forbidden": "E-B002", "shares": "E-B004"}
"""Codes of pydantic's errors; any other is a value without its form."""


def recipe_from(data: Recipe | Mapping[str, Any]) -> Recipe:
    """A recipe from which a pool can be drawn. Raises RecipeError with every finding, each with its path in the recipe."""
    if isinstance(data, Recipe):
        recipe = data
    else:
        if not isinstance(data, Mapping):
            raise RecipeError([finding("E-B003", f"a recipe is keys and values that begin with format: {FORMAT}", path="format")])
        try:
            recipe = Recipe.model_validate(dict(data))
        except ValidationError as error:
            raise RecipeError(_explained(error)) from None
    found = tuple(misfits(recipe))
    if found:
        raise RecipeError(found)
    return recipe


def _explained(error: ValidationError) -> Iterator[Finding]:
    """One finding for each place; a missing key beside a misspelt one is the same mistake."""
    details = error.errors(include_url=False)
    unknown = [detail["loc"] for detail in details if detail["type"] == "extra_forbidden"]
    for detail in details:
        beside = [str(place[-1]) for place in unknown if place[:-1] == detail["loc"][:-1]]
        if detail["type"] == "missing" and nearest(str(detail["loc"][-1]), beside):
            continue
        yield _finding(dict(detail))


def _finding(detail: Mapping[str, Any]) -> Finding:
    location = [part for part in detail["loc"] if part != "[key]"]
    path, name = _path(location), str(location[-1]) if location else ""
    context = detail.get("ctx", {})
    code = context.get("finding") or CODES.get(detail["type"], "E-B003")
    if detail["type"] == "extra_forbidden":
        known = tuple(_model_at(location[:-1]).model_fields)
        close = nearest(name, known)
        fix = f"did you mean {close!r}?" if close else f"known here: {', '.join(known)}"
        return finding(code, f"unknown key {name!r}", path=path, fix=fix)
    if detail["type"] == "missing":
        return finding(code, f"{name} is not stated", path=path, fix=f"add {name}:")
    shown = "" if isinstance(detail["input"], (Mapping, list, tuple)) else str(detail["input"])
    if detail["type"] == "literal_error":
        close = nearest(shown, context["expected"].replace("'", "").replace(" or ", ", ").split(", "))
        fix = f"did you mean {close!r}?" if close else f"write {context['expected']}"
        return finding(code, f"{shown!r} is not {context['expected']}", path=path, value=shown, fix=fix)
    return finding(code, in_words(detail), path=path, value=shown, fix=str(context.get("fix", "")))


def _path(location: Sequence[str | int]) -> str:
    """The path in the file: keys of a mapping after dots, places in a list in brackets."""
    path = ""
    for number, part in enumerate(location):
        in_list = isinstance(part, int) and number and location[number - 1] in ("known", "heaps", "originators")
        path += f"[{part}]" if in_list else f".{part}" if path else str(part)
    return path


def _model_at(location: Sequence[str | int]) -> type[BaseModel]:
    """The terms that stand at a place of a recipe."""
    model: type[BaseModel] = Recipe
    for part in location:
        field = model.model_fields.get(str(part))
        model = model if field is None else _model_in(field.annotation) or model
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part)) is not None), None)
