"""The examples of docs/language.md: each is the base deal with a few keys changed, and the page shows what it prints.

python docs/examples.py                   runs every example and writes outputs, contents and index into the page
python docs/examples.py --write FOLDER    writes every example as a deal file, beside its tape, for `clo run`
"""

from __future__ import annotations

import io
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedSeq

import clo
from clo.deal.steps import VERBS
from clo.deal.verbs import PAY_KINDS
from clo.deal.vocabulary import OWNERS, QUANTITIES
from clo.expressions import DEAL_FUNCTIONS

PAGE = Path(__file__).with_name("language.md")
FILES = Path(__file__).with_name("examples")
HEADING = re.compile(r"^(?=##)", re.M)
TERMS = re.compile(r"^```yaml\n(.*?)^```$", re.M | re.S)
SHOWN = re.compile(r"(^Shown(?: in scenario `(\w+)`)?: ((?:[^\n]+\n)+)\n```text\n)(.*?)(^```$)", re.M | re.S)
MADE = re.compile(r"(<!-- (contents|index) -->\n)(.*?)(<!-- end -->)", re.S)
TABLES = ("tranches", "fees", "accounts", "facilities", "hedges", "ledgers")


@dataclass(frozen=True)
class Example:
    """A heading of the page with terms in YAML below it: what it changes of the base deal, and (scenario, what, output) shown."""

    title: str
    terms: str
    shown: tuple[tuple[str, str, str], ...]

    @property
    def name(self) -> str:
        return anchor(self.title)

    @property
    def changes(self) -> Mapping[str, Any]:
        return _yaml().load(self.terms) or {}

    def file(self) -> str:
        """The whole deal file."""
        deal = _base()
        own = [*deal["waterfall"]]
        for key, value in self.changes.items():
            if value is None:
                del deal[key]
            elif key == "waterfall":
                deal[key] = CommentedSeq(_written_out(value, own))
            elif isinstance(value, Mapping) and key in deal:
                deal[key] |= value
                for name in [name for name, entry in value.items() if entry is None]:
                    del deal[key][name]
            else:
                deal[key] = value
        deal["name"] = self.title
        deal.yaml_set_start_comment(f"An example of docs/language.md: {self.title}")
        del deal["assumed"]
        deal["assumed"] = CommentedSeq(key for key in deal if key not in ("format", "name"))
        deal["assumed"].fa.set_flow_style()
        written = io.StringIO()
        _yaml().dump(deal, written)
        return written.getvalue()


def _yaml() -> YAML:
    made = YAML()
    made.width = 140
    made.indent(mapping=2, sequence=4, offset=2)
    return made


def _base() -> Any:
    return _yaml().load((FILES / "base.yaml").read_text(encoding="utf-8"))


def _written_out(steps: list[Any], own: list[Any]) -> Iterator[Any]:
    """`base` stands for all steps of the base deal, `base: [collect, fee]` for some of them, also in a section."""
    for step in steps:
        if step == "base":
            yield from own
        elif "base" in step:
            wanted = step["base"] if isinstance(step["base"], list) else [step["base"]]
            called = [({*each} | {*each[verb]} & {*PAY_KINDS}, each) for each in own for verb in each]
            yield from (each for word in wanted for words, each in called if word in words)
        else:
            for branch in {"steps", "else"} & step.get("section", {}).keys():
                step["section"][branch] = CommentedSeq(_written_out(step["section"][branch], own))
            yield step


def anchor(title: str) -> str:
    """A heading as a link and as the name of a file."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def examples(page: str) -> list[Example]:
    """The examples of a page, in order."""
    parts = [(part.partition("\n")[0].removeprefix("### "), TERMS.search(part), part) for part in HEADING.split(page)]
    shown = [tuple((found[2] or "base", found[3], found[4]) for found in SHOWN.finditer(part)) for _, _, part in parts]
    return [Example(title, terms[1], told) for (title, terms, _), told in zip(parts, shown, strict=True) if terms]


def write(folder: Path, these: list[Example]) -> None:
    """Every example as a deal file, beside the tape and the curves."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in FILES.iterdir():
        shutil.copy(file, folder / file.name)
    for example in these:
        (folder / f"{example.name}.yaml").write_text(example.file(), encoding="utf-8")


def output(result: clo.Result, what: str) -> str:
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
    rows = zip(*(_cells(str(name), frame[name]) for name in frame), strict=True)
    return "".join(f"{'  '.join(row).rstrip()}\n" for row in rows if any(cell.strip() for cell in row))


def _column(result: clo.Result, name: str) -> pd.Series[Any]:
    """A column of a table of the run, `senior.closing`, or a name of the language, by payment date."""
    owner, _, word = name.rpartition(".")
    for frame in (getattr(result, table) for table in TABLES):
        own = frame[frame.iloc[:, 1] == owner]
        if word in own and len(own):
            return own[word].reset_index(drop=True)
    values = result.quantity(name).reset_index(drop=True)
    return values == 1.0 if name in result.deal.triggers else values


def _cells(name: str, column: pd.Series[Any]) -> list[str]:
    """A column under its name, owner above word; numbers with as many decimals as it needs."""
    owner, _, word = name.rpartition(".")
    if column.dtype == float:
        most = 2 if column.abs().max() >= 10 else 4
        rounded = column.round(most) + 0.0
        decimals = next(d for d in range(most + 1) if (abs(rounded - rounded.round(d)) < 1e-9).all())
        cells = [f"{value:,.{decimals}f}" for value in rounded]
    else:
        cells = [("yes" if value else "no") if column.dtype == bool else str(value) for value in column]
    width = max(len(cell) for cell in (owner, word, *cells))
    left = pd.api.types.is_string_dtype(column)
    return [cell.ljust(width) if left else cell.rjust(width) for cell in (owner, word, *cells)]


def words(example: Example) -> set[str]:
    """The verbs, functions and quantities (`tranche.balance`) that an example itself writes."""
    kinds = {"pool": "pool", "payment": "payment"}
    for terms in (_base(), example.changes):
        kinds |= {name: kind for section, kind in OWNERS.items() for name in terms.get(section, ())}
    found = {f"{kinds.get(owner)}.{word}" for owner, word in re.findall(r"\b(\w+)\.([a-z_]+)\b", example.terms)}
    found |= {f"{function}()" for function in re.findall(r"\b(\w+)\(", example.terms)}
    return found | set(re.findall(r"^ *- (\w+):", example.terms, flags=re.M))


def vocabulary() -> list[str]:
    """Every verb, function and quantity of the language."""
    quantities = [f"{kind}.{word}" for kind, found in QUANTITIES.items() for word in found]
    return [*VERBS, *(f"{function}()" for function in DEAL_FUNCTIONS), *quantities]


def contents(page: str) -> str:
    """Links to all headings."""
    headings = re.findall(r"^##(#?) (.+)$", page, flags=re.M)
    return "".join(f"{'  ' if below else ''}- [{title}](#{anchor(title)})\n" for below, title in headings)


def index(these: list[Example]) -> str:
    """Each word of the language, and the examples that write it: those that name it in their title first."""
    written = [(example, words(example)) for example in these]
    rows = ["| word | examples |\n|---|---|\n"]
    for word in vocabulary():
        about = word.partition(".")[0].removesuffix("()")
        found = sorted((e for e, its in written if word in its), key=lambda e: about not in e.title.split())
        rows.append(f"| `{word}` | {', '.join(f'[{e.title}](#{e.name})' for e in found[:4])} |\n")
    return "".join(rows)


def filled(page: str) -> str:
    """The page with outputs, contents and index as they are now."""
    these, parts = examples(page), HEADING.split(page)
    made = {"contents": contents(page), "index": index(these)}
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), these)
        for number, part in enumerate(parts):
            for example in examples(part):  # one, or none
                deal = clo.load_deal(Path(folder) / f"{example.name}.yaml")

                def shown(found: re.Match[str], deal: clo.Deal = deal) -> str:
                    return found[1] + output(clo.run(deal, scenario=found[2] or "base"), found[3]) + found[5]

                parts[number] = SHOWN.sub(shown, part)
    return MADE.sub(lambda found: found[1] + made[found[2]] + found[4], "".join(parts))


if __name__ == "__main__":
    text = PAGE.read_text(encoding="utf-8")
    if sys.argv[1:2] == ["--write"]:
        write(Path(sys.argv[2]), examples(text))
    else:
        PAGE.write_text(filled(text), encoding="utf-8")
