"""`clo build-pool`: what it writes, what it shows, exit codes."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sample_runs import DEALS

import clo

RECIPE = DEALS / "recipes" / "purchase-10.yaml"
SIZE = ("--firms", "500", "--banks", "12", "--amount", "10_000_000_000", "--cutoff", "2024-01-31")


@pytest.fixture
def run(clo: Any) -> Any:
    """Run `clo build-pool` in an empty folder."""
    return partial(clo, "build-pool")


def test_a_recipe_makes_its_tape_and_says_that_it_is_made_up(run: Any, tmp_path: Path) -> None:
    (tmp_path / "deal").mkdir()
    (tmp_path / "deal" / "r.yaml").write_text(RECIPE.read_text("utf-8").replace("../tapes/", "tapes/"), encoding="utf-8")
    code, out, err = run("deal/r.yaml")
    assert code == 0
    target = tmp_path / "deal" / "tapes" / "purchase-10.parquet"
    assert "Written to deal/tapes/purchase-10.parquet, purchase-10.parquet.map.yaml" in err
    assert "Corporation's own" in out
    assert "10,100,000,000" in out
    loans = clo.read_tape(target)
    (warning,) = loans.findings
    assert warning.code == "W-T083"
    assert "235 loans drawn by clo build-pool from the recipe r.yaml (seed 200709)" in warning.message
    assert "no borrower is real" in warning.message
    pd.testing.assert_frame_equal(loans.frame, clo.build_pool(clo.read_recipe(RECIPE)))
    assert sorted(path.name for path in target.parent.iterdir()) == ["purchase-10.parquet", "purchase-10.parquet.map.yaml"]


def test_another_seed_and_another_place(run: Any, tmp_path: Path) -> None:
    assert run(RECIPE, "--out", "a.csv", "--seed", "7", "--quiet") == (0, "", "")
    loans = clo.read_tape(tmp_path / "a.csv")
    assert (loans.obligors, loans.balance) == (235, 10_100_000_000.0)
    other = clo.build_pool(clo.read_recipe(RECIPE))
    assert not loans.frame["current_balance"].equals(other["current_balance"])
    assert [finding.code for finding in loans.findings] == ["W-T083"]


def test_csv_and_parquet_hold_the_same_loans(run: Any, tmp_path: Path) -> None:
    for name in ("a.csv", "a.parquet"):
        assert run("--row", "clover-2011", "--out", name)[0] == 0
    left, right = (clo.read_tape(tmp_path / name).frame for name in ("a.csv", "a.parquet"))
    pd.testing.assert_frame_equal(left, right)


def test_a_published_row(run: Any, tmp_path: Path) -> None:
    code, out, _ = run("--row", "purchase-05", "--out", "p.parquet", "--json")
    told = json.loads(out)
    assert code == 0
    assert (told["institutions"], told["total"]["obligors"], told["total"]["balance"]) == (8, 338, 12_100_000_000.0)
    assert [pool["pool"] for pool in told["pools"]] == ["institutions", "own"]
    assert (told["cutoff"], told["deal_id"], told["tape"]) == ("2006-08-31", "purchase-05", "p.parquet")
    assert "the published row purchase-05" in (tmp_path / "p.parquet.map.yaml").read_text("utf-8")
    assert run("--row", "guarantee-01", "--banks", "25", "--cutoff", "2004-10-31", "--out", "g.parquet")[0] == 0
    loans = clo.read_tape(tmp_path / "g.parquet")
    assert (len(loans), str(loans.cutoff), loans.frame["originator_id"].nunique()) == (752, "2004-10-31", 25)


def test_any_size(run: Any, tmp_path: Path) -> None:
    code, out, _ = run(*SIZE, "--profile", "clover", "--out", "t.csv", "--lang", "ja")
    assert code == 0
    assert "架空の債権プール" in out
    loans = clo.read_tape(tmp_path / "t.csv")
    assert (loans.obligors, loans.balance, loans.frame["originator_id"].nunique()) == (500, 1e10, 12)
    odd = ("--firms", "10", "--banks", "2", "--amount", "200_000_001", "--cutoff", "2024-01-31", "--out", "odd.csv")
    assert run(*odd)[0] == 0
    assert clo.read_tape(tmp_path / "odd.csv").balance == 200_000_001


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "name a recipe, or --row, or --firms"),
        (("--row", "purchase-01", "--firms", "3"), 2, "name a recipe, or --row, or --firms"),
        (("--firms", "5"), 2, "--firms needs --banks"),
        (("--row", "purchase-01"), 2, "--out TAPE"),
        (("--row", "purchase-01", "--out", "x.txt"), 2, ".parquet or .csv"),
        (("--row", "purchase-01", "--amount", "3", "--out", "x.csv"), 2, "a row has its own"),
        (("--row", "purchase-03", "--banks", "30", "--out", "x.csv"), 2, "purchase-03 has 31"),
        ((RECIPE, "--banks", "2", "--cutoff", "2024-01-31"), 2, "--banks, --cutoff: a recipe says that itself"),
        ((*SIZE[:-1], "2024", "--out", "x.csv"), 2, "not a date"),
        (("nofile.yaml",), 3, "nofile.yaml: No such file"),
        (("--row", "purchase-3", "--out", "x.csv"), 1, "did you mean 'purchase-03'?"),
        (("--row", "clover-2018", "--out", "x.csv"), 1, "clover-2018 has no published obligors and amount"),
        (("--row", "guarantee-01", "--out", "x.csv"), 1, "state --banks"),
        ((*SIZE, "--profile", "clver", "--out", "x.csv"), 1, "did you mean 'clover'?"),
        ((*SIZE[:3], "501", *SIZE[4:], "--out", "x.csv"), 1, "501 originators and 500 firms"),
    ],
)
def test_what_cannot_be_done_is_said(run: Any, tmp_path: Path, arguments: tuple[str, ...], code: int, said: str) -> None:
    got, _, err = run(*arguments)
    assert got == code
    assert said in " ".join(err.replace("│", " ").split())
    assert not list(tmp_path.iterdir())


def test_a_joint_row_says_that_its_split_is_assumed(run: Any, tmp_path: Path) -> None:
    split = "how firms and amount are split between the institutions and the corporation is assumed"
    assert split in run("--row", "purchase-08", "--out", "p.csv")[1]
    assert split in (tmp_path / "p.csv.map.yaml").read_text("utf-8")
    assert json.loads(run("--row", "purchase-08", "--out", "p.csv", "--json")[1])["note"] == split
    assert json.loads(run("--row", "purchase-07", "--out", "p.csv", "--json")[1])["note"] == ""


def test_no_folder_is_made_for_a_tape(run: Any, tmp_path: Path) -> None:
    code, _, err = run("--row", "purchase-01", "--out", "nowhere/t.csv")
    assert code == 3
    assert "cannot write to nowhere/t.csv: the folder nowhere is not there" in err
    assert not list(tmp_path.iterdir())


def test_findings_as_json(run: Any) -> None:
    code, out, _ = run("--row", "clover-2019", "--out", "x.csv", "--json")
    told = json.loads(out)
    assert (code, told["ok"]) == (1, False)
    assert [finding["code"] for finding in told["findings"]] == ["E-B012"]


def test_a_recipe_that_is_no_yaml_is_unreadable(run: Any, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("format: [", encoding="utf-8")
    code, _, err = run("bad.yaml")
    assert code == 3
    assert "bad.yaml" in err


def test_a_place_that_cannot_be_written(run: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    code, _, err = run("--row", "clover-2011", "--out", "file/x.csv")
    assert code == 3
    assert "cannot write to file/x.csv" in err
