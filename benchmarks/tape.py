"""Reading tapes: CSV, XLSX and Parquet with pandas beside clo in the same run, and ten million loans batch by batch.

    python benchmarks/tape.py [--loans N] [--sheet N] [--stream N] [--json]        loans in memory: as many as --loans

pandas only reads; clo reads, converts every cell with its repairs, checks all rules over all rows and keeps where each row
stood. The tape has 25 columns and no mistakes. The stream is checked as a whole and then read once more for its balance by
originator, in a process of its own, whose peak memory is told. Loans in memory are checked, matched by borrower and followed.
"""

from __future__ import annotations

import argparse
import json
import os
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
import pyarrow as pa
import pyarrow.parquet as pq

CUTOFF = np.datetime64("2026-03-31", "s")
BANKS = np.array([f"{100 + number:04d}" for number in range(40)])
ROW_GROUP = 500_000
MIXED = 999_983
"""A prime: loans of one borrower stand apart in the file."""


def pool(first: int, loans: int) -> pd.DataFrame:
    """Clean yen loans number `first` and on, in 25 columns; about two a borrower."""
    draw = np.random.default_rng(first)
    number = np.arange(first, first + loans)
    original = np.floor(draw.lognormal(17.0, 0.5, loans))
    days = np.array(1, dtype="m8[D]")
    return pd.DataFrame(
        {
            "cutoff_date": np.full(loans, CUTOFF),
            "originator_id": pd.Series(BANKS[number % 40], dtype="str"),
            "loan_id": pd.Series(number.astype("U10"), dtype="str"),
            "obligor_id": pd.Series(((number * MIXED) % (5 * 10**6)).astype("U10"), dtype="str"),
            "obligor_type": pd.Categorical.from_codes(np.zeros(loans, dtype=np.int8), ["corp"]),
            "region_code": pd.Series(np.char.zfill((number * MIXED % (5 * 10**6) % 47 + 1).astype("U2"), 2), dtype="str"),
            "industry_code": pd.Series(np.char.zfill((number * MIXED % (5 * 10**6) % 20).astype("U2"), 2), dtype="str"),
            "employees": number % 50 + 1,
            "asset_type": pd.Categorical.from_codes(np.zeros(loans, dtype=np.int8), ["loan"]),
            "origination_date": CUTOFF - draw.integers(10, 900, loans) * days,
            "maturity_date": CUTOFF + draw.integers(30, 2500, loans) * days,
            "original_balance": original,
            "current_balance": np.floor(original * draw.uniform(0.2, 1.0, loans)),
            "currency": pd.Series(np.full(loans, "JPY"), dtype="str"),
            "amortisation_type": pd.Categorical.from_codes(number % 3, ["equal_principal", "level_payment", "bullet"]),
            "principal_frequency": pd.Categorical.from_codes(np.zeros(loans, dtype=np.int8), ["monthly"]),
            "interest_frequency": pd.Categorical.from_codes(np.zeros(loans, dtype=np.int8), ["monthly"]),
            "rate_type": pd.Categorical.from_codes(np.zeros(loans, dtype=np.int8), ["fixed"]),
            "current_rate": draw.integers(100, 400, loans) / 1e4,
            "guarantee_ratio": np.full(loans, 0.8),
            "pd_1y": draw.integers(10, 500, loans) / 1e4,
            "score_value": draw.integers(1, 100, loans).astype(float),
            "account_status": pd.Categorical.from_codes(np.zeros(loans, dtype=np.int8), ["PERF"]),
            "days_in_arrears": np.zeros(loans, dtype=np.int64),
            "arrears_balance": np.zeros(loans),
        }
    )


def write_parquet(place: Path, loans: int) -> None:
    """A tape in row groups, made one after another."""
    writer: pq.ParquetWriter | None = None
    for first in range(0, loans, ROW_GROUP):
        part = pa.Table.from_pandas(pool(first, min(ROW_GROUP, loans - first)), preserve_index=False)
        writer = writer or pq.ParquetWriter(place, part.schema)
        writer.write_table(part)
    if writer is not None:
        writer.close()


def write_sheet(place: Path, loans: int) -> None:
    import openpyxl  # noqa: PLC0415  (a part loads what it measures)

    frame = pool(0, loans)
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("pool")
    sheet.append(list(frame.columns))
    for name in frame.columns[frame.dtypes == "datetime64[s]"]:
        frame[name] = frame[name].dt.date.astype(object)
    for row in frame.astype(object).itertuples(index=False):
        sheet.append(list(row))
    book.save(place)


def peak_mb() -> float:
    """Peak memory of this process; Linux counts a parent's memory into `ru_maxrss`, so that is asked only elsewhere."""
    status = Path("/proc/self/status")
    if status.exists():
        return float(next(line for line in status.read_text().splitlines() if line.startswith("VmHWM")).split()[1]) / 1e3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def timed(work: Callable[[], Any], times: int) -> tuple[float, Any]:
    """(median seconds, the last result)."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        result = work()
        taken.append(time.perf_counter() - start)
    return float(np.median(taken)), result


def beside(place: Path, plain: Callable[[], pd.DataFrame], times: int) -> dict[str, float]:
    """Seconds of clo and of pandas on one file; both must find the same balance."""
    import clo  # noqa: PLC0415  (a part loads what it measures)

    ours, loans = timed(lambda: clo.read_tape(place), times)
    theirs, frame = timed(plain, times)
    difference = abs(loans.balance - float(frame["current_balance"].sum()))
    return {"clo_s": ours, "pandas_s": theirs, "times_pandas": ours / theirs, "difference": difference}


def in_memory(count: int) -> dict[str, float]:
    """Seconds of what is done with loans once they are read: all rules, borrowers matched by name, and a survival curve."""
    import clo  # noqa: PLC0415  (a part loads what it measures)
    from clo.tape.rules import check  # noqa: PLC0415  (a part loads what it measures)
    from clo.tape.view import View  # noqa: PLC0415  (a part loads what it measures)

    draw = np.random.default_rng(0)
    day = np.array(1, dtype="m8[D]")
    happens = np.where(draw.random(count) < 0.1, CUTOFF + draw.integers(1, 2000, count) * day, np.datetime64("NaT"))
    names = np.char.add("株式会社テスト", draw.integers(0, count // 2 + 1, count).astype("U8"))
    frame = pool(0, count).assign(x_name=pd.Series(names, dtype="str"), default_date=happens)
    loans = clo.Loans.from_frame(frame, check=False)
    rules, found = timed(lambda: check(View(loans.frame, loans.file_rows, "pool")), 3)
    matched, groups = timed(lambda: clo.match_obligors(loans, "x_name"), 3)
    survival, curve = timed(lambda: clo.kaplan_meier(loans), 3)
    return {
        "loans": count,
        "rules_s": rules,
        "findings": len(found),
        "match_s": matched,
        "groups": groups.count,
        "survival_s": survival,
        "defaults": float(curve.events.sum()),
    }


def part_stream(place: Path) -> dict[str, float]:
    """The whole tape checked, and then read for its balance by originator, in a process that does nothing else."""
    import clo  # noqa: PLC0415  (a part loads what it measures)

    before = peak_mb()
    start = time.perf_counter()
    stream = clo.scan_tape(place)
    checked = time.perf_counter() - start
    after_check = peak_mb()
    start = time.perf_counter()
    total = sum(loans.balance for loans in stream.only(["originator_id", "current_balance"]))
    return {
        "loans": len(stream),
        "obligors": stream.obligors,
        "check_s": checked,
        "loans_a_second": len(stream) / checked,
        "two_columns_s": time.perf_counter() - start,
        "imports_mb": before,
        "peak_mb": max(after_check, peak_mb()),
        "difference": abs(total - stream.balance),
        "findings": len(stream.findings),
    }


def measure(loans: int, sheet: int, stream: int) -> dict[str, Any]:
    result: dict[str, Any] = {"cpu": f"{platform.machine()}, {os.cpu_count()} cores", "files": []}
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for size in sorted({sheet, loans}):
            pool(0, size).to_csv(place / "pool.csv", index=False, date_format="%Y-%m-%d")
            write_parquet(place / "pool.parquet", size)
            readers: dict[str, Callable[[], pd.DataFrame]] = {
                "csv": lambda: pd.read_csv(place / "pool.csv"),
                "parquet": lambda: pd.read_parquet(place / "pool.parquet"),
            }
            if size == sheet:
                write_sheet(place / "pool.xlsx", size)
                readers["xlsx"] = lambda: pd.read_excel(place / "pool.xlsx", engine="calamine")
            for kind, plain in readers.items():
                result["files"].append({"kind": kind, "loans": size, **beside(place / f"pool.{kind}", plain, 3)})
        result["memory"] = in_memory(loans)
        write_parquet(place / "stream.parquet", stream)
        command = [sys.executable, __file__, "--part", str(place / "stream.parquet")]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        result["stream"] = dict(json.loads(done.stdout)) | {"file_mb": (place / "stream.parquet").stat().st_size / 1e6}
    result["largest_difference"] = max(result["stream"]["difference"], *(one["difference"] for one in result["files"]))
    return result


def table(r: dict[str, Any]) -> str:
    lines = [r["cpu"], "", f"{'file':<10}{'loans':>12}{'clo':>10}{'pandas':>10}{'ratio':>8}"]
    lines += [
        f"{one['kind']:<10}{one['loans']:>12,}{one['clo_s']:>9.2f}s{one['pandas_s']:>9.2f}s{one['times_pandas']:>8.1f}"
        for one in r["files"]
    ]
    memory, stream = r["memory"], r["stream"]
    lines += [
        "",
        f"{memory['loans']:,} loans in memory: all rules {memory['rules_s']:.2f} s, borrowers by name {memory['match_s']:.2f} s, "
        f"survival {memory['survival_s']:.2f} s",
        "",
        f"{stream['loans']:,} loans in batches ({stream['file_mb']:,.0f} MB of Parquet)",
        f"checked as a whole        {stream['check_s']:>8.1f} s   {stream['loans_a_second']:,.0f} loans a second",
        f"two columns once more     {stream['two_columns_s']:>8.1f} s",
        f"peak memory               {stream['peak_mb']:>8,.0f} MB  goal 1,500; imports alone {stream['imports_mb']:,.0f}",
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--loans", type=int, default=1_000_000)
    parser.add_argument("--sheet", type=int, default=100_000)
    parser.add_argument("--stream", type=int, default=10_000_000)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--part", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.part is not None:
        print(json.dumps(part_stream(given.part)))
        return
    result = measure(given.loans, given.sheet, given.stream)
    print(json.dumps(result, indent=1) if given.json else table(result))


if __name__ == "__main__":
    main()
