"""Cash flows, tranches and loss of SME loan securitizations."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from clo.lazy import loading

__version__ = "0.1.0"

_HOMES = {
    "Assumptions": "clo.behaviour.assumptions",
    "Calibration": "clo.scenarios.calibration",
    "CalibrationError": "clo.scenarios.calibration",
    "CdsConventions": "clo.analytics.valuation.schedule",
    "ClassCalibration": "clo.scenarios.calibration",
    "Curve": "clo.curves",
    "CurveError": "clo.findings",
    "Curves": "clo.curves",
    "Deal": "clo.deal.terms",
    "DealError": "clo.findings",
    "DiscountCurve": "clo.analytics.valuation.discounting",
    "Finding": "clo.findings",
    "HazardCurve": "clo.analytics.valuation.hazards",
    "History": "clo.history.history",
    "InputError": "clo.findings",
    "Loans": "clo.tape.loans",
    "LossDistribution": "clo.analytics.losses",
    "Programme": "clo.programme",
    "RateConventions": "clo.analytics.valuation.money_market",
    "RecipeError": "clo.builder.codes",
    "Result": "clo.study",
    "Simulation": "clo.simulation.result",
    "TapeError": "clo.findings",
    "ValuationError": "clo.analytics.valuation.codes",
    "amortise": "clo.pool.amortisation",
    "build_pool": "clo.builder.drawing",
    "break_even": "clo.study",
    "calibrate_classes": "clo.scenarios.calibration",
    "calibrate_correlation": "clo.scenarios.calibration",
    "cdr_from_mdr": "clo.behaviour.rates",
    "cds_maturity": "clo.analytics.valuation.schedule",
    "check_limits": "clo.tape.limits",
    "compile_deal": "clo.waterfall.compile",
    "convert_tape": "clo.files.tape.convert",
    "cpr_from_smm": "clo.behaviour.rates",
    "diversity_score": "clo.analytics.losses",
    "expected_tranche_loss": "clo.analytics.losses",
    "listing": "clo.waterfall.listing",
    "kaplan_meier": "clo.history.survival",
    "load_deal": "clo.files.deal",
    "load_library": "clo.files.library",
    "loss_distribution": "clo.analytics.losses",
    "loss_distributions": "clo.analytics.losses",
    "loss_inputs": "clo.simulation.semi_analytic",
    "match_obligors": "clo.tape.obligors",
    "mdr_from_cdr": "clo.behaviour.rates",
    "read_criteria": "clo.files.criteria",
    "reconcile": "clo.issuance.reconciling",
    "page": "clo.outputs",
    "project": "clo.pool.projection",
    "read_curves": "clo.files.curves",
    "read_history": "clo.files.history",
    "read_recipe": "clo.files.recipe",
    "read_tape": "clo.files.tape.reading",
    "roll_rates": "clo.history.roll_rates",
    "run": "clo.study",
    "run_programme": "clo.programme",
    "save": "clo.outputs",
    "simulate": "clo.simulation.simulating",
    "scan_tape": "clo.files.tape.scan",
    "smm_from_cpr": "clo.behaviour.rates",
    "static_pool": "clo.history.static_pool",
    "strata": "clo.tape.strata",
    "tranche_losses": "clo.simulation.semi_analytic",
    "value_cds": "clo.analytics.valuation.cds",
    "value_contracts": "clo.analytics.valuation.contracts",
    "vintages": "clo.tape.vintages",
}

_load = loading(__name__, _HOMES)
_ROOMS = ("reference",)
"""Packages whose own names are public: `clo.reference.table`."""

__all__ = ["__version__", *sorted((*_HOMES, *_ROOMS))]  # noqa: PLE0604  (the names are the table's)

if TYPE_CHECKING:
    from clo import reference as reference
    from clo.analytics.losses import LossDistribution as LossDistribution
    from clo.analytics.losses import diversity_score as diversity_score
    from clo.analytics.losses import expected_tranche_loss as expected_tranche_loss
    from clo.analytics.losses import loss_distribution as loss_distribution
    from clo.analytics.losses import loss_distributions as loss_distributions
    from clo.analytics.valuation.cds import value_cds as value_cds
    from clo.analytics.valuation.codes import ValuationError as ValuationError
    from clo.analytics.valuation.contracts import value_contracts as value_contracts
    from clo.analytics.valuation.discounting import DiscountCurve as DiscountCurve
    from clo.analytics.valuation.hazards import HazardCurve as HazardCurve
    from clo.analytics.valuation.money_market import RateConventions as RateConventions
    from clo.analytics.valuation.schedule import CdsConventions as CdsConventions
    from clo.analytics.valuation.schedule import cds_maturity as cds_maturity
    from clo.behaviour.assumptions import Assumptions as Assumptions
    from clo.behaviour.rates import cdr_from_mdr as cdr_from_mdr
    from clo.behaviour.rates import cpr_from_smm as cpr_from_smm
    from clo.behaviour.rates import mdr_from_cdr as mdr_from_cdr
    from clo.behaviour.rates import smm_from_cpr as smm_from_cpr
    from clo.builder.codes import RecipeError as RecipeError
    from clo.builder.drawing import build_pool as build_pool
    from clo.curves import Curve as Curve
    from clo.curves import Curves as Curves
    from clo.deal.terms import Deal as Deal
    from clo.files.criteria import read_criteria as read_criteria
    from clo.files.curves import read_curves as read_curves
    from clo.files.deal import load_deal as load_deal
    from clo.files.history import read_history as read_history
    from clo.files.library import load_library as load_library
    from clo.files.recipe import read_recipe as read_recipe
    from clo.files.tape.convert import convert_tape as convert_tape
    from clo.files.tape.reading import read_tape as read_tape
    from clo.files.tape.scan import scan_tape as scan_tape
    from clo.findings import CurveError as CurveError
    from clo.findings import DealError as DealError
    from clo.findings import Finding as Finding
    from clo.findings import InputError as InputError
    from clo.findings import TapeError as TapeError
    from clo.history.history import History as History
    from clo.history.roll_rates import roll_rates as roll_rates
    from clo.history.static_pool import static_pool as static_pool
    from clo.history.survival import kaplan_meier as kaplan_meier
    from clo.issuance.reconciling import reconcile as reconcile
    from clo.outputs import page as page
    from clo.outputs import save as save
    from clo.pool.amortisation import amortise as amortise
    from clo.pool.projection import project as project
    from clo.programme import Programme as Programme
    from clo.programme import run_programme as run_programme
    from clo.scenarios.calibration import Calibration as Calibration
    from clo.scenarios.calibration import CalibrationError as CalibrationError
    from clo.scenarios.calibration import ClassCalibration as ClassCalibration
    from clo.scenarios.calibration import calibrate_classes as calibrate_classes
    from clo.scenarios.calibration import calibrate_correlation as calibrate_correlation
    from clo.simulation.result import Simulation as Simulation
    from clo.simulation.semi_analytic import loss_inputs as loss_inputs
    from clo.simulation.semi_analytic import tranche_losses as tranche_losses
    from clo.simulation.simulating import simulate as simulate
    from clo.study import Result as Result
    from clo.study import break_even as break_even
    from clo.study import run as run
    from clo.tape.limits import check_limits as check_limits
    from clo.tape.loans import Loans as Loans
    from clo.tape.obligors import match_obligors as match_obligors
    from clo.tape.strata import strata as strata
    from clo.tape.vintages import vintages as vintages
    from clo.waterfall.compile import compile_deal as compile_deal
    from clo.waterfall.listing import listing as listing


def __getattr__(name: str) -> Any:
    """Public names load on first use: `import clo` stays quick."""
    return import_module(f"clo.{name}") if name in _ROOMS else _load(name)


def __dir__() -> list[str]:
    return __all__
