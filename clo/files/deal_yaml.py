"""Reading YAML with the place of every value, and refusing what YAML lets pass in silence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from clo.findings import Finding

_WIDE = {"：": ":", "，": ",", "　": "space", "－": "-", "｛": "{", "｝": "}", "［": "[", "］": "]", "＃": "#"}
_WIDE_SPACE = "\u3000"
_SCALARS = frozenset({"str", "int", "float", "bool", "null", "timestamp", "merge"})
_TAG = "tag:yaml.org,2002:"
_DAY = re.compile(r"^(\d{4})-(\d\d?)-(\d\d?)")
_OPEN_QUOTE = re.compile(r"(?:^|[\s\[{,:])([\"'])")
MOST_VALUES = 100_000
_QUOTED_OR_COMMENT = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^']|'')*'|(?:^|\s)#.*$")


@dataclass(frozen=True, slots=True)
class YamlFile:
    """What a YAML text says: plain data, and (line, column) of every path, 1-based. findings: what is wrong with the text."""

    data: Any
    places: dict[str, tuple[int, int]]
    findings: tuple[Finding, ...]


BY_HAND = 1_000_000
"""Bytes; the most that a file written by hand comes to."""


def read_yaml_bytes(raw: bytes, file: str, largest: int | None = None) -> YamlFile:
    """What a file in UTF-8 says. largest: bytes that it may have; None: as many as it likes."""
    if largest is not None and len(raw) > largest:
        message, fix = f"{len(raw):,} bytes; the limit is {largest:,}", "name the file that was written by hand"
        return YamlFile(None, {}, (Finding("E-D001", "error", message, "", fix, file=file),))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return YamlFile(None, {}, (_not_utf8(raw, error.start, file),))
    return read_yaml(text, file)


def _not_utf8(raw: bytes, start: int, file: str) -> Finding:
    line, column = raw.count(b"\n", 0, start) + 1, start - raw.rfind(b"\n", 0, start)
    message = f"byte {start} is not UTF-8"
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in raw[:64]:
        message = "the file is UTF-16"
    else:
        with suppress(UnicodeDecodeError):
            raw.decode("cp932")
            message += "; the file may be CP932 (Windows Japanese)"
    return Finding(
        "E-D001", "error", message, "deal files are UTF-8", "save the file as UTF-8", file=file, line=line, column=column
    )


def read_yaml(text: str, file: str) -> YamlFile:  # noqa: PLR0911  (one return a way to be unreadable)
    """Data and places of a YAML text. Errors come as findings with line and column; data is None where there is none."""
    findings = list(_traps(text, file))
    try:
        node = YAML(typ="safe", pure=True).compose(text)
    except RecursionError:
        deep = Finding("E-D001", "error", "values are nested too deeply", "", "a deal file is a few levels deep", file=file)
        return YamlFile(None, {}, (*findings, deep))
    except MarkedYAMLError as error:
        return YamlFile(None, {}, tuple(findings) or (_syntax(error, text, file),))  # what is odd explains what cannot be read
    except YAMLError as error:
        before = text[: getattr(error, "position", 0)]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        message, fix = f"not readable as YAML: {str(error).splitlines()[0]}", "correct the text at this place"
        findings.append(Finding("E-D001", "error", message, "", fix, file=file, line=line, column=column))
        return YamlFile(None, {}, tuple(findings))
    places: dict[str, tuple[int, int]] = {}
    if node is not None:
        findings += _walk(node, "", file, places, ())
    if findings:
        return YamlFile(None, places, tuple(findings))
    try:
        return YamlFile(YAML(typ="safe", pure=True).load(text), places, ())
    except MarkedYAMLError as error:
        return YamlFile(None, places, (_syntax(error, text, file),))
    except (YAMLError, ValueError) as error:
        message = f"not readable as YAML: {error}"
        return YamlFile(None, places, (Finding("E-D001", "error", message, file=file, fix="correct the text"),))


def _traps(text: str, file: str) -> Iterator[Finding]:
    """Characters that look like YAML and are not."""
    for number, line in enumerate(text.splitlines(), start=1):
        plain = _QUOTED_OR_COMMENT.sub(lambda match: " " * len(match[0]), line)
        for column, character in enumerate(plain, start=1):
            if character in _WIDE and not _only_text(plain, column - 1):
                shown = "space (U+3000)" if character == _WIDE_SPACE else repr(character)
                wanted = "a space" if character == _WIDE_SPACE else repr(_WIDE[character])
                message = f"full-width {shown} where YAML needs {wanted}"
                fix = f"type {wanted}, or quote the text"
                yield Finding("E-D002", "error", message, "", fix, file=file, line=number, column=column, value=character)
        if "\t" in plain[: len(plain) - len(plain.lstrip())]:
            message = "a tab in the indentation"
            yield Finding(
                "E-D002", "error", message, "YAML is indented with spaces", "use spaces", file=file, line=number, column=1
            )


def _only_text(line: str, position: int) -> bool:
    """Whether a wide character is part of a plain value: anywhere in one of its own line, between others in brackets."""
    before = line[:position]
    if sum(before.count(mark) for mark in "{[") > sum(before.count(mark) for mark in "}]"):
        return all(character > "\x7f" for character in (line[position - 1 : position], line[position + 1 : position + 2]))
    return 0 <= line.find(": ") < position


def _syntax(error: MarkedYAMLError, text: str, file: str) -> Finding:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
    reason = " ".join(str(part) for part in (error.context, error.problem) if part)
    quote = _open_quote(text, line)
    if quote is not None:
        reason = f"the quote that opens here is not closed in its line ({reason} in line {line})"
        line, column = quote
    return Finding(
        "E-D001",
        "error",
        f"not readable as YAML: {reason}",
        "",
        "correct the text at this place",
        file=file,
        line=line,
        column=column,
    )


def _open_quote(text: str, last: int | None) -> tuple[int, int] | None:
    """(line, column) of the first quote, up to a line, that its own line does not close."""
    for number, line in enumerate(text.splitlines()[:last], start=1):
        left = _OPEN_QUOTE.search(_QUOTED_OR_COMMENT.sub(lambda match: "x" * len(match[0]), line))
        if left is not None:
            return number, left.start(1) + 1
    return None


def _walk(node: Node, path: str, file: str, places: dict[str, tuple[int, int]], within: tuple[Node, ...]) -> Iterator[Finding]:
    """Note the place of every value; report keys given twice, and values that are none."""
    here = {"file": file, "line": node.start_mark.line + 1, "column": node.start_mark.column + 1, "path": path}
    if any(node is outer for outer in within) or len(places) > MOST_VALUES:
        message = "an alias leads into itself" if len(places) <= MOST_VALUES else f"more than {MOST_VALUES:,} values"
        yield Finding("E-D001", "error", message, "", "write the value out", **here)
        return
    within = (*within, node)
    if isinstance(node, ScalarNode):
        yield from _scalar(node, here)
    elif isinstance(node, MappingNode):
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
            if isinstance(key, ScalarNode):
                yield from _scalar(key, {**here, "line": line, "column": key.start_mark.column + 1, "path": inner})
            places[inner] = (line, key.start_mark.column + 1)
            yield from _walk(value, inner, file, places, within)
    elif isinstance(node, SequenceNode):
        for number, item in enumerate(node.value):
            inner = f"{path}[{number}]"
            places[inner] = (item.start_mark.line + 1, item.start_mark.column + 1)
            yield from _walk(item, inner, file, places, within)


def _scalar(node: ScalarNode, here: dict[str, Any]) -> Iterator[Finding]:
    kind, value = str(node.tag).removeprefix(_TAG), str(node.value)
    if kind not in _SCALARS:
        yield Finding("E-D001", "error", f"tag {node.tag} is not part of a deal file", "", "write a plain value", **here)
    day = _DAY.match(value) if kind == "timestamp" else None
    if day is not None:
        try:
            date(*(int(part) for part in day.groups()))
        except ValueError:
            yield Finding("E-D013", "error", f"{value} is not a date", "", "correct the date", value=value, **here)
