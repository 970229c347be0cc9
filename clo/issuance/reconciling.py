"""reconcile: every published figure against the library, the totals, and what the published tables must add up to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

import pandas as pd

from clo.deal.terms import Deal
from clo.findings import Finding, InputError, nearest
from clo.issuance.comparison import Comparison, Known, comparison_frame
from clo.issuance.deals import absent, compared
from clo.issuance.model import Model, modelled
from clo.issuance.published import Published, PublishedTranche, published_deals, published_tranches
from clo.issuance.totals import totals
from clo.reference import Tables, identity_checks, packaged

NOT_HELD = MappingProxyType({
    "santoshi-2009": "a comparable of other cities, known by its notes only: neither pool nor firms are printed",
    "cbo-wakaba": "No. 1 or No. 2 of the synthetic CBOs, which of them is not established",
})  # fmt: skip
"""Deals of the table of tranches that the library has no file of, and why."""

PUBLISHED_IN = "JPY"
"""The currency of every amount in the published tables."""


@dataclass(frozen=True)
class Reconciliation:
    """deals: one row for each figure of a deal that is published, or follows from what is; totals: of several together; tables:
    what the published tables must add up to in themselves (empty where only some deals were asked for). refused: deals that
    cannot be used, which count as absent, and why."""

    deals: pd.DataFrame
    totals: pd.DataFrame
    tables: pd.DataFrame
    refused: Mapping[str, tuple[Finding, ...]] = field(default_factory=dict, repr=False)

    @cached_property
    def failed(self) -> pd.DataFrame:
        """The gating rows of deals and totals that do not agree."""
        rows = pd.concat([self.deals, self.totals], ignore_index=True)
        return rows[rows["gating"] & ~rows["ok"]].reset_index(drop=True)

    @property
    def ok(self) -> bool:
        return not self.refused and self.failed.empty and bool(self.tables["ok"].all())

    @property
    def counts(self) -> dict[Known, int]:
        """How many figures are compared, by how they are known."""
        known = pd.concat([self.deals["known"], self.totals["known"]])
        return {kind: int((known == kind).sum()) for kind in ("published", "derived")}

    def _repr_html_(self) -> str:
        verdict, counts = "reconciles" if self.ok else "DOES NOT RECONCILE", self.counts
        told = f"{counts['published']:,} published and {counts['derived']:,} derived figures, {len(self.tables):,} identities"
        if self.refused:
            told += f"; cannot be used: {', '.join(self.refused)}"
        return f"<p><b>{verdict}</b>: {told}</p>" + (self.deals if self.ok else self.failed).to_html(index=False)


def reconcile(deals: Mapping[str, Deal], tables: Tables | None = None, *, only: bool = False) -> Reconciliation:
    """Published against model, for each deal by its name in the library and for all together.

    tables: the published tables, those of the package unless given. only: just these deals, without totals, identities and
    the question whether every published deal has a file; then each must be a published one. A deal whose tape cannot be used
    is refused, and the others are reconciled.
    Raises InputError with every finding where a name is not published, and where the tables cannot be used.
    """
    chosen = tables or packaged()
    inside = identity_checks(chosen)
    published, tranches = published_deals(chosen), published_tranches(chosen)
    if only:
        _require(deals, published)
    models, refused = _models({name: deal for name, deal in deals.items() if name in published})
    rows: list[Comparison] = []
    for name, printed in published.items():
        if name in models:
            rows += compared(name, models[name], printed, tranches.get(name, ()))
        elif name in refused or (not only and _expected(printed, tranches.get(name, ()))):
            rows.append(absent(printed))
    together = [] if only else list(totals(models, published, chosen))
    return Reconciliation(comparison_frame(rows), comparison_frame(together), inside.iloc[:0] if only else inside, refused)


def _expected(published: Published, tranches: Sequence[PublishedTranche]) -> bool:
    """Whether the library holds a file of the deal: of each whose firms and amount are printed, or the amount of a tranche."""
    known = (published.obligors is not None and published.amount is not None) or any(one.amount is not None for one in tranches)
    return known and published.name not in NOT_HELD


def _require(deals: Mapping[str, Deal], published: Mapping[str, Published]) -> None:
    rule = "a deal is reconciled with what is published of it, by the name of its file"
    wrong = []
    for name in deals:
        if name not in published:
            near = nearest(name, published)
            fix = f"did you mean {near!r}?" if near else "`clo reference issuance` lists the deals"
            wrong.append(Finding("E-N010", "error", f"nothing is published of a deal named {name!r}", rule, fix, value=name))
    if wrong:
        raise InputError(wrong)


def _models(deals: Mapping[str, Deal]) -> tuple[dict[str, Model], dict[str, tuple[Finding, ...]]]:
    """The deals with their loans counted, and what is wrong with those of which it cannot be done."""
    models: dict[str, Model] = {}
    refused: dict[str, tuple[Finding, ...]] = {}
    for name, deal in deals.items():
        if deal.currency != PUBLISHED_IN:
            message = f"the deal is in {deal.currency}, and what is published of it is in {PUBLISHED_IN}"
            fix = f"write currency: {PUBLISHED_IN}, if the loans are in it"
            rule = "a deal is in the currency in which it is published"
            refused[name] = (deal.origin.finding("E-N015", "currency", message, fix, rule=rule, value=deal.currency),)
            continue
        try:
            models[name] = modelled(deal)
        except InputError as error:
            refused[name] = error.findings
    return models, refused
