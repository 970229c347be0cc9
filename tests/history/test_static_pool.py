"""Static pools: cumulative curves of each vintage, what is not observed, and the average behind a projection."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from histories import day, loan, random_tapes, tape

import clo
from clo.behaviour.defaults import Cumulative
from clo.findings import InputError
from clo.history.history import History
from clo.history.static_pool import static_pool

TAPES = Path(__file__).parents[2] / "deals" / "tapes"


def old(name: str, made: str, original: float, **changes):
    return loan(name, 0, origination_date=made, original_balance=original, maturity_date="2040-03-31", **changes)


@pytest.fixture(scope="module")
def record():
    """Two vintages followed to March 2026."""
    return tape(
        0,
        old("A", "2023-01-31", 600, account_status="DFLT", default_date="2023-04-10", allocated_loss=100.0),
        old("B", "2023-12-31", 400, account_status="RDMD", redemption_date="2025-12-31"),
        old("C", "2024-05-31", 1000, account_status="DFLT", default_date="2026-03-31", allocated_loss=300.0),
        old("D", "2024-05-31", 3000, account_status="RDMD", redemption_date="2024-05-31"),
    )


def test_curves_are_shares_of_what_was_lent(record):
    pool = static_pool(record)
    curves = pool.curves
    assert curves.columns.tolist() == ["2023", "2024"]
    assert curves["2023"].loc[[2, 3, 27]].tolist() == [0.0, 0.6, 0.6]
    assert curves["2024"].loc[[21, 22]].tolist() == [0.0, 0.25]
    assert pool.basis == "original_balance"
    assert pool.original.tolist() == [1000.0, 4000.0]
    assert static_pool(record, measure="loss").curves["2023"].loc[3] == 0.1
    prepaid = static_pool(record, measure="prepayment").curves
    assert prepaid["2023"].loc[[23, 24]].tolist() == [0.0, 0.4]
    assert prepaid["2024"].loc[1] == 0.75  # repaid in the month it was made: month 1


def test_nothing_is_filled_in_beyond_the_youngest_loan(record):
    """The youngest loan of 2023 is 27 months old, those of 2024 are 22; the oldest of 2023 is 38."""
    curves = static_pool(record).curves
    assert curves["2023"].last_valid_index() == 27
    assert curves["2024"].last_valid_index() == 22
    assert len(curves) == 38
    frame = static_pool(record).to_frame()
    assert frame.groupby("vintage").size().to_dict() == {"2023": 27, "2024": 22}


def test_defaults_that_no_curve_holds_are_counted():
    """A defaults at 38 months; B is the youngest of the vintage with 27: neither month of default lies on the curve."""
    late = tape(
        0,
        old("A", "2023-01-31", 600, account_status="DFLT", default_date="2026-03-10"),
        old("C", "2023-01-31", 500, account_status="DFLT", default_date="2026-02-10"),
        old("B", "2023-12-31", 400),
    )
    pool = static_pool(late)
    assert pool.curves["2023"].max() == 0.0
    assert pool.beyond == (2, 1100.0)
    (found,) = pool.findings
    assert found.code == "W-H038"
    assert "default: 2 of 1,100 in all at ages that the youngest loan of the vintage has not reached" in found.message
    with pytest.raises(InputError) as refused:
        pool.as_scenario()
    assert [each.code for each in refused.value.findings] == ["E-H039"]
    assert "nothing defaulted in the 27 months observed; 2 of 1,100" in str(refused.value)


def test_what_every_curve_holds_is_not_counted(record):
    assert static_pool(record).beyond == (0, 0.0)
    with pytest.raises(InputError, match="nothing defaulted in the 2 months observed"):
        static_pool(record).as_scenario(months=2)


def test_the_average_weighs_increments_by_what_was_lent(record):
    average = static_pool(record).average
    assert average["vintages"].loc[[22, 23, 27, 28]].tolist() == [2, 1, 1, 0]
    assert average["cumulative"].loc[3] == 600 / 5000
    assert average["cumulative"].loc[22] == (600 + 1000) / 5000
    assert average["cumulative"].loc[27] == (600 + 1000) / 5000  # a vintage that ends leaves no step
    assert np.isnan(average["cumulative"].loc[28])
    assert average["original_balance"].loc[23] == 1000


def test_a_projection_takes_defaults_over_those_at_risk(record):
    """600 of 2,000 default in month 3, when the 3,000 of D are repaid; 1,000 of the 1,400 of B and C in month 22."""
    scenario = static_pool(record).as_scenario()
    left = (1.0 - 600 / 2000) * (1.0 - 1000 / 1400)
    assert scenario["cumulative"] == pytest.approx(1.0 - left, rel=1e-12)
    assert scenario["timing"] == pytest.approx([0.3 / (1.0 - left), 1.0 - 0.3 / (1.0 - left), 0.0], abs=1e-12)
    assert scenario["of"] == "loans"
    assert Cumulative(**scenario).timing == tuple(scenario["timing"])
    assert static_pool(record).as_scenario(months=12)["cumulative"] == pytest.approx(0.3, rel=1e-12)
    with pytest.raises(ValueError, match="loss"):
        static_pool(record, measure="loss").as_scenario()
    with pytest.raises(ValueError, match="nothing defaulted"):
        static_pool(record).as_scenario(months=2)


def test_a_scenario_of_loans_is_the_survival_of_one_vintage():
    """Loans made on one day and followed from then: what Kaplan-Meier makes of them, weighted by what was lent."""
    draw = np.random.default_rng(8)
    kinds = draw.choice(["default_date", "redemption_date", ""], 120)
    months = draw.integers(-11, 1, 120)
    ends = [{kind: day(int(month))} if kind else {} for kind, month in zip(kinds, months, strict=True)]
    due = draw.choice(["2025-09-30", "2030-03-31"], 120)  # some mature unnoticed
    known = tape(
        0,
        *(
            loan(f"L{at}", 10, original_balance=float(draw.integers(1, 9)), **ends[at])
            | {"maturity_date": np.datetime64("2030-03-31" if kinds[at] else due[at], "s")}
            for at in range(120)
        ),
    )
    scenario = static_pool(known).as_scenario()
    theirs = clo.kaplan_meier(known, entry="origination", weight="original_balance")
    assert scenario["cumulative"] == pytest.approx(1.0 - theirs.survival[11], rel=1e-12)
    assert 0.0 < theirs.survival[11] < 1.0


def test_by_another_column(record):
    frame = record.frame.assign(internal_rating=["good", "good", "bad", None])
    rated = clo.Loans.from_frame(frame, check=False)
    pool = static_pool(rated, by="internal_rating")
    assert pool.vintages == ("bad", "good")
    assert pool.curves["bad"].loc[22] == 1.0
    assert [found.code for found in pool.findings] == ["W-H031"]
    with pytest.raises(InputError, match="no column 'rating'"):
        static_pool(rated, by="rating")


def test_what_a_single_tape_cannot_tell(record):
    with pytest.raises(InputError, match="more than one date"):
        static_pool(record, measure="arrears_90")
    bare = clo.Loans.from_frame(record.frame.drop(columns=["allocated_loss", "redemption_date"]), check=False)
    for measure, name in (("loss", "allocated_loss"), ("prepayment", "redemption_date")):
        with pytest.raises(InputError, match=name):
            static_pool(bare, measure=measure)
    with pytest.raises(ValueError, match="measure 'defaults'"):
        static_pool(record, measure="defaults")


def test_a_default_amount_is_taken_where_every_default_has_one(record):
    frame = record.frame.assign(default_amount=[500.0, np.nan, 900.0, np.nan])
    pool = static_pool(clo.Loans.from_frame(frame, check=False))
    assert pool.basis == "default_amount"
    assert pool.curves["2023"].loc[3] == 0.5
    assert pool.as_scenario()["of"] == "balance"


def test_a_history_tells_amounts_month_by_month():
    new = {"origination_date": "2026-03-15", "maturity_date": "2027-03-31", "original_balance": 1200.0}
    loans = {
        0: [loan("A", 1200, **new), loan("B", 1200, **new), loan("C", 1200, **new)],
        1: [loan("A", 1100, **new), loan("B", 1200, days_in_arrears=90, **new), loan("C", 700, **new)],
        2: [
            loan("A", 1000, **new),
            loan("B", 1200, account_status="DFLT", default_date=day(2), allocated_loss=50.0, **new),
            loan("C", 0, account_status="RDMD", **new),
        ],
        3: [loan("A", 900, **new), loan("B", 1200, account_status="DFLT", allocated_loss=80.0, **new)],
    }
    history = History(tape(month, *there) for month, there in loans.items())
    expected = {
        "default": [0.0, 1200.0, 1200.0],
        "arrears_90": [1200.0, 1200.0, 1200.0],
        "prepayment": [400.0, 400.0 + 700.0 - 700.0 / 11, 400.0 + 700.0 - 700.0 / 11],
        "loss": [0.0, 50.0, 80.0],
    }
    for measure, amounts in expected.items():
        pool = static_pool(history, measure=measure)
        np.testing.assert_allclose(pool.curves["2026"] * 3600.0, amounts, rtol=1e-12, err_msg=measure)
        assert not pool.findings


def test_months_before_a_history_begins_are_left_empty():
    history = History(tape(month, loan("A", 1200 - 100 * month)) for month in range(3))  # made in March 2025
    pool = static_pool(history)
    assert pool.curves["2025"].first_valid_index() == 13
    assert pool.curves["2025"].last_valid_index() == 14
    (found,) = pool.findings
    assert (found.code, found.message) == ("W-H034", "first seen later than at origination: 2025 from month 13")


def test_a_scenario_does_not_take_the_thirteenth_month_for_the_first():
    """Loans of March 2025 on tapes from March 2026: 600 of the 2,400 lent to each of two default in month 14."""
    ends = {"account_status": "DFLT", "default_date": day(2)}
    history = History(
        tape(month, loan("A", 600, **(ends if month == 2 else {})), loan("B", 1200 - 100 * month)) for month in range(4)
    )
    pool = static_pool(history)
    with pytest.raises(InputError) as caught:
        pool.as_scenario()
    (found,) = caught.value.findings
    assert (found.code, found.message) == (
        "E-H036",
        "nobody was at risk in 12 of the first 15 months, first month 1 since origination",
    )
    scenario = pool.as_scenario(unseen="no_defaults")
    assert (scenario["cumulative"], scenario["timing"], scenario["of"]) == (600 / 4800, [0.0, 1.0], "balance")
    with pytest.raises(ValueError, match="unseen 'none'"):
        pool.as_scenario(unseen="none")


def test_curves_of_a_history_never_fall_and_end_at_what_defaulted():
    history = History(random_tapes(10, 200, seed=2))
    pool = static_pool(history)
    curves = pool.curves
    for name in curves:
        assert (np.diff(curves[name].dropna()) >= 0).all()
    within = np.nansum(pool.increments)
    assert 0 < within <= history.movements["defaulted"].sum()


@pytest.fixture(scope="module")
def sba(tmp_path_factory):
    """The published loans that are usable, those since 1996: the few older ones in the file are nearly all charge-offs."""
    path = TAPES / "sba_7a_loans.csv.gz"
    sidecar = tmp_path_factory.mktemp("sba") / "usable.map.yaml"
    told = path.with_name(path.name + ".map.yaml").read_text(encoding="utf-8").replace("controls: {count: 22427}\n", "")
    sidecar.write_text(
        told
        + "leave_out:\n"
        + "  - {missing: [account_status, origination_date, originator_id], why: required}\n"
        + "  - {where: x_Term == 0, why: no term}\n"
        + "  - {missing: [default_date], where: account_status == 'DFLT', why: charge-off undated}\n"
        + "  - {where: origination_date < '1996-01-01', why: runs of loan numbers that hold little but charge-offs}\n",
        encoding="utf-8",
    )
    return clo.read_tape(path, map=sidecar)


def test_vintages_of_the_sba_record(sba):
    """Lent and charged off by year of disbursement and month, summed again from the frame."""
    pool = static_pool(sba)
    frame = sba.frame
    year = frame["origination_date"].dt.year
    age = (frame["default_date"].dt.year - year) * 12 + frame["default_date"].dt.month - frame["origination_date"].dt.month
    for vintage, month in ((1997, 60), (2004, 60), (2004, 84), (2006, 84)):
        lent = frame.loc[year == vintage, "original_balance"].sum()
        lost = frame.loc[(year == vintage) & (age <= month), "original_balance"].sum()
        assert pool.curves[str(vintage)].loc[month] == pytest.approx(lost / lent, rel=1e-12)
    assert pool.vintages[0] == "1996"
    at_84 = pool.curves.loc[84]
    assert at_84["2004"] > 4 * at_84["1997"]
    assert np.isnan(at_84["2008"])
    assert pd.Series(pool.average["cumulative"].dropna()).is_monotonic_increasing
