"""The page of a simulation: what was drawn, what tranches lose and how surely, who bears it, and how to see a scenario again."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any, get_args

from clo.deal.terms import Deal
from clo.labels import Lang, label, percent, short_money
from clo.plots.losses import loss_distribution_chart
from clo.plots.samples import fan_chart, yield_chart
from clo.plots.scenarios import bearers_chart, convergence_chart
from clo.plots.simulations import default_rate_chart, exceedance_chart
from clo.report import losses, tables
from clo.report.html import page_script, page_text, plotly_script, require_language, script_json
from clo.report.page import manifest_lines
from clo.report.terms import joint_table, scenario_table, terms_table
from clo.scenarios.reduced import Method
from clo.simulation.bearers import LEVEL
from clo.simulation.staging import OWN

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from clo.simulation.result import Simulation
    from clo.simulation.sample import Sample

SAMPLE = 1_000
"""Scenarios whose default rates, yields and paths are shown, or all where there are fewer."""


def simulation_page(simulation: Simulation, lang: Lang = "en", *, bearers: int | None = None) -> str:
    """The page as HTML text. bearers: how many scenarios are to be run again to tell who bears the loss, None for not at all.

    Raises InputError for another language, or a number of bearers' runs that `Simulation.losses_by_party` refuses.
    """
    require_language(lang)
    run, deal = simulation.quiet, simulation.quiet.deal
    sample = simulation.sample(min(SAMPLE, simulation.scenarios))
    figures = _figures(simulation, sample, lang)
    paths = {"yields": yield_chart(sample, lang), "fan": fan_chart(sample, lang=lang)}
    settled = {f"convergence_{name}": figure for name, figure in _settling(simulation, lang).items()}
    drawn = {**figures, **settled, **paths}
    borne = None if bearers is None else simulation.losses_by_party(bearers, together=True)
    if borne is not None:
        drawn["bearers"] = bearers_chart(borne, deal.currency, lang)
    assumed = simulation.stage.assumed.model_copy(update=dict.fromkeys(OWN))
    return page_text(
        "simulation.html.j2",
        lang,
        sources=deal.sources,
        deal=deal,
        title=deal.name_ja if lang == "ja" and deal.name_ja else deal.name,
        subtitle=deal.name if lang == "ja" else deal.name_ja,
        ok=simulation.ok,
        assumed=list(dict.fromkeys(finding.message for finding in tables.assumed([run]))),
        count=f"{simulation.scenarios:,}",
        scenario=simulation.stage.scenario,
        facts=_facts(simulation, lang),
        findings=[finding for finding in simulation.findings if finding.code not in tables.ASSUMED],
        losses=losses.expected(simulation),
        losses_note=label("simulated_losses_note", lang).format(currency=deal.currency),
        tails=losses.tails(simulation),
        lives=losses.lives(simulation),
        exceedance=losses.exceeded(simulation, lang),
        model=joint_table(deal, simulation.assumptions, lang),
        assumptions=scenario_table(deal, simulation.stage.scenario, assumed, lang, simulation.stage.overrides),
        structure=tables.capital_structure(run),
        charts=[(name, figure.layout.title.text) for name, figure in figures.items()],
        chart_notes=[
            label("attachments_note", lang),
            label("default_rates_note", lang).format(count=f"{len(sample):,}"),
        ],
        convergence=[(name, figure.layout.title.text) for name, figure in settled.items()],
        yields=losses.yields(sample),
        paths=[(name, figure.layout.title.text) for name, figure in paths.items()],
        yields_note=label("yields_note", lang).format(count=f"{len(sample):,}"),
        bearers=None if borne is None else losses.bearers(borne),
        bearers_note=_bearers_note(bearers, simulation.weights is not None, lang),
        worst=losses.worst(simulation),
        call=replay_call(simulation),
        terms=terms_table(deal, lang),
        started=simulation.manifest.get("started", ""),
        manifest=manifest_lines(simulation.manifest),
        data=script_json("{" + ",".join(f'"{name}":{figure.to_json()}' for name, figure in drawn.items()) + "}"),
        script=page_script("simulation.js"),
        plotly=plotly_script(),
    )


def _facts(simulation: Simulation, lang: Lang) -> list[tuple[str, str, Any]]:
    """Key figures: key of the label, text, mark, which a computed figure has not."""
    deal, model = simulation.quiet.deal, simulation.engine.model
    pool = simulation.pool_loss_distribution
    degrees = model.degrees
    copula = label("gaussian", lang) if degrees is None else label("student_t", lang).format(degrees=f"{degrees:g}")
    facts = {
        "method": label(simulation.engine.draws.method, lang),
        "seed": str(simulation.engine.draws.seed),
        "obligors": f"{len(model.names):,}",
        "pool_size": short_money(pool.exposure, deal.currency, lang),
        "expected_loss": f"{short_money(pool.mean, deal.currency, lang)} ({percent(pool.mean / pool.exposure)})",
        "copula": copula,
        "common_factors": f"{len(model.factors):,}",
    }
    return [(key, text, None) for key, text in facts.items()]


def _figures(simulation: Simulation, sample: Sample, lang: Lang) -> dict[str, go.Figure]:
    """Charts of the pool and of all tranches together."""
    *rows, _ = tables.capital_structure(simulation.quiet).rows
    points = {str(row[0]): float(row[3]) for row in rows}
    pool = loss_distribution_chart(simulation.pool_loss_distribution, list(points.values()), names=list(points), lang=lang)
    tranches = {"tranche_exceedance": exceedance_chart(simulation, lang)} if simulation.tally.hits.any() else {}
    return {"pool_losses": pool, **tranches, "cumulative_default_rate": default_rate_chart(sample, lang)}


def _settling(simulation: Simulation, lang: Lang) -> dict[str, go.Figure]:
    """How the expected loss of each tranche settles, of those that lose anything."""
    hit = dict(zip(simulation.names, simulation.tally.hits, strict=True))
    return {
        name: convergence_chart(simulation, name, lang=lang).update_layout(title_text=label(name, lang))
        for name in simulation.names
        if hit[name] > 0.0
    }


def _bearers_note(runs: int | None, weighted: bool, lang: Lang) -> str:
    if runs is None:
        return label("bearers_not_asked", lang)
    note = label("bearers_note", lang).format(tail=f"{1.0 - LEVEL:.0%}", runs=runs)
    gap = " " if lang == "en" else ""
    return f"{note}{gap}{label('bearers_weighted_note', lang)}" if weighted else note


def replay_call(simulation: Simulation) -> str:
    """The lines of Python that run the worst scenario again. Where draws of one's own were given, `sim` must be at hand."""
    again = [f"result = sim.replay({simulation.worst(1)[0]})", 'clo.save(result, "out/worst")']
    if simulation.engine.draws.method not in get_args(Method):
        return "\n".join(again)
    deal = simulation.quiet.deal
    file = PurePath(deal.origin.file).name if deal.origin.file else ""
    read = [f'deal = clo.load_deal("{file}")'] if file else []
    given = [f"scenarios={simulation.scenarios}", f"seed={simulation.engine.draws.seed}"]
    if simulation.stage.scenario != "base":
        given.append(f'scenario="{simulation.stage.scenario}"')
    if simulation.engine.draws.method != "plain":
        given.append(f'method="{simulation.engine.draws.method}"')
    changed = _changed(deal, simulation)
    given += [f"simulation={changed!r}"] if changed else []
    given += [f"{name}={value!r}" for name, value in simulation.manifest["overrides"].items()]
    return "\n".join(["import clo", *read, f"sim = clo.simulate(deal, {', '.join(given)})", *again])


def _changed(deal: Deal, simulation: Simulation) -> dict[str, Any]:
    """Fields of the simulation that are not the deal's."""
    stated = {} if deal.simulation is None else deal.simulation.model_dump(exclude_none=True)
    used = simulation.assumptions.model_dump(exclude_none=True)
    return {name: value for name, value in used.items() if name not in stated or stated[name] != value}
