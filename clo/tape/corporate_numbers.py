"""法人番号, the 13-digit number every company in Japan has: which numbers are one."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

LENGTH = 13


def valid(numbers: pd.Series) -> NDArray[np.bool_]:
    """Whether each text (shape: rows) has 13 digits and passes its check digit; missing ones do not.

    The first digit is 9 - (sum of the other digits x 1, 2, 1, 2, ... from the right) mod 9.
    Source: 法人番号の指定等に関する省令 (Ministry of Finance Ordinance No. 70 of 2014), article 2.
    """
    passes: NDArray[np.bool_] = np.zeros(len(numbers), dtype=bool)
    at = np.flatnonzero(numbers.notna().to_numpy())
    if not len(at):
        return passes
    texts = numbers.iloc[at].to_numpy(dtype=object).astype(f"U{LENGTH + 1}")
    digits = texts.view(np.uint32).reshape(len(at), LENGTH + 1).astype(np.int64) - ord("0")
    whole = ((digits[:, :LENGTH] >= 0) & (digits[:, :LENGTH] <= 9)).all(axis=1) & (digits[:, LENGTH] == -ord("0"))
    weights = np.array([2, 1] * 6)
    passes[at] = whole & (9 - (digits[:, 1:LENGTH] * weights).sum(axis=1) % 9 == digits[:, 0])
    return passes
