"""What goes wrong when a deal meets its loans and scenarios, and what a run that can be made warns of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from bad_deals import line_of
from by_hand import edited, the
from typer.testing import CliRunner

import clo
from clo.cli.app import app
from clo.files.deal import load_deal
from clo.files.tape.reading import read_tape
from clo.findings import DealError, Finding, InputError
from clo.tape.loans import Loans


def failing(path: Path, code: str, **options: Any) -> Finding:
    with pytest.raises(InputError) as caught:
        clo.run(load_deal(path), **options)
    found = the(caught.value.findings, code)
    assert found.severity == "error"
    return found


@pytest.fixture(scope="module")
def loans() -> Loans:
    return read_tape(Path(__file__).parents[2] / "deals/tapes/purchase-08.parquet")


def changed(loans: Loans, **columns: Any) -> Loans:
    return Loans.from_frame(loans.frame.assign(**columns), check=False)


def test_tranches_beyond_the_pool(tmp_path: Path) -> None:
    found = failing(edited(tmp_path, ("size: 180_000_000", "size: 1_800_000_000")), "E-D070")
    assert "senior 11,900,000,000 + mezzanine 1,800,000,000 exceed the pool of 13,500,000,000 by 200,000,000" in found.message
    assert (found.path, found.line, found.rule) == ("tranches.subordinated.size", line_of("  subordinated:"), "tranches = pool")


def test_tranches_short_of_the_pool(tmp_path: Path) -> None:
    found = failing(edited(tmp_path, ("size: rest", "size: 1_375_000_000")), "E-D070")
    assert "senior 11,900,000,000 + mezzanine 180,000,000 + subordinated 1,375,000,000 = 13,455,000,000" in found.message
    assert "pool 13,500,000,000: 45,000,000 unallocated" in found.message
    assert found.fix == "let one tranche take `size: rest`, or say what backs the tranches: `backing:`"


def test_filter_with_an_unknown_column(tmp_path: Path) -> None:
    found = failing(edited(tmp_path, ("originator_id == 'ehime'", "originator == 'ehime'")), "E-R112")
    assert "no column 'originator' on the tape" in found.message
    assert "did you mean 'originator_id'?" in found.message
    assert (found.path, found.line) == ("pools.institutions.where", line_of("  institutions:"))
    assert found.value == "originator == 'ehime'"


def test_filter_that_is_no_condition(tmp_path: Path) -> None:
    found = failing(edited(tmp_path, ("originator_id == 'ehime'", "originator_id = 'ehime'")), "E-R112")
    assert "cannot read" in found.message


def test_empty_pool(tmp_path: Path) -> None:
    found = failing(edited(tmp_path, ("originator_id == 'ehime'", "originator_id == 'iyo'")), "E-R113")
    assert "pool 'institutions' holds no loans" in found.message
    assert (found.path, found.line) == ("pools.institutions", line_of("  institutions:"))


def test_sub_pools_that_share_loans(tmp_path: Path) -> None:
    found = failing(edited(tmp_path, ("originator_id == 'jasme'", "current_balance > 0")), "E-R116")
    assert found.message.startswith("130 loans are in more than one sub-pool, first ehime ")
    assert found.fix == "make the filters of the sub-pools exclude each other"


def test_tape_of_another_day(tmp_path: Path) -> None:
    path = edited(tmp_path, ("cutoff: 2007-05-31", "cutoff: 2007-04-30"))
    with pytest.raises(DealError) as caught:
        clo.run(load_deal(path))
    assert [f.code for f in caught.value.findings] == ["E-R114", "E-R114"]
    found = caught.value.findings[0]
    assert found.message == "the tape of pool 'institutions' is as of 2007-05-31, the deal's cut-off is 2007-04-30"
    assert (found.path, found.line, found.value) == ("dates.cutoff", line_of("dates:"), "2007-04-30")


def test_tape_in_another_currency(tmp_path: Path) -> None:
    path = edited(tmp_path, ("currency: JPY", "currency: USD"))
    with pytest.raises(DealError) as caught:
        clo.run(load_deal(path))
    assert {f.code for f in caught.value.findings} == {"E-R115"}
    assert "pool 'institutions' holds loans in JPY, the deal is in USD" in caught.value.findings[0].message


def test_loans_by_sub_pool_must_be_all_there(loans: Loans, tmp_path: Path) -> None:
    found = failing(edited(tmp_path), "E-R110", loans={"own": loans.where("originator_id == 'jasme'")})
    assert "no loans are given for pool 'institutions'" in found.message


def test_unknown_scenario_and_bad_overrides(tmp_path: Path) -> None:
    path = edited(tmp_path)
    found = failing(path, "E-R101", scenario="bass")
    assert "scenario 'bass' is not in the deal; did you mean 'base'?" in found.message
    found = failing(path, "E-R102", cdr=5)
    assert (found.field, found.message, found.fix) == ("cdr=", "5 is 500 % a year", "write 5% or 0.05")
    assert found.line is None  # the value is the call's, not the file's
    found = failing(path, "E-R102", cdrr=0.02)
    assert found.field == "cdrr="
    assert found.fix == "did you mean 'cdr'?"
    found = failing(path, "E-R102", recovery_lag=-1)
    assert found.field == "recovery_lag="
    assert "extend" in failing(path, "E-R102", extends="stress").message


def test_monthly_vectors_may_be_arrays(tmp_path: Path) -> None:
    deal = load_deal(edited(tmp_path))
    months = [0.01, 0.02, 0.03]
    listed = clo.run(deal, cdr=months).summary
    for given in (np.array(months), pd.Series(months)):
        pd.testing.assert_frame_equal(clo.run(deal, cdr=given).summary, listed)
    assert clo.run(deal, cdr=np.float64(0.02)).scenario.cdr == 0.02


def test_every_bad_override_at_once(tmp_path: Path) -> None:
    with pytest.raises(DealError) as caught:
        clo.run(load_deal(edited(tmp_path)), cdr="5", cpr=-1, recovery=7)
    assert len(caught.value.findings) == 3


def test_replacing_tape_defaults_asks_for_a_recovery(tmp_path: Path) -> None:
    real = ("stress: {extends: base, cdr: 5%}", "real: {defaults: tape, cpr: 0, recovery: tape, recovery_lag: 0}")
    found = failing(edited(tmp_path, real), "E-R103", scenario="real", cdr=0.02)
    assert "its recovery comes from the tape" in found.message
    assert found.fix == "give recovery= as well"


def test_a_loan_that_matures_after_legal_final_is_told(loans: Loans, tmp_path: Path) -> None:
    due = loans.frame["maturity_date"].copy()
    due.iloc[0] = pd.Timestamp("2019-05-31")
    result = clo.run(load_deal(edited(tmp_path)), loans=changed(loans, maturity_date=due))
    (found,) = [f for f in result.findings if "matur" in f.message]
    assert found.severity == "warning"
    assert found.count == 1


def test_negative_carry_is_told_with_the_amount_a_year(tmp_path: Path) -> None:
    result = clo.run(load_deal(edited(tmp_path, ("coupon: 1.6%", "coupon: 3.2%"))))
    found = the(result.findings, "W-R214")
    loans = [pool.frame for pool in result.pools.values()]
    earned = sum((frame["current_balance"] * frame["current_rate"]).sum() for frame in loans)
    coupons, fees = 11_900_000_000 * 0.032 + 180_000_000 * 0.024, 13_500_000_000 * 0.0055
    assert f"carry {earned - coupons - fees:,.0f} at zero loss" in found.message
    assert earned - coupons - fees < 0
    assert f"coupons {coupons:,.0f} and fees {fees:,.0f}" in found.message


def test_a_vector_shorter_than_the_deal_is_told(tmp_path: Path) -> None:
    result = clo.run(load_deal(edited(tmp_path, ("cdr: 2%", "cdr: [1%, 2%, 3%]"))))
    found = the(result.findings, "W-A010")
    assert found.message == "cdr has 3 months, the horizon 73: its last, 0.03, holds on"


def test_recoveries_after_the_last_date_are_told(tmp_path: Path) -> None:
    result = clo.run(load_deal(edited(tmp_path, ("recovery_lag: 12", "recovery_lag: 48"))))
    lost = float(result.pool_flows.lost_recovery.sum())
    found = the(result.findings, "W-R213")
    assert lost > 1e6
    assert f"recoveries of {lost:,.0f} would come after" in found.message
    assert (found.path, found.line) == ("dates.legal_final", line_of("dates:"))


def test_interest_that_is_not_paid_is_told(tmp_path: Path) -> None:
    result = clo.run(load_deal(edited(tmp_path)), cdr=0.6)
    assert [f.path for f in result.findings if f.code == "W-R212"] == ["tranches.senior"]
    assert result.ok


# ---- a run that is refused writes nothing


@pytest.mark.parametrize(
    "edit",
    [
        ("coupon: 1.6%", "coupon: 1.6"),
        ("size: 180_000_000", "size: 1_800_000_000"),
        ("originator_id == 'ehime'", "originator_id == 'iyo'"),
    ],
    ids=["terms", "sizes", "pool"],
)
def test_a_refused_run_writes_nothing(edit: tuple[str, str], tmp_path: Path) -> None:
    path, out = edited(tmp_path, edit), tmp_path / "out"
    done = CliRunner().invoke(app, ["run", str(path), "--out", str(out)])
    assert done.exit_code != 0
    assert isinstance(done.exception, DealError)
    assert not out.exists()
    assert [entry.name for entry in tmp_path.iterdir()] == ["deal.yaml"]
