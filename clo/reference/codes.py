"""Findings about the reference tables and their use."""

from __future__ import annotations

from clo.catalogue import Catalogue
from clo.findings import InputError

CATALOGUE = Catalogue(
    {
        "E-N001": ("a table is asked for by its name", "`clo reference` lists the names"),
        "E-N002": ("the header of a table has the columns of columns.csv, in their order", "correct the header, or columns.csv"),
        "E-N003": ("a row has one cell for each column", "quote cells that hold a comma; leave empty what is not printed"),
        "E-N004": ("a cell is of the kind of its column", "write the figure as it is printed, without separators"),
        "E-N005": ("a figure is printed in whole steps of its column", "compare the cell with the document"),
        "E-N006": ("a row of a table stands once", "remove one of them"),
        "E-N007": ("a table has its title and source in tables.csv and sources.csv, and its file", "add what is missing"),
        "E-N008": ("what published tables must add up to finds every row and figure that it needs", "put back what is printed"),
        "E-N009": ("a table is text in UTF-8", "save the file as UTF-8"),
        "E-N013": ("a published table has rows", "put the rows back as they are printed"),
        "E-N014": ("a recorded difference is that of an identity, by its table, row and rule", "correct the entry, or remove it"),
    },
    subject="row",
)
finding = CATALOGUE.finding


class TableError(InputError):
    """A reference table that cannot be used, or that is not there."""
