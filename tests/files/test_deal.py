"""Reading deal files: what a sound file becomes, its places, its tapes."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

import pytest
from by_hand import DEALS, PURCHASE_08, edited

import clo
from clo.deal.structures import spelled_out
from clo.deal.terms import Pay
from clo.files import deal as reading
from clo.files.deal import check_deal, load_deal
from clo.files.deal_yaml import read_yaml
from clo.findings import DealError, TapeError

FILES = sorted(DEALS.glob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_deal_file_is_sound(path: Path) -> None:
    deal, findings = check_deal(path)
    assert deal is not None
    assert not findings
    assert deal.waterfall


def test_terms_as_written() -> None:
    deal = load_deal(DEALS / "purchase-08.yaml")
    assert (deal.currency, deal.day_count, deal.rounding) == ("JPY", "ACT/365F", "down")
    assert deal.dates.legal_final == date(2013, 7, 16)
    assert {name: (tranche.size, tranche.coupon) for name, tranche in deal.tranches.items()} == {
        "senior": (11_900_000_000.0, 0.016),
        "mezzanine": (180_000_000.0, 0.024),
        "subordinated": ("rest", None),
    }
    assert deal.fees["trustee"].rate == pytest.approx(0.0005)
    assert deal.scenario("stress").recovery_lag == 12
    assert isinstance(deal.waterfall[-1], Pay)
    assert deal.waterfall == spelled_out(deal).waterfall


def test_origin() -> None:
    path = DEALS / "purchase-08.yaml"
    origin = load_deal(path).origin
    assert (origin.file, origin.sha256) == (str(path), hashlib.sha256(path.read_bytes()).hexdigest())
    lines = PURCHASE_08.splitlines()
    for where in ("format", "tranches.senior.coupon", "scenarios.stress.cdr", "dates.legal_final", "assertions[0].that"):
        line, column = origin.places[where]
        assert lines[line - 1][column - 1 :].startswith(where.rpartition(".")[2])
    line, column = origin.places["assumed[1]"]
    assert lines[line - 1][column - 1 :].startswith("dates.first_payment")


def test_a_deal_made_in_memory_is_not_of_a_file() -> None:
    deal = load_deal(DEALS / "purchase-08.yaml")
    again = clo.Deal.model_validate(deal.model_dump(by_alias=True, exclude={"waterfall"}))
    assert again.origin.file == ""
    assert spelled_out(again).waterfall == deal.waterfall


def test_a_tape_is_read_once_for_all_sub_pools(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def counted(path: Path) -> clo.Loans:
        read.append(path.name)
        return clo.read_tape(path)

    monkeypatch.setattr(reading, "read_tape", counted)
    deal = load_deal(DEALS / "purchase-08.yaml")
    assert read == []
    for _ in range(2):
        clo.run(deal)
    assert read == ["purchase-08.parquet"]


def test_a_tape_with_errors_stops_the_run(tmp_path: Path) -> None:
    (tmp_path / "broken.csv").write_text("loan_id,current_balance\nA,-5\n")
    text = PURCHASE_08.replace("tapes/purchase-08.parquet", "broken.csv")
    deal = load_deal(edited(tmp_path, text=text))
    with pytest.raises(TapeError):
        clo.run(deal)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load_deal(tmp_path / "none.yaml")
    with pytest.raises(OSError, match="directory"):
        load_deal(tmp_path)


def test_an_error_lists_every_problem_and_counts_them(tmp_path: Path) -> None:
    with pytest.raises(DealError) as caught:
        load_deal(edited(tmp_path, ("coupon: 1.6%", "coupon: 1.6"), ("coupon: 2.4%", "coupon: 2.4")))
    shown = str(caught.value)
    assert shown.startswith("2 problems:\n")
    assert shown.count("E-D013") == 2
    assert len(caught.value.findings) == 2


def test_places_of_nested_lists() -> None:
    read = read_yaml("a:\n  - {b: 1}\n  - - x\n    - y\nc: {d: [1, 2]}\n", "file")
    assert read.data == {"a": [{"b": 1}, ["x", "y"]], "c": {"d": [1, 2]}}
    assert read.places["a[0].b"] == (2, 6)
    assert read.places["a[1][1]"] == (4, 7)
    assert read.places["c.d[1]"] == (5, 12)
    assert read.findings == ()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x: 1e10", 1e10), ("x: 1_000", 1000), ("x: no", "no"), ("x: yes", "yes"), ("x: on", "on"), ("x: 012", 12),
        ("x: 1:30", "1:30"), ("x: 2007-06-28", date(2007, 6, 28)), ("x: '2007-06-28'", "2007-06-28"), ("x: ~", None),
        ("x: 5%", "5%"), ("x: true", True),
    ],
)  # fmt: skip
def test_how_yaml_reads_plain_words(text: str, value: object) -> None:
    assert read_yaml(text, "file").data == {"x": value}
