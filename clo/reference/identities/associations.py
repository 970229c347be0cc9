"""The 52 credit guarantee associations in FY2003: column totals, results with and without support, subrogation rates.

The document lost its minus signs in three columns. A sign is restored where it is the same in every choice of signs that agrees,
within rounding, with A - B = net of each row that can agree (B, support received, is not negative) and with the printed totals of
A and of net; for the insurance balance, with its total, which is the result of the insurance. Every other sign is unknown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import copysign

from clo.reference.identities.rows import Row, by
from clo.reference.identities.rule import Identity, Read
from clo.reference.identities.signs import UNKNOWN, choices, closest_sum

BALANCE, RESULT, SUPPORT, NET = ("insurance_balance_100m_jpy", "result_100m_jpy", "local_support_100m_jpy", "net_result_100m_jpy")
HALF, HALF_TENTH, HALF_HUNDREDTH = 0.5, 0.05, 0.005
"""Half the step in which whole figures, those with one decimal and those with two are printed."""
PLAIN = {"guarantees_accepted_100m_jpy": HALF, "outstanding_100m_jpy": HALF, SUPPORT: HALF_TENTH}
"""Columns without signs, each with half its step."""


def identities(read: Read) -> Iterator[Identity]:
    rows, total = read("associations").to_dict("records"), read("associations_totals").to_dict("records")[0]
    yield from _totals(rows, total)
    yield from (_net("associations", f"{row['number']} {row['name_ja']}", row) for row in rows)
    yield _net("associations_totals", total["row"], total)
    result = by(read("insurance_account"), "fiscal_year")[2003]["total_100m_jpy"]
    rule = "insurance balance = result of the insurance in FY2003"
    yield Identity("associations_totals", total["row"], rule, total[BALANCE], result, 2 * HALF)
    yield from _rates(read, rows)


def _totals(rows: Sequence[Row], total: Row) -> Iterator[Identity]:
    """Column totals. Unknown signs of the insurance balance are taken as the total's; of the results, as comes closest to it."""
    table, label, figures = "associations_totals", total["row"], len(rows) + 1
    for column, half in PLAIN.items():
        computed = float(sum(row[column] for row in rows))
        yield Identity(table, label, f"sum of {column} = total", float(total[column]), computed, half * figures)
    unknown = sum(row[BALANCE] for row in rows if row[f"{BALANCE}_sign"] == UNKNOWN)
    computed = sum(row[BALANCE] for row in rows) - unknown + copysign(unknown, total[BALANCE])
    yield Identity(table, label, f"sum of {BALANCE} = total", total[BALANCE], computed, HALF * figures)
    for column in (RESULT, NET):
        computed = closest_sum(((row[column], row[f"{column}_sign"]) for row in rows), total[column])
        yield Identity(table, label, f"sum of {column} = total", total[column], computed, HALF_TENTH * figures)


def _net(table: str, label: str, row: Row) -> Identity:
    """Where a sign is unknown, the choice that comes closest."""
    nets, results = choices(row[NET], row[f"{NET}_sign"]), choices(row[RESULT], row[f"{RESULT}_sign"])
    pairs = ((net, result - row[SUPPORT]) for net in nets for result in results)
    printed, computed = min(pairs, key=lambda pair: abs(pair[0] - pair[1]))
    return Identity(table, label, "A - B = net", printed, computed, 3 * HALF_TENTH)


def _rates(read: Read, rows: Sequence[Row]) -> Iterator[Identity]:
    """The rate of all is that of the 52 weighted by their guarantees outstanding.

    The rates with one decimal in `associations` are others: weighted so they make 3.20%, near the 3.22% on average balances.
    """
    every = read("subrogation_rates").query("scope == 'all' and fiscal_year == 2003")
    total = by(read("subrogation_rates_totals"), "scope", "fiscal_year")["all", 2003]["rate_pct"]
    rates = by(every, "number").of("rate_pct")
    weights = {row["number"]: row["outstanding_100m_jpy"] for row in rows}
    mean = sum(rates[number] * weight for number, weight in weights.items()) / sum(weights.values())
    by_weights = HALF * sum(abs(rate - mean) for rate in rates.values()) / sum(weights.values())
    rule = "rates weighted by outstanding guarantees = rate of all"
    yield Identity("subrogation_rates_totals", "all FY2003", rule, total, mean, 2 * HALF_HUNDREDTH + by_weights)
