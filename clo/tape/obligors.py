"""Who is the same borrower: links between obligor ids by corporate number, group and name. Proposed, never merged in silence.

Three kinds of evidence, strongest first: a valid corporate number under several ids, a group_id that joins them, and, if a column
with names is given, a normalised name in one region under one obligor_type. A name whose ids have different corporate
numbers links nothing, and is listed as such.
"""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clo.findings import Finding
from clo.schema import EXTRA_PREFIX
from clo.tape import corporate_numbers
from clo.tape.codes import row_finding
from clo.tape.filters import FilterError
from clo.tape.names import normalised

if TYPE_CHECKING:
    from clo.tape.loans import Loans

Ints = NDArray[np.int64]

MATCHED = "matched:"
"""Begins the group_id of obligors that no group_id joined before; the smallest of their ids follows."""
CODES = {"corporate_number": "W-T110", "name": "W-T111"}


@dataclass(frozen=True, eq=False, repr=False)
class ObligorGroups:
    """Groups of obligors that look like one, as found by `match_obligors`.

    groups: the group of each loan (shape: loans); missing for an obligor that stands alone.
    review: one row a link: group, evidence, value, first, second (obligor ids), first_originators, second_originators, loans and
    balance of the two, share (of the whole group in the pool), linked (False: listed for review only).
    findings: what `review` proposes beyond the tape's own group_id, as warnings.
    """

    groups: pd.Series
    review: pd.DataFrame
    findings: tuple[Finding, ...]

    @property
    def count(self) -> int:
        """Number of groups of two obligors or more."""
        return int(self.groups.nunique())

    def __repr__(self) -> str:
        return f"<ObligorGroups: {self._counted()}>"

    def _counted(self) -> str:
        linked = self.review["linked"]
        aside = int((~linked.astype(bool)).sum())
        return f"{self.count:,} groups, {int(linked.sum()):,} links" + (f", {aside:,} for review only" if aside else "")

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(self._counted())}</p>{self.review.to_html(index=False, max_rows=20)}"


def match_obligors(loans: Loans, name: str | None = None) -> ObligorGroups:
    """Groups of obligors of a pool that look like one.

    name: a column of the tape with names of borrowers, such as `x_obligor_name`; without it, names are not looked at. A million
    loans take a few seconds. Raises FilterError for a column the tape does not have.
    """
    if name is not None and name not in loans.frame.columns:
        loans.column(name)
        raise FilterError(f"the tape has no column {name!r}; names stand in a column {EXTRA_PREFIX}<header>")
    obligor, ids = pd.factorize(loans.frame["obligor_id"], sort=True)
    links = _links(_Pool(loans, np.asarray(obligor, dtype=np.int64), len(ids)), name)
    joined = links[links["linked"].to_numpy(dtype=bool)]
    component = _components(joined, len(ids))
    names = _group_names(loans, obligor, np.asarray(ids, dtype=object), component)
    per_loan = np.concatenate((names, np.array([None], dtype=object)))[obligor]
    groups = pd.Series(per_loan, dtype="str", name="group_id")
    review = _review(loans, links, obligor, np.asarray(ids, dtype=object), component, names)
    return ObligorGroups(groups, review, tuple(_findings(loans, review, groups)))


@dataclass(frozen=True, slots=True)
class _Pool:
    """The loans, and the number of the obligor of each (-1: none)."""

    loans: Loans
    obligor: Ints
    size: int

    def keyed(self, values: pd.Series) -> pd.DataFrame:
        """(obligor, value) of every loan where both are known, each pair once."""
        pairs = pd.DataFrame({"obligor": self.obligor, "value": values.to_numpy()})
        return pairs[(self.obligor >= 0) & values.notna().to_numpy()].drop_duplicates()

    def first_known(self, values: pd.Series) -> Ints:
        """Number of the first known value of each obligor, -1 without one."""
        numbers = np.asarray(pd.factorize(values)[0], dtype=np.int64)
        at = np.flatnonzero((self.obligor >= 0) & (numbers >= 0))[::-1]
        first = np.full(self.size, -1, dtype=np.int64)
        first[self.obligor[at]] = numbers[at]
        return first

    def star(self, pairs: pd.DataFrame, evidence: str) -> pd.DataFrame:
        """A link from the first obligor of each value to each of its others."""
        pairs = pairs.sort_values(["value", "obligor"], kind="stable")
        first = pairs.groupby("value", sort=False)["obligor"].transform("first")
        links = pd.DataFrame({"first": first, "second": pairs["obligor"], "evidence": evidence, "value": pairs["value"]})
        return links[links["first"] != links["second"]].assign(linked=True)


def _links(pool: _Pool, name: str | None) -> pd.DataFrame:
    """Links of every kind of evidence; between the same two obligors, only the strongest."""
    frame = pool.loans.frame
    found = [pd.DataFrame({"first": [], "second": [], "evidence": [], "value": [], "linked": []}).astype({"first": int})]
    numbers: pd.Series = frame.get("corporate_number", pd.Series(None, index=frame.index, dtype="str"))
    numbers = numbers.where(corporate_numbers.valid(numbers))
    found.append(pool.star(pool.keyed(numbers), "corporate_number"))
    if "group_id" in frame.columns:
        found.append(pool.star(pool.keyed(frame["group_id"]), "group_id"))
    if name is not None:
        found.append(_name_links(pool, frame, name, numbers))
    links = pd.concat([part for part in found if len(part)] or found[:1], ignore_index=True)
    links = links.astype({"first": np.int64, "second": np.int64, "linked": bool})
    if "group_id" in frame.columns:
        own = pool.first_known(frame["group_id"])
        first, second = own[links["first"].to_numpy()], own[links["second"].to_numpy()]
        links = links[(links["evidence"] == "group_id") | (first < 0) | (first != second)]  # joined already needs no evidence
    return links.drop_duplicates(["first", "second"], ignore_index=True)


def _name_links(pool: _Pool, frame: pd.DataFrame, name: str, numbers: pd.Series) -> pd.DataFrame:
    """Links by name, region and type, all known; a name over several corporate numbers is listed and not linked."""
    plain = normalised(frame[name])
    key = plain.copy()
    for other in ("region_code", "obligor_type"):
        if other in frame.columns:
            key = key + "|" + frame[other].astype("str")
    links = pool.star(pool.keyed(key), "name")
    of_key = pd.DataFrame({"key": key, "number": numbers})[numbers.notna() & key.notna()]
    several = of_key.groupby("key")["number"].nunique()
    links["linked"] = ~links["value"].isin(several[several > 1].index)
    links["value"] = links["value"].str.partition("|")[0]
    return links


def _components(links: pd.DataFrame, size: int) -> Ints:
    """Component of each obligor."""
    from scipy.sparse import coo_array  # noqa: PLC0415  (heavy: loaded when borrowers are matched)
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415  (heavy: loaded when borrowers are matched)

    first, second = links["first"].to_numpy(), links["second"].to_numpy()
    graph = coo_array((np.ones(len(links), dtype=np.int8), (first, second)), shape=(size, size))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def _group_names(loans: Loans, obligor: Ints, ids: NDArray[Any], component: Ints) -> NDArray[Any]:
    """The group of each obligor, None where it stands alone: the tape's own group_id if it has one, else its smallest id."""
    members = np.bincount(component, minlength=1)
    names = np.full(len(members), None, dtype=object)
    first = np.full(len(members), -1, dtype=np.int64)
    first[component[::-1]] = np.arange(len(component))[::-1]  # ids are sorted, so the first is the smallest
    several = members > 1
    names[several] = np.asarray([MATCHED + str(one) for one in ids[first[several]]], dtype=object)
    if "group_id" in loans.frame.columns:
        own = loans.frame["group_id"]
        at = np.flatnonzero(own.notna().to_numpy() & (obligor >= 0))[::-1]
        names[component[obligor[at]]] = own.iloc[at].to_numpy(dtype=object)
    return names[component]


def _review(
    loans: Loans, links: pd.DataFrame, obligor: Ints, ids: NDArray[Any], component: Ints, names: NDArray[Any]
) -> pd.DataFrame:
    """The links as a person looks at them, largest groups first."""
    balance = np.nan_to_num(loans.column("current_balance"))
    known = obligor >= 0
    of_obligor = np.bincount(obligor[known], weights=balance[known], minlength=len(ids))
    count = np.bincount(obligor[known], minlength=len(ids))
    of_group = np.bincount(component, weights=of_obligor, minlength=1)
    first, second = links["first"].to_numpy(), links["second"].to_numpy()
    banks = _originators(loans, obligor, np.union1d(first, second))
    linked = links["linked"].to_numpy()
    held = np.where(linked, of_group[component[second]], of_obligor[first] + of_obligor[second])
    total = balance.sum()
    review = pd.DataFrame(
        {
            "group": pd.Series(np.where(linked, names[second], None), dtype="str"),
            "evidence": links["evidence"].to_numpy(),
            "value": pd.Series(links["value"].to_numpy(dtype=object), dtype="str"),
            "first": pd.Series(ids[first], dtype="str"),
            "second": pd.Series(ids[second], dtype="str"),
            "first_originators": pd.Series(banks.reindex(first).to_numpy(dtype=object), dtype="str"),
            "second_originators": pd.Series(banks.reindex(second).to_numpy(dtype=object), dtype="str"),
            "loans": count[first] + count[second],
            "balance": of_obligor[first] + of_obligor[second],
            "share": held / total if total > 0 else np.full(len(links), np.nan),
            "linked": linked,
        }
    )
    return review.sort_values(["linked", "share", "first"], ascending=[False, False, True], kind="stable", ignore_index=True)


def _originators(loans: Loans, obligor: Ints, wanted: Ints) -> pd.Series:
    """Originators of some obligors, as text, by number of the obligor."""
    use = np.isin(obligor, wanted)
    pairs = pd.DataFrame({"obligor": obligor[use], "bank": loans.frame["originator_id"][use].to_numpy(dtype=object)})
    return pairs.drop_duplicates().groupby("obligor")["bank"].agg(", ".join)


def _findings(loans: Loans, review: pd.DataFrame, groups: pd.Series) -> list[Finding]:
    """A warning for each kind of evidence that joins what the tape tells apart."""
    found = []
    ids = loans.frame["obligor_id"]
    for evidence, code in CODES.items():
        links = review[review["linked"] & (review["evidence"] == evidence)]
        if links.empty:
            continue
        top = links.iloc[0]
        at = np.flatnonzero(ids.isin(pd.concat([links["first"], links["second"]])).to_numpy())
        word = evidence.replace("_", " ")
        said = (
            f"possible same obligor: {top['first']} and {top['second']} ({word} match), together {top['share']:.1%} of the pool"
        )
        if len(links) > 1:
            said = f"{len(links):,} links between obligors by {word}; the largest joins {top['share']:.1%} of the pool"
        found.append(
            row_finding(
                code, said, field="obligor_id", file=loans.source, rows=loans.file_rows[at],
                who=loans.frame["loan_id"].iloc[at].to_numpy(dtype=object), values=ids.iloc[at].to_numpy(dtype=object),
            )
        )  # fmt: skip
    return found
