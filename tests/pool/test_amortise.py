"""The schedule of one loan: what the arguments mean, the laws it obeys, and what is refused."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import clo
from clo.findings import InputError
from clo.pool.amortisation import amortise

schedules = st.fixed_dictionaries(
    {
        "balance": st.floats(1, 1e10),
        "rate": st.one_of(st.just(0.0), st.floats(0, 0.4)),
        "term": st.integers(2, 120),
        "kind": st.sampled_from(["equal_principal", "level_payment", "bullet"]),
        "frequency": st.integers(1, 13),
        "grace": st.integers(0, 1),
        "day_count": st.sampled_from(["1/12", "30/360", "30E/360", "ACT/360", "ACT/365F"]),
        "first_date": st.dates(date(2000, 1, 1), date(2040, 1, 1)),
    }
)


@given(schedules)
def test_laws(loan):
    frame = amortise(**loan)
    balance = loan["balance"]
    assert list(frame) == ["period", "date", "opening", "interest", "principal", "closing"]
    assert frame.date[0] == pd.Timestamp(loan["first_date"])
    assert list(frame.period) == list(range(1, loan["term"] + 1))
    assert frame.opening[0] == balance
    assert frame.closing.iloc[-1] == 0.0
    assert frame.principal.sum() == pytest.approx(balance, rel=1e-12)
    assert (frame.closing >= 0).all()
    np.testing.assert_allclose(frame.opening - frame.principal, frame.closing, rtol=0, atol=1e-12 * balance)
    np.testing.assert_array_equal(frame.closing[:-1], frame.opening[1:])
    if loan["rate"] == 0:
        assert not frame.interest.any()
    double = amortise(**(loan | {"balance": 2 * balance}))
    np.testing.assert_array_equal(double[["opening", "interest", "principal"]], 2 * frame[["opening", "interest", "principal"]])


def test_level_payments_are_level_on_actual_days():
    frame = amortise(1e7, 0.025, 60, "level_payment", day_count="ACT/365F", first_date="2026-01-31")
    np.testing.assert_allclose(frame.interest + frame.principal, (frame.interest + frame.principal)[0], rtol=1e-12)


def test_actual_days_of_each_month():
    frame = amortise(1_000_000, 0.0365, 3, "bullet", day_count="ACT/365F", first_date="2026-03-31")
    np.testing.assert_allclose(frame.interest, [3100, 3000, 3100])  # from 28 February, then 31 March, 30 April, 31 May
    frame = amortise(1_000_000, 0.036, 2, "bullet", day_count="ACT/360", first_date=date(2026, 3, 15))
    np.testing.assert_allclose(frame.interest, [2800, 3100])


def test_the_first_period_runs_from_the_start():
    frame = amortise(1_000_000, 0.0365, 2, "bullet", day_count="ACT/365F", first_date="2026-04-30", start_date="2026-04-10")
    np.testing.assert_allclose(frame.interest, [2000, 3000])
    assert list(frame.date.dt.strftime("%m-%d")) == ["04-30", "05-30"]


def test_payments_move_to_business_days_and_interest_with_them_or_not():
    given = {"day_count": "ACT/365F", "first_date": "2026-05-02", "calendar": "JP", "business_day": "following"}
    frame = amortise(1_000_000, 0.0365, 2, "bullet", **given)
    assert list(frame.date.dt.strftime("%m-%d")) == ["05-07", "06-02"]  # a Saturday before three holidays and a substitute
    np.testing.assert_allclose(frame.interest, [3000, 3100])
    frame = amortise(1_000_000, 0.0365, 2, "bullet", **given, accrual="adjusted")
    np.testing.assert_allclose(frame.interest, [3500, 2600])


def test_an_interest_period_counts_as_a_whole():
    """By 30/360 the months to 31 January, 28 February and 31 March have 30, 28 and 33 days; the quarter has 90, not 91."""
    quarter = amortise(360_000, 0.1, 3, "bullet", frequency=3, day_count="30/360", first_date="2026-01-31")
    np.testing.assert_allclose(quarter.interest, [0, 0, 9000])
    months = amortise(360_000, 0.1, 3, "bullet", day_count="30/360", first_date="2026-01-31")
    np.testing.assert_allclose(months.interest, [3000, 2800, 3300])


def test_a_level_payment_is_set_anew_when_the_rate_changes():
    frame = amortise(1200, 0.0, 24, "level_payment", rates={13: 0.12})
    paid = frame.interest + frame.principal
    np.testing.assert_allclose(paid[:12], 50)
    np.testing.assert_allclose(paid[12:], 600 * 0.01 / (1 - 1.01**-12))
    assert frame.closing.iloc[-1] == 0


def test_interest_has_a_frequency_of_its_own():
    frame = amortise(1200, 0.12, 8, frequency=4, interest_frequency=3, grace=1)
    np.testing.assert_allclose(frame.principal, [0, 0, 0, 0, 600, 0, 0, 600])
    np.testing.assert_allclose(frame.interest, [12, 0, 0, 36, 0, 0, 12 + 6 + 6, 6])


def test_principal_falls_due_as_it_is_given():
    frame = amortise(1000, 0.12, 6, "schedule", principal={2: 400, 5: 600}, interest_frequency=3)
    np.testing.assert_allclose(frame.principal, [0, 400, 0, 0, 600, 0])
    np.testing.assert_allclose(frame.interest, [0, 0, 26, 0, 0, 12])


def test_grace_pays_interest_monthly_and_then_with_the_instalments():
    frame = amortise(1200, 0.12, 8, frequency=3, grace=1, balloon=200)
    np.testing.assert_allclose(frame.interest, [12, 0, 0, 36, 0, 0, 26, 16 / 3])
    np.testing.assert_allclose(frame.principal, [0, 0, 0, 1000 / 3, 0, 0, 1000 / 3, 1600 / 3])


def test_level_payment_amortises_to_the_balloon():
    """Against the annuity formula: payment = (B - balloon v^n) i / (1 - v^n)."""
    frame = amortise(1000, 0.12, 24, "level_payment", balloon=400)
    v = 1.01**-24
    payment = (1000 - 400 * v) * 0.01 / (1 - v)
    paid = frame.interest + frame.principal
    np.testing.assert_allclose(paid[:-1], payment, rtol=1e-12)
    assert paid.iloc[-1] == pytest.approx(payment + 400, rel=1e-12)


def test_a_balloon_of_the_whole_balance_is_a_bullet():
    bullet = amortise(500, 0.06, 10, "bullet")
    for kind in ("equal_principal", "level_payment"):
        np.testing.assert_allclose(amortise(500, 0.06, 10, kind, balloon=500), bullet, atol=1e-12)


def test_a_term_of_one_month():
    for kind in ("equal_principal", "level_payment", "bullet"):
        frame = amortise(100, 0.12, 1, kind, frequency=6)
        assert frame.iloc[0].to_dict() == {"period": 1, "opening": 100, "interest": 1, "principal": 100, "closing": 0}


@pytest.mark.parametrize(
    ("field", "changed"),
    [
        ("balance", {"balance": 0}),
        ("balance", {"balance": float("nan")}),
        ("balance", {"balance": "1"}),
        ("rate", {"rate": -0.01}),
        ("rate", {"rate": float("inf")}),
        ("term", {"term": 0}),
        ("term", {"term": 12.0}),
        ("term", {"term": 5_000}),
        ("kind", {"kind": "annuity"}),
        ("frequency", {"frequency": 0}),
        ("grace", {"grace": 12}),
        ("grace", {"grace": -1}),
        ("balloon", {"balloon": 101}),
        ("balloon", {"kind": "bullet", "balloon": 50}),
        ("day_count", {"day_count": "ACT/ACT"}),
        ("first_date", {"day_count": "ACT/365F"}),
        ("first_date", {"first_date": "soon"}),
        ("first_date", {"first_date": ["2026-01-01"]}),
        ("interest_frequency", {"interest_frequency": 0}),
        ("interest_frequency", {"interest_frequency": 3, "kind": "level_payment"}),
        ("rates", {"rates": {0: 0.1}}),
        ("rates", {"rates": {13: 0.1}}),
        ("rates", {"rates": {2: -0.1}}),
        ("rates", {"rates": [0.1]}),
        ("principal", {"principal": {1: 100}}),
        ("principal", {"kind": "schedule"}),
        ("principal", {"kind": "schedule", "principal": {1: 99}}),
        ("principal", {"kind": "schedule", "principal": {1: 101, 2: -1}}),
        ("balloon", {"kind": "schedule", "principal": {1: 100}, "balloon": 1}),
        ("start_date", {"start_date": "2026-01-01"}),
        ("start_date", {"start_date": "2026-01-01", "first_date": "2026-01-01"}),
        ("start_date", {"start_date": "2026-05-02", "first_date": "2026-05-03", "calendar": "JP", "business_day": "preceding"}),
        ("calendar", {"calendar": "US"}),
        ("business_day", {"business_day": "nearest"}),
        ("accrual", {"accrual": "none"}),
    ],
)
def test_bad_arguments_are_named(field, changed):
    with pytest.raises(ValueError, match=field) as caught:
        amortise(**({"balance": 100, "rate": 0.01, "term": 12} | changed))
    (finding,) = caught.value.findings
    assert finding.field == field
    assert finding.rule


def test_all_bad_arguments_come_at_once():
    with pytest.raises(InputError) as caught:
        clo.amortise(-1, -1, 0, "x", frequency=0, day_count="?")
    assert [finding.field for finding in caught.value.findings] == ["balance", "rate", "term", "kind", "frequency", "day_count"]
