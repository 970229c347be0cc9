"""Reading deal files: YAML text -> Deal, or every Finding with file, line and column."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from clo.curves import Curve, Curves
from clo.deal.checks import deal_findings
from clo.deal.marks import path_of
from clo.deal.structures import spelled_out
from clo.deal.terms import Deal, IndexCurve, Origin
from clo.files.criteria import read_criteria
from clo.files.curves import read_curves
from clo.files.deal_yaml import read_yaml_bytes
from clo.files.tape.reading import read_tape
from clo.files.tape.scan import is_large, scan_tape
from clo.findings import DealError, Finding, has_errors, nearest
from clo.quantities import in_words
from clo.tape.batches import AnyLoans
from clo.tape.criteria import Criteria
from clo.waterfall.compile import compiled

_CHOICES = {
    "rounding": "choose down (切捨て), half_up or none: it decides every yen of interest",
    "day_count": "choose ACT/365F, ACT/360, 30/360, 1/12 or another one listed in docs/loans.md",
    "business_day": "choose following, modified_following, preceding or unadjusted",
    "format": "add format: clo.deal/1",
}


def load_deal(path: str | Path) -> Deal:
    """The deal a file describes, its waterfall spelled out, ready for `clo.run`.

    Raises DealError with every finding (file, line, path); OSError where the file cannot be read.
    """
    deal, findings = check_deal(path)
    if deal is None:
        raise DealError(findings)
    return deal


def check_deal(path: str | Path) -> tuple[Deal | None, tuple[Finding, ...]]:
    """The deal, or None where it has errors; and every finding, warnings included."""
    file = Path(path)
    raw = file.read_bytes()
    yaml = read_yaml_bytes(raw, str(path))
    if yaml.data is None or has_errors(yaml.findings):
        empty = Finding("E-D001", "error", "the file says nothing", "", "start with format: clo.deal/1", file=str(path), line=1)
        return None, yaml.findings or (empty,)
    origin = Origin(str(path), hashlib.sha256(raw).hexdigest(), yaml.places)
    deal, findings = _validated(yaml.data, origin)
    if deal is not None:
        deal._load_tape = _TapesBeside(file.parent)
        deal._load_curve = _CurvesBeside(file.parent)
        deal._load_criteria = _CriteriaBeside(file.parent)
    return deal, findings


class _TapesBeside:
    """Reads a deal's tapes from beside the deal file, each one once; those too large for memory in batches."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[str, AnyLoans] = {}

    def __call__(self, tape: str) -> AnyLoans:
        if tape not in self._read:
            file = self._folder / tape
            self._read[tape] = scan_tape(file) if is_large(file) else read_tape(file)
        return self._read[tape]

    def __reduce__(self) -> tuple[type[_TapesBeside], tuple[Path]]:
        """A deal that goes to another process takes no loans along: they are read there."""
        return type(self), (self._folder,)


class _CriteriaBeside:
    """Reads a deal's eligibility criteria from beside the deal file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, name: str) -> Criteria:
        return read_criteria(self._folder / name)


class _CurvesBeside:
    """Reads a deal's index curves from beside the deal file, each file once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[tuple[str, str, str], Curves] = {}

    def __call__(self, name: str, terms: IndexCurve) -> tuple[Curve, tuple[Finding, ...]]:
        """The curve under the name of the index, and what reading its file showed."""
        how = (terms.file, terms.interpolation, terms.extrapolation)
        if how not in self._read:
            self._read[how] = read_curves(
                self._folder / terms.file, interpolation=terms.interpolation, extrapolation=terms.extrapolation
            )
        curves = self._read[how]
        return replace(curves[terms.column or name], name=name), curves.findings


def _validated(data: Any, origin: Origin) -> tuple[Deal | None, tuple[Finding, ...]]:
    if not isinstance(data, Mapping):
        return None, (
            origin.finding("E-D001", "", "a deal file is keys and values", "start with format: clo.deal/1", place=(1, 1)),
        )
    if data.get("format") not in (None, "clo.deal/1"):
        message = f"format {data['format']!r} is not one this version reads"
        fix = "write format: clo.deal/1, or use the version of clo that the file was written for"
        return None, (origin.finding("E-D004", "format", message, fix, value=str(data["format"])),)
    try:
        deal = Deal.model_validate(data)
    except ValidationError as error:
        return None, tuple(_from_pydantic(error, data, origin))
    deal._origin = origin
    findings = deal_findings(deal, data)
    unclear = any(finding.code in ("E-D061", "E-D062") for finding in findings)
    if not unclear:
        try:
            deal = spelled_out(deal)
            findings += compiled(deal)[1]
        except DealError as error:
            findings += error.findings
    return (None if has_errors(findings) else deal), tuple(findings)


# ---- pydantic's errors as findings ----------------------------------------------------------------------------------


def _from_pydantic(error: ValidationError, data: Any, origin: Origin) -> Iterator[Finding]:
    """One Finding per place; where a value may be of several kinds, the one that says how to mend it."""
    by_path: dict[str, list[dict[str, Any]]] = {}
    for each in error.errors(include_url=False):
        by_path.setdefault(path_of(each["loc"], data), []).append(dict(each))
    for path, details in by_path.items():
        if any(other.startswith(f"{path}[") for other in by_path):
            continue  # a list whose items say what is wrong
        if details[0]["type"] == "missing" and _misspelt(path, by_path):
            continue
        unknown = [detail for detail in details if detail["type"] == "extra_forbidden"]
        telling = max(details, key=_how_telling)
        yield _finding(path, unknown[0] if unknown else telling, details, origin)


def _how_telling(detail: Mapping[str, Any]) -> tuple[bool, bool, bool]:
    """Of errors about one value: first the one that says how to mend it, last that it is of another kind."""
    return "fix" in detail.get("ctx", {}), not detail["type"].endswith("_type"), detail["type"] != "literal_error"


def _misspelt(path: str, by_path: Mapping[str, list[dict[str, Any]]]) -> bool:
    """Whether a missing key stands beside an unknown one that is nearly it: one mistake, told once."""
    parent, _, name = path.rpartition(".")
    unknown = [other.rpartition(".") for other, details in by_path.items() if details[0]["type"] == "extra_forbidden"]
    return bool(nearest(name, [key for above, _, key in unknown if above == parent]))


def _finding(path: str, detail: Mapping[str, Any], details: Sequence[Mapping[str, Any]], origin: Origin) -> Finding:
    name = path.rpartition(".")[2]
    context = detail.get("ctx", {})
    match detail["type"]:
        case "missing":
            fix = _CHOICES.get(name, f"add {name}:")
            return origin.finding("E-D010", path, f"{name} is not stated", fix, rule="required, without a default")
        case "extra_forbidden":
            known = _known_keys(path.rpartition(".")[0])
            close = nearest(name, known)
            fix = f"did you mean {close!r}?" if close else f"known here: {', '.join(known)}"
            return origin.finding("E-D011", path, f"key {name!r} is not known here", fix)
        case "literal_error":
            expected = " or ".join(
                dict.fromkeys(str(one["ctx"]["expected"]) for one in details if "expected" in one.get("ctx", {}))
            )
            fix = _CHOICES.get(name, f"write {expected}")
            return origin.finding(
                "E-D012", path, f"{detail['input']!r} is not one of {expected}", fix, value=str(detail["input"])
            )
    shown = "" if isinstance(detail["input"], (dict, list)) else str(detail["input"])
    return origin.finding("E-D013", path, in_words(detail), context.get("fix", "correct the value"), value=shown)


def _known_keys(path: str) -> list[str]:
    """The keys that may stand at a path, by the schema of the format."""
    schema = Deal.model_json_schema(by_alias=True)
    here: Any = schema

    def resolved(part: Any) -> Any:
        if "$ref" in part:
            return schema["$defs"][part["$ref"].rpartition("/")[2]]
        if "properties" in part:
            return part
        options = [option for option in (*part.get("anyOf", ()), *part.get("oneOf", ())) if option.get("type") != "null"]
        keyed = [option for option in options if "$ref" in option or "properties" in option]
        return resolved((keyed or options)[0]) if options else part

    for key in (piece for piece in path.replace("[", ".[").split(".") if piece):
        here = resolved(here)
        if key.startswith("["):
            options = [resolved(option) for option in here.get("items", {}).get("oneOf", [])]
            here = (
                {"properties": {k: v for option in options for k, v in option["properties"].items()}}
                if options
                else here["items"]
            )
        else:
            here = here.get("properties", {}).get(key) or here.get("additionalProperties") or {}
    return sorted(resolved(here).get("properties", {}))
