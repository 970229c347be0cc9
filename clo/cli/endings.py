"""What a file is by the ending of its name: a deal, or a tape."""

from __future__ import annotations

from pathlib import Path

import typer

from clo.files.tape.sheets import ENDINGS

DEAL_SUFFIXES = (".yaml", ".yml")
TAPE_SUFFIXES = (".csv", ".csv.gz", ".parquet", *ENDINGS)


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
