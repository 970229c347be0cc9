"""The house rules that a machine can hold: import direction, kernels on their own, quick import, lint, types, size of files."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import clo

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "clo"
KERNELS = sorted([*PACKAGE.rglob("kernel.py"), *PACKAGE.rglob("*_kernel.py")])
KERNEL_IMPORTS = {"numpy", "numba", "enum", "math", "typing", "__future__", "os", "collections"}


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False)


def test_import_contracts_hold() -> None:
    code = "import sys; from importlinter.cli import lint_imports_command as main; main(['--no-cache'])"
    done = run("-c", code)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_kernel_imports_only_what_numba_needs(kernel: Path) -> None:
    """numba's cache on disk does not see changes in other files, so a kernel file is complete in itself."""
    tree = ast.parse(kernel.read_text())
    modules = {alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    modules |= {(node.module or "clo").split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert modules <= KERNEL_IMPORTS


def test_import_is_quick_and_lazy() -> None:
    """Best of five fresh processes: a noisy machine may slow one, not all."""
    code = (
        "import json, sys, time; start = time.perf_counter(); import clo; took = time.perf_counter() - start;"
        "print(json.dumps([took, sorted(sys.modules)]))"
    )
    runs = [json.loads(run("-c", code).stdout) for _ in range(5)]
    assert min(took for took, _ in runs) < 0.35
    loaded = set(runs[0][1])
    assert not loaded & {"pandas", "scipy", "plotly", "numba", "numpy", "pyarrow", "pydantic"}


COMPILER = {"numba", "llvmlite", "scipy"}
PAGES = {"plotly", "jinja2"}
SOLVERS = {"scipy.special", "scipy.optimize", "scipy.stats", "scipy.sparse"}


@pytest.mark.parametrize(
    ("command", "spared"),
    [
        (("reference", "issuance"), COMPILER | PAGES),
        (("schema",), COMPILER | PAGES),
        (("strat", "deals/tapes/purchase-08.parquet"), COMPILER | PAGES),
        (("check", "no-such-tape.csv"), COMPILER | PAGES),
        (("check", "deals/tapes/purchase-08.parquet", "-q", "-o"), SOLVERS | PAGES),
        (("explain", "deals/purchase-08.yaml"), SOLVERS | PAGES),
        (("reconcile", "purchase-08", "--no-report"), SOLVERS | PAGES),
        (("break-even", "deals/purchase-08.yaml", "subordinated", "-q"), PAGES),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_a_command_loads_only_what_it_needs(command: tuple[str, ...], spared: set[str], tmp_path: Path) -> None:
    """By modules, not by time: what computes nothing starts without the compiler, what draws no page without its libraries."""
    code = (
        "import json, sys; from clo.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: print(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    )
    given = (*command, str(tmp_path / "list.csv")) if command[-1] == "-o" else command
    loaded = set(json.loads(run("-c", code, *given).stderr.splitlines()[-1]))
    assert "clo.cli.app" in loaded
    assert not loaded & spared


def test_every_public_name_loads() -> None:
    code = "import clo\nfor name in clo.__all__: getattr(clo, name)\nprint(len(clo.__all__))"
    done = run("-c", code)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 10


def test_an_unknown_public_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = clo.nothing


def test_ruff_finds_nothing() -> None:
    done = run("-m", "ruff", "check", "--no-cache", ".")
    assert done.returncode == 0, done.stdout


def test_types_are_strict() -> None:
    done = run("-m", "mypy", "--cache-dir=/dev/null")
    assert done.returncode == 0, done.stdout


def test_files_are_rooms_not_halls() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in PACKAGE.rglob("*.py")}
    assert not {path: lines for path, lines in lengths.items() if lines > 500}


def test_nothing_points_outside_the_repository() -> None:
    """No path of a machine, no name of another folder beside the checkout."""
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    texts = [path for path in tracked if path.endswith((".py", ".md", ".yaml", ".toml", ".j2", ".json", ".csv"))]
    forbidden = ("../" + "shared", "/" + "work/", "/" + "root/")
    found = [(path, word) for path in texts for word in forbidden if word in (ROOT / path).read_text(errors="ignore")]
    assert not found
