"""Reading a sidecar: YAML to what it declares, or every problem with its line and the nearest known key."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from clo.files.tape.sidecar import Sidecar, UnknownColumnsError, position
from clo.findings import Finding, TapeError, nearest
from clo.tape.codes import finding

FORMAT = "clo.map/1"
SUFFIX = ".map.yaml"
LARGEST = 1_000_000
"""Bytes; a sidecar is written by hand."""


def sidecar_path(tape: Path) -> Path:
    """Where the sidecar of a tape stands: `pool.csv.map.yaml` beside `pool.csv`."""
    return tape.with_name(tape.name + SUFFIX)


def load_sidecar(path: Path) -> Sidecar:
    """The sidecar in a file. Raises TapeError with every finding, each with its line; OSError if it cannot be read."""
    data = path.read_bytes()
    if len(data) > LARGEST:
        raise TapeError([finding("E-S003", f"{len(data):,} bytes; the limit is {LARGEST:,}", file=str(path))])
    try:
        loaded = YAML(typ="rt").load(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise TapeError([finding("E-S001", f"not UTF-8: {error.reason}", file=str(path))]) from None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
        said = error.problem or str(error)
        raise TapeError([finding("E-S001", said, file=str(path), line=line, column=column)]) from None
    except (YAMLError, RecursionError) as error:
        raise TapeError([finding("E-S001", str(error), file=str(path))]) from None
    if not isinstance(loaded, Mapping):
        raise TapeError(
            [finding("E-S003", "a sidecar is a mapping that starts with `format: clo.map/1`", file=str(path), line=1)]
        )
    if "format" not in loaded:
        said = f"`format` is missing; this version reads {FORMAT}"
        raise TapeError([finding("E-S003", said, file=str(path), line=1, path="format")])
    try:
        sidecar = Sidecar.model_validate(loaded)
    except ValidationError as error:
        raise TapeError(made for problem in error.errors() for made in _explained(problem, loaded, str(path))) from None
    sidecar._file, sidecar._sha256, sidecar._loaded = str(path), hashlib.sha256(data).hexdigest(), loaded
    return sidecar


def _explained(problem: Mapping[str, Any], loaded: Any, file: str) -> Iterator[Finding]:
    """A pydantic error as findings, each with its line, and the nearest key where one is unknown."""
    unknown = problem.get("ctx", {}).get("error")
    if isinstance(unknown, UnknownColumnsError):
        for place, said in unknown.problems:
            line, column = position(loaded, place)
            yield finding("E-S003", said, file=file, line=line, column=column, path=".".join(str(part) for part in place))
        return
    yield _one(problem, loaded, file)


def _one(problem: Mapping[str, Any], loaded: Any, file: str) -> Finding:
    place = [part for part in problem["loc"] if not isinstance(part, str) or not part.endswith("]")]
    line, column = position(loaded, place)
    path = ".".join(str(part) for part in place)
    if problem["type"] == "extra_forbidden":
        close = nearest(str(place[-1]), _keys_at(place[:-1]))
        said = f"unknown key {place[-1]!r}" + (f"; did you mean {close!r}?" if close else "")
        return finding("E-S002", said, file=file, line=line, column=column, path=path)
    said = str(problem["msg"]).removeprefix("Value error, ")
    value = problem.get("input")
    shown = "" if isinstance(value, (Mapping, list)) else str(value)
    return finding("E-S003", said, file=file, line=line, column=column, path=path, value=shown)


def _keys_at(place: Sequence[Any]) -> list[str]:
    model: Any = Sidecar
    for part in place:
        field = model.model_fields.get(part) if isinstance(part, str) else None
        found = [] if field is None else _models(field.annotation)
        if found:
            model = found[0]
    return [str(field.alias or name) for name, field in model.model_fields.items()]


def _models(annotation: Any) -> list[Any]:
    """The models an annotation is made of: `dict[str, Derive]` holds Derive."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in getattr(annotation, "__args__", ()) for model in _models(inner)]
