"""The steps of a deal in the order in which they run: sections opened, macros filled in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from clo.deal.steps import Argument, Section, Step, Use
from clo.deal.terms import Deal
from clo.deal.verbs import StepTerms
from clo.findings import Finding, nearest
from clo.quantities import in_words

_STEP: TypeAdapter[Any] = TypeAdapter(Step)
_PARAMETER = re.compile(r"\{([A-Za-z_]\w*)\}")


MOST_STEPS = 10_000
"""Steps of a deal, all macros filled in."""


@dataclass(frozen=True, slots=True)
class Branch:
    """One side of a section: its steps, or those of its `else`."""

    section: int
    holds: bool


Within = tuple[Branch, ...]
"""The branches around something, outermost first; a section without a condition is no branch, for its steps always run."""


@dataclass(frozen=True, slots=True)
class SectionStart:
    """Where a section is reached. key: its number, in order; within: the branches around it; otherwise: whether it has else."""

    key: int
    name: str
    condition: str | None
    path: str
    within: Within
    otherwise: bool


@dataclass(frozen=True, slots=True)
class PlacedStep:
    """A step that does something. number: 1-based; path: where the deal says it; within: the branches around it.

    titles: the names of the sections around it, outermost first.
    """

    number: int
    step: StepTerms
    path: str
    within: Within
    titles: tuple[str, ...]


Item = SectionStart | PlacedStep


@dataclass(frozen=True, slots=True)
class Expanded:
    """Every section start and step in order, what is wrong with the macros, and which of them are used."""

    items: list[Item]
    findings: list[Finding]
    macros: set[str]

    @property
    def steps(self) -> list[PlacedStep]:
        return [item for item in self.items if isinstance(item, PlacedStep)]


def expanded(deal: Deal) -> Expanded:
    """The waterfall of a deal, its sections opened and its macros filled in."""
    expansion = _Expansion(deal)
    expansion.add(((f"waterfall[{n}]", step) for n, step in enumerate(deal.waterfall)), (), (), ())
    return expansion.result


def placed_steps(deal: Deal) -> list[PlacedStep]:
    """The numbered steps of a deal."""
    return expanded(deal).steps


class _Expansion:
    def __init__(self, deal: Deal) -> None:
        self.deal = deal
        self.result = Expanded([], [], set())
        self._steps = self._sections = 0

    def add(
        self, steps: Iterable[tuple[str, StepTerms]], within: Within, titles: tuple[str, ...], open_macros: tuple[str, ...]
    ) -> None:
        """Append the steps, each with the path of where the deal says it."""
        for above, step in steps:
            path = f"{above}.{step.verb}"
            if self._steps == MOST_STEPS:
                self._find("E-D132", path, f"macros fill in more than {MOST_STEPS:,} steps", "use fewer")
                return
            if isinstance(step, Section):
                self._section(step, path, within, titles, open_macros)
            elif isinstance(step, Use) and self._usable(step.macro, path, open_macros):
                for arguments in step.arguments:
                    self.add(self._filled(step.macro, arguments, path), within, titles, (*open_macros, step.macro))
            elif not isinstance(step, Use):
                self._steps += 1
                self.result.items.append(PlacedStep(self._steps, step, path, within, titles))

    def _section(self, step: Section, path: str, within: Within, titles: tuple[str, ...], open_macros: tuple[str, ...]) -> None:
        key, self._sections = self._sections, self._sections + 1
        self.result.items.append(SectionStart(key, step.name, step.condition, path, within, bool(step.otherwise)))
        for holds, part, inner in ((True, "steps", step.steps), (False, "else", step.otherwise)):
            places = ((f"{path}.{part}[{n}]", each) for n, each in enumerate(inner))
            always = holds and step.condition is None
            self.add(places, within if always else (*within, Branch(key, holds)), (*titles, step.name), open_macros)

    # ---- macros ----

    def _usable(self, name: str, path: str, open_macros: tuple[str, ...]) -> bool:
        """Whether a macro is there, and is not being used by itself."""
        if name in self.deal.macros and name not in open_macros:
            self.result.macros.add(name)
            return True
        if name in open_macros:
            circle = " -> ".join((*open_macros, name))
            self._find("E-D130", path, f"macro {name!r} uses itself: {circle}", "write its steps out")
        else:
            close = nearest(name, self.deal.macros)
            fix = f"did you mean {close!r}?" if close else f"macros: {', '.join(self.deal.macros) or 'none'}"
            self._find("E-D130", path, f"macro {name!r} is not in the deal", fix)
        return False

    def _filled(self, name: str, arguments: Mapping[str, Argument], path: str) -> Iterator[tuple[str, StepTerms]]:
        """The steps of a macro with its parameters filled in."""
        macro = self.deal.macros[name]
        fix = f"its parameters are {', '.join(macro.parameters) or 'none'}"
        missing = [parameter for parameter in macro.parameters if parameter not in arguments]
        unknown = [given for given in arguments if given not in macro.parameters]
        for parameter in missing:
            self._find("E-D131", path, f"macro {name!r} is not given {parameter!r}", fix)
        for given in unknown:
            self._find("E-D131", path, f"macro {name!r} has no parameter {given!r}", fix)
        if missing or unknown:
            return
        for n, raw in enumerate(macro.steps):
            place = f"macros.{name}.steps[{n}]"
            try:
                yield place, _STEP.validate_python(_fill(raw, arguments))
            except ValidationError as error:
                for detail in error.errors(include_url=False):
                    self._misread(place, path, dict(detail))

    def _misread(self, place: str, path: str, detail: Mapping[str, Any]) -> None:
        """One of pydantic's errors about a step of a macro."""
        key = detail["loc"][-1] if detail["loc"] else "step"
        fix = str(detail.get("ctx", {}).get("fix", "correct the step"))
        self._find("E-D132", place, f"{key}: {in_words(detail)} (used by {path})", fix)

    def _find(self, code: str, path: str, message: str, fix: str) -> None:
        finding = self.deal.origin.finding(code, path, message, fix)
        if finding not in self.result.findings:
            self.result.findings.append(finding)


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
