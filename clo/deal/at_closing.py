"""Numbers that are known on the closing date: made of what pools and accounts start with, before any payment."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from clo.deal.terms import Deal
from clo.expressions import Call, Expression, ExpressionError, Name, Number, names, parse
from clo.findings import Finding, nearest

_NUMBERS = ("+", "-", "*", "/", "neg", "min", "max", "if")


def number_findings(deal: Deal, path: str, text: str, known: Collection[str], rule: str) -> Iterator[Finding]:
    """What is wrong with a text that should be a number made of known names."""
    try:
        expression = parse(text)
    except ExpressionError as error:
        yield deal.origin.finding("E-D102", path, str(error), "see docs/waterfall.md", rule=rule, value=text)
        return
    for name in dict.fromkeys(names(expression)):
        if name not in known:
            close = nearest(name, known)
            fix = f"did you mean {close!r}?" if close else f"names are {', '.join(known)}"
            yield deal.origin.finding("E-D101", path, f"name {name!r} is not known here", fix, rule=rule, value=name)
    if not _is_number(expression):
        message = f"a number stands here, and {text!r} is none"
        yield deal.origin.finding("E-D104", path, message, "write an amount", rule=rule, value=text)


def _is_number(expression: Expression) -> bool:
    """Whether an expression is a number made of numbers, and nothing that is remembered."""
    match expression:
        case Number() | Name():
            return True
        case Call(function, arguments):
            numbers = arguments[1:] if function == "if" else arguments
            return function in _NUMBERS and all(_is_number(argument) for argument in numbers)
        case _:
            return False
