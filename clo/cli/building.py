"""The work of `clo build-pool`."""

from __future__ import annotations

import os
from datetime import date
from errno import ENOENT
from pathlib import Path
from typing import Any

import pandas as pd
import typer

from clo.builder.drawing import build_pool
from clo.builder.recipe import CORPORATION, Recipe
from clo.builder.wanted import recipe_of_row, recipe_of_size, row_named
from clo.cli import console
from clo.files.recipe import ENDINGS, read_recipe, write_made_up
from clo.issuance.published import published_deals
from clo.labels import Lang, label
from clo.reference import packaged
from clo.report.tables import Column, Table

COLUMNS = (
    Column("pool", "word"), Column("originators", "integer"), Column("obligors", "integer"), Column("balance", "money"),
    Column("average_balance", "money"), Column("largest_obligor", "money"),
)  # fmt: skip


def build(
    file: Path | None,
    *,
    row: str | None,
    size: dict[str, int | None],
    cutoff: str | None,
    profile: str | None,
    out: Path | None,
    seed: int | None,
    lang: Lang,
    as_json: bool,
    quiet: bool,
) -> int:
    """Draw a tape and write it with its sidecar; show what it holds.

    size: firms, banks and amount, each None where it is not said.
    """
    day = _day(cutoff)
    if (file is not None) + (row is not None) + (size["firms"] is not None) != 1:
        raise typer.BadParameter("name a recipe, or --row, or --firms with --banks, --amount and --cutoff")
    if file is not None:
        recipe, drawn_from = _read(file, size, day, profile, seed)
    elif row is not None:
        if size["amount"] is not None:
            raise typer.BadParameter("--amount goes with --firms: a row has its own")
        published = row_named(row, published_deals(packaged()))
        if size["banks"] is not None and published.institutions is not None:
            raise typer.BadParameter(f"--banks goes with a row that does not say how many: {row} has {published.institutions}")
        recipe = recipe_of_row(published, institutions=size["banks"], cutoff=day, profile=profile, seed=seed)
        drawn_from = f"the published row {row}"
    else:
        recipe = _sized(size, day, profile, seed)
        drawn_from = "the command line"
    target = _target(file, recipe, out)
    if out is not None and not out.parent.is_dir():
        return console.cannot_write(str(out), FileNotFoundError(ENOENT, f"the folder {out.parent} is not there"), as_json=as_json)
    frame = build_pool(recipe)
    try:
        sidecar = write_made_up(frame, recipe, target, drawn_from)
    except OSError as error:
        return console.cannot_write(str(target), error, as_json=as_json)
    if as_json:
        console.show_json(_as_dict(recipe, frame, target, sidecar))
    elif not quiet:
        title = f"{recipe.deal_id}: {label('made_up_pool', lang)} ({recipe.currency})"
        console.show_table(Table(COLUMNS, _rows(recipe, frame), totals=1), title, lang)
        if recipe.note:
            console.out().print(recipe.note, style="dim", soft_wrap=True)
    console.say(f"{label('written_to', lang)} {target}, {sidecar.name}", quiet=quiet)
    return 0


def _read(file: Path, size: dict[str, int | None], day: date | None, profile: str | None, seed: int | None) -> tuple[Recipe, str]:
    said = [f"--{name}" for name, value in {**size, "cutoff": day, "profile": profile}.items() if value is not None]
    if said:
        raise typer.BadParameter(f"{', '.join(said)}: a recipe says that itself")
    recipe = read_recipe(file)
    return (recipe if seed is None else recipe.model_copy(update={"seed": seed})), f"the recipe {file.name}"


def _sized(size: dict[str, int | None], day: date | None, profile: str | None, seed: int | None) -> Recipe:
    firms, banks, amount = size["firms"], size["banks"], size["amount"]
    if firms is None or banks is None or amount is None or day is None:
        raise typer.BadParameter("--firms needs --banks, --amount and --cutoff")
    return recipe_of_size(firms, banks, amount, day, profile=profile or "purchase", seed=seed)


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"--cutoff {text} is not a date: write year, month and day, such as 2024-01-31") from None


def _target(file: Path | None, recipe: Recipe, out: Path | None) -> Path:
    """Where the tape goes."""
    if out is None and (file is None or not recipe.tape):
        raise typer.BadParameter("say where the tape goes: --out TAPE" + ("" if file is None else ", or tape: in the recipe"))
    target = out if out is not None or file is None else Path(os.path.normpath(file.parent / recipe.tape))
    if target is None or not target.name.endswith(ENDINGS):
        raise typer.BadParameter(f"{target}: a tape that is drawn ends in {' or '.join(ENDINGS)}")
    return target


def _rows(recipe: Recipe, frame: pd.DataFrame) -> tuple[tuple[Any, ...], ...]:
    """A row for each sub-pool, and one for all of it."""
    rows, at = [], 0
    for name, pool in recipe.pools.items():
        rows.append(_row(name, frame.iloc[at : at + pool.firms]))
        at += pool.firms
    return (*rows, _row("total", frame))


def _row(name: str, loans: pd.DataFrame) -> tuple[Any, ...]:
    owed = loans.groupby("obligor_id", sort=False)["current_balance"].sum()
    return name, loans["originator_id"].nunique(), len(owed), owed.sum(), owed.mean(), owed.max()


def _as_dict(recipe: Recipe, frame: pd.DataFrame, target: Path, sidecar: Path) -> dict[str, Any]:
    keys = [column.key for column in COLUMNS]
    pools = [dict(zip(keys, row, strict=True)) for row in _rows(recipe, frame)]
    institutions = len(set(frame["originator_id"]) - {CORPORATION})
    return {
        "ok": True, "deal_id": recipe.deal_id, "seed": recipe.seed, "cutoff": str(recipe.cutoff), "tape": str(target),
        "note": recipe.note, "sidecar": str(sidecar), "institutions": institutions, "pools": pools[:-1], "total": pools[-1],
    }  # fmt: skip
