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
    "between": ("Correlations between factors", "ファクター間相関"),
    "degrees": ("Degrees of freedom", "自由度"),
    "group_by": ("Default together by", "同時デフォルトの単位"),
    "spread": ("Spread of recoveries", "回収率のばらつき"),
    "market": ("Market", "市場"),
    "industry": ("Industry", "業種"),
    "region": ("Region", "地域"),
    "classes": ("Classes", "区分"),
    "chart_fan": ("{name} over scenarios", "{name}の分布"),
    "chart_yields": ("Probability of a yield of at most x", "利回りがx以下となる確率"),
    "without_defaults": ("Without defaults", "デフォルトなし"),
    "tail_loss": ("Loss in the tail", "テール損失"),
    "tail_loss_of": ("Loss in the worst {share}", "最悪{share}の損失"),
    "chart_bearers": ("Who bears the loss, expected and in the tail", "損失の負担者（期待値とテール）"),
    "simulation_not_ok": ("SCENARIOS FAILED", "失敗したシナリオあり"),
    "simulation_not_ok_note": (
        "The figures below include scenarios that failed their own checks. Do not rely on them.",
        "以下の数値は検証に失敗したシナリオを含みます。利用しないでください。",
    ),
    "simulation_ok": ("Every amount of every scenario is a number, and cash is conserved", "全シナリオで金額・現金の検証に適合"),
    "simulated_losses": ("Losses of tranches", "トランシェ別損失"),
    "simulated_losses_note": (
        "Losses are shares of the original size, amounts are in {currency}. The interval holds the expected loss with a"
        " confidence of 95%. Effective scenarios: as many independent ones would give the same standard error.",
        "損失は当初元本比、金額の単位は{currency}。区間は期待損失の95%信頼区間。"
        "有効シナリオ数は、同じ標準誤差を与える独立抽出のシナリオ数。",
    ),
    "expected_loss_amount": ("Expected loss, amount", "期待損失額"),
    "interval_95": ("95% interval", "95%信頼区間"),
    "simulated_tails": ("Tails of tranches", "トランシェ別テール指標"),
    "simulated_tails_note": (
        "Quantile and expected shortfall of the loss, as shares of the original size.",
        "損失の分位点と期待ショートフォールは当初元本比。",
    ),
    "simulated_lives": ("Average life, and interest never paid", "平均残存年数と未払利息"),
    "simulated_lives_note": (
        "Average life: over scenarios in which principal is paid. Interest never paid: its mean, as a share of the original"
        " size.",
        "平均残存年数は元本償還のあるシナリオの平均。未払利息は最終的に支払われない額の期待値（当初元本比）。",
    ),
    "expected_shortfall_of_interest": ("Interest never paid", "未払利息"),
    "prob_unpaid_interest": ("Probability of unpaid interest", "利息未払確率"),
    "exceedance_table": ("Probability of a loss of at least a share of the tranche", "一定割合以上の損失が生じる確率"),
    "any_loss": ("Any loss", "損失あり"),
    "at_least": ("≥ {share}", "{share}以上"),
    "chart_tranche_exceedance": ("Probability of a loss of at least x", "x以上の損失が生じる確率"),
    "share_of_tranche": ("Loss, share of the tranche", "損失（トランシェ比）"),
    "attachments_note": (
        "Dotted lines are attachment points of the capital structure. Income, guarantees and deductibles take losses first where"
        " the deal has them, and what is repaid moves the points.",
        "点線は発行体系のアタッチメント・ポイント。案件により、収入・保証・免責金額が先に損失を吸収し、償還とともに位置は変わる。",
    ),
    "chart_cumulative_default_rate": ("Obligors in default, cumulative", "累積デフォルト率（債務者数）"),
    "share_of_obligors": ("Share of obligors", "債務者数比"),
    "median": ("Median", "中央値"),
    "mean": ("Mean", "平均"),
    "default_rates_note": (
        "Default rates are of {count} scenarios that stand for all; bands hold 50% and 90% of them. A default counts while the"
        " loan is owed.",
        "デフォルト率は全体を代表する{count}シナリオによる。帯は50%・90%区間。債権の残存中に生じたデフォルトのみ。",
    ),
    "yields_and_paths": ("Yields and paths", "利回りと残高の分布"),
    "yields_note": (
        "Of {count} scenarios that stand for all. A tranche that cost something and is paid nothing yields -100%; scenarios in"
        " which a tranche has no yield are left out.",
        "全体を代表する{count}シナリオによる。有償で支払のないトランシェの利回りは-100%とし、利回りの定まらないシナリオは除く。",
    ),
    "std": ("Standard deviation", "標準偏差"),
    "nothing_paid": ("Nothing paid", "支払なし"),
    "no_yield": ("No yield", "利回りなし"),
    "q01": ("1%", "1%点"),
    "q05": ("5%", "5%点"),
    "q50": ("Median", "中央値"),
    "q95": ("95%", "95%点"),
    "q99": ("99%", "99%点"),
    "convergence": ("How expected losses settle", "期待損失の収束"),
    "convergence_note": (
        "The estimate after the first n scenarios and its 95% interval; a scale of its own for each tranche.",
        "最初のn個のシナリオによる推定値と95%信頼区間。目盛はトランシェごと。",
    ),
    "bearers_note": (
        "Expectation over all scenarios, and mean of the worst {tail} of the pool's losses. Of tranches every scenario counts; of"
        " all else {runs} scenarios are run again for each column, and their choice is part of the standard error.",
        "全シナリオの期待値と、プール損失の上位{tail}の平均。トランシェは全シナリオ、その他は各列{runs}シナリオの再実行による。"
        "標準誤差は選択の誤差を含む。",
    ),
    "bearers_weighted_note": (
        "These expectations divide by the sum of the weights, those of the first table by the number of scenarios: they differ by"
        " sampling error.",
        "本表の期待値はウェイトの合計、最初の表の期待値はシナリオ数で除すため、抽出誤差の範囲で異なる。",
    ),
    "bearers_not_asked": (
        "Not computed: it runs scenarios again and is asked for with --bearers 200.",
        "シナリオの再実行を要するため計算していない（--bearers 200 を指定）。",
    ),
    "worst_scenarios": ("Worst scenarios", "最悪シナリオ"),
    "worst_scenarios_note": (
        "The scenarios in which the pool loses most. Each can be run again with its ledger, its waterfall and a page of its own:",
        "プール損失が最大のシナリオ。各シナリオは台帳・充当順位・ページを含め再実行できる：",
    ),
    "scenario_number": ("Scenario number", "シナリオ番号"),
    "loss_of_the_pool": ("Loss of the pool", "プール損失"),
    "pool_loss_share": ("Of the pool", "プール比"),
    "obligors_defaulted": ("Obligors in default", "デフォルト債務者数"),
    "scenario_weight": ("Weight", "ウェイト"),
    "default_model": ("Default model", "デフォルトモデル"),
    "default_model_note": (
        "What the simulation draws from. Everything else is the scenario of the deal:",
        "シミュレーションの抽出元。その他は案件のシナリオによる：",
    ),
    "given_to_simulation": ("given to this simulation", "本シミュレーションで指定"),
    "given_to_run": ("given to this run", "本計算で指定"),
    "copula": ("Copula", "コピュラ"),
    "gaussian": ("Gaussian", "ガウス型"),
    "student_t": ("Student-t, {degrees} degrees", "t型（自由度{degrees}）"),
    "common_factors": ("Common factors", "共通ファクター数"),
}
