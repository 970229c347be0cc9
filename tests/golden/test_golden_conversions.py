"""Annual and monthly rates against other people's numbers; sources in conversions.json."""

import json
from pathlib import Path

import numpy as np

from clo.behaviour.rates import mdr_from_cdr, smm_from_cpr

CASES = {case["id"]: case for case in json.loads(Path(__file__).with_name("conversions.json").read_text("utf-8"))["cases"]}


def test_smm_of_a_psa_speed():
    case = CASES["psa-smm"]
    cpr = [given["psa"] * 0.06 * min(given["age"], 30) / 30 for given in case["inputs"]]
    np.testing.assert_allclose(smm_from_cpr(cpr), case["expected"], rtol=0, atol=case["tolerance"])


def test_survival_over_a_year():
    case = CASES["survival-factors"]
    survived = (1 - mdr_from_cdr(case["inputs"]["annual_rate"])) ** 12
    assert abs(survived - case["expected"][1]) < case["tolerance"]
