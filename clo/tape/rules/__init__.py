"""What must hold of a tape: rules over its rows by theme, and `check`, which finds everything that does not."""

from clo.tape.rules.checking import RULES, check

__all__ = ["RULES", "check"]
