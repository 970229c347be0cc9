"""The loss of a small pool the slow way: every subset of obligors, at every node of a rule of its own."""

from __future__ import annotations

from itertools import pairwise
from math import fsum

import numpy as np
from scipy.stats import chi2, norm, t


def market(count: int = 121, reach: float = 9.0) -> list[tuple[float, float]]:
    """Values of a standard normal with their weights."""
    values = np.linspace(-reach, reach, count)
    return list(zip(values, norm.pdf(values) * (values[1] - values[0]), strict=True))


def scales(degrees: float | None) -> list[tuple[float, float]]:
    """Values of sqrt(W / degrees) with their weights, W chi-squared: a rule over log W."""
    if degrees is None:
        return [(1.0, 1.0)]
    logs = np.arange(-16.0, 5.0, 0.2)
    weights = chi2.pdf(np.exp(logs), degrees) * np.exp(logs) * 0.2
    return [(float(np.sqrt(np.exp(at) / degrees)), float(each)) for at, each in zip(logs, weights, strict=True) if each > 1e-17]


def slow_losses(exposure, pd, lgd, rho, degrees=None):
    """Every loss (share of the exposure) with its probability, one for each subset of obligors."""
    size = np.asarray(exposure) * lgd / np.sum(exposure)
    rho = np.broadcast_to(rho, len(size))
    threshold = norm.ppf(pd) if degrees is None else t.ppf(pd, degrees)
    losses, probability = np.zeros(1), np.zeros(2 ** len(size))
    for each in size:
        losses = np.concatenate((losses, losses + each))
    for scale, outer in scales(degrees):
        for value, inner in market():
            chance = np.full(1, outer * inner)
            for given in norm.cdf((threshold * scale - np.sqrt(rho) * value) / np.sqrt(1.0 - rho)):
                chance = np.concatenate((chance * (1.0 - given), chance * given))
            probability += chance
    return losses, probability


def slow_tranches(losses, probability, attachments):
    """expected_loss, prob_hit and loss_given_hit of each tranche, summed exactly."""
    rows = []
    for attach, detach in pairwise(attachments):
        lost = np.clip(losses - attach, 0.0, detach - attach) / (detach - attach)
        expected, hit = fsum(lost * probability), fsum(probability[losses > attach + 1e-12])
        rows.append((expected, hit, expected / hit if hit else np.nan))
    return np.array(rows)
