"""The terms of a deal as a table: every value with how it is known, published, derived or assumed."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from itertools import groupby
from typing import Any, NamedTuple

from clo.behaviour.joint import JointDefaults
from clo.deal.expansion import placed_steps
from clo.deal.families import members, written_pools
from clo.deal.known import weakest
from clo.deal.structures import WRITTEN
from clo.deal.terms import Deal, Mark, StepTerms
from clo.labels import WORDS, Lang, label, money, path_label
from clo.report.tables import Column, Marked, Table

SHARES = frozenset({
    "coupon", "rate", "pd", "correlation", "lgd", "issue_price", "cdr", "cumulative", "timing", "curves", "survival", "nearest",
    "roll_rates", "recovery", "recovery_timing", "recovery_cost", "rates", "cpr", "smm", "to", "prepayment_fee", "rate_cut",
    "share", "bankruptcy", "failure_to_pay", "restructuring", "substitution", "drawn_at_default", "shift", "performance",
    "margin", "floor", "cap", "add", "earns", "commitment_fee", "pay", "receive", "interest_on_unpaid", "price",
    "advance_rate", "dilution", "above", "fee", "interest_rate", "between", "market",
})  # fmt: skip
AMOUNTS = frozenset(
    {"size", "amount", "initial", "denomination", "obligors", "institutions", "limit", "up_to", "target", "amounts"}
)
ELSEWHERE = frozenset(
    {"format", "name", "name_ja", "sources", "published", "derived", "assumed", "waterfall", "macros", "closing"}
)
"""Parts of a deal that the page shows in a place of their own."""
LONGEST_LIST = 6
HOLDING = ("curves", "rates", "factors", "roll_rates", "amounts", "dilution", "correlation", "between")
"""What holds numbers by names of its own, and says how they are written."""


def terms_table(deal: Deal, lang: Lang) -> Table:
    """One row for each value that the deal file states, then one for each step of a waterfall spelled out."""
    written = WRITTEN.get(deal.structure or "", ())
    stated = deal.model_dump(exclude_unset=True, by_alias=True, exclude={*ELSEWHERE, *written})
    stated["pools"] = {name: pool.model_dump(exclude_unset=True, by_alias=True) for name, pool in written_pools(deal).items()}
    rows = [(path_label(path, lang), Marked(term_text(path, value), deal.mark(path)), path) for path, value in values_of(stated)]
    rows += [
        (
            " › ".join((f"{label(line.section, lang)} {line.number}", *(label(title, lang) for title in line.titles))),
            Marked(line.text, deal.mark("closing" if line.section == "at_closing" else "waterfall")),
            line.path,
        )
        for line in step_lines(deal, lang)
    ]
    return Table((Column("term"), Column("value"), Column("place")), tuple(rows))


def scenario_table(deal: Deal, name: str, resolved: Any, lang: Lang, overrides: Collection[str] = ()) -> Table:
    """The assumptions that a run used, with those of the scenarios it extends filled in, and how each is known.

    overrides: fields that are not the deal's own, which are assumed by who runs it.
    """
    rows = []
    given = resolved.model_dump(exclude_none=True, exclude={"extends"}) if resolved is not None else {}
    for key, value in given.items():
        marks = {scenario_mark(deal, name, path) for path, _ in values_of({key: value})}
        mark = marks.pop() if len(marks) == 1 else weakest(marks)
        mark = Mark("assumed", label("given_to_run", lang)) if key in overrides else mark
        rows.append((label(key, lang), Marked(term_text(key, value), mark)))
    return Table((Column("term"), Column("value")), tuple(rows))


def joint_table(deal: Deal, joint: JointDefaults, lang: Lang) -> Table:
    """The assumptions of a simulation, and how each is known; one that is not the deal's own is assumed by who simulates."""
    stated = {} if deal.simulation is None else deal.simulation.model_dump(exclude_none=True)
    rows = []
    for key, value in joint.model_dump(exclude_none=True).items():
        own = key not in stated or stated[key] != value
        for path, inner in values_of({key: value}):
            mark = Mark("assumed", label("given_to_simulation", lang)) if own else deal.mark(f"simulation.{path}")
            rows.append((path_label(path, lang), Marked(_worded(term_text(path, inner), lang), mark)))
    return Table((Column("term"), Column("value")), tuple(rows))


def _worded(text: str, lang: Lang) -> str:
    return label(text, lang) if text in WORDS else text


def scenario_mark(deal: Deal, name: str, path: str) -> Mark | None:
    """The mark where the value stands: in this scenario, or in the one it is taken from. path: `defaults.cumulative`."""
    key = re.split(r"[.\[]", path)[0]
    following: str | None = name
    while following in deal.scenarios:
        scenario = deal.scenarios[following]
        if key in scenario.model_fields_set or scenario.extends is None:
            return deal.mark(f"scenarios.{following}.{path}")
        following = scenario.extends
    return None


def term_text(path: str, value: Any) -> str:
    """A value of a deal as it reads well: shares as per cent, amounts with separators, long lists shortened."""
    if isinstance(value, Mapping):
        return " · ".join(f"{name} {term_text(f'{path}.{name}', inner)}" for name, inner in value.items())
    if isinstance(value, (list, tuple)):
        shown = [term_text(path, inner) for inner in value[:LONGEST_LIST]]
        return ", ".join(shown) + (f", … ({len(value)})" if len(value) > LONGEST_LIST else "")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        key = _written_as(path)
        if key in SHARES:
            return f"{value * 100:.6g}%"
        return money(float(value)) if key in AMOUNTS else f"{value:g}"
    return str(value)


def _written_as(path: str) -> str:
    """The key that says how a number is written: the last of its path, or what holds it where that is a word of the tape."""
    *above, key = (part.partition("[")[0] for part in path.split("."))
    if key == "other":
        return "factors" if "default_scale" in above else "curves"
    return next((part for part in above if part in HOLDING), key)


class StepLine(NamedTuple):
    """A step in one line, or several that differ only in the sub-pool of a family. number: `9`, or `9-13` of several."""

    section: str
    number: str
    titles: tuple[str, ...]
    text: str
    path: str


def step_lines(deal: Deal, lang: Lang) -> list[StepLine]:
    """What is settled at closing, then the steps of the waterfall."""
    lines = [
        StepLine("at_closing", str(number), (), step_text(step, lang), f"closing[{number - 1}]")
        for number, step in enumerate(deal.closing, start=1)
    ]
    lines += [
        StepLine("waterfall", str(placed.number), placed.titles, step_text(placed.step, lang), placed.path)
        for placed in placed_steps(deal)
    ]
    names = sorted((name for family in deal.families.values() for name in members(family)), key=len, reverse=True)
    if not names:
        return lines
    member = re.compile(rf"(?<![A-Za-z0-9])({'|'.join(names)})(?![A-Za-z0-9])")
    alike = [[*same] for _, same in groupby(lines, lambda line: (line.section, line.titles, member.sub("*", line.text)))]
    return [_together(same, member, lang) for same in alike]


def _together(same: list[StepLine], member: re.Pattern[str], lang: Lang) -> StepLine:
    """Lines that say the same of several sub-pools as one: that of the first, and for how many."""
    first, last = same[0], same[-1]
    named = member.findall(first.text)
    if first is last or not named:
        return first
    note = label("same_for_each", lang).format(count=len(same), name=named[-1])
    return first._replace(number=f"{first.number}-{last.number}", text=f"{first.text} · {note}")


def step_text(step: StepTerms, lang: Lang) -> str:
    """A step of the waterfall in one line."""
    plain = step.model_dump(exclude_unset=True, exclude_none=True, by_alias=True)
    words = [label(step.verb, lang)]
    if "kind" in plain:
        words.append(f"{label(plain.pop('kind'), lang)}: {', '.join(label(name, lang) for name in plain.pop('names'))}")
    for key, value in plain.items():
        if isinstance(value, Mapping):
            words += [f"{name} = {inner}" for name, inner in value.items()]
            continue
        several = value if isinstance(value, (list, tuple)) else (value,)
        text = ", ".join(label(str(inner), lang) if str(inner) in WORDS else str(inner) for inner in several)
        words.append(f"{label('amount_if' if key == 'if' else key, lang)}: {text}")
    return " · ".join(words)


def values_of(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Plain values and lists of plain values with their paths."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from values_of(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, (list, tuple)) and any(isinstance(inner, Mapping) for inner in value):
        for number, inner in enumerate(value):
            yield from values_of(inner, f"{path}[{number}]")
    elif value is not None:
        yield path, value
