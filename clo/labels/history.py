"""Words for a history of tapes and what is estimated from it: movements, states of arrears, survival."""

from __future__ import annotations

from clo.labels.results import Words

HISTORY: Words = {
    "cutoff_date": ("Cut-off date", "基準日"),
    "originator_id": ("Originator", "金融機関コード"),
    "loan_id": ("Loan", "債権番号"),
    "opened": ("Opened", "新規"),
    "drawn": ("Drawn", "追加引出"),
    "returned": ("Returned", "復帰"),
    "scheduled": ("Scheduled", "約定返済"),
    "prepaid": ("Prepaid", "一部繰上返済"),
    "repaid": ("Repaid in full", "繰上完済"),
    "repurchased": ("Repurchased", "買戻"),
    "defaulted": ("Defaulted", "デフォルト"),
    "vanished": ("Vanished", "理由不明の離脱"),
    "left": ("Left", "その他の離脱"),
    "from_state": ("State before", "前月の状態"),
    "to_state": ("State after", "当月の状態"),
    "current": ("Current", "正常"),
    "1-29": ("1-29 days", "1～29日延滞"),
    "30-59": ("30-59 days", "30～59日延滞"),
    "60-89": ("60-89 days", "60～89日延滞"),
    "90-119": ("90-119 days", "90～119日延滞"),
    "120-149": ("120-149 days", "120～149日延滞"),
    "150-179": ("150-179 days", "150～179日延滞"),
    "180+": ("180 days and more", "180日以上延滞"),
    "cured": ("Cured", "延滞解消"),
    "vintages": ("Vintages", "実行年の数"),
    "at_risk": ("At risk", "観察対象"),
    "events": ("Events", "発生"),
    "censored": ("Censored", "観察終了"),
    "standard_error": ("Standard error", "標準誤差"),
    "lower": ("Lower", "下限"),
    "upper": ("Upper", "上限"),
}
