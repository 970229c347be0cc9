"""Published tables as packaged data, each with its source. The only reader of packaged data."""

from clo.reference.capital import CAPITAL_SOURCE, capital_rates

__all__ = ["CAPITAL_SOURCE", "capital_rates"]
