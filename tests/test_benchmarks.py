"""The benchmarks run, and both sides of each agree. No time is tested: a speed is a figure of docs/benchmarks.md."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.compiled

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    "command",
    [
        ("waterfall.py", "--scenarios", "300"),
        ("verbs.py", "--scenarios", "200"),
        ("synthetic.py", "--scenarios", "100"),
        ("simulation.py", "--scenarios", "4096"),
        ("pool.py", "--loans", "2000", "--months", "24"),
        ("cds.py", "--swaps", "40"),
        ("variance.py", "--seeds", "2", "--scenarios", "1024", "--goal", "0.1"),
        ("calibration.py", "--series", "2", "--years", "5"),
        ("losses.py", "--obligors", "40", "--runs", "1"),
        ("tape.py", "--loans", "400", "--sheet", "200", "--stream", "900"),
    ],
)
def test_a_benchmark_runs(command: tuple[str, ...]) -> None:
    script, *arguments = command
    program = [sys.executable, str(ROOT / "benchmarks" / script), *arguments, "--json"]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)
