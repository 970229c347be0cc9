"""What a run looks like: tables for page and terminal, and self-contained pages of runs, simulations, deals and programmes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clo.lazy import loading

if TYPE_CHECKING:
    from clo.report.page import render as render
    from clo.report.programme import programme_page as programme_page

__all__ = ["programme_page", "render"]

__getattr__ = loading(__name__, {"programme_page": "clo.report.programme", "render": "clo.report.page"})
