"""Words for what swaps and guarantees are worth."""

from __future__ import annotations

from clo.labels.results import Words

VALUATION: Words = {
    "value_of_contracts": ("What protection is worth", "プロテクションの価値"),
    "protection_buyer": ("Buyer of protection", "プロテクションの買い手"),
    "protection_seller": ("Seller of protection", "プロテクションの売り手"),
    "premium_leg": ("Premium leg", "プレミアム・レグ"),
    "claims": ("Claims", "保証金の支払"),
    "returned_claims": ("Returned", "回収金の返還"),
    "protection_leg": ("Protection leg", "プロテクション・レグ"),
    "value_to_buyer": ("Value to buyer", "買い手にとっての価値"),
    "fair_multiple": ("Fair multiple", "適正倍率"),
    "contract_rate": ("Contractual rate", "約定料率"),
    "fair_premium": ("Fair premium", "適正プレミアム"),
    "discounted_at": ("Discounted from closing at", "割引率（実行日基準）"),
    "expected_over": ("Expected over", "加重期待値"),
}
