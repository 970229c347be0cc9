"""What a run leaves on disk: frames as parquet, a manifest, a page. A folder is written whole, then swapped in."""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clo.findings import Finding, InputError

if TYPE_CHECKING:
    from clo.deal.terms import Deal
    from clo.study import Result

FRAMES = (
    "tranches", "pool", "parties", "ledger", "bookings", "accounts", "fees", "facilities", "hedges", "ledgers", "triggers",
    "values", "summary", "checks", "party_totals", "losses_by_party", "sub_pools", "losses_by_sub_pool",
)  # fmt: skip
MANIFEST, PAGE, TERM_SHEET = "manifest.json", "report.html", "termsheet.html"
AT_TIMES = ("realised", "states", "excluded", "swaps", "large_names")
"""Frames that a run has only where there is something to tell."""
_OURS = frozenset({*(f"{name}.parquet" for name in (*FRAMES, *AT_TIMES)), MANIFEST, PAGE})


def save(results: Sequence[Result] | Result, folder: str | Path, page_html: str | None = None) -> list[Path]:
    """Write each run to folder/<deal file's stem>/<scenario>/ and return those folders.

    The page of one run lies in its folder; a page of several scenarios lies above their folders. Nothing that was there
    is touched before everything new is complete; files of others in a run's folder are kept. Raises OSError.
    """
    runs = list(results) if isinstance(results, Sequence) else [results]
    home = Path(folder) / folder_name(runs[0].deal.origin.file, runs[0].deal.name)
    places = [home / safe(run.scenario_name) for run in runs]
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
        swap(list(zip(made, places, strict=True)), Path(scratch), _OURS)
        if joint is not None:
            joint.replace(home / PAGE)
    return places


def page_of(places: Sequence[Path]) -> Path:
    """Where `save` puts the page of these runs."""
    return places[0] / PAGE if len(places) == 1 else places[0].parent / PAGE


def folder_name(file: str, name: str = "") -> str:
    """Name of a deal's folder: its file's, or, where it came from none, its own."""
    return safe(Path(file).stem if file else name)


def safe(name: str) -> str:
    """A name as one part of a path."""
    return re.sub(r"[^\w.\-]+", "_", name).strip("._") or "_"


def _write_run(run: Result, new: Path, place: Path, page_html: str | None) -> None:
    new.mkdir()
    for name in FRAMES:
        getattr(run, name).to_parquet(new / f"{name}.parquet", index=False)
    for name in AT_TIMES:
        frame = getattr(run, name)
        if frame is not None and len(frame):
            frame.to_parquet(new / f"{name}.parquet", index=False)
    again = None if "replayed" in run.manifest else rerun_of(run.deal, place)
    write_manifest({**run.manifest, "ok": run.ok, "rerun": again}, new)
    if page_html is not None:
        (new / PAGE).write_text(page_html, encoding="utf-8")


def write_manifest(manifest: Mapping[str, Any], folder: Path) -> None:
    text = json.dumps(plain(manifest), indent=2, ensure_ascii=False, allow_nan=False)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def swap(pairs: Sequence[tuple[Path, Path]], scratch: Path, ours: Collection[str]) -> None:
    """Put every new folder in its place, or, if one cannot be, put back what was there. Files that are not `ours` are kept."""
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
                if entry.name not in ours:
                    entry.rename(place / entry.name)


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A temporary name beside `path` to write to; it takes the place of `path` only if nothing goes wrong.

    An OSError names `path`: nobody knows the temporary one.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        yield temporary
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        temporary.replace(path)
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror or str(error), str(path)) from error
    finally:
        if temporary is not None:
            with suppress(FileNotFoundError):
                temporary.unlink()


def write_text(path: Path, text: str) -> None:
    """Write a text whole or not at all. Raises OSError."""
    with whole(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def plain(value: Any) -> Any:
    """Values as JSON has them: NaN is null, dates are ISO text, without a time where it is midnight."""
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    if isinstance(value, datetime):  # pandas' Timestamp and NaT are such
        return _day(value)
    if hasattr(value, "tolist"):
        dates = hasattr(value, "dtype") and value.dtype.kind == "M"
        return plain((value.astype("datetime64[us]") if dates else value).tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, (str, int, bool)) else str(value)


def _day(value: datetime) -> str | None:
    if value != value:  # noqa: PLR0124  (NaT)
        return None
    return value.date().isoformat() if value.time() == time() else value.isoformat()


# ---- running again --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rerun:
    """What it takes to make a run again: the deal file, its digest, what was read of each sub-pool, scenario, overrides."""

    folder: Path
    deal: Path
    sha256: str
    pools: dict[str, dict[str, Any]]
    scenario: str
    overrides: dict[str, Any]
    versions: dict[str, str]

    def require(self, manifest: Mapping[str, Any]) -> None:
        """Raise InputError unless a new run read the same deal file, tapes and sidecars, and found the same loans in them."""
        findings = []
        if manifest["deal"]["sha256"] != self.sha256:
            findings.append(self._changed("deal", str(self.deal), "its SHA-256 differs"))
        now = plain(manifest["pools"])
        for name in sorted({*now, *self.pools}):
            differs = _difference(self.pools.get(name), now.get(name))
            if differs:
                source = str((now.get(name) or self.pools[name]).get("source", name))
                findings.append(self._changed(f"pools.{name}", source, differs))
        if findings:
            raise InputError(findings)

    def _changed(self, path: str, file: str, differs: str) -> Finding:
        file = os.path.normpath(file)
        return Finding(
            "E-R192",
            "error",
            f"{file} is not what the run in {os.path.normpath(self.folder)} read: {differs}",
            "a page is made again only from the same inputs",
            "use `clo run` for a new run, or bring back the file",
            file=file,
            path=path,
        )


def _difference(before: Mapping[str, Any] | None, now: Mapping[str, Any] | None) -> str:
    """What of a sub-pool is not as it was; empty where nothing is."""
    if before is None or now is None:
        return "the sub-pool is new" if before is None else "the sub-pool is gone"
    said = ["its SHA-256 differs"] if before["sha256"] != now["sha256"] else []
    # A manifest of before sidecars were noted has no such key: then nothing is known of it.
    old, new = before.get("sidecar_sha256"), now.get("sidecar_sha256", "")
    if old is not None and old != new:
        said.append("its sidecar is gone" if not new else "its sidecar is new" if not old else "its sidecar's SHA-256 differs")
    for key, word in (("loans", "number of loans"), ("balance", "balance")):
        if key in before and key in now and before[key] != now[key]:
            said.append(f"its {word} is {now[key]:,}, and was {before[key]:,}")
    return ", ".join(said)


def rerun_of(deal: Deal, place: Path) -> dict[str, Any] | None:
    """The deal file as seen from the folder of a run; None where the deal came from no file."""
    file = deal.origin.file
    if not file:
        return None
    try:
        relative = Path(os.path.relpath(Path(file).absolute(), place.absolute())).as_posix()
    except ValueError:  # another drive
        relative = Path(file).absolute().as_posix()
    return {"deal": relative}


def is_simulation(folder: Path) -> bool:
    """Whether a folder has the manifest of a simulation: one that draws scenarios from a seed."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (ValueError, OSError):
        return False
    return isinstance(manifest, dict) and "seed" in manifest


def read_rerun(folder: str | Path) -> Rerun:
    """From a run's folder. Raises InputError where it cannot be made again, OSError where there is no manifest."""
    place = Path(folder)
    file = place / MANIFEST
    try:
        manifest = json.loads(file.read_text(encoding="utf-8"))
        again = manifest["rerun"]
        pools = {str(name): dict(pool) for name, pool in manifest["pools"].items()}
        digests = [pool["sha256"] for pool in pools.values()]
        sha256, scenario = manifest["deal"]["sha256"], manifest["scenario"]
        overrides, versions = manifest["overrides"], manifest["versions"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        fix = "name a folder that `clo run` wrote"
        raise InputError(
            [Finding("E-R190", "error", f"this is not the manifest of a run ({error})", "", fix, file=str(file))]
        ) from None
    if again is None or not all(digests):
        message = "the deal or its loans came from memory, not from files: the run cannot be made again"
        raise InputError(
            [Finding("E-R191", "error", message, "", "render the page in the program that has them", file=str(file))]
        )
    return Rerun(place, place / again["deal"], sha256, pools, scenario, overrides, versions)
