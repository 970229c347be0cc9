"""What a simulation leaves on disk: whole or not at all, and enough to simulate again."""

from __future__ import annotations

import dataclasses
import json
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from pandas.testing import assert_frame_equal
from sample_runs import DEAL_FILE

import clo
from clo.files import simulations
from clo.files.results import is_simulation, read_rerun, save
from clo.files.simulations import losses_by_scenario, read_simulation, require_writable, save_simulation
from clo.findings import InputError
from clo.simulation.result import Simulation

pytestmark = pytest.mark.compiled


@cache
def drawn(method: str = "plain") -> Simulation:
    return clo.simulate(clo.load_deal(DEAL_FILE), 300, seed=4, method=method, simulation={"correlation": 0.2})


def listing(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_tables_page_and_manifest_lie_beside_the_runs(tmp_path: Path) -> None:
    place = save_simulation(drawn(), tmp_path, "<html>", bearers=10)
    assert place == tmp_path / "purchase-08" / "simulation" / "base"
    names = {"tranches.parquet", "losses.parquet", "losses_by_party.parquet", "manifest.json", "report.html"}
    assert {path.name for path in place.iterdir()} == names
    assert [path.name for path in place.parent.iterdir()] == ["base"]
    assert_frame_equal(pd.read_parquet(place / "tranches.parquet"), drawn().tranches, check_dtype=False)
    assert_frame_equal(pd.read_parquet(place / "losses_by_party.parquet"), drawn().losses_by_party(10), check_dtype=False)
    manifest = json.loads((place / "manifest.json").read_text(encoding="utf-8"))
    asked = {key: manifest[key] for key in ("seed", "scenarios", "method", "bearers", "ok")}
    assert asked == {"seed": 4, "scenarios": 300, "method": "plain", "bearers": 10, "ok": True}
    assert manifest["deal"]["sha256"] == drawn().quiet.deal.origin.sha256
    assert manifest["simulation"]["correlation"] == 0.2


@pytest.mark.parametrize("method", ["plain", "importance"])
def test_losses_of_every_scenario(method: str, tmp_path: Path) -> None:
    sim = drawn(method)
    frame = pd.read_parquet(save_simulation(sim, tmp_path) / "losses.parquet")
    assert_frame_equal(frame, losses_by_scenario(sim))
    assert_array_equal(frame["scenario"], range(300))
    assert_array_equal(frame["pool.loss"], sim.pool_losses)
    assert_array_equal(frame["mezzanine.loss"], sim.losses("mezzanine"))
    assert ("weight" in frame) is (method == "importance")


def test_a_failure_while_writing_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = save_simulation(drawn(), tmp_path, "old page")
    (place / "notes.txt").write_text("mine")
    before = listing(tmp_path)

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(simulations, "write_manifest", full_disk)
    with pytest.raises(OSError, match="No space"):
        save_simulation(drawn(), tmp_path, "new page")
    assert listing(tmp_path) == before
    monkeypatch.undo()
    save_simulation(drawn(), tmp_path)
    assert (place / "notes.txt").read_text() == "mine"
    assert not (place / "report.html").exists()


def test_a_simulation_can_be_made_again_to_the_last_bit(tmp_path: Path) -> None:
    place = save_simulation(drawn("importance"), tmp_path, bearers=10)
    assert is_simulation(place)
    again = read_simulation(place)
    assert again.bearers == 10
    found = clo.simulate(clo.load_deal(again.rerun.deal), scenario=again.rerun.scenario, **again.asked, **again.rerun.overrides)
    again.rerun.require(found.manifest)
    assert_array_equal(found.pool_losses, drawn("importance").pool_losses)


def test_draws_of_ones_own_and_scenarios_replayed_cannot_be_made_again(tmp_path: Path) -> None:
    own = dataclasses.replace(drawn(), manifest=drawn().manifest | {"method": "my own"})
    with pytest.raises(InputError, match="E-R191"):
        read_simulation(save_simulation(own, tmp_path))
    replayed = drawn().replay(7)
    assert replayed.manifest["replayed"]["scenario"] == 7
    (place,) = save(replayed, tmp_path)
    assert not is_simulation(place)
    with pytest.raises(InputError, match="E-R191"):
        read_rerun(place)


def test_a_place_that_cannot_be_written_to_is_told_before(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    for place in (file, file / "below" / "it"):
        with pytest.raises(NotADirectoryError):
            require_writable(place)
    require_writable(tmp_path)
    require_writable(tmp_path / "new" / "folder")
    assert not (tmp_path / "new").exists()


def test_one_call_writes_a_simulation_or_a_run(tmp_path: Path) -> None:
    (place,) = clo.save(drawn(), tmp_path, "ja", bearers=10)
    page = (place / "report.html").read_text(encoding="utf-8")
    assert page == clo.page(drawn(), "ja", bearers=10)
    assert '<html lang="ja">' in page
    (run,) = clo.save(drawn().replay(3), tmp_path / "worst")
    assert run == tmp_path / "worst" / "purchase-08" / "base"
    assert (run / "ledger.parquet").exists()
    with pytest.raises(InputError, match="E-R303"):
        clo.save(drawn(), tmp_path / "french", "fr")  # type: ignore[arg-type]
    assert not (tmp_path / "french").exists()
