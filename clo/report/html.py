"""What every page is made of: a template with words in both languages, tables as written cells, one style."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache, partial
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from clo.findings import Finding, InputError
from clo.labels import LANGUAGES, Lang, label
from clo.report.tables import Marked, Table, written

if TYPE_CHECKING:
    from jinja2 import Template


def page_text(name: str, lang: Lang, *, sources: Mapping[str, Any], styles: tuple[str, ...] = (), **shown: Any) -> str:
    """The page that a template makes of what is shown. sources: those of the deal; styles: sheets beside style.css."""
    other: Lang = LANGUAGES[1 - LANGUAGES.index(lang)]
    return _template(name).render(
        lang=lang,
        other=other,
        word=partial(label, lang=lang),
        other_word=partial(label, lang=other),
        cells=partial(_cells, lang=lang, sources=sources),
        sources=sources,
        style=Markup("\n".join(packaged_text(sheet) for sheet in ("style.css", *styles))),
        **shown,
    )


def require_language(lang: str) -> None:
    """Raise InputError unless there are words in it."""
    if lang not in LANGUAGES:
        rule, fix = "a page is in English or in Japanese", f"give lang= one of {', '.join(LANGUAGES)}"
        raise InputError(
            [Finding("E-R303", "error", f"there are no words in {lang!r}", rule, fix, field="lang=", value=str(lang))]
        )


def packaged_text(name: str) -> str:
    """A file that lies beside the templates."""
    return (files("clo.report") / "templates" / name).read_text(encoding="utf-8")


def page_script(name: str) -> Markup:
    """The script of a page with that of all charts, whose listeners come after the page's own."""
    return Markup("\n".join(packaged_text(part) for part in (name, "charts.js")))


@lru_cache(maxsize=1)
def plotly_script() -> Markup:
    """The library that draws the charts, as the installed plotly package carries it."""
    return Markup((files("plotly") / "package_data" / "plotly.min.js").read_text(encoding="utf-8"))


def script_json(text: str) -> Markup:
    """JSON that may stand inside a script element."""
    return Markup(text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"))


@lru_cache
def _template(name: str) -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415  (loaded when a page is made)

    environment = Environment(
        loader=PackageLoader("clo.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template(name)


def _cells(table: Table, lang: Lang, sources: Mapping[str, Any]) -> list[list[dict[str, Any]]]:
    """Rows of written cells with their marks; a published mark links to its source where the deal describes it."""
    return [
        [
            {
                "text": written(value, column.kind, lang),
                "numeric": column.numeric,
                "bad": column.kind in ("status", "verdict") and not value,
                "mark": mark,
                "linked": mark is not None and mark.kind == "published" and mark.basis in sources,
            }
            for value, column in zip(row, table.columns, strict=True)
            for mark in [value.mark if isinstance(value, Marked) else None]
        ]
        for row in table.rows
    ]
