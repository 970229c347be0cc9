"""Random loans of every kind, and random scenarios of everything that borrowers may do with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd
from hypothesis import strategies as st
from oracle_behaviour import BANDS
from oracle_dates import MONTHS, collection_months, month_end, shifted
from oracle_loans import CAPITAL_LOANS
from oracle_pool import pool_flows

import clo
from clo.behaviour.assumptions import Assumptions
from clo.curves import Curve, Curves
from clo.pool.projection import project
from clo.tape.loans import Loans

Row = dict[str, Any]
Draw = Any
FREQUENCIES = tuple(MONTHS)
DAY_COUNTS = (None, "1/12", "30/360", "30E/360", "ACT/360", "ACT/365F", "ACT/365L", "NL/365", "ACT/ACT ISDA")
INDICES = (("TIBOR", "3M"), ("TONA", None))
SECTORS, RATINGS = ("41", "42", "57"), ("A", "B", "C")
DATES = (
    "cutoff_date",
    "origination_date",
    "maturity_date",
    "grace_end_date",
    "next_payment_date",
    "next_reset_date",
    "default_date",
)
NUMBERS = (
    "balloon_amount",
    "rate_margin",
    "rate_floor",
    "rate_cap",
    "rate_first_cap",
    "rate_periodic_cap",
    "rate_reset_months",
    "credit_limit",
    "deposit_setoff",
    "days_in_arrears",
    "allocated_loss",
    "pd_1y",
    "lgd",
)
WORDS = ("rate_index", "rate_index_tenor")
MONEY = ("current_balance", "balloon_amount", "credit_limit", "deposit_setoff", "allocated_loss", "principal", "interest")
"""Amounts of a loan and of its schedule."""


@dataclass(frozen=True)
class Mix:
    """Loans of a sub-pool with what they follow, and what their borrowers do: all in plain values."""

    cutoff: date
    months: int
    rows: list[Row]
    schedules: list[Row]
    curves: dict[str, list[tuple[date, float]]]
    scenario: dict[str, Any]

    @property
    def initial(self) -> float:
        return float(sum(row["current_balance"] for row in self.rows))


def percents(low: float, high: float) -> st.SearchStrategy[float]:
    """A rate on a grid of hundredths of a percent."""
    return st.integers(round(low * 1e4), round(high * 1e4)).map(lambda n: n / 1e4)


def vectors(low: float, high: float) -> st.SearchStrategy[Any]:
    return percents(low, high) | st.lists(percents(low, high), min_size=1, max_size=6)


# loans -------------------------------------------------------------------------------------------------------------------


def days(cutoff: date, first: int, last: int) -> st.SearchStrategy[date]:
    """A day after E(first - 1), up to E(last)."""
    start, end = month_end(cutoff, first - 1) + timedelta(days=1), month_end(cutoff, last)
    return st.integers(0, (end - start).days).map(lambda days: start + timedelta(days=days))


@st.composite
def loans(draw: Draw, cutoff: date, months: int, *, name: str, bank: str = "bank", whole: bool = False) -> tuple[Row, list[Row]]:
    """A loan of any kind, with its schedule where it has one of its own. months: it may mature a little later than these."""
    kind = draw(st.sampled_from(["equal_principal", "level_payment", "bullet", "schedule", "revolving", "performance"]))
    n = draw(st.integers(1, months + 6))
    balance = float(draw(st.integers(1_000, 50_000_000))) if whole else draw(st.integers(10_000, 10**9)) / 128
    row: Row = {
        "originator_id": bank,
        "loan_id": name,
        "obligor_id": f"O-{name}",
        "cutoff_date": cutoff,
        "origination_date": shifted(cutoff, -draw(st.integers(0, 70))),
        "maturity_date": draw(days(cutoff, n, n)),
        "current_balance": balance,
        "current_rate": draw(st.just(0.0) | percents(0, 0.15)),
        "amortisation_type": "bullet" if kind == "performance" else kind,
        "principal_frequency": "at_maturity" if kind in ("bullet", "revolving", "performance") else "monthly",
        "interest_frequency": "monthly",
        "day_count": draw(st.sampled_from(DAY_COUNTS)),
        "rate_type": "fixed",
    } | dict.fromkeys((*DATES[3:], *NUMBERS, *WORDS))
    row |= draw(what_is_known(cutoff, balance, n))
    if kind in ("equal_principal", "level_payment") and draw(st.booleans()):
        row |= draw(uneven_instalments(cutoff, n, balance, level=kind == "level_payment"))
    elif kind != "level_payment" and draw(st.booleans()):
        row["interest_frequency"] = draw(st.sampled_from([*FREQUENCIES, "at_maturity"]))
    if kind == "revolving":
        row["credit_limit"] = balance * draw(st.sampled_from([1.0, 1.25, 3.0]))
    if kind == "performance":
        row["rate_type"] = "performance"
        row["rate_index"], row["rate_index_tenor"] = draw(st.sampled_from(list(CAPITAL_LOANS)))
    elif draw(st.integers(0, 2)) == 0:
        row |= draw(floating(cutoff, n))
    return row, draw(schedule(row, cutoff, n)) if kind == "schedule" else []


@st.composite
def what_is_known(draw: Draw, cutoff: date, balance: float, n: int) -> Row:
    """What a scenario may ask of a loan: its scores, its past, its deposits, and what happened to it later."""
    row = {
        "days_in_arrears": draw(st.sampled_from([0, 0, 0, 1, 29, 30, 75, 100, 130, 179, 180, 400])),
        "pd_1y": draw(percents(0, 0.3)),
        "lgd": draw(percents(0, 1)),
        "internal_rating": draw(st.sampled_from(RATINGS)),
        "industry_code": draw(st.sampled_from(SECTORS)),
        "secured_flag": draw(st.sampled_from(["Y", "N"])),
        "deposit_setoff": balance * draw(st.sampled_from([0.0, 0.1, 0.5, 2.0])),
    }
    if draw(st.integers(0, 2)) == 0:
        row["default_date"] = draw(days(cutoff, 1, n + 2))
        row["allocated_loss"] = float(round(balance * draw(percents(0, 1.2))))
    return row


@st.composite
def uneven_instalments(draw: Draw, cutoff: date, n: int, balance: float, *, level: bool) -> Row:
    """Frequencies, the next payment date, grace and balloon."""
    principal = draw(st.sampled_from(FREQUENCIES))
    interest = principal if level or draw(st.booleans()) else draw(st.sampled_from([*FREQUENCIES, "at_maturity"]))
    row: Row = {"principal_frequency": principal, "interest_frequency": interest}
    step = MONTHS[principal]
    if step > 1 and interest == principal and draw(st.booleans()):
        row["next_payment_date"] = draw(days(cutoff, 1, min(draw(st.sampled_from([step, 2 * step])), n)))
    if n > 1 and draw(st.booleans()):
        row["grace_end_date"] = draw(days(cutoff, -5, n - 1))
    if draw(st.booleans()):
        row["balloon_amount"] = balance * draw(st.sampled_from([0.1, 0.25, 0.5]))
    return row


@st.composite
def floating(draw: Draw, cutoff: date, n: int) -> Row:
    name, tenor = draw(st.sampled_from(INDICES))
    row: Row = {
        "rate_type": draw(st.sampled_from(["floating", "floating", "fixed_then_floating"])),
        "rate_index": name,
        "rate_index_tenor": tenor,
        "rate_margin": draw(percents(0.005, 0.03)),
        "rate_reset_months": draw(st.sampled_from([1, 2, 3, 6, 12, 60])),
        "next_reset_date": draw(days(cutoff, 1, n)),
        "rate_floor": draw(st.sampled_from([None, 0.0, 0.01])),
        "rate_cap": draw(st.sampled_from([None, 0.03, 0.05])),
        "rate_first_cap": draw(st.sampled_from([None, 0.0, 0.01])),
        "rate_periodic_cap": draw(st.sampled_from([None, 0.0025, 0.01])),
    }
    return row


@st.composite
def schedule(draw: Draw, row: Row, cutoff: date, n: int) -> list[Row]:
    """Principal in some months, mostly the last of it in the month of maturity; interest computed, or given in each of them."""
    early = draw(st.lists(st.integers(1, n - 1), unique=True, max_size=5)) if n > 1 else []
    due = [shifted(cutoff, month - 1) + timedelta(days=1) for month in sorted(early)] + [row["maturity_date"]]
    if early and draw(st.integers(0, 3)) == 0:
        due, early = due[:-1], early[:-1]
    weights = [draw(st.integers(0, 9)) for _ in early]
    amounts = [row["current_balance"] * weight / (sum(weights) + 5) for weight in weights]
    amounts.append(row["current_balance"] - sum(amounts))
    rows: list[Row] = [
        {"originator_id": row["originator_id"], "loan_id": row["loan_id"], "due_date": day, "principal": amount, "interest": None}
        for day, amount in zip(due, amounts, strict=True)
    ]
    if draw(st.integers(0, 2)) == 0:
        for each in rows:
            each["interest"] = row["current_balance"] * draw(percents(0, 0.02))
    return rows


# scenarios ---------------------------------------------------------------------------------------------------------------


@st.composite
def default_models(draw: Draw) -> dict[str, Any]:
    """Who defaults, other than by the tape or by roll rates."""
    by = {
        "by": draw(st.sampled_from(["internal_rating", "industry_code"])),
        "curves": {"A": [0.01, 0.05, 0.05, 0.2], "B": 0.1, "41": [0.3]},
        "other": draw(percents(0, 0.5)),
        "since": draw(st.sampled_from(["cutoff", "origination"])),
        "every": draw(st.sampled_from(["year", "month"])),
    }
    timing = draw(st.sampled_from(["front", "even", "back", [0.5, 0.0, 0.5], [1.0]]))
    cumulative = {"cumulative": draw(percents(0, 0.9)), "timing": timing, "of": draw(st.sampled_from(["loans", "balance"]))}
    if isinstance(timing, str):
        cumulative["years"] = draw(st.integers(1, 5))
    alive = sorted((draw(percents(0.3, 1)) for _ in range(draw(st.integers(1, 30)))), reverse=True)
    survival = {"survival": alive, "since": draw(st.sampled_from(["cutoff", "origination"]))}
    model = draw(st.sampled_from([None, {"pd": "tape"}, by, cumulative, survival]))
    scenario: dict[str, Any] = {"cdr": draw(vectors(0, 0.6))} if model is None else {"defaults": model}
    if draw(st.booleans()) and not (model is cumulative and cumulative["of"] == "balance"):
        column = draw(st.sampled_from(["industry_code", "vintage", "secured_flag"]))
        factors = {"41": 1.5, "2018": 0.5, "2019": 3.0, "Y": 0.0}
        scenario["default_scale"] = {"by": column, "factors": factors, "other": draw(st.sampled_from([1.0, 0.7]))}
    if draw(st.booleans()):
        scenario["arrears"] = {"lag": draw(st.integers(0, 5))}
    return scenario


@st.composite
def roll_rates(draw: Draw) -> dict[str, dict[str, float]]:
    """A row for every band of arrears, and for cured loans at will; falling behind by one at most."""
    table = {}
    for behind, band in enumerate([*BANDS, *(["cured"] if draw(st.booleans()) else [])]):
        position = 0 if band == "cured" else behind
        targets = [*BANDS[: position + 2], "default"]
        weights = [draw(st.integers(0, 4)) for _ in targets]
        weights[0] += sum(weights) == 0
        table[band] = {target: weight / sum(weights) for target, weight in zip(targets, weights, strict=True) if weight}
    return table


@st.composite
def prepayment(draw: Draw) -> dict[str, Any]:
    ramp = {"to": draw(percents(0, 0.2)), "months": draw(st.integers(1, 60)), "speed": 1.65}
    models = [{"cpr": 0.0}, {"cpr": draw(vectors(0, 0.35))}, {"smm": draw(vectors(0, 0.2))}, {"prepayment_ramp": ramp}]
    scenario: dict[str, Any] = draw(st.sampled_from(models))
    if draw(st.booleans()) and "smm" not in scenario:
        scenario["prepayment_incentive"] = {"sensitivity": draw(st.integers(0, 25))}
    if draw(st.booleans()):
        scenario["prepayment_fee"] = draw(vectors(0, 0.1))
    return scenario


@st.composite
def recovery(draw: Draw, *, of_tape: bool) -> dict[str, Any]:
    by = {"by": "secured_flag", "rates": {"Y": 0.6}, "other": draw(percents(0, 1))}
    rule = draw(st.sampled_from(["tape", 0.5] if of_tape else [0.0, 0.45, 1.0, "lgd", by]))
    scenario: dict[str, Any] = {"recovery": rule, "recovery_lag": draw(st.integers(0, 15))}
    if draw(st.booleans()):
        scenario["recovery_timing"] = draw(st.sampled_from([[1.0], [0.5, 0.3, 0.2], [0.25, 0.0, 0.5]]))
    if draw(st.booleans()):
        scenario["recovery_cost"] = draw(percents(0, 1))
    if rule != "tape" and draw(st.booleans()):
        scenario["setoff"] = draw(st.sampled_from(["recovered", "lost"]))
    return scenario


@st.composite
def changes(draw: Draw, months: int, scenario: Mapping[str, Any], *, new_terms: bool) -> dict[str, Any]:
    """New terms, repurchase and the servicer."""
    drawn: dict[str, Any] = {}
    defaults = scenario.get("defaults")
    if new_terms and draw(st.booleans()):
        amount = isinstance(defaults, Mapping) and defaults.get("of") == "balance"
        drawn["restructuring"] = {
            "extension": draw(st.integers(0, 15)),
            "rate_cut": draw(percents(0, 0.05)),
            "default_multiplier": 1.0 if amount else draw(st.sampled_from([0.0, 1.0, 2.5])),
        } | draw(st.sampled_from([{"rate": 0.2}, {"share": 0.4, "month": draw(st.integers(1, months))}]))
    if draw(st.booleans()):
        where = {"where": "industry_code == '41'", "month": draw(st.integers(1, months))}
        rated = {"rate": draw(percents(0, 0.4)), "months": draw(st.integers(1, months + 1))}
        drawn["repurchase"] = draw(st.sampled_from([where, rated, {"rate": 0.1}]))
        drawn["repurchase"]["substitution"] = draw(st.sampled_from([0.0, 0.5, 1.0]))
    if draw(st.booleans()):
        month = draw(st.integers(1, months))
        drawn["servicer_failure"] = {"month": month, "months": draw(st.integers(1, 3)), "share": draw(percents(0, 1))}
    return drawn


@st.composite
def scenarios(draw: Draw, months: int, *, new_terms: bool = True) -> dict[str, Any]:
    """Everything that can be said together. new_terms: whether every loan's terms can change."""
    kind = draw(st.sampled_from(["model", "model", "model", "tape", "rolls"]))
    scenario: dict[str, Any] = {"performance": draw(st.sampled_from([[0.2, 0.5, 0.3], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]))}
    if kind == "model":
        scenario |= draw(default_models())
    elif kind == "tape":
        scenario["defaults"] = "tape"
    else:
        scenario["arrears"] = {"roll_rates": draw(roll_rates())}
    scenario |= draw(prepayment())
    scenario |= draw(recovery(of_tape=kind == "tape"))
    scenario |= draw(changes(months, scenario, new_terms=new_terms and kind == "model"))
    if kind != "rolls" and draw(st.booleans()):
        scenario["order"] = draw(st.sampled_from(["default_first", "prepayment_first"]))
    if draw(st.booleans()):
        scenario["drawn_at_default"] = draw(percents(0, 1))
    if draw(st.booleans()):
        scenario["rates"] = draw(st.sampled_from([{"shift": 0.01}, {"shift": -0.005}, {"TONA": 0.02}]))
    return scenario


@st.composite
def curves(draw: Draw, cutoff: date, months: int) -> dict[str, list[tuple[date, float]]]:
    """A fixing every few weeks, from before the cut-off to beyond the last month that counts."""
    end, found = month_end(cutoff, months), {}
    for name, tenor in INDICES:
        day, points = cutoff - timedelta(days=draw(st.integers(0, 40))), []
        while day <= end:
            points.append((day, draw(percents(0, 0.04))))
            day += timedelta(days=draw(st.integers(20, 200)))
        found[f"{name}_{tenor}" if tenor else name] = [*points, (end + timedelta(days=1), 0.02)]
    return found


@st.composite
def mixes(draw: Draw, most: int = 4) -> Mix:
    """A few loans of any kinds and a scenario that fits them."""
    cutoff = draw(st.dates(date(2015, 1, 1), date(2024, 12, 31)))
    if draw(st.booleans()):
        cutoff = shifted(cutoff, 0, 31)
    months = draw(st.integers(1, 30))
    drawn = [draw(loans(cutoff, months, name=f"L{number}")) for number in range(draw(st.integers(1, most)))]
    schedules = [due for _, rows in drawn for due in rows]
    changeable = all(due["interest"] is None for due in schedules)
    scenario = draw(scenarios(months, new_terms=changeable))
    return Mix(cutoff, months, [row for row, _ in drawn], schedules, draw(curves(cutoff, months + 25)), scenario)


# the two readings --------------------------------------------------------------------------------------------------------


def as_loans(rows: list[Row], schedules: list[Row]) -> Loans:
    """Rows in the dtypes of a tape, unchecked; those of the schedules that are theirs."""
    frame = pd.DataFrame([dict(row) for row in rows])
    for column in frame.columns.intersection(DATES):
        frame[column] = pd.to_datetime(frame[column])
    for column in frame.columns.intersection(NUMBERS):
        frame[column] = frame[column].astype(float)
    mine = {(row["originator_id"], row["loan_id"]) for row in rows}
    due = [each for each in schedules if (each["originator_id"], each["loan_id"]) in mine]
    return Loans.from_frame(frame, check=False, schedule=pd.DataFrame(due) if due else None)


def as_curves(curves: Mapping[str, list[tuple[date, float]]]) -> Curves:
    return Curves(
        Curve(name, [day for day, _ in points], [rate for _, rate in points], extrapolation="flat")
        for name, points in curves.items()
    )


def engine(mix: Mix, **more: Any) -> clo.PoolFlows:
    return project(
        {"all": as_loans(mix.rows, mix.schedules)},
        Assumptions(**mix.scenario),
        period_ends=collection_months(mix.cutoff, month_end(mix.cutoff, mix.months)),
        cutoff=mix.cutoff,
        curves=as_curves(mix.curves),
        **more,
    )


def slow(mix: Mix) -> tuple[list[dict[str, float]], float]:
    return pool_flows(mix.rows, mix.cutoff, mix.months, mix.scenario, curves=mix.curves, schedules=mix.schedules)
