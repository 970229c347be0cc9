"""What the default model reads of loans that lack something: firms that nobody names, groups, words of factors, scores."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import simulated

from clo.behaviour.joint import JointDefaults
from clo.findings import Finding
from clo.scenarios.model import DefaultModel, default_model
from clo.tape.loans import Loans

CUTOFF = np.datetime64("2024-03-31")


def read(frame: pd.DataFrame, **assumed: Any) -> tuple[DefaultModel | None, list[Finding]]:
    """Of the two sub-pools of the small deal, over three years."""
    fields = {"pd": 0.05, "correlation": 0.1, "lgd": 0.5} | assumed
    tape = Loans.from_frame(frame, check=False)
    pools = {name: tape.where(f"originator_id == '{bank}'") for name, bank in (("near", "a"), ("far", "b"))}
    return default_model(pools, JointDefaults.model_validate(fields), 36, CUTOFF)


def model(frame: pd.DataFrame, **assumed: Any) -> DefaultModel:
    found, findings = read(frame, **assumed)
    assert found is not None, findings
    return found


def only(findings: list[Finding]) -> Finding:
    (one,) = findings
    return one


def test_a_loan_that_nobody_is_known_to_owe_is_a_firm_of_its_own() -> None:
    frame = simulated.frame()
    firms = frame["obligor_id"].nunique()
    blank = frame.assign(obligor_id=frame["obligor_id"].where(np.arange(len(frame)) >= 15))
    found, findings = read(blank)
    assert found is not None
    assert len(found.names) == firms + 1, "one of the fifteen is the second loan of a firm"
    assert "loan a loan-001" in found.names
    warning = only(findings)
    assert (warning.code, warning.severity, warning.count) == ("W-M030", "warning", 15)
    assert warning.message == "near, far: no obligor_id for 15 loans: each is taken as a firm of its own"
    named = dict(zip(found.names, found.keys.tolist(), strict=True))
    before = model(frame)
    kept = dict(zip(before.names, before.keys.tolist(), strict=True))
    assert {name: named[name] for name in named.keys() & kept.keys()} == {name: kept[name] for name in named.keys() & kept.keys()}
    fewer = model(blank.iloc[3:])
    assert all(named[name] == key for name, key in zip(fewer.names, fewer.keys.tolist(), strict=True))


def test_without_a_column_of_obligors_no_loans_default_together_for_want_of_it() -> None:
    found, findings = read(simulated.frame().drop(columns="obligor_id"))
    assert found is not None
    assert len(found.names) == len(set(found.keys.tolist())) == 60
    assert only(findings).count == 60
    unnamed = simulated.frame().drop(columns=["obligor_id", "loan_id"])
    assert len(set(model(unnamed).keys.tolist())) == 60


def test_a_group_holds_loans_whose_firm_is_not_known() -> None:
    frame = simulated.frame().drop(columns="obligor_id")
    found, findings = read(frame, group_by="group_id")
    assert found is not None
    assert len(found.names) == 45 + 3
    assert only(findings).count == 45


def test_groups_need_their_column_and_somebody_in_one() -> None:
    found, findings = read(simulated.frame().drop(columns="group_id"), group_by="group_id")
    missing = only(findings)
    assert found is None
    assert (missing.code, missing.field, missing.value) == ("E-M007", "simulation.group_by", "group_id")
    assert missing.message == "near, far: the tape has no column 'group_id'"
    found, findings = read(simulated.frame().assign(group_id=None), group_by="group_id")
    assert found is not None
    assert only(findings).code == "W-M031"
    assert not read(simulated.frame(), group_by="group_id")[1]


@pytest.mark.parametrize(
    ("pairs", "code", "value"),
    [
        ({"D": {"E": 0.2}}, None, ""),
        ({"D": {"ZZ": 0.2}, "QQ": {"E": 0.1}}, "W-M033", "QQ, ZZ"),
        ({"ZZ": {"QQ": 0.2}}, "E-M034", "ZZ, QQ"),
    ],
)
def test_correlations_of_industries_that_no_loan_is_in(pairs: dict[str, Any], code: str | None, value: str) -> None:
    shares = {"market": 0.05, "industry": 0.05}
    found, findings = read(simulated.frame(), correlation=shares, between={"industry": pairs})
    assert (found is None) == (code == "E-M034")
    assert [each.code for each in findings] == ([] if code is None else [code])
    if code is not None:
        assert sorted(findings[0].value.split(", ")) == sorted(value.split(", "))
        assert "loans have D, E, F, G" in findings[0].fix


def test_correlations_of_industries_that_nobody_with_a_share_is_in() -> None:
    """Small firms alone answer to their industry: of these none is in E."""
    frame = simulated.frame()
    frame["enterprise_size"] = np.where(frame["industry_code"] == "E", "SMAE", "MICE")
    by_size = {"by": "enterprise_size", "classes": {"MICE": {"market": 0.1, "industry": 0.1}, "SMAE": 0.1}}
    assert only(read(frame, correlation=by_size, between={"industry": {"D": {"E": 0.2}}})[1]).code == "W-M033"


def test_what_several_sub_pools_lack_is_told_once_with_all_its_loans() -> None:
    frame = simulated.frame()
    frame.loc[[1, 3, 4], "pd_1y"] = [1.5, np.nan, -0.1]
    finding = only(read(frame, pd="tape")[1])
    assert (finding.code, finding.who, finding.count) == ("E-M001", "loan-001", 3)
    assert finding.message.startswith("near, far: loan loan-001")
    assert finding.occurrences is not None
    assert sorted(finding.occurrences.rows) == [3, 5, 6]
    assert only(read(frame.drop(index=3), pd="tape")[1]).message.startswith("near: loan loan-001")


def test_scores_are_no_probabilities_of_default() -> None:
    frame = simulated.frame()
    frame["pd_1y"] = np.linspace(20.0, 90.0, len(frame))
    finding = only(read(frame, pd="tape")[1])
    assert "most are above 1: they look like scores" in finding.message
    assert "score_value" in finding.fix
    frame["pd_1y"] = np.where(np.arange(len(frame)) == 4, 1.5, 0.02)
    assert "score" not in only(read(frame, pd="tape")[1]).message
    missing = read(frame.drop(columns=["pd_1y", "lgd"]), pd="tape", lgd="tape")[1]
    assert [each.message for each in missing] == ["near, far: the tape has no pd_1y", "near, far: the tape has no lgd"]
