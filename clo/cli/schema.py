"""The work of `clo schema`."""

from __future__ import annotations

import dataclasses

from clo.cli import console
from clo.deal.terms import Deal
from clo.schema import FORMAT, TAPE
from clo.tape.derived import DERIVED


def schema(*, tape: bool) -> int:
    """JSON Schema of `clo.deal/1`, or the columns of `clo.tape/1` and what is derived from them."""
    if tape:
        derived = [{"name": name, "kind": one.kind, "meaning": one.meaning} for name, one in DERIVED.items()]
        columns = [dataclasses.asdict(column) for column in TAPE.values()]
        console.show_json({"format": FORMAT, "columns": columns, "derived": derived})
    else:
        console.show_json(Deal.model_json_schema(by_alias=True))
    return 0
