"""Words in both languages for everything a user sees; how numbers are written."""

from __future__ import annotations

import math
import re

import pytest
from sample_runs import sample

from clo.labels import (
    LANGUAGES,
    WORDS,
    check_name,
    dotted,
    fine_percent,
    label,
    money,
    party,
    path_label,
    percent,
    short_money,
    unit,
    why,
)  # fmt: skip

FRAMES = ("tranches", "pool", "parties", "ledger", "bookings", "accounts", "fees", "facilities", "hedges", "ledgers")
FRAMES += ("triggers", "values", "summary", "checks", "party_totals", "losses_by_party", "sub_pools", "losses_by_sub_pool")
JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
SAME_IN_BOTH = {"spc"}


@pytest.mark.parametrize("frame", FRAMES)
def test_every_column_of_every_frame_has_both_languages(frame: str) -> None:
    columns = set(getattr(sample(), frame).columns)
    assert columns <= set(WORDS)


def test_every_column_of_a_waterfall_has_both_languages() -> None:
    assert set(sample().waterfall(1).columns) <= set(WORDS)


@pytest.mark.parametrize("key", sorted(set(WORDS) - SAME_IN_BOTH))
def test_the_japanese_word_is_japanese_and_the_english_is_not(key: str) -> None:
    english, japanese = WORDS[key]
    assert english
    assert JAPANESE.search(japanese)
    assert not JAPANESE.search(english)


def test_marks_are_the_words_of_the_field() -> None:
    assert [label(key, "ja") for key in ("published", "derived", "assumed")] == ["公表", "導出", "仮定"]


def test_an_unknown_key_is_shown_as_it_is() -> None:
    assert label("bank_17", "en") == "bank 17"
    assert label("bank_17", "ja") == "bank_17"


def test_what_is_said_about_a_deal_is_known_in_both_languages() -> None:
    result = sample()
    streams = {part for stream in result.parties["stream"] for part in stream.split(".")}
    names = {*result.deal.tranches, *result.deal.accounts, *result.deal.fees, *result.deal.pools, *result.deal.triggers, *streams}
    assert names <= set(WORDS)
    assert all(JAPANESE.search(party(name, "ja")) for name in {*result.parties["payer"], *result.parties["payee"]})


def test_every_reason_of_a_run_reads_in_japanese() -> None:
    result = sample()
    told = {text for period in (1, 7, 30, 56, 73) for text in result.waterfall(period)["why"]}
    assert len(told) > 4
    assert all(JAPANESE.search(why(text, "ja")) for text in told)


def test_every_check_of_a_run_reads_in_japanese() -> None:
    assert all(JAPANESE.search(check_name(str(text), "ja")) for text in sample().checks["check"])
    assert check_name("something new", "ja") == "something new"


def test_places_and_claims_are_spelled_out() -> None:
    assert path_label("dates.closing", "ja") == "日付 › 実行日"
    assert path_label("figures.amount", "ja").startswith("公表値 › ")
    assert label("closing", "ja") == "期末残高"
    assert dotted("subordinated.residual (principal)") == "Subordinated residual principal"
    assert path_label("tranches.senior.coupon") == "Tranches › Senior › Coupon"
    assert dotted("mezzanine.interest") == "Mezzanine interest"
    assert dotted("mezzanine.interest", "ja") == "メザニン・利息"
    assert dotted("subordinated.residual (principal)", "ja") == "劣後・残余（元本）"


@pytest.mark.parametrize(
    ("text", "japanese"),
    [
        ("in full", "全額"),
        ("not paid: `not cumulative_default` is false", "条件 `not cumulative_default` を満たさず支払なし"),
        ("collections ran out after trustee.fee 476,453", "回収金口座 の残高不足（先順位の支払: 受託者・手数料 476,453）"),
        ("something new", "something new"),
    ],
)
def test_reasons(text: str, japanese: str) -> None:
    assert why(text) == text
    assert why(text, "ja") == japanese


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (11_900_000_000, "11,900,000,000"),
        (-1234.4, "-1,234"),
        (0.0, "0"),
        (-0.2, "0"),
        (math.nan, "–"),
        (None, "–"),
        (math.inf, "–"),
    ],
)
def test_money(value: float | None, text: str) -> None:
    assert money(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.22229, "22.2290%"),
        (0.00003, "0.0030%"),
        (0.0000036, "0.00036%"),
        (-0.0000036, "-0.00036%"),
        (4.21e-9, "0.00000042%"),
        (5.1e-13, "<0.0000001%"),
        (0.0, "0%"),
        (1e-15, "0%"),
        (math.nan, "–"),
        (None, "–"),
    ],
)
def test_a_small_share_keeps_two_figures(value: float | None, text: str) -> None:
    assert fine_percent(value) == text


def test_percent() -> None:
    assert percent(0.01605) == "1.60%" or percent(0.01605) == "1.61%"
    assert percent(-0.0437) == "-4.37%"
    assert percent(-0.000001) == "0.00%"
    assert percent(math.nan) == "–"


@pytest.mark.parametrize(
    ("value", "english", "japanese"),
    [
        (13_500_000_000, "JPY 13.50 bn", "135.0億円"),
        (180_000_000, "JPY 180.0 m", "1.8億円"),
        (12_000_000, "JPY 12.0 m", "12百万円"),
        (950, "JPY 950", "950円"),
        (-250_000_000, "JPY -250.0 m", "-2.5億円"),
        (0, "JPY 0", "0円"),
    ],
)
def test_short_money(value: float, english: str, japanese: str) -> None:
    assert short_money(value) == english
    assert short_money(value, lang="ja") == japanese


def test_units_of_an_axis() -> None:
    assert unit(13.5e9, lang="ja") == (1e8, "億円")
    assert unit(250e6, lang="ja") == (1e6, "百万円")
    assert unit(13.5e9) == (1e9, "JPY bn")
    assert unit(250e6, "USD") == (1e6, "USD m")
    assert LANGUAGES == ("en", "ja")
