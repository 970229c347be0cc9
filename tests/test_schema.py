"""The registry of the tape: what other stages rely on."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from clo.findings import nearest
from clo.schema import AMORTISATION_TYPES, KEYS, TAPE, WORDS, extra_name, kind_of, required


def test_required_columns():
    keys = {"cutoff_date", "originator_id", "loan_id", "obligor_id", "obligor_type", "asset_type"}
    terms = {"origination_date", "maturity_date", "amortisation_type", "principal_frequency", "interest_frequency", "rate_type"}
    amounts = {"original_balance", "current_balance", "current_rate", "account_status", "days_in_arrears", "arrears_balance"}
    assert set(required()) == keys | terms | amounts
    assert set(KEYS) <= set(required())


def test_levels_stand_in_a_fixed_order():
    kinds = ("equal_principal", "level_payment", "bullet", "schedule", "revolving")
    assert TAPE["amortisation_type"].levels == AMORTISATION_TYPES == kinds
    assert TAPE["account_status"].levels[:5] == ("PERF", "ARRE", "RNAR", "RARR", "DFLT")
    assert TAPE["principal_frequency"].levels == TAPE["interest_frequency"].levels
    assert TAPE["credit_event_status"].levels == ("none", "notified", "determining", "confirmed", "rejected")


@pytest.mark.parametrize("column", TAPE.values(), ids=TAPE)
def test_every_column_is_described(column):
    assert re.fullmatch(r"[a-z][a-z0-9_]*", column.name)
    assert column.meaning
    assert column.label_ja
    assert bool(column.levels) == (column.kind in ("category", "flag"))
    assert re.fullmatch(r"(CRPL\d+)?", column.esma)


def test_codes_of_other_templates_are_unique():
    codes = [column.esma for column in TAPE.values() if column.esma]
    assert len(codes) == len(set(codes))


def test_suggested_words_are_levels():
    for name, words in WORDS.items():
        assert set(words.values()) <= set(TAPE[name].levels)


def test_unknown_columns():
    assert kind_of("x_branch") == "text"
    assert extra_name("branch") == "x_branch"
    assert extra_name("x_branch") == "x_branch"


def test_nearest_name():
    assert nearest("curent_balance", TAPE) == "current_balance"
    assert nearest("zzz", TAPE) is None


def test_registry_does_not_load_pandas():
    code = "import sys, clo.schema; sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
