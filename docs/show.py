"""Writes the output that README.md and the pages of docs show, after each `<!-- output of: clo ... -->`.

python docs/show.py
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
WRITING = ("run", "reconcile", "termsheet")
"""Commands that write files."""
BLOCK = re.compile(r"(<!-- output of: clo (.+?) -->\n```\n)(.*?)(```)", flags=re.DOTALL)


def output(command: str) -> str:
    """What a command prints to a terminal of 140 columns; its files go to a folder that is thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = shlex.split(command)
        if arguments[0] in WRITING:
            arguments += ["--out", folder]
        environment = os.environ | {"COLUMNS": "140", "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"}
        program = [sys.executable, "-c", f"from clo.cli import main; main({arguments!r})"]
        done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=True, env=environment)
    return "".join(f"{line.rstrip()}\n" for line in done.stdout.strip().splitlines())


def shown(text: str) -> list[tuple[str, str]]:
    """The commands of a page and the output it shows for each."""
    return [(match[2], match[3]) for match in BLOCK.finditer(text)]


if __name__ == "__main__":
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        page.write_text(BLOCK.sub(lambda match: match[1] + output(match[2]) + match[4], text), encoding="utf-8")
