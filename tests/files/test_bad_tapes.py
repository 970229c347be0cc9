"""Every way a tape goes wrong that this package knows: the message must say file, row, loan, field, value, rule and fix."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tape_rows import BALANCE, errors, only, table, text, write

from clo.files.tape.reading import check_tape, read_tape
from clo.findings import TapeError, full_list

# (cells to change, columns to replace, code, field, row, loan, value, words of the message, of the rule, of the fix)
CASES: dict[str, tuple[dict[Any, str], dict[str, Any], str, str, int, str, str, str, str, str]] = {
    "error cell": (
        {("current_balance", 2): "#REF!"}, {}, "E-T008", "current_balance", 4, "A-3", "#REF!",
        "cell holds #REF!", "not a spreadsheet error", "correct the formula",
    ),
    "column too narrow": (
        {("maturity_date", 1): "########"}, {}, "E-T008", "maturity_date", 3, "A-2", "########",
        "cell holds ########", "not a spreadsheet error", "widen the column",
    ),
    "id in scientific notation": (
        {("loan_id", 5): "1.23E+12"}, {}, "E-T007", "loan_id", 7, "1.23E+12", "1.23E+12",
        "'1.23E+12' lost digits", "keeps all its digits", "formatted as text",
    ),
    "words for a number": (
        {("original_balance", 3): "about 4m"}, {}, "E-T020", "original_balance", 5, "A-4", "about 4m",
        "'about 4m' is not a number", "is a number", "correct the cell",
    ),
    "decimal comma": (
        {("current_rate", 3): "1.234,5"}, {}, "E-T020", "current_rate", 5, "A-4", "1.234,5",
        "'1.234,5' is not a number", "is a number", "correct the cell",
    ),
    "one rate above 100 %": (
        {("current_rate", 6): "1.9"}, {}, "E-T021", "current_rate", 8, "B-3", "1.9",
        "rate above 100 % for 1 loan;", "decimal below 1", "correct the rows",
    ),
    "rates in percent": (
        {}, {"current_rate": ["1.8", "2.1", "2.5", "1.85", "2.0", "2.35", "1.9", "2.2"]}, "E-T021", "current_rate", 2, "A-1",
        "1.8",
        "looks like percent (6 of 8 values lie in 1.8", "decimal below 1", "set `units: {rate: percent}`",
    ),
    "rates in basis points": (
        {}, {"current_rate": ["180", "210", "250", "185", "200", "235", "190", "220"]}, "E-T021", "current_rate", 2, "A-1", "180",
        "looks like basis points", "decimal below 1", "set `units: {rate: bp}`",
    ),
    "low rates in percent": (
        {}, {"current_rate": ["0.8", "0.7", "0.5", "0.85", "0.9", "0.35", "0.6", "0.75"]}, "E-T021", "current_rate", 2, "A-1",
        "0.8",
        "median rate 72%: this column looks like percent", "decimal below 1", "rate: percent",
    ),
    "one bank in percent": (
        {}, {"current_rate": ["0.018", "0.021", "0.025", "0.019", "2.0", "2.35", "1.9", "2.2"]}, "E-T022", "current_rate", 6,
        "B-1", "2",
        "rates of 0202 have a median of 2.1, those of the others 0.02", "in one unit", "units.originators",
    ),
    "one bank in thousands": (
        {}, {"original_balance": ["10000000", "20000000", "30000000", "40000000", "12000", "22000", "32000", "42000"],
             "current_balance": ["6000000", "12000000", "18000000", "24000000", "7000", "13000", "19000", "25000"]},
        "E-T024", "original_balance", 6, "B-1", "12,000",
        "0202: median original_balance 27,000 is about 1/1000 of its peers'", "in one unit", "units.originators",
    ),
    "score as probability": (
        {}, {"pd_1y": ["88", "72", "64", "91", "55", "79", "83", "60"], "score_provider": "CRD"}, "E-T034", "pd_1y", 2, "A-1",
        "88",
        "pd_1y has values 55–91 and provider CRD: this is a score (higher = safer)", "probability", "score_value",
    ),
    "probability in percent": (
        {}, {"pd_1y": ["1.8", "2.2", "0.4", "1.1", "0.5", "0.9", "3", "6"]}, "E-T034", "pd_1y", 2, "A-1", "1.8",
        "this looks like percent", "probability", "percent",
    ),
    "no probability": (
        {("pd_1y", 0): "0", ("pd_1y", 1): "0.02"}, {}, "W-T034", "pd_1y", 2, "A-1", "0",
        "pd_1y is 0, 1 or blank for 7 loans", "above 0 and below 1", "check the source",
    ),
    "blank where required": (
        {("maturity_date", 1): "", ("maturity_date", 4): " "}, {}, "E-T030", "maturity_date", 3, "A-2", "blank",
        "maturity_date blank for 2 loans", "is required", "may_be_missing",
    ),
    "reason where required": (
        {("maturity_date", 1): "ND4"}, {}, "E-T031", "maturity_date", 3, "A-2", "ND4",
        "'ND4' is not a value; maturity_date is required", "not a stand-in", "supply the value of maturity_date",
    ),
    "unknown where required": (
        {("obligor_id", 6): "不明"}, {}, "E-T031", "obligor_id", 8, "B-3", "不明",
        "'不明' is not a value", "not a stand-in", "supply the value",
    ),
    "nines where required": (
        {("days_in_arrears", 6): "9999"}, {}, "E-T031", "days_in_arrears", 8, "B-3", "9999",
        "'9999' is not a value", "not a stand-in", "supply the value",
    ),
    "far future as missing": (
        {("grace_end_date", 3): "9999-12-31"}, {}, "W-T031", "grace_end_date", 5, "A-4", "9999-12-31",
        "'9999-12-31' read as missing", "read as missing", "declare `sentinels` for grace_end_date",
    ),
    "negative balance": (
        {("current_balance", 7): "-1200000"}, {}, "E-T050", "current_balance", 9, "B-4", "-1,200,000",
        "current_balance is negative for 1 loan", "is not negative", "set the status to RDMD",
    ),
    "zero balance": (
        {("current_balance", 7): "0"}, {}, "W-T051", "current_balance", 9, "B-4", "0",
        "zero balance, status PERF", "without a balance is redeemed", "set account_status",
    ),
    "balance grew": (
        {("current_balance", 0): "10800000"}, {}, "W-T052", "current_balance", 2, "A-1", "10,800,000",
        "balance exceeds original by 8%", "at most what was lent", "capitalised interest",
    ),
    "balance more than doubled": (
        {("current_balance", 0): "60000000"}, {}, "E-T052", "current_balance", 2, "A-1", "60,000,000",
        "balance exceeds original by 500%", "at most twice", "check the unit",
    ),
    "word of another template": (
        {("amortisation_type", 2): "DEXX"}, {}, "E-T032", "amortisation_type", 4, "A-3", "DEXX",
        "DEXX is probably equal_principal", "one of its allowed words", "derive",
    ),
    "Japanese word": (
        {("amortisation_type", 2): "元利均等"}, {}, "E-T032", "amortisation_type", 4, "A-3", "元利均等",
        "元利均等 is probably level_payment", "one of its allowed words", "derive",
    ),
    "guarantee in percent": (
        {("guarantee_ratio", 2): "80"}, {}, "E-T033", "guarantee_ratio", 4, "A-3", "80",
        "outside 0 to 1 for 1 loan: percent, such as 80 for 0.8?", "between 0 and 1", "guarantee_ratio: percent",
    ),
    "past the end of an era": (
        {("maturity_date", 0): "平成31年5月1日"}, {}, "E-T042", "maturity_date", 2, "A-1", "平成31年5月1日",
        "平成31年5月1日 is after Heisei ended (2019-04-30); read as 令和元年?", "inside its era", "correct the era",
    ),
    "past the end of Showa": (
        {("incorporation_date", 0): "S64.1.8"}, {}, "E-T042", "incorporation_date", 2, "A-1", "S64.1.8",
        "S64.1.8 is after Showa ended (1989-01-07); read as 平成元年?", "inside its era", "correct the era",
    ),
    "before the era": (
        {("origination_date", 0): "令和1年4月30日"}, {}, "E-T042", "origination_date", 2, "A-1", "令和1年4月30日",
        "is before Reiwa began (2019-05-01)", "inside its era", "correct the era",
    ),
    "two-digit year": (
        {("maturity_date", 0): "26/03/05"}, {}, "E-T041", "maturity_date", 2, "A-1", "26/03/05",
        "26/03/05 is ambiguous; declare date_style", "in one way only", "date_styles: {maturity_date: ymd|mdy|dmy}",
    ),
    "day or month first": (
        {("maturity_date", 0): "4/5/2029"}, {}, "E-T041", "maturity_date", 2, "A-1", "4/5/2029",
        "4/5/2029 is ambiguous: 2029-04-05 or 2029-05-04", "in one way only", "date_styles",
    ),
    "two-digit year with month name": (
        {("maturity_date", 0): "24-Jun-29"}, {}, "E-T041", "maturity_date", 2, "A-1", "24-Jun-29",
        "its year has two digits", "in one way only", "century_pivot",
    ),
    "31 April": (
        {("maturity_date", 0): "2029-04-31"}, {}, "E-T040", "maturity_date", 2, "A-1", "2029-04-31",
        "'2029-04-31': April has 30 days", "a day of the calendar", "correct the cell",
    ),
    "29 February": (
        {("maturity_date", 0): "2029/2/29"}, {}, "E-T040", "maturity_date", 2, "A-1", "2029/2/29",
        "'2029/2/29': 2029 is not a leap year", "a day of the calendar", "correct the cell",
    ),
    "fiscal year for a date": (
        {("financials_date", 0): "平成15年度"}, {}, "E-T040", "financials_date", 2, "A-1", "平成15年度",
        "is a fiscal year (April to March), not a date", "a day of the calendar", "correct the cell",
    ),
    "month for a date": (
        {("maturity_date", 0): "令和11年3月"}, {}, "E-T040", "maturity_date", 2, "A-1", "令和11年3月",
        "has no day", "a day of the calendar", "correct the cell",
    ),
    "matured": (
        {("maturity_date", 3): "2025-12-31"}, {}, "E-T053", "maturity_date", 5, "A-4", "2025-12-31",
        "maturity 2025-12-31 precedes cut-off 2026-03-31, balance 24,000,000, status PERF", "matures after the cut-off",
        "add it to `leave_out`",
    ),
    "matures before it was made": (
        {("origination_date", 3): "2024-04-01", ("maturity_date", 3): "2024-04-01", ("current_balance", 3): "0",
         ("account_status", 3): "RDMD"}, {},
        "E-T054", "maturity_date", 5, "A-4", "2024-04-01", "maturity is not after origination 2024-04-01", "after it was made",
        "correct",
    ),
    "sixty years": (
        {("maturity_date", 3): "2084-12-31"}, {}, "E-T055", "maturity_date", 5, "A-4", "2084-12-31",
        "more than 50 years after origination 2024-04-01", "within 50 years", "correct maturity_date",
    ),
    "made after the cut-off": (
        {("origination_date", 3): "2026-04-01"}, {}, "E-T056", "origination_date", 5, "A-4", "2026-04-01",
        "made after the cut-off date 2026-03-31", "by the cut-off date", "leave the loan out",
    ),
    "next payment in the past": (
        {("next_payment_date", 3): "2026-03-10"}, {}, "W-T057", "next_payment_date", 5, "A-4", "2026-03-10",
        "before the cut-off date", "after the cut-off date", "correct next_payment_date",
    ),
    "grace beyond maturity": (
        {("grace_end_date", 3): "2031-09-30"}, {}, "E-T058", "grace_end_date", 5, "A-4", "2031-09-30",
        "grace_end 2031-09-30 is after maturity 2029-03-31: principal would never be paid", "ends before maturity", "correct",
    ),
    "wrong fiscal year": (
        {("financials_date", 3): "2025-03-31", ("financials_fiscal_year", 3): "FY2025"}, {}, "W-T045", "financials_date", 5,
        "A-4",
        "2025-03-31", "label FY2025 does not hold its date", "April to March", "which year",
    ),
    "performing in arrears": (
        {("days_in_arrears", 3): "127"}, {}, "E-T061", "days_in_arrears", 5, "A-4", "127",
        "status PERF but 127 days in arrears", "not in arrears", "ARRE or DFLT",
    ),
    "default without a date": (
        {("account_status", 3): "DFLT"}, {}, "E-T062", "default_date", 5, "A-4", "",
        "status DFLT and no default_date column", "has a default date", "supply default_date",
    ),
    "default after the cut-off": (
        {("default_date", 3): "2027-01-15"}, {}, "W-T063", "default_date", 5, "A-4", "2027-01-15",
        "default after the cut-off date 2026-03-31", "nothing after its cut-off", "realised: [default_date]",
    ),
    "performing with a default date": (
        {("default_date", 3): "2026-01-15"}, {}, "W-T064", "default_date", 5, "A-4", "2026-01-15",
        "status PERF with a default date", "no default date", "check account_status",
    ),
    "loss above the loan": (
        {("allocated_loss", 3): "41000000"}, {}, "W-T065", "allocated_loss", 5, "A-4", "41,000,000",
        "loss above the original balance 40,000,000", "at most what was lent", "costs",
    ),
    "level payment without interest": (
        {("amortisation_type", 3): "level_payment", ("current_rate", 3): "0"}, {}, "W-T066", "amortisation_type", 5, "A-4",
        "level_payment", "rate of zero", "bears interest", "check current_rate",
    ),
    "bullet with instalments": (
        {("amortisation_type", 3): "bullet", ("regular_principal", 3): "250000"}, {}, "W-T067", "amortisation_type", 5, "A-4",
        "bullet", "regular principal 250,000", "no regular principal", "check amortisation_type",
    ),
    "corporate number": (
        {("corporate_number", 3): "8700110005901", ("corporate_number", 4): "9700110005901"}, {}, "W-T071", "corporate_number",
        6, "B-1",
        "9700110005901", "fails its check digit, or has not 13 digits (1 loan)", "check digit", "not used to match",
    ),
    "two currencies": (
        {("currency", 3): "USD"}, {}, "E-T070", "currency", 5, "A-4", "USD",
        "several currencies in one tape: JPY, USD", "one currency", "split the tape",
    ),
    "mixed cut-offs": (
        {("cutoff_date", 4): "2026-02-28", ("cutoff_date", 5): "2026-02-28"}, {}, "E-T010", "cutoff_date", 6, "B-1", "2026-02-28",
        "0202: cut-off 2026-02-28, others 2026-03-31 (2 loans)", "one cut-off date", "split the file",
    ),
    "same loan, different rows": (
        {("loan_id", 1): "A-1"}, {}, "E-T060", "loan_id", 3, "A-1", "A-1",
        "loan A-1 of 0101 appears twice (row 2 and 3) with obligor_id 001 and 002", "tell every loan apart",
        "remove the wrong row",
    ),
    "balances in thousands": (
        {}, {"current_balance": ["6000", "12000", "18000", "24000", "7000", "13000", "19000", "25000"]}, "E-T029",
        "current_balance", 2, "A-1", "6,000",
        "current_balance is about 1/1000 of original_balance (median ratio 0.000598, 8 loans)", "in one unit",
        "units: {columns: {current_balance: thousand}}",
    ),
    "original balances in thousands": (
        {}, {"original_balance": ["10000", "20000", "30000", "40000", "12000", "22000", "32000", "42000"]}, "E-T029",
        "original_balance", 2, "A-1", "10,000",
        "current_balance is about 1000 times original_balance", "in one unit", "units: {columns: {original_balance: thousand}}",
    ),
    "percent divided twice": (
        {}, {"current_rate": ["0.00018", "0.00021", "0.00025", "0.00018", "0.0002", "0.00023", "0.00019", "0.00022"]}, "W-T021",
        "current_rate", 2, "A-1", "0.00018",
        "median rate 0.0205%: this looks like percent divided twice (8 loans)", "is a decimal", "units.rate",
    ),
    "negative rate": (
        {("current_rate", 3): "-0.001"}, {}, "E-T050", "current_rate", 5, "A-4", "-0.001",
        "current_rate is negative for 1 loan", "is not negative", "reference rate",
    ),
    "negative days": (
        {("days_in_arrears", 3): "-5"}, {}, "E-T050", "days_in_arrears", 5, "A-4", "-5",
        "days_in_arrears is negative for 1 loan", "is not negative", "enter 0 for a loan that is paid up",
    ),
    "balance many times what was lent": (
        {("original_balance", 0): "1"}, {}, "E-T052", "current_balance", 2, "A-1", "6,000,000",
        "balance is more than 100 times the original (1 loan)", "at most twice", "check the unit",
    ),
    "more than a float holds": (
        {("original_balance", 3): "9100000000000000"}, {}, "E-T027", "original_balance", 5, "A-4", "9,100,000,000,000,000",
        "above 2^53", "below 2^53", "check the unit of original_balance",
    ),
    "next payment beyond maturity": (
        {("next_payment_date", 3): "2029-04-30"}, {}, "W-T084", "next_payment_date", 5, "A-4", "2029-04-30",
        "next payment 2029-04-30 is after maturity 2029-03-31", "by maturity", "correct next_payment_date",
    ),
    "no day of a month": (
        {("payment_day", 3): "32"}, {}, "E-T085", "payment_day", 5, "A-4", "32",
        "payment_day 32 is no day of a month", "1 to 31", "the last day",
    ),
    "reset beyond maturity": (
        {("next_reset_date", 3): "2029-06-30"}, {}, "W-T086", "next_reset_date", 5, "A-4", "2029-06-30",
        "reset 2029-06-30 is after maturity 2029-03-31", "before maturity", "leave it empty",
    ),
    "reset in the past": (
        {("next_reset_date", 3): "2026-01-31"}, {}, "W-T087", "next_reset_date", 5, "A-4", "2026-01-31",
        "reset 2026-01-31 before the cut-off date 2026-03-31", "after the cut-off date", "correct next_reset_date",
    ),
    "default before the loan": (
        {("account_status", 3): "DFLT", ("default_date", 3): "2023-01-15"}, {}, "E-T088", "default_date", 5, "A-4", "2023-01-15",
        "default 2023-01-15 before origination 2024-04-01", "before it was made", "correct default_date or origination_date",
    ),
    "change of terms in the future": (
        {("restructuring_date", 3): "2026-07-01"}, {}, "W-T063", "restructuring_date", 5, "A-4", "2026-07-01",
        "change of terms after the cut-off date 2026-03-31", "nothing after its cut-off", "realised: [restructuring_date]",
    ),
    "default without an amount": (
        {("account_status", 3): "DFLT", ("default_date", 3): "2026-01-15", ("default_amount", 2): "0"}, {}, "W-T089",
        "default_amount", 5, "A-4", "blank",
        "status DFLT without a default amount (1 loan)", "has a default amount", "supply default_amount",
    ),
    "recovered more than defaulted": (
        {("account_status", 3): "DFLT", ("default_date", 3): "2026-01-15", ("default_amount", 3): "24000000",
         ("cumulative_recoveries", 3): "25000000"}, {}, "E-T090", "cumulative_recoveries", 5, "A-4", "25,000,000",
        "recovered 25,000,000 exceeds the default amount 24,000,000", "at most what defaulted", "no recovery",
    ),
    "work-out that leaves a gap": (
        {("account_status", 3): "DFLT", ("default_date", 3): "2025-01-15", ("default_amount", 3): "24000000",
         ("cumulative_recoveries", 3): "4000000", ("allocated_loss", 3): "15000000", ("workout_end_date", 3): "2026-02-28"}, {},
        "W-T091", "allocated_loss", 5, "A-4", "15,000,000",
        "recovered 4,000,000 plus lost 15,000,000 is not the default amount 24,000,000", "recovered plus lost", "allocated_loss",
    ),
    "past due without days": (
        {("arrears_balance", 3): "120000"}, {}, "W-T092", "arrears_balance", 5, "A-4", "120,000",
        "status PERF and no days in arrears, but 120,000 past due", "has days in arrears", "supply days_in_arrears",
    ),
    "arrears without anything past due": (
        {("account_status", 3): "ARRE"}, {}, "W-T093", "arrears_balance", 5, "A-4", "0",
        "status ARRE without days or an amount past due", "days or an amount past due", "set account_status to PERF",
    ),
    "arrears that do not add up": (
        {("account_status", 3): "ARRE", ("days_in_arrears", 3): "40", ("arrears_balance", 3): "900000",
         ("arrears_principal", 3): "800000", ("arrears_interest", 3): "50000"}, {}, "W-T094", "arrears_balance", 5, "A-4",
        "900,000",
        "past due 900,000, but principal 800,000 and interest 50,000 do not add up to it", "add up", "one of the three",
    ),
    "more past due than owed": (
        {("account_status", 3): "ARRE", ("days_in_arrears", 3): "40", ("arrears_principal", 3): "25000000"}, {}, "E-T095",
        "arrears_principal", 5, "A-4", "25,000,000",
        "principal past due exceeds the balance 24,000,000", "part of the balance", "correct arrears_principal",
    ),
    "redeemed and owing": (
        {("account_status", 3): "RDMD"}, {}, "E-T096", "current_balance", 5, "A-4", "24,000,000",
        "status RDMD with a balance of 24,000,000", "owes nothing", "set the balance to 0",
    ),
    "regular principal of another term": (
        {("regular_principal", 3): "250000", ("regular_principal", 2): "500000"}, {}, "W-T098", "regular_principal", 5, "A-4",
        "250,000",
        "regular principal 250,000, where equal principal over 36 months is 666,667", "the balance over the instalments left",
        "amortisation_type and maturity_date",
    ),
    "payment of another type": (
        {("payment_due", 3): "916600"}, {"current_rate": "0.22"}, "W-T099", "payment_due", 5, "A-4", "916,600",
        "payment due 916,600, where the terms give 1,106,667 (1 loan): level_payment in place of equal_principal?",
        "what balance, rate and term give", "check amortisation_type",
    ),
    "bullet that pays principal": (
        {("amortisation_type", 3): "bullet", ("payment_due", 3): "250000"}, {}, "W-T100", "payment_due", 5, "A-4", "250,000",
        "bullet, but 250,000 due is more than interest", "pays interest until maturity", "check amortisation_type",
    ),
    "floating on nothing": (
        {("rate_type", 3): "floating", ("rate_index", 3): "TIBOR", ("rate_margin", 3): "0.01"}, {}, "W-T101", "rate_type", 5,
        "A-4", "floating",
        "floating without rate_reset_months, next_reset_date", "index, margin and resets", "a projection refuses",
    ),
    "cap below floor": (
        {("rate_cap", 3): "0.01", ("rate_floor", 3): "0.015"}, {}, "E-T102", "rate_cap", 5, "A-4", "0.01",
        "cap 0.01 below floor 0.015", "at least the floor", "correct rate_cap",
    ),
    "rate above its cap": (
        {("rate_cap", 3): "0.01"}, {}, "W-T103", "current_rate", 5, "A-4", "0.0185",
        "rate 0.0185 outside its cap and floor", "between its floor and its cap", "check current_rate",
    ),
    "guarantees divided twice": (
        {("guarantee_ratio", 2): "0.008", ("guarantee_ratio", 3): "0.008"}, {}, "W-T105", "guarantee_ratio", 4, "A-3", "0.008",
        "no guarantee above 1% (2 loans): percent divided twice?", "more than 1 %", "units: {columns: {guarantee_ratio",
    ),
    "stacked guarantees": (
        {("guarantee_ratio", 2): "1.5"}, {}, "E-T033", "guarantee_ratio", 4, "A-3", "1.5",
        "outside 0 to 1 for 1 loan: 150%: several added up?", "between 0 and 1", "correct it",
    ),
    "loss given default in percent": (
        {("lgd", 2): "60"}, {}, "E-T033", "lgd", 4, "A-3", "60",
        "lgd outside 0 to 1 for 1 loan: percent, such as 80 for 0.8?", "between 0 and 1", "lgd: percent",
    ),
    "masked ids": (
        {("obligor_id", 2): "***", ("obligor_id", 3): "***"}, {}, "E-T108", "obligor_id", 4, "A-3", "***",
        "obligor_id is masked as '***' (2 loans)", "tells one from another", "masked one by one",
    ),
    "one company under two ids": (
        {("corporate_number", 1): "8700110005901", ("corporate_number", 5): "8700110005901"}, {}, "W-T110", "obligor_id", 3,
        "A-2", "002",
        "possible same obligor: 002 and 006 (corporate number 8700110005901), together 20.2% of the pool",
        "one company has one obligor_id", "clo.match_obligors",
    ),
    "two companies under one id": (
        {("industry_code", 0): "41", ("industry_code", 7): "06", ("region_code", 0): "13", ("region_code", 7): "27"}, {},
        "W-T112", "obligor_id", 9, "B-4", "001",
        "obligor 001 has 2 industries and 2 regions", "one obligor_id is one borrower", "tell them apart",
    ),
    "a proprietor and his company": (
        {("obligor_type", 7): "sole_prop"}, {}, "W-T112", "obligor_id", 9, "B-4", "001",
        "obligor 001 has 2 types", "one obligor_id is one borrower", "a company is not its owner",
    ),
    "bank code without its zero": (
        {("originator_id", at): "202" for at in range(4, 8)}, {}, "W-T113", "originator_id", 6, "B-1", "202",
        "originator '202' beside codes of four digits (4 loans): a leading zero lost?", "four digits", "leading zeros",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_message_says_where_who_what_why_and_how(name, tmp_path):
    changes, columns, code, field, row, loan, value, message, rule, fix = CASES[name]
    path = write(tmp_path, text(table(changes, **columns)))
    loans, findings = check_tape(path)
    found = only(findings, code, field)
    assert found.file == str(path)
    assert (found.row, found.who, found.value) == (row, f"loan {loan}", value)
    assert message in found.message
    assert rule in found.rule
    assert fix in found.fix
    assert (loans is None) == (found.severity == "error")
    assert errors(findings) == ([code] if code.startswith("E") else [])
    if loans is None:
        with pytest.raises(TapeError) as caught:
            read_tape(path)
        assert [str(f) for f in caught.value.findings] == [str(f) for f in findings]
        shown = str(caught.value)
        assert all(part in shown for part in (code, f"row {row:,}", loan, field, found.message, found.rule, found.fix))


# (cells to change, code, field, row, words of the message, column, expected value of that cell)
REPAIRS: dict[str, tuple[dict[Any, str], str, str, int, str, Any]] = {
    "full width": ({("current_balance", 1): "１２，０００，０００"}, "F-T025", "current_balance", 3,
        "converted 1 full-width numbers", 12e6),
    "separators": ({("current_balance", 1): "¥12,000,000"}, "F-T025", "current_balance", 3,
        "converted 1 numbers with separators", 12e6),
    "wide space": ({("current_balance", 1): "\u300012000000\u00a0"}, "F-T025", "current_balance", 3, "converted 1", 12e6),
    "unit in the cell": ({("current_balance", 1): "12,000千円"}, "F-T025", "current_balance", 3, "converted 1", 12e6),
    "full-width percent": ({("current_rate", 1): "２．１％"}, "F-T025", "current_rate", 3, "converted 1 full-width", 0.021),
    "triangle": ({("obligor_ebitda", 1): "△1,234"}, "F-T026", "obligor_ebitda", 3, "△1,234 read as −1,234", -1234.0),
    "black triangle": ({("obligor_ebitda", 1): "▲1,234"}, "F-T026", "obligor_ebitda", 3, "▲1,234 read as −1,234", -1234.0),
    "brackets": ({("obligor_ebitda", 1): "(1,234)"}, "F-T026", "obligor_ebitda", 3, "(1,234) read as −1,234", -1234.0),
    "long vowel mark": ({("obligor_ebitda", 1): "ー1234"}, "F-T026", "obligor_ebitda", 3, "ー1234 read as −1,234", -1234.0),
    "yen fraction": ({("current_balance", 1): "12000000.33"}, "F-T028", "current_balance", 3,
        "0.33 yen rounded; total effect -0.33", 12e6),
    "serial": ({("origination_date", 1): "45012"}, "F-T044", "origination_date", 3, "45012 read as Excel serial (2023-03-27)",
        "2023-03-27"),
    "era letter": ({("maturity_date", 1): "R11.3.31"}, "F-T043", "maturity_date", 3, "R11.3.31 read as 2029-03-31", "2029-03-31"),
    "first year": ({("incorporation_date", 1): "令和元年5月1日"}, "F-T043", "incorporation_date", 3, "2019-05-01", "2019-05-01"),
    "era ligature": ({("incorporation_date", 1): "㍻10年12月31日"}, "F-T043", "incorporation_date", 3, "1998-12-31",
        "1998-12-31"),
    "last week of Showa": ({("incorporation_date", 1): "S64/1/7"}, "F-T043", "incorporation_date", 3, "1989-01-07", "1989-01-07"),
    "slashes": ({("maturity_date", 1): "2029/3/31"}, "F-T043", "maturity_date", 3, "2029/3/31 read as 2029-03-31", "2029-03-31"),
    "eight digits": ({("maturity_date", 1): "20290331"}, "F-T043", "maturity_date", 3, "20290331 read as 2029-03-31",
        "2029-03-31"),
    "unambiguous day": ({("maturity_date", 1): "3/31/2029"}, "F-T043", "maturity_date", 3, "3/31/2029 read as 2029-03-31",
        "2029-03-31"),
    "dash in an id": ({("loan_id", 1): "A－2"}, "F-T002", "loan_id", 3, "normalised 1 dash variants", "A-2"),
}  # fmt: skip


@pytest.mark.parametrize("name", REPAIRS)
def test_repair_is_made_and_counted(name, tmp_path):
    changes, code, field, row, message, value = REPAIRS[name]
    loans = read_tape(write(tmp_path, text(table(changes))))
    found = only(loans.findings, code, field)
    assert (found.severity, found.row, found.count) == ("fixed", row, 1)
    assert message in found.message
    cell = loans.column(field)[1]
    assert (str(cell.astype("datetime64[D]")) if isinstance(cell, np.datetime64) else cell) == value
    assert len(loans) == 8


def test_all_problems_of_a_tape_come_together(tmp_path):
    changes = {
        ("current_balance", 0): "-1",
        ("maturity_date", 1): "2029-04-31",
        ("account_status", 2): "GOOD",
        ("loan_id", 5): "",
    }
    loans, findings = check_tape(write(tmp_path, text(table(changes))))
    assert loans is None
    assert sorted(errors(findings)) == ["E-T030", "E-T032", "E-T040", "E-T050"]


def test_full_list_names_every_row(tmp_path):
    _, findings = check_tape(write(tmp_path, text(table({("maturity_date", 1): "", ("maturity_date", 4): ""}))))
    listed = full_list(findings)
    assert listed["row"].tolist() == [3, 6]
    assert listed["who"].tolist() == ["A-2", "B-1"]


def test_exact_repeat_is_dropped_and_said(tmp_path):
    columns = {name: [*values, values[2]] for name, values in table().items()}
    loans = read_tape(write(tmp_path, text(columns)))
    found = only(loans.findings, "F-T060")
    assert (found.row, found.who) == (10, "loan A-3")
    assert (len(loans), loans.balance) == (8, BALANCE)


def test_same_id_at_two_banks_is_two_loans(tmp_path):
    loans = read_tape(write(tmp_path, text(table({("loan_id", 4): "A-1"}))))
    assert len(loans) == 8


def test_leading_zeros_and_the_id_na_survive(tmp_path):
    loans = read_tape(write(tmp_path, text(table({("loan_id", 0): "NA", ("obligor_id", 0): "0007"}))))
    assert loans.frame["loan_id"][0] == "NA"
    assert loans.frame["obligor_id"][0] == "0007"
    assert loans.frame["originator_id"][0] == "0101"


def test_reason_a_value_is_missing_is_kept_beside_it(tmp_path):
    loans = read_tape(write(tmp_path, text(table({("balloon_amount", 3): "ND2", ("balloon_amount", 4): "5"}))))
    assert only(loans.findings, "W-T031").value == "ND2"
    assert loans.frame["balloon_amount_nd"].tolist()[3] == "ND2"
    assert np.isnan(loans.column("balloon_amount")[3])
    assert loans.column("balloon_amount")[4] == 5.0


# (cells to change, code, field, message): none of them quotes one row's cell
SEVERAL: dict[str, tuple[dict[Any, str], str, str, str]] = {
    "error cells": ({("purpose", 1): "#REF!", ("purpose", 2): "#N/A"}, "E-T008", "purpose",
        "cells hold spreadsheet errors (2 cells)"),
    "ids": ({("loan_id", 1): "1.23E+12", ("loan_id", 2): "1.24E+12"}, "E-T007", "loan_id",
        "ids lost digits in a spreadsheet – export again as text (2 cells)"),
    "words": ({("original_balance", 1): "a", ("original_balance", 2): "b"}, "E-T020", "original_balance",
        "not numbers (2 cells)"),
    "no days": ({("maturity_date", 1): "2029-04-31", ("maturity_date", 2): "2029-06-31", ("maturity_date", 3): "x"}, "E-T040",
        "maturity_date", "not days of the calendar (3 cells)"),
    "eras": ({("maturity_date", 1): "平成31年5月1日", ("maturity_date", 2): "S64.1.8"}, "E-T042", "maturity_date",
        "dates outside their era (2 cells)"),
    "two readings": ({("maturity_date", 1): "4/5/2029", ("maturity_date", 2): "5/6/2029"}, "E-T041", "maturity_date",
        "dates that can be read in several ways; declare date_style (2 cells)"),
    "two digits": ({("maturity_date", 1): "12-May-30", ("maturity_date", 2): "12-Jun-30"}, "E-T041", "maturity_date",
        "years of two digits; declare date_style d-mon-yy with a century_pivot (2 cells)"),
    "stand-ins": ({("maturity_date", 1): "ND1", ("maturity_date", 2): "ND2"}, "E-T031", "maturity_date",
        "stand-ins for a value; maturity_date is required (2 cells)"),
    "stand-ins allowed": ({("balloon_amount", 1): "ND1", ("balloon_amount", 2): "ND2"}, "W-T031", "balloon_amount",
        "stand-ins for a value read as missing (2 cells)"),
    "triangles": ({("obligor_ebitda", 1): "△1", ("obligor_ebitda", 2): "▲2"}, "F-T026", "obligor_ebitda",
        "numbers marked △, ▲, ー or ( ) read as negative (2 cells)"),
    "serials": ({("origination_date", 1): "45012", ("origination_date", 2): "45013"}, "F-T044", "origination_date",
        "numbers read as Excel serials (2 cells)"),
}  # fmt: skip


@pytest.mark.parametrize("name", SEVERAL)
def test_a_message_about_several_cells_quotes_none(name, tmp_path):
    changes, code, field, message = SEVERAL[name]
    _, findings = check_tape(write(tmp_path, text(table(changes))))
    found = only(findings, code, field)
    assert (found.message, found.count) == (message, len(changes))
    assert found.occurrences is not None
    assert found.occurrences.values.tolist() == list(changes.values())
    assert errors(findings) == ([code] if code.startswith("E") else [])


def test_a_named_month_asks_for_its_style(tmp_path):
    found = only(check_tape(write(tmp_path, text(table({("origination_date", 0): "12-May-10"}))))[1], "E-T041")
    assert found.fix == (
        "declare `date_styles: {origination_date: {style: d-mon-yy, century_pivot: 50}}` (years below the pivot are 20xx)"
    )


def test_an_amount_of_nines_is_an_amount_unless_it_is_repeated(tmp_path):
    once = read_tape(write(tmp_path, text(table({("original_balance", 3): "99999999"}))))
    assert once.findings == ()
    assert once.column("original_balance")[3] == 99_999_999.0
    cells = {("capital_yen", at): "99999999" if at < 2 else "10000000" for at in range(8)}
    twice = read_tape(write(tmp_path, text(table(cells))))
    assert only(twice.findings, "W-T031").count == 2
    assert np.isnan(twice.column("capital_yen")[:2]).all()


def test_a_blank_id_is_said_to_be_blank(tmp_path):
    _, findings = check_tape(write(tmp_path, text(table({("loan_id", 2): "", ("maturity_date", 2): "x"}))))
    assert [found.who for found in findings] == ["loan blank", "loan blank"]
