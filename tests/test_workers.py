"""Tasks shared with helper processes: order, errors, helpers that end or cannot do a task."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest
from numba.core import event

from clo.programme import workers
from clo.programme.workers import shared
from clo.study.compiling import UncachedError, without_compiling

ROOT = Path(__file__).parents[1]
PROCESS = "__import__('os').getpid()"
UNCACHED = "__import__('clo.study.compiling', fromlist='x').UncachedError"


@pytest.fixture(autouse=True)
def helpers_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However short the work."""
    monkeypatch.setattr(workers, "SECONDS_A_HELPER", 1e-9)


@pytest.fixture
def arrived(tmp_path: Path) -> Path:
    """A file that the first helper makes with its first task; this process waits for it before it does its third."""
    return tmp_path / "arrived"


def until(file: Path) -> str:
    return f"any(__import__('os').path.exists({str(file)!r}) or __import__('time').sleep(0.02) for _ in range(3000))"


def touch(file: Path) -> str:
    return f"open({str(file)!r}, 'w').close()"


def split(here: str, there: str) -> str:
    return f"({here}) if {PROCESS} == {os.getpid()} else ({there})"


def tasks(arrived: Path, here: str, there: str, count: int = 12) -> list[str]:
    """Expressions: two that stand alone, then those that say `here` in this process and `there` in a helper."""
    later = split(f"{until(arrived)} and {here}", f"{touch(arrived)} or {there}")
    return [(here if n < 2 else later).replace("@", str(n)) for n in range(count)]


def test_helpers_do_their_share_and_answers_stand_in_order(arrived: Path) -> None:
    told: list[int] = []
    found = shared(eval, tasks(arrived, f"(@, {PROCESS})", f"(@, {PROCESS})"), 2, lambda: told.append(1))
    assert [number for number, _ in found] == list(range(12))
    assert len({process for _, process in found}) == 2
    assert [process for _, process in found[:2]] == [os.getpid()] * 2
    assert len(told) == 12


def test_one_worker_is_this_process() -> None:
    assert shared(eval, [PROCESS] * 9, 1) == [os.getpid()] * 9
    assert shared(eval, [], 2) == []


def test_an_error_here_or_in_a_helper_is_raised(arrived: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        shared(eval, ["1", "1", "1 / 0", "1"], 2)
    with pytest.raises(KeyError, match="there"):
        shared(eval, tasks(arrived, "@", "{}['there']"), 2)


@pytest.mark.parametrize("there", [f"(_ for _ in ()).throw({UNCACHED})", "__import__('os')._exit(1)"])
def test_what_a_helper_gives_back_or_ends_over_is_done_here(arrived: Path, there: str) -> None:
    assert shared(eval, tasks(arrived, "@", there), 3) == list(range(12))


def test_a_helper_compiles_nothing() -> None:
    start = event.Event("numba:compile", event.EventStatus.START)
    with without_compiling(), pytest.raises(UncachedError):
        event.broadcast(start)
    event.broadcast(start)


def test_work_that_a_helper_does_not_have_is_done_here() -> None:
    assert shared(lambda task: task + 1, list(range(20)), 2) == list(range(1, 21))


class Unsendable:
    def __reduce__(self) -> str:
        raise NotImplementedError

    def __str__(self) -> str:
        return "here"


def test_a_task_that_cannot_be_sent_is_done_here() -> None:
    assert shared(str, [Unsendable() for _ in range(9)], 2) == ["here"] * 9


def test_a_task_of_what_a_helper_does_not_have_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    own = ModuleType("own_module")
    exec("class Own:\n    def __str__(self):\n        return 'here'", own.__dict__)
    monkeypatch.setitem(sys.modules, "own_module", own)
    assert workers._answered(str, pickle.dumps(own.Own())) == pickle.dumps(("done", "here"))
    request = pickle.dumps(own.Own())
    monkeypatch.delitem(sys.modules, "own_module")
    assert workers._answered(str, request) == pickle.dumps(("not here", None))


def test_a_helper_that_is_stopped_undoes_what_it_has_half_written(arrived: Path, tmp_path: Path) -> None:
    half = tmp_path / "half"
    half.mkdir()
    begun = f"__import__('tempfile').TemporaryDirectory(dir={str(half)!r})"
    there = f"(lambda kept: {touch(arrived)} or __import__('time').sleep(60))({begun})"
    with pytest.raises(ZeroDivisionError):
        shared(eval, ["0", "0", *[split(f"{until(arrived)} and 1 / 0", there)] * 2], 2)
    assert arrived.exists()
    assert not list(half.iterdir())


def test_a_helper_that_does_not_end_is_made_to(arrived: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "SECONDS_TO_END", 0.2)
    deaf = "__import__('signal').signal(__import__('signal').SIGTERM, __import__('signal').SIG_IGN)"
    there = f"[{deaf}, {touch(arrived)}, __import__('time').sleep(60)]"
    start = time.perf_counter()
    with pytest.raises(ZeroDivisionError):
        shared(eval, ["0", "0", *[split(f"{until(arrived)} and 1 / 0", there)] * 2], 2)
    assert time.perf_counter() - start < 50


def test_a_system_that_starts_no_helper_needs_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert shared(eval, ["1"] * 9, 2) == [1] * 9


def test_standard_output_of_a_helper_is_for_answers_alone() -> None:
    messages = [pickle.dumps(print), pickle.dumps("heard")]
    request = b"".join(len(message).to_bytes(workers.BYTES_OF_LENGTH, "big") + message for message in messages)
    done = subprocess.run([sys.executable, "-c", workers.STARTING], input=request, capture_output=True, check=True, cwd=ROOT)
    assert done.stderr.split() == [b"heard"]
    assert b"heard" not in done.stdout
    assert done.stdout.count(b"done") == 2


def test_a_program_without_a_guard_may_use_helpers(tmp_path: Path, arrived: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import os\n"
        "from clo.programme import workers\n"
        "workers.SECONDS_A_HELPER = 1e-9\n"
        f"tasks = {tasks(arrived, '@', '100 + @')}\n"
        f"tasks = [task.replace({str(os.getpid())!r}, str(os.getpid())) for task in tasks]\n"
        "print(max(workers.shared(eval, tasks, 2)) > 100)\n",
        encoding="utf-8",
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout == "True\n"
