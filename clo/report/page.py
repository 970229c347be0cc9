"""One self-contained page of a run, or of several scenarios of one deal: no network, nothing beside it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import pandas as pd

from clo import plots
from clo.labels import Lang, check_name, money, short_money
from clo.report import parties, tables
from clo.report.html import page_script, page_text, plotly_script, require_language, script_json
from clo.report.pools import headline, stratifications
from clo.report.terms import scenario_table, terms_table
from clo.report.waterfalls import waterfalls

if TYPE_CHECKING:
    from clo.study import Result


LARGE = 1e6
MANY = 12
"""Sub-pools that are shown folded away."""


def render(results: Sequence[Result] | Result, lang: Lang = "en") -> str:
    """The page as HTML text. Several results must be of one deal; each scenario is a tab, and all are printed.

    Raises InputError for another language.
    """
    require_language(lang)
    runs: list[Result] = list(results) if isinstance(results, Sequence) else [results]
    if not runs:
        raise ValueError("no run to report")
    if len({run.deal.name for run in runs}) > 1:
        raise ValueError(f"one page shows one deal; these are {sorted({run.deal.name for run in runs})}")
    deal = runs[0].deal
    return page_text(
        "page.html.j2",
        lang,
        sources=deal.sources,
        deal=deal,
        title=deal.name_ja if lang == "ja" and deal.name_ja else deal.name,
        subtitle=deal.name if lang == "ja" else deal.name_ja,
        facts=_facts(runs[0], lang),
        structure=tables.capital_structure(runs[0]),
        compared=[tables.compared(runs), parties.losses_compared(runs)] if len(runs) > 1 else None,
        runs=[_run(run, number, lang) for number, run in enumerate(runs)],
        failed=[run for run in runs if not run.ok],
        assumed=list(dict.fromkeys(finding.message for finding in tables.assumed(runs))),
        pools=headline(runs[0].pools),
        strata=stratifications(runs[0].pools, lang),
        terms=terms_table(deal, lang),
        data=script_json(f"[{','.join(_data(run, lang) for run in runs)}]"),
        script=page_script("page.js"),
        plotly=plotly_script(),
    )


# ---- what the template shows ----------------------------------------------------------------------------------------


def _facts(result: Result, lang: Lang) -> list[tuple[str, str, Any]]:
    """Key figures of the deal: key of the label, text, mark."""
    deal = result.deal
    pool = float(tables.capital_structure(result).rows[-1][1])
    facts: list[tuple[str, str, Any]] = [("notes_in_all", short_money(pool, deal.currency, lang), None)]
    if deal.figures is not None:
        for key in ("amount", "obligors", "institutions"):
            value = getattr(deal.figures, key)
            text = short_money(value, deal.currency, lang) if key == "amount" else money(value)
            if value is not None:
                facts.append((f"published_{key}", text, deal.mark(f"figures.{key}")))
    for key in ("cutoff", "closing", "first_payment", "legal_final"):
        facts.append((f"date_{key}", str(getattr(deal.dates, key)), deal.mark(f"dates.{key}")))
    return facts


def _run(result: Result, number: int, lang: Lang) -> dict[str, Any]:
    """Everything the page shows of one scenario."""
    return {
        "result": result,
        "number": number,
        "name": result.scenario_name,
        "ok": result.ok,
        "failed_checks": [check_name(str(row.check), lang) for row in result.checks.itertuples() if not row.ok],
        "assumptions": scenario_table(result.deal, result.scenario_name, result.scenario, lang, result.manifest["overrides"]),
        "summary": tables.tranche_summary(result),
        "charts": plots.charts(result),
        "dates": [str(pd.Timestamp(day).date()) for day in result.timeline.payment_dates],
        "pool": tables.pool_by_year(result),
        "support": {frame: tables.support_by_year(result, frame) for frame in tables.SUPPORT},
        "swaps": tables.swaps_by_year(result),
        "large_names": tables.large_names(result),
        "triggers": tables.triggers(result),
        "losses": parties.losses(result),
        "sub_pools": [parties.sub_pools(result), parties.losses_by_sub_pool(result)] if len(result.deal.pools) > 1 else [],
        "many": len(result.deal.pools) > MANY,
        "party_charts": plots.party_charts(result),
        "parties": tables.parties(result),
        "checks": tables.checks(result),
        "realised": tables.realised(result),
        "findings": [finding for finding in result.findings if finding.code not in tables.ASSUMED],
        "manifest": manifest_lines(result.manifest),
    }


def manifest_lines(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Every value of a manifest with its path, but for the checks, which have a table of their own."""
    return list(_flat({key: value for key, value in manifest.items() if key != "checks"}))


def _flat(value: Any, path: str = "") -> Iterable[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, (list, tuple)):
        if all(isinstance(inner, (str, int, float, bool)) for inner in value):
            yield path, ", ".join(map(str, value))
        else:
            for number, inner in enumerate(value):
                yield from _flat(inner, f"{path}[{number}]")
    elif path.endswith((".file", ".source")):
        yield path, PurePath(str(value)).name  # the digest says which; where it lay is nobody's business
    else:
        yield path, _plain_number(value) if isinstance(value, float) else str(value)


def _plain_number(value: float) -> str:
    """Never in powers of ten: an amount reads as money."""
    return money(value, 0 if value.is_integer() else 2) if abs(value) >= LARGE else f"{value:,.10g}"


# ---- what the script draws ------------------------------------------------------------------------------------------


def _data(result: Result, lang: Lang) -> str:
    """Charts and waterfalls of one scenario as JSON."""
    names = (*plots.charts(result), *plots.party_charts(result))
    charts = ",".join(f'"{name}":{plots.figure(result, name, lang).to_json()}' for name in names)
    steps = json.dumps(waterfalls(result, lang), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return f'{{"charts":{{{charts}}},"waterfall":{steps}}}'
