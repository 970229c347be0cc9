"""What a sidecar declares about the rows of a tape: rows left out, extra rules, control totals, where values come from."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np

from clo.expressions import ExpressionError, names, parse
from clo.files.tape.sidecar import Sidecar
from clo.findings import Finding
from clo.labels import counted
from clo.tape.codes import finding
from clo.tape.filters import answer, select
from clo.tape.keys import kept
from clo.tape.view import View


def leave_out(view: View, sidecar: Sidecar) -> tuple[View, list[Finding]]:
    """The view without the rows the sidecar declares unusable, and a finding that counts them and says why."""
    found = []
    for number, declared in enumerate(sidecar.leave_out):
        gone = np.ones(len(view.frame), dtype=bool)
        if declared.missing:
            gone = view.frame[[name for name in declared.missing if name in view.frame.columns]].isna().any(axis=1).to_numpy()
        if declared.where is not None:
            try:
                gone = gone & select(view.frame, declared.where)
            except ExpressionError as error:
                said = str(error)
                place = sidecar.place("leave_out", number, "where", tape=view.source)
                found.append(finding("E-S005", said, path=f"leave_out[{number}].where", value=declared.where, **place))
                continue
        if gone.any():
            said = f"left out {counted(int(gone.sum()))}: {declared.why}"
            found.append(view.report("F-T081", declared.missing[0] if declared.missing else "loan_id", gone, said))
            view = kept(view, ~gone)
    return view, found


def provenance(columns: Collection[str], loans: int, sidecar: Sidecar, file: str) -> list[Finding]:
    """What the sidecar says of where the tape's values come from: loans that are invented, columns that are assumed."""
    found = []
    if sidecar.made_up is not None:
        found.append(finding("W-T083", f"the loans are made up: {sidecar.made_up}", file=file))
    for name, assumed in sidecar.assumed.items():
        if assumed.value is not None:
            said = f"{name} is assumed to be {assumed.value} for all {counted(loans)}: {assumed.why}"
            found.append(finding("W-T082", said, field=name, file=file, value=str(assumed.value)))
        elif name in columns:
            said = f"{name} is assumed for all {counted(loans)}: {assumed.why}"
            found.append(finding("W-T082", said, field=name, file=file))
        else:
            said = f"{name} is assumed without a value, and the file has no such column"
            found.append(finding("E-S004", said, field=name, **sidecar.place("assumed", name, tape=file)))
    return found


def declared_rules(view: View, sidecar: Sidecar) -> list[Finding]:
    """The extra rules of the sidecar; a row where a missing value decides does not break its rule."""
    found = []
    for number, rule in enumerate(sidecar.rules):
        path = f"rules[{number}].that"
        try:
            holds = answer(view.frame, rule.that)
        except ExpressionError as error:
            place = sidecar.place("rules", number, "that", tape=view.source)
            found.append(finding("E-S005", str(error), path=path, value=rule.that, **place))
            continue
        broken = ~holds.yes & ~holds.open
        if broken.any():
            code = "E-T080" if rule.severity == "error" else "W-T080"
            shown = rule.field if rule.field in view.frame.columns else next(names(parse(rule.that)), "loan_id")
            made = view.report(code, str(shown), broken, f"{rule.says} ({counted(int(broken.sum()))})")
            found.append(replace(made, rule=rule.that, fix=rule.fix or made.fix))
    return found


def controls(actual: Mapping[str, tuple[int, float]], sidecar: Sidecar, file: str) -> list[Finding]:
    """Control totals of the sidecar against the tape; a difference is an error with both figures.

    actual: number of loans and their balance by originator.
    """
    wanted = sidecar.controls
    found = []

    def compare(place: tuple[str, ...], what: str, control: float | None, actual: float, rows: str = "") -> None:
        if control is None or abs(control - actual) <= 0.5:
            return
        said = f"{what}{rows}: tape {actual:,.0f} vs control {control:,.0f} ({actual - control:+,.0f})"
        if control and round(actual / control, 6) in (1e3, 1e-3, 1e6, 1e-6):
            said += "; a power of 1000: check units.money"
        stands = sidecar.place("controls", *place, tape=file)
        found.append(finding("E-T015", said, field=".".join(("controls", *place)), value=f"{actual:,.0f}", **stands))

    compare(("count",), "loans", wanted.count, sum(count for count, _ in actual.values()))
    compare(("balance",), "balance", wanted.balance, sum(balance for _, balance in actual.values()))
    for bank, control in wanted.by_originator.items():
        count, balance = actual.get(bank, (0, 0.0))
        compare(("by_originator", bank, "count"), "loans", control.count, count, f" of {bank}")
        compare(("by_originator", bank, "balance"), "balance", control.balance, balance, f" of {bank}")
    return found
