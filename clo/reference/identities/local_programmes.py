"""Guarantee programmes of local governments: how many each association has, and their lending rates. Counts: no rounding."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from clo.reference.identities.rows import Rows, known
from clo.reference.identities.rule import Identity, Read

LAST = 21
"""The place of a row of lending_rates that counts programmes without a prescribed rate."""
ACROSS = "prefectural + municipal = total"

Counts = Mapping[tuple[Any, ...], float]


def identities(read: Read) -> Iterator[Identity]:
    rows, names = read("local_programmes").to_dict("records"), {}
    counts = Rows("local_programmes", ())
    for row in rows:
        names[row["number"]] = f"{row['number']} {row['name_ja']}"
        counts[row["number"], row["level"], row["fiscal_year"]] = float(row["programmes"]) if known(row["programmes"]) else 0.0
    printed = read("local_programmes_totals").to_dict("records")
    totals = Rows("local_programmes_totals", (((row["level"], row["fiscal_year"]), float(row["programmes"])) for row in printed))
    yield from _levels(counts, names)
    yield from _totals(counts, totals)
    yield from _lending_rates(read, counts)


def _levels(counts: Counts, names: Mapping[int, str]) -> Iterator[Identity]:
    for (number, level, year), printed in counts.items():
        if level == "total":
            computed = counts[number, "prefectural", year] + counts[number, "municipal", year]
            yield Identity("local_programmes", f"{names[number]} FY{year}", ACROSS, printed, computed, 0.0)


def _totals(counts: Counts, totals: Counts) -> Iterator[Identity]:
    for (level, year), printed in totals.items():
        row, computed = f"{level} FY{year}", sum(count for key, count in counts.items() if key[1:] == (level, year))
        yield Identity("local_programmes_totals", row, "sum of associations = total", printed, computed, 0.0)
        if level == "total":
            computed = totals["prefectural", year] + totals["municipal", year]
            yield Identity("local_programmes_totals", row, ACROSS, printed, computed, 0.0)


def _lending_rates(read: Read, counts: Counts) -> Iterator[Identity]:
    """Whatever the headings of its cells, a row sums to the programmes with a prescribed rate; its last cell counts the others.

    Both together are the programmes of FY2003: of the prefecture or, for a city's association, of the city.
    """
    cells = read("lending_rates").to_dict("records")
    for row in read("lending_rate_restrictions").to_dict("records"):
        number, label = row["number"], f"{row['number']} {row['name_ja']}"
        own = [(cell["position"] == LAST, cell["programmes"]) for cell in cells if cell["number"] == number]
        prescribed, free = (sum(count for last, count in own if last is wanted) for wanted in (False, True))
        programmes = counts[number, "prefectural", 2003] or counts[number, "municipal", 2003]
        checks = (
            ("cells of the row = programmes with a prescribed rate", row["restricted"], prescribed),
            ("last cell = programmes without one", row["unrestricted"], free),
            ("with and without = programmes of FY2003", row["restricted"] + row["unrestricted"], programmes),
        )
        for rule, printed, computed in checks:
            yield Identity("lending_rate_restrictions", label, rule, float(printed), float(computed), 0.0)
