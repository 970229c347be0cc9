"""What goes wrong in another open engine of waterfalls, and must not here. Three loans, four payments: see by_hand.py."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest
from by_hand import LOANS, RESIDUAL, TAPE_DEFAULTS, TERMS, of, run, spelled, tape

import clo
from clo.deal.terms import COLLECTED, Deal
from clo.findings import DealError, Finding

CASH = "collections"
FEE = {"pay": {"fee": "servicer", "from": CASH}}
SENIOR = {"pay": {"interest": "senior", "from": CASH}}
MEZZANINE = {"pay": {"interest": "mezzanine", "from": CASH}}
PRINCIPAL = {"pay": {"principal": ["senior", "mezzanine"], "from": CASH}}
NOT_ROUNDED = {"rounding": "none"}


def column(frame: pd.DataFrame, name: str, value: str) -> list[Any]:
    """A column for one facility, fee, trigger, ..., by payment date."""
    return frame.loc[frame.iloc[:, 1] == name, value].tolist()


def refusal(deal: Deal) -> tuple[Finding, ...]:
    with pytest.raises(DealError) as refused:
        run(deal)
    return refused.value.findings


def only(findings: tuple[Finding, ...], code: str) -> Finding:
    (found,) = [finding for finding in findings if finding.code == code]
    return found


# ---- a negated condition is evaluated as its opposite ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "paid_on"),
    [
        ("early", [True, True, False, False]),
        ("not early", [False, False, True, True]),
        ("not (early)", [False, False, True, True]),
        ("not (not early)", [True, True, False, False]),
        ("not (early and payment.number == 1)", [False, True, True, True]),
        ("not (early or payment.number == 4)", [False, False, True, False]),
        ("not early or not (payment.number > 1)", [True, False, True, True]),
    ],
)
@pytest.mark.parametrize("place", ["step", "section", "else", "let"])
def test_a_negated_condition_is_the_opposite(condition: str, paid_on: list[bool], place: str) -> None:
    """Interest of the mezzanine, 50 a date and carried, is paid exactly on the dates on which the condition holds."""
    placed = {
        "step": [{"pay": MEZZANINE["pay"] | {"if": condition}}],
        "section": [{"section": {"name": "N", "if": condition, "steps": [MEZZANINE]}}],
        "else": [{"section": {"name": "N", "if": f"not ({condition})", "steps": [FEE], "else": [MEZZANINE]}}],
        "let": [{"let": {"holds": condition}}, {"pay": MEZZANINE["pay"] | {"if": "holds"}}],
    }[place]
    deal = spelled(FEE, SENIOR, *placed, PRINCIPAL, triggers={"early": {"when": "payment.number <= 2"}})
    result = run(deal)
    assert result.ok
    owed, expected = 0.0, []
    for due, pays in zip(of(result, "mezzanine", "interest_due"), paid_on, strict=True):
        owed += due
        expected.append(owed if pays else 0.0)
        owed -= expected[-1]
    assert of(result, "mezzanine", "interest_paid") == expected
    assert [paid > 0 for paid in expected[:2]] == paid_on[:2]  # 50 is due on both dates


def test_a_trigger_on_another_that_is_negated() -> None:
    triggers = {"early": {"when": "payment.number <= 2"}, "late": {"when": "not early"}, "never": {"when": "not (early or late)"}}
    deal = spelled(FEE, SENIOR, MEZZANINE, {"pay": PRINCIPAL["pay"] | {"if": "not never"}}, triggers=triggers)
    frame = run(deal).triggers
    assert column(frame, "early", "breached") == [True, True, False, False]
    assert column(frame, "late", "breached") == [False, False, True, True]
    assert column(frame, "never", "breached") == [False] * 4


# ---- a liquidity line never depletes ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("replenished", "repaid", "drawn", "available"),
    [
        (False, "payment.left == 0", [60, 40, 0, 0], [40, 0, 0, 0]),
        (False, "payment.number >= 1", [60, 40, 0, 0], [40, 0, 0, 0]),  # what is repaid may not be drawn again
        (True, "payment.left == 0", [60, 40, 0, 0], [40, 0, 0, 100]),
        (True, "payment.number >= 1", [60, 60, 60, 60], [100, 100, 100, 100]),
    ],
)
def test_a_liquidity_line_depletes(replenished: bool, repaid: str, drawn: list[float], available: list[float]) -> None:
    """A limit of 100, of which 60 is asked on each of four dates; repaid at the end, or on every date right after."""
    line = {"limit": 100, "provider": "bank", "replenished": replenished}
    steps = [
        {"draw": {"from": "line", "to": CASH, "amount": 60}},
        {"pay": {"principal": "line", "from": CASH, "if": repaid}},
    ]
    result = run(spelled(*steps, FEE, SENIOR, MEZZANINE, PRINCIPAL, facilities={"line": line}))
    assert result.ok
    assert column(result.facilities, "line", "drawn") == drawn
    assert column(result.facilities, "line", "available") == available
    assert column(result.facilities, "line", "closing")[-1] == 0


def test_a_line_that_was_repaid_may_be_drawn_again() -> None:
    """Drawn 60 and 40, repaid 30 on the second date: 30 may be drawn on the third, and nothing on the fourth."""
    line = {"limit": 100, "provider": "bank", "replenished": True}
    steps = [
        {"draw": {"from": "line", "to": CASH, "amount": 60}},
        {"pay": {"principal": "line", "from": CASH, "amount": 30, "if": "payment.number == 2"}},
        {"pay": {"principal": "line", "from": CASH, "if": "payment.left == 0"}},
    ]
    result = run(spelled(*steps, FEE, SENIOR, MEZZANINE, PRINCIPAL, facilities={"line": line}))
    assert column(result.facilities, "line", "drawn") == [60, 40, 30, 0]
    assert column(result.facilities, "line", "closing") == [60, 70, 100, 0]


# ---- an annual fee accrues to the last collection date only ----------------------------------------------------------


def test_an_annual_fee_accrues_over_the_whole_period() -> None:
    """0.4% a year on 6,500 over the 33 days from 12 April to 15 May, not the 18 days to the end of April."""
    dates = TERMS["dates"] | {"closing": date(2020, 4, 12)}
    fee = {"servicer": {"rate": "0.4%", "on": "6500", "day_count": "ACT/365F"}}
    result = run(spelled(FEE, SENIOR, MEZZANINE, PRINCIPAL, dates=dates, fees=fee, **NOT_ROUNDED))
    due = column(result.fees, "servicer", "due")
    assert due[0] == pytest.approx(0.004 * 6_500 * 33 / 365, rel=1e-15)
    assert round(due[0], 2) == 2.35
    assert due[1] == pytest.approx(0.004 * 6_500 * 31 / 365, rel=1e-15)
    assert column(result.fees, "servicer", "paid") == due


# ---- running some of the triggers deletes the others -----------------------------------------------------------------


def test_testing_some_triggers_leaves_the_others() -> None:
    triggers = {
        name: {"when": f"payment.number == {number}"} for number, name in enumerate(("first", "second", "third"), start=1)
    }
    triggers["tested"] = {"when": "payment.number >= 3"}
    triggers["tested_later"] = {"when": "payment.number == 4"}
    steps = [
        FEE,
        {"test": "tested"},
        SENIOR,
        {"test": "tested_later"},
        {"let": {"told": "if(first, 1, 0) + if(second, 10, 0) + if(third, 100, 0)"}},
        {"let": {"all_told": "told + if(tested, 1000, 0) + if(tested_later, 10000, 0)"}},
        MEZZANINE,
        PRINCIPAL,
    ]
    result = run(spelled(*steps, triggers=triggers))
    assert sorted(result.triggers["trigger"].unique()) == sorted(triggers)
    for number, name in enumerate(("first", "second", "third")):
        assert column(result.triggers, name, "breached") == [date_number == number for date_number in range(4)]
    assert column(result.triggers, "tested", "breached") == [False, False, True, True]
    assert column(result.values, "all_told", "value") == [1.0, 10.0, 1100.0, 11000.0]


# ---- a trigger governs only from the next date on --------------------------------------------------------------------


def test_a_trigger_governs_the_date_on_which_it_holds() -> None:
    """Loan C defaults in May, which the payment of June distributes: June already pays by the section for after enforcement."""
    after = [
        {"pay": {"principal": "senior", "from": CASH}},
        {"pay": {"residual": "junior", "from": CASH, "if": "senior.balance == 0"}},
    ]
    before = [{"pay": {"principal": "mezzanine", "from": CASH}}, {"pay": {"principal": "senior", "from": CASH}}]
    steps = [
        FEE,
        SENIOR,
        MEZZANINE,
        {"section": {"name": "after enforcement", "if": "enforced", "steps": after, "else": before}},
    ]
    triggers = {"enforced": {"when": "pool.cumulative_default > 0", "cure": "never"}}
    deal = spelled(*steps, triggers=triggers, scenarios=TAPE_DEFAULTS)
    result = run(deal, tape(LOANS, defaults={"C": "2020-05-20"}))
    assert result.ok
    assert column(result.triggers, "enforced", "breached") == [False, True, True, True]
    assert [paid > 0 for paid in of(result, "mezzanine", "principal_paid")] == [True, False, False, False]
    assert [paid > 0 for paid in of(result, "senior", "principal_paid")] == [False, True, True, True]


# ---- principal that no step collects is lost -------------------------------------------------------------------------


@pytest.mark.parametrize("column_left_out", COLLECTED)
def test_what_no_step_collects_is_a_finding(column_left_out: str) -> None:
    columns = [name for name in COLLECTED if name != column_left_out]
    deal = spelled(FEE, SENIOR, MEZZANINE, PRINCIPAL)
    steps = (deal.waterfall[0].model_copy(update={"columns": tuple(columns)}), *deal.waterfall[1:])
    found = only(refusal(deal.model_copy(update={"waterfall": steps})), "E-D123")
    assert column_left_out in found.message
    assert column_left_out in found.fix


def test_a_sub_pool_that_no_step_collects_is_a_finding() -> None:
    collect = {"collect": {"from": list(COLLECTED), "to": CASH, "pool": "loans"}}
    steps = [collect, FEE, SENIOR, MEZZANINE, PRINCIPAL, RESIDUAL]
    terms = TERMS | {
        "structure": None,
        "pools": {"loans": {"tape": "none.csv"}, "more": {"tape": "none.csv"}},
        "waterfall": steps,
    }
    loans = {"loans": tape(LOANS[:2]), "more": tape(LOANS[2:])}
    with pytest.raises(DealError) as refused:
        clo.run(Deal.model_validate(terms), loans=loans)
    lost = [finding for finding in refused.value.findings if finding.code == "E-D123"]
    assert len(lost) == len(COLLECTED)
    assert all("more" in finding.message for finding in lost)


# ---- an unknown name is a crash --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "meant"),
    [
        ({"pay": {"interest": "seniour", "from": CASH}}, "senior"),
        ({"pay": {"principal": ["senior", "mezanine"], "from": CASH}}, "mezzanine"),
        ({"pay": {"fee": "servicr", "from": CASH}}, "servicer"),
        ({"pay": {"interest": "senior", "from": "colections"}}, CASH),
        ({"pay": {"interest": "senior", "from": CASH, "amount": "senior.balanse"}}, "senior.balance"),
        ({"write_down": {"tranches": "juniour", "amount": 1}}, "junior"),
    ],
)
def test_an_unknown_name_is_a_finding_with_the_nearest(step: dict[str, Any], meant: str) -> None:
    found = only(refusal(spelled(FEE, SENIOR, MEZZANINE, PRINCIPAL, step)), "E-D101")
    assert f"'{meant}'" in found.message


# ---- rates lose their digits -----------------------------------------------------------------------------------------


def test_a_monthly_rate_keeps_all_its_digits() -> None:
    """8% a year on 15,000 is 100 a month; with a monthly rate of 0.006666 it would be 99.99, and 99 in whole units."""
    tranches = TERMS["tranches"] | {"senior": {"size": 15_000, "coupon": "8%"}}
    for rounding in ("none", "down"):
        result = run(spelled(FEE, SENIOR, MEZZANINE, PRINCIPAL, tranches=tranches, rounding=rounding))
        assert of(result, "senior", "interest_due")[0] == pytest.approx(100.0, abs=1e-12)


def test_a_monthly_rate_of_loans_keeps_all_its_digits() -> None:
    rows = (("A", 12_000_000.0, 0.08, "bullet"), ("B", 12_000_000.0, 0.0, "bullet"))
    tranches = {
        "senior": {"size": 15_000_000, "coupon": "1%"},
        "mezzanine": {"size": 1, "coupon": "1%"},
        "junior": {"size": "rest"},
    }
    result = run(spelled(FEE, SENIOR, MEZZANINE, PRINCIPAL, tranches=tranches, **NOT_ROUNDED), tape(rows))
    collected = column(result.accounts, CASH, "inflow")
    assert collected[:3] == pytest.approx([80_000.0] * 3, abs=1e-6)  # 0.006666 x 12m would be 79,992


# ---- interest on unpaid interest, whether the deal says so or not ----------------------------------------------------


@pytest.mark.parametrize(("said", "second"), [(None, 50.0), ("coupon", 50.5), ("6%", 50.25)])
def test_unpaid_interest_earns_what_the_deal_says(said: str | None, second: float) -> None:
    """50 of interest is due at first and not paid; 12% a year on 50 is 0.50 a month."""
    tranches = TERMS["tranches"] | {"mezzanine": {"size": 5_000, "coupon": "12%", "interest_on_unpaid": said}}
    late = {"pay": MEZZANINE["pay"] | {"if": "payment.number > 1"}}
    result = run(spelled(FEE, SENIOR, late, PRINCIPAL, tranches=tranches, **NOT_ROUNDED))
    due = of(result, "mezzanine", "interest_due")
    assert due[:2] == pytest.approx([50.0, second], abs=1e-12)
    assert of(result, "mezzanine", "interest_paid")[1] == pytest.approx(50.0 + second, abs=1e-12)
