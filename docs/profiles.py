"""The tables of docs/pools.md: every distribution of every profile with where it comes from.

python docs/profiles.py     writes them into the page
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from clo.builder.profiles import DISTRIBUTIONS, Profile, profiles
from clo.builder.programmes import USUAL

PAGE = Path(__file__).with_name("pools.md")
MADE = re.compile(r"(<!-- profiles -->\n)(.*?)(<!-- end -->)", re.S)
SHARES = {"shares", "pd", "by_class", "home", "neighbours", "base", "per_year", "margin", "heaped"}
"""Values that are written in percent."""
NOTHING = (("heaped", 0.0), ("correlation", 0.0))
"""Values that say that something is not there."""


def tables() -> str:
    """What no profile says otherwise, then each profile."""
    lines = ["### All profiles, unless they say otherwise", "", *_table(next(iter(profiles().values())), tuple(USUAL))]
    for name, profile in profiles().items():
        own = [kind for kind in DISTRIBUTIONS if kind not in USUAL or not _usual(profile, kind)]
        lines += ["", f"### `{name}`", "", f"{profile.says[0].upper()}{profile.says[1:]}; asset type {profile.asset_type}.", ""]
        lines += _table(profile, own)
    return "\n".join((*lines, ""))


def _usual(profile: Profile, kind: str) -> bool:
    terms = getattr(profile, kind)
    return bool(terms == type(terms).model_validate(USUAL[kind]))


def _table(profile: Profile, kinds: Any) -> Iterator[str]:
    yield "| distribution | values | where it comes from |"
    yield "|---|---|---|"
    for kind in kinds:
        terms = getattr(profile, kind)
        if kind in USUAL and kinds == tuple(USUAL):
            terms = type(terms).model_validate(USUAL[kind])
        values = {
            key: value
            for key, value in terms.model_dump().items()
            if key != "source" and value not in ((), {}) and (key, value) not in NOTHING
        }
        yield f"| `{kind}` | {'; '.join(_said(key, value) for key, value in values.items())} | {terms.source} |"


def _said(key: str, value: Any) -> str:
    if isinstance(value, Mapping):
        listed = ", ".join(f"{name} {_number(key, one)}" for name, one in value.items())
        return listed if key == "shares" else f"{key} {listed}"
    if isinstance(value, tuple):
        return f"{key} {', '.join(_number(key, one) for one in value)}"
    return f"{key} {value if isinstance(value, str) else _number(key, value)}"


def _number(key: str, value: float) -> str:
    return f"{100 * value:.5g}%" if key in SHARES else f"{value:,.10g}"


if __name__ == "__main__":
    PAGE.write_text(MADE.sub(lambda match: match[1] + tables() + match[3], PAGE.read_text(encoding="utf-8")), encoding="utf-8")
