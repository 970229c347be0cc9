"""What a projection refuses in the loans themselves, whatever is assumed of borrowers and rates."""

from __future__ import annotations

import numpy as np

from clo.findings import Finding, merged
from clo.pool.columns import Columns
from clo.pool.contracts import read_contracts
from clo.pool.groups import READ, batches_of
from clo.tape.batches import AnyLoans
from clo.timeline import Days, as_days, collection_ends, month_index


def terms_findings(pool: AnyLoans) -> tuple[Finding, ...]:
    """What is wrong with the terms of the loans, read as for a projection that ends with the last of them; no curve is needed.

    Columns that are declared as missing are passed over: nothing that needs them is meant to be computed.
    """
    if not len(pool):
        return ()
    cutoff = np.datetime64(pool.cutoff, "D")
    declared = {each.field for each in pool.findings if each.code == "W-T030"}
    found: list[Finding] = []
    for loans in batches_of(pool, READ):
        found += read_contracts(loans, _until_the_last(Columns.of(loans), cutoff), cutoff)[1]
        found = list(merged(found))
    return tuple(each for each in found if each.field not in declared)


def _until_the_last(tape: Columns, cutoff: np.datetime64) -> Days:
    """Month ends up to the last maturity of these loans; one at least."""
    last = np.fmax(tape.latest("maturity_date"), cutoff)
    months = int(month_index(as_days([last]))[0] - month_index(as_days([cutoff]))[0])
    return collection_ends(cutoff, months + 1)
