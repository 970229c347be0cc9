"""`clo simulate`: the table, JSON, what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from commands import Done


def test_the_table_names_each_tranche(clo: Callable[..., Done], deals: Path) -> None:
    done = clo("simulate", deals / "purchase-08.yaml", "--scenarios", 200, "--seed", 3)
    assert done.code == 0
    assert all(word in done.out for word in ("Senior", "Mezzanine", "Subordinated", "Expected loss", "Seed 3"))
    assert "W-M021" in done.err


def test_what_is_drawn_from_stands_below_with_its_marks(clo: Callable[..., Done], deals: Path) -> None:
    """No number of an assumed model without a word of it."""
    done = clo("simulate", deals / "purchase-08.yaml", "--scenarios", 64, "--quiet")
    assert "Default probability (PD) 2% a · Correlation 5% a · Loss given default 90% a" in done.out
    assert done.out.rstrip().endswith("a assumed")
    told = json.loads(clo("simulate", deals / "purchase-08.yaml", "--scenarios", 64, "--json").out)
    assert {row["value_mark"]["kind"] for row in told["model"]} == {"assumed"}


def test_in_japanese(clo: Callable[..., Done], deals: Path) -> None:
    done = clo("simulate", deals / "purchase-08.yaml", "--scenarios", 200, "--lang", "ja")
    assert all(word in done.out for word in ("優先", "期待損失", "独立抽出", "シナリオ数 200"))


def test_json_has_the_columns_and_the_assumptions(clo: Callable[..., Done], deals: Path) -> None:
    done = clo("simulate", deals / "purchase-08.yaml", "--scenarios", 200, "--json", "--scenario", "stress")
    told = json.loads(done.out)
    fixed = ["tranche", "expected_loss", "standard_error", "prob_loss", "var_999", "es_999", "wal_mean", "method"]
    assert list(told["tranches"][0])[: len(fixed)] == fixed
    assert (told["scenarios"], told["seed"], told["assumptions"]["pd"]) == (200, 1, 0.02)
    assert told["manifest"]["scenario"] == "stress"


def test_who_bears_the_loss(clo: Callable[..., Done], deals: Path) -> None:
    asked = (deals / "guarantee-06.yaml", "--scenarios", 60, "--bearers", 10)
    done = clo("simulate", *asked, "--lang", "ja")
    assert all(word in done.out for word in ("公庫", "保証", "超過スプレッド等", "テール損失"))
    told = json.loads(clo("simulate", *asked, "--json").out)["losses_by_party"]
    assert sum(row["share"] for row in told) == pytest.approx(1.0)
    done = clo("simulate", *asked[:3], "--bearers", 9)
    assert (done.code, "E-M022" in done.err) == (1, True)


def test_too_few_runs_are_refused_before_the_simulation(
    clo: Callable[..., Done], deals: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from clo.cli import simulating  # noqa: PLC0415  (after the cache of the kernels is chosen)

    def simulate(*_: object, **__: object) -> None:
        raise AssertionError("it was simulated")

    monkeypatch.setattr(simulating, "simulate", simulate)
    done = clo("simulate", deals / "guarantee-06.yaml", "--scenarios", 100, "--bearers", 9)
    assert (done.code, "E-M022" in done.err) == (1, True)


@pytest.mark.parametrize(("option", "value", "code"), [("--scenarios", "0", "E-M013"), ("--seed", "-1", "E-M014")])
def test_bad_numbers(clo: Callable[..., Done], deals: Path, option: str, value: str, code: str) -> None:
    done = clo("simulate", deals / "purchase-08.yaml", option, value)
    assert (done.code, code in done.err) == (1, True)


def test_a_deal_without_a_simulation(clo: Callable[..., Done], deals: Path) -> None:
    done = clo("simulate", deals / "sba-2006.yaml")
    assert (done.code, "E-M010" in done.err) == (1, True)


@pytest.mark.compiled
def test_page_tables_and_manifest_where_they_are_asked_for(clo: Callable[..., Done], deals: Path, tmp_path: Path) -> None:
    asked = ("simulate", deals / "purchase-08.yaml", "--scenarios", 200, "--seed", 3, "--method", "sobol")
    assert clo(*asked).code == 0
    assert not list(tmp_path.iterdir())
    done = clo(*asked, "--out", "there", "--lang", "ja")
    place = tmp_path / "there" / "purchase-08" / "simulation" / "base"
    assert done.code == 0
    assert {path.name for path in place.iterdir()} == {"tranches.parquet", "losses.parquet", "manifest.json", "report.html"}
    page = (place / "report.html").read_text(encoding="utf-8")
    assert all(word in page for word in ('<html lang="ja">', "ソボル列", "トランシェ別損失"))
    assert str(Path("there", "purchase-08", "simulation", "base", "report.html")) in done.err
    told = clo(*asked, "--out", "there", "--json").json
    assert (Path(told["folder"]).name, Path(told["page"]).name) == ("base", "report.html")
    assert clo("report", Path(told["folder"]), "--lang", "ja").code == 0
    assert (place / "report.html").read_text(encoding="utf-8").partition("<h2>")[0] == page.partition("<h2>")[0]


@pytest.mark.compiled
def test_a_page_is_made_again_from_the_same_inputs_only(clo: Callable[..., Done], deals: Path, tmp_path: Path) -> None:
    text = (deals / "purchase-08.yaml").read_text(encoding="utf-8").replace("tapes/", f"{deals}/tapes/")
    file = tmp_path / "deal.yaml"
    file.write_text(text, encoding="utf-8")
    assert clo("simulate", file, "--scenarios", 100, "--out", "out").code == 0
    file.write_text(text.replace("correlation: 5%", "correlation: 6%"), encoding="utf-8")
    done = clo("report", tmp_path / "out" / "deal" / "simulation" / "base")
    assert (done.code, "E-R192" in done.err) == (1, True)


@pytest.mark.parametrize("below", [(), ("below",)])
def test_a_file_is_no_folder(clo: Callable[..., Done], deals: Path, tmp_path: Path, below: tuple[str, ...]) -> None:
    (tmp_path / "file").write_text("mine")
    done = clo("simulate", deals / "purchase-08.yaml", "--scenarios", 10**9, "--out", Path("file", *below))
    assert (done.code, "cannot write to file" in done.err) == (3, True)
    assert (tmp_path / "file").read_text() == "mine"


def test_a_language_without_words(clo: Callable[..., Done], deals: Path) -> None:
    assert clo("simulate", deals / "purchase-08.yaml", "--scenarios", 10, "--out", "out", "--lang", "fr").code == 2
