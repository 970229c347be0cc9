"""Words for the calibration of PD and correlation, and for charts of what defaults are drawn from."""

from __future__ import annotations

from clo.labels.results import Words

CALIBRATION: Words = {
    "parameter": ("Parameter", "母数"),
    "estimate": ("Estimate", "推定値"),
    "class": ("Class", "区分"),
    "mean_rate": ("Mean rate", "平均デフォルト率"),
    "default_rate": ("Default rate", "デフォルト率"),
    "observed": ("Observed", "実績"),
    "chart_default_rates": ("Default rates and quantiles of the fitted model", "デフォルト率と推定モデルの分位点"),
    "chart_convergence": ("Expected loss by number of scenarios", "シナリオ数と期待損失"),
    "scenarios_so_far": ("Scenarios", "シナリオ数"),
    "estimate_so_far": ("Estimate", "推定値"),
    "reference_value": ("Reference", "参照値"),
    "quantile_at": ("{level} quantile", "{level}点"),
}
