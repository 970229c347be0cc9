"""A deal over a tape read in batches gives what it gives in memory."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import clo
from clo.tape.batches import batches, fingerprints


@pytest.fixture(scope="module")
def stream(deals: Path, tmp_path_factory: pytest.TempPathFactory) -> clo.TapeStream:
    """The tape of purchase-08 in row groups of 50 loans, read 100 at a time."""
    file = tmp_path_factory.mktemp("tape") / "pool.parquet"
    pq.write_table(pa.Table.from_pandas(clo.read_tape(deals / "tapes" / "purchase-08.parquet").frame), file, row_group_size=50)
    return clo.scan_tape(file, batch=100)


def test_batches_are_several(stream: clo.TapeStream) -> None:
    assert len(list(batches(stream))) > 2
    assert len(fingerprints(stream, "originator_id", "loan_id")) == len(stream)


@pytest.mark.parametrize("assumed", [{}, {"arrears": {"lag": 2}, "prepayment_ramp": {"to": "6%", "months": 30}}])
def test_the_same_run_in_batches(deals: Path, stream: clo.TapeStream, assumed: dict[str, object]) -> None:
    deal = clo.load_deal(deals / "purchase-08.yaml")
    at_once, in_batches = clo.run(deal, **assumed), clo.run(deal, loans=stream, **assumed)
    assert in_batches.ok
    pd.testing.assert_frame_equal(in_batches.pool, at_once.pool, rtol=1e-12)
    pd.testing.assert_frame_equal(in_batches.summary, at_once.summary)
    assert list(in_batches.checks["check"]) == list(at_once.checks["check"])


def test_sub_pools_that_share_loans_are_refused(deals: Path, stream: clo.TapeStream) -> None:
    deal = clo.load_deal(deals / "purchase-08.yaml")
    with pytest.raises(clo.DealError) as caught:
        clo.run(deal, loans={"institutions": stream, "own": stream})
    assert "355 loans are in more than one sub-pool" in str(caught.value)
