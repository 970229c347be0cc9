"""What can be wrong with a history of tapes, and with what is estimated from one: every code once, with its rule and fix."""

from __future__ import annotations

from clo.catalogue import Catalogue

HISTORY_CODES = Catalogue({
    # the tapes
    "E-H001": ("a history has two tapes or more, each with one cut-off date", "give more tapes, or split that of several dates"),
    "E-H002": ("every tape has a cut-off date of its own", "join the parts of one date into one tape, or remove the second"),
    "E-H003": ("every file is given once", "replace the copy by the tape of its month"),
    "F-H004": ("tapes come in the order of their cut-off dates", "nothing to do; they were sorted"),
    "W-H005": ("there is a tape for every month", "add the missing tapes; roll rates leave such pairs out"),
    "E-H006": ("a history has one currency", "give the tapes of one pool, in one currency"),
    "E-H007": ("at least half of the loans of a tape are on the next one", "mask ids with the same salt on every tape"),
    "E-H008": ("every originator of a tape is on the next one", "add the missing part of the tape"),
    "E-H037": ("a column to keep is on the tapes", "correct its name in `keep`, or map it in the sidecar"),
    # loans from one tape to the next
    "F-H009": ("a loan keeps its id", "nothing to do; it is followed under loan_id_new"),
    "E-H010": ("an id belongs to one loan", "correct loan_id_new, or remove one of the rows"),
    "W-H011": ("a loan whose id changes says so in loan_id_new", "supply loan_id_new; until then they count as two loans"),
    "W-H012": ("a loan that leaves the pool has an exit_reason", "keep it on the tape once more, with its reason or status"),
    "W-H013": ("a balance rises only by new terms or a drawing", "supply restructuring_date or credit_limit, or correct it"),
    "W-H014": ("a default does not come back to life", "check the status, or whether it was cured by agreement"),
    "W-H015": ("a cumulative amount never falls", "check whether it is an amount of the month, or was corrected"),
    "W-H016": ("an exit_reason is one of the known words", "use repaid, prepaid, matured, default, repurchased"),
    "W-H017": ("a loan is on every tape until it leaves", "add the missing rows"),
    "W-H018": ("the principal due is known", "supply scheduled_principal_paid or regular_principal"),
    "W-H019": ("days_in_arrears is known", "supply it; the loan counts as current"),
    # estimates
    "E-H020": ("roll rates need two tapes one month apart", "add the tapes of the months between"),
    "W-H021": ("roll rates are monthly", "add the tapes of the months between; these pairs were left out"),
    "E-H022": ("a loan falls behind by one instalment a month at most", "check the days, or say skips='one_step'"),
    "E-H023": ("loans were seen in every state of arrears", "add tapes, or give the rows: as_scenario(rows=...)"),
    "E-H030": ("loans have the dates a survival curve counts from", "supply the dates, or choose another `since` or `entry`"),
    "W-H031": ("every loan is observed for some time", "these loans were left out; see `entry`"),
    "W-H032": ("a loan defaults before it matures", "they count in the month of maturity; see `exits`"),
    "E-H033": ("every loan at risk has the column it is told apart by", "keep the column in the history, or choose another"),
    "W-H034": ("a static pool is seen from origination", "its first months are unknown and are left empty"),
    "E-H035": ("the tape says what is measured", "supply the columns, or choose another measure"),
    "E-H036": ("loans were at risk in every month of a scenario", "take a curve since='cutoff', or say unseen='no_defaults'"),
    "W-H038": ("what happened lies within the age that the whole vintage has reached", "tell the loans apart by another column"),
    "E-H039": ("defaults are seen, and with them their timing", "give the scenario a curve of its own, or watch for longer"),
}, subject="loan")  # fmt: skip
history_finding, loan_finding = HISTORY_CODES.finding, HISTORY_CODES.row_finding
