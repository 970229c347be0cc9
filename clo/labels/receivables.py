"""Words for receivables that are bought: what is lent on them, dilution, and what ends the revolving period."""

from __future__ import annotations

from clo.labels.results import Words

RECEIVABLES: Words = {
    "advance_rate": ("Advance rate", "掛目"),
    "dilution": ("Dilution", "希薄化"),
    "revolving": ("Revolving period", "リボルビング期間"),
    "stops": ("Stops purchases", "買取終了事由"),
    "above": ("Above", "超過水準"),
    "default_ratio": ("Default ratio", "デフォルト比率"),
    "dilution_ratio": ("Dilution ratio", "希薄化比率"),
    "deficiency": ("Borrowing base deficiency", "借入ベース不足"),
    "seller_default": ("Default of a seller", "セラーのデフォルト"),
    "stop_default_ratio": ("Stop: default ratio", "買取終了：デフォルト比率"),
    "stop_dilution_ratio": ("Stop: dilution ratio", "買取終了：希薄化比率"),
    "stop_deficiency": ("Stop: borrowing base deficiency", "買取終了：借入ベース不足"),
    "stop_seller_default": ("Stop: default of a seller", "買取終了：セラーのデフォルト"),
    "deferred": ("Deferred price", "後払代金"),
    "eligible": ("Eligible balance", "適格残高"),
    "borrowing_base": ("Borrowing base", "借入ベース"),
    "gap": ("To be bought at most", "買取余地"),
    "repayment": ("Repayment while revolving", "リボルビング中の返済額"),
    "to_spend": ("To be spent on purchases", "買取充当額"),
    "loans_first": ("Loans first", "貸付優先"),
    "deemed_collection": ("Deemed collection", "みなし回収"),
    "debtors": ("Debtors", "売掛先"),
    "suppliers": ("Suppliers", "納入企業"),
    "lending_bank": ("Lending bank", "貸付銀行"),
    "parts_maker": ("Parts maker", "部品メーカー"),
    "packer": ("Packaging maker", "包装材メーカー"),
    "parts": ("Parts", "部品"),
    "packaging": ("Packaging", "包装材"),
    "bank_loan": ("Bank loan", "銀行貸付"),
    "loan_guarantee": ("Guarantee of the loan", "貸付保証"),
    "loan_guarantee_fee": ("Fee of the guarantee of the loan", "貸付保証料"),
    "collapse": ("Collapse", "大量デフォルト"),
}
