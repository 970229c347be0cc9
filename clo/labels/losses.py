"""Words for loss distributions and what tranches lose."""

from __future__ import annotations

from clo.labels.results import Words

LOSSES: Words = {
    "attach": ("Attachment", "アタッチメント"),
    "detach": ("Detachment", "デタッチメント"),
    "expected_loss": ("Expected loss", "期待損失"),
    "prob_hit": ("Probability of a loss", "損失発生確率"),
    "loss_given_hit": ("Loss given a loss", "損失発生時損失率"),
    "horizon": ("Horizon", "期間"),
    "standard_deviation": ("Standard deviation", "標準偏差"),
    "value_at_risk": ("Value at risk", "バリュー・アット・リスク"),
    "expected_shortfall": ("Expected shortfall", "期待ショートフォール"),
    "share_of_exposure": ("Share of exposure", "与信額比"),
    "loss_of_exposure": ("Loss, share of exposure", "損失（与信額比）"),
    "probability": ("Probability", "確率"),
    "exceedance": ("Probability of a greater loss", "超過確率"),
    "asset_correlation": ("Asset correlation", "資産相関"),
    "average_pd": ("Average default probability", "平均デフォルト確率"),
    "loss_of_tranche": ("Expected loss, share of the tranche", "期待損失（トランシェ比）"),
    "chart_loss_distribution": ("Loss distribution", "損失分布"),
    "chart_expected_loss": ("Expected loss of tranches", "トランシェ別期待損失"),
}
