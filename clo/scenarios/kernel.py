"""Who defaults in which month of which scenario, and what that takes from the flows of the pool.

A random number is a function of a key: seed, stream, scenario // 4 and obligor give four 32-bit numbers, one for each of four
scenarios. So a scenario alone is the same as in a batch, and a loan more leaves the others as they were.

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
LANES, TILE, RUN, TURN = 4, 8, 8, 32
"""Scenarios that one draw serves; scenarios written together, a cache line of the block; months whose thresholds stand in one
cache line; numbers in one turn of a vectorised loop."""
HELD = 65_536
"""Numbers of the accounts of scenarios that meet a chunk of obligors together: half of a second-level cache."""
CHUNK = 512
"""Obligors whose tables stay in the second-level cache while scenarios pass."""
RUN = 8
"""Months whose thresholds stand in one cache line; numbers in one register, and in one line."""
TURN = 32
"""Numbers in one turn of a vectorised loop."""
FINEST = 2.0**-32
FLOW, LEVEL_BEFORE, REPAID, EVENT = 0, 1, 2, 3
"""How an input reads accounts: a channel, a channel as the payment before left it, what a balance fell by, what defaults pay."""

_LOW, _HALF = np.uint64(0xFFFFFFFF), np.uint64(32)
_ROUND_A, _ROUND_B = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_WEYL_A, _WEYL_B = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_ROOT_HALF, _ROOT_TWO, _LOG_TWO = math.sqrt(0.5), math.sqrt(2.0), math.log(2.0)
_FRACTION, _BIAS, _MANTISSA, _UNIT = np.int64(52), np.int64(1023), np.int64((1 << 52) - 1), np.int64(1023 << 52)
"""A double: bits of its fraction, and of 1."""
_SHORT_FRACTION, _SHORT_ULP, _SHORT_BIAS = np.int32((1 << 23) - 1), np.float32(2.0**-23), np.float32(127 + 32)
_SHORT_ONE, _BULGE = np.float32(1.0), np.float32(0.34)
"""The same of a single, for words of 32 bits as numbers below 1; a logarithm is above its chord by about this times x (1 - x)."""
_LEAST_0, _LEAST_1, _LEAST_2 = np.float32(1.86971625), np.float32(-2.09754928), np.float32(0.250799479)
_LEAST_3, _LEAST_4 = np.float32(-0.033712899), np.float32(0.001817759)
"""Fitted to the quantiles of words from below, so that the greatest distance is least."""


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
        out[s] = four[lane]


@njit(nogil=True, cache=True, inline="always")
def quantile_of(p: float, log_tail: float) -> float:
    """The standard normal quantile for p from 1e-10 to 1 - 1e-10, to 1e-15; log_tail: the logarithm of p or 1 - p, the smaller.

    Both branches are worked out, so that many can be at once.
    Source: Wichura (1988), Algorithm AS 241, Applied Statistics 37, PPND16; its last branch, for p below 1.4e-11, is left out.
    """
    q = p - 0.5
    r = 0.180625 - q * q
    top = (((((((2.5090809287301226727e3 * r + 3.3430575583588128105e4) * r + 6.7265770927008700853e4) * r
           + 4.5921953931549871457e4) * r + 1.3731693765509461125e4) * r + 1.9715909503065514427e3) * r
           + 1.3314166789178437745e2) * r + 3.3871328727963666080e0)  # fmt: skip
    below = (((((((5.2264952788528545610e3 * r + 2.8729085735721942674e4) * r + 3.9307895800092710610e4) * r
             + 2.1213794301586595867e4) * r + 5.3941960214247511077e3) * r + 6.8718700749205790830e2) * r
             + 4.2313330701600911252e1) * r + 1.0)  # fmt: skip
    central = q * top / below
    r = math.sqrt(-log_tail) - 1.6
    top = (((((((7.74545014278341407640e-4 * r + 2.27238449892691845833e-2) * r + 2.41780725177450611770e-1) * r
           + 1.27045825245236838258e0) * r + 3.64784832476320460504e0) * r + 5.76949722146069140550e0) * r
           + 4.63033784615654529590e0) * r + 1.42343711074968357734e0)  # fmt: skip
    below = (((((((1.05075007164441684324e-9 * r + 5.47593808499534494600e-4) * r + 1.51986665636164571966e-2) * r
             + 1.48103976427480074590e-1) * r + 6.89767334985100004550e-1) * r + 1.67638483018380384940e0) * r
             + 2.05319162663775882187e0) * r + 1.0)  # fmt: skip
    outer = top / below
    return central if abs(q) <= 0.425 else (-outer if q < 0.0 else outer)


@njit(nogil=True, cache=True, inline="always")
def normal_quantile(p: float) -> float:
    """The standard normal quantile for p from 1e-10 to 1 - 1e-10."""
    return quantile_of(p, math.log(min(p, 1.0 - p)))


@njit(nogil=True, cache=True, error_model="numpy")
def normal_quantiles(n: int, work: F64) -> None:
    """The same of the first n in work[0], in their place; work [3, n + TURN].

    The logarithm is that of the exponent and of the mantissa m, by the series of 2 artanh((m - 1) / (m + 1)): a call of the
    library would have them done one by one. So would what is left over of whole turns of the loop, which is why there is none.
    """
    p, tails, whole = work[0], work[1], work[2]
    bits = tails.view(np.int64)
    count = np.uint64((n + TURN - 1) // TURN * TURN)
    for j in range(np.uint64(n), count):
        p[j] = 0.5
    for j in range(count):
        tails[j] = min(p[j], 1.0 - p[j])
    for j in range(count):
        whole[j] = np.float64((bits[j] >> _FRACTION) - _BIAS)
        bits[j] = (bits[j] & _MANTISSA) | _UNIT
    for j in range(count):
        m = tails[j]
        high = m > _ROOT_TWO
        m, exponent = (0.5 * m if high else m), (whole[j] + 1.0 if high else whole[j])
        x = (m - 1.0) / (m + 1.0)
        y = x * x
        series = ((((((((((y / 21.0 + 1.0 / 19.0) * y + 1.0 / 17.0) * y + 1.0 / 15.0) * y + 1.0 / 13.0) * y + 1.0 / 11.0) * y
                 + 1.0 / 9.0) * y + 1.0 / 7.0) * y + 1.0 / 5.0) * y + 1.0 / 3.0) * y + 1.0)  # fmt: skip
        p[j] = quantile_of(p[j], exponent * _LOG_TWO + 2.0 * x * series)


@njit(nogil=True, cache=True, error_model="numpy")
def months_of(
    found: int, hits: I32, start: int, words: U32, sector: I32, common: F64, own: F64, scale: float, last: I32, thresholds: F64,
    lasts: F64, work: F64, who: I32, when: I32,
) -> Any:  # fmt: skip
    """Which of the obligors hits[0:found] default, into who, their months from 0, into when, and how many: the first month t
    whose threshold the asset value does not exceed.

    words [i - start]: own draws; common [c]: what the factors give an asset value; own [c]: the weight of the own draw; scale:
    the root of the mixing variable over its degrees of freedom, 1 without. thresholds [i, t] never fall with t, and are infinite
    after the last month up to a whole number of runs; lasts [i, p]: the last one of each run, infinite in the last run
    and after it up to a whole line. Counting the runs, then the months of one, waits for memory twice where halving would six
    times, and has no branch to guess.
    """
    count, begin, values = np.uint64(found), np.uint64(start), work[0]
    for each in range(count):
        values[each] = (np.float64(words[np.uint64(hits[each]) - begin]) + 0.5) * FINEST
    normal_quantiles(found, work)
    kept = np.uint64(0)
    for each in range(count):
        i = np.uint64(hits[each])
        c = np.uint64(sector[i])
        value = (common[c] + own[c] * values[each]) / scale
        run, month = np.uint64(0), np.uint64(0)
        for line in range(np.uint64(lasts.shape[1] // RUN)):
            for p in range(np.uint64(RUN)):
                run += np.uint64(lasts[i, line * np.uint64(RUN) + p] < value)
        run *= np.uint64(RUN)
        for t in range(np.uint64(RUN)):
            month += np.uint64(thresholds[i, run + t] < value)
        month += run
        who[kept] = hits[each]
        when[kept] = month
        kept += np.uint64(month < np.uint64(last[i]))
    return np.int64(kept)


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
    """The default month of every obligor, 0 for none, into out [s, i]; each draw evaluated."""
    obligors = low.size
    words = np.empty((LANES, obligors), dtype=np.uint32)
    common, work = np.empty(index.shape[0]), np.empty((3, obligors + TURN))
    everyone = np.arange(obligors).astype(np.int32)
    who, when = np.empty(obligors + 1, dtype=np.int32), np.empty(obligors + 1, dtype=np.int32)
    before = -1
    for s in range(out.shape[0]):
        quad, lane = (first + s) // LANES, (first + s) % LANES
        if quad != before:
            draw(quad, OWN, 0, obligors, low, high, seed_low, seed_high, words)
            before = quad
        common_of(factors, s, index, weight, common)
        out[s] = 0
        found = months_of(
            obligors, everyone, 0, words[lane], sector, common, own, scale[s], last, thresholds, lasts, work, who, when
        )
        for each in range(found):
            out[s, who[each]] = when[each] + 1


@njit(nogil=True, cache=True, error_model="numpy")
def least_quantiles(n: int, words: U32, rounded: F32, least: F32) -> None:
    """What the normal quantiles of the first n words are not below, within 0.05 of them up to 1/2, into least; rounded: room.

    A polynomial of the root of the logarithm to base 2, which is read off the bits of the number and off its fraction. It lies
    below everywhere, rounding included (a test holds that).
    """
    count, bits = np.uint64(n), rounded.view(np.int32)
    for i in range(count):
        rounded[i] = np.float32(words[i])
    for i in range(count):
        part = np.float32(bits[i] & _SHORT_FRACTION) * _SHORT_ULP
        log = np.float32(bits[i]) * _SHORT_ULP - _SHORT_BIAS + _BULGE * part * (_SHORT_ONE - part)
        root = np.sqrt(max(-log, np.float32(0.0)))
        least[i] = (((_LEAST_4 * root + _LEAST_3) * root + _LEAST_2) * root + _LEAST_1) * root + _LEAST_0


@njit(nogil=True, cache=True)
def likely(n: int, least: F32, ceiling: F32, sector: I32, start: int, common: F32, scale: float, flags: U8, hits: I32) -> Any:
    """Which of the n obligors from `start` on may default by their last month: their positions into hits, and how many.

    least [i - start]: what the quantile of the own draw is not below; ceiling [i]: threshold of the last month over the weight of
    the own draw; common [c]: over the same.
    """
    factor, begin, count = np.float32(scale), np.uint64(start), np.uint64(n)
    if common.size == 1:
        shared = common[0]
        for i in range(count):
            flags[i] = least[i] <= ceiling[begin + i] * factor - shared
    else:
        for i in range(count):
            flags[i] = least[i] <= ceiling[begin + i] * factor - common[np.uint32(sector[begin + i])]
    found = np.uint64(0)
    for i in range(count):
        hits[found] = start + i
        found += np.uint64(flags[i])
    return np.int64(found)


@njit(nogil=True, cache=True)
def aligned(n: int) -> F64:
    """So many zeros, from the start of a cache line on."""
    room = np.zeros(n + RUN)
    begin = -(room.ctypes.data // room.itemsize) % RUN
    return room[begin : begin + n]


@njit(nogil=True, cache=True)
def add_flows(
    n: int, which: I32, at: I32, account: I32, base: int, span: int, payments: int, channels: int, shift: I32, falls: F64,
    edges: F64, rises: F64, flows: F64,
) -> None:  # fmt: skip
    """Add what defaults of rows which[0:n] in months at[0:n] take from the flows of their accounts, which begin at base.

    falls, rises [r, k, h], edges [r, t, h] and flows [..., k, h] are flat, span numbers to a row, and indexed by what is never
    negative, without which the compiler does not vectorise. One pass for all defaults of a scenario, over whole rows: among the
    search for months, or from the month of default on, the processor guesses lengths of loops wrongly and loses what it has
    begun.
    """
    wide, months, alike = np.uint64(channels), np.uint64(shift.shape[1]), shift.shape[0] == 1 and rises.size == 0
    begin, one = np.uint64(base), np.uint64(span)
    for each in range(np.uint64(n)):
        r, t = np.uint64(which[each]), np.uint64(at[each])
        into, row = begin + np.uint64(account[r]) * one, r * one
        if alike:
            first = np.uint64(shift[0, t]) * wide
            if edges.size > 0:
                for h in range(wide):
                    flows[into + first + h] += edges[(r * months + t) * wide + h]
                first += wide
            for j in range(one):
                taken = falls[row + j]
                flows[into + j] -= taken if j >= first else 0.0
            continue
        for h in range(wide):
            k = np.uint64(shift[h if shift.shape[0] > 1 else np.uint64(0), t])
            if rises.size > 0:
                for before in range(min(k, np.uint64(payments))):
                    flows[into + before * wide + h] += rises[row + before * wide + h]
            if edges.size > 0:
                flows[into + k * wide + h] += edges[(r * months + t) * wide + h]
                k += np.uint64(1)
            for after in range(k, np.uint64(payments)):
                flows[into + after * wide + h] -= falls[row + after * wide + h]


@njit(nogil=True, cache=True)
def add_events(
    n: int, which: I32, at: I32, account: I32, base: int, reach: int, kinds: int, kind: I32, into: I32, column: I32, factor: F64,
    fell: F64, came: F64, off: F64, events: F64,
) -> None:  # fmt: skip
    """Add what these defaults pay, fell, came and off [0:n], to the events of their accounts, which begin at base."""
    wide = np.uint64(kinds)
    for e in range(kind.size):
        begin = np.uint64(base + into[e])
        amount = fell if kind[e] == 0 else (came if kind[e] == 1 else off)
        for each in range(np.uint64(n)):
            t, a = np.uint64(at[each]), np.uint64(account[np.uint64(which[each])])
            events[begin + a * np.uint64(reach) + np.uint64(column[e, t]) * wide] += factor[e, t] * amount[each]


@njit(nogil=True, cache=True)
def fill_block(
    first: int, seed_low: Any, seed_high: Any, factors: F64, scale: F64,
    low: U32, high: U32, sector: I32, index: I32, weight: F64, own: F64, last: I32, thresholds: F64, lasts: F64,
    ceiling: F32,
    rows: I32, account: I32, recovery: F64, recovery_spread: float, recovery_weight: float,
    shift: I32, falls: F64, edges: F64, rises: F64, kind: I32, into: I32, column: I32, factor: F64, exposure: F64,
    recoverable: F64, setoff: F64, share: F64, channels: int, span: int, base: F64, parts_of: I32, parts: I32, read: I32,
    source: I32, returned: F64, inputs: F64, lost: F64,
) -> None:  # fmt: skip
    """Fill inputs [n, k, s] of a block of scenarios from `first`, a multiple of LANES, on, and lost [2, s]: what defaulted,
    and what of it came back in time.

    An obligor i owns rows rows[i] to rows[i + 1], each of which moves account[r]. A default in month t changes channel h of the
    payment shift[h, t] (one row where all are alike) by edges[r, t, h], of those after it by -falls[r, k, h], of those before it
    by rises[r, k, h]: flat, span numbers to a row of falls and rises; edges empty where they are -falls, rises where nothing
    changes before. exposure, recoverable, setoff [r, t]: what defaults, what of it is recovered, what is set off; recoverable
    empty where it is share[r] of the exposure, setoff where there is none. Posting e adds factor[e, t] of what its kind says to
    event into[e] of the payment column[e, t]. base [n, k]: inputs without defaults, to which the accounts
    parts[parts_of[n]:parts_of[n + 1]] are added: of channel source[n] (read[n] FLOW), of the payment before (LEVEL_BEFORE), what
    the balance, channel source[n], has fallen by and did not default, event 0 (REPAID), or of event source[n] (EVENT).
    """
    payments, width = inputs.shape[1], inputs.shape[2]
    sectors, obligors = index.shape[0], low.size
    accounts, kinds = account.max() + 1, into.max() + 1 if kind.size > 0 else 0
    reach = (payments + 1) * kinds  # of an account: its flows [k, h], its events [k, e]
    tile = min(width, max(TILE, HELD // (accounts * (span + reach)) // TILE * TILE))
    whole = (tile + TILE - 1) // TILE * TILE  # `_write` reads so many, though it writes no more than there are
    flows, events = aligned(whole * accounts * span), np.zeros(whole * accounts * reach)
    words, fours = np.empty((LANES, CHUNK), dtype=np.uint32), np.empty((LANES, 1), dtype=np.uint32)
    rounded, least = np.empty(CHUNK, dtype=np.float32), np.empty(CHUNK, dtype=np.float32)
    flags, hits = np.empty(CHUNK, dtype=np.uint8), np.empty(CHUNK + 1, dtype=np.int32)
    work, who, when = np.empty((3, CHUNK + TURN)), np.empty(CHUNK + 1, dtype=np.int32), np.empty(CHUNK + 1, dtype=np.int32)
    common, scaled = np.empty((tile, sectors)), np.empty((tile, sectors), dtype=np.float32)
    which, at = np.empty(account.size, dtype=np.int32), np.empty(account.size, dtype=np.int32)
    fell, came, off = np.empty(account.size), np.empty(account.size), np.zeros(account.size)
    lost[:] = 0.0
    for begin in range(0, width, tile):
        count = min(tile, width - begin)
        for s in range(count):
            common_of(factors, begin + s, index, weight, common[s])
            for c in range(sectors):
                scaled[s, c] = common[s, c] / own[c]
        for start in range(0, obligors, CHUNK):
            stop = min(start + CHUNK, obligors)
            for s in range(count):
                quad, lane = (first + begin + s) // LANES, (first + begin + s) % LANES
                if lane == 0:
                    draw(quad, OWN, start, stop - start, low, high, seed_low, seed_high, words)
                of = scale[begin + s]
                least_quantiles(stop - start, words[lane], rounded, least)
                found = likely(stop - start, least, ceiling, sector, start, scaled[s], of, flags, hits)
                found = months_of(
                    found, hits, start, words[lane], sector, common[s], own, of, last, thresholds, lasts, work, who, when
                )
                n, gone, back = 0, 0.0, 0.0
                for each in range(found):
                    i, t = who[each], when[each]
                    varying = 1.0
                    if recovery.size > 0:
                        draw(quad, RECOVERY, i, 1, low, high, seed_low, seed_high, fours)
                        market = factors[begin + s, 0]
                        varying = recovered_share(recovery[i], recovery_spread, recovery_weight, market, fours[lane, 0])
                    for r in range(rows[i], rows[i + 1]):
                        fallen = exposure[r, t]
                        if fallen == 0.0:
                            continue  # repaid before
                        which[n], at[n], fell[n] = r, t, fallen
                        came[n] = varying * (recoverable[r, t] if recoverable.size > 0 else share[r] * fallen)
                        if setoff.size > 0:
                            off[n] = setoff[r, t]
                        gone += fallen
                        back += returned[0, t] * came[n] + returned[1, t] * off[n]
                        n += 1
                lost[0, begin + s] += gone
                lost[1, begin + s] += back
                add_flows(n, which, at, account, s * accounts * span, span, payments, channels, shift, falls, edges, rises, flows)
                add_events(
                    n, which, at, account, s * accounts * reach, reach, kinds, kind, into, column, factor, fell, came, off, events
                )
        for s in range(0, count, TILE):
            _write(
                flows[s * accounts * span :], span, events[s * accounts * reach :], reach, accounts, channels, kinds, begin + s,
                min(TILE, count - s), base, parts_of, parts, read, source, inputs,
            )  # fmt: skip
        flows[:] = 0.0
        events[:] = 0.0


@njit(nogil=True, cache=True)
def _write(
    flows: F64, span: int, events: F64, reach: int, accounts: int, channels: int, kinds: int, tile: int, count: int,
    base: F64, parts_of: I32, parts: I32, read: I32, source: I32, inputs: F64,
) -> None:  # fmt: skip
    """Write up to TILE scenarios into the block."""
    payments = base.shape[1]
    rows = np.empty((payments, TILE))
    for n in range(base.shape[0]):
        for k in range(payments):
            rows[k] = base[n, k]
        for p in range(parts_of[n], parts_of[n + 1]):
            a = parts[p]
            if read[n] == FLOW:
                _add(flows, span, accounts, a, channels, source[n], 0, payments, 1.0, rows)
            elif read[n] == LEVEL_BEFORE:
                _add(flows, span, accounts, a, channels, source[n], 1, payments, 1.0, rows)
            elif read[n] == REPAID:
                _add(flows, span, accounts, a, channels, source[n], 1, payments, 1.0, rows)
                _add(flows, span, accounts, a, channels, source[n], 0, payments, -1.0, rows)
                _add(events, reach, accounts, a, kinds, 0, 0, payments, -1.0, rows)
            else:
                _add(events, reach, accounts, a, kinds, source[n], 0, payments, 1.0, rows)
        if count == TILE:
            for k in range(payments):
                for s in range(TILE):
                    inputs[n, k, tile + s] = rows[k, s]
        else:
            inputs[n, :, tile : tile + count] = rows[:, :count]


@njit(nogil=True, cache=True)
def _add(
    sums: F64, span: int, accounts: int, account: int, wide: int, column: int, late: int, payments: int, sign: float, rows: F64
) -> None:
    """Add a column of an account of every scenario of a tile to rows [k, s], from the payment `late` on."""
    step, begin = np.uint64(accounts * span), np.uint64(account * span + column)
    for k in range(np.uint64(payments - late)):
        at = begin + k * np.uint64(wide)
        for s in range(np.uint64(TILE)):
            rows[k + np.uint64(late), s] += sign * sums[at + s * step]
