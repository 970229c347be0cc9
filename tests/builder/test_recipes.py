"""Recipes that cannot be drawn: each mistake is one finding that says where, and what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from builder.recipes import RECIPE, recipe, refused

import clo
from clo.builder.codes import CATALOGUE
from clo.builder.profiles import profiles
from clo.builder.reading import recipe_from
from clo.reference import table

AT = "pools.institutions"
BAD: list[tuple[dict[str, Any], str, str, str]] = [
    (RECIPE | {"sead": 3}, "E-B002", "sead", "unknown key"),
    (recipe(sizees={}), "E-B002", f"{AT}.sizees", "unknown key"),
    (recipe(sizes={"unti": 1}), "E-B002", f"{AT}.sizes.unti", "unknown key"),
    (RECIPE | {"format": "clo.recipe/2"}, "E-B003", "format", "'clo.recipe/2' is not 'clo.recipe/1'"),
    (RECIPE | {"seed": -1}, "E-B003", "seed", "below 0"),
    (RECIPE | {"currency": "yen"}, "E-B003", "currency", "no currency"),
    (RECIPE | {"cutoff": "May"}, "E-B003", "cutoff", "not a date"),
    (RECIPE | {"pools": {}}, "E-B003", "pools", "no sub-pool"),
    (RECIPE | {"pools": {"a": 3}}, "E-B003", "pools.a", "not keys and values"),
    (recipe(firms=-1), "E-B003", f"{AT}.firms", "below 1"),
    (recipe(firms=1.5), "E-B003", f"{AT}.firms", "not a whole number"),
    (recipe(amount=-5), "E-B003", f"{AT}.amount", "negative"),
    (recipe(amount=0.5), "E-B003", f"{AT}.amount", "not a whole amount"),
    (recipe(originators=[1, 2]), "E-B003", f"{AT}.originators", "are not originators"),
    (recipe(homes={"bank-01": 48}), "E-B003", f"{AT}.homes.bank-01", "no prefecture"),
    (recipe(repayment={"shares": {"bulet": 1}}), "E-B003", f"{AT}.repayment.shares.bulet", "is not 'equal_principal'"),
    (recipe(enterprise_sizes={"shares": {"BIG": 1}}), "E-B003", f"{AT}.enterprise_sizes.shares.BIG", "is not 'MICE'"),
    (recipe(classes={"shares": {12: 1}}), "E-B003", f"{AT}.classes.shares.12", "above 9"),
    (recipe(classes={"shares": {1: 1}, "pd": {2: "1%"}}), "E-B003", f"{AT}.classes", "no pd for class 1"),
    (recipe(ages={"youngest": 3}), "E-B003", f"{AT}.ages", "youngest is above oldest"),
    (recipe(rates={"per_year": "-5%"}), "E-B003", f"{AT}.rates", "lowest rate is -8"),
    (recipe(sizes=3), "E-B003", f"{AT}.sizes", "not keys and values"),
    (recipe(terms={"shares": {36: "50%", 60: "60%"}}), "E-B004", f"{AT}.terms.shares", "add up to 1.1, not 1"),
    (recipe(industries={"shares": {}}), "E-B004", f"{AT}.industries.shares", "add up to 0, not 1"),
    (recipe(regions={"home": "60%", "neighbours": "60%"}), "E-B004", f"{AT}.regions", "add up to 1.2"),
    (recipe(amount=1_000_000_000), "E-B005", f"{AT}.amount", "at least 10,000,000 each owe 1,200,000,000 together, above"),
    (recipe(amount=19_000_000_000), "E-B005", f"{AT}.amount", "at most 150,000,000 each owe 18,000,000,000 together, below"),
    (recipe(sizes={"smallest": 200_000_000}), "E-B005", f"{AT}.sizes.smallest", "above largest"),
    (recipe(sizes={"unit": 900_000_000}), "E-B005", f"{AT}.amount", "no multiple of the unit 900,000,000 between"),
    (
        recipe(firms=1, amount=20_000_000, originators=1, sizes={"known": [10_000_000] * 2}),
        "E-B005",
        f"{AT}.sizes.known",
        "2 known",
    ),
    (recipe(sizes={"known": [2_600_000_000]}), "E-B005", f"{AT}.amount", "119 firms without a known balance"),
    (recipe(originators=0), "E-B006", f"{AT}.originators", "0 originators"),
    (recipe(originators=["a", "a"]), "E-B006", f"{AT}.originators", "stands twice"),
    (recipe(originators=121), "E-B006", f"{AT}.originators", "121 originators and 120 firms"),
    (RECIPE | {"figures": {"obligors": 121}}, "E-B007", "figures.obligors", "have 120 obligors, the figures 121"),
    (RECIPE | {"figures": {"amount": 1}}, "E-B007", "figures.amount", "have 2,700,000,000 amount"),
    (recipe(originators=["jasme"]) | {"figures": {"institutions": 1}}, "E-B007", "figures.institutions", "without jasme"),
    (recipe(profile="purchse"), "E-B008", f"{AT}.profile", "no profile 'purchse'"),
    (recipe(ages={"oldest": 40}), "E-B009", f"{AT}.ages.oldest", "36 months made 40 months before the cut-off"),
    (
        recipe(ages={"oldest": 1.99}, terms={"shares": {2: 1}}),
        "E-B009",
        f"{AT}.ages.oldest",
        "2 months made 1.99 months before the cut-off",
    ),
    (recipe(grace={"shares": {36: 1}}), "E-B009", f"{AT}.grace.shares", "leave no instalment"),
    (recipe(homes={"bank-1": 38}), "E-B010", f"{AT}.homes.bank-1", "no originator of the sub-pool"),
]


@pytest.mark.parametrize(("data", "code", "path", "message"), BAD, ids=[f"{code} {path}" for _, code, path, _ in BAD])
def test_each_mistake_is_one_finding(data: dict[str, Any], code: str, path: str, message: str) -> None:
    found = refused(data)
    assert [(one, where) for one, where, _ in found] == [(code, path)]
    assert message in found[0][2]


def test_a_misspelt_key_is_not_missing_as_well() -> None:
    pool = {key: value for key, value in recipe()["pools"]["institutions"].items() if key != "profile"}
    misspelt = RECIPE | {"pools": {"institutions": pool | {"profle": "purchase"}}}
    assert [(code, path) for code, path, _ in refused(misspelt)] == [("E-B002", f"{AT}.profle")]
    assert [(code, path) for code, path, _ in refused(RECIPE | {"pools": {"institutions": pool}})] == [
        ("E-B003", f"{AT}.profile")
    ]


def test_all_mistakes_are_told_at_once() -> None:
    found = refused(recipe(profile="purchse", firms=0, terms={"shares": {36: 2}}) | {"seed": "x"})
    assert {path for _, path, _ in found} == {f"{AT}.profile", f"{AT}.firms", f"{AT}.terms.shares.36", "seed"}


def test_no_recipe_at_all() -> None:
    assert [code for code, _, _ in refused("hello")] == ["E-B003"]


def test_what_a_recipe_states_is_assumed_and_the_rest_is_the_profiles() -> None:
    pool = recipe_from(recipe(sizes={"largest": 90_000_000}, terms={"shares": {60: 1}, "source": "a leaflet"})).pools[
        "institutions"
    ]
    usual = profiles()["purchase"]
    assert (pool.sizes.largest, pool.sizes.smallest) == (90_000_000, usual.sizes.smallest)
    assert pool.sizes.source == f"largest: assumed in the recipe; the rest as profile purchase: {usual.sizes.source}"
    assert pool.terms.source == "a leaflet"
    assert pool.rates == usual.rates


def test_what_is_known_of_a_programme_is_in_its_profile() -> None:
    rule = table("loan_provisions").set_index("provision").loc["no_collateral"]
    own = profiles()["jasme"]
    assert own.sizes.largest == rule["max_amount_m_jpy"] * 1_000_000
    assert max(own.terms.shares) == rule["max_years"] * 12
    fees = table("guarantee_fees")
    expected = dict(zip(fees["class"], fees["fee_pct"] / 100, strict=True))
    assert own.rates.by_class == pytest.approx(expected)
    assert all("assumed" not in profiles()[name].terms.source for name in ("tokyo_loan_3y", "tokyo_loan_5y", "tokyo_bond_2y"))
    assert profiles()["guarantee"].terms.source == "assumed"


TEXT = """format: clo.recipe/1
deal_id: small
cutoff: 2007-05-31
seed: 1
pools:
  institutions: {originators: 4, firms: 120, amount: 2_700_000_000, profile: purchase}
"""


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "small.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_a_file_gives_the_same_recipe(tmp_path: Path) -> None:
    assert clo.read_recipe(written(tmp_path, TEXT)) == recipe_from(RECIPE)


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        (TEXT.replace("seed", "sead"), "E-B002", 4, 1),
        (TEXT.replace("firms: 120", "firms: 0"), "E-B003", 6, 34),
        (TEXT.replace("2_700", "1_000"), "E-B005", 6, 46),
        (TEXT.replace("profile: purchase", "profile: clove"), "E-B008", 6, 69),
        (TEXT + "figures: {obligors: 3}\n", "E-B007", 7, 11),
        (TEXT + "seed: 2\n", "E-B001", 7, 1),
        (TEXT + "note: {\n", "E-B001", 8, 1),
        (TEXT.encode() + b"note: \x93\xfa\n", "E-B001", 7, 7),
        ("- a\n", "E-B003", 1, 1),
        (TEXT.replace("format: clo.recipe/1\n", ""), "E-B003", 1, 1),
        (TEXT + "# " + "x" * 1_000_000, "E-B001", None, None),
    ],
)
def test_findings_point_into_the_file(tmp_path: Path, text: str | bytes, code: str, line: int | None, column: int | None) -> None:
    path = written(tmp_path, text)
    with pytest.raises(clo.RecipeError) as caught:
        clo.read_recipe(path)
    (found,) = caught.value.findings
    assert (found.code, found.line, found.column, found.file) == (code, line, column, str(path))
    assert found.rule
    assert found.fix


def test_every_code_but_those_of_rows_is_tried_here() -> None:
    tried = {code for _, code, _, _ in BAD} | {"E-B001"}
    assert tried == set(CATALOGUE) - {"E-B011", "E-B012"}
