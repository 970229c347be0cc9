"""Terms of the language of priorities of payments that say nothing, or not what is allowed: one row for each way."""

from __future__ import annotations

from pathlib import Path

import pytest
from bad_deals import Case, check
from by_hand import edited, refused, the
from rich_deal import RICH

from clo.files.deal import check_deal

TIERS = "tiers: [{up_to: 1_000_000_000, rate: 40bp}, {rate: 20bp}]"
STEP_UP = "{when: late, add: 50bp}"
PARTIES = "holders, payees, banks, providers and counterparties are not entries of the deal, the issuer or the obligors"
ONE_SPACE = "share one name space"
FOLLOW = "give up_to: rising from tier to tier, and none in the last"

CASES: dict[str, Case] = {
    # ---- ratings and schedules
    "a rating of another agency": (
        (("AA, 2009", "Aa2, 2009"),), "E-D013", "2007-06-28: Aa2", "counterparties.bank_a.ratings.2007-06-28", "Aa2",
        "'Aa2' is not a rating", "", "write one of AAA, AA+, AA",
    ),
    "a counterparty without ratings": (
        (("{ratings: {2007-06-28: AA, 2009-03-01: BBB+}}", "{ratings: {}}"),), "E-D013", "ratings:",
        "counterparties.bank_a.ratings", "", "the list has too few values", "", "",
    ),
    "a date of a rating that is none": (
        (("2009-03-01: BBB+", "2009-02-30: BBB+"),), "E-D013", "2009-02-30", "counterparties.bank_a.ratings.2009-02-30",
        "2009-02-30", "2009-02-30 is not a date", "", "correct the date",
    ),
    "a schedule of two kinds": (
        (("step: {payments: [3, 2, 1]}", "step: {payments: [3, 2, 1], flow: {2008-07-15: 1}}"),), "E-D013", "step: {payments",
        "schedules.step", "", "a schedule is one of level, flow and payments", "", "give one of level:, flow: (date: number)",
    ),
    "a schedule of no kind": (
        (("step: {payments: [3, 2, 1]}", "step: {}"),), "E-D013", "step: {}", "schedules.step", "",
        "a schedule is one of level, flow and payments", "", "give one of level:",
    ),
    "a schedule of no numbers": (
        (("step: {payments: [3, 2, 1]}", "step: {payments: []}"),), "E-D013", "step: {payments", "schedules.step", "",
        "a schedule is one of level, flow and payments", "", "give one of level:",
    ),
    "a number of a schedule in words": (
        (("{payments: [3, 2, 1]}", "{payments: [3, two, 1]}"),), "E-D013", "two, 1", "schedules.step.payments[1]", "two",
        "'two' is not a number", "", "write a plain number",
    ),
    # ---- coupons
    "a coupon on an index that the deal does not list": (
        (("coupon: {index: TIBOR_3M", "coupon: {index: TIBOR_6M"),), "E-D101", "index: TIBOR_6M", "tranches.senior.coupon.index",
        "index.TIBOR_6M", "name 'index.TIBOR_6M' is not known; did you mean 'index.TIBOR_3M'?", "", "a name of the deal",
    ),
    "a step-up with neither date nor condition": (
        ((STEP_UP, "{add: 50bp}"),), "E-D013", "{add: 50bp}", "tranches.senior.coupon.step_ups[1]", "",
        "a step-up has either a date or a condition", "", "give from: (a date) or when: (a condition)",
    ),
    "a step-up with both": (
        ((STEP_UP, "{when: late, from: 2010-01-15, add: 50bp}"),), "E-D013", "{when: late, from",
        "tranches.senior.coupon.step_ups[1]",
        "", "a step-up has either a date or a condition", "", "give from: (a date) or when: (a condition)",
    ),
    "a step-up in percent": (
        ((STEP_UP, "{when: late, add: 50}"),), "E-D013", "add: 50}", "tranches.senior.coupon.step_ups[1].add", "50",
        "50 is 5000 % a year", "", "write 50% or 0.5",
    ),
    "a step-up by nothing": (
        ((STEP_UP, "{when: late}"),), "E-D010", "{when: late}", "tranches.senior.coupon.step_ups[1].add", "",
        "add is not stated", "required", "add add:",
    ),
    "a condition of a step-up misspelt": (
        ((STEP_UP, "{when: laet, add: 50bp}"),), "E-D101", "{when: laet", "tranches.senior.coupon.step_ups[1]", "laet",
        "name 'laet' is not known; did you mean 'late'?", "", "a name of the deal",
    ),
    "a key of a coupon misspelt": (
        (("{index: TIBOR_3M, margin", "{indx: TIBOR_3M, margin"),), "E-D011", "indx:", "tranches.senior.coupon.indx", "",
        "key 'indx' is not known here", "", "did you mean 'index'?",
    ),
    "a margin in percent": (
        (("margin: 50bp", "margin: 50"),), "E-D013", "margin: 50", "tranches.senior.coupon.margin", "50", "50 is 5000 % a year",
        "",
        "write 50%",
    ),
    "a multiplier in words": (
        (("{index: TIBOR_3M, margin", "{index: TIBOR_3M, multiplier: two, margin"),), "E-D013", "multiplier: two",
        "tranches.senior.coupon.multiplier", "two", "'two' is not a number", "", "write a plain number",
    ),
    "a coupon that sees what accrues later": (
        (("coupon: 2.4%", 'coupon: "trustee.due / 1_000"'),), "E-D112", 'coupon: "trustee', "tranches.mezzanine.coupon",
        "trustee.due",
        "'trustee.due' is read before it accrues", "accounts, tranches, facilities, hedges, fees", "use an opening balance",
    ),
    "principal per note of no denomination": (
        (("    denomination: 100_000_000\n", ""),), "E-D013", "senior:\n", "tranches.senior", "",
        "principal_per_note without a denomination", "", "add denomination:, or remove principal_per_note",
    ),
    "a notional misspelt": (
        (('notional: "senior.balance"}', 'notional: "senior.blance"}'),), "E-D101", 'notional: "senior.blance',
        "tranches.strip.notional",
        "senior.blance", "did you mean 'senior.balance'?", "", "a name of the deal",
    ),
    # ---- fees
    "tiers out of order": (
        ((TIERS, "tiers: [{up_to: 1_000, rate: 4bp}, {up_to: 500, rate: 3bp}, {rate: 2bp}]"),), "E-D013", "servicer: {",
        "fees.servicer", "", "the tiers of the fee do not follow each other", "", FOLLOW,
    ),
    "a last tier that ends": (
        (("{rate: 20bp}]", "{up_to: 2_000_000_000, rate: 20bp}]"),), "E-D013", "servicer: {", "fees.servicer", "",
        "the tiers of the fee do not follow each other", "", FOLLOW,
    ),
    "a first tier that does not": (
        (("{up_to: 1_000_000_000, rate: 40bp}", "{rate: 40bp}"),), "E-D013", "servicer: {", "fees.servicer", "",
        "the tiers of the fee do not follow each other", "", FOLLOW,
    ),
    "a tier without a rate": (
        (("{up_to: 1_000_000_000, rate: 40bp}", "{up_to: 1_000_000_000}"),), "E-D010", "{up_to", "fees.servicer.tiers[0].rate",
        "",
        "rate is not stated", "required", "add rate:",
    ),
    "tiers and an amount": (
        ((", floor: 100_000", ", floor: 100_000, amount: 5"),), "E-D013", "servicer: {", "fees.servicer", "",
        "a fee has either a rate, or tiers, or an amount", "", "give rate: and on:, or tiers: and on:, or amount:",
    ),
    "tiers of nothing": (
        ((", on: pool.opening, floor", ", floor"),), "E-D013", "servicer: {", "fees.servicer", "",
        "the balance that the fee's rate applies to is not stated", "", "add on: pool.opening",
    ),
    "a floor of a fee that only steps charge": (
        (("{payee: lawyer}", "{payee: lawyer, floor: 5}"),), "E-D013", "exit:", "fees.exit", "",
        "on, floor and cap are about a fee that accrues by itself", "", "leave on:, floor: and cap: out",
    ),
    # ---- hedges, facilities, ledgers, accounts
    "a hedge with neither leg": (
        ((', pay: 1.2%, receive: "index.TIBOR_3M + 0"}', "}"),), "E-D013", "swap: {", "hedges.swap", "",
        "a hedge with neither leg", "",
        "give pay:, receive: or both",
    ),
    "a leg in percent": (
        (("pay: 1.2%", "pay: 1.2"),), "E-D013", "pay: 1.2", "hedges.swap.pay", "1.2", "1.2 is 120 % a year", "", "write 1.2%",
    ),
    "a hedge of nothing": (
        (("{notional: senior.balance, counterparty", "{counterparty"),), "E-D010", "swap: {", "hedges.swap.notional", "",
        "notional is not stated", "required", "add notional:",
    ),
    "a leg on an index that the deal does not list": (
        (("index.TIBOR_3M + 0", "index.TIBOR_6M + 0"),), "E-D101", 'receive: "index', "hedges.swap.receive", "index.TIBOR_6M",
        "did you mean 'index.TIBOR_3M'?", "", "a name of the deal",
    ),
    "a facility of nobody": (
        ((", provider: bank_b", ""),), "E-D010", "line: {", "facilities.line.provider", "", "provider is not stated", "required",
        "add provider:",
    ),
    "a limit in words": (
        (('limit: "min(1_000_000_000, senior.balance)"', "limit: large"),), "E-D013", "limit: large", "facilities.line.limit",
        "large",
        "'large' is not an amount of money", "", "180_000_000",
    ),
    "no for replenished": (
        (("provider: bank_b", "provider: bank_b, replenished: no"),), "E-D013", "replenished:", "facilities.line.replenished",
        "no",
        "'no' is not true or false", "", "write true or false",
    ),
    "a limit of a ledger misspelt": (
        (("{limit: mezzanine.balance}", "{limit: mezzanine.balnce}"),), "E-D101", "limit: mezzanine.balnce",
        "ledgers.losses.limit",
        "mezzanine.balnce", "did you mean 'mezzanine.balance'?", "", "a name of the deal",
    ),
    "target, facility limit and ledger limit in a circle": (
        (("{limit: mezzanine.balance}", "{limit: reserve.target}"), ("min(100_000_000, notes.balance)", "line.limit"),
         ("min(1_000_000_000, senior.balance)", "losses.limit + 0")), "E-D107", 'target: "line', "accounts.reserve.target",
         "line",
        "cycle: line.limit -> losses.limit -> reserve.target -> line.limit", "cannot depend on itself", "an opening balance",
    ),
    "earnings into an account that is not there": (
        (("earns_into: reserve", "earns_into: resreve"),), "E-D025", "earns_into: resreve", "accounts.cash.earns_into", "resreve",
        "account 'resreve' is not in the deal", "", "did you mean 'reserve'?",
    ),
    "earnings of an account that earns nothing": (
        (("{earns: 10bp, earns_into: reserve", "{earns_into: reserve"),), "E-D025", "earns_into:", "accounts.cash.earns_into", "",
        "account 'cash' earns nothing", "", "add earns:, or remove earns_into:",
    ),
    # ---- groups
    "a group of a tranche that is not there": (
        (("{tranches: [senior, mezzanine], how", "{tranches: [senior, mezanine], how"),), "E-D025",
        "tranches: [senior, mezanine]",
        "groups.notes.tranches", "mezanine", "tranche 'mezanine' is not in the deal", "", "did you mean 'mezzanine'?",
    ),
    "a group that names a tranche twice": (
        (("{tranches: [senior, mezzanine], how", "{tranches: [senior, mezzanine, senior], how"),), "E-D025",
        "tranches: [senior, mezz",
        "groups.notes.tranches", "senior", "tranche 'senior' is in group 'notes' 2 times", "", "name it once",
    ),
    "a group of a group": (
        (("notes: {tranches: [senior, mezzanine], how: sequential}",
          "notes: {tranches: [senior, mezzanine]}\n  all: {tranches: [notes, junior]}"),), "E-D025", "tranches: [notes",
        "groups.all.tranches", "notes", "tranche 'notes' is not in the deal", "", "",
    ),
    "a group in an order that is none": (
        (("how: sequential}", "how: in_order}"),), "E-D012", "how: in_order", "groups.notes.how", "in_order",
        "'in_order' is not one of 'sequential' or 'pro_rata'", "", "write 'sequential' or 'pro_rata'",
    ),
    # ---- triggers
    "a trigger observed at every none-th payment": (
        (("every: 3", "every: 0"),), "E-D013", "every: 0", "triggers.short.every", "0", "0 is below 1", "", "",
    ),
    "a trigger observed at every half payment": (
        (("every: 3", "every: 1.5"),), "E-D013", "every: 1.5", "triggers.short.every", "1.5", "1.5 is not a whole number", "", "",
    ),
    "a trigger that holds after none": (
        (("after: 2", "after: 0"),), "E-D013", "after: 0", "triggers.late.after", "0", "0 is below 1", "", "",
    ),
    "a date of a trigger that is none": (
        (("from: 2007-10-15", "from: 2007-10-32"),), "E-D013", "2007-10-32", "triggers.short.from", "2007-10-32",
        "2007-10-32 is not a date", "", "correct the date",
    ),
    "a memory of no payment": (
        (("rolling_average(pool.default, 3)", "rolling_average(pool.default, 0)"),), "E-D102", "when: \"rolling",
        "triggers.late.when",
        "", "takes a whole number of payment dates from 1 to 60", "", "expression language",
    ),
    "an average of a balance": (
        (("rolling_average(pool.default, 3)", "rolling_average(pool.balance, 3)"),), "E-D111", "when: \"rolling",
        "triggers.late.when",
        "", "rolling_average() of 'pool.balance', which is not settled once a payment date", "", "take a flow of the pool",
    ),
    # ---- scenarios
    "a trigger forced in another word": (
        (("late: fail", "late: failing"),), "E-D012", "late: failing", "scenarios.forced.force.late", "failing",
        "'failing' is not one of 'pass', 'fail' or 'as_modelled'", "", "write 'pass', 'fail' or 'as_modelled'",
    ),
    "a trigger forced by a truth": (
        (("late: fail", "late: true"),), "E-D012", "late: true", "scenarios.forced.force.late", "True", "True is not one of", "",
        "write 'pass'",
    ),
    "a forced trigger that is not there": (
        (("late: fail", "laet: fail"),), "E-D044", "laet: fail", "scenarios.forced.force.laet", "laet",
        "trigger 'laet' is not in the deal", "", "did you mean 'late'?",
    ),
    "a rated counterparty that is not there": (
        (("force: {late: fail, short: as_modelled}}", "ratings: {bank_b: {2008-01-01: D}}}"),), "E-D044", "bank_b: {2008",
        "scenarios.forced.ratings.bank_b", "bank_b", "counterparty 'bank_b' is not in the deal", "", "did you mean 'bank_a'?",
    ),
    # ---- one name space
    "a facility named like a tranche": (
        (("  line: {limit", "  senior: {limit"),), "E-D020", "senior: {limit", "facilities.senior", "senior",
        "'senior' is the name of entries in tranches and facilities", ONE_SPACE, "rename one of them",
    ),
    "a hedge named like an account": (
        (("  swap: {notional", "  cash: {notional"),), "E-D020", "cash: {notional", "hedges.cash", "cash",
        "'cash' is the name of entries in accounts and hedges", ONE_SPACE, "rename one of them",
    ),
    "a ledger named like an account": (
        (("  losses: {limit", "  reserve: {limit"),), "E-D020", "reserve: {limit", "ledgers.reserve", "reserve",
        "'reserve' is the name of entries in accounts and ledgers", ONE_SPACE, "rename one of them",
    ),
    "a group named like its tranche": (
        (("  notes: {tranches", "  mezzanine: {tranches"),), "E-D020", "mezzanine: {tranches", "groups.mezzanine", "mezzanine",
        "'mezzanine' is the name of entries in tranches and groups", ONE_SPACE, "rename one of them",
    ),
    "a counterparty named like a tranche": (
        (("  bank_a: {ratings", "  junior: {ratings"),), "E-D020", "junior: {ratings", "counterparties.junior", "junior",
        "'junior' is the name of entries in tranches and counterparties", ONE_SPACE, "rename one of them",
    ),
    "a trigger named like a ledger": (
        (("  late:  {when", "  losses:  {when"),), "E-D020", "losses:  {when", "triggers.losses", "losses",
        "'losses' is the name of entries in ledgers and triggers", ONE_SPACE, "rename one of them",
    ),
    # ---- parties
    "a provider named like an account": (
        (("provider: bank_b", "provider: cash"),), "E-D023", "provider: cash", "facilities.line.provider", "cash",
        "'cash' cannot be paid as a party", PARTIES, "name who is paid",
    ),
    "a counterparty of a hedge named like an account": (
        (("counterparty: bank_c", "counterparty: reserve"),), "E-D023", "counterparty: reserve", "hedges.swap.counterparty",
        "reserve",
        "'reserve' cannot be paid as a party", PARTIES, "name who is paid",
    ),
    "a bank that is the issuer": (
        (("bank: trust_bank", "bank: issuer"),), "E-D023", "bank: issuer", "accounts.cash.bank", "issuer",
        "'issuer' cannot be paid as a party", PARTIES, "name who is paid",
    ),
    "a curve of no file": (
        (("{file: jpy.csv, extrapolation: flat}", "{extrapolation: flat}"),), "E-D010", "TIBOR_3M: {", "curves.TIBOR_3M.file", "",
        "file is not stated", "required", "add file:",
    ),
}  # fmt: skip

# Codes are what these are expected to be; messages are not.
UNSEEN: dict[str, tuple[tuple[tuple[str, str], ...], str, str]] = {
    "backing misspelt": ((("pool.initial + reserve.initial", "pool.initial + resreve.initial"),), "E-D101", "backing"),
    "backing that cannot be read": ((("backing: pool.initial + reserve.initial", "backing: pool.initial +"),), "E-D102",
    "backing"),
    "backing that is a condition": ((("backing: pool.initial + reserve.initial", "backing: pool.initial > 5"),), "E-D104",
    "backing"),
    "a group of nobody": ((("{tranches: [senior, mezzanine], how", "{tranches: [], how"),), "E-D013", "groups.notes.tranches"),
    "a scenario that rates a counterparty with nothing": (
        (("force: {late: fail, short: as_modelled}}", "ratings: {bank_a: {}}}"),), "E-D013", "scenarios.forced.ratings.bank_a",
    ),
    "a trigger that ends before it begins": (
        (("from: 2007-10-15}", "from: 2007-10-15, until: 2007-09-15}"),), "E-D013", "triggers.short",
    ),
    "a holder named like a facility": ((("holder: corporation", "holder: line"),), "E-D023", "tranches.junior.holder"),
    "a payee named like a hedge": ((("payee: lawyer", "payee: swap"),), "E-D023", "fees.exit.payee"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_message_says_where_what_why_and_how(name: str, tmp_path: Path) -> None:
    check(CASES[name], RICH, tmp_path)


@pytest.mark.parametrize("name", UNSEEN)
def test_what_must_be_seen(name: str, tmp_path: Path) -> None:
    edits, code, path = UNSEEN[name]
    found = refused(edited(tmp_path, *edits, text=RICH))
    assert (code, path) in {(each.code, each.path) for each in found}
    assert all(each.fix and each.line for each in found)


@pytest.mark.parametrize("name", ["earnings into an account that is not there", "a group of a tranche that is not there"])
def test_one_mistake_is_told_once(name: str, tmp_path: Path) -> None:
    """Nothing else is said of an entry that names what is not there."""
    assert len(refused(edited(tmp_path, *CASES[name][0], text=RICH))) == 1


def test_the_deal_that_the_cases_change_is_sound(tmp_path: Path) -> None:
    deal, findings = check_deal(edited(tmp_path, text=RICH))
    assert deal is not None
    assert findings == ()


@pytest.mark.parametrize(
    ("edit", "path"),
    [
        (("  - debit:   {ledgers: losses, amount: pool.default}\n", ""), "ledgers.losses"),
        ((" - schedule.step", ""), "schedules.step"),
        ((" and bank_a.rating >= 'A-'", ""), "counterparties.bank_a"),
    ],
)
def test_an_entry_that_nobody_asks_for_is_told(edit: tuple[str, str], path: str, tmp_path: Path) -> None:
    deal, findings = check_deal(edited(tmp_path, edit, text=RICH))
    assert deal is not None
    found = the(findings, "W-D136")
    assert (found.severity, found.path, found.column) == ("warning", path, 3)


def test_a_macro_that_is_never_used_is_told(tmp_path: Path) -> None:
    idle = ("macros:\n", "macros:\n  idle: {steps: [{pay: {fee: exit, from: cash}}]}\n")
    deal, findings = check_deal(edited(tmp_path, idle, text=RICH))
    assert deal is not None
    assert the(findings, "W-D136").path == "macros.idle"
