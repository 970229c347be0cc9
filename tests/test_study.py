"""Runs of a deal: scenarios and overrides, loans from elsewhere, the manifest, and our own figures of purchase-type No. 8.

tests/regression/purchase_08.json holds our own figures, yen for yen. It changes only together with a line in the changelog that
says why; nothing here rewrites it.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from by_hand import DEALS, TAPE_DEFAULTS, edited, of, run, tape, terms

import clo
from clo.deal.terms import Scenario
from clo.findings import DealError, InputError
from clo.study import Result, resolve_pools, resolve_scenario

PURCHASE_08 = DEALS / "purchase-08.yaml"
REGRESSION = json.loads((Path(__file__).parent / "regression" / "purchase_08.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def deal() -> clo.Deal:
    return clo.load_deal(PURCHASE_08)


# ---- our own figures


@pytest.mark.parametrize("case", REGRESSION["runs"], ids=lambda case: case["name"])
def test_purchase_type_no_8_yen_for_yen(deal: clo.Deal, case: dict[str, Any]) -> None:
    result = clo.run(deal, scenario=case["scenario"], **case["overrides"])
    assert result.ok
    made = result.summary.set_index("tranche")
    for name, expected in case["tranches"].items():
        row = made.loc[name]
        for column in ("original", "principal_paid", "interest_paid", "loss"):
            assert float(row[column]) == expected[column], (name, column)
        for column in ("wal_years", "yield"):
            known = np.nan if expected[column] is None else expected[column]
            assert row[column] == pytest.approx(known, rel=1e-9, nan_ok=True), (name, column)
        for column in ("first_payment", "last_payment"):
            assert (None if pd.isna(row[column]) else str(row[column].date())) == expected[column], (name, column)
    for fee, expected in case["fees"].items():
        assert float(result.fees.loc[result.fees["fee"] == fee, "paid"].sum()) == expected


# ---- scenarios and overrides


BASE = {"cdr": 0.02, "cpr": 0.01, "recovery": 0.1, "recovery_lag": 2}
REAL = {"defaults": "tape", "cpr": 0, "recovery": "tape", "recovery_lag": 0}


def test_a_keyword_replaces_its_own_field() -> None:
    assert resolve_scenario(terms(scenarios={"base": BASE}), "base", {"cpr": 0.3}) == Scenario(**(BASE | {"cpr": 0.3}))
    vector = resolve_scenario(terms(scenarios={"base": BASE}), "base", {"cdr": ["1%", "200bp"]})
    assert vector.cdr == (0.01, 0.02)


def test_cdr_replaces_the_whole_default_model() -> None:
    """Defaults recorded on the tape step aside, and then a recovery has to be given: the tape's belonged to its defaults."""
    deal = terms(scenarios={"real": REAL, "half": REAL | {"recovery": 0.5}})
    with pytest.raises(DealError, match="E-R103"):
        resolve_scenario(deal, "real", {"cdr": 0.02})
    made = resolve_scenario(deal, "real", {"cdr": 0.02, "recovery": 0.1})
    assert (made.cdr, made.defaults, made.recovery) == (0.02, None, 0.1)
    assert resolve_scenario(deal, "half", {"cdr": 0.02}).recovery == 0.5


def test_tape_defaults_replace_a_rate() -> None:
    made = resolve_scenario(terms(scenarios={"base": BASE}), "base", {"defaults": "tape"})
    assert (made.cdr, made.defaults, made.recovery) == (None, "tape", 0.1)


def test_both_models_at_once_are_refused() -> None:
    with pytest.raises(InputError):
        run(terms(), cdr=0.02, defaults="tape")


def test_an_override_is_the_scenario_that_says_so(deal: clo.Deal) -> None:
    stress, overridden = clo.run(deal, scenario="stress"), clo.run(deal, cdr=0.05)
    np.testing.assert_array_equal(stress.flows.kept, overridden.flows.kept)
    assert stress.summary.equals(overridden.summary)


def test_more_default_costs_more(deal: clo.Deal) -> None:
    losses = [clo.run(deal, cdr=cdr).summary["loss"].sum() for cdr in (0.0, 0.02, 0.05, 0.2)]
    assert losses == sorted(losses)
    assert losses[0] == 0


# ---- loans


def test_loans_of_another_place_are_filtered_as_the_deal_says(deal: clo.Deal) -> None:
    whole = clo.read_tape(DEALS / "tapes" / "purchase-08.parquet")
    by_pool = {name: whole.where(pool.where or "") for name, pool in deal.pools.items()}
    runs = [clo.run(deal), clo.run(deal, loans=whole), clo.run(deal, loans=by_pool)]
    for other in runs[1:]:
        np.testing.assert_array_equal(runs[0].flows.kept, other.flows.kept)
    pools = resolve_pools(deal, None)
    assert pools.findings == []
    sizes = {name: (len(pool), pool.balance) for name, pool in pools.loans.items()}
    assert sizes == {"institutions": (130, 3e9), "own": (225, 10.5e9)}


def test_a_deal_without_a_file_needs_loans() -> None:
    with pytest.raises(DealError, match="E-R111") as caught:
        clo.run(terms())
    assert "give loans=, or use clo.load_deal" in str(caught.value)


def test_a_tape_that_is_not_there(tmp_path: Path) -> None:
    path = edited(tmp_path, ("tapes/purchase-08.parquet", "tapes/purchase-80.parquet"))
    with pytest.raises(clo.DealError) as caught:
        clo.run(clo.load_deal(path))
    for finding in caught.value.findings:
        assert finding.code == "E-R117"
        assert finding.value.endswith("tapes/purchase-80.parquet")
        assert "cannot be read: No such file" in finding.message
        assert finding.line is not None


def test_defaults_from_the_tape() -> None:
    result = run(terms(scenarios=TAPE_DEFAULTS), tape(defaults={"C": "2020-06-20"}, allocated_loss=[0.0, 0.0, 500.0]))
    defaults = result.pool.set_index("period_end")["default"]
    assert defaults[defaults > 0].to_dict() == {pd.Timestamp("2020-06-30"): 2_000.0}
    assert result.realised is not None
    assert result.realised["charged_off"].tolist() == [500.0]
    assert clo.run(clo.load_deal(PURCHASE_08)).realised is None


# ---- the manifest


def test_manifest(deal: clo.Deal) -> None:
    result = clo.run(deal, scenario="stress", cpr=0.1)
    manifest = result.manifest
    tape_file = DEALS / "tapes" / "purchase-08.parquet"
    digest = hashlib.sha256(tape_file.read_bytes()).hexdigest()
    assert manifest["format"] == "clo.manifest/1"
    assert manifest["deal"] == {
        "name": deal.name,
        "file": str(PURCHASE_08),
        "sha256": hashlib.sha256(PURCHASE_08.read_bytes()).hexdigest(),
    }
    assert {name: (pool["sha256"], pool["loans"], pool["balance"]) for name, pool in manifest["pools"].items()} == {
        "institutions": (digest, 130, 3e9),
        "own": (digest, 225, 10.5e9),
    }
    assert manifest["scenario"] == "stress"
    assert manifest["assumptions"] == {"cdr": 0.05, "cpr": 0.1, "recovery": 0.1, "recovery_lag": 12}
    assert manifest["overrides"] == {"cpr": 0.1}
    assert {"clo", "python", "numpy", "numba", "pandas", "jpholiday"} <= set(manifest["versions"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", manifest["started"])
    assert manifest["seconds"] >= 0
    assert manifest["checks"] == result.checks.to_dict("records")


# ---- the result


def test_frames_are_made_once_and_the_result_shows_itself(deal: clo.Deal) -> None:
    result = clo.run(deal)
    assert result.tranches is result.tranches
    assert repr(result) == "<Result JASME purchase-type No. 8, scenario base: 73 payments, ok>"
    assert "<b>JASME purchase-type No. 8</b>, scenario base: ok" in result._repr_html_()


def test_a_failed_run_says_so_wherever_it_shows_itself() -> None:
    result = run(terms(assertions=[{"after_payment": 1, "that": "senior.balance > senior.size"}]))
    assert not result.ok
    assert repr(result).endswith("4 payments, NOT OK>")
    assert "NOT OK: assertion after payment 1" in result._repr_html_()


def test_progress_is_told_and_stops_the_run(deal: clo.Deal) -> None:
    told: list[tuple[int, int]] = []
    clo.run(deal, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (355, 355)
    assert [done for done, _ in told] == sorted(done for done, _ in told)

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        clo.run(deal, progress=stop)


def test_threads_show_in_no_bit(deal: clo.Deal) -> None:
    one, three = clo.run(deal, threads=1), clo.run(deal, threads=3)
    np.testing.assert_array_equal(one.flows.kept, three.flows.kept)
    np.testing.assert_array_equal(one.pool_flows.amounts, three.pool_flows.amounts)


# ---- changes of the input that change nothing, or in proportion


def test_all_money_times_a_thousand_without_rounding() -> None:
    notes = {
        "senior": {"size": 15_000, "coupon": "6%"},
        "mezzanine": {"size": 5_000, "coupon": "12%"},
        "junior": {"size": "rest"},
    }
    plain = run(terms(tranches=notes, rounding="none"), cdr=0.1)
    big = {name: note | ({} if note["size"] == "rest" else {"size": note["size"] * 1_000}) for name, note in notes.items()}
    loans = tape()
    scaled = loans.frame.assign(current_balance=loans.frame["current_balance"] * 1_000)
    large = run(terms(tranches=big, rounding="none"), clo.Loans.from_frame(scaled, check=False), cdr=0.1)
    for name in notes:
        for column in ("interest_paid", "principal_paid", "closing"):
            np.testing.assert_allclose(of(large, name, column), np.array(of(plain, name, column)) * 1_000, rtol=1e-9, atol=1e-6)


def test_the_order_of_loans_and_splitting_one_change_nothing(deal: clo.Deal) -> None:
    whole = clo.read_tape(DEALS / "tapes" / "purchase-08.parquet")
    frame = whole.frame
    shuffled = clo.Loans.from_frame(frame.sample(frac=1.0, random_state=7).reset_index(drop=True), check=False)
    half = frame.iloc[[0]].assign(current_balance=frame["current_balance"].iloc[0] / 2, loan_id="half")
    rest = frame.assign(current_balance=frame["current_balance"].where(frame.index != 0, frame["current_balance"] / 2))
    split = clo.Loans.from_frame(pd.concat([rest, half], ignore_index=True), check=False)
    base = clo.run(deal).summary
    for other in (shuffled, split):
        made = clo.run(deal, loans=other).summary
        assert made[["principal_paid", "interest_paid", "loss"]].equals(base[["principal_paid", "interest_paid", "loss"]])


def test_the_result_type_is_public() -> None:
    assert clo.Result is Result
