"""Many deals side by side: run in parallel, one table, one chart."""

from clo.programme.running import Programme, run_programme

__all__ = ["Programme", "run_programme"]
