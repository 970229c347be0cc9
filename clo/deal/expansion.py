"""The steps of a deal in the order in which they run: sections opened, macros filled in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from clo.deal.steps import Argument, Section, Step, StepTerms, Use
from clo.deal.terms import Deal
from clo.findings import Finding, nearest
from clo.quantities import in_words

_STEP: TypeAdapter[Any] = TypeAdapter(Step)
_PARAMETER = re.compile(r"\{([A-Za-z_]\w*)\}")
DEEPEST = 20
"""Macros and sections inside each other."""


@dataclass(frozen=True, slots=True)
class Branch:
    """One side of a section: its steps, or those of its `else`."""

    section: int
    holds: bool


@dataclass(frozen=True, slots=True)
class SectionStart:
    """Where a section is reached. key: its number, in order; within: the branches around it."""

    key: int
    name: str
    condition: str | None
    path: str
    within: tuple[Branch, ...]


@dataclass(frozen=True, slots=True)
class PlacedStep:
    """A step that does something. number: 1-based; path: where the deal says it; within: the branches around it.

    titles: the names of the sections around it, outermost first.
    """

    number: int
    step: StepTerms
    path: str
    within: tuple[Branch, ...]
    titles: tuple[str, ...]


Item = SectionStart | PlacedStep


def expanded(deal: Deal) -> tuple[list[Item], list[Finding]]:
    """Every section start and step in order, and what is wrong with the macros used."""
    expansion = _Expansion(deal)
    expansion.add(((f"waterfall[{n}]", step) for n, step in enumerate(deal.waterfall)), (), (), 0)
    return expansion.items, expansion.findings


def placed_steps(deal: Deal) -> list[PlacedStep]:
    """The numbered steps of a deal."""
    return [item for item in expanded(deal)[0] if isinstance(item, PlacedStep)]


class _Expansion:
    def __init__(self, deal: Deal) -> None:
        self.deal = deal
        self.items: list[Item] = []
        self.findings: list[Finding] = []
        self._steps = self._sections = 0

    def add(
        self, steps: Iterable[tuple[str, StepTerms]], within: tuple[Branch, ...], titles: tuple[str, ...], depth: int
    ) -> None:
        """Append the steps, each with the path of where the deal says it."""
        for above, step in steps:
            path = f"{above}.{step.verb}"
            if isinstance(step, Section):
                self._section(step, path, within, titles, depth)
            elif isinstance(step, Use):
                for arguments in step.arguments:
                    self.add(self._filled(step, arguments, path, depth), within, titles, depth + 1)
            else:
                self._steps += 1
                self.items.append(PlacedStep(self._steps, step, path, within, titles))

    def _section(self, step: Section, path: str, within: tuple[Branch, ...], titles: tuple[str, ...], depth: int) -> None:
        key, self._sections = self._sections, self._sections + 1
        self.items.append(SectionStart(key, step.name, step.condition, path, within))
        for holds, part, inner in ((True, "steps", step.steps), (False, "else", step.otherwise)):
            places = ((f"{path}.{part}[{n}]", each) for n, each in enumerate(inner))
            self.add(places, (*within, Branch(key, holds)), (*titles, step.name), depth)

    def _filled(self, use: Use, arguments: Mapping[str, Argument], path: str, depth: int) -> Iterator[tuple[str, StepTerms]]:
        """The steps of a macro with its parameters filled in."""
        macro = self.deal.macros.get(use.macro)
        if macro is None or depth > DEEPEST:
            self._complain_of_macro(use.macro, path, found=macro is not None)
            return
        missing = [name for name in macro.parameters if name not in arguments]
        unknown = [name for name in arguments if name not in macro.parameters]
        for names, what in ((missing, "is not given"), (unknown, "is not a parameter of the macro")):
            for name in names:
                fix = f"its parameters are {', '.join(macro.parameters) or 'none'}"
                self._find("E-D131", path, f"{name!r} {what} {use.macro!r}" if names is missing else f"{name!r} {what}", fix)
        if missing or unknown:
            return
        for n, raw in enumerate(macro.steps):
            place = f"macros.{use.macro}.steps[{n}]"
            try:
                yield place, _STEP.validate_python(_fill(raw, arguments))
            except ValidationError as error:
                for detail in error.errors(include_url=False):
                    fix = str(detail.get("ctx", {}).get("fix", "correct the step"))
                    self._find("E-D132", place, f"used by {path}: {in_words(detail)}", fix)

    def _complain_of_macro(self, name: str, path: str, *, found: bool) -> None:
        close = nearest(name, self.deal.macros)
        listed = f"did you mean {close!r}?" if close else f"macros: {', '.join(self.deal.macros) or 'none'}"
        if found:
            self._find("E-D130", path, f"macro {name!r} uses itself", "write its steps out")
        else:
            self._find("E-D130", path, f"macro {name!r} is not in the deal", listed)

    def _find(self, code: str, path: str, message: str, fix: str) -> None:
        finding = self.deal.origin.finding(code, path, message, fix)
        if finding not in self.findings:
            self.findings.append(finding)


def _fill(value: Any, arguments: Mapping[str, Argument]) -> Any:
    """The same data with `{name}` replaced in every text of it; a list stands for a text that is nothing but its name."""
    if isinstance(value, str):
        whole = _PARAMETER.fullmatch(value)
        if whole is not None and isinstance(arguments.get(whole[1]), tuple):
            return list(arguments[whole[1]])
        return _PARAMETER.sub(lambda match: _text(arguments.get(match[1], match[0])), value)
    if isinstance(value, Mapping):
        return {_fill(key, arguments): _fill(each, arguments) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        filled = [(each, _fill(each, arguments)) for each in value]
        return [inner for each, new in filled for inner in (new if isinstance(each, str) and isinstance(new, list) else [new])]
    return value


def _text(argument: Argument) -> str:
    return argument if isinstance(argument, str) else ", ".join(argument)
