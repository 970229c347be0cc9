"""The loss of a small pool the slow way: every subset of obligors, at every node of a rule of its own."""

from __future__ import annotations

from itertools import pairwise
from math import fsum

import numpy as np
from scipy.special import ndtr, ndtri
from scipy.stats import chi2, norm, t


def market(count: int = 121, reach: float = 9.0) -> list[tuple[float, float]]:
    """Values of a standard normal with their weights."""
    values = np.linspace(-reach, reach, count)
    return list(zip(values, norm.pdf(values) * (values[1] - values[0]), strict=True))


def scales(degrees: float | None) -> list[tuple[float, float]]:
    """Values of sqrt(W / degrees) with their weights, W chi-squared: a rule over log W."""
    if degrees is None:
        return [(1.0, 1.0)]
    logs = np.arange(-80.0, 5.0, 0.2)
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
            for given in ndtr((threshold * scale - np.sqrt(rho) * value) / np.sqrt(1.0 - rho)):
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


def slow_group_losses(exposure, pd, lgd, rho, group, gamma, degrees=None):
    """As slow_losses, where the obligors of a group share a factor: an integral of its own within that over the market."""
    size, group = np.asarray(exposure) * lgd / np.sum(exposure), np.asarray(group)
    rho, gamma = np.broadcast_to(rho, len(size)), np.broadcast_to(gamma, len(size))
    threshold = norm.ppf(pd) if degrees is None else t.ppf(pd, degrees)
    members, shared = [np.flatnonzero(group == each) for each in np.unique(group)], np.array(market())
    losses, probability = np.zeros(1), np.zeros(2 ** len(size))
    for each in np.concatenate(members):
        losses = np.concatenate((losses, losses + size[each]))
    for scale, outer in scales(degrees):
        for value, inner in market():
            chance = np.full(1, outer * inner)
            for of in members:
                both = np.sqrt(rho[of]) * value + np.sqrt(gamma[of]) * shared[:, :1]
                part = shared[:, 1:]
                for default in norm.cdf((threshold[of] * scale - both) / np.sqrt(1.0 - rho[of] - gamma[of])).T:
                    part = np.concatenate((part * (1.0 - default[:, None]), part * default[:, None]), axis=1)
                chance = (part.sum(axis=0)[:, None] * chance).ravel()
            probability += chance
    return losses, probability


def slow_varied_pair(exposure, pd, lgd, rho, spread, share, points):
    """Expected loss of each tranche of two obligors whose recoveries vary: integrals over the market and their own draws."""
    size = np.asarray(exposure) / np.sum(exposure)
    centre, own = ndtri(1.0 - np.asarray(lgd)) * np.sqrt(1.0 + spread**2), spread * np.sqrt(1.0 - share)
    draws = np.array(market(91))
    capped = np.zeros(len(points))
    for value, weight in market(37):
        at = centre + spread * np.sqrt(share) * value
        one, two = ndtr((ndtri(pd) - np.sqrt(rho) * value) / np.sqrt(1.0 - rho))
        first = size[0] * ndtr(-(at[0] + own * draws[:, 0]))
        for k, point in enumerate(points):
            alone = [_capped(each, place, own, np.full(1, point))[0] for each, place in zip(size, at, strict=True)]
            left = _capped(size[1], at[1], own, np.maximum(point - first, 0.0))
            both = (np.minimum(first, point) + left) @ draws[:, 1]
            capped[k] += weight * (one * (1.0 - two) * alone[0] + two * (1.0 - one) * alone[1] + one * two * both)
    return np.diff(capped) / np.diff(points)


def _capped(size, centre, own, points):
    """E min(size N(-(centre + own X)), K) for each K: the integral is split where the loss is K."""
    nodes, weights = np.polynomial.legendre.leggauss(48)
    with np.errstate(divide="ignore"):
        edge = np.clip(-(ndtri(np.minimum(points / size, 1.0)) + centre) / own, -9.0, 9.0)
    half = 0.5 * (9.0 - edge)
    x = edge[:, None] + half[:, None] * (nodes + 1.0)
    beyond = (ndtr(-(centre + own * x)) * np.exp(-0.5 * x * x) / np.sqrt(2.0 * np.pi)) @ weights * half * size
    return np.minimum(points, size) * ndtr(edge) + beyond
