"""Sums of contracts over loans: cells, cohorts with new terms, claims, known defaults, and the same bits for any threads."""

import numpy as np
import pandas as pd
import pytest
from contract_frames import CUTOFF, ENDS, FLOATING, PLAIN, SCHEDULE, read, tape

from clo.pool import summing
from clo.pool.contracts import read_contracts
from clo.pool.kernel import Column
from clo.pool.summing import Claims, NewTerms, contractual_sums

MIX = (
    PLAIN,
    PLAIN | {"amortisation_type": "level_payment", "maturity_date": "2030-06-30"},
    PLAIN | {"amortisation_type": "bullet", "maturity_date": "2029-01-31"},
    PLAIN | {"amortisation_type": "revolving", "credit_limit": 1400.0},
    PLAIN | {"principal_frequency": "quarterly", "interest_frequency": "quarterly", "grace_end_date": "2026-12-31"},
    PLAIN | {"amortisation_type": "level_payment", "day_count": "ACT/365F", "balloon_amount": 300.0},
    PLAIN | {"amortisation_type": "bullet", "interest_frequency": "semi_annual"},
    FLOATING,
    FLOATING | {"amortisation_type": "level_payment", "rate_cap": 0.025},
    SCHEDULE,
)
SCHEDULES = [(10, "2026-10-31", 300.0), (10, "2027-10-31", 700.0)]
INDEX = np.linspace(0.005, 0.03, len(ENDS) + 1)[None]


def mixed(**options):
    loans, findings = read(*MIX, schedule=SCHEDULES, **options)
    assert not findings
    return loans


def alone(number, **options):
    row = [(1, *rest) for loan, *rest in SCHEDULES if loan == number + 1]
    return read(MIX[number], schedule=row, **options)[0]


def test_the_sum_is_that_of_loans_alone():
    sums = contractual_sums(mixed(), 60, index=INDEX)
    assert sums.shape == (1, 1, len(Column), 61)
    each = [contractual_sums(alone(number), 60, index=INDEX) for number in range(len(MIX))]
    np.testing.assert_allclose(sums, sum(each), rtol=1e-13, atol=1e-10)
    np.testing.assert_allclose(sums[0, 0, Column.PRINCIPAL].sum(), 1000.0 * len(MIX))


def test_cells_are_kept_apart():
    cell = np.arange(len(MIX), dtype=np.int32)[::-1].copy()
    sums = contractual_sums(mixed(), 60, index=INDEX, cell=cell, cells=len(MIX))
    for number in range(len(MIX)):
        np.testing.assert_array_equal(sums[0, cell[number]], contractual_sums(alone(number), 60, index=INDEX)[0, 0])


def test_a_cohort_has_its_old_terms_and_then_new_ones():
    loans = mixed(extension=12)
    sums = contractual_sums(loans, 60, index=INDEX, new_terms=NewTerms((1, 7, 25), 12, 0.005))
    assert sums.shape[0] == 4
    for cohort, month in ((1, 1), (2, 7), (3, 25)):
        opening, interest, principal, accrued = sums[cohort, 0, :4]
        assert not opening[: month - 1].any()
        assert not interest[: month - 1].any()
        assert not principal[: month - 1].any()
        assert not accrued[: max(month - 2, 0)].any()
        if month > 1:
            assert accrued[month - 2] == pytest.approx(sums[0, 0, Column.ACCRUED, month - 2], abs=1e-9)
        assert opening[month - 1] == pytest.approx(sums[0, 0, Column.OPENING, month - 1], abs=1e-9)
        np.testing.assert_allclose(opening[month:], opening[month - 1 : -1] - principal[month - 1 : -1], atol=1e-9)
        assert opening[month] > sums[0, 0, Column.OPENING, month]  # longer to pay


def test_plain_loans_with_new_terms_are_loans_of_the_balance_then():
    loans, _ = read(PLAIN, extension=6)
    sums = contractual_sums(loans, 60, index=INDEX[:0], new_terms=NewTerms((13,), 6, 0.005))[1, 0]
    np.testing.assert_allclose(sums[Column.PRINCIPAL, 12:30], 500 / 18)
    np.testing.assert_allclose(sums[Column.INTEREST, 12], 500 * 0.015 / 12)
    assert not sums[Column.OPENING, 30:].any()


def test_loans_that_are_read_without_the_extension_are_refused():
    loans, _ = read(PLAIN | {"maturity_date": "2031-03-31"})
    with pytest.raises(ValueError, match="extension"):
        contractual_sums(loans, 60, index=INDEX[:0], new_terms=NewTerms((13,), 24, 0.0))


def test_claims_draw_first_then_set_off_then_recover():
    loans = mixed()
    deposit = np.linspace(0.0, 1800.0, len(MIX))
    recovery = np.linspace(0.1, 0.9, len(MIX))
    draws = np.where(np.arange(len(MIX)) == 3, 300.0, 0.0)  # of the revolving line
    claims = Claims(deposit=deposit, undrawn=draws, recovery=recovery)
    got = contractual_sums(loans, 60, index=INDEX, claims=claims)[0, 0]
    setoff, drawn, recoverable = np.zeros((3, 61))
    for number in range(len(MIX)):
        opening = contractual_sums(alone(number), 60, index=INDEX)[0, 0, Column.OPENING]
        now = np.where(opening > 0, draws[number], 0.0)
        off = np.minimum(deposit[number], opening + now)
        setoff += off
        drawn += now
        recoverable += recovery[number] * (opening + now - off)
    np.testing.assert_allclose(got[Column.SETOFF], setoff)
    np.testing.assert_allclose(got[Column.DRAWN], drawn)
    np.testing.assert_allclose(got[Column.RECOVERABLE], recoverable)
    np.testing.assert_allclose(got[:4], contractual_sums(loans, 60, index=INDEX)[0, 0, :4], rtol=1e-12, atol=1e-9)
    assert not contractual_sums(loans, 60, index=INDEX)[0, 0, Column.SETOFF :].any()
    some = contractual_sums(loans, 60, index=INDEX, claims=Claims(recovery=recovery))[0, 0]
    assert not some[[Column.SETOFF, Column.DRAWN]].any()


def test_known_defaults_have_their_claim_in_their_month_alone():
    line = PLAIN | {
        "amortisation_type": "revolving",
        "credit_limit": 1400.0,
        "default_date": "2026-07-31",
        "allocated_loss": 900.0,
    }
    frame = tape(line, PLAIN | {"default_date": None, "allocated_loss": None})
    loans, _ = read_contracts(frame, ENDS, CUTOFF, with_defaults=True, with_loss=True)
    claims = Claims(deposit=np.array([100.0, 100.0]), undrawn=np.array([400.0, 0.0]), recovery=np.array([0.5, 0.5]))
    got = contractual_sums(loans, 60, index=INDEX[:0], known=True, claims=claims, cell=np.array([1, 0], dtype=np.int32), cells=2)[
        0
    ]
    assert not got[0, Column.DEFAULT :].any()
    columns = [Column.OPENING, Column.DEFAULT, Column.SALVAGE, Column.EXCESS, Column.SETOFF, Column.DRAWN, Column.RECOVERABLE]
    assert list(got[1, columns, 3]) == [1000, 1000, 500, 0, 100, 400, 650]
    assert not got[1, :, 4:].any()
    assert not got[1, Column.DEFAULT :, :3].any()


def test_threads_do_not_show_in_the_bits(monkeypatch):
    monkeypatch.setattr(summing, "CHUNK", 64)
    draw = np.random.default_rng(1)
    rows = [
        MIX[number] | {"current_rate": rate}
        for number, rate in zip(draw.integers(0, 9, 700), draw.uniform(0, 0.1, 700), strict=True)
    ]
    loans, findings = read(*rows)
    assert not findings
    one, many = (contractual_sums(loans, 60, index=INDEX, threads=threads) for threads in (1, 7))
    assert one.tobytes() == many.tobytes()


def test_progress_is_told_in_loans_and_can_stop_the_run():
    seen = []
    contractual_sums(mixed(extension=1), 60, index=INDEX, new_terms=NewTerms((2,), 1, 0.0), progress=lambda *at: seen.append(at))
    assert seen[-1] == (2 * len(MIX), 2 * len(MIX))

    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        contractual_sums(mixed(), 60, index=INDEX, progress=stop)


def test_nothing_owes_nothing():
    loans, _ = read_contracts(tape(PLAIN | {"current_balance": 0.0}), ENDS, CUTOFF)
    assert not contractual_sums(loans, 60, index=INDEX[:0]).any()


def test_a_frame_will_do():
    frame = pd.DataFrame(
        {"current_balance": [120.0], "current_rate": [0.0], "maturity_date": ENDS[[11]], "amortisation_type": ["bullet"]}
    )
    loans, findings = read_contracts(frame, ENDS, CUTOFF)
    assert not findings
    assert contractual_sums(loans, 60, index=INDEX[:0])[0, 0, Column.PRINCIPAL, 11] == 120.0
