"""A million loans through the pool projection, plain ones and all kinds mixed: speed, memory, and NumPy beside it.

    python benchmarks/pool.py [--loans N] [--months T] [--json]

A loan-month is a month in which a loan has a balance. The pool defaults, prepays and recovers with a lag. Two NumPy
programs stand beside clo, both warm and over the same loans:

  state    what a careful user would write: arrays over loans, a loop over months, each loan's own balance, default,
           prepayment and lagged recovery. It could give every loan its own curve.
  algebra  clo's own shortcut in NumPy: loans that share their curves share their survival, so only contractual schedules
           are summed, and default, prepayment and recovery are applied to the sums. The like-for-like comparison.

The mix of kinds, and the state program that knows them all, are in `mixed_pool.py`. Of the same mix, fewer loans may get new
terms in every month: each of them is then worked out from every month in which it may, which is counted in loan-months too.

Memory is the high-water mark of a fresh process that holds a tape and projects it, beside 1.5 x the columns that hold numbers,
dates and words as codes, plus the columns of text as they are (for the mixed tape: two keys, a day count, an index and its
tenor), plus 300 MB. The child table of schedules and what the tape knows beyond its columns count for nothing there.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from mixed_pool import MixedTape, curves, mixed_pool, numpy_mixed, prepared

CUTOFF = np.datetime64("2026-03-31")
CDR, CPR, RECOVERY, LAG = 0.03, 0.05, 0.4, 12
CHANGING, CHANGES = 20_000, {"rate": 0.02, "extension": 24}
KINDS = ["equal_principal", "level_payment", "bullet", "schedule"]
NUMERIC = ("current_balance", "current_rate", "maturity_date", "amortisation_type")


def pool(loans: int, months: int) -> pd.DataFrame:
    """Loans of 1 to `months` months: 60% equal principal, 30% level payment, 10% bullet."""
    from clo.timeline import collection_ends  # noqa: PLC0415  (a part loads what it measures)

    rng = np.random.default_rng(20260331)
    ends = collection_ends(CUTOFF, months)
    kinds = rng.choice(3, loans, p=[0.6, 0.3, 0.1]).astype(np.int8)
    return pd.DataFrame(
        {
            "current_balance": np.floor(rng.lognormal(16.0, 1.0, loans)),
            "current_rate": rng.integers(5, 500, loans) / 1e4,
            "maturity_date": ends[rng.integers(0, months, loans)].astype("datetime64[s]"),
            "amortisation_type": pd.Categorical.from_codes(kinds, KINDS),
        }
    )


def clo_flows(loans: pd.DataFrame | MixedTape, months: int, threads: int, **more: Any) -> np.ndarray:
    from clo.behaviour.assumptions import Assumptions  # noqa: PLC0415  (a part loads what it measures)
    from clo.pool.projection import project  # noqa: PLC0415  (a part loads what it measures)
    from clo.timeline import collection_ends  # noqa: PLC0415  (a part loads what it measures)

    assumed = Assumptions(cdr=CDR, cpr=CPR, recovery=RECOVERY, recovery_lag=LAG, **more)
    ends, fixings = collection_ends(CUTOFF, months), curves(months)
    flows = project({"all": loans}, assumed, period_ends=ends, cutoff=CUTOFF, curves=fixings, threads=threads)
    return flows.amounts[:6, 0, :, 0]


def read(loans: pd.DataFrame | MixedTape, months: int) -> None:
    """The part of a run that checks the tape and turns dates into months, here in one thread."""
    from clo.pool.contracts import read_contracts  # noqa: PLC0415  (a part loads what it measures)
    from clo.timeline import collection_ends  # noqa: PLC0415  (a part loads what it measures)

    read_contracts(loans, collection_ends(CUTOFF, months), CUTOFF)


def columns(frame: pd.DataFrame) -> tuple[np.ndarray, ...]:
    maturity = frame["maturity_date"].to_numpy().astype("datetime64[M]").astype(int)
    term = maturity - CUTOFF.astype("datetime64[M]").astype(int)
    kind = frame["amortisation_type"].cat.codes.to_numpy()
    return frame["current_balance"].to_numpy(), frame["current_rate"].to_numpy() / 12, term, kind


def share_due(rate: np.ndarray, left: np.ndarray, kind: np.ndarray) -> np.ndarray:
    """Share of the balance that falls due this month, with `left` instalments to go: 1/left, i/((1+i)^left - 1), or 0."""
    level = rate / np.expm1(left * np.log1p(rate))
    return np.where(left == 1, 1.0, np.where(kind == 0, 1.0 / left, np.where(kind == 1, level, 0.0)))


def numpy_state(frame: pd.DataFrame, months: int) -> np.ndarray:
    balance, rate, term, kind = columns(frame)
    q, smm = 1 - (1 - CDR) ** (1 / 12), 1 - (1 - CPR) ** (1 / 12)
    out = np.zeros((6, months))
    for t in range(months):
        alive = term > t  # loans that are repaid leave the arrays, so no work is done for them
        balance, rate, term, kind = balance[alive], rate[alive], term[alive], kind[alive]
        default = balance * q
        performing = balance - default
        interest = performing * rate
        principal = performing * share_due(rate, term - t, kind)
        prepayment = (performing - principal) * smm
        out[:5, t] = balance.sum(), interest.sum(), principal.sum(), prepayment.sum(), default.sum()
        balance = performing - principal - prepayment
        if t + LAG < months:
            out[5, t + LAG] = default.sum() * RECOVERY
    return out


def numpy_algebra(frame: pd.DataFrame, months: int) -> np.ndarray:
    balance, rate, term, kind = columns(frame)
    q, smm = 1 - (1 - CDR) ** (1 / 12), 1 - (1 - CPR) ** (1 / 12)
    opening, interest, principal = np.zeros((3, months + 1))
    for t in range(months):
        alive = term > t
        balance, rate, term, kind = balance[alive], rate[alive], term[alive], kind[alive]
        due = balance * share_due(rate, term - t, kind)
        opening[t], interest[t], principal[t] = balance.sum(), (balance * rate).sum(), due.sum()
        balance = balance - due
    survival = ((1 - q) * (1 - smm)) ** np.arange(months + 1)
    default = q * survival[:-1] * opening[:-1]
    paying = survival[:-1] * (1 - q)
    recovery = np.concatenate((np.zeros(LAG), RECOVERY * default))[:months]
    return np.stack([
        survival[:-1] * opening[:-1], paying * interest[:-1], paying * principal[:-1], paying * smm * opening[1:],
        default, recovery,
    ])  # fmt: skip


def best(action: Callable[[], Any], repeats: int) -> float:
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return min(times)


def peak_mb() -> float:
    """Peak resident memory of this process in MB.

    From the kernel's high-water mark of this program where there is one: getrusage also counts the parent's memory at the
    moment it started us.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6


def fresh(part: str, loans: int, months: int, cache: str | None = None) -> dict[str, float]:
    """One part in a process of its own: its memory, or its first-call time."""
    environment = dict(os.environ) | ({"NUMBA_CACHE_DIR": cache} if cache else {})
    command = [sys.executable, __file__, "--part", part, "--loans", str(loans), "--months", str(months)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))


def part_memory(loans: int, months: int) -> dict[str, float]:
    """Peak memory of a process that holds the tape and projects it; the tape is made elsewhere, so that making it is not in."""
    with tempfile.TemporaryDirectory() as folder:
        making = f"import pool; pool.save({folder!r}, {loans}, {months})"
        subprocess.run([sys.executable, "-c", making], cwd=Path(__file__).parent, check=True)
        frame = load(Path(folder))
    numeric = float(sum(frame[name].memory_usage(index=False, deep=True) for name in NUMERIC)) / 1e6
    clo_flows(frame.head(10), months, 2)
    before = peak_mb()
    clo_flows(frame, months, 2)
    return {"columns_mb": numeric, "peak_before_mb": before, "peak_mb": peak_mb(), "limit_mb": 1.5 * numeric + 300.0}


def part_mixed_memory(loans: int, months: int) -> dict[str, float]:
    """The same of a tape of all kinds; its high-water mark is set back after it is loaded, where the system can."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "mixed.pickle"
        making = f"import pickle, mixed_pool; pickle.dump(mixed_pool.mixed_pool({loans}, {months}), open({str(place)!r}, 'wb'))"
        subprocess.run([sys.executable, "-c", making], cwd=Path(__file__).parent, check=True)
        tape: MixedTape = pickle.loads(place.read_bytes())
    text = float(tape.frame.select_dtypes("str").memory_usage(index=False, deep=True).sum()) / 1e6
    numeric = float(tape.frame.memory_usage(index=False, deep=True).sum()) / 1e6 - text
    clo_flows(MixedTape(tape.frame.head(10), tape.schedule.head(0)), months, 2)
    marks = Path("/proc/self/clear_refs")
    if marks.exists():
        marks.write_text("5")
    before = peak_mb()
    clo_flows(tape, months, 2)
    limit = 1.5 * numeric + text + 300.0
    return {"columns_mb": numeric, "text_mb": text, "peak_before_mb": before, "peak_mb": peak_mb(), "limit_mb": limit}


def save(folder: str, loans: int, months: int) -> None:
    frame = pool(loans, months)
    for name in NUMERIC:
        column = frame[name]
        np.save(Path(folder) / f"{name}.npy", column.cat.codes.to_numpy() if name == NUMERIC[-1] else column.to_numpy())


def load(folder: Path) -> pd.DataFrame:
    columns: dict[str, Any] = {name: np.load(folder / f"{name}.npy") for name in NUMERIC}
    columns[NUMERIC[-1]] = pd.Categorical.from_codes(columns[NUMERIC[-1]], KINDS)
    return pd.DataFrame(columns, copy=False)


def part_first(loans: int, months: int) -> dict[str, float]:
    """First call in a process: with an empty cache it compiles, with a full one it loads."""
    frame = pool(1_000, months)
    start = time.perf_counter()
    clo_flows(frame, months, 1)
    return {"first_call_s": time.perf_counter() - start}


def measure(loans: int, months: int) -> dict[str, Any]:
    frame = pool(loans, months)
    loan_months = int(columns(frame)[2].sum())
    clo_flows(frame.head(1_000), months, 1)
    result: dict[str, Any] = {
        "loans": loans,
        "months": months,
        "loan_months": loan_months,
        "cpu": f"{platform.machine()}, {os.cpu_count()} cores",
        "clo_2_s": best(lambda: clo_flows(frame, months, 2), 5),
        "clo_1_s": best(lambda: clo_flows(frame, months, 1), 3),
        "reading_s": best(lambda: read(frame, months), 5),
        "numpy_state_s": best(lambda: numpy_state(frame, months), 2),
        "numpy_algebra_s": best(lambda: numpy_algebra(frame, months), 2),
    }
    ours = clo_flows(frame, months, 2)
    result["largest_difference"] = max(
        float(np.abs(ours - other(frame, months)).max() / ours.max()) for other in (numpy_state, numpy_algebra)
    )
    result["million_loan_months_a_second"] = loan_months / result["clo_2_s"] / 1e6
    result["times_numpy_state"] = result["numpy_state_s"] / result["clo_2_s"]
    result["times_numpy_algebra"] = result["numpy_algebra_s"] / result["clo_2_s"]
    result |= fresh("memory", loans, months)
    result["mixed"] = measure_mixed(loans, months)
    result["changes"] = measure_changes(min(loans, CHANGING), months)
    with tempfile.TemporaryDirectory() as empty:
        result["compile_s"] = fresh("first", loans, months, empty)["first_call_s"]
        result["cached_s"] = fresh("first", loans, months, empty)["first_call_s"]
    return result


def measure_mixed(loans: int, months: int) -> dict[str, Any]:
    tape = mixed_pool(loans, months)
    state = prepared(tape, months)
    q, smm = 1 - (1 - CDR) ** (1 / 12), 1 - (1 - CPR) ** (1 / 12)
    ours, theirs = clo_flows(tape, months, 2), numpy_mixed(state, months, q, smm, RECOVERY, LAG)
    loan_months = int(state.columns["term"].sum())
    result = {
        "loan_months": loan_months,
        "largest_difference": float(np.abs(ours - theirs).max() / ours.max()),
        "clo_2_s": best(lambda: clo_flows(tape, months, 2), 5),
        "clo_1_s": best(lambda: clo_flows(tape, months, 1), 3),
        "reading_s": best(lambda: read(tape, months), 5),
        "numpy_state_s": best(lambda: numpy_mixed(state, months, q, smm, RECOVERY, LAG), 1),
    }
    result["million_loan_months_a_second"] = loan_months / result["clo_2_s"] / 1e6
    result["times_numpy_state"] = result["numpy_state_s"] / result["clo_2_s"]
    return result | fresh("mixed_memory", loans, months)


def measure_changes(loans: int, months: int) -> dict[str, Any]:
    """New terms in every month of the horizon: a loan-month is one of a loan that got them at the start of a given month."""
    tape = mixed_pool(loans, months)
    term = prepared(tape, months).columns["term"][:, None]
    changed = np.arange(1, months + 1)
    lasting = np.minimum(term + CHANGES["extension"], months) + 1 - changed
    loan_months = int(np.where(term >= changed, lasting, 0).sum())
    clo_flows(tape, months, 2, restructuring=CHANGES)
    seconds = best(lambda: clo_flows(tape, months, 2, restructuring=CHANGES), 3)
    return {
        "loans": loans,
        "loan_months": loan_months,
        "clo_2_s": seconds,
        "million_loan_months_a_second": loan_months / seconds / 1e6,
    }


def table(r: dict[str, Any]) -> str:
    rows = [
        (
            "warm, two threads",
            f"{r['clo_2_s'] * 1e3:,.0f} ms",
            f"reading columns takes {r['reading_s'] * 1e3:,.0f} ms of one thread; then the kernel: additions in L1 cache",
        ),
        ("  loan-months a second", f"{r['million_loan_months_a_second']:,.0f} million", "goal 200 million"),
        ("warm, one thread", f"{r['clo_1_s'] * 1e3:,.0f} ms", "the kernel: additions in L1 cache"),
        (
            "NumPy, state of each loan",
            f"{r['numpy_state_s'] * 1e3:,.0f} ms",
            "one thread: expm1 and log1p, memory traffic of temporaries",
        ),
        ("  clo is faster by", f"{r['times_numpy_state']:,.0f} x", "goal 20; clo gains from shared survival"),
        ("NumPy, clo's algebra", f"{r['numpy_algebra_s'] * 1e3:,.0f} ms", "as above"),
        ("  clo is faster by", f"{r['times_numpy_algebra']:,.0f} x", "like for like"),
        ("largest difference", f"{r['largest_difference']:.1e}", "of the largest flow, against both"),
        (
            "peak memory",
            f"{r['peak_mb']:,.0f} MB",
            f"goal {r['limit_mb']:,.0f}; {r['peak_before_mb']:,.0f} with the tape read and the kernel loaded",
        ),
        ("first call, empty cache", f"{r['compile_s']:.1f} s", "the compiler"),
        ("first call, full cache", f"{r['cached_s']:.2f} s", "imports and loading compiled code"),
    ]
    head = f"{r['loans']:,} loans x up to {r['months']} months = {r['loan_months']:,} loan-months; {r['cpu']}"
    m = r["mixed"]
    mixed = [
        ("warm, two threads", f"{m['clo_2_s'] * 1e3:,.0f} ms", f"reading columns takes {m['reading_s'] * 1e3:,.0f} ms of one"),
        ("  loan-months a second", f"{m['million_loan_months_a_second']:,.0f} million", "goal 200 million"),
        ("warm, one thread", f"{m['clo_1_s'] * 1e3:,.0f} ms", "the general kernel: some 10 cycles a loan-month"),
        ("NumPy, state of each loan", f"{m['numpy_state_s'] * 1e3:,.0f} ms", "one thread; its dates read beforehand"),
        ("  clo is faster by", f"{m['times_numpy_state']:,.0f} x", "goal 20"),
        ("largest difference", f"{m['largest_difference']:.1e}", "of the largest flow"),
        ("peak memory", f"{m['peak_mb']:,.0f} MB", f"goal {m['limit_mb']:,.0f}; {m['peak_before_mb']:,.0f} with the tape read"),
    ]
    c = r["changes"]
    changes = [
        ("warm, two threads", f"{c['clo_2_s'] * 1e3:,.0f} ms", "the kernels; a general loan is walked up to its change again"),
        ("  loan-months a second", f"{c['million_loan_months_a_second']:,.0f} million", ""),
    ]
    lines = [head, "", *map(_line, rows), "", f"all kinds mixed: {m['loan_months']:,} loan-months", "", *map(_line, mixed)]
    lines += ["", f"new terms in every month: {c['loans']:,} loans, {c['loan_months']:,} loan-months", "", *map(_line, changes)]
    return "\n".join(lines)


def _line(row: tuple[str, str, str]) -> str:
    name, figure, bound = row
    return f"{name:<28}{figure:>18}   {bound}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--loans", type=int, default=1_000_000)
    parser.add_argument("--months", type=int, default=120)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--part", choices=["memory", "mixed_memory", "first"], help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.part:
        parts = {"memory": part_memory, "mixed_memory": part_mixed_memory, "first": part_first}
        print(json.dumps(parts[given.part](given.loans, given.months)))
        return
    result = measure(given.loans, given.months)
    print(json.dumps(result, indent=1) if given.json else table(result))


if __name__ == "__main__":
    main()
