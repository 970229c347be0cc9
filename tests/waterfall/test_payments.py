"""Small waterfalls worked out by hand: three loans, four payments (see by_hand.py for what the borrowers pay)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from by_hand import COLLECT, LOANS, RESERVE, TAPE_DEFAULTS, TERMS, TRAP, of, run, spelled, tape, terms

NOTES = TERMS["tranches"]
PRO_RATA = {"principal": ["senior", "mezzanine"], "from": "collections", "how": "pro_rata"}
INTEREST = {"pay": {"interest": ["senior", "mezzanine"], "from": "collections"}}
FEE = {"pay": {"fee": "servicer", "from": "collections"}}


def paid(result: Any, fee: str) -> list[float]:
    return [float(value) for value in result.fees.loc[result.fees["fee"] == fee, "paid"]]


def closing(result: Any, account: str) -> list[float]:
    return [float(value) for value in result.accounts.loc[result.accounts["account"] == account, "closing"]]


def test_sequential() -> None:
    """Cash 4,160 4,130 4,100 12,070; fees are a thousandth of 24,000 20,000 16,000 12,000.

    First: 4,160 - 24 - 75 - 50 leaves 4,011; the notes may stay at 20,000 - 4,000, so 4,000 is principal and 11 is beyond.
    Third: 4,100 - 16 - 35 - 50 leaves 3,999 of the 4,000 asked. Fourth: 0.5 % of 3,001 is 15.005, paid as 15.
    """
    result = run(terms())
    assert result.ok
    assert paid(result, "servicer") == [24, 20, 16, 12]
    assert of(result, "senior", "interest_paid") == [75, 55, 35, 15]
    assert of(result, "senior", "principal_paid") == [4000, 4000, 3999, 3001]
    assert of(result, "senior", "closing") == [11000, 7000, 3001, 0]
    assert of(result, "mezzanine", "interest_paid") == [50, 50, 50, 50]
    assert of(result, "mezzanine", "principal_paid") == [0, 0, 0, 5000]
    assert of(result, "junior", "interest_paid") == [11, 5, 0, 0]
    assert of(result, "junior", "principal_paid") == [0, 0, 0, 3992]
    assert of(result, "junior", "closing") == [4000, 4000, 4000, 8]


def test_residual_is_principal_to_what_the_pool_leaves_and_interest_beyond() -> None:
    """With a tenth of the notes' interest, 4,160 - 24 - 7 - 5 leaves 124 beyond principal, and no date has a shortfall."""
    cheap = {
        "senior": {"size": 15_000, "coupon": "0.6%"},
        "mezzanine": {"size": 5_000, "coupon": "1.2%"},
        "junior": {"size": "rest"},
    }
    result = run(terms(tranches=cheap))
    assert of(result, "senior", "interest_paid") == [7, 5, 3, 1]  # 7.5, 5.5, 3.5, 1.5 rounded down
    assert of(result, "junior", "principal_paid") == [0, 0, 0, 4000]
    assert of(result, "junior", "interest_paid") == [124, 100, 76, 12_070 - 12 - 1 - 5 - 3_000 - 5_000 - 4_000]
    assert sum(of(result, "junior", "interest_due")) == sum(of(result, "junior", "interest_paid"))


def test_half_up() -> None:
    """6.04 % of 15,000 for a month is 75.5."""
    notes = NOTES | {"senior": {"size": 15_000, "coupon": "6.04%"}}
    down, up, none = (run(terms(tranches=notes, rounding=rounding)) for rounding in ("down", "half_up", "none"))
    assert of(down, "senior", "interest_due")[0] == 75
    assert of(up, "senior", "interest_due")[0] == 76
    assert of(none, "senior", "interest_due")[0] == pytest.approx(75.5, rel=1e-14)
    assert paid(up, "servicer") == [24, 20, 16, 12]


def test_a_float_that_lacks_a_hair_of_a_yen_is_whole() -> None:
    """0.1 + 0.2 in place of 0.3: 100 yen a month may come out as 99.99999999999999."""
    notes = NOTES | {"senior": {"size": 10_000, "coupon": 0.1 + 0.02}}
    assert of(run(terms(tranches=notes)), "senior", "interest_due")[0] == 100


def test_interest_is_rounded_for_a_note_of_the_denomination() -> None:
    """6.5 % of 1,000 for a month is 5.4166: 5 a note, 15 notes. Later 11,000 / 15 notes at 733.33 pay 3.97: 3 each."""
    notes = NOTES | {"senior": {"size": 15_000, "coupon": "6.5%", "denomination": 1_000}}
    result = run(terms(tranches=notes))
    assert of(result, "senior", "interest_due")[:2] == [75, 45]
    whole = run(terms(tranches=NOTES | {"senior": {"size": 15_000, "coupon": "6.5%"}}))
    assert of(whole, "senior", "interest_due")[:2] == [81, 59]
    rest = {"senior": {"size": 20_000, "coupon": "6%"}, "last": {"size": "rest", "coupon": "6.5%", "denomination": 1_000}}
    interest = {"pay": {"interest": ["senior", "last"], "from": "collections"}}
    principal = {"pay": {"principal": "senior", "from": "collections"}}
    residual = {"pay": {"residual": "last", "from": "collections"}}
    deal = terms(structure=None, waterfall=[COLLECT, FEE, interest, principal, residual], tranches=rest)
    assert of(run(deal), "last", "interest_due")[0] == 20  # the rest is 4,000: four notes of 5


@pytest.mark.parametrize(
    ("rounding", "amount", "senior", "mezzanine"),
    [
        ("down", "4_001", 3001, 1000),  # 3,000.75 and 1,000.25: the yen goes to the most senior
        ("half_up", "4_001", 3001, 1000),
        ("none", "4_001", 3000.75, 1000.25),
        ("down", "4_002", 3002, 1000),
        ("down", "2_000", 1500, 500),
        ("down", "3", 3, 0),
        ("down", "0", 0, 0),
    ],
)
def test_pro_rata_remainder_goes_to_the_most_senior(rounding: str, amount: str, senior: float, mezzanine: float) -> None:
    result = run(spelled(FEE, INTEREST, {"pay": PRO_RATA | {"amount": amount}}, rounding=rounding))
    assert result.ok
    assert of(result, "senior", "principal_paid")[0] == pytest.approx(senior, rel=1e-15)
    assert of(result, "mezzanine", "principal_paid")[0] == pytest.approx(mezzanine, rel=1e-15)


def test_pro_rata_at_most_what_is_there_and_at_most_what_is_owed() -> None:
    """First date: 4,160 - 24 - 75 - 50 = 4,011, shares 3,008.25 and 1,002.75, one yen over. Last: everything owed is paid."""
    result = run(spelled(FEE, INTEREST, {"pay": PRO_RATA}))
    assert of(result, "senior", "principal_paid")[0] == 3009
    assert of(result, "mezzanine", "principal_paid")[0] == 1002
    assert (of(result, "senior", "closing")[-1], of(result, "mezzanine", "closing")[-1]) == (0, 0)
    assert closing(result, "collections") == [0, 0, 0, 0]


def golden(name: str) -> dict[str, Any]:
    cases = json.loads((Path(__file__).parents[1] / "golden" / "splits.json").read_text("utf-8"))["cases"]
    return {case["id"]: case for case in cases}[name]


def splits(how: str, claims: list[float], amount: float) -> list[float]:
    """What notes of these sizes get of an amount, without coupons."""
    names = [f"note{number}" for number in range(len(claims))]
    notes = {name: {"size": claim} for name, claim in zip(names, claims, strict=True)} | {"junior": {"size": "rest"}}
    pay = {"pay": {"principal": names, "how": how, "amount": str(amount), "from": "collections"}}
    result = run(spelled(pay, tranches=notes, fees={}, rounding="none"))
    return [of(result, name, "principal_paid")[0] for name in names]


def test_pro_rata_as_others_split() -> None:
    case = golden("prorata-split")
    for given, expected in zip(case["inputs"], case["expected"], strict=True):
        got = splits("pro_rata", given["balances"], given["amount"])
        assert got == pytest.approx(expected, abs=case["tolerance"]), case["source"]


def test_sequential_as_others_split() -> None:
    case = golden("sequential-split")
    for claims, expected in zip(case["inputs"]["claims"], case["expected"], strict=True):
        assert splits("sequential", claims, case["inputs"]["amount"]) == expected, case["source"]


def test_reserve_fills_from_what_is_left_and_is_released_with_the_notes() -> None:
    """11, then 16 of it again, 15 after a date that lacks 1, and everything out when the notes are gone."""
    result = run(terms(accounts=RESERVE))
    assert result.ok
    assert closing(result, "reserve") == [11, 16, 15, 0]
    assert list(result.accounts.loc[result.accounts["account"] == "reserve", "target"]) == [100, 100, 100, 0]
    assert of(result, "senior", "principal_paid") == [4000, 4000, 4000, 3000]
    assert of(result, "junior", "principal_paid")[-1] == 4000
    assert of(result, "junior", "interest_paid") == [0, 0, 0, 12_070 + 15 - 12 - 15 - 50 - 8_000 - 4_000]


def test_a_funded_reserve_pays_what_collections_lack() -> None:
    """Of the issue 30 go to the reserve, and the 1 that the third date lacks comes out of it."""
    accounts = {"collections": {}, "reserve": {"initial": 30, "target": "if(senior.balance > 0, 30, 0)"}}
    result = run(terms(accounts=accounts))
    assert result.ok
    assert closing(result, "reserve") == [30, 30, 29, 0]
    assert of(result, "senior", "principal_paid")[2] == 4000
    at_closing = result.ledger[result.ledger["step"] == 0].set_index("reason")["amount"]
    assert at_closing["reserve.initial"] == 30
    assert at_closing["loans.purchase"] == 24_000 - 30


TRAPPING = {
    "triggers": TRAP,
    "scenarios": TAPE_DEFAULTS,
    "tranches": NOTES | {"mezzanine": {"size": 5_000, "coupon": "12%", "deferrable": True}},
}


def test_a_trigger_defers_interest_and_traps_the_residual() -> None:
    """C defaults in April: 4,000 of 24,000. Cash 3,160 3,130 3,100 11,070; pool 17,000 14,000 11,000 0.

    Mezzanine interest of 50 a month waits; 3,061 of principal on the first date is all there is after 24 and 75.
    Last: 11,070 - 11 - 29 - 5,843 - 5,000 leaves 187 for the 200 of interest that waited.
    """
    result = run(terms(**TRAPPING), tape(defaults={"C": "2020-04-20"}))
    assert result.ok
    assert list(result.triggers["breached"]) == [True] * 4
    assert paid(result, "servicer") == [24, 17, 14, 11]
    assert of(result, "senior", "interest_paid") == [75, 59, 44, 29]
    assert of(result, "senior", "principal_paid") == [3061, 3054, 3042, 5843]
    assert of(result, "mezzanine", "interest_due") == [50, 50, 50, 50]
    assert of(result, "mezzanine", "interest_paid") == [0, 0, 0, 187]
    assert of(result, "mezzanine", "interest_unpaid") == [50, 100, 150, 13]
    assert of(result, "mezzanine", "principal_paid")[-1] == 5000
    assert of(result, "junior", "closing") == [4000] * 4
    assert float(result.summary.set_index("tranche").loc["junior", "loss"]) == 4000


def test_a_trap_that_ends_lets_everything_go() -> None:
    """Caught on the first date only: 11 stays in the account and goes out on the second."""
    deal = terms(triggers={"early": {"when": "pool.balance > 18_000", "effect": "trap_excess"}})
    result = run(deal)
    assert list(result.triggers["breached"]) == [True, False, False, False]
    assert closing(result, "collections") == [11, 0, 0, 0]
    assert of(result, "junior", "interest_paid")[:2] == [0, 16]


def test_unpaid_interest_and_fees_are_carried_without_interest_on_them() -> None:
    """Only B pays anything: 40 a month and 8,000 at the end; the fee takes 24, 8, 8 and 8."""
    result = run(terms(scenarios=TAPE_DEFAULTS), tape(defaults={"A": "2020-04-01", "C": "2020-04-01"}))
    assert paid(result, "servicer") == [24, 8, 8, 8]
    assert of(result, "senior", "interest_due") == [75, 75, 75, 75]
    assert of(result, "senior", "interest_paid") == [16, 32, 32, 220]
    assert of(result, "senior", "interest_unpaid") == [59, 102, 145, 0]
    assert of(result, "mezzanine", "interest_unpaid") == [50, 100, 150, 0]
    assert result.ok


def test_a_fee_of_a_fixed_amount_on_average_and_on_closing_balance() -> None:
    fees = {
        "flat": {"amount": 7.9, "payee": "agent"},
        "mean": {"rate": "1.2%", "on": "pool.average"},
        "late": {"rate": "1.2%", "on": "pool.closing"},
    }
    result = run(terms(fees=fees))
    assert paid(result, "flat") == [7, 7, 7, 7]
    assert paid(result, "mean") == [22, 18, 14, 6]
    assert paid(result, "late") == [20, 16, 12, 0]
    assert set(result.parties.loc[result.parties["stream"] == "flat.fee", "payee"]) == {"agent"}


def test_a_step_pays_at_most_its_amount_over_all_names() -> None:
    result = run(spelled({"pay": INTEREST["pay"] | {"amount": 100.9}}, FEE, {"pay": PRO_RATA | {"amount": 0}}))
    assert (of(result, "senior", "interest_paid")[0], of(result, "mezzanine", "interest_paid")[0]) == (75, 25)


def test_transfers_move_what_is_there_and_are_not_rounded() -> None:
    accounts = {"collections": {}, "spare": {}}
    away = {"transfer": {"from": "collections", "to": "spare", "amount": "0.5"}}
    back = {"transfer": {"from": "spare", "to": "collections", "amount": "1_000_000", "if": "pool.balance == 0"}}
    result = run(spelled(away, back, FEE, INTEREST, {"pay": PRO_RATA}, accounts=accounts))
    assert closing(result, "spare") == [0.5, 1.0, 1.5, 0.0]
    assert result.ok


# ---- why


def test_explanations() -> None:
    result = run(terms())
    assert result.explain("senior.interest", 1)._asdict() == {
        "asked": 75, "available": 4136, "paid": 75, "shortfall": 0, "why": "in full",
    }  # fmt: skip
    short = result.explain("senior.principal", 3)
    assert (short.asked, short.available, short.paid, short.shortfall) == (4000, 3999, 3999, 1)
    assert short.why == "collections ran out after servicer.fee 16, senior.interest 35, mezzanine.interest 50"
    assert result.explain("mezzanine.principal", 1).why == "nothing is asked"
    residual = result.explain("junior.residual", 1)
    assert (residual.asked, residual.paid, residual.shortfall) == (11, 11, 0)
    assert residual.why == "step 6: nothing is asked; step 6: everything left"
    assert result.explain("pool.interest", 2).why == "collected from the borrowers"


def test_explanations_of_a_trapped_deal() -> None:
    result = run(terms(**TRAPPING), tape(defaults={"C": "2020-04-20"}))
    waited = result.explain("mezzanine.interest", 2)
    assert (waited.asked, waited.paid, waited.shortfall) == (100, 0, 100)
    assert waited.why == (
        "step 4: not paid: `not bad` is false;"
        " step 6: collections ran out after servicer.fee 17, senior.interest 59, senior.principal 3,054"
    )
    last = result.explain("mezzanine.interest", 4)
    assert (last.asked, last.available, last.paid, last.shortfall) == (200, 187, 187, 13)
    assert "not paid: `not bad or senior.balance + mezzanine.balance == 0` is false" in result.explain("junior.residual", 1).why


def test_a_residual_that_leaves_a_fraction_lacks_nothing() -> None:
    """A rate that is no round number leaves 0.58 yen: the residual asks for what is left in whole yen."""
    rows = (("A", 12_000.0, 0.12345, "equal_principal"), *LOANS[1:])
    result = run(terms(), tape(rows))
    table = result.waterfall(1).set_index("claim")
    row = table.loc["junior.residual (interest)"]
    assert 0 < row["available"] - row["paid"] < 1
    assert (row["shortfall"], row["why"]) == (0, "everything left")
    assert result.explain("junior.residual", 1).shortfall == 0


def test_questions_that_have_no_answer() -> None:
    result = run(terms())
    with pytest.raises(KeyError, match=r"no step pays 'senior.coupon'; the claims are pool.interest, "):
        result.explain("senior.coupon", 1)
    for period in (0, 5, -1):
        with pytest.raises(ValueError, match=f"payment {period} does not exist; the deal has payments 1 to 4"):
            result.explain("senior.interest", period)
