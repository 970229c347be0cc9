"""A history from disk: tapes read one after the other, of which only what a history reads is kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from glob import glob, has_magic
from os import PathLike, fspath
from pathlib import Path

from clo.files.tape.reading import StrPath, check_tape
from clo.files.tape.schedule import ENDINGS as SCHEDULES
from clo.findings import Finding, TapeError
from clo.history.findings import history_finding
from clo.history.history import History
from clo.tape.loans import Loans

ENDINGS = (".csv", ".csv.gz", ".parquet", ".xlsx")
"""What the name of a tape ends in, where a folder is given."""


def read_history(
    paths: StrPath | Iterable[StrPath],
    map: StrPath | None = None,  # noqa: A002  (the name is the public one)
    *,
    keep: Sequence[str] = (),
) -> History:
    """The history of the tapes at `paths`: files, a pattern such as `tapes/*.csv`, or a folder, all of whose tapes are meant;
    `pool.schedule.csv`, which stands beside `pool.csv`, is none.

    map: one sidecar for all tapes that have none beside them. keep: as in `History`. Raises TapeError with the findings of every
    tape that is refused and of the history, or where no tape is named; OSError if a file cannot be read.
    """
    files = _named(paths)
    if not files:
        said = f"no tapes at {paths}: their names end in {', '.join(ENDINGS)}"
        raise TapeError([history_finding("E-H001", said)])
    refused: list[Finding] = []
    tapes = (loans for file in files if (loans := _usable(file, map, refused)) is not None)
    try:
        history = History(tapes, keep=keep)
    except TapeError as error:
        raise TapeError([*refused, *error.findings]) from None
    if refused:
        raise TapeError(refused)
    return history


def _usable(file: Path, sidecar: StrPath | None, refused: list[Finding]) -> Loans | None:
    loans, findings = check_tape(file, None if Path(f"{file}.map.yaml").exists() else sidecar)
    if loans is None:
        refused += findings
    return loans


def _named(paths: StrPath | Iterable[StrPath]) -> list[Path]:
    """The files that are meant, those of a folder or pattern in order of their names."""
    if not isinstance(paths, str | PathLike):
        return [file for path in paths for file in _named(path)]
    text = fspath(paths)
    if has_magic(text):
        return [Path(name) for name in sorted(glob(text)) if _is_tape(name)]
    if Path(text).is_dir():
        return sorted(file for file in Path(text).iterdir() if _is_tape(file.name))
    return [Path(text)]


def _is_tape(name: str) -> bool:
    return name.endswith(ENDINGS) and not name.endswith(SCHEDULES)
