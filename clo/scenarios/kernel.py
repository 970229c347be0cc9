"""Who defaults in which month of which scenario, and what that takes from the flows of the pool.

A random number is a function of a key: seed, stream, scenario // 4 and obligor give four 32-bit numbers, one for each of
four scenarios. Nothing depends on what was drawn before, so a scenario alone is the same as in a batch, and a loan more
leaves the others as they were.

Complete in itself: numba's cache on disk does not see changes in other files. No fastmath; nothing is raised.

Axis key: i obligor, r row (an obligor's loans in one sub-pool), s scenario, c sector (obligors that answer alike to the factors),
t month (1 = the first after cut-off, at index t - 1), k payment date, h channel of flows, e posting of an event, a account (of a
sub-pool that is asked for, or of all others together).
"""

from __future__ import annotations

import math
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from typing import Callable, TypeVar  # noqa: UP035  (a kernel imports from typing and no other home)

    from numpy.typing import NDArray

    _F = TypeVar("_F", bound=Callable[..., Any])

    def njit(**options: bool | str) -> Callable[[_F], _F]:
        """numba's decorator is untyped; a jitted function has the signature it was written with."""

    F64 = NDArray[np.float64]
    F32 = NDArray[np.float32]
    I32 = NDArray[np.int32]
    U32 = NDArray[np.uint32]
    U8 = NDArray[np.uint8]
else:
    from numba import njit


class Stream(IntEnum):
    """What a random number is for."""

    OWN = 1
    RECOVERY = 2
    FACTOR = 3
    MIXING = 4


OWN, RECOVERY = 1, 2
LANES = 4
"""Scenarios that one draw serves."""
TILE = 8
"""Scenarios written together: a cache line of the block."""
CHUNK = 1024
"""Obligors whose draws stay in the first-level cache."""
RUN = 8
"""Months whose thresholds stand in one cache line."""
FINEST = 2.0**-32
LEAST, MOST, STEPS = -8.0, 7.999, 32.0
"""The table of bounds: the normal distribution at the upper edge of bins of 1/32 from -8 to 8."""
BINS = 512
FLOW, LEVEL_BEFORE, REPAID, EVENT = 0, 1, 2, 3
"""How an input reads accounts: a channel, a channel as the payment before left it, what a balance fell by, what defaults pay."""

_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_ROUND_A, _ROUND_B = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_WEYL_A, _WEYL_B = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_ROOT_HALF = math.sqrt(0.5)


@njit(nogil=True, cache=True, inline="always")
def philox(c0: Any, c1: Any, c2: Any, c3: Any, k0: Any, k1: Any) -> tuple[Any, Any, Any, Any]:
    """Philox 4x32-10: four 32-bit words of a counter and a key of two, all held in uint64.

    Source: Salmon, Moraes, Dror, Shaw, Parallel random numbers: as easy as 1, 2, 3 (SC11, 2011).
    """
    for _ in range(10):
        p, w = _ROUND_A * c0, _ROUND_B * c2
        c0, c2 = (w >> _HALF) ^ c1 ^ k0, (p >> _HALF) ^ c3 ^ k1
        c1, c3 = w & _LOW, p & _LOW
        k0, k1 = (k0 + _WEYL_A) & _LOW, (k1 + _WEYL_B) & _LOW
    return c0, c1, c2, c3


@njit(nogil=True, cache=True)
def draw(quad: int, stream: int, start: int, count: int, low: U32, high: U32, seed_low: Any, seed_high: Any, out: U32) -> None:
    """Four scenarios 4 quad, ..., 4 quad + 3 of the keys start, ..., start + count - 1 into out [4, i]."""
    counter, kind, begin = np.uint64(quad), np.uint64(stream), np.uint64(start)
    k0, k1 = np.uint64(seed_low), np.uint64(seed_high)
    for i in range(np.uint64(count)):
        c0, c1, c2, c3 = philox(counter, kind, np.uint64(low[begin + i]), np.uint64(high[begin + i]), k0, k1)
        out[0, i] = np.uint32(c0)
        out[1, i] = np.uint32(c1)
        out[2, i] = np.uint32(c2)
        out[3, i] = np.uint32(c3)


@njit(nogil=True, cache=True)
def draws(first: int, stream: int, low: U32, high: U32, seed_low: Any, seed_high: Any, out: U32) -> None:
    """Scenarios first, first + 1, ... of each key [i] into out [s, i]."""
    four = np.empty((LANES, low.size), dtype=np.uint32)
    before = -1
    for s in range(out.shape[0]):
        quad, lane = (first + s) // LANES, (first + s) % LANES
        if quad != before:
            draw(quad, stream, 0, low.size, low, high, seed_low, seed_high, four)
            before = quad
        for i in range(low.size):
            out[s, i] = four[lane, i]


@njit(nogil=True, cache=True, inline="always")
def normal_quantile(p: float) -> float:
    """The standard normal quantile for p from 1e-10 to 1 - 1e-10, to 1e-15.

    Source: Wichura (1988), Algorithm AS 241, Applied Statistics 37, PPND16; its last branch, for p below 1.4e-11, is left out.
    """
    q = p - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        top = (((((((2.5090809287301226727e3 * r + 3.3430575583588128105e4) * r + 6.7265770927008700853e4) * r
               + 4.5921953931549871457e4) * r + 1.3731693765509461125e4) * r + 1.9715909503065514427e3) * r
               + 1.3314166789178437745e2) * r + 3.3871328727963666080e0)  # fmt: skip
        below = (((((((5.2264952788528545610e3 * r + 2.8729085735721942674e4) * r + 3.9307895800092710610e4) * r
                 + 2.1213794301586595867e4) * r + 5.3941960214247511077e3) * r + 6.8718700749205790830e2) * r
                 + 4.2313330701600911252e1) * r + 1.0)  # fmt: skip
        return q * top / below
    r = math.sqrt(-math.log(p if q < 0.0 else 1.0 - p)) - 1.6
    top = (((((((7.74545014278341407640e-4 * r + 2.27238449892691845833e-2) * r + 2.41780725177450611770e-1) * r
           + 1.27045825245236838258e0) * r + 3.64784832476320460504e0) * r + 5.76949722146069140550e0) * r
           + 4.63033784615654529590e0) * r + 1.42343711074968357734e0)  # fmt: skip
    below = (((((((1.05075007164441684324e-9 * r + 5.47593808499534494600e-4) * r + 1.51986665636164571966e-2) * r
             + 1.48103976427480074590e-1) * r + 6.89767334985100004550e-1) * r + 1.67638483018380384940e0) * r
             + 2.05319162663775882187e0) * r + 1.0)  # fmt: skip
    return -top / below if q < 0.0 else top / below


@njit(nogil=True, cache=True, inline="always")
def month_of(word: Any, common: float, own: float, scale: float, i: int, last: int, thresholds: F64, lasts: F64) -> Any:
    """The month in which obligor i defaults, 1 to last, or 0: the first t whose threshold its asset value does not exceed.

    word: its own draw; common: what the factors give its asset value; own: the weight of its own draw; scale: the root of the
    mixing variable over its degrees of freedom, 1 without. thresholds [i, t] never fall with t, and are infinite after the last
    month up to a whole number of runs; lasts [i, p]: the last one of each run. Counting the runs, then the months of one,
    waits for memory twice where halving would six times, and has no branch to guess.
    """
    value = (common + own * normal_quantile((float(word) + 0.5) * FINEST)) / scale
    if last == 0 or not value <= thresholds[i, last - 1]:
        return 0
    row, run, month = np.uint64(i), np.uint64(0), np.uint64(1)
    for p in range(np.uint64(lasts.shape[1])):
        run += np.uint64(lasts[row, p] < value)
    begin = run * np.uint64(RUN)
    for t in range(np.uint64(RUN)):
        month += np.uint64(thresholds[row, begin + t] < value)
    return np.int64(begin + month)


@njit(nogil=True, cache=True)
def recovered_share(mean: float, spread: float, weight: float, market: float, word: Any) -> float:
    """The share recovered of one default: a normal variable of the market and of its own, through the normal distribution.

    mean: of all scenarios; spread: of the variable; weight: of the market in it.
    Source: Andersen and Sidenius (2004), Extensions to the Gaussian copula: random recovery and random factor loadings.
    """
    if mean <= 0.0 or mean >= 1.0:
        return mean
    own = normal_quantile((float(word) + 0.5) * FINEST)
    latent = spread * (weight * market + math.sqrt(1.0 - weight * weight) * own)
    centre = normal_quantile(mean) * math.sqrt(1.0 + spread * spread)
    return 0.5 * math.erfc(-(centre + latent) * _ROOT_HALF)


@njit(nogil=True, cache=True)
def common_of(factors: F64, s: int, index: I32, weight: F64, out: F64) -> None:
    """What the factors [s, f] give an asset value of each sector, out [c]: up to a few factors each, index and weight [c, j]."""
    for c in range(index.shape[0]):
        total = 0.0
        for j in range(index.shape[1]):
            total += weight[c, j] * factors[s, index[c, j]]
        out[c] = total


@njit(nogil=True, cache=True)
def default_months(
    first: int, seed_low: Any, seed_high: Any, factors: F64, scale: F64,
    low: U32, high: U32, sector: I32, index: I32, weight: F64, own: F64, last: I32, thresholds: F64, lasts: F64,
    out: I32,
) -> None:  # fmt: skip
    """The default month of every obligor, 0 for none, into out [s, i]; the plain way, each draw evaluated."""
    words = np.empty((LANES, low.size), dtype=np.uint32)
    common = np.empty(index.shape[0])
    before = -1
    for s in range(out.shape[0]):
        quad, lane = (first + s) // LANES, (first + s) % LANES
        if quad != before:
            draw(quad, OWN, 0, low.size, low, high, seed_low, seed_high, words)
            before = quad
        common_of(factors, s, index, weight, common)
        for i in range(low.size):
            c = sector[i]
            out[s, i] = month_of(words[lane, i], common[c], own[c], scale[s], i, last[i], thresholds, lasts)


@njit(nogil=True, cache=True)
def likely(
    words: U32, n: int, ceiling: F32, sector: I32, start: int, common: F32, scale: float, bounds: U32, flags: U8, hits: I32
) -> Any:
    """Which of the n obligors from `start` on may default by their last month: their positions into hits, and how many.

    ceiling [i]: threshold of the last month over the weight of the own draw; common [c]: over the same. bounds: at least the
    probability of each bin, as 32-bit words: whoever's word is above it does not default. They leave room for single precision.
    """
    factor, begin, count = np.float32(scale), np.uint64(start), np.uint64(n)
    least, most, steps = np.float32(LEAST), np.float32(MOST), np.float32(STEPS)
    if common.size == 1:
        shared = common[0]
        for i in range(count):
            x = min(max(ceiling[begin + i] * factor - shared, least), most)
            flags[i] = words[i] <= bounds[np.uint32((x - least) * steps)]
    else:
        for i in range(count):
            x = min(max(ceiling[begin + i] * factor - common[np.uint32(sector[begin + i])], least), most)
            flags[i] = words[i] <= bounds[np.uint32((x - least) * steps)]
    found = np.uint64(0)
    for i in range(count):
        hits[found] = start + i
        found += np.uint64(flags[i])
    return np.int64(found)


@njit(nogil=True, cache=True, inline="always")
def add_default(
    r: int, t: int, into: Any, payments: int, channels: int, shift: I32, falls: F64, edges: F64, rises: F64, flows: F64
) -> None:
    """Add what a default in month t (from 0) takes from the flows of a row to those of an account, which begin at `into`.

    falls, rises [r, k, h], edges [r, t, h] and flows [..., k, h] are flat, and indexed by what is never negative, without which
    the compiler does not vectorise.
    """
    wide, months = np.uint64(channels), shift.shape[1]
    row = np.uint64(r * payments) * wide
    if shift.shape[0] == 1 and edges.size == 0 and rises.size == 0:
        begin, end = np.uint64(shift[0, t]) * wide, np.uint64(payments) * wide
        into, row = into + begin, row + begin
        for j in range(end - begin):
            flows[into + j] -= falls[row + j]
        return
    for h in range(channels):
        at = np.uint64(h)
        k = shift[h if shift.shape[0] > 1 else 0, t]
        if rises.size > 0:
            for before in range(min(k, payments)):
                flows[into + np.uint64(before) * wide + at] += rises[row + np.uint64(before) * wide + at]
        if edges.size > 0:
            flows[into + np.uint64(k) * wide + at] += edges[np.uint64(r * months + t) * wide + at]
            k += 1
        for after in range(k, payments):
            flows[into + np.uint64(after) * wide + at] -= falls[row + np.uint64(after) * wide + at]


@njit(nogil=True, cache=True)
def fill_block(
    first: int, seed_low: Any, seed_high: Any, factors: F64, scale: F64,
    low: U32, high: U32, sector: I32, index: I32, weight: F64, own: F64, last: I32, thresholds: F64, lasts: F64,
    ceiling: F32, bounds: U32,
    rows: I32, account: I32, recovery: F64, recovery_spread: float, recovery_weight: float,
    shift: I32, falls: F64, edges: F64, rises: F64, kind: I32, into: I32, column: I32, factor: F64, exposure: F64,
    recoverable: F64, setoff: F64, share: F64, channels: int, base: F64, parts_of: I32, parts: I32, read: I32, source: I32,
    returned: F64, inputs: F64, lost: F64,
) -> None:  # fmt: skip
    """Fill inputs [n, k, s] of a block of scenarios from `first`, a multiple of LANES, on, and lost [2, s]: what defaulted,
    and what of it came back in time.

    An obligor i owns rows rows[i] to rows[i + 1], each of which moves account[r]. A default in month t changes channel h of the
    payment shift[h, t] (one row where all are alike) by edges[r, t, h], of those after it by -falls[r, k, h], of those before it
    by rises[r, k, h]: flat, edges empty where they are -falls, rises where nothing changes before. exposure, recoverable,
    setoff [r, t]: what defaults, what of it is recovered, what is set off; recoverable empty where it is share[r] of the
    exposure, setoff where there is none. Posting e adds factor[e, t] of what its kind says to event into[e] of the payment
    column[e, t]. base [n, k]: inputs without defaults, to which the accounts parts[parts_of[n]:parts_of[n + 1]] are added: of
    channel source[n] (read[n] FLOW), of the payment before (LEVEL_BEFORE), what the balance, channel source[n], has fallen by
    and did not default, event 0 (REPAID), or of event source[n] (EVENT).
    """
    payments, width = inputs.shape[1], inputs.shape[2]
    sectors, obligors, postings = index.shape[0], low.size, kind.size
    accounts, kinds = account.max() + 1, into.max() + 1 if postings > 0 else 0
    span, reach = (payments + 1) * channels, (payments + 1) * kinds  # of an account: its flows [k, h], its events [k, e]
    flows, events = np.zeros(TILE * accounts * span), np.zeros(TILE * accounts * reach)
    words = np.empty((LANES, CHUNK), dtype=np.uint32)
    fours = np.empty((LANES, 1), dtype=np.uint32)
    flags, hits = np.empty(CHUNK, dtype=np.uint8), np.empty(CHUNK + 1, dtype=np.int32)
    common, scaled = np.empty((LANES, sectors)), np.empty((LANES, sectors), dtype=np.float32)
    quad = first // LANES
    while quad * LANES < first + width:
        lanes = min(LANES, first + width - quad * LANES)
        for lane in range(lanes):
            s = quad * LANES + lane - first
            common_of(factors, s, index, weight, common[lane])
            for c in range(sectors):
                scaled[lane, c] = common[lane, c] / own[c]
            lost[0, s] = 0.0
            lost[1, s] = 0.0
        for start in range(0, obligors, CHUNK):
            stop = min(start + CHUNK, obligors)
            draw(quad, OWN, start, stop - start, low, high, seed_low, seed_high, words)
            for lane in range(lanes):
                s = quad * LANES + lane - first
                found = likely(words[lane], stop - start, ceiling, sector, start, scaled[lane], scale[s], bounds, flags, hits)
                tile, gone, back = s % TILE, 0.0, 0.0
                for each in range(found):
                    i = hits[each]
                    c = sector[i]
                    t = month_of(words[lane, i - start], common[lane, c], own[c], scale[s], i, last[i], thresholds, lasts) - 1
                    if t < 0:
                        continue
                    varying = 1.0
                    if recovery.size > 0:
                        draw(quad, RECOVERY, i, 1, low, high, seed_low, seed_high, fours)
                        varying = recovered_share(recovery[i], recovery_spread, recovery_weight, factors[s, 0], fours[lane, 0])
                    for r in range(rows[i], rows[i + 1]):
                        row, at = np.uint64(r), np.uint64(t)
                        fallen = exposure[row, at]
                        if fallen == 0.0:
                            continue  # repaid before
                        a = account[r]
                        to_flows = np.uint64((tile * accounts + a) * span)
                        add_default(r, t, to_flows, payments, channels, shift, falls, edges, rises, flows)
                        back_of_it = varying * (recoverable[row, at] if recoverable.size > 0 else share[row] * fallen)
                        off = setoff[row, at] if setoff.size > 0 else 0.0
                        to_events = np.uint64((tile * accounts + a) * reach)
                        for e in range(np.uint64(postings)):
                            amount = fallen if kind[e] == 0 else (back_of_it if kind[e] == 1 else off)
                            to = to_events + np.uint64(column[e, at] * kinds + into[e])
                            events[to] += factor[e, at] * amount
                        gone += fallen
                        back += returned[0, t] * back_of_it + returned[1, t] * off
                lost[0, s] += gone
                lost[1, s] += back
        quad += 1
        done = min(quad * LANES - first, width)
        if done % TILE == 0 or done == width:
            tile = (done - 1) // TILE * TILE
            _write(flows, events, accounts, channels, kinds, tile, done - tile, base, parts_of, parts, read, source, inputs)


@njit(nogil=True, cache=True)
def _write(
    flows: F64, events: F64, accounts: int, channels: int, kinds: int, tile: int, count: int,
    base: F64, parts_of: I32, parts: I32, read: I32, source: I32, inputs: F64,
) -> None:  # fmt: skip
    """Write the scenarios of a tile into the block, and clear their accounts."""
    payments = base.shape[1]
    rows = np.empty((payments, TILE))
    for n in range(base.shape[0]):
        for k in range(payments):
            for s in range(TILE):
                rows[k, s] = base[n, k]
        for p in range(parts_of[n], parts_of[n + 1]):
            a = parts[p]
            if read[n] == FLOW:
                _add(flows, accounts, a, channels, source[n], 0, payments, 1.0, rows)
            elif read[n] == LEVEL_BEFORE:
                _add(flows, accounts, a, channels, source[n], 1, payments, 1.0, rows)
            elif read[n] == REPAID:
                _add(flows, accounts, a, channels, source[n], 1, payments, 1.0, rows)
                _add(flows, accounts, a, channels, source[n], 0, payments, -1.0, rows)
                _add(events, accounts, a, kinds, 0, 0, payments, -1.0, rows)
            else:
                _add(events, accounts, a, kinds, source[n], 0, payments, 1.0, rows)
        if count == TILE:
            for k in range(payments):
                for s in range(TILE):
                    inputs[n, k, tile + s] = rows[k, s]
        else:
            for k in range(payments):
                for s in range(count):
                    inputs[n, k, tile + s] = rows[k, s]
    flows[:] = 0.0
    events[:] = 0.0


@njit(nogil=True, cache=True)
def _add(
    sums: F64, accounts: int, account: int, wide: int, column: int, late: int, payments: int, sign: float, rows: F64
) -> None:
    """Add a column of an account of every scenario of a tile to rows [k, s], from the payment `late` on."""
    span = (payments + 1) * wide
    step, begin = np.uint64(accounts * span), np.uint64(account * span + column)
    for k in range(np.uint64(payments - late)):
        at = begin + k * np.uint64(wide)
        for s in range(np.uint64(TILE)):
            rows[k + np.uint64(late), s] += sign * sums[at + s * step]
