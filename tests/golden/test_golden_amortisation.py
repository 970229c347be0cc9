"""Amortisation, prepayment and default against other people's numbers; sources in amortisation.json."""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from clo.behaviour.assumptions import Assumptions
from clo.behaviour.rates import cpr_from_smm, smm_from_cpr
from clo.pool.amortisation import amortise
from clo.pool.projection import Flow, project
from clo.timeline import collection_ends

GOLDEN = json.loads(Path(__file__).with_name("amortisation.json").read_text("utf-8"))
CASES = {case["id"]: case for case in GOLDEN["cases"]}
LEVELS = ["equal_principal", "level_payment", "bullet", "schedule"]


def near(case, got, expected):
    assert got == pytest.approx(expected, abs=case["tolerance"]), case["source"]


def one_loan(cutoff, *, balance, rate, months, kind="level_payment", balloon=0.0):
    ends = collection_ends(np.datetime64(cutoff), months)
    frame = pd.DataFrame(
        {
            "loan_id": ["1"],
            "current_balance": [float(balance)],
            "current_rate": [rate],
            "maturity_date": [ends[-1]],
            "amortisation_type": pd.Categorical([kind], LEVELS),
            "balloon_amount": [float(balloon)],
        }
    )
    return frame, ends


def by_days(annual, cutoff, ends):
    """The annual rates that make a monthly rate of 1 - (1 - r)^(days / 365), as the peers have it."""
    days = np.diff(np.concatenate(([np.datetime64(cutoff)], ends))).astype(float)
    return cpr_from_smm(1 - (1 - annual) ** (days / 365))


def flows(frame, ends, cutoff, **assumed):
    return project({"all": frame}, Assumptions(**assumed), period_ends=ends, cutoff=cutoff).amounts[:, 0, :, 0]


def test_level_payment():
    case = CASES["pmt-annuity"]
    given = case["inputs"]
    frame = amortise(given["balance"], given["rate_per_period"] * 12, given["periods"], "level_payment")
    near(case, frame.interest[0] + frame.principal[0], case["expected"])


def test_equal_principal():
    case = CASES["mortgage-even-principal"]
    given = case["inputs"]
    frame = amortise(given["current_balance"], given["annual_rate"], given["remaining_term"])
    near(case, frame.principal[0], case["expected"]["first_row_principal"])


def test_rows_until_maturity():
    case = CASES["mortgage-level-dates"]
    given = case["inputs"]
    frame, ends = one_loan(given["as_of"], balance=given["current_balance"], rate=given["annual_rate"], months=40)
    frame["maturity_date"] = np.datetime64("2023-01-01")  # 24 months after the start
    opening = flows(frame, ends, given["as_of"], cdr=0.0)[Flow.opening]
    assert (opening > 0).sum() == case["expected"]["rows"]


def balloon_after(given):
    """What a level schedule of the long term leaves when the loan falls due."""
    seasoned = given["origin_term"] - given["remaining_term"]
    long = amortise(given["current_balance"], given["annual_rate"], given["balloon_schedule_term"] - seasoned, "level_payment")
    return long.closing[given["remaining_term"] - 1]


def test_seasoned_balloon():
    case = CASES["mortgage-balloon-2"]
    given, expected = case["inputs"], case["expected"]
    frame = amortise(
        given["current_balance"], given["annual_rate"], given["remaining_term"], "level_payment", balloon=balloon_after(given)
    )
    near(case, frame.principal.iloc[-1], expected["last_principal"])
    near(case, frame.interest.iloc[-1], expected["last_interest"])
    near(case, frame.principal[1], expected["row1_principal"])
    near(case, frame.interest[1], expected["row1_interest"])


def test_seasoned_balloon_with_the_floors_of_the_source():
    """The one difference is rounding: a schedule floored to cents every month gives the source's figures."""
    case = CASES["mortgage-balloon-2"]
    given, expected = case["inputs"], case["expected"]
    rate, balance, rows = given["annual_rate"] / 12, float(given["current_balance"]), []
    left = given["balloon_schedule_term"] - given["origin_term"] + given["remaining_term"]
    for month in range(given["remaining_term"]):
        payment = floored(balance * rate / (1 - (1 + rate) ** -(left - month)))
        interest = floored(balance * rate)
        last = month == given["remaining_term"] - 1
        rows.append((balance if last else floored(payment - interest), interest))
        balance = floored(balance - rows[-1][0])
    assert rows[1] == (expected["row1_principal"], expected["row1_interest"])
    assert rows[-1] == (expected["last_principal"], expected["last_interest"])


def floored(amount):
    return math.floor(amount * 100 + 1e-9) / 100


def test_balloon_with_prepayment():
    case = CASES["mortgage-balloon-3-cpr"]
    given, expected = case["inputs"], case["expected"]
    frame, ends = one_loan(
        given["start"], balance=given["current_balance"], rate=given["annual_rate"], months=given["remaining_term"],
        balloon=balloon_after(given),
    )  # fmt: skip
    cpr = by_days(given["cpr"], given["start"], ends)
    got = flows(frame, ends, given["start"], cdr=0.0, cpr=cpr, order="prepayment_first")
    near(case, got[Flow.prepayment, 0], expected["row1_prepayment"])
    near(case, got[Flow.scheduled_principal, 0], expected["row1_principal"])
    near(case, got[Flow.interest, 0], expected["row1_interest"])
    near(case, got[Flow.scheduled_principal, -1], expected["last_principal"])
    near(case, got[Flow.interest, -1], expected["last_interest"])


def test_balloon_with_default():
    case = CASES["mortgage-default-at-end"]
    given, expected = case["inputs"], case["expected"]
    frame, ends = one_loan(
        given["start"], balance=given["current_balance"], rate=given["annual_rate"], months=given["remaining_term"],
        balloon=balloon_after(given),
    )  # fmt: skip
    got = flows(frame, ends, given["start"], cdr=by_days(given["cdr_life"], given["start"], ends))
    near(case, got[Flow.default, 0], expected["row1_default"])
    near(case, got[Flow.scheduled_principal, 0], expected["row1_principal"])
    near(case, got[Flow.interest, 0], expected["row1_interest"])


def test_interest_only_bullet():
    case = CASES["mortgage-interest-only-bullet"]
    given = case["inputs"]
    frame = amortise(given["current_balance"], given["annual_rate"], given["remaining_term"], "bullet")
    for row, name in enumerate(("row1", "row2")):
        expected = case["expected"][name]
        near(
            case,
            list(frame.loc[row, ["closing", "principal", "interest"]]),
            [expected[k] for k in ("balance", "principal", "interest")],
        )


def test_interest_only_at_first():
    case = CASES["mortgage-io-first-3"]
    given = case["inputs"]
    frame = amortise(
        given["current_balance"],
        given["annual_rate"],
        given["remaining_term"],
        "level_payment",
        grace=given["interest_only_periods"],
    )
    for row, name in ((0, "row1"), (3, "row4")):
        expected = case["expected"][name]
        near(
            case,
            list(frame.loc[row, ["closing", "principal", "interest"]]),
            [expected[k] for k in ("balance", "principal", "interest")],
        )


def test_level_payment_with_prepayment():
    case = CASES["mortgage-level-cpr-3pct"]
    given, expected = case["inputs"], case["expected"]
    frame, ends = one_loan(
        given["start"], balance=given["current_balance"], rate=given["annual_rate"], months=given["remaining_term"]
    )
    cpr = by_days(given["cpr"], given["start"], ends)
    got = flows(frame, ends, given["start"], cdr=0.0, cpr=cpr, order="prepayment_first")
    names = {
        "balance": Flow.closing,
        "principal": Flow.scheduled_principal,
        "interest": Flow.interest,
        "prepayment": Flow.prepayment,
    }
    for month, name in ((0, "row1"), (3, "row4")):
        for column, flow in names.items():
            near(case, got[flow, month], expected[name][column])
    near(case, got[Flow.scheduled_principal, :4].sum(), expected["cum_principal_row4"])
    near(case, got[Flow.prepayment, :4].sum(), expected["cum_prepayment_row4"])


def test_instalments():
    case = CASES["installment-schedule"]
    for given, expected in zip(case["inputs"], case["expected"], strict=True):
        frame = amortise(given["current"], 0.0, given["remaining"])
        near(case, [frame.closing[0], frame.principal[0]], [expected["balance"], expected["principal"]])


def test_recovery_over_default():
    case = CASES["default-recovery-ratio"]
    given = case["inputs"]
    frame, ends = one_loan(
        given["origination"], balance=given["balance"], rate=given["annual_rate"], months=given["term"] + given["lag"]
    )
    frame["maturity_date"] = ends[given["term"] - 1]
    got = flows(frame, ends, given["origination"], cdr=given["cdr"], recovery=given["recovery_rate"], recovery_lag=given["lag"])
    near(case, got[Flow.recovery].sum() / got[Flow.default].sum(), case["expected"]["ratio"])
    monthly = got[Flow.default, : given["term"]] / got[Flow.opening, : given["term"]]
    near(case, 1 - (1 - monthly) ** 12, np.full(given["term"], case["expected"]["annualized_cdr"]))


@pytest.mark.parametrize(
    ("row", "speed", "month"),
    [("100PSA_m1", 1.0, 1), ("100PSA_m100", 1.0, 100), ("165PSA_m1", 1.65, 1), ("165PSA_m27", 1.65, 27)],
)
def test_pass_through_at_a_psa_speed(row, speed, month):
    case = CASES["fabozzi_psa_passthrough_cashflow"]
    given = case["inputs"]
    frame, ends = one_loan("2000-01-31", balance=given["balance"], rate=given["wac"], months=given["wam"])
    age = np.arange(1, given["wam"] + 1) + given["seasoning_months"]
    cpr = speed * 0.06 * np.minimum(age, 30) / 30
    got = flows(frame, ends, "2000-01-31", cdr=0.0, cpr=cpr)[:, month - 1]
    balance, rate, payment, net_interest, scheduled, prepayment, principal, cash = case["expected"][row]
    assert smm_from_cpr(cpr[month - 1]) == pytest.approx(rate, abs=5e-6)
    near(case, got[Flow.opening], balance)
    near(case, got[Flow.interest] + got[Flow.scheduled_principal], payment)
    near(case, got[Flow.interest] * given["passthrough"] / given["wac"], net_interest)
    near(case, got[Flow.scheduled_principal], scheduled)
    near(case, got[Flow.prepayment], prepayment)
    near(case, got[Flow.scheduled_principal] + got[Flow.prepayment], principal)
    near(
        case,
        got[Flow.interest] * given["passthrough"] / given["wac"] + got[Flow.scheduled_principal] + got[Flow.prepayment],
        cash,
    )


def test_every_case_is_used():
    """A case nobody checks is no evidence: what is not comparable stands under left_out, with the reason."""
    text = Path(__file__).read_text("utf-8")
    assert all(f'"{name}"' in text for name in CASES)
    assert all(entry["reason"] for entry in GOLDEN["left_out"])
