"""What a scenario of clo.simulate costs, and how far each part of it is from what this machine can do.

    python benchmarks/scaling.py [--json] [--plot FILE] [--page FILE] [--seconds S] [--obligors N ...] [--notes N ...] ...

The deal of benchmarks/simulation.py with more and fewer obligors, payment dates, notes and defaults; that of
benchmarks/synthetic.py with more and fewer institutions. Parts are timed alone, in turn with the whole, on one thread; the least
processor time counts, which a busy machine disturbs little. Draws: the generator alone. Who may default: thresholds that nobody
reaches. Defaults, with their months and flows: what is left of the inputs. Inputs written: no obligors. Waterfall: the machine on
inputs that are kept. Outcomes: losses and lives of what it kept, and the factors. Bounds are plain loops that do as much of what
a part cannot do without (benchmarks/bounds.py); that of defaults reads what they need of the tables, in the kernel's order.

The tables and the picture of docs/benchmarks.md are made by

    python benchmarks/scaling.py --plot docs/pictures/simulation-cost.png --page docs/benchmarks.md
"""

from __future__ import annotations

import argparse
import copy
import dataclasses
import json
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bounds
import numpy as np
import pandas as pd
import scaling_chart
import synthetic
from simulation import DEAL, tape

import clo
from clo.builder.reading import recipe_from
from clo.deal.terms import Deal
from clo.scenarios import kernel
from clo.simulation import kernel as outcomes_kernel
from clo.simulation.blocks import CHUNK, Engine
from clo.simulation.result import Simulation
from clo.tape.loans import Loans

OBLIGORS, YEARS, NOTES = 500, 5, 3
PARTS = ("draws", "who may default", "defaults", "inputs written", "waterfall", "outcomes")
WORK, SAMPLE = 500_000, 64
"""Obligors times scenarios of one timing; scenarios whose defaults are read again."""
AT_ONCE = 2
MARKS = re.compile(r"(<!-- measured: scaling -->\n)(.*?)(<!-- end -->)", flags=re.DOTALL)


@dataclass(frozen=True)
class Case:
    """A deal on its loans; of what it is a case, and where it stands there."""

    along: str
    at: float
    deal: Deal
    loans: Loans
    assumed: Mapping[str, Any] = dataclasses.field(default_factory=dict)


def case(
    along: str, at: float, obligors: int = OBLIGORS, years: int = YEARS, notes: int = NOTES, apart: int = 1, **more: float
) -> Case:
    """The deal of benchmarks/simulation.py, paid every so many months (apart); default_rate: of all obligors over its life."""
    frame = tape(obligors)
    scale = more.get("default_rate", 0.1) / 0.1
    five_years = np.minimum(0.999, scale * (1.0 - (1.0 - frame["pd_1y"]) ** 5))
    frame["pd_1y"] = 1.0 - (1.0 - five_years) ** (1.0 / years)
    frame["maturity_date"] = pd.Timestamp(f"{2024 + years}-03-31")
    pool = float(frame["current_balance"].sum())
    shares = [0.8, *[0.12 / max(1, notes - 2)] * (notes - 2)]
    tranches: dict[str, Any] = {
        f"note_{number}": {"size": float(round(share * pool)), "coupon": 0.012 + 0.0005 * number}
        for number, share in enumerate(shares[: notes - 1], 1)
    }
    target = f"min(1% * pool.initial, {' + '.join(f'{name}.balance' for name in tranches)})"
    frequency = {1: "monthly", 3: "quarterly", 6: "semi_annual"}[apart]
    changed = {
        "dates": DEAL["dates"] | {"first_payment": f"2024-{3 + apart + 1:02d}-15", "legal_final": f"{2024 + years}-04-15"},
        "payments": {"frequency": frequency, "day": 15, "calendar": "none", "business_day": "unadjusted"},
        "accounts": DEAL["accounts"] | {"reserve": {"target": target}},
        "tranches": tranches | {"junior": {"size": "rest"}},
    }
    return Case(along, at, Deal.model_validate(DEAL | changed), Loans.from_frame(frame, check=False))


def of_institutions(count: int) -> Case:
    """The deal of benchmarks/synthetic.py, its 2,400 firms lent to by so many institutions."""
    names = [f"bank-{number:02d}" for number in range(1, count + 1)]
    figures = synthetic.RECIPE["figures"] | {"institutions": count}
    pools = {"banks": synthetic.RECIPE["pools"]["banks"] | {"originators": count}}
    loans = Loans.from_frame(clo.build_pool(recipe_from(synthetic.RECIPE | {"figures": figures, "pools": pools})))
    deal = synthetic.DEAL | {"pools": {"banks": synthetic.DEAL["pools"]["banks"] | {"of": names}}}
    return Case("institutions", count, Deal.model_validate(deal), loans, {"pd": 0.02, "correlation": 0.05, "lgd": 0.9})


def cases(given: argparse.Namespace) -> Iterator[Case]:
    for obligors in given.obligors:
        yield case("obligors", obligors, obligors=obligors)
    for years in given.years:
        yield case("monthly payments", 12 * years, years=years)
    for apart in given.apart:
        yield case("payments in five years", 12 * YEARS // apart, apart=apart)
    for notes in given.notes:
        yield case("notes", notes, notes=notes)
    for rate in given.default_rates:
        yield case("default rate", rate, default_rate=rate)
    for count in given.institutions:
        yield of_institutions(count)


class Parts:
    """An engine, and copies of it without some of its work, to time each part alone; of a block of scenarios."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.width = engine, engine.block
        self.unreached, self.empty = copy.copy(engine), copy.copy(engine)
        self.unreached._ceiling = np.full_like(engine._ceiling, -np.inf)
        self.empty._keys = (engine._keys[0][:0], engine._keys[1][:0])
        self.common = engine.draws(0, self.width)
        self.inputs, self.units = np.zeros((*engine.base.shape, self.width)), np.empty((0, 1, self.width))
        self.left = engine._machine.run(self.inputs, self.units)
        self.loss, self.life = np.empty((2, len(engine.sizes), self.width))

    def fill(self, engine: Engine) -> None:
        engine.inputs(0, self.common.factors, self.common.scale, self.inputs)

    def outcomes(self) -> None:
        of = self.engine
        outcomes_kernel.outcomes(self.left.kept, of._rows, of._capitalised, of.sizes, of._years, self.loss, self.life)

    def timed(self, count: int, seconds: float) -> dict[str, float]:
        """Microseconds a scenario of each part, of the whole, and of the whole on two threads."""
        self.fill(self.engine)
        jobs: dict[str, Callable[[], object]] = {
            "draws": lambda: bounds.drawn_as_clo_does(self.width // kernel.LANES, *self.engine._keys),
            "unreached": lambda: self.fill(self.unreached),
            "empty": lambda: self.fill(self.empty),
            "full": lambda: self.fill(self.engine),
            "waterfall": lambda: self.engine._machine.run(self.inputs, self.units),
            "outcomes": self.outcomes,
            "run": lambda: self.engine.run(0, count),
        }
        found = bounds.timed(jobs, 0.8 * seconds)
        us = {name: each.least * 1e6 / (count if name == "run" else self.width) for name, each in found.items()}
        factors = bounds.timed({"": lambda: self.engine.draws(0, CHUNK)}, 0.05 * seconds)[""].least * 1e6 / CHUNK
        with ThreadPoolExecutor(AT_ONCE) as threads:
            both = {"": lambda: list(threads.map(lambda first: self.engine.run(first, count), range(0, AT_ONCE * CHUNK, CHUNK)))}
            together = bounds.timed(both, 0.15 * seconds)[""].least * 1e6 / count / AT_ONCE
        return {
            "whole": us["run"], "whole, median": found["run"].median * 1e6 / count, "two at once": together,
            "draws": us["draws"], "who may default": us["unreached"] - us["empty"] - us["draws"],
            "defaults": us["full"] - us["unreached"], "inputs written": us["empty"], "waterfall": us["waterfall"],
            "outcomes": us["outcomes"] + factors,
        }  # fmt: skip


class Read:
    """What the defaults of a few scenarios read of the tables, where it lies: chunk by chunk of obligors, as the kernel does."""

    def __init__(self, simulation: Simulation) -> None:
        tables, (thresholds, lasts) = simulation.engine.tables, simulation.engine.runs
        months = np.stack([simulation.default_months(scenario).to_numpy() for scenario in range(SAMPLE)])
        scenario, obligor = np.nonzero(months)
        order = np.lexsort((obligor, scenario, obligor // kernel.CHUNK))
        obligor, month = obligor[order], months[months > 0].astype(np.int64)[order] - 1
        loans = np.diff(tables.rows)[obligor]
        row = np.repeat(tables.rows[obligor], loans) + np.arange(loans.sum()) - np.repeat(np.cumsum(loans) - loans, loans)
        of_row = np.repeat(month, loans)
        self.defaults = len(obligor) / SAMPLE
        payments = simulation.engine.base.shape[1]
        run = month // kernel.RUN * kernel.RUN
        self._reads = [
            (thresholds, obligor, run, run + kernel.RUN), (lasts, obligor, 0 * run, 0 * run + lasts.shape[1]),
            (tables.exposure, row, of_row, of_row + 1),
        ]  # fmt: skip
        if tables.channels:
            falls, wide = tables.falls.reshape(len(tables.exposure), -1), tables.channels
            self._reads.append((falls, row, tables.shift.min(axis=0)[of_row] * wide, 0 * row + payments * wide))
        self.bytes = sum(8.0 * float((stop - start).sum()) for _, _, start, stop in self._reads) / SAMPLE

    def __call__(self) -> None:
        for table, row, start, stop in self._reads:
            bounds.read_rows(table.view(np.int64), row, start, stop)


def measured(each: Case, rates: Mapping[str, float], seconds: float) -> dict[str, Any]:
    """Microseconds a scenario of the whole and of its parts, the bounds of these, and the numbers behind both."""
    begun = time.perf_counter()
    simulation = clo.simulate(each.deal, SAMPLE, loans=each.loans, threads=1, simulation=each.assumed)
    ready = time.perf_counter() - begun
    engine, reads = simulation.engine, Read(simulation)
    obligors, (inputs, payments), ops = len(engine.model.names), engine.base.shape, len(engine.program.ops)
    count = min(CHUNK, max(1, WORK // obligors // engine.block) * engine.block)
    tables = [getattr(engine.tables, field.name) for field in dataclasses.fields(engine.tables)]
    return {
        "along": each.along, "at": each.at, "obligors": obligors, "payments": payments, "notes": len(engine.sizes), "ops": ops,
        "inputs": inputs, "defaults a scenario": round(reads.defaults, 1), "bytes a default": round(reads.bytes / reads.defaults),
        "tables, MB": sum(table.nbytes for table in (*tables, *engine.runs) if isinstance(table, np.ndarray)) / 1e6,
        "ready, s": ready, "us": Parts(engine).timed(count, seconds),
        "bounds": {
            "draws": obligors / rates["Philox words"] / 1e3,
            "who may default": obligors / rates["words compared"] / 1e3,
            "defaults": bounds.timed({"": reads}, seconds / 10)[""].least * 1e6 / SAMPLE,
            "inputs written": 8.0 * inputs * payments / rates["bytes written, L2 cache"] / 1e3,
            "waterfall": ops * payments / rates["additions"] / 1e3,
            "outcomes": 8.0 * len(engine._machine.records) * payments / rates["bytes read, L3 cache"] / 1e3,
        },
    }  # fmt: skip


def written(value: float) -> str:
    """Three digits or so."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [list(head), *(list(row) for row in rows)]
    lines.insert(1, ["---", *["--:"] * (len(lines[0]) - 1)])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def at(found: Mapping[str, Any]) -> str:
    return f"{found['at']:.0%}" if found["along"] == "default rate" else f"{found['at']:,}"


def told(figures: Mapping[str, Any]) -> str:
    """The tables, as a page has them."""
    found = figures["cases"]
    text = []
    for along in dict.fromkeys(each["along"] for each in found):
        head = (along, "whole", *PARTS, "two at once", "ops", "defaults", "tables, MB")
        rows = [
            [at(each), *(written(each["us"][name]) for name in ("whole", *PARTS, "two at once")),
             f"{each['ops']:,}", written(each["defaults a scenario"]), written(each["tables, MB"])]
            for each in found if each["along"] == along
        ]  # fmt: skip
        text.append(table(head, rows))
    text.append(table(
        ("times the bound, by obligors", "whole", *PARTS),
        ([at(each), f"{each['us']['whole'] / sum(each['bounds'].values()):.1f}",
          *(f"{each['us'][part] / each['bounds'][part]:.1f}" for part in PARTS)]
         for each in found if each["along"] == "obligors"),
    ))  # fmt: skip
    text.append(
        table(("a core does at most, in a nanosecond", ""), ([name, f"{rate:.2f}"] for name, rate in figures["rates"].items()))
    )
    return "\n".join(text)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--json", action="store_true")
    options.add_argument("--plot", type=Path, help="a picture: .html, or .png where there is a Chromium")
    options.add_argument("--page", type=Path, help="a page whose tables are written anew")
    options.add_argument("--seconds", type=float, default=2.0, help="of each case")
    options.add_argument("--obligors", type=int, nargs="*", default=[100, 300, 500, 1_000, 3_000, 10_000, 30_000, 100_000])
    options.add_argument("--years", type=int, nargs="*", default=[1, 2, 3, 5, 7, 10])
    options.add_argument("--apart", type=int, nargs="*", default=[1, 3, 6], help="months between payments")
    options.add_argument("--notes", type=int, nargs="*", default=[2, 3, 5, 10, 20, 40])
    options.add_argument("--default-rates", type=float, nargs="*", default=[0.01, 0.03, 0.1, 0.3])
    options.add_argument("--institutions", type=int, nargs="*", default=[5, 20, 50])
    given = options.parse_args()
    rates = bounds.rates(given.seconds)
    rates["ops, benchmarks/waterfall.py"] = bounds.machine_rate(CHUNK, given.seconds / 4)
    found = []
    for each in cases(given):
        found.append(measured(each, rates, given.seconds))
        print(f"{each.along} {each.at:,}: {written(found[-1]['us']['whole'])} us", file=sys.stderr)
    figures = {"rates": rates, "cases": found}
    if given.plot:
        scaling_chart.draw(found, PARTS, given.plot)
    if given.page:
        text = given.page.read_text(encoding="utf-8")
        given.page.write_text(MARKS.sub(lambda mark: mark[1] + told(figures) + mark[3], text), encoding="utf-8")
    print(json.dumps(figures) if given.json else told(figures))


if __name__ == "__main__":
    main()
