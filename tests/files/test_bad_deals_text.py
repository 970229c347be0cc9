"""Deal files whose text goes wrong, and files with everything wrong at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from bad_deals import TRIGGER, line_of, place
from by_hand import PURCHASE_08, edited, refused, the

from clo.files.deal import check_deal, load_deal
from clo.findings import DealError

# ---- text


def test_every_duplicate_key_is_told(tmp_path: Path) -> None:
    path = edited(
        tmp_path,
        ("rounding: down", "rounding: down\nrounding: half_up\ncurrency: USD"),
        ("coupon: 1.6%", "coupon: 1.6%, coupon: 1.7%"),
        ("extends: base, cdr: 5%", "cdr: 5%, extends: base, cdr: 6%"),
    )
    findings = refused(path)
    assert {f.code for f in findings} == {"E-D003"}
    assert [f.path for f in findings] == ["rounding", "currency", "tranches.senior.coupon", "scenarios.stress.cdr"]
    first, second = findings[:2]
    line, currency = place(PURCHASE_08, "rounding:")[0], place(PURCHASE_08, "currency:")[0]
    assert first.message == f"key 'rounding' is given twice, in lines {line} and {line + 1}"
    assert second.message == f"key 'currency' is given twice, in lines {currency} and {line + 2}"
    assert (first.line, second.line, first.column, first.fix) == (line + 1, line + 2, 1, "keep one")


@pytest.mark.parametrize(
    ("raw", "message", "where"),
    [
        (b"", "the file says nothing", (1, None)),
        (b"# nothing here\n\n", "the file says nothing", (1, None)),
        (b"- a\n- b\n", "a deal file is keys and values", (1, 1)),
        (b"just words\n", "a deal file is keys and values", (1, 1)),
        (PURCHASE_08.encode("utf-16"), "the file is UTF-16", (1, 1)),
        (f"# {'公庫' * 9}\n{PURCHASE_08}".encode("utf-16-le"), "the file is UTF-16", (1, 7)),
        ("format: clo.deal/1\n# 公庫".encode("cp932"), "byte 21 is not UTF-8; the file may be CP932 (Windows Japanese)", (2, 3)),
        (b"format: clo.deal/1\nrounding: do\0wn\n", "not readable as YAML: unacceptable character #x0000", (2, 13)),
        (b"\x80abc", "byte 0 is not UTF-8", (1, 1)),
    ],
    ids=["empty", "comment", "list", "words", "utf-16", "utf-16 bare", "cp932", "nul", "bytes"],
)  # fmt: skip
def test_a_file_that_is_no_deal(raw: bytes, message: str, where: tuple[int, int | None], tmp_path: Path) -> None:
    path = tmp_path / "deal.yaml"
    path.write_bytes(raw)
    found = the(refused(path), "E-D001")
    assert message in found.message
    assert (found.line, found.column) == where
    assert found.fix


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    path = tmp_path / "deal.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + PURCHASE_08.replace("\n", "\r\n").encode())
    deal, findings = check_deal(path)
    assert deal is not None
    assert findings == ()


def test_wide_characters_are_welcome_in_text(tmp_path: Path) -> None:
    edits = (
        ("買取型 第8号", "買取型　第８号：仮称，その１"),
        ("document: \"", "document: \"第８号：　"),
        ("holder: corporation", "holder: 公庫　本店，東京，deferrable: false"),
        ("# institutions exclude", "#　公庫を除く： institutions exclude"),
    )  # fmt: skip
    path = edited(tmp_path, *edits[:2], edits[3])
    deal, findings = check_deal(path)
    assert deal is not None, [str(f) for f in findings]
    assert deal.name_ja.endswith("買取型　第８号：仮称，その１")
    assert the(refused(edited(tmp_path, edits[2])), "E-D002").column == place(PURCHASE_08.replace(*edits[2]), "，deferrable")[1]


def test_plain_numbers_that_yaml_reads_in_its_own_way(tmp_path: Path) -> None:
    deal = load_deal(edited(tmp_path, ("size: 11_900_000_000", "size: 1.19e10"), ("size: 180_000_000", "size: 18e7")))
    assert deal.tranches["senior"].size == 11_900_000_000
    assert deal.tranches["mezzanine"].size == 180_000_000


def test_an_alias_that_is_sound_is_read_and_a_bomb_is_not(tmp_path: Path) -> None:
    merged = (("base:   {cdr: 2%", "base:   &base {cdr: 2%"), ("{extends: base, cdr: 5%}", "{<<: *base, cdr: 5%}"))
    deal = load_deal(edited(tmp_path, *merged))
    assert (deal.scenario("stress").cdr, deal.scenario("stress").recovery_lag) == (0.05, 12)
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 7)
    )
    path = tmp_path / "bomb.yaml"
    path.write_text(bomb)
    assert "more than 100,000 values" in refused(path)[0].message


# ---- everything at once


def test_all_problems_of_the_terms_come_together(tmp_path: Path) -> None:
    path = edited(
        tmp_path,
        ("rounding: down\n", ""),
        ("coupon: 1.6%", "coupon: 1.6"),
        ("deferrable: true", "deferable: true"),
        ("frequency: monthly", "frequency: weekly"),
        ("closing: 2007-06-28", "closing: soon"),
        ("cdr: 5%", "cdr: 5"),
        ("currency: JPY", "currency: yen"),
    )
    found = {f.path: f.code for f in refused(path)}
    assert found == {
        "rounding": "E-D010",
        "tranches.senior.coupon": "E-D013",
        "tranches.mezzanine.deferable": "E-D011",
        "payments.frequency": "E-D012",
        "dates.closing": "E-D013",
        "scenarios.stress.cdr": "E-D013",
        "currency": "E-D013",
    }


def test_all_problems_of_meaning_come_together(tmp_path: Path) -> None:
    path = edited(
        tmp_path,
        ("first_payment: 2007-07-17", "first_payment: 2007-07-16"),
        ("size: 180_000_000", "size: rest"),
        ("extends: base", "extends: bsae"),
        ("rounding, pools", "pools"),
        (TRIGGER, 'when: "pool.defaults > 5"'),
        ("senior.balance + mezzanine.balance", "senoir.balance"),
        ("after_payment: 12", "after_payment: 12, scenario: mild"),
    )
    assert sorted(f.code for f in refused(path)) == ["E-D021", "E-D031", "E-D040", "E-D045", "E-D050", "E-D101", "E-D101"]
    with pytest.raises(DealError, match="7 problems"):
        load_deal(path)


def test_findings_are_plain_values_for_json(tmp_path: Path) -> None:
    findings = refused(edited(tmp_path, ("coupon: 1.6%", "coupon: 1.6"), ("rounding: down\n", "")))
    shown = json.loads(json.dumps([f.as_dict() for f in findings]))
    said = {(f["path"], f["line"], f["count"], f["severity"]) for f in shown}
    assert said == {("tranches.senior.coupon", line_of("  senior:") - 1, 1, "error"), ("rounding", None, 1, "error")}
