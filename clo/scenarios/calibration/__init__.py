"""PD and asset correlation from a series of default rates, with standard errors."""

from clo.scenarios.calibration.classes import ClassCalibration, calibrate_classes
from clo.scenarios.calibration.codes import CalibrationError
from clo.scenarios.calibration.result import Calibration
from clo.scenarios.calibration.single import calibrate_correlation

__all__ = ["Calibration", "CalibrationError", "ClassCalibration", "calibrate_classes", "calibrate_correlation"]
