"""Bytes to text: UTF-8, then CP932 (Windows Japanese), and a refusal that names the row where a file mixes them."""

from __future__ import annotations

import re

from clo.findings import Finding, TapeError
from clo.tape.codes import finding

# Lead byte E3 to E9 with two continuation bytes: kana and kanji in UTF-8, hardly ever a run of CP932.
_JAPANESE_UTF8 = re.compile(rb"(?:[\xe3-\xe9][\x80-\xbf][\x80-\xbf]){2}")
# What UTF-8 Japanese looks like after a wrong decoding by CP932 or Latin-1, and the replacement character.
_MOJIBAKE = re.compile("\ufffd|[縺繧繝].{1,3}[縺繧繝]|ã[\u0080-\u00bf‚ƒ„]|æ[\u0080-\u00bf—œ–˜]")

# Bytes CP932 has no character for, which the codec lets through.
_NOT_IN_CP932 = re.compile("[\x80\u00a0\uf8f0-\uf8f3]")


def decoded(data: bytes, file: str, declared: str | None) -> tuple[str, list[Finding]]:
    """The text of a file and what had to be found out about it. Raises TapeError if it is in no one encoding."""
    findings: list[Finding] = []
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") and not declared:
        raise TapeError([finding("E-T001", "the file is UTF-16", file=file, fix="declare `encoding: utf-16` in the sidecar")])
    if declared:
        codec = "utf-8-sig" if declared.lower().replace("_", "-") in ("utf-8", "utf8") else declared
        try:
            text = data.decode(codec)
        except UnicodeDecodeError as error:
            raise TapeError([_undecodable(data, error.start, declared, file)]) from None
    else:
        text, findings = _detected(data, file)
    damaged = None if text.isascii() else _MOJIBAKE.search(text)
    if damaged:
        row, column = _place(text[: damaged.start()])
        said = f"row {row:,} col {column} holds {damaged[0]!r}: text decoded wrongly before it came here"
        raise TapeError([*findings, finding("E-T017", said, file=file, row=row, column=column, value=damaged[0])])
    return text, findings


def _detected(data: bytes, file: str) -> tuple[str, list[Finding]]:
    try:
        return data.decode("utf-8-sig"), []
    except UnicodeDecodeError:
        pass
    mixed = _mixed(data)
    if mixed is not None:
        row, column, codec = mixed
        said = f"row {row:,} col {column} is not {codec}, other rows are; the file may be concatenated from two encodings"
        raise TapeError([finding("E-T001", said, file=file, row=row, column=column)])
    try:
        text = data.decode("cp932")
    except UnicodeDecodeError as error:
        raise TapeError([_undecodable(data, error.start, "CP932", file)]) from None
    odd = _NOT_IN_CP932.search(text)  # no file of plain ASCII comes here
    if odd:
        row, column = _place(text[: odd.start()])
        said = f"row {row:,} col {column} is not CP932; the file may be concatenated from two encodings"
        raise TapeError([finding("E-T001", said, file=file, row=row, column=column)])
    return text, [finding("F-T001", "decoded as CP932 (Windows Japanese)", file=file)]


def _undecodable(data: bytes, at: int, codec: str, file: str) -> Finding:
    row, column = _byte_place(data, at)
    said = f"row {row:,} col {column} is not {codec}; the file may be concatenated from two encodings"
    return finding("E-T001", said, file=file, row=row, column=column, value=data[at : at + 4].hex(" "))


def _mixed(data: bytes) -> tuple[int, int, str] | None:
    """(row, field, encoding of most rows) of the first row in the rarer of two encodings, in a file that as a whole is not UTF-8.

    None where no row is surely UTF-8.
    """
    utf8, other = [], []
    for number, line in enumerate(data.split(b"\n"), start=1):
        if line.isascii():
            continue
        try:
            line.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            other.append((number, line.count(b",", 0, error.start) + 1))
        else:
            japanese = _JAPANESE_UTF8.search(line)
            if japanese:
                utf8.append((number, line.count(b",", 0, japanese.start()) + 1))
    if not utf8:
        return None
    return (*other[0], "UTF-8") if len(utf8) > len(other) else (*utf8[0], "CP932")


def _byte_place(data: bytes, at: int) -> tuple[int, int]:
    """Row and field (from 1) of a byte; fields are counted by commas."""
    start = data.rfind(b"\n", 0, at) + 1
    return data.count(b"\n", 0, at) + 1, data.count(b",", start, at) + 1


def _place(before: str) -> tuple[int, int]:
    """Row and field (from 1) of the place that this text leads up to."""
    return before.count("\n") + 1, before[before.rfind("\n") + 1 :].count(",") + 1
