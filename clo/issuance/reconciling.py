"""reconcile: every published figure against the library, the totals, and what the published tables must add up to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from clo.deal.terms import Deal
from clo.findings import Finding, InputError, nearest
from clo.issuance.comparison import Comparison, comparison_frame
from clo.issuance.deals import absent, compared
from clo.issuance.model import Model, modelled
from clo.issuance.published import Published, published_deals, published_tranches
from clo.issuance.totals import totals
from clo.reference import Tables, identity_checks, packaged


@dataclass(frozen=True)
class Reconciliation:
    """deals: one row for each published figure of a deal; totals: of several together; tables: what the published tables
    must add up to in themselves (empty where only some deals were asked for)."""

    deals: pd.DataFrame
    totals: pd.DataFrame
    tables: pd.DataFrame

    @cached_property
    def failed(self) -> pd.DataFrame:
        """The gating rows of deals and totals that do not agree."""
        rows = pd.concat([self.deals, self.totals], ignore_index=True)
        return rows[rows["gating"] & ~rows["ok"]].reset_index(drop=True)

    @property
    def ok(self) -> bool:
        return self.failed.empty and bool(self.tables["ok"].all())

    def _repr_html_(self) -> str:
        verdict = "reconciles" if self.ok else "DOES NOT RECONCILE"
        figures, identities = len(self.deals) + len(self.totals), len(self.tables)
        head = f"<p><b>{verdict}</b>: {figures:,} figures, {identities:,} identities</p>"
        return head + (self.deals if self.ok else self.failed).to_html(index=False)


def reconcile(deals: Mapping[str, Deal], tables: Tables | None = None, *, only: bool = False) -> Reconciliation:
    """Published against model, for each deal by its name in the library and for all together.

    tables: the published tables, those of the package unless given. only: just these deals, without totals, identities and
    the question whether every published deal has a file; then each must be a published one.
    Raises InputError with every finding where a deal or its tape cannot be used, or where a name is not published.
    """
    chosen = tables or packaged()
    published, tranches = published_deals(chosen), published_tranches(chosen)
    if only:
        _require(deals, published)
    models = _models({name: deal for name, deal in deals.items() if name in published})
    rows: list[Comparison] = []
    for name, printed in published.items():
        if name in models:
            rows += compared(name, models[name], printed, tranches.get(name, ()))
        elif not only and _expected(printed):
            rows.append(absent(printed))
    together = [] if only else list(totals(models, published, chosen))
    inside = identity_checks(chosen)
    return Reconciliation(comparison_frame(rows), comparison_frame(together), inside.iloc[:0] if only else inside)


def _expected(published: Published) -> bool:
    """Whether the library holds a file of the deal: all of the issuance table, and each Clover with its three figures printed."""
    known = (published.amount, published.obligors, published.institutions)
    return published.type not in ("clover", "comparable") or (published.type == "clover" and None not in known)


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


def _models(deals: Mapping[str, Deal]) -> dict[str, Model]:
    models: dict[str, Model] = {}
    wrong: list[Finding] = []
    for name, deal in deals.items():
        try:
            models[name] = modelled(deal)
        except InputError as error:
            wrong += error.findings
    if wrong:
        raise InputError(wrong)
    return models
