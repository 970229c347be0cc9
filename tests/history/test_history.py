"""A history of tapes: what moved each balance, that it foots, and what cannot be."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from histories import day, loan, random_tapes, tape

import clo
from clo.findings import TapeError
from clo.history.history import History
from clo.history.movements import SIGNS
from clo.labels import WORDS
from clo.tape.loans import Loans

USUAL_FALL = 100.0  # of 1,200 over 12 instalments


def codes(findings) -> list[str]:
    return sorted(found.code for found in findings)


def refused(*tapes: Loans) -> list[str]:
    with pytest.raises(TapeError) as caught:
        History(tapes)
    return codes(caught.value.findings)


def moved(first: dict, second: dict | None, months: int = 1) -> pd.Series:
    """The amounts of one loan between two tapes, zeros left out; a second loan stays."""
    other = loan("other", 10.0)
    later = [other] if second is None else [second, other]
    history = History([tape(0, first, other), tape(months, *later)])
    row = history.loans.query("loan_id == 'A'").iloc[0]
    amounts = row[["opening", *SIGNS, "closing", "restructured", "recovered"]].astype(float)
    return amounts[amounts != 0]


@pytest.mark.parametrize(
    ("second", "amounts"),
    [
        (loan("A", 1100), {"scheduled": 100.0, "closing": 1100.0}),
        (loan("A", 1150), {"scheduled": 50.0, "closing": 1150.0}),
        (loan("A", 700), {"scheduled": 100.0, "prepaid": 400.0, "closing": 700.0}),
        (loan("A", 1099.5), {"scheduled": 100.5, "closing": 1099.5}),  # half a yen more is rounding
        (loan("A", 0, account_status="RDMD"), {"scheduled": 100.0, "repaid": 1100.0}),
        (loan("A", 0), {"scheduled": 100.0, "repaid": 1100.0}),
        (loan("A", 1200, redemption_date="2026-04-15"), {"scheduled": 100.0, "repaid": 1100.0}),
        (loan("A", 1200, account_status="DFLT", default_date="2026-04-15"), {"defaulted": 1200.0}),
        (loan("A", 1200, default_date="2026-04-30"), {"defaulted": 1200.0}),
        (loan("A", 0, account_status="RE"), {"repurchased": 1200.0}),
        (loan("A", 1200, exit_reason="買戻し"), {"repurchased": 1200.0}),
        (loan("A", 1200, exit_reason="sold to a friend"), {"other": -1200.0}),
        (None, {"vanished": 1200.0}),
        (loan("A", 1300), {"other": 100.0, "closing": 1300.0}),
        (loan("A", 1300, credit_limit=2000.0), {"drawn": 100.0, "closing": 1300.0}),
        (loan("A", 1200, account_status="RNAR"), {"closing": 1200.0, "restructured": 1200.0}),
        (loan("A", 1100, restructuring_date="2026-04-01"), {"scheduled": 100.0, "closing": 1100.0, "restructured": 1200.0}),
        (
            loan("A", 900, scheduled_principal_paid=90.0, prepaid_principal=200.0),
            {"scheduled": 90.0, "prepaid": 200.0, "other": -10.0, "closing": 900.0},
        ),
        (
            loan("A", 900, repurchased_amount=150.0),
            {"scheduled": 100.0, "prepaid": 50.0, "repurchased": 150.0, "closing": 900.0},
        ),
    ],
)
def test_what_moves_a_balance(second, amounts):
    assert moved(loan("A", 1200), second).to_dict() == {"opening": 1200.0, **amounts}


@pytest.mark.parametrize(
    ("terms", "due"),
    [
        ({"principal_frequency": "quarterly", "maturity_date": "2027-03-31"}, 0.0),  # instalments in June, September, ...
        ({"principal_frequency": "quarterly", "maturity_date": "2027-01-31"}, 1200.0 / 4),  # April, July, October, January
        ({"grace_end_date": "2026-05-31"}, 0.0),
        ({"balloon_amount": 600.0}, 50.0),
        ({"amortisation_type": "bullet"}, 0.0),
        ({"amortisation_type": "level_payment", "current_rate": 0.0}, 100.0),
        ({"amortisation_type": "level_payment", "current_rate": 0.12}, 1200.0 * 0.01 / (1.01**12 - 1)),
        ({"regular_principal": 80.0}, 80.0),
        ({"maturity_date": "2026-04-30"}, 1200.0),
        ({"arrears_balance": 70.0, "days_in_arrears": 20}, 1130.0 / 12 + 70.0),
        ({"arrears_balance": 70.0, "arrears_principal": 60.0, "days_in_arrears": 20}, 1140.0 / 12 + 60.0),
    ],
)
def test_what_was_due_tells_scheduled_from_prepaid(terms, due):
    amounts = moved(loan("A", 1200, **terms), loan("A", 0, account_status="RDMD"))
    assert amounts.get("scheduled", 0.0) == pytest.approx(due, rel=1e-12)
    assert amounts.get("repaid", 0.0) == pytest.approx(1200.0 - due, rel=1e-12)


def test_a_level_payment_over_two_months_is_no_prepayment():
    """Against the balance of an annuity rolled forward month by month."""
    balance, rate, left = 1_000_000.0, 0.03 / 12, 12
    payment = balance * rate / (1 - (1 + rate) ** -left)
    after = balance
    for _ in range(2):
        after -= payment - after * rate
    terms = {"amortisation_type": "level_payment", "current_rate": 0.03}
    amounts = moved(loan("A", balance, **terms), loan("A", after, **terms), months=2)
    assert set(amounts.index) == {"opening", "scheduled", "closing"}


def test_a_supplied_schedule_tells_what_was_due():
    own = {"amortisation_type": "schedule"}
    frame = tape(0, loan("A", 1200, **own), loan("B", 10)).frame
    days = ["2026-04-30", "2026-05-31"]
    schedule = pd.DataFrame({"originator_id": "0001", "loan_id": "A", "due_date": days, "principal": [300.0, 900.0]})
    first = Loans.from_frame(frame, check=False, schedule=schedule)
    history = History([first, tape(1, loan("A", 800, **own), loan("B", 10))])
    assert history.movements[["scheduled", "prepaid"]].iloc[0].tolist() == [300.0, 100.0]
    assert not history.findings


def test_a_loan_gone_at_maturity_has_paid_unless_it_was_late():
    matured = {"maturity_date": "2026-04-10"}
    assert moved(loan("A", 100, **matured), None).to_dict() == {"opening": 100.0, "scheduled": 100.0}
    assert moved(loan("A", 100, days_in_arrears=30, **matured), None).to_dict() == {"opening": 100.0, "vanished": 100.0}


def test_recoveries_are_told_beside_the_balance():
    default = {"account_status": "DFLT", "default_date": "2026-02-10"}
    first = loan("A", 500, cumulative_recoveries=20.0, **default)
    assert moved(first, loan("A", 450, cumulative_recoveries=70.0, **default)).to_dict() == {"recovered": 50.0}
    assert moved(first, loan("A", 450, recovery_received=44.0, **default)).to_dict() == {"recovered": 44.0}


def test_stated_flows_of_another_period_are_not_used():
    second = loan("A", 1000, scheduled_principal_paid=100.0, prepaid_principal=0.0)
    assert moved(loan("A", 1200), second, months=2)["scheduled"] == 200.0


@pytest.mark.parametrize("seed", range(4))
def test_movements_foot_and_are_those_of_the_loans(seed):
    tapes = random_tapes(8, 120, seed)
    history = History(tapes)
    movements, loans = history.movements, history.loans
    for table in (movements, loans):
        closing = table["opening"] + sum(sign * table[name] for name, sign in SIGNS.items())
        np.testing.assert_allclose(closing, table["closing"], atol=1e-6)
    amounts = ["opening", *SIGNS, "closing"]
    summed = loans.groupby(["from", "to", "originator_id"])[amounts].sum()
    pd.testing.assert_frame_equal(summed, movements.set_index(["from", "to", "originator_id"])[amounts], check_exact=False)
    live = {(month, bank): 0.0 for month in range(8) for bank in ("0000", "0001", "0002")}
    for month, loans_then in enumerate(tapes):  # closing balances again, straight from the frames
        frame = loans_then.frame
        there = frame[~frame["account_status"].isin(["DFLT", "RDMD"])]
        for bank, balance in there.groupby("originator_id")["current_balance"].sum().items():
            live[month, bank] = balance
    for row in movements.itertuples():
        month = (np.datetime64(row.to, "M") - np.datetime64("2026-03", "M")).astype(int)
        assert row.closing == pytest.approx(live[month, row.originator_id])
        assert row.opening == pytest.approx(live[month - 1, row.originator_id])
    live_loans = [len(then.where("account_status == 'PERF' or account_status == 'ARRE'")) for then in tapes]
    assert history.counts["closing"].sum() == sum(live_loans[1:])


def test_a_loan_is_followed_through_its_new_ids():
    history = History(
        [
            tape(0, loan("A", 1200), loan("B", 10)),
            tape(1, loan("A", 1100, loan_id_new="A2"), loan("B", 10)),
            tape(2, loan("A2", 1000, loan_id_new="A3"), loan("B", 10)),
            tape(3, loan("A3", 900), loan("B", 10)),
        ]
    )
    assert history.movements["scheduled"].tolist() == [100.0, 100.0, 100.0]
    assert history.movements["opened"].sum() == 0
    assert codes(history.findings) == ["F-H009"]
    assert history.size == 2
    assert history.loans["loan_id"].unique().tolist() == ["A", "B"]
    assert not clo.kaplan_meier(history).findings
    assert clo.static_pool(history).original.tolist() == [4800.0]


def test_ids_are_those_of_an_originator():
    history = History([tape(m, loan("A", 1200), loan("A", 50, originator_id="0002")) for m in range(2)])
    assert history.movements["opening"].tolist() == [1200.0, 50.0]


def test_tapes_are_sorted_and_gaps_reported():
    history = History([tape(3, loan("A", 900)), tape(0, loan("A", 1200)), tape(1, loan("A", 1100))])
    assert codes(history.findings) == ["F-H004", "W-H005"]
    assert history.dates.tolist() == [day(0).item(), day(1).item(), day(3).item()]
    assert history.tapes["balance"].tolist() == [1200.0, 1100.0, 900.0]


def test_what_refuses_a_history():
    one, two = tape(0, loan("A", 1200)), tape(1, loan("A", 1100))
    assert refused(one) == ["E-H001"]
    assert refused(one, tape(0, loan("A", 1200), source="again")) == ["E-H002"]
    assert refused(one, tape(1, loan("A", 1100, currency="USD"))) == ["E-H006"]
    assert refused(one, tape(1, loan("Z", 1100, obligor_id="masked"))) == ["E-H007", "W-H012"]
    assert refused(one, tape(1, loan("A", 5), loan("B", 5, loan_id_new="A"))) == ["E-H010", "F-H009"]
    both = tape(0, loan("A", 1200), loan("B", 100, originator_id="0002"))
    assert refused(both, two) == ["E-H008"]
    mixed = Loans.from_frame(pd.concat([one.frame, two.frame]), source="mixed", check=False)
    assert refused(mixed, one, two) == ["E-H001"]


def test_a_column_to_keep_that_is_no_column_is_named():
    with pytest.raises(TapeError) as caught:
        History([tape(month, loan("A", 1200 - 100 * month)) for month in range(2)], keep=["region_code", "regin_code"])
    found = [one for one in caught.value.findings if one.code == "E-H037"]
    assert [(one.file, one.field, one.value) for one in found] == [
        ("tape 0", "keep", "regin_code"),
        ("tape 1", "keep", "regin_code"),
    ]
    assert "did you mean 'region_code'?" in found[0].message
    assert "keep" in found[0].fix


def test_the_same_file_twice_is_named():
    def copied(loans: Loans, name: str) -> Loans:
        return Loans(loans.frame, file_rows=loans.file_rows, source=name, sha256="beef")

    with pytest.raises(TapeError) as caught:
        History([copied(tape(0, loan("A", 1200)), "march.csv"), copied(tape(1, loan("A", 1200)), "april.csv")])
    (found,) = caught.value.findings
    assert found.code == "E-H003"
    assert found.message == "april.csv is the same file as march.csv"


KEPT = [loan(f"K{number}", 10) for number in range(4)]


@pytest.mark.parametrize(
    ("tapes", "code", "says"),
    [
        ([[loan("A", 1200)], []], "W-H012", "1 loan (1,200) disappeared without exit_reason after 2026-03-31"),
        ([[loan("A", 1200)], [loan("A", 1300)]], "W-H013", "the balance of 1 loan is higher than on 2026-03-31"),
        (
            [[loan("A", 1200, account_status="DFLT")], [loan("A", 1200)]],
            "W-H014",
            "1 loan (1,200) in default on 2026-03-31 and in the pool again",
        ),
        (
            [
                [loan("A", 9, account_status="DFLT", allocated_loss=5.0)],
                [loan("A", 9, account_status="DFLT", allocated_loss=4.0)],
            ],
            "W-H015",
            "allocated_loss of 1 loan fell",
        ),
        (
            [[loan("A", 9)], [loan("A", 0, exit_reason="moved")]],
            "W-H016",
            "exit_reason of 1 loan is no known word: they leave the pool as `other`",
        ),
        (
            [[loan("A", 9)], [loan("New", 9, obligor_id="of A")]],
            "W-H011",
            "1 loan (9) are gone and look like loans with another id",
        ),
        (
            [[loan("A", 9, amortisation_type="schedule")], [loan("A", 5, amortisation_type="schedule")]],
            "W-H018",
            "what 1 loan owed is not on the tape: all they paid counts as scheduled",
        ),
        ([[loan("A", 9)], [loan("A", 9, days_in_arrears=None)]], "W-H019", "days_in_arrears blank for 1 loan"),
    ],
)
def test_what_needs_a_word(tapes, code, says):
    history = History([tape(month, *loans, *KEPT) for month, loans in enumerate(tapes)])
    (found,) = history.findings
    assert (found.code, found.message) == (code, says)
    assert found.who == ("loan New" if found.who == "loan New" else "loan A")
    assert found.row == 2  # the first loan of its tape
    assert found.file == ("tape 0" if code in ("W-H011", "W-H012") else "tape 1")
    assert found.rule
    assert found.fix


def test_a_loan_that_comes_back_is_told_and_not_counted_as_new():
    history = History([tape(0, loan("A", 9), *KEPT), tape(1, *KEPT), tape(2, loan("A", 8), *KEPT)])
    assert codes(history.findings) == ["W-H012", "W-H017"]
    assert history.movements["returned"].tolist() == [0.0, 8.0]
    assert history.movements["opened"].tolist() == [0.0, 0.0]


def test_order_of_loans_changes_nothing_and_money_scales():
    tapes = random_tapes(6, 80, seed=7)
    draw = np.random.default_rng(0)
    plain = History(tapes).movements
    mixed = History(then.rows(draw.permutation(len(then))) for then in tapes).movements
    pd.testing.assert_frame_equal(mixed, plain, rtol=1e-12)
    money = ["original_balance", "current_balance", "arrears_balance"]
    frames = [then.frame.assign(**{name: then.frame[name] * 1000.0 for name in money}) for then in tapes]
    scaled = History(Loans.from_frame(frame, check=False) for frame in frames).movements
    amounts = ["opening", *SIGNS, "closing"]
    pd.testing.assert_frame_equal(scaled[["opening", "closing"]], plain[["opening", "closing"]] * 1000.0, rtol=1e-12)
    paid = ["scheduled", "prepaid"]  # less than a yen more than due is rounding, so these two move by as much
    assert abs(scaled[paid].sum(axis=1) - plain[paid].sum(axis=1) * 1000.0).max() < 1e-3
    rest = [name for name in amounts if name not in paid]
    pd.testing.assert_frame_equal(scaled[rest], plain[rest] * 1000.0, rtol=1e-12)


def test_every_column_has_words_in_both_languages():
    history = History([tape(month, loan("A", 1200 - 100 * month, days_in_arrears=20 * month)) for month in range(2)])
    frames = (history.movements, history.loans, history.tapes, clo.roll_rates(history).counts, clo.roll_rates(history).to_frame())
    pool, curve = clo.static_pool(history), clo.kaplan_meier(history)
    frames += (pool.average, pool.to_frame(), curve.to_frame())
    assert {str(name) for frame in frames for name in frame.columns} <= set(WORDS)


def test_tapes_may_come_one_at_a_time_and_are_public():
    history = clo.History(tape(month, loan("A", 1200 - 100 * month)) for month in range(3))
    assert len(history) == 3
    assert "3 tapes, 2026-03-31 to 2026-05-31" in repr(history)
    assert "<table" in history._repr_html_()
