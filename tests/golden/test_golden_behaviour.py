"""Arrears, vectors by age and a prepayment ramp against other people's numbers; sources in behaviour.json, amortisation.json."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from clo.behaviour.arrears import BUCKETS
from clo.behaviour.assumptions import Assumptions
from clo.behaviour.rates import mdr_from_cdr
from clo.pool.cells import Cell
from clo.pool.flows import Flow
from clo.pool.hazards import hazards_of
from clo.pool.projection import project
from clo.timeline import collection_ends

FOLDER = Path(__file__).parent
CASES = {case["id"]: case for name in ("behaviour", "amortisation") for case in json.loads(
    (FOLDER / f"{name}.json").read_text("utf-8"))["cases"]}  # fmt: skip


def one_loan(cutoff, *, balance, rate, months, age):
    """A level-payment loan made `age` months before the cut-off; and the months it lasts."""
    ends = collection_ends(np.datetime64(cutoff), months)
    made = collection_ends(np.datetime64(cutoff), 1)[0].astype("datetime64[M]") - 1 - age
    frame = pd.DataFrame(
        {
            "loan_id": ["1"],
            "current_balance": [float(balance)],
            "current_rate": [rate],
            "origination_date": [made.astype("datetime64[D]")],
            "maturity_date": [ends[-1]],
            "amortisation_type": pd.Categorical(["level_payment"]),
            "days_in_arrears": [0],
        }
    )
    return frame, ends


def test_arrears_that_default_or_are_cured():
    """What falls behind and what defaults is the peer's; what becomes of the cured is knowingly not.

    Here they pay at once what they missed; there they start again where they stopped, so its cash comes later.
    """
    case = CASES["delinquency-level-loan"]
    given, expected = case["inputs"], case["expected"]
    frame, ends = one_loan("2021-10-01", balance=given["current_balance"], rate=given["annual_rate"], months=3, age=9)
    frame["maturity_date"] = ends[2]
    falling = float(mdr_from_cdr(given["delinquency_annual"]))
    rows = {bucket: {"current": 1.0} for bucket in BUCKETS}
    rows["current"] = {"1-29": falling, "current": 1.0 - falling}
    rows["1-29"] = {"30-59": 1.0}
    rows["30-59"] = {"default": given["default_pct"], "current": 1.0 - given["default_pct"]}
    ends = collection_ends(np.datetime64("2021-10-01"), 5)
    flows = project({"all": frame}, Assumptions(arrears={"roll_rates": rows}), period_ends=ends, cutoff="2021-10-01")
    got, near = flows.amounts[:, 0, :, 0], {"abs": case["tolerance"]}
    newly_behind = flows.states.query("state == '1-29'")["balance"].to_numpy()
    assert newly_behind[:2] == pytest.approx([expected[row]["delinquent"] for row in ("row0", "row1")], **near)
    assert got[Flow.default, 2:4] == pytest.approx([expected[row]["default"] for row in ("row2", "row3")], **near)
    assert not got[Flow.default, :2].any()
    assert got[Flow.scheduled_principal, :2] == pytest.approx([expected[row]["principal"] for row in ("row0", "row1")], **near)
    assert got[Flow.interest, :2] == pytest.approx([expected[row]["interest"] for row in ("row0", "row1")], **near)


def test_vectors_by_original_term_advanced_by_age():
    case = CASES["by-term-vectors"]
    given = case["inputs"]
    curves = {term[1:]: (1.0 - np.cumprod(1.0 - np.asarray(rates))).tolist() for term, rates in given["vectors"].items()}
    assumed = Assumptions(defaults={"by": "x_term", "curves": curves, "every": "month", "since": "origination"})
    for loan, expected in zip(given["loans"], case["expected"], strict=True):
        cell = Cell(default_class=str(loan["origin_term"]), age=loan["origin_term"] - loan["remaining"])
        hazards = hazards_of((cell,), assumed, loan["remaining"], 1.0, {})
        np.testing.assert_allclose(hazards.default[0], expected, rtol=0, atol=case["tolerance"])


@pytest.mark.parametrize(("speed", "months"), [(1.0, (1, 100)), (1.65, (1, 27))])
def test_a_psa_ramp_by_the_age_of_the_loan(speed, months):
    """Balance, scheduled principal and prepayment of the pass-through; the entry is marked from_memory (recomputed, not read)."""
    case = CASES["fabozzi_psa_passthrough_cashflow"]
    given = case["inputs"]
    frame, ends = one_loan(
        "2026-03-31", balance=given["balance"], rate=given["wac"], months=given["wam"], age=given["seasoning_months"]
    )
    assumed = Assumptions(cdr=0.0, prepayment_ramp={"to": 0.06, "months": 30, "speed": speed})
    got = project({"all": frame}, assumed, period_ends=ends, cutoff="2026-03-31").amounts[:, 0, :, 0]
    for month in months:
        expected = case["expected"][f"{round(100 * speed)}PSA_m{month}"]
        own = got[[Flow.opening, Flow.scheduled_principal, Flow.prepayment], month - 1]
        assert own == pytest.approx([expected[0], expected[4], expected[5]], abs=case["tolerance"])
