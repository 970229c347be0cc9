"""Reading YAML with the place of every value, and refusing what YAML lets pass in silence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from clo.findings import Finding

_WIDE = {"：": ":", "，": ",", "　": "space", "－": "-", "｛": "{", "｝": "}", "［": "[", "］": "]", "＃": "#"}
_QUOTED_OR_COMMENT = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^']|'')*'|(?:^|\s)#.*$")


@dataclass(frozen=True, slots=True)
class YamlFile:
    """What a YAML text says: plain data, and (line, column) of every path, 1-based. findings: what is wrong with the text."""

    data: Any
    places: dict[str, tuple[int, int]]
    findings: tuple[Finding, ...]


def read_yaml(text: str, file: str) -> YamlFile:
    """Data and places of a YAML text. Errors come as findings with line and column; data is None where there is none."""
    findings = list(_traps(text, file))
    try:
        node = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        findings.append(_syntax(error, file))
        return YamlFile(None, {}, tuple(findings))
    except YAMLError as error:
        findings.append(Finding("E-D001", "error", f"not readable as YAML: {error}", file=file, fix="correct the text"))
        return YamlFile(None, {}, tuple(findings))
    places: dict[str, tuple[int, int]] = {}
    if node is not None:
        findings += _walk(node, "", file, places)
    if any(finding.code == "E-D003" for finding in findings):
        return YamlFile(None, places, tuple(findings))
    return YamlFile(YAML(typ="safe", pure=True).load(text), places, tuple(findings))


def _traps(text: str, file: str) -> Iterator[Finding]:
    """Characters that look like YAML and are not."""
    for number, line in enumerate(text.splitlines(), start=1):
        plain = _QUOTED_OR_COMMENT.sub(lambda match: " " * len(match[0]), line)
        for column, character in enumerate(plain, start=1):
            if character in _WIDE and not _inside_japanese(plain, column - 1):
                message = f"full-width {character!r} where YAML needs {_WIDE[character]!r}"
                fix = f"type {_WIDE[character]!r}, or quote the text"
                yield Finding("E-D002", "error", message, "", fix, file=file, line=number, column=column, value=character)
        if "\t" in plain[: len(plain) - len(plain.lstrip())]:
            message = "a tab in the indentation"
            yield Finding("E-D002", "error", message, "YAML is indented with spaces", "use spaces", file=file, line=number, column=1)


def _inside_japanese(line: str, position: int) -> bool:
    """Whether a wide space or colon stands between Japanese characters of a plain value, where it is only text."""
    value_start = line.find(": ")
    return 0 <= value_start < position


def _syntax(error: MarkedYAMLError, file: str) -> Finding:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
    reason = " ".join(str(part) for part in (error.context, error.problem) if part)
    return Finding(
        "E-D001", "error", f"not readable as YAML: {reason}", "", "correct the text at this place", file=file, line=line, column=column
    )


def _walk(node: Node, path: str, file: str, places: dict[str, tuple[int, int]]) -> Iterator[Finding]:
    """Note the place of every value; report keys given twice."""
    if isinstance(node, MappingNode):
        seen: dict[str, int] = {}
        for key, value in node.value:
            name = str(key.value) if isinstance(key, ScalarNode) else str(key)
            inner = f"{path}.{name}" if path else name
            line = key.start_mark.line + 1
            if name in seen:
                message = f"key {name!r} is given twice, in lines {seen[name]} and {line}"
                place = {"line": line, "column": key.start_mark.column + 1}
                yield Finding("E-D003", "error", message, "", "keep one", file=file, path=inner, field=name, **place)
            seen[name] = line
            places[inner] = (line, key.start_mark.column + 1)
            yield from _walk(value, inner, file, places)
    elif isinstance(node, SequenceNode):
        for number, item in enumerate(node.value):
            inner = f"{path}[{number}]"
            places[inner] = (item.start_mark.line + 1, item.start_mark.column + 1)
            yield from _walk(item, inner, file, places)
