"""The library agrees with what is published of it; a digit changed in a deal file or in a table is found and named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from held_library import DEALS, PUBLISHED, TRANCHES, Changed, failing, library, models, of_deal, other_digits, reconciliation

import clo
from clo.findings import InputError
from clo.issuance.comparison import comparison_frame
from clo.issuance.reconciling import NOT_HELD
from clo.issuance.totals import totals
from clo.reference import packaged
from clo.waterfall.binding import tranche_sizes

# ---- as it stands ---------------------------------------------------------------------------------------------------


def test_the_library_reconciles() -> None:
    found = reconciliation()
    assert found.failed.empty, found.failed
    assert found.ok, found.tables[~found.tables["ok"]]


def test_every_deal_of_the_issuance_table_and_every_clover_with_three_figures_is_compared() -> None:
    compared_deals = set(reconciliation().deals["deal"])
    assert {f"purchase-{number:02d}" for number in range(1, 12)} <= compared_deals
    assert {f"guarantee-{number:02d}" for number in range(1, 7)} | {"cbo-01", "cbo-02"} <= compared_deals
    assert {f"clover-{year}" for year in (2011, 2016, 2017, 2020, 2021, 2023, 2024)} <= compared_deals
    assert {"purchase-2008-03", "wide-area-cbo-2006", "tokyo-4-a", "tokyo-4-b", "tokyo-4-c"} <= compared_deals


@pytest.mark.parametrize(
    ("type_", "deals", "obligors", "participations", "amount"),
    [
        ("purchase", 11, 4_648, 126, 129.7),
        ("guarantee", 6, 2_308, None, 94.4),
        ("synthetic_cbo", 2, 694, None, 44.4),
        ("all", 19, 7_650, None, 268.5),
    ],
)
def test_totals_are_those_of_the_issue(type_: str, deals: int, obligors: int, participations: int | None, amount: float) -> None:
    rows = reconciliation().totals.set_index("deal").loc[f"total.{type_}"].set_index("item")
    assert rows.loc["deals", "modelled"] == deals
    assert rows.loc["obligors", ["published", "stated", "modelled"]].tolist() == [obligors] * 3
    if participations is not None:
        assert rows.loc["participations", ["published", "stated", "modelled"]].tolist() == [participations] * 3
    assert rows.loc["amount", "published"] == pytest.approx(amount * 1e9)
    assert abs(rows.loc["amount", "difference"]) <= rows.loc["amount", "bound"] == pytest.approx((deals + 1) * 0.05e9)


def test_fiscal_2006_without_own_loans() -> None:
    rows = reconciliation().totals.set_index(["deal", "item"])
    purchases = rows.loc[("results.fy2006", "purchase_type")]
    assert (purchases["published"], purchases["modelled"]) == pytest.approx((38.8e9, 38.9e9))
    assert purchases["bound"] == pytest.approx(0.25e9 - 0.0)
    assert rows.loc[("results.fy2006", "loans_of_which_synthetic_cbo"), "modelled"] == pytest.approx(9.4e9)
    assert rows.loc[("results.fy2006", "guarantee_type"), "modelled"] == pytest.approx(11.2e9)


def test_the_report_of_2015_is_shown_and_gates_nothing() -> None:
    rows = reconciliation().totals.set_index("deal").loc["study_group.2015"].set_index("item")
    assert rows["published"].tolist() == [7_439, 218.9e9]
    assert not rows["gating"].any()
    assert not rows["ok"].any()


def test_attachment_points_of_the_stacks_that_are_known() -> None:
    deals = reconciliation().deals.set_index(["deal", "item"])["modelled"]
    known = {"clover-2011": (39.52, 21.10, 15.50), "clover-2017": (47.96, 12.21, 3.67)}
    for deal, points in known.items():
        found = [deals[(deal, f"attachment.class_{letter}")] for letter in "abc"]
        assert found == pytest.approx(points, abs=0.02)


# ---- a digit changed ------------------------------------------------------------------------------------------------

FIGURES = [
    pytest.param(name, field, id=f"{name}-{field}")
    for name in PUBLISHED
    for field in ("month", "institutions", "obligors", "amount")
    if (DEALS / f"{name}.yaml").exists() and (field == "month" or getattr(PUBLISHED[name], field) is not None)
]


@pytest.mark.parametrize(("name", "field"), FIGURES)
def test_a_digit_of_a_figure_changed_in_the_file_is_named(name: str, field: str) -> None:
    model = models()[name]
    figures = model.deal.figures
    assert figures is not None
    value = getattr(figures, field)
    for text in other_digits(value if field == "month" else str(int(value))):
        changed: Any = text if field == "month" else int(text)
        if field == "month" and not 1 <= int(text[5:]) <= 12:
            continue  # no month, which the file is refused for
        deal = model.deal.model_copy(update={"figures": figures.model_copy(update={field: changed})})
        assert f"{name} {field}" in of_deal(name, model=replace(model, deal=deal))


SIZES = [
    pytest.param(name, row.tranche, id=f"{name}-{row.tranche}")
    for name, rows in TRANCHES.items()
    if (DEALS / f"{name}.yaml").exists()
    for row in rows
    if row.amount is not None and not row.derived and row.tranche != "notes"
]


@pytest.mark.parametrize(("name", "tranche"), SIZES)
def test_a_digit_of_a_tranche_changed_in_the_file_is_named(name: str, tranche: str) -> None:
    model = models()[name]
    terms = model.deal.tranches[tranche]
    assert terms.size != "rest"
    for text in other_digits(str(int(terms.size))):
        changed = {**model.deal.tranches, tranche: terms.model_copy(update={"size": float(text)})}
        sizes = {**model.sizes, tranche: float(text)}
        deal = model.deal.model_copy(update={"tranches": changed})
        assert f"{name} tranche.{tranche}" in of_deal(name, model=replace(model, deal=deal, sizes=sizes))


def _cells(table: str, columns: tuple[str, ...]) -> Iterator[Any]:
    frame = packaged().table(table)
    names = frame.get("deal")
    for row in frame.index:
        for column in columns:
            if names is not None and not (DEALS / f"{names[row]}.yaml").exists():
                continue
            if not pd.isna(frame.loc[row, column]):
                yield pytest.param(table, row, column, id=f"{table}-{row}-{column}")


@pytest.mark.parametrize(
    ("table", "row", "column"),
    [
        *_cells("issuance", ("month", "banks", "smes", "amount_bn_jpy")),
        *_cells("clover", ("institutions", "smes", "pool_bn_jpy")),
        *_cells("tranches", ("amount_jpy",)),
    ],
)
def test_a_digit_changed_in_a_table_is_named(table: str, row: int, column: str) -> None:
    frame = packaged().table(table)
    value, count = frame.loc[row, column], column in ("banks", "smes", "institutions")
    text = str(value) if column == "month" or count else f"{value:.15g}"
    name = str(frame.loc[row, "deal"]) if "deal" in frame else list(PUBLISHED)[row]
    for changed in other_digits(text):
        if column == "month" and not 1 <= int(changed[5:]) <= 12:
            continue  # no month, which the table is refused for
        cell: Any = changed if column == "month" else int(changed) if count else float(changed)
        assert of_deal(name, Changed(table, row, column, cell)), f"{value} as {changed}"


@pytest.mark.parametrize("type_", ["purchase", "guarantee", "synthetic_cbo", "all"])
@pytest.mark.parametrize("column", ["smes", "amount_bn_jpy"])
def test_a_printed_total_changed_beyond_its_bound_is_named(type_: str, column: str) -> None:
    frame = packaged().table("issuance_totals")
    row = int(frame.index[frame["type"] == type_][0])
    value = frame.loc[row, column]
    rows = comparison_frame(totals(models(), PUBLISHED, packaged())).set_index(["deal", "item"])
    item = "obligors" if column == "smes" else "amount"
    bound = float(rows.loc[(f"total.{type_}", item), "bound"])
    off = 1 if column == "smes" else round(bound / 1e9 + 0.2, 1)
    changed: Any = int(value) + off if column == "smes" else float(value) + off
    assert f"total.{type_} {item}" in failing(totals(models(), PUBLISHED, Changed("issuance_totals", row, column, changed)))


# ---- what cannot be compared ----------------------------------------------------------------------------------------


def test_a_published_deal_without_a_file_fails_and_is_named() -> None:
    gone = ("purchase-03", "clover-2016", "purchase-2008-03", "tokyo-4-b", "wide-area-cbo-2006")
    found = clo.reconcile({name: deal for name, deal in library().items() if name not in gone})
    assert not found.ok
    missing = found.failed[found.failed["item"] == "deal_file"]
    assert missing["deal"].tolist() == list(gone)
    assert "total.purchase" in set(found.failed["deal"])


def test_every_deal_with_a_figure_has_a_file_but_those_that_are_not_held_for_a_reason() -> None:
    missing = clo.reconcile({}).deals
    assert set(missing["item"]) == {"deal_file"}
    assert set(missing["deal"]) == {name for name in library() if name in PUBLISHED}
    assert set(NOT_HELD) <= set(packaged().table("tranches")["deal"]) - set(library())


def test_only_some_deals_leave_totals_and_tables_out() -> None:
    found = clo.reconcile({"purchase-05": library()["purchase-05"]}, only=True)
    assert found.ok
    assert found.totals.empty
    assert found.tables.empty
    assert set(found.deals["deal"]) == {"purchase-05"}


def test_a_deal_of_which_nothing_is_published_is_refused_by_name() -> None:
    with pytest.raises(InputError) as caught:
        clo.reconcile({"purchase-50": library()["purchase-05"], "sba-2006": library()["sba-2006"]}, only=True)
    codes = [(finding.code, finding.value) for finding in caught.value.findings]
    assert codes == [("E-N010", "purchase-50"), ("E-N010", "sba-2006")]
    assert "did you mean 'purchase-" in caught.value.findings[0].fix


def test_a_tape_that_misses_its_published_totals_is_named() -> None:
    deal = library()["purchase-01"]
    load = deal._load_tape
    assert load is not None
    tape = load("tapes/purchase-01.parquet")
    short = tape.where("loan_id != 'BANK-01-0001'")
    assert len(short) == len(tape) - 1
    deal = deal.model_copy()
    deal._load_tape = lambda _: short
    found = clo.reconcile({"purchase-01": deal}, only=True)
    assert set(found.failed["item"]) == {"obligors", "amount"}


def test_a_deal_whose_tape_cannot_be_used_is_refused_and_the_others_are_reconciled() -> None:
    def load(_: str) -> Any:
        raise FileNotFoundError(2, "no such file", "tapes/purchase-01.parquet")

    deal = library()["purchase-01"].model_copy()
    deal._load_tape = load
    found = clo.reconcile({"purchase-01": deal, "purchase-08": library()["purchase-08"]}, only=True)
    assert not found.ok
    assert list(found.refused) == ["purchase-01"]
    assert [(row["deal"], row["item"]) for row in found.failed.to_dict("records")] == [("purchase-01", "deal_file")]
    assert found.deals.loc[found.deals["deal"] == "purchase-08", "ok"].all()
    assert "cannot be used: purchase-01" in found._repr_html_()


def test_a_deal_in_another_currency_is_refused_by_one_finding_at_its_place() -> None:
    deal = library()["purchase-08"].model_copy(update={"currency": "USD"})
    found = clo.reconcile({"purchase-08": deal, "purchase-01": library()["purchase-01"]}, only=True)
    assert not found.ok
    ((name, (finding,)),) = found.refused.items()
    assert (name, finding.code, finding.severity, finding.value) == ("purchase-08", "E-N015", "error", "USD")
    assert finding.line == deal.origin.place("currency")[0]  # type: ignore[index]
    assert finding.message == "the deal is in USD, and what is published of it is in JPY"
    assert set(found.failed["deal"]) == {"purchase-08"}


def test_sizes_are_those_of_the_waterfall() -> None:
    model = models()["purchase-08"]
    assert model.sizes == tranche_sizes(model.deal, model.figures.amounts)
    assert model.sizes["subordinated"] == 1_420_000_000
