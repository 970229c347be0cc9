"""What a default is worth beyond the balance of the loan: what is set off, drawn and recovered of it."""

from __future__ import annotations

from collections.abc import Iterator

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
        deposit = np.maximum(np.nan_to_num(tape.floats("deposit_setoff", 0.0)), 0.0)
        findings += _without_effect(tape, "setoff", "no loan has a deposit (deposit_setoff)", deposit)
    if assumed.drawn_at_default is not None:
        revolving = tape.look_up("amortisation_type", "", lambda word: word == "revolving", np.bool_)
        unused = np.nan_to_num(tape.floats("credit_limit")) - tape.floats("current_balance")
        undrawn = np.where(revolving, assumed.drawn_at_default * np.maximum(unused, 0.0), 0.0)
        findings += _without_effect(tape, "drawn_at_default", "no loan is a revolving line with something undrawn", undrawn)
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


def _without_effect(tape: Columns, name: str, why: str, values: Floats) -> Iterator[Finding]:
    if tape.size and not values.any():
        rule, fix = "what is assumed finds loans it applies to", "leave it out, or supply the column"
        yield Finding("W-P088", "warning", f"{name} changes nothing: {why}", rule, fix, file=tape.file, field=name)
