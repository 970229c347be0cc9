"""Steps of the language of priorities of payments that make no sense: verbs, macros, sections, names, what is read too soon."""

from __future__ import annotations

from pathlib import Path

import pytest
from bad_deals import Case, check
from by_hand import edited, refused
from rich_deal import RICH

from clo.files.deal import check_deal

TEST = "  - test:    short"
BUY = "{pool: own, from: cash, amount: 0,"
COVER = '"if(notes.balance > 0, pool.balance/notes.balance, 2)"'
CAPITALISE = '- capitalise: {interest: "{note}", amount: 1_000'
CHARGE = '  - charge:  {fee: exit, amount: 5_000, if: "payment.left == 0"}\n'
RESIDUAL = '  - pay:     {residual: junior, from: cash, if: "not late or payment.left == 0"}\n'
VERBS = "a step is one verb with its details; the verbs are collect, transfer, draw, pay, buy, sell, settle, charge"
WRITE = "write - pay: {...}, - transfer: {...}"
SECTION = "waterfall[11].section"

CASES: dict[str, Case] = {
    # ---- verbs and keys
    "a verb that is none": (
        (("  - credit:  {ledgers", "  - credits: {ledgers"),), "E-D013", "credits: {ledgers", "waterfall[15]", "", VERBS, "",
        WRITE,
    ),
    "a verb that is none, in a section": (
        (("- write_down: {tr", "- writedown: {tr"),), "E-D013", "writedown:", f"{SECTION}.steps[1]", "", VERBS, "", WRITE,
    ),
    "two verbs in one step": (
        ((TEST, "  - {test: short, let: {x: 1}}"),), "E-D013", "{test: short", "waterfall[3]", "", VERBS, "", WRITE,
    ),
    "a verb alone": (
        ((TEST, "  - test"),), "E-D013", "test\n", "waterfall[3]", "test", VERBS, "", WRITE,
    ),
    "a section without a name": (
        (("      name: turbo\n", ""),), "E-D010", "section:\n", f"{SECTION}.name", "", "name is not stated", "required",
        "add name:",
    ),
    "a key of a section misspelt": (
        (("      steps:\n        - pay: {principal", "      step:\n        - pay: {principal"),), "E-D011", "step:\n",
        f"{SECTION}.step", "", "key 'step' is not known here", "", "did you mean 'steps'?",
    ),
    "a key of a step in a section misspelt": (
        ((BUY, "{pool: own, form: cash, amount: 0,"),), "E-D011", "form:", f"{SECTION}.else[1].buy.form", "",
        "key 'form' is not known here", "", "did you mean 'from'?",
    ),
    "an order that is none": (
        (("{principal: notes, from: cash, amount", "{principal: notes, from: cash, how: prorata, amount"),), "E-D012",
        "how: prorata",
        f"{SECTION}.else[0].pay.how", "prorata", "'prorata' is not one of 'sequential' or 'pro_rata'", "", "write 'sequential'",
    ),
    "a price in percent without the sign": (
        ((BUY, BUY + " price: 98,"),), "E-D013", "price: 98", f"{SECTION}.else[1].buy.price", "98",
        "98 is not a price as a share of the amount", "", "write 98% or 0.98",
    ),
    # ---- macros
    "a macro that is not there": (
        (("macro: pay_note", "macro: pay_notes"),), "E-D130", "use:     {macro", "waterfall[9].use", "",
        "macro 'pay_notes' is not in the deal", "", "did you mean 'pay_note'?",
    ),
    "a parameter misspelt": (
        (("{note: senior}", "{nte: senior}"),), "E-D131", "use:     {macro", "waterfall[9].use", "",
        "'pay_note' has no parameter 'nte'", "", "its parameters are note",
    ),
    "a parameter not given": (
        (("{note: senior}", "{}"),), "E-D131", "use:     {macro", "waterfall[9].use", "", "'pay_note' is not given 'note'", "",
        "its parameters are note",
    ),
    "a macro that uses itself": (
        (('      - pay: {interest: "{note}", from: [cash, reserve]}', "      - use: {macro: pay_note, with: {note: senior}}"),),
        "E-D130",
        "use: {macro: pay_note, with: {note: senior}}", "macros.pay_note.steps[0].use", "", "macro 'pay_note' uses itself", "",
        "write its steps out",
    ),
    "a verb of a macro that is none": (
        ((CAPITALISE, CAPITALISE.replace("ise:", "ize:")),), "E-D132", "capitalize:", "macros.pay_note.steps[1]", "",
        f"step: {VERBS}", "", WRITE,
    ),
    "a key of a step of a macro misspelt": (
        ((CAPITALISE, CAPITALISE.replace("amount", "amuont")),), "E-D132", "capitalise:", "macros.pay_note.steps[1]", "",
        "amuont: it is not known here (used by waterfall[9].use)", "", "correct the step",
    ),
    "an argument that is no tranche": (
        (("{note: senior}", "{note: senoir}"),), "E-D101", 'pay: {interest: "{note}"', "macros.pay_note.steps[0].pay", "senoir",
        "tranche 'senoir' is not in the deal; did you mean 'senior'?", "", "a known tranche",
    ),
    "a macro without steps": (
        (('    steps:\n      - pay: {interest: "{note}", from: [cash, reserve]}\n', "    step:\n"),), "E-D011", "step:\n",
        "macros.pay_note.step", "", "key 'step' is not known here", "", "did you mean 'steps'?",
    ),
    "a macro whose name is none": (
        (("  pay_note:", "  pay-note:"),), "E-D013", "pay-note:", "macros.pay-note", "pay-note",
        "'pay-note' cannot be a name in a deal",
        "", "use letters, digits and _",
    ),
    # ---- names
    "a hedge that is a tranche": (
        (("{hedge: swap, from", "{hedge: senior, from"),), "E-D101", "pay:     {hedge", "waterfall[7].pay", "senior",
        "hedge 'senior' is not in the deal; known: swap", "", "a known hedge",
    ),
    "a draw from an account": (
        (("draw:    {from: line", "draw:    {from: reserve"),), "E-D101", "draw:    {from: reserve", "waterfall[4].draw",
        "reserve",
        "facility or hedge 'reserve' is not in the deal; known: line, swap", "", "a known facility or hedge",
    ),
    "a charge of a tranche": (
        (("charge:  {fee: exit", "charge:  {fee: junior"),), "E-D101", "charge:  {fee: junior", "waterfall[16].charge", "junior",
        "fee 'junior' is not in the deal", "", "a known fee",
    ),
    "a debit of an account": (
        (("debit:   {ledgers: losses", "debit:   {ledgers: reserve"),), "E-D101", "debit:   {ledgers: reserve",
        "waterfall[1].debit",
        "reserve", "ledger 'reserve' is not in the deal; known: losses", "", "a known ledger",
    ),
    "a transfer that credits an account": (
        (("credits: losses", "credits: cash"),), "E-D101", "transfer: {from: cash, to: reserve", "waterfall[14].transfer", "cash",
        "ledger 'cash' is not in the deal; known: losses", "", "a known ledger",
    ),
    "a write-down of a fee": (
        (("write_down: {tranches: [junior, mezzanine]", "write_down: {tranches: [junior, trustee]"),), "E-D101", "write_down:",
        f"{SECTION}.steps[1].write_down", "trustee", "tranche 'trustee' is not in the deal", "", "a known tranche",
    ),
    "capitalised interest of a residual": (
        (('capitalise: {interest: "{note}"', "capitalise: {interest: junior"),), "E-D108", "capitalise:",
        "macros.pay_note.steps[1].capitalise", "junior", "tranche 'junior' has no coupon, so no interest", "", "give it a coupon",
    ),
    "loans bought for a pool that is not there": (
        ((BUY, BUY.replace("own", "owm")),), "E-D101", "buy: {pool: owm", f"{SECTION}.else[1].buy", "owm",
        "pool 'owm' is not in the deal; did you mean 'own'?", "", "a known pool",
    ),
    "loans bought for all pools": (
        ((BUY, BUY.replace("own", "pool")),), "E-D101", "buy: {pool: pool", f"{SECTION}.else[1].buy", "pool",
        "pool 'pool' is not in the deal; known: institutions, own", "", "a known pool",
    ),
    "a test of a trigger that is not there": (
        (("test:    short", "test:    [short, shrot]"),), "E-D101", "test:    [short", "waterfall[3].test", "shrot",
        "trigger 'shrot' is not in the deal; did you mean 'short'?", "", "a known trigger",
    ),
    "a trigger that counts, tested twice": (
        (("test:    short", "test:    [short, short]"),), "E-D115", "test:    [short", "waterfall[3].test", "short",
        "is tested twice", "", "test it once on a payment date",
    ),
    # ---- let
    "a value named like a tranche": (
        (("let:     {available", "let:     {senior"),), "E-D114", "senior: cash.balance", "waterfall[2].let.senior", "senior",
        "'senior' is a name of the deal", "", "give it another name",
    ),
    "a value named like a word of the language": (
        (("let:     {available", "let:     {previous"),), "E-D013", "previous: cash.balance", "waterfall[2].let.previous",
        "previous",
        "'previous' cannot be a name in a deal", "", "or of the language",
    ),
    "a value named twice": (
        ((TEST, f"  - let: {{cover: 1}}\n{TEST}"),), "E-D114", "cover: 1}", "waterfall[3].let.cover", "cover",
        "'cover' is computed in waterfall[2].let as well", "", "give it another name",
    ),
    "a value read before it is computed": (
        (("{available: cash.balance +", "{available: cover +"),), "E-D113", "available: cover", "waterfall[2].let.available",
        "cover",
        "'cover' is read before it is computed", "from its step on", "previous(cover)",
    ),
    "a list of values": (
        ((f"let:     {{available: cash.balance + previous(reserve.balance), cover: {COVER}}}", "let:     [1, 2]"),), "E-D013",
        "let:     [1", "waterfall[2].let", "", "[1, 2] is not keys and values", "", "",
    ),
    # ---- what is read too soon, or not kept
    "a trigger read before its test": (
        (("amount: pool.default}", "amount: pool.default, if: short}"),), "E-D106", "debit:   {ledgers", "waterfall[1].debit",
        "short",
        "trigger 'short' is read before it is evaluated", "where a `test` step names them", "previous()",
    ),
    "a target of the payment date before": (
        (("previous(reserve.balance)", "previous(reserve.target)"),), "E-D111", "available: cash.balance",
        "waterfall[2].let.available", "",
        "'reserve.target' is not kept from date to date", "", "with a `let` step first",
    ),
    "a date in quotes that is none": (
        (("payment.date < '2008-01-01'", "payment.date < '2008-13-01'"),), "E-D102", "buy: {pool", f"{SECTION}.else[1].buy", "",
        "'2008-13-01' is not a date; write year, month and day", "", "docs/waterfall.md",
    ),
    "a rating in quotes that is none": (
        ((">= 'A-'", ">= 'A3'"),), "E-D102", "buy: {pool", f"{SECTION}.else[1].buy", "",
        "'A3' is not a rating; there are AAA, AA+", "",
        "docs/waterfall.md",
    ),
    "a number for a condition": (
        (("if: short or late\n", "if: short or 5\n"),), "E-D102", "if: short or 5", f"{SECTION}.if", "short or 5",
        "'or' takes conditions, and is given a number", "", "docs/waterfall.md",
    ),
    "a condition for an amount": (
        (('amount: "0 * pool.default"', 'amount: "pool.default > 5"'),), "E-D104", "write_down:",
        f"{SECTION}.steps[1].write_down",
        "pool.default > 5", "a number stands here, and 'pool.default > 5' is a condition", "", "write if(condition, amount, 0)",
    ),
    # ---- money
    "collection that depends on a condition": (
        (("  - collect: {from: [interest, ", "  - collect: {from: ["),
         ("      steps:\n", "      steps:\n        - collect: {from: interest, to: cash}\n")), "E-D116",
         "collect: {from: interest",
        f"{SECTION}.steps[0].collect", "", "a collect step stands in a section that may not run", "on every payment date",
        "move it out of the section",
    ),
    "a fee that never becomes due": (
        ((CHARGE, ""),), "E-D129", "exit:", "fees.exit", "", "fee 'exit' never becomes due: it has neither a rate nor an amount",
        "",
        "or charge it in a step",
    ),
    "a hedge whose counterparty is never asked": (
        (("  - draw:    {from: swap, to: cash}\n", ""),), "E-D134", "swap: {", "hedges.swap", "",
        "no step draws what the counterparty of hedge 'swap' owes", "", "draw: {from: swap",
    ),
    "a hedge that is never paid": (
        (("  - pay:     {hedge: swap, from: cash}\n", ""),), "E-D134", "swap: {", "hedges.swap", "", "no step pays hedge 'swap'",
        "",
        "pay: {hedge: swap",
    ),
    "a facility that is never repaid": (
        (("  - pay:     {principal: line, from: cash}\n", ""),), "E-D133", "line: {", "facilities.line", "",
        "no step repays facility 'line'", "", "pay: {principal: line",
    ),
    "a facility that is never drawn": (
        (('  - draw:    {from: line, to: cash, amount: "max(0, notes.interest_unpaid - cash.balance)"}\n', ""),), "E-D133",
        "line: {",
        "facilities.line", "", "no step draws on facility 'line'", "", "draw: {from: line",
    ),
    "a commitment fee that is never paid": (
        (("[servicer, trustee, exit, line]", "[servicer, trustee, exit]"),), "E-D133", "line: {", "facilities.line", "",
        "no step pays the commitment fee of facility 'line'", "", "pay: {fee: line",
    ),
    "a step after the residual": (
        ((RESIDUAL, "  - pay:     {residual: junior, from: cash}\n  - pay: {fee: trustee, from: cash}\n"),), "E-D128",
        "pay: {fee: trustee",
        "waterfall[20].pay", "", "step 27 is never reached: step 26 pays everything out of 'cash'", "",
        "move the residual to the end",
    ),
    "interest of a class of interest only": (
        (("  - pay:     {interest: strip, from: cash}\n", ""),), "E-D121", "strip:", "tranches.strip", "",
        "no step pays the interest of tranche 'strip'", "", "pay: {interest: strip",
    ),
    "earnings that never leave": (
        (("earns_into: reserve", "earns_into: spare"), ("  reserve: {initial", "  spare: {}\n  reserve: {initial")), "E-D126",
        "spare: {}",
        "accounts.spare", "", "money never leaves account 'spare'", "", "residual: ..., from: spare",
    ),
}  # fmt: skip

# Codes are what these are expected to be; messages are not.
UNSEEN: dict[str, tuple[tuple[tuple[str, str], ...], str, str]] = {
    "a step that pays nobody": ((("{hedge: swap, from: cash}", "{hedge: [], from: cash}"),), "E-D013", "waterfall[7].pay"),
    "a write-down of nobody, pro rata": (
        (("{tranches: [junior, mezzanine], amount", "{tranches: [], how: pro_rata, amount"),), "E-D013",
        f"{SECTION}.steps[1].write_down",
    ),
    "a step that pays nobody, pro rata": ((("{principal: notes, from: cash}", "{principal: [], from: cash, how: pro_rata}"),),
    "E-D013", SECTION),
    "an account named twice": (
        (("{interest: strip, from: cash}", "{interest: strip, from: [cash, cash]}"),), "E-D117", "waterfall[10].pay",
    ),
    "a step that pays out of nothing": ((("{hedge: swap, from: cash}", "{hedge: swap, from: []}"),), "E-D013",
    "waterfall[7].pay"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_message_says_where_what_why_and_how(name: str, tmp_path: Path) -> None:
    check(CASES[name], RICH, tmp_path)


@pytest.mark.parametrize("name", UNSEEN)
def test_what_must_be_seen(name: str, tmp_path: Path) -> None:
    edits, code, path = UNSEEN[name]
    found = refused(edited(tmp_path, *edits, text=RICH))
    assert any(each.code == code and each.path.startswith(path) for each in found), [str(each) for each in found]


def test_a_number_is_an_argument_of_a_macro_or_is_to_be_put_in_quotes(tmp_path: Path) -> None:
    """`with: {n: 1_000}` says what `with: {n: '1_000'}` says, or the message says how to write it."""
    edits = (
        ("parameters: [note]", "parameters: [note, n]"),
        ("amount: 1_000, if:", 'amount: "{n}", if:'),
        ("{note: senior}, {note: mezzanine}", "{note: senior, n: 1_000}, {note: mezzanine, n: '2_000'}"),
    )
    deal, findings = check_deal(edited(tmp_path, *edits, text=RICH))
    assert deal is not None or "quotes" in findings[0].fix, [str(each) for each in findings]


def test_a_message_about_an_unknown_name_can_be_read(tmp_path: Path) -> None:
    """Where nothing is like it, not every name of the deal is listed."""
    found = refused(edited(tmp_path, ("if: short or late\n", "if: qqqqqq\n"), text=RICH))[0]
    assert found.code == "E-D101"
    assert len(found.message) < 500


def test_every_mistake_of_the_steps_comes_together(tmp_path: Path) -> None:
    names = ("a macro that is not there", "a hedge that is a tranche", "a value named twice", "a trigger read before its test",
             "a number for a condition", "a rating in quotes that is none", "a write-down of a fee")  # fmt: skip
    edits = [edit for name in names for edit in CASES[name][0]]
    found = refused(edited(tmp_path, *edits, text=RICH))
    told = {(each.code, each.message) for each in found}
    for name in names:
        _, code, _, _, _, message, _, _ = CASES[name]
        assert any(code == each and message in said for each, said in told), name
