"""How each value of a deal is known, and where in its file it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from clo.findings import Finding, Severity

_KINDS = frozenset({"terms", "number", "formula"})
"""Tags of values that may be written in several ways, which stand in no file."""
_DATE_KEY = re.compile(r"datetime\.date\((\d+), (\d+), (\d+)\)")


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


def enclosing(path: str) -> str:
    """The path one level up; `` above the first level."""
    return path[: max(path.rfind("."), path.rfind("["), 0)]


def empty(value: Any, path: str = "") -> Iterator[str]:
    """Every place that holds nothing, such as `accounts.collections` of `collections: {}`."""
    if isinstance(value, Mapping | list | tuple):
        if path and not value:
            yield path
        inner = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, below in inner:
            name = f"{path}.{key}" if path and isinstance(value, Mapping) else str(key)
            yield from empty(below, name if isinstance(value, Mapping) else f"{path}[{key}]")


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


def path_of(location: Sequence[str | int], data: Any) -> str:
    """The path in `data` of one of pydantic's errors; steps that only name a kind of value are dropped."""
    path, here, lost = "", data, False
    for number, part in enumerate(location):
        if part == "[key]":
            continue
        if isinstance(part, int) and not isinstance(here, Mapping):
            path, here = f"{path}[{part}]", here[part] if isinstance(here, list) and part < len(here) else None
            continue
        key = _plain_key(part)
        present, name = isinstance(here, Mapping) and key in here, str(key)
        last = number == len(location) - 1
        if not present and (name[:1].isupper() or (name in _KINDS and not last)):
            continue  # the kind of a value that may be of several: keys of a deal are in small letters
        if present or (
            last and isinstance(here, Mapping) and not lost and not name.startswith(("function-", "literal[", "constrained"))
        ):
            path = f"{path}.{name}" if path else name
            here = here[key] if present and isinstance(here, Mapping) else None
        else:
            lost = True
    return path


def _plain_key(part: Any) -> Any:
    """A key as the file has it: pydantic writes a date that is a key as Python does."""
    found = _DATE_KEY.fullmatch(part) if isinstance(part, str) else None
    return part if found is None else date(*(int(each) for each in found.groups()))
