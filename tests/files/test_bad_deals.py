"""Every way a deal file goes wrong that this package knows: the message must say file, line, column, path, value, rule and fix.

Each case is Purchase-type No. 8 with words replaced, and names the words that the finding must point at.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from by_hand import PURCHASE_08, edited, refused, the
from typer.testing import CliRunner

import clo
from clo.cli.app import app
from clo.files.deal import check_deal, load_deal
from clo.files.tape.reading import read_tape
from clo.findings import DealError, Finding, InputError
from clo.tape.loans import Loans

TRIGGER = 'when: "pool.cumulative_default > 8% * pool.initial"'
FOURTH = "effect: trap_excess}"
WATERFALL = """waterfall:
  - collect:  {from: [interest, scheduled_principal, prepayment, recovery], to: collections}
  - transfer: {from: reserve, to: collections, amount: "reserve.balance"}
  - pay:      {fee: [trustee, servicer], from: collections}
  - pay:      {interest: [senior, mezzanine], from: collections, if: "not cumulative_default"}
  - pay:      {principal: [senior, mezzanine], from: collections}
  - transfer: {from: collections, to: reserve, amount: "max(0, reserve.target - reserve.balance)"}
  - pay:      {residual: subordinated, from: collections}
"""
SPELLED = PURCHASE_08.replace("structure: purchase_cash            # or `waterfall:` below, spelled out\n", WATERFALL).replace(
    "fees, accounts, triggers", "fees, accounts, triggers, waterfall"
)


def place(text: str, words: str) -> tuple[int, int]:
    """(line, column) of the first occurrence, 1-based."""
    before = text[: text.index(words)]
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def line_of(words: str) -> int:
    return place(PURCHASE_08, words)[0]


# name: (edits, code, words pointed at, path, value, words of the message, of the rule, of the fix)
Edits = tuple[tuple[str, str], ...]
CASES: dict[str, tuple[Edits, str, str, str, str, str, str, str]] = {
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
        "'collections' cannot be paid as a party", "not accounts, the issuer or the obligors", "name who is paid",
    ),
    "a name that is a word of the language": (
        (("  collections: {}", "  collections: {}\n  pool: {}"),), "E-D013", "pool: {}", "accounts.pool", "pool",
        "'pool' cannot be a name in a deal", "", "not a word of the language",
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
        "above the one",
    ),
    "trigger reads itself": (
        ((TRIGGER, 'when: "cumulative_default or pool.default > 5"'),), "E-D106", "when:", "triggers.cumulative_default.when",
        "cumulative_default", "read before it is evaluated", "in order", "above the one",
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
        "known here: coupon, deferrable",
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
        ((TRIGGER, "when: \"pool.default == 'much'\""),), "E-D103", "when:", "triggers.cumulative_default.when",
        "pool.default == 'much'",
        "text stands only in filters", "", "compare with numbers or names",
    ),
    "condition that is a truth": (
        ((TRIGGER, "when: true"),), "E-D013", "when:", "triggers.cumulative_default.when", "True", "True is not an expression",
        "", "an expression",
    ),
}  # fmt: skip

# The same of a deal whose waterfall is spelled out.
SPELLED_CASES: dict[str, tuple[Edits, str, str, str, str, str, str, str]] = {
    "unknown account": (
        (("fee: [trustee, servicer], from: collections", "fee: [trustee, servicer], from: colections"),), "E-D101",
        "pay:      {fee", "waterfall[2].pay",
        "colections", "account 'colections' is not in the deal; did you mean 'collections'?", "", "a known account",
    ),
    "unknown fee": (
        (("[trustee, servicer], from", "[trustee, server], from"), ), "E-D101", "pay:      {fee", "waterfall[2].pay", "server",
        "fee 'server' is not in the deal; did you mean 'servicer'?", "", "a known fee",
    ),
    "unknown tranche": (
        (("interest: [senior, mezzanine]", "interest: [senior, TrancheB]"),), "E-D101", "pay:      {interest",
        "waterfall[3].pay", "TrancheB",
        "tranche 'TrancheB' is not in the deal", "", "a known tranche",
    ),
    "unknown column of the pool": (
        (("prepayment, recovery]", "prepayments, recovery]"),), "E-D101", "collect:", "waterfall[0].collect", "prepayments",
        "did you mean 'prepayment'?", "",
        "a known column of the pool",
    ),
    "unknown sub-pool": (
        (("to: collections}\n", "to: collections, pool: bank}\n"),), "E-D101", "collect:", "waterfall[0].collect", "bank",
        "pool 'bank' is not in the deal", "",
        "a known pool",
    ),
    "unknown name in a condition": (
        (('"not cumulative_default"', '"not cumulative_defaults"'),), "E-D101", "pay:      {interest", "waterfall[3].pay",
        "cumulative_defaults",
        "did you mean 'cumulative_default'?", "", "a name of the deal",
    ),
    "target of an account that has none": (
        (('amount: "reserve.balance"', 'amount: "collections.target"'),), "E-D110", "transfer: {from: reserve",
        "waterfall[1].transfer", "collections",
        "account 'collections' has no target", "", "add target: to accounts.collections",
    ),
    "no residual step": (
        (("  - pay:      {residual: subordinated, from: collections}\n",
        "  - pay:      {principal: subordinated, from: collections}\n"),), "E-D126",
        "collections: {}", "accounts.collections", "", "money never leaves account 'collections'", "",
        "residual: ..., from: collections",
    ),
    "account that is never emptied": (
        (("  - transfer: {from: reserve, to: collections, amount: \"reserve.balance\"}\n", ""),), "E-D126", "reserve: {initial",
        "accounts.reserve", "",
        "money never leaves account 'reserve'", "", "transfer what is left",
    ),
    "column not collected": (
        ((", recovery], to", "], to"),), "E-D123", "waterfall:", "waterfall", "",
        "no step collects recovery of pool 'institutions': the money would never enter", "", "add recovery to a collect step",
    ),
    "column collected twice": (
        (("  - transfer: {from: reserve, to",
        "  - collect: {from: recovery, to: collections, pool: own}\n  - transfer: {from: reserve, to"),), "E-D124",
        "waterfall:", "waterfall", "", "recovery of pool 'own' is collected 2 times", "", "once",
    ),
    "tranche that is never repaid": (
        (("principal: [senior, mezzanine]", "principal: senior"),), "E-D120", "mezzanine:    {", "tranches.mezzanine", "",
        "no step pays principal to tranche 'mezzanine'", "", "principal: mezzanine",
    ),
    "interest that is never paid": (
        (("interest: [senior, mezzanine]", "interest: senior"),), "E-D121", "mezzanine:    {", "tranches.mezzanine", "",
        "no step pays the interest of tranche 'mezzanine'", "", "interest: mezzanine",
    ),
    "fee that is never paid": (
        (("fee: [trustee, servicer]", "fee: trustee"),), "E-D122", "servicer: {", "fees.servicer", "",
        "no step pays fee 'servicer'", "", "fee: servicer",
    ),
    "interest of a residual": (
        (("interest: [senior, mezzanine]", "interest: [senior, mezzanine, subordinated]"),), "E-D108", "pay:      {interest",
        "waterfall[3].pay", "subordinated",
        "tranche 'subordinated' has no coupon", "", "pay it a residual",
    ),
    "residual of two": (
        (("residual: subordinated", "residual: [subordinated, mezzanine]"),), "E-D109", "pay:      {residual",
        "waterfall[6].pay", "subordinated, mezzanine",
        "a residual goes to one tranche", "", "name one tranche",
    ),
    "verb unknown": (
        (("  - pay:      {residual", "  - give: {}\n  - pay:      {residual"),), "E-D013", "give:", "waterfall[6]", "",
        "a step is one verb with its details", "",
        "write - pay: {...}",
    ),
    "step that pays two kinds": (
        (("{residual: subordinated,", "{residual: subordinated, fee: trustee,"),), "E-D013", "pay:      {residual",
        "waterfall[6].pay", "",
        "a pay step pays one of fee, interest, principal, residual", "", "name one",
    ),
    "key misspelt in a step": (
        (("{residual: subordinated, from", "{residual: subordinated, form"),), "E-D011", "form:", "waterfall[6].pay.form", "",
        "key 'form' is not known here", "",
        "did you mean 'from'?",
    ),
}  # fmt: skip


def check(case: tuple[Any, ...], text: str, folder: Path) -> None:
    edits, code, words, path, value, message, rule, fix = case
    file = edited(folder, *edits, text=text)
    findings = refused(file)
    matching = [f for f in findings if f.code == code and f.path == path and message in f.message]
    assert matching, [str(f) for f in findings]
    found = matching[0]
    changed = text
    for old, new in edits:
        changed = changed.replace(old, new, 1)
    assert (found.line, found.column) == (place(changed, words) if words else (None, None)), str(found)
    if value:
        assert found.value == value
    assert rule in found.rule
    assert fix in found.fix
    with pytest.raises(DealError) as caught:
        load_deal(file)
    shown = str(caught.value)
    assert all(part in shown for part in (code, found.where, found.message, found.rule, found.fix))


@pytest.mark.parametrize("name", CASES)
def test_message_says_where_what_why_and_how(name: str, tmp_path: Path) -> None:
    check(CASES[name], PURCHASE_08, tmp_path)


@pytest.mark.parametrize("name", SPELLED_CASES)
def test_message_about_a_waterfall_spelled_out(name: str, tmp_path: Path) -> None:
    check(SPELLED_CASES[name], SPELLED, tmp_path)


def test_the_deals_that_the_cases_change_are_sound(tmp_path: Path) -> None:
    for text in (PURCHASE_08, SPELLED):
        deal, findings = check_deal(edited(tmp_path, text=text))
        assert deal is not None
        assert findings == ()


# ---- text


def test_every_duplicate_key_is_told(tmp_path: Path) -> None:
    path = edited(
        tmp_path,
        ("rounding: down", "rounding: down\nrounding: half_up\ncurrency: USD"),
        ("coupon: 1.6%", "coupon: 1.6%, coupon: 1.7%"),
        ("extends: base, cdr: 5%", "cdr: 5%, extends: base, cdr: 6%"),
    )
    findings = refused(path)
    assert {f.code for f in findings} == {"E-D003"}
    assert [f.path for f in findings] == ["rounding", "currency", "tranches.senior.coupon", "scenarios.stress.cdr"]
    first, second = findings[:2]
    line, currency = place(PURCHASE_08, "rounding:")[0], place(PURCHASE_08, "currency:")[0]
    assert first.message == f"key 'rounding' is given twice, in lines {line} and {line + 1}"
    assert second.message == f"key 'currency' is given twice, in lines {currency} and {line + 2}"
    assert (first.line, second.line, first.column, first.fix) == (line + 1, line + 2, 1, "keep one")


@pytest.mark.parametrize(
    ("raw", "message", "where"),
    [
        (b"", "the file says nothing", (1, None)),
        (b"# nothing here\n\n", "the file says nothing", (1, None)),
        (b"- a\n- b\n", "a deal file is keys and values", (1, 1)),
        (b"just words\n", "a deal file is keys and values", (1, 1)),
        (PURCHASE_08.encode("utf-16"), "the file is UTF-16", (1, 1)),
        (f"# {'公庫' * 9}\n{PURCHASE_08}".encode("utf-16-le"), "the file is UTF-16", (1, 7)),
        ("format: clo.deal/1\n# 公庫".encode("cp932"), "byte 21 is not UTF-8; the file may be CP932 (Windows Japanese)", (2, 3)),
        (b"format: clo.deal/1\nrounding: do\0wn\n", "not readable as YAML: unacceptable character #x0000", (2, 13)),
        (b"\x80abc", "byte 0 is not UTF-8", (1, 1)),
    ],
    ids=["empty", "comment", "list", "words", "utf-16", "utf-16 bare", "cp932", "nul", "bytes"],
)  # fmt: skip
def test_a_file_that_is_no_deal(raw: bytes, message: str, where: tuple[int, int | None], tmp_path: Path) -> None:
    path = tmp_path / "deal.yaml"
    path.write_bytes(raw)
    found = the(refused(path), "E-D001")
    assert message in found.message
    assert (found.line, found.column) == where
    assert found.fix


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    path = tmp_path / "deal.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + PURCHASE_08.replace("\n", "\r\n").encode())
    deal, findings = check_deal(path)
    assert deal is not None
    assert findings == ()


def test_wide_characters_are_welcome_in_text(tmp_path: Path) -> None:
    edits = (
        ("買取型 第8号", "買取型　第８号：仮称，その１"),
        ("document: \"", "document: \"第８号：　"),
        ("holder: corporation", "holder: 公庫　本店，東京，deferrable: false"),
        ("# institutions exclude", "#　公庫を除く： institutions exclude"),
    )  # fmt: skip
    path = edited(tmp_path, *edits[:2], edits[3])
    deal, findings = check_deal(path)
    assert deal is not None, [str(f) for f in findings]
    assert deal.name_ja.endswith("買取型　第８号：仮称，その１")
    assert the(refused(edited(tmp_path, edits[2])), "E-D002").column == place(PURCHASE_08.replace(*edits[2]), "，deferrable")[1]


def test_plain_numbers_that_yaml_reads_in_its_own_way(tmp_path: Path) -> None:
    deal = load_deal(edited(tmp_path, ("size: 11_900_000_000", "size: 1.19e10"), ("size: 180_000_000", "size: 18e7")))
    assert deal.tranches["senior"].size == 11_900_000_000
    assert deal.tranches["mezzanine"].size == 180_000_000


def test_an_alias_that_is_sound_is_read_and_a_bomb_is_not(tmp_path: Path) -> None:
    merged = (("base:   {cdr: 2%", "base:   &base {cdr: 2%"), ("{extends: base, cdr: 5%}", "{<<: *base, cdr: 5%}"))
    deal = load_deal(edited(tmp_path, *merged))
    assert (deal.scenario("stress").cdr, deal.scenario("stress").recovery_lag) == (0.05, 12)
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 7)
    )
    path = tmp_path / "bomb.yaml"
    path.write_text(bomb)
    assert "more than 100,000 values" in refused(path)[0].message


# ---- everything at once


def test_all_problems_of_the_terms_come_together(tmp_path: Path) -> None:
    path = edited(
        tmp_path,
        ("rounding: down\n", ""),
        ("coupon: 1.6%", "coupon: 1.6"),
        ("deferrable: true", "deferable: true"),
        ("frequency: monthly", "frequency: weekly"),
        ("closing: 2007-06-28", "closing: soon"),
        ("cdr: 5%", "cdr: 5"),
        ("currency: JPY", "currency: yen"),
    )
    found = {f.path: f.code for f in refused(path)}
    assert found == {
        "rounding": "E-D010",
        "tranches.senior.coupon": "E-D013",
        "tranches.mezzanine.deferable": "E-D011",
        "payments.frequency": "E-D012",
        "dates.closing": "E-D013",
        "scenarios.stress.cdr": "E-D013",
        "currency": "E-D013",
    }


def test_all_problems_of_meaning_come_together(tmp_path: Path) -> None:
    path = edited(
        tmp_path,
        ("first_payment: 2007-07-17", "first_payment: 2007-07-16"),
        ("size: 180_000_000", "size: rest"),
        ("extends: base", "extends: bsae"),
        ("rounding, pools", "pools"),
        (TRIGGER, 'when: "pool.defaults > 5"'),
        ("senior.balance + mezzanine.balance", "senoir.balance"),
        ("after_payment: 12", "after_payment: 12, scenario: mild"),
    )
    assert sorted(f.code for f in refused(path)) == ["E-D021", "E-D031", "E-D040", "E-D045", "E-D050", "E-D101", "E-D101"]
    with pytest.raises(DealError, match="7 problems"):
        load_deal(path)


# ---- warnings of a deal that can be run


def test_a_trigger_that_changes_nothing_is_told(tmp_path: Path) -> None:
    """Reading it in an assertion does not make it act."""
    idle = (FOURTH + "\n", FOURTH + '\n  idle: {when: "pool.default > 5"}\n')
    asserted = ("senior.balance < senior.size", "senior.balance < senior.size or idle")
    for edits in ((idle,), (idle, asserted)):
        deal, findings = check_deal(edited(tmp_path, *edits, text=SPELLED))
        assert deal is not None
        found = the(findings, "W-D125")
        assert (found.severity, found.path, found.column) == ("warning", "triggers.idle", 3)
        assert found.message == "trigger 'idle' changes nothing: no condition reads it"


def test_an_account_that_no_step_uses_is_told(tmp_path: Path) -> None:
    deal, findings = check_deal(edited(tmp_path, ("  collections: {}", "  collections: {}\n  spare: {}"), text=SPELLED))
    assert deal is not None
    assert the(findings, "W-D127").path == "accounts.spare"


# ---- found when the deal meets its loans


def failing(path: Path, code: str, **options: Any) -> Finding:
    with pytest.raises(InputError) as caught:
        clo.run(load_deal(path), **options)
    found = the(caught.value.findings, code)
    assert found.severity == "error"
    return found


@pytest.fixture(scope="module")
def loans() -> Loans:
    return read_tape(Path(__file__).parents[2] / "deals/tapes/purchase-08.parquet")


def changed(loans: Loans, **columns: Any) -> Loans:
    return Loans.from_frame(loans.frame.assign(**columns), check=False)


def test_tranches_beyond_the_pool(tmp_path: Path) -> None:
    found = failing(edited(tmp_path, ("size: 180_000_000", "size: 1_800_000_000")), "E-D070")
    assert "senior 11,900,000,000 + mezzanine 1,800,000,000 exceed the pool of 13,500,000,000 by 200,000,000" in found.message
    assert (found.path, found.line, found.rule) == ("tranches.subordinated.size", line_of("  subordinated:"), "tranches = pool")


def test_tranches_short_of_the_pool(tmp_path: Path) -> None:
    found = failing(edited(tmp_path, ("size: rest", "size: 1_375_000_000")), "E-D070")
    assert "senior 11,900,000,000 + mezzanine 180,000,000 + subordinated 1,375,000,000 = 13,455,000,000" in found.message
    assert "pool 13,500,000,000: 45,000,000 unallocated" in found.message
    assert found.fix == "let one tranche take `size: rest`"


def test_filter_with_an_unknown_column(tmp_path: Path) -> None:
    found = failing(edited(tmp_path, ("originator_id == 'ehime'", "originator == 'ehime'")), "E-R112")
    assert "no column 'originator' on the tape" in found.message
    assert "did you mean 'originator_id'?" in found.message
    assert (found.path, found.line) == ("pools.institutions.where", line_of("  institutions:"))
    assert found.value == "originator == 'ehime'"


def test_filter_that_is_no_condition(tmp_path: Path) -> None:
    found = failing(edited(tmp_path, ("originator_id == 'ehime'", "originator_id = 'ehime'")), "E-R112")
    assert "cannot read" in found.message


def test_empty_pool(tmp_path: Path) -> None:
    found = failing(edited(tmp_path, ("originator_id == 'ehime'", "originator_id == 'iyo'")), "E-R113")
    assert "pool 'institutions' holds no loans" in found.message
    assert (found.path, found.line) == ("pools.institutions", line_of("  institutions:"))


def test_sub_pools_that_share_loans(tmp_path: Path) -> None:
    found = failing(edited(tmp_path, ("originator_id == 'jasme'", "current_balance > 0")), "E-R116")
    assert found.message.startswith("130 loans are in more than one sub-pool, first ehime ")
    assert found.fix == "make the filters of the sub-pools exclude each other"


def test_tape_of_another_day(tmp_path: Path) -> None:
    path = edited(tmp_path, ("cutoff: 2007-05-31", "cutoff: 2007-04-30"))
    with pytest.raises(DealError) as caught:
        clo.run(load_deal(path))
    assert [f.code for f in caught.value.findings] == ["E-R114", "E-R114"]
    found = caught.value.findings[0]
    assert found.message == "the tape of pool 'institutions' is as of 2007-05-31, the deal's cut-off is 2007-04-30"
    assert (found.path, found.line, found.value) == ("dates.cutoff", line_of("dates:"), "2007-04-30")


def test_tape_in_another_currency(tmp_path: Path) -> None:
    path = edited(tmp_path, ("currency: JPY", "currency: USD"))
    with pytest.raises(DealError) as caught:
        clo.run(load_deal(path))
    assert {f.code for f in caught.value.findings} == {"E-R115"}
    assert "pool 'institutions' holds loans in JPY, the deal is in USD" in caught.value.findings[0].message


def test_loans_by_sub_pool_must_be_all_there(loans: Loans, tmp_path: Path) -> None:
    found = failing(edited(tmp_path), "E-R110", loans={"own": loans.where("originator_id == 'jasme'")})
    assert "no loans are given for pool 'institutions'" in found.message


def test_unknown_scenario_and_bad_overrides(tmp_path: Path) -> None:
    path = edited(tmp_path)
    found = failing(path, "E-R101", scenario="bass")
    assert "scenario 'bass' is not in the deal; did you mean 'base'?" in found.message
    found = failing(path, "E-R102", cdr=5)
    assert (found.field, found.message, found.fix) == ("cdr=", "5 is 500 % a year", "write 5% or 0.05")
    assert found.line is None  # the value is the call's, not the file's
    found = failing(path, "E-R102", cdrr=0.02)
    assert found.field == "cdrr="
    assert found.fix == "did you mean 'cdr'?"
    found = failing(path, "E-R102", recovery_lag=-1)
    assert found.field == "recovery_lag="
    assert "extend" in failing(path, "E-R102", extends="stress").message


def test_monthly_vectors_may_be_arrays(tmp_path: Path) -> None:
    deal = load_deal(edited(tmp_path))
    months = [0.01, 0.02, 0.03]
    listed = clo.run(deal, cdr=months).summary
    for given in (np.array(months), pd.Series(months)):
        pd.testing.assert_frame_equal(clo.run(deal, cdr=given).summary, listed)
    assert clo.run(deal, cdr=np.float64(0.02)).scenario.cdr == 0.02


def test_every_bad_override_at_once(tmp_path: Path) -> None:
    with pytest.raises(DealError) as caught:
        clo.run(load_deal(edited(tmp_path)), cdr="5", cpr=-1, recovery=7)
    assert len(caught.value.findings) == 3


def test_replacing_tape_defaults_asks_for_a_recovery(tmp_path: Path) -> None:
    real = ("stress: {extends: base, cdr: 5%}", "real: {defaults: tape, cpr: 0, recovery: tape, recovery_lag: 0}")
    found = failing(edited(tmp_path, real), "E-R103", scenario="real", cdr=0.02)
    assert "its recovery comes from the tape" in found.message
    assert found.fix == "give recovery= as well"


def test_a_loan_that_matures_after_legal_final_is_told(loans: Loans, tmp_path: Path) -> None:
    due = loans.frame["maturity_date"].copy()
    due.iloc[0] = pd.Timestamp("2019-05-31")
    result = clo.run(load_deal(edited(tmp_path)), loans=changed(loans, maturity_date=due))
    (found,) = [f for f in result.findings if "matur" in f.message]
    assert found.severity == "warning"
    assert found.count == 1


def test_negative_carry_is_told_with_the_amount_a_year(tmp_path: Path) -> None:
    result = clo.run(load_deal(edited(tmp_path, ("coupon: 1.6%", "coupon: 3.2%"))))
    found = the(result.findings, "W-R214")
    loans = [pool.frame for pool in result.pools.values()]
    earned = sum((frame["current_balance"] * frame["current_rate"]).sum() for frame in loans)
    coupons, fees = 11_900_000_000 * 0.032 + 180_000_000 * 0.024, 13_500_000_000 * 0.0055
    assert f"carry {earned - coupons - fees:,.0f} at zero loss" in found.message
    assert earned - coupons - fees < 0
    assert f"coupons {coupons:,.0f} and fees {fees:,.0f}" in found.message


def test_a_vector_shorter_than_the_deal_is_told(tmp_path: Path) -> None:
    result = clo.run(load_deal(edited(tmp_path, ("cdr: 2%", "cdr: [1%, 2%, 3%]"))))
    found = the(result.findings, "W-A010")
    assert found.message == "cdr has 3 months, the horizon 73: its last, 0.03, holds on"


def test_recoveries_after_the_last_date_are_told(tmp_path: Path) -> None:
    result = clo.run(load_deal(edited(tmp_path, ("recovery_lag: 12", "recovery_lag: 48"))))
    lost = float(result.pool_flows.lost_recovery.sum())
    found = the(result.findings, "W-R213")
    assert lost > 1e6
    assert f"recoveries of {lost:,.0f} would come after" in found.message
    assert (found.path, found.line) == ("dates.legal_final", line_of("dates:"))


def test_interest_that_is_not_paid_is_told(tmp_path: Path) -> None:
    result = clo.run(load_deal(edited(tmp_path)), cdr=0.6)
    assert [f.path for f in result.findings if f.code == "W-R212"] == ["tranches.senior"]
    assert result.ok


# ---- a run that is refused writes nothing


@pytest.mark.parametrize(
    "edit",
    [
        ("coupon: 1.6%", "coupon: 1.6"),
        ("size: 180_000_000", "size: 1_800_000_000"),
        ("originator_id == 'ehime'", "originator_id == 'iyo'"),
    ],
    ids=["terms", "sizes", "pool"],
)
def test_a_refused_run_writes_nothing(edit: tuple[str, str], tmp_path: Path) -> None:
    path, out = edited(tmp_path, edit), tmp_path / "out"
    done = CliRunner().invoke(app, ["run", str(path), "--out", str(out)])
    assert done.exit_code != 0
    assert isinstance(done.exception, DealError)
    assert not out.exists()
    assert [entry.name for entry in tmp_path.iterdir()] == ["deal.yaml"]


def test_findings_are_plain_values_for_json(tmp_path: Path) -> None:
    findings = refused(edited(tmp_path, ("coupon: 1.6%", "coupon: 1.6"), ("rounding: down\n", "")))
    shown = json.loads(json.dumps([f.as_dict() for f in findings]))
    said = {(f["path"], f["line"], f["count"], f["severity"]) for f in shown}
    assert said == {("tranches.senior.coupon", line_of("  senior:") - 1, 1, "error"), ("rounding", None, 1, "error")}
