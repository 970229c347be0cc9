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


def test_the_cost_of_a_scenario_is_told_and_drawn(tmp_path: Path) -> None:
    page, picture = tmp_path / "page.md", tmp_path / "picture.html"
    page.write_text("before\n<!-- measured: scaling -->\nold\n<!-- end -->\nafter\n", encoding="utf-8")
    sizes = ["--obligors", "20", "40", "--years", "1", "--apart", "3", "--notes", "2", "--default-rates", "--institutions"]
    program = [sys.executable, str(ROOT / "benchmarks" / "scaling.py"), *sizes, "--seconds", "0", "--json"]
    done = subprocess.run([*program, "--page", page, "--plot", picture], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    cases = json.loads(done.stdout)["cases"]
    assert [(each["along"], each["at"]) for each in cases] == [
        ("obligors", 20), ("obligors", 40), ("monthly payments", 12), ("payments in five years", 20), ("notes", 2),
    ]  # fmt: skip
    assert [each["payments"] for each in cases] == [60, 60, 12, 20, 60]
    assert all(each["us"]["whole"] > 0.0 and min(each["bounds"].values()) > 0.0 for each in cases)
    text = page.read_text(encoding="utf-8")
    assert text.startswith("before\n<!-- measured: scaling -->\n| obligors | whole |")
    assert text.endswith("<!-- end -->\nafter\n")
    assert "old" not in text
    assert "Plotly.newPlot" in picture.read_text(encoding="utf-8")
