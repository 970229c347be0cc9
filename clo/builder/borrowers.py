"""Legal form and size class of borrowers: small firms owe less, and a sole proprietor is a small firm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from clo.builder.profiles import Profile
from clo.builder.streams import Draws, choices, normals

FORMS = ("sole_prop", "corp")
CLASSES = ("MICE", "SMAE", "MEDE", "LARE")
"""From small to large."""
SMALL = 2
"""The first so many classes are those of sole proprietors."""
Words = NDArray[np.str_]


def forms_and_classes(sizes: Draws, forms: Draws, classes: Draws, profile: Profile) -> tuple[Words, Words]:
    """Legal form and size class [count]. sizes: the draws of the balances, with which both are correlated."""
    of_forms, of_classes = profile.obligor_types, profile.enterprise_sizes
    shares = _listed(of_forms.shares, FORMS)
    form = choices(_with(sizes, forms, of_forms.correlation), shares)
    of_all = _listed(of_classes.shares, CLASSES)
    of_sole = np.where(np.arange(len(CLASSES)) < SMALL, of_all, 0.0)
    of_sole = of_sole / of_sole.sum() if of_sole.any() else _listed({"SMAE": 1.0}, CLASSES)
    of_corporations = np.maximum(of_all - shares[0] * of_sole, 0.0)
    of_corporations = of_corporations / of_corporations.sum() if of_corporations.any() else of_all
    score = _with(sizes, classes, of_classes.correlation)
    at = np.where(form == 0, choices(score, of_sole), choices(score, of_corporations))
    return np.array(FORMS)[form], np.array(CLASSES)[at]


def _with(sizes: Draws, own: Draws, correlation: float) -> Draws:
    """Uniform draws whose normal scores are so correlated with those of the balances."""
    return np.asarray(ndtr(correlation * normals(sizes) + np.sqrt(1.0 - correlation**2) * normals(own)))


def _listed(shares: Mapping[Any, float], words: Sequence[str]) -> Draws:
    return np.array([shares.get(word, 0.0) for word in words])
