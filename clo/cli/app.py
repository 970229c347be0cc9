"""Commands and options of `clo`. Nothing heavy is imported before a command runs: `clo --help` stays quick."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from clo import __version__

INPUT, INTERNAL = 3, 4

app = typer.Typer(
    name="clo",
    help="Cash flows, tranches and loss of SME loan securitizations.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 ok, 1 findings at error level, 2 usage, 3 file not readable or writable, 4 internal.",
)


class Language(StrEnum):
    en = "en"
    ja = "ja"


DealFile = Annotated[Path, typer.Argument(metavar="DEAL", help="Deal file (YAML).", show_default=False)]
DealFiles = Annotated[list[Path], typer.Argument(metavar="DEAL...", help="Deal files (YAML).", show_default=False)]
TapeOrDeal = Annotated[
    Path,
    typer.Argument(metavar="TAPE|DEAL", help="Loan tape (.csv, .parquet, .xlsx, ...) or deal file (.yaml).", show_default=False),
]
Lang = Annotated[Language, typer.Option("--lang", help="Language of tables and page.", envvar="CLO_LANG")]
Json = Annotated[bool, typer.Option("--json", help="JSON on stdout in place of tables.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but what is wrong.")]
Map = Annotated[Path | None, typer.Option("--map", help="Sidecar of a tape; without it TAPE.map.yaml, if there is one.")]
Scenario = Annotated[str, typer.Option("--scenario", "-s", metavar="NAME", help="Scenario of the deal.")]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"clo {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Version, then exit.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Tracebacks of internal errors; may stand anywhere.")] = False,
) -> None:
    """Cash flows, tranches and loss of SME loan securitizations."""


def _actions(name: str) -> Any:
    """A module of the command's work, loaded when the command runs."""
    return import_module(f"clo.cli.{name}")


@app.command()
def run(
    deals: DealFiles,
    *,
    scenario: Annotated[
        list[str] | None,
        typer.Option("--scenario", "-s", metavar="NAME", help="Scenario to run; may be repeated. [default: base]"),
    ] = None,
    all_scenarios: Annotated[bool, typer.Option("--all-scenarios", help="Every scenario of the deal.")] = False,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="Where the outputs go.")] = Path("out"),
    lang: Lang = Language.en,
    json: Json = False,
    quiet: Quiet = False,
    no_report: Annotated[bool, typer.Option("--no-report", help="Frames and manifest only, no page.")] = False,
) -> None:
    """Run a deal: tables here, frames, manifest and page under FOLDER/<deal>/<scenario>/. Several: side by side as well."""
    if scenario and all_scenarios:
        raise typer.BadParameter("--scenario and --all-scenarios exclude each other")
    names = None if all_scenarios else tuple(dict.fromkeys(scenario or ["base"]))
    shown = {"out": out, "lang": lang.value, "as_json": json, "quiet": quiet, "page": not no_report}
    if len(deals) > 1:
        raise typer.Exit(_actions("programme").run(deals, names, **shown))
    raise typer.Exit(_actions("running").run(deals[0], names, **shown))


@app.command()
def check(
    file: TapeOrDeal,
    *,
    map: Map = None,  # noqa: A002  (the option's name)
    criteria: Annotated[
        Path | None, typer.Option("--criteria", metavar="FILE", help="Eligibility criteria and limits to hold a tape against.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Where the full list goes. [default: NAME.findings.csv]")
    ] = None,
    lang: Lang = Language.en,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Find everything that is wrong with a tape, or with a deal and its tapes."""
    work = _actions("checking")
    raise typer.Exit(work.check(file, sidecar=map, criteria=criteria, out=out, lang=lang.value, as_json=json, quiet=quiet))


@app.command()
def strat(
    file: TapeOrDeal,
    *,
    map: Map = None,  # noqa: A002  (the option's name)
    by: Annotated[
        str | None, typer.Option("--by", metavar="COLUMN", help="One table by a column, or by remaining_term, age, vintage, ...")
    ] = None,
    bands: Annotated[
        str | None, typer.Option("--bands", metavar="EDGES", help="Edges of the bands of --by: 12,24,36 or 1%,2%.")
    ] = None,
    across: Annotated[str | None, typer.Option("--across", metavar="COLUMN", help="A second column, across the table.")] = None,
    across_bands: Annotated[
        str | None, typer.Option("--across-bands", metavar="EDGES", help="Edges of the bands of --across.")
    ] = None,
    measure: Annotated[
        str, typer.Option("--measure", metavar="WHAT", help="In the cells with --across: balance, loans, obligors or share.")
    ] = "balance",
    lang: Lang = Language.en,
    json: Json = False,
) -> None:
    """Stratification tables of a tape, or of each sub-pool of a deal."""
    work = _actions("strata")
    options = {"by": by, "bands": bands, "across": across, "across_bands": across_bands, "measure": measure}
    raise typer.Exit(work.strat(file, sidecar=map, **options, lang=lang.value, as_json=json))


@app.command()
def explain(
    deal: DealFile,
    claim: Annotated[
        str | None, typer.Argument(metavar="[CLAIM]", help="Such as mezzanine.interest; needs --period.", show_default=False)
    ] = None,
    *,
    period: Annotated[int | None, typer.Option("--period", "-p", min=1, help="Payment number; 1 is the first.")] = None,
    scenario: Scenario = "base",
    lang: Lang = Language.en,
    json: Json = False,
) -> None:
    """The steps a deal compiles to, with their slots; or all steps of one payment; or why one claim got what it got then."""
    work = _actions("explaining")
    if claim is not None and period is None:
        raise typer.BadParameter("a claim is explained on one payment date: add --period N")
    if period is None:
        raise typer.Exit(work.program(deal, as_json=json))
    if claim is None:
        raise typer.Exit(work.payment(deal, period, scenario=scenario, lang=lang.value, as_json=json))
    raise typer.Exit(work.claim(deal, claim, period, scenario=scenario, lang=lang.value, as_json=json))


@app.command()
def report(
    folder: Annotated[
        Path, typer.Argument(metavar="RUN", help="Folder that `clo run` or `clo simulate` wrote.", show_default=False)
    ],
    *,
    lang: Lang = Language.en,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Make the page of a run or a simulation again, from the same inputs: refused if the deal file or a tape has changed."""
    raise typer.Exit(_actions("reporting").report(folder, lang=lang.value, as_json=json, quiet=quiet))


@app.command()
def simulate(
    deal: DealFile,
    *,
    scenarios: Annotated[int, typer.Option("--scenarios", "-n", metavar="N", help="How many scenarios.")] = 100_000,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="The same seed gives the same scenarios.")] = 1,
    scenario: Scenario = "base",
    method: Annotated[
        str, typer.Option("--method", help="How factors are drawn: plain, sobol, stratified or importance.")
    ] = "plain",
    bearers: Annotated[
        int | None, typer.Option("--bearers", metavar="N", help="Who bears the loss as well, by N scenarios run again.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FOLDER", help="Write page, tables and manifest here as well.")
    ] = None,
    lang: Lang = Language.en,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Loss of each tranche under correlated defaults: many scenarios through the whole waterfall."""
    asked = {"scenarios": scenarios, "seed": seed, "scenario": scenario, "method": method, "bearers": bearers}
    shown = {"out": out, "lang": lang.value, "as_json": json, "quiet": quiet}
    raise typer.Exit(_actions("simulating").run(deal, **asked, **shown))


@app.command(name="break-even")
def break_even(
    deal: DealFile,
    tranche: Annotated[
        str | None, typer.Argument(metavar="[TRANCHE]", help="One of the deal's; without it, each.", show_default=False)
    ] = None,
    *,
    loss: Annotated[str, typer.Option("--loss", metavar="SHARE", help="Loss that the tranche may take, of its size: 15%.")] = "0",
    scenario: Scenario = "base",
    timing: Annotated[str, typer.Option("--timing", help="When the pool defaults: front, even or back.")] = "even",
    years: Annotated[int | None, typer.Option("--years", min=1, help="Over how many years. [default: 5]")] = None,
    of: Annotated[str, typer.Option("--of", help="What the rate is a share of: loans that did not repay, or balance.")] = "loans",
    lang: Lang = Language.en,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """The cumulative default rate up to which a tranche loses nothing, or no more than --loss."""
    defaults = {"timing": timing, "years": years, "of": of}
    shown = {"lang": lang.value, "as_json": json, "quiet": quiet}
    raise typer.Exit(_actions("breaking_even").run(deal, tranche, loss=loss, scenario=scenario, defaults=defaults, **shown))


@app.command()
def value(
    deal: DealFile,
    *,
    rate: Annotated[str, typer.Option("--rate", metavar="RATE", help="A year, to discount by from closing: 1%.")],
    scenario: Annotated[
        list[str] | None,
        typer.Option("--scenario", "-s", metavar="NAME", help="Scenario to run; may be repeated. [default: base]"),
    ] = None,
    weight: Annotated[
        list[str] | None,
        typer.Option("--weight", metavar="NAME=SHARE", help="Expected value over scenarios; repeat until 100%: stress=10%."),
    ] = None,
    lang: Lang = Language.en,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """What every swap and guarantee of a deal is worth: premiums against claims, and the premium at which they are equal."""
    if scenario and weight:
        raise typer.BadParameter("--scenario and --weight exclude each other: a weight names its scenario")
    names = tuple(dict.fromkeys(scenario or ["base"]))
    shown = {"lang": lang.value, "as_json": json, "quiet": quiet}
    raise typer.Exit(_actions("valuing").run(deal, rate=rate, scenarios=names, weights=tuple(weight or ()), **shown))


@app.command()
def reconcile(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME]...", help="Deals by their files or the names of these. [default: all]", show_default=False
        ),
    ] = None,
    *,
    deals: Annotated[Path, typer.Option("--deals", metavar="FOLDER", help="Where the deal files lie.")] = Path("deals"),
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="Where the page goes.")] = Path("out"),
    lang: Lang = Language.en,
    json: Json = False,
    quiet: Quiet = False,
    no_report: Annotated[bool, typer.Option("--no-report", help="No page.")] = False,
    every: Annotated[bool, typer.Option("--all", help="Every figure and rule, as on the page.")] = False,
) -> None:
    """Published figures against the library: every deal, the totals, and what the published tables must add up to."""
    work = _actions("reconciling")
    shown = {"lang": lang.value, "as_json": json, "quiet": quiet, "every": every}
    raise typer.Exit(work.run(tuple(names or ()), deals=deals, out=out, page=not no_report, **shown))


@app.command()
def reference(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Table to show; without it, the list.", show_default=False)
    ] = None,
    *,
    lang: Lang = Language.en,
    json: Json = False,
    csv: Annotated[bool, typer.Option("--csv", help="CSV on stdout.")] = False,
) -> None:
    """Published tables, transcribed with document, printed table and source."""
    raise typer.Exit(_actions("published").reference(name, lang=lang.value, as_json=json, as_csv=csv))


@app.command(name="build-pool")
def build_pool(
    recipe: Annotated[
        Path | None, typer.Argument(metavar="[RECIPE]", help="Recipe of a made-up pool (YAML).", show_default=False)
    ] = None,
    *,
    row: Annotated[
        str | None,
        typer.Option("--row", metavar="NAME", help="Match a published row, such as purchase-03: in place of RECIPE or --firms."),
    ] = None,
    firms: Annotated[
        int | None,
        typer.Option("--firms", metavar="N", min=1, help="A pool of this many borrowers: with --banks, --amount and --cutoff."),
    ] = None,
    banks: Annotated[
        int | None, typer.Option("--banks", metavar="N", min=1, help="How many institutions, where the row does not say.")
    ] = None,
    amount: Annotated[int | None, typer.Option("--amount", metavar="YEN", min=1, help="Balance of all loans together.")] = None,
    cutoff: Annotated[
        str | None, typer.Option("--cutoff", metavar="DATE", help="[default with --row: end of the month before the deal]")
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(
            "--profile",
            metavar="NAME",
            help="What loans are drawn from: docs/pools.md. [default: purchase; with --row: that of its type]",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="TAPE", help=".parquet or .csv. [default: tape: of the recipe]")
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", metavar="N", min=0, help="In place of the recipe's.")] = None,
    lang: Lang = Language.en,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Draw a made-up pool that has exactly the firms, institutions and amount of a recipe, a published row or the options."""
    size = {"firms": firms, "banks": banks, "amount": amount}
    options = {"row": row, "size": size, "cutoff": cutoff, "profile": profile, "out": out, "seed": seed}
    raise typer.Exit(_actions("building").build(recipe, **options, lang=lang.value, as_json=json, quiet=quiet))


@app.command()
def termsheet(
    deals: DealFiles,
    *,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="Where the pages go.")] = Path("out"),
    lang: Lang = Language.en,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Term sheet of each deal under FOLDER/<deal>/: what is published, derived and assumed. Runs nothing, reads no loan."""
    raise typer.Exit(_actions("termsheets").run(deals, out=out, lang=lang.value, as_json=json, quiet=quiet))


@app.command()
def schema(
    tape: Annotated[bool, typer.Option("--tape", help="Columns of the loan tape in place of the deal file.")] = False,
    json: Annotated[bool, typer.Option("--json", help="JSON, which it is in any case.")] = False,
) -> None:
    """JSON Schema of the deal file, or the columns of the loan tape."""
    raise typer.Exit(_actions("schema").schema(tape=tape))


# ---- entry ----------------------------------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> None:
    """Console entry point. Exits with 0 ok, 1 findings at error level, 2 usage, 3 file not readable or writable, 4 internal."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given or bool(os.environ.get("CLO_DEBUG"))
    given = [argument for argument in given if argument != "--debug"]
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a terminal that cannot show Japanese gets escapes, not a traceback
    try:
        code = app(args=given, prog_name="clo", standalone_mode=False)
        sys.stdout.flush()
    except (BrokenPipeError, SystemExit) as left:  # typer makes a SystemExit of the first
        if not isinstance(left.__context__ if isinstance(left, SystemExit) else left, BrokenPipeError):
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        code = 0  # the reader has seen enough, as `head` has
    except Exception as error:
        code = _failed(error, debug=debug, as_json="--json" in given)
    sys.exit(code)


def _failed(error: Exception, *, debug: bool, as_json: bool) -> int:
    """Tell why it cannot be done; whatever is about neither the command line nor an input is our mistake, not the user's."""
    if hasattr(error, "format_message"):  # a usage error as typer makes it
        return _misused(error, as_json=as_json)
    from clo.cli import listing  # noqa: PLC0415  (on the way out only)
    from clo.findings import InputError  # noqa: PLC0415  (loaded when something is wrong)

    if isinstance(error, InputError):
        return int(_actions("console").refuse(error.findings, as_json=as_json))
    if isinstance(error, OSError):
        trouble = listing.file_trouble(error)
        if as_json:
            _actions("console").show_json(listing.findings_as_dict([trouble]))
        _say(": ".join(part for part in (trouble.file, trouble.message) if part))
        return INPUT
    if debug:
        traceback.print_exception(error)
    if as_json:
        _actions("console").show_json({"ok": False, "findings": [], "internal_error": f"{type(error).__name__}: {error}"})
    _say(f"internal error: {type(error).__name__}: {error}")
    if not debug:
        _say(f"this is a bug in clo {__version__}; please report it{_where()} with the output of the same command and --debug")
    return INTERNAL


def _misused(error: Any, *, as_json: bool) -> int:
    """A command line that cannot be understood: how to use it on stderr; the message as a finding, if JSON is asked for."""
    error.show()
    if as_json:
        from clo.findings import Finding  # noqa: PLC0415  (on the way out only)

        rule = "the command line can be understood"
        finding = Finding("E-R302", "error", error.format_message(), rule, "see --help")
        _actions("console").show_json(_actions("listing").findings_as_dict([finding]))
    return int(error.exit_code)


def _say(text: str) -> None:
    typer.echo(f"clo: {text}", err=True)


def _where() -> str:
    """The project's issue tracker, if its metadata names one."""
    from importlib.metadata import PackageNotFoundError, metadata  # noqa: PLC0415  (only on the way out)

    try:
        links = metadata("clo-toolkit").get_all("Project-URL") or []
    except PackageNotFoundError:
        return ""
    found = [link.partition(", ")[2] for link in links if link.lower().startswith(("issues", "bug"))]
    return f" at {found[0]}" if found else ""
