"""What all obligors of a scenario share: factors, the mixing variable, and the weight of the scenario. Keyed, and replaceable."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from clo.scenarios import kernel
from clo.scenarios.kernel import Stream

Floats = NDArray[np.float64]
Keys = NDArray[np.uint64]
Errors = Literal["independent", "strata", "replicates"]
"""How a standard error is found: of single scenarios, of those of a stratum, or of the means of independent randomisations."""
WORD = 2**32
DIGITS = 2.0**-53


@dataclass(frozen=True, slots=True, eq=False)
class Common:
    """What some scenarios, one after the other, have in common for all obligors.

    factors [s, f]: standard normal, with the correlations of the model; factor 0 is the market. scale [s]: root of the mixing
    variable over its degrees of freedom, 1 for a Gaussian copula. log_weight [s]: log of the density of the model over that of
    the draws, 0 where scenarios are drawn from the model.
    """

    factors: Floats
    scale: Floats
    log_weight: Floats


class Draws(Protocol):
    """Where factors come from: a function of the numbers of the scenarios and of nothing else, so that any part can be drawn
    alone. method: its name in results; seed: of what each obligor draws for itself. errors: whether scenarios are independent,
    or scenario n is one of stratum, or of randomisation, n mod groups.
    """

    @property
    def method(self) -> str: ...
    @property
    def seed(self) -> int: ...
    @property
    def errors(self) -> Errors: ...
    @property
    def groups(self) -> int: ...
    def __call__(self, first: int, count: int) -> Common:
        """The scenarios first, first + 1, ..., first + count - 1."""
        ...


def keys_of(names: Iterable[str]) -> Keys:
    """A 64-bit key of each name, which depends on nothing but the name."""
    return np.array(
        [int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little") for name in names], dtype=np.uint64
    )


def halves(keys: Keys) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """The low and the high 32 bits of 64-bit keys."""
    return (keys & np.uint64(WORD - 1)).astype(np.uint32), (keys >> np.uint64(32)).astype(np.uint32)


def seed_words(seed: int) -> tuple[np.uint64, np.uint64]:
    """The key of a seed from 0 to 2^64 - 1."""
    return np.uint64(seed % WORD), np.uint64(seed // WORD)


def words(seed: int, stream: Stream, keys: Keys, first: int, count: int) -> NDArray[np.uint32]:
    """32-bit random words of some scenarios and keys [s, i]."""
    out = np.empty((count, len(keys)), dtype=np.uint32)
    with np.errstate(over="ignore"):  # compiled code never warns; the plain code is not to either
        kernel.draws(first, int(stream), *halves(keys), *seed_words(seed), out)
    return out


def uniforms(seed: int, stream: Stream, names: Iterable[str], first: int, count: int) -> Floats:
    """Uniform numbers between 0 and 1 of 53 bits [s, name], never 0 and never 1: of two words each."""
    keys = keys_of(f"{name} {half}" for name in names for half in ("high", "low"))
    drawn = words(seed, stream, keys, first, count).astype(np.uint64)
    whole = (drawn[:, 0::2] << np.uint64(21)) | (drawn[:, 1::2] >> np.uint64(11))
    return np.asarray(np.minimum((whole.astype(np.float64) + 0.5) * DIGITS, 1.0 - DIGITS))


@dataclass(frozen=True, slots=True, eq=False)
class PlainDraws:
    """Independent scenarios of the model, each keyed by its number.

    factors: their names; root [f, f]: lower triangle whose square is their correlation, None where they are independent;
    degrees: of the Student-t copula, None for the Gaussian one.
    """

    seed: int
    factors: tuple[str, ...]
    root: Floats | None = None
    degrees: float | None = None
    method: str = "plain"
    errors: Errors = "independent"
    groups: int = 1

    def __call__(self, first: int, count: int) -> Common:
        """The scenarios first, first + 1, ..., first + count - 1."""
        from scipy.special import ndtri  # noqa: PLC0415  (heavy: loaded with the first simulation)

        normal = np.asarray(ndtri(uniforms(self.seed, Stream.FACTOR, self.factors, first, count)))
        return Common(correlated(normal, self.root), mixing(self.seed, self.degrees, first, count), np.zeros(count))


def mixing(seed: int, degrees: float | None, first: int, count: int) -> Floats:
    """Roots of a chi-square variable over its degrees of freedom [s]; 1 without."""
    if degrees is None:
        return np.ones(count)
    from scipy.special import gammaincinv  # noqa: PLC0415  (heavy: loaded with the first simulation)

    p = uniforms(seed, Stream.MIXING, ("mixing",), first, count)[:, 0]
    return np.asarray(np.sqrt(2.0 * gammaincinv(degrees / 2.0, p) / degrees))


def correlated(normal: Floats, root: Floats | None) -> Floats:
    """Independent normal numbers [s, f] with the correlation of the factors; the same sums for any number of rows."""
    if root is None:
        return normal
    out = np.zeros_like(normal)
    for f in range(root.shape[0]):
        for g in np.flatnonzero(root[f]):
            out[:, f] += root[f, g] * normal[:, g]
    return out
