"""Pages of the docs under test: the scripts that make parts of them, and the examples that stand in them."""

from __future__ import annotations

import doctest
import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]


def script(path: Path) -> Any:
    """A script that stands outside the package, as a module; it finds those beside it, as it does when it is run."""
    spec = importlib.util.spec_from_file_location(f"script_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look there for the types of their fields
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(path.parent))
        spec.loader.exec_module(module)
    return module


def examples_hold(monkeypatch: pytest.MonkeyPatch, page: Path) -> int:
    """Run the `>>>` examples of a page from the root; each must give what is shown. Returns how many there are."""
    monkeypatch.chdir(ROOT)
    examples = doctest.DocTestParser().get_doctest(page.read_text(encoding="utf-8"), {}, page.name, str(page), 0)
    runner = doctest.DocTestRunner()
    told: list[str] = []
    runner.run(examples, out=told.append)
    assert not runner.failures, "".join(told)
    return len(examples.examples)
