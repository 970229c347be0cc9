"""What each scenario comes to for each tranche, from what the waterfall machine kept of a block.

Complete in itself: numba's cache on disk does not see changes in other files. No fastmath; nothing is raised.

Axis key: j tranche, r record, k payment date, s scenario.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from typing import Callable, TypeVar  # noqa: UP035  (a kernel imports from typing and no other home)

    from numpy.typing import NDArray

    _F = TypeVar("_F", bound=Callable[..., Any])

    def njit(**options: bool | str) -> Callable[[_F], _F]:
        """numba's decorator is untyped; a jitted function has the signature it was written with."""

    F64 = NDArray[np.float64]
    I32 = NDArray[np.int32]
else:
    from numba import njit


@njit(nogil=True, cache=True)
def outcomes(kept: F64, rows: I32, capitalised: I32, sizes: F64, years: F64, loss: F64, life: F64) -> None:
    """The loss of each tranche and the average life of its principal, not a number without any, into loss and life [j, s].

    kept [r, k, s]; rows [j, 2]: records of the balance and of what is written down, -1 where nothing ever is; capitalised [m, 2]:
    tranche and record of what movements add to a balance; years [k]: of each payment date since closing.
    """
    payments, n = kept.shape[1], kept.shape[2]
    for j in range(rows.shape[0]):
        balance, written = rows[j, 0], rows[j, 1]
        for s in range(n):
            loss[j, s] = sizes[j]
            life[j, s] = 0.0
        for k in range(payments):
            year = years[k]
            for s in range(n):
                paid = (sizes[j] if k == 0 else kept[balance, k - 1, s]) - kept[balance, k, s]
                loss[j, s] -= paid
                life[j, s] += paid * year
            if written >= 0:
                for s in range(n):
                    fallen = kept[written, k, s] - (0.0 if k == 0 else kept[written, k - 1, s])
                    loss[j, s] += fallen
                    life[j, s] -= fallen * year
            for m in range(capitalised.shape[0]):
                if capitalised[m, 0] == j:
                    for s in range(n):
                        added = kept[capitalised[m, 1], k, s]
                        loss[j, s] -= added
                        life[j, s] += added * year
        for s in range(n):
            paid = sizes[j] - loss[j, s]
            life[j, s] = life[j, s] / paid if paid > 0.0 else np.nan
        for m in range(capitalised.shape[0]):
            if capitalised[m, 0] == j:
                for k in range(payments):
                    for s in range(n):
                        loss[j, s] += kept[capitalised[m, 1], k, s]
