"""Words for guarantees of loans and of tranches: what is covered, who claims, who is paid back."""

from __future__ import annotations

from clo.labels.results import Words

GUARANTEES: Words = {
    "covers": ("What is covered", "保証範囲"),
    "principal_and_interest": ("Principal and interest", "元利金"),
    "interest_rate": ("Rate of the interest covered", "保証対象利息の利率"),
    "interest_months": ("Interest covered (months)", "保証対象利息（月数）"),
    "waiting": ("Waiting period (months)", "待機期間（月）"),
    "recoveries": ("Recoveries", "回収金の配分"),
    "guarantor_last": ("Guarantor last", "保証人劣後"),
    "guarantee_claim": ("Guarantee claim", "保証履行請求額"),
    "guarantor_recovery": ("Recovery of the guarantor", "保証人への回収金"),
    "guarantor_recovered": ("Recovered by the guarantor", "保証人の回収累計"),
    "guarantee_unpaid": ("Guarantee claim not paid", "保証不履行額"),
    "guarantor_paid": ("Paid by the guarantor", "保証人の履行累計"),
    "guarantor_outstanding": ("Not recovered by the guarantor", "求償債権残高"),
    "fee_payable": ("When the fee is paid", "保証料の支払時期"),
    "in_arrears": ("In arrears", "後払"),
    "in_advance": ("In advance", "前払"),
    "first_fee_by": ("Who pays the first fee", "初回保証料の支払人"),
    "guarantee_fee": ("Guarantee fee", "保証料"),
    "tranche_guarantees": ("Guarantees of tranches", "証券化商品の一部保証"),
    "subrogation": ("Subrogation", "代位"),
    "guaranteed_interest": ("Guaranteed interest", "利息の保証履行"),
    "reimbursed_interest": ("Reimbursed interest", "利息の求償"),
    "refund": ("Refund", "返戻"),
}
