"""The command line. Data on stdout, everything else on stderr; exit codes are told in `main`."""

from clo.cli.app import main as main

__all__ = ["main"]
