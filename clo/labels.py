"""English and Japanese words for everything a user sees, and how numbers are written."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Literal, NamedTuple

Lang = Literal["en", "ja"]
LANGUAGES: tuple[Lang, ...] = ("en", "ja")
NONE = "–"
"""Stands where there is no value."""

_FRAMES: dict[str, tuple[str, str]] = {
    "payment_date": ("Payment date", "支払日"),
    "period_end": ("Period end", "計算期間末日"),
    "period": ("Payment", "支払回"),
    "year": ("Year", "年"),
    "group": ("Sub-pool", "サブプール"),
    "tranche": ("Tranche", "トランシェ"),
    "opening": ("Opening", "期首残高"),
    "closing": ("Closing", "期末残高"),
    "interest_due": ("Interest due", "発生利息"),
    "interest_paid": ("Interest paid", "支払利息"),
    "interest_unpaid": ("Interest unpaid", "未払利息"),
    "capitalised": ("Capitalised", "元加"),
    "principal_paid": ("Principal paid", "元本償還"),
    "writedown": ("Write-down", "元本削減"),
    "writeup": ("Write-up", "元本復元"),
    "interest": ("Interest", "利息"),
    "scheduled_principal": ("Scheduled principal", "約定元本"),
    "prepayment": ("Prepayment", "期限前弁済"),
    "default": ("Default", "デフォルト"),
    "recovery": ("Recovery", "回収"),
    "guarantee_paid": ("Guarantee paid", "保証履行"),
    "payer": ("Payer", "支払者"),
    "payee": ("Payee", "受取者"),
    "stream": ("Stream", "種別"),
    "amount": ("Amount", "金額"),
    "step": ("Step", "順位"),
    "reason": ("Reason", "理由"),
    "from": ("From", "出金元"),
    "to": ("To", "入金先"),
    "account": ("Account", "口座"),
    "inflow": ("Inflow", "入金"),
    "outflow": ("Outflow", "出金"),
    "target": ("Target", "目標額"),
    "fee": ("Fee", "手数料"),
    "due": ("Due", "請求額"),
    "paid": ("Paid", "支払額"),
    "unpaid": ("Unpaid", "未払額"),
    "trigger": ("Trigger", "トリガー"),
    "breached": ("Breached", "抵触"),
    "original": ("Original", "当初元本"),
    "loss": ("Loss", "損失"),
    "wal_years": ("WAL (years)", "平均年限（年）"),
    "yield": ("Yield", "利回り"),
    "first_payment": ("First payment", "初回支払"),
    "last_payment": ("Last payment", "最終支払"),
    "check": ("Check", "検証項目"),
    "largest_residual": ("Largest residual", "最大残差"),
    "ok": ("OK", "適合"),
    "claim": ("Claim", "請求権"),
    "asked": ("Asked", "請求額"),
    "available": ("Available", "充当可能額"),
    "shortfall": ("Shortfall", "不足額"),
    "why": ("Why", "事由"),
    "funds_after": ("Funds after", "充当後残高"),
    "enhancement": ("Credit enhancement", "信用補完率"),
    "with_reserve": ("With reserve", "準備金込み"),
    "realised_charge_offs": ("Published charge-offs (count)", "公表償却件数"),
    "realised_modelled": ("Modelled defaults (count)", "モデル・デフォルト件数"),
    "realised_charged_off": ("Published charged off", "公表償却額"),
    "realised_default": ("Modelled default", "モデル・デフォルト額"),
    "realised_loss": ("Modelled loss", "モデル・損失額"),
    "realised_excess": ("Excess", "超過"),
    "realised_beyond_horizon": ("Beyond horizon", "計算期間外"),
    "count": ("Count", "件数"),
    "excess": ("Excess", "超過"),
    "published": ("Published", "公表"),
    "modelled": ("Modelled", "モデル"),
}
_ROLES: dict[str, tuple[str, str]] = {
    "senior": ("Senior", "優先"),
    "mezzanine": ("Mezzanine", "メザニン"),
    "subordinated": ("Subordinated", "劣後"),
    "seller": ("Seller", "セラー"),
    "residual": ("Residual", "残余"),
    "institutions": ("Institutions", "金融機関"),
    "own": ("Corporation's own", "公庫自己"),
    "corporation": ("Corporation", "公庫"),
    "investors": ("Investors", "投資家"),
    "party_obligors": ("Obligors", "債務者"),
    "pool": ("Pool", "原資産プール"),
    "trust": ("Trust", "信託"),
    "lenders": ("Lenders", "貸付機関"),
    "issuer": ("Issuer", "発行体"),
    "spc": ("SPC", "SPC"),
    "trustee": ("Trustee", "受託者"),
    "servicer": ("Servicer", "サービサー"),
    "collections": ("Collections", "回収金口座"),
    "reserve": ("Reserve", "準備金"),
    "cumulative_default": ("Cumulative default", "累積デフォルト"),
    "base": ("Base", "基本"),
    "stress": ("Stress", "ストレス"),
    "realised": ("Realised", "実績"),
    "proceeds": ("Issue proceeds", "発行代り金"),
    "purchase_price": ("Purchase price", "買取代金"),
    "outside": ("Outside the deal", "案件外"),
    "closing_date": ("Closing date", "実行日"),
}
_VERBS: dict[str, tuple[str, str]] = {
    "collect": ("Collect", "回収"),
    "transfer": ("Transfer", "振替"),
    "pay": ("Pay", "支払"),
    "principal": ("Principal", "元本"),
    "fees": ("Fees", "手数料"),
    "collections_in": ("Pool cash in", "プールからの入金"),
    "payments_out": ("Payments out", "支払"),
    "issue": ("Issue", "発行"),
    "purchase": ("Purchase", "買取"),
    "residual_principal": ("Residual principal", "残余（元本）"),
    "residual_interest": ("Residual interest", "残余（利息）"),
    "write_down": ("Write down", "元本削減"),
}
_MARKS: dict[str, tuple[str, str]] = {
    "mark": ("Mark", "区分"),
    "derived": ("Derived", "導出"),
    "assumed": ("Assumed", "仮定"),
    "unmarked": ("No mark", "区分なし"),
    "source": ("Source", "出典"),
    "basis": ("Source or formula", "出典・算式"),
    "value": ("Value", "値"),
    "term": ("Term", "条件"),
    "yes": ("yes", "はい"),
    "no": ("no", "いいえ"),
}
_TERMS: dict[str, tuple[str, str]] = {
    "format": ("Format", "書式"),
    "name": ("Name", "名称"),
    "name_ja": ("Name (Japanese)", "名称（日本語）"),
    "structure": ("Structure", "スキーム"),
    "purchase_cash": ("Purchase-type, cash", "買取型"),
    "currency": ("Currency", "通貨"),
    "figures": ("Published figures", "公表値"),
    "month": ("Month", "年月"),
    "obligors": ("Obligors", "債務者数"),
    "dates": ("Dates", "日付"),
    "cutoff": ("Cut-off", "基準日"),
    "legal_final": ("Legal final", "最終償還期日"),
    "payments": ("Payments", "支払方法"),
    "frequency": ("Frequency", "頻度"),
    "day": ("Day", "日"),
    "calendar": ("Calendar", "休日カレンダー"),
    "business_day": ("Business day", "休日調整"),
    "accrual": ("Accrual", "利息計算"),
    "day_count": ("Day count", "日数計算"),
    "rounding": ("Rounding", "端数処理"),
    "pools": ("Pools", "プール"),
    "tape": ("Loan tape", "債権データ"),
    "where": ("Selection", "抽出条件"),
    "accounts": ("Accounts", "口座"),
    "initial": ("Initial", "当初"),
    "rate": ("Rate", "料率"),
    "on": ("Charged on", "計算基礎"),
    "tranches": ("Tranches", "トランシェ"),
    "size": ("Size", "発行額"),
    "coupon": ("Coupon", "クーポン"),
    "holder": ("Holder", "保有者"),
    "deferrable": ("Deferrable", "繰延可能"),
    "denomination": ("Denomination", "額面単位"),
    "issue_price": ("Issue price", "発行価格"),
    "triggers": ("Triggers", "トリガー"),
    "when": ("When", "条件式"),
    "effect": ("Effect", "効果"),
    "trap_excess": ("Trap excess", "残余の留保"),
    "waterfall": ("Priority of payments", "支払順位"),
    "assertions": ("Assertions", "検証条件"),
    "after_payment": ("After payment", "支払回後"),
    "that": ("Statement", "命題"),
    "scenario": ("Scenario", "シナリオ"),
    "scenarios": ("Scenarios", "シナリオ"),
    "extends": ("Extends", "継承元"),
    "cdr": ("Default rate (CDR)", "デフォルト率（年率）"),
    "cpr": ("Prepayment rate (CPR)", "期限前弁済率（年率）"),
    "defaults": ("Defaults", "デフォルト"),
    "recovery_lag": ("Recovery lag (months)", "回収ラグ（月）"),
    "simulation": ("Simulation", "シミュレーション"),
    "pd": ("Default probability (PD)", "デフォルト確率"),
    "correlation": ("Correlation", "相関"),
    "lgd": ("Loss given default", "デフォルト時損失率"),
    "rest": ("Rest of the pool", "残額"),
    "how": ("How", "方法"),
    "sequential": ("Sequential", "シーケンシャル"),
    "pro_rata": ("Pro rata", "プロラタ"),
    "amount_if": ("If", "条件"),
    "monthly": ("Monthly", "毎月"),
    "quarterly": ("Quarterly", "四半期"),
    "semi_annual": ("Semi-annual", "半年"),
    "annual": ("Annual", "毎年"),
}
_PAGE: dict[str, tuple[str, str]] = {
    "capital_structure": ("Capital structure", "発行体系"),
    "share": ("Share", "構成比"),
    "attachment": ("Attachment", "アタッチメント"),
    "detachment": ("Detachment", "デタッチメント"),
    "total": ("Total", "合計"),
    "tranche_summary": ("Tranche summary", "トランシェ別結果"),
    "scenarios_compared": ("Scenarios side by side", "シナリオ比較"),
    "charts": ("Charts", "グラフ"),
    "chart_balances": ("Balances", "残高推移"),
    "chart_flows": ("Cash flows", "キャッシュフロー"),
    "chart_enhancement": ("Credit enhancement", "信用補完率の推移"),
    "chart_losses": ("Cumulative default and recovery", "累積デフォルト・回収"),
    "pool_balance": ("Pool balance", "プール残高"),
    "cumulative_recovery": ("Cumulative recovery", "累積回収"),
    "share_of_cutoff": ("Share of cut-off balance", "当初残高比"),
    "balance": ("Balance", "残高"),
    "cash": ("Cash", "金額"),
    "waterfall_of_date": ("Waterfall of one payment date", "支払日ごとの充当順位"),
    "choose_date": ("Payment date", "支払日"),
    "pool_by_year": ("Pool by year", "プールの年次推移"),
    "roll_forward_note": (
        "Closing = opening − default − scheduled principal − prepayment. Interest and recovery are cash received.",
        "期末残高＝期首残高－デフォルト－約定元本－期限前弁済。利息と回収は入金額。",
    ),
    "stratification": ("Pool at cut-off", "基準日のプール構成"),
    "loans": ("Loans", "債権"),
    "largest_obligor": ("Largest obligor", "最大債務者"),
    "average_balance": ("Average balance", "平均残高"),
    "first_breach": ("First breach", "初回抵触日"),
    "breaches": ("Dates breached", "抵触回数"),
    "never": ("never", "なし"),
    "parties": ("Who paid whom", "当事者別資金移動"),
    "checks": ("Checks", "検証"),
    "warnings": ("Warnings", "警告"),
    "assumptions_and_terms": ("Terms and assumptions", "条件と仮定"),
    "sources": ("Sources", "出典"),
    "manifest": ("How this was computed", "計算の記録"),
    "realised_table": ("Published charge-offs against the model", "公表償却実績とモデルの比較"),
    "notes_in_all": ("Issued in all", "発行総額"),
    "place": ("Place in the deal file", "案件ファイルの位置"),
    "published_amount": ("Published amount", "公表額"),
    "published_obligors": ("Published obligors", "公表債務者数"),
    "published_institutions": ("Published institutions", "公表金融機関数"),
    "date_cutoff": ("Cut-off", "基準日"),
    "date_closing": ("Closing", "実行日"),
    "date_first_payment": ("First payment", "初回支払日"),
    "date_legal_final": ("Legal final", "最終償還期日"),
    "stratum": ("Stratum", "区分"),
    "remaining_months": ("Remaining months", "残存月数"),
    "remaining_term": ("Remaining term", "残存期間"),
    "summary": ("Summary", "概要"),
    "top_obligors": ("Top obligors", "上位債務者"),
    "measure": ("Measure", "指標"),
    "rank": ("Rank", "順位"),
    "obligor_id": ("Obligor", "債務者番号"),
    "cumulative_share": ("Cumulative share", "累積構成比"),
    "originators": ("Originators", "オリジネーター数"),
    "current_balance": ("Current balance", "現在残高"),
    "original_balance": ("Original balance", "当初元本"),
    "average_balance_per_obligor": ("Average balance per obligor", "債務者平均残高"),
    "largest_loan": ("Largest loan", "最大債権"),
    "age_months": ("Age (months)", "経過月数"),
    "largest_obligor_share": ("Largest obligor's share", "最大債務者構成比"),
    "top_20_obligors_share": ("Top 20 obligors' share", "上位20債務者構成比"),
    "effective_obligors": ("Effective number of obligors", "実効債務者数"),
    "hhi_originator_id": ("Concentration (HHI), originator", "集中度（HHI）金融機関"),
    "hhi_industry_code": ("Concentration (HHI), industry", "集中度（HHI）業種"),
    "hhi_region_code": ("Concentration (HHI), region", "集中度（HHI）地域"),
    "missing": ("Missing", "不明"),
    "average_rate": ("Average rate", "平均金利"),
    "average_term": ("Average term (years)", "平均残存（年）"),
    "attachment_note": (
        "Attachment and detachment are shares of the pool at cut-off.",
        "アタッチメント・デタッチメントは基準日プール残高比。",
    ),
    "as_of": ("Pool as of", "基準日"),
    "run_ok": ("All checks passed", "全検証に適合"),
    "run_not_ok": ("NOT OK: checks failed", "不適合：検証に失敗"),
    "run_not_ok_note": (
        "The figures below come from a run that failed its own checks. Do not rely on them.",
        "以下の数値は検証に失敗した計算の結果です。利用しないでください。",
    ),
    "mark_note": (
        "Every term of the deal is marked: published (a source says so), derived (a formula over others) or assumed (ours). "
        "What is assumed of the loans is said under the title and beside the tables of the pool.",
        "案件の各条件の区分：公表（出典あり）、導出（算式による）、仮定（当方の仮定）。債権データの仮定は表題の下とプールの表に示す。",
    ),
    "none": ("None", "なし"),
    "and_more": ("{count} more", "ほか{count}件"),
    "no_movement": ("Nothing moved on this date.", "この支払日の資金移動はありません。"),
    "enhancement_note": (
        "1 − (balances of the tranche and everything senior) / pool balance at the determination date.",
        "1－（当該トランシェ以上の残高）÷（計算基準日のプール残高）。",
    ),
    "passed": ("passed", "適合"),
    "failed": ("FAILED", "不適合"),
    "report": ("Deal report", "案件レポート"),
    "inputs": ("Inputs", "入力"),
    "versions": ("Versions", "バージョン"),
    "assumptions": ("Assumptions", "仮定"),
    "platform": ("Platform", "実行環境"),
    "started": ("Started", "開始"),
    "seconds": ("Seconds", "所要秒"),
    "written_to": ("Written to", "出力先"),
    "compiling": (
        "Compiling the kernels; this happens once and takes a moment.",
        "カーネルをコンパイルしています（初回のみ）。",
    ),
    "error": ("error", "エラー"),
    "warning": ("warning", "警告"),
    "fixed": ("fixed", "修正済"),
    "no_findings": ("No findings", "指摘なし"),
    "rule": ("Rule", "ルール"),
    "fix": ("Fix", "対処"),
    "code": ("Code", "コード"),
    "full_list": ("Full list", "全件一覧"),
    "occurrences": ("{count} occurrences", "{count}件"),
    "deal": ("Deal", "案件"),
    "table_of": ("Table", "表"),
}
WORDS: dict[str, tuple[str, str]] = _FRAMES | _ROLES | _VERBS | _MARKS | _TERMS | _PAGE
"""(English, Japanese) of every key."""


def label(key: str, lang: Lang = "en") -> str:
    """The word for a key; a key that is not known (a name of the user's) is shown as it is, spaces for underscores in English."""
    if key in WORDS:
        return WORDS[key][LANGUAGES.index(lang)]
    return key.replace("_", " ") if lang == "en" else key


def party(name: str, lang: Lang = "en") -> str:
    """The word for somebody who pays or is paid."""
    return label(f"party_{name}" if f"party_{name}" in WORDS else name, lang)


def path_label(path: str, lang: Lang = "en") -> str:
    """The words for a place in a deal, `tranches.senior.coupon`, part by part. A date has words of its own."""
    parts = [part for part in path.split(".") if part]
    if parts[:1] == ["dates"]:
        parts[1:] = [f"date_{part}" if f"date_{part}" in WORDS else part for part in parts[1:]]
    return " › ".join(label(part, lang) for part in parts)


def dotted(name: str, lang: Lang = "en") -> str:
    """The words for a claim such as `mezzanine.interest`: the name first, then what of it.

    `subordinated.residual (interest)`, a part of a residual, reads as `subordinated.residual_interest`.
    """
    plain, _, part = name.partition(" (")
    first, *others = (label(word, lang) for word in (f"{plain}_{part.rstrip(')')}" if part else plain).split("."))
    return first + "".join(f"・{other}" if lang == "ja" else f" {other.lower()}" for other in others)


_WHYS = (
    (r"in full", "全額"),
    (r"nothing is asked", "請求なし"),
    (r"everything left", "残額すべて"),
    (r"nothing is left", "残額なし"),
    (r"collected from the borrowers", "債務者から回収"),
    (r"not paid: (`.*`) is false", r"条件 \1 を満たさず支払なし"),
    (r"(\w+) ran out after (.*)", r"\1 の残高不足（先順位の支払: \2）"),
    (r"(\w+) ran out; nothing was paid from it before", r"\1 の残高不足（先順位の支払なし）"),
)


def why(text: str, lang: Lang = "en") -> str:
    """Why a step paid what it paid, in the language; a text that is not known stays English."""
    if lang == "en":
        return text
    found = ((re.fullmatch(pattern, text), japanese) for pattern, japanese in _WHYS)
    told = next((match.expand(japanese) for match, japanese in found if match), None)
    if told is None or "`" in told:
        return told or text
    return re.sub(r"[A-Za-z_]\w*(\.\w+)*( \(\w+\))?", lambda match: dotted(match.group(), lang), told)


_CHECKS = (
    (r"cash in - cash out = change in cash", "入金－出金＝現金の増減"),
    (r"every amount is a number, 0 or more", "全金額が0以上の数値"),
    (r"parties: issuer's receipts - payments = change in accounts", "当事者：発行体の受取－支払＝口座残高の増減"),
    (r"all the pool's cash is collected", "プールの入金を全額回収"),
    (r"every payment is in whole currency units", "全支払が通貨の整数単位"),
    (r"accounts: opening \+ inflow - outflow = closing", "口座：期首残高＋入金－出金＝期末残高"),
    (r"accounts never below 0", "口座残高は0以上"),
    (r"tranches: opening - principal - write-down = closing", "トランシェ：期首残高－元本償還－元本削減＝期末残高"),
    (r"tranches never below 0", "トランシェ残高は0以上"),
    (r"interest: carried \+ due - paid = unpaid", "利息：繰越＋発生－支払＝未払"),
    (r"pool: opening - default - principal - prepayment = closing", "プール：期首残高－デフォルト－元本－期限前弁済＝期末残高"),
    (r"pool: each month opens as the last one closed", "プール：各月の期首残高＝前月の期末残高"),
    (r"tranches: sizes = pool", "トランシェ：発行額の合計＝プール残高"),
    (r"no flow of the pool below 0", "プールの入金は全て0以上"),
    (r"figures: month as published", "公表値：年月が一致"),
    (r"figures: obligors as published", "公表値：債務者数が一致"),
    (r"figures: amount as published", "公表値：金額が一致"),
    (r"figures: institutions as published", "公表値：金融機関数が一致"),
    (r"assertion after payment (\d+): (.*)", r"検証条件（支払回\1後）: \2"),
)


def check_name(text: str, lang: Lang = "en") -> str:
    """The name of a check in the language; one that is not known stays English."""
    if lang == "en":
        return text
    found = ((re.fullmatch(pattern, text), japanese) for pattern, japanese in _CHECKS)
    return next((match.expand(japanese) for match, japanese in found if match), text)


# ---- numbers --------------------------------------------------------------------------------------------------------


class Unit(NamedTuple):
    """What an axis or a column counts in: amounts are divided by `divisor` and called `name`."""

    divisor: float
    name: str


def _missing(value: float | None) -> bool:
    return value is None or not math.isfinite(value)


def money(value: float | None, decimals: int = 0) -> str:
    """With separators: 11,900,000,000. Negative with `-`; no value is a dash."""
    if value is None or _missing(value):
        return NONE
    text = f"{value:,.{decimals}f}"
    return text.removeprefix("-") if not text.strip("-0.,") else text


def percent(value: float | None, decimals: int = 2) -> str:
    """A decimal as per cent: 0.0161 is 1.61%."""
    text = money(None if value is None else value * 100.0, decimals)
    return text if text == NONE else f"{text}%"


def number(value: float | None, decimals: int = 2) -> str:
    return money(value, decimals)


def unit(largest: float, currency: str = "JPY", lang: Lang = "en") -> Unit:
    """The unit in which amounts up to `largest` read well: 億円 or 百万円, bn or m."""
    yen = "円" if currency == "JPY" else currency
    if lang == "ja":
        return Unit(1e8, f"億{yen}") if largest >= 1e9 else Unit(1e6, f"百万{yen}")
    return Unit(1e9, f"{currency} bn") if largest >= 2e9 else Unit(1e6, f"{currency} m")


def short_money(value: float | None, currency: str = "JPY", lang: Lang = "en") -> str:
    """In the largest unit that leaves a figure before the point: 119.0億円, JPY 11.90 bn, 12百万円."""
    if value is None or _missing(value):
        return NONE
    yen = "円" if currency == "JPY" else currency
    size = abs(value)
    if lang == "ja":
        steps: Iterable[tuple[float, str, int]] = ((1e8, "億", 1), (1e6, "百万", 0), (1.0, "", 0))
        divisor, word, decimals = next((s for s in steps if size >= s[0]), (1.0, "", 0))
        return f"{money(value / divisor, decimals)}{word}{yen}"
    steps = ((1e9, " bn", 2), (1e6, " m", 1), (1.0, "", 0))
    divisor, word, decimals = next((s for s in steps if size >= s[0]), (1.0, "", 0))
    return f"{currency} {money(value / divisor, decimals)}{word}"
