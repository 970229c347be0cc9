"""Criteria and limits of a pool from a YAML file, `clo.criteria/1`, every finding with its line."""

from __future__ import annotations

from dataclasses import replace
from os import PathLike
from pathlib import Path

from clo.files.deal_yaml import read_yaml
from clo.tape.codes import finding
from clo.tape.criteria import Criteria, CriteriaError, criteria_from

LARGEST = 1_000_000
"""Bytes; criteria are written by hand."""


def read_criteria(path: str | PathLike[str]) -> Criteria:
    """Eligibility criteria and concentration limits in a file.

    Raises CriteriaError with every finding if they cannot be used; OSError if the file cannot be read.
    """
    file = str(path)
    data = Path(path).read_bytes()
    if len(data) > LARGEST:
        raise CriteriaError([finding("E-L001", f"{len(data):,} bytes; the limit is {LARGEST:,}", file=file)])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise CriteriaError([finding("E-L001", "not UTF-8", file=file, line=line, fix="save the file as UTF-8")]) from None
    read = read_yaml(text, file)
    if read.findings:
        raise CriteriaError(replace(one, code="E-L001", rule="criteria are YAML, in UTF-8") for one in read.findings)
    return criteria_from(read.data, file, read.places)
