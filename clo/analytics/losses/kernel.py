"""The loss of a pool whose obligors default independently once the factors are known, mixed over nodes of the factors.

Complete in itself: numba's on-disk cache does not see changes in other files. No fastmath. Nothing is allocated and
nothing raised; the callers in `lattice` have checked every argument.

Axis key: n node of the factors, i obligor, k cell of the loss grid (loss 0 stands at cell `zero`), c tap.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from typing import Callable, TypeVar  # noqa: UP035  (a kernel imports from typing and no other home)

    from numpy.typing import NDArray

    _F = TypeVar("_F", bound=Callable[..., Any])

    def njit(**options: bool) -> Callable[[_F], _F]:
        """numba's decorator is untyped; a jitted function has the signature it was written with."""

    F64 = NDArray[np.float64]
    I64 = NDArray[np.int64]
else:
    from numba import njit

NEGLIGIBLE = 1e-18  # a cell at either end that holds less is let go: a thousand of them are below the last digit
EVERY = 8  # obligors from one look at the ends to the next
TAPS = 4  # a loss is spread over the cells shift - 1 .. shift + 2
ROOT_HALF = math.sqrt(0.5)


@njit(nogil=True, cache=True)
def conditional_pds(threshold: F64, loading: F64, scale: float, factor: float, out: F64) -> None:
    """out[i] = Phi(threshold[i] x scale - loading[i] x factor); an infinite threshold is a certain event."""
    for i in range(len(threshold)):
        out[i] = 0.5 * math.erfc((loading[i] * factor - threshold[i] * scale) * ROOT_HALF)


@njit(nogil=True, cache=True)
def add_moments(size: F64, threshold: F64, loading: F64, factor: F64, scale: F64, weight: F64, pds: F64, out: F64) -> None:
    """Adds over the nodes: weight x [conditional mean, its square, conditional variance] of the loss.  size[i], out[3]"""
    for n in range(len(weight)):
        conditional_pds(threshold, loading, scale[n], factor[n], pds)
        mean, variance = 0.0, 0.0
        for i in range(len(size)):
            mean += pds[i] * size[i]
            variance += pds[i] * (1.0 - pds[i]) * size[i] * size[i]
        out[0] += weight[n] * mean
        out[1] += weight[n] * mean * mean
        out[2] += weight[n] * variance


@njit(nogil=True, cache=True)
def _spread(old: F64, new: F64, pd: float, shift: int, taps: F64, begin: int, end: int) -> None:
    """One more obligor: what stands in old moves by its loss with probability pd, to cells begin..end of new."""
    here, a, b, c, d = 1.0 - pd, pd * taps[0], pd * taps[1], pd * taps[2], pd * taps[3]
    stays = old[begin : end + 1]
    first = old[begin - shift + 1 : end - shift + 2]
    second = old[begin - shift : end - shift + 1]
    third = old[begin - shift - 1 : end - shift]
    fourth = old[begin - shift - 2 : end - shift - 1]
    out = new[begin : end + 1]
    for k in range(end - begin + 1):
        out[k] = here * stays[k] + a * first[k] + b * second[k] + c * third[k] + d * fourth[k]


# pmf[k], one[k], two[k]: loss 0 at cell `zero`, room of the largest shift + 4 below it
@njit(nogil=True, cache=True)
def add_losses(
    shift: I64, taps: F64, threshold: F64, loading: F64, factor: F64, scale: F64, weight: F64,
    zero: int, floor: int, pds: F64, one: F64, two: F64, pmf: F64,
) -> float:  # fmt: skip
    """Adds weight x the probability of each cell's loss over the nodes; the sum of weight x the probability of no default.

    Cells below `floor` and from the last but one up are let go: `lattice` leaves a margin before both.
    """
    unharmed = 0.0
    top = len(pmf) - 2
    for n in range(len(weight)):
        conditional_pds(threshold, loading, scale[n], factor[n], pds)
        spared = weight[n]
        for i in range(len(shift)):
            spared *= 1.0 - pds[i]
        unharmed += spared
        one[:] = 0.0
        two[:] = 0.0
        one[zero] = 1.0
        low, high = zero, zero
        old, new = one, two
        for i in range(len(shift)):
            if pds[i] == 0.0:
                continue
            low, high = max(floor, min(low, low + shift[i] - 1)), min(top, high + shift[i] + 2)
            _spread(old, new, pds[i], shift[i], taps[i], low, high)
            old, new = new, old
            if i % EVERY == EVERY - 1:
                while low <= high and abs(old[low]) < NEGLIGIBLE:
                    old[low] = 0.0
                    new[low] = 0.0
                    low += 1
                while high > low and abs(old[high]) < NEGLIGIBLE:
                    old[high] = 0.0
                    new[high] = 0.0
                    high -= 1
                if low > high:
                    break
        for k in range(low, high + 1):
            pmf[k] += weight[n] * old[k]
    return unharmed
