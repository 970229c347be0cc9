"""YAML to paste into a sidecar, as the fix of findings that it mends."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from clo.files.tape.sidecar import Sidecar


def block(key: str, entries: Mapping[str, str], sidecar: Sidecar, tape: str, *, first: bool = True) -> str:
    """`key:` and its entries (name -> YAML); only these where the sidecar has the key, the whole file where there is none.

    first: no other block is offered before this one.
    """
    lines = [f"  {name}: {text}" for name, text in entries.items()]
    if getattr(sidecar, key):
        return "\n".join((f"add to `{key}:` in the sidecar", *lines))
    if sidecar.own_sha256 or not first:
        return "\n".join(("add to the sidecar", f"{key}:", *lines))
    return "\n".join((f"write {Path(tape).name}.map.yaml", f"format: {sidecar.format}", f"{key}:", *lines))


def quoted(text: str) -> str:
    """Any text as a YAML string."""
    return "'" + text.replace("'", "''") + "'"
