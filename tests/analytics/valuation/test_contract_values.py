"""What the swaps and guarantees of a deal are worth: by hand on small frames, laws on deals that run, and what is refused."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from by_hand import edited

import clo
from clo.analytics.streams import LEGS
from clo.analytics.valuation.contracts import COLUMNS, contract_values, value_contract
from clo.deal.terms import Section, Settle

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"
CLOSING = np.datetime64("2024-01-15")


@dataclass
class Told:
    """A run of which only the deal and what parties pay each other is known."""

    deal: clo.Deal
    parties: pd.DataFrame


def told(*rows: tuple[str, str, str, str, float], deal: str = "guaranteed-twice.yaml") -> Told:
    frame = pd.DataFrame(rows, columns=["payment_date", "payer", "payee", "stream", "amount"])
    return Told(clo.load_deal(EXAMPLES / deal), frame.assign(payment_date=pd.to_datetime(frame["payment_date"])))


def worth(run: Any, rate: float = 0.0) -> dict[tuple[str, str], list[float]]:
    frame = contract_values(run, discount=rate)
    names = ["premium_leg", "claims", "returned_claims"]
    return {(row["buyer"], row["seller"]): [row[name] for name in names] for row in frame.to_dict("records")}


def test_a_guarantee_by_hand() -> None:
    """Discounted at 10%: a year and two years after closing, of 366 and 365 days."""
    run = told(
        ("2024-01-15", "institutions", "corporation", "corporation.guarantee_fee", 10.0),
        ("2025-01-15", "issuer", "corporation", "guarantee.fee", 20.0),
        ("2025-01-15", "issuer", "corporation", "mezzanine_guarantee_fee.fee", 5.0),
        ("2025-01-15", "issuer", "corporation", "servicer.fee", 1_000.0),
        ("2025-01-15", "corporation", "issuer", "collections.guarantee", 70.0),
        ("2025-01-15", "corporation", "issuer", "mezzanine_guarantee.guarantee", 8.0),
        ("2026-01-15", "issuer", "corporation", "corporation.recovery", 7.0),
        ("2026-01-15", "issuer", "corporation", "corporation.reimbursed_interest", 2.0),
        ("2026-01-15", "issuer", "corporation", "corporation.refund", 1.0),
        ("2026-01-15", "obligors", "issuer", "banks.recovery", 50.0),
        ("2026-01-15", "issuer", "investors", "senior.principal", 500.0),
    )
    one, two = 1.1 ** -(366 / 365), 1.1 ** -(731 / 365)
    found = worth(run, 0.1)
    assert found == {("issuer", "corporation"): pytest.approx([10 + 25 * one, 78 * one, 10 * two], rel=1e-14)}
    value = value_contract(run, "issuer", "corporation", discount=0.1)
    assert value.protection_leg == pytest.approx(78 * one - 10 * two)
    assert value.value == pytest.approx(value.protection_leg - 10 - 25 * one)
    assert value.fair_multiple == pytest.approx(value.protection_leg / value.premium_leg)
    assert np.isnan(value.rate)  # 1% of the loans, 0.5% of the tranche
    assert list(value.flows["premium"]) == [10.0, 25.0, 0.0]
    assert list(value.flows["factor"]) == pytest.approx([1.0, one, two])


def test_what_was_paid_before_a_later_valuation_date_is_past() -> None:
    run = told(
        ("2024-01-15", "issuer", "corporation", "guarantee.fee", 10.0),
        ("2025-01-15", "issuer", "corporation", "guarantee.fee", 20.0),
        ("2025-01-15", "corporation", "issuer", "collections.guarantee", 70.0),
    )
    later = clo.DiscountCurve.flat("2025-01-15", 0.1)
    assert value_contract(run, "issuer", "corporation", discount=later).premium_leg == 20.0


def test_each_pair_has_its_own_contract() -> None:
    run = told(
        ("2024-04-15", "north", "corporation", "corporation.premium", 3.0),
        ("2024-04-15", "south", "corporation", "corporation.premium", 4.0),
        ("2024-04-15", "corporation", "issuer", "premiums.premium", 5.0),
        ("2024-07-15", "corporation", "north", "north.protection", 30.0),
        ("2024-07-15", "issuer", "corporation", "corporation.protection", 20.0),
        ("2024-07-15", "issuer", "corporation", "corporation.surplus", 9.0),
        ("2024-07-15", "issuer", "trustee", "trustee.recovery", 9.0),
        deal="two-banks.yaml",
    )
    assert worth(run) == {
        ("north", "corporation"): [3.0, 30.0, 0.0],
        ("south", "corporation"): [4.0, 0.0, 0.0],
        ("corporation", "issuer"): [5.0, 20.0, 0.0],
    }
    frame = contract_values(run, discount=0.0)
    assert list(frame.columns) == COLUMNS
    assert list(frame["rate"]) == pytest.approx([0.02, 0.02, 0.018])
    assert list(frame["fair_premium"]) == pytest.approx([0.2, 0.0, 0.072])


def test_streams_of_own_words() -> None:
    run = told(
        ("2024-04-15", "issuer", "bank", "bank.cover_fee", 3.0),
        ("2024-04-15", "issuer", "bank", "bank.other", 7.0),
        ("2024-07-15", "bank", "issuer", "notes.cover", 30.0),
        ("2024-10-15", "issuer", "bank", "bank.back", 4.0),
        ("2024-10-15", "issuer", "trustee", "bank.back", 400.0),
    )
    value = value_contract(
        run, "issuer", "bank", discount=0.0, premium=["bank.cover_fee"], protection=["notes.cover", "bank.back"]
    )
    assert [value.premium_leg, value.claims, value.returned_claims] == [3.0, 30.0, 4.0]


def banks(tmp_path: Path, rate: str, *, returned: bool = False, guaranteed: bool = False) -> clo.Result:
    """The two banks without rounding, with this premium to the issuer; whether later recoveries are returned, and whether the
    corporation guarantees the junior note."""
    edits = [("rounding: down", "rounding: none"), ("{rate: 1.8%, on: cover}", f"{{rate: {rate}, on: cover}}")]
    if returned:
        edits += [("  settlement: 1\n", "  settlement: 1\n  later_recoveries: returned\n")]
        edits += [("recovery: 0%, recovery_lag: 0", "recovery: 40%, recovery_lag: 6")]
    if guaranteed:
        of_note = "{tranche: junior, covers: principal_and_interest, share: 100%, fee: 0.5%}"
        edits += [("swap:\n", f"tranche_guarantees:\n  junior_guarantee: {of_note}\nswap:\n")]
        edits += [("4%, holder: corporation", "4%, holder: investors"), ("tranches, swap", "tranches, tranche_guarantees, swap")]
    tape = ("tape: two-banks.csv", f"tape: {EXAMPLES.as_posix()}/two-banks.csv")
    text = (EXAMPLES / "two-banks.yaml").read_text(encoding="utf-8")
    return clo.run(clo.load_deal(edited(tmp_path, tape, *edits, text=text)))


def test_at_the_fair_premium_the_contract_is_worth_nothing(tmp_path: Path) -> None:
    """Premiums are in proportion to their rate."""
    before = banks(tmp_path, "1.8%").value_contract("corporation", "issuer", discount=0.02)
    twice = banks(tmp_path, "3.6%").value_contract("corporation", "issuer", discount=0.02)
    assert twice.premium_leg == pytest.approx(2 * before.premium_leg, rel=1e-13)
    assert twice.fair_premium == pytest.approx(before.fair_premium, rel=1e-13)
    fair = banks(tmp_path, f"{before.fair_premium:.15f}").value_contract("corporation", "issuer", discount=0.02)
    assert fair.value == pytest.approx(0.0, abs=1e-11 * before.claims)  # rates are written with twelve digits
    assert fair.fair_multiple == pytest.approx(1.0, rel=1e-11)


def test_the_corporation_stands_between(tmp_path: Path) -> None:
    """What the issuer pays in protection is what the banks get, where notes cover all that is passed on."""
    frame = banks(tmp_path, "1.8%").contract_values(discount=0.02).set_index(["buyer", "seller"])
    sold = frame.xs("corporation", level="seller")["protection_leg"].sum()
    assert sold == pytest.approx(frame.loc[("corporation", "issuer"), "protection_leg"], rel=1e-13)
    assert sold > 0.0


def test_recoveries_that_are_returned_are_part_of_the_protection_leg(tmp_path: Path) -> None:
    result = banks(tmp_path, "1.8%", returned=True)
    paid = result.ledger[result.ledger["reason"].str.endswith(".recovery")]
    back = {pair: own["amount"].sum() for pair, own in paid.groupby(["from", "to"])}
    found = worth(result)
    assert min(back.values()) > 0.0
    assert found[("north", "corporation")][2] == pytest.approx(back[("north", "corporation")])
    assert found[("corporation", "issuer")][2] == pytest.approx(back[("corporation", "collateral")])
    assert list(found) == [("north", "corporation"), ("south", "corporation"), ("corporation", "issuer")]


def test_the_table_has_what_each_contract_has(tmp_path: Path) -> None:
    result = banks(tmp_path, "1.8%", returned=True, guaranteed=True)
    later = clo.DiscountCurve.from_zeros("2024-04-15", ["2024-06-30", "2026-01-01"], [0.01, 0.03])
    for discount in (0.02, later):
        for row in result.contract_values(discount=discount).to_dict("records"):
            one = result.value_contract(row["buyer"], row["seller"], discount=discount)
            assert [row[name] for name in COLUMNS] == pytest.approx([getattr(one, name) for name in COLUMNS])


def test_a_note_that_is_guaranteed_beside_the_swap(tmp_path: Path) -> None:
    """The corporation buys of the issuer and sells to it: two contracts, each with its own rate."""
    result = banks(tmp_path, "1.8%", guaranteed=True)
    frame = result.contract_values(discount=0.0).set_index(["buyer", "seller"])
    assert list(frame["rate"]) == pytest.approx([0.02, 0.02, 0.018, 0.005])
    sold, bought = frame.loc[("issuer", "corporation")], frame.loc[("corporation", "issuer")]
    assert sold["premium_leg"] == pytest.approx(result.fees["paid"].sum())
    assert sold["claims"] == pytest.approx(bought["claims"])  # all that is passed on falls on the junior note
    assert sold["claims"] > 0.0


def test_a_fee_in_advance_counts_from_closing() -> None:
    result = clo.run(clo.load_deal(EXAMPLES / "guaranteed.yaml"))
    value = result.value_contract("issuer", "corporation", discount=0.0)
    assert value.flows["payment_date"].iloc[0] == pd.Timestamp(CLOSING)
    paid = result.ledger[(result.ledger["to"] == "corporation") & (result.ledger["reason"] != "corporation.recovery")]
    assert value.premium_leg == pytest.approx(paid["amount"].sum())
    assert value.rate == 0.01
    claims = result.ledger[result.ledger["from"] == "corporation"]["amount"].sum()
    assert value.claims == pytest.approx(claims)
    assert value.returned_claims > 0.0


def settled(steps: Any) -> set[str]:
    """The words under which steps settle contracts, inside sections too."""
    words = set()
    for step in steps:
        words |= {step.paid_as} if isinstance(step, Settle) else set()
        words |= settled((*step.steps, *step.otherwise)) if isinstance(step, Section) else set()
    return words


@pytest.mark.parametrize("name", ["two-banks.yaml", "guaranteed.yaml", "guaranteed-twice.yaml", "../../deals/cbo-01.yaml"])
def test_every_word_of_a_contract_is_of_some_leg(name: str) -> None:
    """Whatever structures pay under contracts is part of what they are worth, but for what is left over at the end."""
    deal = clo.load_deal(EXAMPLES / name)
    known = {word for words in LEGS.values() for word in words}
    assert settled((*deal.closing, *deal.waterfall)) - {"surplus"} <= known


def test_expected_values(tmp_path: Path) -> None:
    loss = banks(tmp_path, "1.8%")
    runs = {"loss": loss, "none": clo.run(loss.deal, cdr=0.0)}
    frame = clo.value_contracts(runs, weights={"none": 0.75, "loss": 0.25}, discount=0.01)
    parts = {name: run.contract_values(discount=0.01) for name, run in runs.items()}
    for name in ("premium_leg", "claims", "protection_leg", "value"):
        assert list(frame[name]) == pytest.approx(list(0.25 * parts["loss"][name] + 0.75 * parts["none"][name]))
    assert list(frame["fair_multiple"]) == pytest.approx(list(frame["protection_leg"] / frame["premium_leg"]))
    assert list(frame["fair_premium"]) == pytest.approx(list(frame["fair_multiple"] * [0.02, 0.02, 0.018]))
    alone = clo.value_contracts({"loss": loss}, weights={"loss": 1.0}, discount=0.01)
    pd.testing.assert_frame_equal(alone, parts["loss"])


def test_a_contract_that_one_scenario_does_not_know() -> None:
    quiet = told(("2024-04-15", "issuer", "corporation", "guarantee.fee", 4.0))
    loud = told(
        ("2024-04-15", "issuer", "corporation", "guarantee.fee", 4.0),
        ("2024-04-15", "issuer", "insurer", "insurer.premium", 1.0),
        ("2024-07-15", "insurer", "issuer", "notes.protection", 30.0),
    )
    frame = clo.value_contracts({"a": quiet, "b": loud}, weights={"a": 0.9, "b": 0.1}, discount=0.0)
    assert list(frame["seller"]) == ["corporation", "insurer"]
    assert list(frame["premium_leg"]) == pytest.approx([4.0, 0.1])
    assert list(frame["claims"]) == pytest.approx([0.0, 3.0])


def test_without_premiums_there_is_no_multiple() -> None:
    run = told(("2024-07-15", "corporation", "issuer", "collections.guarantee", 30.0))
    frame = contract_values(run, discount=0.0)
    assert np.isnan(frame["fair_multiple"][0])
    assert np.isnan(frame["fair_premium"][0])
    weighted = clo.value_contracts({"a": run}, weights={"a": 1.0}, discount=0.0)
    assert np.isnan(weighted["fair_multiple"][0])


PAID = (
    ("2024-04-15", "north", "corporation", "corporation.premium", 3.0),
    ("2024-04-15", "corporation", "issuer", "premiums.premium", 5.0),
    ("2024-04-15", "trustee", "issuer", "trustee.fee", 5.0),
)


@pytest.mark.parametrize(
    ("buyer", "seller", "streams", "codes", "said"),
    [
        ("nroth", "corporation", {}, ["E-V020"], "did you mean 'north'?"),
        ("north", "corporatoin", {}, ["E-V020"], "did you mean 'corporation'?"),
        ("trustee", "bank", {}, ["E-V020", "E-V020"], "there are north, corporation"),
        ("north", "issuer", {}, ["E-V020"], "it does of corporation"),
        ("north", "corporation", {"premium": ["corporation.premuim"]}, ["E-V021"], "did you mean 'corporation.premium'?"),
        ("trustee", "bank", {"premium": ["a"], "protection": ["b"]}, ["E-V021", "E-V021"], ""),
    ],
)
def test_a_contract_that_is_not_there(buyer: str, seller: str, streams: dict[str, Any], codes: list[str], said: str) -> None:
    with pytest.raises(clo.ValuationError) as caught:
        value_contract(told(*PAID, deal="two-banks.yaml"), buyer, seller, discount=0.0, **streams)
    assert [finding.code for finding in caught.value.findings] == codes
    assert said in caught.value.findings[0].fix


def test_a_scenario_in_which_nothing_is_paid() -> None:
    quiet = told(("2024-04-15", "issuer", "trustee", "trustee.fee", 5.0))
    loud = told(("2024-07-15", "corporation", "issuer", "collections.guarantee", 30.0))
    frame = clo.value_contracts({"a": quiet, "b": loud}, weights={"a": 0.9, "b": 0.1}, discount=0.0)
    assert list(frame["claims"]) == pytest.approx([3.0])
    with pytest.raises(clo.ValuationError, match="E-V024"):
        clo.value_contracts({"a": quiet}, weights={"a": 1.0}, discount=0.0)


def test_a_deal_without_contracts() -> None:
    with pytest.raises(clo.ValuationError, match="E-V024"):
        contract_values(told(("2024-04-15", "issuer", "trustee", "trustee.fee", 5.0)), discount=0.0)


@pytest.mark.parametrize(
    ("weights", "codes"),
    [
        ({"a": 0.5, "b": 0.4}, ["E-V022"]),
        ({"a": 1.5, "b": -0.5}, ["E-V022"]),
        ({"a": 1.0, "b": float("nan")}, ["E-V022"]),
        ({"a": 1.0}, ["E-V023"]),
        ({"a": 0.5, "b": 0.25, "c": 0.25}, ["E-V023"]),
        ({}, ["E-V023", "E-V023", "E-V022"]),
    ],
)
def test_weights_that_cannot_be(weights: dict[str, float], codes: list[str]) -> None:
    run = told(*PAID, deal="two-banks.yaml")
    with pytest.raises(clo.ValuationError) as caught:
        clo.value_contracts({"a": run, "b": run}, weights=weights, discount=0.0)
    assert [finding.code for finding in caught.value.findings] == codes
