"""Where borrowers are: prefectures by JIS code, how much guaranteed lending each has, and which lie next to each other."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from clo.builder.distributions import Regions
from clo.builder.streams import Draws, choices
from clo.reference import table

SCHEME = "JIS"
PREFECTURES: Mapping[str, tuple[str, str]] = MappingProxyType({
    "01": ("北海道", "02"), "02": ("青森", "01 03 05"), "03": ("岩手", "02 04 05"), "04": ("宮城", "03 05 06 07"),
    "05": ("秋田", "02 03 04 06"), "06": ("山形", "04 05 07 15"), "07": ("福島", "04 06 08 09 10 15"),
    "08": ("茨城", "07 09 11 12"), "09": ("栃木", "07 08 10 11"), "10": ("群馬", "07 09 11 15 20"),
    "11": ("埼玉", "08 09 10 12 13 19 20"), "12": ("千葉", "08 11 13"), "13": ("東京", "11 12 14 19"),
    "14": ("神奈川", "13 19 22"), "15": ("新潟", "06 07 10 16 20"), "16": ("富山", "15 17 20 21"),
    "17": ("石川", "16 18 21"), "18": ("福井", "17 21 25 26"), "19": ("山梨", "11 13 14 20 22"),
    "20": ("長野", "10 11 15 16 19 21 22 23"), "21": ("岐阜", "16 17 18 20 23 24 25"), "22": ("静岡", "14 19 20 23"),
    "23": ("愛知", "20 21 22 24"), "24": ("三重", "21 23 25 26 29 30"), "25": ("滋賀", "18 21 24 26"),
    "26": ("京都", "18 24 25 27 28 29"), "27": ("大阪", "26 28 29 30"), "28": ("兵庫", "26 27 31 33 36"),
    "29": ("奈良", "24 26 27 30"), "30": ("和歌山", "24 27 29"), "31": ("鳥取", "28 32 33 34"), "32": ("島根", "31 34 35"),
    "33": ("岡山", "28 31 34 37"), "34": ("広島", "31 32 33 35 38"), "35": ("山口", "32 34 40"), "36": ("徳島", "28 37 38 39"),
    "37": ("香川", "33 36 38"), "38": ("愛媛", "34 36 37 39"), "39": ("高知", "36 38"), "40": ("福岡", "35 41 43 44"),
    "41": ("佐賀", "40 42"), "42": ("長崎", "41"), "43": ("熊本", "40 44 45 46"), "44": ("大分", "40 43 45"),
    "45": ("宮崎", "43 44 46"), "46": ("鹿児島", "43 45 47"), "47": ("沖縄", "46"),
})  # fmt: skip
"""Name, and the codes of the prefectures beside it: by land, by bridge or tunnel, and the nearest one across the sea."""
CITIES: Mapping[str, str] = MappingProxyType({"横浜市": "14", "川崎市": "14", "岐阜市": "21", "名古屋市": "23", "大阪市": "27"})
"""Guarantee associations of cities, and their prefectures."""
CODES = tuple(PREFECTURES)


@cache
def weights() -> Draws:
    """Each prefecture's share of the guarantees outstanding at the end of fiscal 2003 [47], in the order of the codes.

    Source: the table `associations` of clo.reference; an association of a city counts in its prefecture.
    """
    codes = {name: code for code, (name, _) in PREFECTURES.items()} | dict(CITIES)
    balances = np.zeros(len(CODES))
    rows = table("associations")
    for name, outstanding in zip(rows["name_ja"], rows["outstanding_100m_jpy"], strict=True):
        balances[CODES.index(codes.get(name) or codes[name[:-1]])] += outstanding
    shares = np.asarray(balances / balances.sum())
    shares.flags.writeable = False
    return shares


def homes(draws: Draws) -> NDArray[np.int64]:
    """Where institutions are whose home is not stated: positions in CODES, by the weights."""
    return choices(draws, weights())


def shares_around(home: int, terms: Regions) -> Draws:
    """Shares of the prefectures [47] in the loans of an institution whose home is at a position in CODES."""
    everywhere = weights()
    beside = np.isin(CODES, PREFECTURES[CODES[home]][1].split()) * everywhere
    shares = (1.0 - terms.home - terms.neighbours) * everywhere + terms.neighbours * beside / beside.sum()
    shares[home] += terms.home
    return np.asarray(shares)


def regions(draws: Draws, at: NDArray[np.int64], terms: Regions) -> NDArray[np.str_]:
    """Prefecture of each borrower [count], by the home of its institution: at, positions in CODES [count]."""
    drawn = np.empty(len(draws), dtype=np.int64)
    for home in np.unique(at):
        own = at == home
        drawn[own] = choices(draws[own], shares_around(int(home), terms))
    return np.array(CODES)[drawn]
