"""Words for what a tape shows: criteria, limits and strata."""

from __future__ import annotations

from clo.labels.results import Words

VIEWS: Words = {
    "undecided": ("Undecided", "判定不能"),
    "if_missing": ("If missing", "値がない場合"),
    "exclude": ("excluded", "除外"),
    "keep": ("kept", "残す"),
    "first_loans": ("First here (loans)", "初出件数"),
    "first_balance": ("First here (balance)", "初出残高"),
    "eligibility": ("Eligibility", "適格要件"),
    "eligible_of": ("{kept} of {all} loans eligible, balance {balance}", "適格債権 {kept}件／{all}件、残高 {balance}"),
    "limits": ("Limits", "集中制限"),
    "limit": ("Limit", "制限"),
    "level": ("Level", "実績"),
    "threshold": ("Threshold", "基準"),
    "headroom": ("Headroom", "余裕"),
    "binds": ("Largest", "最大先"),
    "remove": ("To take out", "要除外残高"),
    "measure_max": ("largest share by {of}", "{of}別の最大構成比"),
    "measure_top": ("share of the {top} largest by {of}", "{of}別の上位{top}先の構成比"),
    "measure_max_amount": ("largest balance by {of}", "{of}別の最大残高"),
    "measure_top_amount": ("balance of the {top} largest by {of}", "{of}別の上位{top}先の残高"),
    "measure_min_count": ("number of {of}", "{of}の数"),
    "measure_where": ("share where {of}", "構成比（{of}）"),
    "measure_average": ("average {of}", "{of}の加重平均"),
    "vintage": ("Vintage", "実行年"),
    "vintage_quarter": ("Quarter of origination", "実行四半期"),
    "fiscal_year": ("Fiscal year of origination", "実行年度"),
    "original_term": ("Original term", "当初期間"),
    "age": ("Age", "経過期間"),
    "obligor_balance": ("Balance of the borrower", "債務者残高"),
    "made_up_pool": ("Made-up pool", "架空の債権プール"),
}
