"""Published tables as packaged data, each row with its source. The only reader of packaged data."""

from __future__ import annotations

import pandas as pd

from clo.reference.capital import CAPITAL_SOURCE, capital_rates
from clo.reference.codes import TableError
from clo.reference.tables import Tables, packaged

__all__ = ["CAPITAL_SOURCE", "TableError", "Tables", "capital_rates", "identity_checks", "packaged", "table", "tables"]


def table(name: str) -> pd.DataFrame:
    """A published table by name, such as `issuance`: its columns, then document, printed_table, source_id.

    Raises TableError where no table is so named, with the nearest name.
    """
    return packaged().table(name)


def tables() -> pd.DataFrame:
    """name, title, title_ja, rows and source of every table."""
    return packaged().listing()


def identity_checks(of: Tables | None = None) -> pd.DataFrame:
    """What must add up inside the tables: table, row, rule, printed, computed, difference, bound, recorded, note, ok."""
    from clo.reference.identities import identity_checks as checked  # noqa: PLC0415  (needed by few)

    chosen = of or packaged()
    return checked(chosen.table, chosen.discrepancies())
