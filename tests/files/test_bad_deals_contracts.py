"""Everything wrong with reference pools, contracts and the swaps of the synthetic structure."""

from __future__ import annotations

from pathlib import Path

import pytest
from bad_deals import Case, check, place
from by_hand import DEALS, edited

import clo
from clo.files.deal import check_deal, load_deal
from clo.findings import DealError

CLOVER = (DEALS / "clover-2011.yaml").read_text(encoding="utf-8").replace("file: curves/", f"file: {DEALS.as_posix()}/curves/")
SPELLED = (Path(__file__).parents[2] / "docs" / "examples" / "base.yaml").read_text(encoding="utf-8")
TAPE = (Path(__file__).parents[2] / "docs" / "examples" / "loans.csv").as_posix()
SPELLED = SPELLED.replace("loans.csv", TAPE).replace(
    "waterfall:\n", "waterfall:\n  - settle: {from: cash, to: agent, amount: 1, as: fee}\n"
)
SPELLED = SPELLED.replace("tranches, scenarios]", "tranches, scenarios, waterfall, closing]").replace(
    "waterfall:\n", "closing:\n  - settle: {from: sponsor, to: cash, amount: 5, as: support}\nwaterfall:\n"
)
STEP = "{from: cash, to: agent, amount: 1, as: fee}"
AT_CLOSING = "{from: sponsor, to: cash, amount: 5, as: support}"
POOLS = "pools:\n  loans: {tape: " + TAPE + "}\n"
NORTH = "  north: {tape: " + TAPE + ", where: \"originator_id == 'north'\"REFERENCE}\n"
SOUTH = NORTH.replace("north", "south")
ALL_REFERENCE = (("{tape: " + TAPE + "}", "{tape: " + TAPE + ", reference: true}"),)
MIXED = ((POOLS, f"pools:\n{NORTH.replace('REFERENCE', ', reference: true')}{SOUTH.replace('REFERENCE', '')}"),)
OF_SOUTH = ("recovery], to: cash}", "recovery], to: cash, pool: south}")

CONTRACTS: dict[str, Case] = {
    "between two accounts": (
        (("  cash: {}\n", "  cash: {}\n  other: {}\n"), (STEP, STEP.replace("agent", "other")),
         ("  - pay: {residual", "  - transfer: {from: other, to: cash, amount: other.balance}\n  - pay: {residual")),
        "E-D137", "settle: {from: cash", "waterfall[0].settle", "", "'cash' and 'other' are both accounts", "", "use transfer",
    ),
    "with oneself": (
        ((STEP, STEP.replace("cash", "agent")),), "E-D137", "settle: {from: agent", "waterfall[0].settle", "",
        "'agent' pays itself", "", "name two parties",
    ),
    "with a tranche": (
        ((STEP, STEP.replace("agent", "senior")),), "E-D137", "settle: {from: cash", "waterfall[0].settle", "",
        "'senior' is neither an account nor a party", "", "who pays or is paid",
    ),
    "with the issuer": (
        ((STEP, STEP.replace("agent", "issuer")),), "E-D137", "settle: {from: cash", "waterfall[0].settle", "",
        "'issuer' is neither an account nor a party", "", "name an account",
    ),
    "with borrowers of a pool that is bought": (
        ((STEP, STEP.replace("agent", "loans")),), "E-D137", "settle: {from: cash", "waterfall[0].settle", "",
        "'loans' is neither an account nor a party", "", "name an account",
    ),
    "named as what borrowers pay": (
        (*ALL_REFERENCE, (STEP, "{from: maker, to: loans, amount: 1, as: interest}")), "E-D137", "settle: {from: maker",
        "waterfall[0].settle", "", "'loans.interest' is what the borrowers of 'loans' pay it", "", "give as: another word",
    ),
    "for no reason": (
        ((STEP, STEP.replace(", as: fee", "")),), "E-D010", "settle: {from: cash", "waterfall[0].settle.as", "",
        "as is not stated", "required", "add as:",
    ),
    "for nothing that is a number": (
        ((STEP, STEP.replace("amount: 1", 'amount: "senior.balance > 1"')),), "E-D104", "settle: {from: cash",
        "waterfall[0].settle", "", "a number stands here", "", "",
    ),
    "at closing with the issuer": (
        ((AT_CLOSING, AT_CLOSING.replace("sponsor", "obligors")),), "E-D137", "settle: {from: obligors", "closing[0].settle", "",
        "'obligors' is neither an account nor a party", "", "name an account",
    ),
    "at closing under a condition": (
        ((AT_CLOSING, AT_CLOSING.replace("as: support", 'as: support, if: "senior.size > 1"')),), "E-D137", 'if: "senior',
        "closing[0].settle.if", "", "what is settled at closing has no condition", "", "remove if:",
    ),
    "at closing of what is not known then": (
        ((AT_CLOSING, AT_CLOSING.replace("amount: 5", "amount: senior.balance")),), "E-D101", "amount: senior.balance",
        "closing[0].settle.amount", "senior.balance", "name 'senior.balance' is not known here", ".size of tranches",
        "senior.size",
    ),
    "at closing of a condition": (
        ((AT_CLOSING, AT_CLOSING.replace("amount: 5", 'amount: "senior.size > 1"')),), "E-D104", 'amount: "senior',
        "closing[0].settle.amount", "", "a number stands here", "what is settled at closing", "write an amount",
    ),
    "at closing of what cannot be read": (
        ((AT_CLOSING, AT_CLOSING.replace("amount: 5", 'amount: "senior.size +"')),), "E-D102", 'amount: "senior',
        "closing[0].settle.amount", "senior.size +", "", "", "docs/waterfall.md",
    ),
}  # fmt: skip
POOL_CASES: dict[str, Case] = {
    "reference pool that is collected": (
        ALL_REFERENCE, "E-D138", "waterfall:", "waterfall", "", "of pool 'loans' is collected, whose loans stay with their maker",
        "", "remove the step, or reference: true",
    ),
    "reference pool beside one that is bought": (
        MIXED, "E-D138", "waterfall:", "waterfall", "", "some sub-pools are reference pools", "", "name the sub-pool",
    ),
    "reference pool that is bought for": (
        (*MIXED, OF_SOUTH, ("  - pay: {residual", "  - buy: {pool: north, from: cash, amount: 1}\n  - pay: {residual")),
        "E-D138", "buy: {pool: north", "waterfall[5].buy", "north", "the deal neither buys nor sells its loans", "",
        "remove the step",
    ),
    "reference pool that is sold": (
        (*MIXED, OF_SOUTH, ("  - pay: {residual", "  - sell: {to: cash}\n  - pay: {residual")),
        "E-D138", "sell: {to: cash}", "waterfall[5].sell", "north", "the deal neither buys nor sells its loans", "",
        "remove the step",
    ),
    "column without values": (
        (("{tape: " + TAPE + "}", "{tape: " + TAPE + ", by: originator_id}"),), "E-D013", "loans: {tape", "pools.loans", "",
        "needs the column and its values", "", "say both by: (a column) and of: (its values)",
    ),
    "values without a column": (
        (("{tape: " + TAPE + "}", "{tape: " + TAPE + ", of: [north, south]}"),), "E-D013", "loans: {tape", "pools.loans", "",
        "needs the column and its values", "", "say both by: (a column) and of: (its values)",
    ),
    "value named twice": (
        (("{tape: " + TAPE + "}", "{tape: " + TAPE + ", by: originator_id, of: [north, south, north]}"),), "E-D020",
        "of: [north", "pools.loans.of", "north", "is the name of pools.loans.of already", "one name space",
        "name each value once",
    ),
    "value that is the name of an account": (
        (("{tape: " + TAPE + "}", "{tape: " + TAPE + ", by: originator_id, of: [north, cash]}"),), "E-D020", "of: [north",
        "pools.loans.of", "cash", "is the name of accounts.cash already", "one name space", "or rename",
    ),
    "value that is no name": (
        (("{tape: " + TAPE + "}", "{tape: " + TAPE + ", by: originator_id, of: [north, 7-11]}"),), "E-D013", "of: [north",
        "pools.loans.of", "7-11", "'7_11', of value '7-11', is no name", "", "with where:",
    ),
    "lag below nothing": (
        (("  - pay: {residual", '  - let: {late: "lagged(pool.default, -1)"}\n  - pay: {residual'),), "E-D102", "late: ",
        "waterfall[5].let.late", "lagged(pool.default, -1)", "takes a whole number of months from 1 to 120", "", "",
    ),
    "lag of what is no flow": (
        (("  - pay: {residual", '  - let: {late: "lagged(pool.balance, 1)"}\n  - pay: {residual'),), "E-D111", "late: ",
        "waterfall[5].let.late", "", "lagged() of 'pool.balance', which is no flow of the pool", "", "take one of",
    ),
}  # fmt: skip
SHARE = "{share: rest, falls: false}"
EVENTS = "{bankruptcy: true, failure_to_pay: true, grace: 3}"
MIX = "{bankruptcy: 40%, failure_to_pay: 60%}"
REDEEMED = "  redeemed_at_end: class_c                  # nor is class C\n"
AMOUNTS = "{amounts: {bank_01: 1_000, bank_02: 1_000, bank_03: 1_000, bank_04: 1_000, bank_05: 1_000}}"
NOT_DERIVED = ('derived: {swap.deductible.share: "pool - class A - class B - class C = 487,000,000"}\n', "")
UNSAID = ("swap.deductible.falls: moodys-2012, ", "")
"""Where the deductible is said anew, without `falls`."""
NEEDS = "structure purchase_synthetic"
SWAP_TERMS = CLOVER[CLOVER.index("swap:\n") : CLOVER.index("scenarios:\n")]
SWAPS: dict[str, Case] = {
    "deductible twice": (
        ((SHARE, "{share: 3%, amounts: {bank_01: 5}}"), UNSAID), "E-D013", "deductible: {", "swap.deductible", "",
        "a deductible is either a share or amounts", "", "give share:",
    ),
    "deductible of nothing": (
        ((SHARE, "{falls: true}"),), "E-D013", "deductible: {", "swap.deductible", "",
        "a deductible is either a share or amounts", "", "give share:",
    ),
    "deductible of one institution missing": (
        ((SHARE, AMOUNTS.replace(", bank_05: 1_000", "")), NOT_DERIVED, UNSAID), "E-D060", "amounts: {",
        "swap.deductible.amounts", "", "no deductible is given for 'bank_05'", NEEDS, "one for each institution",
    ),
    "deductible of somebody else": (
        ((SHARE, AMOUNTS.replace("}", ", bank_06: 1_000}", 1)), NOT_DERIVED, UNSAID), "E-D060", "bank_06: 1_000",
        "swap.deductible.amounts.bank_06", "", "'bank_06' is no institution of the deal", NEEDS, "name a sub-pool",
    ),
    "mix of more than every default": (
        ((MIX, MIX.replace("40%", "45%")),), "E-D013", "default_mix: {", "default_mix", "",
        "the mix comes to 105.00% of the defaults", "", "100% at most",
    ),
    "no credit event at all": (
        ((EVENTS, "{grace: 3}"),), "E-D013", "credit_events: {", "swap.credit_events", "", "no credit event is on", "",
        "set one of bankruptcy, failure_to_pay, restructuring to true",
    ),
    "credit event in part": (
        ((EVENTS, EVENTS.replace("bankruptcy: true", "bankruptcy: 40%")),), "E-D013", "bankruptcy: 40%",
        "swap.credit_events.bankruptcy", "40%", "'40%' is not true or false", "", "write true or false",
    ),
    "events that never come": (
        ((EVENTS, "{restructuring: true}"),), "E-D060", "credit_events: {", "swap.credit_events", "",
        "no default is assumed to come as an event that is on", NEEDS, "give default_mix:",
    ),
    "settlement that is not known": (
        (("  settlement: 1\n", "  settlement: 1\n  recovery: market\n"),), "E-D013", "recovery: market", "swap.recovery",
        "market", "'market' is no recovery at settlement", "", "write a share such as 10%, or actual",
    ),
    "later recoveries that are not known": (
        (("  settlement: 1\n", "  settlement: 1\n  later_recoveries: shared\n"),), "E-D012", "later_recoveries: shared",
        "swap.later_recoveries", "shared", "", "", "kept",
    ),
    "notes written up by what is kept": (
        (("  settlement: 1\n", "  settlement: 1\n  write_up: true\n"),), "E-D013", "swap:\n", "swap", "",
        "notes are written up by later recoveries, which are kept", "", "later_recoveries: returned",
    ),
    "note that is not there held to the end": (
        ((REDEEMED, "  redeemed_at_end: class_d\n"),), "E-D101", "redeemed_at_end: class_d", "swap.redeemed_at_end", "class_d",
        "'class_d' is no note of the deal", NEEDS, "notes are class_a",
    ),
    "every note held to the end": (
        ((REDEEMED, "  redeemed_at_end: [class_a, class_b, class_c]\n"),), "E-D060", "redeemed_at_end: [", "swap.redeemed_at_end",
        "", "every note is redeemed at the end", NEEDS, "leave out the senior note",
    ),
    "collateral smaller than the notes": (
        (("initial: 2_654_574_000", "initial: 2_000_000_000"),), "E-D141", "initial: 2_000_000_000",
        "accounts.collateral.initial", "2,000,000,000",
        "collateral of 2,000,000,000 is smaller than the notes of 2,654,574,000 by 654,574,000",
        "what the notes bring in is the collateral", "write initial: 2_654_574_000",
    ),
    "large names of no tranche": (
        (("scenarios:\n", "large_names: {required: {class_aa: 3}}\nscenarios:\n"), ("assumed: [", "assumed: [large_names, ")),
        "E-D101", "class_aa: 3", "large_names.required.class_aa", "class_aa", "'class_aa' is no tranche of the deal", "",
        "did you mean 'class_a'?",
    ),
    "credit event that is not known": (
        ((EVENTS, EVENTS.replace("bankruptcy", "bankrupt")),), "E-D011", "bankrupt:", "swap.credit_events.bankrupt", "",
        "key 'bankrupt' is not known here", "", "did you mean 'bankruptcy'?",
    ),
    "settlement before the event": (
        (("settlement: 1\n", "settlement: -1\n"),), "E-D013", "settlement: -1", "swap.settlement", "-1", "", "", "",
    ),
    "premium on something else": (
        (("on: cover", "on: covered"),), "E-D012", "on: covered", "swap.premium.corporation.on", "covered", "", "", "write",
    ),
    "no swap": (
        ((SWAP_TERMS, ""), NOT_DERIVED, ("assumed: [swap, default_mix, ", "assumed: ["),
         (",\n            swap.deductible.falls: moodys-2012, swap.redeemed_at_end: moodys-2012}", "}")),
        "E-D060", "", "swap", "", "the deal says no swap", NEEDS, "add swap:",
    ),
    "pool that is bought": (
        (("reference: true, by: originator_id,\n     of: [bank-01, bank-02, bank-03, bank-04, bank-05]}", "}"),), "E-D060",
        "institutions:\n", "pools.institutions", "", "its loans stay with the institution", NEEDS, "add reference: true",
    ),
    "account missing": (
        (("  premiums: {}\n", ""), (", earns_into: premiums", "")), "E-D060", "accounts:", "accounts", "",
        "no account is named 'premiums'", NEEDS, "add `premiums: {}`",
    ),
    "account too many": (
        (("  premiums: {}\n", "  premiums: {}\n  reserve: {}\n"),), "E-D060", "reserve: {}", "accounts.reserve", "",
        "no step of the structure uses account 'reserve'", NEEDS, "remove it",
    ),
    "note without a coupon": (
        ((", coupon: {index: TIBOR_3M, margin: 300bp}", ""),), "E-D060", "class_c:    {", "tranches.class_c", "",
        "note 'class_c' has no coupon", NEEDS, "add a coupon",
    ),
    "closing said by the deal as well": (
        (("scenarios:\n", "closing:\n  - settle: {from: bank_01, to: premiums, amount: 1, as: fee}\nscenarios:\n"),
         ("assumed: [", "assumed: [closing, ")), "E-D062", "closing:\n  - settle", "closing", "",
        "structure 'purchase_synthetic' writes closing", "", "keep one of structure: and closing:",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CONTRACTS)
def test_message_about_a_contract(name: str, tmp_path: Path) -> None:
    check(CONTRACTS[name], SPELLED, tmp_path)
    _is_the_only_one(CONTRACTS[name], SPELLED, tmp_path)


@pytest.mark.parametrize("name", POOL_CASES)
def test_message_about_a_sub_pool(name: str, tmp_path: Path) -> None:
    check(POOL_CASES[name], SPELLED, tmp_path)


@pytest.mark.parametrize("name", SWAPS)
def test_message_about_a_swap(name: str, tmp_path: Path) -> None:
    check(SWAPS[name], CLOVER, tmp_path)
    _is_the_only_one(SWAPS[name], CLOVER, tmp_path)


def _is_the_only_one(case: Case, text: str, folder: Path) -> None:
    _, findings = check_deal(edited(folder, *case[0], text=text))
    assert len(findings) == 1, [str(finding) for finding in findings]


def test_the_texts_are_deals(tmp_path: Path) -> None:
    for text in (SPELLED, CLOVER):
        _, findings = check_deal(edited(tmp_path, text=text))
        assert not findings, [str(finding) for finding in findings]


def test_a_swap_that_nothing_reads_is_told(tmp_path: Path) -> None:
    own = ("scenarios:\n", f"{SWAP_TERMS.replace(REDEEMED, '')}scenarios:\n")
    marked = ("waterfall, closing]", "waterfall, closing, swap, default_mix]")
    deal, findings = check_deal(edited(tmp_path, own, marked, text=SPELLED))
    assert deal is not None
    assert [(found.code, found.path) for found in findings] == [("W-D063", "swap"), ("W-D063", "default_mix")]
    assert all("purchase_synthetic" in found.message for found in findings)


# ---- what a run shows


@pytest.mark.parametrize(("rate", "carry"), [("1.8%", ""), ("1.2%", "carry -1,319,012 at zero loss")])
def test_premiums_that_do_not_cover_a_year(rate: str, carry: str, tmp_path: Path) -> None:
    """Deposits earn 0.05 % of 2,654,574,000; notes cost the index of 0.5 % and 0.3 %, 1.5 % and 3 %, the fee 0.05 % of the pool.

    15,200,000 + 11,572,920 + 6,157,480 + 1,570,787 = 34,501,187; 1.2 % of the notes and the deposit are 33,182,175.
    """
    edit = ("corporation: {rate: 1.8%", f"corporation: {{rate: {rate}")
    result = clo.run(load_deal(edited(tmp_path, edit, text=CLOVER)))
    told = [finding for finding in result.findings if finding.code == "W-R214"]
    assert [carry in finding.message for finding in told] == ([True] if carry else []), told


def test_a_gap_between_notes_and_deductibles_is_told(tmp_path: Path) -> None:
    """Deductibles of 5,000 of a pool that the notes leave 487,000,000 of."""
    result = clo.run(load_deal(edited(tmp_path, (SHARE, AMOUNTS), NOT_DERIVED, UNSAID, text=CLOVER)))
    (found,) = [finding for finding in result.findings if finding.code == "W-R220"]
    assert "leave 486,995,000 of the pool that neither bears" in found.message


def test_too_few_large_names_are_told(tmp_path: Path) -> None:
    edits = (("scenarios:\n", "large_names: {recovery: 10%, required: {class_a: 500, class_b: 1}}\nscenarios:\n"),
             ("assumed: [", "assumed: [large_names, "))  # fmt: skip
    result = clo.run(load_deal(edited(tmp_path, *edits, text=CLOVER)))
    (found,) = [finding for finding in result.findings if finding.code == "W-R221"]
    names = int(result.large_names.set_index("tranche")["names"]["class_a"])
    assert f"more than {names} of the largest borrowers default at 10% recovery; the deal requires 500" in found.message
    assert found.path == "large_names.required.class_a"


# ---- what only the loans show


@pytest.mark.parametrize(
    ("edits", "text", "code", "words", "path", "message", "fix"),
    [
        ((("from: sponsor, to: cash, amount: 5", 'from: sponsor, to: cash, amount: "5 - senior.size"'),), SPELLED,
         "E-D139", 'amount: "5', "closing[0].settle.amount", "'5 - senior.size' comes to -8,995, which is no amount",
         "correct the amount"),
        ((("to: cash, amount: 5", 'to: cash, amount: "5 / (pool.initial - pool.initial)"'),), SPELLED,
         "E-D139", 'amount: "5', "closing[0].settle.amount", "comes to nan, which is no amount", "correct the amount"),
        ((("from: sponsor, to: cash, amount: 5", "from: cash, to: sponsor, amount: 5"),), SPELLED,
         "E-D139", "settle: {from: cash, to: sponsor", "closing[0].settle", "5 is settled out of account 'cash', which holds 0",
         "fund the account before"),
        (((SHARE, AMOUNTS.replace("bank_03: 1_000", "bank_03: 500_000_000")), NOT_DERIVED, UNSAID), CLOVER,
         "E-D142", "deductible: {", "swap.deductible",
         "notes of 2,654,574,000 and deductibles of 500,004,000 overlap on a pool of 3,141,574,000 by 13,004,000",
         "reduce the notes or the deductibles"),
        ((("size: 1_900_000_000", "size: 1_900_000_000, issue_price: 101%"),), CLOVER,
         "E-D071", "accounts:", "accounts", "accounts start with 2,654,574,000, and no loans are bought", "raise initial:"),
        (((SHARE, AMOUNTS.replace("bank_03: 1_000", "bank_03: 9_000_000_000")), NOT_DERIVED, UNSAID), CLOVER,
         "E-D140", "bank_03: 9_000_000_000", "swap.deductible.amounts.bank_03",
         "the deductible of 'bank_03', 9,000,000,000, is more than its loans come to", "reduce it"),
    ],
    ids=["negative", "not a number", "more than there is", "overlap", "more than is held", "deductible above the pool"],
)  # fmt: skip
def test_what_is_wrong_once_loans_are_known(
    edits: tuple[tuple[str, str], ...], text: str, code: str, words: str, path: str, message: str, fix: str, tmp_path: Path
) -> None:
    deal = load_deal(edited(tmp_path, *edits, text=text))
    with pytest.raises(DealError) as caught:
        clo.run(deal)
    (found,) = caught.value.findings
    assert (found.code, found.path) == (code, path)
    assert message in found.message
    assert fix in found.fix
    changed = text
    for old, new in edits:
        changed = changed.replace(old, new, 1)
    assert (found.line, found.column) == place(changed, words)
