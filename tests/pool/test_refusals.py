"""What a projection refuses or warns of: assumptions that find no column, no loan, no month; figures that are none."""

import numpy as np
import pandas as pd
import pytest

from clo.behaviour.arrears import BUCKETS
from clo.behaviour.assumptions import Assumptions
from clo.curves import Curve, Curves
from clo.findings import InputError
from clo.pool import cells
from clo.pool.flows import Flow
from clo.pool.kernel import Column
from clo.pool.projection import project
from clo.timeline import collection_ends

CUTOFF, MONTHS = np.datetime64("2026-03-31"), 30
ENDS = collection_ends(CUTOFF, MONTHS)
DATES = np.concatenate(([CUTOFF], ENDS))
TIBOR = Curves([Curve("TIBOR_3M", DATES, np.full(len(DATES), 0.01))])
ROLLING = {"roll_rates": {bucket: {"current": 1.0} for bucket in BUCKETS}}


def loans(count=4, **columns):
    return pd.DataFrame(
        {
            "loan_id": [f"L{number}" for number in range(count)],
            "current_balance": 100.0,
            "current_rate": 0.02,
            "origination_date": np.datetime64("2016-01-31", "s"),
            "maturity_date": ENDS[11].astype("datetime64[s]"),
            "amortisation_type": "bullet",
            "internal_rating": ["A", "B"] * (count // 2),
        }
    ).assign(**columns)


def floating(**columns):
    return loans(
        rate_type="floating", rate_index="TIBOR_3M", rate_margin=0.01, rate_reset_months=3,
        next_reset_date=np.datetime64("2026-06-30", "s"), **columns,
    )  # fmt: skip


def run(frame, curves=TIBOR, **assumed):
    pools = frame if isinstance(frame, dict) else {"all": frame}
    return project(pools, Assumptions(**assumed), period_ends=ENDS, cutoff=CUTOFF, curves=curves)


BY = {"curves": {"A": 0.01}, "other": 0.02}


@pytest.mark.parametrize(
    ("code", "field", "columns", "assumed"),
    [
        ("E-P001", "current_balance", {"current_balance": np.inf}, {"cdr": 0.0}),
        ("E-P096", "account_status", {"account_status": ["PERF", "DFLT", "RE", "ARRE"]}, {"cdr": 0.0}),
        ("E-P080", "pd_1y", {"pd_1y": [0.01, np.nan, 0.02, 0.03]}, {"defaults": {"pd": "tape"}}),
        ("E-P080", "pd_1y", {"pd_1y": [0.01, 1.5, 0.02, 0.03]}, {"defaults": {"pd": "tape"}}),
        ("E-P080", "pd_1y", {"pd_1y": 0.95}, {"defaults": {"pd": "tape", "nearest": 0.6}}),
        ("E-P081", "internal_rating", {}, {"defaults": {"by": "internal_rating", "curves": {"A": 0.01}}}),
        ("E-P082", "internal_rating", {}, {"cdr": 0.1, "default_scale": {"by": "internal_rating", "factors": {"A": 2}}}),
        ("E-P083", "origination_date", {"origination_date": pd.NaT}, {"cdr": 0.0, "prepayment_ramp": {"to": 0.06, "months": 30}}),
        ("E-P084", "internal_rating", {}, {"cdr": 0.1, "recovery": {"by": "internal_rating", "rates": {"A": 0.5}}}),
        ("E-P085", "lgd", {"lgd": [0.4, 1.2, 0.4, 0.4]}, {"cdr": 0.1, "recovery": "lgd"}),
        ("E-P090", "defaults.by", {}, {"defaults": {"by": "internl_rating"} | BY}),
        ("E-P090", "default_scale.by", {}, {"cdr": 0.1, "default_scale": {"by": "industry", "factors": {}, "other": 1}}),
        ("E-P090", "recovery.by", {}, {"cdr": 0.1, "recovery": {"by": "secured", "rates": {}, "other": 0.1}}),
        ("E-P093", "repurchase.where", {}, {"cdr": 0.1, "repurchase": {"where": "curent_rate > 1%", "month": 3}}),
        ("E-P094", "days_in_arrears", {"days_in_arrears": [0, -1, 0, 0]}, {"arrears": ROLLING}),
        ("E-P095", "deposit_setoff", {"deposit_setoff": [0.0, -1.0, 5.0, np.nan]}, {"cdr": 0.1, "setoff": "lost"}),
    ],
)  # fmt: skip
def test_refused(code, field, columns, assumed):
    with pytest.raises(InputError) as caught:
        run(loans(**columns), **assumed)
    (finding,) = [found for found in caught.value.findings if found.code.startswith("E-")]
    assert (finding.code, finding.field) == (code, field)
    assert finding.rule
    assert finding.fix


def test_a_misspelt_column_suggests_the_nearest():
    with pytest.raises(InputError, match="did you mean 'internal_rating'"):
        run(loans(), defaults={"by": "internl_rating"} | BY)


@pytest.mark.parametrize(
    ("code", "field", "assumed"),
    [
        ("E-P089", "rates", {"cdr": 0.1, "rates": {"TIBOR_6M": 0.01}}),
        ("E-A037", "prepayment_incentive",
         {"cdr": 0.1, "cpr": 0.5, "rates": {"shift": 0.1}, "prepayment_incentive": {"sensitivity": 20}}),
    ],
)  # fmt: skip
def test_curves_that_do_not_go_together(code, field, assumed):
    with pytest.raises(InputError) as caught:
        run(floating(), **assumed)
    assert [(found.code, found.field) for found in caught.value.findings] == [(code, field)]


@pytest.mark.parametrize(
    ("field", "assumed"),
    [
        ("setoff", {"cdr": 0.1, "setoff": "lost"}),
        ("drawn_at_default", {"cdr": 0.1, "drawn_at_default": 0.5}),
        ("arrears.roll_rates", {"arrears": ROLLING}),
        ("repurchase.where", {"cdr": 0.1, "repurchase": {"where": "current_rate > 50%", "month": 3}}),
        ("repurchase.month", {"cdr": 0.1, "repurchase": {"where": "current_rate > 1%", "month": 31}}),
        ("restructuring", {"cdr": 0.1, "restructuring": {"rate": 0.1}}),
        ("restructuring.month", {"cdr": 0.1, "restructuring": {"share": 0.1, "month": 31, "extension": 6}}),
        ("servicer_failure.month", {"cdr": 0.1, "servicer_failure": {"month": 31}}),
        ("rates", {"cdr": 0.1, "rates": {"shift": 0.01}}),
        ("performance", {"cdr": 0.1, "performance": [0.2, 0.5, 0.3]}),
        ("prepayment_incentive", {"cdr": 0.1, "cpr": 0.1, "prepayment_incentive": {"sensitivity": 1}}),
        ("prepayment_fee", {"cdr": 0.1, "prepayment_fee": 0.02}),
        ("defaults.curves", {"defaults": {"by": "internal_rating", "curves": {"A": 0.01, "B": 0.02, "ZZ": 0.5}}}),
    ],
)
def test_what_changes_nothing_is_told(field, assumed):
    told = [(found.code, found.field) for found in run(loans(), **assumed).findings]
    assert told == [("W-P088", field)]


@pytest.mark.parametrize(
    ("field", "assumed"),
    [
        ("defaults.curves.A", {"defaults": {"by": "internal_rating", "curves": {"A": [0.01, 0.02], "B": 0.1}}}),
        ("defaults.other", {"defaults": {"by": "internal_rating", "curves": {"A": 0.1}, "other": [0.01, 0.02]}}),
        ("defaults.curves.A",
         {"defaults": {"by": "internal_rating", "curves": {"A": [0.01] * 4, "B": 0.1}, "since": "origination"}}),
        ("defaults.survival", {"defaults": {"survival": [0.999] * 40, "since": "origination"}}),
    ],
)  # fmt: skip
def test_a_curve_of_default_that_ends_early_is_told(field, assumed):
    assert [(found.code, found.field) for found in run(loans(), **assumed).findings] == [("W-A010", field)]


def test_arrears_that_nothing_is_assumed_of_are_told():
    flows = run(loans(days_in_arrears=[0, 40, 0, 0]), cdr=0.0)
    assert [(found.code, found.who, found.count) for found in flows.findings] == [("W-P097", "L1", 1)]


def test_a_monthly_loan_with_a_later_next_payment_is_told():
    later = [np.datetime64("2026-09-15", "s"), *[np.datetime64("2026-04-15", "s")] * 3]
    flows = run(loans(next_payment_date=later), cdr=0.0)
    assert [(found.code, found.who, found.count) for found in flows.findings] == [("W-P098", "L0", 1)]


def test_what_a_batch_lacks_another_may_have():
    """Nothing is said of all loans that holds for one batch only."""
    first = [np.datetime64("2026-08-01", "s"), *[pd.NaT] * 5]
    frame = loans(6, deposit_setoff=[5.0, 5.0, 0.0, 0.0, 0.0, 0.0], default_date=first)
    batches = [frame.iloc[at : at + 2] for at in (0, 2, 4)]
    assert run({"all": iter(batches)}, defaults="tape", recovery=0.1, setoff="lost").findings == ()


def test_the_same_finding_about_two_sub_pools_is_told_of_both():
    late = {"maturity_date": np.datetime64("2030-03-31", "s")}
    flows = run({"a": loans(2, **late), "b": loans(4, **late)}, cdr=0.0)
    told = [(found.code, found.path, found.count) for found in flows.findings]
    assert told == [("W-P030", "pools.a", 2), ("W-P030", "pools.b", 4)]


def test_a_loan_is_counted_once_however_many_scenarios_ask():
    assumed = [Assumptions(defaults={"pd": "tape"}), Assumptions(defaults={"pd": "tape"}, setoff="lost")]
    with pytest.raises(InputError) as caught:
        project({"all": loans()}, assumed, period_ends=ENDS, cutoff=CUTOFF)
    assert [found.count for found in caught.value.findings if found.code == "E-P080"] == [4]


def test_more_kinds_of_loans_than_memory_is_meant_for(monkeypatch):
    """Whether they come at once or batch by batch; new terms by rate multiply them."""
    frames = [loans(4, pd_1y=(np.arange(4) + 4 * part) / 1000) for part in range(3)]
    assumed = {"defaults": {"pd": "tape"}}
    monkeypatch.setattr(cells, "LARGEST", 12 * len(Column) * (MONTHS + 1) * 8)
    assert run({"all": iter(frames)}, **assumed).findings == ()
    monkeypatch.setattr(cells, "LARGEST", 12 * len(Column) * (MONTHS + 1) * 8 - 1)
    for pool, more in ((pd.concat(frames), {}), (iter(frames), {}), (loans(), {"restructuring": {"rate": 0.1, "extension": 6}})):
        with pytest.raises(InputError, match="kinds of loans apart") as caught:
            run({"all": pool}, **({"cdr": 0.1} if more else assumed), **more)
        assert [found.code for found in caught.value.findings] == ["E-P086"]


def test_defaults_with_drawings_add_up_to_what_is_charged_off():
    frame = loans(
        2, amortisation_type=["bullet", "revolving"], credit_limit=[np.nan, 180.0], allocated_loss=30.0,
        default_date=np.datetime64("2026-08-01", "s"),
    )  # fmt: skip
    row = run(frame, defaults="tape", recovery="tape", drawn_at_default=0.75).realised.iloc[0]
    assert row.charged_off == pytest.approx(row.loss + row.excess)
    assert row.default == pytest.approx(100.0 + 100.0 + 60.0)


def test_whole_numbers_of_a_column_of_floats_are_words_without_a_point():
    frame = loans(x_class=[1.0, 2.0, np.nan, 2.0])
    flows = run(frame, defaults={"by": "x_class", "curves": {"1": 0.0, "2": 0.0}, "other": 0.5})
    assert flows.amounts[Flow.default, 0, 0, 0] == pytest.approx(100.0 * (1.0 - 0.5 ** (1 / 12)))


def test_a_curve_that_ends_with_the_last_collection_is_long_enough():
    run(floating(), cdr=0.0, cpr=0.1, prepayment_incentive={"sensitivity": 1})


def test_an_amount_that_finds_its_balance_is_not_told_short():
    assumed = {"cumulative": 0.08, "timing": "front", "of": "balance"}
    frame = loans(50, maturity_date=np.datetime64("2032-03-31", "s"))
    flows = run(frame, defaults=assumed, restructuring={"rate": 0.05, "extension": 12})
    assert "W-P087" not in [found.code for found in flows.findings]


def test_defaults_that_find_no_balance_are_told_with_their_amount():
    flows = run(loans(), defaults={"cumulative": 0.5, "timing": "back", "years": 2, "of": "balance"})
    (finding,) = [found for found in flows.findings if found.code == "W-P087"]
    assert finding.message.startswith("133 of the defaults assumed")
