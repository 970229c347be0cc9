"""Random numbers that depend on the seed, the deal, the sub-pool and what they are for, and on nothing else."""

from __future__ import annotations

from hashlib import sha256

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Draws = NDArray[np.float64]
SMALLEST = 2.0**-54
"""In place of a draw of exactly 0, whose quantile is minus infinity."""


def uniforms(seed: int, purpose: tuple[str, ...], count: int) -> Draws:
    """Numbers from 0 to below 1 [count]; more of them begin with the same ones. purpose: deal, sub-pool and what they are for,
    each combination with numbers of its own."""
    words = np.frombuffer(sha256("\0".join(purpose).encode()).digest()[:16], dtype="<u4")
    key = tuple(int(word) for word in words)
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=key))).random(count)


def normals(draws: Draws) -> Draws:
    """Standard normal quantiles of uniform draws."""
    return np.asarray(ndtri(np.maximum(draws, SMALLEST)))


def exponentials(draws: Draws) -> Draws:
    """Quantiles of an exponential distribution with mean 1."""
    return np.asarray(-np.log1p(-draws))


def choices(draws: Draws, shares: Draws) -> NDArray[np.int64]:
    """Positions in a list of shares that add up to 1 [count]."""
    edges = np.cumsum(shares)[:-1]
    return np.asarray(np.searchsorted(edges, draws, side="right"), dtype=np.int64)
