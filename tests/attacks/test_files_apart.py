"""Files that are written apart, asked for to do harm: too much of everything, texts that want to be read as something.

And templates of an office that want to run something, or to bring something along.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import docx
import openpyxl
import psutil
import pytest
from docx.oxml.ns import qn

from events.names import harmless
from projections.answers.report.report_answers import Report, Row, UnitName
from projections.answers.tables.answer_table import AnswerTable, Paper, TableColumn
from projections.answers.tables.report_table import report_table
from services.api.office_templates import templates_of, try_templates
from services.cli.commands.word_templates import word_templates
from services.cli.errors import CommandError
from services.files.apart import PROCESS, write_apart
from services.files.apart_process import write
from services.files.bounds import FileBounds, FileNotWrittenError, TemplateError, TooLongError
from services.files.forms import FILES
from services.files.manuscript import ANSWER, Manuscript
from services.files.templates import Templates, own_templates
from services.settings import Address, Settings, SettingsError
from tests import read_back
from tests.attacks.http_serving import CELLS, CHEAP
from tests.attacks.test_http_load import LONG, wires
from tests.attacks.test_names import DECEIVING, FORMULAS
from tests.unit.files.test_written import DAY, written

PREFIX = "tonghop-attack-"
NAMES = (
    *FORMULAS,
    *DECEIVING.values(),
    "{{ 7*7 }}",
    "{% raw %}",
    "{%p for x in y %}",
    "{%tr endfor %}",
    "{_{ 7*7 }_}",
    "{# x #}",
    "{{ cycler.__init__.__globals__ }}",
    "#panic()",
    '#import "@preview/x:1.0.0"',
    '#read("/etc/passwd")',
    "$x$ *b* _i_ `c` <l> @r",
    "\\ \\u{41} ~ -- '\"",
    "</w:t></w:r><w:r><w:instrText>DDEAUTO c:\\\\x</w:instrText></w:r>",
    "<!ENTITY x SYSTEM 'file:///etc/passwd'>&x;",
    "]]>",
    "&amp;&#0;",
    "_x0041_",
    "\ufffe\uffff",
    "\u200b" * 50,
    "a" * 300,
    "\U0001f4a9 党支部",
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Have files made in a folder of the test's own, in which nothing is left, nor any process."""
    made = tmp_path / "made"
    made.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(made))
    yield made
    assert list(made.iterdir()) == []
    assert not [each for each in psutil.Process().children() if PROCESS in " ".join(each.cmdline())]


def bounds(**others: float) -> FileBounds:
    found = FILES["docx"].bounds
    assert found is not None
    return found._replace(**others)  # type: ignore[arg-type]


def table_of(rows: Any) -> AnswerTable:
    return AnswerTable("Thử", (), (TableColumn("kind", "Loại"), TableColumn("name", "Tên")), rows)


def many(number: int) -> Iterator[Sequence[str]]:
    return (("row", f"Chi bộ {n}") for n in range(number))


async def endless(started: asyncio.Event) -> AsyncIterator[list[Sequence[str]]]:
    yield [("row", "x")]
    started.set()
    await asyncio.Event().wait()


def named(names: Sequence[str]) -> AnswerTable:
    rows = [Row(unit=UnitName(f"u{n}", name, "cell"), values={"admissions": n}) for n, name in enumerate(names)]
    unit = UnitName("u", names[0], "cell")
    found = report_table(Report(unit, DAY, DAY, "as-was", 1, None, 0, {"admissions": 1}, rows))
    return found._replace(notes=tuple(names))


def as_in_file(name: str) -> str:
    return harmless(name).replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")


def test_no_text_is_read_as_anything_else(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(io.BytesIO(written("xlsx", named(NAMES), tmp_path)))
    cells = [cell for row in book.worksheets[0].iter_rows() for cell in row]
    assert not any(cell.data_type == "f" for cell in cells)
    assert not any(cell.hyperlink for cell in cells)
    content = written("docx", named(NAMES), tmp_path)
    read = read_back.document(content)
    assert [row[1] for row in read.tables["0"].rows[:-1]] == [as_in_file(name) for name in NAMES]
    assert [text for text in read.texts if text in {as_in_file(name) for name in NAMES}]
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        body = parts.read("word/document.xml")
    assert body.count(b"<w:instrText") == 0
    printed = read_back.pdf(written("pdf", named(NAMES), tmp_path))
    for name in NAMES:
        if as_in_file(name).isascii():
            assert read_back.bare(as_in_file(name)) in printed, name


def test_nor_in_the_frame_of_a_document(tmp_path: Path) -> None:
    name = "{{ 7*7 }} #panic() <w:p>&x; \ufffe\x00\u202e"
    table = named([name])._replace(paper=Paper(name, name, "cell", f"{name}\n{name}", name))
    word = written("docx", table, tmp_path)
    everything = "\n".join([*read_back.document(word).texts, *read_back.cells(word)])
    printed = read_back.pdf(written("pdf", named([name])._replace(paper=table.paper), tmp_path))
    for said in (as_in_file(name), as_in_file(name).upper()):
        assert said in everything
        assert read_back.bare(said) in printed


async def test_more_than_the_bounds_is_refused_with_its_length() -> None:
    with pytest.raises(TooLongError) as refused:
        await write_apart("xlsx", table_of(many(1_234)), bounds(rows=1_000), PREFIX, own_templates())
    assert (refused.value.length, refused.value.most) == (1_234, 1_000)
    with pytest.raises(TooLongError) as refused:
        await write_apart("pdf", table_of(many(600)), bounds(cells=1_000), PREFIX, own_templates())
    assert (refused.value.length, refused.value.most) == (600, 500), "two columns"


@pytest.mark.parametrize(
    ("form", "less", "rows"),
    [
        ("xlsx", {"scratch": 2_000}, 500),
        pytest.param("docx", {"memory": 130 * 1024 * 1024}, 14_000, marks=pytest.mark.long),
        pytest.param("docx", {"seconds": 1}, 14_000, marks=pytest.mark.long),
    ],
)
async def test_one_that_takes_too_much_ends(form: str, less: dict[str, float], rows: int) -> None:
    most = bounds(rows=20_000, cells=10**6, **less)
    with pytest.raises(FileNotWrittenError):
        await write_apart(form, table_of(many(rows)), most, PREFIX, own_templates())


def test_what_one_imports_is_not_kept_half_written(tmp_path: Path) -> None:
    (tmp_path / "imported_late.py").write_text(f"TEXT = {'x' * 5_000!r}\n")
    program = """
from services.bounded.binding import bind
bind(memory=1 << 30, seconds=10, written=2_000)
import imported_late
"""
    surroundings = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env=surroundings, check=True)
    assert not list(tmp_path.rglob("*.pyc"))


async def test_a_slow_one_is_cut_off_and_knows_nothing_of_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONGHOP_DATABASE_URL", "postgresql://secret")
    started = asyncio.Event()
    writing = asyncio.create_task(
        write_apart("xlsx", table_of(endless(started)), bounds(within=1), PREFIX, own_templates())
    )
    await started.wait()
    (process,) = [each for each in psutil.Process().children() if PROCESS in " ".join(each.cmdline())]
    assert not [name for name in process.environ() if name.startswith("TONGHOP") or "secret" in process.environ()[name]]
    with pytest.raises(FileNotWrittenError):
        await writing


async def test_one_whose_asker_goes_ends() -> None:
    started = asyncio.Event()
    writing = asyncio.create_task(write_apart("pdf", table_of(endless(started)), bounds(), PREFIX, own_templates()))
    await started.wait()
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing


async def test_what_goes_wrong_with_the_rows_is_told() -> None:
    async def broken() -> AsyncIterator[list[Sequence[str]]]:
        yield [("row", "x")]
        raise ValueError("gone")

    with pytest.raises(ValueError, match="gone"):
        await write_apart("xlsx", table_of(broken()), bounds(), PREFIX, own_templates())


async def test_on_the_shipped_service(shipped: Address) -> None:
    """What is too long for paper is refused with its length, and holds nobody up."""
    async with wires(shipped, 1) as (wire,), wires(shipped, 1, "127.0.0.2") as (other,):
        wire.ask(f"{LONG}&format=pdf")
        assert (await other.get(f"{CHEAP}&format=json")).status == 200
        refused = await wire.reply()
        told = json.loads(refused.body)
        assert (refused.status, told["parameter"], told["length"], told["most"]) == (422, "format", CELLS + 3, 3_000)
        book = await other.get(f"{CHEAP}&format=xlsx")
        assert (book.status, len(read_back.workbook(book.body).tables["Số liệu"].rows)) == (200, 1)


def template(change: Callable[[Any], None]) -> bytes:
    opened = docx.Document(io.BytesIO(own_templates().answer))
    change(opened)
    saved = io.BytesIO()
    opened.save(saved)
    return saved.getvalue()


def saying(text: str) -> bytes:
    return template(lambda opened: opened.add_paragraph(text))


def with_part(name: str, content: bytes, *, instead: bool = False) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(own_templates().answer)) as parts, zipfile.ZipFile(made, "w") as written_:
        for each in parts.infolist():
            if each.filename != name or not instead:
                written_.writestr(each.filename, parts.read(each))
        written_.writestr(name, content)
    return made.getvalue()


def _field(opened: Any) -> None:
    run = opened.add_paragraph().add_run()
    for text in ("DDE", "AUTO c:\\\\x"):
        element = docx.oxml.OxmlElement("w:instrText")
        element.text = text
        run._element.append(element)


def _elsewhere(opened: Any) -> None:
    opened.part.relate_to("https://example.org/x.png", "http://x/image", is_external=True)


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ title.__init__.__globals__ }}",
        "{{ (title|attr('__class__')) }}",
        "{{ cycler.__init__.__globals__.os.system('x') }}",
        "{{ self.__init__.__globals__ }}",
        "{{ bands.append(1) }}",
        "{{ '%s'.__mod__ }}{{ '{0.__class__}'.format(title) }}",
        "{% include '/etc/passwd' %}",
        "{% import 'os' as os %}",
        "{% for x in range(10) %}{% endfor %}",
        "{{ not_there }}",
        "{{ title",
        "{% endfor %}",
    ],
)
def test_a_template_runs_nothing_and_sees_no_more_than_the_answer(tmp_path: Path, text: str) -> None:
    templates = replace(own_templates(), answer=saying(text))
    manuscript = Manuscript("docx", named(["x"])._replace(rows=()), bounds(), templates)
    try:
        write(manuscript, iter([]), tmp_path)
    except TemplateError as error:
        assert "answer.docx" in str(error)  # noqa: PT017 - some are harmless without being refused
    else:
        assert "class" not in "".join(read_back.document((tmp_path / ANSWER).read_bytes()).texts[-1:])


async def test_a_template_that_grows_without_end_ends() -> None:
    templates = replace(own_templates(), answer=saying("{{ 'x' * 100000000000 }}"))
    with pytest.raises((FileNotWrittenError, TemplateError)):
        await write_apart("docx", table_of(many(1)), bounds(seconds=5), PREFIX, templates)


HOSTILE: dict[str, Callable[[], bytes]] = {
    "macros": lambda: with_part("word/vbaProject.bin", b"x"),
    "embedded": lambda: with_part("word/embeddings/x.bin", b"x"),
    "a field": lambda: template(_field),
    "elsewhere": lambda: template(_elsewhere),
    "a bomb": lambda: with_part("word/x.xml", b"0" * 20_000_000),
    "entities": lambda: with_part("word/document.xml", b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>", instead=True),
    "another coding": lambda: with_part("word/document.xml", "<!DOCTYPE x>".encode("utf-16"), instead=True),
    "chunks": lambda: with_part("word/document.xml", b"<w:altChunk/>", instead=True),
    "no document": lambda: with_part("word/document.xml", b"", instead=True)[:400],
    "large": lambda: os.urandom(2_000_000),
    "nothing": lambda: b"",
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_template_brings_nothing_along(tmp_path: Path, what: str) -> None:
    (tmp_path / "answer.docx").write_bytes(HOSTILE[what]())
    settings = Settings.from_environment({"TONGHOP_TEMPLATES": str(tmp_path)})
    with pytest.raises(SettingsError, match=r"TONGHOP_TEMPLATES: .*answer\.docx"):
        templates_of(settings)


def test_templates_are_tried_before_anybody_is_answered(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="TONGHOP_TEMPLATES"):
        templates_of(Settings.from_environment({"TONGHOP_TEMPLATES": str(tmp_path)}))
    (tmp_path / "answer.docx").write_bytes(saying("{{ nowhere }}"))
    with pytest.raises(SettingsError, match=r"answer\.docx.*nowhere"):
        try_templates(templates_of(Settings.from_environment({"TONGHOP_TEMPLATES": str(tmp_path)})))
    (tmp_path / "answer.docx").unlink()
    (tmp_path / "frame.json").write_text('{"name": 1}')
    with pytest.raises(SettingsError, match=r"frame\.json"):
        templates_of(Settings.from_environment({"TONGHOP_TEMPLATES": str(tmp_path)}))
    with pytest.raises(SettingsError, match="TONGHOP_TEMPLATES"):
        Settings.from_environment({"TONGHOP_TEMPLATES": str(tmp_path / "nowhere")})


def test_what_an_office_begins_with_is_what_the_program_has(tmp_path: Path) -> None:
    word_templates(tmp_path / "new")
    assert templates_of(Settings.from_environment({"TONGHOP_TEMPLATES": str(tmp_path / "new")})) == own_templates()
    with pytest.raises(CommandError):
        word_templates(tmp_path / "new")


def test_an_office_has_its_own(tmp_path: Path) -> None:
    (tmp_path / "answer.docx").write_bytes(saying("Mẫu của {{ said[0][1] }}"))
    found = templates_of(Settings.from_environment({"TONGHOP_TEMPLATES": str(tmp_path)}))
    assert isinstance(found, Templates)
    assert (found.document, found.frame) == (own_templates().document, own_templates().frame)
    assert found.digest != own_templates().digest, "its files have other ETags"
    write(Manuscript("docx", named(["Chi bộ 4"])._replace(rows=()), bounds(), found), iter([]), tmp_path)
    content = (tmp_path / ANSWER).read_bytes()
    assert read_back.document(content).texts[-1] == "Mẫu của Chi bộ 4 (u), Chi bộ"
    assert docx.Document(io.BytesIO(content)).element.body.find(qn("w:sectPr")) is not None
