"""Recovery that varies: given the market, what a default loses is a normal variable through the normal distribution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clo.analytics.losses.factors import REACH, Floats

STEP = 0.5
"""Of the trapezoid rule over an obligor's own draw, at most; less where the share lost moves quickly with it."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """Obligor i loses the share N(-(centre[i] + common M + own X)) of what it owes, M the market and X its own draw.

    The centre is set so that the mean over all scenarios is the loss given default; a mean of 0 or 1 does not vary.
    Source: L. Andersen and J. Sidenius, Extensions to the Gaussian copula: random recovery and random factor loadings, Journal of
    Credit Risk 1(1), 2004.
    """

    centre: Floats
    common: float
    own: float

    def of(self, order: NDArray[np.int64]) -> Recovery:
        """Of some of the obligors."""
        return Recovery(self.centre[order], self.common, self.own)

    def given(self, market: Floats) -> Floats:
        """The centre of each obligor with the market in it [m, i]."""
        return np.asarray(self.centre + self.common * market[:, None])

    def lost(self, market: Floats) -> Floats:
        """Mean share lost given the market [m, i]."""
        from scipy.special import ndtr  # noqa: PLC0415  (heavy: loaded when a loss is computed)

        return np.asarray(ndtr(-self.given(market) / np.sqrt(1.0 + self.own**2)))

    def squared(self, market: Floats) -> Floats:
        """Mean square of the share lost given the market [m, i]."""
        from scipy.special import ndtr  # noqa: PLC0415  (heavy: loaded when a loss is computed)

        centre, total = self.given(market), np.zeros((len(market), len(self.centre)))
        for place, weight in zip(*draws_of(self.steps(np.zeros(1))[0]), strict=True):
            total += weight * ndtr(-(centre + self.own * place)) ** 2
        return total

    def steps(self, cells: Floats) -> Floats:
        """Steps of the rule over the own draw [i]: from node to node the loss moves by a cell at most. cells: of what is owed."""
        quick = np.maximum(1.0, self.own * np.maximum(1.0, cells / 5.0))
        return np.asarray(STEP / quick)


def recovery_of(lgd: Floats, spread: float, market: float) -> Recovery | None:
    """None where nothing varies. market: share of the variance of the variable that is the market's."""
    from scipy.special import ndtri  # noqa: PLC0415  (heavy: loaded when a loss is computed)

    if spread == 0.0:
        return None
    centre = np.asarray(ndtri(1.0 - lgd)) * np.sqrt(1.0 + spread**2)
    return Recovery(centre, spread * float(np.sqrt(market)), spread * float(np.sqrt(1.0 - market)))


def draws_of(step: float) -> tuple[Floats, Floats]:
    """Nodes of a standard normal variable and their weights."""
    count = int(np.ceil(REACH / step))
    places = np.arange(-count, count + 1, dtype=np.float64) * step
    return places, np.asarray(np.exp(-0.5 * places**2) * (step / np.sqrt(2.0 * np.pi)))
