"""What a simulation leaves on disk: its tables as parquet, a manifest, a page. A folder is written whole, then swapped in."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import pandas as pd

from clo.files.results import MANIFEST, PAGE, Rerun, folder_name, read_rerun, rerun_of, safe, swap, write_manifest
from clo.findings import Finding, InputError
from clo.scenarios.reduced import Method

if TYPE_CHECKING:
    from clo.simulation.result import Simulation

FOLDER = "simulation"
"""Of the simulations of a deal, beside the folders of its runs."""
FRAMES = ("tranches", "losses", "losses_by_party")
_OURS = frozenset({*(f"{name}.parquet" for name in FRAMES), MANIFEST, PAGE})


def save_simulation(
    simulation: Simulation, folder: str | Path, page_html: str | None = None, *, bearers: int | None = None
) -> Path:
    """Write to folder/<deal file's stem>/simulation/<scenario>/ and return that folder.

    tranches, losses (one row a scenario), losses_by_party where bearers are asked for, manifest.json, and the page. Nothing that
    was there is touched before everything new is complete; files of others are kept. Raises OSError.
    """
    deal = simulation.quiet.deal
    home = Path(folder) / folder_name(deal.origin.file, deal.name) / FOLDER
    place = home / safe(simulation.stage.scenario)
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".writing-", dir=home) as scratch:
        new = Path(scratch) / "new"
        new.mkdir()
        simulation.tranches.to_parquet(new / "tranches.parquet", index=False)
        losses_by_scenario(simulation).to_parquet(new / "losses.parquet", index=False)
        if bearers is not None:
            simulation.losses_by_party(bearers).to_parquet(new / "losses_by_party.parquet", index=False)
        manifest = {**simulation.manifest, "bearers": bearers, "ok": simulation.ok, "rerun": rerun_of(deal, place)}
        write_manifest(manifest, new)
        if page_html is not None:
            (new / PAGE).write_text(page_html, encoding="utf-8")
        swap([(new, place)], Path(scratch), _OURS)
    return place


def losses_by_scenario(simulation: Simulation) -> pd.DataFrame:
    """scenario; weight, where they have weights; pool.loss in currency; `senior.loss` and so on, shares of the original size."""
    columns: dict[str, Any] = {"scenario": np.arange(simulation.scenarios, dtype=np.int64)}
    if simulation.weights is not None:
        columns["weight"] = simulation.weights
    columns["pool.loss"] = simulation.pool_losses
    return pd.DataFrame(columns | {f"{name}.loss": simulation.losses(name) for name in simulation.names})


def require_writable(folder: Path) -> None:
    """Raise OSError where nothing could be written to a folder, there already or to be made, before long work is begun."""
    place = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not place.is_dir():
        raise NotADirectoryError(20, "Not a directory", str(place))
    if not os.access(place, os.W_OK | os.X_OK):
        raise PermissionError(13, "Permission denied", str(place))


# ---- simulating again -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Resimulation:
    """What it takes to simulate again. asked: arguments of `simulate`; bearers: of `simulation_page`."""

    rerun: Rerun
    asked: dict[str, Any]
    bearers: int | None


def read_simulation(folder: Path) -> Resimulation:
    """From a simulation's folder. Raises InputError where it cannot be made again, OSError where there is no manifest."""
    rerun = read_rerun(folder)
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    asked = {key: manifest.get(key) for key in ("scenarios", "seed", "method", "simulation")}
    if asked["method"] not in get_args(Method):
        message = "its draws came from memory: the simulation cannot be made again"
        fix = "render the page in the program that has them"
        raise InputError([Finding("E-R191", "error", message, "", fix, file=str(folder / MANIFEST))])
    return Resimulation(rerun, asked, manifest.get("bearers"))
