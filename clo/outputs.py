"""What is written of a run or a simulation: its page, and with it frames and manifest on disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from clo.files import results, simulations
from clo.report import render
from clo.report.simulation import simulation_page
from clo.simulation.result import Simulation

if TYPE_CHECKING:
    from clo.labels import Lang
    from clo.study import Result


def page(found: Result | Sequence[Result] | Simulation, lang: Lang = "en", *, bearers: int | None = None) -> str:
    """The page of a run, of several runs of one deal, or of a simulation, as HTML text that needs nothing beside it.

    bearers: how many scenarios of a simulation are run again to tell who bears the loss. Raises InputError for another language.
    """
    return simulation_page(found, lang, bearers=bearers) if isinstance(found, Simulation) else render(found, lang)


def save(
    found: Result | Sequence[Result] | Simulation, folder: str | Path, lang: Lang = "en", *, bearers: int | None = None
) -> list[Path]:
    """Write page, frames and manifest as `clo run` and `clo simulate` do, and return the folders, one for each run.

    They are folder/<deal>/<scenario>/ of a run and folder/<deal>/simulation/<scenario>/ of a simulation, each whole or not at
    all. Raises OSError where they cannot be written, InputError for another language.
    """
    simulations.require_writable(Path(folder))
    html = page(found, lang, bearers=bearers)
    if isinstance(found, Simulation):
        return [simulations.save_simulation(found, folder, html, bearers=bearers)]
    return results.save(found, folder, html)
