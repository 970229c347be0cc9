"""The registry of the native loan tape, `clo.tape/1`: every named column once, with its kind, unit and meaning.

One row per loan and cut-off date. Money is in whole units of the tape's one currency, rates and ratios are decimals.
Columns nobody named here are kept under `x_<name>`; `<name>_nd` beside a column says why its value is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

FORMAT = "clo.tape/1"
EXTRA_PREFIX = "x_"
REASON_SUFFIX = "_nd"

Kind = Literal["text", "category", "money", "rate", "ratio", "date", "integer", "flag", "number"]
NUMERIC: frozenset[Kind] = frozenset({"money", "rate", "ratio", "integer", "number"})


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the tape.

    kind: money in whole currency units; rate and ratio as decimals; integer as counts; flag is Y or N.
    levels: the allowed words of a category, in the order of their integer codes.
    esma: code of the same field in the ESMA corporate template (Annex 4), empty where it has none.
    """

    name: str
    kind: Kind
    group: str
    required: bool
    meaning: str
    label_ja: str
    levels: tuple[str, ...] = ()
    esma: str = ""
    unit: str = ""


FLAG_LEVELS = ("N", "Y")
AMORTISATION_TYPES = ("equal_principal", "level_payment", "bullet", "schedule", "revolving")
MONTHS_BETWEEN: Mapping[str, int] = MappingProxyType({"monthly": 1, "quarterly": 3, "semi_annual": 6, "annual": 12})
"""Months between payments, by frequency."""
FREQUENCIES = (*MONTHS_BETWEEN, "at_maturity")
ASSET_TYPES = ("loan", "bond", "note", "receivable", "other")
RATE_TYPES = ("fixed", "floating", "fixed_then_floating", "other", "performance")
SIZES = ("MICE", "SMAE", "MEDE", "LARE", "NATP", "OTHR")
ACCOUNT_STATUSES = ("PERF", "ARRE", "RNAR", "RARR", "DFLT", "NDFT", "DTCR", "DADB", "RDMD", "RE", "OTHR")
_UNITS: Mapping[str, str] = {"money": "currency", "rate": "decimal", "ratio": "decimal", "date": "ISO date"}

# name, kind, meaning, Japanese label, ESMA code, levels; `*` before a name marks it as required.
_Row = tuple[str, Kind, str, str, str, tuple[str, ...]]
_GROUPS: Mapping[str, tuple[_Row, ...]] = {
    "keys": (
        ("deal_id", "text", "identifier of the securitization", "案件ID", "CRPL1", ()),
        ("*cutoff_date", "date", "the day the tape describes", "基準日", "CRPL6", ()),
        ("*originator_id", "text", "institution that made the loan", "金融機関コード", "CRPL99", ()),
        ("*loan_id", "text", "identifier of the loan at its originator", "債権番号", "CRPL2", ()),
        ("*obligor_id", "text", "identifier of the borrower across the tape", "債務者番号", "CRPL4", ()),
        ("group_id", "text", "group of connected borrowers", "企業グループ", "", ()),
        ("loan_id_new", "text", "identifier of the loan after a change", "新債権番号", "CRPL3", ()),
    ),
    "obligor": (
        ("*obligor_type", "category", "company or sole proprietor", "債務者区分", "", ("corp", "sole_prop")),
        ("corporate_number", "text", "13-digit corporate number", "法人番号", "", ()),
        ("region_code", "text", "region of the borrower", "地域", "CRPL10", ()),
        ("region_scheme", "text", "scheme of region_code", "地域区分体系", "CRPL11", ()),
        ("industry_code", "text", "industry of the borrower", "業種", "CRPL14", ()),
        ("industry_scheme", "text", "scheme of industry_code", "業種分類体系", "", ()),
        ("enterprise_size", "category", "size class", "企業規模", "CRPL16", SIZES),
        ("employees", "integer", "number of employees", "従業員数", "", ()),
        ("capital_yen", "money", "paid-in capital", "資本金", "", ()),
        ("incorporation_date", "date", "founding of the firm", "設立日", "", ()),
        ("obligor_revenue", "money", "annual revenue", "売上高", "CRPL17", ()),
        ("obligor_total_debt", "money", "total debt", "総負債", "CRPL18", ()),
        ("obligor_ebitda", "money", "EBITDA; may be negative", "EBITDA", "CRPL19", ()),
        ("financials_date", "date", "date of the financial statements", "決算日", "CRPL22", ()),
        ("financials_fiscal_year", "text", "their fiscal year as written, FY2025", "決算年度", "", ()),
        ("basel_segment", "category", "Basel III segment", "バーゼル区分", "CRPL15", ("CORP", "SMEX", "RETL", "OTHR")),
    ),
    "score": (
        ("score_provider", "text", "who scored: CRD, RDB, JCREST, internal", "スコア提供者", "", ()),
        ("score_model", "text", "model and version", "スコアモデル", "", ()),
        ("score_value", "number", "score; higher is usually safer", "スコア", "", ()),
        ("score_date", "date", "date of the score", "スコア日", "", ()),
        ("pd_1y", "ratio", "one-year probability of default", "1年デフォルト確率", "", ()),
        ("internal_rating", "text", "rating by the originator", "内部格付", "", ()),
        ("pd_source", "text", "where pd_1y comes from", "PDの出所", "", ()),
    ),
    "loan": (
        ("*asset_type", "category", "what was securitized", "債権種類", "CRPL24", ASSET_TYPES),
        ("*origination_date", "date", "day the loan was made", "実行日", "CRPL33", ()),
        ("*maturity_date", "date", "day of the last payment", "最終期限", "CRPL34", ()),
        ("*original_balance", "money", "principal when made", "当初元本", "CRPL38", ()),
        ("*current_balance", "money", "principal outstanding at the cut-off date", "現在残高", "CRPL39", ()),
        ("currency", "text", "ISO code; one per tape", "通貨", "CRPL37", ()),
        ("credit_limit", "money", "total credit limit", "極度額", "CRPL42", ()),
        ("purpose", "text", "purpose of the loan", "資金使途", "CRPL36", ()),
        ("special_scheme", "text", "public scheme it was made under", "制度融資", "CRPL32", ()),
        ("secured_flag", "flag", "secured by collateral", "担保有無", "", ()),
        ("syndicated_flag", "flag", "part of a syndicate", "シンジケート", "CRPL28", ()),
        ("seniority", "text", "rank of the claim", "弁済順位", "CRPL27", ()),
        ("purchase_price_pct", "ratio", "price paid over balance", "買取価格", "CRPL43", ()),
        ("pool_addition_date", "date", "day it joined the pool", "組入日", "CRPL7", ()),
        ("payments_before_securitisation", "integer", "instalments before the pool", "組入前返済回数", "CRPL68", ()),
    ),
    "schedule": (
        ("*amortisation_type", "category", "how principal is repaid", "返済方法", "CRPL46", AMORTISATION_TYPES),
        ("*principal_frequency", "category", "how often principal is paid", "元金返済周期", "CRPL48", FREQUENCIES),
        ("*interest_frequency", "category", "how often interest is paid", "利息支払周期", "CRPL49", FREQUENCIES),
        ("grace_end_date", "date", "end of the time without principal", "据置期限", "CRPL47", ()),
        ("regular_principal", "money", "regular principal instalment", "約定返済額", "", ()),
        ("balloon_amount", "money", "principal due at maturity", "最終回返済額", "CRPL51", ()),
        ("payment_due", "money", "next payment due", "次回返済額", "CRPL50", ()),
        ("next_payment_date", "date", "next payment date", "次回約定日", "", ()),
        ("payment_day", "integer", "day of the month payments fall on", "約定日", "", ()),
    ),
    "rate": (
        ("*rate_type", "category", "kind of interest", "金利種類", "CRPL52", RATE_TYPES),
        ("*current_rate", "rate", "annual interest rate", "適用金利", "CRPL53", ()),
        ("rate_index", "text", "reference rate", "基準金利", "CRPL54", ()),
        ("rate_index_tenor", "text", "tenor of the reference rate", "基準金利期間", "CRPL55", ()),
        ("rate_margin", "rate", "spread over the reference rate", "スプレッド", "CRPL56", ()),
        ("rate_reset_months", "integer", "months between resets", "金利更改月数", "CRPL57", ()),
        ("next_reset_date", "date", "next reset", "次回金利更改日", "", ()),
        ("rate_floor", "rate", "lowest rate", "金利下限", "CRPL59", ()),
        ("rate_cap", "rate", "highest rate", "金利上限", "CRPL58", ()),
        ("rate_first_cap", "rate", "largest change at the first reset", "初回金利変動上限", "", ()),
        ("rate_periodic_cap", "rate", "largest change at later resets", "毎回金利変動上限", "", ()),
        ("day_count", "text", "day count of interest; missing means 1/12", "日数計算", "", ()),
    ),
    "support": (
        ("guarantee_ratio", "ratio", "share of the loan guaranteed", "保証割合", "", ()),
        ("guarantor_id", "text", "guarantor", "保証人", "", ()),
        ("guarantee_type", "text", "kind of guarantee", "保証種類", "", ()),
        ("insurance_ratio", "ratio", "share insured behind the guarantor", "保険てん補率", "", ()),
        ("deposit_setoff", "money", "deposits that could be set off", "相殺預金", "CRPL87", ()),
    ),
    "performance": (
        ("*account_status", "category", "status at the cut-off date", "債権状態", "CRPL79", ACCOUNT_STATUSES),
        ("*days_in_arrears", "integer", "days past due", "延滞日数", "CRPL78", ()),
        ("*arrears_balance", "money", "amount past due", "延滞額", "CRPL77", ()),
        ("arrears_principal", "money", "principal past due", "延滞元金", "", ()),
        ("arrears_interest", "money", "interest past due", "延滞利息", "", ()),
        ("credit_impaired_flag", "flag", "borrower is credit-impaired", "信用悪化", "CRPL12", ()),
        ("restructuring_date", "date", "change of terms", "条件変更日", "CRPL75", ()),
        ("restructuring_type", "text", "kind of change of terms", "条件変更内容", "", ()),
        ("default_date", "date", "day of default", "デフォルト日", "CRPL82", ()),
        ("default_amount", "money", "exposure at default", "デフォルト額", "CRPL81", ()),
        ("default_reason", "category", "why it defaulted", "デフォルト事由", "CRPL80", ("UPXX", "PDXX", "UPPD")),
        ("credit_event_status", "category", "state of a credit event", "クレジットイベント状態", "",
         ("none", "notified", "determining", "confirmed", "rejected")),
        ("credit_event_date", "date", "day of the credit event", "クレジットイベント日", "", ()),
    ),
    "recovery": (
        ("cumulative_recoveries", "money", "recovered so far", "累計回収額", "CRPL84", ()),
        ("allocated_loss", "money", "principal lost", "確定損失額", "CRPL83", ()),
        ("recovery_source", "text", "where recoveries came from", "回収原資", "CRPL85", ()),
        ("workout_end_date", "date", "end of the work-out", "回収終了日", "", ()),
        ("subrogation_amount", "money", "paid by a guarantor in subrogation", "代位弁済額", "", ()),
        ("redemption_date", "date", "day it was redeemed", "完済日", "CRPL9", ()),
        ("repurchase_date", "date", "day it was bought back", "買戻日", "CRPL8", ()),
    ),
    "period flows": (
        ("scheduled_principal_paid", "money", "scheduled principal of the period", "約定元金入金", "", ()),
        ("prepaid_principal", "money", "prepayments of the period", "期限前弁済", "", ()),
        ("interest_paid", "money", "interest of the period", "利息入金", "", ()),
        ("recovery_received", "money", "recoveries of the period", "回収金", "", ()),
        ("repurchased_amount", "money", "bought back in the period", "買戻額", "", ()),
        ("prepayment_fee", "money", "fee for prepaying", "期限前弁済手数料", "CRPL71", ()),
        ("exit_reason", "text", "why the loan left the pool", "除外理由", "", ()),
    ),
    "extras": (
        ("lgd", "ratio", "loss given default", "デフォルト時損失率", "", ()),
        ("correlation_group", "text", "group of the default model", "相関グループ", "", ()),
    ),
}  # fmt: skip


def _column(group: str, row: _Row) -> Column:
    marked, kind, meaning, label_ja, esma, levels = row
    name = marked.removeprefix("*")
    shown = FLAG_LEVELS if kind == "flag" else levels
    return Column(name, kind, group, marked != name, meaning, label_ja, shown, esma, _UNITS.get(kind, ""))


TAPE: Mapping[str, Column] = MappingProxyType(
    {column.name: column for group, rows in _GROUPS.items() for column in (_column(group, row) for row in rows)}
)
"""Every column of the tape by name, in the order of the format."""

KEYS = ("originator_id", "loan_id")
"""A loan is told apart by originator and loan id: two banks may use the same number."""

_FREQUENCY_WORDS = {"MNTH": "monthly", "QUTR": "quarterly", "SEMI": "semi_annual", "YEAR": "annual", "毎月": "monthly"}
WORDS: Mapping[str, Mapping[str, str]] = {
    "amortisation_type": {
        "DEXX": "equal_principal", "元金均等": "equal_principal", "元金均等返済": "equal_principal",
        "FRXX": "level_payment", "元利均等": "level_payment", "元利均等返済": "level_payment",
        "BLLT": "bullet", "期限一括": "bullet", "一括返済": "bullet", "期日一括": "bullet",
        "FIXE": "schedule", "不均等": "schedule",
    },
    "principal_frequency": _FREQUENCY_WORDS,
    "interest_frequency": _FREQUENCY_WORDS,
    "obligor_type": {"法人": "corp", "個人事業主": "sole_prop", "NATP": "sole_prop"},
    "rate_type": {"固定": "fixed", "固定金利": "fixed", "変動": "floating", "変動金利": "floating"},
    "asset_type": {"LOLE": "loan", "貸付": "loan", "証書貸付": "loan", "社債": "bond", "私募債": "bond"},
}  # fmt: skip
"""Words of other formats and what they probably mean here: suggested in messages, never applied unasked."""


def required() -> tuple[str, ...]:
    """Names of the columns every tape must have, in the order of the format."""
    return tuple(column.name for column in TAPE.values() if column.required)


def kind_of(name: str) -> Kind:
    """Kind of a column; one the registry does not know is text."""
    return TAPE[name].kind if name in TAPE else "text"


def extra_name(header: str) -> str:
    """Name under which a source column nobody mapped is kept."""
    return header if header.startswith(EXTRA_PREFIX) else EXTRA_PREFIX + header
