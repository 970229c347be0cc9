"""What page, pictures and terminal show of parties, losses and sub-pools, in both languages."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from commands import Done
from sample_runs import DEALS, sample

import clo
from clo import plots
from clo.labels import LANGUAGES, WORDS, Lang, label, party, position
from clo.report import parties, render
from clo.study import Result


@cache
def ran(name: str) -> Result:
    return clo.run(clo.load_deal(DEALS / f"{name}.yaml"), scenario="stress")


def test_the_table_of_losses_sums_to_the_loss_of_the_pool() -> None:
    table = parties.losses(ran("purchase-05"))
    *rows, total = table.rows
    lost = ran("purchase-05").pool["default"].sum() - ran("purchase-05").pool["recovery"].sum()
    assert sum(row[4] for row in rows) == pytest.approx(total[4]) == pytest.approx(lost)
    assert [row[:2] for row in rows] == [
        ("investors", "senior"), ("investors", "mezzanine"), ("corporation", "subordinated"), ("issuer", "excess_spread"),
    ]  # fmt: skip


def test_a_large_family_is_one_row_and_keeps_its_sub_pools() -> None:
    result = ran("clover-2017")
    assert ("institutions", "own_loans") in {row[:2] for row in parties.losses(result).rows}
    assert len(parties.sub_pools(result).rows) == 18 + 1
    by_position = parties.losses_by_sub_pool(result)
    assert by_position.columns[1].key == "position_own_loans"
    for row in by_position.rows:
        assert sum(row[1:-1]) == pytest.approx(row[-1])


def test_scenarios_side_by_side() -> None:
    runs = [sample(), sample("stress")]
    table = parties.losses_compared(runs)
    assert [column.key for column in table.columns] == ["party", "position", "base", "stress"]
    assert table.rows[-1][2:] == pytest.approx([run.sub_pools["loss"].sum() for run in runs])
    by_bearer = {row[:2]: row[2:] for row in table.rows}
    assert by_bearer["corporation", "subordinated"] == pytest.approx([run.summary["loss"].iloc[-1] for run in runs])
    assert WORDS["loss_by_scenario"][0] in render(runs)
    assert WORDS["loss_by_scenario"][0] not in render(sample())


def test_what_did_not_happen_has_no_column() -> None:
    keys = [column.key for column in parties.sub_pools(ran("purchase-05")).columns]
    assert not {"diluted", "servicer_loss", "sale_loss", "outstanding"} & set(keys)
    failing = clo.run(clo.load_deal(DEALS / "purchase-05.yaml"), servicer_failure={"month": 5})
    assert "servicer_loss" in [column.key for column in parties.sub_pools(failing).columns]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_shows_them(lang: Lang) -> None:
    page = render(ran("purchase-05"), lang)
    for key in ("who_bears_the_loss", "sub_pools", "loss_by_sub_pool", "position_excess_spread", "losses_note", "flow_note"):
        assert WORDS[key][LANGUAGES.index(lang)] in page
    alone = render(ran("guarantee-01"), lang)
    assert WORDS["loss_by_sub_pool"][LANGUAGES.index(lang)] not in alone  # one sub-pool


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_flow_picture_is_of_every_payment(lang: Lang) -> None:
    result = ran("clover-2017")
    (trace,) = plots.figure(result, "who_paid_whom", lang).data
    assert sum(trace.link.value) == pytest.approx(result.parties["amount"].sum())
    names = [str(name).partition("  ")[0] for name in trace.node.label]
    assert {party(name, lang) for name in ("issuer", "institutions", "corporation", "investors", "obligors")} <= set(names)
    assert names.count(party("issuer", lang)) == 1
    assert names.count(party("corporation", lang)) == 2  # it pays and is paid
    assert len(names) < 15


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_bars_are_what_is_borne(lang: Lang) -> None:
    result = ran("guarantee-01")
    (trace,) = plots.figure(result, "who_bears_the_loss", lang).data
    borne = result.losses_by_party
    expected = borne.loc[borne["loss"].abs() > 0.5, "loss"].to_numpy()
    scale = expected[0] / trace.x[0]
    assert list(trace.x * scale) == pytest.approx(list(expected), rel=1e-3)
    assert f"{party('corporation', lang)}: {position('guarantee', lang)}" in trace.y


def test_a_pool_that_loses_nothing_has_no_bars() -> None:
    sound = clo.run(clo.load_deal(DEALS / "cbo-01.yaml"), cdr=0)
    assert plots.party_charts(sound) == ("who_paid_whom",)
    assert parties.losses_in_short(sound) is None
    assert 'data-chart="who_bears_the_loss"' not in render(sound)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_terminal_and_json_tell_who_bears_the_loss(request: pytest.FixtureRequest, tmp_path: Path, lang: Lang) -> None:
    borne = sample().losses_by_party
    command = ("run", str(DEALS / "purchase-08.yaml"), "--no-report", "--out", str(tmp_path), "--lang", lang)
    call: Callable[..., Done] = request.getfixturevalue("clo")
    shown = call(*command)
    assert shown.code == 0
    assert label("who_bears_the_loss", lang) in shown.out
    assert f"{borne.loc[borne['position'] == 'subordinated', 'loss'].iloc[0]:,.0f}" in shown.out
    told = call(*command, "--json").json["scenarios"][0]
    assert [row["loss"] for row in told["losses_by_party"]] == pytest.approx(borne["loss"].tolist())
    assert [row["group"] for row in told["sub_pools"]] == ["institutions", "own"]
