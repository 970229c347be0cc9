"""The JSON Schema that `clo schema` writes: an editor accepts what the program accepts, and points at what it does not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from clo.deal.terms import Deal

FOLDER = Path(__file__).parents[2] / "deals"
DEALS = sorted(FOLDER.glob("*.yaml"))
PURCHASE_08 = FOLDER / "purchase-08.yaml"
SCHEMA = jsonschema.Draft202012Validator(Deal.model_json_schema(by_alias=True))
STEPS = [
    {"collect": {"from": ["interest", "recovery"], "to": "collections"}},
    {"transfer": {"from": "reserve", "to": "collections", "amount": 1_000, "if": "pool.default > 0"}},
    {"pay": {"fee": ["trustee", "servicer"], "from": "collections"}},
    {"pay": {"interest": "senior", "from": "collections"}},
    {"pay": {"principal": ["senior", "mezzanine"], "how": "pro_rata", "from": "collections", "amount": "1% * pool.initial"}},
    {"pay": {"residual": "subordinated", "from": "collections"}},
]


def as_json(path: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(json.dumps(keyed_by_text(YAML(typ="safe", pure=True).load(path)), default=str))
    return data


def keyed_by_text(value: Any) -> Any:
    """With dates that are keys as text."""
    if isinstance(value, list):
        return [keyed_by_text(each) for each in value]
    return {str(key): keyed_by_text(each) for key, each in value.items()} if isinstance(value, dict) else value


@pytest.mark.parametrize("path", DEALS, ids=lambda path: path.stem)
def test_deal_files_are_valid(path: Path) -> None:
    assert not list(SCHEMA.iter_errors(as_json(path)))


def test_a_waterfall_spelled_out_is_valid() -> None:
    data = {key: value for key, value in as_json(PURCHASE_08).items() if key != "structure"} | {"waterfall": STEPS}
    assert not list(SCHEMA.iter_errors(data))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("rounding",), "up"),
        (("tranches", "senior", "coupon"), "1.6 percent"),
        (("waterfall", 2), {"pai": {"fee": "trustee", "from": "collections"}}),
        (("waterfall", 2), {"pay": {"fees": "trustee", "from": "collections"}}),
        (("waterfall", 2), {"pay": {"fee": "trustee"}}),
        (("feees",), {}),
    ],
)
def test_what_is_wrong_is_refused(path: tuple[str | int, ...], value: Any) -> None:
    data = {key: each for key, each in as_json(PURCHASE_08).items() if key != "structure"} | {"waterfall": list(STEPS)}
    *above, last = path
    place: Any = data
    for key in above:
        place = place[key]
    place[last] = value
    assert list(SCHEMA.iter_errors(data))
