"""Day counts: by hand, against other people's numbers, and against QuantLib."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import QuantLib as ql  # noqa: N813  (its own name for itself)

from clo.timeline import DAY_COUNTS, EQUAL_MONTHS, month_end, payment_timeline, year_fraction

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "daycounts.json").read_text("utf-8"))


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: case["id"])
def test_day_counts_as_others_count(case: dict[str, Any]) -> None:
    """Source of each case in daycounts.json."""
    starts, ends = zip(*case["date_pairs"], strict=True)
    got = year_fraction(case["day_count"], list(starts), list(ends))
    exact = [int(top) / int(bottom) for top, bottom in (fraction.split("/") for fraction in case["fractions"])]
    np.testing.assert_allclose(got, exact, rtol=1e-15, err_msg=case["source"])
    np.testing.assert_allclose(got, case["expected"], rtol=0, atol=case["tolerance"], err_msg=case["source"])


# ---- against QuantLib

PEERS = {
    "30/360": ql.Thirty360(ql.Thirty360.BondBasis),
    "30/360 US": ql.Thirty360(ql.Thirty360.USA),
    "30/360 German": ql.Thirty360(ql.Thirty360.German),
    "30E/360": ql.Thirty360(ql.Thirty360.EurobondBasis),
    "ACT/360": ql.Actual360(),
    "ACT/365F": ql.Actual365Fixed(),
    "NL/365": ql.Actual365Fixed(ql.Actual365Fixed.NoLeap),
    "ACT/ACT ISDA": ql.ActualActual(ql.ActualActual.ISDA),
}
NO_PEER = {"1/12", "30E+/360", "ACT/365L"}
"""QuantLib has no such counts; the cases by hand and of daycounts.json hold them."""


def quantlib_date(day: np.datetime64) -> ql.Date:
    plain = day.item()
    return ql.Date(plain.day, plain.month, plain.year)


def pairs() -> tuple[np.ndarray, np.ndarray]:
    """Random pairs, and every pair of days at the edges of the months of a leap year, the years around it and 2100."""
    rng = np.random.default_rng(20260401)
    start = np.datetime64("1999-01-01") + rng.integers(0, 20_000, 2_000)
    near_ends = np.concatenate(
        [month_end(12 * (year - 1970) + month) + np.arange(-3, 2) for year, month in
         [(2007, 0), (2007, 1), (2007, 7), (2008, 0), (2008, 1), (2008, 2), (2008, 3), (2008, 11), (2009, 1), (2100, 1)]]
    )  # fmt: skip
    first, last = np.meshgrid(near_ends, near_ends)
    starts = np.concatenate([start, first.ravel()])
    ends = np.concatenate([start + rng.integers(0, 4_000, 2_000), last.ravel()])
    return starts[ends >= starts], ends[ends >= starts]


def test_every_day_count_has_a_peer_or_a_reason() -> None:
    assert set(PEERS) | NO_PEER == set(DAY_COUNTS)


@pytest.mark.parametrize("name", PEERS)
def test_day_counts_as_quantlib_has_them(name: str) -> None:
    starts, ends = pairs()
    peer = [PEERS[name].yearFraction(quantlib_date(a), quantlib_date(b)) for a, b in zip(starts, ends, strict=True)]
    np.testing.assert_allclose(year_fraction(name, starts, ends), peer, rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("termination", ["2008-02-29", "2009-02-28"])
def test_the_last_february_of_a_german_contract(termination: str) -> None:
    day = np.datetime64(termination)
    peer = ql.Thirty360(ql.Thirty360.German, quantlib_date(day))
    starts = day - np.arange(0, 800)
    got = year_fraction("30/360 German", starts, day, termination=day)
    np.testing.assert_allclose(got, [peer.yearFraction(quantlib_date(a), quantlib_date(day)) for a in starts], atol=1e-15)
    before = year_fraction("30/360 German", starts, day)
    np.testing.assert_allclose(before - got, (30 - day.item().day) / 360, atol=1e-14)


# ---- by hand


@pytest.mark.parametrize(
    ("start", "end", "bond", "us", "german", "euro", "euro_plus"),
    [
        ("2007-01-15", "2007-01-30", 15, 15, 15, 15, 15),
        ("2007-01-15", "2007-01-31", 16, 16, 15, 15, 16),  # an end on the 31st is cut to 30 only after a start on 30 or 31
        ("2007-01-30", "2007-03-31", 60, 60, 60, 60, 61),
        ("2007-01-31", "2007-03-31", 60, 60, 60, 60, 61),
        ("2007-02-28", "2007-03-31", 33, 30, 30, 32, 33),
        ("2008-02-29", "2008-03-31", 32, 30, 30, 31, 32),
        ("2007-02-28", "2007-03-15", 17, 15, 15, 17, 17),
        ("2007-01-31", "2007-02-28", 28, 28, 30, 28, 28),
        ("2008-01-30", "2008-02-29", 29, 29, 30, 29, 29),
        ("2007-02-28", "2008-02-29", 361, 360, 360, 361, 361),
        ("2006-08-31", "2007-02-28", 178, 178, 180, 178, 178),
        ("2007-02-28", "2007-08-31", 183, 180, 180, 182, 183),
        ("2007-12-31", "2008-12-31", 360, 360, 360, 360, 361),
    ],
)
def test_months_of_thirty_days_where_they_differ(
    start: str, end: str, bond: int, us: int, german: int, euro: int, euro_plus: int
) -> None:
    """Source: the rules that clo/timeline/day_counts.py names, applied by hand."""
    names = ("30/360", "30/360 US", "30/360 German", "30E/360", "30E+/360")
    assert [year_fraction(name, start, end) * 360 for name in names] == pytest.approx([bond, us, german, euro, euro_plus])


def test_twelfths() -> None:
    start = ["2007-01-15", "2007-01-31", "2007-01-31", "2007-01-15", "2008-02-29"]
    end = ["2007-02-15", "2007-02-28", "2007-04-30", "2007-02-20", "2008-03-31"]
    np.testing.assert_allclose(year_fraction("1/12", start, end), [1 / 12, 1 / 12, 3 / 12, 35 / 360, 1 / 12])


@pytest.mark.parametrize(
    ("name", "start", "end", "expected"),
    [
        ("ACT/365F", "2008-02-15", "2008-03-15", 29 / 365),
        ("ACT/360", "2007-02-15", "2007-03-15", 28 / 360),
        ("ACT/365F", "2007-06-28", "2007-06-28", 0),
        ("ACT/365L", "2007-12-31", "2008-01-31", 31 / 366),  # the end lies in a leap year
        ("ACT/365L", "2008-02-15", "2009-01-15", 335 / 365),  # it does not, though 29 February is between
        ("NL/365", "2008-02-28", "2008-02-29", 0),
        ("NL/365", "2008-02-29", "2008-03-01", 1 / 365),
        ("NL/365", "2007-03-01", "2009-03-01", 2),
        ("NL/365", "2100-02-01", "2100-03-01", 28 / 365),  # 2100 is no leap year
        ("ACT/ACT ISDA", "2007-12-15", "2008-01-15", 17 / 365 + 14 / 366),
        ("ACT/ACT ISDA", "2007-01-01", "2010-01-01", 3),
        ("ACT/ACT ISDA", "2008-01-01", "2008-07-01", 182 / 366),
    ],
)
def test_days_over_a_year(name: str, start: str, end: str, expected: float) -> None:
    assert year_fraction(name, start, end) == pytest.approx(expected, rel=1e-15)


def test_only_day_counts_of_equal_months_make_twelfths_of_months_on_a_day() -> None:
    starts = np.array([f"2007-{month:02}-15" for month in range(1, 12)], dtype="datetime64[D]")
    equal = [name for name in DAY_COUNTS if np.allclose(year_fraction(name, starts[:-1], starts[1:]), 1 / 12, rtol=1e-14)]
    assert tuple(equal) == EQUAL_MONTHS


def test_notes_end_on_their_legal_final() -> None:
    found = payment_timeline(
        cutoff=date(2007, 6, 30), closing=date(2007, 7, 31), first_payment=date(2007, 8, 31), legal_final=date(2008, 2, 29),
        months_between=1, day=31, calendar="none", business_day="unadjusted",
    )  # fmt: skip
    fractions = found.accrual_fractions("30/360 German")
    np.testing.assert_allclose(fractions * 360, [30, 30, 30, 30, 30, 30, 29])


def test_an_unknown_day_count_is_named() -> None:
    with pytest.raises(ValueError, match="day count 'ACT/364' is not known; there are 1/12, 30/360, 30/360 US"):
        year_fraction("ACT/364", "2007-01-01", "2007-02-01")
