"""Where money comes from and goes: what a compiled deal collects twice or never, never pays, or cannot let go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Protocol

from clo.deal.terms import COLLECTED, Collect, Deal, Pay
from clo.waterfall.program import Movement


class Complain(Protocol):
    """How a finding is made: code, message, fix, and where."""

    def __call__(self, code: str, message: str, fix: str, *, path: str = "") -> None: ...


def flow_findings(deal: Deal, movements: Sequence[Movement], names_used: set[str], complain: Complain) -> None:
    """Report money that is never collected or never leaves, claims that no step pays and triggers that change nothing."""
    _collected_once(deal, movements, complain)
    paid = {movement.claim for movement in movements}
    for name, tranche in deal.tranches.items():
        path = f"tranches.{name}"
        if not {f"{name}.principal", f"{name}.residual"} & paid:
            complain(
                "E-D120", f"no step pays principal to tranche {name!r}", f"add - pay: {{principal: {name}, from: ...}}", path=path
            )
        if tranche.coupon is not None and f"{name}.interest" not in paid:
            complain(
                "E-D121",
                f"no step pays the interest of tranche {name!r}",
                f"add - pay: {{interest: {name}, from: ...}}",
                path=path,
            )
    for name in deal.fees:
        if f"{name}.fee" not in paid:
            complain("E-D122", f"no step pays fee {name!r}", f"add - pay: {{fee: {name}, from: ...}}", path=f"fees.{name}")
    _reached(deal, complain)
    _money_leaves(deal, movements, complain)
    for name in deal.triggers:
        if name not in names_used:
            complain(
                "W-D125",
                f"trigger {name!r} changes nothing: no condition reads it",
                "name it in a condition",
                path=f"triggers.{name}",
            )


def _collected_once(deal: Deal, movements: Sequence[Movement], complain: Complain) -> None:
    times: Counter[tuple[str, str]] = Counter()
    for movement in movements:
        if movement.reason == "collect":
            pool, column = movement.claim.split(".")
            times.update([(name, column) for name in (deal.pools if pool == "pool" else (pool,))])
    for name in deal.pools:
        for column in COLLECTED:
            if times[name, column] == 0:
                complain(
                    "E-D123",
                    f"no step collects {column} of pool {name!r}: the money would never enter the deal",
                    f"add {column} to a collect step",
                    path="waterfall",
                )
            elif times[name, column] > 1:
                complain(
                    "E-D124",
                    f"{column} of pool {name!r} is collected {times[name, column]} times",
                    "collect each column of a pool once",
                    path="waterfall",
                )


def _reached(deal: Deal, complain: Complain) -> None:
    """A residual without limit or condition empties its account: what is paid from it before it is fed again gets nothing."""
    emptied: dict[str, int] = {}
    for number, step in enumerate(deal.waterfall, start=1):
        if not isinstance(step, Collect) and step.source in emptied:
            complain(
                "E-D128",
                f"step {number} is never reached: step {emptied[step.source]} pays everything out of {step.source!r}",
                "move the residual to the end, or limit it",
                path=f"waterfall[{number - 1}].{step.verb}",
            )
        if not isinstance(step, Pay):
            emptied.pop(step.to, None)
        elif step.kind == "residual" and step.amount is None and step.condition is None:
            emptied[step.source] = number


def _money_leaves(deal: Deal, movements: Sequence[Movement], complain: Complain) -> None:
    """Every account that is fed must lead, by transfers, to an account from which a residual is paid."""
    emptied = {movement.source for movement in movements if movement.reason in ("residual_principal", "residual_interest")}
    transfers = [movement for movement in movements if movement.reason == "transfer"]
    reached, grown = emptied, True
    while grown:
        further = reached | {movement.source for movement in transfers if movement.to in reached}
        grown, reached = further != reached, further
    fed = {movement.to for movement in movements if movement.reason in ("collect", "transfer")}
    fed |= {name for name, account in deal.accounts.items() if account.initial > 0}
    for name in deal.accounts:
        if name in fed and name not in reached:
            complain(
                "E-D126",
                f"money never leaves account {name!r}: no residual is paid from it or from an account it feeds",
                f"add - pay: {{residual: ..., from: {name}}} as the last step, or transfer what is left",
                path=f"accounts.{name}",
            )
        elif name not in fed and name not in {movement.source for movement in movements}:
            complain("W-D127", f"account {name!r} is not used by any step", "remove it", path=f"accounts.{name}")
