"""Roll rates and survival curves against a slow count and against statsmodels, and as scenarios take them."""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from histories import day, loan, random_tapes, tape
from statsmodels.duration.survfunc import SurvfuncRight
from statsmodels.stats.proportion import proportion_confint

import clo
from clo.behaviour.arrears import STATES, Arrears
from clo.behaviour.defaults import Survival as SurvivalModel
from clo.findings import InputError
from clo.history.history import History
from clo.history.roll_rates import EXITS, roll_rates
from clo.history.survival import kaplan_meier
from clo.tape.loans import Loans

DEALS = Path(__file__).parents[2] / "deals" / "tapes"


@pytest.fixture(scope="module")
def tapes():
    return random_tapes(9, 400, seed=5)


@pytest.fixture(scope="module")
def rolls(tapes):
    return roll_rates(History(tapes), weight="count")


def counted(tapes: list[Loans]) -> dict[tuple[str, str], list[float]]:
    """Balances of every move, read from the frames one loan at a time."""
    moves = defaultdict(list)
    ever_late = set()

    def state(row) -> str:
        if row["account_status"] in ("DFLT", "RDMD"):
            return {"DFLT": "default", "RDMD": "repaid"}[row["account_status"]]
        days = row["days_in_arrears"]
        if days == 0:
            return "cured" if row["loan_id"] in ever_late else "current"
        return "180+" if days >= 180 else "1-29" if days < 30 else f"{days // 30 * 30}-{days // 30 * 30 + 29}"

    def live(row) -> bool:
        return state(row) not in ("default", "repaid")

    for first, second in pairwise(tapes):
        rows, later = ({row["loan_id"]: row for row in t.frame.to_dict("records")} for t in (first, second))
        ever_late |= {name for name, row in rows.items() if live(row) and row["days_in_arrears"] > 0}
        start = {name: state(row) for name, row in rows.items() if live(row)}
        for name, source in start.items():
            target = state(later[name]) if name in later else "vanished"
            moves[source, target].append(rows[name]["current_balance"])
    return moves


def test_counts_are_those_of_a_slow_reading(tapes, rolls):
    slow = counted(tapes)
    fast = rolls.counts.stack()
    assert fast[fast > 0].to_dict() == {move: len(balances) for move, balances in slow.items()}
    assert fast.sum() > 1000
    assert rolls.counts.columns.tolist() == [*STATES, *EXITS]


def test_shares_by_balance(tapes):
    rolls = roll_rates(History(tapes))
    total = Counter()
    for (source, target), balances in counted(tapes).items():
        total[source] += sum(balances) if target in STATES else 0.0
    for (source, target), balances in counted(tapes).items():
        if target in STATES:
            assert rolls.matrix.loc[source, target] == pytest.approx(sum(balances) / total[source], rel=1e-12)
    np.testing.assert_allclose(rolls.matrix.sum(axis=1), 1.0, rtol=1e-12)


def test_standard_errors_are_those_of_a_share(rolls):
    """Half the width of the normal interval of each share is 1.96 standard errors."""
    counts = rolls.counts[list(STATES)]
    for source, row in counts.iterrows():
        for target, count in row.items():
            low, high = proportion_confint(count, row.sum(), alpha=0.05, method="normal")
            share = count / row.sum()
            if low > 0 and high < 1:  # it cuts intervals at 0 and 1
                assert rolls.standard_errors.loc[source, target] == pytest.approx((high - share) / 1.959963984540054, rel=1e-9)


def test_standard_errors_by_balance_match_a_bootstrap():
    draw = np.random.default_rng(1)
    size = 400
    balance, late = np.floor(draw.lognormal(7, 1, size)), draw.random(size) < 0.3
    first = tape(0, *(loan(f"L{at}", balance[at]) for at in range(size)))
    second = tape(1, *(loan(f"L{at}", balance[at], days_in_arrears=20 * int(late[at])) for at in range(size)))
    error = roll_rates(History([first, second])).standard_errors.loc["current", "1-29"]
    picks = draw.integers(0, size, (4000, size))
    shares = (balance * late)[picks].sum(axis=1) / balance[picks].sum(axis=1)
    assert error == pytest.approx(shares.std(), rel=0.05)


def test_pairs_that_are_not_a_month_apart_are_left_out():
    history = History([tape(month, loan("A", 1200 - month)) for month in (0, 1, 3)])
    rolls = roll_rates(history)
    assert [str(second) for _, second in rolls.periods] == [str(day(1))]
    assert [found.code for found in rolls.findings] == ["W-H021"]
    assert "2026-04-30 to 2026-06-30" in rolls.findings[0].message
    with pytest.raises(InputError, match="none of 1 pairs"):
        roll_rates(History([tape(0, loan("A", 10)), tape(2, loan("A", 9))]))


def test_rates_of_each_word_add_up_to_all(tapes):
    rolls = roll_rates(History(tapes), weight="count", by="originator_id")
    assert sum(part.moves for part in rolls.groups.values()).tolist() == rolls.moves.tolist()
    assert set(rolls.to_frame()["group"]) == {"0000", "0001", "0002"}


def test_rates_by_a_kept_column():
    days = (0, 20)
    tapes = [
        tape(month, loan("A", 9, internal_rating="good"), loan("B", 9, internal_rating="bad", days_in_arrears=days[month]))
        for month in range(2)
    ]
    rolls = roll_rates(History(tapes, keep=["internal_rating"]), by="internal_rating")
    assert rolls.groups["bad"].matrix.loc["current", "1-29"] == 1.0
    assert rolls.groups["good"].matrix.loc["current", "current"] == 1.0
    with pytest.raises(InputError, match="keep="):
        roll_rates(History(tapes), by="internal_rating")


def test_loans_without_a_word_count_in_all_and_in_no_group():
    tapes = [tape(month, loan("A", 9, internal_rating="good"), loan("B", 9, internal_rating=None)) for month in range(2)]
    rolls = roll_rates(History(tapes, keep=["internal_rating"]), by="internal_rating")
    assert rolls.moves.sum() == 2
    assert {name: part.moves.sum() for name, part in rolls.groups.items()} == {"good": 1}


def test_a_loan_back_from_default_is_cured():
    tapes = [tape(0, loan("A", 9, account_status="DFLT")), tape(1, loan("A", 9)), tape(2, loan("A", 9))]
    assert roll_rates(History(tapes)).counts.loc["cured", "cured"] == 1


def ladder(*days: int) -> History:
    """One loan that passes through the given days in arrears, beside one that has been at each state."""
    return History([tape(month, loan("A", 100, days_in_arrears=late)) for month, late in enumerate(days)])


def test_a_projection_takes_the_rates():
    down = [0, 15, 45, 75, 105, 135, 165, 195, 225, 0, 15]
    scenario = roll_rates(ladder(*down)).as_scenario()
    model = Arrears(**scenario)
    np.testing.assert_allclose(model.matrix().sum(axis=1), 1.0)
    assert scenario["roll_rates"]["180+"] == {"180+": 0.5, "cured": 0.5}
    assert scenario["roll_rates"]["cured"] == {"1-29": 1.0}


def test_skips_are_refused_or_taken_as_one_step():
    rolls = roll_rates(ladder(0, 15, 45, 75, 105, 135, 165, 195, 0, 75))
    assert rolls.skips == 1
    with pytest.raises(InputError) as caught:
        rolls.as_scenario()
    assert [found.code for found in caught.value.findings] == ["E-H022"]
    assert rolls.as_scenario(skips="one_step")["roll_rates"]["cured"] == {"1-29": 1.0}
    assert rolls.matrix.loc["cured", "60-89"] == 1.0  # the estimate itself is not changed


def test_states_nobody_was_seen_in_need_rows():
    rolls = roll_rates(ladder(0, 15, 0, 0))
    with pytest.raises(InputError, match="nobody was seen in 30-59, 60-89, 90-119, 120-149, 150-179, 180"):
        rolls.as_scenario()
    rows = {name: {"default": 1.0} for name in STATES[2:8]}
    assert rolls.as_scenario(rows=rows)["roll_rates"] == {
        "current": {"1-29": 1.0},
        "1-29": {"cured": 1.0},
        "cured": {"cured": 1.0},
        **rows,
    }


def test_the_frame_of_rates_shows_exits_without_a_share(rolls):
    frame = rolls.to_frame()
    assert frame["loans"].sum() == rolls.counts.to_numpy().sum()
    assert frame.loc[frame["to"].isin(EXITS), "share"].isna().all()
    assert frame.loc[~frame["to"].isin(EXITS), "share"].notna().all()
    assert "<table" in rolls._repr_html_()
    assert "moves in 8 months" in repr(rolls)


CUTOFF = np.datetime64("2026-03-31")


def random_outcomes(count: int, seed: int) -> pd.DataFrame:
    """A pool at March 2026 with the dates of what happened later."""
    draw = np.random.default_rng(seed)
    rows = pd.DataFrame([loan("A", 10)] * count)
    rows["loan_id"] = [f"L{at}" for at in range(count)]
    rows["original_balance"] = np.floor(draw.lognormal(9, 1, count))
    rows["origination_date"] = (CUTOFF - draw.integers(0, 1500, count)).astype("datetime64[s]")
    rows["maturity_date"] = (CUTOFF + draw.integers(1, 1500, count)).astype("datetime64[s]")
    events = CUTOFF + draw.integers(1, 2000, count)
    for name, share in (("default_date", 0.3), ("redemption_date", 0.3)):
        dates = np.where(draw.random(count) < share, events, np.datetime64("NaT", "D"))
        rows[name] = np.where(dates > rows["maturity_date"].to_numpy(), np.datetime64("NaT", "D"), dates).astype("datetime64[s]")
    return rows.assign(cutoff_date=CUTOFF.astype("datetime64[s]"))


def spans(rows: pd.DataFrame, until: np.datetime64) -> pd.DataFrame:
    """Entry, end and event of each loan by calendar months, one loan at a time."""

    def months(first, last) -> int:
        return (last.year - first.year) * 12 + last.month - first.month

    found = []
    for row in rows.to_dict("records"):
        ends = [(row["maturity_date"], False), (pd.Timestamp(until), False), (row["redemption_date"], False)]
        ends.append((row["default_date"], True))
        last, hit = min(((end, hit) for end, hit in ends if not pd.isna(end)), key=lambda each: (each[0], not each[1]))
        found.append((months(row["origination_date"], row["cutoff_date"]), months(row["origination_date"], last), hit))
    return pd.DataFrame(found, columns=["entry", "end", "hit"])


@pytest.mark.parametrize("seed", range(3))
def test_survival_since_origination_is_that_of_statsmodels(seed):
    """Left truncation at the cut-off, ties of defaults and other ends, and Greenwood's standard error."""
    rows = random_outcomes(500, seed)
    curve = kaplan_meier(Loans.from_frame(rows, check=False), until=datetime.date(2029, 12, 31))
    slow = spans(rows, np.datetime64("2029-12-31"))
    theirs = SurvfuncRight(slow["end"], slow["hit"].astype(int), entry=slow["entry"])
    at = theirs.surv_times.astype(int) - 1
    np.testing.assert_allclose(curve.survival[at], theirs.surv_prob, rtol=1e-12)
    known = theirs.surv_prob > 0
    np.testing.assert_allclose(curve.standard_error[at][known], theirs.surv_prob_se[known], rtol=1e-9)
    np.testing.assert_array_equal(curve.at_risk[at], theirs.n_risk)
    assert curve.events.sum() == slow["hit"].sum()
    assert curve.events.sum() + curve.censored.sum() == len(rows)


def test_survival_since_the_cutoff_is_that_of_statsmodels():
    rows = random_outcomes(500, 9)
    curve = kaplan_meier(Loans.from_frame(rows, check=False), since="cutoff", until=datetime.date(2030, 6, 30))
    slow = spans(rows, np.datetime64("2030-06-30"))
    theirs = SurvfuncRight(slow["end"] - slow["entry"], slow["hit"].astype(int))
    at = theirs.surv_times.astype(int) - 1
    np.testing.assert_allclose(curve.survival[at], theirs.surv_prob, rtol=1e-12)
    np.testing.assert_allclose(curve.standard_error[at], theirs.surv_prob_se, rtol=1e-9)
    lower, upper = curve.band()
    known = ~np.isnan(lower)
    assert ((lower < curve.survival) & (curve.survival < upper))[known].all()
    assert (lower[known] > 0).all()


def test_the_band_is_log_log():
    """The interval statsmodels gives for one quantile holds the month where the band crosses it."""
    rows = random_outcomes(600, 4)
    curve = kaplan_meier(Loans.from_frame(rows, check=False), since="cutoff", until=datetime.date(2030, 6, 30))
    slow = spans(rows, np.datetime64("2030-06-30"))
    theirs = SurvfuncRight(slow["end"] - slow["entry"], slow["hit"].astype(int))
    low, high = theirs.quantile_ci(0.1, alpha=0.05, method="cloglog")
    lower, upper = curve.band(0.95)
    moved = curve.events > 0
    inside = curve.months[(lower <= 0.9) & (upper >= 0.9) & moved]
    assert inside.min() == low
    assert curve.months[moved & (curve.months > inside.max())].min() == high  # theirs ends with the first event outside


def test_weights_are_as_so_many_loans():
    """A loan of weight 3 moves the curve as three loans do; the standard error knows that it is one."""
    rows = random_outcomes(200, 2)
    rows["original_balance"] = np.random.default_rng(0).integers(1, 5, len(rows)).astype(float)
    copies = rows.loc[rows.index.repeat(rows["original_balance"].astype(int))].reset_index(drop=True)
    weighted = kaplan_meier(Loans.from_frame(rows, check=False), weight="original_balance")
    repeated = kaplan_meier(Loans.from_frame(copies, check=False))
    np.testing.assert_allclose(weighted.survival, repeated.survival, rtol=1e-12)
    assert (weighted.standard_error[40:60] > repeated.standard_error[40:60]).all()
    one = kaplan_meier(Loans.from_frame(rows.assign(original_balance=7.0), check=False), weight="original_balance")
    plain = kaplan_meier(Loans.from_frame(rows, check=False))
    np.testing.assert_allclose(one.standard_error, plain.standard_error, rtol=1e-9)


def test_a_history_tells_the_same_as_the_dates():
    """Loans that default or repay in given months, seen on tapes and seen on one tape with their later outcomes."""
    draw = np.random.default_rng(3)
    ends = draw.integers(1, 14, 150)
    kind = draw.choice(["default_date", "redemption_date"], 150)
    made = [(CUTOFF.astype("datetime64[M]") - back).astype("datetime64[D]") for back in draw.integers(1, 20, 150)]
    terms = [{"origination_date": made[at], "maturity_date": "2029-03-31"} for at in range(150)]
    outcome = [{kind[at]: day(int(ends[at]))} for at in range(150)]
    tapes = []
    for month in range(11):
        there = [at for at in range(150) if ends[at] >= month]
        tapes.append(
            tape(month, *(loan(f"L{at}", 10, **terms[at], **(outcome[at] if ends[at] == month else {})) for at in there))
        )
    seen = kaplan_meier(History(tapes))
    known = tape(0, *(loan(f"L{at}", 10, **terms[at], **outcome[at]) for at in range(150)))
    told = kaplan_meier(known, until=day(10).item())
    pd.testing.assert_frame_equal(seen.to_frame(), told.to_frame())
    prepaid = kaplan_meier(History(tapes), event="prepayment", since="cutoff")
    assert prepaid.events.sum() == ((kind == "redemption_date") & (ends <= 10)).sum()
    with pytest.raises(ValueError, match="prepayments"):
        prepaid.as_scenario()
    with pytest.raises(ValueError, match="last tape"):
        kaplan_meier(History(tapes), until=datetime.date(2027, 1, 1))
    with pytest.raises(ValueError, match="entry='origination'"):
        kaplan_meier(known, since="cutoff", entry="origination")


def test_defaults_after_maturity_count_at_maturity_or_when_they_were():
    late = loan("A", 10, maturity_date="2026-06-30", default_date="2026-09-15")
    other = loan("B", 10, maturity_date="2027-06-30")
    pool = tape(0, late, other)
    booked = kaplan_meier(pool, since="cutoff", until=datetime.date(2026, 12, 31))
    assert booked.events.tolist() == [0, 0, 1, 0, 0, 0, 0, 0, 0]
    assert [found.code for found in booked.findings] == ["W-H032"]
    dated = kaplan_meier(pool, since="cutoff", exits="recorded", until=datetime.date(2026, 12, 31))
    assert dated.events.tolist() == [0, 0, 0, 0, 0, 1, 0, 0, 0]
    assert not dated.findings


def test_mid_month_months_end_on_the_day_of_the_cutoff():
    frame = pd.DataFrame([loan("A", 10, default_date="2026-04-15"), loan("B", 10, default_date="2026-04-16")])
    pool = Loans.from_frame(frame.assign(cutoff_date=np.datetime64("2026-03-15", "s")), check=False)
    assert kaplan_meier(pool, since="cutoff").events.tolist() == [1, 1]


def test_loans_never_at_risk_are_told():
    pool = tape(0, loan("A", 10, default_date="2026-01-10"), loan("B", 10, origination_date=None), loan("C", 10))
    curve = kaplan_meier(pool, until=datetime.date(2026, 12, 31))
    assert curve.censored.sum() == 1
    assert [found.code for found in curve.findings] == ["W-H031", "W-H031"]
    with pytest.raises(InputError) as caught:
        kaplan_meier(tape(0, loan("A", 10, default_date="2026-01-10")))
    assert "E-H030" in [found.code for found in caught.value.findings]


def test_a_curve_by_words_and_as_a_scenario():
    rows = random_outcomes(300, 6).assign(internal_rating=["A", "B", "C"] * 100)
    curve = kaplan_meier(Loans.from_frame(rows, check=False), by="internal_rating")
    assert set(curve.groups) == {"A", "B", "C"}
    assert sum(part.events.sum() for part in curve.groups.values()) == curve.events.sum()
    scenario = curve.as_scenario(months=24)
    model = SurvivalModel(**scenario)
    assert len(model.survival) == 24
    assert model.since == "origination"
    with pytest.raises(InputError, match="no column 'rating'"):
        kaplan_meier(Loans.from_frame(rows, check=False), by="rating")


def test_the_sba_loans_of_2006_against_statsmodels():
    """Charge-offs of the published loans, watched from June 2006 to the last charge-off; nobody knows when loans were paid."""
    loans = clo.read_tape(DEALS / "sba-2006.parquet")
    curve = kaplan_meier(loans, exits="recorded")
    frame = loans.frame
    hit = frame["default_date"].notna()
    last = frame["default_date"].fillna(frame["default_date"].max())

    def months(dates: pd.Series) -> np.ndarray:
        return (dates.dt.year * 12 + dates.dt.month).to_numpy()

    born = months(frame["origination_date"])
    theirs = SurvfuncRight(months(last) - born, hit.astype(int), entry=months(frame["cutoff_date"]) - born)
    at = theirs.surv_times.astype(int) - 1
    np.testing.assert_allclose(curve.survival[at], theirs.surv_prob, rtol=1e-12)
    np.testing.assert_allclose(curve.standard_error[at], theirs.surv_prob_se, rtol=1e-9)
    assert curve.events.sum() == 443


def test_months_with_nobody_at_risk_are_no_months_without_defaults():
    """A pool of loans two years old says nothing of the first two years of a loan; here nor of months 29 and 30."""
    made = [(CUTOFF.astype("datetime64[M]") - back).astype("datetime64[D]") for back in (24, 25, 30)]
    seasoned = tape(
        0,
        *(loan(f"L{at}", 10, origination_date=made[at], default_date=day(2 + at), maturity_date="2029-03-31") for at in range(3)),
    )
    curve = kaplan_meier(seasoned)
    assert (curve.at_risk[:24] == 0).all()
    with pytest.raises(InputError) as caught:
        curve.as_scenario()
    (found,) = caught.value.findings
    assert (found.code, found.field) == ("E-H036", "unseen")
    assert "nobody was at risk in 26 of the first 34 months, first month 1 since origination" in found.message
    assert curve.as_scenario(unseen="no_defaults")["survival"][:26] == [1.0] * 25 + [0.5]
    assert len(kaplan_meier(seasoned, since="cutoff").as_scenario()["survival"]) == 4


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("event", "'default' nor 'prepayment'"),
        ("since", "'origination' nor 'cutoff'"),
        ("entry", "'origination' nor 'cutoff'"),
        ("exits", "'maturity' nor 'recorded'"),
    ],
)
def test_a_word_that_is_none_of_the_known_ones_is_refused(name: str, words: str):
    loans = Loans.from_frame(random_outcomes(20, 6), check=False)
    with pytest.raises(ValueError, match=f"{name} 'cutof' is neither {words}"):
        kaplan_meier(loans, **{name: "cutof"})
    with pytest.raises(ValueError, match="unseen 'none' is neither 'error' nor 'no_defaults'"):
        kaplan_meier(loans).as_scenario(unseen="none")


@pytest.mark.parametrize(("event", "column"), [("default", "default_date"), ("prepayment", "redemption_date")])
def test_a_tape_that_does_not_record_the_event_says_so(event: str, column: str):
    tape = Loans.from_frame(random_outcomes(20, 6).drop(columns=column, errors="ignore"), check=False)
    with pytest.raises(InputError, match=f"{event}: the tape has no {column}") as refused:
        kaplan_meier(tape, event=event, until=datetime.date(2030, 3, 31))
    assert [each.code for each in refused.value.findings] == ["E-H035"]
