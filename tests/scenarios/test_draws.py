"""Keyed random numbers: the published vectors, and that a number depends on its key alone."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.special import ndtri
from scipy.stats import chi2, kstest

from clo.scenarios import kernel
from clo.scenarios.draws import PlainDraws, keys_of, mixing, uniforms, words
from clo.scenarios.kernel import Stream

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "philox.json").read_text())


@pytest.mark.parametrize("vector", GOLDEN["vectors"], ids=lambda vector: vector["counter"][0])
def test_philox_gives_the_published_vectors(vector: dict[str, list[str]]) -> None:
    given = [np.uint64(int(word, 16)) for word in (*vector["counter"], *vector["key"])]
    assert [int(word) for word in kernel.philox(*given)] == [int(word, 16) for word in vector["output"]]


def test_one_call_serves_four_scenarios() -> None:
    """Scenario s of a key is word s % 4 of the counter (s // 4, stream, key)."""
    keys = keys_of(["firm-1"])
    drawn = words(2**40 + 7, Stream.OWN, keys, 8, 4)[:, 0]
    low, high = int(keys[0]) % 2**32, int(keys[0]) // 2**32
    expected = kernel.philox(*map(np.uint64, (2, 1, low, high, 7, 2**8)))
    assert drawn.tolist() == [int(word) for word in expected]


def test_a_number_depends_on_its_key_alone() -> None:
    names = [f"firm-{n}" for n in range(9)]
    every = words(3, Stream.OWN, keys_of(names), 0, 50)
    some = words(3, Stream.OWN, keys_of([names[7], "new", names[2]]), 13, 20)
    assert (some[:, 0] == every[13:33, 7]).all()
    assert (some[:, 2] == every[13:33, 2]).all()
    for other in (words(4, Stream.OWN, keys_of(names), 0, 50), words(3, Stream.RECOVERY, keys_of(names), 0, 50)):
        assert not (other == every).any()


def test_keys_depend_on_names_alone_and_stay() -> None:
    """Changed keys would change every result."""
    assert [f"{key:016x}" for key in keys_of(["market", "債務者1"]).tolist()] == ["8a67bd83bb51ece0", "cb7a127ea462005f"]


def test_uniforms_are_uniform_and_apart() -> None:
    drawn = uniforms(1, Stream.FACTOR, ("a", "b"), 0, 20_000)
    assert 0.0 < drawn.min() < drawn.max() < 1.0
    assert all(kstest(drawn[:, column], "uniform").pvalue > 1e-3 for column in (0, 1))
    assert abs(np.corrcoef(drawn.T)[0, 1]) < 4.0 / np.sqrt(len(drawn))
    seeds = np.stack([uniforms(seed, Stream.FACTOR, ("a",), 0, 20_000)[:, 0] for seed in (1, 2)])
    assert abs(np.corrcoef(seeds)[0, 1]) < 4.0 / np.sqrt(len(drawn))


def test_the_normal_quantile_is_that_of_scipy() -> None:
    p = (np.arange(0, 2**32, 1_000_003) + 0.5) / 2**32
    p = np.concatenate((p, [0.5 / 2**32, 1.0 - 0.5 / 2**32, 0.075, 0.925]))
    found = np.array([kernel.normal_quantile(each) for each in p])
    assert np.abs(found - ndtri(p)).max() < 1e-14


def test_scenarios_drawn_alone_are_those_of_the_batch() -> None:
    draws = PlainDraws(9, ("market", "industry D"), np.array([[1.0, 0.0], [0.6, 0.8]]), 5.0)
    whole, part = draws(0, 100), draws(37, 3)
    assert (part.factors == whole.factors[37:40]).all()
    assert (part.scale == whole.scale[37:40]).all()


def test_factors_have_their_correlation_and_the_mixing_variable_its_law() -> None:
    draws = PlainDraws(9, ("market", "industry D"), np.array([[1.0, 0.0], [0.6, 0.8]]), 5.0)
    common = draws(0, 20_000)
    assert np.corrcoef(common.factors.T)[0, 1] == pytest.approx(0.6, abs=0.03)
    assert kstest(common.scale**2 * 5.0, chi2(5).cdf).pvalue > 1e-3
    assert (mixing(9, None, 0, 5) == 1.0).all()


def test_many_quantiles_at_once_are_those_of_scipy() -> None:
    """Also where their number is no multiple of the turn of a loop."""
    p = np.concatenate((10.0 ** -np.linspace(0.31, 9.6, 70), 1.0 - 10.0 ** -np.linspace(0.31, 9.6, 70), [0.5, 0.075, 0.925]))
    work = np.zeros((3, len(p) + kernel.TURN))
    work[0, : len(p)] = p
    kernel.normal_quantiles(len(p), work)
    assert np.abs(work[0, : len(p)] - ndtri(p)).max() < 1e-14


def test_nobody_who_defaults_is_passed_over() -> None:
    """What a quantile is not below lies below it for every kind of word, and close where most default."""
    rng = np.random.default_rng(4)
    powers = np.add.outer(2 ** np.arange(1, 33, dtype=np.int64), np.arange(-2, 3)).ravel()
    spread = (2.0 ** rng.uniform(0.0, 32.0, 3_000)).astype(np.int64)
    drawn = np.unique(np.clip(np.concatenate((powers, spread, np.arange(200)), dtype=np.int64), 0, 2**32 - 1)).astype(np.uint32)
    least, room = np.empty((2, len(drawn)), dtype=np.float32)
    kernel.least_quantiles(len(drawn), drawn, room, least)
    above = ndtri((drawn + 0.5) / 2**32) - least
    assert above.min() > 5e-4
    assert above[drawn < 2**31].max() < 0.05
