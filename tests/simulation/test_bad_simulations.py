"""What a simulation refuses: every problem told, with its place and what to do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import simulated

import clo
from clo.deal.terms import Deal
from clo.findings import InputError
from clo.tape.loans import Loans

BOTH = {"market": 0.1, "industry": 0.1}


def refused(deal: Deal | None = None, loans: Loans | None = None, scenarios: Any = 10, **options: Any) -> list[str]:
    with pytest.raises(InputError) as error:
        clo.simulate(deal or simulated.deal(), scenarios, loans=loans or simulated.loans(), **options)
    assert all(finding.message and finding.fix and finding.rule for finding in error.value.findings)
    return [finding.code for finding in error.value.findings]


@pytest.mark.parametrize(
    ("assumed", "count"),
    [
        ({"correlation": 1.0}, 1),
        ({"correlation": -0.1}, 1),
        ({"correlation": {"market": 0.6, "industry": 0.5}}, 1),
        ({"pd": 1.2, "lgd": -0.5}, 2),
        ({"pd": 2, "lgd": 2, "correlation": 2}, 3),
        ({"degrees": 0.5}, 1),
        ({"degrees": "6"}, 1),
        ({"degrees": float("inf")}, 1),
        ({"recovery": {"spread": -1}}, 1),
        ({"group_by": "loan_id"}, 1),
        ({"colour": "red"}, 1),
        ({"correlation": BOTH, "between": {"industry": {"D": {"E": 0.9, "F": -0.9}, "E": {"F": 0.9}}}}, 1),
        ({"correlation": BOTH, "between": {"industry": {"D": {"D": 0.5}}}}, 1),
        ({"correlation": BOTH, "between": {"industry": {"D": {"E": 0.5}, "E": {"D": 0.4}}}}, 1),
    ],
)
def test_assumptions_that_do_not_fit(assumed: dict[str, Any], count: int) -> None:
    assert refused(simulation=assumed) == ["E-M016"] * count


def test_a_factor_matrix_that_is_none_says_its_least_eigenvalue() -> None:
    with pytest.raises(InputError, match=r"least eigenvalue is -0\.8"):
        clo.simulate(
            simulated.deal(), 10, loans=simulated.loans(),
            simulation={"between": {"industry": {"D": {"E": 0.9, "F": -0.9}, "E": {"F": 0.9}}}},
        )  # fmt: skip


@pytest.mark.parametrize("scenarios", [0, -5, 2.5, True, "many"])
def test_fewer_than_one_scenario(scenarios: Any) -> None:
    assert refused(scenarios=scenarios) == ["E-M013"]


def test_seed_and_scenarios_are_told_together() -> None:
    assert refused(scenarios=0, seed=-1) == ["E-M013", "E-M014"]
    assert refused(seed=2**64) == ["E-M014"]


def test_a_pool_without_probabilities_of_default() -> None:
    loans = Loans.from_frame(simulated.frame().drop(columns=["pd_1y", "lgd"]), check=False)
    assert refused(loans=loans, simulation={"pd": "tape", "lgd": "tape"}) == ["E-M001", "E-M002"]


def test_probabilities_outside_0_to_1() -> None:
    frame = simulated.frame()
    frame.loc[[1, 4], "pd_1y"] = [1.5, np.nan]
    with pytest.raises(InputError) as error:
        clo.simulate(simulated.deal(), 10, loans=Loans.from_frame(frame, check=False), simulation={"pd": "tape"})
    (finding,) = error.value.findings
    assert (finding.code, finding.who, finding.count) == ("E-M001", "loan-001", 2)


def test_columns_and_words_that_are_not_there() -> None:
    assert refused(simulation={"correlation": {"by": "mood", "classes": {"good": 0.1}}}) == ["E-M007"]
    assert refused(simulation={"correlation": {"by": "enterprise_size", "classes": {"MICE": 0.1}}}) == ["E-M005"]
    assert refused(simulation={"pd": {"by": "internal_rating", "curves": {"A": 0.1}}}) == ["E-M004"]
    loans = Loans.from_frame(simulated.frame().assign(region_code=None), check=False)
    assert refused(loans=loans, simulation={"correlation": {"market": 0.1, "region": 0.1}}) == ["E-M003"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"arrears": {"lag": 3}}, "E-M011"),
        ({"restructuring": {"share": 0.1, "month": 3, "extension": 12}}, "E-M011"),
    ],
)
def test_what_goes_with_no_default_date(fields: dict[str, Any], code: str) -> None:
    base = simulated.DEAL["scenarios"]["base"]
    assert refused(simulated.deal(scenarios={"base": base | fields})) == [code]


@pytest.mark.parametrize("name", ["cdr", "defaults", "recovery", "arrears"])
def test_keywords_that_the_simulation_has_its_own_of(name: str) -> None:
    assert refused(**{name: 0.05}) == ["E-M015"]


def test_a_deal_that_says_nothing_of_its_simulation() -> None:
    assert refused(simulated.deal(simulation=None)) == ["E-M010"]
    sim = clo.simulate(
        simulated.deal(simulation=None), 4, loans=simulated.loans(), simulation={"pd": 0.1, "correlation": 0.1, "lgd": 0.5}
    )
    assert sim.ok


def test_a_deal_that_buys_loans() -> None:
    steps = [
        {"collect": {"from": ["interest", "scheduled_principal", "prepayment", "recovery"], "to": "collections"}},
        {"buy": {"pool": "near", "from": "collections", "amount": "1_000_000", "if": "payment.number < 3"}},
        {"pay": {"fee": "servicer", "from": "collections"}},
        {"pay": {"interest": ["senior", "mezzanine"], "from": "collections"}},
        {"pay": {"principal": ["senior", "mezzanine"], "how": "sequential", "from": "collections"}},
        {"pay": {"residual": "junior", "from": "collections"}},
    ]
    deal = simulated.deal(structure=None, waterfall=steps, accounts={"collections": {}}, triggers={})
    assert refused(deal) == ["E-M012"]


def test_a_scenario_that_was_not_simulated() -> None:
    sim = clo.simulate(simulated.deal(), 10, loans=simulated.loans())
    for scenario in (-1, 10):
        with pytest.raises(InputError, match="among 10"):
            sim.replay(scenario)
    with pytest.raises(KeyError, match="it has senior, mezzanine, junior"):
        sim.losses("equity")


def test_few_scenarios_are_a_warning_with_the_number_needed() -> None:
    sim = clo.simulate(simulated.deal(), 100, loans=simulated.loans())
    assert "100,000" in next(finding.message for finding in sim.findings if finding.code == "W-M021")


def test_a_deal_file_is_checked_before_it_runs(tmp_path: Any, deals: Any) -> None:
    text = (deals / "purchase-08.yaml").read_text(encoding="utf-8").replace("correlation: 5%", "correlation: 100%")
    (tmp_path / "deal.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(clo.DealError) as error:
        clo.load_deal(tmp_path / "deal.yaml")
    (finding,) = error.value.findings
    assert (finding.path, finding.line) == ("simulation.correlation", finding.line)
    assert finding.line
