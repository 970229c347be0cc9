"""What a run leaves on disk: frames as parquet, a manifest, a page. A folder is written whole, then swapped in."""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clo.findings import Finding, InputError

if TYPE_CHECKING:
    from clo.study import Result

FRAMES = ("tranches", "pool", "parties", "ledger", "accounts", "fees", "triggers", "summary", "checks")
MANIFEST, PAGE = "manifest.json", "report.html"
_OURS = frozenset({*(f"{name}.parquet" for name in FRAMES), "realised.parquet", MANIFEST, PAGE})


def save(results: Sequence[Result] | Result, folder: str | Path, page_html: str | None = None) -> list[Path]:
    """Write each run to folder/<deal file's stem>/<scenario>/ and return those folders.

    The page of one run lies in its folder; a page of several scenarios lies above their folders. Nothing that was there
    is touched before everything new is complete; files of others in a run's folder are kept. Raises OSError.
    """
    runs = list(results) if isinstance(results, Sequence) else [results]
    home = Path(folder) / stem(runs[0])
    places = [home / _safe(run.scenario_name) for run in runs]
    if len(set(places)) < len(places):
        raise ValueError(f"scenarios {[run.scenario_name for run in runs]} would share a folder")
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".writing-", dir=home) as scratch:
        made = [Path(scratch) / f"new-{number}" for number in range(len(runs))]
        for run, new, place in zip(runs, made, places, strict=True):
            _write_run(run, new, place, page_html if len(runs) == 1 else None)
        joint = None
        if page_html is not None and len(runs) > 1:
            joint = Path(scratch) / PAGE
            joint.write_text(page_html, encoding="utf-8")
        _swap(list(zip(made, places, strict=True)), Path(scratch))
        if joint is not None:
            joint.replace(home / PAGE)
    return places


def page_of(places: Sequence[Path]) -> Path:
    """Where `save` puts the page of these runs."""
    return places[0] / PAGE if len(places) == 1 else places[0].parent / PAGE


def stem(result: Result) -> str:
    """Name of a deal's folder: its file's, or its own."""
    file = result.deal.origin.file
    return _safe(Path(file).stem if file else result.deal.name)


def _safe(name: str) -> str:
    """A name as one part of a path."""
    return re.sub(r"[^\w.\-]+", "_", name).strip("._") or "_"


def _write_run(run: Result, new: Path, place: Path, page_html: str | None) -> None:
    new.mkdir()
    for name in FRAMES:
        getattr(run, name).to_parquet(new / f"{name}.parquet", index=False)
    if run.realised is not None:
        run.realised.to_parquet(new / "realised.parquet", index=False)
    manifest = {**run.manifest, "ok": run.ok, "rerun": _rerun(run, place)}
    text = json.dumps(plain(manifest), indent=2, ensure_ascii=False, allow_nan=False)
    (new / MANIFEST).write_text(text + "\n", encoding="utf-8")
    if page_html is not None:
        (new / PAGE).write_text(page_html, encoding="utf-8")


def _swap(pairs: Sequence[tuple[Path, Path]], scratch: Path) -> None:
    """Put every new folder in its place, or, if one cannot be, put back what was there."""
    done: list[tuple[Path, Path, Path]] = []
    try:
        for number, (new, place) in enumerate(pairs):
            old = scratch / f"old-{number}"
            done.append((old, new, place))
            if place.exists():
                place.rename(old)
            new.rename(place)
    except BaseException:
        for old, new, place in reversed(done):
            if old.exists() or not new.exists():
                shutil.rmtree(place, ignore_errors=True)
            if old.exists():
                old.rename(place)
        raise
    for old, _, place in done:
        if old.is_dir():
            for entry in old.iterdir():
                if entry.name not in _OURS:
                    entry.rename(place / entry.name)


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A temporary name beside `path` to write to; it takes the place of `path` only if nothing goes wrong."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        temporary.replace(path)
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()


def plain(value: Any) -> Any:
    """Values as JSON has them: NaN is null, dates are ISO text."""
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, (str, int, bool)) else str(value)


# ---- running again --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rerun:
    """What it takes to make a run again: the deal file, its digest, the tapes' digests by sub-pool, scenario, overrides."""

    folder: Path
    deal: Path
    sha256: str
    tapes: dict[str, str]
    scenario: str
    overrides: dict[str, Any]
    versions: dict[str, str]

    def require(self, manifest: Mapping[str, Any]) -> None:
        """Raise InputError unless a new run read the same deal file and the same tapes."""
        findings = []
        if manifest["deal"]["sha256"] != self.sha256:
            findings.append(_changed(self.folder, "deal", str(self.deal)))
        tapes = {name: tape["sha256"] for name, tape in manifest["pools"].items()}
        findings += [
            _changed(self.folder, f"pools.{name}", str(manifest["pools"].get(name, {}).get("source", name)))
            for name in sorted({*tapes, *self.tapes})
            if tapes.get(name) != self.tapes.get(name)
        ]
        if findings:
            raise InputError(findings)


def _rerun(run: Result, place: Path) -> dict[str, Any] | None:
    """The deal file as seen from the run's folder; None where the deal came from no file."""
    file = run.deal.origin.file
    if not file:
        return None
    try:
        relative = Path(os.path.relpath(Path(file).absolute(), place.absolute())).as_posix()
    except ValueError:  # another drive
        relative = Path(file).absolute().as_posix()
    return {"deal": relative}


def read_rerun(folder: str | Path) -> Rerun:
    """From a run's folder. Raises InputError where it cannot be made again, OSError where there is no manifest."""
    place = Path(folder)
    file = place / MANIFEST
    try:
        manifest = json.loads(file.read_text(encoding="utf-8"))
        again = manifest["rerun"]
        tapes = {name: tape["sha256"] for name, tape in manifest["pools"].items()}
        sha256, scenario = manifest["deal"]["sha256"], manifest["scenario"]
        overrides, versions = manifest["overrides"], manifest["versions"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        fix = "name a folder that `clo run` wrote"
        raise InputError(
            [Finding("E-R190", "error", f"this is not the manifest of a run ({error})", "", fix, file=str(file))]
        ) from None
    if again is None or not all(tapes.values()):
        message = "the deal or its loans came from memory, not from files: the run cannot be made again"
        raise InputError(
            [Finding("E-R191", "error", message, "", "render the page in the program that has them", file=str(file))]
        )
    return Rerun(place, place / again["deal"], sha256, tapes, scenario, overrides, versions)


def _changed(folder: Path, path: str, file: str) -> Finding:
    return Finding(
        "E-R192",
        "error",
        f"{file} is not what the run in {folder} read: its SHA-256 differs",
        "a page is made again only from the same inputs",
        "use `clo run` for a new run, or bring back the file",
        file=file,
        path=path,
    )
