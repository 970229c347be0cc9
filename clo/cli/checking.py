"""The work of `clo check`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import typer

from clo.cli import console
from clo.cli.criteria import ALWAYS, Applied, apply, read, tell
from clo.cli.endings import bare, is_deal, no_map
from clo.cli.listing import file_trouble, findings_as_dict, print_assumed, print_findings, verdict
from clo.files.results import whole
from clo.files.tape.reading import check_tape
from clo.files.tape.scan import check_scan, is_large
from clo.findings import Finding, full_list, has_errors
from clo.labels import Lang, label
from clo.report.tables import ASSUMED
from clo.tape.batches import AnyLoans, in_memory
from clo.tape.criteria import Criteria
from clo.tape.loans import Loans

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
        from clo.cli.trial import deal_findings  # noqa: PLC0415  (a deal is run, a tape is not)

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
    from clo.pool.terms_check import terms_findings  # noqa: PLC0415  (loads the compiler: only loans that can be read need it)

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


def _count_line(file: Path, findings: tuple[Finding, ...], lang: Lang) -> str:
    if not findings:
        return f"{file}: {label('no_findings', lang)}"
    kinds = [
        (label("assumed", lang).lower() if one.code in ASSUMED else label(one.severity, lang), one.count) for one in findings
    ]
    order = [label(kind, lang).lower() for kind in ("error", "warning", "fixed", "assumed")]
    counts = [(kind, sum(count for said, count in kinds if said == kind)) for kind in order]
    return f"{file}: " + ", ".join(f"{kind} {count:,}" for kind, count in counts if count)
