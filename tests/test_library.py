"""The library of deal files: which deals it holds, what is known of each, that they run or say why not, and its page."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from pages import script
from ruamel.yaml import YAML

import clo
from clo.cli.trial import deal_findings
from clo.deal.checks import timeline_of
from clo.study import resolve_pools

DEALS = Path(__file__).parents[1] / "deals"
library = script(DEALS.parent / "docs" / "library.py")

STRUCTURES = {
    "purchase_cash": [
        *(f"purchase-{n:02d}" for n in range(1, 12)),
        "purchase-2008-03",
        "wide-area-cbo-2006",
        "tokyo-4-a",
        "tokyo-4-c",
    ],
    "guarantee": [*(f"guarantee-{n:02d}" for n in range(1, 7)), "tokyo-4-b"],
    "synthetic_cbo": ["cbo-01", "cbo-02"],
    "purchase_synthetic": [f"clover-{year}" for year in (2011, 2016, 2017, 2020, 2021, 2023, 2024)],
}
OTHERS = ["sba-2006", "receivables-example"]
"""Hypothetical, in no published table."""
JAPANESE = {name: structure for structure, names in STRUCTURES.items() for name in names}
JOINT = ["purchase-05", "purchase-08", "purchase-10", "purchase-11"]


@cache
def deal(name: str) -> clo.Deal:
    return clo.load_deal(DEALS / f"{name}.yaml")


def as_written(name: str) -> Any:
    return YAML(typ="safe").load((DEALS / f"{name}.yaml").read_text(encoding="utf-8"))


def test_the_library_holds_these_deals_and_no_other() -> None:
    assert {file.stem for file in DEALS.glob("*.yaml")} == {*JAPANESE, *OTHERS}


@pytest.mark.parametrize("name", JAPANESE)
def test_a_deal_says_what_it_is(name: str) -> None:
    of = deal(name)
    assert of.structure == JAPANESE[name]
    assert re.search(r"[\u3040-\u30ff\u4e00-\u9fff]", of.name_ja)
    first = (DEALS / f"{name}.yaml").read_text(encoding="utf-8").partition("format:")[0].splitlines()
    assert 2 <= len(first) <= 4
    assert all(line.startswith("# ") for line in first)
    assert {"base", "stress"} <= of.scenarios.keys()
    assert of.simulation is not None


@pytest.mark.parametrize("name", JAPANESE)
def test_sizes_are_known_or_the_file_says_that_they_are_not(name: str) -> None:
    of = deal(name)
    paths = [*(f"tranches.{tranche}.size" for tranche in of.tranches), *(["swap.deductible.share"] if of.swap else [])]
    marks = {mark.kind for path in paths if (mark := of.mark(path)) is not None}
    text = (DEALS / f"{name}.yaml").read_text(encoding="utf-8").partition("format:")[0]
    assert ("Known in outline only" in " ".join(text.replace("#", " ").split())) == (marks == {"assumed"})


@pytest.mark.parametrize("name", JAPANESE)
def test_figures_are_published_by_a_source_that_says_them(name: str) -> None:
    of = deal(name)
    assert of.figures is not None
    for field, value in of.figures.model_dump(exclude_none=True).items():
        mark = of.mark(f"figures.{field}")
        assert mark is not None
        assert mark.kind == "published"
        if field in ("institutions", "obligors"):
            assert re.search(rf"(?<!\d){value:,}(?!\d)", of.sources[mark.basis].says or ""), field
    assert all(source.says and (source.document or source.url) for source in of.sources.values())
    assert not of.sources.keys() & {"", "reference"}


@pytest.mark.parametrize("name", JAPANESE)
def test_dates_follow_one_convention(name: str) -> None:
    of = deal(name)
    assert not isinstance(timeline_of(of), list)
    assert of.figures is not None
    assert (of.dates.closing.year, of.dates.closing.month) == tuple(int(part) for part in of.figures.month.split("-"))
    assert of.dates.cutoff < of.dates.closing
    assert (of.dates.closing - of.dates.cutoff).days <= 31
    inside = of.dates.cutoff.isoformat() > f"{of.figures.month}-01"
    assert inside == (name == "purchase-03")  # its loans were paid out in the month of the deal
    assert (of.dates.first_payment - of.dates.closing).days <= 31 * (of.payments.months_between + inside)


def of_institutions(name: str) -> int | None:
    figures = deal(name).figures
    return None if figures is None else figures.institutions


@pytest.mark.parametrize("name", JAPANESE)
def test_joint_deals_have_two_sub_pools(name: str) -> None:
    pools = deal(name).pools
    assert {each.tape for each in pools.values()} == {f"tapes/{name}.parquet"}
    if name in JOINT:
        assert list(pools) == ["institutions", "own"]
        assert [deal(name).seller(pool) for pool in pools] == ["institutions", "corporation"]
    elif name.startswith("clover"):
        assert all(pool.reference and re.fullmatch(r"originator_id == 'bank-\d\d'", pool.where or "") for pool in pools.values())
        assert of_institutions(name) == len(pools)
    else:
        assert list(pools) == (["own"] if name.startswith("cbo") else ["bonds"] if name.startswith("wide") else ["institutions"])


def test_what_is_known_of_the_own_part_of_no_5() -> None:
    of = deal("purchase-05")
    assert "9.4bn" in of.derived["pools.own"]
    assert resolve_pools(of, None).loans["own"].balance == pytest.approx(9_400_000_000, abs=50_000_000)


@pytest.mark.parametrize("name", [name for name in JAPANESE if name.startswith("clover")])
def test_notes_stand_above_the_deductible_of_each_institution(name: str) -> None:
    of = deal(name)
    assert list(of.tranches) == ["class_a", "class_b", "class_c"]
    assert of.swap is not None
    assert of.swap.deductible.share == "rest"
    assert of.accounts["collateral"].initial == sum(float(each.size) for each in of.tranches.values())


LEFT = {"clover-2011": 487_000_000, "clover-2017": 945_000_000, "clover-2021": 601_000_000}


@pytest.mark.parametrize(("name", "left"), LEFT.items())
def test_the_deductible_is_what_the_notes_leave(name: str, left: int) -> None:
    of = deal(name)
    assert of.figures is not None
    assert of.figures.amount is not None
    assert of.figures.amount - sum(float(each.size) for each in of.tranches.values()) == left
    mark = of.mark("swap.deductible.share")
    assert mark is not None
    assert mark.kind == "derived"


@pytest.mark.parametrize(
    ("name", "tranche", "size"),
    [
        ("purchase-08", "subordinated", 1_420_000_000),
        ("tokyo-4-b", "residual", 4_000_000),
        ("tokyo-4-c", "subordinated", 910_000_000),
    ],
)
def test_the_rest_is_what_the_published_figures_leave(name: str, tranche: str, size: int) -> None:
    of = deal(name)
    assert of.figures is not None
    assert of.figures.amount is not None
    others = sum(float(each.size) for other, each in of.tranches.items() if other != tranche)
    assert of.tranches[tranche].size == "rest"
    assert of.figures.amount - others == size
    mark = of.mark(f"tranches.{tranche}.size")
    assert mark is not None
    assert mark.kind == "derived"


# ---- with their loans


@pytest.mark.parametrize("name", [*JAPANESE, "receivables-example"])
def test_every_deal_runs(name: str) -> None:
    result = clo.run(deal(name))
    assert result.ok, result.checks[~result.checks["ok"]]
    assert not [finding for finding in result.findings if finding.severity != "warning"]
    senior = result.summary.iloc[0]
    late = 1e-4 if deal(name).principal == "pro_rata" else 0.0  # of losses that come when little is left, seniors bear their part
    assert senior["principal_paid"] >= (1.0 - late) * senior["original"]


def test_figures_and_sizes_that_the_loans_do_not_bear_out_are_told(tmp_path: Path) -> None:
    text = (DEALS / "clover-2011.yaml").read_text(encoding="utf-8")
    for old, new in (("tapes/", f"{DEALS.as_posix()}/tapes/"), ("curves/", f"{DEALS.as_posix()}/curves/")):
        text = text.replace(f"file: {old}", f"file: {new}").replace(f"tape: {old}", f"tape: {new}")
    text = text.replace("obligors: 140", "obligors: 141")
    file = tmp_path / "clover-2011.yaml"
    file.write_text(text, encoding="utf-8")
    found = {finding.code: finding for finding in deal_findings(file) if finding.severity == "error"}
    assert set(found) == {"E-R203"}
    assert "obligors as published does not hold: off by 1" in found["E-R203"].message
    file.write_text(text.replace("size: 1_900_000_000", "size: 2_900_000_000"), encoding="utf-8")
    assert "E-D141" in {finding.code for finding in deal_findings(file) if finding.severity == "error"}


# ---- the page


def test_the_page_is_as_the_files_are() -> None:
    page = library.PAGE.read_text(encoding="utf-8")
    assert library.filled(page) == page, "run python docs/library.py"


def test_every_deal_stands_on_the_page_once() -> None:
    listed = re.findall(r"^\| \[`(.+?)`\]", library.PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert sorted(listed) == sorted([*JAPANESE, *OTHERS])


def test_what_a_row_says() -> None:
    assert library.row(DEALS / "clover-2017.yaml").split(" | ")[2:] == [
        "Purchase-type, synthetic", "2017-03", "18", "1,009", "25.748",
        "closing; deductible in all; size of Class A, Class B, Class C; holder of Class A, Class B |\n",
    ]  # fmt: skip
