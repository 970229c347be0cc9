"""Cash flows, tranches and loss of SME loan securitizations."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "Curve": "clo.curves",
    "CurveError": "clo.findings",
    "Curves": "clo.curves",
    "Deal": "clo.deal.terms",
    "DealError": "clo.findings",
    "Finding": "clo.findings",
    "Loans": "clo.tape.loans",
    "Result": "clo.study",
    "TapeError": "clo.findings",
    "amortise": "clo.pool.amortisation",
    "cdr_from_mdr": "clo.behaviour.rates",
    "cpr_from_smm": "clo.behaviour.rates",
    "check_limits": "clo.tape.limits",
    "load_deal": "clo.files.deal",
    "match_obligors": "clo.tape.obligors",
    "read_criteria": "clo.files.criteria",
    "strata": "clo.tape.strata",
    "vintages": "clo.tape.vintages",
    "mdr_from_cdr": "clo.behaviour.rates",
    "read_curves": "clo.files.curves",
    "read_tape": "clo.files.tape",
    "run": "clo.study",
    "smm_from_cpr": "clo.behaviour.rates",
}

__all__ = ["__version__", *sorted(_HOMES)]  # noqa: PLE0604  (the names are the table's)

if TYPE_CHECKING:
    from clo.behaviour.rates import cdr_from_mdr as cdr_from_mdr
    from clo.behaviour.rates import cpr_from_smm as cpr_from_smm
    from clo.behaviour.rates import mdr_from_cdr as mdr_from_cdr
    from clo.behaviour.rates import smm_from_cpr as smm_from_cpr
    from clo.curves import Curve as Curve
    from clo.curves import Curves as Curves
    from clo.deal.terms import Deal as Deal
    from clo.files.curves import read_curves as read_curves
    from clo.files.deal import load_deal as load_deal
    from clo.files.tape import read_tape as read_tape
    from clo.findings import CurveError as CurveError
    from clo.findings import DealError as DealError
    from clo.findings import Finding as Finding
    from clo.findings import TapeError as TapeError
    from clo.pool.amortisation import amortise as amortise
    from clo.study import Result as Result
    from clo.study import run as run
    from clo.tape.loans import Loans as Loans


def __getattr__(name: str) -> Any:
    """Public names load on first use: `import clo` stays quick."""
    if name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'clo' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
