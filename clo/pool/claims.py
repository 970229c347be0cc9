"""What a default is worth beyond the balance of the loan: what is set off, drawn and recovered of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clo.behaviour.assumptions import Behaviour
from clo.behaviour.recovery import RecoveryBy
from clo.findings import Finding
from clo.pool.cells import share_by_word
from clo.pool.columns import Columns
from clo.pool.summing import Claims

Floats = NDArray[np.float64]


def claims_of(tape: Columns, assumed: Behaviour) -> tuple[Claims | None, list[Finding]]:
    """What each loan's default is worth beyond its balance, where the scenario asks."""
    findings: list[Finding] = []
    deposit = undrawn = recovery = None
    if assumed.setoff is not None:
        given = tape.floats("deposit_setoff", 0.0)
        findings += tape.hits([(
            (given < 0.0) | np.isinf(given), "E-P095", given, "deposit_setoff", "loan {id} has deposit_setoff {value}",
            "a deposit is 0 or more", "correct the tape, or leave it empty where there is none",
        )])  # fmt: skip
        deposit = np.nan_to_num(given)
    if assumed.drawn_at_default is not None:
        undrawn = assumed.drawn_at_default * _undrawn(tape)
    if assumed.recovery == "lgd":
        lgd = tape.floats("lgd")
        findings += tape.hits([(
            ~((lgd >= 0.0) & (lgd <= 1.0)), "E-P085", lgd, "lgd", "loan {id} has lgd {value}",
            "recovery: lgd needs a share from 0 to 1 of every loan", "supply lgd, or give a recovery rate",
        )])  # fmt: skip
        recovery = 1.0 - lgd
    elif isinstance(assumed.recovery, RecoveryBy):
        by = assumed.recovery
        recovery, found = share_by_word(tape, by.by, by.rates, by.other)
        findings += found
    if deposit is None and undrawn is None and recovery is None:
        return None, findings
    return Claims(deposit, undrawn, recovery), findings


def _undrawn(tape: Columns) -> Floats:
    """What may still be drawn of revolving lines, 0 for other loans [i]."""
    revolving = tape.look_up("amortisation_type", "", lambda word: word == "revolving", np.bool_)
    unused = np.nan_to_num(tape.floats("credit_limit")) - tape.floats("current_balance")
    return np.where(revolving, np.maximum(unused, 0.0), 0.0)
