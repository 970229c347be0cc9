"""The tables of the guarantee system: what adds up, where the document does not, and that a wrong digit is found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from changed_tables import reading

from clo import reference
from clo.reference.identities import SLACK, associations, collection, insurance, local_programmes, text_figures
from clo.reference.identities.rule import Identity, Read
from clo.reference.identities.signs import choices, closest_sum

AREAS = (associations, insurance, local_programmes, collection, text_figures)
ROLLED = "balance before + contribution + result = balance"


def identities(read: Read = reference.table) -> Iterator[Identity]:
    for area in AREAS:
        yield from area.identities(read)


def differences(read: Read = reference.table) -> dict[tuple[str, str, str], float]:
    return {(i.table, i.row, i.rule): round(i.printed - i.computed, 9) for i in identities(read)}


@pytest.fixture(scope="module")
def recorded() -> dict[tuple[str, str, str], float]:
    known = reference.packaged().discrepancies()
    return dict(zip(zip(known["table"], known["row"], known["rule"], strict=True), known["difference"], strict=True))


def failing(read: Read, recorded: dict[tuple[str, str, str], float]) -> set[tuple[str, str, str]]:
    """Identities beyond their bound, and those known not to hold whose difference is another than the recorded one."""
    wrong = set()
    for i in identities(read):
        key, difference = (i.table, i.row, i.rule), i.printed - i.computed
        holds = abs(difference - recorded[key]) <= SLACK if key in recorded else abs(difference) <= i.bound + SLACK
        wrong |= set() if holds else {key}
    return wrong


def test_every_identity_holds_or_misses_by_the_recorded_difference(recorded: dict[tuple[str, str, str], float]) -> None:
    assert failing(reference.table, recorded) == set()


def test_what_is_recorded_is_beyond_rounding(recorded: dict[tuple[str, str, str], float]) -> None:
    found = differences()
    bounds = {(i.table, i.row, i.rule): i.bound for i in identities()}
    beyond = {key: difference for key, difference in found.items() if abs(difference) > bounds[key] + SLACK}
    mine = {key: difference for key, difference in recorded.items() if key in found}
    assert beyond == pytest.approx(mine)
    assert Counter(rule for _, _, rule in beyond) == {"A - B = net": 4, ROLLED: 6}


@pytest.mark.parametrize(
    ("table", "row", "rule", "difference"),
    [
        ("associations", "12 埼玉", "A - B = net", 0.2),
        ("associations", "13 千葉", "A - B = net", 0.8),
        ("associations", "27 石川", "A - B = net", 2.8),
        ("associations_totals", "合計", "A - B = net", 4.9),
        ("insurance_account", "FY1998", ROLLED, 1884),
        ("insurance_account", "FY1999", ROLLED, 252),
        ("insurance_account", "FY2000", ROLLED, -222),
        ("insurance_account", "FY2001", ROLLED, -157),
        ("insurance_account", "FY2002", ROLLED, -31),
        ("insurance_account", "FY2003", ROLLED, 231),
        ("insurance_account", "FY2004", ROLLED, 0),
    ],
)
def test_where_the_document_does_not_add_up(table: str, row: str, rule: str, difference: float) -> None:
    assert differences()[table, row, rule] == pytest.approx(difference, abs=SLACK)


def test_how_many_identities_each_table_has() -> None:
    assert Counter(i.table for i in identities()) == {
        "associations": 52,
        "associations_totals": 8,
        "subrogation_rates_totals": 1,
        "insurance_account": 23,
        "insured_limits": 6,
        "local_programmes": 312,
        "local_programmes_totals": 24,
        "lending_rate_restrictions": 60,
        "servicer": 11,
        "revitalisation": 7,
        "guarantee_system_figures": 12,
    }


def other_digits(printed: str) -> Iterator[str]:
    """A figure with one digit another, for each of its digits."""
    for place, digit in enumerate(printed):
        if digit.isdigit():
            yield printed[:place] + str((int(digit) + 5) % 10) + printed[place + 1 :]


CELLS = [
    ("associations", 13, "guarantees_accepted_100m_jpy", "17036", 4),
    ("associations", 30, "outstanding_100m_jpy", "24443", 4),
    ("associations", 51, "insurance_balance_100m_jpy", "-48", 1),
    ("associations", 30, "insurance_balance_100m_jpy", "-707", 2),
    ("associations", 31, "result_100m_jpy", "-37.4", 3),
    ("associations", 1, "result_100m_jpy", "2.4", 2),
    ("associations", 26, "local_support_100m_jpy", "3.5", 2),
    ("associations", 11, "net_result_100m_jpy", "-9.6", 2),
    ("associations_totals", 0, "result_100m_jpy", "25.7", 3),
    ("associations_totals", 0, "insurance_balance_100m_jpy", "-4324", 4),
    ("subrogation_rates", 83, "rate_pct", "4.01", 3),
    ("subrogation_rates_totals", 5, "rate_pct", "3.28", 3),
    ("insurance_flows", 0, "premiums_100m_jpy", "1084", 4),
    ("insurance_flows", 7, "claims_100m_jpy", "6227", 4),
    ("insurance_account", 1, "special_100m_jpy", "252", 3),
    ("insurance_account", 4, "safety_net_100m_jpy", "-129", 3),
    ("insurance_account", 6, "total_100m_jpy", "-4324", 4),
    ("insurance_account", 2, "government_contribution_100m_jpy", "3365", 4),
    ("insurance_account", 7, "reserve_fund_balance_100m_jpy", "1680", 4),
    ("insured_limits", 2, "limit_10k_jpy", "1500", 0),
    ("insured_limits", 6, "limit_10k_jpy", "5000", 4),
    ("fee_and_premium_history", 3, "secured_fee_pct", "1.25", 3),
    ("local_programmes", 0, "programmes", "23", 2),
    ("local_programmes", 935, "programmes", "31", 2),
    ("local_programmes_totals", 17, "programmes", "4313", 4),
    ("lending_rates", 0, "programmes", "4", 1),
    ("lending_rate_restrictions", 5, "unrestricted", "23", 2),
    ("servicer", 0, "staff_cost_m_jpy", "1105", 4),
    ("servicer", 3, "seconded_staff", "318", 3),
    ("revitalisation", 2, "companies", "115", 3),
    ("revitalisation", 4, "share_pct", "8.9", 2),
    ("guarantee_system_figures", 1, "value", "4324", 4),
]


@pytest.mark.parametrize(("table", "row", "column", "printed", "found"), CELLS)
def test_a_wrong_digit_is_found(
    table: str, row: int, column: str, printed: str, found: int, recorded: dict[tuple[str, str, str], float]
) -> None:
    """found: in how many of its digits, from the first, a change is beyond what rounding explains."""
    assert float(reference.table(table).loc[row, column]) == float(printed)
    figures = [float(text) for text in other_digits(printed)]
    wrong = [bool(failing(reading(table, column, row, figure), recorded)) for figure in figures]
    assert wrong == [place < found for place in range(len(figures))]


def test_a_figure_of_unknown_sign_may_be_either() -> None:
    assert choices(2.4, "unknown") == (2.4, -2.4)
    assert choices(-2.4, "restored") == (-2.4,)
    figures = [(5.0, "restored"), (2.0, "unknown"), (0.5, "unknown")]
    assert closest_sum(figures, 3.6) == 3.5
    assert closest_sum(figures, 100) == 7.5


def test_five_of_the_associations_belong_to_cities() -> None:
    """They have no penetration of their own and no programmes of a prefecture."""
    table = reference.table("associations")
    cities = table[table["penetration_pct"].isna()]
    assert list(cities["name_en"]) == ["Yokohama City", "Kawasaki City", "Nagoya City", "Gifu City", "Osaka City"]
    programmes = reference.table("local_programmes")
    none = programmes[(programmes["level"] == "prefectural") & programmes["programmes"].isna()]
    assert set(none["number"]) == set(cities["number"])


def test_associations_are_the_same_in_every_table() -> None:
    names = reference.table("associations")[["number", "name_en"]]
    for table in ("subrogation_rates", "local_programmes"):
        others = reference.table(table)[["number", "name_en"]].drop_duplicates()
        assert others.to_numpy().tolist() == names.to_numpy().tolist()
