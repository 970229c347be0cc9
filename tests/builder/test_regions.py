"""Prefectures: their weights, their neighbours, and where borrowers of an institution are."""

from __future__ import annotations

import numpy as np
import pytest

from clo.builder.distributions import Regions
from clo.builder.regions import CODES, PREFECTURES, regions, shares_around, weights
from clo.builder.streams import uniforms
from clo.reference import table


def test_there_are_47_and_neighbours_are_mutual() -> None:
    assert [int(code) for code in CODES] == list(range(1, 48))
    beside = {code: set(near.split()) for code, (_, near) in PREFECTURES.items()}
    assert all(code in beside[near] for code in CODES for near in beside[code])
    assert all(near and code not in near for code, near in beside.items())


def test_weights_are_the_guarantees_of_the_associations() -> None:
    balances = table("associations").set_index("name_ja")["outstanding_100m_jpy"]
    total = balances.sum()
    assert weights().sum() == pytest.approx(1.0)
    assert weights()[CODES.index("13")] == pytest.approx(balances["東京"] / total)
    kanagawa = balances["神奈川"] + balances["横浜市"] + balances["川崎市"]
    assert weights()[CODES.index("14")] == pytest.approx(kanagawa / total)
    assert weights()[CODES.index("27")] == pytest.approx((balances["大阪府"] + balances["大阪市"]) / total)


def test_shares_around_a_home_add_up() -> None:
    ehime = CODES.index("38")
    shares = shares_around(ehime, Regions(home=0.85, neighbours=0.10))
    assert shares.sum() == pytest.approx(1.0)
    assert shares[ehime] == pytest.approx(0.85 + 0.05 * weights()[ehime])
    near = [CODES.index(code) for code in ("34", "36", "37", "39")]
    assert shares[near].sum() == pytest.approx(0.10 + 0.05 * weights()[near].sum())


def test_borrowers_are_where_their_institution_lends() -> None:
    at = np.repeat([CODES.index("13"), CODES.index("47")], 4000)
    drawn = regions(uniforms(1, ("regions",), 8000), at, Regions(home=0.9, neighbours=0.1))
    assert (drawn[:4000] == "13").mean() == pytest.approx(0.9, abs=0.02)
    assert set(drawn[4000:]) == {"46", "47"}
