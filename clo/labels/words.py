"""Words and phrases for a key, in English and Japanese."""

from __future__ import annotations

import re
from typing import Literal

from clo.labels.calibration import CALIBRATION
from clo.labels.guarantees import GUARANTEES
from clo.labels.history import HISTORY
from clo.labels.issuance import ISSUANCE
from clo.labels.language import FRAMES as MORE_FRAMES
from clo.labels.language import OWED, STEPS
from clo.labels.losses import LOSSES
from clo.labels.page import PAGE
from clo.labels.parties import PARTIES
from clo.labels.programme import PROGRAMME, TERM_SHEET
from clo.labels.receivables import RECEIVABLES
from clo.labels.results import FRAMES, MARKS, POOL, ROLES, VERBS, Words
from clo.labels.simulation import SIMULATION
from clo.labels.swaps import SWAPS
from clo.labels.tape import VIEWS
from clo.labels.terms import BEHAVIOUR, TERMS
from clo.labels.valuation import VALUATION

Lang = Literal["en", "ja"]
LANGUAGES: tuple[Lang, ...] = ("en", "ja")

_PARTS = (
    OWED, MORE_FRAMES, STEPS, FRAMES, POOL, ROLES, VERBS, MARKS, TERMS, BEHAVIOUR, VIEWS, HISTORY, PAGE, ISSUANCE, TERM_SHEET,
    PROGRAMME, SWAPS, PARTIES, GUARANTEES, CALIBRATION, VALUATION, RECEIVABLES, LOSSES, SIMULATION,
)  # fmt: skip
WORDS: Words = {key: words for part in _PARTS for key, words in part.items()}
"""(English, Japanese) of every key."""


def label(key: str, lang: Lang = "en") -> str:
    """The word for a key; a key that is not known (a name of the user's) is shown as it is, spaces for underscores in English."""
    if key in WORDS:
        if lang not in LANGUAGES:
            raise ValueError(f"there are no words in {lang!r}: lang is one of {', '.join(map(repr, LANGUAGES))}")
        return WORDS[key][LANGUAGES.index(lang)]
    return key.replace("_", " ") if lang == "en" else key


def party(name: str, lang: Lang = "en") -> str:
    """The word for somebody who pays or is paid."""
    return label(f"party_{name}" if f"party_{name}" in WORDS else name, lang)


def position(name: str, lang: Lang = "en") -> str:
    """The word for what a party bears a loss as: a tranche, or a position such as its own loans."""
    return label(f"position_{name}" if f"position_{name}" in WORDS else name, lang)


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
    (r"not done: (`.*`) is false", r"条件 \1 を満たさず処理なし"),
    (r"earned on what the account held", "口座残高の運用益"),
    (r"paid for the pool", "プールの売却代金"),
    (r"paid under a contract", "契約に基づく支払"),
    (r"no more may be drawn", "引出可能額の上限"),
    (r"no more is charged", "計上の上限"),
    (r"no more is unpaid", "未払残高の上限"),
    (r"nothing is left to write down", "元本残高なし"),
    (r"no more was written down", "元本削減額の上限"),
    (r"the ledger is at its limit", "元帳の限度額"),
    (r"the ledger is at 0", "元帳残高なし"),
    (r"a breach: .*", "違反：金額またはその条件が0以上の数値でない"),
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


_STRATA = ((r"below (.+)", r"\1未満"), (r"(.+) to (.+)", r"\1以上\2未満"), (r"(.+) and above", r"\1以上"))


def stratum(text: str, lang: Lang = "en") -> str:
    """The name of a stratum in the language: a band, `missing` or `total`; any other is as it stands on the tape."""
    if lang == "en":
        return label(text) if text == "total" else text
    found = ((re.fullmatch(pattern, text), japanese) for pattern, japanese in _STRATA)
    told = next((match.expand(japanese) for match, japanese in found if match), None)
    return told or (label(text, lang) if text in ("missing", "total") else text)


_CHECKS = (
    (r"cash in - cash out = change in cash", "入金－出金＝現金の増減"),
    (r"every amount is a number, 0 or more", "全金額が0以上の数値"),
    (r"parties: issuer's receipts - payments = change in accounts", "当事者：発行体の受取－支払＝口座残高の増減"),
    (r"parties: what borrowers pay = the pool's cash", "当事者：債務者の支払＝プールの入金"),
    (r"parties: agree with the ledger", "当事者：現金元帳と一致"),
    (r"parties: agree with tranches, fees, facilities and hedges", "当事者：トランシェ・手数料・流動性補完・ヘッジと一致"),
    (r"losses by party: sum = loss of the pool", "損失負担：合計＝プールの損失"),
    (r"all the pool's cash is collected", "プールの入金を全額回収"),
    (r"every payment is in whole currency units", "全支払が通貨の整数単位"),
    (r"accounts: opening \+ inflow - outflow = closing", "口座：期首残高＋入金－出金＝期末残高"),
    (r"accounts never below 0", "口座残高は0以上"),
    (r"tranches: opening - principal - write-down = closing", "トランシェ：期首残高－元本償還－元本削減＝期末残高"),
    (r"tranches never below 0", "トランシェ残高は0以上"),
    (r"interest: carried \+ due - paid = unpaid", "利息：繰越＋発生－支払＝未払"),
    (r"pool: opening \+ in - out = closing", "プール：期首残高＋増加－減少＝期末残高"),
    (r"pool: each month opens as the last one closed", "プール：各月の期首残高＝前月の期末残高"),
    (r"tranches: sizes = pool", "トランシェ：発行額の合計＝プール残高"),
    (r"tranches: sizes = backing", "トランシェ：発行額の合計＝裏付け額"),
    (r"facilities: opening \+ drawn - repaid = closing", "流動性補完：期首残高＋引出額－返済額＝期末残高"),
    (r"ledgers: opening \+ debited - credited = closing", "元帳：期首残高＋借方－貸方＝期末残高"),
    (r"ledgers never below 0", "元帳残高は0以上"),
    (r"hedges: carried \+ due - paid = unpaid", "ヘッジ：繰越＋発生－支払＝未払"),
    (r"hedges: carried \+ coming in - received = receivable", "ヘッジ：繰越＋受取発生－受取＝未収"),
    (r"no flow of the pool below 0", "プールの入金は全て0以上"),
    (
        r"swaps: opening \+ notified - confirmed = in grace and under determination",
        "スワップ：期首額＋通知額－認定額＝猶予期間中・認定手続中の額",
    ),
    (r"swaps: opening \+ confirmed - settled = unsettled", "スワップ：期首額＋認定額－決済額＝認定済・未決済の額"),
    (r"swaps: loss = deductible used \+ passed on", "スワップ：損失＝免責金額の使用＋移転した損失"),
    (r"swaps: deductible opening - fallen - used = unused", "スワップ：免責金額の期首額－逓減－使用＝残額"),
    (r"swaps: reference balance = loans and events not confirmed", "スワップ：参照残高＝債権残高＋未認定額"),
    (r"swaps: passed on by institutions = passed on to the issuer", "スワップ：各金融機関の移転額の合計＝発行体への移転額"),
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
