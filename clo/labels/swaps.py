"""Words for contracts that pass the loss on: reference pools, credit default swaps, what is settled under them."""

from __future__ import annotations

from clo.labels.results import Words

SWAPS: Words = {
    "settle": ("Settle", "決済"),
    "as": ("As", "名目"),
    "at_closing": ("At closing", "実行日の決済"),
    "reference": ("Reference loans", "参照債権"),
    "cover": ("What is covered", "補償対象残高"),
    "swap": ("Credit default swaps", "クレジット・デフォルト・スワップ"),
    "deductible": ("Deductible", "免責金額"),
    "amounts": ("Amounts", "金額（個別）"),
    "falls": ("Falls as loans are repaid", "返済に応じた逓減"),
    "credit_events": ("Credit events", "信用事由"),
    "bankruptcy": ("Bankruptcy", "破産"),
    "failure_to_pay": ("Failure to pay", "支払不履行"),
    "grace": ("Grace (months)", "猶予期間（月）"),
    "determination": ("Determination (months)", "認定期間（月）"),
    "settlement": ("Settlement (months)", "決済期間（月）"),
    "premium": ("Premium", "プレミアム"),
    "premiums": ("Premiums", "プレミアム口座"),
    "protection": ("Protection", "保証金支払"),
    "surplus": ("Surplus", "剰余金"),
    "passed_on": ("Passed on", "移転した損失"),
    "reference_balance": ("Reference balance", "参照残高"),
    "covered": ("Covered", "補償対象残高"),
    "still_protected": ("Still protected", "保護対象残高"),
    "default_mix": ("How defaults come", "デフォルトの事由別構成"),
    "redeemed_at_end": ("Redeemed at legal final", "最終期日一括償還"),
    "swaps": ("Credit default swaps by year", "クレジット・デフォルト・スワップの年次推移"),
    "institution": ("Institution", "金融機関"),
    "not_covered": ("Not covered", "対象外"),
    "notified": ("Notified", "通知額"),
    "in_grace": ("In grace", "猶予期間中"),
    "under_determination": ("Under determination", "認定手続中"),
    "confirmed": ("Confirmed", "認定額"),
    "unsettled": ("Confirmed, not settled", "認定済・未決済"),
    "settled": ("Settled", "決済額"),
    "recoveries_returned": ("Recoveries returned", "回収金の返戻"),
    "later_recoveries": ("Later recoveries", "決済後の回収金"),
    "kept": ("Kept", "金融機関に帰属"),
    "actual": ("Actual", "実回収"),
    "deductible_opening": ("Deductible, opening", "免責金額（期首）"),
    "deductible_fallen": ("Deductible fallen", "免責金額の逓減"),
    "deductible_used": ("Deductible used", "免責金額の使用"),
    "deductible_unused": ("Deductible unused", "免責金額の残額"),
    "large_names": ("Largest borrowers that may default", "大口債務者の耐性"),
    "required": ("Least number required", "必要最低数"),
    "loss_before": ("Borne before it", "先に負担される損失"),
    "names": ("Largest borrowers", "大口債務者数"),
    "names_balance": ("What they owe", "その債務残高"),
    "names_share": ("Share of the pool", "プール構成比"),
    "least_names": ("Required", "必要数"),
    "large_names_note": (
        "How many of the largest borrowers, connected ones counted as one, may default on the closing date, all at once, before"
        " the tranche loses. Each institution first bears its own deductible.",
        "実行日に大口債務者（関連先は一先とする）が同時にデフォルトした場合に、当該トランシェに損失が生じるまでに許容される先数。"
        "各金融機関の免責金額を先に充当する。",
    ),
    "swaps_note": (
        "Closing = opening + notified - confirmed for events in grace and under determination, + confirmed - settled for those"
        " confirmed. Each institution's deductible absorbs its own losses only; premiums are those of the payment dates.",
        "猶予期間中・認定手続中の期末額＝期首額＋通知額－認定額、認定済・未決済の期末額＝期首額＋認定額－決済額。"
        "免責金額は各金融機関自身の損失のみを吸収する。プレミアムは各支払日の支払額。",
    ),
    "contracts_in": ("Received under contracts", "契約による入金"),
    "contracts_out": ("Paid under contracts", "契約による支払"),
    "same_for_each": ("for each of {count} sub-pools, such as {name}", "サブプール{count}件それぞれ（例：{name}）"),
    "guarantee_association": ("Credit guarantee association", "信用保証協会"),
}
