"""Where the stages meet: a deal, its loans and a scenario become a Result."""

from clo.study.breaking_even import BreakEven, break_even
from clo.study.compiling import telling_of_compiling
from clo.study.inputs import resolve_scenario
from clo.study.pools import resolve_pools
from clo.study.result import Result
from clo.study.running import run

__all__ = ["BreakEven", "Result", "break_even", "resolve_pools", "resolve_scenario", "run", "telling_of_compiling"]
