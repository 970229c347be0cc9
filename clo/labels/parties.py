"""Words for who pays whom, who bears the loss, and sub-pools."""

from __future__ import annotations

from clo.labels.results import Words

PARTIES: Words = {
    "other_side": ("Other side", "相手方"),
    "kind": ("Kind", "種類"),
    "position": ("Borne as", "負担の立場"),
    "given": ("Given", "拠出額"),
    "kind_funding": ("Issue and purchase", "発行・買取"),
    "kind_repayment": ("Repayment", "元本返済・回収"),
    "kind_cover": ("Protection and guarantees", "プロテクション・保証履行"),
    "kind_interest": ("Interest", "利息"),
    "kind_fees": ("Fees and premiums", "手数料・プレミアム"),
    "kind_hedge": ("Hedges", "ヘッジ"),
    "kind_surplus": ("Surplus", "剰余金"),
    "kind_other": ("Other", "その他"),
    "position_own_loans": ("Own loans, after protection", "自己保有債権（補償後）"),
    "position_drawn_later": ("Drawn after the sale", "売却後の追加引出し"),
    "position_excess_spread": ("Excess spread and other income", "超過スプレッド等"),
    "position_guarantee": ("Guarantee", "保証"),
    "position_protection": ("Protection", "プロテクション"),
    "position_returned": ("Recoveries returned", "回収金の返戻"),
    "position_dilution": ("Dilution made good", "希薄化の補填"),
    "diluted": ("Diluted", "希薄化"),
    "servicer_loss": ("Lost with the servicer", "サービサー損失"),
    "sale_loss": ("Lost in the sale", "売却損"),
    "outstanding": ("Outstanding at the end", "期末未回収"),
    "loss_ratio": ("Loss of opening", "損失率"),
    "sub_pools": ("Sub-pools", "サブプール別"),
    "loss_by_sub_pool": ("Loss of each sub-pool, by who bears it", "サブプール別損失の負担者"),
    "loss_by_scenario": ("Loss of the pool, by who bears it", "プール損失の負担者"),
    "who_bears_the_loss": ("Who bears the loss", "損失の負担者"),
    "chart_who_bears_the_loss": ("Who bears the loss", "損失の負担者"),
    "chart_who_paid_whom": ("Who paid whom over the life of the deal", "当事者別資金フロー（全期間）"),
    "losses_note": (
        "Principal given less principal received, by who gave it; income that covered losses is the balancing line, and below 0"
        " principal paid what income did not. What the definition counts as principal is in docs/parties.md.",
        "負担額＝拠出元本－受取元本。損失を補填した収入は調整項目として示し、負の場合は収入の不足を元本で補ったことを表す。"
        "元本に含める範囲は docs/parties.md に定義。",
    ),
    "flow_note": (
        "Left who pays, right who is paid; widths are amounts over the life of the deal. A large family of sub-pools is one.",
        "左が支払者、右が受取者。幅は全期間の金額。多数のサブプールは一つにまとめて表示。",
    ),
    "sub_pools_note": (
        "What is borne in common is divided in proportion of what each sub-pool leaves to it.",
        "共通の負担は、各サブプールが残した損失の比率で按分。",
    ),
}
