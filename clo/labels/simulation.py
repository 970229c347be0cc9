"""Words for simulations of correlated defaults."""

from __future__ import annotations

from clo.labels.results import Words

SIMULATION: Words = {
    "simulation_table": ("Simulation", "シミュレーション"),
    "simulated_scenarios": ("Scenarios", "シナリオ数"),
    "seed": ("Seed", "乱数の種"),
    "method": ("Method", "抽出法"),
    "plain": ("independent draws", "独立抽出"),
    "sobol": ("Sobol points", "ソボル列"),
    "stratified": ("strata", "層別抽出"),
    "importance": ("importance sampling", "重点サンプリング"),
    "standard_error": ("Standard error", "標準誤差"),
    "prob_loss": ("Probability of a loss", "損失発生確率"),
    "var_999": ("99.9% quantile", "99.9%点"),
    "es_999": ("Expected shortfall 99.9%", "期待ショートフォール 99.9%"),
    "wal_mean": ("Average life, years", "平均残存年数"),
    "effective_scenarios": ("Effective scenarios", "有効シナリオ数"),
    "between": ("correlations between factors", "ファクター間相関"),
    "degrees": ("degrees of freedom", "自由度"),
    "group_by": ("default together by", "同時デフォルトの単位"),
    "spread": ("spread of recoveries", "回収率のばらつき"),
    "market": ("market", "市場"),
    "industry": ("industry", "業種"),
    "region": ("region", "地域"),
    "classes": ("classes", "区分"),
    "tail_loss": ("Loss in the tail", "テール損失"),
    "chart_bearers": ("Who bears the loss, expected and in the tail", "損失の負担者（期待値とテール）"),
    "simulation_not_ok": ("SCENARIOS FAILED", "失敗したシナリオあり"),
}
