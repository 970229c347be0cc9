"""Words for term sheets and for deals side by side."""

from __future__ import annotations

from clo.labels.results import Words

TERM_SHEET: Words = {
    "termsheet": ("Term sheet", "タームシート"),
    "what_is_known": ("What is known", "情報の根拠"),
    "sizes_published": ("Sizes published", "公表された発行額"),
    "outline_only": (
        "Known in outline only: no size of a tranche is published.",
        "概要のみ判明：トランシェの発行額は公表されていない。",
    ),
    "nothing_published": ("No value of this deal is published.", "この案件に公表された値はない。"),
    "deal_parties": ("Parties", "当事者"),
    "party": ("Party", "当事者"),
    "originator": ("Originator", "オリジネーター"),
    "payment_terms": ("Dates and payment terms", "日付と支払条件"),
    "tranche_terms": ("Further terms of the tranches", "トランシェのその他の条件"),
    "how_derived": ("How derived values follow", "導出方法"),
    "termsheet_note": (
        "The mark behind a value says how it is known. Shares and attachment points are computed here: derived, or assumed as"
        " soon as what they rest on is: sizes, amount, order.",
        "各値に付した区分は情報の根拠を示す。構成比・アタッチメントは当方の計算による：導出、ただし基礎となる発行額・プール金額・優先順位"
        "のいずれかが仮定であれば仮定。",
    ),
    "order_assumed": ("Order of classes assumed.", "優先順位は仮定。"),
    "rest_of_amount": (
        "“{tranche}” takes the rest of the pool; its size here is what the published amount leaves.",
        "「{tranche}」はプールの残額。ここでの金額は公表額から他のトランシェを控除したもの。",
    ),
    "rest_not_known": (
        "“{tranche}” takes the rest of the pool; the terms alone do not say how much that is.",
        "「{tranche}」はプールの残額。条件のみからは金額は定まらない。",
    ),
    "steps_by_structure": (
        "Written by the structure “{structure}” from the terms above; not quoted from documents of the deal.",
        "スキーム「{structure}」が上記の条件から組み立てた順位であり、案件書類の引用ではない。",
    ),
    "steps_spelled_out": ("Spelled out in the deal file.", "案件ファイルに記載の順位。"),
    "scenarios_note": (
        "What the runs suppose of the borrowers. No scenario is a forecast.",
        "計算上の債務者に関する想定であり、予測ではない。",
    ),
    "down": ("Down", "切捨て"),
    "half_up": ("Half up", "四捨五入"),
    "following": ("Following business day", "翌営業日"),
    "modified_following": ("Modified following", "翌営業日（月内）"),
    "preceding": ("Preceding business day", "前営業日"),
    "unadjusted": ("Unadjusted", "調整なし"),
    "adjusted": ("Adjusted", "調整後"),
}
PROGRAMME: Words = {
    "programme": ("Programme", "プログラム"),
    "programme_table": ("Deals side by side", "案件比較"),
    "programme_chart": ("Who stands where, and what is lost", "損失負担の構造と想定損失"),
    "pool_size": ("Pool size", "プール規模"),
    "senior_enhancement": ("Senior CE", "優先補完率"),
    "senior_wal": ("Senior WAL (years)", "優先年限"),
    "notes_wal": ("Notes WAL (years)", "債券年限"),
    "loss_rate": ("Pool loss", "プール損失"),
    "loss_investors": ("Loss: investors", "損失：投資家"),
    "loss_corporation": ("Loss: corporation", "損失：公庫"),
    "loss_institutions": ("Loss: institutions", "損失：金融機関"),
    "loss_guarantor": ("Loss: guarantor", "損失：保証人"),
    "loss_borne_by": ("Loss borne by", "損失負担"),
    "loss_others": ("Loss: others", "損失：その他"),
    "guarantor": ("Guarantor", "保証人"),
    "others": ("Others", "その他"),
    "spelled_out": ("Spelled out", "個別記載"),
    "ran": ("run", "実行済"),
    "refused": ("errors", "エラー"),
    "not_read": ("not read", "読込不可"),
    "programme_note": (
        "CE: credit enhancement at closing, of the first tranche. Losses of tranches are shares of the pool at cut-off, added up"
        " by who holds them. Pool loss is default less recovery over the life of the deal; what excess interest covers of it"
        " reaches no tranche.",
        "補完率は実行時点、最優先トランシェ。年限は加重平均、単位は年。トランシェの損失は基準日プール残高比で、保有者別に合計。"
        "プール損失は期間累計のデフォルト－回収。超過利息で賄われる分はトランシェの損失とならない。",
    ),
    "programme_chart_note": (
        "From the first loss on the left to the senior end on the right, where the axis may leave senior notes out. Hatched: the"
        " size is not published.",
        "左端が最劣後、右が優先側（右端は一部省略）。斜線は発行額が公表されていないもの。",
    ),
    "loss_of_tranches": ("Loss of tranches", "トランシェの損失"),
    "share_of_pool": ("Share of the pool at cut-off", "基準日プール残高比"),
    "programme_links": (
        "A deal leads to its term sheet, a scenario to its report.",
        "案件名はタームシート、シナリオ名はレポートへのリンク。",
    ),
    "not_run_why": ("What was not run", "未実行の案件"),
    "deals_in_all": ("Deals", "案件数"),
}
