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
REACH = 8.0  # nodes of an obligor's own draw lie between -8 and 8 standard deviations
ROOT_HALF = math.sqrt(0.5)
ROOT_TWO_PI = 1.0 / math.sqrt(2.0 * math.pi)


@njit(nogil=True, cache=True)
def conditional_pds(threshold: F64, loading: F64, scale: float, factor: float, out: F64) -> None:
    """out[i] = Phi(threshold[i] x scale - loading[i] x factor); an infinite threshold is a certain event."""
    for i in range(len(threshold)):
        out[i] = 0.5 * math.erfc((loading[i] * factor - threshold[i] * scale) * ROOT_HALF)


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


@njit(nogil=True, cache=True)
def _begun(count: int, pds: F64, weight: float, zero: int, one: F64, two: F64) -> float:
    """Nobody has defaulted yet: all probability at loss 0. Returns weight x the probability that nobody will."""
    one[:] = 0.0
    two[:] = 0.0
    one[zero] = 1.0
    spared = weight
    for i in range(count):
        spared *= 1.0 - pds[i]
    return spared


@njit(nogil=True, cache=True)
def _trimmed(old: F64, new: F64, low: int, high: int) -> tuple[int, int]:
    """The cells from low to high without those at either end that hold next to nothing, which are cleared."""
    while low <= high and abs(old[low]) < NEGLIGIBLE:
        old[low] = 0.0
        new[low] = 0.0
        low += 1
    while high > low and abs(old[high]) < NEGLIGIBLE:
        old[high] = 0.0
        new[high] = 0.0
        high -= 1
    return low, high


# pmf[r, k], one[k], two[k]: loss 0 at cell `zero`, room of the largest shift + 4 below it; a row for all nodes, or one for each
@njit(nogil=True, cache=True)
def add_losses(
    shift: I64, taps: F64, threshold: F64, loading: F64, factor: F64, scale: F64, weight: F64,
    zero: int, floor: int, pds: F64, one: F64, two: F64, pmf: F64, unharmed: F64,
) -> None:  # fmt: skip
    """Adds weight x the probability of each cell's loss over the nodes to pmf, and of no default to unharmed[r].

    Cells below `floor` and from the last but one up are let go: `lattice` leaves a margin before both.
    """
    top = pmf.shape[1] - 2
    for n in range(len(weight)):
        row = min(n, len(pmf) - 1)
        conditional_pds(threshold, loading, scale[n], factor[n], pds)
        unharmed[row] += _begun(len(shift), pds, weight[n], zero, one, two)
        low, high = zero, zero
        old, new = one, two
        for i in range(len(shift)):
            if pds[i] == 0.0:
                continue
            low, high = max(floor, min(low, low + shift[i] - 1)), min(top, high + shift[i] + 2)
            _spread(old, new, pds[i], shift[i], taps[i], low, high)
            old, new = new, old
            if i % EVERY == EVERY - 1:
                low, high = _trimmed(old, new, low, high)
                if low > high:
                    break
        for k in range(low, high + 1):
            pmf[row, k] += weight[n] * old[k]


@njit(nogil=True, cache=True)
def _move(old: F64, new: F64, pd: float, first: int, taps: F64, begin: int, end: int) -> None:
    """One more obligor, whose loss varies: what stands in old moves by first + c cells with probability pd x taps[c]."""
    here = 1.0 - pd
    stays, out = old[begin : end + 1], new[begin : end + 1]
    for k in range(end - begin + 1):
        out[k] = here * stays[k]
    for c in range(len(taps)):
        moves = pd * taps[c]
        source = old[begin - first - c : end - first - c + 1]
        for k in range(end - begin + 1):
            out[k] += moves * source[k]


# pmf[r, k], one[k], two[k], unharmed[r]: as of add_losses, with room for the widest loss below `floor`
@njit(nogil=True, cache=True)
def add_varied_losses(
    first: I64, begin: I64, end: I64, taps: F64, threshold: F64, loading: F64, factor: F64, weight: F64,
    zero: int, floor: int, pds: F64, one: F64, two: F64, pmf: F64, unharmed: F64,
) -> None:  # fmt: skip
    """As add_losses, where obligor i loses first[i], first[i] + 1, ... cells with probabilities taps[begin[i]:end[i]]."""
    top = pmf.shape[1] - 2
    for n in range(len(weight)):
        row = min(n, len(pmf) - 1)
        conditional_pds(threshold, loading, 1.0, factor[n], pds)
        unharmed[row] += _begun(len(first), pds, weight[n], zero, one, two)
        low, high = zero, zero
        old, new = one, two
        for i in range(len(first)):
            if pds[i] == 0.0:
                continue
            last = first[i] + end[i] - begin[i] - 1
            low, high = max(floor, min(low, low + first[i])), min(top, high + last)
            _move(old, new, pds[i], first[i], taps[begin[i] : end[i]], low, high)
            old, new = new, old
            if i % EVERY == EVERY - 1:
                low, high = _trimmed(old, new, low, high)
                if low > high:
                    break
        for k in range(low, high + 1):
            pmf[row, k] += weight[n] * old[k]


@njit(nogil=True, cache=True)
def fill_taps(
    cells: F64, centre: F64, own: float, step: F64, smooth: bool, room: I64, first: I64, begin: I64, end: I64, taps: F64
) -> None:
    """Spreads what each obligor loses over the cells: Phi(-(centre[i] + own x)) of cells[i], x a normal variable of its own.

    By the trapezoid rule of step[i] from -8 to 8. Obligor i fills taps[room[i]:room[i + 1]], which stand for the cells from -1
    on; those at either end that hold next to nothing are left out, and first, begin, end [i] say where what is left stands.
    smooth: whether a loss between two cells is split in four or in two.
    """
    for i in range(len(cells)):
        start = room[i]
        for at in range(start, room[i + 1]):
            taps[at] = 0.0
        count = math.ceil(REACH / step[i]) if own > 0.0 else 0
        for j in range(-count, count + 1):
            x = j * step[i]
            share = math.exp(-0.5 * x * x) * step[i] * ROOT_TWO_PI if own > 0.0 else 1.0
            place = cells[i] * 0.5 * math.erfc((centre[i] + own * x) * ROOT_HALF)
            k = int(place)
            part = place - k
            at = start + k
            if smooth:
                left, right = 1.0 - part, 2.0 - part
                taps[at] -= share * part * left * right / 6.0
                taps[at + 1] += share * (1.0 + part) * left * right / 2.0
                taps[at + 2] += share * (1.0 + part) * part * right / 2.0
                taps[at + 3] -= share * part * left * (1.0 + part) / 6.0
            else:
                taps[at + 1] += share * (1.0 - part)
                taps[at + 2] += share * part
        low, high = start, room[i + 1]
        while low < high - 1 and abs(taps[low]) < NEGLIGIBLE:
            low += 1
        while high > low + 1 and abs(taps[high - 1]) < NEGLIGIBLE:
            high -= 1
        first[i], begin[i], end[i] = low - start - 1, low, high


@njit(nogil=True, cache=True)
def add_averages(weight: F64, pmf: F64, out: F64) -> None:
    """Adds weight[m, v] x pmf[v, k] to out[m, k]: in one order of additions, which a library's product of matrices has not."""
    for m in range(weight.shape[0]):
        for v in range(weight.shape[1]):
            share = weight[m, v]
            if share != 0.0:
                for k in range(pmf.shape[1]):
                    out[m, k] += share * pmf[v, k]
