"""What a page says: its text outside style and script, and whether its elements nest."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = {"meta", "br", "link", "img", "input", "hr"}


class Text(HTMLParser):
    """Text of a page outside style and script, and whether its elements nest."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.said: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"style", "script"} & set(self.open) and data.strip():
            self.said.append(" ".join(data.split()))


def read(page: str) -> Text:
    parser = Text()
    parser.feed(page)
    parser.close()
    assert parser.open == []
    return parser


def body(page: str) -> str:
    return " ".join(read(page).said)
