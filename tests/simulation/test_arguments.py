"""What a simulation is asked for is looked at whole, and before any work: every problem is told at once."""

from __future__ import annotations

from typing import Any

import pytest
import simulated

import clo
from clo.findings import Finding, InputError
from clo.simulation import arguments
from clo.simulation.simulating import prepared


@pytest.fixture(autouse=True)
def _nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A simulation that begins to work fails."""

    def begun(*_: Any) -> Any:
        raise AssertionError(f"{prepared.__name__} began")

    monkeypatch.setattr("clo.simulation.simulating.prepared", begun)


def refused(scenarios: Any = 10, **given: Any) -> list[Finding]:
    options = {"loans": simulated.loans()} | given
    deal = options.pop("deal", None) or simulated.deal()
    with pytest.raises(InputError) as error:
        clo.simulate(deal, scenarios, **options)
    assert all(each.message and each.fix for each in error.value.findings)
    return list(error.value.findings)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"threads": -1}, "threads cannot be -1"),
        ({"threads": 0}, "threads cannot be 0"),
        ({"threads": 1.5}, "threads cannot be 1.5"),
        ({"threads": "2"}, "threads cannot be '2'"),
        ({"threads": True}, "threads cannot be True"),
        ({"loans": "x.csv"}, "loans cannot be 'x.csv'"),
        ({"loans": simulated.frame()}, "loans cannot be a DataFrame"),
        ({"loans": {"near": simulated.frame(), "far": simulated.loans()}}, "loans['near'] cannot be a DataFrame"),
        ({"simulation": [1]}, "simulation cannot be a list"),
        ({"simulation": "x"}, "simulation cannot be 'x'"),
        ({"progress": 3}, "progress cannot be 3"),
        ({"draws": 3}, "draws cannot be 3"),
        ({"curves": "tibor.csv"}, "curves cannot be 'tibor.csv'"),
        ({"scenario": ["base"]}, "scenario cannot be a list"),
    ],
)
def test_an_argument_of_the_wrong_kind(given: dict[str, Any], said: str) -> None:
    (finding,) = refused(**given)
    assert (finding.code, finding.message) == ("E-M037", said)


def test_loans_that_are_not_read_yet_are_told_how_to_be() -> None:
    assert "clo.read_tape(path)" in refused(loans="x.csv")[0].fix
    assert "clo.Loans.from_frame(frame)" in refused(loans=simulated.frame())[0].fix


def test_numbers_and_assumptions_are_told_together() -> None:
    found = refused(0, seed=-1, simulation={"pd": 2, "correlation": 1, "lgd": -1})
    assert [each.field or each.code for each in found] == [
        "scenarios=", "seed=", "simulation.pd", "simulation.correlation", "simulation.lgd",
    ]  # fmt: skip


def test_keywords_loans_and_the_waterfall_are_told_with_them() -> None:
    loans = clo.Loans.from_frame(simulated.frame().drop(columns=["pd_1y"]), check=False)
    found = refused(method="quick", cdr=0.05, cpr=2, loans=loans, simulation={"pd": "tape", "group_by": "group_id"})
    assert [each.code for each in found] == ["E-M018", "E-M015", "E-R102"]
    assert [each.code for each in refused(0, loans=loans, simulation={"pd": "tape"})] == ["E-M013", "E-M001"]
    found = refused(threads=0, loans=simulated.frame(), scenario="stres", cdr=0.05, simulation={"lgd": 2})
    assert [each.code for each in found] == ["E-M037", "E-M037", "E-M016", "E-M015", "E-R101"]
    far = {"near": simulated.loans().where("originator_id == 'a'")}
    assert [each.code for each in refused(seed=-1, loans=far, cpr=2)] == ["E-M014", "E-R102", "E-R110"]


def test_more_scenarios_than_fit_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    (finding,) = refused(10**11)
    assert (finding.code, finding.field) == ("E-M038", "scenarios=")
    monkeypatch.setattr(arguments, "_memory", lambda: 480_000_000)
    (finding,) = refused(10_000_001)
    assert finding.message == "the losses of 10,000,001 scenarios take 0.5 GB, and there are 0.5"
    assert finding.fix == "simulate 10,000,000 at most"
    assert [each.code for each in refused(10_000_000, method="importance")] == ["E-M038"]
    with pytest.raises(AssertionError, match="began"):
        clo.simulate(simulated.deal(), 10_000_000, loans=simulated.loans())
    monkeypatch.setattr(arguments, "_memory", lambda: None)
    with pytest.raises(AssertionError, match="began"):
        clo.simulate(simulated.deal(), 10**11, loans=simulated.loans())


@pytest.mark.parametrize(
    ("assumed", "field", "said"),
    [
        (
            {"correlation": {"by": "enterprise_size", "classes": {"MICE": 1}}},
            "simulation.correlation.classes.MICE", "1 is no asset correlation",
        ),
        (
            {"correlation": {"by": "enterprise_size", "classes": {"MICE": {"market": 2}, "SMAE": 0.1}}},
            "simulation.correlation.classes.MICE.market", "2 is not a share between 0 and 1",
        ),
        ({"correlation": 1.2}, "simulation.correlation", "1.2 is no asset correlation"),
        (
            {"correlation": {"market": 0.1, "industry": 0.1}, "between": {"industry": {"E": {"F": 1.2}}}},
            "simulation.between.industry.E.F", "1.2 is no correlation of two factors",
        ),
        (
            {"pd": {"by": "internal_rating", "curves": {"A": [0.01, 1.1], "B": [0.02]}}},
            "simulation.pd.curves.A[1]", "1.1 is no probability from 0 to below 100%",
        ),
        (
            {"pd": {"by": "internal_rating", "curves": {"A": [0.02, 0.01]}}},
            "simulation.pd", "the cumulative probability of 'A' falls: 0.02, 0.01",
        ),
        (
            {"correlation": {"industry": 0.1}, "between": {"industry": {"E": {"F": 0.9, "G": -0.9}, "F": {"G": 0.9}}}},
            "simulation.between",
            "the correlation matrix of the industry factors E, F, G is not positive definite: its least eigenvalue is -0.8",
        ),
        (
            {"between": {"industry": {"E": {"F": 0.2}}}},
            "simulation", "between gives correlations of industry factors, and correlation has no share of the industry",
        ),
    ],
)  # fmt: skip
def test_an_assumption_is_told_with_its_place_and_in_its_own_words(assumed: dict[str, Any], field: str, said: str) -> None:
    (finding,) = refused(simulation=assumed)
    assert (finding.code, finding.field, finding.message) == ("E-M016", field, said)
    assert "a year" not in finding.message + finding.fix
