"""Obligors as the loss models know them: what each may lose, and when it defaults given the factors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clo.analytics.losses.factors import Factors, Floats


@dataclass(frozen=True, slots=True)
class Obligors:
    """size[i]: loss at default as a share of the total exposure, above 0, largest first.

    Obligor i defaults if sqrt(rho) M + sqrt(1 - rho) Z < c s, with c the quantile of its pd and s the common scale of
    Student-t, 1 for the Gaussian copula. Divided by sqrt(1 - rho): Z < threshold[i] s - loading[i] M.
    Source: O. Vasicek, Probability of loss on loan portfolio, 1987; for Student-t, P. Embrechts, A. McNeil and D. Straumann,
    Correlation and dependence in risk management, 2002.
    """

    size: Floats
    pd: Floats
    rho: Floats
    threshold: Floats
    loading: Floats
    degrees: float | None

    @property
    def mean(self) -> float:
        """Expected loss, exactly."""
        return float(self.size @ self.pd)

    @property
    def most(self) -> float:
        """What is lost if all default."""
        return float(self.size.sum())

    @property
    def factors(self) -> Factors:
        return Factors(bool((self.loading > 0.0).any()), self.degrees)


def obligors(size: Floats, pd: Floats, rho: Floats, degrees: float | None) -> Obligors:
    """Obligors that lose nothing are left out. Sorted by what they are, so the order they come in changes no bit."""
    from scipy.special import ndtri, stdtrit  # noqa: PLC0415  (heavy: loaded when a loss is computed)

    order = np.lexsort((rho, pd, -size))
    order = order[size[order] > 0.0]
    size, pd, rho = size[order], pd[order], rho[order]
    quantile = ndtri(pd) if degrees is None else np.where(pd > 0.0, stdtrit(degrees, pd), -np.inf)
    own = np.sqrt(1.0 - rho)
    return Obligors(size, pd, rho, quantile / own, np.sqrt(rho) / own, degrees)
