"""The signs that the document lost, proven again from the printed magnitudes alone, in whole steps, and compared with the tables.

Associations: A - B = net within 0.15 in every row that any choice of signs satisfies, the 52 figures of A and of net sum to their
printed totals within 53 halves of 0.1, and B is not negative. A sign is proven where all choices that satisfy this agree.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import pandas as pd
import pytest

from clo import reference

RESULT, SUPPORT, NET, BALANCE = (f"{name}_100m_jpy" for name in ("result", "local_support", "net_result", "insurance_balance"))
COLUMN_BOUND = 26
"""Whole steps within 53 halves of a step: 52 figures and their total."""


def tenths(column: pd.Series[Any]) -> list[int]:
    return [round(10 * abs(float(figure))) for figure in column]


def signs(column: pd.Series[Any], proof: pd.Series[Any]) -> list[set[int]]:
    """What the table says of each figure: its sign, both where it is unknown; a figure of 0 has both."""
    said = []
    for figure, mark in zip(column.astype("float64"), proof, strict=True):
        assert mark in (("restored", "unknown") if figure else (None,)) or (pd.isna(mark) and not figure)
        said.append({1, -1} if mark == "unknown" or not figure else {1 if figure > 0 else -1})
    return said


def allowed(a: int, b: int, net: int) -> list[tuple[int, int]]:
    """Choices of the signs of A and of net by which a row agrees; every choice where none does."""
    every = list(product((1, -1), repeat=2))
    return [(s, t) for s, t in every if abs(s * a - b - t * net) <= 1] or every


@pytest.fixture(scope="module")
def proven() -> dict[str, list[set[int]]]:
    """Signs of A and net by row, and of both totals, in all choices that agree with rows and totals."""
    table, totals = reference.table("associations"), reference.table("associations_totals")
    a, b, net = (tenths(table[column]) for column in (RESULT, SUPPORT, NET))
    total_a, total_net = tenths(totals[RESULT])[0], tenths(totals[NET])[0]
    rows = [allowed(*row) for row in zip(a, b, net, strict=True)]
    open_rows = [row for row, choice in enumerate(rows) if len({(s * a[row], t * net[row]) for s, t in choice}) > 1]
    settled = [row for row in range(len(rows)) if row not in open_rows]
    base = [sum(rows[row][0][k] * figures[row] for row in settled) for k, figures in enumerate((a, net))]
    seen: dict[str, list[set[int]]] = {RESULT: [set() for _ in rows], NET: [set() for _ in rows], "totals": [set(), set()]}
    for chosen in product(*(rows[row] for row in open_rows)):
        sum_a = base[0] + sum(s * a[row] for row, (s, _) in zip(open_rows, chosen, strict=True))
        sum_net = base[1] + sum(t * net[row] for row, (_, t) in zip(open_rows, chosen, strict=True))
        for s, t in product((1, -1), repeat=2):
            if abs(sum_a - s * total_a) <= COLUMN_BOUND and abs(sum_net - t * total_net) <= COLUMN_BOUND:
                seen["totals"][0].add(s)
                seen["totals"][1].add(t)
                for row, (of_a, of_net) in zip(open_rows, chosen, strict=True):
                    seen[RESULT][row].add(of_a)
                    seen[NET][row].add(of_net)
    for row in settled:
        seen[RESULT][row] |= {s for s, _ in rows[row]}
        seen[NET][row] |= {t for _, t in rows[row]}
    return seen


@pytest.mark.parametrize(("column", "unknown", "zero"), [(RESULT, 12, 1), (NET, 11, 4)])
def test_results_have_the_signs_that_arithmetic_proves(
    column: str, unknown: int, zero: int, proven: dict[str, list[set[int]]]
) -> None:
    table = reference.table("associations")
    assert signs(table[column], table[f"{column}_sign"]) == proven[column]
    assert (table[f"{column}_sign"] == "unknown").sum() == unknown
    assert (table[column] == 0).sum() == zero


def test_totals_of_the_results_have_the_signs_that_arithmetic_proves(proven: dict[str, list[set[int]]]) -> None:
    totals = reference.table("associations_totals")
    assert [signs(totals[column], totals[f"{column}_sign"])[0] for column in (RESULT, NET)] == proven["totals"] == [{1}, {-1}]


def test_three_rows_agree_by_no_choice_of_signs() -> None:
    table = reference.table("associations")
    rows = zip(table["name_en"], *(tenths(table[column]) for column in (RESULT, SUPPORT, NET)), strict=True)
    none = [name for name, a, b, net in rows if all(abs(s * a - b - t * net) > 1 for s, t in product((1, -1), repeat=2))]
    assert none == ["Saitama", "Chiba", "Ishikawa"]


def test_insurance_balances_have_the_signs_that_their_total_proves() -> None:
    """The total is the result of the insurance in FY2003, a deficit. reach: a bit for each sum that others can make."""
    table, totals = reference.table("associations"), reference.table("associations_totals")
    magnitudes = [round(abs(float(figure))) for figure in table[BALANCE]]
    total, whole = -round(abs(float(totals[BALANCE].iloc[0]))), sum(magnitudes)
    feasible = []
    for row, own in enumerate(magnitudes):
        reach = 1
        for other in magnitudes[:row] + magnitudes[row + 1 :]:
            reach |= reach << other
        positive = [flipped for flipped in range(whole) if reach >> flipped & 1]
        agrees = {flipped for flipped in range(2 * whole) if abs(2 * flipped - whole - total) <= COLUMN_BOUND}
        sums = {1: {own + flipped for flipped in positive}, -1: set(positive)}
        feasible.append({sign for sign, of_positive in sums.items() if of_positive & agrees})
    assert signs(table[BALANCE], table[f"{BALANCE}_sign"]) == feasible
    assert (table[f"{BALANCE}_sign"] == "unknown").sum() == 12
    assert float(totals[BALANCE].iloc[0]) == total


def test_results_of_the_insurance_have_the_only_signs_that_sum_to_what_it_received_and_paid() -> None:
    account, flows = reference.table("insurance_account"), reference.table("insurance_flows")
    received = flows["premiums_100m_jpy"] + flows["recoveries_100m_jpy"] - flows["claims_100m_jpy"]
    for row, figures in account.iterrows():
        names = [n for n in ("general", "safety_net", "special", "total") if pd.notna(figures[f"{n}_100m_jpy"])]
        *parts, total = (abs(float(figures[f"{name}_100m_jpy"])) for name in names)
        agreeing = [
            choice for choice in product((1, -1), repeat=len(names))
            if abs(choice[-1] * total - received[row]) <= 2
            and abs(sum(s * part for s, part in zip(choice, parts, strict=False)) - choice[-1] * total) <= len(names) / 2
        ]  # fmt: skip
        assert agreeing == [tuple(1 if figures[f"{name}_100m_jpy"] > 0 else -1 for name in names)]
        assert {figures[f"{name}_100m_jpy_sign"] for name in names} == {"restored"}
