"""Compiling: structure in ops, numbers in params; scratch, names, findings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from by_hand import COLLECT, DEALS, RESERVE, RESIDUAL, TERMS, TRAP, spelled, terms

from clo.deal.terms import Deal
from clo.files.deal import load_deal
from clo.findings import DealError, Finding
from clo.waterfall.compile import compile_deal, compiled
from clo.waterfall.compiling import TALLY
from clo.waterfall.kernel import WIDTH, Op
from clo.waterfall.program import Program


def full() -> dict[str, Any]:
    """Every kind of number a deal has."""
    return {
        "accounts": {"collections": {}, "reserve": {"initial": 10, "target": "1% * pool.initial"}},
        "fees": {"servicer": {"rate": "120bp", "on": "pool.average"}, "flat": {"amount": 5}},
        "tranches": TERMS["tranches"] | {"senior": {"size": 15_000, "coupon": "6%", "denomination": 1_000}},
        "triggers": TRAP,
    }


def test_every_number_of_the_terms_is_a_parameter() -> None:
    params = compile_deal(terms(**full())).symbols.params
    named = {name for name in params if "." in name and not name.startswith("=")}
    assert named == {
        "pool.initial", "loans.initial", "collections.initial", "reserve.initial", "servicer.rate", "flat.amount",
        "senior.size", "senior.coupon", "senior.notes", "mezzanine.size", "mezzanine.coupon", "junior.size",
        "bad.forced", "bad.forced_to",
    }  # fmt: skip


def test_with_params_shares_the_structure() -> None:
    program = compile_deal(terms(**full()))
    changed = program.with_params({"senior.coupon": 0.02, "reserve.initial": 7.0})
    for name in ("ops", "starts", "balance_sheet", "inputs", "period_values", "symbols"):
        assert getattr(changed, name) is getattr(program, name)
    assert changed.params[program.symbols.params["senior.coupon"]] == 0.02
    assert program.params[program.symbols.params["senior.coupon"]] == 0.06
    assert np.count_nonzero(~np.isclose(changed.params, program.params, rtol=0, atol=0, equal_nan=True)) == 2
    with pytest.raises(KeyError):
        program.with_params({"senior.cupon": 0.02})


CHANGES: dict[str, tuple[dict[str, float], dict[str, Any]]] = {
    "coupon": ({"mezzanine.coupon": 0.031}, {"tranches": {"mezzanine": {"coupon": 0.031}}}),
    "size": ({"mezzanine.size": 4_500.0}, {"tranches": {"mezzanine": {"size": 4_500}}}),
    "rate of a fee": ({"servicer.rate": 0.002}, {"fees": {"servicer": {"rate": 0.002}}}),
    "amount of a fee": ({"flat.amount": 6.5}, {"fees": {"flat": {"amount": 6.5}}}),
    "funding of an account": ({"reserve.initial": 44.0}, {"accounts": {"reserve": {"initial": 44}}}),
    "zero coupon": ({"mezzanine.coupon": 0.0}, {"tranches": {"mezzanine": {"coupon": 0}}}),
}


@pytest.mark.parametrize("name", CHANGES)
def test_changing_a_parameter_is_compiling_the_changed_deal(name: str) -> None:
    params, sections = CHANGES[name]
    given = full()
    for section, entries in sections.items():
        given[section] = given[section] | {key: given[section][key] | value for key, value in entries.items()}
    recompiled, changed = compile_deal(terms(**given)), compile_deal(terms(**full())).with_params(params)
    equal(recompiled, changed)


def equal(one: Program, other: Program) -> None:
    for name in ("ops", "starts", "params", "balance_sheet"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert (one.inputs, one.period_values, one.symbols) == (other.inputs, other.period_values, other.symbols)


def test_compiling_twice_gives_the_same() -> None:
    deal = load_deal(DEALS / "purchase-08.yaml")
    equal(compile_deal(deal), compile_deal(deal))


def test_names_change_nothing() -> None:
    """The same deal in other words, of other lengths and order in the alphabet."""
    words = {"senior": "zz", "mezzanine": "a", "junior": "m_last", "servicer": "b1", "reserve": "x", "bad": "q"}
    deal = terms(accounts=RESERVE, triggers=TRAP)
    text = deal.model_dump_json(by_alias=True, exclude_none=True)
    for old, new in words.items():
        text = text.replace(old, new)
    renamed = Deal.model_validate_json(text)
    one, other = compile_deal(deal), compile_deal(renamed)
    np.testing.assert_array_equal(one.ops, other.ops)
    np.testing.assert_array_equal(one.params, other.params)
    np.testing.assert_array_equal(one.balance_sheet, other.balance_sheet)


def test_ops_are_rows_of_slots_that_are_there() -> None:
    program = compile_deal(load_deal(DEALS / "purchase-08.yaml"))
    assert program.ops.shape[1] == WIDTH
    assert program.ops.dtype == np.int32
    assert set(program.ops[:, 0]) <= {int(op) for op in Op}
    assert program.ops[:, 1:].max() < len(program.starts)
    assert program.ops.min() >= 0
    assert program.starts.max() < len(program.params)


def test_only_accounts_and_parties_and_the_tally_are_on_the_balance_sheet() -> None:
    program = compile_deal(terms(**full()))
    weights = {name: float(program.balance_sheet[slot]) for name, slot in program.symbols.slots.items()}
    on = {name: weight for name, weight in weights.items() if weight}
    assert on == {
        TALLY: -1.0, "collections.balance": 1.0, "reserve.balance": 1.0,
        "received:investors": 1.0, "received:seller": 1.0, "received:servicer": 1.0, "received:flat": 1.0,
    }  # fmt: skip
    assert np.count_nonzero(program.balance_sheet) == len(on)


def test_scratch_is_used_again_and_never_by_what_is_kept() -> None:
    """Slots of intermediate results do not grow with the number of steps; what a result asks for is never one of them."""
    pays = [
        {"pay": {"principal": "senior", "from": "collections", "amount": f"max(0, {n} + 1 * pool.balance)"}} for n in range(30)
    ]
    few, many = (compile_deal(spelled(*given, *STEPS)) for given in (pays[:2], pays))
    extra = len(many.starts) - len(few.starts)
    assert extra <= 28 * 4  # asked, available, moved, and the number n
    named = [slot for name, slot in many.symbols.slots.items()]
    written_often = {slot for slot, count in zip(*np.unique(many.ops[:, 1], return_counts=True), strict=True) if count > 12}
    records = {movement.moved for movement in many.symbols.movements}
    assert not written_often & (set(named) | records)


STEPS = (
    {"pay": {"fee": "servicer", "from": "collections"}},
    {"pay": {"interest": ["senior", "mezzanine"], "from": "collections"}},
    {"pay": {"principal": ["senior", "mezzanine"], "from": "collections"}},
)


def test_without_a_trace_balances_are_computed_by_the_same_ops() -> None:
    deal = terms(**full())
    whole, bare = compile_deal(deal), compile_deal(deal, trace=False)
    np.testing.assert_array_equal(whole.ops[:, 0], bare.ops[:, 0])
    assert len(bare.starts) < len(whole.starts)
    assert bare.symbols.movements == ()


# ---- findings


ROUND = {"from": "collections", "to": "collections"}


def findings_of(deal: Deal) -> list[Finding]:
    return compiled(deal)[1]


def said(*steps: dict[str, Any], **changes: Any) -> list[Finding]:
    return findings_of(spelled(*steps, **changes))


def test_a_sound_deal_has_none() -> None:
    assert said(*STEPS) == []
    assert findings_of(terms()) == []


@pytest.mark.parametrize(
    ("step", "code", "message"),
    [
        ({"transfer": {"from": "collections", "to": "spare", "amount": 1}}, "E-D101", "account 'spare' is not in the deal"),
        ({"transfer": ROUND | {"amount": "x.y"}}, "E-D101", "name 'x.y' is not known"),
        ({"transfer": ROUND | {"amount": "pool.losses"}}, "E-D101", "name 'pool.losses' is not known"),
        ({"transfer": ROUND | {"amount": "junior.interest_due"}}, "E-D101", "name 'junior.interest_due' is not known"),
        ({"transfer": ROUND | {"amount": "1 +"}}, "E-D102", "cannot read '1 +'"),
        ({"pay": {"fee": "senior", "from": "collections"}}, "E-D101", "fee 'senior' is not in the deal"),
        ({"pay": {"interest": "junior", "from": "collections"}}, "E-D108", "'junior' has no coupon"),
        ({"pay": {"residual": ["junior", "senior"], "from": "collections"}}, "E-D109", "a residual goes to one tranche"),
        ({"collect": {"from": "losses", "to": "collections"}}, "E-D101", "column of the pool 'losses'"),
        ({"collect": {"from": "interest", "to": "collections"}}, "E-D124", "interest of pool 'loans' is collected 2 times"),
    ],
)  # fmt: skip
def test_a_step_that_makes_no_sense(step: dict[str, Any], code: str, message: str) -> None:
    (found,) = said(step, *STEPS)
    assert found.code == code
    assert message in found.message
    assert found.path.startswith("waterfall")


def test_everything_wrong_at_once() -> None:
    wrong = [
        {"pay": {"interest": "senoir", "from": "collections", "if": "bda"}},
        {"transfer": {"from": "colections", "to": "collections", "amount": "reserve.target"}},
    ]
    with pytest.raises(DealError) as caught:
        compile_deal(terms(structure=None, waterfall=[*wrong, RESIDUAL], triggers=TRAP))
    codes = sorted(finding.code for finding in caught.value.findings)
    assert codes == ["E-D101"] * 4  # senoir, bda, colections, reserve.target; who is paid is asked of steps that compile


def test_claims_that_no_step_pays() -> None:
    with pytest.raises(DealError) as caught:
        compile_deal(terms(structure=None, waterfall=[RESIDUAL], triggers=TRAP))
    codes = sorted(finding.code for finding in caught.value.findings)
    assert codes == sorted(["E-D120"] * 2 + ["E-D121"] * 2 + ["E-D122"] + ["E-D123"] * 4 + ["W-D125"])


@pytest.mark.parametrize(
    ("pay", "says"),
    [
        ({"amount": "senior.balance > 0"}, "a number stands here"),
        ({"if": "senior.balance"}, "a condition stands here"),
        ({"if": "not senior.balance"}, "'not' takes conditions"),
        ({"amount": "1 + (senior.balance > 0)"}, "'+' takes numbers"),
        ({"amount": "if(senior.balance, 1, 2)"}, "takes a condition and two values of one kind"),
        ({"amount": "if(senior.balance > 0, 1, 2 > 1)"}, "takes a condition and two values of one kind"),
    ],
)
def test_numbers_and_conditions_are_not_mixed(pay: dict[str, str], says: str) -> None:
    step = {"pay": {"principal": "senior", "from": "collections"} | pay}
    (found,) = findings_of(terms(structure=None, waterfall=[*STEPS[:-1], step, STEPS[-1]], triggers={}))
    assert says in found.message


def test_money_that_cannot_leave() -> None:
    accounts = {"collections": {}, "trapped": {"initial": 5}, "spare": {}}
    found = said(*STEPS, accounts=accounts)
    assert [(f.code, f.path) for f in found] == [("E-D126", "accounts.trapped"), ("W-D127", "accounts.spare")]
    into = {"transfer": {"from": "collections", "to": "trapped", "amount": 1}}
    on = {"transfer": {"from": "trapped", "to": "spare", "amount": 1}}
    out = {"transfer": {"from": "spare", "to": "collections", "amount": 1}}
    assert [f.path for f in said(into, on, *STEPS, accounts=accounts)] == ["accounts.trapped", "accounts.spare"]
    assert said(into, on, out, *STEPS, accounts=accounts) == []


def test_an_expression_read_twice_is_complained_about_once() -> None:
    accounts = {"collections": {}, "reserve": {"target": "senoir.balance"}}
    (found,) = findings_of(terms(accounts=accounts))
    assert (found.code, found.path, found.value) == ("E-D101", "accounts.reserve.target", "senoir.balance")


def test_a_trigger_read_only_by_an_assertion_changes_nothing() -> None:
    idle = {"idle": {"when": "pool.default > 5"}}
    by_assertion = [{"after_payment": 1, "that": "not idle"}]
    assert [f.code for f in said(*STEPS, triggers=idle, assertions=by_assertion)] == ["W-D125"]
    reading = {"pay": STEPS[0]["pay"] | {"if": "not idle"}}
    assert said(reading, *STEPS[1:], triggers=idle) == []


def test_a_column_of_each_sub_pool_is_collected_once() -> None:
    pools = {"a": {"tape": "x"}, "b": {"tape": "x"}}
    apart = [{"collect": COLLECT["collect"] | {"pool": name}} for name in pools]
    deal = terms(structure=None, pools=pools, waterfall=[*apart, *STEPS, RESIDUAL])
    assert findings_of(deal) == []
    missing = terms(structure=None, pools=pools, waterfall=[apart[0], *STEPS, RESIDUAL])
    assert {(f.code, f.message.split(" of pool ")[1][:3]) for f in findings_of(missing)} == {("E-D123", "'b'")}
