"""What can be wrong with curves and contracts that are to be valued: every code once, with its rule and fix."""

from __future__ import annotations

from collections.abc import Iterable

from clo.catalogue import Catalogue
from clo.findings import Finding, InputError, has_errors

VALUATION_CODES = Catalogue({
    # curves
    "E-V001": ("the dates of a curve ascend from its valuation date on", "correct the dates, or sort them"),
    "E-V002": ("a curve has one finite value for each of its dates", "correct the values"),
    "E-V003": ("discount factors are above 0, and 1 on the valuation date", "correct the factors, or give rates"),
    "E-V004": ("a hazard rate is 0 or more", "correct the rate"),
    "E-V005": ("probabilities of default are cumulative: from 0 to below 1, and never falling", "correct the probabilities"),
    "E-V006": ("some hazard rate matches each spread", "check the spread, the maturities before it and the recovery"),
    "E-V007": ("quotes are deposits up to a year (3M) and swaps from two years on (5Y)", "write the tenor as 3M or 5Y"),
    "E-V008": ("a rate is an annual decimal above -100 %, with annual or continuous compounding", "correct the rate"),
    # credit default swaps
    "E-V010": ("a recovery is a share from 0 to below 1", "0.4 is 40 %"),
    "E-V011": ("a swap matures after the valuation date, and after it begins", "leave it out, or correct its maturity"),
    "E-V012": ("a premium or spread is an annual decimal, 0 or more", "0.01 is 100 basis points"),
    "E-V013": ("a notional is above 0", "correct the notional"),
    "E-V014": ("hazard and discount curve have one valuation date", "make both curves as of the same day"),
    "E-V015": ("arrays have one entry for each swap", "give numbers, or arrays that broadcast"),
    "E-V016": ("the conventions of a swap are of the known words", "use one of these words"),
    # contracts of a deal
    "E-V020": ("who buys and who sells protection pay each other in the run", "choose one of the run's contracts"),
    "E-V021": ("a stream is paid between the two", "choose one of the streams that are"),
    "E-V022": ("weights of scenarios are 0 or more and sum to 1", "correct the weights"),
    "E-V023": ("every scenario has a weight", "give one for each"),
    "E-V024": ("a deal that is valued moves risk by premium and protection", "value a guarantee-type or synthetic deal"),
}, subject="name")  # fmt: skip
problem = VALUATION_CODES.finding


class ValuationError(InputError):
    """Curves or contracts that cannot be valued."""


def refuse(findings: Iterable[Finding]) -> None:
    """Raise all of them, if there is one."""
    found = list(findings)
    if has_errors(found):
        raise ValuationError(found)
