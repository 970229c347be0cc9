"""The examples of docs/language.md: each is the base deal with a few keys changed, and the page shows what it prints.

python docs/examples.py                   runs every example and writes outputs, contents and index into the page
python docs/examples.py --write FOLDER    writes every example as a deal file, beside its tape, for `clo run`
"""

from __future__ import annotations

import argparse
import io
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedSeq

import clo
from clo.deal.steps import PAY_KINDS, VERBS
from clo.deal.vocabulary import OWNERS, QUANTITIES
from clo.expressions import DEAL_FUNCTIONS, Call, Expression, ExpressionError, names, parse
from clo.study import Result

PAGE = Path(__file__).with_name("language.md")
FILES = Path(__file__).with_name("examples")
HEADING = re.compile(r"^(?=##)", re.M)
"""Where a page is cut into parts; a part with terms in YAML is an example."""
TERMS = re.compile(r"^```yaml\n(.*?)^```$", re.M | re.S)
SHOWN = re.compile(r"(^Shown(?: in scenario `(?P<scenario>\w+)`)?: (?P<what>[^\n]+)\n\n```text\n)(?P<output>.*?)(^```$)", re.M | re.S)
MADE = re.compile(r"(<!-- (contents|index) -->\n)(.*?)(<!-- end -->)", re.S)
LARGE = 10
"""A column that reaches this is shown with two decimals at most, others with four."""
MOST_LINKS = 4
"""Examples that the index names of a word."""


def yaml() -> YAML:
    made = YAML()
    made.width = 140
    made.indent(mapping=2, sequence=4, offset=2)
    return made


def anchor(title: str) -> str:
    """A heading as a link and as the name of a file."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


@dataclass(frozen=True)
class Example:
    """One heading of the page: what it changes of the base deal, and what it shows: (scenario, what, output)."""

    title: str
    terms: str
    shown: tuple[tuple[str, str, str], ...]

    @property
    def name(self) -> str:
        return anchor(self.title)

    @property
    def changes(self) -> Mapping[str, Any]:
        return yaml().load(self.terms) or {}

    def file(self) -> str:
        """The whole deal file."""
        deal = yaml().load((FILES / "base.yaml").read_text(encoding="utf-8"))
        own = [*deal["waterfall"]]
        for key, value in self.changes.items():
            if key == "waterfall":
                deal[key] = CommentedSeq(step for each in value for step in _steps(each, own))
            elif isinstance(value, Mapping) and isinstance(deal.get(key), Mapping):
                deal[key] |= {name: entry for name, entry in value.items() if entry is not None}
                for name in [name for name, entry in value.items() if entry is None]:
                    del deal[key][name]
            else:
                deal[key] = value
        deal["name"] = self.title
        del deal["assumed"]
        deal["assumed"] = CommentedSeq(key for key in deal if key not in ("format", "name"))
        deal["assumed"].fa.set_flow_style()
        written = io.StringIO()
        yaml().dump(deal, written)
        return written.getvalue()


def _steps(step: Any, own: list[Any]) -> Iterator[Any]:
    """`base` stands for all steps of the base deal, `base: [collect, fee]` for some of them, also in a section."""
    if step == "base":
        yield from own
    elif "base" in step:
        wanted = step["base"] if isinstance(step["base"], list) else [step["base"]]
        yield from (each for word in wanted for each in own if word in _called(each))
    else:
        for part in {"steps", "else"} & step.get("section", {}).keys():
            step["section"][part] = CommentedSeq(inner for each in step["section"][part] for inner in _steps(each, own))
        yield step


def _called(step: Mapping[str, Any]) -> set[str]:
    ((verb, details),) = step.items()
    return {kind for kind in PAY_KINDS if kind in details} or {verb}


def example(part: str) -> Example | None:
    """The example of a part of a page, where it is one."""
    terms = TERMS.search(part)
    if terms is None or not part.startswith("### "):
        return None
    shown = tuple((found["scenario"] or "base", found["what"], found["output"]) for found in SHOWN.finditer(part))
    return Example(part.partition("\n")[0].removeprefix("### "), terms[1], shown)


def examples(page: str) -> list[Example]:
    """The examples of a page, in order."""
    return [found for part in HEADING.split(page) if (found := example(part)) is not None]


def write(folder: Path, these: list[Example]) -> list[Path]:
    """Every example as a deal file, beside the tape and the curves."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in FILES.iterdir():
        shutil.copy(file, folder / file.name)
    paths = [folder / f"{example.name}.yaml" for example in these]
    for path, example in zip(paths, these, strict=True):
        path.write_text(example.file(), encoding="utf-8")
    return paths


# ---- what an example prints -------------------------------------------------------------------------------------------


def output(result: Result, what: str) -> str:
    """What a `Shown:` line asks for: names over the payment dates, the steps of one payment, the summary, or the assertions."""
    if step := re.search(r"steps of payment (\d+)", what):
        frame = result.waterfall(int(step[1]))[["step", "claim", "from", "to", "asked", "paid", "why"]]
    elif what.startswith("the summary"):
        frame = result.summary[["tranche", "original", "principal_paid", "interest_paid", "loss", "wal_years", "yield"]]
    elif what.startswith("the assertions"):
        frame = result.checks[result.checks["check"].str.startswith("assertion")][["check", "ok"]]
    else:
        dates = pd.DatetimeIndex(result.timeline.payment_dates).strftime("%Y-%m-%d")
        frame = pd.DataFrame({"": range(1, len(dates) + 1), "payment": dates})
        frame = frame.assign(**{name: _column(result, name) for name in re.findall(r"`(.+?)`", what)})
    return _lines([_cells(str(name), frame[name]) for name in frame])


def _lines(columns: list[list[str]]) -> str:
    """Columns of equal height beside each other."""
    rows = zip(*columns, strict=True)
    return "".join(f"{'  '.join(row).rstrip()}\n" for row in rows if any(cell.strip() for cell in row))


def _column(result: Result, name: str) -> np.ndarray[Any, Any]:
    """A column of a table of the run, `senior.closing`, or a name of the language, by payment date."""
    owner, _, word = name.rpartition(".")
    for key in ("tranche", "fee", "account", "facility", "hedge", "ledger"):
        frame = getattr(result, {"facility": "facilities"}.get(key, f"{key}s"))
        if word in frame and owner in set(frame[key]):
            return frame.loc[frame[key] == owner, word].to_numpy()
    values = result.quantity(name).to_numpy()
    return values == 1.0 if name in result.deal.triggers else values


def _cells(name: str, column: pd.Series[Any]) -> list[str]:
    """A column under its name, owner above word; numbers with as many decimals as it needs."""
    owner, _, word = name.rpartition(".")
    if column.dtype == float:
        most = 2 if column.abs().max() >= LARGE else 4
        rounded = column.round(most) + 0.0
        decimals = next((d for d in range(most) if np.allclose(rounded, rounded.round(d), rtol=0, atol=1e-9)), most)
        cells = [f"{value:,.{decimals}f}" for value in rounded]
    else:
        cells = [("yes" if value else "no") if column.dtype == bool else str(value) for value in column]
    width = max(len(cell) for cell in (owner, word, *cells))
    left = pd.api.types.is_string_dtype(column)
    return [cell.ljust(width) if left else cell.rjust(width) for cell in (owner, word, *cells)]


# ---- the page ---------------------------------------------------------------------------------------------------------


def words(example: Example) -> set[str]:
    """The verbs, functions and quantities (`tranche.balance`) that an example itself writes."""
    deal = yaml().load(example.file())
    kinds = {name: kind for section, kind in OWNERS.items() for name in deal.get(section, ())}
    kinds |= {"pool": "pool", "payment": "payment", "index": "index", "schedule": "schedule"}
    found = set()
    for value in _inside(example.changes):
        if isinstance(value, Mapping):
            found |= VERBS.keys() & value.keys()
            continue
        try:
            expression = parse(value, DEAL_FUNCTIONS)
        except ExpressionError:
            continue
        found |= {f"{called}()" for called in _calls(expression)}
        dotted = (name.rpartition(".") for name in names(expression) if "." in name)
        found |= {f"{kinds.get(owner, owner)}.{word}" for owner, _, word in dotted}
    return found


def _inside(value: Any) -> Iterator[Any]:
    """Every text and every mapping in it."""
    if isinstance(value, Mapping):
        yield value
        for inner in value.values():
            yield from _inside(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _inside(inner)
    elif isinstance(value, str):
        yield value


def _calls(expression: Expression) -> Iterator[str]:
    if isinstance(expression, Call):
        if expression.function in DEAL_FUNCTIONS:
            yield expression.function
        for argument in expression.arguments:
            yield from _calls(argument)


def vocabulary() -> list[str]:
    """Every verb, function and quantity of the language."""
    quantities = [f"{kind}.{word}" for kind, found in QUANTITIES.items() for word in found]
    return [*VERBS, *(f"{function}()" for function in DEAL_FUNCTIONS), *quantities]


def contents(page: str) -> str:
    """Links to all headings."""
    headings = re.findall(r"^(##|###) (.+)$", page, flags=re.M)
    return "".join(f"{'' if level == '##' else '  '}- [{title}](#{anchor(title)})\n" for level, title in headings)


def index(these: list[Example]) -> str:
    """Each word of the language, and the examples that write it: its own first, then those that stand first on the page."""
    uses = [(example, words(example)) for example in these]
    rows = []
    for word in vocabulary():
        found = [example for example, written in uses if word in written]
        found.sort(key=lambda example: not _about(example, word))
        links = ", ".join(f"[{example.title}](#{example.name})" for example in found[:MOST_LINKS])
        rows.append(f"| `{word}` | {links} |\n")
    return "| word | examples |\n|---|---|\n" + "".join(rows)


def _about(example: Example, word: str) -> bool:
    """Whether a word has its own heading: `min and max` for min(), `Quantities of the pool` for pool.initial."""
    kind = word.partition(".")[0]
    if kind != word:
        return example.title.startswith("Quantities of") and kind in example.title.split()
    return word.removesuffix("()") in example.title.split(" and ")


def filled(page: str) -> str:
    """The page with outputs, contents and index as they are now."""
    these, parts = examples(page), HEADING.split(page)
    with tempfile.TemporaryDirectory() as folder:
        files = dict(zip((each.name for each in these), write(Path(folder), these), strict=True))
        for number, part in enumerate(parts):
            if (here := example(part)) is not None:
                parts[number] = SHOWN.sub(partial(_shown, clo.load_deal(files[here.name])), part)
    page = "".join(parts)
    made = {"contents": contents(page), "index": index(these)}
    return MADE.sub(lambda found: found[1] + made[found[2]] + found[4], page)


def _shown(deal: clo.Deal, found: re.Match[str]) -> str:
    return found[1] + output(clo.run(deal, scenario=found["scenario"] or "base"), found["what"]) + found[5]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", type=Path, metavar="FOLDER")
    folder = parser.parse_args().write
    text = PAGE.read_text(encoding="utf-8")
    if folder is None:
        PAGE.write_text(filled(text), encoding="utf-8")
    else:
        write(folder, examples(text))
