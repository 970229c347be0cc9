"""What is said of a deal's simulation: fields of a scenario that go unused, and what `clo check` finds without drawing."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import simulated

import clo as toolkit
from clo.findings import Finding
from clo.simulation.checking import simulation_findings

if TYPE_CHECKING:
    from commands import Done

BASE = simulated.DEAL["scenarios"]["base"]
UNUSED = ("W-M035", "W-M036")


def told(scenario: str, stated: dict[str, Any], **given: Any) -> list[Finding]:
    """What a simulation of the scenario says of fields that it does not use."""
    deal = simulated.deal(scenarios={"base": BASE, scenario: stated} if scenario != "base" else {"base": stated})
    sim = toolkit.simulate(deal, 8, loans=simulated.loans(), scenario=scenario, **given)
    return [each for each in sim.findings if each.code in UNUSED]


def test_a_scenario_that_differs_by_what_is_not_used_says_so() -> None:
    (finding,) = told("stress", {"extends": "base", "cdr": 0.05})
    assert (finding.code, finding.path) == ("W-M035", "scenarios.stress.cdr")
    assert finding.message == (
        "cdr of scenario 'stress' is not used: defaults are drawn from simulation.pd; "
        "nothing else tells it from 'base', whose numbers these are"
    )
    (finding,) = told("stress", {"extends": "base", "defaults": {"cumulative": 0.1}, "recovery": 0.5, "cpr": 0.1},
                      simulation={"lgd": 0.5})  # fmt: skip
    assert finding.message == (
        "defaults and recovery of scenario 'stress' are not used: "
        "defaults are drawn from simulation.pd, what is recovered follows simulation.lgd"
    )


def test_a_scenario_that_differs_by_what_is_used_says_nothing() -> None:
    assert not told("base", BASE)
    assert not told("slow", {"extends": "base", "cpr": 0.1, "recovery_lag": 12})


def test_a_recovery_that_does_not_go_with_the_loss_given_default() -> None:
    (finding,) = told("base", BASE | {"recovery": 0.5})
    assert (finding.code, finding.path) == ("W-M036", "scenarios.base.recovery")
    assert finding.message.startswith("recovery 0.5 of scenario 'base' and lgd 0.7 of the simulation do not add up to 1")
    assert [each.code for each in told("stress", {"extends": "base", "recovery": 0.5})] == ["W-M036"]
    assert not told("base", BASE | {"recovery": 0.5}, simulation={"lgd": 0.6}), "whoever gives it knows"
    assert [each.code for each in told("base", BASE | {"recovery": 0.5}, simulation={"pd": 0.1})] == ["W-M036"]


def test_a_simulation_hands_on_what_is_said_of_its_loans() -> None:
    loans = toolkit.Loans.from_frame(simulated.frame().drop(columns="obligor_id"), check=False)
    sim = toolkit.simulate(simulated.deal(), 8, loans=loans)
    assert "W-M030" in [each.code for each in sim.findings]
    assert len(sim.default_months(0)) == 60


def test_memory_that_is_not_there_is_told_as_all_else(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> Any:
        raise MemoryError("Unable to allocate 1.09 TiB")

    monkeypatch.setattr("clo.simulation.simulating.Tally", full)
    with pytest.raises(toolkit.InputError, match="no memory left for the losses of 8 scenarios") as error:
        toolkit.simulate(simulated.deal(), 8, loans=simulated.loans())
    assert [each.code for each in error.value.findings] == ["E-M038"]


def test_the_command_says_that_a_scenario_is_not_used(clo: Callable[..., Done], deals: Path) -> None:
    done = clo("simulate", deals / "purchase-08.yaml", "--scenarios", 8, "-s", "stress")
    assert (done.code, "cdr of scenario 'stress' is not used" in done.err) == (0, True)
    assert "W-M035" not in clo("simulate", deals / "purchase-08.yaml", "--scenarios", 8).err


@pytest.fixture
def checked(deals: Path, tmp_path: Path, clo: Callable[..., Done]) -> Callable[[str], list[dict[str, Any]]]:
    """What `clo check` says of the simulation of a deal whose `simulation:` is so."""
    shutil.copytree(deals / "tapes", tmp_path / "tapes", ignore=lambda _, names: [n for n in names if "purchase-08" not in n])

    def check(simulation: str) -> list[dict[str, Any]]:
        text = (deals / "purchase-08.yaml").read_text(encoding="utf-8")
        before = "simulation: {pd: 2%, correlation: 5%, lgd: 90%}"
        assert before in text
        (tmp_path / "deal.yaml").write_text(text.replace(before, f"simulation: {simulation}"), encoding="utf-8")
        found = clo("check", tmp_path / "deal.yaml", "--json").json["findings"]
        return [each for each in found if each["code"][1:3] == "-M"]

    return check


def test_check_holds_the_simulation_against_the_loans(checked: Callable[[str], list[dict[str, Any]]]) -> None:
    assert not checked("{pd: 2%, correlation: 5%, lgd: 90%}")
    (mood,) = checked("{pd: 2%, correlation: {by: mood, classes: {good: 5%}}, lgd: 90%}")
    assert (mood["code"], mood["path"]) == ("E-M007", "simulation.correlation.by")
    assert mood["file"].endswith("deal.yaml")
    assert mood["line"] is not None
    found = checked("{pd: tape, correlation: 5%, lgd: tape, group_by: group_id}")
    assert {"E-M007"} <= {each["code"] for each in found}
    shares = "correlation: {market: 5%, industry: 5%}, lgd: 90%"
    (words,) = checked(f"{{pd: 2%, {shares}, between: {{industry: {{ZZ: {{QQ: 20%}}}}}}}}")
    assert (words["code"], words["path"]) == ("E-M034", "simulation.between.industry")
    (recovery,) = checked("{pd: 2%, correlation: 5%, lgd: 50%}")
    assert (recovery["code"], recovery["severity"]) == ("W-M036", "warning")
    assert recovery["line"] is not None


def test_a_deal_without_a_simulation_has_nothing_to_check() -> None:
    deal = simulated.deal(simulation=None)
    assert not simulation_findings(deal, {"near": simulated.loans()})
