"""The semi-analytic losses of a deal: what is read from its loans, and what is refused. Agreement with it has its own test."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import simulated
from numpy.testing import assert_allclose

import clo


def test_obligors_are_read_from_the_loans() -> None:
    frame, deal = simulated.frame(), simulated.deal()
    given = clo.loss_inputs(deal, (1, 2.5), simulated.loans())
    owed = frame.groupby("obligor_id")["current_balance"].sum()
    assert given["exposure"].sort_index().to_dict() == pytest.approx(owed.to_dict())
    assert given["pd"].shape == (2, len(owed))
    assert_allclose(given["pd"], np.array([[0.08], [1.0 - 0.92**2.5]]) * np.ones(len(owed)), rtol=1e-12)
    assert_allclose(given["lgd"], 0.7)
    assert_allclose(given["correlation"], 0.15)
    assert set(given) == {"exposure", "pd", "lgd", "correlation", "degrees"}
    assert clo.loss_inputs(deal, 1, simulated.loans())["pd"].shape == (len(owed),)


def test_groups_and_recoveries_are_those_of_the_simulation() -> None:
    """Small firms answer to their industry, the others to the market alone."""
    frame, classes = simulated.frame(), {"MICE": {"market": 0.05, "industry": 0.1}}
    frame["obligor_id"] = frame["loan_id"]
    model = {
        "pd": "tape", "lgd": "tape", "degrees": 5, "recovery": {"spread": 0.4, "market": 0.2},
        "correlation": {"by": "enterprise_size", "classes": classes, "other": 0.2},
    }  # fmt: skip
    given = clo.loss_inputs(simulated.deal(), 1, clo.Loans.from_frame(frame, check=False), simulation=model)
    rows = frame.set_index("loan_id").loc[given["exposure"].index]
    small = (rows["enterprise_size"] == "MICE").to_numpy()
    assert_allclose(given["pd"], rows["pd_1y"], rtol=1e-9)
    assert_allclose(given["lgd"], rows["lgd"], rtol=1e-12)
    assert_allclose(given["correlation"], np.where(small, 0.05, 0.2))
    assert_allclose(given["group_correlation"], np.where(small, 0.1, 0.0))
    groups = np.where(small, "industry " + rows["industry_code"].astype(str), "market")
    assert given["groups"] == groups.tolist()
    assert (given["degrees"], given["recovery_spread"], given["recovery_market"]) == (5.0, 0.4, 0.2)


@pytest.mark.compiled
def test_a_row_for_each_tranche_and_horizon_senior_first() -> None:
    deal, loans = simulated.deal(), simulated.loans()
    told = clo.tranche_losses(deal, (1, 3), loans, accuracy=1e-5)
    assert told["tranche"].tolist() == ["senior", "mezzanine", "junior"] * 2
    assert told["years"].tolist() == [1.0] * 3 + [3.0] * 3
    given, pool = clo.loss_inputs(deal, 3, loans), loans.balance
    points = (0.0, 1.0 - 340e6 / pool, 1.0 - 300e6 / pool, 1.0)
    alone = clo.expected_tranche_loss(attachments=points, accuracy=1e-5, **given)
    columns = ["attach", "detach", "expected_loss", "prob_hit"]
    assert_allclose(told.loc[3:, columns], alone[columns][::-1], rtol=1e-9)
    assert told.attrs["error"] <= 1e-5
    beside = told.attrs["error"] + told["loss_given_hit"] * told.attrs["prob_hit_error"]
    assert (np.array(told.attrs["loss_given_hit_error"]) <= np.minimum(beside / told["prob_hit"], 1.0) * (1.0 + 1e-9)).all()
    assert_allclose(told.attrs["loss_given_hit_error"][3:], alone.attrs["loss_given_hit_error"][::-1], rtol=1e-9)
    width = told["detach"] - told["attach"]
    mean = clo.loss_distribution(**given).mean / pool
    assert float((told["expected_loss"] * width)[3:].sum()) == pytest.approx(mean, rel=1e-12)


@pytest.mark.compiled
def test_a_tranche_without_a_size_is_left_out() -> None:
    loans = simulated.loans()
    tranches = {"senior": {"size": loans.balance, "coupon": 0.01}, "junior": {"size": "rest"}}
    told = clo.tranche_losses(simulated.deal(tranches=tranches, triggers={}), 1, loans, accuracy=1e-5)
    assert told["tranche"].tolist() == ["senior"]
    assert (told["attach"][0], told["detach"][0]) == (0.0, 1.0)


@pytest.mark.parametrize("years", [0, -1, 0.01, "one", None, float("nan"), float("inf"), 200, [], [3, 1], [1, 1], [[1, 2]]])
def test_a_horizon_is_some_months(years: Any) -> None:
    with pytest.raises(clo.InputError) as raised:
        clo.tranche_losses(simulated.deal(), years, simulated.loans())
    assert [each.code for each in raised.value.findings] == ["E-Q023"]


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        ({"correlation": {"market": 0.1, "industry": 0.1, "region": 0.1}}, ["simulation.correlation"]),
        (
            {"correlation": {"market": 0.1, "industry": 0.1}, "between": {"industry": {"E": {"F": 0.4}}}},
            ["simulation.between"],
        ),
        (
            {
                "correlation": {"market": 0.1, "industry": 0.1, "region": 0.1},
                "between": {"industry": {"E": {"F": 0.4}}},
            },
            ["simulation.correlation", "simulation.between"],
        ),
    ],
)
def test_groups_that_are_not_independent_are_refused(model: dict[str, Any], fields: list[str]) -> None:
    with pytest.raises(clo.InputError) as raised:
        clo.tranche_losses(simulated.deal(), 1, simulated.loans(), simulation=model)
    assert [(each.code, each.field) for each in raised.value.findings] == [("E-Q024", field) for field in fields]


def test_correlated_factors_that_no_obligor_answers_to_do_not_matter() -> None:
    model = {"correlation": {"market": 0.1, "industry": 0.1}, "between": {"industry": {"D": {"X": 0.4}}}}
    with pytest.warns(UserWarning, match="has industry_code X"):
        given = clo.loss_inputs(simulated.deal(), 1, simulated.loans(), simulation=model)
    assert set(given["groups"]) == {"industry D", "industry E", "industry F", "industry G"}


def test_loans_that_nobody_is_known_to_owe_are_told_of() -> None:
    loans = clo.Loans.from_frame(simulated.frame().drop(columns="obligor_id"), check=False)
    with pytest.warns(UserWarning, match="no obligor_id for 60 loans") as told:
        given = clo.loss_inputs(simulated.deal(), 1, loans)
    assert len(given["exposure"]) == 60
    assert told[0].filename == __file__


def test_tranches_stand_on_the_pool() -> None:
    """Part of these pays for a reserve."""
    loans = simulated.loans()
    deal = simulated.deal(
        structure=None, triggers={}, fees={}, backing="pool.initial + reserve.initial",
        tranches={"senior": {"size": loans.balance, "coupon": 0.01}, "junior": {"size": "rest"}},
        accounts={"collections": {}, "reserve": {"initial": 50_000_000}},
        waterfall=[
            {"collect": {"from": ["interest", "scheduled_principal", "recovery"], "to": "collections"}},
            {"pay": {"principal": ["senior"], "from": "collections"}},
            {"pay": {"residual": "junior", "from": ["collections", "reserve"]}},
        ],
    )  # fmt: skip
    with pytest.raises(clo.InputError) as raised:
        clo.tranche_losses(deal, 1, loans)
    assert [each.code for each in raised.value.findings] == ["E-Q025"]


def test_a_deal_says_what_it_assumes() -> None:
    with pytest.raises(clo.DealError) as refused:
        clo.tranche_losses(simulated.deal(simulation=None), 1, simulated.loans())
    assert [each.code for each in refused.value.findings] == ["E-M010"]
    blank = clo.Loans.from_frame(simulated.frame().assign(pd_1y=np.nan), check=False)
    with pytest.raises(clo.InputError) as raised:
        clo.tranche_losses(simulated.deal(), 1, blank, simulation={"pd": "tape"})
    assert {each.code for each in raised.value.findings} == {"E-M001"}
    with pytest.raises(TypeError, match="Deal"):
        clo.tranche_losses("deal.yaml", 1)  # type: ignore[arg-type]
