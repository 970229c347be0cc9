"""Writes the tables of deals/README.md: each block after `<!-- deals: PATTERN -->` becomes a table of those deal files.

python docs/library.py
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from clo.deal.terms import Deal
from clo.files.deal import load_deal
from clo.labels import label

DEALS = Path(__file__).parents[1] / "deals"
PAGE = DEALS / "README.md"
BLOCK = re.compile(r"(<!-- deals: (.+?) -->\n)(.*?)(<!-- end -->)", flags=re.DOTALL)
HEAD = "| file | deal | type | month | institutions | firms | amount (bn) | published, or derived from what is |\n"
RULE = "|---|---|---|---|--:|--:|--:|---|\n"
WORDS = {
    "swap.deductible.share": "deductible in all",
    "dates.closing": "closing",
    "dates.legal_final": "legal final",
    "payments.frequency": "payment frequency",
    "principal": "order of redemption",
    "pools.own": "amount of the corporation's own loans",
    "scenarios.realised.defaults": "defaults of scenario realised",
    "scenarios.realised.recovery": "recovery of scenario realised",
    "swap.deductible.falls": "deductible not reduced",
    "swap.redeemed_at_end": "class C not reduced",
    "tranche_guarantees.class_c_guarantee": "guarantee of class C",
    "tranche_guarantees.loan_guarantee.share": "guaranteed share",
    "tranche_guarantees.loan_guarantee.fee": "fee of the guarantee",
}
"""How a marked value is called; figures stand in columns of their own, and values of a tranche are told together."""


def table(pattern: str) -> str:
    """One row for each deal file that has one of the names, such as `purchase-*, sba-2006`."""
    files = [file for name in pattern.split(", ") for file in sorted(DEALS.glob(f"{name}.yaml"))]
    return HEAD + RULE + "".join(row(file) for file in files)


def row(file: Path) -> str:
    deal = load_deal(file)
    of = deal.figures
    figures = [
        "" if of is None else of.month,
        "" if of is None or of.institutions is None else f"{of.institutions:,}",
        "" if of is None or of.obligors is None else f"{of.obligors:,}",
        "" if of is None or of.amount is None else f"{of.amount / 1e9:.1f}" if of.amount % 1e8 == 0 else f"{of.amount / 1e9:,}",
    ]
    cells = [f"[`{file.stem}`]({file.name})", f"{deal.name}<br>{deal.name_ja}", label(deal.structure or "waterfall"), *figures]
    return f"| {' | '.join([*cells, '; '.join(known(deal)) or 'in outline only'])} |\n"


def known(deal: Deal) -> Iterator[str]:
    """What else is marked published or derived, in few words: `closing`, `size of Senior, Mezzanine`."""
    of_tranches: dict[str, list[str]] = {}
    for path in (*deal.published, *deal.derived):
        section, _, rest = path.partition(".")
        name, _, field = rest.rpartition(".")
        if section == "tranches":
            of_tranches.setdefault(field, []).append(label(name))
        elif section != "figures":
            yield WORDS[path]
    for field, names in of_tranches.items():
        yield f"{field} of {', '.join(names)}"


def filled(page: str) -> str:
    """The page with every table as the deal files have it now."""
    return BLOCK.sub(lambda match: match[1] + table(match[2]) + match[4], page)


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
