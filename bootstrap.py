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


def python_of_environment() -> str:
    """The interpreter of .venv, made anew where there is none or where making it was interrupted."""
    python = BIN / ("python.exe" if os.name == "nt" else "python")
    if not python.exists() or subprocess.run([str(python), "-c", "import sys"], check=False).returncode:
        sys.stderr.write("making .venv ...\n")
        venv.create(HOME, clear=True, with_pip=False)  # some systems ship venv without the pip it would copy
    return str(python)


def prepare(extra: str) -> None:
    """Install the project in .venv, unless that is already done for this pyproject.toml."""
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    stamp = HOME / f".installed-{extra or 'core'}"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    python = python_of_environment()
    sys.stderr.write("installing clo and what it needs (a minute or two) ...\n")
    target = f"{ROOT}[{extra}]" if extra else str(ROOT)
    pip = [sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--quiet", "--retries", "5", "--editable", target], check=True)
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
    if job == "test":
        return subprocess.run([str(BIN / "python"), "-m", "pytest", *rest], cwd=ROOT, check=False).returncode
    if not any(argument.endswith((".yaml", ".yml")) for argument in rest):
        rest = [str(ROOT / "deals" / "purchase-08.yaml"), *rest]
    return subprocess.run([str(BIN / "clo"), "run", *rest], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
