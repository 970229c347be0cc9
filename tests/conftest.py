"""Shared by all tests: one numba cache a worker, the tests' own modules importable, hypothesis profiles, no silent skips."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from commands import Done

TESTS = Path(__file__).parent
ROOT = TESTS.parent
for folder in (ROOT, TESTS):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

# Two processes that write one numba cache can crash; this runs before anything of clo is imported.
if worker := os.environ.get("PYTEST_XDIST_WORKER"):
    base = Path(os.environ.get("NUMBA_CACHE_DIR", ROOT / ".pytest_cache" / "numba"))
    os.environ["NUMBA_CACHE_DIR"] = str(base / worker)

QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
settings.register_profile("quick", max_examples=30, deadline=None, derandomize=True, suppress_health_check=QUIET)
settings.register_profile("long", max_examples=600, deadline=None, suppress_health_check=QUIET)
settings.load_profile("quick")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With CLO_NO_SKIP=1 a test that would be skipped fails: a full run has no silent gaps."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CLO_NO_SKIP") == "1":
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped and CLO_NO_SKIP=1: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a module that skips itself as a whole."""
    report = yield
    if report.skipped and os.environ.get("CLO_NO_SKIP") == "1":
        report.outcome = "failed"
        report.longrepr = f"{collector.nodeid} was skipped and CLO_NO_SKIP=1: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def root() -> Path:
    """The root of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def deals(root: Path) -> Path:
    """The folder of deal files."""
    return root / "deals"


@pytest.fixture
def clo(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Done]:
    """Run `clo` in an empty folder, in this process."""
    from commands import Done  # noqa: PLC0415  (importable once this module is)

    from clo.cli import main  # noqa: PLC0415  (after the cache of the kernels is chosen)

    monkeypatch.chdir(tmp_path)

    def call(*arguments: str | Path) -> Done:
        with pytest.raises(SystemExit) as left:
            main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Done(int(left.value.code or 0), captured.out, captured.err)

    return call
