"""The command of `tonghop` that writes the sentence for a report."""
# ruff: noqa: PLC0415

from enum import StrEnum
from typing import Annotated

import typer

from events.catalogue import MEASURES
from events.names import harmless
from services.cli.asking import ask, require_no_file, write_file
from services.cli.options import (
    DATA,
    FORMAT,
    AnswerFormat,
    Api,
    Basis,
    BasisOption,
    DataDir,
    DialectOption,
    From,
    OutOption,
    To,
    Unit,
)
from services.cli.usage import Commands
from services.language import either

app = Commands()


class Form(StrEnum):
    """How a statement is written."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"
    DOCX = "docx"
    PDF = "pdf"


@app.says(
    "Câu báo cáo để dán vào văn bản; số liệu không nói thì từ chối.",
    "The sentence for a report, in Vietnamese, or a refusal where the data does not say it.",
)
def statement(
    unit: Unit,
    *,
    from_: From = None,
    to: To = None,
    basis: BasisOption = Basis.AS_WAS,
    say: Annotated[
        str | None,
        typer.Option(
            help=either("Các mệnh đề, cách nhau dấu phẩy: ", "Clauses with commas between them: ")
            + "MEASURE | MEASURE:target | MEASURE:goal | FIGURE | RATE. "
            + f"MEASURE: {', '.join(MEASURES)}."
        ),
    ] = None,
    claim: Annotated[
        str | None,
        typer.Option(help=either("Tỷ lệ cần đối chiếu, RATE:PERCENT.", "A percentage to be checked, RATE:PERCENT.")),
    ] = None,
    format_: Annotated[Form, FORMAT] = Form.TEXT,
    dialect: DialectOption = None,
    out: OutOption = None,
    api: Api = None,
    data_dir: DataDir = DATA,
) -> None:
    """Write a statement."""
    from services.cli.client import strange
    from services.cli.errors import CommandError
    from services.cli.screen import json_shown

    asked = {"from_": from_, "to": to, "basis": basis, "say": say, "claim": claim}
    path = ("v1", "units", unit, "statement")
    if format_ not in {Form.TEXT, Form.JSON}:
        write_file(api, data_dir, AnswerFormat(format_), out, *path, dialect=dialect, **asked)
        return
    require_no_file(dialect, out)
    address, (text, answer) = ask(api, data_dir, *path, **asked)
    if format_ is Form.JSON:
        typer.echo(json_shown(text))
        return
    if not isinstance(answer.get("text"), str) or not isinstance(answer.get("footing"), str):
        raise CommandError(strange(address, "statement"))
    # On one line, whatever the terminal's width: it is to be pasted.
    typer.echo(f"{harmless(answer['text'], lines=True)}\n")
    typer.secho(harmless(answer["footing"], lines=True), dim=True)
