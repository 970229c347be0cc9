"""English and Japanese words for everything a user sees, and how numbers are written."""

from clo.labels.numbers import NONE, Unit, counted, exact_percent, fine_percent, money, number, percent, short_money, unit
from clo.labels.words import LANGUAGES, WORDS, Lang, check_name, dotted, label, party, path_label, position, stratum, why

__all__ = [
    "LANGUAGES",
    "NONE",
    "WORDS",
    "Lang",
    "Unit",
    "check_name",
    "counted",
    "dotted",
    "exact_percent",
    "fine_percent",
    "label",
    "money",
    "number",
    "party",
    "path_label",
    "percent",
    "position",
    "short_money",
    "stratum",
    "unit",
    "why",
]
