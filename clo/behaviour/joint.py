"""Who defaults together: the assumptions of the correlated simulation, which a deal states under `simulation:`.

docs/simulation.md says what each field means.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from clo.behaviour.defaults import TermStructure
from clo.quantities import AssetCorrelation, Degrees, FactorCorrelation, Number, Share, Terms, Word


class Loadings(Terms):
    """Shares of the variance of an asset value: of the market, of the obligor's industry, of its region. The rest is its own."""

    market: Share = 0.0
    industry: Share = 0.0
    region: Share = 0.0

    @model_validator(mode="after")
    def _something_of_its_own(self) -> Loadings:
        total = self.market + self.industry + self.region
        if total >= 1.0:
            said, fix = f"the shares add up to {total:.6g}", "leave a share of the variance to the obligor itself"
            raise PydanticCustomError("loadings", "{said}", {"said": said, "fix": fix})
        return self


def _loading(value: Any) -> str:
    if isinstance(value, CorrelationBy) or (isinstance(value, Mapping) and "by" in value):
        return "CorrelationBy"
    return "Loadings" if isinstance(value, Mapping | Loadings) else "Correlation"


Loading = Annotated[
    Annotated[AssetCorrelation, Tag("Correlation")] | Annotated[Loadings, Tag("Loadings")], Discriminator(_loading)
]
"""A correlation that the market alone makes, or the share of each factor."""


class CorrelationBy(Terms):
    """Correlations by the words of a column, such as enterprise_size; other: for words not named."""

    by: str
    classes: Annotated[dict[Word, Loading], Field(min_length=1)]
    other: Loading | None = None

    def loadings_of(self, word: str) -> Loadings | None:
        """What an obligor of the word bears; None where it has nothing."""
        found = self.classes.get(word, self.other)
        return None if found is None else loadings(found)


def loadings(loading: float | Loadings) -> Loadings:
    """A plain correlation is the market's."""
    return loading if isinstance(loading, Loadings) else Loadings(market=loading)


AnyCorrelation = Annotated[
    Annotated[AssetCorrelation, Tag("Correlation")]
    | Annotated[Loadings, Tag("Loadings")]
    | Annotated[CorrelationBy, Tag("CorrelationBy")],
    Discriminator(_loading),
]


class Recovery(Terms):
    """Recovery that varies: a normal variable of standard deviation `spread` through the normal distribution, around its mean.

    market: share of the variance of that variable that is the market's, so that recoveries are low when many default.
    Source: Andersen and Sidenius (2004), Extensions to the Gaussian copula: random recovery and random factor loadings.
    """

    spread: Annotated[Number, Field(ge=0, le=10)]
    market: Share = 0.0


def _of_pd(value: Any) -> str:
    return "TermStructure" if isinstance(value, Mapping | TermStructure) else "Word" if value == "tape" else "Share"


def _of_lgd(value: Any) -> str:
    return "Word" if value == "tape" else "Share"


AnyPd = Annotated[
    Annotated[Share, Tag("Share")] | Annotated[Literal["tape"], Tag("Word")] | Annotated[TermStructure, Tag("TermStructure")],
    Discriminator(_of_pd),
]
AnyLgd = Annotated[Annotated[Share, Tag("Share")] | Annotated[Literal["tape"], Tag("Word")], Discriminator(_of_lgd)]


def _correlation_matrices(between: dict[str, dict[str, dict[str, float]]]) -> dict[str, dict[str, dict[str, float]]]:
    said = [each for kind, pairs in between.items() for each in _no_matrix(kind, pairs)]
    if said:
        fix = "name each pair of two once, and lower their correlations until the matrix is positive definite"
        raise PydanticCustomError("between", "{said}", {"said": "; ".join(said), "fix": fix})
    return between


def _no_matrix(kind: str, pairs: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    named = [frozenset((word, other)) for word, row in pairs.items() for other in row]
    if len(set(named)) < len(named) or any(len(pair) == 1 for pair in named):
        yield f"a pair of {kind} factors is named twice, or a factor with itself"
        return
    words, matrix = factor_matrix(pairs)
    least = float(np.linalg.eigvalsh(matrix).min(initial=1.0))
    if least <= SMALLEST:
        said = f"the correlation matrix of the {kind} factors {', '.join(words)} is not positive definite"
        yield f"{said}: its least eigenvalue is {least:.4g}"


Pairs = dict[Word, dict[Word, FactorCorrelation]]
Between = Annotated[dict[Literal["industry", "region"], Pairs], AfterValidator(_correlation_matrices)]


class JointDefaults(Terms):
    """Assumptions of the correlated simulation.

    pd: probability of default within a year, for ever; the tape's pd_1y; or curves by a column. correlation: of asset values.
    between: correlations of the factors of industries, or of regions, by pairs; those not named are independent. degrees: of a
    Student-t copula; without, Gaussian. lgd: loss given default, or the tape's. recovery: how it varies; without, it does not.
    group_by: whose loans default together.
    """

    pd: AnyPd
    correlation: AnyCorrelation
    lgd: AnyLgd
    between: Between | None = None
    degrees: Degrees | None = None
    recovery: Recovery | None = None
    group_by: Literal["obligor_id", "group_id"] = "obligor_id"

    @model_validator(mode="after")
    def _factors_that_somebody_answers_to(self) -> JointDefaults:
        by = self.correlation
        given = [*by.classes.values(), by.other] if isinstance(by, CorrelationBy) else [by]
        shares = [loadings(each) for each in given if each is not None]
        for kind in self.between or ():
            if not any(getattr(each, kind) for each in shares):
                said = f"between gives correlations of {kind} factors, and correlation has no share of the {kind}"
                fix = f"write correlation: {{market: 8%, {kind}: 4%}}, or leave {kind} out of between:"
                raise PydanticCustomError("between", "{said}", {"said": said, "fix": fix})
        return self


SMALLEST = 1e-10
"""The least eigenvalue of a correlation matrix of factors."""


def factor_matrix(pairs: Mapping[str, Mapping[str, float]]) -> tuple[tuple[str, ...], np.ndarray[Any, np.dtype[np.float64]]]:
    """The words that pairs name, and the correlations of their factors [f, f]; a pair may be given either way round."""
    words = tuple(dict.fromkeys([*pairs, *(other for row in pairs.values() for other in row)]))
    matrix = np.eye(len(words))
    for word, row in pairs.items():
        for other, value in row.items():
            at = words.index(word), words.index(other)
            matrix[at] = matrix[at[::-1]] = value
    return words, matrix
