"""docs/guarantee.md: its examples are what runs of its deals give, and what a reader with a pencil gets."""

from __future__ import annotations

import pandas as pd
import pytest
from pages import ROOT, script

import clo
from clo.deal.guarantees import Guarantee, TrancheGuarantee

DOCS = ROOT / "docs"
TEXT = (DOCS / "guarantee.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page() -> object:
    return script(DOCS / "guarantee.py")


def ran(name: str, scenario: str = "base") -> clo.Result:
    return clo.run(clo.load_deal(DOCS / "examples" / f"{name}.yaml"), scenario=scenario)


def test_the_page_shows_what_a_run_gives(page: object) -> None:
    made = script(DOCS / "made.py")
    shown = {found[2]: found[3] for found in made.BLOCK.finditer(TEXT)}
    assert shown == page.blocks(), "run python docs/guarantee.py"  # type: ignore[attr-defined]


@pytest.mark.parametrize("terms", [Guarantee, TrancheGuarantee])
def test_every_key_is_explained(terms: type[Guarantee] | type[TrancheGuarantee]) -> None:
    keys = TEXT.partition("## The keys")[2].partition("## A guarantor that fails")[0]
    assert [key for key in terms.model_fields if f"`{key}`" not in keys] == []


def by_hand(*, wrapped: bool, sound: bool = True) -> dict[str, list[float]]:
    """Both examples with a pencil: bullets of 600,000, 400,000 and 1,200,000 at 3%, of which the second pays until April."""
    senior, mezzanine, arrears, advanced = 1_500_000.0, 640_000.0, 0.0, 0.0
    told: dict[str, list[float]] = {"senior": [], "mezzanine": [], "guarantor": []}
    monthly = 0.03 / 12
    interest = [3 * 2_200_000 * monthly, (2_200_000 + 2 * 1_800_000) * monthly, *[3 * 1_800_000 * monthly] * 2]
    fees = [0.01 * 0.7 * balance / 4 for balance in (2_200_000, 1_800_000, 1_800_000, 0)]
    for date in range(4):
        last, pays = date == 3, sound or date < 2
        paid_in = 0.7 * 400_000 * (1 + 0.03 * 2 / 12) if date == 2 and pays else 0.0
        cash = interest[date] + paid_in
        guarantor = paid_in
        if last:
            cash += 1_800_000 + 0.25 * 400_000
            recovered = 0.7 * 0.25 * 400_000 if sound else 0.0
            cash -= recovered
            guarantor -= recovered
        cash -= (fees[date] + (0.005 * mezzanine / 4 if wrapped else 0.0)) if pays else 0.0
        due = float(int(senior * 0.01 / 4))
        cash -= due
        asked = arrears + mezzanine * 0.05 / 4
        got = min(cash, asked)
        cash -= got
        arrears = asked - got
        back = min(cash, advanced)
        cash -= back
        advanced -= back
        guarantor -= back
        pool = 0.0 if last else (2_200_000.0, 1_800_000.0, 1_800_000.0)[date]
        principal = min(cash, max(0.0, senior + mezzanine - max(0.0, pool - 60_000)))
        of_senior = min(principal, senior)
        senior -= of_senior
        mezzanine -= principal - of_senior
        if wrapped and pays:
            guarantor += arrears
            advanced += arrears
            arrears = 0.0
            if last:
                guarantor += mezzanine
                mezzanine = 0.0
        for name, value in (("senior", senior), ("mezzanine", mezzanine), ("guarantor", guarantor)):
            told[name].append(value)
    return told


@pytest.mark.parametrize(
    ("name", "scenario"), [("guaranteed", "base"), ("guaranteed-twice", "base"), ("guaranteed-twice", "guarantor_fails")]
)
def test_a_pencil_gives_the_same(name: str, scenario: str) -> None:
    result = ran(name, scenario)
    told = by_hand(wrapped=name == "guaranteed-twice", sound=scenario == "base")
    for note in ("senior", "mezzanine"):
        assert result.quantity(f"{note}.balance").tolist() == pytest.approx(told[note])
    ledger = result.ledger[result.ledger["step"] > 0]
    fees = ledger["reason"].str.endswith(".fee")
    days = result.tranches["payment_date"].unique()
    paid, received = (
        ledger[(ledger[side] == "corporation") & ~fees].groupby("payment_date")["amount"].sum().reindex(days, fill_value=0.0)
        for side in ("from", "to")
    )
    assert (paid - received).tolist() == pytest.approx(told["guarantor"])


def test_the_pencil_in_numbers() -> None:
    """The figures that the page's text tells of, worked out here and nowhere else."""
    both = by_hand(wrapped=True)
    assert both["guarantor"] == pytest.approx([0, 1_200, 281_400 - 1_200, 30_355 - 70_000])
    assert by_hand(wrapped=False)["mezzanine"][-1] == pytest.approx(27_951)
    assert by_hand(wrapped=True, sound=False)["mezzanine"][-1] == pytest.approx(237_698)


def test_the_examples_are_deals_of_three_loans_two_banks_and_four_periods() -> None:
    tape = pd.read_csv(DOCS / "examples" / "three-loans.csv")
    assert (len(tape), tape["originator_id"].nunique(), tape["default_date"].notna().sum()) == (3, 2, 1)
    assert ran("guaranteed").tranches["payment_date"].nunique() == 4
