"""The catalogue of tape findings: every code once, with the rule it stands for and what to do about it.

E- refuses the tape, W- is worth a look, F- is an unambiguous repair. `{field}` is filled in with the column's name.
T0xx codes come from reading a tape and from the rules over its columns, S0xx from the sidecar.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clo.findings import Finding, Occurrences, Severity

_SEVERITY: Mapping[str, Severity] = {"E": "error", "W": "warning", "F": "fixed"}

CODES: Mapping[str, tuple[str, str]] = {
    # the file
    "E-T001": ("the whole file is in one encoding", "export the file again in one encoding, UTF-8 or CP932"),
    "F-T001": ("the file is UTF-8, or its encoding is declared", "declare `encoding: cp932` in the sidecar to silence this"),
    "F-T002": ("a dash inside an id is written one way", "nothing to do; the source mixes look-alike characters"),
    "F-T003": ("the header is row 1", "declare `header_row` in the sidecar to silence this"),
    "E-T004": ("a total line equals the sum of the rows it totals", "find the missing or extra rows, or remove the total line"),
    "F-T004": ("a tape holds loans only", "nothing to do; remove the line at the source to silence this"),
    "E-T005": ("every row has as many fields as the header", "quote fields that contain the delimiter; export again"),
    "E-T006": ("every quote that opens also closes", "close the quote, or export again"),
    "E-T007": ("an id is text and keeps all its digits", "export again with the id column formatted as text"),
    "W-T007": ("an id is text and keeps its leading zeros", "store {field} as text"),
    "E-T008": ("a cell holds a value, not a spreadsheet error", "correct the formula, or widen the column, and export again"),
    "E-T009": ("a tape has a header and at least one loan", "check that this is the loan tape and how it is delimited"),
    "E-T010": ("one tape has one cut-off date", "ask for the tape as of one date, or split the file"),
    "E-T011": ("every required column is present", "add `columns: {{{field}: '<its header>'}}` to the sidecar"),
    "E-T012": ("every header stands for one column", "rename or remove one of them"),
    "W-T013": ("a header is a column of the tape or wholly unlike one", "rename it, or map it in the sidecar"),
    "E-T014": ("a cell is shorter than 131,072 characters", "shorten the text, or export without that column"),
    "E-T015": ("the tape agrees with its control totals", "find the difference before using the tape"),
    "E-T016": ("the file is the one its sidecar describes", "use the right file, or correct `sha256` in the sidecar"),
    "E-T017": ("text is readable", "export again; the text was damaged by a wrong decoding before it came here"),
    # numbers and words
    "E-T020": ("{field} is a number", "correct the cell"),
    "E-T021": ("an annual rate is a decimal below 1 (100 %)", "set `units: {{rate: percent}}` (or bp) in the sidecar"),
    "W-T021": ("an annual rate is a decimal, 0.018 for 1.8 %", "check `units.rate`: percent may have been divided twice"),
    "E-T022": ("rates of all originators are in one unit", "declare the unit under `units.originators` in the sidecar"),
    "E-T023": ("money is in whole units, or its unit is declared", "declare `units: {{money: thousand}}` in the sidecar"),
    "E-T024": ("money of all originators is in one unit", "declare it under `units.originators` in the sidecar"),
    "F-T025": ("numbers are written as plain digits", "nothing to do"),
    "F-T026": ("a negative number has a minus sign", "nothing to do; check that the sign is meant"),
    "E-T027": ("a total stays below 2^53, where every whole number is exact", "check the unit of {field}"),
    "F-T028": ("yen amounts are whole", "nothing to do; the total effect is stated"),
    "E-T029": ("all money of a tape is in one unit", "declare the unit of one of them under `units.columns` in the sidecar"),
    "E-T030": ("{field} is required", "supply it, or declare it under `may_be_missing` with the reason"),
    "W-T030": ("{field} is required", "declared as missing in the sidecar; nothing that needs it can be computed"),
    "E-T031": ("a required field holds a value, not a stand-in for one", "supply the value of {field}"),
    "W-T031": ("a stand-in for a value is read as missing", "declare `sentinels` for {field} if it is a real value"),
    "E-T032": ("{field} is one of its allowed words", "map the word under `derive: {{{field}: {{from: ..., map: ...}}}}`"),
    "E-T033": ("{field} is a share between 0 and 1", "set `units: {{columns: {{{field}: percent}}}}`, or correct it"),
    "E-T034": ("pd_1y is a probability between 0 and 1", "move a score to score_value; declare a percent under units.columns"),
    "W-T034": ("a probability of default is above 0 and below 1", "check the source of pd_1y"),
    # dates
    "E-T040": ("{field} is a day of the calendar", "correct the cell, or declare its style under `date_styles`"),
    "E-T041": ("a date can be read in one way only", "declare `date_styles: {{{field}: ymd|mdy|dmy}}` (and century_pivot)"),
    "E-T042": ("an era date lies inside its era", "correct the era and year at the source"),
    "F-T043": ("dates are written YYYY-MM-DD", "nothing to do"),
    "F-T044": ("dates are text", "declare `date_styles: {{{field}: excel}}` (or excel1904) to silence this"),
    "W-T045": ("the fiscal year (April to March) holds the date of its statements", "check which year is meant"),
    # rows
    "E-T050": ("{field} is not negative", "correct the sign"),
    "W-T051": ("a loan without a balance is redeemed, repurchased or in default", "set account_status, or supply the balance"),
    "E-T052": ("a balance is at most twice what was lent", "check the unit, or whether columns are swapped"),
    "W-T052": ("a balance is at most what was lent", "confirm capitalised interest"),
    "E-T053": ("a loan with a balance matures after the cut-off date", "correct it, or add it to `leave_out` in the sidecar"),
    "E-T054": ("a loan matures after it was made", "correct origination_date or maturity_date"),
    "E-T055": ("a loan matures within 50 years", "correct maturity_date"),
    "E-T056": ("a loan was made by the cut-off date", "correct origination_date, or leave the loan out"),
    "W-T057": ("the next payment is after the cut-off date", "correct next_payment_date"),
    "E-T058": ("the grace period ends before maturity", "correct grace_end_date"),
    "E-T060": ("originator_id and loan_id tell every loan apart", "remove the wrong row"),
    "F-T060": ("originator_id and loan_id tell every loan apart", "nothing to do; the repeated row was dropped"),
    "E-T061": ("a performing loan is not in arrears", "set account_status to ARRE or DFLT, or correct days_in_arrears"),
    "E-T062": ("a loan in default has a default date", "supply default_date"),
    "W-T063": ("a tape knows nothing after its cut-off date", "declare `realised: [{field}]` if it records outcomes"),
    "W-T064": ("a performing or redeemed loan has no default date", "check account_status and default_date"),
    "W-T065": ("a loss is at most what was lent", "check whether costs or later draws are included"),
    "W-T066": ("a level-payment loan bears interest", "check current_rate and amortisation_type"),
    "W-T067": ("a bullet loan has no regular principal", "check amortisation_type"),
    "W-T068": ("something was lent", "supply original_balance"),
    "E-T070": ("one tape has one currency", "split the tape"),
    "W-T071": ("a corporate number passes its check digit", "correct it; it is not used to match obligors"),
    "W-T084": ("the next payment is by maturity", "correct next_payment_date or maturity_date"),
    "E-T085": ("a payment day is 1 to 31", "correct payment_day; 31 stands for the last day of a month"),
    "W-T086": ("a rate resets before maturity", "correct next_reset_date, or leave it empty"),
    "W-T087": ("the next reset is after the cut-off date", "correct next_reset_date"),
    "E-T088": ("nothing happens to a loan before it was made", "correct {field} or origination_date"),
    "W-T089": ("a loan in default has a default amount", "supply default_amount; without it the balance stands for it"),
    "E-T090": ("what was recovered is at most what defaulted", "correct one of them; interest after default is no recovery"),
    "W-T091": ("after the work-out, recovered plus lost is what defaulted", "check costs, interest and allocated_loss"),
    "W-T092": ("what is past due has days in arrears", "supply days_in_arrears, or correct arrears_balance"),
    "W-T093": ("a loan in arrears has days or an amount past due", "supply them, or set account_status to PERF"),
    "W-T094": ("principal and interest past due add up", "correct one of the three amounts"),
    "E-T095": ("principal past due is part of the balance", "correct arrears_principal or current_balance"),
    "E-T096": ("a redeemed loan owes nothing", "set the balance to 0, or correct account_status"),
    "W-T098": ("equal principal is the balance over the instalments left", "check amortisation_type and maturity_date"),
    "W-T099": ("a payment is what balance, rate and term give", "check amortisation_type, current_rate and maturity_date"),
    "W-T100": ("a bullet loan pays interest until maturity", "check amortisation_type"),
    "W-T101": ("a floating rate has index, margin and resets", "supply them; a projection refuses the loan without them"),
    "E-T102": ("a cap is at least the floor", "correct rate_cap or rate_floor"),
    "W-T103": ("a rate lies between its floor and its cap", "check current_rate, rate_floor and rate_cap"),
    "W-T105": ("a guarantee covers more than 1 %", "check `units: {{columns: {{{field}: ...}}}}`"),
    "E-T108": ("an id tells one from another", "ask for ids that are masked one by one, not all alike"),
    "W-T109": ("a pool has more than one borrower", "check whether masking has made all ids one"),
    "W-T110": ("one company has one obligor_id", "`clo.match_obligors` lists the links; `loans.with_groups` writes group_id"),
    "W-T111": ("one borrower has one obligor_id", "look at `.review`; `loans.with_groups` writes group_id"),
    "W-T112": ("one obligor_id is one borrower", "tell them apart, or correct what differs; a company is not its owner"),
    "W-T113": ("bank codes have four digits", "export originator_id as text, with its leading zeros"),
    # workbooks
    "F-T120": ("a date in a workbook is stored as a date", "nothing to do; the workbook says from when it counts"),
    "E-T120": ("one sheet of a workbook is the tape", "declare `sheet` in the sidecar"),
    "W-T120": ("a workbook holds the tape and nothing else", "declare `sheet` in the sidecar to silence this"),
    "E-T121": ("a header stands over one column", "give each column its own header, or declare the `header_row` below"),
    "W-T121": ("everything on the sheet of a tape is in sight", "show it, check that it belongs to the tape, and save"),
    "E-T122": ("a formula has a stored value", "open the workbook in the spreadsheet program, let it calculate, and save"),
    "W-T122": ("a value of a loan stands in the loan's own row", "undo the merge and fill every cell"),
    # the supplied schedule
    "E-T130": ("a schedule is of loans on the tape", "remove the row, or correct its originator_id and loan_id"),
    "E-T131": ("a loan owes one payment a day", "add the payments of the day up, or remove the repeated row"),
    "E-T132": ("{field} of a schedule is not negative", "correct the sign"),
    "E-T133": ("a row of a schedule has a loan, a day and its principal", "supply {field}"),
    "E-T134": ("a schedule has its columns", "add `schedule: {{columns: {{{field}: '<its header>'}}}}` to the sidecar"),
    "E-T135": ("the schedule stands where the sidecar says", "put the file beside the tape, or correct `schedule` there"),
    # tapes read in batches
    "E-T140": ("a tape read in batches is Parquet with its types", "convert it once: `clo.convert_tape(source, target)`"),
    # what the sidecar declares
    "E-T080": ("a rule declared in the sidecar holds", "correct the rows, or the rule"),
    "W-T080": ("a rule declared in the sidecar holds", "look at the rows"),
    "F-T081": ("rows declared as unusable are left out", "nothing to do; the sidecar says why"),
    "W-T082": ("every value has a source", "supply the column when it is known"),
    "W-T083": ("the loans of a tape are real loans", "results are an illustration; use a tape of real loans when there is one"),
    # what a pool must keep
    "E-L001": ("criteria are YAML, in UTF-8", "correct the text"),
    "E-L002": ("criteria have known keys only", "use the nearest key"),
    "E-L003": ("every value of criteria has its form", "correct the value"),
    "E-L004": ("every rule and every limit has a name of its own", "rename one of them"),
    "E-L005": ("criteria are about columns of the tape, or what follows from them", "correct the name or the expression"),
    "E-L020": ("every loan keeps the criterion", "leave the loans out: `loans.eligible(criteria).loans`"),
    "W-L020": ("every loan keeps the criterion", "look at the loans"),
    "E-L021": ("the pool keeps the limit", "take loans out, or add others"),
    "W-L021": ("the pool keeps the limit", "look at the largest names"),
    "W-L022": ("what a criterion needs is known", "supply the values; `missing: exclude` leaves such loans out"),
    "W-L023": ("what a limit needs is known", "supply the values"),
    # the sidecar
    "E-S001": ("a sidecar is YAML", "correct the text"),
    "E-S002": ("a sidecar has known keys only", "use the nearest key"),
    "E-S003": ("every value of a sidecar has its form", "correct the value"),
    "E-S004": ("a sidecar names headers the file has", "use the header as it stands in the file"),
    "E-S005": ("a rule is an expression over columns of the tape", "correct the expression"),
    "E-S006": ("a sidecar declares what its file can have", "remove the key, or use the file it was written for"),
}  # fmt: skip


def finding(
    code: str,
    message: str,
    *,
    field: str = "",
    file: str = "",
    line: int | None = None,
    column: int | None = None,
    row: int | None = None,
    path: str = "",
    who: str = "",
    value: str = "",
    fix: str = "",
    rule: str = "",
) -> Finding:
    """A finding of the catalogue, with its rule and fix; `fix` and `rule` replace the catalogue's words."""
    stated, advice = CODES[code]
    return Finding(
        code=code,
        severity=_SEVERITY[code[0]],
        message=message,
        rule=rule or stated.format(field=field or path),
        fix=fix or advice.format(field=field or path),
        file=file,
        line=line,
        column=column,
        row=row,
        path=path,
        who=who,
        field=field,
        value=value,
    )


def row_finding(
    code: str,
    message: str,
    *,
    field: str,
    file: str,
    rows: NDArray[np.int64],
    who: Sequence[Any] | NDArray[Any],
    values: Sequence[Any] | NDArray[Any],
    fix: str = "",
    rule: str = "",
) -> Finding:
    """A finding about rows: the first stands in the finding, all in its occurrences. Arrays of one length, in file order."""
    ids = np.asarray(who, dtype=object)
    read = np.asarray(values, dtype=object)
    first = "" if ids[0] is None else f"loan {ids[0]}"
    base = finding(code, message, field=field, file=file, row=int(rows[0]), who=first, value=str(read[0]), fix=fix, rule=rule)
    found = Occurrences(np.asarray(rows, dtype=np.int64), ids, read)
    return Finding(**{name: getattr(base, name) for name in base.__slots__ if name != "occurrences"}, occurrences=found)
