"""What a run leaves on disk: whole or not at all."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from sample_runs import DEAL_FILE, failed, sample

from clo.files import results
from clo.files.results import FRAMES, page_of, plain, read_rerun, save, whole
from clo.findings import InputError
from clo.study import Result


def listing(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_every_frame_reads_back_as_it_was(tmp_path: Path) -> None:
    (place,) = save(sample(), tmp_path, "<html>")
    assert place == tmp_path / "purchase-08" / "base"
    for name in FRAMES:
        assert_frame_equal(pd.read_parquet(place / f"{name}.parquet"), getattr(sample(), name), check_dtype=False)
    assert (place / "report.html").read_text() == "<html>"
    assert page_of([place]) == place / "report.html"
    assert {path.name for path in tmp_path.rglob("*")} == {
        "purchase-08", "base", "manifest.json", "report.html", *(f"{name}.parquet" for name in FRAMES)
    }  # fmt: skip


def test_the_manifest_says_what_was_read_and_whether_it_holds(tmp_path: Path) -> None:
    (place,) = save(failed(sample()), tmp_path)
    manifest = json.loads((place / "manifest.json").read_text())
    assert manifest["ok"] is False
    assert manifest["deal"]["sha256"] == sample().deal.origin.sha256
    assert (place / manifest["rerun"]["deal"]).resolve() == DEAL_FILE.resolve()
    assert not (place / "report.html").exists()


def test_several_scenarios_share_a_page_above_their_folders(tmp_path: Path) -> None:
    places = save([sample(), sample("stress")], tmp_path, "<html>")
    assert [place.name for place in places] == ["base", "stress"]
    assert page_of(places) == tmp_path / "purchase-08" / "report.html"
    assert page_of(places).exists()
    assert not (places[0] / "report.html").exists()


def test_published_against_modelled_charge_offs_are_kept(tmp_path: Path) -> None:
    frame = pd.DataFrame({"year": [2008], "published": [3.0]})
    flows = dataclasses.replace(sample().pool_flows, realised=frame)
    (place,) = save(dataclasses.replace(sample(), pool_flows=flows), tmp_path)
    assert_frame_equal(pd.read_parquet(place / "realised.parquet"), frame)


def test_a_failure_while_writing_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(sample(), tmp_path, "old page")
    before = listing(tmp_path)
    count = 0

    def full_disk(run: Result, new: Path, place: Path, page_html: str | None) -> None:
        nonlocal count
        count += 1
        write(run, new, place, page_html)
        if count == 2:
            raise OSError(28, "No space left on device")

    write = results._write_run
    monkeypatch.setattr(results, "_write_run", full_disk)
    with pytest.raises(OSError, match="No space"):
        save([sample(), sample("stress")], tmp_path, "new page")
    assert listing(tmp_path) == before


@pytest.mark.parametrize("fails_at", [1, 2, 3])
def test_a_failure_while_swapping_puts_everything_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails_at: int) -> None:
    """Renames: base aside, base in, stress in (there was none)."""
    save(sample(), tmp_path, "old page")
    before = listing(tmp_path)
    rename, count = Path.rename, 0

    def renames(self: Path, target: Path) -> Path:
        nonlocal count
        count += 1
        if count == fails_at:
            raise OSError(13, "Permission denied")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", renames)
    with pytest.raises(OSError, match="Permission denied"):
        save([sample(), sample("stress")], tmp_path, "new page")
    monkeypatch.undo()
    assert listing(tmp_path) == before


def test_a_second_run_replaces_the_first_whole_and_keeps_others_files(tmp_path: Path) -> None:
    (place,) = save(sample(), tmp_path, "old page")
    (place / "notes.txt").write_text("mine")
    save(sample(), tmp_path)
    assert not (place / "report.html").exists()
    assert (place / "notes.txt").read_text() == "mine"


def test_names_cannot_leave_the_folder(tmp_path: Path) -> None:
    odd = dataclasses.replace(sample(), scenario_name="../../etc/x y")
    (place,) = save(odd, tmp_path)
    assert place.parent == tmp_path / "purchase-08"
    with pytest.raises(ValueError, match="share a folder"):
        save([odd, dataclasses.replace(sample(), scenario_name="../../etc/x:y")], tmp_path)


def test_whole_replaces_only_a_finished_file(tmp_path: Path) -> None:
    target = tmp_path / "page.html"
    target.write_text("old")

    def stops_halfway() -> None:
        with whole(target) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        stops_halfway()
    assert os.listdir(tmp_path) == ["page.html"]
    assert target.read_text() == "old"
    with whole(target) as temporary:
        temporary.write_text("new")
    assert target.read_text() == "new"


def test_plain_values() -> None:
    days = pd.to_datetime(pd.Series(["2020-01-02", None]))
    assert plain({"a": float("nan"), 1: [days[0], (True, None)], "p": Path("x"), "d": days.to_numpy(), "t": days[1]}) == {
        "a": None,
        "1": ["2020-01-02", [True, None]],
        "p": "x",
        "d": ["2020-01-02", None],
        "t": None,
    }
    assert plain(pd.Timestamp("2020-01-02 12:30")) == "2020-01-02T12:30:00"
    assert plain(days.to_numpy()[0]) == "2020-01-02"


def test_a_run_can_be_made_again(tmp_path: Path) -> None:
    (place,) = save(sample("stress"), tmp_path)
    again = read_rerun(place)
    assert again.deal.resolve() == DEAL_FILE.resolve()
    assert (again.scenario, again.overrides) == ("stress", {})
    again.require(sample("stress").manifest)


def test_other_inputs_are_refused(tmp_path: Path) -> None:
    (place,) = save(sample(), tmp_path)
    again = read_rerun(place)
    manifest = json.loads((place / "manifest.json").read_text())
    manifest["deal"]["sha256"] = "0" * 64
    manifest["pools"]["own"]["sha256"] = "1" * 64
    with pytest.raises(InputError) as caught:
        again.require(manifest)
    assert [finding.path for finding in caught.value.findings] == ["deal", "pools.own"]
    assert "SHA-256 differs" in str(caught.value)


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        ("", "1" * 64, "its sidecar is new"),
        ("1" * 64, "", "its sidecar is gone"),
        ("1" * 64, "2" * 64, "its sidecar's SHA-256 differs"),
        ("1" * 64, "1" * 64, ""),
        (None, "1" * 64, ""),  # the run was made before sidecars were noted
    ],
)
def test_a_sidecar_that_changed_is_refused(tmp_path: Path, before: str | None, now: str, said: str) -> None:
    (place,) = save(sample(), tmp_path)
    again, manifest = read_rerun(place), json.loads((place / "manifest.json").read_text())
    for pools, digest in ((again.pools, before), (manifest["pools"], now)):
        pools["own"].pop("sidecar_sha256", None)
        if digest is not None:
            pools["own"]["sidecar_sha256"] = digest
    if not said:
        again.require(manifest)
        return
    with pytest.raises(InputError, match=said):
        again.require(manifest)


def test_other_loans_are_refused_and_the_path_is_plain(tmp_path: Path) -> None:
    (place,) = save(sample(), tmp_path)
    again, manifest = read_rerun(place), json.loads((place / "manifest.json").read_text())
    manifest["pools"]["own"] |= {"loans": 3, "balance": 1.5, "source": "deals/../deals/tapes/x.parquet"}
    with pytest.raises(InputError) as caught:
        again.require(manifest)
    (finding,) = caught.value.findings
    assert finding.file == os.path.normpath("deals/tapes/x.parquet")
    assert "its number of loans is 3, and was " in finding.message
    assert "its balance is 1.5, and was " in finding.message


@pytest.mark.parametrize("text", ["{}", "[]", "not json", '{"deal": {}}'])
def test_what_is_not_a_manifest_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(InputError, match="not the manifest of a run"):
        read_rerun(tmp_path)


def test_a_run_of_loans_from_memory_cannot_be_made_again(tmp_path: Path) -> None:
    (place,) = save(sample(), tmp_path)
    manifest = json.loads((place / "manifest.json").read_text())
    manifest["pools"]["own"]["sha256"] = ""
    (place / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(InputError, match="came from memory"):
        read_rerun(place)
