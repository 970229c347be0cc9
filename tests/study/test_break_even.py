"""Break-even default rates: the rate just below which a tranche loses no more than it may."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sample_runs import DEALS

import clo
from clo.findings import DealError
from clo.study.breaking_even import BreakEvens

pytestmark = pytest.mark.compiled


@pytest.fixture(scope="module")
def deal() -> clo.Deal:
    return clo.load_deal(DEALS / "purchase-08.yaml")


def lost(deal: clo.Deal, tranche: str, share: float, **model: Any) -> float:
    result = clo.run(deal, defaults={"cumulative": share, "timing": "even", **model})
    row = result.summary.set_index("tranche").loc[tranche]
    return float(row["loss"] / row["original"])


@pytest.mark.parametrize(("tranche", "loss"), [("mezzanine", 0.0), ("mezzanine", 0.25), ("senior", 0.0), ("senior", 0.1)])
def test_below_the_rate_the_tranche_is_spared_and_above_it_is_not(deal: clo.Deal, tranche: str, loss: float) -> None:
    found = clo.break_even(deal, tranche, loss, tolerance=1e-7)
    assert lost(deal, tranche, found.cumulative) <= loss + 0.5 / 180e6
    assert lost(deal, tranche, found.cumulative + 1e-6) > loss
    assert found.result.summary.set_index("tranche").loc[tranche, "loss"] / found.result.flows.parameter(
        f"{tranche}.size"
    ) == pytest.approx(found.tranche_loss)


def test_seniors_bear_more_and_defaults_at_once_are_worse(deal: clo.Deal) -> None:
    rates = [clo.break_even(deal, name, tolerance=1e-5).cumulative for name in deal.tranches]
    assert rates == sorted(rates, reverse=True)
    early = clo.break_even(deal, "mezzanine", defaults={"timing": "front"}, tolerance=1e-5).cumulative
    late = clo.break_even(deal, "mezzanine", defaults={"timing": "back"}, tolerance=1e-5).cumulative
    assert early < rates[1] < late


def test_tranches_asked_together_get_what_each_gets_alone_and_the_loans_are_summed_once_beside_the_final_runs(
    deal: clo.Deal,
) -> None:
    swept: list[int] = []
    rates = BreakEvens(deal, progress=lambda done, total: swept.append(done) if done == total else None)
    together = [rates.of(name, tolerance=1e-5) for name in deal.tranches]
    assert len(swept) == 1 + len(deal.tranches)
    for found, name in zip(together, deal.tranches, strict=True):
        alone = clo.break_even(deal, name, tolerance=1e-5)
        assert (found.cumulative, found.pool_loss, found.tranche_loss) == (alone.cumulative, alone.pool_loss, alone.tranche_loss)
        assert found.result.scenario.defaults == found.defaults
        assert found.result.ok
        pool = found.result.pool
        assert found.pool_loss == pytest.approx((pool["default"].sum() - pool["recovery"].sum()) / 13.5e9, rel=1e-12)


def test_recovery_moves_the_rate_as_a_keyword_of_a_run(deal: clo.Deal) -> None:
    full = clo.break_even(deal, "mezzanine", recovery=0.5, tolerance=1e-5)
    none = clo.break_even(deal, "mezzanine", recovery=0.0, tolerance=1e-5)
    assert full.cumulative > none.cumulative
    assert full.pool_loss == pytest.approx(none.pool_loss, abs=0.02)


def test_what_is_never_reached_is_told(deal: clo.Deal) -> None:
    within = clo.break_even(deal, "mezzanine", tolerance=1e-4)
    assert (within.not_reached, within.findings) == (0.0, ())
    assert (within.defaults.cumulative, within.defaults.timing) == (within.cumulative, "even")
    long = clo.break_even(deal, "mezzanine", defaults={"years": 10}, tolerance=1e-4)
    assert long.not_reached == pytest.approx(0.5, abs=0.02)
    assert [finding.code for finding in long.findings] == ["W-R132"]
    booked = clo.break_even(deal, "mezzanine", defaults={"years": 10, "of": "balance"}, tolerance=1e-4)
    assert booked.not_reached == pytest.approx(0.5, abs=0.02)
    made = booked.result.pool["default"].sum() / 13.5e9
    assert booked.not_reached == pytest.approx(1 - made / booked.cumulative)


def test_what_the_wide_area_cbo_took() -> None:
    """Published: A repaid, B about 85%, C and D nothing. Derived: 13.465bn of 88.1bn lost by the notes."""
    deal = clo.load_deal(DEALS / "wide-area-cbo-2006.yaml")
    model = {"of": "balance", "years": 3}
    took = clo.break_even(deal, "class_b", 0.15, scenario="realised", defaults=model)
    stated = deal.scenarios["realised"].defaults
    assert stated.cumulative == pytest.approx(took.cumulative, abs=1e-5)  # type: ignore[union-attr]
    classes = clo.run(deal, scenario="realised").summary.set_index("tranche")
    shares = (classes["principal_paid"] / classes["original"]).to_dict()
    assert shares == pytest.approx({"class_a": 1.0, "class_b": 0.85, "class_c": 0.0, "class_d": 0.0}, abs=1e-4)
    assert classes["loss"].sum() == pytest.approx(13.465e9, rel=1e-4)
    assert took.cumulative > classes["loss"].sum() / 88.1e9 > 0.152
    bore = clo.break_even(deal, "class_b", scenario="realised", defaults=model)
    assert 0.011 < bore.cumulative < 0.05


def test_a_tranche_without_a_size_has_no_such_rate(deal: clo.Deal) -> None:
    senior = deal.tranches["senior"].model_copy(update={"size": deal.figures.amount - 180_000_000})  # type: ignore[union-attr]
    empty = deal.model_copy(update={"tranches": {**deal.tranches, "senior": senior}})
    with pytest.raises(DealError, match=r"loses 0\.0000% when everything"):
        clo.break_even(empty, "subordinated")


@pytest.mark.parametrize(
    ("tranche", "loss", "code", "fix"),
    [("mezanine", 0.0, "E-R130", "mezzanine"), ("senior", 1.5, "E-R130", "0.15"), ("senior", 0.999, "E-R131", "in between")],
)
def test_what_cannot_be_asked_is_one_finding(deal: clo.Deal, tranche: str, loss: float, code: str, fix: str) -> None:
    with pytest.raises(DealError) as caught:
        clo.break_even(deal, tranche, loss)
    (finding,) = caught.value.findings
    assert finding.code == code
    assert fix in finding.fix
    assert Path(finding.file).name == "purchase-08.yaml"
