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
    "deductible_left": ("Deductible left", "免責金額の残額"),
    "contracts_in": ("Received under contracts", "契約による入金"),
    "contracts_out": ("Paid under contracts", "契約による支払"),
    "same_for_each": ("for each of {count} sub-pools, such as {name}", "サブプール{count}件それぞれ（例：{name}）"),
    "waiting": ("Waiting period (months)", "待機期間（月）"),
    "recoveries": ("Recoveries", "回収金の配分"),
    "guarantor_last": ("Guarantor last", "保証人劣後"),
    "guarantee_claim": ("Guarantee claim", "保証履行請求額"),
    "guarantor_recovery": ("Recovery of the guarantor", "保証人への回収金"),
    "guarantor_recovered": ("Recovered by the guarantor", "保証人の回収累計"),
    "guarantee_association": ("Credit guarantee association", "信用保証協会"),
}
