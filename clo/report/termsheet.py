"""The term sheet of a deal: what is agreed, and of each value how it is known. Made from the terms alone, no loan is read."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from clo.analytics.enhancement import attachment_points
from clo.deal.backing import published_sizes, stated_sizes
from clo.deal.families import members, written_pools
from clo.deal.known import figure_mark, size_mark, structure_marks, weakest
from clo.deal.terms import NAMED, Deal, Mark
from clo.labels import NONE, WORDS, Lang, label, money, party, path_label, short_money
from clo.plots.style import PALETTE
from clo.report.html import page_text
from clo.report.tables import Marked, Table, structure_table
from clo.report.terms import scenario_mark, step_lines, term_text, terms_table, values_of

KINDS = ("published", "derived", "assumed")
"""How a value may be known, best first."""
FIGURES = ("month", "institutions", "obligors", "amount")
KEY_DATES = ("closing", "legal_final")
IN_PLACES_OF_THEIR_OWN = frozenset({"figures", "scenarios", "tranches"})
PAYMENT_TERMS = frozenset({"dates", "payments", "day_count", "rounding", "structure", "principal", "currency", "backing"})
IN_THE_STRUCTURE = frozenset({"size", "coupon", "holder"})
AT_CLOSING = {"at_closing": ("at_closing",)}
COMPUTED = ("share", "attachment", "detachment")


class Known(NamedTuple):
    """How many values of a deal file are published, derived and assumed; of how many of its tranches the size is published."""

    published: int
    derived: int
    assumed: int
    sizes: int
    tranches: int

    @property
    def outline(self) -> bool:
        """Whether no size of a tranche is published."""
        return self.sizes == 0


class Value(NamedTuple):
    """A value of an entry: the word for it, its text and how it is known."""

    word: str
    text: str
    mark: Mark | None


class Entry(NamedTuple):
    """What a line of the sheet shows: a name and its values."""

    name: str
    values: list[Value]


def termsheet(deal: Deal, lang: Lang = "en") -> str:
    """The sheet as HTML text: self-contained, without script. Works for a deal that cannot be run."""
    sizes, pool = stated_sizes(deal)
    entries = _entries(deal, lang)
    return page_text(
        "termsheet.html.j2",
        lang,
        sources=deal.sources,
        styles=("termsheet.css",),
        deal=deal,
        title=deal.name_ja if lang == "ja" and deal.name_ja else deal.name,
        subtitle=deal.name if lang == "ja" else deal.name_ja,
        kinds=KINDS,
        known=known(deal),
        numbers={name: number for number, name in enumerate(deal.sources, start=1)},
        figures=_figures(deal, lang),
        structure=_structure(deal, sizes, pool),
        layers=_layers(deal, sizes, pool),
        rest=_rest(deal, sizes, lang),
        order=label("order_assumed", lang) if deal.order_assumed else "",
        parties=_parties(deal, lang),
        payment_terms=_section(entries, PAYMENT_TERMS),
        tranche_terms=entries.get("tranches", []),
        sections={name: lines for name, lines in entries.items() if name not in (*PAYMENT_TERMS, *IN_PLACES_OF_THEIR_OWN)},
        steps=[
            (" › ".join(label(title, lang) for title in (*AT_CLOSING.get(line.section, ()), *line.titles)), line.text)
            for line in step_lines(deal, lang)
        ],
        steps_note=_steps_note(deal, lang),
        steps_mark=deal.mark("waterfall"),
        scenarios=[Entry(label(name, lang), _assumptions(deal, name, lang)) for name in deal.scenarios],
        derived=[(path_label(path, lang), formula) for path, formula in deal.derived.items()],
    )


def known(deal: Deal) -> Known:
    """What is known of the values that the deal file states; a list counts once, steps of the waterfall do not."""
    counts = Counter(
        value.mark.kind
        for _, value, place in terms_table(deal, "en").rows
        if value.mark is not None and not place.startswith(("waterfall", "macros", "closing"))
    )
    by_kind = {kind: counts[kind] for kind in KINDS}
    return Known(**by_kind, sizes=len(published_sizes(deal)), tranches=len(deal.tranches))


# ---- capital structure ----------------------------------------------------------------------------------------------


def _structure(deal: Deal, sizes: dict[str, float], pool: float) -> Table:
    """The capital structure with a mark on every cell; what is computed is known no better than what it rests on."""
    table = structure_table(deal, sizes, pool)
    keys = [column.key for column in table.columns]
    own = [size_mark(deal, name) for name in deal.tranches]
    stated = deal.figures is not None and deal.figures.amount is not None
    takes_rest = any(tranche.size == "rest" for tranche in deal.tranches.values())
    whole = [figure_mark(deal, "amount")] if stated or takes_rest else own
    marks = structure_marks(deal, whole)
    rows = [
        tuple(_with_mark(value, marks[name].get(key)) for key, value in zip(keys, row, strict=True))
        for name, row in zip(deal.tranches, table.rows[:-1], strict=True)
    ]
    total = [
        _with_mark(value, weakest(whole) if key == "size" else None) for key, value in zip(keys, table.rows[-1], strict=True)
    ]
    return Table(table.columns, (*rows, tuple(total)), totals=1)


def _with_mark(value: Any, mark: Mark | None) -> Any:
    """The value with the mark in place of its own; without one where there is nothing that could be known."""
    bare, chosen = (value.value, mark or value.mark) if isinstance(value, Marked) else (value, mark)
    nothing = bare is None or (isinstance(bare, float) and math.isnan(bare))
    return bare if nothing or chosen is None else Marked(bare, chosen)


def _layers(deal: Deal, sizes: dict[str, float], pool: float) -> list[dict[str, Any]]:
    """The tranches as a bar, senior first: colour, width in per cent; none where sizes are not known."""
    points = attachment_points([sizes[name] for name in deal.tranches], pool)
    published = published_sizes(deal)
    layers = []
    for number, (name, (attachment, detachment)) in enumerate(zip(deal.tranches, points, strict=True)):
        if math.isnan(detachment - attachment):
            return []
        width, colour = f"{100.0 * (detachment - attachment):.3f}", PALETTE[number % len(PALETTE)]
        layers.append({"colour": colour, "width": width, "published": name in published})
    return layers


def _rest(deal: Deal, sizes: dict[str, float], lang: Lang) -> str:
    """A sentence on the tranche that takes the rest; nothing where none does."""
    for name, tranche in deal.tranches.items():
        if tranche.size == "rest":
            key = "rest_not_known" if math.isnan(sizes[name]) else "rest_of_amount"
            return label(key, lang).format(tranche=label(name, lang))
    return ""


# ---- lines ----------------------------------------------------------------------------------------------------------


def _entries(deal: Deal, lang: Lang) -> dict[str, list[Entry]]:
    """Every value of the deal file by section and entry; an entry of which nothing is said has its name alone."""
    found: dict[str, dict[str, list[Value]]] = {
        section: {name: [] for name in (written_pools(deal) if section == "pools" else getattr(deal, section))}
        for section in NAMED
        if section != "tranches" and getattr(deal, section)
    }
    for _, value, place in terms_table(deal, lang).rows:
        section, *rest = place.split(".")
        if section.partition("[")[0] in ("waterfall", "macros", "assertions", "closing"):
            continue
        if section == "tranches" and len(rest) == 2 and rest[1] in IN_THE_STRUCTURE:
            continue
        entry, parts = (rest[0], rest[1:]) if len(rest) > 1 else ("", rest or [section])
        words = [label(f"date_{part}" if section == "dates" and f"date_{part}" in WORDS else part, lang) for part in parts]
        found.setdefault(section, {}).setdefault(entry, []).append(Value(" › ".join(words), _said(value.value, lang), value.mark))
    return {section: [Entry(label(name, lang), values) for name, values in named.items()] for section, named in found.items()}


def _section(entries: dict[str, list[Entry]], names: frozenset[str]) -> list[Value]:
    return [value for name, lines in entries.items() if name in names for line in lines for value in line.values]


def _said(text: str, lang: Lang) -> str:
    """A value in the words of the language, where it is one of the format's."""
    return label({"true": "yes", "false": "no"}.get(text, text), lang) if text in WORDS or text in ("true", "false") else text


def _assumptions(deal: Deal, scenario: str, lang: Lang) -> list[Value]:
    """Every value that a run under the scenario takes, those of the scenarios it extends included."""
    given = deal.scenario(scenario).model_dump(exclude_none=True, exclude={"extends"}, by_alias=True)
    return [
        Value(path_label(path, lang), _said(term_text(path, value), lang), scenario_mark(deal, scenario, path))
        for path, value in values_of(given)
    ]


def _figures(deal: Deal, lang: Lang) -> list[tuple[Value, str]]:
    """The row of the issuance table, with a dash for what it does not say, and key dates; beside an amount, it in full."""
    found = []
    for key in FIGURES if deal.figures is not None else ():
        value = getattr(deal.figures, key)
        amount = key == "amount" and value is not None
        text = NONE if value is None else value if key == "month" else money(value)
        shown = Value(label(key, lang), short_money(value, deal.currency, lang) if amount else text, None)
        found.append((shown._replace(mark=None if value is None else deal.mark(f"figures.{key}")), text if amount else ""))
    for key in KEY_DATES:
        found.append((Value(label(f"date_{key}", lang), str(getattr(deal.dates, key)), deal.mark(f"dates.{key}")), ""))
    return found


def _parties(deal: Deal, lang: Lang) -> list[Entry]:
    """Everybody whom the terms name, and what they do."""
    found: dict[str, list[Value]] = {}
    for who, role, what, path in _roles(deal):
        found.setdefault(who, []).append(Value(label(role, lang), label(what, lang), deal.mark(path)))
    return [Entry(party(who, lang), values) for who, values in found.items()]


def _roles(deal: Deal) -> Iterator[tuple[str, str, str, str]]:
    """Who, in which role, of what, and where the deal says so."""
    for name, tranche in deal.tranches.items():
        yield tranche.holder, "holder", name, f"tranches.{name}.holder"
    for name, pool in written_pools(deal).items():
        yield deal.seller(members(pool)[0] if pool.of else name), "originator", name, f"pools.{name}.seller"
    for name, fee in deal.fees.items():
        yield fee.payee or name, "fee", name, f"fees.{name}.payee"
    for name, facility in deal.facilities.items():
        yield facility.provider, "facility", name, f"facilities.{name}.provider"
    for name, hedge in deal.hedges.items():
        yield hedge.counterparty, "hedge", name, f"hedges.{name}.counterparty"
    for name, account in deal.accounts.items():
        if "bank" in account.model_fields_set:
            yield account.bank, "bank", name, f"accounts.{name}.bank"


def _steps_note(deal: Deal, lang: Lang) -> str:
    if deal.structure is None:
        return label("steps_spelled_out", lang)
    return label("steps_by_structure", lang).format(structure=label(deal.structure, lang))
