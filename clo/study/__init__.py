"""Where the stages meet: a deal, its loans and a scenario become a Result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clo.lazy import loading

if TYPE_CHECKING:
    from clo.study.breaking_even import BreakEven as BreakEven
    from clo.study.breaking_even import BreakEvens as BreakEvens
    from clo.study.breaking_even import break_even as break_even
    from clo.study.compiling import telling_of_compiling as telling_of_compiling
    from clo.study.inputs import resolve_scenario as resolve_scenario
    from clo.study.pools import resolve_pools as resolve_pools
    from clo.study.result import Result as Result
    from clo.study.running import run as run

__all__ = ["BreakEven", "BreakEvens", "Result", "break_even", "resolve_pools", "resolve_scenario", "run", "telling_of_compiling"]

__getattr__ = loading(
    __name__,
    {
        "BreakEven": "clo.study.breaking_even",
        "BreakEvens": "clo.study.breaking_even",
        "Result": "clo.study.result",
        "break_even": "clo.study.breaking_even",
        "resolve_pools": "clo.study.pools",
        "resolve_scenario": "clo.study.inputs",
        "run": "clo.study.running",
        "telling_of_compiling": "clo.study.compiling",
    },
)
