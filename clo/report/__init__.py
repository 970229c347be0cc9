"""What a run looks like: tables for page and terminal, and one self-contained page."""

from clo.report.page import render as render

__all__ = ["render"]
