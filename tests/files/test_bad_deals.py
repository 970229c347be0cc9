"""Every way a deal file goes wrong that this package knows: the message must say file, line, column, path, value, rule and fix.

Each case is Purchase-type No. 8 with words replaced, and names the words that the finding must point at.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from bad_deals import FOURTH, SPELLED, TRIGGER, Case, check
from by_hand import PURCHASE_08, edited

from clo.files.deal import check_deal

CASES: dict[str, Case] = {
    # ---- 45: names
    "tranche misspelt": (
        ((TRIGGER, 'when: "senoir.balance > 5"'),), "E-D101", "when:", "triggers.cumulative_default.when", "senoir.balance",
        "name 'senoir.balance' is not known; did you mean 'senior.balance'?", "", "a name of the deal",
    ),
    "quantity misspelt": (
        ((TRIGGER, 'when: "pool.cumulative_defaults > 5"'),), "E-D101", "when:", "triggers.cumulative_default.when",
        "pool.cumulative_defaults", "did you mean 'pool.cumulative_default'?", "", "a name of the deal",
    ),
    "name in a target": (
        (("senior.balance + mezzanine.balance", "senior.balance + mezanine.balance"),), "E-D101", "target:",
        "accounts.reserve.target",
        "mezanine.balance", "did you mean 'mezzanine.balance'?", "", "a name of the deal",
    ),
    "name in an assertion": (
        (("senior.balance < senior.size", "senior.balance < senior.sise"),), "E-D101", "that:", "assertions[0].that",
        "senior.sise", "did you mean 'senior.size'?", "", "a name of the deal",
    ),
    "same name in two sections": (
        (("  trustee:  {", "  reserve:  {"),), "E-D020", "reserve:  {", "fees.reserve", "reserve",
        "'reserve' is the name of entries in accounts and fees", "one name space", "rename one of them",
    ),
    "a party with an account's name": (
        (("rate: 5bp,", "rate: 5bp, payee: collections,"),), "E-D023", "payee:", "fees.trustee.payee", "collections",
        "'collections' cannot be paid as a party", "not entries of the deal, the issuer or the obligors", "name who is paid",
    ),
    "a name that is a word of the language": (
        (("  collections: {}", "  collections: {}\n  pool: {}"),), "E-D013", "pool: {}", "accounts.pool", "pool",
        "'pool' cannot be a name in a deal", "", "not a word of Python (such as class) or of the language",
    ),
    "a name that is a number": (
        (("  collections: {}", "  collections: {}\n  7: {}"),), "E-D013", "7: {}", "accounts.7", "7",
        "'7' cannot be a name in a deal", "", "starting with a letter",
    ),
    # ---- 46, 48: cycles and triggers that look ahead
    "target depends on itself": (
        (("senior.balance + mezzanine.balance", "reserve.target"),), "E-D107", "target:", "accounts.reserve.target", "reserve",
        "cycle: reserve.target -> reserve.target", "cannot depend on itself", "an opening balance",
    ),
    "two targets depend on each other": (
        (("senior.balance + mezzanine.balance)\"}", 'other.target)"}\n  other: {target: "reserve.target"}'),), "E-D107",
        "target: \"reserve",
        "accounts.other.target", "reserve", "cycle: reserve.target -> other.target -> reserve.target", "cannot depend on itself",
        "an opening balance",
    ),
    "trigger reads a later one": (
        ((FOURTH, f'{FOURTH}\n  second: {{when: "third", {FOURTH}\n  third: {{when: "cumulative_default", {FOURTH}'),), "E-D106",
        'when: "third"', "triggers.second.when", "third", "trigger 'third' is read before it is evaluated", "in order",
        "put it above what reads it",
    ),
    "trigger reads itself": (
        ((TRIGGER, 'when: "cumulative_default or pool.default > 5"'),), "E-D106", "when:", "triggers.cumulative_default.when",
        "cumulative_default", "read before it is evaluated", "in order", "put it above what reads it",
    ),
    "trigger without an effect": (
        ((f", {FOURTH}", "}"),), "E-D060", "cumulative_default:", "triggers.cumulative_default", "",
        "trigger 'cumulative_default' has no effect", "structure purchase_cash", "add effect: trap_excess",
    ),
    # ---- 49: dates
    "first payment on a holiday": (
        (("first_payment: 2007-07-17", "first_payment: 2007-07-16"),), "E-D050", "first_payment:", "dates.first_payment",
        "2007-07-16",
        "day 15, following, calendar JP gives 2007-07-17", "adjusted dates", "write first_payment: 2007-07-17",
    ),
    "legal final is no payment date": (
        (("legal_final: 2013-07-16", "legal_final: 2013-07-31"),), "E-D050", "legal_final:", "dates.legal_final", "2013-07-31",
        "2013-07-31 is not a payment date", "adjusted dates", "write legal_final: 2013-07-16",
    ),
    "legal final before the first payment": (
        (("legal_final: 2013-07-16", "legal_final: 2007-06-15"), ("closing: 2007-06-28", "closing: 2007-06-01")), "E-D050",
        "legal_final:",
        "dates.legal_final", "2007-06-15", "legal_final 2007-06-15 is not after first_payment 2007-07-17", "cutoff <= closing",
        "in order",
    ),
    "no such day": (
        (("closing: 2007-06-28", "closing: 2007-06-31"),), "E-D013", "2007-06-31", "dates.closing", "2007-06-31",
        "2007-06-31 is not a date", "", "correct the date",
    ),
    "date as a number": (
        (("closing: 2007-06-28", "closing: 20070628"),), "E-D013", "closing:", "dates.closing", "20070628",
        "20070628 is not a date", "", "such as 2007-06-28",
    ),
    "date in words": (
        (("closing: 2007-06-28", "closing: 28 June 2007"),), "E-D013", "closing:", "dates.closing", "28 June 2007",
        "'28 June 2007' is not a date", "", "such as 2007-06-28",
    ),
    # ---- 50: what has no default
    "rounding not stated": (
        (("rounding: down\n", ""),), "E-D010", "", "rounding", "", "rounding is not stated", "required, without a default",
        "choose down (切捨て), half_up or none",
    ),
    "day count not stated": (
        (("day_count: ACT/365F\n", ""),), "E-D010", "", "day_count", "", "day_count is not stated", "without a default",
        "choose ACT/365F",
    ),
    "business-day rule not stated": (
        ((", business_day: following", ""),), "E-D010", "payments:", "payments.business_day", "", "business_day is not stated",
        "without a default", "choose following, modified_following",
    ),
    "calendar not stated": (
        ((", calendar: JP", ""),), "E-D010", "payments:", "payments.calendar", "", "calendar is not stated",
        "without a default", "add calendar:",
    ),
    "format not stated": (
        (("format: clo.deal/1\n", ""),), "E-D010", "", "format", "", "format is not stated", "required", "add format: clo.deal/1",
    ),
    "rounding unknown": (
        (("rounding: down", "rounding: up"),), "E-D012", "rounding:", "rounding", "up",
        "'up' is not one of 'down', 'half_up' or 'none'", "",
        "choose down",
    ),
    "day count unknown": (
        (("day_count: ACT/365F", "day_count: ACT/365"),), "E-D012", "day_count:", "day_count", "ACT/365",
        "'ACT/365' is not one of", "", "ACT/365F",
    ),
    # ---- 52: rates
    "coupon in percent": (
        (("coupon: 1.6%", "coupon: 1.2"),), "E-D013", "coupon: 1.2", "tranches.senior.coupon", "1.2", "1.2 is 120 % a year", "",
        "write 1.2% or 0.012",
    ),
    "decimal comma": (
        (("coupon: 1.6%", 'coupon: "1,2%"'),), "E-D013", "coupon:", "tranches.senior.coupon", "1,2%", "'1,2%' is not a rate",
        "", "write 1.2%",
    ),
    "rate in words": (
        (("coupon: 1.6%", "coupon: about 2"),), "E-D013", "coupon:", "tranches.senior.coupon", "about 2", "is not a rate", "",
        "120bp or 0.012",
    ),
    "rate that is not a number": (
        (("coupon: 1.6%", "coupon: .nan"),), "E-D013", "coupon:", "tranches.senior.coupon", "nan", "nan is not a rate", "",
        "write 1.2%",
    ),
    "full-width percent": (
        (("coupon: 1.6%", "coupon: 1.6％"),), "E-D013", "coupon:", "tranches.senior.coupon", "1.6％", "is not a rate", "",
        "write 1.2%",
    ),
    "cdr in percent": (
        (("cdr: 5%", "cdr: 5"),), "E-D013", "cdr: 5", "scenarios.stress.cdr", "5", "5 is 500 % a year", "", "write 5% or 0.05",
    ),
    "one month of a vector in percent": (
        (("cdr: 5%", "cdr: [1%, 5, 2%]"),), "E-D013", "5, 2%", "scenarios.stress.cdr[1]", "5", "5 is 500 % a year", "",
        "write 5% or 0.05",
    ),
    "recovery in percent": (
        (("recovery: 10%", "recovery: 10"),), "E-D013", "recovery: 10", "scenarios.base.recovery", "10",
        "10 is not a share between 0 and 1", "",
        "write 10% or 0.1",
    ),
    "size in words": (
        (("size: 180_000_000", "size: 180m"),), "E-D013", "size: 180m", "tranches.mezzanine.size", "180m",
        "'180m' is not an amount of money", "",
        "180_000_000",
    ),
    "negative size": (
        (("size: 180_000_000", "size: -180_000_000"),), "E-D013", "size: -180", "tranches.mezzanine.size", "-180000000",
        "is negative", "", "from 0",
    ),
    # ---- 53: YAML
    "full-width colon": (
        (("rounding: down", "rounding：down"),), "E-D002", "：", "", "：", "full-width '：' where YAML needs ':'", "", "type ':'",
    ),
    "full-width space": (
        (("rounding: down", "rounding:　down"),), "E-D002", "　down", "", "　",
        "full-width space (U+3000) where YAML needs a space", "", "type a space",
    ),
    "full-width comma between keys": (
        (("{cutoff: 2007-05-31, closing", "{cutoff: 2007-05-31，closing"),), "E-D002", "，", "", "，",
        "full-width '，' where YAML needs ','", "", "type ','",
    ),
    "full-width comma in a list": (
        (("[dates.cutoff, dates", "[dates.cutoff，dates"),), "E-D002", "，", "", "，", "full-width '，' where YAML needs ','", "",
        "type ','",
    ),
    "tab": (
        (("  collections: {}", "\tcollections: {}"),), "E-D002", "\tcollections", "", "", "a tab in the indentation",
        "with spaces", "use spaces",
    ),
    "no for a truth": (
        (("deferrable: true", "deferrable: no"),), "E-D013", "deferrable:", "tranches.mezzanine.deferrable", "no",
        "'no' is not true or false", "",
        "write true or false",
    ),
    "unclosed quote": (
        (("name: JASME", 'name: "JASME'),), "E-D001", '"JASME', "", "", "the quote that opens here is not closed in its line",
        "", "at this place",
    ),
    "bracket left open": (
        (("12}", "12"),), "E-D001", ": {extends", "", "", "not readable as YAML", "", "correct the text",
    ),
    "tag": (
        (("rounding: down", "rounding: !!python/name:os.system down"),), "E-D001", "!!python", "rounding", "",
        "is not part of a deal file", "",
        "a plain value",
    ),
    "alias of itself": (
        (("accounts:\n", "accounts: &all\n  loop: *all\n"),), "E-D001", "&all", "accounts.loop", "",
        "an alias leads into itself", "", "write the value out",
    ),
    "two documents": (
        (("figures:", "---\nfigures:"),), "E-D001", "---", "", "", "another document", "", "correct the text",
    ),
    # ---- keys, format, structure
    "format of a later version": (
        (("clo.deal/1", "clo.deal/2"),), "E-D004", "format:", "format", "clo.deal/2",
        "format 'clo.deal/2' is not one this version reads", "",
        "the version of clo that the file was written for",
    ),
    "key misspelt at the top": (
        (("rounding: down", "rounding: down\nfee: {}"),), "E-D011", "fee: {}", "fee", "", "key 'fee' is not known here", "",
        "did you mean 'fees'?",
    ),
    "key misspelt in a tranche": (
        (("deferrable: true", "deferable: true"),), "E-D011", "deferable:", "tranches.mezzanine.deferable", "",
        "key 'deferable'", "",
        "did you mean 'deferrable'?",
    ),
    "key misspelt in a scenario": (
        (("recovery_lag: 12", "recovery_lag: 12, recoverylag: 3"),), "E-D011", "recoverylag:", "scenarios.base.recoverylag", "",
        "not known here", "",
        "did you mean 'recovery_lag'?",
    ),
    "key misspelt in an assertion": (
        (("after_payment: 12,", "after_payment: 12, scenaro: base,"),), "E-D011", "scenaro:", "assertions[0].scenaro", "",
        "not known here", "",
        "did you mean 'scenario'?",
    ),
    "key nothing is like": (
        (("deferrable: true", "zzz: true"),), "E-D011", "zzz:", "tranches.mezzanine.zzz", "", "key 'zzz'", "",
        "known here: coupon, day_count, deferrable",
    ),
    "structure and waterfall": (
        (("assertions:", "waterfall:\n  - pay: {residual: subordinated, from: collections}\nassertions:"), ("fees, accounts",
        "waterfall, fees, accounts")),
        "E-D062", "waterfall:\n", "waterfall", "", "writes the waterfall, and the deal spells one out as well", "", "keep one of",
    ),
    "neither structure nor waterfall": (
        (("structure: purchase_cash", "#"),), "E-D061", "", "", "", "nobody would be paid", "", "add structure: purchase_cash",
    ),
    "two take the rest": (
        (("size: 180_000_000", "size: rest"),), "E-D021", "size: rest, holder: corporation", "tranches.subordinated.size", "rest",
        "'subordinated' and 'mezzanine' both take the rest", "", "give all but one a size",
    ),
    "denomination does not divide": (
        (("size: 180_000_000,", "size: 180_000_000, denomination: 7_000_000,"), ("tranches.mezzanine.deferrable",
        "tranches.mezzanine")),
        "E-D022", "denomination:", "tranches.mezzanine.denomination", "7,000,000",
        "size 180,000,000 of 'mezzanine' is not a whole number of", "",
        "change the size or the denomination",
    ),
    "unknown scenario extended": (
        (("extends: base", "extends: bsae"),), "E-D040", "extends:", "scenarios.stress.extends", "bsae",
        "extends 'bsae', which is not there", "",
        "did you mean 'base'?",
    ),
    "scenario that says too little": (
        ((", recovery_lag: 12}", "}"), (", cdr: 5%}", ", cdr: 5%, recovery_lag: 6}")), "E-D042", "base:   {", "scenarios.base",
        "",
        "scenario 'base' does not say recovery_lag", "", "state them",
    ),
    "assertion about a payment that is not": (
        (("after_payment: 12", "after_payment: 99"),), "E-D046", "after_payment:", "assertions[0].after_payment", "",
        "payment 99 does not exist; the deal has 73", "", "use 1 to 73",
    ),
    # ---- marks
    "unmarked value": (
        (("rounding, pools", "pools"),), "E-D031", "rounding:", "rounding", "", "the value carries no mark",
        "published (by a source), derived", "add 'rounding'",
    ),
    "mark of nothing": (
        (("pools, tranches.senior.coupon", "pools, triggers.cumulative, tranches.senior.coupon"),), "E-D030",
        "triggers.cumulative, tranches", "assumed[6]",
        "triggers.cumulative", "is marked assumed but is not in the deal", "published",
        "did you mean 'triggers.cumulative_default'?",
    ),
    "unknown source": (
        (("tranches.mezzanine.size: moodys-2011", "tranches.mezzanine.size: moodys-2010"),), "E-D032",
        "tranches.mezzanine.size: moodys-2010",
        "published.tranches.mezzanine.size", "moodys-2010", "source 'moodys-2010' of 'tranches.mezzanine.size' is not listed",
        "published",
        "did you mean 'moodys-2011'?",
    ),
    "marked twice": (
        (("rounding, pools", "rounding, dates.closing, pools"),), "E-D033", "dates.closing, pools", "assumed[5]", "dates.closing",
        "'dates.closing' is marked 2 times", "published", "mark it once",
    ),
    # ---- expressions
    "expression too long": (
        ((TRIGGER, 'when: "' + "1 + " * 600 + '1 > 0"'),), "E-D102", "when:", "triggers.cumulative_default.when", "",
        "expression of 2,405 characters", "",
        "expression language",
    ),
    "expression too deep": (
        ((TRIGGER, 'when: "' + "-(" * 41 + "pool.default" + ")" * 41 + ' > 0"'),), "E-D102", "when:",
        "triggers.cumulative_default.when", "",
        "nested deeper than 40 levels", "", "expression language",
    ),
    "unknown function": (
        ((TRIGGER, 'when: "abs(pool.default) > 5"'),), "E-D102", "when:", "triggers.cumulative_default.when",
        "abs(pool.default) > 5",
        "unknown function 'abs'", "", "expression language",
    ),
    "chained comparison": (
        ((TRIGGER, 'when: "0 < pool.default < 5"'),), "E-D102", "when:", "triggers.cumulative_default.when",
        "0 < pool.default < 5",
        "write one comparison at a time, joined by `and`", "", "expression language",
    ),
    "division by nothing": (
        ((TRIGGER, 'when: "pool.default / 0 > 5"'),), "E-D102", "when:", "triggers.cumulative_default.when",
        "pool.default / 0 > 5", "divides by zero", "",
        "expression language",
    ),
    "text in a condition": (
        ((TRIGGER, "when: \"pool.default == 'much'\""),), "E-D102", "when:", "triggers.cumulative_default.when",
        "pool.default == 'much'",
        "text in quotes is compared with payment.date, payment.start or the rating of a counterparty", "", "expression language",
    ),
    "condition that is a truth": (
        ((TRIGGER, "when: true"),), "E-D013", "when:", "triggers.cumulative_default.when", "True", "True is not an expression",
        "", "an expression",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_message_says_where_what_why_and_how(name: str, tmp_path: Path) -> None:
    check(CASES[name], PURCHASE_08, tmp_path)


def test_the_deals_that_the_cases_change_are_sound(tmp_path: Path) -> None:
    for text in (PURCHASE_08, SPELLED):
        deal, findings = check_deal(edited(tmp_path, text=text))
        assert deal is not None
        assert findings == ()
