"""A folder of deal files as a library: each deal under the name of its file."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from clo.deal.terms import Deal
from clo.files.deal import check_deal
from clo.findings import DealError, Finding, nearest

NAMED = "a deal of the library is named as its file is"
HELD = "the folder of the library holds deal files"


def load_library(folder: str | Path, names: Collection[str] = ()) -> dict[str, Deal]:
    """The deals of a folder by the names of their files, all of them or those named.

    Raises DealError with every finding of every file, or where no file has one of the names; OSError if one cannot be read.
    """
    files, wrong = library_files(folder, names)
    deals: dict[str, Deal] = {}
    for name, file in files.items():
        deal, findings = check_deal(file)
        if deal is None:
            wrong += findings
        else:
            deals[name] = deal
    if wrong:
        raise DealError(wrong)
    return deals


def library_files(folder: str | Path, names: Collection[str] = ()) -> tuple[dict[str, Path], list[Finding]]:
    """The deal files of a folder by their names, all of them or those named; and what cannot be found."""
    files = {path.stem: path for path in sorted(Path(folder).glob("*.yaml"))}
    wrong: list[Finding] = []
    if not files:
        message, fix = "there is no deal file (*.yaml) here", "name the folder with `--deals`"
        wrong.append(Finding("E-N012", "error", message, HELD, fix, file=str(folder)))
    for name in names:
        if name not in files:
            near = nearest(name, files)
            fix = f"did you mean {near!r}?" if near else f"name one of {folder}/*.yaml"
            wrong.append(Finding("E-N011", "error", f"no deal file is named {name!r}", NAMED, fix, file=str(folder), value=name))
    return {name: file for name, file in files.items() if not names or name in names}, wrong
