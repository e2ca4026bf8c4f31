"""Names that deceive, hide or command: doors refuse them, the log takes them, views show them harmlessly."""

import csv
import datetime as dt
import io
import json
from collections.abc import Sequence
from typing import Any

import pytest

from events.codec import Event, decode
from events.names import LONGEST_NAME, fault_of, harmless, has_visible, without_unseen
from projections.answers.report.report_answers import Report, Row, UnitName
from projections.answers.tables.report_table import report_table
from services.api.examples import EXAMPLES
from services.cli.hierarchy_file import HierarchyError, ordered, read
from services.files.delimited import EXCEL_VI, RFC_4180, CsvDialect, csv_pieces
from services.files.spreadsheet_texts import text_cell
from services.verification.verifying import verify
from tests.attacks.answering import answering, report_of
from tests.attacks.warm import Surroundings, Warm
from tests.fault.projecting import bench
from tests.oracle.telling import ROOT, founded, renamed, root, say

DECEIVING = {
    "white space": " \u00a0\u3000",
    "zero width": "\u200b\u2060\ufeff",
    "filler": "\u3164",
    "blank braille": "\u2800",
    "turned round": "Đảng ủy \u202eủy gnảĐ",
    "isolate": "\u2066Đảng ủy",
    "arabic mark": "Đảng\u061c ủy",
    "escape": "\x1b[2J\x1b[31mĐảng ủy",
    "bell": "Đảng ủy\x07",
    "next line": "Đảng ủy\x85Tổng cộng 999",
    "new line": "Đảng ủy\nTổng cộng 999",
    "return": "Tổng cộng\rĐảng ủy",
    "c1": "Đảng ủy \x9b31m",
    "line separator": "Đảng ủy\u2028Tổng",
    "soft hyphen": "Đảng\u00ad ủy",
    "joiner": "Đảng\u200d ủy",
    "selector": "Đảng ủy\ufe0f",
    "tag": "Đảng ủy\U000e0041",
    "too long": "Đ" * (LONGEST_NAME + 1),
}
HONEST = (
    "Đảng ủy xã Đại Bái",
    "Chi bộ 4",
    "A",
    "Chi bộ 'Ấp 3' (cũ) – số 1/2",
    "党支部",
    "Đ" * LONGEST_NAME,
    "=",
    "+84",
)
FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "  =1+1", '=HYPERLINK("x")')


def established(name: str) -> Event:
    data = {"parent": ROOT, "name": name, "level": "cell", "since": "2020-01-01"}
    answer = decode(*say(ROOT, "e-1", "unit.established", "u1", data))
    assert isinstance(answer, Event), answer
    return answer


@pytest.mark.parametrize("kind", DECEIVING)
def test_doors_refuse_and_the_log_takes(kind: str) -> None:
    name = DECEIVING[kind]
    assert fault_of(name) is not None
    data: Any = established(name).data
    assert data.name == name


@pytest.mark.parametrize("name", HONEST)
def test_doors_take_honest_names_as_they_are(name: str) -> None:
    assert fault_of(name) is None
    assert harmless(name) == name
    assert without_unseen(name) == name
    assert has_visible(name)


@pytest.mark.parametrize("kind", DECEIVING)
def test_what_is_shown_has_nothing_unseen_and_loses_nothing_seen(kind: str) -> None:
    name = DECEIVING[kind]
    shown = harmless(name)
    assert shown.isprintable()
    assert has_visible(shown)
    assert fault_of(shown[:LONGEST_NAME]) is None
    assert all(one in shown for one in "Đảngủy" if one in name)
    assert fault_of(without_unseen(name)) in {None, "nothing that can be seen", fault_of("x" * 301)}


@pytest.mark.parametrize("kind", DECEIVING)
@pytest.mark.parametrize("form", ["csv", "json"])
def test_a_hierarchy_with_such_a_name_is_refused_before_anything_is_sent(kind: str, form: str) -> None:
    row = {"id": "trung-uong", "name": DECEIVING[kind], "level": "central", "parent": "", "since": ""}
    text = json.dumps(row) if form == "json" else _as_csv(row)
    with pytest.raises(HierarchyError, match="name"):
        ordered(read(text, "2000-01-01"), set())


def _as_csv(row: dict[str, str]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(row))
    writer.writeheader()
    writer.writerow(row)
    return text.getvalue()


def test_every_command_shows_them_harmlessly(warm: Warm) -> None:
    """No control character, direction or line of its own comes out of a name, in a table, a tree or CSV."""
    day, names = "2023-05-01", list(DECEIVING.values())
    units = [{"id": f"u-{n}", "name": name, "level": "cell"} for n, name in enumerate(DECEIVING.values())]
    report = report_of(units, {"admissions": 7}) | {"unit": units[0]}
    tree = {
        "tree": {**units[0], "children": [{**unit, "children": []} for unit in units]},
        "complete": True,
        "depth": 1,
        "position": 7,
    }
    found = {"units": units, "next": None}
    named = [dict.fromkeys(("publisher", "id", "type"), name) | {"position": 1, "day": day} for name in names]
    findings = {
        "findings": [{"kind": one["id"], "day": day, "unit": one["id"], "events": [one]} for one in named],
        "next": None,
        "position": 7,
    }
    sheet = {
        **EXAMPLES["Import"],
        **dict.fromkeys(("import", "unit", "type", "encoding"), names[0]),
        "columns": [{"name": str(n), "head": name} for n, name in enumerate(names)],
        "passed_over": [{"row": n, "why": name} for n, name in enumerate(names)],
        "counts": {"ready": 1},
        "rows": [{"row": n, "status": "refused", "column": str(n), "detail": name} for n, name in enumerate(names)],
        "next": None,
    }
    for answer, asked, rows in (
        (report, ["report", "x"], len(units) + 9),
        (tree, ["tree", "x"], len(units) + 2),
        (found, ["units"], len(units) + 3),
        (findings, ["findings", "x"], len(units) + 3),
        (sheet, ["import", f"i-{'0' * 32}"], len(units) + 10),
    ):
        with answering("fixed", answer) as (address, _):
            done = warm.run(asked, Surroundings(environ={"TONGHOP_API_URL": address}))
        assert done.code == 0, done.stderr.decode()
        text = done.stdout.decode().replace("\r\n", "\n")
        assert text.replace("\n", "").isprintable(), asked
        assert len(text.splitlines()) == rows, (asked, text)
        for shown in (r"\u202e", r"\u001b[2J", r"\u200b\u2060\ufeff", r"\u2800", r"\u000aTổng", r"\U000e0041"):
            assert shown in text, (asked, shown)


async def file_of(names: Sequence[str], number: int, dialect: CsvDialect = RFC_4180) -> list[dict[str, str]]:
    """Write a report with rows of units of these names, and read it back."""
    rows = [Row(unit=UnitName("u", name, "cell"), values={"admissions": number}) for name in names]
    days = dt.date(2023, 1, 1), dt.date(2023, 11, 28)
    answer = Report(UnitName("x", "X", "upper"), *days, "as-was", 7, None, 0, {"admissions": number}, rows)
    text = b"".join([piece async for piece in csv_pieces(report_table(answer), dialect)]).decode()
    assert text.replace("\r\n", "").replace("\u3000", "").removeprefix("\ufeff").isprintable()
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=dialect.delimiter))


async def test_a_file_has_them_harmlessly() -> None:
    found = await file_of(list(DECEIVING.values()), 7)
    assert len(found) == len(DECEIVING) + 1
    text = "".join(row["name"] for row in found)
    for shown in (r"\u202e", r"\u001b[2J", r"\u200b\u2060\ufeff", r"\u2800", r"\u000aTổng", r"\U000e0041"):
        assert shown in text


@pytest.mark.parametrize("formula", FORMULAS)
async def test_a_formula_in_a_name_stays_text(formula: str) -> None:
    assert text_cell(formula).startswith("'")
    (row, total) = await file_of([formula], -7)
    assert row["name"][0] == "'" or row["name"].startswith("\\u")
    assert row["name"].replace("'", "").lstrip().startswith(harmless(formula).replace("'", "").lstrip()), row["name"]
    assert total["admissions"] == "-7"  # a number stays one


@pytest.mark.parametrize("name", ["a;=1+1", 'a" ,"=1+1', "a| @x", "a;+1;-1", "a,＝1", 'a;""=1', "Đảng ủy;\u3000=1"])
async def test_nor_does_a_formula_begin_where_another_sign_parts_cells(name: str) -> None:
    """A file with commas that is opened as one with semicolons, or the other way: no cell begins like a formula."""
    for dialect in (RFC_4180, EXCEL_VI):
        (row, _) = await file_of([name], 1, dialect)
        written = row["name"] if "name" in row else row["Tên"]
        for sign in ",;|\t":
            for cell in written.split(sign):
                assert not cell.strip(' "\u3000').startswith(("=", "+", "-", "@", "＝")), (written, sign)


def test_texts_that_are_no_formula_stay_as_they_are() -> None:
    for name in ("Đảng ủy", "2023-014", "a=1", "1+1", "'", "", "Xã A, B; C - D", "a,b=c", "x; y-z"):
        assert text_cell(name) == name


async def test_the_log_takes_them_live_and_anew(party: str, database: str) -> None:
    """They are applied, with the longest that fits into an event, and all is the same when it is made anew."""
    names = [*DECEIVING.values(), "Đ" * 7000]
    told = [renamed("u1", name, f"2020-01-{n + 1:02}", f"r{n}") for n, name in enumerate(names)]
    async with bench(party, database) as on:
        with on.projector():
            await on.publish(root(), founded("u1", "trung-uong", "2020-01-01"), *told)
            await on.settled()
            assert {outcome for _, outcome, _ in await on.outcomes()} == {"applied"}
            kept = [row["name"] for row in await on.connection.fetch("SELECT name FROM unit_name ORDER BY since")]
            assert kept[-len(names) :] == names
        assert not (await verify(on.settings, lambda *_: None)).comparison
