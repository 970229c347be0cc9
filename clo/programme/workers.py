"""Tasks shared between this process and helpers.

A deal of a few hundred loans spends its run in Python, which one process does one thread at a time: measured on two cores,
threads took longer than none (docs/programme.md). Helpers are fresh interpreters that speak over their pipes, so a program
that calls this needs no guard around its main part, and nothing is forked while threads hold locks.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from threading import Condition, Thread
from typing import Any, TypeVar

from clo.study.compiling import UncachedError, without_compiling

_Task = TypeVar("_Task")
_Done = TypeVar("_Done")

SECONDS_A_HELPER = 3.0
"""Work ahead that is worth another helper, which takes a second or two of a processor to load the package."""
BYTES_OF_LENGTH = 8
SECONDS_TO_END = 10.0
"""What a helper may take to undo what it has half written."""
STARTING = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); from clo.programme.workers import serve; serve()"
"""An interrupt of the terminal reaches helpers too, from the first moment: who asked for the tasks ends them."""


def shared(
    work: Callable[[_Task], _Done],
    tasks: Sequence[_Task],
    workers: int | None = None,
    told: Callable[[], None] = lambda: None,
) -> list[_Done]:
    """`work` of every task, in the order of the tasks. workers: processes at most, this one included; None: one a core.

    This process does two tasks alone, so that the kernels they need are compiled and cached once and the second says how long
    one takes; then it does its share.
    `told` is called after each task, never twice at a time. The first exception ends all and is raised.
    """
    queue = _Queue(tasks, told)
    queue.take(work, most=1)
    start = time.perf_counter()
    queue.take(work, most=1)
    worth = int((time.perf_counter() - start) * len(queue.waiting) / SECONDS_A_HELPER)
    spare = ((os.cpu_count() or 1) if workers is None else workers) - 1
    helpers = _helpers(min(spare, worth, len(queue.waiting)))
    try:
        for helper in helpers:
            Thread(target=partial(_with_helper, queue, helper, work), daemon=True).start()
        queue.take(work)
        queue.wait()
        queue.waiting = queue.given_back
        queue.take(work)
    finally:
        for helper in helpers:
            helper.stop()
        for helper in helpers:
            helper.wait()
    if queue.failures:
        raise queue.failures[0]
    return [queue.done[number] for number in range(len(tasks))]


def _with_helper(queue: _Queue, helper: _Helper, work: Callable[[Any], Any]) -> None:
    """Let a helper do tasks once it has loaded what they take: until then it holds none back."""
    with suppress(_NotHereError, _GoneError):
        helper.ask(work)
        queue.take(helper.ask)


class _NotHereError(Exception):
    """A helper cannot do a task: it lacks what the task is made of, or would have to compile a kernel, and two processes that
    write one cache can crash."""


class _GoneError(Exception):
    """A helper cannot be asked any more, or not for this: it has ended, or what it is asked cannot be sent."""


class _Queue:
    """Tasks that wait, those that helpers gave back, and what came of the others."""

    def __init__(self, tasks: Sequence[Any], told: Callable[[], None]) -> None:
        self.waiting = deque(enumerate(tasks))
        self.given_back: deque[tuple[int, Any]] = deque()
        self.done: dict[int, Any] = {}
        self.failures: list[Exception] = []
        self._told, self._changed, self._under_way = told, Condition(), 0

    def take(self, do: Callable[[Any], Any], most: int | None = None) -> None:
        """Do tasks until none waits, one has failed, or `most` are done. Raises _GoneError where `do` does."""
        while most is None or most > 0:
            with self._changed:
                if self.failures or not self.waiting:
                    return
                number, task = self.waiting.popleft()
                self._under_way += 1
            try:
                self._do(do, number, task)
            finally:
                with self._changed:
                    self._under_way -= 1
                    self._changed.notify_all()
            most = None if most is None else most - 1

    def wait(self) -> None:
        """Until nothing is under way, or something has failed."""
        with self._changed:
            self._changed.wait_for(lambda: self.failures or not self._under_way)

    def _do(self, do: Callable[[Any], Any], number: int, task: Any) -> None:
        try:
            value = do(task)
        except _NotHereError:
            self.given_back.append((number, task))
        except _GoneError:
            self.given_back.append((number, task))
            raise
        except Exception as error:
            self.failures.append(error)
        else:
            with self._changed:
                self.done[number] = value
                self._told()


class _Helper:
    """Another interpreter that does one task at a time, and finds modules where this one does."""

    def __init__(self) -> None:
        paths = os.pathsep.join(map(os.path.abspath, sys.path))
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", STARTING],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": paths},
        )
        self._busy = False

    def ask(self, what: Any) -> Any:
        """First the work, then tasks: what the work makes of each. Raises what it raises, _NotHereError or _GoneError."""
        try:
            self._busy = True
            _send(self._process.stdin, pickle.dumps(what))
            kind, value = pickle.loads(_received(self._process.stdout))
            self._busy = False
        except Exception as error:  # pickling may raise anything
            raise _GoneError from error
        if kind == "raised":
            raise value
        if kind == "not here":
            raise _NotHereError
        return value

    def stop(self) -> None:
        """Tell it to end; in the middle of a task it undoes what it has half written."""
        if self._busy:
            self._process.terminate()
        else:
            self._process.kill()

    def wait(self) -> None:
        """Until it has ended; where it does not in time, it is made to."""
        try:
            self._process.communicate(timeout=SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()


def _helpers(count: int) -> list[_Helper]:
    """So many helpers, or as many as the system starts."""
    helpers: list[_Helper] = []
    with suppress(OSError):
        while len(helpers) < count:
            helpers.append(_Helper())
    return helpers


# ---- in a helper ----------------------------------------------------------------------------------------------------


def serve() -> None:
    """Do what comes in on standard input until it ends; standard output is for answers alone."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # so that what is open is closed on the way out
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    work: Callable[[Any], Any] | None = None
    with without_compiling(), suppress(EOFError):
        while True:
            request = _received(sys.stdin.buffer)
            if work is None:
                work = _loaded(request)
                _send(answers, pickle.dumps(("not here" if work is None else "done", None)))
            else:
                _send(answers, _answered(work, request))


def _loaded(request: bytes) -> Callable[[Any], Any] | None:
    """The function that does the tasks; None where this interpreter does not have it."""
    with suppress(Exception):
        work: Callable[[Any], Any] = pickle.loads(request)
        return work
    return None


def _answered(work: Callable[[Any], Any], request: bytes) -> bytes:
    try:
        task = pickle.loads(request)
    except Exception:  # made of what this interpreter does not have
        return pickle.dumps(("not here", None))
    try:
        return pickle.dumps(("done", work(task)))
    except UncachedError:
        return pickle.dumps(("not here", None))
    except Exception as error:
        answer = pickle.dumps(("raised", error))
        try:
            pickle.loads(answer)
        except Exception:  # an exception that cannot be made again from what it holds
            return pickle.dumps(("raised", RuntimeError(f"{type(error).__name__}: {error}")))
        return answer


def _send(stream: Any, message: bytes) -> None:
    stream.write(len(message).to_bytes(BYTES_OF_LENGTH, "big"))
    stream.write(message)
    stream.flush()


def _received(stream: Any) -> bytes:
    """The next message; EOFError where the stream has ended."""
    return _exactly(stream, int.from_bytes(_exactly(stream, BYTES_OF_LENGTH), "big"))


def _exactly(stream: Any, count: int) -> bytes:
    found = bytes(stream.read(count))
    if len(found) < count:
        raise EOFError
    return found
