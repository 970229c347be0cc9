"""Which header is which column: by its name or Japanese label, or as the sidecar maps it; the likeliest where one is missing."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from clo.files.tape.pasting import block, quoted
from clo.files.tape.sidecar import Sidecar
from clo.findings import Finding, nearest
from clo.schema import TAPE, Column, extra_name, required
from clo.tape.codes import finding

_UNIT_IN_HEADER = re.compile(r"百万円|億円|千円|万円|百万|千|in thousands|in millions|thousand|million|'000|000s", re.IGNORECASE)
_UNIT_WORD = {"千": "thousand", "百": "million", "万": "ten_thousand", "億": "hundred_million"}
_BRACKETS = re.compile(r"[(（\[【].*?[)）\]】]")
_BY_LABEL = {column.label_ja: name for name, column in TAPE.items()}


@dataclass
class Mapping:
    """places: our column -> number of the source column. extras: `x_` name -> the same. absent: required, not there, reported."""

    places: dict[str, int] = field(default_factory=dict)
    extras: dict[str, int] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)


def map_headers(names: Sequence[str], file: str, header_row: int | None, sidecar: Sidecar) -> Mapping:
    """Where every column of the tape stands among the headers (None: a Parquet file, which has no header row).

    Unlisted headers are kept as extras.
    """
    found = Mapping()
    for name, times in Counter(names).items():
        if name and times > 1:
            said = f"header {name!r} stands {times} times"
            found.findings.append(finding("E-T012", said, field=name, file=file, row=header_row))
    first: dict[str, int] = {}
    for at, name in enumerate(names):
        first.setdefault(name, at)
    for ours, header in sidecar.columns.items():
        if ours in sidecar.derive and sidecar.derive[ours].source == header:
            continue  # the same header, with its words
        if header in first:
            found.places[ours] = first[header]
            continue
        close = nearest(header, names)
        said = f"{ours} is mapped to {header!r}, which the file does not have" + (f"; closest header: {close!r}" if close else "")
        found.findings.append(finding("E-S004", said, field=ours, value=header, **sidecar.place("columns", ours, tape=file)))
        found.absent.add(ours)
    used = set(sidecar.columns.values())
    supplied = {*sidecar.constants, *sidecar.derive, *sidecar.columns}
    supplied |= {name for name, assumed in sidecar.assumed.items() if assumed.value is not None}
    kept = used | {header for header in first if extra_name(header) in sidecar.kinds}
    labels = {header: _BY_LABEL[header] for header in first if header in _BY_LABEL and header not in kept}
    labels = {header: ours for header, ours in labels.items() if ours not in supplied and ours not in first}
    if labels:
        said = f"Japanese headers read as {', '.join(f'{ours} ({label})' for label, ours in labels.items())}"
        found.findings.append(finding("F-T018", said, file=file, row=header_row))
    for name, at in first.items():
        if name in TAPE and name not in supplied:
            found.places[name] = at
        elif name in labels:
            found.places[labels[name]] = at
        elif name not in used:
            found.extras[_unique(extra_name(name or f"column_{at + 1}"), found.extras)] = at
    _missing(found, names, supplied, file=file, header_row=header_row, sidecar=sidecar)
    _header_units(found, names, file, header_row, sidecar)
    return found


def _unique(name: str, taken: dict[str, int]) -> str:
    return name if name not in taken else f"{name}_{len(taken)}"


def _missing(
    found: Mapping, names: Sequence[str], supplied: set[str], *, file: str, header_row: int | None, sidecar: Sidecar
) -> None:
    """Required columns nowhere supplied, and headers that look like a column misspelt."""
    spare = [names[at] for at in found.extras.values() if names[at]]
    sources = {derive.source for derive in sidecar.derive.values()} | set(sidecar.kinds)
    sources |= {derive.add_months[1] for derive in sidecar.derive.values() if derive.add_months}
    likely: dict[str, str | None] = {}
    for name in required():
        if name in found.places or name in supplied or name in sidecar.may_be_missing:
            continue
        likely[name] = close = _closest(TAPE[name], spare)
        if close:
            spare.remove(close)
    found.absent |= set(likely)
    if likely:
        told = ", ".join(name + (f" (closest header: {close!r})" if close else "") for name, close in likely.items())
        said = f"required column{'s' if len(likely) > 1 else ''} {told} not found"
        advice = block("columns", {name: quoted(close or "<its header>") for name, close in likely.items()}, sidecar, file)
        only = next(iter(likely)) if len(likely) == 1 else ""
        close = likely.get(only) or ""
        found.findings.append(finding("E-T011", said, field=only, file=file, row=header_row, value=close, fix=advice))
    for header in spare:
        free = [name for name in TAPE if name not in found.places and name not in supplied and name not in found.absent]
        close = nearest(header, free, cutoff=0.85)
        if close and header not in sources:
            said = f"header {header!r} is no column of the tape and is kept as {extra_name(header)}; did you mean {close!r}?"
            found.findings.append(finding("W-T013", said, field=header, file=file, row=header_row))


def _closest(column: Column, headers: Sequence[str]) -> str | None:
    """The header most likely to be a column, by its Japanese label or its name."""
    plain = {header: _BRACKETS.sub("", unicodedata.normalize("NFKC", header)).strip().casefold() for header in headers}
    for header, word in plain.items():
        if word and (
            word in (column.label_ja.casefold(), column.name.replace("_", " ")) or (len(word) > 1 and word in column.label_ja)
        ):
            return header
    for target in (column.name, column.label_ja):
        close = nearest(target, list(plain.values()), cutoff=0.6 if target is column.name else 0.5)
        if close:
            return next(header for header, word in plain.items() if word == close)
    return None


def _header_units(found: Mapping, names: Sequence[str], file: str, header_row: int | None, sidecar: Sidecar) -> None:
    """Money columns whose header names a unit nobody declared."""
    for name, at in found.places.items():
        if TAPE.get(name) is None or TAPE[name].kind != "money":
            continue
        match = _UNIT_IN_HEADER.search(unicodedata.normalize("NFKC", names[at]))
        if match is None or sidecar.units.money or name in sidecar.units.columns:
            continue
        unit = _UNIT_WORD.get(match[0][0], "million" if "mill" in match[0].lower() else "thousand")
        said = f"header {names[at]!r} names the unit {match[0]}, and the sidecar declares none"
        advice = f"declare `units: {{columns: {{{name}: {unit}}}}}` in the sidecar (or yen, if the header is wrong)"
        found.findings.append(finding("E-T023", said, field=name, file=file, row=header_row, value=names[at], fix=advice))
