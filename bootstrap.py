"""Sets everything up and does one job. Needs Python 3.11 or newer with venv and pip, nothing else.

    python3 bootstrap.py run [ARGUMENT ...]     run deals/purchase-08.yaml (or `clo run ARGUMENT ...`)
    python3 bootstrap.py test [ARGUMENT ...]    run the tests (or `pytest ARGUMENT ...`)

The environment is .venv beside this file; it is made once and brought up to date when pyproject.toml changes.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
HOME = ROOT / ".venv"
BIN = HOME / ("Scripts" if os.name == "nt" else "bin")


def prepare(extra: str) -> None:
    """Make .venv and install the project in it, unless that is already done for this pyproject.toml."""
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    stamp = HOME / f".installed-{extra or 'core'}"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    if not (BIN / "python").exists() and not (BIN / "python.exe").exists():
        sys.stderr.write("making .venv ...\n")
        venv.create(HOME, with_pip=True)
    sys.stderr.write("installing clo and what it needs (a minute or two) ...\n")
    target = f"{ROOT}[{extra}]" if extra else str(ROOT)
    subprocess.run([str(BIN / "python"), "-m", "pip", "install", "--quiet", "--editable", target], check=True)
    stamp.write_text(wanted)


def main(arguments: list[str]) -> int:
    if sys.version_info < (3, 11):  # noqa: UP036  (this file is what an old Python meets first)
        sys.stderr.write(f"clo needs Python 3.11 or newer; this is {sys.version.split()[0]}\n")
        return 2
    if not arguments or arguments[0] not in ("run", "test"):
        sys.stderr.write(__doc__ or "")
        return 2
    job, *rest = arguments
    try:
        prepare("dev" if job == "test" else "")
    except (subprocess.CalledProcessError, OSError) as error:
        sys.stderr.write(f"cannot set up .venv: {error}\n")
        return 3
    if job == "run":
        command = [str(BIN / "clo"), "run", *(rest or [str(ROOT / "deals" / "purchase-08.yaml"), "--out", str(ROOT / "out")])]
    else:
        command = [str(BIN / "python"), "-m", "pytest", *rest]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
