"""The slow reading of who shares in a step: names one after the other, or together by claim."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping

from clo.deal.terms import Group


def turns(names: Iterable[str], how: str, groups: Mapping[str, Group]) -> list[list[str]]:
    """Who shares with whom, turn after turn: a group is paid in its turn in its own order, in a pro-rata step with all others."""
    found: list[list[str]] = []
    for name in names:
        members = list(groups[name].tranches) if name in groups else [name]
        if name in groups and groups[name].how == "pro_rata":
            found.append(members)
        else:
            found.extend([member] for member in members)
    return [[name for turn in found for name in turn]] if how == "pro_rata" else found


def shared(
    claims: Mapping[str, float], to_pay: float, whole: Callable[[float], float], down: Callable[[str, float], float]
) -> dict[str, float]:
    """What each gets of `to_pay`, which is no more than the claims in all.

    whole: a share in whole units; the remainder goes to the first that still has a claim, then to the next.
    down: of one name, the amount as its notes can take it; what is cut off is left to those after it.
    """
    if len(claims) == 1:
        return {name: down(name, to_pay) for name in claims}
    total = math.fsum(claims.values())
    if total == 0.0 or to_pay == 0.0:
        return dict.fromkeys(claims, 0.0)
    amounts = {name: min(claim, whole(to_pay * claim / total)) for name, claim in claims.items()}
    remainder = to_pay - math.fsum(amounts.values())
    for name, claim in claims.items():
        more = max(0.0, min(remainder, claim - amounts[name]))
        given = down(name, amounts[name] + more)
        remainder -= given - amounts[name]
        amounts[name] = given
    return amounts
