"""What a run looks like: tables for page and terminal, and self-contained pages of runs, deals and programmes."""

from clo.report.page import render as render
from clo.report.programme import programme_page as programme_page
from clo.report.termsheet import termsheet as termsheet

__all__ = ["programme_page", "render", "termsheet"]
