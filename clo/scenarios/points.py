"""Points of the unit cube for what all obligors share: in strata of the first dimension, or of Sobol. By scenario number.

Axes: s scenario, d dimension.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from clo.scenarios.draws import DIGITS, Errors, uniforms
from clo.scenarios.kernel import Stream

Floats = NDArray[np.float64]
STRATA, LEAST_PER_STRATUM = 256, 4
REPLICATES = 16
BITS = 52


class Points(Protocol):
    """Where scenarios lie in the unit cube. Scenario n belongs to group n mod `groups`."""

    @property
    def errors(self) -> Errors: ...
    @property
    def groups(self) -> int: ...
    def __call__(self, first: int, count: int) -> tuple[Floats, Floats]:
        """(points [s, d] within 0 and 1, log weights [s]) of scenarios first, ..., first + count - 1."""
        ...


@dataclass(frozen=True, slots=True)
class StratifiedPoints:
    """Scenario n lies in stratum n mod `groups` of the first dimension, at random within it, as in all others.

    Where the number of scenarios is no multiple of the strata, those of fuller strata weigh less: each stratum counts alike.
    """

    seed: int
    scenarios: int
    names: tuple[str, ...]
    errors: Errors = "strata"

    @property
    def groups(self) -> int:
        return max(1, min(STRATA, self.scenarios // LEAST_PER_STRATUM))

    def __call__(self, first: int, count: int) -> tuple[Floats, Floats]:
        points = uniforms(self.seed, Stream.FACTOR, self.names, first, count)
        stratum = np.arange(first, first + count) % self.groups
        points[:, 0] = np.clip((stratum + points[:, 0]) / self.groups, DIGITS, 1.0 - DIGITS)
        full, over = divmod(self.scenarios, self.groups)
        held = full + (stratum < over)
        return points, np.log(self.scenarios / self.groups / held)


@dataclass(frozen=True, eq=False)
class SobolPoints:
    """Scenario n is point n // `groups` of randomisation n mod `groups` of Sobol's sequence, each scrambled by the seed.

    Source: A. B. Owen, "Randomly permuted (t,m,s)-nets and (t,s)-sequences" (1995), scrambled as in J. Matousek, "On the
    L2-discrepancy for anchored boxes" (1998), by scipy.stats.qmc.
    """

    seed: int
    scenarios: int
    names: tuple[str, ...]
    errors: Errors = "replicates"
    groups: int = REPLICATES

    @cached_property
    def _digits(self) -> NDArray[np.uint64]:
        """What each binary digit of a point's number (as a Gray code) changes in it, and the point of number 0 [r, digit, d]."""
        from scipy.stats import qmc  # noqa: PLC0415  (heavy: loaded with the first simulation)

        size = max(1, -(-self.scenarios // self.groups) - 1).bit_length()
        out = np.zeros((self.groups, size + 1, len(self.names)), dtype=np.uint64)
        for r in range(self.groups):
            source = qmc.Sobol(len(self.names), scramble=True, bits=BITS, rng=np.random.default_rng((self.seed, r)))
            out[r, size] = _whole(source.random(1)[0])
            before = out[r, size]
            for digit in range(size):  # number 2^digit differs from 2^digit - 1 in this digit of its Gray code alone
                ahead = source.random(2**digit)
                here = _whole(ahead[0])
                out[r, digit] = here ^ before
                before = _whole(ahead[-1])
        return out

    def __call__(self, first: int, count: int) -> tuple[Floats, Floats]:
        number = np.arange(first, first + count)
        replicate, place = number % self.groups, number // self.groups
        gray = place ^ (place >> 1)
        digits = self._digits
        found = digits[replicate, -1]
        for digit in range(digits.shape[1] - 1):
            set_here = (gray >> digit) & 1 == 1
            found[set_here] ^= digits[replicate[set_here], digit]
        points = (found.astype(np.float64) + 0.5) * 2.0**-BITS
        return np.minimum(points, 1.0 - DIGITS), np.zeros(count)


def _whole(points: Floats) -> NDArray[np.uint64]:
    return (points * 2.0**BITS).astype(np.uint64)
