"""Recipes of pools from YAML files, `clo.recipe/1`, every finding with its line; and the tapes that are drawn from them."""

from __future__ import annotations

import json
from dataclasses import replace
from os import PathLike
from pathlib import Path

import pandas as pd

from clo.builder.codes import RecipeError, finding
from clo.builder.reading import recipe_from
from clo.builder.recipe import FORMAT, Recipe
from clo.deal.marks import Origin
from clo.files.deal_yaml import BY_HAND, read_yaml_bytes
from clo.files.results import whole, write_text
from clo.files.tape.convert import write_tape
from clo.files.tape.sidecar_file import FORMAT as MAP_FORMAT
from clo.files.tape.sidecar_file import sidecar_path
from clo.schema import TAPE
from clo.tape.loans import Loans

ENDINGS = (".parquet", ".csv")


def read_recipe(path: str | PathLike[str]) -> Recipe:
    """The recipe in a file.

    Raises RecipeError with every finding (file, line, path) if no pool can be drawn from it; OSError if it cannot be read.
    """
    file = str(path)
    read = read_yaml_bytes(Path(path).read_bytes(), file, BY_HAND)
    if read.findings:
        raise RecipeError(replace(one, code="E-B001", rule="a recipe is YAML, in UTF-8") for one in read.findings)
    if not isinstance(read.data, dict) or "format" not in read.data:
        said = f"a recipe is keys and values that begin with format: {FORMAT}"
        raise RecipeError([finding("E-B003", said, file=file, line=1, column=1, path="format")])
    origin = Origin(file=file, places=read.places)
    try:
        return recipe_from(read.data)
    except RecipeError as error:
        placed = []
        for one in error.findings:
            line, column = origin.place(one.path) or (1, 1)
            placed.append(replace(one, file=file, line=line, column=column))
        raise RecipeError(placed) from None


def write_made_up(frame: pd.DataFrame, recipe: Recipe, target: Path, drawn_from: str) -> Path:
    """Write a drawn tape as .parquet or .csv and, before it, the sidecar that says that its loans are made up.

    drawn_from: in words, `the recipe purchase-08.yaml`, or what stood in its place. Returns the sidecar. Raises OSError.
    """
    sidecar = sidecar_path(target)
    told = json.dumps(made_up(recipe, drawn_from), ensure_ascii=False)
    write_text(sidecar, f"format: {MAP_FORMAT}\nmade_up: {told}\n")
    if target.name.endswith(ENDINGS[0]):
        write_tape(Loans.from_frame(frame, check=False), target)
    else:
        money = {name: "int64" for name in frame.columns if TAPE[name].kind == "money"}
        with whole(target) as temporary:
            frame.astype(money).to_csv(temporary, index=False, encoding="utf-8", date_format="%Y-%m-%d")
    return sidecar


def made_up(recipe: Recipe, drawn_from: str) -> str:
    """What the sidecar of a drawn tape says of its loans."""
    counted = any(isinstance(pool.originators, int) for pool in recipe.pools.values())
    placeholders = ", bank-01 and so on stand for institutions whose names are not known" if counted else ""
    note = f" {recipe.note.rstrip('.')}." if recipe.note else ""
    return (
        f"{recipe.firms:,} loans drawn by clo build-pool from {drawn_from} (seed {recipe.seed}), which fixes firms, "
        f"institutions and amount{placeholders}; no borrower is real.{note}"
    )
