"""Tables, findings and JSON on the terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pandas as pd
from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table as RichTable
from rich.text import Text

from clo.cli.listing import file_trouble, findings_as_dict, print_findings, verdict
from clo.deal.terms import Mark
from clo.files.results import plain
from clo.findings import Finding
from clo.labels import Lang, label
from clo.report.tables import Marked, Table, written

MANY_LOANS = 100_000
"""From here on a projection takes long enough for a progress bar."""
PIPE_WIDTH = 400
"""Tables in a pipe are not cut to a screen."""


def out() -> Console:
    return _console(sys.stdout)


def err() -> Console:
    return _console(sys.stderr)


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Rich would leave with 1; `main` knows that a reader who has enough is no failure."""
        raise BrokenPipeError


def _console(stream: Any) -> Console:
    width = None if stream.isatty() else PIPE_WIDTH
    return _Console(file=stream, width=width, markup=False, highlight=False, emoji=False)


def say(text: str, *, quiet: bool = False) -> None:
    """A line of log."""
    if not quiet:
        err().print(text, soft_wrap=True)


def told_of_compiling(lang: Lang, *, quiet: bool = False) -> AbstractContextManager[None]:
    """While this is open, a line of log says so before kernels are compiled."""
    from clo.study import telling_of_compiling  # noqa: PLC0415  (most commands run nothing: they need no compiler)

    return telling_of_compiling(lambda: say(f"clo: {label('compiling', lang)}", quiet=quiet))


@contextmanager
def progress(text: str, *, quiet: bool = False, least: int = MANY_LOANS) -> Iterator[Callable[[int, int], None] | None]:
    """A bar for work that takes a while, on a terminal only; what it yields is told how many of how many are done.

    least: the work of which fewer things is done before a bar could be read; loans, unless said.
    """
    console = err()
    if quiet or not console.is_terminal:
        yield None
        return
    with Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), console=console, transient=True) as bar:
        task = bar.add_task(text, total=None, visible=False)

        def advance(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total, visible=total >= least)

        yield advance


def show_json(value: Any) -> None:
    sys.stdout.write(json.dumps(plain(value), ensure_ascii=False, indent=2, allow_nan=False) + "\n")


def records(frame: pd.DataFrame) -> list[dict[Any, Any]]:
    """The rows of a frame for JSON; what is missing is null."""
    return frame.astype(object).where(frame.notna(), None).to_dict("records")


def show_table(table: Table, title: str, lang: Lang, *, as_named: bool = False) -> None:
    """Numbers to the right; marks as their first letter, or 公 導 仮. Too wide for the terminal: one block for each row.

    as_named: headings are the names of the columns, not their words.
    """
    console = out()
    heads = [column.key if as_named else label(column.key, lang) for column in table.columns]
    rows = _texts(table, lang)
    console.print(title, style="bold", soft_wrap=True)
    whole, broken = _widths([[head] for head in heads], rows), _widths([head.split() for head in heads], rows)
    layouts = ((whole, False), (broken, False), (broken, True))
    fitting = next((layout for layout in layouts if _full(*layout) <= console.width), None)
    if fitting is None:
        _stack(table, heads, rows, console)
    else:
        console.print(_grid(table, heads, *fitting, rows))
        if fitting[1]:
            console.print()


def _texts(table: Table, lang: Lang) -> list[list[Text]]:
    """What the cells say."""
    rows = []
    for number, row in enumerate(table.rows):
        heavy = number >= len(table.rows) - table.totals or number in table.subtotals
        cells = []
        for value, column in zip(row, table.columns, strict=True):
            text = Text(written(value, column.kind, lang), style="bold" if heavy else "")
            if isinstance(value, Marked) and value.mark is not None:
                text.append(f" {letter(value.mark, lang)}", style="dim")
            cells.append(text)
        rows.append(cells)
    return rows


def _widths(parts: Sequence[Sequence[str]], rows: Sequence[Sequence[Text]]) -> list[int]:
    """Of each column: its widest cell, or the widest of the parts into which its heading may break."""
    return [max([*map(cell_len, part), *(row[place].cell_len for row in rows)], default=0) for place, part in enumerate(parts)]


def _full(widths: Sequence[int], dense: bool) -> int:
    """Three blanks between columns and one at each end; dense, one between columns and none at the ends."""
    between = len(widths) - 1
    return sum(widths) + (between if dense else 3 * between + 2)


def _grid(table: Table, heads: Sequence[str], widths: Sequence[int], dense: bool, rows: Sequence[Sequence[Text]]) -> RichTable:
    made = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=not dense, padding=0 if dense else (0, 1))
    for column, head, width in zip(table.columns, heads, widths, strict=True):
        made.add_column(head, justify="right" if column.numeric else "left", width=width)
    for row in rows:
        made.add_row(*row)
    return made


def _stack(table: Table, heads: Sequence[str], rows: Sequence[Sequence[Text]], console: Console) -> None:
    """The first cell of a row as its heading, then a line for each other column; numbers stand in one line of digits."""
    indent = max(map(cell_len, heads[1:]), default=0)
    digits = max((row[place].cell_len for row in rows for place, column in enumerate(table.columns) if column.numeric), default=0)
    for row in rows:
        console.print()
        console.print(Text(" ").append(row[0].plain or label("total"), style="bold"), soft_wrap=True)
        for head, column, cell in zip(heads[1:], table.columns[1:], row[1:], strict=True):
            if not cell.plain:
                continue
            gap = " " * (indent - cell_len(head) + 2 + (digits - cell.cell_len if column.numeric else 0))
            console.print(Text(f"   {head}{gap}").append_text(cell), soft_wrap=True)
    console.print()


def letter(mark: Mark, lang: Lang) -> str:
    return label(mark.kind, lang)[0].lower()


def marks_line(lang: Lang) -> str:
    return ", ".join(
        f"{label(kind, lang)[0].lower()} {label(kind, lang).lower()}" for kind in ("published", "derived", "assumed")
    )


def rows_as_dicts(table: Table) -> list[dict[str, Any]]:
    """A table for JSON: values, and `<column>_mark` where one is marked."""
    rows = []
    for row in table.rows:
        plain_row: dict[str, Any] = {}
        for value, column in zip(row, table.columns, strict=True):
            bare = value.value if isinstance(value, Marked) else value
            plain_row[column.key] = None if isinstance(bare, str) and not bare else bare
            if isinstance(value, Marked) and value.mark is not None:
                plain_row[f"{column.key}_mark"] = {"kind": value.mark.kind, "basis": value.mark.basis}
        rows.append(plain_row)
    return rows


def refuse(findings: Sequence[Finding], *, as_json: bool) -> int:
    """Show why an input is refused, on stderr or as JSON on stdout; the exit code."""
    if as_json:
        show_json(findings_as_dict(findings))
    else:
        print_findings(findings, err())
    return verdict(findings)


def cannot_write(place: str, error: OSError, *, as_json: bool) -> int:
    """Say that an output cannot be written, by the name that the user gave; the exit code."""
    finding = file_trouble(error, place)
    if as_json:
        show_json(findings_as_dict([finding]))
    say(f"clo: cannot write to {place}: {finding.message}")
    return verdict([finding])
