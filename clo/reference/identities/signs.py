"""Figures whose sign the document lost and arithmetic does not prove: their magnitude is printed, either sign may be meant."""

from __future__ import annotations

from collections.abc import Iterable

UNKNOWN = "unknown"
"""In a column `<figure>_sign`."""


def choices(figure: float, sign: object) -> tuple[float, ...]:
    """What a figure may be."""
    return (figure, -figure) if sign == UNKNOWN else (figure,)


def closest_sum(figures: Iterable[tuple[float, object]], target: float) -> float:
    """Of all sums of (figure, sign) that the unknown signs allow, the one next to the target. Figures have few decimals."""
    sums = {0.0}
    for figure, sign in figures:
        sums = {round(total + chosen, 6) for total in sums for chosen in choices(figure, sign)}
    return min(sums, key=lambda total: (abs(total - target), total))
