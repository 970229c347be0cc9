"""What can be wrong with a calibration: every code once, with its rule and fix."""

from __future__ import annotations

from clo.catalogue import Catalogue
from clo.findings import InputError


class CalibrationError(InputError):
    """Default rates from which nothing can be estimated."""


CODES = Catalogue({
    "E-K001": ("a series of default rates has three years or more", "give more years"),
    "E-K002": ("defaults and obligors have one value for each year and class", "give both for the same years and classes"),
    "E-K003": ("every value is a number", "fill it in as a number (1.2% is 0.012), or leave the year out"),
    "E-K004": ("a default rate lies between 0 and 1", "write 2.5% as 0.025"),
    "E-K005": ("defaults and obligors are counts", "give whole numbers, not amounts or rates; `large_pool` takes rates"),
    "E-K006": ("no more default than there are obligors", "correct one of them"),
    "E-K007": ("in a large pool every rate is above 0 and below 1", "give counts, with method='likelihood'"),
    "E-K008": ("some default, and some do not", "give more years: without defaults, or without survivors, no PD is told"),
    "E-K009": ("the likelihood is in counts", "give obligors, or take method='large_pool' or 'moments'"),
    "E-K010": ("there are two obligors or more, and two classes or more where they are compared", "leave the year out"),
    "E-K011": ("a level lies between 0 and 1", "write 95% as 0.95"),
    "E-K012": ("the estimate of the correlation lies below 1", "check the series: its years are all or nothing"),
    "W-K013": ("a correlation is estimated from ten years or more", "read the interval, not the estimate"),
    "W-K014": ("the years differ by more than chance", "read the upper end of the interval: the estimate is 0, the boundary"),
    "W-K015": ("an estimate and its standard error are finite", "take method='likelihood', or more years"),
    "E-K016": ("a series is a list of years, or a table of years and classes", "give a list with one value for each year"),
    "E-K017": ("degrees of freedom are a finite number, 1 or more", "correct it, or say None for the Gaussian copula"),
}, subject="year")  # fmt: skip
finding = CODES.finding
