"""Names of Japanese firms and people as keys: one spelling for what is one name."""

from __future__ import annotations

import pandas as pd

_FORMS = "株式会社|有限会社|合同会社|合資会社|合名会社|特例有限会社|一般社団法人|医療法人社団|医療法人"
_SHORT_FORMS = r"\((?:株|有|同|資|名|医|カ|ユ|ド|シ|メ)\)|(?:カ|ユ|ド|シ|メ)\)|\((?:カ|ユ|ド|シ|メ)"
LEGAL_FORMS = rf"^(?:{_FORMS}|{_SHORT_FORMS})|(?:{_FORMS}|{_SHORT_FORMS})$"
"""At either end of a name, after NFKC, which makes (株) of ㈱ and full kana of half-width; カ) is how transfers write it."""
MARKS = r"[\s・･,，.．'’\-‐‑–—―−ー〜~]+"
"""What a name is written with or without: blanks, dots, dashes and long vowel marks."""
VARIANTS = str.maketrans(
    "髙﨑濵濱邊邉德澤廣櫻國齋齊瀨眞惠榮萬圓藏嶋桒冨舘ヶヵ", "高崎浜浜辺辺徳沢広桜国斎斉瀬真恵栄万円蔵島桑富館ケカ"
)
"""Old and variant characters, and the ones they stand for."""


def normalised(names: pd.Series) -> pd.Series:
    """Names as keys (shape: rows): NFKC, no legal form, no blanks or dashes, common characters for variants, lower case.

    Missing where nothing is left. Two names with one key may still be two borrowers: `山田製作所` exists in many towns.
    """
    codes, words = pd.factorize(names.astype("str"))
    plain = pd.Series(words, dtype="str").str.normalize("NFKC").str.strip()
    plain = plain.str.replace(LEGAL_FORMS, "", regex=True).str.replace(MARKS, "", regex=True)
    plain = plain.str.translate(VARIANTS).str.lower()
    keys = plain.where(plain != "").reindex([*range(len(plain)), -1])
    result = keys.iloc[codes]
    result.index = names.index
    return result
