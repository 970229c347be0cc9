"""What only the deal file says is compared: dates, coupons, which sizes are published; derived figures are told apart."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from held_library import PUBLISHED, Changed, library, models, of_deal, reconciliation

from clo.issuance.comparison import Comparison, month_number, plain
from clo.reference import packaged


def shown(item: str) -> dict[str, Any]:
    rows = reconciliation().deals
    rows = rows[rows["item"] == item]
    return {row["deal"]: plain(row["published"], row["unit"]) for row in rows.to_dict("records")}


# ---- published and derived ------------------------------------------------------------------------------------------


def test_shares_attachments_and_residual_sizes_are_derived_and_the_rest_is_published() -> None:
    deals = reconciliation().deals
    derived = deals[deals["known"] == "derived"]
    assert set(derived["item"].str.partition(".")[0]) == {"share", "attachment", "tranche"}
    sizes = derived.loc[derived["item"].str.startswith("tranche."), ["deal", "item"]].to_numpy().tolist()
    assert sorted(sizes) == [
        ["clover-2011", "tranche.deductible"],
        ["clover-2017", "tranche.deductible"],
        ["clover-2021", "tranche.deductible"],
        ["purchase-08", "tranche.subordinated"],
        ["tokyo-4-c", "tranche.subordinated"],
    ]
    assert not deals.loc[deals["known"] == "published", "item"].str.match("share|attachment").any()


def test_a_number_of_deals_is_counted_and_not_printed() -> None:
    totals = reconciliation().totals
    assert set(totals.loc[totals["known"] == "derived", "item"]) == {"deals"}


def test_both_kinds_are_counted() -> None:
    found = reconciliation()
    assert found.counts["derived"] == 35
    assert sum(found.counts.values()) == len(found.deals) + len(found.totals)


# ---- dates and coupons ----------------------------------------------------------------------------------------------


def test_every_day_printed_in_full_is_compared() -> None:
    assert shown("dates.closing") == {
        "purchase-05": "2006-09-27", "purchase-08": "2007-06-28", "purchase-10": "2007-09-26", "clover-2011": "2011-03-11",
        "clover-2017": "2017-03-03", "clover-2021": "2021-03-16", "clover-2024": "2024-03-13",
    }  # fmt: skip
    assert shown("dates.legal_final") == {
        "purchase-05": "2012-10-15", "purchase-08": "2013-07-16", "purchase-10": "2013-10-15", "clover-2011": "2014-05-28",
        "clover-2021": "2025-05-30",
    }  # fmt: skip


def test_a_day_that_two_tables_print_names_both() -> None:
    days = {day.item: day.source for day in PUBLISHED["clover-2011"].days}
    assert days == {"closing": "clover, facts; tranches, facts", "legal_final": "tranches, facts"}


def _days() -> Iterator[Any]:
    for table, column in (("tranches", "date"), ("tranches", "legal_maturity"), ("clover", "date")):
        frame = packaged().table(table)
        for row in frame.index[frame[column].str.len() == 10]:
            if frame.loc[row, "deal"] in library():
                yield pytest.param(table, row, column, id=f"{table}-{row}-{column}")


@pytest.mark.parametrize(("table", "row", "column"), list(_days()))
def test_a_day_off_in_a_table_is_named(table: str, row: int, column: str) -> None:
    frame = packaged().table(table)
    name, day = frame.loc[row, "deal"], date.fromisoformat(frame.loc[row, column])
    item = "dates.legal_final" if column == "legal_maturity" else "dates.closing"
    assert f"{name} {item}" in of_deal(name, Changed(table, row, column, (day + timedelta(days=1)).isoformat()))


@pytest.mark.parametrize("which", ["closing", "legal_final"])
def test_a_day_off_in_a_deal_file_is_named(which: str) -> None:
    model = models()["purchase-08"]
    dates = model.deal.dates
    moved = dates.model_copy(update={which: getattr(dates, which) + timedelta(days=1)})
    deal = model.deal.model_copy(update={"dates": moved})
    assert of_deal("purchase-08", model=replace(model, deal=deal)) == [f"purchase-08 dates.{which}"]


def test_the_one_rate_that_is_printed_is_compared() -> None:
    assert shown("coupon.class_a") == {"wide-area-cbo-2006": 1.04}
    frame = packaged().table("tranches")
    row = int(frame.index[frame["coupon"].str.startswith("1.04%", na=False)][0])
    wrong = of_deal("wide-area-cbo-2006", Changed("tranches", row, "coupon", "1.05% fixed, retail"))
    assert wrong == ["wide-area-cbo-2006 coupon.class_a"]


@pytest.mark.parametrize("rate", [0.0105, None])
def test_another_coupon_in_the_deal_file_is_named(rate: float | None) -> None:
    model = models()["wide-area-cbo-2006"]
    terms = model.deal.tranches["class_a"].model_copy(update={"coupon": rate})
    deal = model.deal.model_copy(update={"tranches": {**model.deal.tranches, "class_a": terms}})
    assert of_deal("wide-area-cbo-2006", model=replace(model, deal=deal)) == ["wide-area-cbo-2006 coupon.class_a"]


# ---- marks ----------------------------------------------------------------------------------------------------------


def test_a_size_that_is_published_and_not_marked_so_is_named() -> None:
    model = models()["purchase-10"]
    published = {path: basis for path, basis in model.deal.published.items() if path != "tranches.mezzanine.size"}
    deal = model.deal.model_copy(update={"published": published})
    assert of_deal("purchase-10", model=replace(model, deal=deal)) == ["purchase-10 mark.mezzanine"]


def test_a_size_that_is_marked_published_and_is_not_is_named() -> None:
    model = models()["purchase-10"]
    published = {**model.deal.published, "tranches.senior.size": "moodys-2011"}
    deal = model.deal.model_copy(update={"published": published})
    assert of_deal("purchase-10", model=replace(model, deal=deal)) == ["purchase-10 mark.senior"]


def test_a_size_marked_published_whose_row_has_gone_is_named() -> None:
    frame = packaged().table("tranches")
    row = int(frame.index[frame["deal"] == "purchase-10"][0])
    assert "purchase-10 mark.mezzanine" in of_deal("purchase-10", Changed("tranches", row, "amount_jpy", math.nan))


# ---- how a figure is told -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("published", "stated", "modelled", "difference"),
    [
        (507.0, 508.0, 507.0, 1.0),
        (507.0, 507.0, 505.0, -2.0),
        (10.0, 11.0, 9.0, -2.0),
        (507.0, None, 508.0, 1.0),
        (507.0, 506.0, None, -1.0),
        (507.0, None, None, None),
    ],
)
def test_the_difference_is_the_largest_there_is(
    published: float, stated: float | None, modelled: float | None, difference: float | None
) -> None:
    assert Comparison("d", "obligors", "count", published, stated, modelled, 0.0, "s").difference == difference


def test_what_a_file_should_state_and_does_not_leaves_no_difference_of_zero() -> None:
    found = Comparison("d", "obligors", "count", 507.0, math.nan, 507.0, 0.0, "s")
    assert found.difference is not None
    assert math.isnan(found.difference)
    assert not found.ok


def test_figures_are_written_as_their_unit_reads() -> None:
    assert plain(month_number("2004-09"), "month") == "2004-09"
    assert plain(float(date(2007, 6, 28).toordinal()), "day") == "2007-06-28"
    assert [plain(value, "flag") for value in (1.0, 0.0, None, math.nan)] == [True, False, None, None]
    assert plain(2.5, "percent") == 2.5
