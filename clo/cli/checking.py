"""The work of `clo check` and `clo schema`."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pandas as pd
import typer

from clo.cli import console
from clo.cli.criteria import ALWAYS, Applied, apply, read, tell
from clo.cli.listing import file_trouble, findings_as_dict, print_assumed, print_findings, verdict
from clo.cli.trial import deal_findings
from clo.deal.terms import Deal
from clo.files.results import whole
from clo.files.tape.reading import check_tape
from clo.files.tape.scan import check_scan, is_large
from clo.files.tape.sheets import ENDINGS
from clo.findings import Finding, full_list, has_errors
from clo.labels import Lang, label
from clo.pool.terms_check import terms_findings
from clo.report.tables import ASSUMED
from clo.schema import FORMAT, TAPE
from clo.tape.batches import AnyLoans, in_memory
from clo.tape.criteria import Criteria
from clo.tape.derived import DERIVED
from clo.tape.loans import Loans

DEAL_SUFFIXES = (".yaml", ".yml")
TAPE_SUFFIXES = (".csv", ".csv.gz", ".parquet", *ENDINGS)
NUMBER = re.compile(r"[+-]?[\d,]*\.?\d+([eE][+-]?\d+)?%?")


def check(
    file: Path, *, sidecar: Path | None, criteria: Path | None, out: Path | None, lang: Lang, as_json: bool, quiet: bool
) -> int:
    """Every finding of a tape, or of a deal with its tapes. 1 if one is an error, 3 if the file is not readable as such.

    criteria: a file of criteria and limits that the tape is held against.
    """
    applied: Applied | None = None
    if is_deal(file):
        no_map(sidecar)
        if criteria is not None:
            raise typer.BadParameter("--criteria is for a tape")
        with console.told_of_compiling(lang, quiet=quiet):
            findings = deal_findings(file)
    else:
        wanted, wrong = (None, ()) if criteria is None else read(criteria)
        loans, findings = _checked(file, sidecar, wanted)
        findings = (*findings, *wrong)
        if wanted is not None and loans is not None:
            applied, met = apply(wanted, loans)
            findings = (*findings, *met)
    target = out or Path(f"{bare(file)}.findings.csv")
    listed = bool(findings) or target.exists()  # a list of an earlier check would tell of findings that are mended
    if listed:
        try:
            _write_list(findings, target)
        except OSError as error:
            return _unlisted(findings, target, error, lang, as_json=as_json)
    if as_json:
        console.show_json(findings_as_dict(findings) | ({} if applied is None else applied.as_dict()))
    elif not quiet or has_errors(findings):
        _tell(findings, lang, str(target))
        if applied is not None:
            tell(applied, lang)
        console.out().print(_count_line(file, findings, lang), soft_wrap=True)
    if findings:
        console.say(f"{label('full_list', lang)}: {target}", quiet=quiet)
    return verdict(findings)


def _checked(file: Path, sidecar: Path | None, criteria: Criteria | None) -> tuple[Loans | None, tuple[Finding, ...]]:
    """(the loans, where criteria are to be applied to them; all findings, those of their terms included).

    A large tape is checked batch by batch.
    """
    pool: AnyLoans | None
    pool, findings = check_scan(file, sidecar) if is_large(file) else check_tape(file, sidecar)
    if pool is None:
        return None, findings
    findings = (*findings, *terms_findings(pool))
    return None if criteria is None else in_memory(pool, ALWAYS | criteria.columns), findings


def _write_list(findings: tuple[Finding, ...], target: Path) -> None:
    listed = full_list(findings)
    text = listed.columns.difference(["line", "row"])
    listed[text] = listed[text].map(_inert)
    with whole(target) as temporary:
        listed.to_csv(temporary, index=False, encoding="utf-8-sig")


def _tell(findings: tuple[Finding, ...], lang: Lang, target: str = "") -> None:
    """What is wrong, and then, as notes, what is assumed."""
    print_findings([finding for finding in findings if finding.code not in ASSUMED], console.out(), lang, target)
    print_assumed([finding for finding in findings if finding.code in ASSUMED], console.out(), lang)


def _inert(value: Any) -> Any:
    """Text that a spreadsheet would take for a formula gets an apostrophe; a number does not need one."""
    if not isinstance(value, str) or not value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return value
    return value if NUMBER.fullmatch(value) else f"'{value}"


def _unlisted(findings: tuple[Finding, ...], target: Path, error: OSError, lang: Lang, *, as_json: bool) -> int:
    """The list cannot be written: what was found is still told."""
    if as_json:
        console.show_json(findings_as_dict((*findings, file_trouble(error, str(target)))))
    else:
        _tell(findings, lang)
    console.say(f"clo: cannot write to {target}: {error.strerror or error}")
    return verdict([file_trouble(error, str(target))])


def schema(*, tape: bool) -> int:
    """JSON Schema of `clo.deal/1`, or the columns of `clo.tape/1` and what is derived from them."""
    if tape:
        derived = [{"name": name, "kind": one.kind, "meaning": one.meaning} for name, one in DERIVED.items()]
        columns = [dataclasses.asdict(column) for column in TAPE.values()]
        console.show_json({"format": FORMAT, "columns": columns, "derived": derived})
    else:
        console.show_json(Deal.model_json_schema(by_alias=True))
    return 0


def is_deal(file: Path) -> bool:
    """Whether a file is a deal by its ending, or a tape."""
    name = file.name.lower()
    if name.endswith(DEAL_SUFFIXES):
        return True
    if name.endswith(TAPE_SUFFIXES):
        return False
    known = ", ".join((*DEAL_SUFFIXES, *TAPE_SUFFIXES))
    raise typer.BadParameter(f"{file.name}: neither a deal nor a tape by its ending; known are {known}")


def no_map(sidecar: Path | None) -> None:
    if sidecar is not None:
        raise typer.BadParameter("--map is for a tape; a deal's tapes have their sidecars beside them")


def bare(file: Path) -> str:
    name = file.name
    return next((name[: -len(end)] for end in (*DEAL_SUFFIXES, *TAPE_SUFFIXES) if name.lower().endswith(end)), name)


def _count_line(file: Path, findings: tuple[Finding, ...], lang: Lang) -> str:
    if not findings:
        return f"{file}: {label('no_findings', lang)}"
    kinds = [
        (label("assumed", lang).lower() if one.code in ASSUMED else label(one.severity, lang), one.count) for one in findings
    ]
    order = [label(kind, lang).lower() for kind in ("error", "warning", "fixed", "assumed")]
    counts = [(kind, sum(count for said, count in kinds if said == kind)) for kind in order]
    return f"{file}: " + ", ".join(f"{kind} {count:,}" for kind, count in counts if count)


def records(frame: pd.DataFrame) -> list[dict[object, object]]:
    plain = frame.reset_index() if frame.index.name is not None else frame
    return list(plain.to_dict("records"))
