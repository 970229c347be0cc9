"""Pool flows against a loan-by-loan simulation of each month, the laws they obey, and what is refused."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clo.behaviour.assumptions import Assumptions
from clo.findings import InputError
from clo.pool import summing
from clo.pool.amortisation import amortise
from clo.pool.flows import Flow
from clo.pool.projection import project, summed
from clo.tape.loans import Loans
from clo.timeline import collection_ends

CUTOFF = date(2026, 3, 31)
KINDS = ["equal_principal", "level_payment", "bullet", "schedule"]
FREQUENCIES = ["monthly", "quarterly", "semi_annual", "annual", "at_maturity"]
MONTHS = 30
ENDS = collection_ends(CUTOFF, MONTHS)


def tape(rows, **columns):
    """A tape from (balance, rate, months to maturity, kind) rows."""
    ends = collection_ends(CUTOFF, 600)
    frame = pd.DataFrame(
        {
            "loan_id": [f"C-{i}" for i in range(1, len(rows) + 1)],
            "current_balance": [float(row[0]) for row in rows],
            "current_rate": [row[1] for row in rows],
            "maturity_date": ends[[row[2] - 1 for row in rows]],
            "amortisation_type": pd.Categorical([row[3] for row in rows], KINDS),
        }
    )
    return frame.assign(**columns)


def run(frame, *, months=MONTHS, **assumed):
    return project({"all": frame}, Assumptions(**assumed), period_ends=collection_ends(CUTOFF, months), cutoff=CUTOFF)


def random_tape(n, seed=1):
    rng = np.random.default_rng(seed)
    rows = zip(rng.lognormal(16, 1, n), rng.uniform(0, 0.05, n), rng.integers(1, 60, n), rng.choice(KINDS[:3], n), strict=True)
    return tape(list(rows))


def slow_flows(rows, *, months, assumed):
    """Every loan's month in order: default, interest and principal, prepayment (or prepayment before them), recovery."""
    out, late = np.zeros((len(Flow), months)), 0.0
    vector = lambda given, t: given[min(t, len(given) - 1)] if isinstance(given, tuple) else given  # noqa: E731
    for balance, rate, term, kind in rows:
        schedule = amortise(balance, rate, term, kind)
        factor = 1.0  # of the contractual balance still there
        for t in range(min(term, months)):
            q, smm = (1 - (1 - vector(annual, t)) ** (1 / 12) for annual in (assumed.cdr, assumed.cpr))
            opening = factor * schedule.opening[t]
            default = q * opening
            if assumed.order == "prepayment_first":
                prepayment = smm * (opening - default)
                share = factor * (1 - q) * (1 - smm)
                interest, principal = share * schedule.interest[t], share * schedule.principal[t]
            else:
                share = factor * (1 - q)
                interest, principal = share * schedule.interest[t], share * schedule.principal[t]
                prepayment = smm * (opening - default - principal)
            recovery = assumed.recovery * default
            if t + assumed.recovery_lag < months:
                out[Flow.recovery, t + assumed.recovery_lag] += recovery
            else:
                late += recovery
            closing = opening - default - principal - prepayment
            for flow, amount in (
                (Flow.opening, opening), (Flow.interest, interest), (Flow.scheduled_principal, principal),
                (Flow.prepayment, prepayment), (Flow.default, default), (Flow.closing, closing),
            ):  # fmt: skip
                out[flow, t] += amount
            factor *= (1 - q) * (1 - smm)
    return out, late


annual = st.one_of(st.floats(0, 0.6), st.lists(st.floats(0, 0.9), min_size=1, max_size=6).map(tuple))
rows = st.lists(
    st.tuples(st.floats(1, 1e9), st.floats(0, 0.2), st.integers(1, 50), st.sampled_from(KINDS[:3])), min_size=1, max_size=6
)
assumptions = st.builds(
    Assumptions, cdr=annual, cpr=annual, recovery=st.floats(0, 1), recovery_lag=st.integers(0, 40),
    order=st.sampled_from(["default_first", "prepayment_first"]),
)  # fmt: skip


@given(rows, assumptions, st.integers(1, 40))
def test_flows_are_the_slow_ones(loans, assumed, months):
    flows = project({"all": tape(loans)}, assumed, period_ends=collection_ends(CUTOFF, months), cutoff=CUTOFF)
    slow, late = slow_flows(loans, months=months, assumed=assumed)
    size = sum(loan[0] for loan in loans)
    np.testing.assert_allclose(flows.amounts[:, 0, :, 0], slow, rtol=0, atol=1e-12 * size)
    assert flows.lost_recovery[0, 0] == pytest.approx(late, abs=1e-12 * size)
    assert flows.outstanding[0, 0] == pytest.approx(slow[Flow.closing, -1], abs=1e-12 * size)


@given(rows, assumptions)
def test_balance_is_conserved(loans, assumed):
    amounts = project({"all": tape(loans)}, assumed, period_ends=ENDS, cutoff=CUTOFF).amounts[:, 0, :, 0]
    size = sum(loan[0] for loan in loans)
    gone = amounts[[Flow.default, Flow.scheduled_principal, Flow.prepayment]].sum(axis=0)
    np.testing.assert_allclose(amounts[Flow.opening] - gone, amounts[Flow.closing], rtol=0, atol=1e-12 * size)
    np.testing.assert_allclose(amounts[Flow.closing, :-1], amounts[Flow.opening, 1:], rtol=1e-12, atol=1e-12 * size)
    assert amounts.min() >= -1e-12 * size
    assert amounts[Flow.opening, 0] == pytest.approx(size, rel=1e-14)


def test_order_splitting_and_scale_of_loans_change_nothing():
    frame = random_tape(500)
    assumed = {"cdr": 0.03, "cpr": 0.08, "recovery": 0.4, "recovery_lag": 6}
    base = run(frame, **assumed).amounts
    shuffled = run(frame.sample(frac=1, random_state=2), **assumed).amounts
    np.testing.assert_allclose(shuffled, base, rtol=1e-12)
    halves = pd.concat([frame.assign(current_balance=frame.current_balance * share) for share in (0.25, 0.75)])
    np.testing.assert_allclose(run(halves, **assumed).amounts, base, rtol=1e-12)
    scaled = run(frame.assign(current_balance=frame.current_balance * 1024), **assumed).amounts
    np.testing.assert_array_equal(scaled, base * 1024)


def test_any_number_of_threads_gives_the_same_bits(monkeypatch):
    monkeypatch.setattr(summing, "CHUNK", 100)
    frame = random_tape(1_050)
    pools = {"a": frame.iloc[:700], "b": frame.iloc[700:]}
    seen = []
    results = [
        project(pools, Assumptions(cdr=0.02, cpr=0.1), period_ends=ENDS, cutoff=CUTOFF, threads=threads,
                progress=lambda done, total: seen.append((done, total))).amounts
        for threads in (1, 2, 7)
    ]  # fmt: skip
    assert results[0].tobytes() == results[1].tobytes() == results[2].tobytes()
    assert seen[10] == (1050, 1050)


def test_progress_can_stop_a_run():
    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        project({"all": random_tape(5)}, Assumptions(cdr=0.0), period_ends=ENDS, cutoff=CUTOFF, progress=stop)


def test_a_batch_is_each_scenario_alone():
    frame = random_tape(40)
    frame["default_date"] = pd.to_datetime(["2026-12-15"] + [None] * 39)
    frame["allocated_loss"] = [1.0] + [np.nan] * 39
    batch = [
        Assumptions(cdr=0.02, cpr=0.1, recovery=0.3, recovery_lag=3),
        Assumptions(cdr=(0.1, 0.0), order="prepayment_first"),
        Assumptions(defaults="tape", recovery="tape", cpr=0.05),
        Assumptions(defaults={"cumulative": 0.2, "timing": "front"}),
        Assumptions(defaults={"cumulative": 0.1, "of": "balance"}, cpr=0.1),
    ]
    together = project({"all": frame}, batch, period_ends=ENDS, cutoff=CUTOFF)
    for s, assumed in enumerate(batch):
        alone = project({"all": frame}, assumed, period_ends=ENDS, cutoff=CUTOFF)
        np.testing.assert_array_equal(together.amounts[..., s], alone.amounts[..., 0])
        np.testing.assert_array_equal(together.lost_recovery[:, s], alone.lost_recovery[:, 0])
    assert [finding.code for finding in together.findings].count("W-A010") == 1


def test_summed_contracts_flow_under_any_cumulative_share_and_no_other_terms():
    frame = random_tape(40)
    contracts = summed({"all": frame}, Assumptions(defaults={"cumulative": 0.0}), period_ends=ENDS, cutoff=CUTOFF)
    for share in (0.0, 0.3, 1.0):
        assumed = Assumptions(defaults={"cumulative": share})
        alone = project({"all": frame}, assumed, period_ends=ENDS, cutoff=CUTOFF)
        np.testing.assert_array_equal(contracts.flows(assumed).amounts, alone.amounts)
    with pytest.raises(KeyError):
        contracts.flows(Assumptions(cdr=0.0, default_scale={"by": "vintage", "factors": {}, "other": 2.0}))


def test_frame_has_the_columns_of_the_plan():
    flows = project({"x": random_tape(3), "y": random_tape(4)}, Assumptions(cdr=0.0), period_ends=ENDS, cutoff=CUTOFF)
    frame = flows.to_frame()
    assert list(frame) == [
        "period_end", "group", "opening", "interest", "scheduled_principal", "prepayment", "default", "recovery",
        "guarantee_paid", "closing", "repurchase", "substitution", "drawing", "prepayment_fee", "setoff", "recovery_cost",
        "commingling_loss", "arrears", "restructured",
    ]  # fmt: skip
    assert len(frame) == 2 * MONTHS
    second = frame[frame.group == "y"]
    np.testing.assert_array_equal(second.opening, flows.amounts[Flow.opening, 1, :, 0])
    assert list(second.period_end) == list(pd.to_datetime(ENDS))
    assert "<table" in flows._repr_html_()


def test_a_month_holds_the_days_after_one_end_up_to_the_next():
    rows = [(100.0, 0.0, 1, "bullet")] * 3
    frame = tape(rows, maturity_date=pd.to_datetime(["2026-04-30", "2026-05-01", "2026-05-31"]))
    paid = run(frame, cdr=0.0).amounts[Flow.scheduled_principal, 0, :3, 0]
    np.testing.assert_array_equal(paid, [100.0, 200.0, 0.0])


# ---- defaults from the tape -----------------------------------------------------------------------------------------


def test_recorded_defaults():
    """Exposure is the balance before the month of default; the instalment of that month is not paid."""
    frame = tape(
        [(1200.0, 0.12, 12, "equal_principal"), (1000.0, 0.0, 10, "equal_principal"), (500.0, 0.0, 40, "bullet")],
        default_date=pd.to_datetime(["2026-06-10", "2027-09-01", "2029-01-31"]),
        allocated_loss=[1200.0, 30.0, 500.0],
    )
    flows = run(frame, months=12, defaults="tape", recovery="tape", recovery_lag=2, cpr=0.5)
    got = flows.amounts[:, 0, :, 0]
    assert got[Flow.default, 2] == 1000.0  # month 3 of the first loan: two instalments of 100 were paid
    assert got[Flow.default, 9] == 100.0  # charged off long after maturity: booked in the last month with a balance
    assert got[Flow.default].sum() == 1100.0
    assert not got[Flow.prepayment].any()  # all three are known to default, and such loans do not prepay
    assert got[Flow.recovery, 11] == 70.0
    assert got[Flow.recovery].sum() == 70.0
    assert got[Flow.interest, 1] == pytest.approx(11.0)
    assert got[Flow.interest, 2] == 0.0
    assert flows.outstanding[0, 0] == 500.0
    row = flows.realised.iloc[0]
    assert (row.charge_offs, row.modelled, row.beyond_horizon) == (3, 2, 1)
    assert (row.charged_off, row.default, row.loss, row.excess) == (1730.0, 1100.0, 1030.0, 200.0)
    assert row.charged_off == row.loss + row.excess + 500.0  # the third is charged off after the last month


def test_recorded_defaults_with_a_recovery_fraction_and_others_prepaying():
    frame = tape(
        [(1000.0, 0.0, 10, "bullet"), (1000.0, 0.0, 10, "bullet")],
        default_date=pd.to_datetime(["2026-05-31", None]),
    )
    flows = run(frame, months=10, defaults="tape", recovery=0.25, recovery_lag=9, smm=1.0)
    got = flows.amounts[:, 0, :, 0]
    assert got[Flow.default, 1] == 1000.0
    assert got[Flow.prepayment, 0] == 1000.0
    assert flows.lost_recovery[0, 0] == 250.0
    assert run(frame, months=10, cdr=0.0).realised is None


# ---- terms other than monthly ---------------------------------------------------------------------------------------


def frequencies(principal, interest):
    return {
        "principal_frequency": pd.Categorical([principal], FREQUENCIES),
        "interest_frequency": pd.Categorical([interest], FREQUENCIES),
    }


@pytest.mark.parametrize("kind", ["equal_principal", "level_payment"])
def test_quarterly_instalments_are_counted_back_from_maturity(kind):
    frame = tape([(900.0, 0.12, 8, kind)], **frequencies("quarterly", "quarterly"))
    got = run(frame, months=8, cdr=0.0).amounts[:, 0, :, 0]
    assert list(np.flatnonzero(got[Flow.scheduled_principal])) == [1, 4, 7]
    assert got[Flow.interest, 1] == pytest.approx(900 * 0.12 * 2 / 12)
    dated = frame.assign(next_payment_date=pd.to_datetime(["2026-04-20"]))
    again = run(dated, months=8, cdr=0.0).amounts[:, 0, :, 0]
    assert list(np.flatnonzero(again[Flow.scheduled_principal])) == [0, 3, 6, 7]


def test_a_prepayment_brings_the_interest_it_has_earned():
    """Interest is quarterly: what prepays in between pays what it owes so far, what defaults pays nothing."""
    frame = tape([(1000.0, 0.12, 6, "bullet")], **frequencies("at_maturity", "quarterly"))
    got = run(frame, months=6, cdr=0.0, cpr=0.5).amounts[:, 0, :, 0]
    np.testing.assert_allclose(got[Flow.interest, :2], got[Flow.prepayment, :2] * 0.01 * np.array([1, 2]), rtol=1e-12)
    peer = run(frame, months=6, cdr=0.0, cpr=0.5, order="prepayment_first").amounts[:, 0, :, 0]
    np.testing.assert_allclose(peer[Flow.interest, :2], peer[Flow.prepayment, :2] * 0.01 * np.array([0, 1]), atol=1e-12)


def test_grace_balloon_and_actual_days():
    frame = tape(
        [(1000.0, 0.1, 12, "level_payment")],
        grace_end_date=pd.to_datetime(["2026-06-30"]), balloon_amount=[300.0], day_count=["ACT/365F"],
    )  # fmt: skip
    got = run(frame, months=12, cdr=0.0).amounts[:, 0, :, 0]
    own = amortise(1000, 0.1, 12, "level_payment", grace=3, balloon=300, day_count="ACT/365F", first_date="2026-04-30")
    assert not got[Flow.scheduled_principal, :3].any()
    assert got[Flow.interest, 0] == pytest.approx(1000 * 0.1 * 30 / 365)
    assert got[Flow.scheduled_principal, -1] == pytest.approx(own.principal.iloc[-1], rel=1e-3)  # own payment dates
    paid = got[Flow.interest] + got[Flow.scheduled_principal]
    np.testing.assert_allclose(paid[3:-1], paid[3], rtol=1e-12)


def test_plain_and_other_loans_mix():
    plain, other = tape([(900.0, 0.03, 9, "level_payment")]), tape([(600.0, 0.02, 9, "equal_principal")], balloon_amount=[60.0])
    both = pd.concat([plain, other, plain])
    amounts = run(both, cdr=0.02, cpr=0.1).amounts
    apart = 2 * run(plain, cdr=0.02, cpr=0.1).amounts + run(other, cdr=0.02, cpr=0.1).amounts
    np.testing.assert_allclose(amounts, apart, rtol=1e-12, atol=1e-10)


# ---- horizon and refusals -------------------------------------------------------------------------------------------


def test_loans_beyond_the_horizon_pay_on_and_are_named():
    frame = tape([(100.0, 0.0, 9, "bullet"), (1200.0, 0.0, 12, "equal_principal"), (0.0, 0.0, 60, "bullet")])
    flows = run(frame, months=10, cdr=0.0)
    (finding,) = flows.findings
    assert finding.code == "W-P030"
    assert finding.message.startswith("loan C-2 matures 2027-03-31, the horizon ends 2027-01-31")
    assert list(finding.occurrences.who) == ["C-2"]
    assert flows.outstanding[0, 0] == pytest.approx(200.0)


def codes(caught):
    return [finding.code for finding in caught.value.findings]


@pytest.mark.parametrize(
    ("code", "columns"),
    [
        ("E-P001", {"current_balance": [np.nan, 10.0]}),
        ("E-P001", {"current_balance": [-5.0, 10.0]}),
        ("E-P002", {"current_rate": [0.01, -0.01]}),
        ("E-P003", {"maturity_date": pd.to_datetime(["2026-03-31", "2027-01-31"])}),
        ("E-P003", {"maturity_date": pd.to_datetime([None, "2027-01-31"])}),
        ("E-P064", {"amortisation_type": pd.Categorical(["schedule", "bullet"], KINDS)}),
        ("E-P004", {"amortisation_type": pd.Categorical([None, "bullet"], KINDS)}),
        ("E-P050", {"rate_type": pd.Categorical(["fixed", "floating"])}),
        ("E-P005", {"rate_type": pd.Categorical(["fixed", "other"])}),
        ("E-P006", {"grace_end_date": pd.to_datetime(["2027-01-31", None])}),
        ("E-P007", {"balloon_amount": [1e9, 0.0]}),
        ("E-P008", {"principal_frequency": pd.Categorical(["at_maturity", "monthly"], FREQUENCIES)}),
        ("E-P011", {"day_count": ["ACT/ACT", None]}),
    ],
)
def test_loans_that_cannot_be_projected_are_named(code, columns):
    frame = tape([(100.0, 0.01, 10, "equal_principal"), (100.0, 0.01, 10, "level_payment")]).assign(**columns)
    with pytest.raises(InputError) as caught:
        run(frame, cdr=0.0)
    assert code in codes(caught)
    assert any(finding.who.startswith("C-") for finding in caught.value.findings)


def test_level_payments_need_one_frequency():
    frame = tape([(100.0, 0.01, 12, "level_payment")], **frequencies("quarterly", "monthly"))
    with pytest.raises(InputError) as caught:
        run(frame, cdr=0.0)
    assert codes(caught) == ["E-P009"]


@pytest.mark.parametrize(
    ("code", "dates", "loss"),
    [("E-P020", ["2026-03-01"], [5.0]), ("E-P021", ["2026-09-01"], [np.nan]), ("E-P022", [None], [5.0])],
)
def test_defaults_on_the_tape_that_do_not_add_up(code, dates, loss):
    frame = tape([(100.0, 0.01, 12, "bullet")], default_date=pd.to_datetime(dates), allocated_loss=loss)
    with pytest.raises(InputError) as caught:
        run(frame, defaults="tape", recovery="tape")
    assert [found for found in codes(caught) if found.startswith("E-")] == [code]
    run(frame, cdr=0.01)  # with modelled defaults nobody reads them


def test_silence_about_defaults_is_not_none():
    loans = [(100.0, 0.01, 12, "bullet")]
    with pytest.raises(InputError) as caught:
        run(tape(loans), defaults="tape", recovery=0.5)
    assert codes(caught) == ["E-P023"]
    blank = run(tape(loans, default_date=pd.to_datetime([None])), defaults="tape", recovery=0.5)
    assert [finding.code for finding in blank.findings] == ["W-P024"]


def test_all_problems_come_at_once():
    frame = tape([(100.0, -1.0, 10, "schedule")], day_count=["?"])
    with pytest.raises(ValueError, match="3 problems"):
        run(frame, cdr=0.0)


@pytest.mark.parametrize("ends", [[], ["2026-04-30", "2026-04-30"], ["2026-06-30"], ["2026-04-30", "2026-07-31"], ["2026-03-31"]])
def test_period_ends_are_monthly(ends):
    with pytest.raises(InputError) as caught:
        project({}, Assumptions(cdr=0.0), period_ends=ends, cutoff=CUTOFF)
    assert codes(caught) == ["E-P040"]


def test_no_loans_no_flows():
    assert not project({"none": tape([])}, Assumptions(cdr=0.1), period_ends=ENDS, cutoff=CUTOFF).amounts.any()
    assert project({}, Assumptions(cdr=0.1), period_ends=ENDS, cutoff=CUTOFF).amounts.shape == (len(Flow), 0, MONTHS, 1)
    with pytest.raises(InputError, match="E-P041"):
        project({}, [], period_ends=ENDS, cutoff=CUTOFF)


def test_loans_of_a_tape():
    """Findings about loans of a tape point at its file and rows, and where() keeps them right."""
    frame = tape([(100.0, 0.01, 12, "equal_principal")] * 3).assign(
        cutoff_date=pd.Timestamp(CUTOFF), originator_id="bank", obligor_id=["a", "b", "c"], obligor_type="corp",
        asset_type="loan",
        origination_date=pd.Timestamp("2025-01-31"), original_balance=200.0, principal_frequency="monthly",
        interest_frequency="monthly", rate_type=["fixed", "fixed", "other"], account_status="PERF", days_in_arrears=0,
        arrears_balance=0.0,
    )  # fmt: skip
    loans = Loans.from_frame(frame, source="pool.csv", check=False)
    with pytest.raises(InputError) as caught:
        project({"all": loans}, Assumptions(cdr=0.0), period_ends=ENDS, cutoff=CUTOFF)
    (finding,) = caught.value.findings
    assert (finding.code, finding.file, finding.row, finding.who) == ("E-P005", "pool.csv", 4, "C-3")
    fixed = loans.where("rate_type == 'fixed'")
    flows = project({"all": fixed}, Assumptions(cdr=0.0), period_ends=ENDS, cutoff=CUTOFF)
    assert flows.amounts[Flow.opening, 0, 0, 0] == 200.0
