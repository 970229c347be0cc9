"""Several deal files in one command: none may overwrite another's outputs, and one that is wrong does not stop the others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import typer

from clo.cli import console
from clo.cli.listing import file_trouble, print_findings, verdict
from clo.cli.running import load
from clo.deal.terms import Deal
from clo.files.results import folder_name
from clo.findings import Finding, InputError
from clo.labels import Lang


class Refused(NamedTuple):
    """A deal that cannot be used, and why."""

    file: str
    findings: tuple[Finding, ...]

    def as_dict(self) -> dict[str, Any]:
        return {"file": self.file, "findings": [finding.as_dict() for finding in self.findings]}


def require_own_folders(files: Sequence[Path]) -> None:
    """Raise a usage error where outputs of two deals would go to one folder; letter case does not tell folders apart."""
    homes: dict[str, Path] = {}
    for file in files:
        name = folder_name(str(file))
        first = homes.setdefault(name.casefold(), file)
        if first is not file:
            fix = "name it once" if first == file else "rename one of them"
            raise typer.BadParameter(f"the outputs of {first} and of {file} would both go to the folder {name}: {fix}")


def load_all(files: Sequence[Path]) -> tuple[dict[str, Deal], list[Refused]]:
    """The deals by the names of their folders, and those that cannot be loaded."""
    deals: dict[str, Deal] = {}
    refused: list[Refused] = []
    for file in files:
        try:
            deals[folder_name(str(file))] = load(file)
        except InputError as error:
            refused.append(Refused(str(file), error.findings))
        except OSError as error:
            refused.append(Refused(str(file), (file_trouble(error, str(file)),)))
    return deals, refused


def tell(refused: Sequence[Refused], lang: Lang, *, as_json: bool) -> int:
    """Show on stderr why deals are refused, unless JSON says it; the worst exit code."""
    for each in refused if not as_json else ():
        print_findings(each.findings, console.err(), lang)
    return max((verdict(each.findings) for each in refused), default=0)
