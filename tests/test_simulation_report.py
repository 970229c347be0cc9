"""The page of a simulation: what was drawn and how it is known, what tranches lose and how surely, a scenario again."""

from __future__ import annotations

import copy
import dataclasses
import json
import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import simulated
from html_text import body, read
from sample_runs import DEAL_FILE, sample

import clo
from clo.findings import InputError
from clo.labels import LANGUAGES, WORDS, Lang, fine_percent, money
from clo.report import losses, render
from clo.report.simulation import replay_call, simulation_page
from clo.report.tables import Table, written
from clo.simulation.result import Simulation

pytestmark = pytest.mark.compiled
METHODS = ("plain", "sobol", "stratified", "importance")


@cache
def drawn(method: str = "plain", scenarios: int = 1_500) -> Simulation:
    return clo.simulate(simulated.deal(), scenarios, seed=3, loans=simulated.loans(), method=method)


@cache
def of_file() -> Simulation:
    return clo.simulate(clo.load_deal(DEAL_FILE), 400, seed=5, method="stratified", simulation={"correlation": 0.12})


def named(sim: Simulation, name: str) -> Simulation:
    """The same simulation of a deal with another name."""
    quiet = dataclasses.replace(sim.quiet, deal=sim.quiet.deal.model_copy(update={"name": name}))
    return dataclasses.replace(sim, quiet=quiet)


def rows(table: Table) -> dict[str, dict[str, object]]:
    """Rows by their first cell."""
    keys = [column.key for column in table.columns]
    return {str(row[0]): dict(zip(keys, row, strict=True)) for row in table.rows}


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("method", METHODS)
def test_the_page_stands_alone_and_draws_what_it_has(method: str, lang: Lang) -> None:
    page = simulation_page(drawn(method), lang)
    assert all(address.startswith(("#", "https://", "http://")) for address in read(page).addresses)
    assert "<script src" not in page
    assert f'<html lang="{lang}">' in page
    assert len(page.encode()) < 6_000_000
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found
    charts = json.loads(found.group(1))
    assert set(charts) == set(re.findall(r'data-chart="(\w+)"', page))
    assert {"pool_losses", "tranche_exceedance", "cumulative_default_rate", "convergence_junior", "yields", "fan"} <= set(charts)
    assert all(any(len(trace.get("x", ())) for trace in chart["data"]) for chart in charts.values())


def test_the_losses_are_those_of_the_simulation_with_the_pool_below() -> None:
    sim, table = drawn(), losses.expected(drawn())
    found = rows(table)
    for row in sim.tranches.to_dict("records"):
        own = found[row["tranche"]]
        assert own["expected_loss"] == row["expected_loss"]
        assert own["expected_loss_amount"] == pytest.approx(row["expected_loss"] * own["original"])
        assert own["interval_95"] == f"{fine_percent(row['lower'])} – {fine_percent(row['upper'])}"
    pool, exposure = sim.pool_losses, sim.quiet.flows.parameter("pool.initial")
    assert found["pool"]["expected_loss"] == pytest.approx(pool.mean() / exposure)
    assert found["pool"]["standard_error"] == pytest.approx(pool.std(ddof=1) / np.sqrt(len(pool)) / exposure)
    assert table.totals == 1
    text = body(simulation_page(sim))
    assert all(fine_percent(mean) in text for mean in sim.tranches["expected_loss"])
    assert money(pool.mean()) in text


@pytest.mark.parametrize("method", ["plain", "importance"])
def test_the_probability_of_a_loss_of_at_least_a_share_is_counted(method: str) -> None:
    sim = drawn(method)
    weights = np.ones(sim.scenarios) if sim.weights is None else sim.weights
    told = sim.tranches.set_index("tranche")
    for name, *chances in losses.exceeded(sim, "en").rows:
        assert chances[0] == pytest.approx(min(told.loc[name, "prob_loss"], 1.0))
        for share, chance in zip(losses.SHARES[1:], chances[1:], strict=True):
            hit = sim.losses(name) >= share - 1e-7
            assert chance == pytest.approx(min(weights[hit].sum() / sim.scenarios, 1.0))
        assert np.all(np.diff(chances) <= 1e-12)


def test_no_probability_is_above_one_where_weights_add_up_to_more() -> None:
    sim = clo.simulate(simulated.deal(), 64, seed=3, loans=simulated.loans(), method="importance", simulation={"pd": 0.9})
    sim.tally.hits[-1] = 64.5
    assert sim.tranches["prob_loss"].iloc[-1] > 1.0
    assert rows(losses.brief(sim))["junior"]["prob_loss"] == rows(losses.exceeded(sim, "en"))["junior"]["any_loss"] == 1.0


def test_the_worst_scenarios_can_be_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    sim, table = of_file(), losses.worst(of_file())
    numbers = [row[0] for row in table.rows]
    assert numbers == sim.worst(losses.WORST)
    first = rows(table)[str(numbers[0])]
    assert first["loss_of_the_pool"] == sim.pool_losses.max()
    assert first["obligors_defaulted"] == int((sim.default_months(numbers[0]) > 0).sum())
    call = replay_call(sim)
    assert call in simulation_page(sim).replace("&#39;", "'").replace("&#34;", '"')
    *lines, save = call.splitlines()
    assert save.startswith("clo.save(result, ")
    monkeypatch.chdir(DEAL_FILE.parent)
    found: dict[str, clo.Result] = {}
    exec("\n".join(lines), found)
    assert found["result"].sub_pools["loss"].sum() == pytest.approx(first["loss_of_the_pool"])


def test_what_is_assumed_has_its_mark_and_what_was_given_says_so() -> None:
    page = simulation_page(of_file())
    assert re.search(r'Default probability \(PD\) <strong>2%</strong> <span class="mark assumed" title="">', page)
    assert re.search(r'Correlation <strong>12%</strong> <span class="mark assumed" title="given to this simulation">', page)
    said = read(page).said
    note = next(finding.message for finding in of_file().quiet.input_findings if finding.code == "W-T083")
    assert said.index(note) < said.index("Losses of tranches")


def test_every_field_of_the_model_is_written_as_what_it_is() -> None:
    model = {
        "pd": {"by": "internal_rating", "curves": {"A": [0.005, 0.011]}, "other": 0.06},
        "correlation": {"market": 0.08, "industry": 0.04},
        "between": {"industry": {"D": {"E": 0.4}}},
        "degrees": 6,
        "recovery": {"spread": 0.5, "market": 0.3},
    }
    sim = clo.simulate(simulated.deal(), 64, seed=1, loans=simulated.loans(), simulation=model)
    text = body(simulation_page(sim))
    for told in (
        "Market 8% Assumed",
        "Industry 4% Assumed",
        "› E 40% Assumed",
        "Spread of recoveries 0.5",
        "› Market 30% Assumed",
    ):
        assert told in text
    assert "0.5%, 1.1%" in text
    assert "Student-t, 6 degrees" in text
    assert "t型（自由度6）" in body(simulation_page(sim, "ja"))


def test_too_few_scenarios_are_told_with_the_number_needed() -> None:
    said = read(simulation_page(drawn())).said
    assert said.index("W-M021") < said.index("Losses of tranches")
    assert any("need 100,000" in text for text in said)


def test_scenarios_that_failed_are_said_first() -> None:
    sim = dataclasses.replace(drawn(), tally=copy.copy(drawn().tally))
    sim.tally.breached, sim.tally.first_breach = 3, 17
    said = read(simulation_page(sim)).said
    assert said.index("SCENARIOS FAILED") <= 2
    assert any("3 scenarios failed, the first of them 17" in text for text in said)


def test_every_measure_of_the_tail_has_its_interval() -> None:
    sim, text = drawn("importance"), body(simulation_page(drawn("importance")))
    told = sim.estimates.set_index(["tranche", "quantity"])
    for name, *cells in losses.tails(sim).rows:
        for measure, estimate, interval in zip(losses.MEASURES, cells[::2], cells[1::2], strict=True):
            own = told.loc[(name, measure)]
            assert estimate == pytest.approx(min(own["estimate"], 1.0))
            assert interval == f"{fine_percent(own['lower'])} – {fine_percent(own['upper'])}"
            assert interval in text


def test_a_tranche_that_never_lost_says_up_to_which_probability_that_is_chance() -> None:
    sim = clo.simulate(simulated.deal(), 100, seed=3, loans=simulated.loans(), simulation={"pd": 0.0001})
    assert not sim.tally.hits[0]
    page = simulation_page(sim)
    senior = rows(losses.tails(sim))["senior"]
    assert senior["prob_loss"] == 0.0
    bound = fine_percent(1.0 - 0.05 ** (1 / 100))  # 2.9513%
    assert f"0% – {bound}" in body(page)
    assert "convergence_senior" not in page
    assert "tranche_exceedance" in page or not sim.tally.hits.any()


def test_nobody_ever_loses() -> None:
    sim = clo.simulate(simulated.deal(), 20, seed=3, loans=simulated.loans(), simulation={"pd": 0.0})
    assert "tranche_exceedance" not in simulation_page(sim, "ja")


def test_who_bears_the_loss_is_shown_where_it_is_asked_for() -> None:
    asked, not_asked = simulation_page(drawn(), bearers=10), simulation_page(drawn())
    assert 'data-chart="bearers"' in asked
    assert "the worst 1% of the pool" in body(asked)
    assert "10 scenarios are run again" in body(asked)
    assert 'data-chart="bearers"' not in not_asked
    assert "--bearers 200" in body(not_asked)
    table = losses.bearers(drawn().losses_by_party(10, together=True))
    assert table.rows[-1][2] == pytest.approx(drawn().pool_losses.mean())
    with pytest.raises(InputError, match="E-M022"):
        simulation_page(drawn(), bearers=9)


def test_text_of_the_deal_is_escaped_and_no_borrower_is_named() -> None:
    nasty = "</script><script>alert(1)</script>&\"'"
    page = simulation_page(named(drawn(), nasty))
    assert "alert(1)</script>&" not in page
    text = body(simulation_page(of_file()))
    obligors = of_file().quiet.pools["own"].frame["obligor_id"].astype(str)
    assert not any(obligor in text for obligor in obligors if len(obligor) > 3)
    assert str(Path(of_file().quiet.deal.origin.file).parent) not in text


def test_a_language_that_has_no_words_is_refused() -> None:
    for page in (lambda lang: simulation_page(drawn(), lang), lambda lang: render(sample(), lang)):
        with pytest.raises(InputError, match="E-R303"):
            page("fr")


def test_every_column_has_words_and_every_cell_a_text() -> None:
    sim = drawn("importance")
    found = sim.losses_by_party(10, together=True)
    tables = (
        losses.expected(sim),
        losses.tails(sim),
        losses.lives(sim),
        losses.worst(sim),
        losses.bearers(found),
        losses.yields(sim.sample(50)),
    )
    for table in tables:
        for column in table.columns:
            assert column.key in WORDS or column.key in sim.names
        cells = [pair for row in table.rows for pair in zip(row, table.columns, strict=True)]
        assert all(written(value, column.kind, "ja") for value, column in cells if value != "")


def test_a_notebook_shows_shares_as_per_cent_and_sizes_as_money() -> None:
    shown = named(drawn(), "<b>&")._repr_html_()
    assert "<b>&lt;b&gt;&amp;</b>: 1,500 scenarios, independent draws, seed 3" in shown
    row = drawn().tranches.iloc[2]
    for text in (fine_percent(row["expected_loss"]), "300,000,000", "W-M021"):
        assert text in shown
    assert not re.search(r"<td>\d+\.\d{5,}</td>", shown)
