"""A deal whose sub-pool has criteria: who is left out, and what is said where they cannot be applied."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

import clo
from clo.files.results import save

CRITERIA = """format: clo.criteria/1
criteria:
  - {name: low_rate, that: "current_rate <= 3%"}
  - {name: short, that: "remaining_term <= 60"}
"""


@pytest.fixture
def deal_file(deals: Path, tmp_path: Path) -> Path:
    """purchase-08 with criteria for its first sub-pool, and no published figures that would then not hold."""
    (tmp_path / "tapes").mkdir()
    shutil.copy(deals / "tapes" / "purchase-08.parquet", tmp_path / "tapes")
    text = (deals / "purchase-08.yaml").read_text("utf-8")
    text = text.replace("where: \"originator_id == 'ehime'\"", "where: \"originator_id == 'ehime'\", criteria: pool.yaml")
    text = "\n".join(line for line in text.splitlines() if not line.startswith("figures:"))
    text = text.replace("published: {figures: issuance-000, ", "published: {")
    (tmp_path / "deal.yaml").write_text(text, "utf-8")
    (tmp_path / "pool.yaml").write_text(CRITERIA, "utf-8")
    return tmp_path / "deal.yaml"


def test_loans_that_are_not_eligible_are_left_out_and_listed(deal_file: Path, tmp_path: Path) -> None:
    result = clo.run(clo.load_deal(deal_file))
    kept, out = result.pools["institutions"], result.excluded
    assert isinstance(kept, clo.Loans)
    assert (kept.column("current_rate") <= 0.03).all()
    assert set(out["pool"]) == {"institutions"}
    assert set(out["rule"]) <= {"low_rate", "short"}
    tape = clo.read_tape(deal_file.parent / "tapes" / "purchase-08.parquet").where("originator_id == 'ehime'")
    assert len(kept) + out["loan_id"].nunique() == len(tape)
    (warning,) = [finding for finding in result.findings if finding.code == "W-R122"]
    assert (warning.path, warning.line) == ("pools.institutions.criteria", 14)
    assert f"{out['loan_id'].nunique():,} loans" in warning.message
    (place,) = save(result, tmp_path / "out")
    pd.testing.assert_frame_equal(pd.read_parquet(place / "excluded.parquet"), out, check_dtype=False)


def test_loans_given_by_sub_pool_are_taken_as_they_are(deal_file: Path) -> None:
    deal = clo.load_deal(deal_file)
    tape = clo.read_tape(deal_file.parent / "tapes" / "purchase-08.parquet")
    given = {"institutions": tape.where("originator_id == 'ehime'"), "own": tape.where("originator_id == 'jasme'")}
    assert clo.run(deal, loans=given).excluded.empty


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        (None, "E-R120", "No such file or directory"),
        ("format: clo.criteria/1\ncriteria:\n  - {name: low, that: 'curent_rate < 3%'}\n", "E-L005", "curent_rate"),
    ],
)
def test_criteria_that_cannot_be_applied(deal_file: Path, text: str | None, code: str, message: str) -> None:
    file = deal_file.parent / "pool.yaml"
    file.unlink() if text is None else file.write_text(text, "utf-8")
    with pytest.raises(clo.DealError) as caught:
        clo.run(clo.load_deal(deal_file))
    (finding,) = caught.value.findings
    assert finding.code == code
    assert message in finding.message


def test_criteria_need_the_loans_in_memory(deal_file: Path) -> None:
    stream = clo.scan_tape(deal_file.parent / "tapes" / "purchase-08.parquet", batch=100)
    with pytest.raises(clo.DealError) as caught:
        clo.run(clo.load_deal(deal_file), loans=stream)
    assert [finding.code for finding in caught.value.findings] == ["E-R121"]
