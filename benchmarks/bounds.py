"""What a core of this machine can do at most of what a simulation does most: plain loops, measured beside benchmarks/scaling.py.

Axes: n row, k column.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import NamedTuple

import numpy as np
import waterfall
from numba import njit

from clo.deal.terms import Deal
from clo.scenarios.kernel import CHUNK, LANES, OWN, draw, philox
from clo.waterfall.allocation import Reads, run_program
from clo.waterfall.binding import TOLERANCE, bind
from clo.waterfall.compile import compile_deal

SIZES = {"L1 cache": 16_384, "L2 cache": 524_288, "L3 cache": 8_388_608, "memory": 134_217_728}
"""Bytes of a table that stands there, on processors of these years."""
WORDS, TIMES, ROWS, WIDTH = 1_024, 256, 64, 256
LEAST_ROUNDS = 3


class Time(NamedTuple):
    """Processor seconds of the fastest run, which noise of the machine only adds to, and of the middle one."""

    least: float
    median: float


def timed(jobs: Mapping[str, Callable[[], object]], seconds: float) -> dict[str, Time]:
    """All jobs in turn, warm, until the time is spent, and three times at least."""
    for job in jobs.values():
        job()
    found: dict[str, list[float]] = {name: [] for name in jobs}
    end = time.perf_counter() + seconds
    rounds = 0
    while rounds < LEAST_ROUNDS or time.perf_counter() < end:
        for name, job in jobs.items():
            start = time.process_time()
            job()
            found[name].append(time.process_time() - start)
        rounds += 1
    return {name: Time(min(each), median(each)) for name, each in found.items()}


@njit(nogil=True)
def drawn(count, key):
    """Philox and nothing else: 4 x count words, added up."""
    zero, total = np.uint64(0), np.uint64(0)
    for i in range(np.uint64(count)):
        c0, c1, c2, c3 = philox(np.uint64(1), np.uint64(1), np.uint64(i), zero, np.uint64(key), zero)
        total += c0 + c1 + c2 + c3
    return total


@njit(nogil=True)
def drawn_as_clo_does(quads, low, high):
    """The draws of so many times four scenarios, of obligors with these keys, by the kernel of the simulation."""
    words = np.empty((LANES, CHUNK), dtype=np.uint32)
    for quad in range(quads):
        for start in range(0, low.size, CHUNK):
            draw(quad, OWN, start, min(CHUNK, low.size - start), low, high, 1, 0, words)
    return words[0, 0]


@njit(nogil=True)
def listed(words, limits, flags, hits, times):
    """Words at most as large as their limits, compared many at once, and their places listed, one after the other."""
    for _ in range(times):
        for i in range(np.uint64(words.size)):
            flags[i] = words[i] <= limits[i]
        found = np.uint64(0)
        for i in range(np.uint64(words.size)):
            hits[found] = i
            found += np.uint64(flags[i])


@njit(nogil=True)
def read(table, times):
    """Every word of a table, in order, so many times; of integers, whose sum the compiler may reorder."""
    total = np.int64(0)
    for again in range(times):
        for i in range(table.size):
            total += table[i] ^ again
    return total


@njit(nogil=True)
def read_rows(table, rows, starts, stops):
    """Parts of rows of a table [n, k], wherever they are."""
    total, wide = np.int64(0), np.uint64(table.shape[1])
    flat = table.ravel()
    for each in range(rows.size):
        begin = np.uint64(rows[each]) * wide
        for k in range(begin + np.uint64(starts[each]), begin + np.uint64(stops[each])):
            total += flat[k]
    return total


@njit(nogil=True)
def added(slots, out, left, right):
    """An addition of two rows into a third, for each of out, left, right: the least that an op of the waterfall machine does."""
    for op in range(out.size):
        o, a, b = out[op], left[op], right[op]
        for s in range(slots.shape[1]):
            slots[o, s] = slots[a, s] + slots[b, s]


@njit(nogil=True)
def written(block, times):
    """A block filled, so many times."""
    for again in range(times):
        for i in range(block.size):
            block[i] = again


def rates(seconds: float) -> dict[str, float]:
    """Of one core, in a nanosecond: words drawn and compared, numbers added, bytes written and, by the size of a table, read."""
    rng = np.random.default_rng(1)
    words, limits = rng.integers(0, 2**32, WORDS, dtype=np.uint32), np.full(WORDS, 2**29, dtype=np.uint32)
    flags, hits = np.empty(WORDS, dtype=np.uint8), np.empty(WORDS + 1, dtype=np.int32)
    slots, block = np.ones((ROWS, WIDTH)), np.ones(SIZES["L2 cache"] // 8)
    out, left, right = (rng.integers(0, ROWS, WORDS) for _ in range(3))
    jobs: dict[str, tuple[float, Callable[[], object]]] = {
        "Philox words": (4.0 * WORDS * TIMES, lambda: drawn(WORDS * TIMES, 1)),
        "words compared": (WORDS * TIMES, lambda: listed(words, limits, flags, hits, TIMES)),
        "additions": (WORDS * WIDTH, lambda: added(slots, out, left, right)),
        "bytes written, L2 cache": (block.nbytes * TIMES, lambda: written(block, TIMES)),
    }
    for where, size in SIZES.items():
        table, times = np.ones(size // 8, dtype=np.int64), max(1, SIZES["L3 cache"] // size)
        jobs[f"bytes read, {where}"] = size * times, lambda table=table, times=times: read(table, times)
    each = seconds / len(jobs)
    return {name: work / (timed({name: job}, each)[name].least * 1e9) for name, (work, job) in jobs.items()}


def machine_rate(scenarios: int, seconds: float) -> float:
    """Ops times scenarios in a nanosecond of the deal of benchmarks/waterfall.py, one thread."""
    deal = Deal.model_validate(waterfall.DEAL)
    program = bind(compile_deal(deal, trace=False), deal, {"loans": waterfall.POOL})
    inputs = waterfall.pool_inputs(program, scenarios)
    values = np.full((len(program.period_values), waterfall.PAYMENTS), 1 / 12)
    reads = Reads(values, inputs, np.empty((0, 1, scenarios)), np.arange(waterfall.PAYMENTS + 1))
    records = np.zeros(0, dtype=np.int32)
    found = timed({"": lambda: run_program(program, reads, records, tolerance=TOLERANCE * waterfall.POOL, threads=1)}, seconds)
    return len(program.ops) * waterfall.PAYMENTS * scenarios / (found[""].least * 1e9)
