"""Criteria and limits of a pool from a YAML file, `clo.criteria/1`, every finding with its line."""

from __future__ import annotations

from dataclasses import replace
from os import PathLike
from pathlib import Path

from clo.files.deal_yaml import BY_HAND, read_yaml_bytes
from clo.tape.criteria import Criteria, CriteriaError, criteria_from


def read_criteria(path: str | PathLike[str]) -> Criteria:
    """Eligibility criteria and concentration limits in a file.

    Raises CriteriaError with every finding if they cannot be used; OSError if the file cannot be read.
    """
    file = str(path)
    read = read_yaml_bytes(Path(path).read_bytes(), file, BY_HAND)
    if read.findings:
        raise CriteriaError(replace(one, code="E-L001", rule="criteria are YAML, in UTF-8") for one in read.findings)
    return criteria_from(read.data, file, read.places)
