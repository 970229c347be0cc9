"""Telling a user that kernels are being compiled, which happens once on a machine and takes a moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

from numba.core import event


class _Teller(event.Listener):
    """Tells once, when the compiler starts; what is loaded from the cache on disk does not start it."""

    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell, self._told, self._lock = tell, False, Lock()

    def on_start(self, _: event.Event) -> None:
        with self._lock:
            told, self._told = self._told, True
        if not told:
            self._tell()

    def on_end(self, _: event.Event) -> None:
        """Nothing is said of it."""


class UncachedError(Exception):
    """A kernel is not in the cache on disk, and this process is not to compile it."""


class _Refuser(event.Listener):
    def on_start(self, _: event.Event) -> None:
        raise UncachedError

    def on_end(self, _: event.Event) -> None:
        """Nothing was begun."""


@contextmanager
def without_compiling() -> Iterator[None]:
    """While this is open, what is not cached raises UncachedError: processes that write one cache at once can crash."""
    with event.install_listener("numba:compile", _Refuser()):
        yield


@contextmanager
def telling_of_compiling(tell: Callable[[], None]) -> Iterator[None]:
    """While this is open, the first kernel that has to be compiled is told of before it is."""
    with event.install_listener("numba:compile", _Teller(tell)):
        yield
